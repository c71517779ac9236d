"""Newest periods far below those before them, as when not all has been reported: in total, and place by place."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.periods import describe_period
from evalkit.sources.guards.rules import Looked, place
from evalkit.sources.guards.sudden_break import AROUND, LEAST_SIDE, SHORTEST, SIDE, Series, cut_off, spread_of

if TYPE_CHECKING:
    import numpy

    from evalkit.records import Panel

GUARD = "newest_periods"
FALSE_ALARM = 0.001
"""Share of studies without a fault that are stopped by the total at most."""
OF_PLACES = 0.01
"""The same by their places: `cut_off` is far on the safe side for these steps, as tests show by simulation."""
LEAST_FALL = 0.2
"""Share by which a newest period must lie below those before it."""
BEFORE = (2 / 3, 1 / 3)
"""Weights of the two earlier steps in a step from the mean of three periods."""
SENT = "ask for what this place has not sent yet, or "
EVENTS_FROM_THREE = (4 / 3) ** 0.5
"""Standard deviation of such a step of a Poisson count after the square-root transform."""


@dataclass(frozen=True)
class Fall:
    """The first of the newest periods that lies too low.

    Attributes
    ----------
    at : int
        Which step leads to it.
    statistic : float
        Its size by the usual size of the series' own steps.
    """

    at: int
    statistic: float


def newest_below(panel: Panel, used: Collection[int]) -> Looked:
    """Return the newest periods in which counts lie far below those before, as when not all has been reported.

    The total is looked at first; where it shows nothing, each treated place by itself: one that reports late is lost
    in a total. Places that start within the last periods are left out, since their effect may be what is seen.
    """
    series = Series.of(panel, used)
    if series is None or not series.counts:
        return Looked(GUARD, note="The outcome does not count events.", ran=False)
    last = series.times[-1]
    starts = panel.frame.drop_duplicates("unit").set_index("unit")["first_time"]
    steady = [unit for unit in series.units if not starts[unit] > last - LEAST_SIDE - AROUND]
    if not steady:
        return Looked(GUARD, note="The start is among the newest periods.", ran=False)
    own = {unit: {int(starts[unit]) + by for by in range(-AROUND, AROUND + 1)} for unit in steady
           if not math.isnan(starts[unit])}  # fmt: skip
    total = series.total(steady)
    raw = series.steps(total, "", set().union(*own.values()))
    steps = series.without_season(raw)
    known = steps[:-LEAST_SIDE]
    if int((known == known).sum()) < SHORTEST:
        return Looked(GUARD, note="The series is too short.", ran=False)
    limit = cut_off(len(known), LEAST_SIDE, 2 * FALSE_ALARM)
    spread = spread_of(known, series.floor)
    if not spread > 0:
        return Looked(GUARD, note="The numbers do not vary, so that no step is usual.", ran=False)
    fall = _first_fall(total, steps / spread, limit)
    if fall is not None:
        return Looked(GUARD, (_problem(panel, "the total", series, fall, limit),))
    problems, note = _of_places(panel, series, own) if len(steady) > 1 else ([], "")
    return Looked(GUARD, tuple(problems), f"Limit {limit:.1f} times the usual step.{note}")


def _of_places(panel: Panel, series: Series, own: dict[str, set[int]]) -> tuple[list[Problem], str]:
    """Return the treated places whose newest periods lie too low, and how far they were looked at."""
    found = {unit: steps for unit, excused in own.items() if (steps := _own_steps(series, unit, excused)) is not None}
    if not found:
        return [], " Treated places by themselves are too short to tell."
    length = min(int((steps == steps).sum()) for steps in found.values())
    limit = cut_off(length, LEAST_SIDE * len(found), 2 * OF_PLACES)
    problems = [_problem(panel, place(unit), series, fall, limit, SENT) for unit, fall in _falls(series, found, limit)]
    return problems, f" Of each treated place {limit:.1f}."


def _falls(series: Series, found: dict[str, numpy.ndarray], limit: float) -> Iterator[tuple[str, Fall]]:
    for unit, steps in found.items():
        fall = _first_fall(series.values[series.units.index(unit)], steps, limit)
        if fall is not None:
            yield unit, fall


def _own_steps(series: Series, unit: str, excused: Collection[int]) -> numpy.ndarray | None:
    r"""Return the steps of a place from the mean of the three periods before, by their usual size.

    Returns
    -------
    numpy.ndarray or None
        None where the series is too short.

    Notes
    -----
    :math:`y_t - (y_{t-1} + y_{t-2} + y_{t-3}) / 3 = d_t + \tfrac{2}{3} d_{t-1} + \tfrac{1}{3} d_{t-2}`, which varies
    less by chance than :math:`d_t`; of the usual size those of the newest periods know nothing. Taking out a season
    doubles the noise, and where other places are there, what they share holds it already: then it only has a veto, so
    that a fall of every December is none: the less of a step and of twice the step less its season is told.
    """
    import numpy

    steps = series.steps(series.values[series.units.index(unit)], unit, excused)
    cleaned = _from_three(series.without_season(steps))
    if cleaned is None or series.common is None:
        return cleaned
    plain = _from_three(steps)
    return cleaned if plain is None else numpy.fmax(plain, 2 * cleaned)


def _from_three(steps: numpy.ndarray) -> numpy.ndarray | None:
    """Return steps from the mean of the three periods before, by their usual size; None for too few."""
    from_three = steps.copy()
    for back, weight in enumerate(BEFORE, start=1):
        from_three[back:] += weight * steps[:-back]
    from_three[: len(BEFORE)] = math.nan
    known = from_three[:-LEAST_SIDE]
    if int((known == known).sum()) < SHORTEST:
        return None
    spread = spread_of(known, EVENTS_FROM_THREE)
    scaled: numpy.ndarray = from_three / spread
    return scaled


def _first_fall(values: numpy.ndarray, statistics: numpy.ndarray, limit: float) -> Fall | None:
    """Return the first of the newest periods from which on a series lies too low."""
    for at in range(len(statistics) - LEAST_SIDE, len(statistics)):
        if float(statistics[at]) < -limit and _stays_below(values, at):
            return Fall(at, float(statistics[at]))
    return None


def _stays_below(values: numpy.ndarray, at: int) -> bool:
    """Say whether every period from a step on is clearly below the median of those just before it."""
    import numpy

    before = float(numpy.nanmedian(values[max(0, at + 1 - SIDE) : at + 1]))
    return bool(numpy.all(values[at + 1 :] < (1 - LEAST_FALL) * before))


def _problem(panel: Panel, what: str, series: Series, fall: Fall, limit: float, first: str = "") -> Problem:
    when = describe_period(int(series.times[1:][fall.at]), panel.frequency)
    late = len(series.times) - 1 - fall.at
    return Problem(
        f"the newest periods look incomplete: from {when} on {what} is far below what came before "
        f"({fall.statistic:.1f} times the usual step, limit -{limit:.1f})",
        f"{first}leave them out by `data.settling: {late}`", "data.settling")  # fmt: skip
