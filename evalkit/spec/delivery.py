"""What a study file may say of delivery: who was reached, what was done beside what was planned, what was learnt."""

from __future__ import annotations

import itertools
from typing import Literal

from pydantic import Field, model_validator

from evalkit.records import Block
from evalkit.spec.texts import Text


class ReachStep(Block):
    """One step of the way from those who might take part to those who did."""

    step: Text = Field(description="Such as eligible, approached, engaged, completed")
    number: int | None = Field(None, ge=0, description="How many; left out: not known")
    note: str | None = None
    source: str | None = None


class Planned(Block):
    """One thing that was planned, and what was delivered."""

    item: Text
    planned: str | None = None
    delivered: str | None = None
    source: str | None = None


class Finding(Block):
    """One finding about how the programme ran."""

    theme: Text
    text: Text
    strength: Literal["strong", "moderate", "weak", "not_stated"] = "not_stated"
    source: str | None = None


class Process(Block):
    """How it was delivered."""

    reach: list[ReachStep] = Field([], description="From the widest group to the narrowest")
    dose: list[Planned] = []
    fidelity: list[Planned] = []
    findings: list[Finding] = []

    @model_validator(mode="after")
    def _narrowing(self) -> Process:
        known = [step for step in self.reach if step.number is not None]
        for wide, narrow in itertools.pairwise(known):
            if (narrow.number or 0) > (wide.number or 0):
                raise ValueError(f"reach goes from the widest group to the narrowest: {narrow.step!r} has "
                                 f"{narrow.number:,}, more than the {wide.number:,} of {wide.step!r}")  # fmt: skip
        return self
