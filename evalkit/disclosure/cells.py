"""How many events stand behind every point of a path: what the rule looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.disclosure.rule import DisclosureRule
from evalkit.errors import DataError
from evalkit.records import Panel, Result

if TYPE_CHECKING:
    import pandas

WHERE = "disclosure.profile"


@dataclass(frozen=True)
class Cell:
    """One point of a path: group and period, whether it is before the start, and its number of events.

    `events` is None where it cannot be told which places stand behind it.
    """

    group: str
    period: str
    before: bool
    events: float | None


@dataclass(frozen=True)
class Counted:
    """The events behind a result.

    Attributes
    ----------
    cells : mapping of (str, str) to Cell
        By group and period, as the path names them.
    units : mapping of str to tuple of float
        Events before and from the start on, by unit.
    treated : tuple of float
        Every number of events of a single treated unit in a single period, each once.
    """

    cells: Mapping[tuple[str, str], Cell]
    units: Mapping[str, tuple[float, float]]
    treated: tuple[float, ...] = ()

    def lone_small(self, rule: DisclosureRule) -> bool:
        """Say whether a treated unit had a small count in some period."""
        return any(rule.hides(events) for events in self.treated)


def counted(panel: Panel, result: Result) -> Counted:
    """Return how many events stand behind the points of a path.

    Parameters
    ----------
    panel : Panel
        What the result was estimated from.
    result : Result

    Returns
    -------
    Counted

    Raises
    ------
    DataError
        When the outcome is no count of events, or it cannot be told which places the first line of the path is of.
    """
    frame = _with_events(panel)
    start = frame["first_time"].min()
    names = list(dict.fromkeys(point.unit for point in result.path))
    labels = {panel.label(time): time for time in panel.times}
    cells = {}
    for at, name in enumerate(names):
        units = _units_of(frame, result, first=at == 0, alone=len(names) == 1)
        if units is None and at == 0:
            raise DataError("it cannot be told which places the numbers are of, so small ones cannot be found",
                            "give each place its own start, and no place that is left out", WHERE)  # fmt: skip
        totals = None if units is None else frame[frame["unit"].isin(units)].groupby("time")["events"].sum()
        for point in result.path:
            if point.unit == name:
                time = labels[point.period]
                events = None if totals is None else float(totals.get(time, 0.0))
                cells[name, point.period] = Cell(name, point.period, bool(time < start), events)
    early = frame["time"] < start
    before, after = (frame[side].groupby("unit", observed=True)["events"].sum() for side in (early, ~early))
    halves_of = {unit: (float(before.get(unit, 0.0)), float(after.get(unit, 0.0))) for unit in map(str, panel.units)}
    single = frame.loc[frame["first_time"].notna(), "events"].unique()
    return Counted(cells, halves_of, tuple(float(events) for events in single))


def _with_events(panel: Panel) -> pandas.DataFrame:
    """Return the rows with the number of events of each."""
    kind, frame = panel.outcome.kind, panel.frame
    declared = bool((frame["exposure"] != 1.0).any())
    if panel.cross_sections or kind not in ("count", "rate") or (kind == "rate" and not declared):
        what = "rows of single people" if panel.cross_sections else f"a {kind}"
        if kind == "rate":
            what = "a rate without exposure"
        raise DataError(f"the outcome is {what}: how many events stand behind each number is not known",
                        "give events as `kind: count`, or as `kind: rate` with `exposure`, or hide small numbers in "
                        "the data and leave `disclosure` out", WHERE)  # fmt: skip
    events = frame["value"] if kind == "count" else frame["value"] * frame["exposure"] / panel.outcome.per
    return frame.assign(events=events)


def _units_of(frame: pandas.DataFrame, result: Result, *, first: bool, alone: bool) -> list[str] | None:
    """Return the units behind a line of the path, None where the numbers of units do not agree."""
    everyone = list(frame["unit"].unique())
    treated = list(frame.loc[frame["first_time"].notna(), "unit"].unique())
    others = [unit for unit in everyone if unit not in set(treated)]
    if alone:
        return everyone if result.n_units == len(everyone) else treated if result.n_units == len(treated) else None
    if first:
        return treated if result.n_treated_units == len(treated) else None
    return others if result.n_units - result.n_treated_units == len(others) else None
