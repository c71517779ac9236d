"""Several estimates at once: bands that cover all of them together, and a test of all of them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.draws import coefficient_draws
from evalkit.estimation.inputs import Array, as_matrix, as_vector, require_level

RANK_CUT = 1e-10
"""Directions whose share of the largest variance is below this count as having none."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Limits point by point and for all points together.

    Attributes
    ----------
    low, high : ndarray, shape (m,)
        Limits of each point on its own.
    simultaneous_low, simultaneous_high : ndarray, shape (m,)
        Limits that hold for all points together at the same level.
    critical, simultaneous_critical : float
        Number of standard errors of each.
    rule : str
        The rule in words.
    """

    low: Array
    high: Array
    simultaneous_low: Array
    simultaneous_high: Array
    critical: float
    simultaneous_critical: float
    rule: str


@dataclass(frozen=True)
class JointTest:
    """A test that several values are all zero.

    Attributes
    ----------
    statistic : float
        F (with denominator_df) or Wald chi-squared.
    numerator_df : int
        Number of independent directions tested.
    denominator_df : float or None
        Degrees of freedom of the F reference; None is chi-squared.
    p_value : float
        Of a statistic as large if all values are zero.
    rule : str
        The rule in words, with the rank where the covariance is singular.
    """

    statistic: float
    numerator_df: int
    denominator_df: float | None
    p_value: float
    rule: str


def sup_t_critical(
    covariance: ArrayLike, level: float, draws: int = 20_000, seed: int = 0, df: float | None = None
) -> float:
    """Return the number of standard errors that covers all estimates together.

    Parameters
    ----------
    covariance : array_like, shape (m, m)
        Covariance of the estimates; estimates of variance zero (a reference period) are left out.
    level : float
        Confidence level.
    draws : int
        Number of draws.
    seed : int
        Seed.
    df : float or None
        Degrees of freedom of the t reference; None is normal.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If the covariance cannot be one, or all variances are zero.

    Notes
    -----
    The `level` quantile of ``max_j |z_j| / se_j`` over draws of z from N(0, covariance), or from the multivariate t. It
    is never put below the critical value of a single estimate.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Journal of Applied Econometrics 34, 1-17, algorithm 1.
    """
    matrix = as_matrix(covariance, "covariance")
    se = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    moving = se > 0.0
    if not moving.any():
        raise DesignError("all variances are zero: there is nothing to cover")
    correlation = (matrix / np.outer(np.where(moving, se, 1.0), np.where(moving, se, 1.0)))[np.ix_(moving, moving)]
    sample = coefficient_draws(np.zeros(int(moving.sum())), correlation, df, draws, seed)
    quantile = float(np.quantile(np.abs(sample).max(axis=1), require_level(level)))
    return max(quantile, _critical(level, df))


def bands(
    values: ArrayLike,
    covariance: ArrayLike,
    level: float,
    df: float | None = None,
    seed: int = 0,
    draws: int = 20_000,
) -> Bands:
    """Return limits point by point and limits for all points together.

    Parameters
    ----------
    values : array_like, shape (m,)
        Estimates.
    covariance : array_like, shape (m, m)
        Their covariance.
    level : float
        Confidence level.
    df : float or None
        Degrees of freedom of the t reference; None is normal.
    seed, draws : int
        For `sup_t_critical`.

    Returns
    -------
    Bands

    Raises
    ------
    DesignError
        As `sup_t_critical`.

    Notes
    -----
    ``value +- c se``, c the t or normal quantile, or the sup-t critical value.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Journal of Applied Econometrics 34, 1-17.
    """
    centre = as_vector(values, "values")
    matrix = as_matrix(covariance, "covariance", centre.size)
    se = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    one, together = _critical(level, df), sup_t_critical(matrix, level, draws, seed, df)
    return Bands(
        low=centre - one * se,
        high=centre + one * se,
        simultaneous_low=centre - together * se,
        simultaneous_high=centre + together * se,
        critical=one,
        simultaneous_critical=together,
        rule=f"sup-t band over {int((se > 0.0).sum())} estimates from {draws} draws, {_reference(df)}",
    )


def joint_test(values: ArrayLike, covariance: ArrayLike, df: float | None = None) -> JointTest:
    """Return the Wald or F test that all values are zero.

    Parameters
    ----------
    values : array_like, shape (m,)
        Estimates.
    covariance : array_like, shape (m, m)
        Their covariance.
    df : float or None
        Degrees of freedom of the denominator; None gives chi-squared.

    Returns
    -------
    JointTest

    Raises
    ------
    DesignError
        If the covariance has rank zero or another shape.

    Notes
    -----
    ``W = v' C^+ v`` with rank r; chi-squared with r, or ``F = W / r`` with (r, df). Where C is singular, C^+ is the
    pseudo-inverse after scaling to correlations, and only the r directions with variance are tested: the rule says so.

    References
    ----------
    Wald (1943), Transactions of the American Mathematical Society 54, 426-482.
    """
    from evalkit.distributions import chi2, f

    centre = as_vector(values, "values")
    matrix = as_matrix(covariance, "covariance", centre.size)
    if matrix.shape[1] != centre.size:
        raise DesignError(f"the covariance has shape {matrix.shape} for {centre.size} values")
    se = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    units = np.where(se > 0.0, se, 1.0)
    roots, vectors = np.linalg.eigh(matrix / np.outer(units, units))
    kept = roots > RANK_CUT * max(float(roots.max()), 0.0)
    rank = int(kept.sum())
    if rank == 0 or float(roots.max()) <= 0.0:
        raise DesignError("the covariance has no direction with variance: nothing can be tested")
    wald = float(np.sum((vectors[:, kept].T @ (centre / units)) ** 2 / roots[kept]))
    singular = "" if rank == centre.size else f"; the covariance has rank {rank} of {centre.size}, pseudo-inverse used"
    if df is None:
        return JointTest(wald, rank, None, float(chi2.sf(wald, rank)), f"Wald chi-squared with {rank}{singular}")
    p_value = float(f.sf(wald / rank, rank, df))
    return JointTest(wald / rank, rank, float(df), p_value, f"F with {rank} and {df:g} degrees of freedom{singular}")


def _critical(level: float, df: float | None) -> float:
    """Return the two-sided critical value of one estimate."""
    from evalkit.distributions import norm, t

    tail = (1.0 - require_level(level)) / 2.0
    return float(norm.isf(tail) if df is None else t.isf(tail, df))


def _reference(df: float | None) -> str:
    """Return the reference distribution in words."""
    return "normal" if df is None else f"t with {df:g} degrees of freedom"
