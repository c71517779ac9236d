"""Sources: where rows come from. One file for each kind; every source ends in a Panel.

A source is a block of the YAML (a subclass of `columns.Data`) that can say what it is made from (`inputs`), look at it
cheaply (`preflight`) and read it (`rows`). `panel.build_panel` turns the rows of any source into a Panel.
A new kind of source is a new file, and a line in `SOURCES` and in `AnySource`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from evalkit.errors import DataError
from evalkit.sources.columns import (
    Between,
    Cell,
    Data,
    Excluding,
    Filter,
    Gap,
    Intervention,
    Outcome,
    Period,
    needed_columns,
)
from evalkit.sources.counts import CountsData
from evalkit.sources.csv import CsvData
from evalkit.sources.excel import ExcelData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, missing_columns
from evalkit.sources.package import PackageData
from evalkit.sources.panel import build_panel
from evalkit.sources.parquet import ParquetData
from evalkit.sources.simulated import SimulatedData

if TYPE_CHECKING:
    import pandas

__all__ = [
    "SOURCES",
    "AnySource",
    "Between",
    "Cell",
    "CountsData",
    "CsvData",
    "Data",
    "ExcelData",
    "Excluding",
    "Filter",
    "Folders",
    "Gap",
    "Input",
    "Intervention",
    "Outcome",
    "PackageData",
    "ParquetData",
    "Period",
    "SimulatedData",
    "build_panel",
    "load",
    "needed_columns",
]

SOURCES: dict[str, type[Data]] = {
    "csv": CsvData,
    "parquet": ParquetData,
    "excel": ExcelData,
    "package": PackageData,
    "counts": CountsData,
    "simulated": SimulatedData,
}
"""Every kind of source by its name in YAML."""

AnySource = Annotated[
    CsvData | ParquetData | ExcelData | PackageData | CountsData | SimulatedData, Field(discriminator="source")
]
"""The `data` block of a study: which model it is, `source` says."""


def load(
    data: Data, folders: Folders, columns: Mapping[str, str] | None = None
) -> tuple[pandas.DataFrame, str, str]:
    """Return the raw rows, where they come from in words, and the SHA-256 of what was read.

    Parameters
    ----------
    data : Data
        The study's `data` block.
    folders : Folders
        Where files may lie.
    columns : mapping of str to str, optional
        Read these columns alone, see `needed_columns`; all by default. One that is not there is an error.

    Raises
    ------
    DataError
        When the rows cannot be read or lack a column; problems name the file.
    """
    try:
        rows = data.rows(folders, None if columns is None else list(columns))
        problems = missing_columns(columns or {}, rows.attrs.get("columns", [str(name) for name in rows.columns]))
        if problems:
            raise DataError(problems)
        (source,) = data.inputs(folders)
        return rows, data.origin(), source.sha256()
    except DataError as error:
        raise error.in_file(data.file) from None
