"""Where scales begin, end and carry a tick, for values and for calendar periods."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.periods import describe_period, first_date, parse_period
from evalkit.records import Measure
from evalkit.report.drawing import text_width
from evalkit.report.numbers import Writer, decimals_for, number, percent

TICKS = 6
"""About how many ticks a value axis has."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that can be drawn: neither missing nor infinite."""
    return [value for value in values if value is not None and math.isfinite(value)]


def is_finite(value: float | None) -> bool:
    """Say whether a value can be drawn."""
    return value is not None and math.isfinite(value)


def step_for(span: float, about: int) -> float:
    """Return 1, 2 or 5 times a power of ten, such that a span holds about so many steps."""
    raw = span / about
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.8)


def ticks_within(low: float, high: float, about: int) -> list[float]:
    """Return round numbers from low to high, about so many."""
    step = step_for(high - low, about)
    first = math.ceil(low / step - 1e-9)
    return [place * step for place in range(first, math.floor(high / step + 1e-9) + 1)]


def level_range(values: Sequence[float]) -> tuple[float, float]:
    """Return bottom and top of a scale for levels: from zero where that leaves the marks room to differ.

    Notes
    -----
    Zero is the bottom when the smallest value is under two fifths of the largest. Otherwise the bottom is a round
    number below the smallest value, with room under the marks for a label; the page must then say where it starts.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or abs(high) or 1.0
    top = high + 0.05 * span
    if 0 <= low < 0.4 * high or high == 0 == low:
        return 0.0, top
    bottom, wanted = low - 0.35 * span, math.inf
    while bottom < wanted:
        step = step_for(top - bottom, TICKS)
        wanted, bottom = bottom, math.floor(bottom / step + 1e-9) * step
    return (0.0 if low >= 0 and bottom <= 0 else bottom), top


def change_range(values: Sequence[float], bounds: Sequence[float], floor: float = -math.inf) -> tuple[float, float]:
    """Return the ends of a scale for changes: zero and every value are on it, far bounds are not.

    Notes
    -----
    A bound beyond four times the median size of all bounds, and beyond 1.2 times the largest value, is left off
    (the chart draws an arrow), so that one wide interval does not press all others into a line.
    """
    sizes = sorted(abs(bound) for bound in bounds)
    reach = max([abs(value) for value in values], default=0.0) * 1.2
    reach = max(reach, 4 * sizes[len(sizes) // 2] if sizes else 0.0) or 1.0
    shown = [0.0, *values, *(bound for bound in bounds if abs(bound) <= reach)]
    if any(abs(bound) > reach for bound in bounds):
        shown += [max(min(bound, reach), -reach) for bound in bounds]
    low, high = min(shown), max(shown)
    pad = 0.06 * ((high - low) or 1.0)
    return max(floor, low - pad) if low >= floor else low - pad, high + pad


def value_writer(measure: Measure, values: Sequence[float], step: float | None = None) -> Writer:
    """Return how a value of an outcome is written: shares in percent, others as numbers.

    Parameters
    ----------
    measure : Measure
    values : sequence of float
        All values of the chart: a proportion is written in percent when none exceeds one.
    step : float, optional
        Distance between ticks, which sets the decimals; left out, each number has the digits that it deserves.
    """
    share = measure.kind in ("proportion", "binary") and all(abs(value) <= 1 for value in values)
    if share:
        decimals = 1 if step is None else _decimals(step * 100)
        return lambda x: percent(None if x is None else 100 * x, decimals)
    if step is not None:
        fixed = _decimals(step)
        return lambda x: number(x, fixed)
    largest = max((abs(value) for value in values), default=0.0)
    if measure.kind == "count":
        return lambda x: number(x, 0 if largest >= 100 or x == round(x or 0) else 1)
    whole = all(value == round(value) for value in values)
    return lambda x: number(x, 0 if whole else decimals_for(largest))


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


@dataclass(frozen=True)
class Tick:
    """A label of the period axis: where its middle is, what it says, and where its tick is (None: nowhere)."""

    at: float
    words: str
    mark: float | None


def period_ticks(first: int, last: int, frequency: str, pixels: float, size: float) -> tuple[list[Tick], list[float]]:
    """Return the labels of a period axis, and places of further ticks without a label.

    Parameters
    ----------
    first, last : int
        First and last period, as integers.
    frequency : str
        Length of a period.
    pixels : float
        Width of one period.
    size : float
        Size of the text, in pixels.
    """
    if frequency in ("day", "week", "month", "quarter"):
        years = range(first_date(first, frequency).year, first_date(last, frequency).year + 1)
        if len(years) > 2 and (first_date(last, frequency) - first_date(first, frequency)).days > 760:
            return _year_ticks(years, first, last, frequency, pixels, size)
    words = [_short(time, frequency) for time in range(first, last + 1)]
    every = _every((max(text_width(text, size) for text in words) + 10) / pixels)
    begin = -(first_number(first, frequency) % -every) if every > 1 and frequency != "month" else 0
    begin = begin if begin < len(words) else 0
    return [Tick(first + place, words[place], first + place) for place in range(begin, len(words), every)], []


def first_number(time: int, frequency: str) -> int:
    """Return the number that a period is counted by: its year, or itself."""
    return first_date(time, frequency).year if frequency in ("year", "financial_year") else time


def _year_ticks(years: range, first: int, last: int, frequency: str, pixels: float, size: float) \
        -> tuple[list[Tick], list[float]]:  # fmt: skip
    """Return a label per year, in its middle where all fit, otherwise every few years at its beginning."""
    width = text_width("2000", size) + 10
    begins = {year: parse_period(f"{year}-01-01", frequency) - 0.5 for year in [*years, years[-1] + 1]}
    marks = [place for place in begins.values() if first - 0.5 <= place <= last + 0.5]
    if pixels * (begins[years[1] + 1] - begins[years[1]] if len(years) > 2 else 1e9) >= width:
        ends = [(year, max(begins[year], first - 0.5), min(begins[year + 1], last + 0.5)) for year in years]
        return [Tick((a + b) / 2, str(year), None) for year, a, b in ends if (b - a) * pixels >= width - 6], marks
    every = _every(width / (pixels * (last - first) / max(1, len(years) - 1)))
    return [Tick(begins[year], str(year), begins[year]) for year in begins
            if year % every == 0 and first - 0.5 <= begins[year] <= last + 0.5], []  # fmt: skip


def _every(least: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50 ... that is not less."""
    if least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(least))
    return next(int(power * factor) for factor in (1, 2, 5, 10) if power * factor >= least)


def _short(time: int, frequency: str) -> str:
    """Return a period as short as a tick label must be: Dec 2022, 3 Feb 2022, Q4 2022, 2022/23, 7."""
    if frequency == "number":
        return str(time)
    start = first_date(time, frequency)
    month = _MONTHS[start.month - 1]
    if frequency == "month":
        return f"{month} {start.year}"
    if frequency == "quarter":
        return f"Q{(start.month + 2) // 3} {start.year}"
    return f"{start.day} {month} {start.year}" if frequency in ("day", "week") else describe_period(time, frequency)
