"""The numbers that an appraisal rests on, with what hangs on each, and what was adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.appraisal.assess import EFFECT, Assessment
from evalkit.appraisal.exact import exact_numbers
from evalkit.appraisal.uncertainty import switching_value, value_of_information
from evalkit.records import MoneyParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.appraisal.spread import Spread

EXACT = "taken as exact"


def money_parameters(whole: Assessment) -> tuple[MoneyParameter, ...]:
    """Return every number that the result rests on, each with its range and what the net value does over it.

    Parameters
    ----------
    whole : Assessment

    Returns
    -------
    tuple of MoneyParameter
        The effect, costs, unit costs with the events that each prices, multipliers; then what is taken as exact. Net
        values, switching values and values of information are None where no effect may be claimed.
    """
    return (*_effect(whole), *_costs(whole), *_unit_costs(whole), *exact_numbers(whole))


def _effect(whole: Assessment) -> Iterator[MoneyParameter]:
    gained = whole.effect.gained
    if gained is None:
        return
    name = f"{'More' if whole.effect.better == 'higher' else 'Fewer'} {whole.effect.counted}"
    words = EXACT if whole.parameters[EFFECT].draws is None else f"interval of the effect ({gained.rule})"
    if gained.low is None:
        words = "no interval is known"
    lent = whole.economics.effect
    source = f"analysis {whole.economics.analysis}" if lent is None else lent.source
    yield MoneyParameter(
        name, "effect", gained.value, whole.effect.counted, gained.low, gained.high, words, source,
        "borrowed" if whole.effect.borrowed else "estimated", "", *_hangs(whole, EFFECT, 1.0),
    )  # fmt: skip


def _costs(whole: Assessment) -> Iterator[MoneyParameter]:
    for index, entry in enumerate(whole.costs):
        cost, key, value = entry.cost, f"cost.{index}", entry.present_value
        yield MoneyParameter(
            f"{cost.item} ({cost.payer})", "cost", value, "£, present value", *_ends(whole, key, value),
            _words(cost.uncertainty), cost.source or "", "declared", _range_source(cost.uncertainty),
            *_hangs(whole, key, value),
        )  # fmt: skip


def _unit_costs(whole: Assessment) -> Iterator[MoneyParameter]:
    for line in whole.lines:
        key, benefit = f"unit_cost.{line.index}", line.benefit
        value = sum(entry.unit_cost for entry in whole.benefits if entry.line is line)
        unit = f"£ {line.unit or 'per event'}, {whole.economics.price_base} prices"
        yield MoneyParameter(
            f"{benefit.item}: {line.label}" if line.label != benefit.item else benefit.item, "unit_cost", value, unit,
            *_ends(whole, key, value), _words(benefit.uncertainty), line.source, line.status,
            _range_source(benefit.uncertainty), *_hangs(whole, key, value),
        )  # fmt: skip
        if benefit.events_per_outcome != 1.0:
            yield MoneyParameter(
                f"{benefit.item}: events priced for each unit of the outcome", "events", benefit.events_per_outcome,
                f"per unit of the outcome ({whole.effect.counted})", source=benefit.note or "study file",
                status="declared",
            )  # fmt: skip
        if benefit.multiplier == "apply":
            key, value = f"multiplier.{line.index}", line.events / benefit.events_per_outcome
            yield MoneyParameter(
                f"{benefit.item}: offences for each recorded one", "multiplier", value, "offences per recorded offence",
                *_ends(whole, key, value), _words(benefit.multiplier_uncertainty), line.source, line.status,
                _range_source(benefit.multiplier_uncertainty), *_hangs(whole, key, value),
            )  # fmt: skip


def _ends(whole: Assessment, key: str, value: float) -> tuple[float | None, float | None]:
    one = whole.parameters[key]
    return (None, None) if one.low is None or one.high is None else (one.low * value, one.high * value)


def _hangs(whole: Assessment, key: str, value: float) -> tuple[float | None, ...]:
    """Return net value at both ends, switching value and value of information, in the unit of `value`."""
    net, one = whole.net, whole.parameters[key]
    if net is None:
        return None, None, None, None
    a, b = net.line(key, stated=True)
    low, high = (None if end is None else a + b * end for end in (one.low, one.high))
    switching = switching_value(net, key)
    drawable = net.draws is not None and not one.exact
    return (
        low, high, None if switching is None else switching * value,
        value_of_information(net, key) if drawable else None,
    )  # fmt: skip


def _words(spread: Spread | None) -> str:
    return EXACT if spread is None else spread.words


def _range_source(spread: Spread | None) -> str:
    return "" if spread is None else spread.source


def adjustments(whole: Assessment) -> dict[str, Any]:
    """Return what was adjusted, as the records of an appraisal hold it: optimism, additionality, persistence, borrowed.

    Returns
    -------
    dict
        Each None where nothing of the kind was asked for.
    """
    economics = whole.economics
    additional, lasting, effect = economics.additionality, economics.persistence, economics.effect
    found: dict[str, dict[str, Any] | None] = {
        "optimism": _optimism(whole), "additionality": None, "persistence": None, "borrowed": None
    }  # fmt: skip
    if additional is not None:
        found["additionality"] = {
            "factor": additional.factor, "words": additional.words, "source": additional.source,
            "override_reason": additional.override_reason or "",
        }  # fmt: skip
    if lasting is not None:
        found["persistence"] = {"years": lasting.years, "keeps": lasting.keeps, "source": lasting.source,
                                "share_of_observed": sum(whole.shares.values())}  # fmt: skip
    if effect is not None:
        found["borrowed"] = effect.model_dump()
    return found


def _optimism(whole: Assessment) -> dict[str, Any] | None:
    """Return adjustments for optimism, with the totals as they stood before."""
    own = [entry for entry in whole.costs if entry.optimism.share]
    if not own and not whole.benefit_optimism.share:
        return None
    plain = sum(entry.present_value / (1.0 + entry.optimism.share) for entry in whole.costs)
    benefit = None if whole.benefit is None else whole.benefit.stated / (1.0 + whole.benefit_optimism.share)
    return {
        "costs": [{"item": entry.cost.item, "share": entry.optimism.share, "words": entry.optimism.words,
                   "source": entry.optimism.source, "status": entry.optimism.status} for entry in own],
        "benefits": whole.benefit_optimism.share, "benefits_words": whole.benefit_optimism.words,
        "source": whole.benefit_optimism.source, "status": whole.benefit_optimism.status,
        "cost_before": plain, "benefit_before": benefit,
    }  # fmt: skip
