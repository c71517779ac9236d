"""Several effects at once among reassignments or draws of a wild bootstrap: the largest of them, and bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.estimation.few_units.linear_estimates import NOTHING_LEFT
from evalkit.estimation.inputs import Array, Codes, Mask

ASSIGNMENTS_AT_ONCE = 2_000_000
"""Assignments times units that are held at once."""


@dataclass(frozen=True, eq=False)
class SeveralEffects:
    """Effects with what they are divided by, and the same of every assignment or draw.

    Attributes
    ----------
    values, errors : ndarray, shape (m,)
    statistics : ndarray, shape (n, m)
        Effects over errors for no effect; the observed ones first.
    level : float
    """

    values: Array
    errors: Array
    statistics: Array
    level: float

    def single(self) -> Array:
        """Return how many errors one effect's bounds lie away, shape (m,): the quantile of its own statistic."""
        found: Array = np.quantile(np.abs(self.statistics), self.level, axis=0, method="higher")
        return np.maximum(found, 1e-300)

    def together(self, among: Mask) -> float:
        """Return the factor on `single` at which bounds hold for all of some effects at once, 1 or more."""
        largest = (np.abs(self.statistics[:, among]) / self.single()[among]).max(axis=1)
        return max(1.0, float(np.quantile(largest, self.level, method="higher")))

    def p_value(self, among: Mask) -> tuple[float, float]:
        """Return the largest statistic among some effects, and the share of assignments with one as large.

        Notes
        -----
        ``max_j |t_j| / q_j``, q_j the quantile of ``|t_j|`` over assignments: effects that few units carry vary more,
        and would else decide alone (Westfall and Young 1993, Resampling-Based Multiple Testing, chapter 2).
        """
        largest = (np.abs(self.statistics[:, among]) / self.single()[among]).max(axis=1)
        return float(largest[0]), float((largest >= largest[0] * (1.0 - 1e-9)).mean())


def reassigned_effects(
    outcome: ArrayLike, first_treated: Codes, weights: Array, paths: Array, assignments: Codes, level: float,
    supposed: float = 0.0,
) -> SeveralEffects:  # fmt: skip
    """Return effects that are weighted sums of outcomes under every assignment.

    Parameters
    ----------
    outcome : array_like, shape (units, periods)
    first_treated : ndarray of int, shape (units,)
        As it happened; the number of periods for units that are never treated.
    weights, paths : ndarray, shape (m, dates, periods)
        As `evalkit.estimation.staggered.event_time_weights.EventWeights` has them.
    assignments : ndarray of int, shape (n, units)
        The observed one first.
    level : float
    supposed : float
        Effect that is taken out of treated cells first, so that what is dealt out anew does not hold it.

    Returns
    -------
    SeveralEffects
        `values` of the outcome as it is; `statistics` of it without the supposed effect.

    Notes
    -----
    Standard errors are those of `linear_estimates.linear_statistics`, which allow unequal variances and correct for few
    units of a date. An effect that one unit carries has none: its error is the spread of the effect over assignments.
    """
    matrix = np.asarray(outcome, dtype=np.float64)
    estimates, squares = _among(matrix, first_treated, weights, paths, assignments, supposed)
    errors = np.sqrt(squares)
    bare = ~np.isfinite(errors).all(axis=0) | ~(errors > 0.0).all(axis=0)
    errors[:, bare] = estimates[:, bare].std(axis=0)
    values = _as_it_happened(matrix, first_treated, weights)
    return SeveralEffects(values, errors[0], estimates / np.where(errors > 0.0, errors, 1.0), level)


def reassigned_covariance(
    outcome: ArrayLike, first_treated: Codes, weights: Array, paths: Array, assignments: Codes, supposed: float = 0.0
) -> tuple[Array, Array]:
    """Return effects that are weighted sums of outcomes, and the covariance of them all over assignments.

    Parameters
    ----------
    outcome, first_treated, weights, paths, assignments, supposed
        As `reassigned_effects`.

    Returns
    -------
    values : ndarray, shape (m,)
    covariance : ndarray, shape (m, m)

    Notes
    -----
    Of one treated unit among N the effect over assignments is ``N / (N - 1)`` times a unit's distance from the mean of
    all, whose mean square is, in expectation, the variance ``s^2 N / (N - 1)`` of a unit less the mean of the others:
    where units vary alike the covariance is unbiased, however few are treated. It is singular with no more assignments
    than effects.
    """
    matrix = np.asarray(outcome, dtype=np.float64)
    estimates = _among(matrix, first_treated, weights, paths, assignments, supposed)[0]
    about = estimates - estimates.mean(axis=0)
    return _as_it_happened(matrix, first_treated, weights), about.T @ about / len(about)


def _as_it_happened(matrix: Array, first_treated: Codes, weights: Array) -> Array:
    """Return the weighted sums of outcomes, shape (m,)."""
    which = np.searchsorted(np.unique(first_treated), first_treated)
    return np.asarray(np.einsum("it,mit->m", matrix, weights[:, which]))


