"""Linear regression with unit and period effects in milliseconds: what linearmodels computes, without its overhead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, Codes, as_codes, as_matrix, as_vector, as_weights, require_choice
from evalkit.estimation.within import (
    SmallSample,
    cluster_factor,
    require_groups,
    require_variation,
    two_way_effects,
)

PanelCovariance = Literal["clustered", "classical"]

NOTHING = 1e-24
"""A clustered variance below this share of the classical one is zero but for rounding."""


@dataclass(frozen=True, eq=False)
class PanelRows:
    """Rows of a regression with unit and period effects, checked.

    Attributes
    ----------
    outcome : ndarray, shape (n,)
    regressors : ndarray, shape (n, k)
    units, periods, clusters : ndarray of int, shape (n,)
        Codes from 0.
    weights : ndarray, shape (n,), or None
        None where all rows weigh the same.
    """

    outcome: Array
    regressors: Array
    units: Codes
    periods: Codes
    clusters: Codes
    weights: Array | None


def panel_rows(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> PanelRows:
    """Return the rows of a regression with unit and period effects, checked.

    Parameters
    ----------
    outcome, regressors, unit, period, weights, cluster
        As `evalkit.estimation.regression.two_way`.

    Returns
    -------
    PanelRows

    Raises
    ------
    DesignError
        If arrays do not match or hold missing values, a weight is not above zero, or there are fewer than two units,
        periods or clusters.
    """
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    units, periods = as_codes(unit, "unit", y.size), as_codes(period, "period", y.size)
    clusters = units if cluster is None else as_codes(cluster, "cluster", y.size)
    require_groups(units=units, periods=periods, clusters=clusters)
    given = None if weights is None else as_weights(weights, y.size)
    return PanelRows(y, matrix, units, periods, clusters, given)


def two_way_kernel(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    small_sample: SmallSample = "effects_nested",
    covariance: PanelCovariance = "clustered",
) -> Fit:
    """Return the linear regression with unit and period effects, fast: for many fits, or for many rows.

    Parameters
    ----------
    outcome, regressors, unit, period, weights, cluster, small_sample, covariance
        As `evalkit.estimation.regression.two_way`.

    Returns
    -------
    Fit
        That of `evalkit.estimation.regression.two_way`.

    Raises
    ------
    DesignError
        As `evalkit.estimation.regression.two_way`.

    Notes
    -----
    Unit and period effects are taken out of outcome and regressors by `within.two_way_effects`, exactly, and what is
    left is regressed; the standard-error rule is that of `evalkit.estimation.regression.two_way`. Work grows with the
    number of rows, memory with a few columns of them.

    References
    ----------
    Frisch and Waugh (1933), Econometrica 1, 387-401. Held to linearmodels at 1e-10: coefficients and covariance under
    each factor, unbalanced and weighted, with covariates and with clusters larger than units.
    """
    require_choice(covariance, PanelCovariance, "the covariance")
    require_choice(small_sample, SmallSample, "the small-sample rule")
    return two_way_of(panel_rows(outcome, regressors, unit, period, weights, cluster), small_sample, covariance)


def two_way_of(rows: PanelRows, small_sample: SmallSample, covariance: PanelCovariance) -> Fit:
    """Return the regression of checked rows; see `two_way_kernel`.

    Parameters
    ----------
    rows : PanelRows
    small_sample, covariance
        As `evalkit.estimation.regression.two_way`.

    Returns
    -------
    Fit
    """
    effects = two_way_effects(rows.units, rows.periods, rows.weights)
    within = effects.taken_out(rows.regressors)
    require_variation(within, rows.regressors)
    left = effects.taken_out(rows.outcome[:, None])[:, 0]
    heavy = within if rows.weights is None else within * rows.weights[:, None]
    bread = np.asarray(np.linalg.inv(heavy.T @ within), dtype=np.float64)
    coefficients = bread @ (heavy.T @ left)
    residuals = left - within @ coefficients
    if covariance == "clustered":
        groups = int(rows.clusters.max()) + 1
        scores = np.column_stack([np.bincount(rows.clusters, column * residuals, groups) for column in heavy.T])
        spread = bread @ (scores.T @ scores) @ bread
    else:
        squares = residuals if rows.weights is None else residuals * rows.weights
        spread = bread * (float(squares @ residuals) / residuals.size)
    return reported(rows, coefficients, spread, residuals, small_sample, covariance, bread)


def reported(
    rows: PanelRows,
    coefficients: Array,
    covariance: Array,
    residuals: Array,
    small_sample: SmallSample,
    kind: PanelCovariance,
    bread: Array | None = None,
) -> Fit:
    """Return a fit with its small-sample factor and its standard-error rule in words, whoever computed it.

    Parameters
    ----------
    rows : PanelRows
    coefficients : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Without small-sample factor; classical: the mean square of the residuals times the bread.
    residuals : ndarray, shape (n,)
        Outcome less fitted, effects included.
    small_sample, kind
        As `evalkit.estimation.regression.two_way`.
    bread : ndarray, shape (k, k), or None
        Inverse of the weighted products of regressors within effects, beside which a variance may be zero.

    Returns
    -------
    Fit

    Raises
    ------
    DesignError
        If no degrees of freedom are left, or a variance is zero but for rounding.
    """
    factor, words = cluster_factor(rows.regressors.shape[1], rows.units, rows.periods, rows.clusters, small_sample)
    units, periods, groups = (int(codes.max()) + 1 for codes in (rows.units, rows.periods, rows.clusters))
    remaining = residuals.size - (rows.regressors.shape[1] + units + periods - 1)
    squares = residuals**2 if rows.weights is None else rows.weights * residuals**2
    scale = float(squares.sum() / remaining)
    df = float(groups - 1)
    rule = f"clustered ({groups} clusters), factor {words}; t with G-1 = {groups - 1} degrees of freedom"
    if kind == "classical":
        df, factor = float(remaining), residuals.size / remaining
        rule = f"classical: equal variance, no relation between observations; t with {remaining} degrees of freedom"
    least = 0.0 if bread is None else NOTHING * scale * np.diag(bread)
    if np.any(np.diag(covariance) < least):  # zero but for rounding
        raise DesignError(
            f"{groups} clusters are too few to give each of {rows.regressors.shape[1]} terms a standard error",
            mend="use fewer leads and lags, or bring more units",
        )
    return Fit(
        coefficients=coefficients,
        covariance=covariance * factor,
        residual_df=df,
        fitted=rows.outcome - residuals,
        residuals=residuals,
        standardised=residuals if rows.weights is None else residuals * np.sqrt(rows.weights),
        scale=scale,
        rule=rule,
        extra={"clusters": float(groups), "units": float(units), "periods": float(periods), "factor": factor},
    )
