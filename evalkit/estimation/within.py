"""Unit and period effects: what is left of a variable after them, and how many parameters they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import (
    RANK_TOLERANCE,
    Array,
    Codes,
    as_codes,
    as_matrix,
    as_vector,
    dependent_columns,
    require_choice,
)

SmallSample = Literal["effects_nested", "effects_counted", "no_cluster_factor"]

EIGENVALUE_CUT = 1e-11
"""Directions of the effects that keep less than this share of their variance are combinations of the others."""

DENSE = 50_000_000
"""More cells than this are held sparse."""


def within_two_way(values: ArrayLike, unit: ArrayLike, period: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Return what is left of each column after unit and period effects.

    Parameters
    ----------
    values : array_like, shape (n, k) or (n,)
        Outcome or regressors.
    unit, period : array_like of int, shape (n,)
        Codes of unit and period; the panel need not be balanced.
    weights : array_like, shape (n,), or None
        Weights of the observations, above zero.

    Returns
    -------
    ndarray, shape (n, k)

    Raises
    ------
    DesignError
        If an array is not of n finite values.

    Notes
    -----
    Exactly, without iterating; see `TwoWayEffects`.
    """
    matrix = as_matrix(values, "values")
    rows = matrix.shape[0]
    given = None if weights is None else as_vector(weights, "weights", rows)
    return two_way_effects(as_codes(unit, "unit", rows), as_codes(period, "period", rows), given).taken_out(matrix)


@dataclass(frozen=True, eq=False)
class TwoWayEffects:
    """Unit and period effects of the rows of a panel, ready to be taken out of any columns.

    Attributes
    ----------
    many, few : ndarray of int, shape (n,)
        Codes of the grouping with more groups (as a rule the units), and of the other.
    weights : ndarray, shape (n,), or None
        None where all rows weigh the same.
    table : ndarray or scipy sparse array, shape (groups of many, groups of few)
        Total weight by cell.
    totals : ndarray, shape (groups of many,)
        Total weight by group.
    inverse : ndarray, shape (groups of few, groups of few)
        Pseudo-inverse of ``S = diag(N'1) - N'diag(N1)^-1 N``, N the table.

    Notes
    -----
    Frisch-Waugh-Lovell, exactly: with b and d the weighted sums of a column by the groups of many and of few, the
    effects of few are ``c = S^+ (d - N'diag(N1)^-1 b)`` and those of many are ``diag(N1)^-1 (b - N c)``. Nothing has as
    many columns as there are effects and as many rows as the panel.

    References
    ----------
    Abowd, Creecy and Kramarz (2002), Computing person and firm effects using linked longitudinal employer-employee
    data, US Census Bureau, technical paper TP-2002-06.
    """

    many: Codes
    few: Codes
    weights: Array | None
    table: Any
    totals: Array
    inverse: Array

    def taken_out(self, matrix: Array) -> Array:
        """Return what is left of each column of a matrix, shape (n, k)."""
        left = np.empty(matrix.shape, order="F")
        for place in range(matrix.shape[1]):
            column = self._less_effects(np.ascontiguousarray(matrix[:, place]))
            left[:, place] = self._less_effects(column)  # the second time takes out what rounding left
        return left

    def _less_effects(self, column: Array) -> Array:
        """Return a column less its effects."""
        heavy = column if self.weights is None else column * self.weights
        means = np.bincount(self.many, heavy, self.totals.size) / self.totals
        sums = np.bincount(self.few, heavy, len(self.inverse))
        own = self.inverse @ (sums - self.table.T @ means)
        means -= self.table @ own / self.totals
        left = column - means[self.many]
        left -= own[self.few]
        return np.asarray(left)


def two_way_effects(unit: Codes, period: Codes, weights: Array | None) -> TwoWayEffects:
    """Return the unit and period effects of rows, ready to be taken out.

    Parameters
    ----------
    unit, period : ndarray of int, shape (n,)
        Codes 0, 1, ..., each of which occurs.
    weights : ndarray, shape (n,), or None
        Weights above zero; None where all rows weigh the same.

    Returns
    -------
    TwoWayEffects

    Notes
    -----
    S is scaled to a diagonal of at most one before its eigenvalues are taken, so that uneven weights do not decide
    which of them count as zero; every part of the panel that shares no group with the rest has one that does.
    """
    groups = [(int(codes.max()) + 1, codes) for codes in (unit, period)]
    (most, many), (least, few) = sorted(groups, key=lambda group: -group[0])
    table = _table(many, few, most, least, weights)
    totals, sizes = np.asarray(table.sum(axis=1)), np.asarray(table.sum(axis=0))
    root = 1.0 / np.sqrt(sizes)
    shares = table.multiply(1.0 / totals[:, None]).tocsr() if most * least > DENSE else table / totals[:, None]
    product = table.T @ shares
    dense = product if isinstance(product, np.ndarray) else product.toarray()
    values, vectors = np.linalg.eigh(np.eye(least) - root[:, None] * dense * root)
    kept = values > EIGENVALUE_CUT
    half = root[:, None] * vectors[:, kept] / np.sqrt(values[kept])
    return TwoWayEffects(many, few, weights, table, totals, half @ half.T)


