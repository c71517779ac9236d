"""The event study behind bounds for paths that are not parallel, also where the estimator's own cannot carry them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.estimated import MOST_LAGS, Estimated, EventCovariance
from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.diagnostics.words import several
from evalkit.errors import DataError, DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences

BY_START = ("callaway_santanna", "sun_abraham", "imputation", "poisson")
INSTEAD = (
    "The bounds are of effects by start and period, averaged by time since the start, each against the last period "
    "before it"
)
WHY = {
    "callaway_santanna": "with a varying base leads are steps from period to period",
    "imputation": "imputation compares with all periods before the start together",
    "poisson": "ratios of counts have no leads against one period; these are of logarithms",
}


def with_long_differences(design: DifferenceInDifferences, model: Estimated) -> tuple[Estimated, str]:
    """Return an estimate whose event study bounds can be computed from, and what a reader must know of it.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated

    Returns
    -------
    Estimated
        With `events` of the leads that the design shows and at most 24 lags; None where there can be none.
    str
        A sentence where these are not the estimator's own, or do not reach to the end; else empty.

    Notes
    -----
    Bounds need estimates that are all differences from one period. Where the estimator's own are not (imputation,
    poisson, callaway_santanna with a varying base, a two-way regression without units never treated), effects by start
    and period are estimated with the universal base on the same rows (Callaway and Sant'Anna 2021; Roth 2024, on why
    leads and effects must share their base). Synthetic methods choose weights that make earlier paths alike: their
    leads show nothing of departures.

    References
    ----------
    Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591. Roth (2024), Interpreting event studies from
    recent difference-in-differences methods, arXiv 2401.12309.
    """
    if model.own_inference or model.treated_clusters < FEW_TREATED_CLUSTERS:
        return model, ""
    events, words = model.events, ""
    if events is None:
        events, words = _by_start_and_period(design, model)
    if events is None:
        return model, ""
    kept, hole = _in_reach(events, design.leads or 1)
    if hole is not None:
        reach = f"The bounds reach to {several(hole - 1, 'period')} after the first treated one: no unit has rows"
        words = f"{words} {reach} {several(hole, 'period')} after it, and steps over a hole are not compared.".strip()
    elif model.study.frame["event_time"].max() > MOST_LAGS:
        words = f"{words} They reach to {MOST_LAGS} periods after the first treated one.".strip()
    return replace(model, events=kept), words


def _by_start_and_period(design: DifferenceInDifferences, model: Estimated) -> tuple[EventCovariance | None, str]:
    """Return the event study of effects by start and period on the same rows, with the reason for it."""
    from evalkit.designs.difference_in_differences.estimators import fitted, studied

    poisson = design.estimator == "poisson"
    if poisson and not (model.observed > 0.0).all():
        return None, ""
    update = {"estimator": "callaway_santanna", "base_period": "universal", "inference": "cluster_robust"}
    other = design.model_copy(update={**update, **({"transform": "log"} if poisson else {})})
    try:
        found = fitted(other, model.panel, studied(design, model.panel))[1].events
    except (DataError, DesignError):
        return None, ""
    why = WHY.get(design.estimator, "the regression has no event study without units never treated")
    return found, f"{INSTEAD}: {why}."


def _in_reach(events: EventCovariance, leads: int) -> tuple[EventCovariance, int | None]:
    """Return the leads that the design shows and the lags in reach, without those beyond a hole in the event times.

    The second value is the first event time after the start that nobody has while later ones are there, else None.
    """
    import numpy

    there = set(events.times.tolist()) | {events.reference}
    before = next((time for time in range(-1, int(events.times.min()), -1) if time not in there), None)
    after = next((time for time in range(1, int(events.times.max())) if time not in there), None)
    low = events.reference - leads if before is None else max(events.reference - leads, before + 1)
    high = MOST_LAGS if after is None else min(MOST_LAGS, after - 1)
    kept = numpy.flatnonzero((events.times >= low) & (events.times <= high))
    inner = events.covariance[numpy.ix_(kept, kept)]
    return EventCovariance(events.times[kept], events.values[kept], inner, events.reference), after
