"""Two groups, or one group twice: differences of proportions and of means.

Every difference is a value less a reference: after less before, or treated less untreated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector, require_level

Bootstrap = Literal["percentile", "bca"]


@dataclass(frozen=True)
class Comparison:
    """A difference with its interval and p-value.

    Attributes
    ----------
    value, low, high : float
        The difference and its limits, in the outcome's unit (proportions: shares between 0 and 1).
    se, df : float or None
        Standard error and degrees of freedom; None where the rule has none.
    p_value : float or None
        Two-sided, of no difference; None where the rule has none.
    rule : str
        The rule of interval and p-value in words.
    """

    value: float
    se: float | None
    df: float | None
    low: float
    high: float
    p_value: float | None
    rule: str


def proportion_difference(
    events: int, size: int, reference_events: int, reference_size: int, level: float = 0.95
) -> Comparison:
    """Return the difference of two independent proportions with Newcombe's hybrid score interval.

    Parameters
    ----------
    events, size : int
        Those with the event, and all, in the group of interest.
    reference_events, reference_size : int
        The same in the reference group.
    level : float
        Confidence level.

    Returns
    -------
    Comparison
        se and df are None.

    Raises
    ------
    DesignError
        If a group is empty or events are not between 0 and its size.

    Notes
    -----
    With Wilson limits (l, u) of each proportion p (group of interest) and r (reference), and d = p - r:
    ``low = d - sqrt((p - l_p)^2 + (u_r - r)^2)``, ``high = d + sqrt((u_p - p)^2 + (r - l_r)^2)``. The p-value inverts
    the interval: it is 1 less the level at which a limit touches zero.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Table II is reproduced in the tests.
    """
    from scipy.optimize import brentq

    from evalkit.distributions import norm

    _require_share(events, size)
    _require_share(reference_events, reference_size)
    difference = events / size - reference_events / reference_size

    def limits(z: float) -> tuple[float, float]:
        return _square_and_add(events, size, reference_events, reference_size, z, 0.0)

    def nearest(z: float) -> float:
        return limits(z)[0] if difference > 0.0 else -limits(z)[1]

    touching, far = 0.0, 1.0
    if difference != 0.0:
        while nearest(far) > 0.0:
            far *= 2.0
        touching = float(brentq(nearest, 0.0, far, xtol=1e-14))
    low, high = limits(float(norm.isf((1.0 - require_level(level)) / 2.0)))
    rule = "Newcombe's hybrid score interval (method 10); p-value by inversion of the interval"
    return Comparison(difference, None, None, low, high, float(2.0 * norm.sf(touching)), rule)


def paired_proportion_difference(
    both: int, only: int, reference_only: int, neither: int, level: float = 0.95
) -> Comparison:
    """Return the difference of two proportions of the same people with Newcombe's paired interval.

    Parameters
    ----------
    both : int
        People with the event on both occasions.
    only : int
        With the event on the occasion of interest only (after).
    reference_only : int
        With the event on the reference occasion only (before).
    neither : int
        Without the event on either.
    level : float
        Confidence level.

    Returns
    -------
    Comparison
        ``value = (only - reference_only) / n``; se and df are None. The p-value is McNemar's, exact, so near the
        border it may disagree with the interval about zero; both are stated in the rule.

    Raises
    ------
    DesignError
        If a count is negative or all are zero.

    Notes
    -----
    The interval is that of `proportion_difference` with ``- 2 phi (p - l_p)(u_r - r)`` under each root, phi the
    correlation of the fourfold table, its numerator reduced by n / 2 (not below zero) when positive. The p-value
    doubles the smaller tail of Binomial(only + reference_only, 1/2).

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10. McNemar (1947), Psychometrika 12, 153-157.
    """
    from evalkit.distributions import binom, norm

    cells = np.array([both, only, reference_only, neither], dtype=np.float64)
    n = int(cells.sum())
    if np.any(cells < 0) or np.any(cells != np.round(cells)) or n == 0:
        raise DesignError("the four counts must be whole, none negative and not all zero")
    margins = float(np.prod([both + only, reference_only + neither, both + reference_only, only + neither]))
    numerator = float(both * neither - only * reference_only)
    numerator = max(numerator - n / 2.0, 0.0) if numerator > 0.0 else numerator
    correlation = numerator / float(np.sqrt(margins)) if margins > 0.0 else 0.0
    z = float(norm.isf((1.0 - require_level(level)) / 2.0))
    low, high = _square_and_add(both + only, n, both + reference_only, n, z, correlation)
    discordant = only + reference_only
    p_value = min(1.0, 2.0 * float(binom.cdf(min(only, reference_only), discordant, 0.5)))
    rule = "Newcombe's paired interval (method 10); McNemar's exact p-value"
    return Comparison((only - reference_only) / n, None, None, low, high, p_value, rule)


def mean_difference(values: ArrayLike, reference: ArrayLike, level: float = 0.95) -> Comparison:
    """Return the difference of the means of two independent groups, variances not assumed equal.

    Parameters
    ----------
    values, reference : array_like, shape (m,) and (n,)
        Outcomes of the group of interest and of the reference group.
    level : float
        Confidence level.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        If a group has fewer than two values, or neither varies.

    Notes
    -----
    Standard-error rule: ``se^2 = s_1^2 / m + s_2^2 / n``; t with
    ``se^4 / ((s_1^2 / m)^2 / (m - 1) + (s_2^2 / n)^2 / (n - 1))`` degrees of freedom.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35. Checked against t.test in R.
    """
    first, second = as_vector(values, "values"), as_vector(reference, "reference values")
    if min(first.size, second.size) < 2:
        raise DesignError("a group has fewer than two values, so its variance cannot be estimated")
    shares = np.array([np.var(first, ddof=1) / first.size, np.var(second, ddof=1) / second.size])
    if shares.sum() <= 0.0:
        raise DesignError("neither group varies, so the difference has no standard error")
    df = float(shares.sum() ** 2 / (shares**2 / np.array([first.size - 1, second.size - 1])).sum())
    difference, se = float(first.mean() - second.mean()), float(np.sqrt(shares.sum()))
    return _by_t(difference, se, df, level, f"Welch's t with {df:.1f} degrees of freedom, variances not assumed equal")


def paired_mean_difference(values: ArrayLike, reference: ArrayLike, level: float = 0.95) -> Comparison:
    """Return the mean of the differences of pairs.

    Parameters
    ----------
    values, reference : array_like, shape (n,)
        Outcomes of the same units on the occasion of interest (after) and on the reference occasion (before).
    level : float
        Confidence level.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        If there are fewer than two pairs, or all differ by the same.

    Notes
    -----
    Standard-error rule: ``se = s_d / sqrt(n)``, s_d the standard deviation of the differences; t with n - 1.

    References
    ----------
    Student (1908), Biometrika 6, 1-25. Checked against t.test(paired = TRUE) in R.
    """
    first = as_vector(values, "values")
    change = first - as_vector(reference, "reference values", first.size)
    if change.size < 2 or np.ptp(change) == 0.0:
        raise DesignError(f"{change.size} pairs, and no variation of the difference: it has no standard error")
    se = float(np.std(change, ddof=1) / np.sqrt(change.size))
    rule = f"paired t with {change.size - 1} degrees of freedom"
    return _by_t(float(change.mean()), se, float(change.size - 1), level, rule)


def median_difference(
    values: ArrayLike,
    reference: ArrayLike,
    level: float = 0.95,
    *,
    paired: bool = False,
    method: Bootstrap = "percentile",
    draws: int = 9_999,
    seed: int = 20_240_229,
) -> Comparison:
    """Return the difference of two medians with a bootstrap interval.

    Parameters
    ----------
    values, reference : array_like, shape (m,) and (n,)
        Outcomes of the group of interest (after) and of the reference group (before).
    level : float
        Confidence level.
    paired : bool
        Whether both hold the same units in the same order, which are then drawn as pairs; else each group is drawn
        by itself.
    method : {"percentile", "bca"}
        `bca` is corrected for bias and acceleration.
    draws, seed : int
        Number of resamples, and seed of numpy's PCG64 generator.

    Returns
    -------
    Comparison
        se is the standard deviation of the draws, df and the p-value are None.

    Raises
    ------
    DesignError
        If a group has fewer than five values, or the drawn difference never varies.

    Notes
    -----
    Quantiles of the drawn difference at alpha / 2 and 1 - alpha / 2; for bca at ``Phi(z0 + (z0 + z) / (1 - a (z0 +
    z)))``, z0 from the share of draws below the estimate (half of those equal), a from the jackknife. The estimate is
    the difference of the medians also for pairs, not the median of the differences.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 13 and 14. Checked against
    scipy.stats.bootstrap and boot.ci of R.
    """
    first, second = as_vector(values, "values"), as_vector(reference, "reference values")
    if min(first.size, second.size) < 5 or (paired and first.size != second.size):
        raise DesignError(
            f"{first.size} and {second.size} values: too few for a bootstrap of medians, or no pairs",
            mend="bring five values or more on each side, or use `statistic: mean`",
        )
    estimate = float(np.median(first) - np.median(second))
    drawn = _drawn_medians(first, second, paired, draws, seed)
    if np.ptp(drawn) == 0.0:
        raise DesignError("the medians hardly vary, so they have no interval", mend="use `statistic: mean`")
    tails = np.array([(1.0 - require_level(level)) / 2.0, (1.0 + level) / 2.0])
    if method == "bca":
        tails = _bca_tails(first, second, paired, drawn, estimate, tails)
    low, high = (float(limit) for limit in np.quantile(drawn, tails))
    words = "corrected for bias and acceleration (BCa)" if method == "bca" else "percentile"
    units = "pairs" if paired else "values of each window"
    rule = f"bootstrap of {units}, {words}, {draws:,} draws, seed {seed}"
    return Comparison(estimate, float(np.std(drawn, ddof=1)), None, low, high, None, rule)


def _drawn_medians(first: Array, second: Array, paired: bool, draws: int, seed: int) -> Array:
    """Return differences of medians of resamples."""
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = generator.integers(0, first.size, (draws, first.size))
    others = rows if paired else generator.integers(0, second.size, (draws, second.size))
    return np.asarray(np.median(first[rows], axis=1) - np.median(second[others], axis=1))


def _bca_tails(first: Array, second: Array, paired: bool, drawn: Array, estimate: float, tails: Array) -> Array:
    """Return the shares at which draws are cut, corrected for bias and acceleration."""
    from evalkit.distributions import norm

    below = float(np.mean(drawn < estimate) + np.mean(drawn <= estimate)) / 2.0
    if not 0.0 < below < 1.0:
        raise DesignError("the estimate lies outside its own draws", mend="use `bootstrap: percentile`")
    without = [np.array([np.median(np.delete(group, row)) for row in range(group.size)]) for group in (first, second)]
    moves = [without[0] - without[1]] if paired else [without[0], -without[1]]
    moves = [(move.size - 1) * (move.mean() - move) for move in moves]
    cubes = sum(float(np.sum(move**3)) / move.size**3 for move in moves)
    squares = sum(float(np.sum(move**2)) / move.size**2 for move in moves)
    acceleration = cubes / (6.0 * squares**1.5) if squares > 0.0 else 0.0
    shifted = norm.ppf(below) + norm.ppf(tails)
    return np.asarray(norm.cdf(norm.ppf(below) + shifted / (1.0 - acceleration * shifted)))


def _by_t(difference: float, se: float, df: float, level: float, rule: str) -> Comparison:
    """Return the difference with t limits and p-value."""
    from evalkit.distributions import t

    reach = float(t.isf((1.0 - require_level(level)) / 2.0, df)) * se
    p_value = float(2.0 * t.sf(abs(difference) / se, df))
    return Comparison(difference, se, df, difference - reach, difference + reach, p_value, rule)


def _square_and_add(
    events: int, size: int, reference_events: int, reference_size: int, z: float, correlation: float
) -> tuple[float, float]:
    """Return the limits of a difference from the Wilson limits of its parts, within -1 and 1."""
    p, r = events / size, reference_events / reference_size
    (l_p, u_p), (l_r, u_r) = wilson_interval(p, size, z), wilson_interval(r, reference_size, z)

    def reach(down: float, up: float) -> float:
        return float(np.sqrt(max(down**2 - 2.0 * correlation * down * up + up**2, 0.0)))

    return max(p - r - reach(p - l_p, u_r - r), -1.0), min(p - r + reach(u_p - p, r - l_r), 1.0)


def wilson_interval(share: float, size: int, z: float) -> tuple[float, float]:
    """Return Wilson's score limits of a proportion at z standard deviations."""
    centre = share + z**2 / (2.0 * size)
    reach = z * float(np.sqrt(share * (1.0 - share) / size + z**2 / (4.0 * size**2)))
    return (centre - reach) / (1.0 + z**2 / size), (centre + reach) / (1.0 + z**2 / size)


def _require_share(events: int, size: int) -> None:
    """Raise unless events are between 0 and a size above zero."""
    if size <= 0 or not 0 <= events <= size or events != int(events) or size != int(size):
        raise DesignError(f"{events} events among {size}", mend="give whole counts, events between 0 and the size")
