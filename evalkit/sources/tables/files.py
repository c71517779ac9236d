"""Files of rows that are brought together where they lie: one or many of a pattern, and what their headers say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from evalkit.errors import DataError, Problem
from evalkit.sources.csv import CsvData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean, listed
from evalkit.sources.tables.faults import in_words
from evalkit.sources.written import Separator

Kind = Literal["text", "parquet", "database"]

_ENDINGS: dict[str, Kind] = {".csv": "text", ".tsv": "text", ".txt": "text", ".parquet": "parquet",
                             ".duckdb": "database", ".ddb": "database"}  # fmt: skip
ENDINGS = ", ".join(_ENDINGS)
_PATTERN = frozenset("*?[")
_UTF_8 = "save it as UTF-8, or use `source: csv`, which reads other encodings"


@dataclass(frozen=True)
class SeveralFiles(Input):
    """Files that are read as one table; their hash is that of their names and hashes, in order of the names."""

    files: tuple[Input, ...] = field(default=())

    def sha256(self) -> str:
        """Return one SHA-256 for all of the files.

        Raises
        ------
        DataError
            When one cannot be read.
        """
        lines = "".join(f"{file.sha256()}  {file.name}\n" for file in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


def kind_of(path: str) -> Kind | None:
    """Return how a file is read, by its ending; None for an ending that is not known."""
    name = path.lower().removesuffix(".gz")
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)


def is_pattern(path: str) -> bool:
    """Say whether a path may stand for several files."""
    return bool(_PATTERN & set(path))


def find_files(path: str, folders: Folders) -> list[Input]:
    """Return the file of a path, or all files of a pattern, in order of their names.

    Raises
    ------
    DataError
        When there is none, one is empty, or one lies outside the project and the data root (also through a link).
    """
    found = _matching(path, folders) if is_pattern(path) else [Input(path, path=folders.find(path))]
    empty = [file.name for file in found if file.path is not None and file.path.stat().st_size == 0]
    if empty:
        raise DataError(f"{listed(empty)} is empty (0 bytes)", "fetch the file again", "data.path")
    return found


def _matching(path: str, folders: Folders) -> list[Input]:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise DataError(f"{path} leads out of the project", "write it relative to the project or the data root",
                        "data.path")  # fmt: skip
    for root in (root.resolve() for root in (folders.data, folders.project) if root is not None):
        names = sorted(found.relative_to(root).as_posix() for found in root.glob(path) if not found.is_dir())
        if names:
            return [Input(name, path=folders.find(name)) for name in names]
    raise DataError(f"no file fits {path}", "check the folder and the pattern", "data.path")


@dataclass(frozen=True)
class Header:
    """What the beginning of a text file says.

    Attributes
    ----------
    names : tuple of str
        Columns, in order.
    lines : int
        Lines above the first row of data.
    character : str
        Between cells.
    """

    names: tuple[str, ...]
    lines: int
    character: str

    @property
    def unique(self) -> tuple[str, ...]:
        """The names with every repeated one made unlike any that can be asked for."""
        return tuple(name if name and self.names.index(name) == at else f"(column {at + 1} of the file)"
                     for at, name in enumerate(self.names))  # fmt: skip

    def repeated(self, columns: Iterable[str]) -> list[Problem]:
        """Return a problem for columns that are needed and named twice."""
        twice = sorted(name for name in set(columns) if self.names.count(name) > 1)
        found = f"the header names {listed(twice)} more than once"
        return [Problem(found, "rename one of the columns", "data.path")] if twice else []


def header_of(files: list[Input], separator: Separator, header_row: int) -> Header:
    """Return the header that all text files share.

    Raises
    ------
    DataError
        When one is not UTF-8 text, or has other columns than the first.
    """
    first: Header | None = None
    for file in files:
        assert file.path is not None
        layout = CsvData(source="csv", path=file.name, separator=separator, header_row=header_row)
        encoding, names, lines = layout.layout(file.path)
        if encoding != "utf-8":
            raise DataError(f"{file.name} is {encoding}, and only UTF-8 is read where it lies", _UTF_8, "data.path")
        if lines != header_row or any("\n" in name or "\r" in name for name in names):
            # DuckDB and Spark count lines above the data in other ways; a row of data must not be taken for one.
            raise DataError(f"the header of {file.name} runs over several lines, or empty lines stand above it",
                            "write it in one line, or use `source: csv`", "data.header_row")  # fmt: skip
        header = Header(tuple(names), lines, layout.character)
        if first is None:
            first = header
        elif header != first:
            raise _unlike(file.name, header.names, files[0].name, first.names)
    assert first is not None
    return first


def parquet_columns(files: list[Input]) -> list[str]:
    """Return the columns that all parquet files share.

    Raises
    ------
    DataError
        When one is no parquet file, or has columns of other names or types than the first.
    """
    from pyarrow import parquet

    first: list[tuple[str, str]] = []
    for file in files:
        with in_words(file.name):
            schema = parquet.read_schema(file.path)
        columns = [(field.name, str(field.type)) for field in schema]
        if first and columns != first:
            raise _unlike(file.name, [" ".join(pair) for pair in columns], files[0].name,
                          [" ".join(pair) for pair in first])  # fmt: skip
        first = first or columns
    return [name for name, _ in first]


def database_columns(file: Input, table: str, schema: str | None) -> list[str]:
    """Return the columns of a table in a DuckDB file, which is opened to be read alone.

    Raises
    ------
    DataError
        When it is no such file or has no such table; the message names the nearest.
    """
    import duckdb

    with in_words(file.name), duckdb.connect(str(file.path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ? "
            "ORDER BY table_name, ordinal_position", [schema or "main"],
        ).fetchall()  # fmt: skip
    columns = [column for name, column in rows if name == table]
    if not columns:
        there = sorted({name for name, _ in rows})
        raise DataError(f"{file.name} has no table {table!r}", did_you_mean(table, there), "data.table")
    return columns


def _unlike(name: str, columns: Iterable[str], first: str, others: Iterable[str]) -> DataError:
    columns, others = list(columns), list(others)
    odd = listed([column for column in columns if column not in others] or ["none"], 5)
    lacking = listed([column for column in others if column not in columns] or ["none"], 5)
    found = f"{name} and {first} have other columns: only in the one {odd}, only in the other {lacking}"
    mend = "files that are read as one table have the same columns in the same order"
    return DataError(found, mend, "data.path")
