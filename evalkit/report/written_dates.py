"""Dates as an author wrote them, as stretches of days: how wide each is tells how exactly it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.periods import describe_period, first_date, parse_period

FORTNIGHT = 14
_FINEST_FIRST = ("day", "month", "quarter", "financial_year", "year")
_WIDTH = {"day": 1, "fortnight": 14, "month": 31, "quarter": 92, "financial_year": 366, "year": 366}
EXACT = ("day", "month", "number")
"""Precisions that are drawn as a point in time."""


@dataclass(frozen=True)
class Stretch:
    """Time from `begin` up to, but not including, `end`.

    Attributes
    ----------
    begin, end : int
        Days as `parse_period` counts them, or steps without dates.
    precision : str
        day, fortnight, month, quarter, year, financial_year or number.
    words : str
        For a reader.
    """

    begin: int
    end: int
    precision: str
    words: str

    @property
    def exact(self) -> bool:
        """True where it is known to the month or better."""
        return self.precision in EXACT


def read_stretch(written: Any, frequency: str, precision: str = "day") -> Stretch | None:
    """Return the time that a date covers; None when it is no date.

    Parameters
    ----------
    written : str or int
        As in the study file.
    frequency : str
        Length of a period of the study; with `number`, dates are whole numbers.
    precision : str
        How exactly the author says that it is known; what is written less exactly stays so.
    """
    if written is None:
        return None
    if frequency == "number":
        try:
            step = parse_period(written, "number")
        except EvalkitError:
            return None
        return Stretch(step, step + 1, "number", describe_period(step, "number"))
    for shape in _FINEST_FIRST:
        try:
            time = parse_period(written, shape)
        except (EvalkitError, OverflowError):
            continue
        return _widened(first_date(time, shape), shape, precision)
    return None


def in_words(written: Any) -> str:
    """Return a date as a reader says it, no finer than it was written: June 2024; what is no date stays as it is."""
    found = read_stretch(written, "month")
    return found.words if found else str(written)


def day_number(day: date) -> int:
    """Return a day as the axis of a chart counts it."""
    return parse_period(day, "day")


def _widened(first: date, shape: str, precision: str) -> Stretch:
    """Return the stretch of the coarser of the two: as written, or as exact as it is said to be."""
    coarser = precision if _WIDTH.get(precision, 0) > _WIDTH[shape] else shape
    if coarser == "fortnight":
        begin = day_number(first)
        return Stretch(begin, begin + FORTNIGHT, coarser, f"the fortnight of {describe_period(begin, 'day')}")
    time = parse_period(first, coarser)
    begins, ends = (first_date(moment, coarser) for moment in (time, time + 1))
    last = day_number(ends - timedelta(days=1)) + 1
    return Stretch(day_number(begins), last, coarser, describe_period(time, coarser))
