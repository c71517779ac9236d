"""The same sums under other choices of policy and method, on common random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from evalkit.appraisal.assess import Assessment, assess
from evalkit.appraisal.checks import find_problems
from evalkit.appraisal.uncertainty import probability_positive
from evalkit.records import MoneyScenario

if TYPE_CHECKING:
    from evalkit.appraisal.economics import Benefit, Economics
    from evalkit.appraisal.effect import AppraisedEffect
    from evalkit.appraisal.tables import Reference
    from evalkit.appraisal.uncertain_sum import Parameter

AS_STATED = "As stated"
WHOLE_EDITION = 5
"""An edition with fewer offences is a study of one crime, and no other edition of the same costs."""


def scenarios(
    whole: Assessment, effect: AppraisedEffect, reference: Reference, parameters: Mapping[str, Parameter],
    withheld: bool,
) -> tuple[MoneyScenario, ...]:  # fmt: skip
    """Return the sums as stated, and under every other choice that the block leaves open.

    Notes
    -----
    Discount rates, editions, anticipation, the multiplier, optimism and persistence are choices of policy or method:
    they are set side by side and never drawn. A choice that the reference tables cannot carry (an edition without the
    offence) stands at the end with its reason and without sums.
    """
    if not whole.priced:
        return ()
    found = [_scenario(AS_STATED, whole, withheld)]
    impossible = list(_editions_without(whole, reference))
    for name, other in _others(whole, reference):
        problems = find_problems(other, reference)
        if problems:
            reason = "; ".join(dict.fromkeys(problem.message for problem in problems))
            impossible.append(MoneyScenario(name, None, None, None, reason=reason))
        else:
            found.append(_scenario(name, assess(other, effect, reference, parameters), withheld))
    weights = whole.economics.income_weights
    if weights is not None:
        weighted = assess(whole.economics, effect, reference, parameters, weights)
        found.append(_scenario(f"Weighted by income (elasticity {weights.elasticity:g})", weighted, withheld))
    return (*found, *impossible)


def _scenario(name: str, whole: Assessment, withheld: bool) -> MoneyScenario:
    import numpy

    net, benefit, cost = whole.net, whole.benefit, whole.cost.stated
    assert benefit is not None
    if net is None:
        return MoneyScenario(name, None, benefit.stated, None)
    low = high = probability = None
    if net.draws is not None and whole.effect.gained is not None:
        level = whole.effect.gained.level
        low, high = (float(end) for end in numpy.quantile(net.draws, [(1 - level) / 2, (1 + level) / 2]))
        probability = probability_positive(net.draws)
    ratio = None if withheld or not cost > 0.0 else benefit.stated / cost
    return MoneyScenario(name, cost, benefit.stated, net.stated, low, high, probability, ratio)


def _others(whole: Assessment, reference: Reference) -> Iterator[tuple[str, Economics]]:
    economics = whole.economics
    yield from _editions(economics, {line.edition for line in whole.lines if line.crime}, reference)
    crime = [benefit for benefit in economics.benefits if _is_crime(benefit)]
    if crime:
        other = "exclude" if all(benefit.anticipation == "include" for benefit in crime) else "include"
        words = "with" if other == "include" else "without"
        changed = {"anticipation": other}
        yield f"Unit costs {words} spending in anticipation of crime", _with(economics, changed)
    if any(benefit.multiplier == "apply" for benefit in economics.benefits):
        alone = {"multiplier": "none", "multiplier_uncertainty": None}
        yield "Recorded offences alone, without the multiplier", _with(economics, alone)
    yield from _values(whole)
    if economics.discount_rate == "standard":
        yield (
            "Lower discount rates (Green Book sensitivity)",
            economics.model_copy(update={"discount_rate": "sensitivity"}),
        )
    if economics.optimism_bias is not None or any(cost.optimism_bias for cost in economics.costs):
        plain = [cost.model_copy(update={"optimism_bias": None}) for cost in economics.costs]
        yield "Without adjustment for optimism", economics.model_copy(update={"optimism_bias": None, "costs": plain})
    if economics.additionality is not None:
        yield "Without adjustment for additionality", economics.model_copy(update={"additionality": None})
    if economics.persistence is not None:
        yield "The effect ends where the data end", economics.model_copy(update={"persistence": None})


def _values(whole: Assessment) -> Iterator[tuple[str, Economics]]:
    """Yield the block with each other value that a benefit names: as many more or fewer events at the stated value."""
    economics = whole.economics
    for line in whole.lines:
        for value in line.benefit.other_values:
            events = line.benefit.events_per_outcome * value / line.printed
            changed = line.benefit.model_copy(update={"events_per_outcome": events})
            benefits = [changed if at == line.index else one for at, one in enumerate(economics.benefits)]
            name = f"{line.benefit.item}: £{value:,.0f} each in place of £{line.printed:,.0f}"
            yield name, economics.model_copy(update={"benefits": benefits})


def _editions(economics: Economics, used: set[str], reference: Reference) -> Iterator[tuple[str, Economics]]:
    """Yield the block with all its crimes priced by each other edition that holds them, with its own multipliers."""
    crime = [benefit for benefit in economics.benefits if _is_crime(benefit)]
    offences = {(benefit.unit_cost or "").partition(":")[2] for benefit in crime}
    held: dict[str, dict[str, bool]] = {}
    for row in reference.crime:
        held.setdefault(row.edition, {})[row.offence_id] = row.multiplier is not None
    for edition, rows in held.items():
        if not crime or used == {edition} or not offences <= set(rows):
            continue
        changed: dict[str, object] = {"edition": edition}
        words = ""
        if any(benefit.multiplier == "apply" for benefit in crime) and not all(rows[one] for one in offences):
            changed |= {"multiplier": "none", "multiplier_uncertainty": None}
            words = ", which has no multiplier for them: recorded offences alone"
        yield f"Unit costs of crime of the {edition} edition{words}", _with(economics, changed)


def _editions_without(whole: Assessment, reference: Reference) -> Iterator[MoneyScenario]:
    """Yield the editions that do not hold every offence that is priced, each with those that it lacks."""
    crime = {line.crime: line.edition for line in whole.lines if line.crime}
    held: dict[str, set[str]] = {}
    for row in reference.crime:
        held.setdefault(row.edition, set()).add(row.offence_id)
    for edition, rows in held.items():
        lacking = sorted(one.replace("_", " ") for one in crime if one not in rows)
        if lacking and len(rows) >= WHOLE_EDITION and set(crime.values()) != {edition}:
            reason = f"that edition has no unit cost under the name {', '.join(lacking)}"
            yield MoneyScenario(f"Unit costs of crime of the {edition} edition", None, None, None, reason=reason)


def _with(economics: Economics, changed: Mapping[str, object]) -> Economics:
    """Return the block with its crimes priced another way."""
    benefits = [benefit.model_copy(update=dict(changed)) if _is_crime(benefit) else benefit
                for benefit in economics.benefits]  # fmt: skip
    return economics.model_copy(update={"benefits": benefits})


def _is_crime(benefit: Benefit) -> bool:
    return (benefit.unit_cost or "").startswith("crime:")
