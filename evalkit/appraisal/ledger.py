"""The ledger: every cost and benefit by year, in one price base, with its present value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalkit.appraisal.economics import Cost, Economics
from evalkit.appraisal.prices import discount_factor, uprate, year_after, years_between
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.unit_costs import Part, PricedBenefit
from evalkit.records import MoneyYear

NOT_KNOWN = math.nan
"""An amount that is not known: it makes every sum that holds it not known, which zero would not."""


@dataclass(frozen=True)
class Terms:
    """How money is brought to one price level and one year.

    Attributes
    ----------
    price_base, base_year : str
        Financial years: prices that are printed, and year 0 of discounting.
    rate : str or float
        A schedule of the discount-rate table, or one rate.
    reference : Reference
    """

    price_base: str
    base_year: str
    rate: str | float
    reference: Reference

    @classmethod
    def of(cls, economics: Economics, reference: Reference) -> Terms:
        """Return the terms that a block declares."""
        return cls(economics.price_base, economics.base_year, economics.discount_rate, reference)

    def real(self, value: float, price_year: str) -> float:
        """Return money of `price_year` in prices of the price base."""
        return uprate(value, price_year, self.price_base, self.reference.deflator.index)

    def factor(self, year: str) -> float:
        """Return the discount factor of a financial year."""
        return discount_factor(years_between(self.base_year, year), self.rate, self.reference.discounting)

    def present(self, by_year: Mapping[str, float]) -> float:
        """Return the present value of amounts by year."""
        return sum(amount * self.factor(year) for year, amount in by_year.items())


@dataclass(frozen=True)
class CostEntry:
    """A cost by year, in pounds of the price base, and its present value; NaN where it is not known."""

    cost: Cost
    by_year: Mapping[str, float]
    present_value: float


@dataclass(frozen=True)
class BenefitEntry:
    """One part of a benefit, per unit of the outcome.

    Attributes
    ----------
    line : PricedBenefit
    part : Part
    unit_cost : float
        Pounds of the price base per event.
    worth : float
        Pounds of the price base per unit of the outcome, not discounted.
    present_worth : float
        The same, discounted over the years in which the effect falls.
    """

    line: PricedBenefit
    part: Part
    unit_cost: float
    worth: float
    present_worth: float


def cost_entries(costs: Iterable[Cost], terms: Terms) -> list[CostEntry]:
    """Return every cost in the price base and discounted."""
    entries = []
    for cost in costs:
        by_year = {year or terms.base_year: _real(cost, year, amount, terms) for year, amount in cost.by_year.items()}
        entries.append(CostEntry(cost, by_year, terms.present(by_year)))
    return entries


def _real(cost: Cost, year: str, amount: float | None, terms: Terms) -> float:
    if amount is None:
        return NOT_KNOWN
    return terms.real(amount, year if cost.price_year == "cash" else str(cost.price_year))


def benefit_entries(lines: Iterable[PricedBenefit], shares: Mapping[str, float], terms: Terms) -> list[BenefitEntry]:
    """Return every part of every benefit, per unit of the outcome.

    Parameters
    ----------
    lines : iterable of PricedBenefit
    shares : mapping
        Share of the effect that falls in each financial year; sums to one.
    terms : Terms
    """
    factor = sum(share * terms.factor(year) for year, share in shares.items())
    entries = []
    for line in lines:
        for part in line.parts:
            unit_cost = terms.real(part.printed, line.price_year)
            worth = unit_cost * line.events
            entries.append(BenefitEntry(line, part, unit_cost, worth, worth * factor))
    return entries


def money_years(
    costs: Sequence[CostEntry], worth: float, events: float, shares: Mapping[str, float], terms: Terms
) -> tuple[MoneyYear, ...]:
    """Return costs and benefits of every year from the base year to the last one with money in it.

    Parameters
    ----------
    costs : sequence of CostEntry
    worth : float
        Pounds of the price base per unit of the outcome, not discounted.
    events : float
        Units of the outcome averted; NaN where no effect may be claimed.
    shares : mapping
        Share of the effect by financial year.
    terms : Terms
    """
    years = {year for entry in costs for year in entry.by_year} | set(shares)
    last = max((years_between(terms.base_year, year) for year in years), default=0)
    found = []
    for year in (year_after(terms.base_year, ahead) for ahead in range(last + 1)):
        cost = sum(entry.by_year.get(year, 0.0) for entry in costs)
        benefit = events * worth * shares[year] if year in shares and worth else 0.0
        found.append(MoneyYear(year, cost, benefit, terms.factor(year)))
    return tuple(found)


def by_payer(
    costs: Sequence[CostEntry], benefits: Sequence[BenefitEntry], events: float
) -> tuple[tuple[str, float, float], ...]:
    """Return what each payer pays and what each gainer gains, as present values, in the order of the study file."""
    names: dict[str, str] = {}
    paid: dict[str, float] = {}
    gained: dict[str, float] = {}
    flows = [(entry.cost.payer, entry.present_value, paid) for entry in costs]
    flows += [(entry.part.gainer, entry.present_worth * events, gained) for entry in benefits]
    for name, amount, side in flows:
        key = name.casefold()
        names.setdefault(key, name)
        side[key] = side.get(key, 0.0) + amount
    return tuple((name, paid.get(key, 0.0), gained.get(key, 0.0)) for key, name in names.items())
