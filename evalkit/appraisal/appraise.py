"""From an effect and an `economics` block to an appraisal: present values, ratio, break-even, and what is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.appraisal.cautions import cautions
from evalkit.appraisal.checks import find_problems, priced_benefits
from evalkit.appraisal.economics import Economics
from evalkit.appraisal.ledger import (
    NOT_KNOWN,
    BenefitEntry,
    CostEntry,
    Terms,
    benefit_entries,
    by_payer,
    cost_entries,
    money_years,
)
from evalkit.appraisal.prices import financial_year, years_between
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.uncertainty import probability_positive
from evalkit.errors import Problem, SpecError
from evalkit.records import Appraisal, Better, Estimate, MoneyLine, MoneyYear

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class AppraisedEffect:
    """The effect that is priced: what an appraisal needs to know of an analysis.

    Attributes
    ----------
    averted : Estimate or None
        Counterfactual minus observed over all treated unit-periods, in the outcome's unit: positive means fewer than
        expected. None when nothing was estimated.
    better : {'lower', 'higher', 'neither'}
        For `higher` benefits come from the increase, minus `averted`.
    relative : Estimate or None
        The effect in percent.
    averted_by_year : mapping or None
        Share of the total that falls in each financial year, summing to one; None: all of it in the base year.
    level : {'monitoring', 'interim', 'impact'}
        Monitoring carries no claim that the programme caused anything, so nothing is priced but the break-even.
    design : str
        Kind of design; `before_after` is monitoring whatever `level` says.
    simulated : bool
        True when the data were made by a random generator.
    unit : str
        What is counted, for the break-even; the unit of `averted` when left out.
    observed : float or None
        Observed total over the treated unit-periods, for the break-even in percent of what was expected.
    """

    averted: Estimate | None
    better: Better = "lower"
    relative: Estimate | None = None
    averted_by_year: Mapping[str, float] | None = None
    level: str = "impact"
    design: str = ""
    simulated: bool = False
    unit: str = ""
    observed: float | None = None

    @property
    def gained(self) -> Estimate | None:
        """Units of the outcome by which matters are better than expected."""
        if self.averted is None or self.better != "higher":
            return self.averted
        return self.averted.times(-1.0)

    @property
    def expected(self) -> float | None:
        """Total expected without the programme, where it is known and above zero."""
        if self.observed is None or self.averted is None:
            return None
        total = self.observed + self.averted.value
        return total if total > 0 else None

    @property
    def monitoring(self) -> bool:
        """True when the design may not say what the programme caused."""
        return self.level == "monitoring" or self.design == "before_after"

    @property
    def claimable(self) -> bool:
        """True when there is an effect and the design may say that the programme caused it."""
        return not self.monitoring and self.averted is not None

    @property
    def may_be_zero(self) -> bool:
        """True when an interval of the effect holds zero, or when there is no interval to tell."""
        if self.averted is None or self.averted.low is None or self.averted.high is None:
            return True
        intervals = [(each.low, each.high) for each in (self.averted, self.relative) if each is not None]
        return any(low <= 0 <= high for low, high in intervals if low is not None and high is not None)


@dataclass(frozen=True)
class _Sums:
    """Present values and their draws; `benefit` and the draws are None where no effect may be claimed."""

    cost: float
    worth: float
    benefit: float | None = None
    level: float = 0.95
    draws: numpy.ndarray | None = field(default=None, repr=False)


def appraise(
    economics: Economics, effect: AppraisedEffect, project: Path | None = None, seed: int = 1, draws: int = 20_000
) -> Appraisal:
    """Return what the programme cost, what its effect is worth and how sure that is.

    Parameters
    ----------
    economics : Economics
        Costs, benefits, price base and base year, from the study file.
    effect : AppraisedEffect
    project : pathlib.Path or None
        Folder of the project, whose own reference tables win over the shipped ones.
    seed : int
        Seed of the draws of the effect.
    draws : int
        Number of draws.

    Returns
    -------
    Appraisal
        Pounds of the price base, discounted to the base year. An amount that is not known, or may not be claimed, is
        NaN: it makes every sum that holds it NaN. A ratio is given only when every cost is known, the design may speak
        of cause and the interval of the effect excludes zero on the side that is better; otherwise `ratio_withheld`
        says why not.

    Raises
    ------
    SpecError
        Every problem of the block at once.
    DataError
        When a reference table cannot be read.

    Notes
    -----
    ``benefit = averted x sum over lines of (events x unit cost in the price base) x sum over years of (share x
    discount factor)``. The effect alone is drawn (its own rule, see `Estimate.sample`); unit costs and costs are taken
    as exact. Intervals are equal-tailed intervals of the draws, at the confidence level of the effect.
    """
    reference = Reference(project)
    problems = find_problems(economics, reference) + _effect_problems(economics, effect)
    if problems:
        raise SpecError(problems)
    terms = Terms.of(economics, reference)
    shares = _shares(effect, economics)
    lines, _ = priced_benefits(economics, reference)
    costs, benefits = cost_entries(economics.costs, terms), benefit_entries(lines, shares, terms)
    sums = _sums(costs, benefits, effect, seed, draws)
    claimed = effect.gained.value if effect.gained is not None and sums.benefit is not None else NOT_KNOWN
    years = money_years(costs, sum(entry.worth for entry in benefits), claimed, shares, terms)
    net = _net(sums, economics.price_base)
    withheld = _why_no_ratio(economics, effect, sums)
    ledger = (*map(_cost_line, costs), *_benefit_lines(benefits, sums, claimed))
    return Appraisal(
        cost=_money("Present value of costs", sums.cost, None, sums.level, economics.price_base),
        benefit=_benefit(sums, economics.price_base),
        net_present_social_value=net,
        ratio=None if withheld else _ratio(sums),
        ratio_withheld=withheld,
        probability_positive=None if net is None or net.draws is None else probability_positive(net.draws),
        break_even=_break_even(effect, sums),
        by_year=years,
        by_payer=by_payer(costs, benefits, claimed),
        by_kind=totals_by_kind(ledger),
        lines=ledger,
        price_base=economics.price_base,
        base_year=economics.base_year,
        discounting=_discounting(terms, years),
        deflator=f"GDP deflator, {reference.deflator.vintage} vintage ({reference.deflator.source})",
        analysis=economics.analysis,
        unpriced=tuple(economics.unpriced),
        cautions=cautions(economics, lines, costs, terms, effect.level, effect.simulated),
        draws=None if net is None else net.draws,
    )  # fmt: skip


def totals_by_kind(lines: Iterable[MoneyLine]) -> tuple[tuple[str, float, float], ...]:
    """Return fiscal, economic and social totals, always the three: kind, cost, benefit (present values)."""
    totals = {kind: {"cost": 0.0, "benefit": 0.0} for kind in ("fiscal", "economic", "social")}
    for line in lines:
        totals[line.kind][line.side] += NOT_KNOWN if line.present_value is None else line.present_value
    return tuple((kind, sides["cost"], sides["benefit"]) for kind, sides in totals.items())


def _effect_problems(economics: Economics, effect: AppraisedEffect) -> list[Problem]:
    """Return what makes the effect unfit to be priced."""
    problems = []
    mend = "move base_year to the first year of costs and effect"
    if economics.benefits and effect.better == "neither":
        problems.append(Problem("the outcome that is priced says neither lower nor higher is better",
                                "give the outcome better: lower or better: higher", "economics.analysis"))  # fmt: skip
    shares = effect.averted_by_year or {}
    early = sorted(year for year in shares if years_between(economics.base_year, financial_year(year)) < 0)
    if early:
        found = f"the effect begins in {early[0]}, before the base year {economics.base_year}"
        problems.append(Problem(found, mend, "economics.base_year"))
    if shares and abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError("the shares of the effect by year must sum to one")
    return problems


def _shares(effect: AppraisedEffect, economics: Economics) -> dict[str, float]:
    if not effect.averted_by_year:
        return {economics.base_year: 1.0}
    return {financial_year(year): share for year, share in effect.averted_by_year.items()}


def _sums(
    costs: Sequence[CostEntry], benefits: Sequence[BenefitEntry], effect: AppraisedEffect, seed: int, size: int
) -> _Sums:
    """Return present values, with draws of the benefit where the effect has an interval."""
    import numpy

    cost = sum(entry.present_value for entry in costs)
    worth = sum(entry.present_worth for entry in benefits)
    gained = effect.gained
    if gained is None or not effect.claimable or not benefits:
        return _Sums(cost, worth)
    try:
        drawn = gained.sample(size, numpy.random.Generator(numpy.random.PCG64(seed)))
    except ValueError:
        return _Sums(cost, worth, gained.value * worth, gained.level)
    return _Sums(cost, worth, gained.value * worth, gained.level, drawn * worth)


def _money(label: str, value: float, draws: numpy.ndarray | None, level: float, price_base: str) -> Estimate:
    unit = f"£, {price_base} prices"
    if draws is None:
        return Estimate(value, label=label, unit=unit, level=level)
    return Estimate.from_draws(value, draws, level=level, label=label, unit=unit)


def _benefit(sums: _Sums, price_base: str) -> Estimate | None:
    if sums.benefit is None:
        return None
    return _money("Present value of benefits", sums.benefit, sums.draws, sums.level, price_base)


def _net(sums: _Sums, price_base: str) -> Estimate | None:
    """Return the net present social value; None when a cost is not known or no effect may be claimed."""
    if sums.benefit is None or sums.cost != sums.cost:
        return None
    draws = None if sums.draws is None else sums.draws - sums.cost
    return _money("Net present social value", sums.benefit - sums.cost, draws, sums.level, price_base)


def _ratio(sums: _Sums) -> Estimate:
    assert sums.benefit is not None
    assert sums.draws is not None
    return Estimate.from_draws(sums.benefit / sums.cost, sums.draws / sums.cost, level=sums.level,
                               label="Benefit-cost ratio", unit="£ of benefit per £ of cost")  # fmt: skip


def _why_no_ratio(economics: Economics, effect: AppraisedEffect, sums: _Sums) -> str:
    """Return why no ratio of benefits to costs may be printed, or empty text when one may."""
    unknown = [cost.item for cost in economics.costs if not cost.known]
    if not economics.benefits:
        return "No benefit is priced."
    if effect.monitoring:
        return "This is monitoring: a change over time does not show what the programme caused, so it is not priced."
    if effect.averted is None:
        return "There is no estimated effect to price."
    if unknown:
        return f"Not every cost is known ({', '.join(unknown)})."
    if sums.draws is None or effect.averted.low is None or effect.averted.high is None:
        return "The effect has no interval, so a ratio could not be given with its range."
    if effect.may_be_zero:
        return "The interval of the effect includes no effect at all, so a ratio would mislead."
    if sums.benefit is not None and sums.benefit <= 0:
        return "The estimated effect is not in the direction that is better: there is no benefit to divide by costs."
    return "" if sums.cost > 0 else "The costs come to nothing, so there is nothing to divide by."


def _break_even(effect: AppraisedEffect, sums: _Sums) -> dict[str, Any] | None:
    """Return the effect at which benefits equal costs; None when a cost is not known or nothing is priced."""
    if not sums.worth > 0 or sums.cost != sums.cost:
        return None
    value = sums.cost / sums.worth
    unit = effect.unit or (effect.averted.unit if effect.averted is not None else "") or "events"
    percent = None if effect.expected is None else 100 * value / effect.expected
    share = "" if percent is None else f" ({_figures(percent)}% of those expected)"
    direction = "more" if effect.better == "higher" else "fewer"
    sentence = f"Benefits would equal costs at {_figures(value)} {direction} {unit}{share}."
    if not effect.claimable:
        sentence += " This study cannot say whether the programme reached that."
    return {"value": value, "unit": unit, "percent": percent, "sentence": sentence}


def _figures(value: float) -> str:
    """Return a positive number with three figures, and thousands never cut."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def _cost_line(entry: CostEntry) -> MoneyLine:
    cost = entry.cost
    words = (cost.kind.replace("_", " "), "" if cost.known else "not known", cost.note)
    note = "; ".join(text for text in words if text)
    return MoneyLine(cost.item, "cost", cost.payer, entry.present_value, price_year=cost.price_year or "",
                     source=cost.source or "", status="declared", kind=cost.value_type, note=note)  # fmt: skip


