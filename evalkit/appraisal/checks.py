"""What is wrong with an `economics` block, found without reading any data of the study."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from evalkit.appraisal.additionality import counterfactual_problems
from evalkit.appraisal.cost import Cost
from evalkit.appraisal.economics import Economics
from evalkit.appraisal.effect import AppraisedEffect, observed_shares
from evalkit.appraisal.optimism import benefit_bias, cost_biases
from evalkit.appraisal.overlaps import overlapping
from evalkit.appraisal.prices import year_after, years_between
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.unit_costs import PricedBenefit, price_benefit
from evalkit.errors import Problem, SpecError

LONGEST = 125
"""Years after the base year; longer appraisals are for infrastructure, not for programmes."""


def find_problems(economics: Economics, reference: Reference) -> list[Problem]:
    """Return every problem of the block, each with its dotted key."""
    problems = [*_years(economics, reference), *_optimism(economics, reference)]
    lines, unpriced = priced_benefits(economics, reference)
    problems += unpriced
    problems += _names(economics, lines) if not unpriced else []
    for line in lines:
        if line.price_year not in reference.deflator.index:
            key = "price_year" if line.benefit.price_year else "unit_cost"
            problems.append(_outside(line.price_year, f"economics.benefits.{line.index}.{key}", reference))
    for finding in overlapping(lines, reference.overlaps):
        if finding.action == "error":
            place = f"economics.benefits.{finding.index}.{finding.key}"
            problems.append(Problem(finding.message, finding.mend, place))
    return problems


def _names(economics: Economics, lines: Iterable[PricedBenefit]) -> Iterator[Problem]:
    """Yield names of payers and gainers with an income whom the ledger does not know."""
    if economics.income_weights is None:
        return
    known = [cost.payer for cost in economics.costs] + [part.gainer for line in lines for part in line.parts]
    folded = {name.casefold(): name for name in known}
    for name in economics.income_weights.incomes:
        if name.casefold() not in folded:
            close = difflib.get_close_matches(name.casefold(), folded, n=1)
            mend = f"did you mean {folded[close[0]]!r}?" if close else f"one of {', '.join(dict.fromkeys(known))}"
            yield Problem(f"nobody pays or gains under the name {name!r}", mend, "economics.income_weights.incomes")


def _optimism(economics: Economics, reference: Reference) -> Iterator[Problem]:
    """Yield adjustments for optimism that the table does not hold."""
    for find in (cost_biases, benefit_bias):
        try:
            find(economics, reference)
        except SpecError as error:
            yield from error.problems


def priced_benefits(economics: Economics, reference: Reference) -> tuple[list[PricedBenefit], list[Problem]]:
    """Return the benefits that the tables can price, and what is wrong with the others."""
    lines: list[PricedBenefit] = []
    problems: list[Problem] = []
    for index, benefit in enumerate(economics.benefits):
        try:
            lines.append(price_benefit(index, benefit, reference))
        except SpecError as error:
            problems += error.problems
    return lines, problems


def _years(economics: Economics, reference: Reference) -> Iterator[Problem]:
    """Yield years for which there is no price index, and costs that fall before year 0."""
    if economics.price_base not in reference.deflator.index:
        yield _outside(economics.price_base, "economics.price_base", reference)
    for index, cost in enumerate(economics.costs):
        for key, year in _priced_in(cost):
            if year not in reference.deflator.index:
                yield _outside(year, f"economics.costs.{index}.{key}", reference)
        end = last_discounted(economics, reference)
        late = [
            year for year in cost.by_year if year and end is not None and years_between(economics.base_year, year) > end
        ]
        if late:
            yield Problem(f"{', '.join(late)} lies past the discount schedule, which ends with year {end}",
                          "end the costs earlier", f"economics.costs.{index}.{cost.years_key}")  # fmt: skip
        early = [year for year in cost.by_year if year and years_between(economics.base_year, year) < 0]
        if early:
            place = f"economics.costs.{index}.{cost.years_key}"
            yield Problem(f"{', '.join(early)} lies before the base year {economics.base_year}",
                          "move base_year to the first year of the costs", place)  # fmt: skip


def last_discounted(economics: Economics, reference: Reference) -> int | None:
    """Return the last year after the base year that may hold money; None where one declared rate has no end.

    The shipped schedule has no end; an appraisal of a programme stops at `LONGEST` years all the same, beyond which
    neither effects nor prices are known.
    """
    if isinstance(economics.discount_rate, float):
        return LONGEST
    last = reference.discounting[-1].last
    return LONGEST if last is None else min(last, LONGEST)


def _priced_in(cost: Cost) -> Iterator[tuple[str, str]]:
    """Yield the years in whose prices a cost stands, each with the key that says so."""
    if cost.price_year == "cash":
        yield from ((cost.years_key, year) for year in cost.by_year if year)
    elif cost.price_year is not None:
        yield "price_year", cost.price_year


def _outside(year: str, where: str, reference: Reference) -> Problem:
    index = reference.deflator.index
    return Problem(f"the GDP deflator has no {year}", f"it runs from {min(index)} to {max(index)}", where)


def effect_problems(economics: Economics, effect: AppraisedEffect, reference: Reference) -> list[Problem]:
    """Return what makes an effect unfit to be priced with this block.

    Parameters
    ----------
    economics : Economics
    effect : AppraisedEffect
    reference : Reference
    """
    problems = []
    mend = "move base_year to the first year of costs and effect"
    if economics.benefits and effect.better == "neither":
        problems.append(Problem("the outcome that is priced says neither lower nor higher is better",
                                "give the outcome better: lower or better: higher", "economics.analysis"))  # fmt: skip
    crimes = [index for index, one in enumerate(economics.benefits) if (one.unit_cost or "").startswith("crime:")]
    if crimes and effect.better == "higher":
        problems.append(Problem("a unit cost of crime prices offences that did not happen, and more of this outcome is "
                                "better", "give the outcome better: lower, or another unit cost",
                                f"economics.benefits.{crimes[0]}.unit_cost"))  # fmt: skip
    shares = observed_shares(effect, economics) if effect.averted_by_year else {}
    early = sorted(year for year in shares if years_between(economics.base_year, year) < 0)
    if early:
        found = f"the effect begins in {early[0]}, before the base year {economics.base_year}"
        problems.append(Problem(found, mend, "economics.base_year"))
    first = min((year for year, share in observed_shares(effect, economics).items() if share), default="")
    for index, benefit in enumerate(economics.benefits):
        if benefit.first_year and first and benefit.first_year < first:
            problems.append(Problem(f"it is gained from {benefit.first_year} on, before the effect begins in {first}",
                                    f"write first_year: {first} or later, or leave it out",
                                    f"economics.benefits.{index}.first_year"))  # fmt: skip
    lasting = economics.persistence.years if economics.persistence else 0
    ends = max((year for year, share in observed_shares(effect, economics).items() if share), default="")
    for index, benefit in enumerate(economics.benefits):
        if benefit.first_year and ends and benefit.first_year > year_after(ends, lasting):
            problems.append(Problem(f"it is gained from {benefit.first_year} on, after the effect ends in "
                                    f"{year_after(ends, lasting)}", "write an earlier year, or leave it out",
                                    f"economics.benefits.{index}.first_year"))  # fmt: skip
    additional = economics.additionality
    if additional is not None and not additional.factor > 0.0:
        found = f"nothing is left of the effect after {additional.words}"
        problems.append(Problem(found, "check the shares: there would be no benefit", "economics.additionality"))
    last = max((years_between(economics.base_year, year) for year in shares), default=0) + lasting
    end = last_discounted(economics, reference)
    if end is not None and last > end:
        problems.append(Problem(f"the effect runs to year {last}, and the discount schedule ends with year {end}",
                                "shorten persistence", "economics.persistence.years"))  # fmt: skip
    problems += counterfactual_problems(economics.additionality, effect.claimable and not effect.gross)
    if shares and abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError("the shares of the effect by year must sum to one")
    return problems
