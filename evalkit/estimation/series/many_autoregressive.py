"""Regression with AR(1) errors of many series at once: sums, the restricted likelihood's maximum, and its uncertainty.

`autoregressive` fits one series. Simulation needs thousands, and there nearly all of the time goes
into calls; here each step is one operation on all series. The equations are the same and so are the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.estimation.inputs import Array, Codes, Mask
from evalkit.estimation.series.autoregressive import GRID

ROOT_TOLERANCE, ROOT_STEPS, NARROWINGS = 1e-13, 80, 6


class Spread(NamedTuple):
    """How sure a fit is of each contrast, series by series.

    Attributes
    ----------
    known, adjusted : ndarray, shape (r, m)
        Variance with the autocorrelation taken as known, and with Kenward and Roger's first-order correction.
    df : ndarray, shape (r, m)
        Satterthwaite's degrees of freedom.
    """

    known: Array
    adjusted: Array
    df: Array


@dataclass(frozen=True, eq=False)
class Sums:
    """Cross-products by length of gap, from which weighted sums at any autocorrelation cost no pass over the series.

    Attributes
    ----------
    basis : ndarray, shape (1 or r, n, k)
        Regressors, shared or one set for each series.
    left : ndarray, shape (r, n)
        What is left of each outcome once it is freed of the regressors (or of a start near the solution).
    gaps : ndarray of int, shape (n - 1,)
        Steps between neighbouring periods.
    lengths, counts : ndarray, shape (g,)
        Distinct steps, and how often each occurs.
    inner, edge, corner : ndarray, shapes (1 + 3g, 1 or r, k, k), (1 + 3g, r, k), (1 + 3g, r)
        Sums of the first period; then, for each length, of the later, the paired and the earlier ones.
    """

    basis: Array
    left: Array
    gaps: Codes
    lengths: Array
    counts: Array
    inner: Array
    edge: Array
    corner: Array

    @classmethod
    def of(cls, basis: Array, left: Array, gaps: Codes) -> Sums:
        """Return the cross-products of regressors (1 or r, n, k) and of what they leave (r, n)."""
        lengths, counts = np.unique(gaps, return_counts=True)
        parts = [_products(basis[:, :1], left[:, :1], basis[:, :1], left[:, :1])]
        spans = [np.flatnonzero(gaps == length) for length in lengths]
        early = [(basis[:, span], left[:, span]) for span in spans]
        late = [(basis[:, span + 1], left[:, span + 1]) for span in spans]
        parts += [_products(*after, *after) for after in late]
        for before, after in zip(early, late, strict=True):
            inner, edge, corner = _products(*after, *before)
            turned = _products(*before, *after)
            parts.append((inner + turned[0], edge + turned[1], corner + turned[2]))
        parts += [_products(*before, *before) for before in early]
        inner, edge, corner = (np.stack(kind) for kind in zip(*parts, strict=True))
        return cls(basis, left, gaps, lengths.astype(np.float64), counts.astype(np.float64), inner, edge, corner)

    @property
    def free(self) -> int:
        """Periods less coefficients."""
        return int(self.basis.shape[1] - self.basis.shape[2])

    def some(self, rows: Mask) -> Sums:
        """Return the sums of some of the series."""
        own = self.basis.shape[0] > 1
        return Sums(
            self.basis[rows] if own else self.basis, self.left[rows], self.gaps, self.lengths, self.counts,
            self.inner[:, rows] if own else self.inner, self.edge[:, rows], self.corner[:, rows],
        )  # fmt: skip

    def level(self, rho: Array) -> Array:
        """Return the weight of each sum in ``X' R^-1 X``, shape (1 + 3g, size of rho)."""
        r = rho ** self.lengths[:, None]
        f = 1.0 / (1.0 - r**2)
        return np.concatenate([np.ones((1, rho.size)), f, -r * f, r**2 * f])

    def slope(self, rho: Array) -> Array:
        """Return the weight of each sum in the derivative of ``X' R^-1 X`` by rho."""
        d = self.lengths[:, None]
        r, r1 = rho**d, d * rho ** (d - 1.0)
        f = 1.0 / (1.0 - r**2)
        square = 2.0 * r * r1 * f**2
        return np.concatenate([np.zeros((1, rho.size)), square, -(1.0 + r**2) * r1 * f**2, square])

    def inside(self, weights: Array) -> Array:
        """Return the weighted sum of regressors with regressors, shape (r, k, k); weights have shape (1 + 3g, r)."""
        if self.inner.shape[1] == 1:
            return np.asarray(np.tensordot(weights.T, self.inner[:, 0], axes=1))
        return np.asarray(np.einsum("pr,prkl->rkl", weights, self.inner))

    def beside(self, weights: Array) -> tuple[Array, Array]:
        """Return the weighted sums of regressors with the outcome (r, k), and of the outcome with itself (r,)."""
        return np.einsum("pr,prk->rk", weights, self.edge), np.einsum("pr,pr->r", weights, self.corner)

    def heights(self, rho: Array) -> Array:
        """Return the profile restricted log-likelihood, shape (r,), at one rho (size 1) or at each series' own."""
        weights = self.level(rho)
        inner = self.inside(np.broadcast_to(weights, (weights.shape[0], self.edge.shape[1]))
                            if rho.size == 1 and self.inner.shape[1] > 1 else weights)  # fmt: skip
        edge, corner = self.beside(np.broadcast_to(weights, (weights.shape[0], self.edge.shape[1])))
        solved = np.linalg.solve(inner[0], edge.T).T if inner.shape[0] == 1 else _solve(inner, edge)
        left = np.maximum(corner - np.sum(edge * solved, axis=1), np.finfo(float).tiny)
        log_correlation = self.counts @ np.log1p(-((rho ** self.lengths[:, None]) ** 2))
        return np.asarray(-(self.free * np.log(left) + log_correlation + np.linalg.slogdet(inner)[1]) / 2.0)

    def over_the_grid(self, values: Array = GRID) -> Array:
        """Return `heights` at every value of the grid, shape (size of the grid, r)."""
        if self.inner.shape[1] > 1:
            return np.stack([self.heights(values[at : at + 1]) for at in range(values.size)])
        weights = self.level(values)
        inner = self.inside(weights)
        edge = np.tensordot(weights.T, self.edge, axes=1)
        left = weights.T @ self.corner - np.sum((edge @ np.linalg.inv(inner)) * edge, axis=2)
        log_correlation = self.counts @ np.log1p(-((values ** self.lengths[:, None]) ** 2))
        known = log_correlation + np.linalg.slogdet(inner)[1]
        return np.asarray(-(self.free * np.log(np.maximum(left, np.finfo(float).tiny)) + known[:, None]) / 2.0)

    def score(self, rho: Array) -> Array:
        """Return the derivative of `heights` by rho, shape (r,), each series at its own."""
        inverse = np.linalg.inv(self.inside(self.level(rho)))
        edge, corner = self.beside(self.level(rho))
        slope = self.inside(self.slope(rho))
        slope_edge, slope_corner = self.beside(self.slope(rho))
        solved = np.einsum("rkl,rl->rk", inverse, edge)
        left = corner - np.sum(edge * solved, axis=1)
        turned = np.einsum("rkl,rl->rk", slope, solved)
        change = slope_corner + np.sum(solved * (turned - 2.0 * slope_edge), axis=1)
        trace = np.einsum("rkl,rlk->r", inverse, slope)
        slopes = log_determinant_slope(rho, self.lengths, self.counts)
        return np.asarray(-(self.free * change / left + slopes + trace) / 2.0)


