"""Sentences that must stand beside the figures, so that no reader takes them for more than they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.appraisal.assess import Assessment
from evalkit.appraisal.economics import Economics
from evalkit.appraisal.effect import AppraisedEffect
from evalkit.appraisal.ledger import CostEntry, Terms
from evalkit.appraisal.overlaps import overlapping
from evalkit.appraisal.unit_costs import PricedBenefit, crime_parts

STATUS = {
    "secondary": "second-hand (secondary): check it against the publication before use",
    "memory": "recalled and unchecked (memory): open the publication before use",
    "declared": "declared in the study file, not taken from a reference table: check its source before use",
}


def cautions(whole: Assessment) -> tuple[str, ...]:
    """Return every sentence once, in the order in which a reader needs them."""
    economics, lines, costs, terms = whole.economics, whole.lines, whole.costs, whole.terms
    overlaps = (each for each in overlapping(lines, terms.reference.overlaps) if each.action == "warn")
    found = [
        *_effect(whole.effect),
        *_assumed(whole),
        *_costs(costs),
        *(sentence for line in lines for sentence in _unit_cost(line)),
        *(f"{finding.message}." for finding in overlaps),
        *(sentence for line in lines for sentence in _other_editions(line, terms)),
        *_optimism(whole),
        *_deflator(lines, costs, terms),
        *_perspective(economics, lines),
    ]
    return tuple(dict.fromkeys(found))


def pounds(amount: float) -> str:
    """Return whole pounds with thousands commas."""
    return f"−£{-amount:,.0f}" if amount < -0.5 else f"£{abs(amount):,.0f}"


def _effect(effect: AppraisedEffect) -> Iterator[str]:
    if effect.simulated:
        yield "The effect comes from simulated data: these figures show how the method works and describe no programme."
    if effect.key_check and not effect.monitoring:
        yield (f"A key check speaks against the result ({effect.key_check}): benefits and net values that rest on it "
               "are not to be relied on.")  # fmt: skip
    if effect.level == "interim":
        yield "The effect is an interim one: these figures will change with the final look."


def _assumed(whole: Assessment) -> Iterator[str]:
    """Yield what rests on assumption and not on the study's own data."""
    borrowed, lasting = whole.economics.effect, whole.economics.persistence
    if borrowed is not None:
        yield (f"The effect was not estimated here: it is taken from {borrowed.source}, with "
               f"{100 * borrowed.transfer_discount:g}% taken off for carrying it to another place "
               f"({borrowed.transfer_reason}).")  # fmt: skip
        if borrowed.low is None:
            yield "The source of the effect gives no interval, so nothing can be said of how sure these figures are."
    if lasting is not None and (whole.priced or whole.worth > 0.0):  # it is in the break-even as well
        years = f"{lasting.years} more years" if lasting.years > 1 else "one more year"
        yield (f"The effect is assumed to go on for {years} after the data end, each keeping {100 * lasting.keeps:g}% "
               f"of the year before ({lasting.source}); the data do not show it.")  # fmt: skip
    additional = whole.economics.additionality
    if additional is not None:
        yield f"Benefits are adjusted for additionality: {additional.words} ({additional.source})."
        if additional.override_reason:
            yield (f"Deadweight is taken off an effect that already has a counterfactual: "
                   f"{additional.override_reason}.")  # fmt: skip


def _optimism(whole: Assessment) -> Iterator[str]:
    """Yield how far the adjustments for optimism can be relied on, and where they meet ranges of the same numbers."""
    own = [entry.optimism for entry in whole.costs if entry.optimism.share]
    own += [whole.benefit_optimism] if whole.benefit_optimism.share else []
    for one in own:
        if one.source and one.status != "primary":
            yield f"The adjustment for optimism {one.words} is {STATUS.get(one.status, one.status)}."
    ranged = any(cost.uncertainty for cost in whole.economics.costs)
    ranged = ranged or any(benefit.uncertainty for benefit in whole.economics.benefits)
    if own and ranged:
        yield ("Costs or values are adjusted for optimism and drawn over a range as well: check that the range does "
               "not count the same doubt twice.")  # fmt: skip


