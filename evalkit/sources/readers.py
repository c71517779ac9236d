"""Which packages read the data of a study: what they make of a file or a database can move a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import DataError
from evalkit.sources.table import TableData
from evalkit.sources.tables.connections import DRIVERS, address_of

if TYPE_CHECKING:
    from evalkit.sources.columns import Data, Intervention
    from evalkit.sources.folders import Folders

READERS: dict[str, tuple[str, ...]] = {
    "counts": (), "csv": ("pyarrow",), "excel": ("openpyxl",), "package": (), "parquet": ("pyarrow",),
    "simulated": (), "table": ("ibis-framework",),
}  # fmt: skip
"""Packages, as they are installed, by kind of source; a table is read by that of its engine as well."""


def readers_of(data: Data, intervention: Intervention | None, folders: Folders) -> tuple[str, ...]:
    """Return the packages that read the data of an analysis and the tables laid over them, by name.

    Parameters
    ----------
    data : Data
    intervention : Intervention or None
    folders : Folders
        The project's, in which no address of a database lies.
    """
    found = {*READERS[_kind_of(data)], *_engine(data, folders)}
    sides = [*data.exposures.values(), data.neighbour_table, intervention.start_table if intervention else None]
    for table in sides:
        found |= set(READERS[table.kind]) if table is not None else set()
    return tuple(sorted(found))


def _kind_of(data: Data) -> str:
    """Return the word by which a study file names a kind of source; every kind has one."""
    return str(data.model_dump(include={"source"})["source"])


def _engine(data: Data, folders: Folders) -> tuple[str, ...]:
    """Return the package that speaks to the engine of a table; none where its address is not there to tell."""
    if not isinstance(data, TableData):
        return ()
    if data.connection is None:
        return (DRIVERS["duckdb"],)
    try:
        return (DRIVERS[address_of(data.connection, folders.project).engine],)
    except DataError:
        return ()