def log_determinant_slope(rho: Array, lengths: Array, counts: Array) -> Array:
    """Return ``d log|R| / d rho`` at each rho."""
    d = lengths[:, None]
    r, r1 = rho**d, d * rho ** (d - 1.0)
    return np.asarray(counts @ (-2.0 * r * r1 / (1.0 - r**2)))


class Maximum(NamedTuple):
    """Where the restricted likelihood of each series is highest.

    Attributes
    ----------
    rho : ndarray, shape (r,)
    held : ndarray of bool, shape (r,)
        Whether it is at an end of the grid and held there.
    settled : ndarray of bool, shape (r,)
        False where the likelihood has no clear peak; rho is then the highest point of the grid.
    """

    rho: Array
    held: Mask
    settled: Mask


def maximise(sums: Sums, values: Array = GRID) -> Maximum:
    """Return the autocorrelation of each series at which its restricted likelihood is highest.

    Notes
    -----
    On the grid of the single fit, then as the root of the score between the neighbours of the best, by the method of
    Anderson and Bjorck.

    References
    ----------
    Anderson and Bjorck (1973), BIT 13, 253-264.
    """
    best = np.argmax(sums.over_the_grid(values), axis=0)
    held = (best == 0) | (best == values.size - 1)
    rho, settled = values[best].copy(), np.ones(best.size, dtype=bool)
    inside = ~held
    if inside.any():
        part = sums.some(inside)
        low, high, found = _bracket(part, values[best[inside] - 1], values[best[inside] + 1])
        settled[np.flatnonzero(inside)[~found]] = False
        if found.any():
            rows = np.flatnonzero(inside)[found]
            rho[rows] = root(part.some(found).score, low[found], high[found])
    return Maximum(rho, held, settled)


