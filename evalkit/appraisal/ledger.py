"""The ledger: every cost and benefit by year, in one price base, with its present value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalkit.appraisal.cost import Cost
from evalkit.appraisal.economics import Economics, Persistence
from evalkit.appraisal.optimism import NONE, Adjustment
from evalkit.appraisal.prices import discount_factor, uprate, year_after, years_between
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.unit_costs import Part, PricedBenefit
from evalkit.records import MoneyYear, PayerYear

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

    def factor(self, year: str, schedule: str = "standard") -> float:
        """Return the discount factor of a financial year; of the health schedule where a line asks for it."""
        rate = "health" if schedule == "health" else self.rate
        return discount_factor(years_between(self.base_year, year), rate, self.reference.discounting)

    def present(self, by_year: Mapping[str, float], schedule: str = "standard") -> float:
        """Return the present value of amounts by year."""
        return sum(amount * self.factor(year, schedule) for year, amount in by_year.items())


@dataclass(frozen=True)
class CostEntry:
    """A cost with its adjustment for optimism: by year in pounds of the price base, and its present value.

    Attributes
    ----------
    cost : Cost
    by_year : mapping
        Adjusted; NaN where it is not known.
    present_value : float
    optimism : Adjustment
    """

    cost: Cost
    by_year: Mapping[str, float]
    present_value: float
    optimism: Adjustment = NONE

    def weighted(self, weight: float) -> CostEntry:
        """Return the entry times a weight."""
        by_year = {year: weight * amount for year, amount in self.by_year.items()}
        return replace(self, by_year=by_year, present_value=weight * self.present_value)


@dataclass(frozen=True)
class BenefitEntry:
    """One part of a benefit, per unit of the outcome.

    Attributes
    ----------
    line : PricedBenefit
    part : Part
    unit_cost : float
        Pounds of the price base per event.
    by_year : mapping
        Pounds of the price base per unit of the outcome that is observed, by financial year, not discounted; after
        adjustments for additionality and optimism.
    present_worth : float
        Their present value.
    cashable_worth : float or None
        Present value of what can be taken out of budgets; None where the study file does not say.
    """

    line: PricedBenefit
    part: Part
    unit_cost: float
    by_year: Mapping[str, float]
    present_worth: float
    cashable_worth: float | None = None

    def weighted(self, weight: float) -> BenefitEntry:
        """Return the entry times a weight; what is cashable stays as it is, since budgets are in pounds."""
        by_year = {year: weight * amount for year, amount in self.by_year.items()}
        return replace(self, by_year=by_year, present_worth=weight * self.present_worth)


def cost_entries(costs: Sequence[Cost], terms: Terms, optimism: Sequence[Adjustment] = ()) -> list[CostEntry]:
    """Return every cost in the price base, adjusted for optimism and discounted.

    Parameters
    ----------
    costs : sequence of Cost
    terms : Terms
    optimism : sequence of Adjustment
        One per cost; none when empty.
    """
    entries = []
    for cost, bias in zip(costs, optimism or [NONE] * len(costs), strict=True):
        by_year = {year or terms.base_year: (1.0 + bias.share) * _real(cost, year, amount, terms)
                   for year, amount in cost.by_year.items()}  # fmt: skip
        entries.append(CostEntry(cost, by_year, terms.present(by_year), bias))
    return entries


def _real(cost: Cost, year: str, amount: float | None, terms: Terms) -> float:
    if amount is None:
        return NOT_KNOWN
    return terms.real(amount, year if cost.price_year == "cash" else str(cost.price_year))


def effect_by_year(
    shares: Mapping[str, float], persistence: Persistence | None, years: float | None
) -> dict[str, float]:
    """Return the effect of each financial year as a share of the whole observed effect.

    Parameters
    ----------
    shares : mapping
        Share of the observed effect by financial year; sums to one.
    persistence : Persistence or None
        With it years are added after the last one, so that the sum is above one.
    years : float or None
        Length of the observed effect in years; None: the last year of `shares` counts as a whole year.

    Notes
    -----
    Added year k holds ``keeps^k`` of a whole year's effect, ``1 / years``. What is left of a last year that was only
    partly observed is not added.
    """
    found = dict(shares)
    if persistence is None or not shares:
        return found
    last = max(shares)
    whole = 1.0 / years if years else shares[last]
    for ahead in range(1, persistence.years + 1):
        found[year_after(last, ahead)] = whole * persistence.keeps**ahead
    return found


def benefit_entries(
    lines: Iterable[PricedBenefit], shares: Mapping[str, float], terms: Terms, kept: float = 1.0
) -> list[BenefitEntry]:
    """Return every part of every benefit, per unit of the observed outcome.

    Parameters
    ----------
    lines : iterable of PricedBenefit
    shares : mapping
        Effect of each financial year as a share of the whole observed effect, see `effect_by_year`.
    terms : Terms
    kept : float
        What adjustments for additionality and optimism leave of a benefit.
    """
    entries = []
    for line in lines:
        first, health = line.benefit.first_year or "", line.benefit.discount
        for part in line.parts:
            unit_cost = terms.real(part.printed, line.price_year)
            by_year = {year: unit_cost * line.events * kept * share for year, share in shares.items() if year >= first}
            cashable = line.benefit.cashable
            out = None
            if cashable is not None and part.kind == "fiscal":
                start = cashable.from_year or ""
                out = cashable.share * terms.present({y: a for y, a in by_year.items() if y >= start}, health)
            entries.append(BenefitEntry(line, part, unit_cost, by_year, terms.present(by_year, health), out))
    return entries


def money_years(
    costs: Sequence[CostEntry], benefits: Sequence[BenefitEntry], events: float, shares: Mapping[str, float],
    terms: Terms,
) -> tuple[MoneyYear, ...]:  # fmt: skip
    """Return costs and benefits of every year from the base year to the last one with money in it.

    Parameters
    ----------
    costs : sequence of CostEntry
    benefits : sequence of BenefitEntry
    events : float
        Units of the outcome that were averted or gained; NaN where no effect may be claimed.
    shares : mapping
        Effect of each financial year as a share of the whole observed effect.
    terms : Terms
    """
    years = {year for entry in costs for year in entry.by_year} | set(shares)
    last = max((years_between(terms.base_year, year) for year in years), default=0)
    found, total = [], 0.0
    for year in (year_after(terms.base_year, ahead) for ahead in range(last + 1)):
        cost = sum(entry.by_year.get(year, 0.0) for entry in costs)
        gains = [(entry.by_year[year], entry.line.benefit.discount) for entry in benefits if year in entry.by_year]
        benefit = events * sum(gain for gain, _ in gains) if gains else 0.0
        total += sum(
            (events * gain * terms.factor(year, schedule) for gain, schedule in gains), -cost * terms.factor(year)
        )
        averted = events * shares[year] if year in shares else 0.0
        found.append(MoneyYear(year, cost, benefit, terms.factor(year), averted, total))
    return tuple(found)


def payer_years(costs: Sequence[CostEntry]) -> tuple[PayerYear, ...]:
    """Return what each payer pays for each item in each year, in the order of the study file."""
    return tuple(
        PayerYear(entry.cost.payer, entry.cost.item, entry.cost.kind, year, amount)
        for entry in costs for year, amount in sorted(entry.by_year.items())
    )  # fmt: skip


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
