"""Levels before and after, of treated and comparison observations that are not the same: repeated cross-sections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask
from evalkit.estimation.staggered.change_comparison import TRIM, Comparison, Method, outcome_slopes, require_independent
from evalkit.estimation.staggered.logistic import logistic


class _Mean(NamedTuple):
    """A weighted mean of one variable, each row's contribution to its error, and its normalised weights."""

    value: float
    influence: Array
    share: Array


class _Regression(NamedTuple):
    """A regression in one of four cells: predictions for all rows, and what moves a prediction."""

    predicted: Array
    weights: Array
    residuals: Array
    x: Array
    inverse: Array

    def influence(self, at: Array) -> Array:
        """Return each row's contribution to the prediction at a point."""
        return np.asarray(self.weights * self.residuals * (self.x @ (self.inverse @ at)))


def compare_levels(
    outcome: Array,
    after: Mask,
    treated: Mask,
    weights: Array,
    covariates: Array,
    names: tuple[str, ...],
    method: Method,
) -> Comparison:
    """Return the effect on the treated from levels in two periods, each observed on other units.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        Outcome of rows of both periods.
    after : ndarray of bool, shape (n,)
        Whether the row is of the period of the effect; the others are of the base period.
    treated : ndarray of bool, shape (n,)
        Whether the row is of the treated cohort; the others are compared with.
    weights : ndarray, shape (n,)
        Weights above zero.
    covariates : ndarray, shape (n, k)
        Covariates, without a constant; k may be 0.
    names : tuple of str
        Names of the covariates.
    method : {"outcome_regression", "inverse_probability", "doubly_robust"}
        How covariates are used. Without covariates the three are one: a difference of differences of means.

    Returns
    -------
    Comparison
        With one effect.

    Raises
    ------
    DesignError
        If one of the four cells has no rows, covariates depend on each other, or there is no overlap.

    Notes
    -----
    As `change_comparison.compare_changes`, with means and regressions in each of the four cells of treatment and
    period. doubly_robust is the locally efficient estimator, which regresses the outcome in all four cells. The
    composition of each group is taken to be the same in both periods.

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122, sections 2.2 and 3.2.
    """
    cells = {(group, time): (treated == group) & (after == time) for group in (True, False) for time in (True, False)}
    for (group, time), rows in cells.items():
        if not rows.any():
            raise DesignError(
                f"no {'treated' if group else 'comparison'} rows in the {'period' if time else 'base period'}",
                mend="use wider periods, or other comparison units",
            )
    x = np.column_stack([np.ones(outcome.size), covariates])
    if covariates.shape[1] == 0:
        means = {cell: _mean(outcome, rows * weights) for cell, rows in cells.items()}
        return _four(means, np.zeros(outcome.size), np.zeros(outcome.size, dtype=bool))
    wanted = [cell for cell in cells if not cell[0] or method == "doubly_robust"]
    for cell in wanted:
        require_independent(x[cells[cell]], names)
    if method == "outcome_regression":
        return _outcome_regression(outcome, cells, treated, weights, x)
    if treated.sum() < 2:
        raise DesignError(
            f"one treated row cannot carry {method} with covariates", mend="use outcome_regression, or join cohorts"
        )
    chance = logistic(treated.astype(np.float64), x, weights)
    trimmed = ~treated & (chance.probability >= TRIM)
    odds = np.where(treated | trimmed, 0.0, weights * chance.probability / (1.0 - chance.probability))
    cell_weights = {cell: rows * (weights if cell[0] else odds) for cell, rows in cells.items()}
    if method == "inverse_probability":
        means = {cell: _mean(outcome, each) for cell, each in cell_weights.items()}
        return _four(means, chance.influence @ _tilt(outcome, means, x), trimmed)
    return _doubly_robust(outcome, cells, cell_weights, treated, weights, x, chance.influence, trimmed)


def _mean(values: Array, weights: Array) -> _Mean:
    """Return the weighted mean with its influence."""
    share = weights / weights.sum()
    value = float(share @ values)
    return _Mean(value, share * (values - value), share)


def _four(means: dict[tuple[bool, bool], _Mean], tilt: Array, trimmed: Mask) -> Comparison:
    """Return the difference of differences of four means; `tilt` is the noise of the probabilities."""
    sign = {(True, True): 1.0, (True, False): -1.0, (False, True): -1.0, (False, False): 1.0}
    value = sum(sign[cell] * mean.value for cell, mean in means.items())
    influence = sum((sign[cell] * mean.influence for cell, mean in means.items()), -tilt)
    return Comparison(np.array([value]), influence[:, None], trimmed)


def _tilt(values: Array, means: dict[tuple[bool, bool], _Mean], x: Array) -> Array:
    """Return how the change of the comparison means moves with the coefficients of the probabilities."""
    one, two = means[False, True], means[False, False]
    return np.asarray(x.T @ (one.share * (values - one.value) - two.share * (values - two.value)))


def _regress(outcome: Array, rows: Mask, weights: Array, x: Array) -> _Regression:
    """Return the regression in one cell."""
    slopes, inverse = outcome_slopes(outcome[:, None], rows * weights, x)
    predicted = x @ slopes[:, 0]
    return _Regression(predicted, rows * weights, outcome - predicted, x, inverse)


def _outcome_regression(
    outcome: Array, cells: dict[tuple[bool, bool], Mask], treated: Mask, weights: Array, x: Array
) -> Comparison:
    """Return the change of treated means less the change predicted for all treated rows."""
    one, two = (_mean(outcome, cells[True, time] * weights) for time in (True, False))
    after, before = (_regress(outcome, cells[False, time], weights, x) for time in (True, False))
    expected = _mean(after.predicted - before.predicted, treated * weights)
    at = expected.share @ x
    influence = one.influence - two.influence - expected.influence - after.influence(at) + before.influence(at)
    value = one.value - two.value - expected.value
    return Comparison(np.array([value]), influence[:, None], np.zeros(treated.size, dtype=bool))


def _doubly_robust(
    outcome: Array,
    cells: dict[tuple[bool, bool], Mask],
    cell_weights: dict[tuple[bool, bool], Array],
    treated: Mask,
    weights: Array,
    x: Array,
    chance_influence: Array,
    trimmed: Mask,
) -> Comparison:
    """Return the locally efficient doubly robust comparison."""
    lines = {cell: _regress(outcome, rows, weights, x) for cell, rows in cells.items()}
    after = cells[True, True] | cells[False, True]
    left = outcome - np.where(after, lines[False, True].predicted, lines[False, False].predicted)
    means = {cell: _mean(left, each) for cell, each in cell_weights.items()}
    base = _four(means, chance_influence @ _tilt(left, means, x), trimmed)
    value, influence = base.effect[0], base.influence[:, 0]
    everyone = treated * weights / (treated @ weights)
    for time, sign in ((True, 1.0), (False, -1.0)):
        gap = lines[True, time].predicted - lines[False, time].predicted
        overall, within = _mean(gap, treated * weights), _mean(gap, cells[True, time] * weights)
        value += sign * (overall.value - within.value)
        influence = influence + sign * (overall.influence - within.influence)
        influence = influence + sign * lines[True, time].influence((everyone - means[True, time].share) @ x)
        influence = influence - sign * lines[False, time].influence((everyone - means[False, time].share) @ x)
    return Comparison(np.array([value]), influence[:, None], trimmed)
