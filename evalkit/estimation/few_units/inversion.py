"""Intervals by inversion: the effects that a test of resampled statistics does not reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector, require_level

TIE = 1e-9
"""Squared statistics that differ by less than this share are ties, and ties count as extreme."""

DOUBLINGS = 24
BEYOND = 3
GRID = 600
BISECTIONS = 60
CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class ShiftedStatistics:
    """Statistics of n draws as functions of the effect d that is supposed: the first draw is what was observed.

    ``t_j(d) = (value_j - d slope_j) / sqrt(square_j - 2 d product_j + d^2 slope_square_j)``

    Attributes
    ----------
    values, slopes : ndarray, shape (n,)
        The estimate of each draw, and how much of a supposed effect is in it.
    squares, products, slope_squares : ndarray, shape (n,)
        The squared standard error of each draw as a quadratic. One, zero, zero where the estimate is not studentised.
    linear : bool
        Whether the functions hold for other effects than zero; else there is no interval.
    """

    values: Array
    slopes: Array
    squares: Array
    products: Array
    slope_squares: Array
    linear: bool = True

    def p_values(self, effects: ArrayLike) -> Array:
        """Return the share of draws that are as extreme as the first, for each supposed effect.

        Parameters
        ----------
        effects : array_like, shape (m,)
            Supposed effects.

        Returns
        -------
        ndarray, shape (m,)
            At least 1 / n, since the first draw counts.
        """
        supposed = as_vector(effects, "effects")
        size = max(1, CELLS_AT_ONCE // self.values.size)
        parts = [self._shares(supposed[start : start + size, None]) for start in range(0, supposed.size, size)]
        return np.concatenate(parts)

    def statistics(self, effect: float = 0.0) -> Array:
        """Return the statistics for one supposed effect, shape (n,); infinite where the standard error is zero."""
        left = self.values - effect * self.slopes
        spread = np.sqrt(np.maximum(self._spread(effect), 0.0))
        far = np.where(left == 0.0, 0.0, np.copysign(np.inf, left))
        return np.asarray(np.divide(left, spread, out=far, where=spread > 0.0))

    def _spread(self, supposed: Array | float) -> Array:
        """Return squared standard errors."""
        return np.asarray(self.squares - 2.0 * supposed * self.products + supposed**2 * self.slope_squares)

    def _shares(self, supposed: Array) -> Array:
        """Return p-values of a column of effects; products instead of ratios, so that no zero divides."""
        left = (self.values - supposed * self.slopes) ** 2
        spread = np.maximum(self._spread(supposed), 0.0)
        extreme = left * spread[:, :1] >= left[:, :1] * spread * (1.0 - TIE)
        extreme[:, 0] = True
        return np.asarray(extreme.mean(axis=1))


def not_studentised(values: Array, slopes: Array) -> ShiftedStatistics:
    """Return estimates as statistics without a standard error.

    Parameters
    ----------
    values, slopes : ndarray, shape (n,)
        As in `ShiftedStatistics`.

    Returns
    -------
    ShiftedStatistics
    """
    return ShiftedStatistics(values, slopes, np.ones_like(values), np.zeros_like(values), np.zeros_like(values))


def interval_by_inversion(
    p_values: Callable[[Array], Array], centre: float, scale: float, level: float
) -> tuple[float, float]:
    """Return the lowest and the highest effect that a test does not reject.

    Parameters
    ----------
    p_values : callable
        From effects, shape (m,), to p-values, shape (m,).
    centre : float
        An effect that is not rejected: the estimate.
    scale : float
        Above zero, of the size of a standard error: the first step.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        Infinite where the p-value stays above 1 - level however far away.

    Raises
    ------
    DesignError
        If the level is not between 0 and 1, or the scale is not above zero.

    Notes
    -----
    The set of effects with ``p > 1 - level`` may have holes; its hull is returned. Outward from the estimate the step
    is doubled 24 times; up to the third step after the last that is not rejected a grid of 600 is searched, so that
    what lies behind a hole is found, and the outermost change is bisected.
    """
    alpha = 1.0 - require_level(level) + 1e-12
    if not (np.isfinite(scale) and scale > 0.0):
        raise DesignError(f"the scale of the search is {scale}: the outcome does not vary", mend="check the outcome")
    return _bound(p_values, centre, -scale, alpha), _bound(p_values, centre, scale, alpha)


def _bound(p_values: Callable[[Array], Array], centre: float, step: float, alpha: float) -> float:
    """Return the outermost effect on one side that is not rejected."""
    steps = np.asarray(step * 2.0 ** np.arange(DOUBLINGS), dtype=np.float64)
    kept = p_values(centre + steps) > alpha
    if kept[-1]:
        return float(np.copysign(np.inf, step))
    last_kept = int(np.flatnonzero(kept)[-1]) if kept.any() else -1
    limit = steps[min(last_kept + BEYOND, DOUBLINGS - 1)]
    grid = np.linspace(0.0, float(limit), GRID, dtype=np.float64)
    last = int(np.flatnonzero(np.append(True, p_values(centre + grid[1:-1]) > alpha))[-1])
    inside, outside = float(grid[last]), float(grid[last + 1])
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2.0
        if p_values(np.array([centre + middle]))[0] > alpha:
            inside = middle
        else:
            outside = middle
    return centre + inside
