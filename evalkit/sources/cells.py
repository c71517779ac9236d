"""Cells of a column: as numbers or text, and in words when they are not what they should be.

A column is held as its distinct cells and which row holds which, so that text is read once however often it stands
there, and a file of millions of rows takes seconds.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy
    import pandas

LARGEST = 1e18
"""Numbers beyond this stand for no count, person or pound: they are slips, and sums of squares would overflow."""

SHOWN = 5
"""How many offending cells a message names."""

MISSING_NUMBERS = frozenset({"", "NA", "NaN", "nan", "NaT", "<NA>", "None", "null"})
"""Text that statistical programs write where there is no number."""

_TRUTH = {"true": 1, "false": 0, "yes": 1, "no": 0}
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
_NUMBER = {
    mark: re.compile(rf"[+-]?(?:[0-9]{{1,3}}(?:[{thousands}][0-9]{{3}})+(?:[{mark}][0-9]*)?"
                     rf"|(?:[0-9]+[{mark}]?[0-9]*|[{mark}][0-9]+)(?:[eE][+-]?[0-9]+)?)")
    for mark, thousands in ((".", ","), (",", ". \u00a0"))
}  # fmt: skip
_THOUSANDS = {".": str.maketrans("", "", ","), ",": str.maketrans(",", ".", ". \u00a0")}


@dataclass(frozen=True, eq=False)
class Column:
    """A column as its distinct cells.

    Attributes
    ----------
    name : str
    codes : numpy.ndarray
        Position in `distinct` of each row's cell; -1 where the cell is empty.
    distinct : list
        Cells that differ.
    rows : numpy.ndarray
        Row numbers as the reader of a message would count.
    """

    name: str
    codes: numpy.ndarray
    distinct: Sequence[Any]
    rows: numpy.ndarray

    def spread(self, values: Any, missing: Any, kind: str) -> numpy.ndarray:
        """Return one value per row from one value per distinct cell."""
        import numpy

        table = numpy.append(numpy.asarray(values, dtype=kind), numpy.asarray([missing], dtype=kind))
        spread: numpy.ndarray = table[self.codes]
        return spread

    def cell(self, at: int) -> Any:
        """Return the cell of the row at a position."""
        code = int(self.codes[at])
        return None if code < 0 else self.distinct[code]

    def show(self, mask: numpy.ndarray) -> str:
        """Return the marked rows with their cells: `row 1,204 "<5", row 3,377 "n/a" and 7 more`."""
        import numpy

        marked = numpy.flatnonzero(mask)
        named = [f"row {int(self.rows[at]):,} {quoted(self.cell(at))}" for at in marked[:SHOWN]]
        return _and_more(named, len(marked))


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read as numbers, with what was no number.

    Attributes
    ----------
    values : numpy.ndarray
        Float; NaN where there is no number.
    missing, text, infinite, suppressed : numpy.ndarray
        Which rows hold an empty cell, text, an infinite number, or a declared range.
    """

    column: Column
    values: numpy.ndarray
    missing: numpy.ndarray
    text: numpy.ndarray
    infinite: numpy.ndarray
    suppressed: numpy.ndarray

    def problems(self, place: Places, outcome: str = "") -> list[Problem]:
        """Return what keeps the column from being numbers: text, infinite, too large and missing cells.

        Parameters
        ----------
        outcome : str
            Id of the outcome that the column is the value of: there alone text may be declared to stand for a range.
        """
        found, show = [], self.column.show
        if self.text.any():
            mend = self._mend(outcome) if outcome else "ask for numbers, or leave these rows out by `filter`"
            found.append(marked_cells("text", self.text, show, mend, self.column.name))
        if self.infinite.any():
            mend = "mend the division or the digits that made it"
            found.append(marked_cells("infinite", self.infinite, show, mend, self.column.name))
        large = abs(self.values) > LARGEST
        if (large & ~self.infinite).any():
            mend = "look for digits that ran together, or a decimal point that was lost"
            found.append(marked_cells("too large", large & ~self.infinite, show, mend, self.column.name))
        if self.missing.any():
            mend = "ask for the numbers, leave these rows out by `filter`, or declare `gaps`"
            found.append(marked_cells("missing", self.missing, place.show, mend, self.column.name))
        return found

    def _mend(self, outcome: str) -> str:
        import numpy

        first = str(self.column.cell(int(numpy.flatnonzero(self.text)[0]))).strip()
        below = re.fullmatch(r"(?:<|fewer than |less than )\s*([0-9]+)", first)
        bounds = f"[1, {max(1, int(below[1]) - 1)}]" if below else "[LOWEST, HIGHEST]"
        where = f"`suppressed` stands under outcomes.{outcome}"
        return f'declare suppressed: {{"{first[:40]}": {bounds}}} or ask for numbers; {where}'


