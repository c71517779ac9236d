"""A regression of one series by the family and the errors that the design names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from evalkit.designs.interrupted_time_series.interruptions import placed
from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.rules import Family


@dataclass(frozen=True, eq=False)
class Rows:
    """What a regression of one series needs beside its terms.

    Attributes
    ----------
    value : numpy.ndarray, shape (n,)
        The outcome as counted.
    exposure : numpy.ndarray, shape (n,)
        What a count family takes it over.
    modelled : numpy.ndarray, shape (n,)
        The outcome as a gaussian family models it, before any logarithm.
    positions : numpy.ndarray of int, shape (n,)
    before : numpy.ndarray of bool, shape (n,)
        Whether the period lies before the interruption.
    """

    value: numpy.ndarray
    exposure: numpy.ndarray
    modelled: numpy.ndarray
    positions: numpy.ndarray
    before: numpy.ndarray


def fitted_by(design: InterruptedTimeSeries, matrix: numpy.ndarray, rows: Rows, lags: int | None) -> Fit:
    """Return the regression of some rows on `matrix`.

    Parameters
    ----------
    design : InterruptedTimeSeries
        Resolved; family, scale, errors, order and small_sample are read.
    matrix : numpy.ndarray, shape (n, k)
    rows : Rows
    lags : int or None
        For newey_west; None is the usual number, and the rule says so.

    Raises
    ------
    DesignError
        As the estimators, or when the order of arima is longer than the series.
    """
    from evalkit.estimation import regression
    from evalkit.estimation.series import autoregressive, autoregressive_counts

    if design.family == "quasi_poisson" and design.errors == "autoregressive":
        return autoregressive_counts.quasi_likelihood(
            rows.value, matrix, rows.exposure, rows.positions, design.small_sample
        )
    if design.family in COUNT_FAMILIES:
        return regression.generalised_linear(
            rows.value, matrix, cast("Family", design.family), exposure=rows.exposure,
            covariance="newey_west" if design.errors == "newey_west" else "model", lags=lags,
        )  # fmt: skip
    outcome = transformed(design, rows.modelled)
    if design.errors == "autoregressive":
        return autoregressive.restricted_likelihood(outcome, matrix, rows.positions, design.small_sample)
    if design.errors == "newey_west":
        return regression.newey_west(outcome, matrix, lags)
    if design.errors == "prais_winsten":
        from evalkit.estimation.series import prais_winsten

        return prais_winsten.iterated(outcome, matrix, rows.positions)
    if design.errors == "arima":
        return _arima(design, outcome, matrix, rows)
    return regression.ordinary(outcome, matrix)


def transformed(design: InterruptedTimeSeries, modelled: numpy.ndarray) -> numpy.ndarray:
    """Return the outcome of a gaussian family on the model's scale."""
    import numpy

    return numpy.log(modelled) if design.scale == "log" else modelled


def _arima(design: InterruptedTimeSeries, outcome: numpy.ndarray, matrix: numpy.ndarray, rows: Rows) -> Fit:
    """Return the regression with ARIMA errors; an order that the series cannot carry is refused."""
    from evalkit.estimation.series import arima

    if design.order is not None and sum(design.order) + matrix.shape[1] >= outcome.size:
        raise DesignError(
            f"order {list(design.order)} and {matrix.shape[1]} terms for {outcome.size} periods",
            "use a lower order, fewer terms, or errors: autoregressive", "design.order",
        )  # fmt: skip
    with placed("design.order" if design.order is not None else "design.errors"):
        return arima.regression(outcome, matrix, rows.positions, design.order, rows.before)
