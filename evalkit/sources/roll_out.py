"""When each unit starts, from a roll-out table in a file of its own: read, checked and set against the data's units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.periods import format_period
from evalkit.sources.cells import column_of
from evalkit.sources.columns import Data, Intervention
from evalkit.sources.dates import starts_of
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean, listed, nearest
from evalkit.sources.side_reading import placed, table_inputs, table_problems, table_rows, texts_of
from evalkit.sources.side_tables import StartTable

if TYPE_CHECKING:
    import pandas

PLACE = "intervention.table"


@dataclass(frozen=True)
class RollOutTable:
    """A roll-out table as read.

    Attributes
    ----------
    starts : dict of str to str or None
        First treated period of each unit, as result.json writes periods; None is never.
    path : str
        The file, as the study names it.
    sha256 : str
        Hash of the file.
    rows : int
        Rows that were read.
    """

    starts: dict[str, str | None]
    path: str
    sha256: str
    rows: int


def roll_out_inputs(intervention: Intervention | None, folders: Folders) -> list[Input]:
    """Return the file of the roll-out table, for hashing; none where the study names none.

    Raises
    ------
    DataError
        When it does not exist or lies outside the project.
    """
    table = intervention.start_table if intervention else None
    return [] if table is None else table_inputs(table, folders, PLACE)


def roll_out_problems(intervention: Intervention | None, data: Data, folders: Folders) -> list[Problem]:
    """Return what is wrong with the roll-out table as far as a cheap look shows: its file, its columns."""
    table = intervention.start_table if intervention else None
    if table is None:
        return []
    found = table_problems(table, folders, _columns(table), PLACE)
    if data.unit_column is None:
        found.append(Problem("the data are one series without a unit", "say `start` in place of a table", PLACE))
    return found


def read_roll_out(table: StartTable, frequency: str, folders: Folders) -> RollOutTable:
    """Return the start of each unit of a roll-out table.

    Parameters
    ----------
    table : StartTable
    frequency : str
        Length of the periods of the data, as which the starts are read.
    folders : Folders
        Where files may lie.

    Raises
    ------
    DataError
        When the file cannot be read or lacks a column, a unit has no name or several starts, or a start is no period.
    """
    try:
        mend = "write a row for each unit with its first treated period"
        rows, sha256 = table_rows(table, folders, _columns(table), PLACE, mend)
        units = texts_of(rows, table.unit)
        times, problems = starts_of(column_of(rows, table.start), frequency)
        starts = [None if time != time else format_period(int(time), frequency) for time in times]
        problems += _faults(rows, units, starts, table)
        if problems:
            raise DataError(problems)
    except DataError as error:
        raise placed(error, table, PLACE) from None
    return RollOutTable(dict(zip(units, starts, strict=True)), table.path, sha256, len(rows))


def with_starts(
    intervention: Intervention, found: RollOutTable, data: Data, rows: pandas.DataFrame
) -> tuple[Intervention, tuple[str, ...]]:
    """Return the intervention with the starts of a roll-out table in place of the table, and notes for the reader.

    Parameters
    ----------
    intervention : Intervention
    found : RollOutTable
    data : Data
        The study's `data` block.
    rows : pandas.DataFrame
        Rows before any filter: a unit that `data.filter` leaves out is no slip, and is left out here too.

    Raises
    ------
    DataError
        Naming every unit of the table that is not in the data with the name that was probably meant, and the units of
        the data that the table does not have.
    """
    kept = _kept(data, rows)
    known = sorted({*kept, *texts_of(rows, data.unit_column)} - {""}) if data.unit_column else []
    unknown = sorted(set(found.starts) - set(known))
    lacking = [unit for unit in kept if unit not in found.starts]
    if unknown:
        raise DataError([*_unknown(unknown, known, found.path), *_lacking(lacking, unknown, found.path)])
    notes = (f"Not in {found.path}, so counted as never treated: {listed(lacking)}.",) if lacking else ()
    starts = {unit: found.starts.get(unit) for unit in kept}
    return Intervention(starts=starts, label=intervention.label), notes


def _kept(data: Data, rows: pandas.DataFrame) -> list[str]:
    """Return the units of the rows that pass the filter of the data, in order of their names."""
    from evalkit.sources.filters import kept_rows

    left = rows[kept_rows(data, rows, data.filter, "data.filter")] if data.filter else rows
    return sorted(set(texts_of(left, data.unit_column)) - {""}) if data.unit_column else []


def _unknown(names: Sequence[str], units: Sequence[str], path: str) -> Iterator[Problem]:
    for name in names:
        yield Problem(f"{path} names {name!r}, which is not among the units of the data", did_you_mean(name, units),
                      PLACE)  # fmt: skip


def _lacking(lacking: Sequence[str], unknown: Sequence[str], path: str) -> list[Problem]:
    """Return the units of the data that the table lacks, each with the name that it may have there."""
    if not lacking:
        return []
    meant = [f"{unit} (there as {close!r}?)" if (close := nearest(unit, unknown)) else unit for unit in lacking]
    return [Problem(f"the data have {listed(lacking)}, and {path} does not",
                    f"spell units alike in both; a unit that never starts may stay away: {', '.join(meant[:12])}",
                    PLACE)]  # fmt: skip


def _columns(table: StartTable) -> dict[str, str]:
    return {table.unit: f"{PLACE}.unit", table.start: f"{PLACE}.start"}


def _faults(
    rows: pandas.DataFrame, units: Sequence[str], starts: Sequence[str | None], table: StartTable
) -> Iterator[Problem]:
    """Yield rows without a unit, and units with several starts."""
    seen: dict[str, str | None] = {}
    for row, unit, start in zip(rows.index, units, starts, strict=True):
        if not unit:
            yield Problem(f"row {int(row):,} has no name in the column {table.unit!r}", "fill it in, or remove the row",
                          f"{PLACE}.unit")  # fmt: skip
        elif seen.setdefault(unit, start) != start:
            yield Problem(f"{unit} starts {seen[unit] or 'never'} and, in row {int(row):,}, {start or 'never'}",
                          "give each unit one start", f"{PLACE}.start")  # fmt: skip
