"""Runs of zeros that a unit's own level makes improbable: missing records that look like no events at all."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.periods import spell_periods
from evalkit.sources.coverage import UNLIKELY, events_of, runs_of
from evalkit.sources.guards.rules import Looked, place

if TYPE_CHECKING:
    import numpy

    from evalkit.records import Panel

FEWEST = 8
"""Periods outside a run from which its unit's dispersion is read."""


@dataclass(frozen=True)
class ZeroRun:
    """A run of zeros of one unit.

    Attributes
    ----------
    unit : str
    times : tuple of int
        Its periods.
    treated : bool
        Whether the unit is treated at some time.
    """

    unit: str
    times: tuple[int, ...]
    treated: bool


def improbable_runs(panel: Panel, used: Collection[int]) -> list[ZeroRun] | None:
    r"""Return runs of zeros that hardly any study would have by chance; None where nothing counts events.

    Notes
    -----
    A run of :math:`k` zeros has probability :math:`\prod_t (1 + \phi\mu_t)^{-1/\phi}` under a negative binomial
    (:math:`\prod_t e^{-\mu_t}` for :math:`\phi = 0`), with :math:`\mu_t` the unit's own mean by exposure, the run
    included, and :math:`\phi` the moment estimate of its dispersion outside the run, from 8 periods on. It is told
    where this, times the number of units and periods in which a run could begin, is below 0.001: fewer than 1 in
    1,000 studies of this size would have one. The bare probability of a single run is what `coverage_of` tells.
    """
    events = events_of(panel)
    if events is None:
        return None
    frame = panel.frame
    inside = frame["time"].isin(set(used)) & events.notna()
    frame, events = frame[inside], events[inside]
    found: list[ZeroRun] = []
    for unit, rows in frame.groupby("unit", sort=False, observed=True):
        values = events.loc[rows.index].to_numpy(dtype=float)
        if values.all() or not values.any():  # a place without any event has no level of its own
            continue
        times, exposure = rows["time"].to_numpy(), rows["exposure"].to_numpy(dtype=float)
        for begin, end in _zero_runs(times, values):
            if run_probability(values, exposure, begin, end) * len(frame) < UNLIKELY:
                treated = not math.isnan(rows["first_time"].iloc[0])
                found.append(ZeroRun(str(unit), tuple(map(int, times[begin:end])), treated))
    return found


def run_probability(events: numpy.ndarray, exposure: numpy.ndarray, begin: int, end: int) -> float:
    """Return the probability of zeros from `begin` to `end` (not included) at the unit's own level."""
    import numpy

    rate = events.sum() / exposure.sum()
    expected = rate * exposure[begin:end]
    outside = numpy.r_[0:begin, end : len(events)]
    dispersion = _dispersion(events[outside], exposure[outside]) if len(outside) >= FEWEST else 0.0
    if dispersion <= 0:
        return math.exp(-float(expected.sum()))
    return math.exp(-float(numpy.log1p(dispersion * expected).sum()) / dispersion)


def _dispersion(events: numpy.ndarray, exposure: numpy.ndarray) -> float:
    """Return the moment estimate of a negative binomial's dispersion; 0 where counts vary no more than a Poisson."""
    expected = events.sum() / exposure.sum() * exposure
    squares = float((expected**2).sum())
    return max(0.0, float(((events - expected) ** 2 - expected).sum()) / squares) if squares > 0 else 0.0


def _zero_runs(times: numpy.ndarray, values: numpy.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where each run of zeros in adjacent periods begins and ends (the end not included)."""
    letters = "".join("z" if value == 0 else " " for value in values)
    for begin, end in runs_of(letters, "z"):
        first = begin
        for at in range(begin + 1, end + 1):
            if at == end or times[at] != times[at - 1] + 1:
                yield first, at
                first = at


def zero_runs(panel: Panel, found: list[ZeroRun] | None) -> Looked:
    """Return the guard's view of the runs that were found."""
    if found is None:
        return Looked("zero_runs", note="The outcome does not count events.", ran=False)
    problems = [_problem(panel, run) for run in sorted(found, key=lambda run: not run.treated)]
    return Looked("zero_runs", tuple(problems), "Probability below 0.001 in a study with so many places and periods.")


def _problem(panel: Panel, run: ZeroRun) -> Problem:
    when = spell_periods(run.times, panel.frequency)
    what = "treated" if run.treated else "not treated"
    whose = f"{place(run.unit)} ({what})" if run.unit else place(run.unit)
    return Problem(
        f"{whose} has 0 for {when}, which its own level makes improbable (probability below 0.001): are the records "
        "missing rather than zero?",
        "ask the publisher; leave out the place (`data.filter`) or the periods (`data.gaps`)", "data",
    )  # fmt: skip
