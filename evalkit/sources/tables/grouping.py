"""Rows that are alike brought together where they lie, with how many they are: no value is written into the question.

Exact by what it leaves out. Nothing is added, averaged or rounded where the rows lie: they are only counted, each as
often as it stands there with the same cells. Cells keep the text or number that they have, so that what is a unit, a
period, a number or a kept row is decided by the same code as for every other source. Two things are made coarser
where that cannot change what is decided: dates become their period, and numbers that only a range is asked of become
the smallest on their side of its ends.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError
from evalkit.periods import first_date
from evalkit.sources.cells import column_of, text_of
from evalkit.sources.dates import can_be_written, time_in
from evalkit.sources.inputs import listed, missing_columns

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas

MOST_TOGETHER = 5_000_000
"""Rows that differ, at most: more would not be brought together but copied."""
MOST_TEXTS = 200_000
"""Different texts of a period column up to which days are made months before the rows are brought together."""
COUNT = "(alike rows)"
"""Column that says how many rows are alike; no header can ask for it, as a study's names are checked against it."""

_WEEKS = 1_000_000  # added and taken off again, so that nothing negative is divided
_CLOCK = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/[0-9]{4})[T ][0-9]{1,2}:[0-9]{2}"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BRITISH_DAY = r"^[0-9]{2}/[0-9]{2}/[0-9]{4}"
_WHOLE_MONTHS = ("month", "quarter", "year", "financial_year")


@dataclass(frozen=True)
class Question:
    """What is asked of a table.

    Attributes
    ----------
    columns : sequence of str
        Columns of which alike cells are brought together.
    period : str or None
        Column that holds the period.
    frequency : str
        Length of a period.
    ranges : mapping of str to list
        Ends of every range, by columns of which nothing else is asked.
    time_zone : str or None
        In which moments with a time zone become days.
    """

    columns: Sequence[str]
    period: str | None
    frequency: str
    ranges: Mapping[str, list[tuple[float | None, float | None]]] = field(default_factory=dict)
    time_zone: str | None = None


def bring_together(table: ir.Table, question: Question) -> pandas.DataFrame:
    """Return rows that differ, with the column `COUNT`, in an order that is the same wherever the rows lie.

    Raises
    ------
    DataError
        When a column is not there or holds lists, or too many rows differ.
    """
    _require(table, question)
    keys, smallest = _keys(table, question)
    names = {f"key_{at}": name for at, name in enumerate(question.columns)}
    asked = table.group_by([key.name(short) for short, key in zip(names, keys, strict=True)]).aggregate(
        **{"number": table.count(), **smallest}
    )
    frame: pandas.DataFrame = asked.limit(MOST_TOGETHER + 1).to_pyarrow().to_pandas()
    if len(frame) > MOST_TOGETHER:
        raise DataError(f"more than {MOST_TOGETHER:,} rows differ in {listed(question.columns)}",
                        "a column with another value in nearly every row cannot be brought together: leave it out, or "
                        "make a view that holds sums by unit and period", "data")  # fmt: skip
    for short in smallest:
        frame[short.replace("smallest", "key")] = frame[short]
    frame = frame.rename(columns={**names, "number": COUNT})[[*question.columns, COUNT]]
    if question.period is not None and _is_date(table, question.period) and question.frequency != "number":
        frame[question.period] = _as_dates(frame[question.period], question.frequency)
    return in_order(frame, question.columns)


def in_order(frame: pandas.DataFrame, columns: Sequence[str]) -> pandas.DataFrame:
    """Return the rows in the order of their cells as text, numbered from 1; alike rows stand once."""
    import numpy
    import pandas

    ranks = []
    for name in columns:
        column = column_of(frame, name)
        texts = [text_of(cell) for cell in column.distinct]
        order = {text: at for at, text in enumerate(sorted({*texts, ""}))}
        ranks.append(column.spread([order[text] for text in texts], order[""], "int64"))
    if ranks:
        frame = frame.iloc[numpy.lexsort([frame[COUNT].to_numpy(), *reversed(ranks)])]
    frame = frame.astype({COUNT: "int64"})
    frame.index = pandas.RangeIndex(1, len(frame) + 1)
    return frame


def hash_of(frame: pandas.DataFrame) -> str:
    """Return the SHA-256 of rows in order: names of columns, then cells as text, then how many rows are alike."""
    digest = hashlib.sha256(json.dumps([str(name) for name in frame.columns]).encode())
    for name in frame.columns:
        column = column_of(frame, str(name))
        texts = [json.dumps(text_of(cell)) for cell in column.distinct] + ['""']
        digest.update("\n".join(texts[code] for code in column.codes).encode() + b"\n\n")
    return digest.hexdigest()


