"""What a count chosen for being high is expected to be next time, when nothing is done: empirical Bayes, Poisson-gamma.

Units have levels of their own that stay (gamma, with a mean and a shape), and counts vary around them by chance
(Poisson). Units chosen for a high count had, on average, chance on that side; the next count does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_vector

TAIL = 1e-14
"""Tail probability that is left out of sums over counts."""


@dataclass(frozen=True)
class PoissonGamma:
    """The counts of a whole population: Poisson around levels that are gamma distributed.

    Attributes
    ----------
    mean : float
        Mean count of a unit.
    shape : float
        Shape of the gamma; levels have the standard deviation ``mean / sqrt(shape)``. Infinite: all levels are equal.
    """

    mean: float
    shape: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and self.mean > 0.0 and self.shape > 0.0):
            raise DesignError(
                f"a reference with mean {self.mean:g} and shape {self.shape:g}", mend="both must be above zero"
            )

    @property
    def variance(self) -> float:
        """Variance of the counts: ``mean + mean^2 / shape``."""
        return self.mean + self.mean**2 / self.shape

    @property
    def carried_over(self) -> float:
        """Share of a count's distance from the mean that stays next time: ``mean / (mean + shape)``."""
        return 0.0 if np.isinf(self.shape) else self.mean / (self.mean + self.shape)


def population_of(counts: ArrayLike, exposure: ArrayLike = 1.0) -> PoissonGamma:
    """Return the distribution that the counts of a whole population come from, by the method of moments.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Count of every unit, those with none included.
    exposure : float or array_like
        Exposure of each unit; the mean is that of a unit with the average exposure.

    Returns
    -------
    PoissonGamma
        With an infinite shape where counts vary by no more than chance.

    Raises
    ------
    DesignError
        With fewer than ten units, no event, or a negative count or exposure.

    Notes
    -----
    With the rate ``r = sum x / sum e``: ``variance of rates = max(0, (n / (n - 1) sum (x - r e)^2 - sum x) / sum e^2)``
    and ``shape = r^2 / variance``. With equal exposure that is ``mean^2 / (s^2 - mean)``, s^2 the sample variance.

    References
    ----------
    Hauer (1997), Observational Before-After Studies in Road Safety, section 11.
    """
    seen = as_vector(counts, "counts of the reference")
    given = np.asarray(exposure, dtype=np.float64)
    time = as_vector(np.full(seen.size, float(given)) if given.ndim == 0 else given, "exposure", seen.size)
    if seen.size < 10 or seen.sum() <= 0.0 or np.any(seen < 0.0) or np.any(time <= 0.0):
        raise DesignError(
            f"{seen.size} units with {seen.sum():g} events are no reference",
            mend="give ten units or more, those without events included, or the mean and shape of a larger population",
        )
    rate = float(seen.sum() / time.sum())
    spread = seen.size / (seen.size - 1.0) * float(np.sum((seen - rate * time) ** 2)) - float(seen.sum())
    variance = max(0.0, spread / float(np.sum(time**2)))
    return PoissonGamma(rate * float(time.mean()), rate**2 / variance if variance > 0.0 else float("inf"))


def expected_levels(counts: ArrayLike, population: PoissonGamma, exposure: ArrayLike = 1.0) -> tuple[Array, Array]:
    """Return the level that each unit is expected to have, given its own count, and its standard deviation.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Count of each unit.
    population : PoissonGamma
        Of a unit with exposure 1.
    exposure : float or array_like
        Exposure of each unit, as a multiple of that.

    Returns
    -------
    (ndarray, ndarray), each of shape (n,)

    Notes
    -----
    ``w m + (1 - w) x``, ``w = 1 / (1 + m / shape)``, m the population's mean times exposure; standard deviation
    ``sqrt((1 - w) times that)``.

    References
    ----------
    Hauer, Harwood, Council and Griffith (2002), Transportation Research Record 1784, 126-131; its first example is
    reproduced in the tests.
    """
    seen = as_vector(counts, "counts")
    mean = population.mean * np.broadcast_to(np.asarray(exposure, dtype=np.float64), seen.shape)
    weight = 1.0 / (1.0 + mean / population.shape)
    level = weight * mean + (1.0 - weight) * seen
    return level, np.sqrt((1.0 - weight) * level)


