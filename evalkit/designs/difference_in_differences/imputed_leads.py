"""Leads beside imputed effects: gaps before the start among untreated rows, which the effects do not use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evalkit.designs.difference_in_differences.event_time import EventColumns, available
from evalkit.errors import DesignError
from evalkit.records import EventTime

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.staggered_fit import Staggered
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.staggered.imputation import Leads

TOO_FEW = "Leads of imputation are held against earlier periods, and there are too few before the start to have both."


class ImputedLeads(NamedTuple):
    """Leads of an imputation, as they are shown and as the checks of leads read them.

    Attributes
    ----------
    points : tuple of EventTime
        Each against all earlier periods, as Borusyak, Jaravel and Spiess print them.
    against_last : tuple of EventTime
        The same against the last period before the start, the earlier periods together as one lead.
    columns : EventColumns
    fit : Fit
        Estimates and covariance of `against_last`, the reference left out. A test of all of them together is the same.
    """

    points: tuple[EventTime, ...]
    against_last: tuple[EventTime, ...]
    columns: EventColumns
    fit: Fit


def imputed_leads(model: Staggered) -> ImputedLeads | str:
    """Return the leads of an imputation, or why there are none.

    Parameters
    ----------
    model : Staggered
        With estimator imputation; as many leads as the design names, fewer where the periods before are fewer.
    """
    from evalkit.estimation.staggered.imputation import imputation_leads

    design = model.design
    most = available(model.study)[0] - design.anticipation - 1
    count = min(design.leads or 1, most)
    if count < 1:
        return TOO_FEW
    try:
        leads = imputation_leads(model.wide, count, design.anticipation, design.small_sample)
    except DesignError as error:
        return f"Leads cannot be estimated from untreated rows: {error.problems[0].message}."
    columns, fit = _against_last(leads)
    points = _points(leads.label, leads.effect, leads.covariance, leads.df, model)
    shown = _points(as_numbers(columns.times), fit.coefficients, fit.covariance, leads.df, model)
    reference = EventTime(columns.reference, 0.0)
    return ImputedLeads(points, tuple(sorted([*shown, reference], key=lambda point: point.time)), columns, fit)


def as_numbers(times: tuple[int, ...]) -> numpy.ndarray:
    """Return event times as an array."""
    import numpy

    return numpy.array(times, dtype=float)


def _against_last(leads: Leads) -> tuple[EventColumns, Fit]:
    """Return leads as differences from the last one; the periods that they were held against become the first."""
    import numpy

    from evalkit.estimation.fit import Fit

    count = leads.label.size
    turn = numpy.zeros((count, count))
    turn[:, -1] = -1.0  # every one of them less the last lead
    turn[1:, :-1] = numpy.eye(count - 1)
    times = (int(leads.label[0]) - 1, *(int(time) for time in leads.label[:-1]))
    empty: numpy.ndarray = numpy.zeros(0)
    fit = Fit(turn @ leads.effect, turn @ leads.covariance @ turn.T, leads.df, empty, empty, empty, 1.0, leads.rule)
    return EventColumns(numpy.zeros((0, count)), times, int(leads.label[-1])), fit


def _points(
    times: numpy.ndarray, values: numpy.ndarray, covariance: numpy.ndarray, df: float, model: Staggered
) -> tuple[EventTime, ...]:
    """Return estimates by event time with pointwise and simultaneous bounds, where there is a standard error."""
    import numpy

    from evalkit.estimation.simultaneous import bands

    errors = numpy.sqrt(numpy.maximum(numpy.diag(covariance), 0.0))
    if not model.sure or not (errors > 0.0).all():
        return tuple(EventTime(int(time), float(value)) for time, value in zip(times, values, strict=True))
    limits = bands(values, covariance, model.design.level, df=df, seed=model.design.seed)
    return tuple(
        EventTime(
            int(times[j]), float(values[j]), float(errors[j]), float(limits.low[j]), float(limits.high[j]),
            float(limits.simultaneous_low[j]), float(limits.simultaneous_high[j]),
        )
        for j in range(values.size)
    )  # fmt: skip
