"""Numbers written in the study file itself, such as the two counts of a press release."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from evalkit.errors import Problem
from evalkit.sources.columns import Data, Outcome, Period
from evalkit.sources.dates import time_in
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, missing_columns, without_outcomes
from evalkit.sources.written import Cell

if TYPE_CHECKING:
    import pandas

_TWO_YEARS = re.compile(r"(\d{4})[-/](\d{2}|\d{4})")


def _way_written(values: Any) -> str:
    """Return how values are written, by the first: so that a slip further down is a fault of that value alone."""
    first = values[0] if isinstance(values, list) and values else None
    return "mappings" if isinstance(first, dict) else "numbers"


class CountsData(Data):
    """Values written in the study file: numbers that follow one another, or one mapping for each period."""

    source: Literal["counts"]
    values: Annotated[
        Annotated[list[int | float | None], Field(min_length=1), Tag("numbers")]
        | Annotated[list[dict[str, Cell]], Field(min_length=1), Tag("mappings")],
        Discriminator(_way_written),
    ] = Field(description="[37, 33, ...] with period.start, or [{period: 2019-12, robberies: 37}, ...]")
    inferred: bool = Field(
        False, description="The values are printed nowhere: worked out from other figures, `note` says how"
    )

    @field_validator("values", mode="before")
    @classmethod
    def _dates_as_text(cls, values: Any) -> Any:
        if not isinstance(values, list):
            return values
        return [{key: cell.isoformat() if isinstance(cell, datetime.date) else cell for key, cell in row.items()}
                if isinstance(row, dict) else row for row in values]  # fmt: skip

    @model_validator(mode="after")
    def _explained(self) -> CountsData:
        if self.inferred and not self.note:
            raise ValueError("values that are inferred need `note`, which says from what and how")
        return self

    @model_validator(mode="after")
    def _dated(self) -> CountsData:
        mappings = self._mappings()
        starts = isinstance(self.period, Period) and self.period.start is not None
        if not mappings and not starts:
            raise ValueError("a list of numbers needs `period: {start: 2019-01, frequency: month}`")
        if mappings and not starts:
            without = [at for at, row in enumerate(mappings, 1) if row.get(self.period_column or "") in (None, "")]
            if without:
                raise ValueError(f"value {without[0]} has no {self.period_column!r}; "
                                 "write such as {period: 2019-12, robberies: 37}")  # fmt: skip
            if self._inferred() is None:
                raise ValueError("the periods are written in different ways; "
                                 "say `period: {column: period, frequency: month}`")  # fmt: skip
        return self

    def _mappings(self) -> list[dict[str, Cell]]:
        return [row for row in self.values if isinstance(row, dict)]

    @property
    def frequency(self) -> str:
        """Length of a period: as declared, or as the periods are written."""
        return self._inferred() or "month"

    def _inferred(self) -> str | None:
        declared = self.period if isinstance(self.period, Period) else None
        if declared is not None and (declared.start is not None or "frequency" in declared.model_fields_set):
            return declared.frequency
        return infer_frequency([row.get(self.period_column or "") for row in self._mappings()])

    @property
    def period_column(self) -> str | None:
        """Key of the mappings that holds the period."""
        if isinstance(self.period, Period):
            return self.period.column
        return "period"

    @property
    def unit_column(self) -> str | None:
        """Key of the mappings that names the unit."""
        return self.unit or ("unit" if "unit" in self._columns() else None)

    def _columns(self) -> list[str]:
        return list(dict.fromkeys(key for row in self._mappings() for key in row)) or ["value"]

    def value_column(self, outcome_id: str, outcome: Outcome) -> str | None:
        """Return `value` for a list of numbers, otherwise the column, `value` or the outcome's id."""
        if outcome.count:
            return None
        if not self._mappings():
            return "value"
        return outcome.column or ("value" if "value" in self._columns() else outcome_id)

    def origin(self) -> str:
        """Return that the author wrote the numbers, and whether they were printed before."""
        return "numbers written in the study file" + (", worked out from other figures" if self.inferred else "")

    def inputs(self, folders: Folders) -> list[Input]:
        """Return the values as canonical text."""
        names = {"names"}  # what a page calls them is no part of the data
        period = self.period.model_dump(exclude=names) if isinstance(self.period, Period) else None
        text = json.dumps({"period": period, "values": self.values}, sort_keys=True, separators=(",", ":"))
        return [Input("data.values", text=text)]

    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return the columns that no value has; a bare number is `value`, whatever the outcome calls it."""
        if not self._mappings():
            columns = without_outcomes(columns)
        return missing_columns(columns, self._columns())

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return a row for each value; the index counts from 1."""
        import pandas

        mappings = self._mappings() or [{"value": value} for value in self.values if not isinstance(value, dict)]
        frame = pandas.DataFrame({column: pandas.Series([row.get(column) for row in mappings], dtype=object)
                                  for column in self._columns()})  # fmt: skip
        frame.index = pandas.RangeIndex(1, len(frame) + 1)
        frame.attrs["columns"] = self._columns()
        return frame


def infer_frequency(written: Sequence[Any]) -> str | None:
    """Return the frequency in which every period is written, or None when there is no single one.

    2009-10 may be a month or a financial year: it is a financial year when all of several periods can be one.
    Full dates are days, unless all are the first day of a month: then they are months.
    """
    if len(set(written)) > 1 and all(_spans_two_years(value) for value in written):
        return "financial_year"
    for frequency in ("day", "month", "quarter", "year", "number"):
        times = [time_in(value, frequency) for value in written]
        if None in times:
            continue
        if frequency == "day" and all(_first_of_month(time) for time in times if time is not None):
            return "month"
        return frequency
    return None


def _spans_two_years(value: Any) -> bool:
    """Say whether a text is a year and the one after it: 2022-23, 2022/23, 2022/2023."""
    match = _TWO_YEARS.fullmatch(str(value).strip())
    if match is None:
        return False
    following = int(match[1]) + 1
    return match[2] in (f"{following % 100:02d}", str(following))


def _first_of_month(time: int) -> bool:
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=time)).day == 1
