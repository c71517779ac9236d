"""Tests of few units on many panels at once, as calibration needs: the same numbers as one panel at a time gives.

Each function takes panels that share one roll-out, in rows, and gives for each what the function of the same rule gives
for one: `randomisation.randomisation_test`, `ferman_pinto.ferman_pinto`, `wild_bootstrap.wild_bootstrap`,
`cluster_robust.cluster_robust`. Draws do not depend on outcomes, so they are made once and become matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import LIST_UP_TO, assignments_of
from evalkit.estimation.few_units.cluster_robust import Correction
from evalkit.estimation.few_units.inversion import TIE
from evalkit.estimation.few_units.linear_estimates import NOTHING_LEFT
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths
from evalkit.estimation.inputs import Array, Codes, Mask

AT_ONCE = 64
"""Panels in one product, so that its cells stay in the processor's cache."""


COMPARED = 4
"""Periods that tell nearly all units apart; all are compared where they do not."""


@dataclass(frozen=True, eq=False)
class ManyEstimates:
    """One estimate a panel with a standard error.

    Attributes
    ----------
    values, errors : ndarray, shape (r,)
    df : float
        Degrees of freedom of the t reference; infinite for the normal one.
    """

    values: Array
    errors: Array
    df: float

    def p_values(self, effects: ArrayLike = 0.0) -> Array:
        """Return two-sided p-values of supposed effects, one for all panels or one each, shape (r,)."""
        from evalkit import distributions

        return np.asarray(2.0 * distributions.t.sf(np.abs(self.values - np.asarray(effects)) / self.errors, self.df))


def canonical_order(outcomes: Array, first_treated: Codes | None = None) -> Codes:
    """Return units of each panel in order of start (where given), then of outcomes, period by period.

    Parameters
    ----------
    outcomes : ndarray, shape (r, units, periods)
    first_treated : ndarray of int, shape (units,), or None

    Returns
    -------
    ndarray of int, shape (r, units)
        The order that a study brings its units into before it draws.
    """
    few = outcomes[:, :, :COMPARED]
    starts = np.zeros(outcomes.shape[1], dtype=np.int64) if first_treated is None else first_treated
    keys = [few[:, :, column] for column in range(few.shape[2])][::-1]
    order = np.lexsort((*keys, np.broadcast_to(starts, few.shape[:2])), axis=-1)
    dealt = np.take_along_axis(few, order[:, :, None], axis=1)
    for row in np.flatnonzero((np.diff(dealt, axis=1) == 0.0).all(axis=2).any(axis=1)):
        order[row] = np.lexsort([*outcomes[row].T[::-1], starts])
    return np.asarray(order)


def many_randomisation(
    gains: Array,
    first_treated: Codes,
    weights: Array,
    studentised: bool = True,
    draws: int = 1999,
    seed: int = 0,
    list_up_to: int = LIST_UP_TO,
) -> Array:
    """Return the p-value of no effect of each panel, of an estimate that is linear in the outcome.

    Parameters
    ----------
    gains : ndarray, shape (r, units, dates)
        Products of each unit's outcome with the weights of each adoption date.
    first_treated : ndarray of int, shape (units,)
        The same for all panels; the number of periods for units that are never treated.
    weights : ndarray, shape (dates, periods)
        Weights of the outcomes of a unit, by adoption date, as `linear_estimates.unit_weights` returns them.
    studentised : bool
        Whether estimates are divided by their standard error.
    draws, seed, list_up_to
        As in `assignments.assignments_of`.

    Returns
    -------
    ndarray, shape (r,)

    Raises
    ------
    DesignError
        If one unit alone carries the treatment and estimates are studentised.

    Notes
    -----
    `linear_estimates.linear_statistics` gives the statistic: with each date's products of units, their squares and
    their products with leverage, all assignments of all panels are three matrix products a date.
    """
    dates, counts = np.unique(first_treated, return_counts=True)
    paths = treatment_paths(dates, weights.shape[1])
    paths = paths - paths.mean(axis=1, keepdims=True)
    leverage = np.einsum("ct,ct->c", weights, paths - counts @ paths / first_treated.size)
    left = 1.0 - 1.0 / first_treated.size - leverage
    if studentised and left.min() <= NOTHING_LEFT:
        raise DesignError("one unit alone carries the treatment: its own residual is zero and gives no variance")
    centred = gains - gains.mean(axis=1, keepdims=True)
    dealt = assignments_of(first_treated, draws, seed, list_up_to).first_treated
    chosen = np.hstack([(dealt == date).astype(np.float64) for date in dates])
    fixed = float(np.sum(counts * leverage**2 / left)) if studentised else 0.0
    found = np.empty(len(gains))
    for start in range(0, len(gains), AT_ONCE):
        lot = np.concatenate(list(centred[start : start + AT_ONCE].transpose(2, 1, 0)), axis=0)
        values = chosen @ lot
        spread = np.ones_like(values)
        if studentised:
            by_row = np.repeat(1.0 / left, first_treated.size)[:, None]
            squares = chosen @ (lot**2 * by_row)
            crossed = chosen @ (lot * by_row * np.repeat(leverage, first_treated.size)[:, None])
            spread = squares - 2.0 * values * crossed + values**2 * fixed
        found[start : start + AT_ONCE] = _shares(values**2, np.maximum(spread, 0.0))
    return found


