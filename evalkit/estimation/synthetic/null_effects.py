"""What synthetic methods find in a panel where nothing happened, and in a few placebos of it: for planning."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from evalkit.estimation.inputs import Array, Codes
from evalkit.estimation.synthetic.synthetic_control import synthetic_control
from evalkit.estimation.synthetic.synthetic_did import synthetic_did_effect


class NullEffects(NamedTuple):
    """Effects in one panel where nothing happened.

    Attributes
    ----------
    effect, scale : float
        Of the treated, and what it is divided by before it is ranked (the root mean squared gap before; 1 where effects
        are ranked as they are).
    placebos : ndarray, shape (n,)
        Statistics of placebos over donors, in absolute value.
    """

    effect: float
    scale: float
    placebos: Array


def null_effects(
    outcome: Array, first_treated: Codes, method: Literal["synthetic_did", "synthetic_control"], seed: int
) -> NullEffects:
    """Return what a synthetic method finds where nothing happened.

    Parameters
    ----------
    outcome : ndarray, shape (units, periods)
    first_treated : ndarray of int, shape (units,)
        As the methods read it.
    method : {"synthetic_did", "synthetic_control"}
    seed : int
        Which donors are placebos.

    Raises
    ------
    DesignError
        As the methods.

    Notes
    -----
    One placebo, a set of donors as many as the treated with the treated left out, stands for all of a study: over many
    panels they make the pool with which `evalkit.estimation.few_units.planned_power.by_placebo_ranks` compares. A
    constant effect in the treated cells moves the effect by as much and leaves weights and placebos as they are. (The
    penalty of synthetic difference in differences is that of the placebo's own donors, not of the treated's.)
    """
    donors = first_treated == outcome.shape[1]
    starts = np.append(first_treated[~donors], np.full(int(donors.sum() - (~donors).sum()), outcome.shape[1]))
    dealt = np.random.Generator(np.random.PCG64(seed)).permutation(starts)
    if method == "synthetic_did":
        effect = synthetic_did_effect(outcome, first_treated)
        return NullEffects(effect, 1.0, np.abs([synthetic_did_effect(outcome[donors], dealt)]))
    fit, other = synthetic_control(outcome, first_treated), synthetic_control(outcome[donors], dealt)
    if fit.pre_rmse == 0.0 or other.pre_rmse == 0.0:  # A perfect fit before: then effects themselves are ranked.
        return NullEffects(fit.effect, 1.0, np.abs([other.effect]))
    return NullEffects(fit.effect, fit.pre_rmse, np.abs([other.effect / other.pre_rmse]))
