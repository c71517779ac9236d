"""The probability of being treated given covariates: weighted logistic regression, and what its noise does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array

STEPS = 50
TOLERANCE = 1e-10
OVERLAP = 0.999
"""A fitted probability this high leaves no comparison: the rule of R's package did."""


class Probabilities(NamedTuple):
    """Fitted probabilities of treatment.

    Attributes
    ----------
    probability : ndarray, shape (n,)
        Between 0 and 1.
    influence : ndarray, shape (n, k)
        Contribution of each observation to each coefficient less its true value.
    """

    probability: Array
    influence: Array


def logistic(treated: Array, regressors: Array, weights: Array) -> Probabilities:
    """Return the weighted logistic regression of treatment on regressors.

    Parameters
    ----------
    treated : ndarray, shape (n,)
        1 where treated, else 0.
    regressors : ndarray, shape (n, k)
        Regressors of full rank, the constant included.
    weights : ndarray, shape (n,)
        Weights above zero.

    Returns
    -------
    Probabilities

    Raises
    ------
    DesignError
        If treated and comparison observations are told apart (almost) perfectly.

    Notes
    -----
    ``p = 1 / (1 + exp(-x'g))`` by Newton's method on the weighted likelihood. Influence:
    ``(sum w p (1 - p) x x')^-1 w (d - p) x``. A fitted probability of 0.999 or more, or no maximum after 50 steps,
    is refused.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, chapter 4.
    """
    basis, triangle = np.linalg.qr(regressors * np.sqrt(weights)[:, None])
    basis = basis / np.sqrt(weights)[:, None]
    line = np.zeros(treated.size)
    for _ in range(STEPS):
        probability = 1.0 / (1.0 + np.exp(-np.clip(line, -700.0, 700.0)))
        information = (basis * (weights * probability * (1.0 - probability))[:, None]).T @ basis
        try:
            step = basis @ np.linalg.solve(information, basis.T @ (weights * (treated - probability)))
        except np.linalg.LinAlgError:
            break
        size = min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        line = line + size * step
        if float(np.abs(step).max()) <= TOLERANCE * max(1.0, float(np.abs(line).max())):
            probability = 1.0 / (1.0 + np.exp(-line))
            if float(probability.max()) >= OVERLAP:
                break
            information = (basis * (weights * probability * (1.0 - probability))[:, None]).T @ basis
            scores = (weights * (treated - probability))[:, None] * basis
            influence = np.linalg.solve(triangle, np.linalg.solve(information, scores.T)).T
            return Probabilities(probability, np.asarray(influence))
    raise DesignError(
        "the covariates tell treated from comparison units (almost) perfectly, so no weights make them alike",
        mend="use outcome_regression, fewer covariates, or join small cohorts",
    )
