"""The two-way estimate under many assignments of treatment at once, coefficient and t statistic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.inversion import ShiftedStatistics, not_studentised
from evalkit.estimation.few_units.two_way_basis import TwoWayBasis, two_way_basis
from evalkit.estimation.inputs import Array, Codes, as_matrix

NOTHING_LEFT = 1e-9
"""A unit whose residual keeps less than this share of its variance gives no standard error."""

CELLS_AT_ONCE = 4_000_000

Reassigned = Callable[[Codes], ShiftedStatistics]


def treatment_paths(first_treated: ArrayLike, periods: int) -> Array:
    """Return 1 from the first treated period of each unit on, else 0.

    Parameters
    ----------
    first_treated : array_like of int, shape (..., units)
        Index of the first treated period; `periods` or more for never.
    periods : int
        Number of periods.

    Returns
    -------
    ndarray, shape (..., units, periods)
    """
    return (np.arange(periods) >= np.asarray(first_treated)[..., None]).astype(np.float64)


def two_way_statistics(
    outcome: ArrayLike,
    first_treated: ArrayLike,
    studentised: bool = True,
    covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    trends: ArrayLike | None = None,
) -> Reassigned:
    """Return the estimator of the two-way regression for many assignments at once.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
        Outcome; NaN only where the weight is 0.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period as it happened; the number of periods for units that are never treated.
    studentised : bool
        Whether the coefficient is divided by its standard error.
    covariates : array_like, shape (units, periods, k), or None
        Further regressors.
    weights : array_like, shape (units, periods) or (units,), or None
        Weights, none negative; 0 marks a missing cell.
    trends : array_like, shape (periods,), or None
        Periods as numbers, where each unit has a straight line of its own in them.

    Returns
    -------
    callable
        From assignments, shape (n, units), to `ShiftedStatistics` of n draws.

    Raises
    ------
    DesignError
        If a unit is treated in all periods or none is never treated or treated later, shapes differ, a value is
        missing, the covariates are dependent, or, studentised, one unit alone carries the treatment, so that its own
        residual says nothing about its variance.

    Notes
    -----
    With d the treatment path of an assignment without unit and period effects (and covariates), and y likewise:
    ``b = d'y / d'd``. The squared standard error sums, over units,
    ``(d_i'(y_i - b d_i))^2 / (1 - 1/N - d_i'd_i / d'd)`` over ``(d'd)^2``. In a balanced panel without weights or
    covariates this is CR2, clustered by unit; where all adopt at once it is Welch's standard error of the difference in
    mean change. With weights, missing cells or covariates the leverage is an approximation, which the test, being
    a comparison of like with like, does not need to be exact.

    A panel without holes and covariates, whose weights differ by unit alone, needs only the products of each unit's
    outcome with each adoption date's path: N x dates numbers, looked up for all assignments.
    """
    matrix, observed = _panel(outcome, first_treated, weights)
    cells = _cell_weights(weights, *matrix.shape)
    if covariates is None and trends is None and np.all(cells[:, :1] == cells) and np.all(cells > 0.0):
        return _Balanced.of(matrix, observed, studentised, cells[:, 0]).statistics
    return _Rows.of(matrix, observed, studentised, covariates, weights, trends).statistics


@dataclass(frozen=True, eq=False)
class _Balanced:
    """A panel without holes, whose weights differ by unit alone.

    `gains` holds the products of each unit's outcome, and of its treatment as it happened, with the path of each
    adoption date less its mean, shape (2, units, dates); `gram` those of the paths with each other.
    """

    gains: Array
    gram: Array
    dates: Codes
    weights: Array
    studentised: bool

    @classmethod
    def of(cls, matrix: Array, observed: Codes, studentised: bool, weights: Array) -> _Balanced:
        periods = matrix.shape[1]
        dates = np.unique(observed)
        paths = treatment_paths(dates, periods)
        paths = paths - paths.mean(axis=1, keepdims=True)
        both = np.stack([matrix, treatment_paths(observed, periods)])
        both = both - both.mean(axis=2, keepdims=True)
        both = both - np.average(both, axis=1, weights=weights)[:, None, :]
        found = cls(both @ paths.T, paths @ paths.T, dates, weights, studentised)
        if studentised:
            lengths = found._some(observed[None, :])[1][0]
            _require_several(lengths / lengths.sum(), observed.size)
        return found

    def statistics(self, assignments: Codes) -> ShiftedStatistics:
        """Return the statistics of each assignment."""
        size = max(1, CELLS_AT_ONCE // self.weights.size)
        parts = []
        for start in range(0, len(assignments), size):
            products, lengths = self._some(assignments[start : start + size])
            parts.append(_from_scores(products, lengths, lengths.sum(axis=1), self.studentised))
        return _joined(parts)

    def _some(self, assignments: Codes) -> tuple[Array, Array]:
        """Return d_i'y_i (and with the treatment as it happened), shape (2, n, units), and d_i'd_i, shape (n, units).

        A path's period effects are the weighted share of each date, so they are found among the dates' own products.
        """
        which = np.searchsorted(self.dates, assignments)
        units = np.arange(self.weights.size)
        shares = np.stack([(which == k) @ self.weights for k in range(self.dates.size)], axis=1) / self.weights.sum()
        products = self.gains[:, units, which] - np.einsum("nk,zik->zni", shares, self.gains)
        mean = shares @ self.gram
        lengths = np.diag(self.gram)[which] - 2.0 * np.take_along_axis(mean, which, axis=1)
        lengths = lengths + np.sum(mean * shares, axis=1)[:, None]
        return self.weights * products, self.weights * lengths


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a panel with weights, missing cells or covariates, and the columns that take effects out of a path."""

    both: Array
    basis: Array
    cells: Codes
    root: Array
    totals: Array
    starts: Codes
    periods: int
    studentised: bool
    slopes: Array | None

    @classmethod
    def of(
        cls, matrix: Array, observed: Codes, studentised: bool, covariates: ArrayLike | None,
        weights: ArrayLike | None, trends: ArrayLike | None,
    ) -> _Rows:  # fmt: skip
        units, periods = matrix.shape
        cell_weights = _cell_weights(weights, units, periods)
        cells = np.flatnonzero(cell_weights.ravel() > 0.0)
        unit, period = np.divmod(cells, periods)
        treatment = treatment_paths(observed, periods).ravel()[cells]
        others = _covariates(covariates, units, periods)[cells]
        design = two_way_basis(
            matrix.ravel()[cells],
            np.column_stack([others, treatment]),
            unit,
            period,
            cell_weights.ravel()[cells],
            trend=None if trends is None else np.asarray(trends, dtype=np.float64)[period],
        )
        columns = np.linalg.qr(design.regressors[:, :-1])[0]
        both = np.stack([design.outcome, design.regressors[:, -1]])
        both = both - (both @ columns) @ columns.T
        if studentised:
            lengths = np.bincount(design.units, both[1] ** 2)
            _require_several(lengths / lengths.sum(), units)
        return cls(
            both=both,
            basis=np.column_stack([design.period_basis, columns]),
            cells=cells,
            root=design.root,
            totals=design.totals,
            starts=np.searchsorted(unit, np.arange(units)),
            periods=periods,
            studentised=studentised,
            slopes=None if trends is None else _lines(np.asarray(trends, dtype=np.float64)[period], design),
        )

    def statistics(self, assignments: Codes) -> ShiftedStatistics:
        """Return the statistics of each assignment."""
        size = max(1, CELLS_AT_ONCE // self.cells.size)
        parts = [self._some(assignments[start : start + size]) for start in range(0, len(assignments), size)]
        return _joined(parts)

    def _some(self, assignments: Codes) -> ShiftedStatistics:
        """Return the statistics of as many assignments as fit into memory."""
        paths = treatment_paths(assignments, self.periods).reshape(len(assignments), -1)[:, self.cells]
        means = np.add.reduceat(paths * self.root**2, self.starts, axis=1) / self.totals
        sizes = np.diff(np.append(self.starts, self.cells.size))
        left = (paths - np.repeat(means, sizes, axis=1)) * self.root
        if self.slopes is not None:
            along = np.add.reduceat(left * self.slopes, self.starts, axis=1)
            left -= np.repeat(along, sizes, axis=1) * self.slopes
        left -= (left @ self.basis) @ self.basis.T
        lengths = np.add.reduceat(left**2, self.starts, axis=1)
        products = np.stack([np.add.reduceat(left * each, self.starts, axis=1) for each in self.both])
        return _from_scores(products, lengths, lengths.sum(axis=1), self.studentised)


def _lines(time: Array, design: TwoWayBasis) -> Array:
    """Return each unit's straight line, times root weight, without its mean and of length one."""
    weights = design.root**2
    late = (time - (np.bincount(design.units, weights * time) / design.totals)[design.units]) * design.root
    length = np.sqrt(np.bincount(design.units, late**2))[design.units]
    return np.divide(late, length, out=np.zeros_like(late), where=length > 0.0)


def _from_scores(products: Array, lengths: Array, total: Array, studentised: bool) -> ShiftedStatistics:
    """Return statistics from d_i'y_i (products, shape (2, n, units)), d_i'd_i (lengths) and d'd (total)."""
    estimates = products.sum(axis=2) / total
    if not studentised:
        return not_studentised(estimates[0], estimates[1])
    whole = total[:, None]
    left = 1.0 - 1.0 / lengths.shape[1] - lengths / whole
    scale = 1.0 / (np.sqrt(np.maximum(left, NOTHING_LEFT)) * whole)
    scores = (products - estimates[:, :, None] * lengths) * scale
    return ShiftedStatistics(
        values=estimates[0],
        slopes=estimates[1],
        squares=np.einsum("ij,ij->i", scores[0], scores[0]),
        products=np.einsum("ij,ij->i", scores[0], scores[1]),
        slope_squares=np.einsum("ij,ij->i", scores[1], scores[1]),
    )


def _joined(parts: list[ShiftedStatistics]) -> ShiftedStatistics:
    """Return the statistics of all parts in their order."""
    return ShiftedStatistics(
        values=np.concatenate([part.values for part in parts]),
        slopes=np.concatenate([part.slopes for part in parts]),
        squares=np.concatenate([part.squares for part in parts]),
        products=np.concatenate([part.products for part in parts]),
        slope_squares=np.concatenate([part.slope_squares for part in parts]),
    )


def _panel(outcome: ArrayLike, first_treated: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Codes]:
    """Return the outcome as a matrix, 0 where its weight is 0, and the adoption periods; refuse what cannot be."""
    matrix = np.asarray(outcome, dtype=np.float64)
    if matrix.ndim == 2 and weights is not None:
        matrix = np.where(_cell_weights(weights, *matrix.shape) > 0.0, matrix, 0.0)
    matrix = as_matrix(matrix, "outcome")
    observed = np.asarray(first_treated)
    if observed.shape != (matrix.shape[0],) or not np.issubdtype(observed.dtype, np.integer):
        raise DesignError(f"first treated periods of shape {observed.shape} for {matrix.shape[0]} units")
    always = np.flatnonzero(observed <= 0)
    if always.size:
        raise DesignError(f"units {always.tolist()} are treated in all periods", mend="leave them out, and say so")
    codes = np.minimum(observed, matrix.shape[1]).astype(np.int64)
    if np.unique(codes).size < 2:
        raise DesignError(
            f"all {codes.size} units have the same adoption", mend="bring units that are never treated, or later"
        )
    return matrix, codes


def _cell_weights(weights: ArrayLike | None, units: int, periods: int) -> Array:
    """Return the weight of each cell."""
    if weights is None:
        return np.ones((units, periods))
    given = np.asarray(weights, dtype=np.float64)
    given = np.broadcast_to(given[:, None], (units, periods)) if given.shape == (units,) else given
    if given.shape != (units, periods) or not np.isfinite(given).all() or np.any(given < 0.0):
        raise DesignError(
            f"weights of shape {given.shape} for {units} units and {periods} periods",
            mend="give one finite number a unit, or a unit and period, none negative",
        )
    empty = np.flatnonzero(given.sum(axis=1) == 0.0)
    if empty.size:
        raise DesignError(f"units {empty.tolist()} have no weight at all", mend="leave them out, and say so")
    return given


def _covariates(covariates: ArrayLike | None, units: int, periods: int) -> Array:
    """Return covariates as rows of cells, shape (units x periods, k)."""
    if covariates is None:
        return np.zeros((units * periods, 0))
    given = np.asarray(covariates, dtype=np.float64)
    if given.ndim != 3 or given.shape[:2] != (units, periods):
        raise DesignError(f"covariates of shape {given.shape} for {units} units and {periods} periods")
    return given.reshape(units * periods, -1)


def _require_several(shares: Array, units: int) -> None:
    """Raise if one unit carries all of the treatment's variation."""
    alone = np.flatnonzero(1.0 - 1.0 / units - shares <= NOTHING_LEFT)
    if alone.size:
        raise DesignError(
            f"unit {alone.tolist()[0]} alone carries the treatment: its own residual is zero and gives no variance",
            mend="compare coefficients, or use Ferman and Pinto's test for one treated unit",
        )
