"""The few words that records and the YAML share, and the block that every part of the YAML is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Scale = Literal["identity", "log"]
Rule = Literal["normal", "t", "draws", "exact", "inversion", "profile"]
Verdict = Literal["no sign against", "sign against", "too weak to tell", "not run"]
"""What a check says. Too weak to tell: it was looked at, and what would matter cannot be ruled out."""
OtherRows = Literal["", "places", "rows"]
Role = Literal["primary", "sensitivity", "falsification", "secondary", "subgroup"]
OutcomeKind = Literal["count", "rate", "proportion", "continuous", "binary"]
Better = Literal["lower", "higher", "neither"]


class Block(BaseModel):
    """A block of the YAML: unknown keys are errors, values do not change, text is kept as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False, allow_inf_nan=False)
