"""The same segmented regression at many pretend dates at once, to see where it finds a change.

All dates are worked out together as stacks of arrays, a lot of dates at a time. What is costly and hardly moves from
date to date (autocorrelation, number of lags, dispersion of the negative binomial) is held at what the true date gave.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, as_vector
from evalkit.estimation.rules import Family

CELLS = 200_000
"""Numbers in one lot: dates times periods times terms. A lot should fit the processor's own memory."""
SMALLEST_ROOT = 1e-12
"""Terms, each of length one, whose cross-products have a root below this cannot be told apart."""
TOLERANCE, SETTLED, STEPS = 1e-10, 1e-8, 50
"""Change of a count's linear predictor at which steps end, and up to which it counts as settled after the last one."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What an intervention does by the number of periods since its start, as the true one does.

    Attributes
    ----------
    columns : ndarray, shape (w, q)
        Value of each of the q terms that change, 0, 1, ..., w - 1 periods after the start.
    averaged : ndarray of bool, shape (w,)
        Whether the period counts for the average effect.
    seen : ndarray of bool, shape (w,)
        Whether the series has that period; one in a phase-in or a gap is taken out at every date.
    lead : int
        Periods just before the start that are taken out.
    """

    columns: Array
    averaged: Mask
    seen: Mask
    lead: int = 0


@dataclass(frozen=True)
class Errors:
    """How the fit at each date is made and how sure it is of it.

    Attributes
    ----------
    family : str
        gaussian, or a family of counts on the log scale.
    covariance : {"classical", "newey_west"}
    rho : float
        Correlation of neighbouring periods, held; 0 gives ordinary least squares, or a count regression.
    lags : int
        Of newey_west.
    alpha : float
        Dispersion of the negative binomial, held.
    """

    family: Literal["gaussian"] | Family = "gaussian"
    covariance: Literal["classical", "newey_west"] = "classical"
    rho: float = 0.0
    lags: int = 0
    alpha: float = 0.0


@dataclass(frozen=True, eq=False)
class Effects:
    """The average effect at each date.

    Attributes
    ----------
    values, se : ndarray, shape (d,)
        On the model's scale; NaN where it cannot be estimated.
    df : ndarray, shape (d,)
        Degrees of freedom of the t reference; infinite is normal.
    before, after : ndarray of int, shape (d,)
        Periods on each side that were used.
    estimated : ndarray of bool, shape (d,)
        Whether the date has enough periods, and terms that can be told apart.
    """

    values: Array
    se: Array
    df: Array
    before: Codes
    after: Codes
    estimated: Mask

    @property
    def ratios(self) -> Array:
        """Values over their standard errors."""
        return np.asarray(self.values / self.se)


class _Data(NamedTuple):
    """The series: outcome, terms that do not move with the date, positions and the logarithm of the exposure."""

    outcome: Array
    common: Array
    positions: Array
    offset: Array


class _Lot(NamedTuple):
    """Rows of several dates, moved together so that what is left out stands at the end, as zeros."""

    outcome: Array
    matrix: Array
    offset: Array
    valid: Mask
    links: Array
    weights: Array
    before: Codes
    after: Codes
    known: Mask


class _Solved(NamedTuple):
    """Least squares of a lot: coefficients, influence of each row on the effect, residuals, and what was estimable."""

    coefficients: Array
    influence: Array
    quadratic: Array
    residuals: Array
    terms: Codes
    estimated: Mask


