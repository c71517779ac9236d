"""Counts with unit and period effects: Poisson pseudo-maximum likelihood with clustered standard errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, Mask, as_matrix, as_vector, log_exposure
from evalkit.estimation.staggered.group_time_result import clustered_covariance
from evalkit.estimation.staggered.poisson_effects import PoissonEffects, poisson_effects
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel, staggered_panel
from evalkit.estimation.within import SmallSample, cluster_factor


class PoissonTwoWay(NamedTuple):
    """A Poisson regression with unit and period effects.

    Attributes
    ----------
    fit : Fit
        In the order of the rows; coefficients on the log scale. Rows that were left out have fitted value and
        residual 0. `scale` is Pearson's chi-squared over rows less terms and effects; `extra` holds clusters, units,
        periods, factor and rows_used, of what was used.
    units_without_events : tuple of str
        Units left out since all their counts are zero.
    separated : ndarray of bool, shape (n,)
        All rows left out: those units, periods without any event, and zero counts that no finite coefficients fit.
    """

    fit: Fit
    units_without_events: tuple[str, ...]
    separated: Mask


def poisson_two_way(
    counts: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    exposure: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    small_sample: SmallSample = "effects_nested",
) -> PoissonTwoWay:
    """Return the Poisson regression of counts with unit and period effects.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Counts, none negative (they need not be whole).
    regressors : array_like, shape (n, k)
        Regressors that vary within units and periods; no constant.
    unit, period : array_like, shape (n,)
        Names or codes of units, and periods as numbers; one row for each unit and period.
    exposure : array_like, shape (n,), or None
        Exposure of each row (people, days), above zero; its logarithm is the offset.
    weights : array_like, shape (n,), or None
        Weights above zero.
    cluster : array_like, shape (n,), or None
        Groups within which errors may be related; a unit lies in one. None: the unit.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        Which effects cost degrees of freedom; see `within.cluster_factor`.

    Returns
    -------
    PoissonTwoWay

    Raises
    ------
    DesignError
        If a count is negative, every count is zero, a regressor is absorbed by the effects (or by the rows that are
        left once zero counts told apart perfectly are out), or the fit does not converge.

    Notes
    -----
    ``log m_it = log exposure_it + a_i + c_t + x_it'b``. Consistent for b whatever the distribution, if the mean is
    right. Standard-error rule: ``H^-1 [sum_g s_g s_g'] H^-1``, H the information once effects are out, s_g the sum
    over cluster g of ``w x (y - m)``, times the small-sample factor; t with G - 1.

    References
    ----------
    Correia, Guimaraes and Zylkin (2020), Stata Journal 20, 95-115. Wooldridge (1999), Journal of Econometrics 90,
    77-97. Checked against fepois of pyfixest.
    """
    y = as_vector(counts, "counts")
    matrix, offset = as_matrix(regressors, "regressors", y.size), log_exposure(y, exposure)
    extra = np.column_stack([matrix, offset, np.arange(y.size)])
    names = (f"column {j}" for j in range(extra.shape[1]))
    panel = staggered_panel(y, unit, period, np.full(y.size, np.inf), extra, weights, cluster, names)
    one, none = np.zeros(len(panel.names), dtype=np.int64), np.zeros((1, panel.periods.size, 0))
    covariates, names_of = panel.covariates[:, :, :-2], panel.covariate_names[:-2]
    found = poisson_effects(panel.outcome, panel.covariates[:, :, -2], panel.weights, one, none, covariates, names_of)
    influence, factor, groups, words = clustered_influence(panel, found, small_sample)
    at = panel.covariates[:, :, -1][panel.observed].astype(np.int64)  # the row of each cell
    mean, apart = np.empty(y.size), np.empty(y.size, dtype=bool)
    mean[at], apart[at] = found.mean[panel.observed], found.separated[panel.observed]
    pearson = (y - mean) / np.sqrt(np.where(apart, 1.0, mean))
    used = found.weights > 0.0
    units, periods, count = int(used.any(axis=1).sum()), int(used.any(axis=0).sum()), int(used.sum())
    fit = Fit(
        coefficients=found.fit.coefficients,
        covariance=clustered_covariance(influence, panel.cluster),
        residual_df=float(groups - 1),
        fitted=mean,
        residuals=y - mean,
        standardised=pearson,
        scale=float(pearson @ pearson) / max(count - units - periods + 1 - matrix.shape[1], 1),
        rule=f"Poisson with unit and period effects, any variance; {words}",
        extra={
            "clusters": float(groups),
            "units": float(units),
            "periods": float(periods),
            "factor": factor,
            "rows_used": float(count),
        },
    )
    return PoissonTwoWay(fit, panel.names_of(found.weights.sum(axis=1) == 0.0), apart)


def clustered_influence(
    panel: StaggeredPanel, found: PoissonEffects, small_sample: SmallSample
) -> tuple[Array, float, int, str]:
    """Return the influence functions of a Poisson regression and its standard-error rule.

    Parameters
    ----------
    panel : StaggeredPanel
        The panel.
    found : PoissonEffects
        The regression.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        See `within.cluster_factor`.

    Returns
    -------
    tuple of ndarray, float, int and str
        Influence functions with the root of the factor, the factor, the number of clusters, and the rule in words.
    """
    unit, period = np.nonzero(found.weights > 0.0)
    clusters = panel.cluster[unit]
    factor, words = cluster_factor(found.fit.coefficients.size, unit, period, clusters, small_sample)
    groups = len(np.unique(clusters))
    words = f"clustered ({groups} clusters), factor {words}; t with G-1 = {groups - 1} degrees of freedom"
    return found.fit.influence * np.sqrt(factor), factor, groups, words
