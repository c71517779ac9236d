"""From an effect and an `economics` block to an appraisal: present values, ratio, break-even, and what is withheld."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.appraisal.assess import EFFECT, Assessment, assess, parameters
from evalkit.appraisal.cautions import cautions
from evalkit.appraisal.checks import effect_problems, find_problems
from evalkit.appraisal.economics import Economics
from evalkit.appraisal.effect import AppraisedEffect, observed_shares
from evalkit.appraisal.ledger import NOT_KNOWN, CostEntry, by_payer, money_years, payer_years
from evalkit.appraisal.particulars import adjustments, money_parameters
from evalkit.appraisal.returns import cost_per_outcome, equivalent_annual, money_returns, payback
from evalkit.appraisal.scenarios import scenarios
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.uncertainty import (
    acceptability,
    distribution,
    probability_positive,
    quotient_interval,
    round_up,
    value_of_perfect_information,
)
from evalkit.errors import SpecError
from evalkit.records import Acceptability, Appraisal, Estimate, MoneyLine, MoneyYear

if TYPE_CHECKING:
    from evalkit.appraisal.uncertain_sum import UncertainSum


def appraise(economics: Economics, effect: AppraisedEffect, project: Path | None = None, seed: int = 1) -> Appraisal:
    """Return what the programme cost, what its effect is worth and how sure that is.

    Parameters
    ----------
    economics : Economics
        Costs, benefits, price base and base year, from the study file.
    effect : AppraisedEffect
    project : pathlib.Path or None
        Folder of the project, whose own reference tables win over the shipped ones.
    seed : int
        Seed of the draws.

    Returns
    -------
    Appraisal
        Pounds of the price base, discounted to the base year. An amount that is not known, or may not be claimed, is
        NaN: it makes every sum that holds it NaN. A ratio is given only when every cost is known, the design may speak
        of cause, no key check speaks against the result and the interval of the effect excludes zero on the side that
        is better; otherwise `ratio_withheld` says why not, and returns, payback and cost per unit of the outcome are
        withheld with it. The break-even owes nothing to the estimate and stands wherever it is known.

    Raises
    ------
    SpecError
        Every problem of the block at once.
    DataError
        When a reference table cannot be read.

    Notes
    -----
    ``benefit = effect x sum over lines of (events x unit cost x f x sum over years of (share x discount factor)) x
    (what additionality and optimism leave)``; ``cost = sum of amounts x (1 + optimism) x f x discount factor``. The
    effect is drawn by the rule of its own interval (`Estimate.sample`), each f by the distribution that the study file
    declares, independently; what declares none is taken as exact. Values are at stated figures; intervals are
    equal-tailed intervals of the draws, at the confidence level of the effect.
    """
    reference = Reference(project)
    problems = find_problems(economics, reference) + effect_problems(economics, effect, reference)
    if problems:
        raise SpecError(problems)
    drawn = parameters(economics, effect, seed)
    whole = assess(economics, effect, reference, drawn)
    withheld = _why_no_ratio(whole)
    claimed = effect.gained.value if effect.gained is not None and whole.priced else NOT_KNOWN
    years = money_years(whole.costs, whole.benefits, claimed, whole.shares, whole.terms)
    net = _estimate("Net present social value", whole.net, whole)
    draws = None if whole.net is None else whole.net.draws
    ledger = (*map(_cost_line, whole.costs), *_benefit_lines(whole, claimed))
    return Appraisal(
        cost=_cost(whole),
        benefit=_estimate("Present value of benefits", whole.benefit, whole),
        net_present_social_value=net,
        ratio=None if withheld else _ratio(whole),
        ratio_withheld=withheld,
        probability_positive=None if draws is None else probability_positive(draws),
        break_even=_break_even(whole),
        by_year=years,
        by_payer=by_payer(whole.costs, whole.benefits, claimed),
        by_kind=totals_by_kind(ledger),
        lines=ledger,
        price_base=economics.price_base,
        base_year=economics.base_year,
        discounting=_discounting(whole, years),
        deflator=f"GDP deflator, {reference.deflator.vintage} vintage ({reference.deflator.source})",
        analysis=economics.analysis,
        unpriced=tuple(economics.unpriced),
        cautions=cautions(whole),
        expected_net=None if draws is None else float(draws.mean()),
        information_value=None if draws is None else value_of_perfect_information(draws),
        parameters=money_parameters(whole),
        scenarios=scenarios(whole, effect, reference, drawn, bool(withheld)),
        returns=money_returns(whole, bool(withheld)),
        acceptability=_acceptability(whole),
        acceptability_unit=effect.counted,
        acceptability_priced=_priced(whole),
        distribution=() if draws is None else distribution(draws),
        costs_by_payer=payer_years(whole.costs),
        payback=payback(years, bool(withheld), assumed=effect.borrowed),
        cost_per_outcome=cost_per_outcome(whole, bool(withheld)),
        equivalent_annual_cost=_equivalent_annual(whole),
        **adjustments(whole),
        draws_used=None if draws is None else economics.draws,
        seed=None if draws is None else seed,
        draws=draws,
    )  # fmt: skip


def totals_by_kind(lines: Iterable[MoneyLine]) -> tuple[tuple[str, float, float], ...]:
    """Return fiscal, economic and social totals, always the three: kind, cost, benefit (present values)."""
    totals = {kind: {"cost": 0.0, "benefit": 0.0} for kind in ("fiscal", "economic", "social")}
    for line in lines:
        totals[line.kind][line.side] += NOT_KNOWN if line.present_value is None else line.present_value
    return tuple((kind, sides["cost"], sides["benefit"]) for kind, sides in totals.items())


def _estimate(label: str, total: UncertainSum | None, whole: Assessment) -> Estimate | None:
    if total is None:
        return None
    unit, gained = f"£, {whole.economics.price_base} prices", whole.effect.gained
    level = 0.95 if gained is None else gained.level
    if total.draws is None:
        return Estimate(total.stated, label=label, unit=unit, level=level)
    return Estimate.from_draws(total.stated, total.draws, level=level, label=label, unit=unit)


def _cost(whole: Assessment) -> Estimate:
    found = _estimate("Present value of costs", whole.cost, whole)
    assert found is not None
    return found


def _ratio(whole: Assessment) -> Estimate:
    assert whole.benefit is not None
    assert whole.benefit.draws is not None
    assert whole.effect.gained is not None
    level = whole.effect.gained.level
    paid = whole.cost.stated if whole.cost.draws is None else whole.cost.draws
    low, high = quotient_interval(whole.benefit.draws, paid, level)
    return Estimate(whole.benefit.stated / whole.cost.stated, low=low, high=high, level=level, rule="draws",
                    draws=whole.benefit.draws / paid, label="Benefit-cost ratio",
                    unit="£ of benefit per £ of cost")  # fmt: skip


def _why_no_ratio(whole: Assessment) -> str:
    """Return why no ratio of benefits to costs may be printed, or empty text when one may."""
    effect, benefit = whole.effect, whole.benefit
    unknown = [entry.cost.item for entry in whole.costs if not entry.cost.known]
    if not whole.economics.benefits:
        return "No benefit is priced."
    if effect.monitoring:
        return "This is monitoring: a change over time does not show what the programme caused, so it is not priced."
    if effect.averted is None:
        return "There is no estimated effect to price."
    if effect.key_check:
        return f"A key check speaks against the result ({effect.key_check}), so what it is worth is not claimed."
    if unknown:
        return f"Not every cost is known ({', '.join(unknown)})."
    if benefit is None or benefit.draws is None or effect.averted.low is None or effect.averted.high is None:
        return "The effect has no interval, so a ratio could not be given with its range."
    if effect.may_be_zero:
        return "The interval of the effect includes no effect at all, so a ratio would mislead."
    if benefit.stated <= 0:
        return "The estimated effect is not in the direction that is better: there is no benefit to divide by costs."
    return ""


def _break_even(whole: Assessment) -> dict[str, Any] | None:
    """Return the effect at which benefits equal costs; None when a cost is not known or nothing is priced."""
    cost, worth, effect = whole.cost.stated, whole.worth, whole.effect
    if not worth > 0 or cost != cost:
        return None
    value = cost / worth
    # what was expected is worked out from the estimate: it falls with it when a key check speaks against that
    expected = None if effect.key_check else effect.expected
    percent = None if expected is None else 100 * value / expected
    share = "" if percent is None or expected is None else (
        f" ({_figures(percent)}% of the {_figures(expected)} expected)")  # fmt: skip
    lasting = ", if it goes on as assumed" if whole.economics.persistence is not None else ""
    if percent is not None and expected is not None and percent > 100.0 and effect.better != "higher":
        sentence = _out_of_reach(whole, value, expected, lasting)
        return {"value": value, "unit": effect.counted, "percent": percent, "sentence": sentence}
    direction = "more" if effect.better == "higher" else "fewer"
    sentence = (f"Benefits would equal costs at {_figures(value)} {direction} {effect.counted} "
                f"{_period(whole)}{share}{lasting}.")  # fmt: skip
    if not effect.claimable or effect.key_check:
        sentence += " This study cannot say whether the programme reached that."
    return {"value": value, "unit": effect.counted, "percent": percent, "sentence": sentence}


def _out_of_reach(whole: Assessment, value: float, expected: float, lasting: str) -> str:
    """Return that no change of this outcome could pay: more than all that was expected would have to be avoided."""
    return (f"This outcome alone cannot pay for it, even if all {_figures(expected)} {whole.effect.counted} expected "
            f"{_period(whole)} were avoided: it would take {_figures(value)}{lasting}.")  # fmt: skip


def _period(whole: Assessment) -> str:
    """Return the financial years in which the effect is counted, without those in which it is assumed to go on."""
    years = sorted(observed_shares(whole.effect, whole.economics))
    if len(years) < 3:
        return f"in {' and '.join(years)}"
    return f"in {years[0]} to {years[-1]}"


def _figures(value: float) -> str:
    """Return a positive number with three figures, and thousands never cut."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def _acceptability(whole: Assessment) -> tuple[Acceptability, ...]:
    """Return the curve over values of one unit of the outcome.

    The axis ends at twice what a unit is priced at; where none is priced, at four times what it would have to be worth
    were the effect at the better end of its interval.
    """
    drawn, gained, weight = whole.parameters[EFFECT].draws, whole.effect.gained, _weighted_units(whole)
    if drawn is None or gained is None or not whole.effect.claimable or not whole.known or not weight > 0.0:
        return ()
    cost = whole.cost.stated
    if whole.worth > 0.0:
        top = 2.0 * whole.worth / weight
    elif gained.high is not None and 0.0 < gained.high < float("inf") and cost > 0.0:
        top = 4.0 * cost / (gained.high * weight)
    else:
        return ()
    return acceptability(drawn * weight, cost if whole.cost.draws is None else whole.cost.draws, round_up(top))


