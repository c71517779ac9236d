"""Regression whose errors follow an ARIMA process, by exact maximum likelihood; its order given or chosen by AICc."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.basis import orthonormal_basis
from evalkit.estimation.fit import Fit
from evalkit.estimation.inputs import Array, Codes, Mask, as_matrix, as_vector, require_full_rank
from evalkit.estimation.series.arima_order import Order, corrected_information, ranked_orders, require_order
from evalkit.estimation.series.arima_peak import Peak, highest
from evalkit.estimation.series.arma import Process, Sample
from evalkit.estimation.series.positions import gaps_between

__all__ = ["Order", "regression"]


def regression(
    outcome: ArrayLike,
    regressors: ArrayLike,
    positions: ArrayLike | None = None,
    order: Order | None = None,
    before: ArrayLike | None = None,
) -> Fit:
    """Return the regression with ARIMA(p, d, q) errors, fitted by exact maximum likelihood.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome in the order of time.
    regressors : array_like, shape (n, k)
        Regressors, the constant included.
    positions : array_like of int, shape (n,), or None
        Time positions, increasing; a gap is a missing period. None: 0, 1, ..., n - 1.
    order : tuple (p, d, q) or None
        Autoregressive terms, differences (0 or 1) and moving-average terms. None: chosen by AICc before the
        interruption.
    before : array_like of bool, shape (n,), or None
        Whether each period lies before the interruption. Needed when the order is to be chosen.

    Returns
    -------
    Fit
        All k coefficients, also with a difference. `extra` holds p, d, q, chosen (1 when by AICc, else 0),
        log_likelihood, aicc (of the whole series; left out where points are too few), ar 1, ..., ma 1, ...,
        innovation_sigma and, without a difference, rho, the correlation of neighbouring errors, and sigma. `scale` is
        the variance of the errors, or, with a difference, of the innovations. `standardised` holds the innovations;
        with a difference the first is 0.

    Raises
    ------
    DesignError
        If terms are dependent, the order is out of range or longer than the series, no order can be chosen, there is
        a difference and the constant is no column of its own, the terms fit perfectly, or the likelihood has no clear
        peak inside the range of stationary and invertible processes.

    Notes
    -----
    ``y_t = x_t'b + e_t``; e, or its difference where d = 1, is ``u_t = sum_i a_i u_{t-i} + v_t + sum_j m_j v_{t-j}``.
    The exact Gaussian likelihood of the periods seen is maximised (see `evalkit.estimation.series.arma.likelihood`).

    With d = 1 outcome and regressors are differenced, which is the likelihood with a diffuse start. A difference takes
    the constant away: the others are estimated, and the constant is set so that residuals average zero, with the
    covariance that follows from theirs. Combinations that leave the constant out, as changes of level and slope do, do
    not depend on this.

    Standard-error rule: the inverse of the observed information of all parameters, which for the coefficients is
    ``F + J C J'``, F their covariance if the process were known, C that of its parameters and J the derivative of the
    coefficients by them; t with n - d - k - p - q degrees of freedom, k without a constant that is differenced away.
    The variance of the innovations is that of maximum likelihood, over n - d: nothing else corrects for a short series.

    The choice of an order is described at `arima_order.ranked_orders`; intervals do not allow for
    it. Where the first has no peak on the whole series, the next is taken, and the rule says so.

    References
    ----------
    Box, Jenkins and Reinsel (1994), Time Series Analysis, chapters 7 and 12. Schaffer, Dobbins and Pearson (2021),
    BMC Medical Research Methodology 21, 58, on interrupted time series. Checked against stats::arima in R.
    """
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    require_full_rank(matrix)
    steps = gaps_between(positions, y.size)
    if order is not None:
        series, peak = _at(y, matrix, steps, order)
        return _fit(series, peak, order, "given", chosen=False)
    early = _early(before, y.size)
    orders = _ranked(y[early], matrix[early], np.concatenate([[0], np.cumsum(steps)])[early])
    words, passed_over = f"chosen by AICc on the {int(early.sum())} periods before the interruption", []
    for order in orders[:-1]:
        try:
            series, peak = _at(y, matrix, steps, order)
        except DesignError:  # Without a peak on the whole series it has no standard errors.
            passed_over.append(order)
            continue
        return _fit(series, peak, order, words + _without(passed_over), chosen=True)
    series, peak = _at(y, matrix, steps, orders[-1])
    return _fit(series, peak, orders[-1], words + _without(passed_over), chosen=True)


def _early(before: ArrayLike | None, points: int) -> Mask:
    """Return which periods lie before the interruption."""
    if before is None:
        raise DesignError(
            "the order of ARIMA errors is chosen before the interruption, and no period is said to lie before",
            mend="give the order, such as [1, 0, 0], or say which periods lie before",
        )
    early = np.asarray(before, dtype=bool)
    if early.shape != (points,):
        raise DesignError(f"before has shape {early.shape} for {points} observations")
    if not early.any():
        raise DesignError("no period lies before the interruption", mend="give the order, such as [1, 0, 0]")
    return early


def _ranked(outcome: Array, matrix: Array, places: Codes) -> list[Order]:
    """Return the orders that can be fitted to the periods before, the one they speak for first."""

    def peak(values: Array, terms: Array, at: Codes, order: Order) -> Peak:
        return highest(_Series.of(values, terms, np.diff(at), order[1]).sample, order[0], order[2], sharpness=False)

    return ranked_orders(outcome, matrix, places, peak)


def _at(y: Array, matrix: Array, steps: Codes, order: Order) -> tuple[_Series, Peak]:
    """Return the series made ready for an order, and the peak of its likelihood."""
    require_order(order, y.size, matrix.shape[1])
    series = _Series.of(y, matrix, steps, order[1])
    return series, highest(series.sample, order[0], order[2])


def _without(orders: list[Order]) -> str:
    """Return in words which orders were passed over."""
    named = " and ".join(f"({p},{d},{q})" for p, d, q in orders)
    return f", after {named} without a peak on the whole series" if orders else ""


class _Series(NamedTuple):
    """A regression made ready: the constant taken out where it is differenced away, terms orthonormal, gaps filled.

    `back` takes coefficients of the sample to those of the regressors that are `kept`; `constant` is the column that a
    difference takes away.
    """

    outcome: Array
    matrix: Array
    places: Codes
    kept: list[int]
    constant: int | None
    start: Array
    back: Array
    sample: Sample

    @classmethod
    def of(cls, outcome: Array, matrix: Array, steps: Codes, differences: int) -> _Series:
        """Return the series on its full grid, differenced if told."""
        places = np.concatenate([[0], np.cumsum(steps)]).astype(np.int64)
        constant = _constant_column(matrix) if differences else None
        kept = [j for j in range(matrix.shape[1]) if j != constant]
        terms = np.diff(matrix[:, kept], axis=0) if differences else matrix
        values = np.diff(outcome) if differences else outcome
        basis, back = orthonormal_basis(terms) if kept else (np.zeros((values.size, 0)), np.zeros((0, 0)))
        scores = basis.T @ values
        rest = values - basis @ scores
        if float(rest @ rest) <= 1e-20 * float(values @ values):
            raise DesignError("the terms fit the outcome perfectly", mend="use fewer terms or more periods")
        start = back @ scores
        left, fine = outcome - matrix[:, kept] @ start, matrix[:, kept] @ back
        grid = np.zeros((int(places[-1]) + 1, len(kept) + 1))
        grid[places] = np.column_stack([fine, left])
        missing = np.delete(np.eye(grid.shape[0]), places, axis=1)
        if differences:
            grid, missing = np.diff(grid, axis=0), np.diff(missing, axis=0)
        sample = Sample(grid[:, :-1], grid[:, -1], missing, values.size)
        return cls(outcome, matrix, places, kept, constant, start, back, sample)


def _constant_column(matrix: Array) -> int | None:
    """Return the column that a difference takes away, None where there is none."""
    constant = [j for j, column in enumerate(matrix.T) if np.ptp(column) == 0.0]
    if constant:
        return constant[0]
    ones = np.ones(matrix.shape[0])
    left = ones - matrix @ np.linalg.lstsq(matrix, ones, rcond=None)[0]
    if float(left @ left) < 1e-16 * matrix.shape[0]:
        raise DesignError(
            "a difference takes the constant away, and here several terms together are the constant",
            mend="give the constant as a term of its own, or an order without a difference, such as [1, 0, 0]",
        )
    return None


def _fit(series: _Series, peak: Peak, order: Order, words: str, chosen: bool) -> Fit:
    """Return the Fit of a series at the peak of its likelihood, in the unit and terms it came in."""
    coefficients, covariance = _in_terms(series, peak)
    fitted = series.matrix @ coefficients
    residuals = series.outcome - fitted
    df = series.sample.seen - len(series.kept) - order[0] - order[2]
    extra = _numbers(peak, order, len(series.kept), series.sample.seen)
    return Fit(
        coefficients=coefficients,
        covariance=covariance,
        residual_df=float(df),
        fitted=fitted,
        residuals=residuals,
        standardised=_innovations(residuals, series.places, order[1], peak.process) / extra["innovation_sigma"],
        scale=extra["innovation_sigma" if order[1] else "sigma"] ** 2,
        rule=_rule(order, words, df, series.constant is not None),
        extra=extra | {"chosen": float(chosen)},
    )


def _in_terms(series: _Series, peak: Peak) -> tuple[Array, Array]:
    """Return coefficients and covariance of all regressors; that of the constant follows where it was taken away."""
    k = series.matrix.shape[1]
    coefficients, covariance = np.zeros(k), np.zeros((k, k))
    coefficients[series.kept] = series.start + series.back @ peak.at.coefficients
    covariance[np.ix_(series.kept, series.kept)] = series.back @ peak.covariance @ series.back.T
    if series.constant is not None:
        size = series.matrix[0, series.constant]
        coefficients[series.constant] = float(np.mean(series.outcome - series.matrix @ coefficients)) / size
        follows = np.eye(k)
        follows[series.constant] = -series.matrix.mean(axis=0) / size
        covariance = follows @ covariance @ follows.T
    return coefficients, covariance


def _numbers(peak: Peak, order: Order, terms: int, seen: int) -> dict[str, float]:
    """Return what `Fit.extra` holds."""
    process, at = peak.process, peak.at
    found = dict(zip("pdq", map(float, order), strict=True)) | {"log_likelihood": at.log_likelihood}
    aicc = corrected_information(at.log_likelihood, terms + order[0] + order[2] + 1, seen)
    found |= {"aicc": aicc} if np.isfinite(aicc) else {}
    found |= {f"ar {i}": float(value) for i, value in enumerate(process.autoregressive, start=1)}
    found |= {f"ma {j}": float(value) for j, value in enumerate(process.moving_average, start=1)}
    found["innovation_sigma"] = float(np.sqrt(at.variance))
    if not order[1]:
        own = process.covariances(1)
        found |= {"rho": float(own[1] / own[0]), "sigma": float(np.sqrt(at.variance * own[0]))}
    return found


def _innovations(errors: Array, places: Codes, differences: int, process: Process) -> Array:
    """Return what the periods before do not foretell of each error, over the root of its variance in innovations.

    By the Cholesky root of the covariance of the periods seen; the first of differenced errors is 0.
    """
    width = int(places[-1]) + 1 - differences
    own = process.covariances(width)
    at = np.arange(width)
    covariance = own[np.abs(at[:, None] - at)]
    if not differences:
        covariance = covariance[np.ix_(places, places)]
        return np.asarray(np.linalg.solve(np.linalg.cholesky(covariance), errors))
    # A step over a gap is the sum of the differences in it.
    steps = (at >= places[:-1, None]) & (at < places[1:, None])
    root = np.linalg.cholesky(steps @ covariance @ steps.T)
    return np.append(0.0, np.linalg.solve(root, np.diff(errors)))


def _rule(order: Order, words: str, df: int, without_constant: bool) -> str:
    """Return the standard-error rule in words."""
    taken = (
        "; the difference takes the level away, and the constant is set so that residuals average zero"
        if without_constant
        else ""
    )
    count = "n-k-p-q" if not order[1] else "n-1-k-p-q"
    return (
        f"regression with ARIMA({order[0]},{order[1]},{order[2]}) errors (order {words}) by exact maximum likelihood; "
        "covariance by the observed information of all parameters, without correction for a short series"
        f"{taken}; t with {count} = {df} degrees of freedom"
    )
