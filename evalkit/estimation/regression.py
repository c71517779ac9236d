"""Regressions of counts and of panels: the only door to statsmodels and linearmodels. Arrays in, a `Fit` out.

Every function says in `Fit.rule` how its standard errors were made. No constant is added: give it as a column.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.dispersion import inverse_information, negative_binomial_dispersion
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import (
    Array,
    log_exposure,
    regression_data,
    require_choice,
)
from evalkit.estimation.least_squares import long_run_covariance, newey_west, ordinary
from evalkit.estimation.log_linear import LogLinearFit, poisson
from evalkit.estimation.rules import Family, autocovariance_lags, count_rule, factor_rule, reference_rule
from evalkit.estimation.separation import require_overlap
from evalkit.estimation.two_way_kernel import PanelCovariance, PanelRows, panel_rows, reported, two_way_of
from evalkit.estimation.within import SmallSample, require_variation, within_two_way

CountCovariance = Literal["model", "newey_west"]

LIBRARY_ROWS = 50_000
"""Panels with more rows are fitted by the project's own kernel, which agrees with linearmodels to 1e-10."""

__all__ = ["Family", "Fit", "SmallSample", "generalised_linear", "newey_west", "ordinary", "two_way"]


def generalised_linear(
    outcome: ArrayLike,
    regressors: ArrayLike,
    family: Family,
    exposure: ArrayLike | None = None,
    covariance: CountCovariance = "model",
    lags: int | None = None,
) -> Fit:
    """Return the log-linear regression of a count.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Counts, none negative.
    regressors : array_like, shape (n, k)
        Regressors, the constant included.
    family : {"poisson", "quasi_poisson", "negative_binomial"}
        How the variance follows the mean.
    exposure : array_like, shape (n,), or None
        Exposure of each observation (people, days), above zero; its logarithm is the offset.
    covariance : {"model", "newey_west"}
        Whether standard errors follow the family, or allow for autocorrelation and any variance.
    lags : int or None
        For newey_west; None: ``floor(4 (n / 100)^(2/9))``.

    Returns
    -------
    Fit
        `extra` holds dispersion (1, phi or alpha by family), pearson_dispersion and log_likelihood.

    Raises
    ------
    DesignError
        If terms are dependent, a count is negative, an exposure is not above zero, every count is zero, zeros are
        told apart perfectly, or the fit does not converge.

    Notes
    -----
    ``log m_t = log exposure_t + x_t'b``. Variance: poisson ``m``; quasi_poisson ``phi m`` with
    ``phi = sum (y - m)^2 / m / (n - k)``; negative_binomial ``m + alpha m^2``, alpha by maximum likelihood (0, which
    is Poisson, where the likelihood falls from there). Standard-error rule "model": inverse expected information,
    times phi for quasi_poisson (t with n - k; normal for the others). "newey_west": the sandwich of `newey_west` with
    scores in place of ``x_t e_t``, the n / (n - k) factor, and t with n - k.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, chapters 6 and 9. Lawless (1987), Canadian Journal of
    Statistics 15, 209-225. Checked against glm, MASS::glm.nb and sandwich::NeweyWest in R.
    """
    require_choice(family, Family, "the family")
    require_choice(covariance, CountCovariance, "the covariance")
    y, matrix, _ = regression_data(outcome, regressors, None)
    offset = log_exposure(y, exposure)
    require_overlap(y, matrix)
    alpha = 0.0
    if family == "negative_binomial":
        alpha = negative_binomial_dispersion(y, lambda a: _count_fit(y, matrix, offset, a).mean)
    count, words = autocovariance_lags(lags, y.size)
    result = _count_fit(y, matrix, offset, alpha)
    n, k = matrix.shape
    mean = result.mean
    pearson = (y - mean) / np.sqrt(mean + alpha * mean**2)
    phi = float(pearson @ pearson) / (n - k)
    scale = phi if family == "quasi_poisson" else 1.0
    model = covariance == "model"
    rule = count_rule(family, alpha, phi) if model else f"Newey-West with {words}{factor_rule(True)}"
    uses_t = family == "quasi_poisson" or not model
    return Fit(
        coefficients=result.coefficients,
        covariance=inverse_information(matrix, mean, alpha) * scale
        if model
        else _sandwich(y, matrix, mean, alpha, count),
        residual_df=float(n - k) if uses_t else None,
        fitted=mean,
        residuals=y - mean,
        standardised=pearson,
        scale=scale,
        rule=f"{rule}; {reference_rule(matrix) if uses_t else 'normal'}",
        extra={
            "dispersion": alpha if family == "negative_binomial" else scale,
            "pearson_dispersion": phi,
            "log_likelihood": result.log_likelihood,
        }
        | ({} if model else {"lags": float(count)}),
    )