def effects_at_dates(
    outcome: ArrayLike,
    common: ArrayLike,
    positions: ArrayLike,
    dates: ArrayLike,
    ends: ArrayLike,
    shape: Shape,
    errors: Errors,
    exposure: ArrayLike | None = None,
    fewest: int = 3,
) -> Effects:
    """Return the average effect at each of many dates.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome on the model's scale (its logarithm where that is modelled); counts for families of counts.
    common : array_like, shape (n, k)
        Terms that do not move with the date: constant, trend, season, covariates. A term that is 0 throughout the rows
        of a date is left out there.
    positions : array_like of int, shape (n,)
        Time positions, increasing.
    dates : array_like of int, shape (d,)
        First position with the intervention, by date.
    ends : array_like, shape (d,)
        Position from which on rows are not used, by date; infinite for all.
    shape : Shape
        What the intervention does.
    errors : Errors
        The rule.
    exposure : array_like, shape (n,), or None
        For families of counts.
    fewest : int
        Periods needed on each side.

    Returns
    -------
    Effects

    Raises
    ------
    DesignError
        If the arrays do not fit one another, or positions do not increase.

    Notes
    -----
    At date s: the regression of the rows before ``s - lead`` and of ``s, ..., s + w - 1``, as far as `ends` and `seen`
    let them, on the common terms and ``f_j(t - s) [t >= s]``, f the columns of `shape`. The effect is ``v'b``, v the
    mean of the latter over the periods that count. With rho, rows are whitened as in
    `autoregressive.whiten`; counts solve ``X' D^(1/2) R^-1 D^(-1/2) (y - m) = 0`` by iteration.
    Estimated are dates with enough periods where no common term first appears after the date (a season that was not
    seen before could pass for the effect) and all terms can be told apart with two periods to spare.

    Standard-error rule: classical ``phi v'(X'WX)^-1 v``, phi the (whitened, Pearson) residual sum of squares over n - k
    (1 for poisson and negative_binomial, which use the normal reference); newey_west
    ``n / (n - k) [sum_t u_t^2 + 2 sum_l (1 - l / (L + 1)) sum_t u_t u_{t-l}]`` with ``u_t = v'(X'WX)^-1 x_t e_t``, e
    the residual. t with n - k. Neither allows for rho being estimated.

    References
    ----------
    Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119, 249-275, for placebo laws.
    """
    y = as_vector(outcome, "outcome")
    size = np.ones(y.size) if exposure is None else as_vector(exposure, "exposure", y.size)
    data = _Data(y, as_matrix(common, "common terms", y.size), as_vector(positions, "positions", y.size), np.log(size))
    if np.any(np.diff(data.positions) <= 0.0):
        raise DesignError("time positions do not increase", mend="sort the series by period, one row a period")
    starts = np.asarray(dates, dtype=np.float64)
    limits = np.broadcast_to(np.asarray(ends, dtype=np.float64), starts.shape)
    step = max(1, CELLS // (y.size * (data.common.shape[1] + shape.columns.shape[1])))
    parts = [
        _effects(_lot(data, starts[at : at + step], limits[at : at + step], shape, errors.rho), errors, fewest)
        for at in range(0, starts.size, step)
    ]
    if not parts:
        none = np.zeros(0)
        return Effects(none, none, none, none.astype(np.int64), none.astype(np.int64), none.astype(bool))
    return Effects(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Effects)))


def difference(series: Effects, comparison: Effects) -> Effects:
    """Return the effects in a series beyond those in its comparison, date by date.

    Parameters
    ----------
    series, comparison : Effects
        At the same dates, from data that are independent of one another.

    Returns
    -------
    Effects
        Variances add; degrees of freedom are Welch's. A date counts where both are estimated.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35.
    """
    own, other = series.se**2, comparison.se**2
    with np.errstate(divide="ignore"):  # Two normal references give a normal one: no degrees of freedom to divide by.
        df = (own + other) ** 2 / (own**2 / series.df + other**2 / comparison.df)
    return Effects(
        series.values - comparison.values, np.sqrt(own + other), df, series.before, series.after,
        series.estimated & comparison.estimated,
    )  # fmt: skip


def _lot(data: _Data, dates: Array, ends: Array, shape: Shape, rho: float) -> _Lot:
    """Return the rows of each date, its terms and the weights of the coefficients in the average effect."""
    window, elapsed = shape.seen.size, data.positions[None, :] - dates[:, None]
    inside = (elapsed >= 0.0) & (elapsed < window)
    place = np.clip(elapsed, 0, window - 1).astype(np.int64)
    earlier = elapsed < -shape.lead
    keep = (earlier | (inside & shape.seen[place])) & (data.positions[None, :] < ends[:, None])
    present = (data.common != 0.0).astype(np.float64)
    first_seen_later = ((keep.astype(np.float64) @ present) > 0.0) & (
        ((keep & earlier).astype(np.float64) @ present) == 0.0
    )
    count = keep.sum(axis=1)
    order = np.argsort(~keep, axis=1, kind="stable")[:, : int(count.max(initial=1))]
    valid = np.arange(order.shape[1])[None, :] < count[:, None]
    after = np.take_along_axis(inside, order, axis=1) & valid
    place = np.take_along_axis(place, order, axis=1)
    moved = np.where(after[..., None], shape.columns[place], 0.0)
    matrix = np.concatenate([np.where(valid[..., None], data.common[order], 0.0), moved], axis=2)
    counted = after & shape.averaged[place]
    shares = counted / np.maximum(counted.sum(axis=1), 1)[:, None]
    weights = np.concatenate(
        [np.zeros((dates.size, data.common.shape[1])), np.einsum("dn,dnq->dq", shares, moved)], axis=1
    )
    links = np.where(valid[:, 1:], rho ** np.diff(data.positions[order], axis=1).clip(min=1.0), 0.0)
    return _Lot(
        np.where(valid, data.outcome[order], 0.0), matrix, np.where(valid, data.offset[order], 0.0), valid, links,
        weights, count - after.sum(axis=1), after.sum(axis=1),
        ~first_seen_later.any(axis=1) & (weights != 0.0).any(axis=1),
    )  # fmt: skip


