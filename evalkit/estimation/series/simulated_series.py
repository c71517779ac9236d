"""Series drawn at random whose neighbours move together: errors of a regression, and counts of a given mean.

What calibration and planning draw from; both name the process in words with the numbers that they print.
"""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array

LARGEST_SCORE = 8.0
"""Normal scores beyond this are drawn in to it, where the distribution function is 1 to the last digit."""


def autoregressive_errors(
    generator: np.random.Generator, replications: int, points: int, autocorrelation: float
) -> Array:
    """Return stationary first-order autoregressive errors with variance 1.

    Parameters
    ----------
    generator : numpy.random.Generator
    replications, points : int
        Number of series, and their length.
    autocorrelation : float
        Correlation of neighbouring periods, between -1 and 1.

    Returns
    -------
    ndarray, shape (replications, points)

    Raises
    ------
    DesignError
        If the autocorrelation is not between -1 and 1.

    Notes
    -----
    ``e_1 = z_1``, ``e_t = rho e_{t-1} + sqrt(1 - rho^2) z_t``, z independent standard normal.
    """
    if not -1.0 < autocorrelation < 1.0:
        raise DesignError(f"the autocorrelation is {autocorrelation:g}", mend="give one between -1 and 1")
    errors = generator.standard_normal((replications, points))
    errors[:, 1:] *= np.sqrt(1.0 - autocorrelation**2)
    for t in range(1, points):
        errors[:, t] += autocorrelation * errors[:, t - 1]
    return errors


def counts_with(scores: Array, mean: Array, dispersion: float) -> Array:
    """Return counts whose ranks are those of normal scores, so that they inherit their autocorrelation.

    Parameters
    ----------
    scores : ndarray, shape (r, n)
        Standard normal, autocorrelated or not.
    mean : ndarray, shape (n,)
        Expected count of each period, above zero.
    dispersion : float
        Variance over mean, 1 or more.

    Returns
    -------
    ndarray of float, shape (r, n)

    Raises
    ------
    DesignError
        If the dispersion is below 1.

    Notes
    -----
    ``y = F^-1(Phi(z))``, F the Poisson distribution, or with a dispersion phi above 1 the negative binomial of mean m
    and variance ``phi m`` (size ``m / (phi - 1)``, probability ``1 / phi``): a Gaussian copula. It fixes the variance
    and (nearly) the autocorrelation of the counts themselves, which are what an analyst sees; the correlation of counts
    lies a little below that of the scores, the more so the smaller the mean.
    """
    from evalkit import distributions

    if dispersion < 1.0:
        raise DesignError(f"the dispersion is {dispersion:g}", mend="counts that vary at random have 1 or more")
    share = distributions.norm.cdf(np.clip(scores, -LARGEST_SCORE, LARGEST_SCORE))
    if dispersion == 1.0:
        return np.asarray(distributions.poisson.ppf(share, mean))
    return np.asarray(distributions.nbinom.ppf(share, mean / (dispersion - 1.0), 1.0 / dispersion))
