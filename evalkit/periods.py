"""Calendar periods: reading what people write, whole periods as integers, and writing them back."""

from __future__ import annotations

import calendar
import datetime
import functools
import math
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from evalkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas

Frequency = Literal["day", "week", "month", "quarter", "year", "financial_year", "number"]
"""Lengths of a period. `financial_year` runs from April; `number` counts waves or steps without dates."""

FREQUENCIES: tuple[str, ...] = get_args(Frequency)
PANDAS_FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC",
                    "financial_year": "Y-MAR"}  # fmt: skip
PER_YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "year": 1.0,
            "financial_year": 1.0, "number": 1.0}  # fmt: skip
SEASON_LENGTH = {"month": 12, "quarter": 4}
"""Periods in a year, where a term for each is usual."""
WEEK = 7
EXAMPLES = {"day": "2022-12-31", "week": "2022-12-31", "month": "2022-12", "quarter": "2022-Q4", "year": "2022",
            "financial_year": "2022-23", "number": "7"}  # fmt: skip

_MONTHS = {name.lower(): number for names in (calendar.month_name, calendar.month_abbr)
           for number, name in enumerate(names) if name}  # fmt: skip
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("day", re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?Z?")),
    ("day", re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})")),
    ("financial_year", re.compile(r"(?P<year>\d{4})[-/](?P<next>\d{2})(?=$)")),
    ("financial_year", re.compile(r"(?P<year>\d{4})/(?P<next>\d{4})")),
    ("month", re.compile(r"(?P<year>\d{4})[-/ ]?M?(?P<month>(?<=[-/ M])\d{1,2}|\d{2})")),
    ("month", re.compile(r"(?P<name>[A-Za-z]{3,9})[ -](?P<year>\d{4})")),
    ("quarter", re.compile(r"(?P<year>\d{4})[- ]?[Qq](?P<quarter>[1-4])")),
    ("quarter", re.compile(r"[Qq](?P<quarter>[1-4])[ -](?P<year>\d{4})")),
    ("year", re.compile(r"(?P<year>\d{4})(?:\.0)?")),
)


def parse_period(value: Any, frequency: str) -> int:
    """Return the whole period that `value` lies in, as an integer.

    Parameters
    ----------
    value : str, int, float or date
        What a person or a data file wrote: 2022-12, 2022-12-31, 31/12/2022, Dec 2022, 2022-Q4, 2022, 2022-23.
        A date finer than the frequency gives the period that holds it; a coarser one is an error.
    frequency : str
        One of `FREQUENCIES`.

    Returns
    -------
    int
        Periods since the one that holds 1 January 1970 (the number itself when frequency is `number`).

    Raises
    ------
    DataError
        When it is not such a period; the message shows how to write one.
    """
    return _parsed(value, frequency) if isinstance(value, str) else _period_of(value, frequency)


def _period_of(value: Any, frequency: str) -> int:
    if frequency == "number":
        return _number(value)
    start = _first_day(value, frequency)
    if start is None:
        raise DataError(f"{str(value)!r} is not a {words_for(frequency)}", f"write it such as {EXAMPLES[frequency]}")
    return _ordinal(start, frequency)


_parsed = functools.lru_cache(maxsize=10_000)(_period_of)
"""For text: the same few hundred periods are read from every row and every exhibit."""


def format_period(ordinal: int, frequency: str) -> str:
    """Return a period as ISO-like text: 2022-12, 2022-Q4, 2022, 2022-23, 2022-12-31, 7."""
    if frequency == "number":
        return str(ordinal)
    start = first_date(ordinal, frequency)
    if frequency == "month":
        return f"{start.year:04d}-{start.month:02d}"
    if frequency == "quarter":
        return f"{start.year:04d}-Q{(start.month + 2) // 3}"
    if frequency == "year":
        return f"{start.year:04d}"
    if frequency == "financial_year":
        return f"{start.year:04d}-{(start.year + 1) % 100:02d}"
    return start.isoformat()


def describe_period(ordinal: int, frequency: str) -> str:
    """Return a period in words for a reader: December 2022, 2022/23, 31 December 2022."""
    if frequency == "number":
        return f"period {ordinal}"
    start = first_date(ordinal, frequency)
    if frequency == "month":
        return f"{calendar.month_name[start.month]} {start.year}"
    if frequency == "quarter":
        end = calendar.month_name[start.month + 2]
        return f"{calendar.month_name[start.month]} to {end} {start.year}"
    if frequency == "year":
        return str(start.year)
    if frequency == "financial_year":
        return f"{start.year}/{(start.year + 1) % 100:02d}"
    day = f"{start.day} {calendar.month_name[start.month]} {start.year}"
    return day if frequency == "day" else f"week of {day}"


def describe_label(label: str, frequency: str) -> str:
    """Return in words what `format_period` wrote."""
    return describe_period(parse_period(label, frequency), frequency)


