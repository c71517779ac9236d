"""Standard-error rules of regressions in plain words, and the number of lags they use."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array

Family = Literal["poisson", "quasi_poisson", "negative_binomial"]


def autocovariance_lags(lags: int | None, points: int) -> tuple[int, str]:
    """Return the number of lags for Newey and West's covariance, and the rule in words.

    Parameters
    ----------
    lags : int or None
        The number that was chosen. None: ``floor(4 (n / 100)^(2/9))``.
    points : int
        Length of the series.

    Returns
    -------
    tuple of int and str

    Raises
    ------
    DesignError
        If the number is not between 0 and n - 1.
    """
    rule = "chosen" if lags is not None else "rule: floor(4 (n/100)^(2/9))"
    count = int(np.floor(4.0 * (points / 100.0) ** (2.0 / 9.0))) if lags is None else lags
    if not 0 <= count < points:
        raise DesignError(
            f"{count} lags for {points} points", mend="choose between 0 and the number of points less one"
        )
    return count, f"{count} lags ({rule})"


def factor_rule(small_sample: bool) -> str:
    """Return in words whether the n/(n-k) factor is applied.

    Parameters
    ----------
    small_sample : bool
        Whether it is.

    Returns
    -------
    str
    """
    return " and the n/(n-k) factor" if small_sample else ", no small-sample factor"


def reference_rule(regressors: Array) -> str:
    """Return the t reference with its residual degrees of freedom in words.

    Parameters
    ----------
    regressors : ndarray, shape (n, k)
        Regressors.

    Returns
    -------
    str
    """
    return f"t with n-k = {regressors.shape[0] - regressors.shape[1]} degrees of freedom"


def count_rule(family: Family, alpha: float, phi: float) -> str:
    """Return the model-based standard-error rule of a count regression in words.

    Parameters
    ----------
    family : {"poisson", "quasi_poisson", "negative_binomial"}
        The family.
    alpha : float
        Dispersion of the negative binomial.
    phi : float
        Pearson's chi-squared over n - k.

    Returns
    -------
    str
    """
    if family == "poisson":
        return "Poisson: variance equal to the mean"
    if family == "quasi_poisson":
        return f"quasi-Poisson: variance {phi:.4g} times the mean (Pearson chi-squared over n-k)"
    if alpha == 0.0:
        return "negative binomial: no sign of dispersion beyond Poisson, so variance equal to the mean"
    return f"negative binomial: variance m + {alpha:.4g} m^2 (dispersion by maximum likelihood)"
