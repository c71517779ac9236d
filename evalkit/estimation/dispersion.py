"""Variance of counts beyond their mean: the dispersion of the negative binomial, and the information under it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array

SMALLEST_EXCESS = 1e-4
"""Variance over mean, less 1, below which a negative binomial counts as Poisson."""
LARGEST_DISPERSION = 1e3


def inverse_information(matrix: Array, mean: Array, alpha: float) -> Array:
    """Return the inverse expected information of a log-linear model with variance m + alpha m^2.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors.
    mean : ndarray, shape (n,)
        Fitted means.
    alpha : float
        Dispersion; 0 is Poisson.

    Returns
    -------
    ndarray, shape (k, k)

    Notes
    -----
    ``(sum_t x_t x_t' m_t / (1 + alpha m_t))^-1``.
    """
    return np.asarray(np.linalg.inv((matrix * (mean / (1.0 + alpha * mean))[:, None]).T @ matrix))


def negative_binomial_dispersion(counts: Array, mean_at: Callable[[float], Array]) -> float:
    """Return alpha by maximum likelihood, 0 where the likelihood falls from the Poisson model on.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Counts.
    mean_at : callable
        Fitted means, shape (n,), of the regression with variance m + alpha m^2, by alpha.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If the likelihood still rises at alpha = 1000.

    Notes
    -----
    The slope of the profile likelihood is

        ``sum([log(1 + alpha m) - digamma(y + 1 / alpha) + digamma(1 / alpha)] / alpha + (y - m) / (1 + alpha m)) /
        alpha``

    and at 0 ``sum((y - m)^2 - y) / 2``. Where the latter is above zero, the root of the former is found over log alpha
    by Brent's method.

    References
    ----------
    Lawless (1987), Canadian Journal of Statistics 15, 209-225.
    """
    from scipy.optimize import brentq
    from scipy.special import digamma

    def slope(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        mean = mean_at(alpha)
        excess = np.log1p(alpha * mean) - digamma(counts + 1.0 / alpha) + digamma(1.0 / alpha)
        return float(np.sum(excess / alpha + (counts - mean) / (1.0 + alpha * mean)))

    poisson = mean_at(0.0)
    low, high = float(np.log(SMALLEST_EXCESS / poisson.max())), float(np.log(LARGEST_DISPERSION))
    if float(np.sum((counts - poisson) ** 2 - counts)) <= 0.0 or slope(low) <= 0.0:
        return 0.0
    if slope(high) >= 0.0:
        raise DesignError(
            "the dispersion of the negative binomial did not converge", mend="use quasi_poisson, or join periods"
        )
    return float(np.exp(brentq(slope, low, high, xtol=1e-12)))
