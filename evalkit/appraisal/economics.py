"""What the YAML may say about money: the `economics` block."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from evalkit.appraisal.additionality import Additionality
from evalkit.appraisal.borrowed import BorrowedEffect
from evalkit.appraisal.cost import Cost, FinancialYear, Pounds, Text, ValueType
from evalkit.appraisal.distribution import IncomeWeights
from evalkit.appraisal.optimism import OptimismBias
from evalkit.appraisal.spread import Spread
from evalkit.errors import Problem
from evalkit.records import Block

Status = Literal["declared", "primary", "secondary", "memory"]


POLICY_VALUES = ("qaly", "wellby", "vpf", "tag_")
"""Beginnings of ids of values that policy sets; they are scenarios, never draws."""
HEALTH_VALUES = ("qaly", "tag_", "vpf")
"""Those of them that are effects on health, for which the lower discount rate is meant."""


class Cashable(Block):
    """How much of a fiscal benefit can be taken out of budgets, and from when."""

    share: Annotated[float, Field(ge=0, le=1)] = Field(description="Share that can be taken out of budgets")
    from_year: FinancialYear | None = Field(None, description="First financial year in which it can; when left out all")
    source: Text = Field(description="Who says so")


class Persistence(Block):
    """An effect that is assumed to go on after the last observed period."""

    years: Annotated[int, Field(ge=1, le=60)] = Field(description="Financial years after the last observed one")
    keeps: Annotated[float, Field(ge=0, le=1)] = Field(description="Share of the effect of a year left in the next one")
    source: Text = Field(description="Why it should go on, and for how long")


class Benefit(Block):
    """One benefit: what one unit of the outcome is worth, from a reference table or declared here."""

    item: Text
    unit_cost: Text | None = Field(
        None, description="crime:ID or service:ID of the reference tables unit_costs_of_crime and unit_costs_services"
    )
    value: Pounds | None = Field(None, description="Pounds per event, declared here instead of `unit_cost`")
    edition: Text | None = Field(None, description="Edition of the crime unit cost, where the table has several")
    anticipation: Literal["exclude", "include"] = Field(
        "exclude", description="Spending in anticipation of crime (locks, insurance): a small fall leaves it as it is"
    )
    multiplier: Literal["apply", "none"] = Field(
        "none", description="apply: turn police recorded offences into all offences first"
    )
    outcome_is: Literal["recorded", "actual", "victims"] | None = Field(
        None,
        description="recorded: police recorded crime; actual: survey, hospital or any other count of events; "
        "victims: people, each counted once, as unit costs per victim need",
    )
    uncertainty: Spread | None = Field(None, description="How far the value may be off; taken as exact when left out")
    multiplier_uncertainty: Spread | None = Field(None, description="How far the multiplier may be off")
    cashable: Cashable | None = Field(None, description="How much of it can be taken out of budgets")
    discount: Literal["standard", "health"] = Field(
        "standard", description="health: the lower Green Book rate, for effects on health itself (QALYs, lives)"
    )
    income_uprated: bool = Field(False, description="The value grows with incomes, so the health rate would be wrong")
    other_values: list[Pounds] = Field(
        default_factory=list,
        description="Other pounds per event, in the same prices, each a scenario: for values that policy sets",
    )
    first_year: FinancialYear | None = Field(
        None, description="First financial year in which it is gained; when left out, from the effect on"
    )
    events_per_outcome: float = Field(1.0, gt=0, description="Events priced here per unit of the outcome")
    gainer: Text | None = Field(None, description="Who gains; the table's own payer when left out")
    value_type: ValueType | None = Field(None, description="Of a declared `value`: social when left out")
    price_year: FinancialYear | None = Field(
        None, description="Prices of a declared `value`, or of a unit cost whose table prints no price year"
    )
    source: Text | None = Field(None, description="Where a declared `value` comes from")
    status: Status | None = Field(None, description="How far a declared `value` was checked: declared when left out")
    not_in_unit_cost: Text | None = Field(
        None, description="Why a declared `value` is not in the unit cost of crime that stands beside it"
    )
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Benefit:
        if (self.unit_cost is None) == (self.value is None):
            raise ValueError("give either `unit_cost` (from a reference table) or `value` (declared here)")
        if self.unit_cost is None:
            given = sorted(self.model_fields_set & {"edition", "anticipation", "multiplier", "outcome_is"})
            if given:
                raise ValueError(f"`{given[0]}` belongs to a crime unit cost, not to a declared `value`")
            missing = [key for key in ("price_year", "source", "gainer") if getattr(self, key) is None]
            if missing:
                raise ValueError(f"a declared `value` needs its `{missing[0]}`")
        else:
            given = [key for key in ("source", "status", "value_type") if getattr(self, key) is not None]
            if given:
                raise ValueError(f"`{given[0]}` of a unit cost stands in its table; leave it out here")
            if self.not_in_unit_cost is not None:
                raise ValueError("`not_in_unit_cost` is for a declared `value`; the table of overlaps knows unit costs")
        if self.multiplier_uncertainty is not None and self.multiplier == "none":
            raise ValueError("`multiplier_uncertainty` without a multiplier: write multiplier: apply, or leave it out")
        policy = (self.unit_cost or "").partition(":")[2].startswith(POLICY_VALUES)
        if policy and self.uncertainty is not None:
            raise ValueError(
                f"{self.unit_cost} is a value that policy sets: it is never drawn; leave `uncertainty` out"
            )
        health = (self.unit_cost or "").partition(":")[2].startswith(HEALTH_VALUES)
        declared = self.value is not None and (self.value_type or "social") == "social"
        if self.discount == "health" and not (health or declared):
            raise ValueError(
                "the health rate is for effects on health themselves (life years, QALYs): savings of services and "
                "costs of crime take the standard rate; leave `discount` out"
            )
        if self.cashable is not None and self.value is not None and self.value_type != "fiscal":
            raise ValueError("`cashable` is for public money: write value_type: fiscal, or leave it out")
        if self.income_uprated and self.discount == "health":
            raise ValueError(
                "the health rate already leaves growth of incomes out, so a value that grows with incomes would be "
                "counted too high: write discount: standard, or income_uprated: false"
            )
        return self


class Economics(Block):
    """Costs and benefits of the programme, and how they are brought to one year and one price level."""

    perspective: list[Text] = Field(["society"], description="Whose costs and benefits are shown, such as nhs, society")
    analysis: Text = Field("primary", description="id of the analysis whose effect is priced")
    price_base: FinancialYear = Field(description="Financial year of the prices that are printed")
    base_year: FinancialYear = Field(description="Financial year 0, to which costs and benefits are discounted")
    discount_rate: Literal["standard"] | Annotated[float, Field(ge=0, le=0.2)] = Field(
        "standard", description="standard: the Green Book schedule; or one rate, such as 0.035"
    )
    costs: list[Cost] = Field(min_length=1, description="Every cost, also of time given without payment")
    benefits: list[Benefit] = Field(default_factory=list)
    optimism_bias: OptimismBias | None = Field(
        None, description="Adjustment of costs and benefits for optimism, by grade of evidence or by share"
    )
    additionality: Additionality | None = Field(
        None, description="Leakage, displacement, substitution and, for gross impacts, deadweight"
    )
    persistence: Persistence | None = Field(
        None, description="How long the effect is assumed to go on after the data end; not at all when left out"
    )
    income_weights: IncomeWeights | None = Field(
        None, description="Incomes of payers and gainers, for a scenario with distributional weights"
    )
    effect: BorrowedEffect | None = Field(
        None, description="kind: appraisal_only alone: an assumed or borrowed effect, with source and interval"
    )
    draws: Annotated[int, Field(ge=1000, le=1_000_000)] = Field(20_000, description="Draws of everything uncertain")
    unpriced: list[Text] = Field(default_factory=list, description="Effects that are named and not priced")

    @field_validator("perspective", mode="before")
    @classmethod
    def _several(cls, perspective: object) -> object:
        return [perspective] if isinstance(perspective, str) else perspective


def economics_problems(economics: Economics, project: Path | None = None) -> list[Problem]:
    """Return everything that the reference tables say is wrong with a block, without reading the study's data.

    Parameters
    ----------
    economics : Economics
    project : pathlib.Path or None
        Folder of the project, whose own reference tables win.

    Returns
    -------
    list of Problem
        Each with its dotted key, such as `economics.benefits.0.unit_cost`: unknown unit costs and editions, years
        without a price index, multipliers where they do not belong, and lines that count the same money twice.

    Raises
    ------
    DataError
        When a reference table itself cannot be read.
    """
    from evalkit.appraisal.checks import effect_problems, find_problems
    from evalkit.appraisal.effect import without_data
    from evalkit.appraisal.tables import Reference

    reference = Reference(project)
    problems = find_problems(economics, reference)
    if economics.effect is not None:  # known without any data
        problems += effect_problems(economics, without_data(economics, "impact"), reference)
    return problems
