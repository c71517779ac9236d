"""The order of ARIMA errors: what is allowed, and what the periods before an interruption speak for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, dependent_columns
from evalkit.estimation.least_squares import long_run_covariance
from evalkit.estimation.series.arima_peak import Peak

Order = tuple[int, int, int]
"""p autoregressive terms, d differences, q moving-average terms."""

MOST_TERMS = 3
"""Terms, autoregressive and moving-average together, that are tried."""
CLEAR_OF_EDGE = 1.01
"""An order is not chosen when a root of its polynomials is nearer to 1 (Hyndman and Khandakar 2008)."""
CRITICAL_LEVEL, CRITICAL_TREND = 0.463, 0.146
"""5% points of the statistic of Kwiatkowski and others (1992, table 1), without and with a trend."""


def require_order(order: Order, points: int, terms: int) -> None:
    """Raise unless an order can be fitted.

    Parameters
    ----------
    order : tuple (p, d, q)
        The order.
    points, terms : int
        Length of the series, and number of regressors.

    Raises
    ------
    DesignError
        If it is not three whole numbers from 0 on, d is above 1, or too few points are left.
    """
    if len(order) != 3 or any(int(each) != each or each < 0 for each in order):
        raise DesignError(f"the order is {list(order)}", mend="give three whole numbers [p, d, q], none negative")
    p, d, q = order
    if d > 1:
        raise DesignError(
            f"the order has {d} differences, which would take the trend away with the constant",
            mend="choose 0 or 1 as the second number",
        )
    needed = terms + p + q + 2  # Two are left over; a difference takes a point, and the constant with it.
    if points < needed:
        raise DesignError(
            f"{points} points cannot carry {terms} terms with ARIMA errors of order {list(order)}",
            mend=f"use at least {needed} points, fewer terms, or a lower order",
        )


def ranked_orders(
    outcome: Array,
    regressors: Array,
    positions: Codes,
    peak: Callable[[Array, Array, Codes, Order], Peak],
) -> list[Order]:
    """Return the orders of ARIMA errors that can be fitted to some periods, the one they speak for first.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        Outcome of the periods before the interruption.
    regressors : ndarray, shape (n, k)
        Regressors in those periods; columns that do not vary on their own there are left out.
    positions : ndarray of int, shape (n,)
        Time positions.
    peak : callable
        Peak of the likelihood of an outcome on regressors at positions, by order.

    Returns
    -------
    list of tuple (p, d, q)

    Raises
    ------
    DesignError
        If none can be fitted.

    Notes
    -----
    d is 1 where `stationarity` of the least-squares residuals is above its 5% point, else 0. Then p and q, together
    0 to 3, minimise ``-2 log L + 2 m n / (n - m - 1)``, m the number of terms with p, q and the variance, n that of
    periods less d. Orders without a peak of the likelihood, or with a root within 1.01 of the edge, are left out.

    In 400 simulated series each, with a trend fitted, a difference is taken in 5% of series without autocorrelation,
    10% with autocorrelation 0.4 and 34% with 0.8 at 48 periods (44% at 168), and in 58% of random walks (92% at 168).

    References
    ----------
    Hurvich and Tsai (1989), Biometrika 76, 297-307, for the criterion. Hyndman and Khandakar (2008), Journal of
    Statistical Software 27(3), for the two stages.
    """
    dependent = set(dependent_columns(regressors)) if regressors.size else set()
    terms = regressors[:, [j for j in range(regressors.shape[1]) if j not in dependent]]
    differences = int(_drifts(outcome, terms, positions))
    found: list[tuple[float, Order]] = []
    for p in range(MOST_TERMS + 1):
        for q in range(MOST_TERMS + 1 - p):
            criterion = _criterion(outcome, terms, positions, (p, differences, q), peak)
            if criterion is not None:
                found.append((criterion, (p, differences, q)))
    if not found:
        raise DesignError(
            f"no order of ARIMA errors can be fitted to the {outcome.size} periods before the interruption",
            mend="give the order, such as [1, 0, 0], or use errors: autoregressive",
        )
    return [order for _, order in sorted(found)]


def corrected_information(log_likelihood: float, parameters: int, points: int) -> float:
    """Return Akaike's criterion corrected for short series; infinity where points are too few.

    Parameters
    ----------
    log_likelihood : float
        At its peak.
    parameters, points : int
        Parameters m, the variance included, and points n.

    Returns
    -------
    float

    Notes
    -----
    ``-2 log L + 2 m n / (n - m - 1)``.
    """
    left = points - parameters - 1
    return -2.0 * log_likelihood + 2.0 * parameters * points / left if left > 0 else float("inf")


def stationarity(residuals: Array) -> float:
    """Return the statistic of Kwiatkowski, Phillips, Schmidt and Shin: large where a series drifts.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Residuals of a regression with a constant, in the order of time.

    Returns
    -------
    float

    Notes
    -----
    ``sum_t (e_1 + ... + e_t)^2 / (n^2 w)``, w the long-run variance over n with Bartlett's weights and
    ``floor(4 (n / 100)^(1/4))`` lags.

    References
    ----------
    Kwiatkowski, Phillips, Schmidt and Shin (1992), Journal of Econometrics 54, 159-178.
    """
    points = residuals.size
    lags = int(np.floor(4.0 * (points / 100.0) ** 0.25))
    spread = float(long_run_covariance(residuals[:, None], min(lags, points - 1))[0, 0])
    return float(np.sum(np.cumsum(residuals) ** 2) / (points * spread))


def _drifts(outcome: Array, terms: Array, positions: Codes) -> bool:
    """Return whether the residuals of least squares drift; never in series too short to tell."""
    both = np.column_stack([outcome, positions])
    left = both - terms @ np.linalg.lstsq(terms, both, rcond=None)[0]
    residuals, trend = left.T
    if float(residuals @ residuals) <= 1e-20 * float(outcome @ outcome):
        return False
    fitted = float(np.sqrt(trend @ trend)) < 1e-6 * float(np.sqrt(positions @ positions))
    return stationarity(residuals) > (CRITICAL_TREND if fitted else CRITICAL_LEVEL)


def _criterion(
    outcome: Array, terms: Array, positions: Codes, order: Order, peak: Callable[[Array, Array, Codes, Order], Peak]
) -> float | None:
    """Return the criterion of an order, None where it cannot be fitted."""
    p, d, q = order
    constants = int(d and any(np.ptp(column) == 0.0 for column in terms.T))
    parameters, points = terms.shape[1] - constants + p + q + 1, outcome.size - d
    if points <= parameters + 1:
        return None
    try:
        found = peak(outcome, terms, positions, order)
    except DesignError:
        return None
    if found.process.smallest_root() < CLEAR_OF_EDGE:
        return None
    return corrected_information(found.at.log_likelihood, parameters, points)
