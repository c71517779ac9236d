"""What a study file may conclude: limits, harm and fairness, why and for whom it works, and what should be done."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evalkit.records import Block
from evalkit.spec.texts import Date, Text


class Limitation(Block):
    """One limit of the study; the first in the list matters most."""

    text: Text
    direction: Literal["too_good", "too_bad", "either", "unknown"] = Field(
        "unknown", description="Which way it moves the answer: too_good makes the programme look better than it is"
    )
    size: Literal["small", "moderate", "large", "unknown"] = "unknown"


class Recommendation(Block):
    """One thing that should be done, by whom, and what it rests on."""

    text: Text
    owner: str | None = Field(None, description="Who is to do it")
    by: Date | None = None
    rests_on: str | None = Field(None, description="The evidence, in a line")
    confidence: Literal["high", "moderate", "low"] | None = None


class Box(Block):
    """One box of EMMIE: what was found and how good the evidence is."""

    text: Text
    quality: int | None = Field(None, ge=0, le=4, description="0 (no evidence) to 4, after the College of Policing")
    source: str | None = None


class Emmie(Block):
    """Why, for whom, how and at what cost (College of Policing); a box left out is printed as not studied."""

    effect: Box | None = None
    mechanism: Box | None = None
    moderators: Box | None = None
    implementation: Box | None = None
    economics: Box | None = None


class UnintendedEffect(Block):
    """Something else that the programme might do, and whether it was looked for."""

    effect: Text
    looked_for: Literal["found", "not_found", "unclear", "not_looked_for"]
    evidence: str | None = None
    source: str | None = None


class Disparity(Block):
    """How often something happens to one group, beside another."""

    measure: Text = Field(description="Such as remanded in custody, of those arrested")
    group: Text
    compared_with: Text
    ratio: float = Field(gt=0)
    low: float | None = Field(None, gt=0)
    high: float | None = Field(None, gt=0)
    level: float = Field(0.95, gt=0, lt=1)
    source: Text

    @model_validator(mode="after")
    def _within(self) -> Disparity:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both `low` and `high`")
        if self.low is not None and self.high is not None and not self.low <= self.ratio <= self.high:
            raise ValueError(f"the ratio {self.ratio:g} lies outside its interval, {self.low:g} to {self.high:g}")
        return self


class StrategyMeasure(Block):
    """A measure of success of a strategy that this study informs."""

    strategy: Text
    wording: Text = Field(description="As the strategy prints it")
    outcome: str | None = Field(None, description="Id of the outcome of this study that measures it")
    target: str | None = None
    baseline: str | None = None
    deadline: Date | None = None
    source: str | None = None