def _priced(whole: Assessment) -> float | None:
    """Return what one unit of the outcome is priced at, on the axis of the curve."""
    weight = _weighted_units(whole)
    return whole.worth / weight if whole.worth > 0.0 and weight > 0.0 else None


def _weighted_units(whole: Assessment) -> float:
    """Return the additional units per observed one, each weighted by the discount factor of its year."""
    additional = 1.0 if whole.economics.additionality is None else whole.economics.additionality.factor
    return additional * sum(share * whole.terms.factor(year) for year, share in whole.shares.items())


def _equivalent_annual(whole: Assessment) -> float | None:
    """Return the level yearly sum over the years in which money is spent; None where a cost is not known."""
    years = sorted({year for entry in whole.costs for year in entry.by_year})
    if not whole.known or not years:
        return None
    return equivalent_annual(whole.cost.stated, [whole.terms.factor(year) for year in years])


def _cost_line(entry: CostEntry) -> MoneyLine:
    cost = entry.cost
    optimism = f"optimism {entry.optimism.words}" if entry.optimism.share else ""
    words = (cost.kind.replace("_", " "), "" if cost.known else "not known", optimism, cost.note)
    note = "; ".join(text for text in words if text)
    return MoneyLine(cost.item, "cost", cost.payer, entry.present_value, price_year=cost.price_year or "",
                     source=cost.source or "", status="declared", kind=cost.borne, note=note)  # fmt: skip


