"""With which weights a headline sums outcomes of a place, by adoption date: what lets treatment be dealt out anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.wide_panel import WidePanel

CLOSED = 1e-9
"""How far a closed form may be from the estimator's number, as a share of its weights' size."""


def weights_by_date(model: Estimated, wide: WidePanel, design: DifferenceInDifferences | None = None) -> numpy.ndarray:
    """Return the weights with which the headline sums outcomes of a place, shape (dates, periods), by adoption date.

    Parameters
    ----------
    model : Estimated
    wide : WidePanel
    design : DifferenceInDifferences or None
        With it the estimator's closed form is used, where there is one that gives the estimator's own number. Without
        it the estimator runs once for every date and period.

    Raises
    ------
    DesignError
        When places with the same start do not weigh the same (weights, covariates), so that no other assignment is
        known from these weights.
    """
    from evalkit.estimation.few_units.linear_estimates import unit_weights

    if model.regression is None and not model.linear and not model.covariates and model.weights is None:
        raise DesignError(
            "the estimate is no sum of outcomes with weights of their own",
            "choose placebo, randomisation or cluster_robust",
            "design.inference",
        )
    if model.weights is not None or model.covariates or wide.weights is not None:
        what = "weights and covariates" if model.weights is not None or model.covariates else "missing periods"
        raise DesignError(
            f"{what} make places with the same start count differently",
            "use two_way_fixed_effects, which allows for them, or leave them out",
            "design.inference",
        )
    if model.regression is not None:
        return _regression_weights(model, wide)

    again = model.again
    if again is None:
        raise DesignError("the estimator cannot be run for other assignments", "choose cluster_robust")

    def headline(outcome: numpy.ndarray, codes: numpy.ndarray) -> float:
        return bare_estimate(again(outcome, codes))

    known = None if design is None else _closed_form(design, wide, headline)
    return unit_weights(headline, wide.first_treated, wide.outcome.shape[1])[1] if known is None else known


def _closed_form(
    design: DifferenceInDifferences, wide: WidePanel, headline: Callable[[numpy.ndarray, numpy.ndarray], float]
) -> numpy.ndarray | None:
    """Return the weights of the estimator's closed form; None where it has none that gives the estimator's number.

    One outcome of noise tells: sums that differ anywhere differ there.
    """
    import numpy

    from evalkit.estimation.staggered import headline_weights

    first, periods, early = wide.first_treated, wide.outcome.shape[1], design.anticipation
    try:
        if design.estimator == "imputation":
            dates, weights = headline_weights.imputation_weights(first, periods, early)
        else:
            later = design.comparison == "not_yet_treated" and design.estimator == "callaway_santanna"
            dates, weights = headline_weights.group_time_weights(first, periods, later, early)
        noise = numpy.random.default_rng(0).normal(size=wide.outcome.shape)
        found = headline(noise, first)
    except DesignError:
        return None
    given = float((weights[numpy.searchsorted(dates, numpy.minimum(first, periods))] * noise).sum())
    return weights if abs(given - found) <= CLOSED * float(numpy.abs(weights).sum()) else None


def _regression_weights(model: Estimated, wide: WidePanel) -> numpy.ndarray:
    """Return the weights of a regression's headline by adoption date: one regression gives them all."""
    import numpy
    import pandas

    from evalkit.estimation.few_units.linear_estimates import require_difference_in_differences
    from evalkit.estimation.within import within_two_way

    assert model.regression is not None
    frame = model.study.frame
    unit, time = pandas.factorize(frame["unit"])[0], pandas.factorize(frame["time"], sort=True)[0]
    left = within_two_way(model.regression.columns, unit, time)
    rows = left @ numpy.linalg.solve(left.T @ left, model.regression.contrast)
    table = pandas.DataFrame({"place": model.clusters.astype(str).to_numpy(), "time": time, "weight": rows})
    sums = table.groupby(["place", "time"])["weight"].sum().unstack().reindex(list(wide.names)).to_numpy()
    dates, first, counts = numpy.unique(wide.first_treated, return_index=True, return_counts=True)
    require_difference_in_differences(dates, counts, sums[first])
    return numpy.asarray(sums[first])


def bare_estimate(found: float | tuple[float, float]) -> float:
    """Return an estimate without its standard error."""
    return float(found[0] if isinstance(found, tuple) else found)