def expected_change(average: float, population: PoissonGamma) -> float:
    """Return the relative change of the rate of units whose counts average so much, when nothing is done.

    Parameters
    ----------
    average : float
        Mean count of the units that were chosen, in the time that decided.
    population : PoissonGamma
        Of a unit's count in a time as long.

    Returns
    -------
    float
        -0.21 is 21% lower.

    Notes
    -----
    ``(w m + (1 - w) average) / average - 1``: empirical Bayes is linear in the counts, so their average is enough.
    """
    if not average > 0.0:
        raise DesignError("the units that were chosen have no event", mend="check the counts before")
    carried = population.carried_over
    return ((1.0 - carried) * population.mean + carried * average) / average - 1.0


def average_from(threshold: int, population: PoissonGamma) -> float:
    """Return the mean count of units whose count is at least a threshold.

    Raises
    ------
    DesignError
        When hardly any unit reaches it.

    Notes
    -----
    ``m P(X' >= k - 1) / P(X >= k)``, X negative binomial with shape a and X' the same with shape a + 1 and mean
    m (a + 1) / a (both Poisson where a is infinite), since ``x P(X = x) = m P(X' = x - 1)``.
    """
    share = float(_counts(population).sf(threshold - 1))
    if share < 1e-9:
        raise DesignError(
            f"with a mean of {population.mean:g} hardly any unit has {threshold} events or more",
            mend="check the threshold, or the reference: both are counts of a unit in the window before",
        )
    return population.mean * float(_counts(population, 1.0).sf(threshold - 2)) / share


def average_of_top(share: float, population: PoissonGamma) -> float:
    """Return the mean count of the share of units with the highest counts; ties at the border are drawn by lot."""
    counts = _counts(population)
    border = float(counts.isf(share))
    above = float(counts.sf(border))
    events = population.mean * float(_counts(population, 1.0).sf(border - 1.0))
    return (events + border * (share - above)) / share


def average_highest(of: int, mean: float, dispersion: float) -> float:
    """Return the expected highest of several counts of one unit whose level does not change.

    Parameters
    ----------
    of : int
        How many counts, taken as independent.
    mean : float
        Of each.
    dispersion : float
        Their variance over their mean, 1 or more (1: Poisson; above: negative binomial).

    Notes
    -----
    ``sum over x >= 0 of (1 - F(x)^k)``.
    """
    shape = mean / (dispersion - 1.0) if dispersion > 1.0 else float("inf")
    counts = _counts(PoissonGamma(mean, shape))
    first, last = (max(0.0, float(limit)) for limit in (counts.ppf(TAIL), counts.isf(TAIL)))
    # Below the first of these F is nothing, so each of those counts adds 1.
    return first + float(np.sum(1.0 - counts.cdf(np.arange(first, last + 1.0)) ** of))


def mean_behind(average: float, average_at: Callable[[float], float]) -> float:
    """Return the population mean that makes chosen units average so much.

    Parameters
    ----------
    average : float
        Mean count of the chosen units.
    average_at : callable
        That average by the population mean, rising.

    Raises
    ------
    DesignError
        When no mean does, since the rule alone gives a higher average.
    """
    from scipy.optimize import brentq

    def gap(log_mean: float) -> float:
        return average_at(float(np.exp(log_mean))) - average

    # No population mean above the average of those chosen for high counts is possible.
    high = float(np.log(average))
    low = high - 1.0
    while gap(low) > 0.0 and low > high - 14.0:
        low -= 1.0
    if gap(low) > 0.0:
        raise DesignError(
            f"the units chosen average {average:g} events, no more than the rule alone asks, which does not tell how "
            "high the population lies",
            mend="check the rule of selection, its window and `units`, or give a `reference`",
        )
    return average if gap(high) <= 0.0 else float(np.exp(brentq(gap, low, high, xtol=1e-10)))


def _counts(population: PoissonGamma, more: float = 0.0) -> Any:
    """Return the distribution of counts; `more` is added to the shape, each level's own mean per shape kept."""
    from scipy.stats import nbinom, poisson

    if np.isinf(population.shape):
        return poisson(population.mean)
    return nbinom(population.shape + more, population.shape / (population.shape + population.mean))
