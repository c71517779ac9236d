"""How often a test of few units would find an effect, from panels without one, and the smallest that it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, inf
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.ferman_pinto import supposed_p_values
from evalkit.estimation.few_units.inversion import ShiftedStatistics
from evalkit.estimation.few_units.wild_bootstrap import Distribution, wild_statistics
from evalkit.estimation.inputs import Array, Codes, Mask, as_vector

PILOT, DOUBLINGS, HALVINGS = 100, 12, 7
AROUND = np.array([0.8, 0.9, 1.0, 1.1, 1.25])
"""Effects about the pilot's answer at which all panels are looked at, as shares of it."""


@dataclass(frozen=True, eq=False)
class Null:
    """The test of one panel without an effect, as a function of an effect that is added to its treated cells.

    Attributes
    ----------
    estimate : float
    chances : callable
        From effects, shape (m,), to how likely the test finds each on its own side, shape (m,): 0 or 1, or between
        where what it is compared with is drawn.
    """

    estimate: float
    chances: Callable[[Array], Array]


class Smallest(NamedTuple):
    """The smallest effect that is found in a share of panels.

    Attributes
    ----------
    value : float
        Infinite where no effect however large is found so often.
    error : float
        Its standard error from the number of panels; NaN where there is none.
    """

    value: float
    error: float


def tested(estimate: float, p_values: Callable[[Array], Array], alpha: float) -> Null:
    """Return a test by its p-values of no effect.

    Parameters
    ----------
    estimate : float
        On the panel without an effect; an effect moves it by as much.
    p_values : callable
        From effects that are added, shape (m,), to p-values of no effect, shape (m,).
    alpha : float
        P-values up to it count.
    """

    def chances(effects: Array) -> Array:
        return np.asarray((p_values(effects) <= alpha + 1e-12) & ((estimate + effects) * effects > 0.0), dtype=float)

    return Null(estimate, chances)


def by_reassignment(statistics: ShiftedStatistics, alpha: float) -> Null:
    """Return a randomisation test: an effect d in the data is the supposed effect -d in them without it."""
    estimate = float(statistics.values[0] / statistics.slopes[0])
    return tested(estimate, lambda effects: statistics.p_values(-effects), alpha)


def by_wild_bootstrap(
    outcome: Array, first_treated: Codes, weights: Array, distribution: Distribution, draws: int, seed: int,
    alpha: float,
) -> Null:  # fmt: skip
    """Return the wild cluster bootstrap of the two-way estimate of a panel, shape (units, periods)."""
    units, periods = outcome.shape
    unit, period = np.divmod(np.arange(units * periods), periods)
    treated = (period >= first_treated[unit]).astype(np.float64)
    estimate, shifted = wild_statistics(
        outcome.ravel(), treated[:, None], unit, period, weights.ravel(), distribution, draws, seed
    )
    return tested(estimate, lambda effects: shifted.p_values(-effects - estimate), alpha)


def by_ferman_pinto(change: Array, treated: Mask, sizes: Array | None, picks: Codes, alpha: float) -> Null:
    """Return the test of Ferman and Pinto of the changes of units, by draws `picks`, shape (draws, units)."""
    inverse = None if sizes is None else sizes.mean() / sizes
    estimate = float(change[treated].mean() - change[~treated].mean())
    # An effect d in the data is the supposed effect -d in them without it.
    return tested(estimate, lambda effects: supposed_p_values(change, treated, inverse, picks, -effects), alpha)


def by_standard_error(estimate: float, error: float, df: float | None, alpha: float) -> Null:
    """Return the test of an estimate over its standard error, which a constant effect leaves as it is."""
    from evalkit.distributions import Reference

    reference = Reference(df)
    return tested(estimate, lambda effects: 2.0 * reference.sf(np.abs(estimate + effects) / error), alpha)


def by_placebo_ranks(effect: float, scale: float, placebos: Array, count: int, alpha: float) -> Null:
    """Return the rank among placebos, these being `count` draws of a pool of statistics without an effect.

    Parameters
    ----------
    effect, scale : float
        The statistic is the effect over the scale.
    placebos : ndarray, shape (n,)
        Statistics of placebos in absolute value, ascending.
    count : int
        Placebos in one study.
    alpha : float

    Notes
    -----
    With q the share of the pool as large as the statistic, the rank counts if no more than ``alpha (count + 1) - 1``
    of the placebos are as large: a binomial probability. The true effect is in none of the placebos, since the treated
    are not among their donors.
    """
    from evalkit import distributions

    most = int(np.floor(alpha * (count + 1) + 1e-9)) - 1

    def chances(effects: Array) -> Array:
        beyond = placebos.size - np.searchsorted(placebos, np.abs(effect + effects) / scale)
        found = distributions.binom.cdf(most, count, beyond / placebos.size) if most >= 0 else np.zeros(effects.size)
        return np.asarray(found * ((effect + effects) * effects > 0.0))

    return Null(effect, chances)