def _table(many: Codes, few: Codes, most: int, least: int, weights: Array | None) -> Any:
    """Return the total weight by cell; sparse where there are far more cells than fit into memory."""
    if most * least > DENSE:
        from scipy.sparse import csr_array

        heavy = np.ones(many.size) if weights is None else weights
        return csr_array((heavy, (many, few)), shape=(most, least))
    return np.bincount(many * least + few, weights, most * least).reshape(most, least).astype(np.float64, copy=False)


def require_variation(left: Array, before: Array) -> None:
    """Raise if a regressor is absorbed by the effects, or depends on other regressors within them.

    Parameters
    ----------
    left : ndarray, shape (n, k)
        Regressors less unit and period effects; in a weighted regression times root weight.
    before : ndarray, shape (n, k)
        The same before the effects are taken out.

    Raises
    ------
    DesignError
        Naming the index of the columns.
    """
    sizes = np.linalg.norm(left, axis=0)
    absorbed = [int(j) for j in np.flatnonzero(sizes <= RANK_TOLERANCE * np.linalg.norm(before, axis=0))]
    if absorbed:
        raise DesignError(
            f"regressor columns {absorbed} do not vary within units and periods: the effects absorb them",
            mend="leave them out; a treatment needs units that are treated at different times, or never",
        )
    dependent = dependent_columns(left)
    if dependent:
        raise DesignError(
            f"regressor columns {dependent} depend on the columns before them once unit and period effects are out",
            mend="leave them out",
        )


def require_groups(**codes: Codes) -> None:
    """Raise unless every grouping has at least two groups.

    Parameters
    ----------
    **codes : ndarray of int, shape (n,)
        Codes by the name of the grouping.

    Raises
    ------
    DesignError
        Naming the grouping.
    """
    for name, groups in codes.items():
        if groups.max() < 1:
            raise DesignError(f"there is one group of {name}, and at least two are needed")


def is_nested(inner: Codes, outer: Codes) -> bool:
    """Return whether every group of `inner` lies in one group of `outer`.

    Parameters
    ----------
    inner, outer : ndarray of int, shape (n,)
        Codes of the two groupings.

    Returns
    -------
    bool
    """
    holder = np.zeros(int(inner.max()) + 1, dtype=np.int64)
    holder[inner] = outer
    return bool(np.array_equal(holder[inner], outer))


def cluster_factor(
    regressors: int, unit: Codes, period: Codes, cluster: Codes, small_sample: SmallSample, trends: bool = False
) -> tuple[float, str]:
    """Return the factor on a clustered covariance, and the rule in words.

    Parameters
    ----------
    regressors : int
        Number of regressors.
    unit, period, cluster : ndarray of int, shape (n,)
        Codes.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        The rule; see Notes.
    trends : bool
        Whether each unit has a straight line of its own.

    Returns
    -------
    tuple of float and str

    Raises
    ------
    DesignError
        If the rule is unknown, or no degrees of freedom are left.

    Notes
    -----
    With N observations and G clusters the factor is ``G / (G - 1) * (N - 1) / (N - K)``. K counts the regressors,
    one constant, and the effects: unit effects less one and period effects less one, with unit trends as many slopes as
    units less one, which are unit effects in what follows. "effects_nested" leaves out
    of K the effects that are nested in clusters, the rule of reghdfe and fixest; "effects_counted" counts all;
    "no_cluster_factor" counts all and uses ``N / (N - K)`` alone, the default of linearmodels.

    References
    ----------
    Cameron and Miller (2015), Journal of Human Resources 50, 317-372, section II.B and III.B.
    """
    n, groups = unit.size, _distinct(cluster)
    require_choice(small_sample, SmallSample, "the small-sample rule")
    unit_terms, period_terms = _distinct(unit) - 1, _distinct(period) - 1
    unit_terms += unit_terms * trends
    every = 1 + regressors + unit_terms + period_terms
    if n <= every:
        raise DesignError(
            f"{n} observations cannot carry {every} terms, effects included", mend="use more periods or units"
        )
    if small_sample == "no_cluster_factor":
        return n / (n - every), f"N/(N-K) with K = {every}, all effects counted, without the G/(G-1) factor"
    nested = small_sample == "effects_nested"
    units_left_out, periods_left_out = nested and is_nested(unit, cluster), nested and is_nested(period, cluster)
    k = every - unit_terms * units_left_out - period_terms * periods_left_out
    return groups / (groups - 1) * (n - 1) / (n - k), (
        f"G/(G-1) x (N-1)/(N-K) with K = {k}, "
        f"unit effects {'and trends ' if trends else ''}{_counted(units_left_out)}, "
        f"period effects {_counted(periods_left_out)}"
    )


def _counted(left_out: bool) -> str:
    """Return in words whether effects are counted."""
    return "not counted (nested in clusters)" if left_out else "counted"


def _distinct(codes: Codes) -> int:
    """Return how many groups occur."""
    return int(np.count_nonzero(np.bincount(codes)))
