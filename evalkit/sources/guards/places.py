"""Places and periods: those that were expected and are not there, and boundaries that change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.periods import describe_period, spell_periods
from evalkit.sources.dates import time_in
from evalkit.sources.guards.rules import Looked, place, some
from evalkit.sources.guards.zero_runs import ZeroRun
from evalkit.sources.inputs import nearest

if TYPE_CHECKING:
    from evalkit.records import Panel
    from evalkit.sources.columns import Data

ALIKE = 0.25
"""Totals of places that end and of places that begin differ by no more than this share of the larger."""
BESIDE = 12
"""Periods on either side over which these totals are compared, at most."""


def coverage_gap(panel: Panel, data: Data) -> Looked | None:
    """Return expected places and periods that are not there; None where the study expects none in particular."""
    wanted = data.expected_coverage
    if wanted is None:
        return None
    times, where = panel.times, "data.expected_coverage"
    ends = {"from": times[0] if wanted.from_ is None else time_in(wanted.from_, panel.frequency),
            "to": times[-1] if wanted.to == "latest" else time_in(wanted.to, panel.frequency)}  # fmt: skip
    first, last = ends["from"], ends["to"]
    if first is None or last is None:
        bad = wanted.from_ if first is None else wanted.to
        return Looked("coverage_gap", (Problem(f"{bad!r} is not a period of these data",
                                               "write it as the data's periods", where),))  # fmt: skip
    there = set(panel.units)
    names = panel.units if wanted.units == "all" else wanted.units
    problems = [Problem(f"{name} was expected and is not among the units of the data",
                        f"did you mean {nearest(name, there)!r}" if nearest(name, there) else "check the names", where)
                for name in names if name not in there]  # fmt: skip
    for unit, missing in panel.holes(first, last):
        if unit in names:
            problems.append(Problem(
                f"{place(unit)} has no rows for {spell_periods(missing, panel.frequency)}",
                "fetch the data again, or declare the gap with a reason (`data.gaps`)", where))  # fmt: skip
    note = f"{describe_period(first, panel.frequency)} to {describe_period(last, panel.frequency)}, " + (
        "every place." if wanted.units == "all" else f"{len(names):,} places by name.")  # fmt: skip
    return Looked("coverage_gap", tuple(problems), note)


def boundary_change(panel: Panel, used: Collection[int], runs: Sequence[ZeroRun]) -> tuple[Looked, set[str]]:
    """Return dates at which places end and others begin with like totals, and the places of which that is so.

    Parameters
    ----------
    runs : sequence of ZeroRun
        Improbable zeros: at either end of a series they are read as a place that is not there.
    """
    looked = Looked("boundary_change", note="Places that end and places that begin at one date were looked for.")
    if panel.cross_sections or len(used) < 2:
        return looked, set()
    ends, begins = _life(panel, used, runs)
    problems, named = [], set()
    for time in sorted(set(ends) & set(begins)):
        gone, new = ends[time], begins[time]
        if not _alike(panel, gone, new, time):
            continue
        named |= {*gone, *new}
        problems.append(Problem(
            f"{some(gone)} {'ends' if len(gone) == 1 else 'end'} and {some(new)} "
            f"{'begins' if len(new) == 1 else 'begin'} in {describe_period(time, panel.frequency)} with like totals: "
            f"{_kind_of_change(gone, new)}",
            "bring both sides to the same boundaries (add up the old places, or map the codes) before the study reads "
            "them", "data.unit"))  # fmt: skip
    return Looked("boundary_change", tuple(problems), looked.note), named


def _kind_of_change(gone: Sequence[str], new: Sequence[str]) -> str:
    if len(gone) == len(new) == 1:
        return "the name or the code of the place has changed"
    return "the boundaries have changed"


def _life(panel: Panel, used: Collection[int], runs: Sequence[ZeroRun]
          ) -> tuple[dict[int, list[str]], dict[int, list[str]]]:  # fmt: skip
    """Return the units that are there no more from a period on, and those that are first there in it, by period."""
    empty = {(run.unit, time) for run in runs for time in run.times}
    frame = panel.frame[panel.frame["time"].isin(set(used))]
    first, last = int(frame["time"].min()), int(frame["time"].max())
    ends: dict[int, list[str]] = {}
    begins: dict[int, list[str]] = {}
    for unit, times in frame.groupby("unit", sort=False, observed=True)["time"]:
        there = [int(time) for time in times if (unit, int(time)) not in empty]
        if not there:
            continue
        if max(there) < last:
            ends.setdefault(max(there) + 1, []).append(str(unit))
        if min(there) > first:
            begins.setdefault(min(there), []).append(str(unit))
    return ends, begins


def _alike(panel: Panel, gone: Sequence[str], new: Sequence[str], time: int) -> bool:
    """Say whether places that end had about as much in each period as those that begin; means are compared as means."""
    frame = panel.frame
    summed = panel.outcome.kind == "count"
    old = frame[frame["unit"].isin(gone) & (frame["time"] < time) & (frame["time"] >= time - BESIDE)]
    later = frame[frame["unit"].isin(new) & (frame["time"] >= time) & (frame["time"] < time + BESIDE)]
    if old.empty or later.empty:
        return False
    levels = []
    for rows in (old, later):
        by_period = rows.groupby("time")["value"]
        levels.append(float((by_period.sum() if summed else by_period.mean()).mean()))
    larger = max(abs(level) for level in levels)
    return larger > 0 and abs(levels[0] - levels[1]) <= ALIKE * larger
