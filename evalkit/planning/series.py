"""Power of an interrupted time series, by simulation from the time before the start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import EVENTS, named
from evalkit.errors import DesignError
from evalkit.periods import words_for
from evalkit.planning.grids import lengths, spell
from evalkit.planning.pre_period import PrePeriod, learn, season_for, terms_at

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
    from evalkit.estimation.series.many import Contrasts
    from evalkit.records import Panel

TARGET, STEPS, SETTLED = 0.8, 12, 0.01
LARGEST_SHIFT = 3.0
"""Change of a logarithm (a fall by 95%) beyond which counts are too few to be found changed."""
NOT_EVEN = "not even a fall to nearly nothing would be found so often"
CLEARLY = 2.0
"""Simulation errors by which two sizes must differ before one is called larger."""
CHECKED = 200
"""Series of counts that are drawn with the change in them and fitted, for the study's own lengths."""


def power(
    design: InterruptedTimeSeries,
    panel: Panel,
    grid: tuple[Sequence[int], Sequence[int]] | None,
    replications: int,
    seed: int,
    after: int | None = None,
) -> dict[str, Any]:
    """Return the mapping of `evalkit.planning.power` for an interrupted time series.

    Raises
    ------
    DesignError, DataError
        As `evalkit.planning.power`.
    """
    import numpy

    from evalkit.estimation.series.simulated_series import autoregressive_errors

    known = learn(design, panel)
    if known.level <= 0.0:
        raise DesignError(
            f"the average before the start is {known.level:g}, so that a change in percent of it has no meaning",
            "plan with an outcome above zero", "outcomes",
        )  # fmt: skip
    yearly = known.design.season not in ("none", "weekday")
    befores, afters = lengths(panel.frequency, known.n_before, grid, season=yearly, after=after)
    longest = max(*befores, known.n_before) + max(*afters, known.n_after or 0)
    longest += known.design.anticipation + known.design.phase_in
    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    # The same errors serve every length, so that cells differ by their lengths alone.
    errors = autoregressive_errors(generator, replications, longest, known.autocorrelation)
    simulation = Simulation(known, design.season, errors)
    cells = [simulation.cell(before, after) for before in befores for after in afters]
    own: dict[str, Any] = {"before": known.n_before, "after": known.n_after, "smallest_change_percent": None}
    if known.n_after is not None:
        own = simulation.cell(known.n_before, known.n_after)
        if known.counts and own["smallest_change_percent"] is not None:
            own["found_share"] = simulation.checked(known.n_before, known.n_after, own["smallest_change_percent"])
    return {
        "target": TARGET, "level": known.design.level, "replications": replications, "seed": seed,
        "measure": simulation.measure, "cells": cells, "own": own, "pre_period": _described(known),
        "words": _words(known, simulation, own, cells, replications),
    }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Simulation:
    """Series drawn from the time before, for any lengths.

    Attributes
    ----------
    known : PrePeriod
    season : str
        The option as the study file has it; `auto` is settled for each length.
    errors : numpy.ndarray, shape (r, n)
        Autoregressive errors with variance 1, long enough for every length.
    """

    known: PrePeriod
    season: str
    errors: numpy.ndarray

    @property
    def rise(self) -> bool:
        """Whether a rise is looked for: where higher is better."""
        return self.known.panel.outcome.better == "higher"

    @property
    def measure(self) -> str:
        """What `smallest_change_percent` is, in words."""
        return f"{'rise' if self.rise else 'fall'}, percent of what would be expected without it"

    def cell(self, before: int, after: int) -> dict[str, Any]:
        """Return the smallest change that is found with these lengths, or why there is none."""
        made: dict[str, Any] = {"before": before, "after": after, "smallest_change_percent": None,
                                "error_percent": None, "problem": ""}  # fmt: skip
        try:
            value, error = self._shift(before, after)
        except DesignError as problem:
            return made | {"problem": problem.problems[0].message}
        size, slope = self._percent(value)
        possible = self.rise or size < 100.0 or self.known.panel.outcome.kind not in EVENTS
        if (value >= LARGEST_SHIFT and self.known.counts) or not possible:
            return made | {"problem": NOT_EVEN}
        return made | {"smallest_change_percent": size, "error_percent": slope * error}

    def _percent(self, value: float) -> tuple[float, float]:
        """Return a change on the model's scale in percent, and how fast it moves with it."""
        if not self.known.logarithmic:
            return 100.0 * value / self.known.level, 100.0 / self.known.level
        sign = 1.0 if self.rise else -1.0
        return 100.0 * sign * math.expm1(sign * value), 100.0 * math.exp(sign * value)

    def _shift(self, before: int, after: int) -> tuple[float, float]:
        """Return the smallest change on the model's scale, with its simulation error."""
        from evalkit.estimation.series.power import smallest_shift

        plan, level = self._plan(before, after), self.known.design.level
        if not self.known.counts:
            found = smallest_shift(self._estimates(plan, self._outcome(plan), plan.matrix), level, TARGET)
            return found.value, found.error
        before_last, last = (0.0, 0.0), (0.0, self._needed(plan, 0.0)[0])
        shift, slope = last[1], 0.0
        for _ in range(STEPS):
            # What is needed depends on the mean that the change leaves. It grows with the change (for a fall), the
            # faster the nearer to zero; secants from below never pass the change that needs itself.
            needed, error = self._needed(plan, shift)
            before_last, last = last, (shift, needed)
            slope = (last[1] - before_last[1]) / (last[0] - before_last[0])
            if slope >= 1.0 or needed >= LARGEST_SHIFT:
                return LARGEST_SHIFT, math.nan
            shift += (needed - shift) / (1.0 - slope)
            if abs(shift - last[0]) <= SETTLED * shift:
                break
        return min(shift, LARGEST_SHIFT), error / (1.0 - slope)

    def _needed(self, plan: Plan, shift: float) -> tuple[float, float]:
        """Return the change of a count's logarithm that is found where the counts are those that `shift` leaves."""
        from evalkit.estimation.series.power import smallest_shift

        root = self._mean(plan, shift if self.rise else -shift) ** 0.5
        noise = self.known.spread * self._errors(plan)
        found = smallest_shift(self._estimates(plan, noise, root[:, None] * plan.matrix), self.known.design.level,
                               TARGET)  # fmt: skip
        return found.value, found.error

    def checked(self, before: int, after: int, percent: float) -> float:
        """Return how many of some series of counts with a change in them have it found by the study's own fit."""
        from evalkit.estimation.series import many_counts
        from evalkit.estimation.series.power import found_share
        from evalkit.estimation.series.simulated_series import counts_with

        sign = 1.0 if self.rise else -1.0
        plan, change = self._plan(before, after), math.log1p(sign * percent / 100.0)
        counts = counts_with(self._errors(plan)[:CHECKED], self._mean(plan, change), self.known.dispersion or 1.0)
        if self.known.design.errors == "autoregressive":
            found = many_counts.quasi_likelihood(counts, plan.matrix, plan.weights[None], positions=plan.times)
            found = self._by_rule(found)
        else:
            found = many_counts.quasi_poisson(counts, plan.matrix, plan.weights[None], lags=self.known.design.lags,
                                              newey_west=self.known.design.errors == "newey_west")  # fmt: skip
        return found_share(replace(found, values=sign * found.values), self.known.design.level)

    def _plan(self, before: int, after: int) -> Plan:
        """Return the design's terms for some lengths.

        Raises
        ------
        DesignError
            When the terms cannot be told apart there.
        """
        import numpy

        from evalkit.estimation.inputs import require_full_rank
        from evalkit.estimation.series.segmented import average_effect_weights

        known, frequency = self.known, self.known.panel.frequency
        ends = known.start - known.design.anticipation
        earlier, later = numpy.arange(ends - before, ends), numpy.arange(known.start, known.start + after)
        if known.design.phase_in:
            # The start is already the first period that counts; what phases in lies between it and the last before.
            earlier -= known.design.phase_in
        times = numpy.concatenate([earlier, later])
        season = season_for(known.design, self.season, frequency, before)
        design = known.design.model_copy(update={"season": season, "interruptions": []})
        terms = terms_at(design, frequency, known.start, times)
        require_full_rank(terms.matrix, terms.names, spare=2)
        return Plan(times, terms.matrix, average_effect_weights(terms), terms.effect, season)

    def _errors(self, plan: Plan) -> numpy.ndarray:
        return self.errors[:, plan.times - plan.times[0]]

    def _outcome(self, plan: Plan) -> numpy.ndarray:
        """Return series without a change; a season that the model leaves out stays in them."""
        noise = self.known.spread * self._errors(plan)
        return noise if plan.season == self.known.design.season else noise + self.known.added(plan.times)

    def _mean(self, plan: Plan, change: float) -> numpy.ndarray:
        """Return expected counts with an average change of their logarithm of the design's own (first) shape."""
        import numpy

        own = numpy.flatnonzero(plan.effect & (plan.weights != 0.0))[0]
        path = plan.matrix[:, own] * change / plan.weights[own]
        return numpy.asarray(self.known.level * numpy.exp(self.known.added(plan.times) + path))

    def _estimates(self, plan: Plan, outcome: numpy.ndarray, matrix: numpy.ndarray) -> Contrasts:
        """Return the estimate of each series by the study's own errors."""
        from evalkit.estimation.series import many

        errors, weights = self.known.design.errors, plan.weights[None]
        if errors == "newey_west":
            return many.newey_west(outcome, matrix, weights, self._lags(plan))
        if errors == "ordinary":
            return many.ordinary(outcome, matrix, weights)
        if errors == "prais_winsten":
            return many.prais_winsten(outcome, matrix, weights, plan.times)
        return self._by_rule(many.restricted_likelihood(outcome, matrix, weights, plan.times, rounded=True))

    def _lags(self, plan: Plan) -> int | None:
        """Return the study's own lags where they were chosen, None where they follow the usual rule."""
        from evalkit.estimation.rules import autocovariance_lags

        lags, whole = self.known.design.lags, self.known.n_before + (self.known.n_after or 0)
        usual = lags is None or lags == autocovariance_lags(None, whole)[0]
        return None if usual or lags is None else min(lags, len(plan.times) - 1)

    def _by_rule(self, found: Contrasts) -> Contrasts:
        return replace(found, se=found.known_se) if self.known.design.small_sample == "satterthwaite" else found


