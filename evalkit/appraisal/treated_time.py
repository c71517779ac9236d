"""The time over which an effect was observed: its length, and how it lies over financial years."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from evalkit.periods import first_date, format_period, parse_period
from evalkit.records import Analysis


def averted_shares(analysis: Analysis) -> Iterator[tuple[str, float]]:
    """Yield each financial year's share of the treated time, by which what was averted is spread over years.

    A period belongs to the financial year that holds its middle. Shares are of the length of the treated time, not of
    the differences by period, whose noise would move money between years.
    """
    years: dict[str, int] = {}
    treated = _treated_times(analysis)
    for time in treated:
        begin, end = (first_date(moment, analysis.frequency) for moment in (time, time + 1))
        middle = begin + datetime.timedelta(days=(end - begin).days // 2)
        year = format_period(parse_period(middle.isoformat(), "financial_year"), "financial_year")
        years[year] = years.get(year, 0) + 1
    yield from ((year, count / len(treated)) for year, count in years.items())


def years_treated(analysis: Analysis) -> float | None:
    """Return the length in years of the treated time, over which the effect was observed; None when not known."""
    days = [first_date(time + 1, analysis.frequency) - first_date(time, analysis.frequency)
            for time in set(_treated_times(analysis))]  # fmt: skip
    return sum(each.days for each in days) / 365.25 if days else None


def _treated_times(analysis: Analysis) -> list[int]:
    """Return the periods from the first start on for which an expected value is known, one per point of the path.

    Numbered periods carry no dates: where they fall in the calendar is not known, so there are none.
    """
    if not analysis.first_treated or analysis.frequency == "number":
        return []
    first = parse_period(analysis.first_treated, analysis.frequency)
    times = [parse_period(point.period, analysis.frequency) for point in analysis.result.path
             if point.counterfactual is not None]  # fmt: skip
    return [time for time in times if time >= first]
