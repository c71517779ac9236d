"""What residuals should look like if the model holds: no autocorrelation, and variance equal to the mean for counts.

Give a fit's `standardised` residuals: they are white if the model holds, for counts and for AR(1) errors too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_matrix, as_vector


@dataclass(frozen=True)
class ResidualTest:
    """A test of residuals.

    Attributes
    ----------
    statistic : float
        The statistic.
    df : float
        Degrees of freedom of its chi-squared reference.
    p_value : float
        Of a statistic as large if the hypothesis holds.
    hypothesis : str
        The null hypothesis in words.
    """

    statistic: float
    df: float
    p_value: float
    hypothesis: str


def lag_one_autocorrelation(residuals: ArrayLike, positions: ArrayLike | None = None) -> float:
    """Return the correlation of neighbouring residuals.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Residuals in the order of time.
    positions : array_like of int, shape (n,), or None
        Time positions; only pairs one apart count. None: all neighbours.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If there is no such pair, or residuals do not vary.

    Notes
    -----
    ``sum e_t e_{t-1} / sum e_t^2`` after the mean is taken out. Where positions have gaps, both sums are divided by
    their number of terms less and plus the pairs that are missing: ``(sum_pairs / pairs) (n - 1) / sum e_t^2``.
    """
    e = _varying(residuals)
    e = e - e.mean()
    together = np.ones(e.size - 1, dtype=bool)
    if positions is not None:
        together = np.diff(as_vector(positions, "positions", e.size)) == 1.0
    if not together.any():
        raise DesignError("no two residuals are one period apart", mend="give a series without so many gaps")
    products = (e[1:] * e[:-1])[together]
    return float(products.mean() * (e.size - 1) / (e @ e))


def durbin_watson(residuals: ArrayLike) -> float:
    """Return Durbin and Watson's statistic: 2 is no autocorrelation, below 2 positive, above 2 negative.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Residuals in the order of time.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If residuals do not vary.

    Notes
    -----
    ``sum (e_t - e_{t-1})^2 / sum e_t^2``.

    References
    ----------
    Durbin and Watson (1950), Biometrika 37, 409-428.
    """
    e = _varying(residuals)
    return float(np.sum(np.diff(e) ** 2) / (e @ e))


def ljung_box(residuals: ArrayLike, lags: int, fitted_parameters: int = 0) -> ResidualTest:
    """Return Ljung and Box's test of no autocorrelation up to a lag.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Residuals in the order of time.
    lags : int
        Highest lag.
    fitted_parameters : int
        Autocorrelation parameters that were fitted (1 for the innovations of an AR(1) fit).

    Returns
    -------
    ResidualTest

    Raises
    ------
    DesignError
        If lags are not between fitted_parameters + 1 and n - 1, or residuals do not vary.

    Notes
    -----
    ``n (n + 2) sum_l r_l^2 / (n - l)``, chi-squared with lags - fitted_parameters.

    References
    ----------
    Ljung and Box (1978), Biometrika 65, 297-303. Checked against Box.test in R.
    """
    from evalkit.distributions import chi2

    e = _varying(residuals)
    _require_lags(lags, e.size, fitted_parameters)
    e = e - e.mean()
    steps = np.arange(1, lags + 1)
    r = np.array([e[step:] @ e[:-step] for step in steps]) / (e @ e)
    statistic = float(e.size * (e.size + 2) * np.sum(r**2 / (e.size - steps)))
    df = lags - fitted_parameters
    return ResidualTest(statistic, df, float(chi2.sf(statistic, df)), f"no autocorrelation up to lag {lags}")


def breusch_godfrey(residuals: ArrayLike, regressors: ArrayLike, lags: int) -> ResidualTest:
    """Return Breusch and Godfrey's test of no autocorrelation up to a lag, given the regressors.

    Parameters
    ----------
    residuals : array_like, shape (n,)
        Least-squares residuals in the order of time.
    regressors : array_like, shape (n, k)
        The regressors of that fit, the constant included (for an AR(1) fit, whitened as the outcome was).
    lags : int
        Highest lag.

    Returns
    -------
    ResidualTest

    Raises
    ------
    DesignError
        If lags are not between 1 and n - k - 1, or residuals do not vary.

    Notes
    -----
    ``n R^2`` of the regression of residuals on the regressors and `lags` lagged residuals (zero before the start),
    chi-squared with lags. R^2 is about zero, not about the mean.

    References
    ----------
    Breusch (1978), Australian Economic Papers 17, 334-355. Godfrey (1978), Econometrica 46, 1293-1301. Checked against
    statsmodels acorr_breusch_godfrey.
    """
    from evalkit.distributions import chi2

    e = _varying(residuals)
    matrix = as_matrix(regressors, "regressors", e.size)
    _require_lags(lags, e.size - matrix.shape[1], 0)
    lagged = np.column_stack([np.concatenate([np.zeros(step), e[:-step]]) for step in range(1, lags + 1)])
    whole = np.column_stack([matrix, lagged])
    explained = whole @ np.linalg.lstsq(whole, e, rcond=None)[0]
    statistic = float(e.size * (1.0 - np.sum((e - explained) ** 2) / (e @ e)))
    return ResidualTest(statistic, lags, float(chi2.sf(statistic, lags)), f"no autocorrelation up to lag {lags}")


def pearson_dispersion(outcome: ArrayLike, fitted: ArrayLike, terms: int) -> ResidualTest:
    """Return the variance of counts over their mean, with a one-sided test that it is 1.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Counts.
    fitted : array_like, shape (n,)
        Their fitted means, above zero.
    terms : int
        Number of coefficients that were fitted.

    Returns
    -------
    ResidualTest
        statistic is the dispersion; ``statistic * df`` is Pearson's chi-squared.

    Raises
    ------
    DesignError
        If a mean is not above zero, or no degrees of freedom are left.

    Notes
    -----
    ``sum (y - m)^2 / m / (n - k)``; p is the upper tail of chi-squared with n - k at ``sum (y - m)^2 / m``,
    so it is small when counts vary more than Poisson counts would. The reference is rough where means are below about
    3.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 4.5.
    """
    from evalkit.distributions import chi2

    y = as_vector(outcome, "outcome")
    mean = as_vector(fitted, "fitted means", y.size)
    df = y.size - terms
    if np.any(mean <= 0.0) or df < 1:
        raise DesignError(f"dispersion needs means above zero and a degree of freedom; there are {df}")
    chi_squared = float(np.sum((y - mean) ** 2 / mean))
    return ResidualTest(
        chi_squared / df, df, float(chi2.sf(chi_squared, df)), "counts vary no more than Poisson counts"
    )


def _varying(residuals: ArrayLike) -> Array:
    """Return residuals that are not all the same."""
    e = as_vector(residuals, "residuals")
    if e.size < 3 or float(np.ptp(e)) == 0.0:
        raise DesignError(f"{e.size} residuals that do not vary, or fewer than three, say nothing")
    return e


def _require_lags(lags: int, points: int, fitted_parameters: int) -> None:
    """Raise unless lags leave a degree of freedom and fit into the series."""
    if not fitted_parameters < lags < points:
        raise DesignError(
            f"{lags} lags for {points} points", mend=f"choose between {fitted_parameters + 1} and {points - 1}"
        )