def _among(
    matrix: Array, first_treated: Codes, weights: Array, paths: Array, assignments: Codes, supposed: float
) -> tuple[Array, Array]:
    """Return estimates and squared errors under every assignment, shape (n, m)."""
    from evalkit.estimation.few_units.reassigned_two_way import treatment_paths

    units, periods = matrix.shape
    dates, counts = np.unique(first_treated, return_counts=True)
    left = matrix - supposed * treatment_paths(first_treated, periods)
    left = left - left.mean(axis=1, keepdims=True)
    left = left - left.mean(axis=0)
    gains = np.einsum("it,mdt->mid", left, weights, optimize=True)
    centred = paths - (counts[:, None] * paths).sum(axis=1, keepdims=True) / units
    leverage = np.einsum("mdt,mdt->md", weights, centred)
    size = max(1, ASSIGNMENTS_AT_ONCE // units)
    parts = [
        _some(gains, leverage, counts, dates, assignments[start : start + size], 1.0 - 1.0 / units - leverage)
        for start in range(0, len(assignments), size)
    ]
    estimates, squares = (np.concatenate(part) for part in zip(*parts, strict=True))
    return estimates, squares


def _some(
    gains: Array, leverage: Array, counts: Codes, dates: Codes, assignments: Codes, left: Array
) -> tuple[Array, Array]:
    """Return estimates and squared errors, shape (n, m); the latter NaN where one unit carries an effect."""
    first, second = (np.zeros((leverage.shape[0], dates.size, len(assignments))) for _ in range(2))
    for place, date in enumerate(dates):
        holds = (assignments == date).astype(np.float64)
        first[:, place] = gains[:, :, place] @ holds.T
        second[:, place] = gains[:, :, place] ** 2 @ holds.T
    estimates = first.sum(axis=1)
    lever = leverage[:, :, None]
    crossed = second - 2.0 * lever * estimates[:, None] * first + lever**2 * counts[:, None] * estimates[:, None] ** 2
    share = np.where(left > NOTHING_LEFT, left, np.nan)[:, :, None]
    return estimates.T, np.maximum((crossed / share).sum(axis=1), 0.0).T


def wild_effects(
    outcome: Array, columns: Array, null: Array, unit: Codes, period: Codes, cluster: Codes,
    weights: Array | None, draws: int, seed: int, level: float, contrast: Array,
) -> SeveralEffects:  # fmt: skip
    """Return coefficients, and one sum of them as the last, with their wild cluster bootstrap.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
    columns : ndarray, shape (n, k)
    null : ndarray, shape (n, q)
        Columns, sums of the others, of the regression from which it is drawn: of one treatment effect, say, where the
        others are event times, so that leads are zero and lags alike.
    unit, period, cluster : ndarray of int, shape (n,)
        Codes.
    weights : ndarray, shape (n,), or None
    draws, seed : int
    level : float
    contrast : ndarray, shape (k,)
        Of coefficients that are zero in that regression.

    Notes
    -----
    Draws are ``y* = fitted + v_g u``, fitted and u of the regression on `null`, v_g = -1 or 1; with ``A`` the matrix
    that gives coefficients from an outcome, ``b* - b = sum_g v_g A_g u_g``, and the score of cluster g is
    ``A_g (M (v u))_g``, M what the regression leaves: linear in v, so that no regression runs twice. Errors are CR1
    without a factor, which would move every statistic alike. Cameron, Gelbach and Miller (2008), Review of Economics
    and Statistics 90, 414-427.
    """
    from evalkit.estimation.within import within_two_way

    groups = int(cluster.max()) + 1
    within = within_two_way(columns, unit, period, weights)
    carried = within if weights is None else within * weights[:, None]
    coefficients = np.linalg.solve(carried.T @ within, carried.T)
    kept = within_two_way(null, unit, period, weights)
    own = kept if weights is None else kept * weights[:, None]
    response = within_two_way(outcome, unit, period, weights).ravel()
    fitted = kept @ np.linalg.solve(own.T @ kept, own.T @ response)
    rest = response - fitted
    spread = np.zeros((outcome.size, groups))
    spread[np.arange(outcome.size), cluster] = rest
    left = within_two_way(spread, unit, period, weights)
    left = left - within @ (coefficients @ spread)
    residuals = response - within @ (coefficients @ response)
    coefficients = np.vstack([coefficients, contrast @ coefficients])
    sums, values, count = coefficients @ spread, coefficients @ response, len(coefficients)
    scores, seen = _by_cluster(coefficients, left, cluster), _by_cluster(coefficients, residuals[:, None], cluster)
    generator = np.random.Generator(np.random.PCG64(seed))
    signs = 2.0 * generator.integers(0, 2, (draws, groups)) - 1.0
    drawn = np.stack([np.sqrt(np.sum((signs @ scores[j].T) ** 2, axis=1)) for j in range(count)], axis=1)
    errors = np.sqrt(np.sum(seen[:, :, 0] ** 2, axis=1))
    gaps = np.vstack([values - coefficients @ fitted, signs @ sums.T])
    spreads = np.vstack([errors, drawn])
    statistics = np.where(spreads > 0.0, gaps / np.where(spreads > 0.0, spreads, 1.0), 0.0)
    return SeveralEffects(values, errors, statistics, level)


def _by_cluster(weights: ArrayLike, values: ArrayLike, cluster: Codes) -> Array:
    """Return sums over the rows of each cluster of weights times values, shape (weights, clusters, columns)."""
    many, columns = np.asarray(weights, dtype=np.float64), np.asarray(values, dtype=np.float64)
    order = np.argsort(cluster, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)
    return np.stack([many[:, rows] @ columns[rows] for rows in parts], axis=1)
