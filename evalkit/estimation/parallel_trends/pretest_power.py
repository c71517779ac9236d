"""What a test of the periods before the start could find: its power against a trend, and the bias it lets by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, require_choice, require_level
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, Target, require_definite, target_weights

Pretest = Literal["each", "joint"]

POINTS = 2**13
"""Points of the low-discrepancy sequence that probabilities of boxes are summed over."""
NEVER = 1e-9
"""Probability below which averages over samples that are not rejected are not told."""


@dataclass(frozen=True, eq=False)
class PretestPower:
    """How often a test of the estimates before the reference rejects under a linear trend, and what it lets by.

    Attributes
    ----------
    slope : float
        Trend of the untreated difference, per period.
    power : float
        Probability that the test rejects.
    passing_ratio : float
        Probability of not rejecting under the trend, over that under parallel paths: how much less likely the trend
        has become, against parallel paths, once the test has not rejected.
    bias : float
        Of the target's estimate under the trend.
    bias_not_rejected : float
        The same on average over the samples in which the test does not reject.
    expected_estimates, expected_not_rejected : ndarray, shape (n,)
        Departures of all estimates under the trend, over all samples and over those that are not rejected.
    target : ndarray, shape (after,)
        Weights of the periods after the reference.
    level : float
        One less the size of the test.
    rule : str
        The test in words.
    """

    slope: float
    power: float
    passing_ratio: float
    bias: float
    bias_not_rejected: float
    expected_estimates: Array
    expected_not_rejected: Array
    target: Array
    level: float
    rule: str


def pretest_power(
    study: EventEstimates,
    slope: float,
    target: Target | ArrayLike = "average",
    level: float = 0.95,
    test: Pretest = "each",
) -> PretestPower:
    """Return how often a pre-test finds a linear trend, and the bias that remains where it does not.

    Parameters
    ----------
    study : EventEstimates
        Estimates; only times and covariance are used.
    slope : float
        Trend of the untreated difference per period, in the outcome's unit.
    target : {"first", "average"} or array_like, shape (after,)
        As in `event_estimates.target_weights`.
    level : float
        One less the size of the test.
    test : {"each", "joint"}
        each: it rejects if any estimate before the reference leaves its own normal interval; joint: if the Wald
        statistic of all of them leaves its chi-squared interval.

    Returns
    -------
    PretestPower

    Raises
    ------
    DesignError
        If the slope is not finite or practically always found, a word or the level is not known, or the covariance of
        the estimates before the reference has not full rank.

    Notes
    -----
    b is normal with covariance C and mean ``d = slope (time - reference)`` (no effect). With p the estimates before the
    reference, a after it, and B the event of no rejection, ``power = 1 - P(B)`` and::

        E(b_a | B) = d_a + C_ap C_pp^-1 (E(b_p | B) - d_p)

    each: P(B) is the probability of a box and ``E(b_p | B)`` the mean of a truncated normal, by sequential conditioning
    (Geweke, Hajivassiliou, Keane; Genz) over a scrambled Sobol sequence with a fixed seed, the same for every slope.
    joint: both are exact, from chi-squared with k and k + 2 degrees of freedom and noncentrality
    ``d_p' C_pp^-1 d_p``: ``E(b_p | B) = d_p F_{k+2}(c) / F_k(c)``.

    References
    ----------
    Roth, J. (2022), Pretest with caution: event-study estimates after testing for parallel trends, American Economic
    Review: Insights 4, 305-322. Genz, A. (1992), Numerical computation of multivariate normal probabilities, Journal of
    Computational and Graphical Statistics 1, 141-149.
    """
    _require_pretest(study, level, test)
    if not np.isfinite(slope):
        raise DesignError(f"the slope is {slope}", mend="give a finite trend per period")
    weights, before = target_weights(study, target), study.before
    drift = slope * (study.times - study.reference).astype(np.float64)
    passing, mean = _not_rejected(study, slope, level, test)
    if passing < NEVER:
        raise DesignError(
            f"a slope of {slope:g} is found in practically every sample, so that no bias is left to tell",
            mend="give a slope that the test can miss",
        )
    early = study.covariance[:before, :before]
    pull = np.linalg.solve(early, mean - drift[:before])
    kept = drift + study.covariance[:, :before] @ pull
    words = "any estimate on its own" if test == "each" else "the Wald statistic of all estimates"
    return PretestPower(
        slope=float(slope),
        power=1.0 - passing,
        passing_ratio=passing / _not_rejected(study, 0.0, level, test)[0],
        bias=float(weights @ drift[before:]),
        bias_not_rejected=float(weights @ kept[before:]),
        expected_estimates=drift,
        expected_not_rejected=kept,
        target=weights,
        level=level,
        rule=f"rejects if {words} before the reference is beyond its {level:.0%} limit; normal, covariance known",
    )


def detectable_slope(study: EventEstimates, power: float = 0.8, level: float = 0.95, test: Pretest = "each") -> float:
    """Return the linear trend that a pre-test rejects with a stated probability.

    Parameters
    ----------
    study : EventEstimates
        Estimates; only times and covariance are used.
    power : float
        Probability of rejection, above that without a trend.
    level, test
        As in `pretest_power`.

    Returns
    -------
    float
        Slope per period, above 0; its negative is found as often.

    Raises
    ------
    DesignError
        As `pretest_power`, or if the power is not between the size of the test and 1.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    _require_pretest(study, level, test)
    size = 1.0 - _not_rejected(study, 0.0, level, test)[0]
    if not size < power < 1.0:
        raise DesignError(
            f"a power of {power:g} is asked for, and the test rejects {size:.3g} of samples without any trend",
            mend="give a power between the two, such as 0.5 or 0.8",
        )

    def excess(slope: float) -> float:
        return 1.0 - _not_rejected(study, slope, level, test)[0] - power

    distance = (study.reference - study.times[: study.before]).astype(np.float64)
    alone = float((np.sqrt(np.diag(study.covariance)[: study.before]) / distance).min())
    high = alone * (float(ndtri((1.0 + level) / 2.0)) + max(float(ndtri(power)), 0.0))  # one estimate would do
    while excess(high) < 0.0:
        high *= 2.0
    return float(brentq(excess, 0.0, high, xtol=1e-7 * high, rtol=1e-7))


