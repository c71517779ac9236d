"""Hybrid test of linear moment inequalities (Andrews, Roth and Pakes): at many values of a parameter, without draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.estimation.inputs import Array, Mask

ANGLES = 4096
"""Directions at which the least favourable distribution of two normal numbers is summed."""
NO_VARIANCE = 1e-12
"""Shares of a variance, and distances of a slope from 1, below this are rounding."""


@dataclass(frozen=True, eq=False)
class Inequalities:
    """Several families of statistics; each family's are all at or below zero on average if its restriction holds.

    They are the vertices of the dual of the linear programme that removes nuisance parameters, so that their largest is
    the value of that programme.

    Attributes
    ----------
    values : ndarray, shape (families, statistics)
        Statistics at the parameter value 0.
    slopes : ndarray, shape (families, statistics)
        Their change per unit of the parameter.
    covariance : ndarray, shape (families, statistics, statistics)
        Their covariance.
    critical : ndarray, shape (families,)
        Least favourable critical value of the largest statistic, of the first stage.
    size : float
        Size of the second stage.
    """

    values: Array
    slopes: Array
    covariance: Array
    critical: Array
    size: float

    def accepts(self, parameters: Array) -> Mask:
        """Return whether each family accepts each parameter value.

        Parameters
        ----------
        parameters : ndarray, shape (families, m)
            Values of the parameter, by family.

        Returns
        -------
        ndarray of bool, shape (families, m)

        Notes
        -----
        With e the largest statistic, v its variance, and the others' parts that do not move with it held fixed, e can
        lie between l and u for the same statistic to remain the largest::

            r_j = C_j / v,   l = max_{r_j < 1} (y_j - r_j e) / (1 - r_j),   u = min_{r_j > 1} (y_j - r_j e) / (1 - r_j)

        The first stage rejects if e is above the least favourable critical value c. If not, u becomes min(u, c), and
        the second stage rejects if e > 0 and ``P(Z > e / v^0.5 | l <= v^0.5 Z <= u)`` is below the size of the second
        stage, Z standard normal.
        """
        points = self.values[:, :, None] + self.slopes[:, :, None] * parameters[:, None, :]
        first = points.argmax(axis=1)
        largest = points.max(axis=1)
        family = np.arange(first.shape[0])[:, None]
        covariances = np.moveaxis(self.covariance[family, first], 2, 1)
        variance = self.covariance[family, first, first]
        moving = variance > NO_VARIANCE * self.covariance.max(axis=(1, 2))[:, None]
        ratio = covariances / np.where(moving, variance, 1.0)[:, None, :]
        low, high = _range_of_largest(points, ratio, largest)
        spread = np.sqrt(np.where(moving, variance, 1.0))
        beyond = _upper_tail(largest / spread, low / spread, np.minimum(high, self.critical[:, None]) / spread)
        rejected = np.where(moving, (largest > 0.0) & (beyond < self.size), largest > 0.0)
        return np.asarray(~rejected & (largest <= self.critical[:, None]))


def least_favourable_critical(roots: Array, size: float) -> Array:
    """Return the critical value of the largest of several normal statistics, each of mean zero.

    Parameters
    ----------
    roots : ndarray, shape (families, statistics, 2)
        Statistics as combinations of two independent standard normal numbers.
    size : float
        Probability that the largest statistic exceeds the critical value.

    Returns
    -------
    ndarray, shape (families,)

    Notes
    -----
    In direction u the largest statistic is a root of chi-squared with 2 degrees of freedom times m(u), the largest of
    the ``a_j'u``, so ``P(largest > c)`` is the average over directions of ``exp(-(c / m(u))^2 / 2)`` where m(u) > 0;
    solved for c by Newton's method on the logarithm, which is nearly a straight line in c squared. No draws: the R
    package takes 1,000, whose quantile has a standard error of about 5%.
    """
    angles = (np.arange(ANGLES) + 0.5) * (2.0 * np.pi / ANGLES)
    reach = np.max(roots @ np.stack([np.cos(angles), np.sin(angles)]), axis=1)
    scale = reach.max(axis=1, keepdims=True)
    inverse = np.full_like(reach, np.inf)
    np.divide(scale, reach, out=inverse, where=reach > 1e-9 * scale)
    half = inverse**2 / 2.0
    square = np.full((roots.shape[0], 1), -2.0 * np.log(size))
    for _ in range(50):
        weights = np.exp(-square * half)
        share = weights.mean(axis=1, keepdims=True)
        slope = np.where(np.isfinite(half), weights * np.where(np.isfinite(half), half, 0.0), 0.0)
        step = (np.log(share) - np.log(size)) * share / slope.mean(axis=1, keepdims=True)
        square = np.maximum(square + step, square / 4.0)
        if np.all(np.abs(step) <= 1e-13 * square):
            break
    return np.asarray(np.sqrt(square) * scale)[:, 0]


def _range_of_largest(points: Array, ratio: Array, largest: Array) -> tuple[Array, Array]:
    """Return between which values the largest statistic stays the largest; shapes (families, m)."""
    rest = points - ratio * largest[:, None, :]
    gap = 1.0 - ratio
    free = np.abs(gap) > NO_VARIANCE
    bound = np.divide(rest, gap, out=np.zeros_like(rest), where=free)
    low = np.where(free & (gap > 0.0), bound, -np.inf).max(axis=1)
    high = np.where(free & (gap < 0.0), bound, np.inf).min(axis=1)
    return low, high


def _upper_tail(value: Array, low: Array, high: Array) -> Array:
    """Return P(Z > value | low <= Z <= high); 1 where rounding leaves nothing between the bounds."""
    from scipy.special import log_ndtr

    above, below, end = log_ndtr(-value), log_ndtr(-np.minimum(low, value)), log_ndtr(-np.maximum(high, value))
    inside = below - end > NO_VARIANCE
    share = np.exp(above - below) * np.expm1(np.where(inside, end - above, -1.0))
    whole = np.expm1(np.where(inside, end - below, -1.0))
    return np.where(inside, share / whole, 1.0)
