"""Check of start dates: are they known as exactly as the periods of the data, so that before is told from after."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.diagnostics.words import judged, listed, several
from evalkit.errors import EvalkitError
from evalkit.periods import describe_period, first_date, parse_period, words_for
from evalkit.records import Diagnostic

ASSUMPTION = "It is known in which period each place started."
LOOKED_AT = "How exactly each start date is known, beside the length of a period of the data"
FORTNIGHT = 14
WIDTHS = {"day": 1, "fortnight": FORTNIGHT, "month": 31, "quarter": 92, "financial_year": 366, "year": 366}
"""Longest length in days of each precision, to tell which of two is the coarser."""
AS_WRITTEN = ("day", "month", "quarter", "financial_year", "year")
"""Precisions that a date may be written with, finest first."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class WrittenStart:
    """When a place started, as the study file says.

    Attributes
    ----------
    unit : str
    start : str, int or None
        None: no date is written.
    precision : str or None
        day, fortnight, month, quarter, year or unknown; None where the study file says nothing: then as written.
    absent : frozenset of int
        Periods in which the place has no data, as `data.gaps` declares: nothing in them can be on the wrong side.
    """

    unit: str
    start: str | int | None
    precision: str | None = None
    absent: frozenset[int] = frozenset()


def start_dates(starts: Sequence[WrittenStart], frequency: str, design: Mapping[str, Any]) -> Diagnostic | None:
    """Return whether start dates are known as exactly as the periods of the data; None where there are none.

    Parameters
    ----------
    starts : sequence of WrittenStart
        Of places with the programme.
    frequency : str
        Length of a period of the data.
    design : mapping
        Options as resolved: `phase_in`, `anticipation`, `before`, `after` and `exclude` (of one series) may leave out
        the periods in doubt.

    Returns
    -------
    Diagnostic or None
        `start_dates`, key. Sign against: a start may lie in any of several periods, and some of those are counted as
        before or as after; or it is not known at all. Not run for numbered periods without dates.
    """
    known = [start for start in starts if start.start is not None or start.precision == UNKNOWN]
    if not known:
        return None
    if frequency == "number":
        reading = "The periods carry no dates, so the precision of a date cannot be held against them."
        return Diagnostic("start_dates", ASSUMPTION, "not run", reading, key=True, looked_at=LOOKED_AT)
    doubted = {start.unit: why for start in known if (why := _doubt(start, frequency, design))}
    return Diagnostic(
        "start_dates", ASSUMPTION, judged(bool(doubted)), _reading(doubted, len(known), frequency),
        statistic=float(len(doubted)), key=True, looked_at=LOOKED_AT,
        short=f"start dates are not known to the {words_for(frequency)}" if doubted else "",
    )  # fmt: skip


def possible_periods(start: WrittenStart, frequency: str) -> tuple[int, int] | None:
    """Return the first and the last period in which a place may have started; None where that is not known.

    The coarser of the two counts: how the date is written, or how exactly the study file says that it is known.
    """
    if start.start is None or start.precision == UNKNOWN:
        return None
    for shape in AS_WRITTEN:
        try:
            first = first_date(parse_period(start.start, shape), shape)
        except (EvalkitError, OverflowError):
            continue
        coarser = start.precision if start.precision and WIDTHS[start.precision] > WIDTHS[shape] else shape
        begin, end = _stretch(first, coarser)
        return parse_period(begin.isoformat(), frequency), parse_period(end.isoformat(), frequency)
    return None


def _stretch(first: datetime.date, precision: str) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day that a date of this precision may mean."""
    if precision == "fortnight":
        return first, first + datetime.timedelta(days=FORTNIGHT - 1)
    time = parse_period(first.isoformat(), precision)
    return first_date(time, precision), first_date(time + 1, precision) - datetime.timedelta(days=1)


def _doubt(start: WrittenStart, frequency: str, design: Mapping[str, Any]) -> str:
    """Return why a start is in doubt; empty where it is not, or where the periods in doubt are left out."""
    if start.start is None:
        return "no date is known"
    if start.precision == UNKNOWN:
        return "how exactly the date is known is not known"
    possible = possible_periods(start, frequency)
    if possible is None:
        return "its date cannot be read"
    first, last = possible
    if first == last or _left_out(start, first, last, frequency, design):
        return ""
    return f"in any {words_for(frequency)} from {describe_period(first, frequency)} to " + describe_period(
        last, frequency
    )


def _left_out(start: WrittenStart, first: int, last: int, frequency: str, design: Mapping[str, Any]) -> bool:
    """Return whether every period that may lie on the other side of the start is left out of the analysis.

    With the true start anywhere from `first` to `last`, periods from `first` to the one before `last` may be either.
    Those in a declared gap have no data, so they count as left out.
    """
    try:
        said = parse_period(start.start, frequency)
    except EvalkitError:  # written more coarsely than the periods are: the analysis takes its start from elsewhere
        said = first
    early = said - int(design.get("anticipation") or 0)
    late = said + int(design.get("phase_in") or 0)
    ends, begins = (_end(design.get(window), edge, frequency) for window, edge in (("before", "to"), ("after", "from")))
    early = early if ends is None else min(early, ends + 1)
    late = late if begins is None else max(late, begins)
    gone = start.absent | _taken_out(design.get("exclude"), frequency)
    return all(early <= time < late or time in gone for time in range(first, last))


def _taken_out(exclude: Any, frequency: str) -> frozenset[int]:
    """Return the periods that the design takes out by name; one that leaves out places by name takes out none."""
    stretches = exclude if isinstance(exclude, list) else []
    return frozenset(time for each in stretches
                     for time in range(parse_period(each["from"], frequency),
                                       parse_period(each["to"] or each["from"], frequency) + 1))  # fmt: skip


def _end(window: Any, edge: str, frequency: str) -> int | None:
    """Return one end of a window of the design; None where it names none."""
    written = window.get(edge) if isinstance(window, Mapping) else None
    return None if written is None else parse_period(written, frequency)


def _reading(doubted: Mapping[str, str], known: int, frequency: str) -> str:
    """Return which starts are in doubt and why, in words."""
    period = words_for(frequency)
    if not doubted:
        single = "The start is" if known == 1 else f"All {known:,} starts are"
        return f"{single} known to the {period}, or the time in doubt is left out."
    named = listed([f"{unit} ({why})" for unit, why in doubted.items()])
    return (
        f"{several(len(doubted), 'start')} of {known:,} {'is' if len(doubted) == 1 else 'are'} not known to the "
        f"{period}: {named}. Time before the start may be counted as after it, or the other way round."
    )
