"""A series and its comparison, each fitted by itself, as one regression whose later terms are their differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.estimation.fit import Fit, VarianceUncertainty
from evalkit.estimation.inputs import Array
from evalkit.estimation.regression import ordinary


def difference(series: Fit, comparison: Fit) -> Fit:
    """Return the terms of the comparison and, after them, by how much each differs in the series.

    Parameters
    ----------
    series, comparison : Fit
        Fitted on the same k terms, apart from one another.

    Returns
    -------
    Fit
        2 k coefficients. Fitted values, residuals, scale and `extra` are those of the series; `extra` also holds
        comparison_rho and comparison_scale.

    Notes
    -----
    With b the coefficients of the series and c those of its comparison, ``(c, b - c)`` and

        ``[[C, -C], [-C, B + C]]``,

    B and C their covariances: the errors of one series say nothing about those of the other, and each has its own
    variance and autocorrelation. Degrees of freedom of a combination are Satterthwaite's over the variance parameters
    of both (Welch's, where each has one variance). For least squares this is the regression of both series together
    on y = x'c + z x'd; Newey and West's covariance of it, with no lag from one series into the other, is the same too.

    References
    ----------
    Linden (2015), Stata Journal 15, 480-500. Welch (1947), Biometrika 34, 28-35.
    """
    b, c = series.coefficients, comparison.coefficients
    first, second = _uncertainty(series), _uncertainty(comparison)
    variance = None if first is None or second is None else _both(first, second)
    names = {"comparison_scale": comparison.scale}
    if "rho" in comparison.extra:
        names["comparison_rho"] = comparison.extra["rho"]
    return Fit(
        coefficients=np.concatenate([c, b - c]),
        covariance=_joined(series.covariance, comparison.covariance),
        residual_df=None,
        fitted=series.fitted,
        residuals=series.residuals,
        standardised=series.standardised,
        scale=series.scale,
        rule=_rule(series, comparison, variance is not None),
        extra={**series.extra, **names},
        variance=variance,
    )


class Stacked(NamedTuple):
    """Outcome and terms of a series, then those of its comparison."""

    outcome: tuple[Array, Array]
    matrix: tuple[Array, Array]


def pooled(rows: Stacked) -> Fit:
    """Return the least-squares regression of both series together, with one variance for both.

    Parameters
    ----------
    rows : Stacked
        Outcomes of n and m periods, and their k terms.

    Returns
    -------
    Fit
        As `difference`; t with n + m - 2 k.

    Raises
    ------
    DesignError
        As `evalkit.estimation.regression.ordinary`.
    """
    x, x0 = rows.matrix
    matrix = np.vstack([np.hstack([x, x]), np.hstack([x0, np.zeros_like(x0)])])
    fit = ordinary(np.concatenate(rows.outcome), matrix)
    n = x.shape[0]
    return Fit(
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        residual_df=fit.residual_df,
        fitted=fit.fitted[:n],
        residuals=fit.residuals[:n],
        standardised=fit.standardised[:n],
        scale=fit.scale,
        rule=f"series and comparison together: {fit.rule}",
        extra=fit.extra,
    )


def _joined(series: Array, comparison: Array) -> Array:
    """Return the covariance of (c, b - c)."""
    return np.block([[comparison, -comparison], [-comparison, series + comparison]])


def _uncertainty(fit: Fit) -> VarianceUncertainty | None:
    """Return a fit's own, or that of one variance with its residual degrees of freedom; None where none are counted."""
    if fit.variance is not None or fit.residual_df is None:
        return fit.variance
    return VarianceUncertainty(fit.covariance, fit.covariance[None], np.array([[2.0 / fit.residual_df]]))


def _both(series: VarianceUncertainty, comparison: VarianceUncertainty) -> VarianceUncertainty:
    """Return the uncertainty of the joined fit: the variance parameters of one, then those of the other."""
    nothing = np.zeros_like(series.covariance)
    gradients = [_joined(each, nothing) for each in series.gradients]
    gradients += [_joined(nothing, each) for each in comparison.gradients]
    first, second = series.parameters, comparison.parameters
    apart = np.zeros((first.shape[0], second.shape[0]))
    return VarianceUncertainty(
        _joined(series.covariance, comparison.covariance),
        np.stack(gradients),
        np.block([[first, apart], [apart.T, second]]),
    )


def _rule(series: Fit, comparison: Fit, counted: bool) -> str:
    """Return the standard-error rule in words."""
    own = f", its own autocorrelation {comparison.extra['rho']:.2f}" if "rho" in comparison.extra else ""
    ends = "degrees of freedom of a difference by Welch and Satterthwaite" if counted else "normal"
    return f"{series.rule}; the comparison series is fitted alike by itself{own}; {ends}"
