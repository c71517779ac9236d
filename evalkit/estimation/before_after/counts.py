"""Ratios of two rates: counts before and after, exactly, with dispersion between periods, or between units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector, require_choice, require_level

Method = Literal["exact", "mid_p", "dispersion", "negative_binomial", "paired"]
ExactMethod = Literal["exact", "mid_p"]


@dataclass(frozen=True)
class RateRatio:
    """A rate after over a rate before, with its interval and p-value by one rule.

    Attributes
    ----------
    value, low, high : float
        The ratio and its limits; 0 and infinity where a count is zero.
    p_value : float
        Two-sided, of the ratio being 1.
    method : {"exact", "mid_p", "dispersion", "negative_binomial", "paired"}
        Which function and rule.
    rule : str
        The rule in words.
    se : float or None
        Standard error of the logarithm of the ratio; None where the rule has none.
    df : float or None
        Degrees of freedom of the t reference; None where there is none.
    dispersion : float or None
        Variance over mean, where it is estimated (negative binomial: at the average of the fitted means).
    """

    value: float
    low: float
    high: float
    p_value: float
    method: Method
    rule: str
    se: float | None = None
    df: float | None = None
    dispersion: float | None = None


def rate_ratio(
    before: float,
    after: float,
    exposure_before: float = 1.0,
    exposure_after: float = 1.0,
    level: float = 0.95,
    method: ExactMethod = "exact",
) -> RateRatio:
    """Return the ratio of two Poisson rates, after over before, with an exact or mid-p interval.

    Parameters
    ----------
    before, after : int
        Counts.
    exposure_before, exposure_after : float
        Exposure in the same unit, such as days.
    level : float
        Confidence level.
    method : {"exact", "mid_p"}
        Exact covers at least `level` always; mid_p covers about `level` on average and is shorter.

    Returns
    -------
    RateRatio
        low is 0 if `after` is 0, value and high are infinite if `before` is 0.

    Raises
    ------
    DesignError
        If both counts are zero, a count is not a whole number, or an exposure is not above zero.

    Notes
    -----
    Given n = before + after, after is Binomial(n, p) with ``p / (1 - p) = ratio * exposure_after / exposure_before``.
    Exact: Clopper and Pearson's limits for p, written with F quantiles so that the ratio comes directly; the p-value
    doubles the smaller tail, so it is below 1 - level exactly when the interval leaves out 1. Mid-p: the same with
    half the probability of the observed count, by root finding.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413. Lancaster (1961), Journal of the American Statistical
    Association 56, 223-234. Checked against poisson.test in R.
    """
    require_choice(method, ExactMethod, "the method")
    a, b = _whole(before, "before"), _whole(after, "after")
    scale = _exposure(exposure_before, "before") / _exposure(exposure_after, "after")
    if a + b == 0:
        raise DesignError("both counts are zero: a ratio cannot be estimated", mend="use a longer window")
    limits = _exact_limits if method == "exact" else _mid_p_limits
    low, high = limits(a, b, 1.0 - require_level(level))
    share = 0.5 if method == "mid_p" else 1.0
    words = "mid-p (half the probability of the observed count)" if method == "mid_p" else "exact (Clopper-Pearson)"
    return RateRatio(
        value=b / a * scale if a else float("inf"),
        low=low * scale,
        high=high * scale,
        p_value=min(1.0, 2.0 * min(_tails(a, b, 1.0 / (1.0 + scale), share))),
        method=method,
        rule=f"conditional on the total, {words}; two-sided p doubles the smaller tail",
    )


def dispersion_rate_ratio(
    before: ArrayLike,
    after: ArrayLike,
    exposure_before: ArrayLike = 1.0,
    exposure_after: ArrayLike = 1.0,
    level: float = 0.95,
) -> RateRatio:
    """Return the ratio of two rates whose counts vary between periods by more than chance.

    Parameters
    ----------
    before, after : array_like, shape (m,) and (n,)
        Counts by period.
    exposure_before, exposure_after : float or array_like
        Exposure of each period, in the same unit; one number stands for all.
    level : float
        Confidence level.

    Returns
    -------
    RateRatio

    Raises
    ------
    DesignError
        If a total is zero, there are fewer than three periods, or an exposure is not above zero.

    Notes
    -----
    Quasi-Poisson with one rate before and one after: ``log ratio`` has variance ``phi (1 / A + 1 / B)``, A and B the
    totals, ``phi = sum (y - m)^2 / m / (m + n - 2)`` within before and after and never below 1; t with m + n - 2.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 6.2. Checked against glm(quasipoisson) in R.
    """
    (first, second), weights, df = _two_series(before, after, exposure_before, exposure_after)
    totals = float(first.sum()), float(second.sum())
    chi_squared = sum(
        float(np.sum((y - y.sum() * w / w.sum()) ** 2 / (y.sum() * w / w.sum())))
        for y, w in zip((first, second), weights, strict=True)
    )
    phi = max(1.0, chi_squared / df)
    ratio = (totals[1] / float(weights[1].sum())) / (totals[0] / float(weights[0].sum()))
    se = float(np.sqrt(phi * (1.0 / totals[0] + 1.0 / totals[1])))
    rule = (
        f"quasi-Poisson, variance {phi:.4g} times the mean (never below 1), log scale; t with {df} degrees of freedom"
    )
    return _on_log_scale(ratio, se, float(df), level, "dispersion", rule, phi)


def negative_binomial_rate_ratio(
    before: ArrayLike,
    after: ArrayLike,
    exposure_before: ArrayLike = 1.0,
    exposure_after: ArrayLike = 1.0,
    level: float = 0.95,
) -> RateRatio:
    """Return the ratio of two rates whose counts are negative binomial, variance m + alpha m^2.

    Parameters
    ----------
    before, after, exposure_before, exposure_after, level
        As for `dispersion_rate_ratio`.

    Returns
    -------
    RateRatio
        With alpha 0 it is the Poisson ratio, as its rule says.

    Raises
    ------
    DesignError
        If a total is zero, there are fewer than three periods, an exposure is not above zero, or alpha does not
        converge.

    Notes
    -----
    alpha by maximum likelihood, one rate before and one after given alpha. Standard-error rule: the inverse of the
    expected information, ``1 / sum m / (1 + alpha m)`` of before and of after added; t with m + n - 2.

    References
    ----------
    Lawless (1987), Canadian Journal of Statistics 15, 209-225. Checked against glm.nb of MASS in R.
    """
    from evalkit.estimation.dispersion import negative_binomial_dispersion

    sides, weights, df = _two_series(before, after, exposure_before, exposure_after)

    def rates(alpha: float) -> list[float]:
        return [_negative_binomial_rate(y, w, alpha) for y, w in zip(sides, weights, strict=True)]

    def means(alpha: float) -> Array:
        return np.concatenate([rate * w for rate, w in zip(rates(alpha), weights, strict=True)])

    alpha = negative_binomial_dispersion(np.concatenate(sides), means)
    first, second = rates(alpha)
    information = [float(np.sum(r * w / (1.0 + alpha * r * w))) for r, w in zip((first, second), weights, strict=True)]
    se = float(np.sqrt(1.0 / information[0] + 1.0 / information[1]))
    rule = (
        f"negative binomial by maximum likelihood, variance m + {alpha:.4g} m squared, log scale; t with {df} degrees "
        "of freedom"
    )
    phi = 1.0 + alpha * float(means(alpha).mean())
    return _on_log_scale(second / first, se, float(df), level, "negative_binomial", rule, phi)


def _negative_binomial_rate(counts: Array, exposure: Array, alpha: float) -> float:
    """Return the rate that solves ``sum (y - r e) / (1 + alpha r e) = 0``; the pooled rate with equal exposure."""
    from scipy.optimize import brentq

    rates = counts / exposure
    pooled = float(counts.sum() / exposure.sum())
    if alpha == 0.0 or np.ptp(exposure) <= 1e-12 * float(exposure.max()):
        return pooled

    def score(log_rate: float) -> float:
        mean = np.exp(log_rate) * exposure
        return float(np.sum((counts - mean) / (1.0 + alpha * mean)))

    low = float(np.log(max(float(rates.min()), 1e-12 * pooled))) - 1.0
    return float(np.exp(brentq(score, low, float(np.log(rates.max())) + 1.0, xtol=1e-13)))


def _two_series(
    before: ArrayLike, after: ArrayLike, exposure_before: ArrayLike, exposure_after: ArrayLike
) -> tuple[tuple[Array, Array], tuple[Array, Array], int]:
    """Return counts and exposures by period and the degrees of freedom, or refuse them."""
    first, second = as_vector(before, "counts before"), as_vector(after, "counts after")
    weights = _exposures(exposure_before, first.size), _exposures(exposure_after, second.size)
    df = first.size + second.size - 2
    if np.any(first < 0) or np.any(second < 0) or min(float(first.sum()), float(second.sum())) == 0.0:
        raise DesignError(
            "the counts before or after are all zero, or one is negative", mend="use rate_ratio on totals"
        )
    if df < 1:
        raise DesignError("dispersion needs three periods or more", mend="use rate_ratio on totals")
    return (first, second), weights, df


def paired_counts(
    before: ArrayLike,
    after: ArrayLike,
    exposure_before: ArrayLike = 1.0,
    exposure_after: ArrayLike = 1.0,
    level: float = 0.95,
) -> RateRatio:
    """Return the ratio of rates, after over before, of units that are each their own control.

    Parameters
    ----------
    before, after : array_like, shape (n,)
        Counts of each unit.
    exposure_before, exposure_after : float or array_like
        Exposure of each unit, in the same unit; one number stands for all.
    level : float
        Confidence level.

    Returns
    -------
    RateRatio

    Raises
    ------
    DesignError
        If a total is zero, fewer than two units have a count, units all have the same ratio, or an exposure is not
        above zero.

    Notes
    -----
    Given its total n_i, unit i's count after is Binomial(n_i, p_i), ``p_i / (1 - p_i) = ratio * e_i``, e_i
    its exposure after over before (conditional Poisson, that is Poisson with unit effects). The ratio solves ``sum
    (after_i - n_i p_i) = 0``; with equal e_i it is the ratio of totals. Standard-error rule for the logarithm: ``n / (n
    - 1) sum (after_i - n_i p_i)^2 / (sum n_i p_i (1 - p_i))^2``, which allows any variance between units; t with n - 1,
    n the units with a count.

    References
    ----------
    Wooldridge (1999), Journal of Econometrics 90, 77-97.
    """
    from scipy.optimize import brentq
    from scipy.special import expit

    first = as_vector(before, "counts before")
    second = as_vector(after, "counts after", first.size)
    if np.any(first < 0) or np.any(second < 0) or first.sum() == 0.0 or second.sum() == 0.0:
        raise DesignError(
            "the counts before or after are all zero, or one is negative", mend="use rate_ratio on totals"
        )
    relative = np.log(_exposures(exposure_after, first.size) / _exposures(exposure_before, first.size))
    total, units = first + second, int(np.sum(first + second > 0))
    centre = float(np.log(second.sum() / first.sum()))

    def score(log_ratio: float) -> float:
        return float(np.sum(second - total * expit(log_ratio + relative)))

    # One beyond the bounds on either side, so that rounding cannot hide the change of sign.
    low, high = centre - float(relative.max()) - 1.0, centre - float(relative.min()) + 1.0
    log_ratio = float(brentq(score, low, high, xtol=1e-14))
    share = expit(log_ratio + relative)
    score_variance = float(np.sum((second - total * share) ** 2))
    if units < 2 or score_variance <= 1e-20 * float(total.sum()):
        raise DesignError(
            f"{units} units with a count, and no variation of the ratio between them", mend="use rate_ratio on totals"
        )
    information = float(np.sum(total * share * (1.0 - share)))
    se = float(np.sqrt(units / (units - 1) * score_variance)) / information
    rule = f"conditional on each unit's total, variance between {units} units, log scale; t with {units - 1}"
    return _on_log_scale(float(np.exp(log_ratio)), se, float(units - 1), level, "paired", rule, None)


def _on_log_scale(
    ratio: float, se: float, df: float, level: float, method: Method, rule: str, dispersion: float | None
) -> RateRatio:
    """Return the ratio with t limits and p-value from the standard error of its logarithm."""
    from evalkit.distributions import t

    reach = float(t.isf((1.0 - require_level(level)) / 2.0, df)) * se
    return RateRatio(
        value=ratio,
        low=ratio * float(np.exp(-reach)),
        high=ratio * float(np.exp(reach)),
        p_value=float(2.0 * t.sf(abs(np.log(ratio)) / se, df)),
        method=method,
        rule=rule,
        se=se,
        df=df,
        dispersion=dispersion,
    )


def _exact_limits(before: int, after: int, error: float) -> tuple[float, float]:
    """Return Clopper and Pearson's limits for the odds of `after`."""
    from evalkit.distributions import f

    low = after / (before + 1) * float(f.ppf(error / 2.0, 2 * after, 2 * (before + 1))) if after else 0.0
    high = (after + 1) / before * float(f.isf(error / 2.0, 2 * (after + 1), 2 * before)) if before else float("inf")
    return low, high


