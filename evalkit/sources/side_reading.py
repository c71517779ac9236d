"""Reading a table of units that lies beside the data: its file, its columns as text, its problems in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.sources.cells import column_of, text_of
from evalkit.sources.csv import CsvData
from evalkit.sources.excel import ExcelData
from evalkit.sources.files import FileData
from evalkit.sources.filters import kept_rows
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input
from evalkit.sources.loading import load
from evalkit.sources.parquet import ParquetData
from evalkit.sources.side_tables import SideTable

if TYPE_CHECKING:
    import pandas


def table_inputs(table: SideTable, folders: Folders, place: str) -> list[Input]:
    """Return the file of a table, for hashing.

    Raises
    ------
    DataError
        At `place`, when the file does not exist or lies outside the project.
    """
    try:
        return _source(table).inputs(folders)
    except DataError as error:
        raise placed(error, table, place) from None


def table_problems(table: SideTable, folders: Folders, columns: Mapping[str, str], place: str) -> list[Problem]:
    """Return what is wrong with a table as far as a cheap look shows: its file, its columns."""
    found = _source(table).preflight(folders, _columns(table, columns, place))
    return [_placed(problem, table, place) for problem in found]


def table_rows(
    table: SideTable, folders: Folders, columns: Mapping[str, str], place: str, mend: str
) -> tuple[pandas.DataFrame, str]:
    """Return the rows of a table that pass its filter, and the hash of its file.

    Parameters
    ----------
    table : SideTable
    folders : Folders
        Where files may lie.
    columns : mapping of str to str
        Column to the dotted key that names it.
    place : str
        Dotted key of the table.
    mend : str
        What to do when there are no rows.

    Raises
    ------
    DataError
        When the file cannot be read, lacks a column, or has no rows.
    """
    source = _source(table)
    rows, _, sha256 = load(source, folders, _columns(table, columns, place))
    if table.filter:
        rows = rows[kept_rows(source, rows, table.filter, f"{place}.filter")]
    if rows.empty:
        raise DataError("there are no rows below the header", mend, "rows")
    return rows, sha256


def placed(error: DataError, table: SideTable, place: str) -> DataError:
    """Return an error of the table's file as one of this table among the keys of the study."""
    return DataError([_placed(problem, table, place) for problem in error.problems])


def texts_of(rows: pandas.DataFrame, name: str) -> list[str]:
    """Return a column as text, by row; empty cells are empty text."""
    column = column_of(rows, name)
    texts = [text_of(cell) for cell in column.distinct]
    return [texts[code] if code >= 0 else "" for code in column.codes]


def _source(table: SideTable) -> FileData:
    """Return the table as a source of rows, by the ending of its file."""
    shared: dict[str, Any] = {"path": table.path, "sha256": table.sha256, "unit": table.unit, "filter": table.filter}
    if table.kind == "excel":
        return ExcelData(source="excel", sheet=table.sheet, **shared)
    if table.kind == "parquet":
        return ParquetData(source="parquet", **shared)
    return CsvData(source="csv", separator=table.separator, **shared)


def _columns(table: SideTable, columns: Mapping[str, str], place: str) -> dict[str, str]:
    """Return the columns of the table, each with the dotted key that names it."""
    return {**columns, **{column: f"{place}.filter.{column}" for column in table.filter}}


def _placed(problem: Problem, table: SideTable, place: str) -> Problem:
    where = problem.where if problem.where.startswith(place) else place
    return replace(problem, where=where, file=problem.file or table.path)