def share_found(nulls: Sequence[Null], effects: ArrayLike) -> Array:
    """Return how often each effect is found, shape (m,): the mean over panels, and over a rise and a fall.

    A fall of a size is as likely found in a panel without an effect as a rise of that size in its mirror image, so each
    panel counts with both (antithetic draws).
    """
    sizes = as_vector(effects, "effects")
    return np.asarray(np.mean([(null.chances(sizes) + null.chances(-sizes)) / 2.0 for null in nulls], axis=0))


def smallest_effect(nulls: Sequence[Null], target: float = 0.8) -> Smallest:
    """Return the smallest constant effect that is found in a share of panels.

    Parameters
    ----------
    nulls : sequence of Null
        One a panel; 30 or more.
    target : float
        The share, such as 0.8.

    Returns
    -------
    Smallest

    Raises
    ------
    DesignError
        With fewer than 30 panels, or where estimates do not vary.

    Notes
    -----
    Tests of a linear estimate are functions of the effect that is added, so that power by size of the effect takes no
    panel more. The first 100 panels tell where to look (doubling, then halving), all of them tell the share at five
    effects about there, and between these it is read off a straight line. The standard error is that of the share
    (panels counted once) over the slope there.
    """
    if len(nulls) < 30:
        raise DesignError(f"{len(nulls)} panels could be tested, and 30 are needed", mend="ask for more replications")
    scale = float(np.std([null.estimate for null in nulls]))
    if not (np.isfinite(scale) and scale > 0.0):
        raise DesignError("the estimates of panels without an effect do not vary", mend="check the outcome")
    first = _searched(nulls[:PILOT], scale, target)
    if first == inf:
        return Smallest(inf, float("nan"))
    sizes = first * AROUND
    shares = share_found(nulls, sizes)
    while shares[-1] < target and sizes[-1] < scale * 2.0**DOUBLINGS:
        sizes = np.append(sizes, 1.25 * sizes[-1])
        shares = np.append(shares, share_found(nulls, sizes[-1:]))
    while shares[0] >= target:
        sizes = np.append(0.8 * sizes[0], sizes)
        shares = np.append(share_found(nulls, sizes[:1]), shares)
    if shares[-1] < target:
        return Smallest(inf, float("nan"))
    at = int(np.flatnonzero(shares >= target)[0])
    slope = (shares[at] - shares[at - 1]) / (sizes[at] - sizes[at - 1])
    value = float(sizes[at] - (shares[at] - target) / slope)
    rise = (shares[min(at + 1, sizes.size - 1)] - shares[max(at - 2, 0)]) / (
        sizes[min(at + 1, sizes.size - 1)] - sizes[max(at - 2, 0)]
    )
    return Smallest(value, float(np.sqrt(target * (1.0 - target) / len(nulls)) / rise))


def fewest_comparisons(treated: int, alpha: float, one_by_one: bool = False) -> int:
    """Return how many comparison units it takes for a p-value of `alpha` or less by ranks.

    Parameters
    ----------
    treated : int
    alpha : float
    one_by_one : bool
        Whether placebos are sets of comparison units alone (synthetic methods), not of all units.

    Returns
    -------
    int
    """
    needed, others = int(np.ceil(1.0 / alpha - 1e-9)), 2
    # Half of the units and their other half give the same statistic in absolute value, hence one more than treated.
    while (1 + comb(others, treated) if one_by_one else comb(others + treated, treated)) < needed or others <= treated:
        others += 1
    return others


def _searched(nulls: Sequence[Null], scale: float, target: float) -> float:
    """Return about how large an effect is found in the share; infinite where none is."""
    high = scale
    for _ in range(DOUBLINGS):
        if share_found(nulls, [high])[0] >= target:
            break
        high *= 2.0
    else:
        return inf
    low = high / 2.0 if high > scale else 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if share_found(nulls, [middle])[0] >= target else (middle, high)
    return high


def drawn_assignments(first_treated: Codes, draws: int, seed: int) -> Codes:
    """Return assignments for a test in planning, the observed one first: listed where no more than `draws`."""
    return assignments_of(first_treated, draws, seed, list_up_to=draws).first_treated
