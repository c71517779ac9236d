"""What a study file may say of its data's reach and reliability, and which guards it waives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evalkit.records import Block
from evalkit.sources.written import PeriodText, Text


class ExpectedCoverage(Block):
    """Periods and units that the data must hold."""

    from_: PeriodText | None = Field(None, alias="from", description="First period; left out, the first there is")
    to: PeriodText = Field("latest", description="Last period, or `latest`: the newest that any unit has")
    units: list[Text] | Literal["all"] = Field("all", description="`all`: those that the data hold, or their names")


class Provisional(Block):
    """Which figures may still be revised."""

    from_: PeriodText = Field(alias="from", description="First period whose figures are provisional")


class RecordingBreak(Block):
    """A change in how the data are recorded: the study declares it here, once."""

    date: PeriodText = Field(description="First period that is recorded in the new way")
    units: list[Text] | Literal["all"] = "all"
    what: Text
    handling: Literal["exclude", "indicator", "none"] = Field(
        "none",
        description="exclude: the units that are named are left out, or for `all` the periods on the far side of the "
        "break from the start; indicator: a column of 0 and 1 enters the model",
    )


class LateFile(Block):
    """A file that should have been published and is not there yet."""

    file: Text
    expected: PeriodText = Field(description="Month in which its publisher announced it")
    note: str | None = None


class Waiver(Block):
    """Why a guard does not stop this study, and who says so."""

    waived: Text = Field(description="The reason; printed")
    by: Text = Field(description="Who decided it; printed")


class Guards(Block):
    """Guards that are waived, each with a reason and a name."""

    coverage_gap: Waiver | None = None
    zero_runs: Waiver | None = None
    sudden_break: Waiver | None = None
    newest_periods: Waiver | None = None
    boundary_change: Waiver | None = None
    schema_drift: Waiver | None = None
    withdrawn_rows: Waiver | None = None

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: object) -> object:
        """Check that a waiver is never given by a bare word."""
        if isinstance(value, dict):
            for name, item in value.items():
                if name in cls.model_fields and item is not None and not isinstance(item, dict | Waiver):
                    raise ValueError(f"a waiver of {name} needs a reason and a name: "
                                     f"{{waived: why, by: who}}")  # fmt: skip
        return value
