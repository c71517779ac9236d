"""Whether who is in the data changed otherwise where the programme began: units that come and go, rows that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.diagnostics.words import figure, judged, listed, reaches, several
from evalkit.records import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "composition"
ASSUMPTION = "Who or what is in the data changed no differently where the programme began."
SMALL = 0.1
"""Standard deviations below which a shift is no matter."""
LARGE = 0.25
"""Standard deviations from which a shift matters, though it may be chance."""
FEWEST_ROWS = 10
"""Smaller numbers of rows are not printed."""
SHORT = "who is in the data changed differently where the programme began"


@dataclass(frozen=True)
class Shift:
    """The difference in differences of a covariate, in its standard deviations.

    Attributes
    ----------
    name : str
    value, low, high : float
        Shift with its interval, in standard deviations of rows about the means of their unit and period.
    allowed_for : bool
        Whether the covariate is in the regression of the outcome.
    """

    name: str
    value: float
    low: float
    high: float
    allowed_for: bool

    @property
    def matters(self) -> bool:
        """Whether it is large, or small but more than chance would make."""
        clear = self.low > 0.0 or self.high < 0.0
        return abs(self.value) >= LARGE or (abs(self.value) >= SMALL and clear)


def composition_of_rows(
    shifts: Sequence[Shift], rows: Mapping[str, tuple[int, int]], unchanging: Sequence[str] = ()
) -> Diagnostic:
    """Return whether rows of a repeated cross-section became different ones where the programme began.

    Parameters
    ----------
    shifts : sequence of Shift
        One per covariate that varies; empty where none was given.
    rows : mapping of str to (int, int)
        Number of rows before and from the first start on, for `treated` and `comparison`.
    unchanging : sequence of str
        Covariates that do not vary within units and periods.

    Returns
    -------
    Diagnostic
        Sign against: a shift of 0.25 standard deviations, or of 0.1 that its interval tells from none. Too weak to
        tell: else, where an interval holds a shift of 0.25. Not run without covariates: numbers of rows are then all
        there is to read.
    """
    counts = _counts(rows)
    looked_at = "Means of the covariates before and after, in rows with and without the programme"
    if not shifts:
        none = f"The covariates ({listed(list(unchanging))}) do not vary. " if unchanging else ""
        return Diagnostic(
            NAME, ASSUMPTION, "not run",
            f"{none}Nothing but their number says whether rows after are like those before: name columns that the "
            f"programme cannot change under `data: {{covariates: [...]}}`. {counts}", looked_at="Nothing",
        )  # fmt: skip
    largest = max(shifts, key=lambda shift: abs(shift.value))
    found = [shift for shift in shifts if shift.matters]
    direction = "more" if largest.value > 0 else "less"
    reading = (
        f"{_most(shifts, largest)} mean rose by "
        f"{figure(abs(largest.value))} standard deviations {direction} in rows with the programme than in the others "
        f"(interval {figure(largest.low)} to {figure(largest.high)}). "
    )
    wide = [shift.name for shift in shifts if reaches(shift.low, shift.high, LARGE)]
    if found:
        reading += _mattering(found)
    elif wide:
        reading += f"That is too weak to tell: a shift of {LARGE:g} or more is within the interval of {listed(wide)}. "
    return Diagnostic(
        NAME, ASSUMPTION, judged(bool(found), bool(wide)), reading + counts, statistic=largest.value,
        low=largest.low, high=largest.high, looked_at=looked_at, short=SHORT if found else "",
    )  # fmt: skip


def composition_of_units(lacking: Mapping[str, int], treated: Sequence[str], units: int, periods: int) -> Diagnostic:
    """Return whether units of a panel came or went.

    Parameters
    ----------
    lacking : mapping of str to int
        Units without a row in some period used, and in how many.
    treated : sequence of str
        Those of them with the programme.
    units, periods : int
        Number of units and of periods used.

    Returns
    -------
    Diagnostic
        Sign against: a unit lacks a period. Who is inside a unit cannot be seen.
    """
    looked_at = "Which units have a row in which period"
    if not lacking:
        reading = (
            f"All {units:,} units are there in all {several(periods, 'period')} used: none came or went. Whether the "
            "people or cases inside them became others cannot be seen from totals or means."
        )
        return Diagnostic(NAME, ASSUMPTION, "no sign against", reading, statistic=0.0, looked_at=looked_at)
    named = listed([f"{unit} ({several(count, 'period')})" for unit, count in lacking.items()])
    reading = (
        f"{several(len(lacking), 'unit')} of {units:,} {'lacks' if len(lacking) == 1 else 'lack'} some of the "
        f"{several(periods, 'period')} used: {named}. With the programme among them: "
        f"{listed(list(treated)) if treated else 'none'}. The units compared are not the same throughout."
    )
    return Diagnostic(
        NAME, ASSUMPTION, "sign against", reading, statistic=float(len(lacking)), looked_at=looked_at,
        short="some places came into the data or left them on the way",
    )  # fmt: skip


def _most(shifts: Sequence[Shift], largest: Shift) -> str:
    """Return how a sentence on the largest shift begins."""
    if len(shifts) == 1:
        return f"Of the covariate {largest.name} the"
    return f"Of {len(shifts):,} covariates, {largest.name} shifted most: its"


def _mattering(found: Sequence[Shift]) -> str:
    """Return which shifts matter, and whether the estimate allows for them."""
    left = [shift.name for shift in found if not shift.allowed_for]
    reading = f"Shifts that matter: {listed([_sized(shift) for shift in found])}. "
    if not left:
        return f"{reading}The regression allows for all of them. "
    mend = f"add {'it' if len(left) == 1 else 'them'} to `covariates`, or say why not. "
    return f"{reading}The estimate does not allow for {listed(left)}: {mend}"


def _sized(shift: Shift) -> str:
    return f"{shift.name} ({'+' if shift.value > 0 else '-'}{figure(abs(shift.value))})"


def _counts(rows: Mapping[str, tuple[int, int]]) -> str:
    """Return the numbers of rows in words, small ones as fewer than ten."""
    words = [f"{name} {_count(before)} before and {_count(after)} from the first start on"
             for name, (before, after) in rows.items()]  # fmt: skip
    return f"Rows: {'; '.join(words)}."


def _count(rows: int) -> str:
    return f"{rows:,}" if rows >= FEWEST_ROWS else f"fewer than {FEWEST_ROWS}"
