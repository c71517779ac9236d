"""What would have been seen, single periods with their noise: draws, and bands for sums over time.

The line that is carried forward is a mean. A total that would have been *seen* also holds the noise of the periods that
make it up, which neighbouring periods share; leaving it out makes bands too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.draws import symmetric_root
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, Mask, as_matrix, as_vector, require_level
from evalkit.estimation.series.autoregressive import whiten

DRAWS = 6_000
LARGEST_CORRELATION = 0.99
LARGEST_LINE = 300.0
"""Of a logarithm; draws by a t distribution of few degrees of freedom can go beyond what can be summed."""
LEAST_REACH = 1e-3
"""Share of the widest pointwise bounds below which a point's own count as that wide: rare events may have none."""


@dataclass(frozen=True)
class Noise:
    """The noise of single periods around the mean of a model.

    Attributes
    ----------
    rho : float
        Correlation of neighbouring periods, between -0.99 and 0.99.
    weighted : bool
        Whether coefficients are by generalised least squares with that correlation; else as if there were none.
    factor : float or None
        For counts: variance over mean, plus `alpha` times the mean; None is a normal outcome with one variance.
    alpha : float
        For the negative binomial.
    """

    rho: float = 0.0
    weighted: bool = False
    factor: float | None = None
    alpha: float = 0.0


class Bands(NamedTuple):
    """Bounds at each point, and bounds for all points at once; each of shape (m,)."""

    low: Array
    high: Array
    simultaneous_low: Array
    simultaneous_high: Array


