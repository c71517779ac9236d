"""Financial years, prices of one year in those of another, and present values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from evalkit.appraisal.tables import DiscountBand
from evalkit.errors import SpecError

_YEAR = re.compile(r"(\d{4})[-/](\d{2}|\d{4})")


def financial_year(value: object) -> str:
    """Return a financial year as 2023-24, from 2023-24, 2023/24 or 2023/2024.

    Parameters
    ----------
    value : object
        What a person wrote; a calendar year is refused, because it does not say which prices it means.

    Raises
    ------
    ValueError
        When it is not a financial year of two consecutive calendar years.
    """
    match = _YEAR.fullmatch(str(value).strip())
    if match:
        first, second = int(match[1]), match[2]
        if second in (f"{(first + 1) % 100:02d}", str(first + 1)):
            return f"{first:04d}-{(first + 1) % 100:02d}"
    raise ValueError(f"{str(value)!r} is not a financial year; write it such as 2023-24")


def years_between(base_year: str, year: str) -> int:
    """Return how many years `year` lies after `base_year`, both as 2023-24."""
    return int(year[:4]) - int(base_year[:4])


def year_after(base_year: str, years: int) -> str:
    """Return the financial year that lies `years` after `base_year`."""
    first = int(base_year[:4]) + years
    return f"{first:04d}-{(first + 1) % 100:02d}"


def uprate(value: float, from_year: str, to_year: str, index: Mapping[str, float]) -> float:
    """Return money of one year in prices of another.

    Parameters
    ----------
    value : float
        Pounds in prices of `from_year`.
    from_year, to_year : str
        Financial years such as 2019-20.
    index : mapping
        Price index by financial year, any base.

    Returns
    -------
    float
        Pounds in prices of `to_year`.

    Raises
    ------
    SpecError
        When the index lacks one of the years.

    Notes
    -----
    ``value * index[to_year] / index[from_year]``: one ratio, never a chain over the years between. The chain would
    give the same number, but would carry the distorted year 2020-21 in its working.
    """
    missing = [year for year in (from_year, to_year) if year not in index]
    if missing:
        mend = f"it runs from {min(index)} to {max(index)}" if index else "it is empty"
        raise SpecError(f"the price index has no {' and no '.join(missing)}", mend)
    return value * index[to_year] / index[from_year]


def discount_factor(years: int, rate: str | float, bands: Iterable[DiscountBand] = ()) -> float:
    """Return what one pound `years` after the base year is worth in the base year.

    Parameters
    ----------
    years : int
        Years after the base year, zero or more.
    rate : str or float
        `standard`, `health` or `sensitivity`: a column of the discount-rate table; or one rate for all years.
    bands : iterable of DiscountBand
        Rows of the discount-rate table, for a named rate.

    Notes
    -----
    ``DF(0) = 1`` and ``DF(t) = product over k = 1..t of 1 / (1 + r(k))``, with r(k) the rate of the band that holds
    year k, so that each rate applies only to the years of its own band.

    References
    ----------
    HM Treasury, The Green Book: declining schedule, 3.5% a year for the first 30 years.
    """
    if years < 0:
        raise ValueError("a year before the base year has no discount factor")
    if not isinstance(rate, str):
        return float((1 + rate) ** -years)
    rows, factor = tuple(bands), 1.0
    for year in range(1, years + 1):
        band = next((row for row in rows if row.holds(year)), None)
        if band is None:
            raise SpecError(f"the discount-rate table has no rate for year {year}")
        factor /= 1 + band.rate(rate)
    return factor


def present_value(flows: Sequence[float], rate: str | float, bands: Iterable[DiscountBand] = ()) -> float:
    """Return the present value of flows of years 0, 1, 2 and so on, all in prices of one year."""
    return sum(discounted(flows, rate, bands))


def discounted(flows: Sequence[float], rate: str | float, bands: Iterable[DiscountBand] = ()) -> list[float]:
    """Return each of the flows of years 0, 1, 2 and so on, discounted to year 0."""
    rows = tuple(bands)
    return [flow * discount_factor(year, rate, rows) for year, flow in enumerate(flows)]


def payback_year(net_flows: Sequence[float], rate: str | float, bands: Iterable[DiscountBand] = ()) -> int | None:
    """Return the first year whose cumulative discounted net flow is not negative, or None when there is none."""
    total = 0.0
    for year, flow in enumerate(discounted(net_flows, rate, bands)):
        total += flow
        if total >= 0:
            return year
    return None