def pretest_slopes(
    study: EventEstimates,
    powers: Sequence[float] = (0.5, 0.8),
    target: Target | ArrayLike = "average",
    level: float = 0.95,
    test: Pretest = "each",
) -> tuple[PretestPower, ...]:
    """Return the trends that a pre-test finds with stated probabilities, and the bias each leaves where it does not.

    Parameters
    ----------
    study : EventEstimates
        Estimates; only times and covariance are used.
    powers : sequence of float
        Probabilities of rejection.
    target, level, test
        As in `pretest_power`.

    Returns
    -------
    tuple of PretestPower
        One per power, in their order.

    Raises
    ------
    DesignError
        As `detectable_slope`.
    """
    slopes = [detectable_slope(study, power, level, test) for power in powers]
    return tuple(pretest_power(study, slope, target, level, test) for slope in slopes)


def _require_pretest(study: EventEstimates, level: float, test: str) -> None:
    """Raise unless the test is known and can be made."""
    require_choice(test, Pretest, "the test")
    require_level(level)
    require_definite(study.covariance[: study.before, : study.before], "the power of a test of them")


def _not_rejected(study: EventEstimates, slope: float, level: float, test: str) -> tuple[float, Array]:
    """Return the probability of no rejection, and the mean of the estimates before the reference given it."""
    from scipy.special import ndtri
    from scipy.stats import ncx2

    from evalkit.distributions import chi2

    early = study.covariance[: study.before, : study.before]
    drift = slope * (study.times[: study.before] - study.reference).astype(np.float64)
    if test == "each":
        limit = float(ndtri((1.0 + level) / 2.0)) * np.sqrt(np.diag(early))
        return box_moments(drift, early, limit)
    count, away = drift.size, float(drift @ np.linalg.solve(early, drift))
    bound = float(chi2.ppf(level, count))
    inside = [float(ncx2.cdf(bound, df, away) if away > 0.0 else chi2.cdf(bound, df)) for df in (count, count + 2)]
    return inside[0], drift * (inside[1] / inside[0] if inside[0] > 0.0 else 0.0)


def box_moments(mean: Array, covariance: Array, limit: Array, points: int = POINTS) -> tuple[float, Array]:
    """Return the probability that normal numbers all lie within limits around 0, and their mean where they do.

    Parameters
    ----------
    mean, limit : ndarray, shape (k,)
        Means, and half the widths of the box, above 0.
    covariance : ndarray, shape (k, k)
        Of full rank.
    points : int
        A power of 2.

    Returns
    -------
    probability : float
    mean : ndarray, shape (k,)
        Given that all lie within; zeros where the probability rounds to 0.

    Notes
    -----
    With ``x = mean + L z``, L the Cholesky factor, z_1, z_2, ... are drawn in turn within the limits that the earlier
    ones leave; the product of the probabilities of those limits is the weight of a draw. Draws are the inverse of the
    distribution at a scrambled Sobol sequence with a fixed seed.
    """
    from scipy.special import ndtr, ndtri

    root = np.linalg.cholesky(covariance)
    uniform = _sequence(mean.size, points)
    normal = np.zeros((points, mean.size))
    weight = np.ones(points)
    for index in range(mean.size):
        centre = mean[index] + normal[:, :index] @ root[index, :index]
        below = (-limit[index] - centre) / root[index, index]
        above = (limit[index] - centre) / root[index, index]
        side = np.where(below + above > 0.0, -1.0, 1.0)  # the lower tail keeps its digits
        start, end = ndtr(np.minimum(side * below, side * above)), ndtr(np.maximum(side * below, side * above))
        weight = weight * (end - start)
        normal[:, index] = side * ndtri(np.clip(start + uniform[:, index] * (end - start), 1e-300, 1.0 - 1e-16))
    total = float(weight.sum())
    inside = mean + normal @ root.T
    return total / points, np.asarray(weight @ inside / total if total > 0.0 else np.zeros_like(mean))


@lru_cache(maxsize=4)
def _sequence(dimensions: int, points: int) -> Array:
    """Return a scrambled Sobol sequence, shape (points, dimensions), the same each time."""
    from scipy.stats import qmc

    sequence = np.asarray(qmc.Sobol(dimensions, scramble=True, seed=0).random(points))
    sequence.flags.writeable = False
    return sequence
