"""Sudden steps in the series of treated units, at a date that nothing declares."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.periods import describe_period, season_of
from evalkit.sources.guards.rules import Looked, place, seen

if TYPE_CHECKING:
    import numpy

    from evalkit.records import Panel

FALSE_ALARM = 0.01
"""Share of studies without a break that are stopped at most; tests simulate it."""
SHORTEST = 16
"""Fewer steps say too little of what is usual."""
SIDE = 6
"""Periods on either side over which a step must last."""
LEAST_SIDE = 3
AROUND = 1
"""Periods before and after a start, or a declared break, in which a step is no surprise."""
COMPARISONS = 5
"""With so many comparison units, what moved all of them is taken out first."""
SEASONS = {"month": ("month", 12), "quarter": ("quarter", 4), "day": ("weekday", 7)}
EVENTS = 2.0**0.5
"""Standard deviation of the step of a Poisson count after the square-root transform."""
PAIRED_EVENTS = 1.0
"""The same for a step between the means of two periods."""


@dataclass(frozen=True)
class Step:
    """The largest lasting step of a series.

    Attributes
    ----------
    time : int
        First period after it.
    statistic : float
        Its size by the usual size of the series' own steps; negative for a fall.
    """

    time: int
    statistic: float


def paired(steps: numpy.ndarray) -> numpy.ndarray:
    """Return the steps between the means of the two periods after and before, NaN at both ends.

    Notes
    -----
    :math:`(y_t + y_{t+1}) / 2 - (y_{t-1} + y_{t-2}) / 2 = (d_{t-1} + 2 d_t + d_{t+1}) / 2`, which varies less by chance
    than :math:`d_t` and is as large for a step of the level.
    """
    import numpy

    found = numpy.full(len(steps), numpy.nan)
    found[1:-1] = (steps[:-2] + 2 * steps[1:-1] + steps[2:]) / 2
    return found


def largest_step(
    steps: numpy.ndarray, raw: numpy.ndarray, times: numpy.ndarray, floor: float, side: int = SIDE
) -> Step | None:  # fmt: skip
    r"""Return the largest step of a series that lasts.

    Parameters
    ----------
    steps : numpy.ndarray, shape (n,)
        Change from the periods before, without what the season and other places explain; NaN where it is not known,
        or no surprise.
    raw : numpy.ndarray, shape (n,)
        Change from one period to the next, with the season still in it.
    times : numpy.ndarray of int, shape (n,)
        Period in which each change is seen.
    floor : float
        Smallest spread that is believed.
    side : int
        Periods on either side over which a step must last, a whole year where there is a season.

    Returns
    -------
    Step or None
        None where the series is too short or does not move.

    Notes
    -----
    :math:`z_t = (d_t - \tilde d) / s` with :math:`s = 1.4826` times the median absolute deviation of :math:`d`, at
    least `floor`. A step lasts when the medians of the `side` periods after and before it (three at least, near the
    ends) differ by at least half of it, in its direction.
    """
    import numpy

    known = numpy.isfinite(steps)
    if int(known.sum()) < SHORTEST:
        return None
    middle = float(numpy.median(steps[known]))
    spread = spread_of(steps, floor)
    if not spread > 0:
        return None
    level = numpy.concatenate([[0.0], numpy.cumsum(numpy.where(numpy.isfinite(raw), raw, 0.0))])
    sizes = numpy.where(known, steps - middle, 0.0)
    for at in numpy.argsort(-numpy.abs(sizes), kind="stable"):
        inside = LEAST_SIDE - 1 <= at <= len(steps) - LEAST_SIDE
        if inside and known[at] and _lasts(level, int(at), float(sizes[at]), side):
            return Step(int(times[at]), float(sizes[at]) / spread)
    return None


def _lasts(level: numpy.ndarray, at: int, size: float, side: int) -> bool:
    """Say whether the level stays on the new side by at least half of a step."""
    import numpy

    after, before = level[at + 1 : at + 1 + side], level[max(0, at + 1 - side) : at + 1]
    shift = float(numpy.median(after) - numpy.median(before))
    return shift * size > 0 and abs(shift) >= abs(size) / 2


ROUNDING = 1e-9
"""A spread smaller than this share of the largest step is one of rounding alone."""


def spread_of(steps: numpy.ndarray, floor: float) -> float:
    """Return the usual size of the steps: the median absolute deviation as a standard deviation, at least `floor`."""
    import numpy

    known = steps[numpy.isfinite(steps)]
    spread = 1.4826 * float(numpy.median(numpy.abs(known - numpy.median(known))))
    noise = ROUNDING * float(numpy.max(numpy.abs(known), initial=0.0))
    return max(spread if spread > noise else 0.0, floor)  # numbers without any spread have no usual step


def cut_off(steps: int, tests: int, false_alarm: float = FALSE_ALARM) -> float:
    """Return the statistic beyond which a step is a surprise.

    Parameters
    ----------
    steps : int
        Steps of the shortest series, by which its spread is judged.
    tests : int
        Steps that are looked at in the whole study.
    false_alarm : float
        Share of studies without a break that may be stopped.

    Notes
    -----
    The quantile of Student's t with a third of the steps as degrees of freedom (what the median absolute deviation
    of neighbouring steps is worth), two-sided, by Bonferroni over the tests. `tests/sources/test_guards_calibration`
    holds the share of false alarms against simulated counts with seasons, autocorrelation and heavy tails.
    """
    from scipy import special

    return -float(special.stdtrit(max(steps / 3, 3.0), false_alarm / 2 / max(tests, 1)))


def sudden_breaks(
    panel: Panel, used: Collection[int], declared: Mapping[str, Collection[int]], apart: Collection[str] = ()
) -> Looked:
    """Return steps in treated units that neither the start nor a declared break explains.

    Parameters
    ----------
    panel : Panel
    used : collection of int
        Periods that the study uses.
    declared : mapping of str to collection of int
        Periods of declared breaks and shocks by unit; the empty name is every unit.
    apart : collection of str
        Units that another guard names already.
    """
    series = Series.of(panel, used)
    if series is None:
        return Looked("sudden_break", note="Rows are observations of their own.", ran=False)
    starts = panel.frame.drop_duplicates("unit").set_index("unit")["first_time"]
    treated = [unit for unit in series.units if not math.isnan(starts[unit]) and unit not in apart]
    found, lengths = [], []
    for unit in treated:
        own = {int(starts[unit]), *declared.get("", ()), *declared.get(unit, ())}
        excused = {time + by for time in own for by in range(-AROUND, AROUND + 1)}
        raw = series.steps(series.values[series.units.index(unit)], unit, excused)
        steps = series.without_season(paired(raw))
        floor = PAIRED_EVENTS if series.counts else 0.0
        step = largest_step(steps, raw, series.times[1:], floor, series.side)
        if step is not None:
            found.append((unit, step))
            lengths.append(len(steps))
    if not found:
        return Looked("sudden_break", note="The series of treated places are too short.", ran=False)
    limit = cut_off(min(lengths), sum(lengths))
    problems = [_problem(panel, unit, step, limit) for unit, step in found if abs(step.statistic) > limit]
    unit, step = max(found, key=lambda pair: abs(pair[1].statistic))
    note = f"Limit {limit:.1f}; the largest step is {abs(step.statistic):.1f} times the usual one" + (
        f" ({unit}, {describe_period(step.time, panel.frequency)})." if unit else
        f" ({describe_period(step.time, panel.frequency)}).")  # fmt: skip
    return Looked("sudden_break", seen(problems), note)


def _problem(panel: Panel, unit: str, step: Step, limit: float) -> Problem:
    way = "falls" if step.statistic < 0 else "rises"
    when = describe_period(step.time, panel.frequency)
    return Problem(
        f"{place(unit)} {way} suddenly in {when}, which is no start: the step is "
        f"{abs(step.statistic):.1f} times the usual one (limit {limit:.1f})",
        "ask the publisher what changed and declare it in `data.breaks`", "data",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Series:
    """The series of a panel as a table of units by periods, in one piece, NaN where nothing is known.

    Attributes
    ----------
    units : list of str
    times : numpy.ndarray of int, shape (n_periods,)
    values : numpy.ndarray, shape (n_units, n_periods)
        Events for counts and rates with an exposure; else the value as it is.
    counts : bool
        Whether values count events.
    frequency : str
    common : numpy.ndarray or None, shape (n_periods - 1,)
        Relative change that all comparison units share.
    """

    units: list[str]
    times: numpy.ndarray
    values: numpy.ndarray
    counts: bool
    frequency: str
    common: numpy.ndarray | None

    @classmethod
    def of(cls, panel: Panel, used: Collection[int]) -> Series | None:
        """Return the series of a panel within the periods used; None for rows that are observations of their own."""
        import numpy

        if panel.cross_sections or len(used) < 2:
            return None
        times = numpy.arange(min(used), max(used) + 1)
        frame = panel.frame
        frame = frame[frame["time"].isin(set(used))]
        rated = panel.outcome.kind == "rate" and bool((frame["exposure"] != 1.0).any())
        values = frame["value"] * frame["exposure"] / panel.outcome.per if rated else frame["value"]
        wide = frame.assign(value=values).pivot(index="unit", columns="time", values="value")
        wide = wide.reindex(index=[unit for unit in panel.units if unit in wide.index], columns=times)
        counts = rated or (panel.outcome.kind == "count" and bool((frame["value"] >= 0).all()))
        table = wide.to_numpy(dtype=float)
        never = [at for at, unit in enumerate(wide.index) if unit not in set(panel.treated_units)]
        common = _shared(table[never]) if counts and len(never) >= COMPARISONS else None
        return cls([str(unit) for unit in wide.index], times, table, counts, panel.frequency, common)

    @property
    def floor(self) -> float:
        """Smallest spread of steps that is believed: that of a Poisson count."""
        return EVENTS if self.counts else 0.0

    def total(self, units: Collection[str]) -> numpy.ndarray:
        """Return the sum over units, each period; NaN where one of them is missing."""
        import numpy

        rows = [at for at, unit in enumerate(self.units) if unit in set(units)]
        summed: numpy.ndarray = self.values[rows].sum(axis=0)
        return summed if numpy.isfinite(summed).any() else numpy.nansum(self.values[rows], axis=0)

    @property
    def side(self) -> int:
        """Periods on either side over which a step must last."""
        return max(SIDE, SEASONS[self.frequency][1]) if self._seasonal else SIDE

    @property
    def _seasonal(self) -> bool:
        """Whether the series are long enough to say what the season does: three years."""
        return self.frequency in SEASONS and len(self.times) >= 3 * SEASONS[self.frequency][1]

    def steps(self, values: numpy.ndarray, unit: str, excused: Collection[int]) -> numpy.ndarray:
        """Return the steps of a series; the common change is taken out of a unit's own, not of a total (no name).

        Steps that are no surprise are not known, so that a large effect does not pass for the season.
        """
        import numpy

        level = 2 * numpy.sqrt(values + 0.375) if self.counts else values
        steps: numpy.ndarray = numpy.diff(level)
        if self.common is not None and unit:
            steps = steps - numpy.sqrt(max(float(numpy.nanmedian(values)), 0.0)) * self.common
        steps[numpy.isin(self.times[1:], list(excused))] = numpy.nan
        return steps

    def without_season(self, steps: numpy.ndarray) -> numpy.ndarray:
        """Return steps less the median step of the same season in the other years, with three years or more.

        The own step is left out of that median, so that all are as far from it as a new one would be.
        """
        import numpy

        if not self._seasonal:
            return steps
        season = SEASONS[self.frequency][0]
        labels = numpy.array([season_of(int(time), season, self.frequency) for time in self.times[1:]])
        cleaned = numpy.full(len(steps), numpy.nan)
        for label in set(labels.tolist()):
            places = numpy.flatnonzero((labels == label) & numpy.isfinite(steps))
            if len(places) > 1:
                others = ~numpy.eye(len(places), dtype=bool)
                table = numpy.broadcast_to(steps[places], others.shape)[others].reshape(len(places), -1)
                cleaned[places] = steps[places] - numpy.median(table, axis=1)
        return cleaned


def _shared(values: numpy.ndarray) -> numpy.ndarray:
    """Return the median relative change of units from each period to the next; 0 where none is known."""
    import numpy

    logs = numpy.log(numpy.where(values >= 0, values, numpy.nan) + 0.5)
    changes = numpy.diff(logs, axis=1)
    known = numpy.isfinite(changes).any(axis=0)
    shared = numpy.zeros(changes.shape[1])
    shared[known] = numpy.nanmedian(changes[:, known], axis=0)
    return shared