def _require(table: ir.Table, question: Question) -> None:
    problems = missing_columns(dict.fromkeys(question.columns, "data"), table.columns)
    if problems:
        raise DataError(problems)
    types = {name: table[name].type() for name in question.columns}
    nested = [name for name, kind in types.items() if kind.is_nested() or kind.is_json() or kind.is_binary()]
    if nested:
        raise DataError(f"{listed(nested)} holds lists, not single values", "name another column", "data")
    moments = [name for name, kind in types.items() if kind.is_timestamp() and kind.timezone is not None]
    if moments and question.time_zone is None:
        raise DataError(f"{listed(moments)} holds moments of a time zone, so that the day depends on where it is told",
                        "say `time_zone: Europe/London`, or where the rows happened", "data.time_zone")  # fmt: skip


def _keys(table: ir.Table, question: Question) -> tuple[list[Any], dict[str, Any]]:
    """Return by what rows are brought together, and the smallest cell where that is a side of a range."""
    keys, smallest = [], {}
    for at, name in enumerate(question.columns):
        cell: Any = table[name]
        kind = cell.type()
        if name == question.period:
            keys.append(_period(table, cell, question.frequency))
        elif name in question.ranges and (kind.is_integer() or kind.is_floating()):
            keys.append(_sides(cell, question.ranges[name]))
            smallest[f"smallest_{at}"] = cell.min()
        elif kind.is_timestamp() and kind.timezone is not None:
            keys.append(cell.cast("date"))
        else:
            keys.append(cell)
    return keys, smallest


def _sides(cell: Any, ranges: Sequence[tuple[float | None, float | None]]) -> Any:
    """Return a number that is the same for cells on the same sides of all ends."""
    import ibis

    side: Any = ibis.literal(0)
    for low, high in ranges:
        side = side * 3
        if low is not None:
            side = side + (cell < ibis.literal(low)).ifelse(1, 0)
        if high is not None:
            side = side + (cell > ibis.literal(high)).ifelse(2, 0)
    none = cell.isnull() | cell.isnan() if cell.type().is_floating() else cell.isnull()
    return none.ifelse(-1, side)


def _is_date(table: ir.Table, name: str) -> bool:
    kind = table[name].type()
    return bool(kind.is_date() or kind.is_timestamp())


def _period(table: ir.Table, cell: Any, frequency: str) -> Any:
    """Return the period of a date as `periods.parse_period` numbers it; text as a day or month that lies in it."""
    if frequency == "number":
        return cell
    if cell.type().is_string():
        return _text_period(table, cell, frequency)
    if not (cell.type().is_date() or cell.type().is_timestamp()):
        return cell
    day = cell.cast("date") if cell.type().is_timestamp() else cell
    if frequency in ("day", "week"):
        days = day.epoch_days()
        return (days if frequency == "day" else (days + 3 + 7 * _WEEKS) // 7 + 1 - _WEEKS).cast("int64")
    year, month = day.year(), day.month()
    number = {
        "month": (year - 1970) * 12 + month - 1,
        "quarter": (year - 1970) * 4 + (month - 1) // 3,
        "year": year - 1970,
        "financial_year": year - 1969 - (month < 4).ifelse(1, 0),
    }[frequency]
    return number.cast("int64")


def _as_dates(numbers: pandas.Series[Any], frequency: str) -> pandas.Categorical:
    """Return numbers of periods as their first days; none where there is none, words for one beyond the calendar."""
    import pandas

    codes, found = pandas.factorize(numbers)
    days = [first_date(int(number), frequency) if can_be_written(int(number), frequency) else
            f"a date {int(number):,} {frequency}s from 1970" for number in found]  # fmt: skip
    return pandas.Categorical.from_codes(codes, pandas.Index(days, dtype="object"))


def _text_period(table: ir.Table, cell: Any, frequency: str) -> Any:
    """Return text without a time of day, and as the first day of its month where periods are whole months.

    A day that is none (31 February) must stay as it is written, to be refused: where one is found, days are kept.
    """
    import ibis
    import ibis.expr.operations as ops

    if not table.get_backend().has_operation(ops.RegexSearch):
        return cell
    clock = cell.re_search(_CLOCK) & ~cell.contains("\n")
    day = clock.ifelse(cell.substr(0, 10), cell)
    if frequency not in _WHOLE_MONTHS:
        return day
    distinct = table.select(day=day).distinct().limit(MOST_TEXTS + 1).to_pyarrow().column(0).to_pylist()
    if len(distinct) > MOST_TEXTS or any(_is_no_day(text) for text in distinct if text):
        return day
    ten = day.length() == 10
    month = (ten & day.re_search(_DAY)).ifelse(day.substr(0, 8).concat("01"), day)
    return (ten & day.re_search(_BRITISH_DAY)).ifelse(ibis.literal("01/").concat(day.substr(3, 7)), month)


def _is_no_day(text: str) -> bool:
    """Say whether a text has the shape of a day but is none of the calendar."""
    shaped = len(text) == 10 and (re.match(_DAY, text) or re.match(_BRITISH_DAY, text))
    return bool(shaped) and time_in(text, "day") is None