def _costs(costs: Sequence[CostEntry]) -> Iterator[str]:
    unknown = [entry.cost.item for entry in costs if not entry.cost.known]
    if not unknown:
        return
    known = sum(entry.present_value for entry in costs if entry.cost.known)
    least = f": the total is at least {pounds(known)}" if known else ""
    yield f"Not every cost is known ({', '.join(unknown)}){least}."


def _unit_cost(line: PricedBenefit) -> Iterator[str]:
    if line.status != "primary":
        name = f"Unit cost “{line.label}”" if line.benefit.unit_cost else f"The value of “{line.label}”"
        yield f"{name} is {STATUS.get(line.status, f'of status {line.status}: check it before use')}."
    if line.declared_price_year:
        yield (f"The price year {line.price_year} of “{line.label}” is declared in the study file; the reference table "
               "prints none.")  # fmt: skip
    if line.crime and line.unit == "per victim":
        yield f"“{line.label}” is priced per victim: the outcome must count victims, never incidents."
    if line.crime and line.benefit.outcome_is is None:
        yield f"“{line.benefit.item}”: the study file does not say whether the outcome counts recorded or all offences."
    if line.crime and line.benefit.outcome_is == "recorded" and line.benefit.multiplier == "none":
        yield (f"“{line.benefit.item}”: recorded offences are priced without the multiplier, so offences that the "
               "police do not record are not counted.")  # fmt: skip


def _other_editions(line: PricedBenefit, terms: Terms) -> Iterator[str]:
    """Yield the same unit cost in the other editions, because the choice of edition moves the result."""
    if not line.crime:
        return
    choice = line.benefit.anticipation
    rows = [row for row in terms.reference.crime if row.offence_id == line.crime and row.edition != line.edition]
    others = [row for row in rows if row.price_year in terms.reference.deflator.index
              and (choice == "include" or None not in (row.anticipation, row.consequence, row.response))]  # fmt: skip
    if others:
        own = f"{pounds(terms.real(line.printed, line.price_year))} in the {line.edition} edition"
        rest = [f"{pounds(terms.real(sum(part.printed for part in crime_parts(row, choice)), row.price_year))} in the "
                f"{row.edition} edition" for row in others]  # fmt: skip
        yield f"One event of “{line.benefit.item}” is {own} and {' and '.join(rest)} ({terms.price_base} prices)."


def _deflator(lines: Sequence[PricedBenefit], costs: Sequence[CostEntry], terms: Terms) -> Iterator[str]:
    """Yield what must be said of the index, if any money was moved from one year's prices to another's."""
    years = {line.price_year for line in lines}
    for entry in costs:
        years |= set(entry.cost.by_year) if entry.cost.price_year == "cash" else {entry.cost.price_year or ""}
    used = {year for year in years if year} | {terms.price_base}
    if len(used) == 1:
        return
    deflator = terms.reference.deflator
    if deflator.status != "primary":
        yield f"The GDP deflator ({deflator.vintage} vintage) is {STATUS.get(deflator.status, deflator.status)}."
    forecast = sorted(used & deflator.forecasts)
    if forecast:
        yield f"The GDP deflator for {' and '.join(forecast)} is a forecast, not an outturn."


def _perspective(economics: Economics, lines: Sequence[PricedBenefit]) -> Iterator[str]:
    """Yield perspectives for which the ledger has neither a cost nor a benefit."""
    parties = {_plain(cost.payer) for cost in economics.costs}
    parties |= {_plain(part.gainer) for line in lines for part in line.parts}
    for view in economics.perspective:
        if _plain(view) not in parties | {"society", "societal", "social", "public"}:
            yield f"Perspective “{view}”: no cost and no benefit of this party is recorded."


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ").strip()