def _benefit_lines(entries: Sequence[BenefitEntry], sums: _Sums, events: float) -> Iterable[MoneyLine]:
    """Yield a line per part of a unit cost, each with its share of the interval."""
    import numpy

    ends = [(1 - sums.level) / 2, (1 + sums.level) / 2]
    bounds = None if sums.draws is None or not sums.worth else numpy.quantile(sums.draws, ends) / sums.worth
    for entry in entries:
        line, part = entry.line, entry.part
        low, high = (None, None) if bounds is None else (float(bound) * entry.present_worth for bound in bounds)
        yield MoneyLine(
            f"{line.benefit.item}: {part.words}" if part.words else line.benefit.item, "benefit", part.gainer,
            events * entry.present_worth, low, high, unit_cost=entry.unit_cost, unit_cost_printed=part.printed,
            price_year=line.price_year, edition=line.edition, source=line.source, status=line.status, kind=part.kind,
            note=line.note,
        )  # fmt: skip


def _discounting(terms: Terms, years: Sequence[MoneyYear]) -> str:
    """Return the rule of discounting in words, with the bands that the years of this appraisal reach."""
    base = f"year 0 is {terms.base_year}"
    if isinstance(terms.rate, float):
        return f"{100 * terms.rate:g}% a year, declared in the study file; {base}"
    reached = [band for band in terms.reference.discounting if band.first < max(len(years), 1)]
    ends = [f" to year {band.last}" for band in reached[:-1]] + ["" if len(reached) == 1 else " after that"]
    rates = [f"{100 * band.rate(terms.rate):g}% a year{end}" for band, end in zip(reached, ends, strict=True)]
    return f"Green Book {terms.rate} schedule: {', '.join(rates)}; {base}"
