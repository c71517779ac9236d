"""Options of `selection:`: how who or what is studied was chosen by its outcome, and beside whom."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evalkit.records import Block


class Reference(Block):
    """The counts of the whole population in a time as long as the window before: moments, or the counts themselves."""

    mean: float | None = Field(None, gt=0, description="Mean count of a unit in a time as long as the window before")
    shape: float | None = Field(
        None, gt=0, description="Shape of the gamma of units' own levels; the smaller, the more units differ"
    )
    variance: float | None = Field(None, gt=0, description="Variance of the counts, instead of shape")
    counts: list[int] | dict[int, int] | None = Field(
        None, description="Count of every unit, or how many units had each count: {0: 812, 1: 96, 2: 31, ...}"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Reference:
        moments = [self.mean, self.shape, self.variance]
        if self.counts is not None:
            if any(part is not None for part in moments):
                raise ValueError("give counts, or mean with shape or variance, not both")
            numbers = [*self.counts, *self.counts.values()] if isinstance(self.counts, dict) else self.counts
            if any(number < 0 for number in numbers):
                raise ValueError("counts are 0 or more")
            return self
        if self.mean is None or (self.shape is None) == (self.variance is None):
            raise ValueError("give mean with either shape or variance, or give counts")
        if self.variance is not None and self.variance < self.mean:
            raise ValueError("the variance of counts is not below their mean: chance alone makes them equal")
        return self


class Selection(Block):
    """How who or what is studied was chosen by a high count in the window before."""

    on: Literal["outcome"] = Field("outcome", description="What was looked at when choosing: the outcome itself")
    rule: Literal["top_share", "threshold", "spike"] = Field(
        description="threshold: a count of at least so many; top_share: the highest share of a population; spike: the "
        "window before is the highest of several"
    )
    threshold: int | None = Field(None, ge=1, description="Smallest count that was chosen (rule threshold)")
    share: float | None = Field(None, gt=0, lt=1, description="Share of the population chosen (rule top_share)")
    highest_of: int | None = Field(
        None, ge=2, description="Of how many times, as long as the window before, it was the highest (rule spike)"
    )
    units: int | None = Field(
        None, ge=1, description="How many people or places were chosen, where the data hold their totals alone"
    )
    reference: Reference | list[Reference] | Literal["all_units", "other_periods"] | None = Field(
        None,
        description="Counts of the whole population: moments or counts (several give a range), all_units of the data, "
        "or other_periods (rule spike); left out, a range over plausible dispersion",
    )

    @model_validator(mode="after")
    def _fits_the_rule(self) -> Selection:
        needs = {"threshold": "threshold", "top_share": "share", "spike": "highest_of"}
        for rule, key in needs.items():
            given = getattr(self, key) is not None
            if rule == self.rule and not given:
                raise ValueError(f"the rule {rule} needs `{key}`")
            if rule != self.rule and given:
                raise ValueError(f"`{key}` belongs to the rule {rule}, and the rule is {self.rule}")
        if self.reference == "other_periods" and self.rule != "spike":
            raise ValueError("reference: other_periods belongs to the rule spike; use all_units, moments or counts")
        if self.reference == "all_units" and self.rule == "spike":
            raise ValueError("reference: all_units does not fit the rule spike; use other_periods, moments or counts")
        if isinstance(self.reference, list) and not self.reference:
            raise ValueError("reference is empty; leave it out for a range over plausible dispersion")
        return self
