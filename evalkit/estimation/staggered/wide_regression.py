"""Least squares with unit and period effects on a wide panel, by normal equations in which units are concentrated out.

Terms depend on cohort and period alone (interactions, leads) or are given cell by cell (covariates). The cost is that
of one matrix product per cohort, whatever the number of units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask

PIVOT_TOLERANCE = 1e-10
"""A term is dependent when less than this share of its variance within units is left after the terms before it."""

ABSORBED = 1e-18
"""A term is absorbed by unit effects when less than this share of its squares is left: the square of 1e-9."""


@dataclass(frozen=True, eq=False)
class WideFit:
    """A regression with unit and period effects.

    Attributes
    ----------
    coefficients : ndarray, shape (q,)
        Of the terms, then of the covariates.
    unit_effects : ndarray, shape (units,)
        NaN for a unit without observations.
    period_effects : ndarray, shape (periods,)
        The first period with observations is 0; NaN for a period without observations.
    residuals : ndarray, shape (units, periods)
        Outcome minus fitted; 0 where the weight is 0.
    inverse : ndarray, shape (periods + q, periods + q)
        Inverse of the normal equations once unit effects are out; zero rows for columns that are not free.
    scores : ndarray, shape (units, periods + q)
        Each unit's sum of weight times residual times column.
    """

    coefficients: Array
    unit_effects: Array
    period_effects: Array
    residuals: Array
    inverse: Array
    scores: Array

    @property
    def influence(self) -> Array:
        """Contribution of each unit to each coefficient less its true value, shape (units, q).

        The cluster-robust covariance is the sum over clusters of the outer product of their sums.
        """
        periods = self.period_effects.size
        return np.asarray(self.scores @ self.inverse[:, periods:])


class WideColumns:
    """Period effects, terms and covariates less their weighted means in units.

    Parameters
    ----------
    weights : ndarray, shape (units, periods)
        Weights, none negative; 0 leaves a cell out.
    cohort : ndarray of int, shape (units,)
        Codes 0, 1, ...
    terms : ndarray, shape (cohorts, periods, p)
        Value of each term in each cohort and period; p may be 0.
    covariates : ndarray, shape (units, periods, k)
        Values cell by cell; k may be 0. Cells of weight 0 are not read.

    Notes
    -----
    With S_i the sum of weights of unit i, the columns are taken less their weighted mean in the unit. For terms that
    are the same in all units of cohort c this needs only ``M_c = diag(sum_i w_i) - sum_i w_i w_i' / S_i``, w_i the
    weights of unit i over periods: the normal matrix of columns L_c is ``sum_c L_c' M_c L_c``. Period effects are such
    columns too.
    """

    def __init__(self, weights: Array, cohort: Codes, terms: Array, covariates: Array) -> None:
        self.weights = weights
        self.members = [np.flatnonzero(cohort == code) for code in range(terms.shape[0])]
        periods = weights.shape[1]
        identity = np.broadcast_to(np.eye(periods), (terms.shape[0], periods, periods))
        self.columns = np.concatenate([identity, terms], axis=2)
        self.totals = weights.sum(axis=1)
        self.shares = weights / np.where(self.totals > 0.0, self.totals, 1.0)[:, None]
        self.cells = np.where((weights > 0.0)[:, :, None], covariates, 0.0)
        self.squares = self._squares()
        self.means = np.einsum("ut,utk->uk", self.shares, self.cells)
        self.cells = self.cells - self.means[:, None, :]

    def normal_matrix(self) -> Array:
        """Return the normal matrix of periods, terms and covariates.

        Returns
        -------
        ndarray, shape (periods + q, periods + q)
        """
        known, k = self.columns.shape[2], self.cells.shape[2]
        matrix = np.zeros((known + k, known + k))
        for members, columns in zip(self.members, self.columns, strict=True):
            w = self.weights[members]
            centre = np.diag(w.sum(axis=0)) - w.T @ self.shares[members]
            matrix[:known, :known] += columns.T @ centre @ columns
            if k:
                cross = np.einsum("ut,utk->tk", w, self.cells[members])
                matrix[:known, known:] += columns.T @ cross
        if k:
            flat = self.cells.reshape(-1, k)
            matrix[known:, :known] = matrix[:known, known:].T
            matrix[known:, known:] = (flat * self.weights.reshape(-1, 1)).T @ flat
        return matrix

    def _squares(self) -> Array:
        """Return the weighted squares of every column, covariates less their mean, before unit means are taken."""
        known = sum(
            self.weights[members].sum(axis=0) @ columns**2
            for members, columns in zip(self.members, self.columns, strict=True)
        )
        mean = np.einsum("ut,utk->k", self.weights, self.cells) / self.totals.sum()
        return np.concatenate([known, np.einsum("ut,utk->k", self.weights, (self.cells - mean) ** 2)])

    def apply(self, solution: Array) -> Array:
        """Return columns times coefficients, less unit means.

        Parameters
        ----------
        solution : ndarray, shape (periods + q,)
            Coefficients.

        Returns
        -------
        ndarray, shape (units, periods)
            At cells of weight 0 too; covariates count as 0 there.
        """
        known = self.columns.shape[2]
        line = np.empty(self.weights.shape)
        for members, columns in zip(self.members, self.columns, strict=True):
            line[members] = columns @ solution[:known]
        line -= np.einsum("ut,ut->u", self.shares, line)[:, None]
        return np.asarray(line + self.cells @ solution[known:])


class WideRegression(WideColumns):
    """Least squares on unit effects, period effects, terms and covariates at given weights.

    Parameters
    ----------
    weights, cohort, terms, covariates
        As `WideColumns`.
    names : tuple of str
        Names of terms and covariates, for messages.

    Raises
    ------
    DesignError
        If a term or covariate is absorbed by the effects or depends on those before it (it is named).

    Notes
    -----
    Solutions are refined twice by solving again for the residual.

    References
    ----------
    Frisch and Waugh (1933), Econometrica 1, 387-401. Lovell (1963), JASA 58, 993-1010.
    """

    def __init__(self, weights: Array, cohort: Codes, terms: Array, covariates: Array, names: tuple[str, ...]) -> None:
        super().__init__(weights, cohort, terms, covariates)
        self.inverse = self._inverse(self.normal_matrix(), weights.shape[1], names)

    def _inverse(self, matrix: Array, periods: int, names: tuple[str, ...]) -> Array:
        """Return the inverse of the normal matrix over its free columns, zero elsewhere."""
        used = np.flatnonzero(self.weights.sum(axis=0) > 0.0)
        free = np.ones(matrix.shape[0], dtype=bool)
        free[:periods] = False
        free[used[1:]] = True
        within = np.diag(matrix)
        sizes = np.where(within > ABSORBED * self.squares, within, np.inf)
        lost = dependent_terms(matrix, free, sizes)
        blamed = [j - periods for j in lost if j >= periods]
        if blamed:
            raise DesignError(
                "unit and period effects, or the terms before, leave nothing of: "
                + ", ".join(names[j] for j in blamed),
                mend="leave these out, or bring units and periods in which they vary on their own",
            )
        free[lost] = False
        at = np.flatnonzero(free)
        scale = 1.0 / np.sqrt(np.diag(matrix)[at])
        inverse = np.zeros_like(matrix)
        both = np.outer(scale, scale)
        inverse[np.ix_(at, at)] = np.linalg.inv(matrix[np.ix_(at, at)] * both) * both
        return inverse

    def _right_side(self, outcome: Array) -> tuple[Array, Array]:
        """Return the outcome less its unit means, and its products with the columns."""
        left = outcome - np.einsum("ut,ut->u", self.shares, outcome)[:, None]
        weighted = self.weights * left
        side = np.zeros(self.columns.shape[2])
        for members, columns in zip(self.members, self.columns, strict=True):
            side += columns.T @ weighted[members].sum(axis=0)
        return left, np.concatenate([side, np.einsum("ut,utk->k", weighted, self.cells)])

    def fit(self, outcome: Array) -> WideFit:
        """Return the fit of one outcome.

        Parameters
        ----------
        outcome : ndarray, shape (units, periods)
            Outcome; cells of weight 0 are not read.

        Returns
        -------
        WideFit
        """
        seen = self.weights > 0.0
        y = np.where(seen, outcome, 0.0)
        left, side = self._right_side(y)
        solution = self.inverse @ side
        left = left - self.apply(solution)
        for _ in range(2):  # refinement
            left, side = self._right_side(left)
            step = self.inverse @ side
            solution, left = solution + step, left - self.apply(step)
        periods = self.weights.shape[1]
        residuals = np.where(seen, left, 0.0)
        return WideFit(
            coefficients=solution[periods:],
            unit_effects=self._unit_effects(y - residuals, solution),
            period_effects=np.where(seen.any(axis=0), solution[:periods], np.nan),
            residuals=residuals,
            inverse=self.inverse,
            scores=self.scores(residuals),
        )

    def _unit_effects(self, fitted: Array, solution: Array) -> Array:
        """Return unit effects: fitted less all else, averaged over the unit's cells."""
        known = self.columns.shape[2]
        rest = np.empty(self.weights.shape)
        for members, columns in zip(self.members, self.columns, strict=True):
            rest[members] = columns @ solution[:known]
        effects = np.einsum("ut,ut->u", self.shares, fitted - rest) - self.means @ solution[known:]
        return np.where(self.totals > 0.0, effects, np.nan)

    def scores(self, residuals: Array) -> Array:
        """Return each unit's sum of weight times residual times column.

        Parameters
        ----------
        residuals : ndarray, shape (units, periods)
            Residuals of a fit at these weights.

        Returns
        -------
        ndarray, shape (units, periods + q)
        """
        weighted = self.weights * residuals
        known = np.empty((weighted.shape[0], self.columns.shape[2]))
        for members, columns in zip(self.members, self.columns, strict=True):
            known[members] = weighted[members] @ columns
        return np.hstack([known, np.einsum("ut,utk->uk", weighted, self.cells)])


def dependent_terms(matrix: Array, free: Mask, sizes: Array) -> list[int]:
    """Return the columns of a normal matrix that depend on those before them.

    Parameters
    ----------
    matrix : ndarray, shape (q, q)
        Normal matrix.
    free : ndarray of bool, shape (q,)
        Columns to look at.
    sizes : ndarray, shape (q,)
        Squared length of each column, against which what is left is held; infinity for a column known to have none.

    Returns
    -------
    list of int
        Indices of columns with less than 1e-10 of their squared length left.
    """
    at = np.flatnonzero(free)
    scale = 1.0 / np.sqrt(np.where(sizes[at] > 0.0, sizes[at], np.inf))
    left = matrix[np.ix_(at, at)] * np.outer(scale, scale)
    try:
        if np.all(np.diag(np.linalg.cholesky(left)) ** 2 > PIVOT_TOLERANCE):
            return []
    except np.linalg.LinAlgError:
        pass  # not positive: look for the columns one by one
    lost = []
    for j in range(at.size):
        if left[j, j] <= PIVOT_TOLERANCE:
            lost.append(int(at[j]))
            continue
        row = left[j, j + 1 :].copy()
        left[j + 1 :, j + 1 :] -= np.outer(row, row) / left[j, j]
    return lost
