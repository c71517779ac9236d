"""A column read as periods: each distinct text once, and every cell that is no period reported with its row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, Problem
from evalkit.periods import EXAMPLES, FREQUENCIES, format_period, parse_period, words_for
from evalkit.sources.cells import MISSING_NUMBERS, Column, marked_cells, number_in, text_of

if TYPE_CHECKING:
    import numpy

_CLOCK = re.compile(r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})[T ]\d{1,2}:\d{2}.*")
_FURTHEST = 10**7
_EXCEL_START = datetime.date(1899, 12, 30)
_EXCEL_DAYS = (29_221, 60_000)
_NEVER = frozenset({"never"}) | {text.casefold() for text in MISSING_NUMBERS}


def time_in(cell: Any, frequency: str) -> int | None:
    """Return the period of a cell as an integer, or None when it is none; the time of day is dropped."""
    if isinstance(cell, str):
        clock = _CLOCK.fullmatch(cell.strip())
        cell = clock[1] if clock else cell
    try:
        time = parse_period(cell, frequency)
    except (EvalkitError, OverflowError, ValueError):
        return None
    return time if can_be_written(time, frequency) else None


def can_be_written(time: int, frequency: str) -> bool:
    """Say whether an integer is a period of the calendar, which ends with the year 9999."""
    try:
        format_period(time, frequency)
    except (OverflowError, ValueError):
        return False
    return abs(time) < _FURTHEST


def times_of(column: Column, frequency: str) -> tuple[numpy.ndarray, list[Problem]]:
    """Return the period of every row as an integer, and what could not be read."""
    empty = column.spread([text_of(cell) == "" for cell in column.distinct], True, "bool")
    times, problems = _read(column, frequency, lambda cell: text_of(cell) == "")
    if empty.any():
        mend = "fill it in, or leave these rows out by `filter`"
        problems.append(marked_cells("no period", empty, column.show, mend, column.name, "rows"))
    return times, problems


def starts_of(column: Column, frequency: str) -> tuple[numpy.ndarray, list[Problem]]:
    """Return the first treated period of every row as a float, NaN for never, and what could not be read.

    Never is an empty cell, the word, or (where periods are dates) 0, as R's did package writes it.
    """

    def is_never(cell: Any) -> bool:
        return text_of(cell).casefold() in _NEVER or (frequency != "number" and number_in(cell) == 0)

    times, problems = _read(column, frequency, is_never)
    never = column.spread([is_never(cell) for cell in column.distinct], True, "bool")
    starts = times.astype("float64")
    starts[never] = float("nan")
    return starts, problems


def _read(column: Column, frequency: str, skip: Callable[[Any], bool]) -> tuple[numpy.ndarray, list[Problem]]:
    """Return a time per row, 0 where there is none, and a problem when a cell that is not skipped is no period."""
    read = [0 if skip(cell) else time_in(cell, frequency) for cell in column.distinct]
    times = column.spread([time or 0 for time in read], 0, "int64")
    bad = column.spread([time is None for time in read], False, "bool")
    if not bad.any():
        return times, []
    mend = f"write it such as {EXAMPLES[frequency]}"
    unread = [cell for cell, time in zip(column.distinct, read, strict=True) if time is None]
    fitting = _fitting(unread, frequency)
    if _are_day_numbers(unread):
        first = f"{text_of(unread[0])} is {_EXCEL_START + datetime.timedelta(days=int(float(unread[0])))}"
        mend = f"these look like Excel's numbers for days ({first}): format the column as dates, or {mend}"
    elif fitting:
        mend = f"say `frequency: {fitting}`, or {mend}"
    return times, [marked_cells(f"no {words_for(frequency)}", bad, column.show, mend, column.name)]


def _are_day_numbers(cells: list[Any]) -> bool:
    """Say whether all of these cells are numbers that stand for days of 1980 to 2064 in Excel."""
    numbers = [number_in(cell) for cell in cells[:50]]
    return all(number is not None and _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1] for number in numbers)


def _fitting(cells: list[Any], frequency: str) -> str:
    """Return the first other frequency in which all of these cells can be read, or an empty text."""
    for other in FREQUENCIES:
        if other != frequency and all(time_in(cell, other) is not None for cell in cells[:50]):
            return other
    return ""