@dataclass(frozen=True, eq=False)
class Plan:
    """The terms of a study of some lengths: periods (n,), matrix (n, k), the effect's weights (k,), its own terms."""

    times: numpy.ndarray
    matrix: numpy.ndarray
    weights: numpy.ndarray
    effect: numpy.ndarray
    season: str


def _described(known: PrePeriod) -> dict[str, Any]:
    """Return the time before as plain data."""
    return {
        "periods": known.n_before, "level": known.level, "unit": named(known.panel.outcome),
        "autocorrelation": known.autocorrelation, "dispersion": known.dispersion, "season": known.design.season,
    }  # fmt: skip


def less_with_more(cells: Sequence[dict[str, Any]], frequency: str, *, carried: bool) -> str:
    """Return where watching for longer finds less, and why, as a sentence to go on with; empty where it never does.

    Parameters
    ----------
    cells : sequence of dict
        As `Simulation.cell` returns them.
    frequency : str
    carried : bool
        Whether a line before is carried forward. Its slope is an estimate, and an error in it counts the more the
        further it is carried; without a slope, the same series give smaller changes with every longer time after.

    Notes
    -----
    By more than `CLEARLY` simulation errors of the two sizes, so that chance of the simulation is not explained.
    """
    worse: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for cell in cells:
        shorter = [c for c in cells if c["before"] == cell["before"] and c["after"] < cell["after"]]
        best = min((c for c in shorter if c["smallest_change_percent"] is not None),
                   key=lambda c: c["smallest_change_percent"], default=None)  # fmt: skip
        if best is not None and _clearly_worse(cell, best):
            worse[cell["before"]] = (best, cell)
    if not worse:
        return ""
    (before, (best, last)), *_ = sorted(worse.items())
    size = last["smallest_change_percent"]
    then = "none is found" if size is None else f"{size:.1f}%"
    told = (f" More data after can find less: with {spell(before, frequency)} before, "
            f"{best['smallest_change_percent']:.1f}% with {best['after']:,} after and {then} with {last['after']:,}"
            )  # fmt: skip
    why = ("the line before is carried forward further, and an error in its slope grows with the distance" if carried
           else "why is not known, since no line is carried forward")  # fmt: skip
    return f"{told}, because {why}." if carried else f"{told}; {why}."


