"""The event study behind bounds for few treated units: its covariance from treatment dealt out anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.estimated import MOST_LAGS, Estimated, EventCovariance
from evalkit.designs.difference_in_differences.event_time import available
from evalkit.designs.difference_in_differences.resampled import draws_of
from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.estimation.staggered.event_time_weights import EventWeights

FEWEST_OTHERS = 20
"""With fewer places never treated their spread says too little of how one varies to take it as known."""
BY_REGRESSION = ("two_way_fixed_effects", "event_study")


def dealt_events(design: DifferenceInDifferences, model: Estimated, headline: float) -> EventCovariance:
    """Return the event study with the covariance of its estimates among reassignments of treatment.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
        With few treated places.
    headline : float
        Taken out of treated cells first, so that what is dealt out anew does not hold it.

    Returns
    -------
    EventCovariance
        Every event time in reach, none of which stands for several.

    Raises
    ------
    DesignError
        When places do not count alike (weights, covariates, missing periods), fewer than 20 are never treated, windows
        leave out periods in between, or a count has no logarithm. The message says which, as the end of a sentence.

    Notes
    -----
    With few treated places a sum of their squared residuals is no variance, but all places show how one of them varies:
    every estimate is a weighted sum of outcomes (`event_time_weights`), and their covariance is that over assignments
    which give the same starts to other places. It holds where treated places vary as the others do, as Ferman and
    Pinto's and the randomisation test of the headline suppose. Two-way regressions: their own coefficients, no event
    time binned. Other estimators: differences from the last period before the start, as `long_differences`.
    """
    from evalkit.estimation.few_units.assignments import assignments_of
    from evalkit.estimation.few_units.several_effects import reassigned_covariance

    wide = wide_panel(_in_logarithms(design, model))
    if model.study.always:
        raise DesignError("units treated in all periods are kept, to which treatment cannot be dealt")
    _require_alike(model, wide)
    weights, reference = _weights(design, model, wide)
    dealt = assignments_of(wide.first_treated, draws_of(design), design.seed)
    values, covariance = reassigned_covariance(
        wide.outcome, wide.first_treated, weights.weights, weights.paths, dealt.first_treated, headline
    )
    rule = f"errors of the event study: the spread of its estimates where the starts go to other places, {dealt.rule}"
    return EventCovariance(weights.label, values, covariance, reference, rule)


def _in_logarithms(design: DifferenceInDifferences, model: Estimated) -> Estimated:
    """Return the estimate with logarithms as its outcome where the estimator fits counts themselves."""
    import numpy

    if design.estimator != "poisson":
        return model
    if not (model.observed > 0.0).all():
        raise DesignError("some counts are 0 and have no logarithm")
    return replace(model, outcome=numpy.log(model.observed))


def _require_alike(model: Estimated, wide: WidePanel) -> None:
    """Raise where places with one start do not count alike, or too few are left to show how a place varies."""
    if model.weights is not None or model.covariates or wide.weights is not None:
        raise DesignError("weights, covariates or missing periods make places with the same start count differently")
    others = int((~wide.treated).sum())
    if others < FEWEST_OTHERS:
        raise DesignError(
            f"{several(others, f'{model.noun}')} never treated tell too little of how one of them varies"
            f" ({FEWEST_OTHERS} or more are needed)"
        )
    if model.study.times[-1] - model.study.times[0] + 1 != len(model.study.times):
        raise DesignError("the windows leave out periods in between")


def _weights(design: DifferenceInDifferences, model: Estimated, wide: WidePanel) -> tuple[EventWeights, int]:
    """Return the weights of every event time in reach, and the reference."""
    import numpy

    from evalkit.estimation.staggered import event_time_weights as closed

    first, periods = wide.first_treated, wide.outcome.shape[1]
    most_leads, most_lags = available(model.study)
    if design.estimator in BY_REGRESSION:
        label, terms = closed.lead_terms(first, periods, -most_leads, most_lags, -1)
        found, reference = closed.regression_weights(first, periods, label, terms), -1
    else:
        reference = -1 - design.anticipation
        later = design.comparison == "not_yet_treated" and design.estimator == "callaway_santanna"
        low = max(-most_leads, reference - (design.leads or 1))
        times = [time for time in range(low, min(most_lags, MOST_LAGS) + 1) if time != reference]
        found = closed.base_period_weights(first, periods, times, later, design.anticipation)
    kept = numpy.flatnonzero((found.label >= reference - (design.leads or 1)) & (found.label <= MOST_LAGS))
    return closed.EventWeights(found.label[kept], found.weights[kept], found.paths[kept]), reference