def _mid_p_limits(before: int, after: int, error: float) -> tuple[float, float]:
    """Return the mid-p limits for the odds of `after`: where a tail with half the observed count is error / 2."""
    from scipy.optimize import brentq

    def limit(tail: int) -> float:
        def excess(log_odds: float) -> float:
            return _tails(before, after, float(1.0 / (1.0 + np.exp(-log_odds))), 0.5)[tail] - error / 2.0

        return float(np.exp(brentq(excess, -60.0, 36.0, xtol=1e-12)))

    return (limit(1) if after else 0.0), (limit(0) if before else float("inf"))


def _tails(before: int, after: int, probability: float, share: float) -> tuple[float, float]:
    """Return the lower and the upper tail of `after`, with a share of the probability of the observed count."""
    from evalkit.distributions import binom

    n = before + after
    below, upto = binom.cdf(np.array([after - 1, after]), n, probability)
    beyond, from_here = binom.sf(np.array([after, after - 1]), n, probability)
    return float(below + share * (upto - below)), float(beyond + share * (from_here - beyond))


def _whole(count: float, name: str) -> int:
    """Return the count as an integer, or refuse it."""
    if not np.isfinite(count) or count < 0 or count != round(count):
        raise DesignError(f"the count {name} is {count}", mend="exact limits need whole counts of 0 or more")
    return int(count)


def _exposure(exposure: float, name: str) -> float:
    """Return an exposure above zero, or refuse it."""
    if not np.isfinite(exposure) or exposure <= 0.0:
        raise DesignError(f"the exposure {name} is {exposure}", mend="give an exposure above zero")
    return float(exposure)


def _exposures(exposure: ArrayLike, length: int) -> Array:
    """Return one exposure above zero per period or unit."""
    given = np.asarray(exposure, dtype=np.float64)
    vector = as_vector(np.full(length, float(given)) if given.ndim == 0 else given, "exposure", length)
    if np.any(vector <= 0.0):
        raise DesignError("an exposure is zero or negative", mend="give exposures above zero")
    return vector
