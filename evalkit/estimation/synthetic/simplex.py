"""Weights that are none negative and sum to one: the convex problem of synthetic comparison units, solved exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_matrix, as_vector

OPTIMALITY = 1e-8
"""The largest duality gap, as a share of the squared distance of equal weights, that counts as solved."""

TIE_BREAK = 1e-8
"""Ridge, as a share of the columns' mean square, that chooses among weights that fit equally well."""


@dataclass(frozen=True, eq=False)
class SimplexWeights:
    """Weights that minimise a squared distance.

    Attributes
    ----------
    weights : ndarray, shape (j,)
        None negative, summing to one.
    intercept : float
        Constant added to the weighted columns; 0 where none was asked for.
    distance : float
        Squared distance at the weights, ridge left out.
    optimality_gap : float
        How far at most the objective is above its minimum, as a share of that of equal weights.
    unique : bool
        Whether no other weights fit as well. Where they do, those with the smallest sum of squares are returned.
    """

    weights: Array
    intercept: float
    distance: float
    optimality_gap: float
    unique: bool


def simplex_weights(
    columns: ArrayLike, target: ArrayLike, ridge: float = 0.0, intercept: bool = False
) -> SimplexWeights:
    """Return the weights with which columns come closest to a target.

    Parameters
    ----------
    columns : array_like, shape (m, j)
        One column for each thing that is weighted.
    target : array_like, shape (m,)
        What the weighted columns should equal.
    ridge : float
        Penalty on the sum of squared weights, none negative.
    intercept : bool
        Whether a constant may be added to the weighted columns.

    Returns
    -------
    SimplexWeights

    Raises
    ------
    DesignError
        If lengths differ, the ridge is negative, or the solver does not reach the optimum.

    Notes
    -----
    Minimise ``|a + X w - b|^2 + r |w|^2`` over ``w >= 0, sum(w) = 1`` (a = 0 without an intercept). With
    ``C = [X - b 1'; sqrt(r) I]`` (rows less their mean for an intercept) this is the point of the hull of C's columns
    nearest to the origin. Non-negative least squares of ``[C; 1']`` on ``(0, ..., 0, 1)`` gives x, and
    ``w = x / sum(x)`` fulfils the conditions of Karush, Kuhn and Tucker of the problem: ``c_k'Cw >= |Cw|^2`` for all k,
    with equality where ``w_k > 0``. The algorithm is an active set method with a fixed order, so nothing is chosen at
    random and no starting point is given. The conditions are checked: ``2 (|Cw|^2 - min_k c_k'Cw)`` bounds the
    distance to the minimum.

    References
    ----------
    Lawson and Hanson (1974), Solving Least Squares Problems, chapter 23. Wolfe (1976), Mathematical Programming 11,
    128-149.
    """
    matrix = as_matrix(columns, "columns")
    wanted = as_vector(target, "target", matrix.shape[0])
    if not (np.isfinite(ridge) and ridge >= 0.0):
        raise DesignError(f"the ridge is {ridge}", mend="give a number that is not negative")
    centred = matrix - wanted[:, None]
    if intercept:
        centred = centred - centred.mean(axis=0)
    weights, gap = _nearest(_penalised(centred, ridge))
    unique = ridge > 0.0 or _is_unique(centred, weights)
    if not unique:
        weights, _ = _nearest(_penalised(centred, TIE_BREAK * float(np.mean(np.sum(centred**2, axis=0)))))
        gap = _gap(centred, weights)
    if gap > (OPTIMALITY if unique else 1e-6):
        raise DesignError(f"the weights are not optimal: the gap is {gap:.2g}", mend="leave out columns that are alike")
    left = centred @ weights
    constant = float(np.mean(wanted - matrix @ weights)) if intercept else 0.0
    return SimplexWeights(weights, constant, float(left @ left), gap, unique)


def _penalised(centred: Array, ridge: float) -> Array:
    """Return the columns with the rows of a ridge."""
    if ridge == 0.0:
        return centred
    return np.vstack([centred, np.sqrt(ridge) * np.eye(centred.shape[1])])


def _nearest(points: Array) -> tuple[Array, float]:
    """Return the weights of the point of the columns' hull that is nearest to the origin, and the optimality gap."""
    from scipy.optimize import nnls

    count = points.shape[1]
    scale = float(np.linalg.norm(points.mean(axis=1)))
    scale = scale or float(np.linalg.norm(points)) or 1.0
    try:
        found, _ = nnls(np.vstack([points / scale, np.ones((1, count))]), np.append(np.zeros(len(points)), 1.0))
    except RuntimeError as problem:
        raise DesignError(f"the weights did not settle: {problem}", mend="leave out columns that are alike") from None
    weights = np.asarray(found / found.sum(), dtype=np.float64)
    return weights, _gap(points, weights)


def _gap(points: Array, weights: Array) -> float:
    """Return the duality gap as a share of the squared distance of equal weights."""
    at = points @ weights
    equal = points.mean(axis=1)
    size = max(float(equal @ equal), float(np.mean(np.sum(points**2, axis=0))) * 1e-6, np.finfo(np.float64).tiny)
    return max(0.0, 2.0 * float(at @ at - np.min(points.T @ at))) / size


def _is_unique(points: Array, weights: Array) -> bool:
    """Return whether the columns that could carry weight at the optimum are affinely independent."""
    at = points @ weights
    size = float(np.mean(np.sum(points**2, axis=0)))
    could = points.T @ at - at @ at <= 1e-9 * size
    scaled = np.vstack([points[:, could] / (np.sqrt(size) or 1.0), np.ones((1, int(could.sum())))])
    return bool(np.linalg.matrix_rank(scaled, tol=1e-9) == int(could.sum()))
