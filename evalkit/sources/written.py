"""Small things that several blocks of a study file are made of: text, cells, periods, filters."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit.records import Block


def _date_as_text(value: Any) -> Any:
    """Return a date that YAML has already read as its ISO text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


PeriodText = Annotated[str | int, BeforeValidator(_date_as_text)]
"""A period as written in YAML: 2022-12, 2022, 2022-Q4, or a whole number."""
Text = Annotated[str, Field(min_length=1)]
Cell = str | int | float | bool | None
Separator = Literal[",", ";", "\t", "|", "comma", "semicolon", "tab", "bar"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")]


class Between(Block):
    """A range of values, both ends included."""

    from_: Annotated[Cell, BeforeValidator(_date_as_text)] = Field(None, alias="from")
    to: Annotated[Cell, BeforeValidator(_date_as_text)] = None

    @model_validator(mode="after")
    def _bounded(self) -> Between:
        if self.from_ is None and self.to is None:
            raise ValueError("give `from`, `to` or both")
        return self


class Excluding(Block):
    """Values that are left out."""

    not_: Cell | list[Cell] = Field(alias="not")


Filter = dict[str, Cell | list[Cell] | Between | Excluding]
"""Rows to keep, by column: a value, a list of values, {from, to} or {not: ...}. All must hold."""