def nearby(sums: Sums, start: Array, values: Array = GRID) -> tuple[Array, Mask]:
    """Return the root of the score within 0.06 of a start, and where there is one that the signs of its ends enclose.

    What repeated fits of nearly the same series need between the first and the last of them.
    """
    low, high = np.maximum(start - 0.06, values[0]), np.minimum(start + 0.06, values[-1])
    found = (sums.score(low) > 0.0) & (sums.score(high) < 0.0)
    rho = start.copy()
    if found.any():
        rho[found] = root(sums.some(found).score, low[found], high[found])
    return rho, found


def _bracket(sums: Sums, low: Array, high: Array) -> tuple[Array, Array, Mask]:
    """Return ends between which the score falls through zero, narrowed where a dip follows the peak; and where."""
    low, high = low.copy(), high.copy()
    for _ in range(NARROWINGS):
        wrong = ~((sums.score(low) > 0.0) & (sums.score(high) < 0.0))
        if not wrong.any():
            break
        part = sums.some(wrong)
        fine = np.linspace(low[wrong], high[wrong], GRID.size)
        best = np.clip(np.argmax([part.heights(each) for each in fine], axis=0), 1, GRID.size - 2)
        rows = np.arange(best.size)
        low[wrong], high[wrong] = fine[best - 1, rows], fine[best + 1, rows]
    return low, high, (sums.score(low) > 0.0) & (sums.score(high) < 0.0)


