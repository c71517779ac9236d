"""The change against every window that could have been the one before: how far it hangs on the choice of baseline."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.before_after.cells import Cell, CellTable
from evalkit.designs.before_after.halves import Halves
from evalkit.designs.before_after.same_months import SEASONAL, place_in_year, place_words
from evalkit.designs.windows import Span, first_start, words_of
from evalkit.errors import EvalkitError
from evalkit.periods import PER_YEAR, SEASON_LENGTH, first_date
from evalkit.records import Baseline

if TYPE_CHECKING:
    from evalkit.designs.before_after.change import Change
    from evalkit.designs.before_after.comparison_areas import FourCells
    from evalkit.estimation.before_after.counts import RateRatio
    from evalkit.estimation.before_after.relative_effect import RelativeEffect

MOST = 120
"""Windows that are shown; of more, an even choice is."""

Bounded = tuple[float, float | None, float | None]
Against = Callable[[list[int]], Bounded]
"""The change, with its limits, against these periods."""


@dataclass(frozen=True)
class Choice:
    """What other windows before would have given.

    Attributes
    ----------
    windows : tuple of Baseline
        Oldest first.
    alike : tuple of bool
        Whether each lies at the same time of the year as the registered one, or holds whole years.
    unused : int
        Windows that could not be used.
    """

    windows: tuple[Baseline, ...]
    alike: tuple[bool, ...]
    unused: int


def baselines(rows: Halves, registered: Change, against: Against) -> Choice:
    """Return the change against each window before the start.

    Parameters
    ----------
    rows : Halves
        As registered.
    registered : Change
        The one of the study.
    against : callable
        The same rule for the periods of another window before.

    Notes
    -----
    Windows as long as the one before, one period apart, that end before the start; every whole calendar year; and,
    where no other window as long is left, windows as long as the one after. Windows overlap: they are no independent
    tests. Units that were not seen in all periods leave a window out.
    """
    own = registered.relative or registered.absolute
    found: list[Baseline] = []
    alike: list[bool] = []
    spans, unused = _spans(rows)
    for span in spans:
        try:
            value, low, high = (
                (own.value, own.low, own.high) if span == rows.spans[0] else against(_kept(rows, span))
            )  # fmt: skip
        except (EvalkitError, ArithmeticError):  # no ratio or no standard error against this one window
            unused += 1
            continue
        if not math.isfinite(value):
            unused += 1
            continue
        labels = rows.panel.label(span.first), rows.panel.label(span.last)
        found.append(Baseline(_words(rows, span), *labels, value, low, high, own.unit, span == rows.spans[0]))
        alike.append(_alike(rows, span))
    return Choice(tuple(found), tuple(alike), unused)


def against_counts(rows: Halves, ratio: Callable[[Cell, Cell], RateRatio]) -> Against:
    """Return the change of counts in percent against other periods, by the rule `ratio` of two cells."""
    table = CellTable(rows.panel.frame, rows.both)
    after = table.cell(rows.times[1])

    def against(times: list[int]) -> Bounded:
        found = ratio(table.cell(times), after)
        return 100.0 * (found.value - 1.0), 100.0 * (found.low - 1.0), 100.0 * (found.high - 1.0)

    return against


def against_areas(rows: Halves, areas: Halves, effect: Callable[[FourCells], RelativeEffect]) -> Against:
    """Return the change in percent beyond that of comparison areas against other periods."""
    from evalkit.designs.before_after.comparison_areas import FourCells

    tables = [CellTable(half.panel.frame, half.both) for half in (rows, areas)]
    after = [table.cell(rows.times[1]) for table in tables]

    def against(times: list[int]) -> Bounded:
        treated, compared = ((table.cell(times), cell) for table, cell in zip(tables, after, strict=True))
        found = effect(FourCells(treated, compared))
        value, low, high = (100.0 * math.expm1(number) for number in (found.log_ratio, found.low, found.high))
        return value, low, high

    return against


def against_rows(rows: Halves, change_of: Callable[[Halves], Change], bounds: bool = True) -> Against:
    """Return the change of shares, means or medians against other periods; `bounds` False leaves the limits out."""

    def against(times: list[int]) -> Bounded:
        before = rows.panel.frame[rows.panel.frame["time"].isin(times)]
        found = change_of(dataclasses.replace(rows, before=before)).absolute
        return found.value, *((found.low, found.high) if bounds else (None, None))

    return against


def _spans(rows: Halves) -> tuple[list[Span], int]:
    """Return the windows that can be used, at most `MOST`, and how many cannot."""
    own = rows.spans[0]
    if not rows.both:
        return [own], 0  # Other units after than before: no window is like another.
    start = first_start(rows.panel)
    end = min(rows.spans[1].first, rows.spans[1].first if start is None else start) - 1
    earliest = rows.panel.times[0]
    slid = _slid(earliest, end, own.last - own.first + 1)
    if len(slid) < 2:
        after = rows.spans[1]
        slid += _slid(earliest, end, after.last - after.first + 1)
    years = _calendar_years(earliest, end, rows.panel.frequency)
    every = sorted({*slid, *years, own}, key=lambda span: (span.last, span.first))
    seen = rows.panel.frame.groupby("time")["unit"].nunique()
    full = {int(time) for time in seen.index[seen == len(rows.panel.units)]}
    usable = [span for span in every if span == own or _usable(rows, span, full)]
    return _thinned(usable, {own, *years}), len(every) - len(usable)


def _slid(earliest: int, end: int, length: int) -> list[Span]:
    return [Span(first, first + length - 1) for first in range(earliest, end - length + 2)]


def _calendar_years(earliest: int, end: int, frequency: str) -> list[Span]:
    """Return the whole calendar years from the first period to the last, for months and quarters."""
    length = SEASON_LENGTH.get(frequency)
    if length is None:
        return []
    return [span for span in _slid(earliest, end, length) if first_date(span.first, frequency).month == 1]


def _usable(rows: Halves, span: Span, full: set[int]) -> bool:
    """Return whether all units have all periods and, where months are matched, the window holds those compared."""
    if not full.issuperset(range(span.first, span.last + 1)):
        return False
    if not rows.left_out:
        return True
    frequency = rows.panel.frequency
    held = {place_in_year(time, frequency) for time in range(span.first, span.last + 1)}
    return held >= {place_in_year(time, frequency) for time in rows.times[1]}


def _thinned(spans: list[Span], always: set[Span]) -> list[Span]:
    """Return at most `MOST` windows, spread evenly, those that are always shown among them."""
    if len(spans) <= MOST:
        return spans
    others = [span for span in spans if span not in always]
    room = max(1, MOST - len(always))
    chosen = {others[round(place * (len(others) - 1) / max(1, room - 1))] for place in range(min(room, len(others)))}
    return [span for span in spans if span in always or span in chosen]


def _kept(rows: Halves, span: Span) -> list[int]:
    """Return the periods of a window that are compared: all, or those at times of the year that are matched."""
    times = list(range(span.first, span.last + 1))
    if not rows.left_out:
        return times
    frequency = rows.panel.frequency
    places = {place_in_year(time, frequency) for time in rows.times[1]}
    return [time for time in times if place_in_year(time, frequency) in places]


def _alike(rows: Halves, span: Span) -> bool:
    """Return whether a window lies at the time of the year of the registered one, or both hold whole years."""
    frequency, own = rows.panel.frequency, rows.spans[0]
    if rows.left_out or frequency not in SEASONAL:
        return True
    lengths = [side.last - side.first + 1 for side in (own, span)]
    whole = [length >= PER_YEAR[frequency] - 1 and length % PER_YEAR[frequency] < 2 for length in lengths]
    begins = [place_in_year(side.first, frequency) for side in (own, span)]
    return all(whole) or (lengths[0] == lengths[1] and begins[0] == begins[1])


def _words(rows: Halves, span: Span) -> str:
    """Return a window in words: `2019`, `April 2018 to March 2019`, `2019 (January to June only)`."""
    frequency = rows.panel.frequency
    length = SEASON_LENGTH.get(frequency)
    words = words_of(span, frequency)
    if length and span.last - span.first + 1 == length and first_date(span.first, frequency).month == 1:
        words = str(first_date(span.first, frequency).year)
    if rows.left_out:
        words += f" ({place_words((place_in_year(time, frequency) for time in rows.times[1]), frequency)} only)"
    return words
