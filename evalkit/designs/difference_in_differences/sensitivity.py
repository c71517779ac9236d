"""What stands beside a difference in differences: departures from parallel paths, units left out, earlier dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.dealt_departures import dealt_events
from evalkit.designs.difference_in_differences.long_differences import INSTEAD, WHY, with_long_differences
from evalkit.designs.difference_in_differences.other_runs import placebo_dates, placebo_units, reported
from evalkit.designs.difference_in_differences.scales import both_scales
from evalkit.designs.difference_in_differences.simulated import with_simulated
from evalkit.designs.difference_in_differences.spillover import spillover_check
from evalkit.designs.difference_in_differences.unit_trends import NO_BOUNDS
from evalkit.designs.difference_in_differences.without_units import leave_out
from evalkit.diagnostics import parallel_trends
from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.estimation.parallel_trends.event_estimates import EventEstimates
    from evalkit.records import Diagnostic, Estimate, Result

DEALT = (
    "With few treated places these bounds take it that such a place varies as much as the others do. If it varies "
    "more, a smaller departure would already bring in no effect."
)
CLUSTERED = (
    "These bounds rest on clustered errors, which are often too small with few treated places. Then a smaller "
    "departure would already bring in no effect."
)
POWERS = (0.5, 0.8)
MULTIPLES = (0.5, 1.0, 1.5, 2.0)


@dataclass(frozen=True)
class Robustness:
    """What departures from parallel paths the result carries.

    Attributes
    ----------
    bounds : tuple of mapping
        restriction (relative_magnitudes or smoothness), target (first or average), m, low, high on the modelled scale.
    breakdown : mapping or None
        By restriction and target: the smallest m at which the interval includes no effect.
    pretest_power : mapping or None
        `powers`: by probability, the trend per period that a test of the leads finds with it, the bias that the trend
        gives the average effect, and the same where the test does not reject; `rule`.
    check : Diagnostic
    rests_on : mapping or None
        What the errors behind the bounds are: `errors` (clustered or dealt), `rule`, and in `caution` how they may
        mislead; empty where they serve as they are. None without bounds.
    """

    bounds: tuple[Mapping[str, Any], ...]
    breakdown: Mapping[str, Mapping[str, float]] | None
    pretest_power: Mapping[str, Any] | None
    check: Diagnostic
    rests_on: Mapping[str, str] | None = None


def beside(design: DifferenceInDifferences, model: Estimated, result: Result) -> Result:
    """Return a result with what stands beside its effect.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
    result : Result
        With its final interval.

    Returns
    -------
    Result
        With robust_bounds, breakdown, pretest_power, leave_out, placebos, scales, expected_coverage, and the checks
        `robust_to_departures`, `leave_out`, `placebo_dates`, `scale_of_the_outcome`, `spillover_to_neighbours` after
        its own. What cannot be computed is empty, and its check says why.
    """
    robust = _departures(design, model, result)
    left, without = leave_out(design, model, result)
    dates, at_dates = placebo_dates(design, model, result)
    scales, same_on_both = both_scales(design, model, result)
    next_door = spillover_check(design, model.panel, result)
    result = with_simulated(design, model, result)
    return replace(
        result,
        inference={**(result.inference or {}), "departures": robust.rests_on} if robust.rests_on else result.inference,
        robust_bounds=robust.bounds,
        breakdown=robust.breakdown,
        pretest_power=robust.pretest_power,
        leave_out=left,
        scales=scales,
        placebos=(*result.placebos, *dates, *placebo_units(design, model, reported(result))),
        diagnostics=(*result.diagnostics, robust.check, without, at_dates, same_on_both, next_door),
    )


def _departures(design: DifferenceInDifferences, model: Estimated, result: Result) -> Robustness:
    """Return what departures the result carries, with what the errors behind that rest on.

    Notes
    -----
    With fewer than six treated places clustered errors cannot be relied on at all: treatment is dealt out anew
    (`dealt_departures`). With more they are clustered; where the headline's own interval is not, or had to be
    corrected, the result says that they may be too small.
    """
    why = ""
    if model.trends:
        return _nothing(NO_BOUNDS)
    if model.treated_clusters < FEW_TREATED_CLUSTERS and not model.own_inference:
        try:
            bounded, words = replace(model, events=dealt_events(design, model, result.effect.value)), _instead(design)
        except DesignError as error:
            bounded, words, why = model, "", error.problems[0].message
    else:
        bounded, words = with_long_differences(design, model)
    robust = robustness(bounded, design.level)
    if why:
        reading = f"{robust.check.reading} Dealing treatment out anew cannot take their place: {why}."
        return replace(robust, check=replace(robust.check, reading=reading))
    if not robust.bounds or bounded.events is None:
        return robust
    rests_on = _rests_on(bounded.events.dealt, result, model.noun)
    if not any(at > 0.0 for by in (robust.breakdown or {}).values() for at in by.values()):
        rests_on["caution"] = ""  # No effect is in every interval anyway: no departure could be smaller than none.
    check = robust.check
    if _includes_none(result.effect):  # by the headline's own rule, which need not be that of the bounds
        check = parallel_trends.nothing_to_undo(check)
    reading = " ".join(part for part in (check.reading, words, rests_on["caution"]) if part)
    return replace(robust, check=replace(check, reading=reading), rests_on=rests_on)


def _includes_none(effect: Estimate) -> bool:
    """Say whether the headline has an interval and that includes no effect."""
    return effect.low is not None and effect.high is not None and effect.low <= 0.0 <= effect.high


def _instead(design: DifferenceInDifferences) -> str:
    """Return why bounds are not of the estimator's own event study; empty where they are."""
    universal = design.estimator == "callaway_santanna" and design.base_period == "universal"
    return "" if universal or design.estimator not in WHY else f"{INSTEAD}: {WHY[design.estimator]}."


