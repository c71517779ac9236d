"""What the YAML may say about data: which column is what. Shared by every source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from evalkit.errors import EvalkitError, Problem
from evalkit.periods import FREQUENCIES, Frequency, parse_period
from evalkit.records import Better, Block, OutcomeKind
from evalkit.sources.guards.blocks import ExpectedCoverage, Guards, LateFile, Provisional, RecordingBreak
from evalkit.sources.side_tables import ExposureTable, NeighbourTable, StartTable
from evalkit.sources.written import Filter, PeriodText, Text

if TYPE_CHECKING:
    import pandas

    from evalkit.sources.folders import Folders
    from evalkit.sources.inputs import Input


class Stretch(Block):
    """Periods from one to another, both included."""

    from_: PeriodText = Field(alias="from")
    to: PeriodText


class Gap(Block):
    """A declared hole in the data: one period, or a stretch of them."""

    period: Stretch | PeriodText
    why: Text
    unit: str | None = None

    @property
    def ends(self) -> tuple[str | int, str | int]:
        """First and last period."""
        if isinstance(self.period, Stretch):
            return self.period.from_, self.period.to
        return self.period, self.period


def _names_as_text(value: Any) -> Any:
    """Return a mapping whose keys are text, as units are, also where YAML reads a number."""
    return {str(name): item for name, item in value.items()} if isinstance(value, dict) else value


Names = Annotated[dict[str, Text], BeforeValidator(_names_as_text)]


class Period(Block):
    """How rows find their period: a column, or a start from which rows follow one another."""

    column: Text | None = Field(None, description="Column that holds dates or periods")
    start: PeriodText | None = Field(None, description="First period, when rows follow one another without a column")
    frequency: Frequency = Field("month", description=f"Length of a period: {', '.join(FREQUENCIES)}")
    names: Names = Field(
        default_factory=dict, description="What numbered periods are called on the page: {1: the year to March 2019}"
    )

    @model_validator(mode="after")
    def _numbered(self) -> Period:
        if self.names and self.frequency != "number":
            raise ValueError("`names` are for `frequency: number`; other periods have names of their own")
        for number in self.names:
            period_in(number, self.frequency)
        return self

    @model_validator(mode="after")
    def _one_way(self) -> Period:
        if (self.column is None) == (self.start is None):
            raise ValueError("give either `column` (that holds the dates) or `start` (rows follow one another)")
        if self.start is not None:
            period_in(self.start, self.frequency)
        return self


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
    exposure_jumps: Text | None = Field(
        None, description="Why the exposure may be more than 3 times that of the period before, or less than a third"
    )
    per: float = Field(1.0, gt=0, description="A rate is printed per this many units of exposure")
    better: Better = "neither"
    role: Literal["primary", "secondary", "harm", "process", "negative_control"] = "primary"
    minimum_important_change: float | None = Field(None, description="In percent; smaller changes do not matter")
    measurement_affected: Literal["likely", "possible", "unlikely"] | None = None
    suppressed: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description='Cells that stand for a range: {"<5": [1, 4]}'
    )
    rounded_to: int | None = Field(None, ge=2, description="The data's owner rounds counts to a multiple of this")

    @model_validator(mode="after")
    def _whole(self) -> Outcome:
        if self.count and self.column:
            raise ValueError("give either `column` or `count: rows`, not both")
        if self.count and not (self.kind == "count" or (self.kind == "rate" and self.exposure)):
            raise ValueError("rows that are counted give `kind: count`, or `kind: rate` with `exposure`")
        return self


Starts = Annotated[dict[str, PeriodText | None], BeforeValidator(_names_as_text)]
"""First treated period by unit; one that is never treated says never, one without a start is not dated yet."""


WAYS = ("start", "starts", "start_column", "treated_column", "table")
"""The ways to say when it started, of which a study uses one."""


class Intervention(Block):
    """When it started, and where."""

    start: PeriodText | None = Field(None, description="First treated period, the same for every treated unit")
    starts: Starts | None = Field(None, description="First treated period by unit; others never")
    start_column: Text | None = Field(None, description="Column with each unit's first treated period; empty is never")
    treated_column: Text | None = Field(None, description="Column that is 1 from the first treated period on")
    table: StartTable | Text | None = Field(
        None, description="Roll-out table: a file with the columns unit and start, or {path, unit, start}"
    )
    label: str | None = Field(None, description="Text at the line on the chart")

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        """Return the block; beside the name of a table, `unit` and `start` are its columns."""
        if not isinstance(value, dict) or not isinstance(value.get("table"), str):
            return value
        columns = {key: value[key] for key in ("unit", "start") if key in value}
        rest = {key: item for key, item in value.items() if key not in columns}
        return {**rest, "table": {"path": value["table"], **columns}}

    @model_validator(mode="after")
    def _one_way(self) -> Intervention:
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"say once when it started: one of {', '.join(WAYS)}")
        return self

    @property
    def way(self) -> str:
        """The key that says when it started."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @property
    def start_table(self) -> StartTable | None:
        """The roll-out table, however it was written."""
        return self.table if isinstance(self.table, StartTable) else None

    @field_validator("starts")
    @classmethod
    def _named(cls, starts: dict[str, Any] | None) -> dict[str, Any] | None:
        if starts is not None and not starts:
            raise ValueError("name at least one unit with its first treated period")
        return starts


class Data(Block, ABC):
    """Keys that every source shares, and what every source can do.

    A subclass adds `source` (its name in YAML) and its own keys, and defines `inputs`, `preflight` and `rows`.
    """

    simulated: ClassVar[bool] = False
    """True when the values come from a random generator."""

    unit: Text | None = Field(None, description="Column that names the unit (place, person); none: one series")
    unit_label: Text | None = Field(None, description="What a page calls one unit, in the singular: group; else place")
    period: Period | Text | None = Field(None, description="Column with the period, or {column|start, frequency}")
    filter: Filter = Field(default_factory=dict, description="Rows to keep, by column")
    covariates: list[Text] = Field(default_factory=list)
    weight: Text | None = None
    cluster: Text | None = None
    gaps: list[Gap] = Field(default_factory=list)
    expected_coverage: ExpectedCoverage | None = Field(None, description="Periods and units that must be there")
    settling: int = Field(0, ge=0, description="Newest periods that are left out, since they may still change")
    provisional: Provisional | None = Field(None, description="From when figures may still be revised; printed")
    breaks: list[RecordingBreak] = Field(default_factory=list, description="Changes in how the data are recorded")
    late: list[LateFile] = Field(default_factory=list, description="Files announced and not published yet; printed")
    guards: Guards = Field(Guards(), description="Guards on the data that this study waives, with reason and name")
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
    note: str | None = Field(None, description="What a reader must know of the data, printed with their source")

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

    def asking(self, outcomes: Mapping[str, Outcome], intervention: Intervention | None) -> Self:
        """Return the source, told what a study asks of it: itself, unless what it reads depends on that."""
        return self

    def placed(self, intervention: Intervention | None) -> Intervention | None:
        """Return the intervention as it falls on the units of this source: as it stands, unless a source knows more."""
        return intervention

    @property
    def frequency(self) -> str:
        """Length of a period."""
        return self.period.frequency if isinstance(self.period, Period) else "month"

    @property
    def period_names(self) -> dict[str, str]:
        """What numbered periods are called, by their number as text; empty where they have no names."""
        return self.period.names if isinstance(self.period, Period) else {}

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
