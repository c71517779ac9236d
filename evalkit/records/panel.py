"""What was observed: one tidy table, a row per unit and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.periods import format_period, spell_periods
from evalkit.records.words import Better, OutcomeKind

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Measure:
    """What the panel's values are: the outcome as a reader names it.

    Attributes
    ----------
    id, label : str
        Key in the YAML and printed name.
    unit : str
        What one value counts, such as `robberies` or `per 100,000`; may be empty.
    kind : str
        count, rate, proportion, continuous or binary.
    better : str
        lower, higher or neither.
    per : float
        A rate is printed per this many units of exposure.
    """

    id: str
    label: str
    unit: str = ""
    kind: OutcomeKind = "continuous"
    better: Better = "neither"
    per: float = 1.0


@dataclass(frozen=True, eq=False)
class Panel:
    """One tidy table: a row per unit and period.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns `unit` (text), `period` (pandas Period, or whole numbers), `time` (the same as an integer),
        `value` (float), `exposure` (float, 1 where not declared), `first_treated` (Period or NaT for never),
        `first_time` (float, NaN for never), `weight` (float), `cluster` (text) and the covariates named in
        `covariates`; sorted by unit and time, with no two rows for one unit and period
        (except repeated cross-sections, which also have `observation`).
    outcome : Measure
        What `value` is. A count is the number itself, a rate is per `outcome.per` units of exposure.
    frequency : str
        Length of a period, see `evalkit.periods.FREQUENCIES`.
    origin : str
        Where the rows came from, in words.
    sha256 : str
        Hash of the bytes that were read.
    covariates : tuple of str
        Names of the extra columns.
    gaps : tuple of (int, str, str or None)
        Declared holes: time, reason, and the one unit that has it (none: every unit).
    simulated : bool
        True when the values were made by a random generator.
    neighbours : tuple of (str, str)
        Pairs of units that adjoin one another, each pair once, both in order of their names; empty where no table of
        neighbours was given.
    notes : tuple of str
        What the source did on the way (rows filtered, summed, dropped), in sentences.
    bounded : frozenset of (str, int)
        Unit and time of values that stand for a range, such as small numbers that the data's owner hides.
    period_names : mapping of str to str
        What numbered periods are called on the page, by their label.
    unit_label : str
        What a page calls one unit; empty for a place.
    """

    frame: pandas.DataFrame
    outcome: Measure
    frequency: str
    origin: str = ""
    sha256: str = ""
    covariates: tuple[str, ...] = ()
    gaps: tuple[tuple[int, str, str | None], ...] = ()
    simulated: bool = False
    notes: tuple[str, ...] = ()
    neighbours: tuple[tuple[str, str], ...] = ()
    bounded: frozenset[tuple[str, int]] = frozenset()
    period_names: Mapping[str, str] = field(default_factory=dict)
    unit_label: str = ""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    @property
    def cross_sections(self) -> bool:
        """Whether rows are observations of their own, different ones in each period (`sampling` in the data block)."""
        return "observation" in self.frame

    @property
    def units(self) -> list[str]:
        """Units in the order of the table."""
        return list(self.frame["unit"].unique())

    @property
    def treated_units(self) -> list[str]:
        """Units that are treated at some time."""
        return list(self.frame.loc[self.frame["first_time"].notna(), "unit"].unique())

    @property
    def times(self) -> list[int]:
        """Distinct periods as integers, ascending."""
        return sorted(int(time) for time in self.frame["time"].unique())

    def label(self, time: int) -> str:
        """Return a period as it stands in result.json, such as 2022-12."""
        return format_period(time, self.frequency)

    def holes(self, first: int, last: int) -> list[tuple[str, list[int]]]:
        """Return the units that lack periods from `first` to `last`, and which; declared gaps do not count.

        Repeated cross-sections need not be adjacent: a period without a row in any unit is no hole of theirs.
        """
        found, there = self.frame.groupby("unit", sort=False)["time"].agg(set), set(self.times)
        wanted = [time for time in range(first, last + 1) if not self.cross_sections or time in there]
        missing = []
        for unit, have in found.items():
            declared = {time for time, _, whose in self.gaps if whose in (None, unit)}
            missing.append((str(unit), [time for time in wanted if time not in have | declared]))
        return [(unit, times) for unit, times in missing if times]

    def require_complete(self, first: int | None = None, last: int | None = None) -> None:
        """Check that every unit has every period of a window (all periods of the panel when none is given).

        Raises
        ------
        DataError
            Naming each unit and its missing periods, all at once.
        """
        times = self.times
        holes = self.holes(times[0] if first is None else first, times[-1] if last is None else last)
        if holes:
            raise DataError([
                Problem(f"{unit or 'the series'} has no rows for {spell_periods(missing, self.frequency)}",
                        "declare gaps with a reason (`data.gaps`), or leave the unit out by `data.filter`",
                        "unit x period")
                for unit, missing in holes
            ])  # fmt: skip
