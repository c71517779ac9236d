"""Studies with money in them: a clear result, one that is not, monitoring, and an effect taken from elsewhere.

Effects are made by hand; what they cost and are worth is appraised from them, so that every record agrees with itself.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import demo

from evalkit.appraisal import AppraisedEffect, Economics, appraise, without_data
from evalkit.records import Analysis, Appraisal, Estimate, Evaluation, Measure

PLAN = "Business case of the partnership, table 4"
ECONOMICS: dict[str, Any] = {
    "perspective": ["police", "NHS", "society"],
    "price_base": "2024-25",
    "base_year": "2023-24",
    "costs": [
        {"item": "Patrols and analysts", "payer": "Police", "price_year": "2023-24", "source": PLAN,
         "amounts": {"2023-24": 640_000, "2024-25": 660_000},
         "uncertainty": {"shape": "pert", "low": 0.9, "high": 1.3, "source": "Outturn of two earlier schemes"}},
        {"item": "Set-up and training", "payer": "Police", "kind": "set_up", "price_year": "2023-24", "source": PLAN,
         "amount": 85_000, "year": "2023-24"},
        {"item": "Youth workers", "payer": "Council", "price_year": "2023-24", "source": PLAN, "annual": 210_000,
         "first_year": "2023-24", "last_year": "2024-25", "ramp_up": [0.5]},
        {"item": "Rooms lent by the college", "payer": "College", "kind": "in_kind", "price_year": "2023-24",
         "source": "Rent of like rooms", "amounts": {"2023-24": 12_000, "2024-25": 12_000}},
        {"item": "Mentors", "payer": "Volunteers", "kind": "volunteer", "price_year": "2023-24",
         "source": "Median hourly pay", "hours": {"2023-24": 900, "2024-25": 1_400}, "hourly_value": 17.0},
    ],
    "benefits": [
        {"item": "Violence with injury avoided", "unit_cost": "crime:violence_with_injury", "edition": "2019/20",
         "outcome_is": "recorded", "multiplier": "apply",
         "uncertainty": {"shape": "lognormal", "standard_deviation": 0.2, "source": "Judgement of the authors"},
         "multiplier_uncertainty": {"shape": "triangular", "low": 0.85, "high": 1.2, "source": "Survey error"},
         "cashable": {"share": 0.05, "from_year": "2024-25", "source": "Finance director of the force"}},
    ],
    "optimism_bias": {"costs": 0.1, "benefits": -0.05},
    "persistence": {"years": 1, "keeps": 0.5, "source": "Assumed: patrols end, youth workers stay"},
    "income_weights": {"median_income": 36_000, "incomes": {"Victims and society": 27_000},
                       "source": "Office for National Statistics"},
    "unpriced": ["Fear of crime", "Trust in the police"],
    "draws": 4000,
}  # fmt: skip
BORROWED: dict[str, Any] = {
    "value": -14.0, "low": -23.0, "high": -4.0, "measure": "percent", "baseline": 420,
    "unit": "offences of violence with injury", "years": {"2024-25": 0.5, "2025-26": 1.0}, "transfer_discount": 0.25,
    "transfer_reason": "Found in larger cities with more officers", "compared_with": "counterfactual",
    "source": "Review of hot-spot policing (2019), table 2",
}  # fmt: skip


def economics(**changes: Any) -> Economics:
    return Economics.model_validate(ECONOMICS | changes)


@cache
def priced(low: float = 70.0, high: float = 290.0) -> Appraisal:
    """Return the rich block, priced at 180 offences averted over two years."""
    averted = Estimate(180.0, unit="offences", low=low, high=high, rule="profile")
    shares = {"2023-24": 0.5, "2024-25": 0.5}
    return stored(appraise(economics(), AppraisedEffect(averted, averted_by_year=shares, years_observed=2.0,
                                                        unit="offences", observed=1020.0)))  # fmt: skip


def stored(appraisal: Appraisal) -> Appraisal:
    """Return an appraisal as pages get it: without its draws."""
    return dataclasses.replace(appraisal, draws=None)


def hot_spots(**changes: Any) -> Evaluation:
    """Return an impact study with a clear result and everything that an appraisal can hold."""
    base = demo.castle()
    offences = Measure("main", "Violence with injury in hot spots", "offences", "count", "lower")
    result = dataclasses.replace(
        base.primary.result, event_study=(), path=(), absolute=None, diagnostics=(),
        relative=demo.percent(-15.0, -24.2, -5.8),
        effect=dataclasses.replace(base.primary.result.effect, value=demo.log(-15), low=demo.log(-24.2),
                                   high=demo.log(-5.8)),
        averted=Estimate(180.0, unit="offences", low=70.0, high=290.0, rule="draws"), dropped=(),
    )  # fmt: skip
    path = demo.castle().primary.result.path
    result = dataclasses.replace(result, path=tuple(dataclasses.replace(
        point, observed=round(40 * (point.observed or 0)),
        **{key: None if getattr(point, key) is None else round(40 * getattr(point, key), 1)
           for key in ("counterfactual", "low", "high")}) for point in path))  # fmt: skip
    analysis = Analysis("primary", "primary", "Main analysis", offences, base.primary.design, result, "year", "2006",
                        origin="Recorded crime, made up for this page")  # fmt: skip
    outcome = {"label": "Violence with injury in hot spots", "kind": "count", "better": "lower",
               "minimum_important_change": 5.0}  # fmt: skip
    values: dict[str, Any] = {
        "id": "hot-spots",
        "study": demo.study(
            "Patrols in hot spots, and what they are worth", "Did patrols in hot spots reduce violence with injury?",
            "impact", "difference_in_differences", outcome,
            economics=economics().model_dump(mode="json"),
            programme={"name": "Hot-spot patrols", "where": "Twelve streets", "target_population": "People in them"},
            governance={"commissioner": "Police and Crime Commissioner", "conflicts": "None declared"},
            questions=[{"id": "q1", "type": "value_for_money", "text": "What is it worth?",
                        "decision": "whether to go on in 2026"}],
        ),
        "analyses": (analysis,), "appraisal": priced(), "evidence": base.evidence, "provenance": demo.PROVENANCE,
    }  # fmt: skip
    return Evaluation(**{**values, **changes})


def unclear(**changes: Any) -> Evaluation:
    """Return the same study with an interval that holds no change at all."""
    base = hot_spots()
    result = dataclasses.replace(
        base.primary.result, relative=demo.percent(-15.0, -29.0, 4.0),
        averted=Estimate(180.0, unit="offences", low=-40.0, high=400.0, rule="draws"),
        effect=dataclasses.replace(base.primary.result.effect, low=demo.log(-29), high=demo.log(4)),
    )  # fmt: skip
    analyses = (dataclasses.replace(base.primary, result=result),)
    return dataclasses.replace(base, **{"analyses": analyses, "appraisal": priced(-40.0, 400.0), **changes})


def monitored(**changes: Any) -> Evaluation:
    """Return a before-and-after study with costs and unit costs: a break-even and nothing more."""
    averted = Estimate(17.0, unit="robberies", low=2.0, high=30.0, rule="profile")
    block = economics(persistence=None, optimism_bias=None, income_weights=None)
    found = appraise(block, AppraisedEffect(averted, level="monitoring", design="before_after", unit="robberies",
                                            observed=20.0))  # fmt: skip
    return demo.portsmouth(appraisal=stored(found), **changes)


@cache
def _borrowed(interval: bool) -> Appraisal:
    effect = BORROWED if interval else {key: each for key, each in BORROWED.items() if key not in ("low", "high")}
    block = economics(effect=effect, persistence=None, base_year="2024-25", costs=[
        {"item": "Patrols", "payer": "Police", "price_year": "2024-25", "source": PLAN,
         "amounts": {"2024-25": 380_000, "2025-26": 400_000}},
        {"item": "Rooms", "payer": "College", "kind": "in_kind", "price_year": "2024-25",
         "source": "Rent of like rooms", "amounts": {"2024-25": 9_000, "2025-26": 9_000}}])  # fmt: skip
    return stored(appraise(block, without_data(block, "impact")))


def borrowed(*, interval: bool = True, **changes: Any) -> Evaluation:
    """Return an appraisal without data of its own."""
    values: dict[str, Any] = {
        "id": "hot-spots-plan",
        "study": {**demo.study("Would patrols in hot spots pay for themselves here?",
                               "What would patrols in hot spots have to bring to be worth their cost?", "impact",
                               "appraisal_only", {}, economics=None), "outcomes": {}, "data": None},
        "analyses": (), "appraisal": _borrowed(interval), "evidence": {}, "provenance": demo.PROVENANCE,
    }  # fmt: skip
    return Evaluation(**{**values, **changes})