def _effects(lot: _Lot, errors: Errors, fewest: int) -> Effects:
    """Return the effects of a lot."""
    with np.errstate(all="ignore"):  # A date that cannot be estimated may overflow; it is marked and left out.
        solved, mean = (_gaussian(lot), None) if errors.family == "gaussian" else _counts(lot, errors)
        points = lot.valid.sum(axis=1)
        left = points - solved.terms
        enough = (lot.before >= fewest) & (lot.after >= fewest) & (left >= 2)
        estimated = lot.known & enough & solved.estimated
        left = np.maximum(left, 1)
        uses_t = True
        if errors.covariance == "newey_west":
            variance = _long_run(solved.influence * solved.residuals, errors.lags) * points / left
        elif errors.family in ("gaussian", "quasi_poisson"):
            variance = np.sum(solved.residuals**2, axis=1) / left * solved.quadratic
        else:
            variance, uses_t = solved.quadratic, False
        values = np.einsum("dp,dp->d", lot.weights, solved.coefficients)
        se = np.sqrt(np.maximum(variance, 0.0))
        size = np.abs(lot.outcome).max(axis=1) if mean is None else np.ones(points.size)
        estimated = estimated & np.isfinite(values) & np.isfinite(se) & (se > 1e-12 * size)
    return Effects(
        np.where(estimated, values, np.nan), np.where(estimated, se, np.nan),
        left.astype(np.float64) if uses_t else np.full(left.shape, np.inf), lot.before, lot.after, estimated,
    )  # fmt: skip


def _gaussian(lot: _Lot) -> _Solved:
    """Return least squares of the whitened rows."""
    return _least_squares(_whitened(lot.matrix, lot.links), _whitened(lot.outcome[..., None], lot.links)[..., 0], lot)


def _counts(lot: _Lot, errors: Errors) -> tuple[_Solved, Array]:
    """Return the last step of repeated weighted least squares, and the means; unsettled dates are marked."""
    start = np.where(lot.valid, np.maximum(lot.outcome, 0.5), 1.0)
    line = np.where(lot.valid, np.log(start), 0.0)
    for _ in range(STEPS):
        mean = np.exp(line)
        root = np.where(lot.valid, np.sqrt(mean / (1.0 + errors.alpha * mean)), 0.0)
        working = root * (line - lot.offset + (lot.outcome - mean) / mean)
        design = _whitened(root[..., None] * lot.matrix, lot.links)
        solved = _least_squares(design, _whitened(working[..., None], lot.links)[..., 0], lot)
        new = np.where(lot.valid, lot.offset + np.einsum("dnp,dp->dn", lot.matrix, solved.coefficients), 0.0)
        new = np.clip(new, -700.0, 700.0)
        moved = np.abs(new - line).max(axis=1)
        moved = np.where(np.isfinite(moved), moved, np.inf)
        line = np.where(np.isfinite(new), new, line)
        if np.all((moved <= TOLERANCE) | ~solved.estimated | ~lot.known):
            break
    # Where counts are all zero on one side, the line falls at every step and never settles.
    return solved._replace(estimated=solved.estimated & (moved <= SETTLED)), np.exp(line)


def _least_squares(matrix: Array, outcome: Array, lot: _Lot) -> _Solved:
    """Return least squares by normal equations of columns of length one, refined once by the residuals."""
    size = np.sqrt(np.einsum("dnp,dnp->dp", matrix, matrix))
    empty = ~(size > 0.0)
    size = np.where(empty | ~np.isfinite(size), 1.0, size)
    unit = matrix / size[:, None, :]
    turned = unit.transpose(0, 2, 1)
    products = turned @ unit
    identity = np.eye(products.shape[1])
    products = products + empty[:, None, :] * identity
    sound: Mask = np.isfinite(products).all(axis=(1, 2))
    products = np.where(sound[:, None, None], products, identity)
    estimated: Mask = sound & (np.linalg.eigvalsh(products)[:, 0] > SMALLEST_ROOT)
    inverse = np.linalg.inv(np.where(estimated[:, None, None], products, identity))
    scores = inverse @ (turned @ outcome[..., None])
    scores = scores + inverse @ (turned @ (outcome[..., None] - unit @ scores))
    weights = lot.weights / size
    solved = (inverse @ weights[..., None])[..., 0]
    return _Solved(
        coefficients=scores[..., 0] / size,
        influence=np.einsum("dnp,dp->dn", unit, solved),
        quadratic=np.einsum("dp,dp->d", weights, solved),
        residuals=(outcome[..., None] - unit @ scores)[..., 0],
        terms=(~empty).sum(axis=1),
        estimated=estimated,
    )


def _whitened(values: Array, links: Array) -> Array:
    """Return rows less what their neighbour before foretells, on the scale of the first; `links` is rho^gap."""
    if not links.any():
        return values
    white = values.copy()
    white[:, 1:] = (values[:, 1:] - links[..., None] * values[:, :-1]) / np.sqrt(1.0 - links**2)[..., None]
    # The rows at the end that are left out have no link, and stay zero.
    return white


def _long_run(scores: Array, lags: int) -> Array:
    """Return the sum of squares of each row of scores with Bartlett's weights on its own past."""
    total = np.sum(scores**2, axis=1)
    for lag in range(1, min(lags, scores.shape[1] - 1) + 1):
        total = total + 2.0 * (1.0 - lag / (lags + 1.0)) * np.sum(scores[:, lag:] * scores[:, :-lag], axis=1)
    return np.asarray(total)
