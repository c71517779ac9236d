"""What the YAML may say about money: the `economics` block."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from evalkit.appraisal.prices import financial_year
from evalkit.errors import Problem
from evalkit.records import Block

Text = Annotated[str, Field(min_length=1)]
FinancialYear = Annotated[str, BeforeValidator(financial_year), Field(description="Financial year such as 2023-24")]
Pounds = Annotated[float, Field(ge=0)]
ValueType = Literal["fiscal", "economic", "social"]
Status = Literal["declared", "primary", "secondary", "memory"]


class Cost(Block):
    """One cost: who pays, how much in which year, in whose prices, and who says so."""

    item: Text
    payer: Text = Field(description="Who pays, such as NHS, police or council")
    kind: Literal["set_up", "running", "capital", "in_kind"] = Field(
        "running", description="in_kind: time or premises given without payment, at what they would cost"
    )
    value_type: ValueType = Field("fiscal", description="fiscal: public money; economic or social: borne by others")
    price_year: FinancialYear | Literal["cash"] | None = Field(
        None, description="Prices the amounts are in; cash: each amount is in prices of its own year"
    )
    amounts: dict[FinancialYear, Pounds | None] | None = Field(
        None, description="Pounds by financial year; null where the amount is not known"
    )
    amount: Pounds | None = Field(None, description="Pounds in the one `year`; null when not known")
    year: FinancialYear | None = Field(None, description="The financial year of `amount`")
    source: Text | None = Field(None, description="Where the amounts come from; every known amount needs one")
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Cost:
        if (self.amounts is None) == ("amount" not in self.model_fields_set):
            raise ValueError("give either `amount` with its `year`, or `amounts` by financial year (null: not known)")
        if self.amounts is not None and not self.amounts:
            raise ValueError("`amounts` names no year; write {2023-24: 40000}, or `amount: null` when it is not known")
        if self.amounts is not None and self.year is not None:
            raise ValueError("`amounts` holds its own years; leave out `year`")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Cost:
        if all(amount is None for amount in self.by_year.values()):
            return self
        for key in ("price_year", "source"):
            if getattr(self, key) is None:
                raise ValueError(f"a known amount needs its `{key}`")
        if self.amounts is None and self.year is None:
            raise ValueError("`amount` needs the `year` in which it is paid")
        return self

    @property
    def by_year(self) -> dict[str, float | None]:
        """Amounts by financial year as written; the empty year when no year is given."""
        return dict(self.amounts) if self.amounts is not None else {self.year or "": self.amount}

    @property
    def known(self) -> bool:
        """True when every amount is known."""
        return None not in self.by_year.values()


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
    outcome_is: Literal["recorded", "actual"] | None = Field(
        None, description="recorded: police recorded crime; actual: survey, hospital or any other count of events"
    )
    events_per_outcome: float = Field(1.0, gt=0, description="Events priced here per unit of the outcome")
    gainer: Text | None = Field(None, description="Who gains; the table's own payer when left out")
    value_type: ValueType | None = Field(None, description="Of a declared `value`: social when left out")
    price_year: FinancialYear | None = Field(
        None, description="Prices of a declared `value`, or of a unit cost whose table prints no price year"
    )
    source: Text | None = Field(None, description="Where a declared `value` comes from")
    status: Status | None = Field(None, description="How far a declared `value` was checked: declared when left out")
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
    from evalkit.appraisal.checks import find_problems
    from evalkit.appraisal.tables import Reference

    return find_problems(economics, Reference(project))
