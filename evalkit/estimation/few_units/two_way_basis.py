"""Rows, effects and clusters of a regression with unit and period effects, as orthonormal columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, as_codes, as_matrix, as_vector, as_weights
from evalkit.estimation.unit_trends import less_unit_trends
from evalkit.estimation.within import is_nested, require_groups, require_variation

MOST_CELLS = 60_000_000
"""Rows times columns above which a regression with unit trends would take more than half a gigabyte."""
EIGENVALUE_CUT = 1e-10
"""Directions of the period effects below this share of the largest are combinations of unit effects."""


@dataclass(frozen=True, eq=False)
class TwoWayBasis:
    """A regression with unit and period effects after both are taken out, and the columns that took them out.

    All rows are times root weight. The projection on the effects is that on `unit_basis` (one column a unit, held as
    codes) plus that on `period_basis`; the two are orthogonal.

    Attributes
    ----------
    outcome : ndarray, shape (n,)
        Without unit and period effects.
    regressors : ndarray, shape (n, k)
        Without unit and period effects.
    period_basis : ndarray, shape (n, p)
        Orthonormal columns: what is left of the period effects after the unit effects.
    root : ndarray, shape (n,)
        Root weight.
    totals : ndarray, shape (units,)
        Total weight of each unit.
    units, periods, clusters : ndarray of int, shape (n,)
        Codes from 0.
    nested : bool
        Whether every unit lies in one cluster.
    """

    outcome: Array
    regressors: Array
    period_basis: Array
    root: Array
    totals: Array
    units: Codes
    periods: Codes
    clusters: Codes
    nested: bool

    def full_basis(self) -> Array:
        """Return orthonormal columns of period effects and regressors, shape (n, p + k)."""
        return np.column_stack([self.period_basis, np.linalg.qr(self.regressors)[0]])

    def unit_basis(self, rows: Codes) -> Array:
        """Return the rows of the orthonormal columns of the unit effects, for the units that occur in them."""
        names, codes = np.unique(self.units[rows], return_inverse=True)
        basis = np.zeros((rows.size, names.size))
        basis[np.arange(rows.size), codes] = self.root[rows] / np.sqrt(self.totals[names][codes])
        return basis

    def cluster_products(self, values: Array, basis: Array) -> Array:
        """Return V_g'B_g for each cluster g: shape (clusters, columns of V, columns of B)."""
        order = np.argsort(self.clusters, kind="stable")
        starts = np.searchsorted(self.clusters[order], np.arange(int(self.clusters.max()) + 1))
        parts = zip(np.split(values[order], starts[1:]), np.split(basis[order], starts[1:]), strict=True)
        return np.stack([own.T @ columns for own, columns in parts])

    def unit_products(self, values: Array) -> Array:
        """Return V_g'B_g as `cluster_products` does, for the columns of the unit effects."""
        scaled = values * (self.root / np.sqrt(self.totals[self.units]))[:, None]
        shape = (int(self.clusters.max()) + 1, self.totals.size)
        cells = self.clusters * shape[1] + self.units
        counts = [np.bincount(cells, column, shape[0] * shape[1]).reshape(shape) for column in scaled.T]
        return np.stack(counts, axis=1)


def two_way_basis(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    trend: ArrayLike | None = None,
) -> TwoWayBasis:
    """Return outcome and regressors without unit and period effects, and the effects as orthonormal columns.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome.
    regressors : array_like, shape (n, k)
        Regressors; no constant.
    unit, period : array_like of int, shape (n,)
        Codes. A unit may have several observations in a period.
    weights : array_like, shape (n,), or None
        Weights, above zero.
    cluster : array_like of int, shape (n,), or None
        Groups within which errors may be related. None: the unit.
    trend : array_like, shape (n,), or None
        Periods as numbers, where each unit has a straight line of its own in them.

    Returns
    -------
    TwoWayBasis

    Raises
    ------
    DesignError
        If there are fewer than two units, periods or clusters, a regressor is absorbed by the effects or depends on
        others (its column index is named), an array has another length, or with trends a unit lies in several clusters.

    Notes
    -----
    Unit effects are taken out by weighted means, unit trends by `unit_trends.less_unit_trends`. What is left of the
    period indicators, P, is made orthonormal by the eigenvectors V and values L of P'P: ``P V L^(-1/2)``;
    directions without variance (one at least) are left out.
    """
    y = as_vector(outcome, "outcome")
    matrix, w = as_matrix(regressors, "regressors", y.size), as_weights(weights, y.size)
    units, periods = as_codes(unit, "unit", y.size), as_codes(period, "period", y.size)
    clusters = units if cluster is None else as_codes(cluster, "cluster", y.size)
    require_groups(units=units, periods=periods, clusters=clusters)
    root, totals = np.sqrt(w), np.bincount(units, w).astype(np.float64)
    indicators = (periods[:, None] == np.arange(periods.max() + 1)).astype(np.float64)
    nested, table = is_nested(units, clusters), np.column_stack([y, matrix, indicators])
    if trend is None:
        columns = _less_units(table, units, w, totals) * root[:, None]
    else:
        _require_trends(table.size, nested)
        columns = less_unit_trends(table, units, as_vector(trend, "trend", y.size), w) * root[:, None]
    values, basis = columns[:, : 1 + matrix.shape[1]], _orthonormal(columns[:, 1 + matrix.shape[1] :])
    for _ in range(2):  # the second time takes out what rounding left
        values = values - basis @ (basis.T @ values)
    require_variation(values[:, 1:], matrix * root[:, None])
    return TwoWayBasis(
        outcome=values[:, 0],
        regressors=values[:, 1:],
        period_basis=basis,
        root=root,
        totals=totals,
        units=units,
        periods=periods,
        clusters=clusters,
        nested=nested,
    )


def _require_trends(cells: int, nested: bool) -> None:
    """Raise where unit trends cannot be had."""
    if not nested:
        raise DesignError(
            "unit trends need every unit to lie in one cluster", mend="leave `cluster` out, or choose larger clusters"
        )
    if cells > MOST_CELLS:
        raise DesignError(
            f"unit trends hold every period as a column, and rows times periods come to {cells:,}",
            mend="bring fewer rows or longer periods",
        )


def _less_units(matrix: Array, units: Codes, weights: Array, totals: Array) -> Array:
    """Return the columns less their weighted mean in each unit."""
    means = np.column_stack([np.bincount(units, weights * column) / totals for column in matrix.T])
    return np.asarray(matrix - means[units])


def _orthonormal(columns: Array) -> Array:
    """Return orthonormal columns that span the same space."""
    values, vectors = np.linalg.eigh(columns.T @ columns)
    kept = values > EIGENVALUE_CUT * max(float(values.max()), np.finfo(np.float64).tiny)
    return np.asarray(columns @ (vectors[:, kept] / np.sqrt(values[kept])))
