"""Least squares with classical standard errors, and with Newey and West's. Arrays in, a `Fit` out.

No constant is added: give it as a column.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.estimation.basis import orthonormal_basis
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, as_matrix, as_vector, as_weights
from evalkit.estimation.rules import autocovariance_lags, factor_rule, reference_rule


def ordinary(outcome: ArrayLike, regressors: ArrayLike, weights: ArrayLike | None = None) -> Fit:
    """Return the least-squares regression with classical standard errors.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome.
    regressors : array_like, shape (n, k)
        Regressors, the constant included.
    weights : array_like, shape (n,), or None
        Weights, inverse to the variance of each observation.

    Returns
    -------
    Fit

    Raises
    ------
    DesignError
        If terms are dependent or n <= k.

    Notes
    -----
    ``b = (X'WX)^-1 X'Wy``. Standard-error rule: ``s^2 (X'WX)^-1`` with ``s^2 = e'We / (n - k)``; t with n - k.
    Checked against lm in R.
    """
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    solved = _Solved.of(y, matrix, as_weights(weights, y.size))
    return _fit(
        solved,
        np.eye(matrix.shape[1]) * solved.variance,
        f"classical least squares: equal variance, no autocorrelation; {reference_rule(matrix)}",
    )


def newey_west(outcome: ArrayLike, regressors: ArrayLike, lags: int | None = None, small_sample: bool = True) -> Fit:
    """Return the least-squares regression with standard errors that allow for autocorrelation.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome in the order of time.
    regressors : array_like, shape (n, k)
        Regressors, the constant included.
    lags : int or None
        Number of autocovariances. None: ``floor(4 (n / 100)^(2/9))``.
    small_sample : bool
        Whether the covariance is multiplied by ``n / (n - k)``.

    Returns
    -------
    Fit
        `extra` holds lags.

    Raises
    ------
    DesignError
        If terms are dependent, n <= k, or lags are not in 0 ... n - 1.

    Notes
    -----
    Standard-error rule: ``(X'X)^-1 [S_0 + sum_l (1 - l / (L + 1)) (S_l + S_l')] (X'X)^-1`` with
    ``S_l = sum_t u_t u_{t-l}'`` and ``u_t = x_t e_t``; t with n - k.

    References
    ----------
    Newey and West (1987), Econometrica 55, 703-708; the lag rule is that of Newey and West (1994) as most programs
    state it. Checked against sandwich::NeweyWest(prewhite = FALSE, adjust = TRUE) in R.
    """
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    count, words = autocovariance_lags(lags, y.size)
    solved = _Solved.of(y, matrix, np.ones(y.size))
    middle = long_run_covariance(solved.basis * solved.residuals[:, None], count)
    factor = y.size / (y.size - matrix.shape[1]) if small_sample else 1.0
    rule = f"Newey-West with {words}{factor_rule(small_sample)}; {reference_rule(matrix)}"
    return _fit(solved, middle * factor, rule, {"lags": float(count)})


def long_run_covariance(scores: Array, lags: int) -> Array:
    """Return the sum of autocovariances of scores with Bartlett's weights, which no variance falls below zero.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Contributions to the estimating equations, in the order of time.
    lags : int
        Number of autocovariances L, below n.

    Returns
    -------
    ndarray, shape (k, k)

    Notes
    -----
    ``S_0 + sum_l (1 - l / (L + 1)) (S_l + S_l')`` with ``S_l = sum_t u_t u_{t-l}'``.
    """
    total = scores.T @ scores
    for lag in range(1, lags + 1):
        product = scores[lag:].T @ scores[:-lag]
        total = total + (1.0 - lag / (lags + 1.0)) * (product + product.T)
    return np.asarray(total)


class _Solved(NamedTuple):
    """A least-squares problem solved in an orthonormal basis of its weighted regressors, which loses no digits."""

    coefficients: Array
    fitted: Array
    residuals: Array
    weights: Array
    variance: float
    basis: Array
    back: Array

    @classmethod
    def of(cls, outcome: Array, matrix: Array, weights: Array) -> _Solved:
        """Return the solution; `back` takes coefficients of the basis to those of the regressors."""
        root = np.sqrt(weights)
        basis, back = orthonormal_basis(matrix * root[:, None])
        coefficients = back @ (basis.T @ (root * outcome))
        fitted = matrix @ coefficients
        residuals = outcome - fitted
        variance = float(np.sum(weights * residuals**2)) / (outcome.size - matrix.shape[1])
        return cls(coefficients, fitted, residuals, weights, variance, basis, back)


def _fit(solved: _Solved, covariance: Array, rule: str, extra: dict[str, float] | None = None) -> Fit:
    """Return the Fit of a solved problem, `covariance` being that of the coefficients of its basis."""
    return Fit(
        coefficients=solved.coefficients,
        covariance=solved.back @ covariance @ solved.back.T,
        residual_df=float(solved.basis.shape[0] - solved.basis.shape[1]),
        fitted=solved.fitted,
        residuals=solved.residuals,
        standardised=solved.residuals * np.sqrt(solved.weights),
        scale=solved.variance,
        rule=rule,
        extra=extra or {},
    )
