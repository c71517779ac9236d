"""Many series with the same regressors at once: contrasts of the coefficients, for simulation.

Each function gives what its namesake for a single series gives (`evalkit.estimation.regression`, `autoregressive`,
`prais_winsten`), for thousands of series in the time of a few. Where a series cannot be fitted, `settled` is False and
its numbers are NaN: a simulation counts such series, it does not stop at them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, require_full_rank
from evalkit.estimation.rules import autocovariance_lags
from evalkit.estimation.series.autoregressive import GRID
from evalkit.estimation.series.many_autoregressive import Sums, maximise, spread
from evalkit.estimation.series.positions import gaps_between

TOLERANCE, STEPS = 1e-10, 2000
"""Of the iteration of Prais and Winsten's autocorrelation, as in the single fit."""
CHUNK = 1000
"""Series that are worked on together, so that what they need stays within the processor's own memory."""


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Linear combinations of coefficients, series by series.

    Attributes
    ----------
    values : ndarray, shape (r, m)
        The m combinations of each of the r series.
    se : ndarray, shape (r, m)
        Standard errors; with autoregressive errors those of Kenward and Roger.
    known_se : ndarray, shape (r, m)
        Standard errors with the autocorrelation taken as known, as under `satterthwaite`; else the same as `se`.
    df : ndarray, shape (r, m)
        Degrees of freedom of the t reference; infinite is normal.
    rho : ndarray, shape (r,)
        Autocorrelation as estimated; NaN where the rule has none.
    settled : ndarray of bool, shape (r,)
        Whether the series could be fitted.
    """

    values: Array
    se: Array
    known_se: Array
    df: Array
    rho: Array
    settled: Mask

    def some(self, rows: Mask | Codes) -> Contrasts:
        """Return the contrasts of some of the series, in the order of `rows`."""
        return Contrasts(*(getattr(self, each.name)[rows] for each in fields(Contrasts)))

    def covers(self, truth: ArrayLike, level: float = 0.95, *, known: bool = False) -> Mask:
        """Return whether each interval holds the truth, shape (r, m); False where a series could not be fitted.

        Parameters
        ----------
        truth : array_like, broadcast to (r, m)
        level : float
            Confidence level.
        known : bool
            Whether the standard errors are `known_se`.
        """
        from evalkit import distributions

        reach = distributions.t.isf((1.0 - level) / 2.0, self.df) * (self.known_se if known else self.se)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.abs(self.values - np.asarray(truth)) <= reach)


def joined(parts: list[Contrasts]) -> Contrasts:
    """Return contrasts of several lots of series as one."""
    return Contrasts(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Contrasts)))


def ordinary(outcomes: ArrayLike, regressors: ArrayLike, weights: ArrayLike) -> Contrasts:
    """Return contrasts of least-squares regressions with classical standard errors.

    Parameters
    ----------
    outcomes : array_like, shape (r, n)
        One series a row.
    regressors : array_like, shape (n, k)
        Shared by all series, the constant included.
    weights : array_like, shape (m, k)
        One contrast a row.

    Returns
    -------
    Contrasts

    Raises
    ------
    DesignError
        If shapes differ or terms are dependent.

    Notes
    -----
    As `evalkit.estimation.regression.ordinary`: ``s^2 w'(X'X)^-1 w``, t with n - k.
    """
    y, basis, towards = _shared(outcomes, regressors, weights)
    scores = y @ basis
    left = y - scores @ basis.T
    free = basis.shape[0] - basis.shape[1]
    variance = np.sum(left**2, axis=1) / free
    se = np.sqrt(variance[:, None] * np.sum(towards**2, axis=1))
    return _plain(scores @ towards.T, se, float(free), _left_over(variance, scores))


def newey_west(outcomes: ArrayLike, regressors: ArrayLike, weights: ArrayLike, lags: int | None = None) -> Contrasts:
    """Return contrasts of least-squares regressions with Newey and West's standard errors.

    Parameters
    ----------
    outcomes, regressors, weights : array_like
        As `ordinary`.
    lags : int or None
        Number of autocovariances. None: ``floor(4 (n / 100)^(2/9))``.

    Returns
    -------
    Contrasts

    Raises
    ------
    DesignError
        As `ordinary`, or if lags are not in 0 ... n - 1.

    Notes
    -----
    As `evalkit.estimation.regression.newey_west` with the n / (n - k) factor. For one contrast the sandwich is the
    weighted sum of autocovariances of ``w'(X'X)^-1 x_t e_t``.
    """
    y, basis, towards = _shared(outcomes, regressors, weights)
    points, terms = basis.shape
    count, _ = autocovariance_lags(lags, points)
    scores = y @ basis
    left = y - scores @ basis.T
    influence = left[:, :, None] * (basis @ towards.T)[None]
    variance = long_run(influence, count) * points / (points - terms)
    settled = _left_over(np.mean(left**2, axis=1), scores)
    return _plain(scores @ towards.T, np.sqrt(variance), float(points - terms), settled)


def long_run(influence: Array, lags: int) -> Array:
    """Return the sum of squares of contributions with that of their neighbours, by Bartlett's weights.

    Parameters
    ----------
    influence : ndarray, shape (r, n, m)
        What each period adds to a contrast.
    lags : int

    Returns
    -------
    ndarray, shape (r, m)
    """
    total = np.sum(influence**2, axis=1)
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * np.sum(influence[:, lag:] * influence[:, :-lag], axis=1)
    return np.asarray(np.maximum(total, 0.0))


def restricted_likelihood(
    outcomes: ArrayLike,
    regressors: ArrayLike,
    weights: ArrayLike,
    positions: ArrayLike | None = None,
    *,
    rounded: bool = False,
) -> Contrasts:
    """Return contrasts of regressions with AR(1) errors, each fitted by restricted maximum likelihood.

    Parameters
    ----------
    outcomes, regressors, weights : array_like
        As `ordinary`.
    positions : array_like of int, shape (n,), or None
        Time positions, increasing; a gap is a missing period. None: 0, 1, ..., n - 1.
    rounded : bool
        Whether each autocorrelation is the best on the grid of the single fit (steps of 0.03) and goes no further,
        which is some times faster and moves a standard error by about 1%: for planning, not for estimates.

    Returns
    -------
    Contrasts
        `se` is Kenward and Roger's, `known_se` is for `satterthwaite`; `df` belongs to both.

    Raises
    ------
    DesignError
        As `ordinary`, if fewer than two periods are left over, or positions do not increase.

    Notes
    -----
    As `evalkit.estimation.series.autoregressive.restricted_likelihood`, which has equations and references.
    """
    y, basis, towards = _shared(outcomes, regressors, weights, spare=2)
    gaps = gaps_between(positions, basis.shape[0])

    def fitted(part: Array) -> Contrasts:
        scores = part @ basis
        sums = Sums.of(basis[None], part - scores @ basis.T, gaps)
        return _rounded(sums, scores, towards) if rounded else autoregressive_contrasts(sums, scores, towards)

    return by_chunks(fitted, y)


def _rounded(sums: Sums, scores: Array, towards: Array) -> Contrasts:
    """Return contrasts with each autocorrelation rounded to the grid, where all but the outcome is made once."""
    best = np.argmax(sums.over_the_grid(), axis=0)
    ends = np.isin(np.arange(GRID.size), [0, GRID.size - 1])
    found = spread(sums, GRID, np.ones(GRID.size), ends, towards)
    inverse = np.linalg.inv(sums.inside(sums.level(GRID)))[best]
    edge, corner = sums.beside(sums.level(GRID[best]))
    solved = np.einsum("rkl,rl->rk", inverse, edge)
    variance = np.maximum(corner - np.sum(edge * solved, axis=1), 0.0)[:, None] / sums.free
    return Contrasts(
        (scores + solved) @ towards.T, np.sqrt(variance * found.adjusted[best]), np.sqrt(variance * found.known[best]),
        found.df[best], GRID[best], _left_over(variance[:, 0], scores),
    )  # fmt: skip


def prais_winsten(
    outcomes: ArrayLike, regressors: ArrayLike, weights: ArrayLike, positions: ArrayLike | None = None
) -> Contrasts:
    """Return contrasts of regressions with AR(1) errors by Prais and Winsten's iterated least squares.

    Parameters
    ----------
    outcomes, regressors, weights, positions : array_like
        As `restricted_likelihood`.

    Returns
    -------
    Contrasts
        A series whose autocorrelation reaches 1 in size or does not settle has `settled` False.

    Raises
    ------
    DesignError
        As `restricted_likelihood`, or if no two periods are neighbours.

    Notes
    -----
    As `evalkit.estimation.series.prais_winsten.iterated`, which has equations and references.
    """
    y, basis, towards = _shared(outcomes, regressors, weights, spare=2)
    gaps = gaps_between(positions, basis.shape[0])
    if not np.any(gaps == 1):
        raise DesignError("no two periods are neighbours", mend="count in the series' own periods")

    def fitted(part: Array) -> Contrasts:
        scores = part @ basis
        sums = Sums.of(basis[None], part - scores @ basis.T, gaps)
        rho, settled = _iterate(sums)
        solved, variance = solution(sums, np.where(settled, rho, 0.0))
        inverse = np.linalg.inv(sums.inside(sums.level(np.where(settled, rho, 0.0))))
        unit = np.einsum("mk,rkl,ml->rm", towards, inverse, towards, optimize=True)
        settled &= _left_over(variance, scores)
        se = np.where(settled[:, None], np.sqrt(variance[:, None] * unit), np.nan)
        df = np.full(se.shape, float(sums.free))
        return Contrasts((scores + solved) @ towards.T, se, se, df, rho, settled)

    return by_chunks(fitted, y)


def _iterate(sums: Sums) -> tuple[Array, Mask]:
    """Return the autocorrelation of neighbouring residuals at which generalised least squares gives itself back."""
    groups = sums.lengths.size
    rho, settled = np.zeros(sums.left.shape[0]), np.zeros(sums.left.shape[0], dtype=bool)
    active = np.arange(rho.size)
    for _ in range(STEPS):
        part = sums.some(np.isin(np.arange(rho.size), active))
        solved, _ = solution(part, rho[active])
        # Lengths ascend, so that pairs of neighbours are the first of their kind.
        product, square = (_residual_sum(part, solved, at) for at in (1 + groups, 1 + 2 * groups))
        new = np.divide(product / 2.0, square, out=np.full(square.shape, np.nan), where=square > 0.0)
        done, lost = np.abs(new - rho[active]) <= TOLERANCE, ~(np.abs(new) < 1.0)
        rho[active] = new
        settled[active[done & ~lost]] = True
        active = active[~done & ~lost]
        if active.size == 0:
            break
    return rho, settled


def _residual_sum(sums: Sums, solved: Array, at: int) -> Array:
    """Return one of the sums, taken of residuals in place of outcomes."""
    inner = np.broadcast_to(sums.inner[at], (solved.shape[0], *sums.inner.shape[2:]))
    return np.asarray(
        sums.corner[at]
        - 2.0 * np.sum(solved * sums.edge[at], axis=1)
        + np.einsum("rk,rkl,rl->r", solved, inner, solved, optimize=True)
    )


def autoregressive_contrasts(sums: Sums, scores: Array, towards: Array, values: Array = GRID) -> Contrasts:
    """Return contrasts with AR(1) errors from the sums of freed outcomes.

    Parameters
    ----------
    sums : Sums
    scores : ndarray, shape (r, k)
        Coefficients that the outcomes were freed of.
    towards : ndarray, shape (m, k)
        Contrasts of the coefficients on `sums.basis`.
    values : ndarray
        Grid of the autocorrelation, at whose ends it is held.
    """
    peak = maximise(sums, values)
    solved, variance = solution(sums, peak.rho)
    settled = peak.settled & _left_over(variance, scores)
    found = spread(sums, peak.rho, np.where(settled, variance, np.nan), peak.held, towards)
    return Contrasts(
        (scores + solved) @ towards.T, np.sqrt(found.adjusted), np.sqrt(found.known), found.df, peak.rho, settled
    )


def solution(sums: Sums, rho: Array) -> tuple[Array, Array]:
    """Return coefficients, shape (r, k), and sigma^2, shape (r,), by generalised least squares at each rho."""
    weights = sums.level(rho)
    edge, corner = sums.beside(weights)
    solved = np.linalg.solve(sums.inside(weights), edge[:, :, None])[:, :, 0]
    variance = np.maximum(corner - np.sum(edge * solved, axis=1), 0.0) / sums.free
    return np.asarray(solved), np.asarray(variance)


def _left_over(variance: Array, scores: Array) -> Mask:
    """Return whether a fit leaves more than rounding."""
    return np.asarray(variance > np.maximum(1e-20 * np.mean(scores**2, axis=1), np.finfo(float).tiny))


def by_chunks(fitted: Callable[[Array], Contrasts], outcomes: Array) -> Contrasts:
    """Return the contrasts of all series, some at a time."""
    return joined([fitted(outcomes[at : at + CHUNK]) for at in range(0, outcomes.shape[0], CHUNK)])


def _shared(
    outcomes: ArrayLike, regressors: ArrayLike, weights: ArrayLike, spare: int = 1
) -> tuple[Array, Array, Array]:
    """Return outcomes (r, n), an orthonormal basis of the regressors (n, k), and the contrasts on it (m, k)."""
    y = as_matrix(outcomes, "outcomes")
    matrix = as_matrix(regressors, "regressors", y.shape[1])
    require_full_rank(matrix, spare=spare)
    contrasts = as_matrix(weights, "contrast weights")
    if contrasts.shape[1] != matrix.shape[1]:
        raise DesignError(f"contrast weights have {contrasts.shape[1]} columns for {matrix.shape[1]} coefficients")
    basis, triangle = np.linalg.qr(matrix)
    return y, basis, np.linalg.solve(triangle.T, contrasts.T).T


def _plain(values: Array, se: Array, df: float, settled: Mask) -> Contrasts:
    """Return contrasts of a rule without autocorrelation; what did not settle has no standard error."""
    se = np.where(settled[:, None], se, np.nan)
    return Contrasts(values, se, se, np.full(se.shape, df), np.full(settled.shape, np.nan), settled)