def _shares(squares: Array, spread: Array) -> Array:
    """Return the share of rows as extreme as the first, of squared estimates over squared standard errors."""
    extreme = squares * spread[:1] >= squares[:1] * spread * (1.0 - TIE)
    extreme[0] = True
    return np.asarray(extreme.mean(axis=0))


def many_ferman_pinto(
    changes: Array, treated: Mask, sizes: Array | None = None, draws: int = 1999, seed: int = 0
) -> Array:
    """Return the p-value of no effect of each panel by the test of Ferman and Pinto.

    Parameters
    ----------
    changes : ndarray, shape (r, units)
        Mean after less mean before.
    treated : ndarray of bool, shape (units,)
    sizes : ndarray, shape (r, units), or None
    draws, seed : int
        As in `ferman_pinto.ferman_pinto`.

    Returns
    -------
    ndarray, shape (r,)
    """
    picks = np.random.Generator(np.random.PCG64(seed)).integers(0, treated.size, (draws, treated.size))
    contrast = np.where(treated, 1.0 / treated.sum(), -1.0 / (~treated).sum())
    residuals = changes - changes.mean(axis=1, keepdims=True)
    root = _roots(residuals, sizes)
    drawn = residuals / root
    found = np.empty(len(changes))
    for row, (each, scale) in enumerate(zip(drawn, root, strict=True)):
        extreme = np.abs(each[picks] @ (scale * contrast)) >= abs(float(contrast @ changes[row])) * (1.0 - TIE)
        found[row] = (1.0 + extreme.sum()) / (1.0 + draws)
    return found


def _roots(residuals: Array, sizes: Array | None) -> Array:
    """Return the root of ``A + B / size`` fitted to squared residuals of each panel, neither term negative."""
    squares = residuals**2
    if sizes is None:
        return np.broadcast_to(np.sqrt(squares.mean(axis=1, keepdims=True)), squares.shape)
    inverse = sizes.mean(axis=1, keepdims=True) / sizes
    mean, average = squares.mean(axis=1), inverse.mean(axis=1)
    covariance = (squares * inverse).mean(axis=1) - mean * average
    slope = covariance / inverse.var(axis=1)
    constant = mean - slope * average
    through = (squares * inverse).mean(axis=1) / (inverse**2).mean(axis=1)
    slope, constant = (
        np.where(slope < 0.0, 0.0, np.where(constant < 0.0, through, slope)),
        np.where(slope < 0.0, mean, np.where(constant < 0.0, 0.0, constant)),
    )
    return np.asarray(np.sqrt(constant[:, None] + slope[:, None] * inverse))