def _benefit_lines(whole: Assessment, events: float) -> Iterable[MoneyLine]:
    """Yield a line per part of a unit cost, each with its own interval."""
    for entry in whole.benefits:
        line, part = entry.line, entry.part
        low, high = whole.per_pound(line.index)
        low, high = (None if end is None else end * entry.present_worth for end in (low, high))
        yield MoneyLine(
            f"{line.benefit.item}: {part.words}" if part.words else line.benefit.item, "benefit", part.gainer,
            events * entry.present_worth, low, high, unit_cost=entry.unit_cost, unit_cost_printed=part.printed,
            price_year=line.price_year, edition=line.edition, source=line.source, status=line.status, kind=part.kind,
            note=line.note, cashable=None if entry.cashable_worth is None else events * entry.cashable_worth,
        )  # fmt: skip


def _discounting(whole: Assessment, years: Sequence[MoneyYear]) -> str:
    """Return the rule of discounting in words, with the bands that the years of this appraisal reach."""
    terms = whole.terms
    base = f"year 0 is {terms.base_year}"
    if any(line.benefit.discount == "health" for line in whole.lines):
        base += "; monetised effects on health (QALYs, lives) at the health rate"
    if isinstance(terms.rate, float):
        return f"{100 * terms.rate:g}% a year, declared in the study file; {base}"
    reached = [band for band in terms.reference.discounting if band.first < max(len(years), 1)]
    ends = [f" to year {band.last}" for band in reached[:-1]] + ["" if len(reached) == 1 else " after that"]
    rates = [f"{100 * band.rate(terms.rate):g}% a year{end}" for band, end in zip(reached, ends, strict=True)]
    return f"Green Book {terms.rate} schedule: {', '.join(rates)}; {base}"