def _rests_on(dealt: str, result: Result, noun: str) -> dict[str, str]:
    """Return what the errors behind bounds are, and how they may mislead.

    An error that is too small makes intervals too narrow, so the departure that brings in no effect seems larger than
    it is.
    """
    if dealt:
        return {"errors": "dealt", "rule": dealt, "caution": DEALT}
    inference = result.inference or {}
    plain = inference.get("method") == "cluster_robust" and not inference.get("correction")
    rule = f"errors of the event study: clustered by {noun}, without a correction for few"
    return {"errors": "clustered", "rule": rule, "caution": "" if plain else CLUSTERED}


def robustness(model: Estimated, level: float = 0.95) -> Robustness:
    """Return bounds on the effect if paths are not quite parallel, and what a test of the leads could have found.

    Parameters
    ----------
    model : Estimated
    level : float
        Confidence level.

    Notes
    -----
    Relative magnitudes 0.5, 1, 1.5, 2 and smoothness from 0 to the largest curvature before (ten values), and both at 0
    and around the breakdown of the average, for the first treated period and for the average of all; see
    `evalkit.estimation.parallel_trends.honest_bounds`. The covariance of
    the event study is taken as known: with fewer than six treated clusters a clustered one is not to be relied on, and
    nothing is computed.
    """
    known = model.events is not None and bool(model.events.dealt)
    if model.treated_clusters < FEW_TREATED_CLUSTERS and not known:
        return _nothing(
            f"With fewer than {FEW_TREATED_CLUSTERS} treated {model.noun}s the errors of the event study are not known "
            "well enough."
        )
    if model.events is None:
        return _nothing("There is no event study whose estimates are all differences from one reference period.")
    from evalkit.estimation.parallel_trends.event_estimates import event_estimates

    try:
        study = event_estimates(
            model.events.times, model.events.values, model.events.covariance, model.events.reference
        )
        found = _bounds(study, level)
    except DesignError as error:
        return _nothing(_sentence(error))
    breakdown = {restriction: {target: bounds.breakdown for target, bounds in by.items()}
                 for restriction, by in found.items()}  # fmt: skip
    rows = tuple(
        {"restriction": restriction, "target": target, "m": float(m), "low": float(low), "high": float(high)}
        for restriction, by in found.items()
        for target, bounds in by.items()
        for m, low, high in zip(bounds.magnitudes, bounds.low, bounds.high, strict=True)
    )
    check = parallel_trends.robust_to_departures({name: by["average"] for name, by in breakdown.items()})
    return Robustness(rows, breakdown, _pretest(study, level), check)


def _bounds(study: EventEstimates, level: float) -> dict[str, dict[str, Any]]:
    """Return bounds by restriction and target; without smoothness where the covariance has not full rank."""
    from evalkit.estimation.parallel_trends.honest_bounds import curvatures, relative_magnitudes, smoothness

    found = {"relative_magnitudes": _by_target(relative_magnitudes, study, MULTIPLES, level)}
    try:
        found["smoothness"] = _by_target(smoothness, study, curvatures(study, level), level)
    except DesignError:  # fewer clusters than estimates: steps can be bounded, curvature cannot
        return found
    return found


def _by_target(bounds: Callable[..., Any], study: EventEstimates, usual: Iterable[float], level: float
               ) -> dict[str, Any]:  # fmt: skip
    """Return the bounds of each target at the usual sizes and at those around the breakdown of the average.

    Without these, a chart of the usual sizes alone would not show where no effect comes in.
    """
    import numpy

    from evalkit.estimation.parallel_trends.honest_bounds import around

    def sizes(breakdown: float, doubling: float) -> numpy.ndarray:
        return numpy.unique(numpy.concatenate([numpy.asarray(usual), around(breakdown, doubling)]))

    average = bounds(study, sizes, target="average", level=level)
    return {"first": bounds(study, average.magnitudes, target="first", level=level), "average": average}


def _pretest(study: EventEstimates, level: float) -> dict[str, Any] | None:
    """Return the trends that a test of the leads finds, and what they do to the average effect; None without rank."""
    from evalkit.estimation.parallel_trends.pretest_power import pretest_slopes

    try:
        found = pretest_slopes(study, POWERS, target="average", level=level)
    except DesignError:
        return None
    return {
        "powers": [
            {"power": one.power, "slope": one.slope, "bias": one.bias, "bias_not_rejected": one.bias_not_rejected}
            for one in found
        ],
        "rule": found[0].rule,
    }


def _nothing(reason: str) -> Robustness:
    return Robustness((), None, None, parallel_trends.robustness_not_run(reason))


def _sentence(error: DesignError) -> str:
    message = error.problems[0].message
    return f"{message[:1].upper()}{message[1:]}."
