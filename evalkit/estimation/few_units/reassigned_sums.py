"""Linear estimates of many panels under the same assignments: what does not depend on the outcome is done once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.inversion import ShiftedStatistics, not_studentised
from evalkit.estimation.few_units.linear_estimates import NOTHING_LEFT
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths
from evalkit.estimation.inputs import Array, Codes, as_matrix


@dataclass(frozen=True, eq=False)
class Reassigned:
    """Assignments of treatment, ready for the outcome of any panel.

    The statistics are those of `evalkit.estimation.few_units.linear_estimates.linear_statistics`, to rounding; sums
    over the units of a date are products with 0-1 matrices, so that a panel takes a few of them.

    Attributes
    ----------
    holds : ndarray, shape (dates, n, units)
        Whether each assignment gives each date to each unit.
    counts : ndarray, shape (dates,)
        Units of each date.
    own : ndarray, shape (units, dates)
        Gains of the treatment as it happened.
    leverage, left : ndarray, shape (dates,)
    studentised : bool
    """

    holds: Array
    counts: Array
    own: Array
    leverage: Array
    left: Array
    studentised: bool

    @classmethod
    def of(cls, first_treated: Codes, weights: ArrayLike, assignments: Codes, studentised: bool = True) -> Reassigned:
        """Return assignments ready for use.

        Parameters
        ----------
        first_treated : ndarray of int, shape (units,)
            As it happened; the number of periods for units that are never treated.
        weights : array_like, shape (dates, periods)
            Weights of outcomes by adoption date, as `linear_estimates.unit_weights` returns them.
        assignments : ndarray of int, shape (n, units)
            The observed one first.
        studentised : bool

        Raises
        ------
        DesignError
            If one unit alone carries the treatment, where estimates are studentised.
        """
        profile = as_matrix(weights, "weights by adoption date")
        dates, counts = np.unique(first_treated, return_counts=True)
        paths = treatment_paths(dates, profile.shape[1])
        mean = counts @ paths / first_treated.size
        leverage = np.einsum("ct,ct->c", profile, paths - mean)
        left = 1.0 - 1.0 / first_treated.size - leverage
        if studentised and left.min() <= NOTHING_LEFT:
            raise DesignError(
                "one unit alone carries the treatment: its own residual is zero and gives no variance",
                mend="compare coefficients, or use Ferman and Pinto's test for one treated unit",
            )
        own = (treatment_paths(first_treated, profile.shape[1]) - mean) @ profile.T
        holds = np.stack([assignments == date for date in dates]).astype(np.float64)
        return cls(holds, counts.astype(np.float64), own, leverage, left, studentised)

    def statistics(self, sums: Array) -> ShiftedStatistics:
        """Return the statistics of a panel.

        Parameters
        ----------
        sums : ndarray, shape (units, dates)
            Each unit's outcomes, summed with the weights of each date.
        """
        gains = sums - sums.mean(axis=0)
        parts = np.stack([gains, gains**2, gains * self.own, self.own, self.own**2], axis=2)
        totals = self.holds @ parts.transpose(1, 0, 2)
        values, slopes = totals[:, :, 0].sum(axis=0), totals[:, :, 3].sum(axis=0)
        if not self.studentised:
            return not_studentised(values, slopes)
        return ShiftedStatistics(
            values=values,
            slopes=slopes,
            squares=self._squares(totals[:, :, 1], values, values, totals[:, :, 0], totals[:, :, 0]),
            products=self._squares(totals[:, :, 2], values, slopes, totals[:, :, 0], totals[:, :, 3]),
            slope_squares=self._squares(totals[:, :, 4], slopes, slopes, totals[:, :, 3], totals[:, :, 3]),
        )

    def _squares(self, product: Array, first: Array, second: Array, one: Array, other: Array) -> Array:
        """Return sums over units of the product of two scores, gains less estimate times leverage."""
        lever, many = self.leverage[:, None], self.counts[:, None]
        crossed = product - lever * (second * one + first * other) + lever**2 * many * first * second
        return np.asarray((crossed / self.left[:, None]).sum(axis=0))
