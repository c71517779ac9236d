"""Changes of treated units less changes of comparison units, given covariates, and each unit's share in their noise."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask, dependent_columns
from evalkit.estimation.staggered.logistic import logistic

Method = Literal["outcome_regression", "inverse_probability", "doubly_robust"]

TRIM = 0.995
"""A comparison unit whose fitted probability is this high or higher gets no weight: the rule of R's package DRDID."""


class Comparison(NamedTuple):
    """Effects on the treated in several comparisons of the same units.

    Attributes
    ----------
    effect : ndarray, shape (m,)
        Effects, in the outcome's unit.
    influence : ndarray, shape (n, m)
        Contribution of each unit to the effect less its true value; they sum to zero.
    trimmed : ndarray of bool, shape (n,)
        Comparison units that got no weight, their probability of treatment being 0.995 or more.
    """

    effect: Array
    influence: Array
    trimmed: Mask


def compare_changes(
    change: Array, treated: Mask, weights: Array, covariates: Array, names: tuple[str, ...], method: Method
) -> Comparison:
    """Return the effect on the treated from changes of an outcome.

    Parameters
    ----------
    change : ndarray, shape (n, m)
        Outcome less the outcome in the base period, for m comparisons of the same n units.
    treated : ndarray of bool, shape (n,)
        Whether the unit is treated; the others are compared with.
    weights : ndarray, shape (n,)
        Weights above zero.
    covariates : ndarray, shape (n, k)
        Covariates, without a constant; k may be 0.
    names : tuple of str
        Names of the covariates.
    method : {"outcome_regression", "inverse_probability", "doubly_robust"}
        How covariates are used. Without covariates the three are one: a difference of mean changes.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        If covariates depend on each other among comparison units, or there is no overlap.

    Notes
    -----
    With changes ``c``, weights w, treatment d, covariates x with a constant, ``p`` the logistic probability of d and
    ``b`` the regression of c on x among comparison units:

    - outcome_regression: mean of ``c - x'b`` over treated, weights w;
    - inverse_probability: mean of c over treated, weights w, less mean of c over comparison units, weights
      ``w p / (1 - p)``, made to sum to one;
    - doubly_robust: as inverse_probability with ``c - x'b`` for c.

    Influence functions are those of the papers, with the noise of b and p, divided by the number of units, so that
    their sum of squares is the variance.

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122, sections 2 and 3. Heckman, Ichimura and Todd
    (1997), Review of Economic Studies 64, 605-654. Abadie (2005), Review of Economic Studies 72, 1-19.
    """
    none = np.zeros(treated.size, dtype=bool)
    if covariates.shape[1] == 0:
        one, two = _mean(change, treated * weights), _mean(change, ~treated * weights)
        return Comparison(one.value - two.value, one.influence - two.influence, none)
    x = np.column_stack([np.ones(treated.size), covariates])
    require_independent(x[~treated], names)
    if method == "outcome_regression":
        return _outcome_regression(change, treated, weights, x)
    if treated.sum() < 2:
        raise DesignError(
            f"one treated unit cannot carry {method} with covariates: its probability of treatment cannot be estimated",
            mend="use outcome_regression, leave the covariates out, or join cohorts",
        )
    chance = logistic(treated.astype(np.float64), x, weights)
    trimmed = ~treated & (chance.probability >= TRIM)
    odds = np.where(treated | trimmed, 0.0, weights * chance.probability / (1.0 - chance.probability))
    base, noise = change, np.zeros((x.shape[1], 0))
    if method == "doubly_robust":
        slopes, noise = outcome_slopes(change, ~treated * weights, x)
        base = change - x @ slopes
    one, two = _mean(base, treated * weights), _mean(base, odds)
    tilt = x.T @ (odds[:, None] * (base - two.value)) / odds.sum()
    influence = one.influence - two.influence - chance.influence @ tilt
    if method == "doubly_robust":
        gap = (treated * weights) @ x / (treated @ weights) - odds @ x / odds.sum()
        influence = influence - _slope_influence(base, ~treated * weights, x, noise, gap)
    return Comparison(one.value - two.value, influence, trimmed)


class _Mean(NamedTuple):
    """A weighted mean and each unit's contribution to its error."""

    value: Array
    influence: Array


def _mean(values: Array, weights: Array) -> _Mean:
    """Return the weighted mean of each column with its influence."""
    share = weights / weights.sum()
    value = share @ values
    return _Mean(value, share[:, None] * (values - value))


def outcome_slopes(values: Array, weights: Array, x: Array) -> tuple[Array, Array]:
    """Return weighted regression slopes and the inverse of ``X'WX``.

    Parameters
    ----------
    values : ndarray, shape (n, m)
        Outcomes.
    weights : ndarray, shape (n,)
        Weights; 0 leaves a row out.
    x : ndarray, shape (n, k)
        Regressors of full rank where the weight is above zero.

    Returns
    -------
    tuple of ndarray, shapes (k, m) and (k, k)
    """
    root = np.sqrt(weights)[:, None]
    orthonormal, triangle = np.linalg.qr(x * root)
    back = np.linalg.inv(triangle)
    return np.asarray(back @ (orthonormal.T @ (values * root))), np.asarray(back @ back.T)


def _slope_influence(left: Array, weights: Array, x: Array, inverse: Array, at: Array) -> Array:
    """Return each unit's contribution to x'b at a point, from residuals and weights of the regression."""
    return np.asarray((weights * (x @ (inverse @ at)))[:, None] * left)


def _outcome_regression(change: Array, treated: Mask, weights: Array, x: Array) -> Comparison:
    """Return the outcome-regression comparison."""
    slopes, inverse = outcome_slopes(change, ~treated * weights, x)
    left = change - x @ slopes
    one = _mean(left, treated * weights)
    at = (treated * weights) @ x / (treated @ weights)
    influence = one.influence - _slope_influence(left, ~treated * weights, x, inverse, at)
    return Comparison(one.value, influence, np.zeros(treated.size, dtype=bool))


def require_independent(x: Array, names: tuple[str, ...]) -> None:
    """Raise unless covariates and a constant are independent, with rows to spare.

    Parameters
    ----------
    x : ndarray, shape (n, k + 1)
        A constant and the covariates of comparison units.
    names : tuple of str
        Names of the covariates.

    Raises
    ------
    DesignError
        Naming the covariates.
    """
    if x.shape[0] < x.shape[1]:
        raise DesignError(
            f"{x.shape[0]} comparison units cannot carry {x.shape[1] - 1} covariates",
            mend="use fewer covariates, or a wider comparison",
        )
    dependent = dependent_columns(x)
    if dependent:
        raise DesignError(
            f"among comparison units these covariates do not vary, or depend on those before: "
            f"{', '.join(names[j - 1] for j in dependent)}",
            mend="leave them out",
        )