def realised(
    fit: Fit,
    matrix: ArrayLike,
    counterfactual: ArrayLike,
    rows: Mask,
    positions: ArrayLike,
    noise: Noise,
    df: float | None,
    *,
    log: bool = False,
    offset: ArrayLike | None = None,
    own: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Array:
    """Return draws of what single periods would have been without the intervention.

    Parameters
    ----------
    fit : Fit
        Of n periods on `matrix`.
    matrix, counterfactual : array_like, shape (n, k)
        Terms as they are, and had nothing happened.
    rows : ndarray of bool, shape (n,)
        The m periods that are wanted.
    positions : array_like of int, shape (n,)
    noise : Noise
    df : float or None
        Degrees of freedom of the t reference; None is normal.
    log : bool
        Whether a normal outcome is a logarithm; draws are on the outcome's own scale.
    offset : array_like, shape (n,), or None
        For counts: logarithm of the exposure.
    own : array_like, shape (n, j), or None
        The terms to which the residuals belong, where the coefficients are those of a series and of its difference from
        a comparison; None is `matrix`.
    draws, seed : int

    Returns
    -------
    ndarray, shape (draws, m)

    Raises
    ------
    DesignError
        As `evalkit.estimation.draws.symmetric_root`.

    Notes
    -----
    The noise of a period is the same with and without the intervention, so the data after tell part of it. With d the
    error of the coefficients and e the noise (for counts over its standard deviation), both with mean zero,

        ``d ~ N(0, C)``, C the covariance of the fit,   ``e = W^(1/2) X d + r``,   ``r ~ N(0, M V M')``,

    independent; ``V = s^2 R(rho)``, ``M = I - X (X' A X)^-1 X' A`` (on weighted rows), ``A = R^-1`` or I as the
    coefficients were made, s^2 the whitened residual sum of squares over n - k. Under the model e has covariance V and
    is correlated with d as it should be. The draw is ``x0'(b - d) + e``, its exponential on the log scale; with
    degrees of freedom d and r are divided together by one root of chi-squared over df. For counts with mean
    ``m = exp(offset + x0'(b - d))`` and variance ``v = factor m + alpha m^2`` it is

        ``m (1 - c^2 / 9 + 2 c e / 3)^(3/2)``, ``c^2 = a (1 + a / 5)``, ``a = v / m^2``,

    zero where the bracket is below zero, which for a mean of 3 or more has mean and variance within 3% of m and v and
    skewness within an eighth of that of a Poisson count; draws are not whole numbers.

    References
    ----------
    Box and Tiao (1975), Journal of the American Statistical Association 70, 70-79, on noise carried forward. McCullagh
    and Nelder (1989), Generalized Linear Models, section 6.2, on the power 2/3 of counts.
    """
    x, x0 = as_matrix(matrix, "matrix"), as_matrix(counterfactual, "counterfactual")
    root = _root_weights(fit, noise)
    fitted = x if own is None else as_matrix(own, "own terms", x.shape[0])
    spread = symmetric_root(_left_over(fit, fitted * root[:, None], rows, positions, noise), int(rows.sum()))
    generator = np.random.Generator(np.random.PCG64(seed))
    d = generator.standard_normal((draws, x.shape[1])) @ symmetric_root(fit.covariance, x.shape[1])
    r = generator.standard_normal((draws, spread.shape[0])) @ spread
    if df is not None and np.isfinite(df):
        shrink = np.sqrt(generator.chisquare(df, draws) / df)[:, None]
        d, r = d / shrink, r / shrink
    e = d @ (x[rows] * root[rows, None]).T + r
    line = (fit.coefficients - d) @ x0[rows].T
    if noise.factor is None:
        return np.asarray(np.exp(np.clip(line + e, -LARGEST_LINE, LARGEST_LINE)) if log else line + e)
    steps = np.zeros(x.shape[0]) if offset is None else as_vector(offset, "offset", x.shape[0])
    mean = np.exp(np.clip(line + steps[rows], -LARGEST_LINE, LARGEST_LINE))
    return counts_about(mean, np.sqrt((noise.factor + noise.alpha * mean) / mean), e)


def counts_about(mean: Array, coefficient: Array, noise: Array) -> Array:
    """Return numbers that vary about a mean as counts do.

    Parameters
    ----------
    mean : ndarray
    coefficient : ndarray
        Standard deviation over mean, the root of a.
    noise : ndarray
        Standard normal.

    Returns
    -------
    ndarray
        As in `realised`.
    """
    c = coefficient * np.sqrt(1.0 + coefficient**2 / 5.0)
    return np.asarray(mean * np.maximum(1.0 - c**2 / 9.0 + 2.0 * c * noise / 3.0, 0.0) ** 1.5)


def bands(sample: ArrayLike, level: float) -> Bands:
    """Return bounds at each point, and bounds that hold all points of a draw at once.

    Parameters
    ----------
    sample : array_like, shape (draws, m)
        Draws of m numbers.
    level : float

    Returns
    -------
    Bands

    Notes
    -----
    Pointwise: equal-tailed quantiles. Simultaneous (sup-t): ``median - c (median - low)`` and
    ``median + c (high - median)``, c the `level` quantile over draws of the largest distance from the median, at any
    point, measured in the pointwise reach on its side; never below 1. Each side has its own reach, since sums of
    exponentials are skew.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Journal of Applied Econometrics 34, 1-17.
    """
    values = as_matrix(sample, "draws")
    tail = (1.0 - require_level(level)) / 2.0
    # One row a point: quantiles of neighbouring numbers are quicker.
    low, middle, high = np.quantile(np.ascontiguousarray(values.T), [tail, 0.5, 1.0 - tail], axis=1)
    least = LEAST_REACH * float((high - low).max()) or 1.0
    below, above = np.maximum(middle - low, least), np.maximum(high - middle, least)
    away = values - middle
    reach = np.maximum(away / above, -away / below).max(axis=1)
    c = max(float(np.quantile(reach, level)), 1.0)
    return Bands(low, high, middle - c * below, middle + c * above)


def _root_weights(fit: Fit, noise: Noise) -> Array:
    """Return the root of each row's weight: one, or mean over standard deviation of a count."""
    if noise.factor is None:
        return np.ones(fit.fitted.size)
    return np.asarray(np.sqrt(fit.fitted / (noise.factor + noise.alpha * fit.fitted)))


def _left_over(fit: Fit, matrix: Array, rows: Mask, positions: ArrayLike, noise: Noise) -> Array:
    """Return the covariance of what a fit leaves of the noise in some rows, on the scale of weighted rows."""
    if abs(noise.rho) > LARGEST_CORRELATION:
        raise DesignError(f"the autocorrelation is {noise.rho:.3f}", mend="choose other errors, or another trend")
    places = as_vector(positions, "positions", matrix.shape[0])
    residuals, variance, terms = fit.residuals, 1.0, matrix[rows]
    if noise.factor is None:
        white = whiten(residuals, noise.rho, positions)
        variance = float(white @ white) / (residuals.size - matrix.shape[1])
    powers = noise.rho ** np.arange(float(np.ptp(places)) + 1.0)  # A table: powers of a whole matrix take long.
    powers = np.where(np.abs(powers) > 1e-30, powers, 0.0)  # Numbers near the smallest there is slow algebra down.
    apart = np.abs(places[:, None] - places[None, rows]).astype(np.int64)
    near = powers[apart[rows]]
    if noise.weighted or noise.rho == 0.0:
        # M V M' = V - X F X', F the covariance of the coefficients.
        white = whiten(matrix, noise.rho, positions)
        found = near - terms @ np.linalg.solve(white.T @ white, terms.T)
    else:
        # M V M' with M = I - X B, B = (X'X)^-1 X': V, less twice X B V, and X B V B' X'.
        taken = np.linalg.solve(matrix.T @ matrix, matrix.T)
        across = terms @ (taken @ powers[apart])
        whole = taken @ powers[np.abs(places[:, None] - places[None, :]).astype(np.int64)] @ taken.T
        found = near - across - across.T + terms @ whole @ terms.T
    return np.asarray(variance * (found + found.T) / 2.0)
