"""What a regression returns, and linear combinations of its coefficients with their standard error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_matrix, as_vector


@dataclass(frozen=True, eq=False)
class VarianceUncertainty:
    """How sure a fit is of its own variance parameters: what Satterthwaite's degrees of freedom need.

    Attributes
    ----------
    covariance : ndarray, shape (k, k)
        Covariance of the coefficients as if the variance parameters were known.
    gradients : ndarray, shape (q, k, k)
        Derivative of that covariance by each variance parameter.
    parameters : ndarray, shape (q, q)
        Covariance of the estimated variance parameters.
    """

    covariance: Array
    gradients: Array
    parameters: Array


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted regression: coefficients, how sure it is of them, and what it left unexplained.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
        In the order of the regressors' columns; on the log scale where the link is log.
    covariance : ndarray, shape (k, k)
        Covariance of the coefficients by `rule`.
    residual_df : float or None
        Degrees of freedom of the t reference. None: the normal distribution, or, where `variance` is given, a
        number that differs by contrast (ask `contrast`).
    fitted : ndarray, shape (n,)
        Fitted outcome, in the outcome's unit, effects and exposure included.
    residuals : ndarray, shape (n,)
        Outcome minus fitted, in the outcome's unit.
    standardised : ndarray, shape (n,)
        What should be white noise if the model holds: residuals times root weight (least squares), Pearson
        residuals (counts), whitened innovations (AR(1)). Checks of independence read these.
    scale : float
        Residual variance, or the factor on the variance of a count.
    rule : str
        The standard-error rule in plain words.
    extra : mapping of str to float
        Further numbers, such as dispersion, rho, lags, clusters.
    variance : VarianceUncertainty or None
        Present where degrees of freedom are Satterthwaite's.
    """

    coefficients: Array
    covariance: Array
    residual_df: float | None
    fitted: Array
    residuals: Array
    standardised: Array
    scale: float
    rule: str
    extra: Mapping[str, float] = field(default_factory=dict)
    variance: VarianceUncertainty | None = None

    @property
    def standard_errors(self) -> Array:
        """Standard error of each coefficient: the root of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))


class Contrast(NamedTuple):
    """A linear combination of coefficients.

    Attributes
    ----------
    value, se : float
        The combination and its standard error.
    df : float or None
        Degrees of freedom of the t reference; None is normal.
    """

    value: float
    se: float
    df: float | None


class Contrasts(NamedTuple):
    """Several linear combinations of coefficients.

    Attributes
    ----------
    values, se : ndarray, shape (m,)
        The combinations and their standard errors.
    df : ndarray, shape (m,), or None
        Degrees of freedom of the t reference of each; None is normal.
    """

    values: Array
    se: Array
    df: Array | None


def contrast(fit: Fit, weights: ArrayLike) -> Contrast:
    """Return one linear combination of coefficients with its standard error and degrees of freedom.

    Parameters
    ----------
    fit : Fit
        A fitted regression with k coefficients.
    weights : array_like, shape (k,)
        Weight of each coefficient.

    Returns
    -------
    Contrast
        value, se, df.

    Raises
    ------
    DesignError
        If the number of weights is not k.

    Notes
    -----
    ``value = w'b`` and ``se = sqrt(w' C w)``. Degrees of freedom are the fit's own, or, where the variance
    parameters theta are themselves estimated, Satterthwaite's

        ``df = 2 (w' F w)^2 / (g' A g)``, ``g_i = w' (dF / d theta_i) w``,

    F the covariance with theta taken as known, A the covariance of theta. For one contrast the degrees of
    freedom of Kenward and Roger are the same number, and their scale factor is 1.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114. Kenward and Roger (1997), Biometrics 53, 983-997.
    """
    vector = as_vector(weights, "contrast weights", fit.coefficients.size)
    values, se, df = contrasts(fit, vector[None, :])
    return Contrast(float(values[0]), float(se[0]), None if df is None else float(df[0]))


def contrasts(fit: Fit, weights: ArrayLike) -> Contrasts:
    """Return several linear combinations of coefficients, one per row of `weights`.

    Parameters
    ----------
    fit : Fit
        A fitted regression with k coefficients.
    weights : array_like, shape (m, k)
        Weight of each coefficient in each combination.

    Returns
    -------
    Contrasts
        values, se, df; see `contrast` for the rule. A combination of weight zero has se 0.

    Raises
    ------
    DesignError
        If the number of columns is not k.
    """
    matrix = as_matrix(weights, "contrast weights")
    if matrix.shape[1] != fit.coefficients.size:
        raise DesignError(f"contrast weights have {matrix.shape[1]} columns for {fit.coefficients.size} coefficients")
    se = np.sqrt(np.maximum(_quadratic(matrix, fit.covariance), 0.0))
    return Contrasts(matrix @ fit.coefficients, se, _degrees_of_freedom(fit, matrix))


def _degrees_of_freedom(fit: Fit, matrix: Array) -> Array | None:
    """Return the fit's degrees of freedom, or Satterthwaite's for each row of `matrix`."""
    if fit.variance is None:
        return None if fit.residual_df is None else np.full(matrix.shape[0], float(fit.residual_df))
    known = _quadratic(matrix, fit.variance.covariance)
    gradient = np.stack([_quadratic(matrix, each) for each in fit.variance.gradients])
    spread = np.einsum("im,ij,jm->m", gradient, fit.variance.parameters, gradient)
    return np.asarray(np.divide(2.0 * known**2, spread, out=np.full(known.shape, np.inf), where=spread > 0.0))


def _quadratic(matrix: Array, covariance: Array) -> Array:
    """Return w' C w for each row w."""
    return np.asarray(np.einsum("mi,ij,mj->m", matrix, covariance, matrix))
