"""Tables in files of their own, beside the data: exposure, neighbours, and when each unit starts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from evalkit.periods import Frequency
from evalkit.records import Block
from evalkit.sources.written import Filter, Separator, Sha256, Text


class ExposurePeriod(Block):
    """Where an exposure table holds its periods."""

    column: Text = Field(description="Column that holds dates or periods")
    frequency: Frequency | None = Field(None, description="Length of its periods; left out, that of the data")


_ENDINGS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".xlsx": "excel", ".xlsm": "excel"}


def _kind_of(path: str) -> str:
    """Return which source reads a file, by its ending; empty for none."""
    name = path.lower().removesuffix(".gz")
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), "")


def _require_kind(path: str, sheet: str | None) -> None:
    """Raise a ValueError, for pydantic, unless the file's ending is known and a sheet is that of a workbook."""
    if not _kind_of(path):
        raise ValueError(f"{path} ends in none of {', '.join(_ENDINGS)}; save the table as one of them")
    if sheet is not None and _kind_of(path) != "excel":
        raise ValueError(f"{path} is no workbook; leave `sheet` out")


class ExposureTable(Block):
    """Population, person-time or trials by unit and period in a file of its own, joined to the rows of the data."""

    path: Text = Field(description="File inside the project, or under the data root: .csv, .parquet or .xlsx")
    column: Text = Field(description="Column that holds the exposure")
    unit: Text | None = Field(None, description="Column that names the unit; left out where the data are one series")
    period: ExposurePeriod | Text | None = Field(
        None, description="Column with the period, or {column, frequency}; left out: one value for all periods"
    )
    carry: Literal["year"] | None = Field(
        None, description="`year`: a period has the value of the year in which it begins"
    )
    filter: Filter = Field(default_factory=dict, description="Rows to keep, by column")
    sheet: str | None = Field(None, description="Name of the sheet of a workbook")
    separator: Separator = Field(",", description="Between the cells of a text file")
    header_row: int = Field(1, ge=1, description="Row that names the columns, counted from 1")
    sha256: Sha256 | None = Field(None, description="Hash that the file must have")

    @field_validator("period", mode="after")
    @classmethod
    def _period(cls, period: ExposurePeriod | str | None) -> ExposurePeriod | None:
        return ExposurePeriod(column=period) if isinstance(period, str) else period

    @model_validator(mode="after")
    def _fitting(self) -> ExposureTable:
        _require_kind(self.path, self.sheet)
        if self.carry and self.period is None:
            raise ValueError("there are no periods to carry from; name the `period` column, or leave `carry` out")
        return self

    @property
    def kind(self) -> str:
        """Which source reads such a file, by its ending; empty for none."""
        return _kind_of(self.path)

    @property
    def period_column(self) -> str | None:
        """Column that holds the period; none where a unit has one value for all periods."""
        return self.period.column if isinstance(self.period, ExposurePeriod) else None

    def frequency_in(self, frequency: str) -> str:
        """Return the length of its periods, for data of a frequency."""
        declared = self.period.frequency if isinstance(self.period, ExposurePeriod) else None
        return declared or frequency


class SideTable(Block):
    """A table of units: the file, and how it is read."""

    path: Text = Field(description="File inside the project, or under the data root: .csv, .parquet or .xlsx")
    unit: Text = Field("unit", description="Column that names the unit")
    filter: Filter = Field(default_factory=dict, description="Rows to keep, by column")
    sheet: str | None = Field(None, description="Name of the sheet of a workbook")
    separator: Separator = Field(",", description="Between the cells of a text file")
    sha256: Sha256 | None = Field(None, description="Hash that the file must have")

    @model_validator(mode="after")
    def _fitting(self) -> SideTable:
        _require_kind(self.path, self.sheet)
        return self

    @property
    def kind(self) -> str:
        """Which source reads such a file, by its ending."""
        return _kind_of(self.path)


class NeighbourTable(SideTable):
    """Which units adjoin one another, in a file of its own: a row per pair, in either order."""

    unit: Text = Field("unit", description="Column that names one unit of a pair")
    neighbour: Text = Field("neighbour", description="Column that names the other")


class StartTable(SideTable):
    """When each unit starts, in a file of its own: a row per unit; one that is not in it, or has none, never does."""

    start: Text = Field("start", description="Column with the first treated period; empty is never")
