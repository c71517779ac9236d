"""What the YAML may say about data: which column is what. Shared by every source."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from evalkit.errors import EvalkitError, Problem
from evalkit.periods import FREQUENCIES, Frequency, parse_period
from evalkit.records import Better, Block, OutcomeKind

if TYPE_CHECKING:
    import pandas

    from evalkit.sources.folders import Folders
    from evalkit.sources.inputs import Input


def _date_as_text(value: Any) -> Any:
    """Return a date that YAML has already read as its ISO text."""
    return value.isoformat() if isinstance(value, datetime.date) else value


PeriodText = Annotated[str | int, BeforeValidator(_date_as_text)]
"""A period as written in YAML: 2022-12, 2022, 2022-Q4, or a whole number."""
Text = Annotated[str, Field(min_length=1)]
Cell = str | int | float | bool | None
Separator = Literal[",", ";", "\t", "|", "comma", "semicolon", "tab", "bar"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")]


class Gap(Block):
    """A declared hole in the data."""

    period: PeriodText
    why: Text
    unit: str | None = None


class Period(Block):
    """How rows find their period: a column, or a start from which rows follow one another."""

    column: Text | None = Field(None, description="Column that holds dates or periods")
    start: PeriodText | None = Field(None, description="First period, when rows follow one another without a column")
    frequency: Frequency = Field("month", description=f"Length of a period: {', '.join(FREQUENCIES)}")

    @model_validator(mode="after")
    def _one_way(self) -> Period:
        if (self.column is None) == (self.start is None):
            raise ValueError("give either `column` (that holds the dates) or `start` (rows follow one another)")
        if self.start is not None:
            period_in(self.start, self.frequency)
        return self


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


class Outcome(Block):
    """One outcome: what is counted or measured, and what would be better."""

    label: Text
    plain_label: Text | None = None
    unit: str | None = Field(None, description="What one value counts, such as robberies")
    column: Text | None = Field(None, description="Column that holds the value")
    count: Literal["rows"] | None = Field(None, description="`rows`: the value is the number of rows that pass filter")
    filter: Filter = Field(default_factory=dict)
    kind: OutcomeKind = "count"
    exposure: Text | None = Field(
        None, description="Column with population, person-time or trials, or a table under data.exposures"
    )
    per: float = Field(1.0, gt=0, description="A rate is printed per this many units of exposure")
    better: Better = "neither"
    role: Literal["primary", "secondary", "harm", "process", "negative_control"] = "primary"
    minimum_important_change: float | None = Field(None, description="In percent; smaller changes do not matter")
    measurement_affected: Literal["likely", "possible", "unlikely"] | None = None
    suppressed: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description='Cells that stand for a range: {"<5": [1, 4]}'
    )

    @model_validator(mode="after")
    def _whole(self) -> Outcome:
        if self.count and self.column:
            raise ValueError("give either `column` or `count: rows`, not both")
        if self.count and not (self.kind == "count" or (self.kind == "rate" and self.exposure)):
            raise ValueError("rows that are counted give `kind: count`, or `kind: rate` with `exposure`")
        return self


def _names_as_text(value: Any) -> Any:
    """Return a mapping whose keys are text, as units are, also where YAML reads a number."""
    return {str(name): item for name, item in value.items()} if isinstance(value, dict) else value


Starts = Annotated[dict[str, PeriodText | None], BeforeValidator(_names_as_text)]
"""First treated period by unit; none is never."""


class Intervention(Block):
    """When it started, and where."""

    start: PeriodText | None = Field(None, description="First treated period, the same for every treated unit")
    starts: Starts | None = Field(None, description="First treated period by unit; others never")
    start_column: Text | None = Field(None, description="Column with each unit's first treated period; empty is never")
    treated_column: Text | None = Field(None, description="Column that is 1 from the first treated period on")
    label: str | None = Field(None, description="Text at the line on the chart")

    @model_validator(mode="after")
    def _one_way(self) -> Intervention:
        ways = [self.start, self.starts, self.start_column, self.treated_column]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("say once when it started: one of start, starts, start_column, treated_column")
        return self

    @field_validator("starts")
    @classmethod
    def _named(cls, starts: dict[str, Any] | None) -> dict[str, Any] | None:
        if starts is not None and not starts:
            raise ValueError("name at least one unit with its first treated period")
        return starts


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


class NeighbourTable(Block):
    """Which units adjoin one another, in a file of its own: a row per pair, in either order."""

    path: Text = Field(description="File inside the project, or under the data root: .csv, .parquet or .xlsx")
    unit: Text = Field("unit", description="Column that names one unit of a pair")
    neighbour: Text = Field("neighbour", description="Column that names the other")
    filter: Filter = Field(default_factory=dict, description="Rows to keep, by column")
    sheet: str | None = Field(None, description="Name of the sheet of a workbook")
    separator: Separator = Field(",", description="Between the cells of a text file")
    sha256: Sha256 | None = Field(None, description="Hash that the file must have")

    @model_validator(mode="after")
    def _fitting(self) -> NeighbourTable:
        _require_kind(self.path, self.sheet)
        return self

    @property
    def kind(self) -> str:
        """Which source reads such a file, by its ending."""
        return _kind_of(self.path)


class Data(Block, ABC):
    """Keys that every source shares, and what every source can do.

    A subclass adds `source` (its name in YAML) and its own keys, and defines `inputs`, `preflight` and `rows`.
    """

    simulated: ClassVar[bool] = False
    """True when the values come from a random generator."""

    unit: Text | None = Field(None, description="Column that names the unit (place, person); none: one series")
    period: Period | Text | None = Field(None, description="Column with the period, or {column|start, frequency}")
    filter: Filter = Field(default_factory=dict, description="Rows to keep, by column")
    covariates: list[Text] = Field(default_factory=list)
    weight: Text | None = None
    cluster: Text | None = None
    gaps: list[Gap] = Field(default_factory=list)
    exposures: dict[str, ExposureTable] = Field(
        default_factory=dict, description="Exposure in files of its own, by the name that `outcomes.ID.exposure` gives"
    )
    neighbours: NeighbourTable | Text | None = Field(
        None, description="Table of units that adjoin one another: a file with the columns unit and neighbour"
    )
    sampling: Literal["panel", "repeated_cross_section"] = Field(
        "panel",
        description="panel: the same units in each period, one row each once rows are brought together; "
        "repeated_cross_section: every row is an observation of its own (people, sales, claims), others in each period",
    )
    person_level: Text | None = Field(
        None, description="Why a file with a row for each person may lie in the project's data folder"
    )
    publisher: str | None = Field(None, description="Who publishes the data, printed under the charts")
    licence: str | None = None
    note: str | None = None

    @field_validator("period", mode="after")
    @classmethod
    def _period(cls, period: Period | str | None) -> Period | None:
        return Period(column=period) if isinstance(period, str) else period

    @field_validator("neighbours", mode="after")
    @classmethod
    def _neighbours(cls, neighbours: NeighbourTable | str | None) -> NeighbourTable | None:
        return NeighbourTable(path=neighbours) if isinstance(neighbours, str) else neighbours

    @property
    def neighbour_table(self) -> NeighbourTable | None:
        """The table of neighbours, however it was written."""
        return self.neighbours if isinstance(self.neighbours, NeighbourTable) else None

    def placed(self, intervention: Intervention | None) -> Intervention | None:
        """Return the intervention as it falls on the units of this source: as it stands, unless a source knows more."""
        return intervention

    @property
    def frequency(self) -> str:
        """Length of a period."""
        return self.period.frequency if isinstance(self.period, Period) else "month"

    @property
    def file(self) -> str:
        """What the rows are read from, as the author of the study names it; empty for none."""
        return ""

    @property
    def decimal_mark(self) -> str:
        """Character before the decimals of numbers that are written as text."""
        return "."

    @property
    def unit_column(self) -> str | None:
        """Column of `rows` that names the unit; none for one series."""
        return self.unit

    @property
    def period_column(self) -> str | None:
        """Column of `rows` that holds the period; none when rows follow one another from `period.start`."""
        return self.period.column if isinstance(self.period, Period) else None

    def value_column(self, outcome_id: str, outcome: Outcome) -> str | None:
        """Return the column of `rows` that holds the outcome; none when rows are counted."""
        return None if outcome.count else outcome.column or outcome_id

    def origin(self) -> str:
        """Return in words where the rows come from."""
        return self.file

    @abstractmethod
    def inputs(self, folders: Folders) -> list[Input]:
        """Return what the rows are made from, for hashing; reads no values."""

    @abstractmethod
    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return what is wrong as far as a cheap look shows.

        Parameters
        ----------
        columns : mapping of str to str
            Column to the dotted key of the YAML that names it, see `needed_columns`.
        """

    @abstractmethod
    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return the rows as they are written, text unread; the index is the row's number for messages.

        Parameters
        ----------
        columns : sequence of str, optional
            Read these alone, where the source holds them; all by default. The names of all columns there are stand
            in `frame.attrs["columns"]`, sentences for the reader in `frame.attrs["notes"]`.
        """


def needed_columns(data: Data, outcomes: Mapping[str, Outcome], intervention: Intervention | None) -> dict[str, str]:
    """Return every column that a study names, with the first dotted key that names it.

    Columns that the design names (covariates, weights, cluster) are those of `data` once they are merged into it.
    """
    named: list[tuple[str | None, str]] = [(data.unit_column, "data.unit"), (data.period_column, "data.period")]
    named += [(column, f"data.filter.{column}") for column in data.filter]
    named += [(column, f"data.covariates.{at}") for at, column in enumerate(data.covariates)]
    named += [(data.weight, "data.weight"), (data.cluster, "data.cluster")]
    for name, outcome in outcomes.items():
        named.append((data.value_column(name, outcome), f"outcomes.{name}.column"))
        joined = outcome.exposure in data.exposures
        named.append((None if joined else outcome.exposure, f"outcomes.{name}.exposure"))
        named += [(column, f"outcomes.{name}.filter.{column}") for column in outcome.filter]
    if intervention is not None:
        named.append((intervention.start_column, "intervention.start_column"))
        named.append((intervention.treated_column, "intervention.treated_column"))
    found: dict[str, str] = {}
    for column, key in named:
        if column:
            found.setdefault(column, key)
    return found


def period_in(value: Any, frequency: str) -> int:
    """Return `parse_period`, as a ValueError for pydantic when it fails."""
    try:
        return parse_period(value, frequency)
    except EvalkitError as error:
        raise ValueError(error.problems[0].sentence()) from None
    except OverflowError:
        raise ValueError(f"{value!r} is too large for a period") from None
