"""An effect that was not estimated here: assumed, or borrowed from another study, for an appraisal without data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from evalkit.appraisal.cost import FinancialYear, Text
from evalkit.records import Block, Estimate

if TYPE_CHECKING:
    from evalkit.records import Better


class BorrowedEffect(Block):
    """A yearly effect with its source, its interval and a discount for being carried to another place.

    Notes
    -----
    `measure: percent` is a change in percent of the `baseline`, the events a year that would be expected without the
    programme: ``averted a year = -baseline change / 100``. `measure: events` is events averted a year. Either is
    multiplied by ``1 - transfer_discount``, value and interval alike, and by `share_of_full_effect` of each year.
    """

    value: float = Field(description="Change in percent (a fall is negative), or events averted a year")
    low: float | None = Field(None, description="Lower end of its interval; none when the source prints none")
    high: float | None = None
    level: Annotated[float, Field(ge=0.9, lt=1)] = Field(
        0.95, description="Confidence level of the interval: 0.9 or more, since a narrower one says less than it seems"
    )
    measure: Literal["percent", "events"] = "percent"
    baseline: Annotated[float, Field(gt=0)] | None = Field(
        None, description="measure: percent: events a year expected without the programme"
    )
    unit: Text = Field(description="What is counted, such as offences of violence with injury")
    better: Literal["lower", "higher"] = Field("lower", description="Whether fewer or more of these events is better")
    years: dict[FinancialYear, Annotated[float, Field(ge=0, le=1)]] = Field(
        min_length=1, description="Share of the full effect in each financial year, such as {2023-24: 0.5, 2024-25: 1}"
    )
    transfer_discount: Annotated[float, Field(ge=0, le=1)] = Field(
        description="Share taken off because it was found elsewhere; 0 needs a reason as well"
    )
    transfer_reason: Text = Field(description="Why that much, from how alike the places and programmes are")
    compared_with: Literal["counterfactual", "before", "nothing"] = Field(
        description="What the source compared with: what would have happened without the programme; the time before "
        "(a break-even alone); nothing (a gross impact, priced where `additionality` takes off deadweight)"
    )
    source: Text

    @model_validator(mode="after")
    def _complete(self) -> BorrowedEffect:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both ends of the interval, `low` and `high`, or none")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"the value {self.value:g} does not lie in its interval {self.low:g} to {self.high:g}")
        if self.measure == "percent" and self.compared_with == "nothing":
            raise ValueError("a change in percent compares with something; write measure: events for a gross impact")
        ends = [abs(end) for end in (self.value, self.low, self.high) if end is not None]
        if self.measure == "percent" and self.value and max(ends) < 1.0:
            raise ValueError(
                f"{self.value:g} with all of its interval is less than one percent: write percent, such as "
                f"{100.0 * self.value:g}, or measure: events for so small a change"
            )
        if self.measure == "percent" and self.baseline is None:
            raise ValueError("measure: percent needs the `baseline`, events a year without the programme")
        if self.measure == "percent" and min(self.value, self.value if self.low is None else self.low) < -100.0:
            raise ValueError("a change of less than -100 percent cannot be")
        if self.measure == "events" and self.baseline is not None:
            raise ValueError("measure: events has its number already; leave `baseline` out")
        if not any(self.years.values()):
            raise ValueError("`years` holds no effect in any year")
        return self

    @property
    def counterfactual(self) -> bool:
        """Whether the source compared with what would have happened without the programme."""
        return self.compared_with == "counterfactual"

    @property
    def total_years(self) -> float:
        """Years of full effect."""
        return math.fsum(self.years.values())

    @property
    def shares(self) -> dict[str, float]:
        """Share of the whole effect by financial year; sums to one."""
        return {year: share / self.total_years for year, share in self.years.items() if share}

    @property
    def averted(self) -> Estimate:
        """Counterfactual less observed over all years, with the bounds of the source, after the transfer discount."""
        per_unit = -1.0 if self.measure == "events" and self.better == "higher" else 1.0
        if self.measure == "percent":
            per_unit = -(self.baseline or 0.0) / 100.0
        factor = per_unit * (1.0 - self.transfer_discount) * self.total_years
        bounds = [None if end is None else end * factor for end in (self.low, self.high)]
        low, high = (bounds[1], bounds[0]) if factor < 0 else (bounds[0], bounds[1])
        return Estimate(self.value * factor, label=self.unit, unit=self.unit, low=low, high=high, level=self.level,
                        rule="profile")  # fmt: skip

    @property
    def direction(self) -> Better:
        """Whether fewer or more is better."""
        return self.better
