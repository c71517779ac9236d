"""Sources: where rows come from. One file for each kind; every source ends in a Panel.

A source is a block of the YAML (a subclass of `columns.Data`) that can say what it is made from (`inputs`), look at it
cheaply (`preflight`) and read it (`rows`). `panel.build_panel` turns the rows of any source into a Panel; an exposure
that stands in a file of its own (`exposure.read_exposure`) is joined there.
A new kind of source is a new file, and a line in `SOURCES` and in `AnySource`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from evalkit.sources.columns import (
    Data,
    Gap,
    Intervention,
    Outcome,
    Period,
    needed_columns,
)
from evalkit.sources.counts import CountsData
from evalkit.sources.coverage import coverage_of, with_open_zeros, without_zeros
from evalkit.sources.csv import CsvData
from evalkit.sources.excel import ExcelData
from evalkit.sources.exposure import Exposure, exposure_inputs, exposure_problems, read_exposure
from evalkit.sources.folders import Folders
from evalkit.sources.gaps import declared_gaps
from evalkit.sources.inputs import Input, told_apart
from evalkit.sources.loading import load
from evalkit.sources.neighbours import (
    Neighbours,
    neighbour_inputs,
    neighbour_problems,
    read_neighbours,
    with_neighbours,
)
from evalkit.sources.package import PackageData
from evalkit.sources.panel import build_panel
from evalkit.sources.parquet import ParquetData
from evalkit.sources.person_level import person_level_problems
from evalkit.sources.readers import readers_of
from evalkit.sources.roll_out import RollOutTable, read_roll_out, roll_out_inputs, roll_out_problems, with_starts
from evalkit.sources.side_tables import ExposureTable, NeighbourTable, StartTable
from evalkit.sources.simulated import SimulatedData
from evalkit.sources.table import TableData
from evalkit.sources.written import Between, Cell, Excluding, Filter

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
    "Exposure",
    "ExposureTable",
    "Filter",
    "Folders",
    "Gap",
    "Input",
    "Intervention",
    "NeighbourTable",
    "Neighbours",
    "Outcome",
    "PackageData",
    "ParquetData",
    "Period",
    "RollOutTable",
    "SimulatedData",
    "StartTable",
    "TableData",
    "build_panel",
    "coverage_of",
    "declared_gaps",
    "exposure_inputs",
    "exposure_problems",
    "load",
    "needed_columns",
    "neighbour_inputs",
    "neighbour_problems",
    "person_level_problems",
    "read_exposure",
    "read_neighbours",
    "read_roll_out",
    "readers_of",
    "roll_out_inputs",
    "roll_out_problems",
    "told_apart",
    "with_neighbours",
    "with_open_zeros",
    "with_starts",
    "without_zeros",
]

SOURCES: dict[str, type[Data]] = {
    "csv": CsvData,
    "parquet": ParquetData,
    "excel": ExcelData,
    "package": PackageData,
    "counts": CountsData,
    "simulated": SimulatedData,
    "table": TableData,
}
"""Every kind of source by its name in YAML."""

AnySource = Annotated[
    CsvData | ParquetData | ExcelData | PackageData | CountsData | SimulatedData | TableData,
    Field(discriminator="source"),
]
"""The `data` block of a study: which model it is, `source` says."""
