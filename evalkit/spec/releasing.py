"""What a study says of its releases: how far a headline may move unremarked, and what is kept to say why it moved."""

from __future__ import annotations

from pydantic import Field

from evalkit.records import Block

TOLERANCE = 0.1
"""Share of the standard error by which a headline may move unremarked, where the study names none."""


class Releasing(Block):
    """How a new result is set beside the last release."""

    tolerance: float = Field(
        TOLERANCE, ge=0, le=2, allow_inf_nan=False,
        description="Share of the standard error by which the headline may move unremarked; beyond it, exit status 3",
    )  # fmt: skip
    keep_rows: bool | None = Field(
        None, description="Whether the rows that were used are kept with a release, so that a later move can be put "
        "down to data or study file. Left out: where all data lie in the project. Never under a rule for small numbers",
    )  # fmt: skip
