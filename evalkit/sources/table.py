"""Large and remote tables: incident rows brought to unit and period where they lie, in files or in a database."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from evalkit.errors import DataError, Problem
from evalkit.sources.columns import Data, Intervention, Outcome, Period
from evalkit.sources.csv import CsvData
from evalkit.sources.files import check_bytes
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, missing_columns
from evalkit.sources.parquet import ParquetData
from evalkit.sources.person_level import person_level_problems
from evalkit.sources.repeated import TIMES
from evalkit.sources.tables.asked import Asked, unread_keys
from evalkit.sources.tables.connections import address_of, require_driver
from evalkit.sources.tables.engines import Place, opened
from evalkit.sources.tables.files import (
    ENDINGS,
    SeveralFiles,
    database_columns,
    find_files,
    header_of,
    is_pattern,
    kind_of,
    parquet_columns,
)
from evalkit.sources.tables.grouping import COUNT, Question, bring_together, hash_of
from evalkit.sources.written import Separator, Sha256, Text

if TYPE_CHECKING:
    import pandas


class TableData(Data):
    """Incident rows in files or in a database, brought to unit and period where they lie.

    The rows themselves are never copied: alike ones are counted there, by DuckDB for files, or by the database of a
    `connection`. What comes back goes the way of every other source.
    """

    source: Literal["table"]
    path: Text | None = Field(None, description=f"File or pattern such as data/*.parquet: {ENDINGS}, text also .gz")
    connection: Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_-]*$")] | None = Field(
        None, description="Name of a database, whose address is in EVALKIT_CONNECTION_NAME or a file, never here"
    )
    table: Text | None = Field(None, description="Table or view of a database")
    schema_: Text | None = Field(None, alias="schema", description="Schema of a database in which the table is")
    sha256: Sha256 | None = Field(None, description="Hash that the file must have")
    separator: Separator = Field(",", description="Between the cells of text files")
    decimal: Literal[".", ","] = Field(".", description="Character before the decimals of numbers written as text")
    header_row: int = Field(1, ge=1, description="Row of text files that names the columns, counted from 1")
    time_zone: str | None = Field(None, description="Where moments with a time zone become days: Europe/London")
    memory_limit: Annotated[str, Field(pattern="^[1-9][0-9]* ?(MB|GB)$")] | None = Field(
        None, description="Most memory that DuckDB takes before it works on disk, such as 500MB"
    )

    _asked: Asked | None = PrivateAttr(default=None)
    _kept: tuple[list[str], pandas.DataFrame, list[str]] | None = PrivateAttr(default=None)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in zoneinfo.available_timezones():
            raise ValueError(f"{zone!r} is not a time zone; write such as Europe/London")
        return zone

    @model_validator(mode="after")
    def _one_place(self) -> TableData:
        if self.path is None and (self.connection is None or self.table is None):
            raise ValueError("say where the rows are: `path` of files, or `connection` and `table` of a database")
        if self.path is None:
            if self.sha256 is not None:
                raise ValueError("a table of a database has no bytes to hash: leave `sha256` out")
            return self
        kind = kind_of(self.path)
        if kind is None:
            raise ValueError(f"{self.path} ends in none of {ENDINGS}")
        if (kind == "database") != (self.table is not None):
            raise ValueError("name the `table` of a database in a file" if kind == "database" else
                             "a file of rows has no tables: leave `table` out, or leave `path` out")  # fmt: skip
        if kind == "database" and (self.connection is not None or is_pattern(self.path)):
            raise ValueError("a database in a file is one file, and is opened without `connection`")
        if self.sha256 is not None and is_pattern(self.path):
            raise ValueError("`sha256` is that of one file: name the file, or leave `sha256` out")
        return self

    @model_validator(mode="after")
    def _brought_together(self) -> TableData:
        if self.sampling != "panel":
            raise ValueError("rows are brought together where they lie, so none stays an observation of its own: use "
                             "`source: parquet` or `csv`, or leave `sampling` out")  # fmt: skip
        if isinstance(self.period, Period) and self.period.column is None:
            raise ValueError("rows of a table have no order: name the `column` of `period`")
        return self

    @property
    def file(self) -> str:
        """The table as its author names it: its files, or its name in the database."""
        if self.path is not None:
            return self.path if self.table is None else f"{self.path}: {self.table}"
        return f"{f'{self.schema_}.' if self.schema_ else ''}{self.table} of {self.connection}"

    @property
    def decimal_mark(self) -> str:
        """Character before the decimals."""
        return self.decimal

    def asking(self, outcomes: Mapping[str, Outcome], intervention: Intervention | None) -> Self:
        """Return the source, told of which columns alike cells are to be brought together."""
        told = self.model_copy()
        told._asked, told._kept = Asked(self, outcomes, intervention), None
        return told

    def inputs(self, folders: Folders) -> list[Input]:
        """Return the files; for a table of a database the rows as brought together, which are hashed in their place.

        Raises
        ------
        DataError
            When a file does not exist or lies outside the project.
        """
        if self.path is None:
            by = "" if self._asked is None else f" by {self._asked.words()}"
            return [RowsOfDatabase(f"{self.file} (rows brought together{by})", data=self, folders=folders)]
        found = find_files(self.path, folders)
        return [SeveralFiles(self.path, files=tuple(found))] if is_pattern(self.path) else found

    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return what is wrong with files and their columns; of a connection, whether its address is there.

        No database is asked anything: that waits for the run.
        """
        try:
            if self.connection is not None:
                address = address_of(self.connection, folders.project)
                if self.path is not None and address.engine not in ("duckdb", "spark"):
                    return [self._not_there(address.engine)]
            else:
                require_driver("duckdb")
            if self.path is None:
                return []
            files = find_files(self.path, folders)
            problems = self._unlike(files)
            there = [] if problems else self._columns(files)
            return [*problems, *([] if problems else missing_columns(columns, there)), *self._people(files, folders)]
        except DataError as error:
            return list(error.problems)

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return rows that differ, each once; `attrs` name the column that says how many rows each stands for.

        Raises
        ------
        DataError
            When the table cannot be read or lacks a column, or too many rows differ to be brought together.
        """
        frame, there = self._read(folders, columns)
        frame.attrs |= {"columns": there, TIMES: COUNT, "notes": ()}
        whole = self._asked is not None and set(self._asked.columns) <= set(frame.columns)
        problems = unread_keys(self._asked, frame) if self._asked is not None and whole else []
        if problems:
            raise DataError(problems)
        return frame

    def hash_of_rows(self, folders: Folders) -> str:
        """Return the hash of the rows as brought together, which are kept for whoever reads them next.

        Raises
        ------
        DataError
            When the table cannot be read.
        """
        columns = None if self._asked is None else list(self._asked.columns)
        frame, there = self._read(folders, columns)
        self._kept = (sorted(name for name in frame.columns if name != COUNT), frame, there)
        return hash_of(frame)

    def _read(self, folders: Folders, columns: Sequence[str] | None) -> tuple[pandas.DataFrame, list[str]]:
        """Return the rows as brought together, and the columns that the table has."""
        kept, self._kept = self._kept, None
        if kept is not None:
            names, frame, there = kept
            if names == sorted(set(there if columns is None else columns) & set(there)):
                return frame, there
        with opened(self._place(folders)) as table:
            there = list(table.columns)
            wanted = sorted(set(there if columns is None else columns) & set(there))
            ranges = {} if self._asked is None else self._asked.ranges()
            question = Question(wanted, self.period_column, self.frequency, ranges, self.time_zone)
            return bring_together(table, question), there

    def _place(self, folders: Folders) -> Place:
        """Return where the table is, once what is cheap to look at is right."""
        address = None if self.connection is None else address_of(self.connection, folders.project)
        shared: dict[str, Any] = {"name": self.file, "table": self.table, "schema": self.schema_, "address": address,
                                  "time_zone": self.time_zone, "memory_limit": self.memory_limit}  # fmt: skip
        if self.path is None:
            return Place(**shared)
        if address is not None and address.engine not in ("duckdb", "spark"):
            raise DataError([self._not_there(address.engine)])
        files, kind = find_files(self.path, folders), kind_of(self.path)
        problems = self._unlike(files)
        if problems:
            raise DataError(problems)
        self._columns(files)
        header = None
        if kind == "text":
            header = header_of(files, self.separator, self.header_row)
            twice = header.repeated(self._asked.columns if self._asked else header.names)
            if twice:
                raise DataError(twice)
        paths = tuple(file.path for file in files if file.path is not None)
        return Place(files=paths, kind=kind, header=header, **shared)

    def _columns(self, files: list[Input]) -> list[str]:
        """Return the columns that stand in the files."""
        assert self.path is not None
        kind = kind_of(self.path)
        if kind == "text":
            return list(header_of(files, self.separator, self.header_row).names)
        if kind == "parquet":
            return parquet_columns(files)
        assert self.table is not None
        return database_columns(files[0], self.table, self.schema_)

    def _people(self, files: list[Input], folders: Folders) -> list[Problem]:
        """Return by which columns the rows show that they are people; files of a pattern have the same columns."""
        shared: dict[str, Any] = {"path": files[0].name, "unit": self.unit, "person_level": self.person_level}
        if files[0].path is None or kind_of(files[0].name) == "database":
            return []
        if kind_of(files[0].name) == "parquet":
            return person_level_problems(ParquetData(source="parquet", **shared), folders)
        text = CsvData(source="csv", separator=self.separator, header_row=self.header_row, **shared)
        return person_level_problems(text, folders)

    def _unlike(self, files: list[Input]) -> list[Problem]:
        """Return a problem when the file has not the declared hash."""
        (first, *_) = files
        return check_bytes(first.path, first.name, self.sha256) if self.sha256 and first.path else []

    def _not_there(self, engine: str) -> Problem:
        return Problem(f"{engine} reads tables of its own, not files", "load the rows into a table and name it as "
                       "`table`, or leave `connection` out", "data.path")  # fmt: skip


@dataclass(frozen=True)
class RowsOfDatabase(Input):
    """A table of a database: what is hashed are its rows as brought together, in the order of their cells."""

    data: TableData | None = None
    folders: Folders | None = None

    def sha256(self) -> str:
        """Return the hash of the rows as they are now: the database is asked.

        Raises
        ------
        DataError
            When it does not answer.
        """
        assert self.data is not None
        assert self.folders is not None
        return self.data.hash_of_rows(self.folders)
