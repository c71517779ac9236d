"""What the YAML may say about a cost: who pays, how much in which year, in whose prices, and who says so."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from evalkit.appraisal.optimism import Bias
from evalkit.appraisal.prices import financial_year, year_after, years_between
from evalkit.appraisal.spread import Spread
from evalkit.records import Block

FOREIGN = re.compile(r"€|\$|\b(EUR|USD|euros?|dollars?)\b", re.IGNORECASE)


def pounds(value: Any) -> Any:
    """Return an amount as a number, also from text such as £40,000.

    Raises
    ------
    ValueError
        When the text names another currency.
    """
    if not isinstance(value, str):
        return value
    if FOREIGN.search(value):
        raise ValueError(f"{value!r} is in another currency; money here is in pounds: convert it, and say so in `note`")
    plain = re.sub(r"^£\s*", "", value.strip()).replace(",", "")
    return plain if re.fullmatch(r"\d+(\.\d+)?", plain) else value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
FinancialYear = Annotated[str, BeforeValidator(financial_year), Field(description="Financial year such as 2023-24")]
Pounds = Annotated[float, BeforeValidator(pounds), Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
ValueType = Literal["fiscal", "economic", "social"]
WAYS = ("amounts", "amount", "annual", "hours")


class Cost(Block):
    """One cost: who pays, how much in which year, in whose prices, and who says so."""

    item: Text
    payer: Text = Field(description="Who pays, such as NHS, police or council")
    kind: Literal["set_up", "running", "capital", "in_kind", "volunteer"] = Field(
        "running",
        description="in_kind: time or premises given without payment, at what they would cost; volunteer: unpaid time",
    )
    value_type: ValueType | None = Field(
        None, description="fiscal: public money (when left out); economic or social: borne by others, as volunteer time"
    )
    price_year: FinancialYear | Literal["cash"] | None = Field(
        None, description="Prices the amounts are in; cash: each amount is in prices of its own year"
    )
    amounts: dict[FinancialYear, Pounds | None] | None = Field(
        None, description="Pounds by financial year; null where the amount is not known"
    )
    amount: Pounds | None = Field(None, description="Pounds in the one `year`; null when not known")
    year: FinancialYear | None = Field(None, description="The financial year of `amount`")
    annual: Pounds | None = Field(None, description="Pounds a year at full running, from `first_year` to `last_year`")
    first_year: FinancialYear | None = None
    last_year: FinancialYear | None = None
    ramp_up: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=list, description="Shares of `annual` in the first years, such as [0.5, 0.8]; then all of it"
    )
    hours: dict[FinancialYear, Amount] | None = Field(
        None, description="Hours of volunteers or staff by financial year, priced at `hourly_value`"
    )
    hourly_value: Pounds | None = Field(None, description="Pounds per hour of `hours`")
    optimism_bias: Bias | None = Field(
        None, description="Share added for optimism, or a key of the table; when left out that of the block"
    )
    uncertainty: Spread | None = Field(None, description="How far the cost may be off; taken as exact when left out")
    source: Text | None = Field(None, description="Where the amounts come from; every known amount needs one")
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Cost:
        ways = [
            way for way in WAYS if way in self.model_fields_set and (way == "amount" or getattr(self, way) is not None)
        ]
        if len(ways) != 1:
            raise ValueError(
                "give one of `amount` with its `year`, `amounts` by financial year, `annual` with first and last year, "
                "or `hours` by financial year (null: not known)"
            )
        needs = {"annual": ("first_year", "last_year"), "hours": ("hourly_value",)}.get(ways[0], ())
        for key in needs:
            if getattr(self, key) is None:
                raise ValueError(f"`{ways[0]}` needs its `{key}`")
        owners = {"year": "amount", "first_year": "annual", "last_year": "annual", "hourly_value": "hours",
                  "ramp_up": "annual"}  # fmt: skip
        for key, owner in owners.items():
            if getattr(self, key) not in (None, []) and owner != ways[0]:
                raise ValueError(f"`{key}` belongs to `{owner}`, and `{ways[0]}` is given; leave it out")
        return self

    @model_validator(mode="after")
    def _years(self) -> Cost:
        for way in ("amounts", "hours"):
            if getattr(self, way) is not None and not getattr(self, way):
                raise ValueError(f"`{way}` names no year; write {{2023-24: 40000}}, or `amount: null` when not known")
        if self.first_year and self.last_year:
            years = years_between(self.first_year, self.last_year)
            if years < 0:
                raise ValueError(f"`last_year` {self.last_year} lies before `first_year` {self.first_year}")
            if len(self.ramp_up) > years + 1:
                raise ValueError(f"`ramp_up` has {len(self.ramp_up)} years, and the cost runs for {years + 1}")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Cost:
        amounts = list(self.by_year.values())
        if all(amount is None for amount in amounts):
            return self
        for key in ("price_year", "source"):
            if getattr(self, key) is None:
                raise ValueError(f"a known amount needs its `{key}`")
        if self.amount is not None and self.year is None:
            raise ValueError("`amount` needs the `year` in which it is paid")
        if all(amount == 0 for amount in amounts):
            raise ValueError(
                "a cost of nil: no additional funding does not mean no cost; price the time and premises that were "
                "used (kind: in_kind), or write null where it is not known"
            )
        return self

    @property
    def by_year(self) -> dict[str, float | None]:
        """Amounts by financial year as written; the empty year when no year is given."""
        if self.amounts is not None:
            return dict(self.amounts)
        if self.hours is not None:
            return {year: hours * (self.hourly_value or 0.0) for year, hours in self.hours.items()}
        if self.annual is not None and self.first_year and self.last_year:
            count = years_between(self.first_year, self.last_year) + 1
            shares = [*self.ramp_up, *[1.0] * (count - len(self.ramp_up))]
            return {year_after(self.first_year, ahead): share * self.annual for ahead, share in enumerate(shares)}
        return {self.year or "": self.amount}

    @property
    def years_key(self) -> str:
        """Key that holds the years, for problems."""
        if self.amounts is not None:
            return "amounts"
        return "hours" if self.hours is not None else "first_year" if self.annual is not None else "year"

    @property
    def borne(self) -> ValueType:
        """Whose money: volunteer time is social, all else fiscal, when the study file does not say."""
        return self.value_type or ("social" if self.kind == "volunteer" else "fiscal")

    @property
    def known(self) -> bool:
        """True when every amount is known."""
        return None not in self.by_year.values()
