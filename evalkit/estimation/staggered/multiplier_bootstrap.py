"""Multiplier bootstrap of estimates from their influence functions, and bands that hold for all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_codes, as_matrix, as_vector, require_choice, require_level
from evalkit.estimation.staggered.staggered_panel import sums_by

Multiplier = Literal["mammen", "rademacher"]

QUARTILES = 1.3489795003921634
"""Distance of the quartiles of the standard normal distribution."""

BLOCK = 4_000_000
"""Multipliers held at once."""


@dataclass(frozen=True, eq=False)
class MultiplierBands:
    """Bootstrap errors and bands of several estimates.

    Attributes
    ----------
    standard_errors : ndarray, shape (m,)
        Quartile distance of the draws over that of the standard normal; 0 for an estimate without noise.
    low, high : ndarray, shape (m,)
        Limits of each estimate on its own, by the normal distribution.
    simultaneous_low, simultaneous_high : ndarray, shape (m,)
        Limits that hold for all estimates together.
    simultaneous_critical : float
        Their number of standard errors; never below that of a single estimate.
    draws : ndarray, shape (draws, m)
        Draws of the estimates' errors.
    rule : str
        The rule in words, with multipliers, draws and seed.
    """

    standard_errors: Array
    low: Array
    high: Array
    simultaneous_low: Array
    simultaneous_high: Array
    simultaneous_critical: float
    draws: Array
    rule: str


def multiplier_bands(
    estimates: ArrayLike,
    influence: ArrayLike,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 999,
    multiplier: Multiplier = "mammen",
    seed: int = 0,
) -> MultiplierBands:
    """Return bootstrap standard errors and simultaneous bands.

    Parameters
    ----------
    estimates : array_like, shape (m,)
        Estimates.
    influence : array_like, shape (n, m)
        Contribution of each unit to each estimate less its true value.
    cluster : array_like of int, shape (n,), or None
        Clusters, each of which gets one multiplier. None: each unit.
    level : float
        Confidence level.
    draws : int
        Number of draws.
    multiplier : {"mammen", "rademacher"}
        Two-point multipliers with mean 0 and variance 1: Mammen's, with third moment 1 (the choice of R's package
        did), or plus and minus 1.
    seed : int
        Seed of numpy's PCG64 generator.

    Returns
    -------
    MultiplierBands

    Raises
    ------
    DesignError
        If arrays do not match, or draws is below 2.

    Notes
    -----
    A draw is ``sum_g v_g s_g``, s_g the sum of contributions in cluster g and v_g its multiplier. Standard-error rule:
    ``(q(0.75) - q(0.25)) / (z(0.75) - z(0.25))`` of the draws. The critical value is the `level` quantile of the
    largest ``|draw| / se`` over estimates. Quantiles are those of the empirical distribution function, as in R's did.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230, algorithm 1. Mammen (1993), Annals of
    Statistics 21, 255-285.
    """
    from evalkit.distributions import norm

    centre = as_vector(estimates, "estimates")
    sample = multiplier_draws(influence, cluster, draws, multiplier, seed)
    if sample.shape[1] != centre.size:
        raise DesignError(f"influence functions of {sample.shape[1]} estimates for {centre.size} estimates")
    low, high = np.quantile(sample, [0.25, 0.75], axis=0, method="inverted_cdf")
    errors = (high - low) / QUARTILES
    one = float(norm.ppf((1.0 + require_level(level)) / 2.0))
    together = simultaneous_critical(sample, errors, level)
    return MultiplierBands(
        standard_errors=errors,
        low=centre - one * errors,
        high=centre + one * errors,
        simultaneous_low=centre - together * errors,
        simultaneous_high=centre + together * errors,
        simultaneous_critical=together,
        draws=sample,
        rule=f"multiplier bootstrap, {draws} draws, {multiplier.capitalize()} multipliers, seed {seed}; "
        "standard errors from the quartiles of the draws",
    )


def simultaneous_critical(draws: Array, errors: Array, level: float) -> float:
    """Return the number of standard errors that covers all estimates in a share of draws.

    Parameters
    ----------
    draws : ndarray, shape (draws, m)
        Draws of the estimates' errors.
    errors : ndarray, shape (m,)
        Standard errors; estimates whose error is 0 are left out.
    level : float
        Confidence level.

    Returns
    -------
    float
        Never below the normal critical value of one estimate.

    Raises
    ------
    DesignError
        If no estimate has noise.
    """
    from evalkit.distributions import norm

    moving = errors > 1e-12 * max(float(np.abs(errors).max(initial=0.0)), 1e-300)
    if not moving.any():
        raise DesignError("no estimate has noise: there is nothing to cover")
    largest = np.max(np.abs(draws[:, moving]) / errors[moving], axis=1)
    quantile = float(np.quantile(largest, require_level(level), method="inverted_cdf"))
    return max(quantile, float(norm.ppf((1.0 + level) / 2.0)))


def multiplier_draws(
    influence: ArrayLike,
    cluster: ArrayLike | None = None,
    draws: int = 999,
    multiplier: Multiplier = "mammen",
    seed: int = 0,
) -> Array:
    """Return draws of estimates' errors from their influence functions.

    Parameters
    ----------
    influence, cluster, draws, multiplier, seed
        As `multiplier_bands`.

    Returns
    -------
    ndarray, shape (draws, m)

    Raises
    ------
    DesignError
        As `multiplier_bands`.

    Notes
    -----
    A multiplier has two values, so that a draw is ``a sum_g s_g + (b - a) sum over chosen g of s_g``: one product of a
    matrix of zeros and ones with the influence functions.
    """
    require_choice(multiplier, Multiplier, "the multiplier")
    matrix = as_matrix(influence, "influence")
    if draws < 2:
        raise DesignError(f"{draws} draws", mend="give 2 or more, such as 999")
    if cluster is not None:
        matrix = sums_by(matrix, as_codes(cluster, "cluster", matrix.shape[0]))
    groups = matrix.shape[0]
    root = np.sqrt(5.0)
    low, high, chance = (1.0 - root) / 2.0, (1.0 + root) / 2.0, (root - 1.0) / (2.0 * root)
    if multiplier == "rademacher":
        low, high, chance = -1.0, 1.0, 0.5
    generator = np.random.Generator(np.random.PCG64(seed))
    threshold = np.uint32(round(chance * 2**32) - 1)
    sample = np.empty((draws, matrix.shape[1]))
    step = max(1, BLOCK // groups)
    for start in range(0, draws, step):
        count = min(step, draws - start)
        chosen = generator.integers(0, 2**32, (count, groups), dtype=np.uint32) <= threshold
        sample[start : start + count] = chosen.astype(np.float64) @ matrix
    return np.asarray(low * matrix.sum(axis=0) + (high - low) * sample)
