"""Unit and period effects: what is left of a variable after them, and how many parameters they cost."""

from __future__ import annotations

from typing import Literal

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
    Frisch-Waugh-Lovell, exactly: unit means are taken from the columns and from the period indicators, and the
    columns are then regressed on the indicators (weighted least squares, minimum norm). The cost is that of a
    regression on as many columns as there are periods.
    """
    matrix = as_matrix(values, "values")
    rows = matrix.shape[0]
    units, periods = as_codes(unit, "unit", rows), as_codes(period, "period", rows)
    root = np.ones(rows) if weights is None else np.sqrt(as_vector(weights, "weights", rows))
    indicators = (periods[:, None] == np.arange(1, periods.max() + 1)).astype(np.float64)
    left, dummies = _less_means(matrix, units, root**2), _less_means(indicators, units, root**2)
    effects = np.linalg.lstsq(dummies * root[:, None], left * root[:, None], rcond=None)[0]
    return np.asarray(left - dummies @ effects)


def require_variation_within(matrix: Array, unit: Codes, period: Codes, weights: Array | None) -> None:
    """Raise if a regressor is absorbed by the effects, or depends on other regressors within them.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors without a constant.
    unit, period : ndarray of int, shape (n,)
        Codes of unit and period.
    weights : ndarray, shape (n,), or None
        Weights of the observations.

    Raises
    ------
    DesignError
        Naming the index of the columns.
    """
    left = within_two_way(matrix, unit, period, weights)
    sizes = np.linalg.norm(left, axis=0)
    absorbed = [int(j) for j in np.flatnonzero(sizes <= RANK_TOLERANCE * np.linalg.norm(matrix, axis=0))]
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
    return len(np.unique(np.column_stack([inner, outer]), axis=0)) == len(np.unique(inner))


def cluster_factor(
    regressors: int, unit: Codes, period: Codes, cluster: Codes, small_sample: SmallSample
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
    one constant, and the effects: unit effects less one and period effects less one. "effects_nested" leaves out
    of K the effects that are nested in clusters, the rule of reghdfe and fixest; "effects_counted" counts all;
    "no_cluster_factor" counts all and uses ``N / (N - K)`` alone, the default of linearmodels.

    References
    ----------
    Cameron and Miller (2015), Journal of Human Resources 50, 317-372, section II.B and III.B.
    """
    n, groups = unit.size, len(np.unique(cluster))
    require_choice(small_sample, SmallSample, "the small-sample rule")
    unit_terms, period_terms = len(np.unique(unit)) - 1, len(np.unique(period)) - 1
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
        f"unit effects {_counted(units_left_out)}, "
        f"period effects {_counted(periods_left_out)}"
    )


def _counted(left_out: bool) -> str:
    """Return in words whether effects are counted."""
    return "not counted (nested in clusters)" if left_out else "counted"


def _less_means(matrix: Array, groups: Codes, weights: Array) -> Array:
    """Return the matrix less its weighted mean in each group."""
    totals = np.zeros((int(groups.max()) + 1, matrix.shape[1]))
    np.add.at(totals, groups, matrix * weights[:, None])
    return np.asarray(matrix - (totals / np.bincount(groups, weights)[:, None])[groups])
