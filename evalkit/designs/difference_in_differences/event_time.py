"""Time since the start: indicators of event time, and the event study they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import DesignError
from evalkit.records import EventTime

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.estimation.fit import Fit


@dataclass(frozen=True, eq=False)
class EventColumns:
    """Indicators of event time.

    Attributes
    ----------
    matrix : numpy.ndarray, shape (n, k)
        One column per event time but the reference; the first and last hold all that lies beyond.
    times : tuple of int
        Event time of each column.
    reference : int
        The last event time before the start, which has no column.
    """

    matrix: numpy.ndarray
    times: tuple[int, ...]
    reference: int

    @property
    def leads(self) -> list[int]:
        """Indices of the columns before the start."""
        return [index for index, time in enumerate(self.times) if time < 0]


def available(study: Adoption) -> tuple[int, int]:
    """Return how many periods before the start and after the first treated one any treated unit has."""
    times = study.frame["event_time"].dropna()
    return int(-times.min()), int(times.max())


def event_columns(study: Adoption, leads: int, lags: int, trends: bool = False) -> EventColumns:
    """Return indicators of event times -leads (and earlier) to lags (and later), less the reference.

    Notes
    -----
    The reference is the last event time before 0 that the data hold, which is -1 unless a window leaves it out.
    Units that are not treated in these data have zeros everywhere. With unit trends the earliest lead is a second
    reference: a straight line through the treated units' event times is their own trend.
    """
    import numpy

    binned = study.frame["event_time"].clip(lower=-leads, upper=lags).to_numpy(dtype=float)
    present = sorted({int(time) for time in binned[~numpy.isnan(binned)]})
    reference = max(time for time in present if time < 0)
    earliest = [present[0]] if trends and present[0] < reference else []
    times = tuple(time for time in present if time not in (reference, *earliest))
    return EventColumns(numpy.column_stack([(binned == time).astype(float) for time in times]), times, reference)


def event_study(columns: EventColumns, fit: Fit, level: float, seed: int, sure: bool = True) -> tuple[EventTime, ...]:
    """Return effect by event time with pointwise and simultaneous (sup-t) bounds; the reference is 0 without bounds.

    Where no standard error can be had (`sure` is False), no event time has any.
    """
    from evalkit.estimation.simultaneous import bands

    count = len(columns.times)
    values, covariance = fit.coefficients[:count], fit.covariance[:count, :count]
    if not sure:
        bare = [EventTime(time, float(value)) for time, value in zip(columns.times, values, strict=True)]
        return tuple(sorted([*bare, EventTime(columns.reference, 0.0)], key=lambda point: point.time))
    limits = bands(values, covariance, level, df=fit.residual_df, seed=seed)
    found = [
        EventTime(
            time,
            float(values[j]),
            float(fit.standard_errors[j]),
            float(limits.low[j]),
            float(limits.high[j]),
            float(limits.simultaneous_low[j]),
            float(limits.simultaneous_high[j]),
        )
        for j, time in enumerate(columns.times)
    ]
    return tuple(sorted([*found, EventTime(columns.reference, 0.0)], key=lambda point: point.time))


def try_event_study(
    study: Adoption, leads: int, lags: int, regress: Callable[[numpy.ndarray], Fit], trends: bool = False
) -> tuple[EventColumns, Fit] | str:
    """Return indicators and fit of the event study, or the reason why these data cannot carry one."""
    columns = event_columns(study, leads, lags, trends)
    try:
        return columns, regress(columns.matrix)
    except DesignError as error:
        return f"An event study cannot be fitted to these data: {error.problems[0].message}."
