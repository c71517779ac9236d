"""Which units adjoin one another: a table of pairs in a file of its own, read, checked and laid over a panel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.sources.cells import column_of, text_of
from evalkit.sources.columns import Data
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean
from evalkit.sources.side_reading import placed, table_inputs, table_problems, table_rows, texts_of
from evalkit.sources.side_tables import NeighbourTable

if TYPE_CHECKING:
    import pandas

    from evalkit.records import Panel

PLACE = "data.neighbours"


@dataclass(frozen=True)
class Neighbours:
    """A table of neighbours as read.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Each pair once, both names in order, in the order of the first.
    path : str
        The file, as the study names it.
    sha256 : str
        Hash of the file.
    rows : int
        Rows that were read.
    """

    pairs: tuple[tuple[str, str], ...]
    path: str
    sha256: str
    rows: int


def neighbour_inputs(data: Data, folders: Folders) -> list[Input]:
    """Return the file of the table of neighbours, for hashing; none where the study names none.

    Raises
    ------
    DataError
        When it does not exist or lies outside the project.
    """
    table = data.neighbour_table
    return [] if table is None else table_inputs(table, folders, PLACE)


def neighbour_problems(data: Data, folders: Folders) -> list[Problem]:
    """Return what is wrong with the table of neighbours as far as a cheap look shows: its file, its columns."""
    table = data.neighbour_table
    if table is None:
        return []
    found = table_problems(table, folders, _columns(table), PLACE)
    if data.unit_column is None:
        found.append(Problem("the data are one series without a unit", "leave `neighbours` out", PLACE))
    return found


def read_neighbours(table: NeighbourTable, folders: Folders) -> Neighbours:
    """Return the pairs of a table of neighbours.

    Parameters
    ----------
    table : NeighbourTable
    folders : Folders
        Where files may lie.

    Raises
    ------
    DataError
        When the file cannot be read, lacks a column, holds empty names, or names a unit as its own neighbour.
    """
    try:
        rows, sha256 = table_rows(table, folders, _columns(table), PLACE, "write a row for each pair of neighbours")
        units, others = texts_of(rows, table.unit), texts_of(rows, table.neighbour)
        problems = list(_faults(rows, units, others, table))
        if problems:
            raise DataError(problems)
    except DataError as error:
        raise placed(error, table, PLACE) from None
    pairs = {(min(pair), max(pair)) for pair in zip(units, others, strict=True)}
    return Neighbours(tuple(sorted(pairs)), table.path, sha256, len(rows))


def with_neighbours(panel: Panel, found: Neighbours, data: Data, rows: pandas.DataFrame) -> Panel:
    """Return a panel with the pairs of its units that adjoin one another.

    Parameters
    ----------
    panel : Panel
    found : Neighbours
    data : Data
        The study's `data` block.
    rows : pandas.DataFrame
        Rows before any filter: a pair with a unit that `data.filter` leaves out is no slip, and is left out too.

    Raises
    ------
    DataError
        Naming every unit of the table that is not in the data, with the name that was probably meant.
    """
    have = set(panel.units)
    everywhere = column_of(rows, data.unit_column).distinct if data.unit_column else ()
    known = have | {text_of(cell) for cell in everywhere}
    unknown = sorted({name for pair in found.pairs for name in pair} - known)
    if unknown:
        raise DataError([
            Problem(f"{found.path} names {name!r}, which is not among the units of the data",
                    did_you_mean(name, sorted(known)), PLACE) for name in unknown
        ])  # fmt: skip
    return replace(panel, neighbours=tuple(pair for pair in found.pairs if have.issuperset(pair)))


def _columns(table: NeighbourTable) -> dict[str, str]:
    """Return the columns of a pair, each with the dotted key that names it."""
    return {table.unit: f"{PLACE}.unit", table.neighbour: f"{PLACE}.neighbour"}


def _faults(
    rows: pandas.DataFrame, units: Iterable[str], others: Iterable[str], table: NeighbourTable
) -> Iterator[Problem]:
    """Yield rows that hold no pair."""
    for row, unit, other in zip(rows.index, units, others, strict=True):
        if not unit or not other:
            column = table.neighbour if unit else table.unit
            yield Problem(f"row {int(row):,} has no name in the column {column!r}", "fill it in, or remove the row",
                          f"{PLACE}.{'neighbour' if unit else 'unit'}")  # fmt: skip
        elif unit == other:
            yield Problem(f"row {int(row):,} says that {unit} adjoins itself", "remove the row", PLACE)
