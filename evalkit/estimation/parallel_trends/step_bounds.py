"""The interval if steps after the reference period are at most a multiple of the largest step before it."""

from __future__ import annotations

import numpy as np

from evalkit.estimation.inputs import Array, Mask
from evalkit.estimation.parallel_trends.conditional_tests import Inequalities, least_favourable_critical
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates

FIRST_STAGE = 0.1
"""Share of 1 - level that the first stage of the hybrid test takes."""
POINTS = 400
"""Values of the effect between which an end of an interval is sought first."""
HALVINGS = 32
"""Of the step between two such values, to find the end of an interval."""


def step_interval(study: EventEstimates, weights: Array, magnitude: float, level: float) -> tuple[float, float]:
    """Return the lowest and the highest effect that some step and sign do not reject.

    Parameters
    ----------
    study : EventEstimates
        Estimates.
    weights : ndarray, shape (after,)
        Of the periods after the reference in the effect.
    magnitude : float
        Multiple of the largest step before the reference.
    level : float
        Confidence level.

    Returns
    -------
    low, high : float
        As `honest_bounds.relative_magnitudes` explains.
    """
    families, low, high, middle = step_families(study, weights, magnitude, level)
    shares = np.linspace(0.0, 1.0, POINTS)
    grid = low[:, None] + (high - low)[:, None] * shares
    grid = np.sort(np.column_stack([grid, np.clip(middle, low[:, None], high[:, None])]), axis=1)
    accepted = families.accepts(grid) & (high > low)[:, None]
    return _outermost(families, grid, accepted), _outermost(families, grid[:, ::-1], accepted[:, ::-1])


def _outermost(families: Inequalities, grid: Array, accepted: Mask) -> float:
    """Return the end of the accepted values, over all families, on the side where the grid begins."""
    some = accepted.any(axis=1)
    row, first = np.arange(grid.shape[0]), accepted.argmax(axis=1)
    inner, outer = grid[row, first], grid[row, np.maximum(first - 1, 0)]
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2.0
        held = families.accepts(middle[:, None])[:, 0]
        inner, outer = np.where(held, middle, inner), np.where(held, outer, middle)
    ends = inner[some]
    return float(ends.min() if grid[0, 0] < grid[0, -1] else ends.max())


def step_families(
    study: EventEstimates, weights: Array, magnitude: float, level: float
) -> tuple[Inequalities, Array, Array, Array]:
    """Return the tests by step before the reference and its sign, and where their first stage lets the effect lie.

    Parameters
    ----------
    study, weights, magnitude, level
        As in `step_interval`.

    Returns
    -------
    families : Inequalities
        Twice as many as steps before the reference, four statistics each.
    low, high : ndarray, shape (families,)
        Values of the effect that the first stage does not reject; low above high where it rejects all.
    middle : ndarray, shape (families, 2)
        The set of effects that the estimates themselves allow, where there is one.
    """
    change, before = study.differences, study.before
    earlier = np.concatenate([change[:before], -change[:before]])
    later = change[before:]
    errors = _step_errors(study.covariance, earlier, later, magnitude)
    sums = later_sums(weights)
    up = np.where(sums > 0.0, errors[0], errors[1]) @ np.abs(sums)
    down = np.where(sums > 0.0, errors[1], errors[0]) @ np.abs(sums)
    both = errors.sum(axis=0)
    lean = magnitude * float(np.abs(sums).sum())
    whole = np.concatenate([np.zeros(before), weights])
    pair = np.stack([np.broadcast_to(whole, earlier.shape), earlier], axis=1)  # the effect, and the step D
    nothing = np.zeros_like(up)
    on_effect = np.column_stack([1.0 / up, -1.0 / down, nothing, nothing])
    twice = 2.0 * magnitude
    on_step = np.column_stack([-lean / up, -lean / down, -twice / both.min(axis=1), -twice / both.max(axis=1)])
    loads = np.stack([on_effect, on_step], axis=2)
    covariance = pair @ study.covariance @ pair.transpose(0, 2, 1)
    numbers = pair @ study.estimates
    size = FIRST_STAGE * (1.0 - level)
    critical = least_favourable_critical(loads @ _roots(covariance), size)
    second = (1.0 - level - size) / (1.0 - size)
    spread = loads @ covariance @ loads.transpose(0, 2, 1)
    values = (loads @ numbers[:, :, None])[:, :, 0]
    families = Inequalities(values, -on_effect, spread, critical, second)
    low, high = (values[:, 0] - critical) * up, (critical - values[:, 1]) * down
    ends = np.where((values[:, 2:] > critical[:, None]).any(axis=1), low - 1.0, high)
    return families, low, ends, np.column_stack([values[:, 0] * up, -values[:, 1] * down])


def _step_errors(covariance: Array, earlier: Array, later: Array, magnitude: float) -> Array:
    """Return the standard errors of ``+-later - magnitude earlier``, shape (2, families, after)."""
    own = np.einsum("ij,jk,ik->i", later, covariance, later)
    other = np.einsum("ij,jk,ik->i", earlier, covariance, earlier)
    cross = 2.0 * magnitude * (earlier @ covariance @ later.T)
    common = own + magnitude**2 * other[:, None]
    return np.asarray(np.sqrt(np.maximum(np.stack([common - cross, common + cross]), 1e-18 * common.max())))


def _roots(covariance: Array) -> Array:
    """Return A with A A' = covariance for each 2 by 2 matrix, also where a number has no variance."""
    first = np.sqrt(covariance[:, 0, 0])
    lower = covariance[:, 1, 0] / first
    rest = np.sqrt(np.maximum(covariance[:, 1, 1] - lower**2, 0.0))
    return np.stack([np.column_stack([first, np.zeros_like(first)]), np.column_stack([lower, rest])], axis=1)


def later_sums(weights: Array) -> Array:
    """Return the sum of the weights from each period on: by how much each step moves the target; shape (after,)."""
    return np.asarray(np.cumsum(weights[::-1])[::-1])