@dataclass
class Places:
    """How a message names rows: by unit and period, or by row number while these cannot be read.

    Attributes
    ----------
    rows : numpy.ndarray
        Row numbers.
    names : callable or None
        Gives the unit and period of the row at a position.
    """

    rows: numpy.ndarray
    names: Any = field(default=None)

    def name(self, at: int) -> str:
        """Return the name of the row at a position."""
        return f"row {int(self.rows[at]):,}" if self.names is None else str(self.names(at))

    def show(self, mask: numpy.ndarray) -> str:
        """Return the names of the marked rows, the first few of them."""
        import numpy

        marked = numpy.flatnonzero(mask)
        return _and_more([self.name(int(at)) for at in marked[:SHOWN]], len(marked))


def marked_cells(
    words: str, mask: numpy.ndarray, show: Callable[[numpy.ndarray], str], mend: str, where: str, cells: str = "cells"
) -> Problem:
    """Return the problem that some cells of a column are not what they should be: how many, and which."""
    return Problem(f"{words} in {int(mask.sum()):,} of {len(mask):,} {cells}: {show(mask)}", mend, where)


def column_of(frame: pandas.DataFrame, name: str) -> Column:
    """Return a column as its distinct cells.

    Raises
    ------
    DataError
        When its cells are lists or tables.
    """
    import pandas

    series = frame[name]
    rows = frame.index.to_numpy()
    if isinstance(series.dtype, pandas.CategoricalDtype):
        if len(series) < len(series.cat.categories):
            series = series.cat.remove_unused_categories()
        return Column(name, series.cat.codes.to_numpy().astype("int64"), list(series.cat.categories), rows)
    try:
        codes, distinct = pandas.factorize(series, use_na_sentinel=True)
    except TypeError:
        raise DataError("cells hold lists, not single values", "name another column", name) from None
    return Column(name, codes, pandas.Index(distinct).tolist(), rows)


def numbers_of(
    frame: pandas.DataFrame,
    name: str,
    decimal: str = ".",
    suppressed: Mapping[str, tuple[float, float]] | None = None,
    *,
    truth: bool = False,
) -> Numbers:
    """Return a column as numbers.

    Parameters
    ----------
    decimal : str
        Character before the decimals of numbers written as text; the other of `.` and `,` may separate thousands.
    suppressed : mapping of str to (float, float), optional
        Cells that stand for a range; its middle is taken.
    truth : bool
        Read true and false, yes and no as 1 and 0.
    """
    import numpy

    series = frame[name]
    if isinstance(series.dtype, numpy.dtype) and series.dtype.kind in "iuf" and not suppressed:
        # Numbers already: there is nothing to read, and no need to find the distinct ones among millions.
        values, none = series.to_numpy().astype("float64"), numpy.zeros(len(series), dtype="bool")
        cells = Column(name, numpy.arange(len(series)), series.to_numpy(), frame.index.to_numpy())  # type: ignore[arg-type]
        return Numbers(cells, values, numpy.isnan(values), none, numpy.isinf(values), none)
    column = column_of(frame, name)
    ranges = {text.strip(): (low + high) / 2 for text, (low, high) in (suppressed or {}).items()}
    if ranges or truth:
        words = _TRUTH if truth else {}
        read = [ranges.get(text_of(cell), number_in(words.get(text_of(cell).casefold(), cell), decimal))
                for cell in column.distinct]  # fmt: skip
    else:
        read = [number_in(cell, decimal) for cell in column.distinct]
    values = column.spread([math.nan if value is None else value for value in read], math.nan, "float64")
    text = column.spread([value is None for value in read], False, "bool")
    declared = column.spread([bool(ranges) and text_of(cell) in ranges for cell in column.distinct], False, "bool")
    infinite = numpy.isinf(values)
    missing = numpy.isnan(values) & ~text
    return Numbers(column, values, missing, text, infinite, declared)


def number_in(cell: Any, decimal: str = ".") -> float | None:
    """Return the number in a cell, NaN when it is empty, None when it is text."""
    if isinstance(cell, str):
        text = cell.strip()
        if decimal == "." and text.isascii() and text.replace(".", "", 1).isdigit():
            return float(text)  # the usual case, without a regular expression: there may be millions
        if text in MISSING_NUMBERS:
            return math.nan
        if _NUMBER[decimal].fullmatch(text):
            return float(text.translate(_THOUSANDS[decimal]))
        if text.casefold() in _INFINITE:
            return math.inf
        return None
    if cell is None:
        return math.nan
    if isinstance(cell, datetime.date | datetime.time | datetime.timedelta):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def text_of(cell: Any) -> str:
    """Return a cell as text: 3.0 as 3, a date as 2022-12-31, surrounding spaces dropped; empty for none."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell)
    number = number_in(cell)
    return str(int(number)) if number is not None and math.isfinite(number) and number == int(number) else str(cell)


def quoted(cell: Any) -> str:
    """Return a cell for a message: "n/a", shortened when it is long."""
    text = "" if cell is None else str(cell)
    return f'"{text[:40]}..."' if len(text) > 40 else f'"{text}"'


def _and_more(named: list[str], total: int) -> str:
    text = ", ".join(named)
    return f"{text} and {total - len(named):,} more" if total > len(named) else text