def _clearly_worse(longer: dict[str, Any], shorter: dict[str, Any]) -> bool:
    """Return whether a longer time after finds less than a shorter one, by more than the simulation's own error."""
    if longer["smallest_change_percent"] is None:
        return bool(longer["problem"] == NOT_EVEN)
    error = math.hypot(longer["error_percent"] or 0.0, shorter["error_percent"] or 0.0)
    return bool(longer["smallest_change_percent"] - shorter["smallest_change_percent"] > CLEARLY * error)


def _words(
    known: PrePeriod, simulation: Simulation, own: dict[str, Any], cells: list[dict[str, Any]], replications: int
) -> str:
    """Return what was simulated and what came out, in sentences."""
    frequency, noun = known.panel.frequency, words_for(known.panel.frequency)
    season = {"none": "no season", "fourier": "a yearly season"}.get(known.design.season,
                                                                     f"a season by {known.design.season}")  # fmt: skip
    spread = f", variance {known.dispersion:.1f} times the mean" if known.dispersion is not None else ""
    linked = f"{known.autocorrelation:.2f}".replace("-", "\N{MINUS SIGN}")
    text = (
        f"Simulated {replications:,} times from the {spell(known.n_before, frequency)} before the start: "
        f"{known.level:,.4g} a {noun}, autocorrelation {linked} in these {noun}s alone{spread}, {season}."
    )
    kind, errors = ("rise" if simulation.rise else "fall"), [c["error_percent"] for c in cells if c["error_percent"]]
    if own["smallest_change_percent"] is not None:
        text += (
            f" With {spell(own['before'], frequency)} before and {own['after']:,} after, a {kind} of "
            f"{own['smallest_change_percent']:.1f}% would be found four times in five."
        )
    elif own["after"] is not None:
        text += f" With this study's own lengths no {kind} would be found so often: {own['problem']}."
    if errors:
        text += f" The numbers have a simulation error of at most {max(errors):.1f} percentage points."
    text += less_with_more(cells, frequency, carried=known.design.trend != "none")
    if known.design.errors == "arima":
        text += " Errors of the ARIMA kind are stood in for by first-order autoregressive ones."
    return f"{text} That the time before is itself an estimate is not in them."
