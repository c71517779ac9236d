"""Many series of counts with the same regressors at once: log-linear regression, with and without AR(1) errors.

As `many` for linear regression. Where a count series cannot be fitted (all zeros on a side, say),
`settled` is False and its numbers are NaN.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, log_exposure, require_full_rank
from evalkit.estimation.rules import autocovariance_lags
from evalkit.estimation.series.autoregressive import grid
from evalkit.estimation.series.autoregressive_counts import FULL_STEPS, LARGEST_CORRELATIONS, RUNAWAY, STEPS, TOLERANCE
from evalkit.estimation.series.many import Contrasts, autoregressive_contrasts, by_chunks, joined, long_run, solution
from evalkit.estimation.series.many_autoregressive import Sums, maximise, nearby
from evalkit.estimation.series.positions import gaps_between

POISSON_STEPS, POISSON_TOLERANCE = 60, 1e-10


def quasi_poisson(
    outcomes: ArrayLike,
    regressors: ArrayLike,
    weights: ArrayLike,
    exposure: ArrayLike | None = None,
    lags: int | None = None,
    *,
    newey_west: bool = False,
) -> Contrasts:
    """Return contrasts of log-linear regressions of counts that vary more than chance.

    Parameters
    ----------
    outcomes : array_like, shape (r, n)
        Counts, one series a row.
    regressors : array_like, shape (n, k)
        Shared by all series, the constant included.
    weights : array_like, shape (m, k)
        One contrast a row.
    exposure : array_like, shape (n,), or None
        Exposure of each period, above zero; its logarithm is the offset.
    lags : int or None
        Lags of Newey and West; None: ``floor(4 (n / 100)^(2/9))``.
    newey_west : bool
        Whether standard errors are Newey and West's, else Pearson's dispersion times the inverse information.

    Returns
    -------
    Contrasts

    Raises
    ------
    DesignError
        If shapes differ, terms are dependent, a count is negative or an exposure is not above zero.

    Notes
    -----
    As `evalkit.estimation.regression.generalised_linear` with family quasi_poisson.
    """
    y, basis, towards, offset = _counts(outcomes, regressors, weights, exposure)
    points, terms = basis.shape
    count, _ = autocovariance_lags(lags, points)

    def fitted(part: Array) -> Contrasts:
        scores, settled = _poisson(part, basis, offset)
        mean = np.exp(offset + scores @ basis.T)
        inverse = np.linalg.inv(np.einsum("nk,rn,nl->rkl", basis, mean, basis, optimize=True))
        ahead = np.einsum("mk,rkl->rml", towards, inverse)
        if newey_west:
            influence = np.einsum("rml,nl->rnm", ahead, basis) * (part - mean)[:, :, None]
            variance = long_run(influence, count) * points / (points - terms)
        else:
            phi = np.sum((part - mean) ** 2 / mean, axis=1) / (points - terms)
            variance = phi[:, None] * np.einsum("rml,ml->rm", ahead, towards)
        se = np.where(settled[:, None], np.sqrt(variance), np.nan)
        unknown = np.full(settled.shape, np.nan)
        return Contrasts(scores @ towards.T, se, se, np.full(se.shape, float(points - terms)), unknown, settled)

    return by_chunks(fitted, y)


def quasi_likelihood(
    outcomes: ArrayLike,
    regressors: ArrayLike,
    weights: ArrayLike,
    exposure: ArrayLike | None = None,
    positions: ArrayLike | None = None,
) -> Contrasts:
    """Return contrasts of log-linear regressions of counts with overdispersed, first-order autoregressive errors.

    Parameters
    ----------
    outcomes, regressors, weights, exposure : array_like
        As `quasi_poisson`.
    positions : array_like of int, shape (n,), or None
        Time positions, increasing; a gap is a missing period. None: 0, 1, ..., n - 1.

    Returns
    -------
    Contrasts
        `se` is Kenward and Roger's, `known_se` is for `satterthwaite`; `df` belongs to both.

    Raises
    ------
    DesignError
        As `quasi_poisson`, if fewer than two periods are left over, or positions do not increase.

    Notes
    -----
    As `autoregressive_counts.quasi_likelihood`: repeated restricted likelihood of the linearised
    counts, from the same start, with the same steps and the same end. Between the first step and the last the
    autocorrelation is sought near its last value; at the end over its whole range, and where that finds a higher peak
    the steps go on from there.
    """
    y, basis, towards, offset = _counts(outcomes, regressors, weights, exposure, spare=2)
    gaps = gaps_between(positions, basis.shape[0])

    def fitted(part: Array) -> Contrasts:
        start, possible = _poisson(part, basis, offset)
        scores, found = np.where(possible[:, None], start, 0.0), np.zeros(possible.shape, dtype=bool)
        bound = np.full(possible.shape, LARGEST_CORRELATIONS[-1])
        for largest in LARGEST_CORRELATIONS:
            rows = np.flatnonzero(possible & ~found)
            tried, settled = _settle(part[rows], basis, offset, gaps, start[rows], grid(largest))
            at = rows[settled]
            scores[at], found[at], bound[at] = tried[settled], True, largest
        order = np.argsort(-bound, kind="stable")
        lots = [_fitted(part[at], basis, offset, gaps, scores[at], found[at], towards, largest)
                for largest in LARGEST_CORRELATIONS if (at := np.flatnonzero(bound == largest)).size]  # fmt: skip
        return joined(lots).some(np.argsort(order, kind="stable"))

    return by_chunks(fitted, y)


def _fitted(
    counts: Array, basis: Array, offset: Array, gaps: Codes, scores: Array, found: Mask, towards: Array, largest: float
) -> Contrasts:
    """Return the contrasts of the last linearised fits; what did not settle is marked."""
    sums = _linearised(counts, basis, offset, gaps, scores)
    made = autoregressive_contrasts(sums, scores, towards, grid(largest))
    return replace(made, settled=made.settled & found)


def _settle(
    counts: Array, basis: Array, offset: Array, gaps: Codes, scores: Array, values: Array
) -> tuple[Array, Mask]:
    """Return coefficients at which the linearised fit gives itself back, and where there are such."""
    scores, found = scores.copy(), np.zeros(counts.shape[0], dtype=bool)
    rho, wide = np.zeros(found.size), np.ones(found.size, dtype=bool)
    active = np.arange(found.size)
    for step in range(STEPS):
        active = active[np.max(np.abs(scores[active] @ basis.T), axis=1, initial=0.0) <= RUNAWAY]
        if active.size == 0:
            break
        sums = _linearised(counts[active], basis, offset, gaps, scores[active])
        rho[active], clear = _autocorrelation(sums, rho[active], wide[active], values)
        change, _ = solution(sums, rho[active])
        moved = np.max(np.abs(change @ basis.T), axis=1)
        lost = ~clear | ~np.isfinite(moved)
        # A step that ends the fit must have looked over the whole range of the autocorrelation.
        done = (moved <= TOLERANCE) & wide[active] & ~lost
        scores[active] += change * np.where(done | lost, 0.0, 1.0 if step < FULL_STEPS else 0.5)[:, None]
        found[active[done]] = True
        wide[active] = moved <= TOLERANCE
        active = active[~done & ~lost]
    return scores, found


def _autocorrelation(sums: Sums, start: Array, wide: Mask, values: Array) -> tuple[Array, Mask]:
    """Return the autocorrelation that fits best, near its start or (`wide`) over its range; and where it is clear."""
    rho, clear = start.copy(), np.ones(start.size, dtype=bool)
    narrow, rest = np.flatnonzero(~wide), wide.copy()
    if narrow.size:
        part = sums.some(~wide)
        rho[narrow], found = nearby(part, start[narrow], values)
        # The likelihood can have a second, higher peak, or one beside the end of the grid, where rho would be held.
        coarse = np.max([part.heights(values[at : at + 1]) for at in range(0, values.size, 6)], axis=0)
        beside = np.abs(rho[narrow]) > values[-2]
        rest[narrow[~found | beside | (coarse > part.heights(rho[narrow]))]] = True
    if rest.any():
        peak = maximise(sums.some(rest), values)
        rho[rest], clear[rest] = peak.rho, peak.settled
    return rho, clear


def _linearised(counts: Array, basis: Array, offset: Array, gaps: Codes, scores: Array) -> Sums:
    """Return the sums of ``m^(1/2) (y - m) / m`` on ``m^(1/2) x`` at the means of the coefficients."""
    mean = np.exp(offset + scores @ basis.T)
    root = np.sqrt(mean)
    return Sums.of(root[:, :, None] * basis, (counts - mean) / root, gaps)


def _poisson(counts: Array, basis: Array, offset: Array) -> tuple[Array, Mask]:
    """Return the coefficients of Poisson regressions by Newton's steps, and where they settled."""
    start = np.log(np.maximum(counts.mean(axis=1), 0.5) / np.exp(offset).mean())
    # The constant lies in the span of the basis, so that the mean can start there.
    scores = start[:, None] * (np.ones(basis.shape[0]) @ basis)
    settled, active = np.zeros(start.shape, dtype=bool), np.arange(start.size)
    for _ in range(POISSON_STEPS):
        mean = np.exp(offset + scores[active] @ basis.T)
        information = np.einsum("nk,rn,nl->rkl", basis, mean, basis, optimize=True)
        change = np.linalg.solve(information, ((counts[active] - mean) @ basis)[:, :, None])[:, :, 0]
        size = np.max(np.abs(change @ basis.T), axis=1)
        scores[active] += change * np.minimum(1.0, 2.0 / np.maximum(size, 1e-300))[:, None]
        far = np.max(np.abs(scores[active] @ basis.T - start[active, None]), axis=1) > RUNAWAY
        settled[active[size <= POISSON_TOLERANCE]] = True
        active = active[(size > POISSON_TOLERANCE) & ~far]
        if active.size == 0:
            break
    return scores, settled


def _counts(
    outcomes: ArrayLike, regressors: ArrayLike, weights: ArrayLike, exposure: ArrayLike | None, spare: int = 1
) -> tuple[Array, Array, Array, Array]:
    """Return counts (r, n), an orthonormal basis of the regressors, the contrasts on it, and the offset (n,)."""
    y = as_matrix(outcomes, "outcomes")
    matrix = as_matrix(regressors, "regressors", y.shape[1])
    require_full_rank(matrix, spare=spare)
    if np.any(y < 0.0):
        raise DesignError("a count is negative", mend="use a linear design for outcomes below zero")
    basis, triangle = np.linalg.qr(matrix)
    towards = np.linalg.solve(triangle.T, as_matrix(weights, "contrast weights").T).T
    return y, basis, towards, log_exposure(np.ones(y.shape[1]), exposure)