def root(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Return where a function of many numbers, each on its own, falls through zero between two ends.

    Parameters
    ----------
    function : callable
        From shape (r,) to shape (r,).
    low, high : ndarray, shape (r,)
        Ends at which it has opposite signs.

    Returns
    -------
    ndarray, shape (r,)
    """
    first, last = low, high
    at_first, at_last = function(first), function(last)
    done = at_last == 0.0
    for _ in range(ROOT_STEPS):
        apart = at_last - at_first
        step = np.divide(at_last * (first - last), apart, out=np.zeros_like(last), where=apart != 0.0)
        between = np.where(done, last, last + step)
        value = np.where(done, at_last, function(between))
        crossed = value * at_last < 0.0
        ratio = 1.0 - np.divide(value, at_last, out=np.zeros_like(value), where=at_last != 0.0)
        kept = at_first * np.where(ratio > 0.0, ratio, 0.5)
        first, at_first = np.where(crossed, last, first), np.where(crossed, at_last, kept)
        done = done | (np.abs(between - last) <= ROOT_TOLERANCE) | (value == 0.0)
        last, at_last = between, value
        if done.all():
            break
    return last


def spread(sums: Sums, rho: Array, variance: Array, held: Mask, weights: Array) -> Spread:
    """Return the variance of contrasts and their degrees of freedom.

    Parameters
    ----------
    sums : Sums
    rho, variance : ndarray, shape (r,)
        Autocorrelation and sigma^2 of each series.
    held : ndarray of bool, shape (r,)
        Where rho is taken as known.
    weights : ndarray, shape (m, k)
        Contrasts of the coefficients on `sums.basis`.

    Returns
    -------
    Spread

    Notes
    -----
    The equations of `autoregressive`. Since ``V = sigma^2 R``, the terms of Kenward and Roger's
    correction that involve sigma^2 cancel, and only ``2 W_rr F (Q_rr - P_r F P_r) F`` is left; with D the derivative of
    ``R^-1 = L'L`` by rho, ``X' D R D X = Z'Z`` for ``L'Z = D X``.
    """
    inverse = np.linalg.inv(sums.inside(sums.level(rho)))
    slope = sums.inside(sums.slope(rho))
    twice = _twice(sums.basis, rho, sums.gaps)
    towards = np.einsum("rkl,ml->rmk", inverse, weights)
    unit = np.einsum("rmk,mk->rm", towards, weights)
    turned = np.einsum("rmk,rkl->rml", towards, slope)
    bent = np.einsum("rml,rml->rm", turned, towards)
    middle = np.einsum("rmk,rkl,rml->rm", towards, twice, towards, optimize=True)
    middle -= np.einsum("rmk,rkl,rml->rm", turned, inverse, turned, optimize=True)
    product = inverse @ slope
    information = _information(sums, rho, product, np.einsum("rkl,rlk->r", inverse, twice))
    cross = (log_determinant_slope(rho, sums.lengths, sums.counts) + np.einsum("rkk->r", product)) / 2.0
    # In units of sigma^2 the information is free / 2, cross and `information`, and its inverse follows by hand.
    determinant = sums.free / 2.0 * information - cross**2
    known_part = np.where(held, 2.0 / sums.free, information / determinant)
    joint = np.where(held, 0.0, -cross / determinant)
    rho_part = np.where(held, 0.0, sums.free / 2.0 / determinant)
    change = -bent
    total = known_part[:, None] * unit**2 + 2.0 * joint[:, None] * unit * change + rho_part[:, None] * change**2
    df = np.divide(2.0 * unit**2, total, out=np.full(unit.shape, np.inf), where=total > 0.0)
    known = variance[:, None] * unit
    return Spread(known, known + 2.0 * rho_part[:, None] * variance[:, None] * middle, df)


def _information(sums: Sums, rho: Array, product: Array, trace: Array) -> Array:
    """Return the expected restricted information of rho."""
    d = sums.lengths[:, None]
    r, r1 = rho**d, d * rho ** (d - 1.0)
    whole = sums.counts @ (r1**2 * (1.0 + r**2) / (1.0 - r**2) ** 2)
    return np.asarray(whole - trace + np.einsum("rkl,rlk->r", product, product) / 2.0)


def _twice(basis: Array, rho: Array, gaps: Codes) -> Array:
    """Return ``X' D R D X``, shape (r, k, k), D the derivative of ``R^-1`` by rho."""
    d = gaps.astype(np.float64)
    r = rho[:, None] ** d
    r1 = d * rho[:, None] ** (d - 1.0)
    f = 1.0 / (1.0 - r**2)
    square, cross = (2.0 * r * r1 * f**2)[:, :, None], ((1.0 + r**2) * r1 * f**2)[:, :, None]
    turned = np.zeros((rho.size, *basis.shape[1:]))
    turned[:, 1:] += square * basis[:, 1:] - cross * basis[:, :-1]
    turned[:, :-1] += square * basis[:, :-1] - cross * basis[:, 1:]
    scale = np.sqrt(1.0 - r**2)
    for t in range(gaps.size - 1, -1, -1):
        turned[:, t + 1] *= scale[:, t, None]
        turned[:, t] += (r[:, t] / scale[:, t])[:, None] * turned[:, t + 1]
    return turned.transpose(0, 2, 1) @ turned


def _products(left: Array, left_rest: Array, right: Array, right_rest: Array) -> tuple[Array, Array, Array]:
    """Return the sums over periods of regressors with regressors, regressors with outcome, outcome with outcome."""
    inner = left.transpose(0, 2, 1) @ right
    edge = right_rest @ left[0] if left.shape[0] == 1 else np.einsum("rnk,rn->rk", left, right_rest)
    return inner, edge, np.einsum("rn,rn->r", left_rest, right_rest)


def _solve(matrices: Array, vectors: Array) -> Array:
    """Return each matrix's solution for its own right side."""
    return np.asarray(np.linalg.solve(matrices, vectors[:, :, None])[:, :, 0])
