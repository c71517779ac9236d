"""What stands beside a difference in differences: departures from parallel paths, units left out, earlier dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.long_differences import with_long_differences
from evalkit.designs.difference_in_differences.other_runs import placebo_dates, placebo_units, reported
from evalkit.designs.difference_in_differences.scales import both_scales
from evalkit.designs.difference_in_differences.simulated import with_simulated
from evalkit.designs.difference_in_differences.spillover import spillover_check
from evalkit.designs.difference_in_differences.without_units import leave_out
from evalkit.diagnostics import parallel_trends
from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, Target
    from evalkit.records import Diagnostic, Result

TARGETS: tuple[Target, ...] = ("first", "average")
POWERS = (0.5, 0.8)


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
    """

    bounds: tuple[Mapping[str, Any], ...]
    breakdown: Mapping[str, Mapping[str, float]] | None
    pretest_power: Mapping[str, Any] | None
    check: Diagnostic


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
    bounded, words = with_long_differences(design, model)
    robust = robustness(bounded, design.level)
    if words and robust.bounds:
        robust = replace(robust, check=replace(robust.check, reading=f"{robust.check.reading} {words}"))
    left, without = leave_out(design, model, result)
    dates, at_dates = placebo_dates(design, model, result)
    scales, same_on_both = both_scales(design, model, result)
    next_door = spillover_check(design, model.panel, result)
    result = with_simulated(design, model, result)
    return replace(
        result,
        robust_bounds=robust.bounds,
        breakdown=robust.breakdown,
        pretest_power=robust.pretest_power,
        leave_out=left,
        scales=scales,
        placebos=(*result.placebos, *dates, *placebo_units(design, model, reported(result))),
        diagnostics=(*result.diagnostics, robust.check, without, at_dates, same_on_both, next_door),
    )


def robustness(model: Estimated, level: float = 0.95) -> Robustness:
    """Return bounds on the effect if paths are not quite parallel, and what a test of the leads could have found.

    Parameters
    ----------
    model : Estimated
    level : float
        Confidence level.

    Notes
    -----
    Relative magnitudes 0.5, 1, 1.5, 2 and smoothness from 0 to the largest curvature before (ten values), for the first
    treated period and for the average of all; see `evalkit.estimation.parallel_trends.honest_bounds`. The covariance of
    the event study is taken as known: with fewer than six treated clusters it is not to be relied on, and nothing is
    computed.
    """
    if model.treated_clusters < FEW_TREATED_CLUSTERS:
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
    from evalkit.estimation.parallel_trends.honest_bounds import relative_magnitudes, smoothness

    found: dict[str, dict[str, Any]] = {
        "relative_magnitudes": {str(t): relative_magnitudes(study, target=t, level=level) for t in TARGETS}
    }
    try:
        found["smoothness"] = {str(t): smoothness(study, target=t, level=level) for t in TARGETS}
    except DesignError:  # fewer clusters than estimates: steps can be bounded, curvature cannot
        return found
    return found


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
