"""A two-way regression in which each unit has a straight line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
    from evalkit.estimation.fit import Fit

NO_BOUNDS = "Unit trends take out straight drifts already, and bounds on departures are worked out without them."


def with_unit_trends(model: TwoWay, columns: numpy.ndarray) -> Fit:
    """Return the regression on these columns and the covariates, unit trends taken out exactly.

    Parameters
    ----------
    model : TwoWay
        With `trends`.
    columns : numpy.ndarray, shape (n, k)

    Raises
    ------
    DesignError
        Where trends and effects leave nothing of a column, or a unit lies in several clusters.

    Notes
    -----
    ``y_it = a_i + h_i t + c_t + x_it'b + e_it``; clustered (CR1), factor by `small_sample`, t with G - 1. The slopes
    h_i are nested in clusters as the levels a_i are, and are counted in K where these are.
    """
    import numpy
    import pandas

    from evalkit.estimation.few_units.cluster_robust import cluster_robust
    from evalkit.estimation.fit import Fit

    frame = model.frame
    matrix = numpy.column_stack([columns, frame[model.design.covariates].to_numpy(dtype=float)])
    try:
        found = cluster_robust(
            model.outcome, matrix, pandas.factorize(frame["unit"])[0], pandas.factorize(frame["time"], sort=True)[0],
            weights=model.weights, cluster=pandas.factorize(model.clusters)[0], correction="CR1",
            small_sample=model.design.small_sample, trend=model.trends,
        )  # fmt: skip
    except DesignError as error:
        problem = error.problems[0]
        raise DesignError(f"with unit trends: {problem.message}", problem.mend or "leave `unit_trends` out",
                          "design.unit_trends") from None  # fmt: skip
    root = numpy.ones(len(frame)) if model.weights is None else numpy.sqrt(model.weights)
    left = root * found.residuals
    return Fit(
        coefficients=found.coefficients, covariance=found.covariance, residual_df=found.clusters - 1.0,
        fitted=model.outcome - found.residuals, residuals=found.residuals, standardised=left,
        scale=float(left @ left) / len(left), rule=found.rule,
        extra={"factor": found.factor, "clusters": float(found.clusters)},
    )  # fmt: skip