def two_way(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    small_sample: SmallSample = "effects_nested",
    covariance: PanelCovariance = "clustered",
) -> Fit:
    """Return the linear regression with unit and period effects.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome.
    regressors : array_like, shape (n, k)
        Regressors that vary within units and periods; no constant.
    unit, period : array_like of int, shape (n,)
        Codes. A unit may have several observations in a period (repeated cross-sections).
    weights : array_like, shape (n,), or None
        Weights, above zero.
    cluster : array_like of int, shape (n,), or None
        Groups within which errors may be related. None: the unit.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        Which effects cost degrees of freedom; see `evalkit.estimation.within.cluster_factor`.
    covariance : {"clustered", "classical"}
        Whether errors may be related within clusters, or have equal variance and no relation.

    Returns
    -------
    Fit
        `fitted` includes the effects. `extra` holds clusters, units, periods and factor.

    Raises
    ------
    DesignError
        If a regressor is absorbed or dependent (its column index is named), there are fewer than two units, periods
        or clusters, or no degrees of freedom are left.

    Notes
    -----
    ``y_it = x_it'b + a_i + c_t + e_it`` by weighted least squares within units and periods. Standard-error rule:
    ``(X'WX)^-1 [sum_g X_g'W_g e_g e_g'W_g X_g] (X'WX)^-1``, X within units and periods, times the small-sample
    factor; t with G - 1. Classical: ``s^2 (X'WX)^-1`` with all effects counted; t with n - K.
    Up to 50,000 rows linearmodels fits, beyond that `two_way_kernel.two_way_kernel`, the same estimator.

    References
    ----------
    Arellano (1987), Oxford Bulletin of Economics and Statistics 49, 431-434. Cameron and Miller (2015), Journal of
    Human Resources 50, 317-372. Checked against the published estimates for Cheng and Hoekstra's castle data and
    pyfixest.
    """
    require_choice(covariance, PanelCovariance, "the covariance")
    require_choice(small_sample, SmallSample, "the small-sample rule")
    rows = panel_rows(outcome, regressors, unit, period, weights, cluster)
    if rows.outcome.size > LIBRARY_ROWS:
        return two_way_of(rows, small_sample, covariance)
    require_variation(within_two_way(rows.regressors, rows.units, rows.periods, rows.weights), rows.regressors)
    result = _panel_fit(rows, covariance)
    return reported(
        rows,
        np.asarray(result.params, dtype=np.float64),
        np.asarray(result.cov, dtype=np.float64),
        np.asarray(result.resids, dtype=np.float64),
        small_sample,
        covariance,
    )


@contextmanager
def _settled() -> Iterator[None]:
    """Turn a library's doubt about its own fit into a DesignError; drop its other warnings."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    doubts = (ConvergenceWarning, PerfectSeparationWarning, RuntimeWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for doubt in doubts:
            warnings.simplefilter("error", doubt)
        try:
            yield
        except (*doubts, np.linalg.LinAlgError, FloatingPointError) as problem:
            raise DesignError(
                f"the fit did not settle: {problem}", mend="use fewer terms, or another family"
            ) from problem


def _count_fit(counts: Array, matrix: Array, offset: Array, alpha: float) -> LogLinearFit:
    """Return the log-linear model with variance m + alpha m^2; alpha above zero goes to statsmodels."""
    if alpha == 0.0:
        return poisson(counts, matrix, offset)
    from statsmodels.genmod.families import NegativeBinomial
    from statsmodels.genmod.generalized_linear_model import GLM

    with _settled():
        model = GLM(counts, matrix, family=NegativeBinomial(alpha=alpha), offset=offset)
        result = model.fit(scale=1.0, maxiter=200, tol=1e-12, rtol=1e-10, tol_criterion="params")
    if not result.converged or not np.all(np.isfinite(result.params)):
        raise DesignError(
            "the count regression did not converge in 200 steps", mend="use fewer terms, or another family"
        )
    found, mean = (np.asarray(each, dtype=np.float64) for each in (result.params, result.fittedvalues))
    return LogLinearFit(found, mean, float(result.llf))


def _sandwich(counts: Array, matrix: Array, mean: Array, alpha: float, lags: int) -> Array:
    """Return Newey and West's covariance of a log-linear model, with the n/(n-k) factor."""
    n, k = matrix.shape
    scores = matrix * ((counts - mean) / (1.0 + alpha * mean))[:, None]
    bread = inverse_information(matrix, mean, alpha)
    return np.asarray(bread @ long_run_covariance(scores, lags) @ bread * (n / (n - k)))


def _panel_fit(panel: PanelRows, covariance: PanelCovariance) -> Any:
    """Return the linearmodels result with a covariance free of small-sample factors.

    Rows are given as entities of their own and the effects as "other effects", so that a unit may be observed
    several times in a period.
    """
    import pandas as pd
    from linearmodels.panel import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    rows = np.arange(panel.outcome.size)
    index = pd.MultiIndex.from_arrays([rows, np.zeros_like(rows)])
    frame = pd.DataFrame(panel.regressors, index=index)
    effects = pd.DataFrame({"unit": panel.units, "period": panel.periods}, index=index)
    weights = np.ones(rows.size) if panel.weights is None else panel.weights
    options: dict[str, Any] = {"cov_type": "unadjusted"}
    if covariance == "clustered":
        options = {"cov_type": "clustered", "clusters": pd.DataFrame({"cluster": panel.clusters}, index=index)}
    with _settled():
        model = PanelOLS(
            pd.Series(panel.outcome, index),
            frame,
            weights=pd.Series(weights, index),
            other_effects=effects,
            check_rank=False,
        )
        try:
            return model.fit(debiased=False, auto_df=False, count_effects=False, **options)
        except AbsorbingEffectError:
            raise DesignError(
                "unit and period effects leave nothing of the treatment, or of a covariate, to compare",
                mend="bring more units or periods, or leave covariates and weights out",
            ) from None
