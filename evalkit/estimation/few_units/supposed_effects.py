"""Randomisation inference for estimators that are not linear in the outcome: each supposed effect is fitted anew."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import LIST_UP_TO, assignments_of
from evalkit.estimation.few_units.inversion import TIE
from evalkit.estimation.few_units.randomisation import RandomisationTest
from evalkit.estimation.inputs import Array, Codes, require_level

Supposing = Callable[[Codes, float], Array]

FARTHEST = 12
"""Doublings of the first step, after which an effect that is not rejected counts as infinite."""
BISECTIONS = 16


def supposed_effect_test(
    statistics: Supposing,
    first_treated: ArrayLike,
    centre: float,
    scale: float,
    draws: int = 499,
    seed: int = 0,
    level: float = 0.95,
    list_up_to: int = LIST_UP_TO,
    words: str = "the estimate",
) -> RandomisationTest:
    """Return the randomisation test of no effect, and the interval of supposed effects that are not rejected.

    Parameters
    ----------
    statistics : callable
        From assignments, shape (n, units), and a supposed effect to the statistics, shape (n,), of what is left of the
        outcome once that effect is taken out of what was treated.
    first_treated : array_like of int, shape (units,)
        Index of the first treated period as it happened; the number of periods for units that are never treated.
    centre : float
        The estimate, where the search for the ends begins.
    scale : float
        Above zero: the first step, of the size of a standard error.
    draws, seed, list_up_to : int
        For `evalkit.estimation.few_units.assignments.assignments_of`.
    level : float
        Confidence level.
    words : str
        What is compared, for the rule.

    Returns
    -------
    RandomisationTest

    Raises
    ------
    DesignError
        If no other assignment is possible, the statistic of what happened is not finite, or the scale is not above
        zero.

    Notes
    -----
    ``p(d)`` is the share of assignments with ``|t_j(d)| >= |t_observed(d)|``, the observed one counted: exact for the
    sharp null of d where all are listed. Outward from the estimate the step is doubled up to 12 times; between the last
    effect with ``p(d) > 1 - level`` and the next the end is bisected 16 times. An assignment without a finite statistic
    counts as extreme.

    References
    ----------
    Imbens and Rubin (2015), Causal Inference, chapter 5.
    """
    if not (math.isfinite(scale) and scale > 0.0):
        raise DesignError(f"the scale of the search is {scale}: the outcome does not vary", mend="check the outcome")
    alpha = 1.0 - require_level(level) + 1e-12
    drawn = assignments_of(first_treated, draws, seed, list_up_to)

    def p_value(effect: float) -> float:
        found = np.abs(statistics(drawn.first_treated, effect))
        return float(np.mean(found >= found[0] * (1.0 - TIE)))

    at_zero = statistics(drawn.first_treated, 0.0)
    if not np.isfinite(at_zero[0]):
        raise DesignError("the statistic of what happened is not finite", mend="choose another estimator")
    smallest = drawn.smallest_p_of(at_zero)
    low, high = (_end(p_value, centre, sign * scale, alpha) for sign in (-1.0, 1.0))
    return RandomisationTest(
        coefficient=float("nan"),
        observed=float(at_zero[0]),
        p_value=float(np.mean(np.abs(at_zero) >= abs(at_zero[0]) * (1.0 - TIE))),
        low=low,
        high=high,
        level=level,
        smallest_p=smallest,
        assignments=len(drawn.first_treated),
        possible=drawn.possible,
        listed=drawn.listed,
        seed=drawn.seed,
        statistics=at_zero,
        rule=f"randomisation inference on {words}, {drawn.rule}; smallest attainable p {smallest:.3g}; "
        "interval by test inversion, each supposed effect taken out and fitted anew",
    )


def _end(p_value: Callable[[float], float], centre: float, step: float, alpha: float) -> float:
    """Return the outermost effect on one side that is not rejected."""
    inside = 0.0
    for doubling in range(FARTHEST):
        outside = step * 2.0**doubling
        if p_value(centre + outside) <= alpha:
            break
        inside = outside
    else:
        return math.copysign(math.inf, step)
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2.0
        if p_value(centre + middle) > alpha:
            inside = middle
        else:
            outside = middle
    return centre + inside
