"""The smallest change that a study could find: from simulated estimates, and exactly for two counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, require_level
from evalkit.estimation.series.many import Contrasts

LARGEST_COUNT = 1e7
"""Counts beyond which the exact test is not worked out."""


class Shift(NamedTuple):
    """The smallest change that is found in a stated share of studies.

    Attributes
    ----------
    value : float
        On the scale of the estimates, above zero.
    error : float
        Standard error of `value` from the number of simulated series.
    """

    value: float
    error: float


def smallest_shift(null: Contrasts, level: float = 0.95, target: float = 0.8, truth: float = 0.0) -> Shift:
    """Return the smallest true change whose interval leaves out zero, on its own side, in a share of series.

    Parameters
    ----------
    null : Contrasts
        One contrast a series, shape (r, 1), from series without (or with a known) change.
    level : float
        Confidence level of the intervals.
    target : float
        The share, such as 0.8.
    truth : float
        The change that the series hold.

    Returns
    -------
    Shift

    Raises
    ------
    DesignError
        If level or target are no shares, or fewer than 30 series could be fitted.

    Notes
    -----
    An estimate that a true change d moves by d leaves out zero where ``d + u > t se``, u its error. So d is the
    `target` quantile of ``t se - u``; errors are as likely with the other sign, so that ``t se + u`` counts too
    (antithetic), where the series hold no change. The simulation error is that of the quantile by order statistics,
    as if only the r series themselves counted.
    """
    from evalkit import distributions

    require_level(level)
    require_level(target)
    kept = null.settled & np.all(np.isfinite(null.se), axis=1)
    if int(kept.sum()) < 30:
        raise DesignError(f"{int(kept.sum())} of {kept.size} simulated series could be fitted, and 30 are needed",
                          mend="plan for more periods, or fewer terms")  # fmt: skip
    reach = distributions.t.isf((1.0 - level) / 2.0, null.df[kept, 0]) * null.se[kept, 0]
    off = null.values[kept, 0] - truth
    needed = np.concatenate([reach - off, reach + off]) if truth == 0.0 else reach - off
    half = float(np.sqrt(target * (1.0 - target) / kept.sum()))
    ends = np.quantile(needed, [max(target - half, 0.0), min(target + half, 1.0)])
    return Shift(float(np.quantile(needed, target)), float(ends[1] - ends[0]) / 2.0)


def found_share(planted: Contrasts, level: float = 0.95) -> float:
    """Return the share of series whose interval leaves out zero on the side of the estimate's true sign, above.

    Parameters
    ----------
    planted : Contrasts
        One contrast a series, shape (r, 1), from series with a change above zero. A series that could not be fitted
        counts as not found.
    level : float
        Confidence level of the intervals.
    """
    from evalkit import distributions

    with np.errstate(invalid="ignore"):
        low = planted.values[:, 0] - distributions.t.isf((1.0 - level) / 2.0, planted.df[:, 0]) * planted.se[:, 0]
        return float(np.mean(planted.settled & (low > 0.0)))


def power_of_two_counts(mean_before: float, mean_after: float, share_after: float, level: float = 0.95) -> float:
    """Return how often the exact test of two Poisson counts finds a fall.

    Parameters
    ----------
    mean_before, mean_after : float
        Expected counts of the two windows.
    share_after : float
        Exposure after as a share of all exposure, between 0 and 1.
    level : float
        Confidence level.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If counts are not above zero or too large, or a share is not between 0 and 1.

    Notes
    -----
    Given the total N, the count after is Binomial(N, p), ``p = m_after / (m_before + m_after)``; a fall is found where
    twice ``P(B <= b)`` under `share_after` is at most 1 - level, that is up to a largest b(N). The power is the sum
    over N, Poisson with the sum of the means, of the probability of b(N) or fewer; totals beyond 9 standard deviations
    are left out, and of large totals only some are looked at, fifty to a standard deviation.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31, 313-323.
    """
    from evalkit import distributions

    require_level(level)
    total = mean_before + mean_after
    if not (mean_before > 0.0 and mean_after > 0.0 and total < LARGEST_COUNT):
        raise DesignError(f"expected counts are {mean_before:g} and {mean_after:g}", mend="give counts above zero")
    if not 0.0 < share_after < 1.0:
        raise DesignError(f"the share of exposure after is {share_after:g}", mend="give one between 0 and 1")
    reach = 9.0 * np.sqrt(total) + 20.0
    stride = max(1.0, np.floor(np.sqrt(total) / 50.0))
    totals: Array = np.arange(max(0.0, np.floor(total - reach)), np.ceil(total + reach), stride)
    tail = (1.0 - level) / 2.0
    largest = distributions.binom.ppf(tail, totals, share_after)
    largest = np.where(distributions.binom.cdf(largest, totals, share_after) <= tail, largest, largest - 1.0)
    finds = distributions.binom.cdf(largest, totals, mean_after / total)
    chances = distributions.poisson.pmf(totals, total)
    return float(np.sum(chances * np.where(largest >= 0.0, finds, 0.0)) / np.sum(chances))


def smallest_fall_of_rate(
    mean_before: float, mean_after: float, level: float = 0.95, target: float = 0.8
) -> float | None:
    """Return the smallest fall of a rate, as a share, that the exact test of two counts finds; None where none is.

    Parameters
    ----------
    mean_before : float
        Expected count before.
    mean_after : float
        Expected count after if the rate stays.
    level : float
        Confidence level.
    target : float
        Share of studies in which it is found.

    Returns
    -------
    float or None
        Between 0 and 1; None where not even the fall to (nearly) nothing is found so often.

    Raises
    ------
    DesignError
        As `power_of_two_counts`.

    Notes
    -----
    The root over the fall of `power_of_two_counts` less `target`, by bisection to 0.0001. The exact power goes up and
    down a little as counts are whole; the smallest fall is the end of the bisection between none and all.
    """
    require_level(target)
    share = mean_after / (mean_before + mean_after)

    def power(fall: float) -> float:
        return power_of_two_counts(mean_before, mean_after * (1.0 - fall), share, level)

    low, high = 0.0, 1.0 - 1e-9
    if power(high) < target:
        return None
    while high - low > 1e-4:
        middle = (low + high) / 2.0
        low, high = (low, middle) if power(middle) >= target else (middle, high)
    return high
