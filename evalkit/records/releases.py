"""What was released before, and what moved since: headlines then and now, and how much is owed to what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Headline:
    """The number that a study is quoted by, as it stood at one time.

    Attributes
    ----------
    value, low, high : float or None
        Change in percent where there is one, otherwise in the outcome's unit; None where it is not known.
    unit : str
        `percent`, or the unit of the effect.
    level : float
        Confidence level of the bounds.
    data_to : str
        Last period of the data; empty when there is no path.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    level: float = 0.95
    data_to: str = ""


@dataclass(frozen=True)
class Share:
    """How much of a move is owed to one cause.

    Attributes
    ----------
    cause : str
        `data`, `spec`, `code` or `packages`; several that cannot be told apart stand together: `data and code`.
    change : float
        In points of percent, or in the outcome's unit; all shares of a move add up to it.
    shown : float
        The same, rounded so that what is printed adds up as well.
    """

    cause: str
    change: float
    shown: float


@dataclass(frozen=True)
class Cell:
    """One number of the data that is not what it was.

    Attributes
    ----------
    kind : str
        `revised`, `added` or `withdrawn`.
    place, period : str
        Unit (empty for a single series) and period, as result.json writes it.
    before, now : float or None
        None where there is none, or where it may not be told.
    """

    kind: str
    place: str
    period: str
    before: float | None = None
    now: float | None = None


@dataclass(frozen=True)
class Cells:
    """What changed in the rows that an analysis uses.

    Attributes
    ----------
    frequency : str
        Length of a period.
    revised, added, withdrawn : int
        Cells whose value changed; cells that came or went in periods and places that were there before.
    other : int
        Cells whose value stayed, with another exposure, weight or covariate.
    periods_added, periods_withdrawn, places_added, places_withdrawn : tuple of str
        Whole periods and places that came or went.
    named : tuple of Cell
        The first cells, by place and period.
    numbers : bool
        Whether numbers may be told; under a rule for small numbers only names are.
    """

    frequency: str
    revised: int = 0
    added: int = 0
    withdrawn: int = 0
    other: int = 0
    periods_added: tuple[str, ...] = ()
    periods_withdrawn: tuple[str, ...] = ()
    places_added: tuple[str, ...] = ()
    places_withdrawn: tuple[str, ...] = ()
    named: tuple[Cell, ...] = ()
    numbers: bool = True

    @property
    def nothing(self) -> bool:
        """Whether nothing changed."""
        counts = (self.revised, self.added, self.withdrawn, self.other)
        names = (self.periods_added, self.periods_withdrawn, self.places_added, self.places_withdrawn)
        return not any(counts) and not any(names)


@dataclass(frozen=True)
class Move:
    """A headline then and now, with what changed in between.

    Attributes
    ----------
    before, now : Headline
    beyond : bool
        Whether it moved further than the study tolerates.
    tolerance : float
        By how much it may move, as a share of the standard error.
    causes : tuple of str
        Which of data, spec, code and packages are not what they were.
    shares : tuple of Share
        Empty where the two headlines cannot be subtracted.
    decimals : int
        Of what is printed of the shares.
    details : tuple of (str, str)
        Cause, and what about it changed, in words.
    notes : tuple of str
        What could not be told apart, and why, in sentences.
    cells : Cells or None
        What changed in the data; None where it is not known.
    """

    before: Headline
    now: Headline
    beyond: bool
    tolerance: float
    causes: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    decimals: int = 1
    details: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    cells: Cells | None = None


@dataclass(frozen=True)
class Release:
    """One release: its headline, who accepted it and why, and what moved since the one before.

    Attributes
    ----------
    version : int
        Counted from 1.
    date : str
        ISO date; empty where it was not written down.
    reason, name : str
        Why it was released, and who accepted it.
    headline : Headline
    move : Move or None
        None for the first one.
    """

    version: int
    date: str
    reason: str
    name: str
    headline: Headline
    move: Move | None = None


@dataclass(frozen=True)
class Releases:
    """Every release of a study, and what moved since the last one.

    Attributes
    ----------
    record_sha256 : str
        Hash of the released record: with another one this is made again.
    history : tuple of Release
        The oldest first.
    move : Move or None
        From the last release to this result; None where it is the one that was released.
    """

    record_sha256: str
    history: tuple[Release, ...]
    move: Move | None = None