def named_period(ordinal: int, frequency: str, names: Mapping[str, str]) -> str:
    """Return a period by the name that its study gives it, or in words."""
    return names.get(format_period(ordinal, frequency)) or describe_period(ordinal, frequency)


def spell_periods(times: Iterable[int], frequency: str) -> str:
    """Return periods in words, runs as `from X to Y`, the first six of them."""
    runs: list[list[int]] = []
    for time in times:
        if runs and time == runs[-1][-1] + 1:
            runs[-1].append(time)
        else:
            runs.append([time])
    words = [" to ".join(format_period(time, frequency) for time in dict.fromkeys((run[0], run[-1]))) for run in runs]
    shown = words[:6] + ([f"{len(words) - 6} more stretches"] if len(words) > 6 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def words_for(frequency: str, count: float = 1) -> str:
    """Return the noun for a number of periods: month, months, financial year."""
    noun = {"number": "period"}.get(frequency, frequency.replace("_", " "))
    return noun if count == 1 else f"{noun}s"


def season_of(ordinal: int, season: str, frequency: str) -> int:
    """Return which month (1 to 12) or quarter (1 to 4) the period begins in, or the day of the week (Monday is 1)."""
    if season == "weekday":
        return first_date(ordinal, frequency).isoweekday()
    month = first_date(ordinal, frequency).month
    return month if season == "month" else (month + 2) // 3


def first_date(ordinal: int, frequency: str) -> datetime.date:
    """Return the first day of a period."""
    if frequency == "day":
        return datetime.date.fromordinal(_EPOCH + ordinal)
    if frequency == "week":
        return datetime.date.fromordinal(_EPOCH - 3 + 7 * (ordinal - 1))
    if frequency == "month":
        return datetime.date(1970 + ordinal // 12, ordinal % 12 + 1, 1)
    if frequency == "quarter":
        return datetime.date(1970 + ordinal // 4, 3 * (ordinal % 4) + 1, 1)
    if frequency == "financial_year":
        return datetime.date(1969 + ordinal, 4, 1)
    return datetime.date(1970 + ordinal, 1, 1)


def as_pandas(ordinals: Iterable[int], frequency: str) -> pandas.Index:
    """Return periods as a pandas index: PeriodIndex, or whole numbers for `number`."""
    import numpy
    import pandas

    values = numpy.asarray(list(ordinals), dtype="int64")
    if frequency == "number":
        numbers: pandas.Index = pandas.Index(values)
        return numbers
    periods: Any = pandas.PeriodIndex
    index: pandas.Index = periods.from_ordinals(values, freq=PANDAS_FREQUENCY[frequency])
    return index


def _number(value: Any) -> int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not math.isfinite(number) or number != int(number):
        raise DataError(f"{str(value)!r} is not a whole number", "write the period's number, such as 7")
    return int(number)


def _first_day(value: Any, frequency: str) -> datetime.date | None:
    """Return the first day of what was written, or None when it is no date or coarser than the frequency."""
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        return value
    return _day_written(str(value).strip(), frequency)


def _day_written(text: str, frequency: str) -> datetime.date | None:
    """Return the first day that a text names, or None when it is no date or coarser than the frequency."""
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]
    for shape, pattern in _SHAPES:
        match = pattern.fullmatch(text)
        if match and _fine_enough(shape, frequency):
            day = _date_from(shape, match.groupdict())
            if day is not None:
                return day
    return None


_LENGTH = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365, "financial_year": 365}


def _fine_enough(shape: str, frequency: str) -> bool:
    """Say whether a text of this shape names one period of this frequency."""
    if shape == "financial_year" or (shape == "year" and frequency == "financial_year"):
        return shape == frequency
    return _LENGTH[shape] <= _LENGTH[frequency]


def _date_from(shape: str, parts: dict[str, str]) -> datetime.date | None:
    year = int(parts["year"])
    if shape == "financial_year":
        following = int(parts["next"])
        ok = following == (year + 1) % 100 if len(parts["next"]) == 2 else following == year + 1
        return datetime.date(year, 4, 1) if ok else None
    if parts.get("name"):
        month = _MONTHS.get(parts["name"].lower(), 0)
    elif parts.get("quarter"):
        month = 3 * int(parts["quarter"]) - 2
    else:
        month = int(parts.get("month") or 1)
    try:
        return datetime.date(year, month, int(parts.get("day") or 1))
    except ValueError:
        return None


def _ordinal(day: datetime.date, frequency: str) -> int:
    if frequency == "month":
        return (day.year - 1970) * 12 + day.month - 1
    if frequency == "quarter":
        return (day.year - 1970) * 4 + (day.month - 1) // 3
    if frequency == "year":
        return day.year - 1970
    if frequency == "financial_year":
        return day.year - 1969 - (day.month < 4)
    days = day.toordinal() - _EPOCH
    return days if frequency == "day" else (days + 3) // 7 + 1
