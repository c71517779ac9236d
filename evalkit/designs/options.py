"""Options that several designs share: windows of periods."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from evalkit.records import Block

PeriodText = str | int
"""A period as written in YAML: 2022-12, 2022, 2022-Q4, or a whole number."""


class Window(Block):
    """A stretch of periods, both ends included; an end left out is the end of the data, or the start of treatment."""

    from_: PeriodText | None = Field(None, alias="from", description="First period")
    to: PeriodText | None = Field(None, description="Last period")

    @model_validator(mode="after")
    def _bounded(self) -> Window:
        if self.from_ is None and self.to is None:
            raise ValueError("give `from`, `to` or both, or leave the window out")
        return self


def _window(value: Any) -> Any:
    """Return one period as the window that holds it alone."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return {"from": value, "to": value}
    return value


WindowOption = Annotated[Window, BeforeValidator(_window, json_schema_input_type=Window | PeriodText)]
"""A window, or one period (2019-12), which is the window from itself to itself."""

Level = Annotated[float, Field(gt=0.5, lt=1.0, description="Confidence level of the intervals")]
