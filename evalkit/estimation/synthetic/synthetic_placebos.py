"""Placebos in space: the effect that a method finds in units that were not treated, and where the true one ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.inversion import ShiftedStatistics, interval_by_inversion
from evalkit.estimation.inputs import Codes, as_vector, require_level


@dataclass(frozen=True, eq=False)
class PlaceboRanks:
    """Where an effect stands among those of placebos.

    Attributes
    ----------
    p_value : float
        Share of placebos, the true effect counted, with a statistic as large in absolute value.
    rank : int
        Of the true statistic in absolute value, 1 the largest; ties count against it.
    compared : int
        Number of placebos, the true one counted.
    smallest_p : float
        One over that number: where it is above 1 - level, no result could have counted.
    low, high : float
        Interval by inversion of the ranks; infinite where no effect however large is rejected.
    standard_error : float
        Spread of the placebo effects about their mean, divided by their number.
    normal_low, normal_high : float
        Interval of the normal distribution with that standard error.
    normal_p_value : float
        Two-sided, of no effect.
    level : float
        Confidence level.
    """

    p_value: float
    rank: int
    compared: int
    smallest_p: float
    low: float
    high: float
    standard_error: float
    normal_low: float
    normal_high: float
    normal_p_value: float
    level: float


def placebo_ranks(effect: float, placebos: ArrayLike, level: float, scales: ArrayLike | None = None) -> PlaceboRanks:
    """Return the rank of an effect among placebo effects, and the interval that follows.

    Parameters
    ----------
    effect : float
        The true effect.
    placebos : array_like, shape (n,)
        Effects found where nothing happened.
    level : float
        Confidence level.
    scales : array_like, shape (n + 1,), or None
        What each statistic is divided by, the true one first (root mean squared error before); None: effects are
        compared as they are.

    Returns
    -------
    PlaceboRanks

    Raises
    ------
    DesignError
        If there are fewer than two placebos, they are all equal, or the level is not between 0 and 1.

    Notes
    -----
    ``p(d)`` is the share with ``|effect_j - d [j true]| / scale_j`` at least that of the true one, itself counted. The
    interval is every d with ``p(d) > 1 - level``: the effects of the placebos hold no d, since a true effect is in
    none of them. Normal: ``effect +- q(1 - (1 - level) / 2) se``, ``se^2 = sum (e_j - mean)^2 / n``, as Arkhangelsky
    et al. print.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105, 493-505. Firpo and
    Possebom (2018), Journal of Causal Inference 6(2). Arkhangelsky et al. (2021), American Economic Review 111,
    4088-4118, algorithm 4.
    """
    from evalkit.distributions import norm

    others = as_vector(placebos, "placebo effects")
    spread = float(np.std(others))
    if others.size < 2 or not spread > 0.0:
        raise DesignError(
            f"{others.size} placebo effects do not vary: there is nothing to compare with", mend="bring more donors"
        )
    divided = np.ones(others.size + 1) if scales is None else as_vector(scales, "scales", others.size + 1)
    shifted = ShiftedStatistics(
        values=np.append(effect, others),
        slopes=np.append(1.0, np.zeros(others.size)),
        squares=divided**2,
        products=np.zeros(divided.size),
        slope_squares=np.zeros(divided.size),
    )
    low, high = interval_by_inversion(shifted.p_values, effect, spread, level)
    p_value = float(shifted.p_values([0.0])[0])
    reach = float(norm.isf((1.0 - require_level(level)) / 2.0)) * spread
    return PlaceboRanks(
        p_value=p_value,
        rank=round(p_value * divided.size),
        compared=divided.size,
        smallest_p=1.0 / divided.size,
        low=low,
        high=high,
        standard_error=spread,
        normal_low=effect - reach,
        normal_high=effect + reach,
        normal_p_value=float(2.0 * norm.sf(abs(effect) / spread)),
        level=level,
    )


def placebo_adoptions(controls: int, starts: Codes, periods: int, draws: int, seed: int) -> tuple[Codes, bool]:
    """Return placebo adoption periods of units that were never treated.

    Parameters
    ----------
    controls : int
        Number of units never treated.
    starts : ndarray of int, shape (treated,)
        First treated period of each treated unit.
    periods : int
        Number of periods.
    draws : int
        All placebos are listed where they are no more than this, else so many are drawn.
    seed : int
        Seed of numpy's PCG64 generator.

    Returns
    -------
    adoptions : ndarray of int, shape (n, controls)
        `periods` for units that stay untreated.
    listed : bool

    Raises
    ------
    DesignError
        If no fewer units are treated than not.
    """
    if controls <= starts.size:
        raise DesignError(
            f"placebos for {starts.size} treated units need more units that are never treated than {controls}",
            mend="bring more donors, or say `inference: jackknife` or `bootstrap` under design",
            where="design.inference",
        )
    pattern = np.append(starts, np.full(controls - starts.size, periods)).astype(np.int64)
    every = assignments_of(pattern, draws, seed, list_up_to=draws)
    return (every.first_treated if every.listed else every.first_treated[1:]), every.listed
