"""Estimates that are linear in the outcome under many assignments at once, whatever regression or average they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.inversion import ShiftedStatistics, not_studentised
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths
from evalkit.estimation.inputs import Array, Codes, as_matrix

NOTHING_LEFT = 1e-9
"""A unit whose residual keeps less than this share of its variance gives no standard error."""

EXACT = 1e-6
"""How far an estimate may be from the weighted sum of outcomes that it is taken to be, as a share of its parts."""

CELLS_AT_ONCE = 4_000_000


def unit_weights(
    estimate: Callable[[Array, Codes], float], first_treated: ArrayLike, periods: int
) -> tuple[Codes, Array]:
    """Return the weights with which a linear estimator sums the outcomes of a unit, by the unit's adoption date.

    Parameters
    ----------
    estimate : callable
        From an outcome, shape (units, periods), and first treated periods, shape (units,), to an estimate that is
        linear in the outcome and treats units with the same date alike.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated.
    periods : int
        Number of periods.

    Returns
    -------
    dates : ndarray of int, shape (d,)
        Distinct adoption dates, ascending.
    weights : ndarray, shape (d, periods)
        Weights of the outcomes of one unit of each date.

    Raises
    ------
    DesignError
        If the weights do not take out unit and period effects, or do not give 1 for the treatment itself: then the
        estimator is not linear, or does not treat units alike.

    Notes
    -----
    The weight of date c and period t is the estimate for an outcome that is 1 in that cell of one unit and else 0, so
    that the estimator runs once for each date and period but the last, whose weights follow as a difference in
    differences sums to zero over the periods of a unit.
    """
    codes = np.minimum(np.asarray(first_treated, dtype=np.int64), periods)
    dates, first, counts = np.unique(codes, return_index=True, return_counts=True)
    weights = np.zeros((dates.size, periods))
    for row, unit in enumerate(first):
        for period in range(periods - 1):
            impulse = np.zeros((codes.size, periods))
            impulse[unit, period] = 1.0
            weights[row, period] = estimate(impulse, codes)
    weights[:, -1] = -weights[:, :-1].sum(axis=1)
    require_difference_in_differences(dates, counts, weights)
    return dates, weights


def require_difference_in_differences(dates: Codes, counts: Codes, weights: Array) -> None:
    """Raise unless weighted sums of outcomes take out unit and period effects and give 1 for the treatment.

    Parameters
    ----------
    dates, counts : ndarray of int, shape (d,)
        Adoption dates, and how many units have each.
    weights : ndarray, shape (d, periods)
        As `unit_weights` returns them.

    Raises
    ------
    DesignError
        With what was found.
    """
    whole = counts[:, None] * weights
    size = float(np.abs(whole).sum())
    own = float(np.sum(whole * treatment_paths(dates, weights.shape[1])))
    left = max(float(np.abs(whole.sum(axis=0)).max()), float(np.abs(weights.sum(axis=1) * counts).max()))
    if not (left <= EXACT * size and abs(own - 1.0) <= EXACT * max(size, 1.0)):
        raise DesignError(
            f"the estimate is no difference in differences that is linear in the outcome (it gives {own:.4g} for the "
            f"treatment itself and leaves {left:.2g} of unit and period effects)",
            mend="compare estimates without an interval, or use the two-way regression",
        )


def linear_statistics(
    outcome: ArrayLike, first_treated: ArrayLike, weights: ArrayLike, studentised: bool = True
) -> Callable[[Codes], ShiftedStatistics]:
    """Return a linear estimator for many assignments at once, for `randomisation.randomisation_test`.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period as it happened; the number of periods for units that are never treated.
    weights : array_like, shape (dates, periods)
        Weights by adoption date, as `unit_weights` returns them.
    studentised : bool
        Whether the estimate is divided by its standard error.

    Returns
    -------
    callable
        From assignments, shape (n, units), of the same dates to as many units each, to `ShiftedStatistics`.

    Raises
    ------
    DesignError
        If shapes differ, or, studentised, one unit alone carries the treatment.

    Notes
    -----
    With ``w_c`` the weights of date c, y and D outcome and treatment less unit and period means, c(i) the date of
    unit i::

        b = sum_i w_c(i)'y_i,    se^2 = sum_i (w_c(i)'(y_i - b D_i))^2 / (1 - 1/N - h_c(i)),    h_c = w_c'D_c

    which for one start is Welch's standard error of a difference in mean changes, and for the two-way regression the
    one of `reassigned_two_way.two_way_statistics`. An assignment gives as many units to each date as happened, so
    weights and h do not change with it, and products of units with dates are looked up.
    """
    matrix = as_matrix(outcome, "outcome")
    units, periods = matrix.shape
    observed = np.minimum(np.asarray(first_treated, dtype=np.int64), periods)
    dates, counts = np.unique(observed, return_counts=True)
    profile = as_matrix(weights, "weights by adoption date")
    if observed.shape != (units,) or profile.shape != (dates.size, periods):
        raise DesignError(f"weights of shape {profile.shape} for {dates.size} adoption dates and {periods} periods")
    paths = treatment_paths(dates, periods)
    paths = paths - paths.mean(axis=1, keepdims=True)
    leverage = np.einsum("ct,ct->c", profile, paths - counts @ paths / units)
    both = np.stack([matrix, treatment_paths(observed, periods)])
    both = both - both.mean(axis=2, keepdims=True)
    gains = (both - both.mean(axis=1, keepdims=True)) @ profile.T
    left = 1.0 - 1.0 / units - leverage
    if studentised and left.min() <= NOTHING_LEFT:
        raise DesignError(
            "one unit alone carries the treatment: its own residual is zero and gives no variance",
            mend="compare coefficients, or use Ferman and Pinto's test for one treated unit",
        )

    def statistics(assignments: Codes) -> ShiftedStatistics:
        size = max(1, CELLS_AT_ONCE // units)
        parts = [
            _some(gains, leverage, left, np.searchsorted(dates, assignments[start : start + size]), studentised)
            for start in range(0, len(assignments), size)
        ]
        values, slopes, squares, products, slope_squares = (np.concatenate(part) for part in zip(*parts, strict=True))
        return ShiftedStatistics(values, slopes, squares, products, slope_squares)

    return statistics


def _some(
    gains: Array, leverage: Array, left: Array, which: Codes, studentised: bool
) -> tuple[Array, Array, Array, Array, Array]:
    """Return values, slopes and the three parts of squared standard errors of some assignments."""
    products = gains[:, np.arange(gains.shape[1]), which]
    estimates = products.sum(axis=2)
    if not studentised:
        plain = not_studentised(estimates[0], estimates[1])
        return plain.values, plain.slopes, plain.squares, plain.products, plain.slope_squares
    scores = (products - estimates[:, :, None] * leverage[which]) / np.sqrt(left)[which]
    squares = [np.einsum("ij,ij->i", scores[a], scores[b]) for a, b in ((0, 0), (0, 1), (1, 1))]
    return estimates[0], estimates[1], squares[0], squares[1], squares[2]
