"""Which rows a filter keeps; a filter that cannot be meant is an error that lists the values there are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.sources.cells import Column, column_of, number_in, text_of
from evalkit.sources.columns import Data
from evalkit.sources.dates import time_in
from evalkit.sources.inputs import did_you_mean
from evalkit.sources.repeated import number_of_rows
from evalkit.sources.written import Between, Excluding, Filter

if TYPE_CHECKING:
    import numpy
    import pandas


def kept_rows(data: Data, rows: pandas.DataFrame, conditions: Filter, where: str) -> numpy.ndarray:
    """Return which rows pass every condition.

    Text in YAML is compared as text, numbers as numbers, and values of the period column as periods.

    Parameters
    ----------
    where : str
        Dotted key of the filter, for messages.

    Raises
    ------
    DataError
        When a condition names a value that the column does not hold, or no row passes.
    """
    import numpy

    kept = numpy.ones(len(rows), dtype="bool")
    problems: list[Problem] = []
    for name, condition in conditions.items():
        column = column_of(rows, name)
        test = _Test(data, column, f"{where}.{name}")
        kept &= column.spread([test.passes(cell, condition) for cell in column.distinct],
                              test.passes(None, condition), "bool")  # fmt: skip
        problems += test.problems(condition)
    if not problems and len(rows) and not kept.any():
        found = f"none of the {number_of_rows(rows):,} rows passes all conditions"
        problems.append(Problem(found, "loosen one of them", where))
    if problems:
        raise DataError(problems)
    return kept


class _Test:
    """One column against one condition."""

    def __init__(self, data: Data, column: Column, where: str) -> None:
        import numpy

        self._decimal, self._frequency = data.decimal_mark, data.frequency
        self._is_period = column.name == data.period_column
        self._where = where
        present = numpy.unique(column.codes)
        self._cells = [column.distinct[code] if code >= 0 else None for code in present]

    def passes(self, cell: Any, condition: Any) -> bool:
        if isinstance(condition, Between):
            return self._between(cell, condition)
        if isinstance(condition, Excluding):
            return not any(self._same(cell, value) for value in _values(condition.not_))
        return any(self._same(cell, value) for value in _values(condition))

    def problems(self, condition: Any) -> list[Problem]:
        """Return the values that the column does not hold, or that a range cannot be compared."""
        if isinstance(condition, Between):
            return self._range_problems(condition)
        wanted = _values(condition.not_ if isinstance(condition, Excluding) else condition)
        there = sorted({text_of(cell) for cell in self._cells} - {""})
        return [Problem(f"no row holds {value!r}", did_you_mean(text_of(value), there), self._where)
                for value in wanted if not any(self._same(cell, value) for cell in self._cells)]  # fmt: skip

    def _same(self, cell: Any, value: Any) -> bool:
        if value is None:
            return text_of(cell) == ""
        if isinstance(value, bool):
            return text_of(cell).casefold() == str(value).casefold()
        if self._is_period:
            time = time_in(value, self._frequency)
            if time is not None:
                return time == time_in(cell, self._frequency)
        if isinstance(value, str):
            return text_of(cell) == value.strip()
        return number_in(cell, self._decimal) == float(value)

    def _between(self, cell: Any, condition: Between) -> bool:
        read = self._reader(condition)
        at = read(cell)
        low, high = read(condition.from_), read(condition.to)
        if at is None or math.isnan(at):
            return False
        return (condition.from_ is None or (low is not None and low <= at)) and (
            condition.to is None or (high is not None and at <= high)
        )

    def _reader(self, condition: Between) -> Callable[[Any], float | None]:
        """Return how both ends and the cells are read: as periods when an end is text, else as numbers."""
        ends = [end for end in (condition.from_, condition.to) if end is not None]
        if self._is_period or any(isinstance(end, str) for end in ends):
            return lambda cell: time_in(cell, self._frequency)
        return lambda cell: number_in(cell, self._decimal)

    def _range_problems(self, condition: Between) -> list[Problem]:
        read = self._reader(condition)
        for end in (condition.from_, condition.to):
            if end is not None and read(end) is None:
                return [Problem(f"{end!r} is neither a number nor a period", "give numbers or periods", self._where)]
        unread = sorted(text_of(cell) for cell in self._cells if text_of(cell) and read(cell) is None)
        if unread:
            return [Problem(f"{unread[0]!r} cannot be compared with {condition.from_!r} to {condition.to!r}",
                            "list the values to keep instead", self._where)]  # fmt: skip
        if any(self._between(cell, condition) for cell in self._cells):
            return []
        ordered = sorted((number, text_of(cell)) for cell in self._cells
                         if (number := read(cell)) is not None and not math.isnan(number))  # fmt: skip
        runs = f"the column runs from {ordered[0][1]} to {ordered[-1][1]}" if ordered else "the column is empty"
        return [Problem("no row lies in this range", runs, self._where)]


def _values(condition: Any) -> list[Any]:
    return condition if isinstance(condition, list) else [condition]