def many_wild_bootstrap(changes: Array, treated: Mask, draws: int = 1999, seed: int = 0) -> Array:
    """Return the p-value of no effect of each panel by the wild bootstrap of units that all start together.

    Parameters
    ----------
    changes : ndarray, shape (r, units)
        Mean after less mean before, units in the order of their clusters' codes.
    treated : ndarray of bool, shape (r, units)
        As many in every row.
    draws, seed : int
        As in `wild_bootstrap.wild_bootstrap`, with Rademacher weights.

    Returns
    -------
    ndarray, shape (r,)

    Notes
    -----
    With one start the two-way regression of a balanced panel without weights is that of changes on treatment. With u
    the changes less their mean, a draw's residuals are those of ``v u`` within treated and others, so that sums of
    ``v u`` over each group give estimate and CR1 standard error.
    """
    units, count = treated.shape[1], int(treated[0].sum())
    generator = np.random.Generator(np.random.PCG64(seed))
    signs = np.array([-1.0, 1.0])[generator.integers(0, 2, (draws, units))]
    signs = np.vstack([np.ones((1, units)), signs])
    left = changes - changes.mean(axis=1, keepdims=True)
    share = count / units
    found = np.empty(len(changes))
    for start in range(0, len(changes), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        own, others = (np.where(treated[rows], left[rows], 0.0).T, np.where(treated[rows], 0.0, left[rows]).T)
        inside, outside = signs @ own, signs @ others
        values = inside / count - outside / (units - count)
        spread = (1.0 - share) ** 2 * ((own**2).sum(axis=0) - inside**2 / count)
        spread += share**2 * ((others**2).sum(axis=0) - outside**2 / (units - count))
        found[rows] = _shares(values**2, np.maximum(spread, 0.0))
    return found


def many_cluster_robust(
    changes: Array, treated: Mask, correction: Correction = "CR1", factor: float = 1.0
) -> ManyEstimates:
    """Return the two-way estimate of each panel with a clustered standard error, units all starting together.

    Parameters
    ----------
    changes : ndarray, shape (r, units)
        Mean after less mean before.
    treated : ndarray of bool, shape (units,)
    correction : {"CR1", "CR2", "CR3"}
        CR1 has clusters less one degrees of freedom, CR2 and CR3 Satterthwaite's.
    factor : float
        Small-sample factor of CR1, as `evalkit.estimation.within.cluster_factor` gives it.

    Returns
    -------
    ManyEstimates

    Raises
    ------
    DesignError
        If fewer than two units are on a side, with CR2 and CR3.
    """
    sides = [changes[:, treated], changes[:, ~treated]]
    sizes = np.array([side.shape[1] for side in sides], dtype=np.float64)
    sums = [((side - side.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for side in sides]
    if correction != "CR1" and sizes.min() < 2.0:
        raise DesignError(f"one unit alone is on a side: {correction} finds no variance in it")
    values = sides[0].mean(axis=1) - sides[1].mean(axis=1)
    if correction == "CR1":
        shares, scale, df = 1.0 / sizes**2, factor, float(sizes.sum() - 1.0)
    else:
        shares = 1.0 / (sizes * (sizes - 1.0)) if correction == "CR2" else 1.0 / (sizes - 1.0) ** 2
        scale = 1.0 if correction == "CR2" else float((sizes.sum() - 1.0) / sizes.sum())
        df = float((shares @ (sizes - 1.0)) ** 2 / (shares**2 @ (sizes - 1.0)))
    return ManyEstimates(values, np.sqrt(scale * (shares[0] * sums[0] + shares[1] * sums[1])), df)


def many_staggered(outcomes: Array, first_treated: Codes) -> tuple[ManyEstimates, Array]:
    """Return Callaway and Sant'Anna's average over treated unit-periods of each panel, and its weights.

    Parameters
    ----------
    outcomes : ndarray, shape (r, units, periods)
    first_treated : ndarray of int, shape (units,)
        Index of the first treated period; the number of periods for units that are never treated, of which there must
        be some.

    Returns
    -------
    estimates : ManyEstimates
        With the clustered standard error of the influence functions, noise of cohort shares included.
    weights : ndarray, shape (dates, periods)
        Of the outcomes of a unit, by adoption date, the never treated last.

    Notes
    -----
    Without covariates an effect is a change since the last period before the start, less that of units never treated.
    With a cohort's changes averaged over its treated periods, the estimate and its influence are those of
    `evalkit.estimation.staggered.group_time.group_time_effects` and `aggregation.aggregate` (simple).
    """
    periods = outcomes.shape[2]
    dates, counts = np.unique(first_treated, return_counts=True)
    starts, sizes, never = dates[:-1], counts[:-1], int(counts[-1])
    profile = treatment_paths(starts, periods) / (periods - starts)[:, None]
    profile[np.arange(starts.size), starts - 1] = -1.0
    after = (periods - starts).astype(np.float64)
    shares = sizes * after / (sizes @ after)
    changes = outcomes @ profile.T
    others = first_treated == periods
    control = changes[:, others].mean(axis=1)
    effects = np.stack([changes[:, first_treated == g, k].mean(axis=1) for k, g in enumerate(starts)], axis=1) - control
    values = effects @ shares
    influence = np.zeros(outcomes.shape[:2])
    for k, start in enumerate(starts):
        own = changes[:, first_treated == start, k]
        moved = after[k] * (effects[:, k] - values) / (sizes @ after)
        influence[:, first_treated == start] = (
            shares[k] * (own - own.mean(axis=1, keepdims=True)) / sizes[k] + moved[:, None]
        )
    influence[:, others] = -(changes[:, others] - control[:, None]) @ shares / never
    own_weights = (shares / sizes)[:, None] * profile
    weights = np.vstack([own_weights, -(shares[:, None] * profile).sum(axis=0, keepdims=True) / never])
    return ManyEstimates(values, np.sqrt((influence**2).sum(axis=1)), np.inf), weights
