"""How many events or people stand behind every point of a path: what the rule looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.disclosure.rule import DisclosureRule
from evalkit.errors import DataError
from evalkit.records import Panel, Result

if TYPE_CHECKING:
    import pandas

WHERE = "disclosure.profile"
RATIO = ["total", "base"]
"""Columns whose ratio is the outcome."""


@dataclass(frozen=True)
class Cell:
    """One point of a path: group and period, and what stands behind it.

    Attributes
    ----------
    group, period : str
    before : bool
        Whether it is before the start.
    events : float or None
        Number of events; of a share, of those that have it; of a mean, of what it is taken over. None where it cannot
        be told which places stand behind it.
    others : tuple of float
        Further numbers of people that must not be small: of a share, those that do not have it, and all.
    total, base : float or None
        Their ratio is the outcome in all places of the group together; the base of a count is 1.
    """

    group: str
    period: str
    before: bool
    events: float | None
    others: tuple[float, ...] = ()
    total: float | None = None
    base: float | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """Every number that the rule looks at, always in the same order; none where it is not known."""
        return () if self.events is None else (self.events, *self.others)

    def hidden_by(self, rule: DisclosureRule) -> bool:
        """Say whether it may not be shown by itself."""
        return self.events is None or any(rule.hides(number) for number in self.numbers)


@dataclass(frozen=True)
class Counted:
    """The events behind a result.

    Attributes
    ----------
    cells : mapping of (str, str) to Cell
        By group and period, as the path names them.
    units : mapping of str to tuple of float
        Numbers before and from the start on, by unit: those of events, then any others.
    treated : tuple of float
        Every number of a single treated unit in a single period, each once.
    rounds : bool
        Whether what is shown is a count, or a rate of one, which a rule rounds; shares and means are left.
    supplied : bool
        Whether the analysis differs from the primary one only in what evalkit puts in for suppressed cells.
    """

    cells: Mapping[tuple[str, str], Cell]
    units: Mapping[str, tuple[float, ...]]
    treated: tuple[float, ...] = ()
    rounds: bool = True
    supplied: bool = False

    def lone_small(self, rule: DisclosureRule) -> bool:
        """Say whether a treated unit had a small count in some period."""
        return any(rule.hides(events) for events in self.treated)


def counted(panel: Panel, result: Result, design: Mapping[str, Any]) -> Counted:
    """Return how many events stand behind the points of a path.

    Parameters
    ----------
    panel : Panel
        What the result was estimated from.
    result : Result
    design : mapping
        Its options as resolved, which may name the places that are compared with.

    Returns
    -------
    Counted

    Raises
    ------
    DataError
        When it is not known how many events or people stand behind each value, or it cannot be told which places the
        first line of the path is of.
    """
    frame, names = _with_numbers(panel)
    start = frame["first_time"].min()
    cells: dict[tuple[str, str], Cell] = {}
    lines = list(dict.fromkeys(point.unit for point in result.path))
    for at, line in enumerate(lines):
        units = _units_of(frame, result, design, first=at == 0, alone=len(lines) == 1)
        if units is None and at == 0:
            raise DataError("it cannot be told which places the numbers are of, so small ones cannot be found",
                            "give each place its own start, and no place that is left out", WHERE)  # fmt: skip
        sums = None if units is None else frame[frame["unit"].isin(units)].groupby("time")[[*names, *RATIO]].sum()
        periods = [point.period for point in result.path if point.unit == line]
        cells |= {(line, period): cell for period, cell in _cells(panel, line, periods, sums, names, start)}
    early = frame["time"] < start
    halves = [frame[side].groupby("unit", observed=True)[names].sum() for side in (early, ~early)]
    units_of = {unit: tuple(float(half[name].get(unit, 0.0)) for name in names for half in halves)
                for unit in map(str, panel.units)}  # fmt: skip
    single = frame[frame["first_time"].notna()].groupby(["unit", "time"], observed=True)[names].sum().to_numpy()
    return Counted(cells, units_of, tuple(sorted({float(number) for number in single.ravel()})),
                   rounds=panel.outcome.kind in ("count", "rate"))  # fmt: skip


def _cells(
    panel: Panel, line: str, periods: list[str], sums: pandas.DataFrame | None, names: list[str], start: float
) -> Iterator[tuple[str, Cell]]:
    """Yield the cells of one line of the path, by period."""
    labels = {panel.label(time): time for time in panel.times}
    for period in periods:
        before = bool(labels[period] < start)
        if sums is None:
            yield period, Cell(line, period, before, None)
            continue
        time = labels[period]
        first, *others, total, base = (float(sums[name].get(time, 0.0)) for name in (*names, *RATIO))
        yield period, Cell(line, period, before, first, tuple(others), total,
                           1.0 if panel.outcome.kind == "count" else base)  # fmt: skip


def _with_numbers(panel: Panel) -> tuple[pandas.DataFrame, list[str]]:
    """Return the rows with the numbers that the rule looks at and the ratio behind the outcome, and their names.

    Raises
    ------
    DataError
        When how many events or people stand behind each value is not known.
    """
    kind, frame = panel.outcome.kind, panel.frame
    declared = bool((frame["exposure"] != 1.0).any())
    if kind == "count" and not panel.cross_sections:
        return frame.assign(events=frame["value"], total=frame["value"], base=1.0), ["events"]
    if kind == "rate" and declared and not panel.cross_sections:
        base = frame["exposure"] / panel.outcome.per
        events = frame["value"] * base
        return frame.assign(events=events, total=events, base=base), ["events"]
    if kind in ("count", "rate") or not (declared or panel.cross_sections):
        what = {"rate": "a rate without exposure"}.get(kind, f"a {kind}, and no `exposure` says of how many")
        raise DataError(f"the outcome is {what}: how many events or people stand behind each number is not known",
                        "give events as `kind: count`, or add `exposure` (for a share or a mean: of how many it is), "
                        "or hide small numbers in the data and leave `disclosure` out", WHERE)  # fmt: skip
    people, sums = frame["exposure"], frame["value"] * frame["exposure"]
    if kind == "continuous":
        return frame.assign(people=people, total=sums, base=people), ["people"]
    found = frame.assign(events=sums, without=people - sums, people=people, total=sums, base=people)
    return found, ["events", "without", "people"]


def _units_of(
    frame: pandas.DataFrame, result: Result, design: Mapping[str, Any], *, first: bool, alone: bool
) -> list[str] | None:
    """Return the units behind a line of the path, None where the numbers of units do not agree."""
    named = (design.get("controls") or {}).get("units") or design.get("comparison")
    if not first and isinstance(named, list | tuple):
        return [str(unit) for unit in named if unit not in (design.get("exclude") or {})]
    everyone = list(frame["unit"].unique())
    treated = list(frame.loc[frame["first_time"].notna(), "unit"].unique())
    others = [unit for unit in everyone if unit not in set(treated)]
    if alone:
        return everyone if result.n_units == len(everyone) else treated if result.n_units == len(treated) else None
    if first:
        return treated if result.n_treated_units == len(treated) else None
    return others if result.n_units - result.n_treated_units == len(others) else None
