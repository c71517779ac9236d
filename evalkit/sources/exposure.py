"""Exposure that stands in another file than the outcome: read, checked, and joined to units and periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.periods import first_date, format_period, parse_period, spell_periods, words_for
from evalkit.sources.columns import Data, Outcome, Period
from evalkit.sources.csv import CsvData
from evalkit.sources.excel import ExcelData
from evalkit.sources.files import FileData
from evalkit.sources.filters import kept_rows
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean, listed
from evalkit.sources.loading import load
from evalkit.sources.parquet import ParquetData
from evalkit.sources.reading import read_keys, read_values
from evalkit.sources.request import Request
from evalkit.sources.side_tables import ExposureTable

if TYPE_CHECKING:
    import pandas

_KEY = ["unit", "time"]
_FINER = {"year": ("day", "week", "month", "quarter", "financial_year"),
          "financial_year": ("day", "week", "month", "quarter")}  # fmt: skip
"""By the frequency of a table of yearly values: frequencies to which `carry: year` takes them."""
_MANY = 12
"""More units than this that a table lacks are no slips of spelling: they are named together."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """An exposure table as read.

    Attributes
    ----------
    name : str
        Its key under `data.exposures`.
    table : ExposureTable
        What the study says of it.
    frequency : str
        Length of its periods; that of the data where it has none.
    values : pandas.Series
        Exposure, above 0, by `unit` (empty text for one series) and `time` (0 throughout where it has no periods).
    sha256 : str
        Hash of the file.
    """

    name: str
    table: ExposureTable
    frequency: str
    values: pandas.Series[float]
    sha256: str

    def ends(self) -> tuple[str, str]:
        """Return its first and last period as text, empty where it has none."""
        if self.table.period is None:
            return "", ""
        times = self.values.index.get_level_values("time")
        return format_period(int(times.min()), self.frequency), format_period(int(times.max()), self.frequency)

    def time_for(self, time: int, frequency: str) -> int:
        """Return the period of the table whose value counts in a period of the data."""
        if self.table.period is None:
            return 0
        return time if frequency == self.frequency else parse_period(first_date(time, frequency), self.frequency)

    def note(self, frequency: str) -> str:
        """Return in a sentence what was joined, for `Panel.notes`."""
        how = ""
        if self.table.period is None:
            how = " (the same value in every period)"
        elif frequency != self.frequency:
            values = "yearly values" if self.frequency == "year" else "values of financial years"
            how = f" ({values} carried to {words_for(frequency, 2)})"
        return f"{self.name} joined from {self.table.path}{how}."


def exposure_inputs(data: Data, folders: Folders) -> list[Input]:
    """Return the files of every exposure table, for hashing.

    Raises
    ------
    DataError
        When one does not exist or lies outside the project.
    """
    found, problems = [], []
    for name, table in data.exposures.items():
        try:
            found += _source(data, table).inputs(folders)
        except DataError as error:
            problems += [_placed(problem, name, table) for problem in error.problems]
    if problems:
        raise DataError(problems)
    return found


def exposure_problems(data: Data, outcomes: Mapping[str, Outcome], folders: Folders) -> list[Problem]:
    """Return what is wrong with exposure tables as far as a cheap look shows: files, columns, what cannot be joined."""
    problems = []
    for name, table in data.exposures.items():
        found = _source(data, table).preflight(folders, _columns(name, table))
        problems += [*_mismatches(data, name, table), *(_placed(problem, name, table) for problem in found)]
    for outcome_id, outcome in outcomes.items():
        problems += join_problems(data, outcome_id, outcome)
    return problems


def join_problems(data: Data, outcome_id: str, outcome: Outcome) -> list[Problem]:
    """Return why a joined exposure would mean nothing for an outcome."""
    if outcome.exposure not in data.exposures:
        return []
    where, problems = f"outcomes.{outcome_id}.exposure", []
    if outcome.kind not in ("count", "rate"):
        problems.append(Problem(f"an exposure table cannot be joined to a {outcome.kind}",
                                "give cases as `kind: count`, or as `kind: rate` with `per`", where))  # fmt: skip
    if data.sampling == "repeated_cross_section":
        problems.append(Problem("an exposure table holds one value for each unit and period, and here every row stays "
                                "an observation", "leave out `sampling: repeated_cross_section`", where))  # fmt: skip
    return problems


def read_exposure(data: Data, name: str, folders: Folders) -> Exposure:
    """Return one exposure table as numbers by unit and period.

    Parameters
    ----------
    data : Data
        The study's `data` block.
    name : str
        Key of the table under `data.exposures`.
    folders : Folders
        Where files may lie.

    Raises
    ------
    DataError
        When its units or periods are not those of the data, or the file cannot be read, lacks a column, repeats a
        unit and period, or holds cells that are no number above 0.
    """
    table = data.exposures[name]
    problems = list(_mismatches(data, name, table))
    if problems:
        raise DataError(problems)
    try:
        return _read(data, name, folders)
    except DataError as error:
        raise DataError([_placed(problem, name, table) for problem in error.problems]) from None


def with_exposure(exposure: Exposure, table: pandas.DataFrame, frequency: str) -> pandas.DataFrame:
    """Return the panel's table, one row for each unit and period, with the joined exposure in `exposure`.

    Raises
    ------
    DataError
        Naming every unit and period of the panel for which the exposure table has no value.
    """
    import numpy
    import pandas

    times = {time: exposure.time_for(int(time), frequency) for time in table["time"].unique()}
    wanted = pandas.MultiIndex.from_arrays([table["unit"].astype(object), table["time"].map(times)], names=_KEY)
    found = exposure.values.reindex(wanted).to_numpy()
    absent = numpy.isnan(found)
    if absent.any():
        raise DataError(list(_unmatched(exposure, table.loc[absent, _KEY], frequency)))
    return table.assign(exposure=found)


def _source(data: Data, table: ExposureTable) -> FileData:
    """Return the table as a source of rows, by the ending of its file."""
    # Where the table has no periods its rows only need some: what they are is dropped again.
    period = Period(start=0, frequency="number")
    if table.period is not None:
        period = Period(column=table.period_column, frequency=table.frequency_in(data.frequency))
    shared: dict[str, Any] = {"path": table.path, "sha256": table.sha256, "unit": table.unit, "period": period,
                              "filter": table.filter}  # fmt: skip
    if table.kind == "excel":
        return ExcelData(source="excel", sheet=table.sheet, header_row=table.header_row, **shared)
    if table.kind == "parquet":
        return ParquetData(source="parquet", **shared)
    return CsvData(source="csv", separator=table.separator, header_row=table.header_row, **shared)


def _columns(name: str, table: ExposureTable) -> dict[str, str]:
    """Return the columns of the table that the study names, each with the dotted key that names it."""
    place = f"data.exposures.{name}"
    named = {table.column: f"{place}.column", **{column: f"{place}.filter.{column}" for column in table.filter}}
    if table.period_column is not None:
        named[table.period_column] = f"{place}.period"
    return named if table.unit is None else named | {table.unit: f"{place}.unit"}


def _placed(problem: Problem, name: str, table: ExposureTable) -> Problem:
    """Return a problem of the table's file as one of this table among the keys of the study."""
    place = f"data.exposures.{name}"
    where = problem.where
    if where.startswith("data.") and not where.startswith(place):
        where = f"{place}.{where.removeprefix('data.')}"
    return replace(problem, where=where, file=problem.file or table.path)


def _mismatches(data: Data, name: str, table: ExposureTable) -> Iterator[Problem]:
    """Yield why units or periods of the table cannot be those of the data."""
    place = f"data.exposures.{name}"
    if data.unit_column and not table.unit:
        found = "does not say which column names the unit"
        yield Problem(found, "the data have several units: add `unit: COLUMN`", f"{place}.unit")
    if table.unit and not data.unit_column:
        mend = "leave `unit` out and keep the rows of the series by `filter`"
        yield Problem("the data are one series without a unit", mend, f"{place}.unit")
    theirs, ours = table.frequency_in(data.frequency), data.frequency
    carried = ours in _FINER.get(theirs, ())
    if table.period is not None and theirs != ours and not (table.carry and carried):
        found = f"its periods are {words_for(theirs, 2)}, those of the data {words_for(ours, 2)}"
        mend = (f"say `carry: year`: each {words_for(ours)} then has the value of the {words_for(theirs)} in which it "
                "begins" if carried else f"give one value for each {words_for(ours)}")  # fmt: skip
        yield Problem(found, mend, f"{place}.period")


def _read(data: Data, name: str, folders: Folders) -> Exposure:
    import numpy

    table = data.exposures[name]
    source = _source(data, table)
    rows, _, sha256 = load(source, folders, _columns(name, table))
    if rows.empty:
        raise DataError("there are no rows below the header", "fetch the table again", "rows")
    if table.filter:
        rows = rows[kept_rows(source, rows, table.filter, f"data.exposures.{name}.filter")]
    request = Request(source, name, Outcome(label=name, count="rows", exposure=table.column), None)
    keys, problems = read_keys(request, rows)
    named = table.period is not None and not problems
    cells, faults = read_values(request, rows, numpy.ones(len(rows), dtype="bool"), keys, named=named)
    if problems or faults:
        raise DataError([*problems, *faults])
    cells = cells.assign(unit=cells["unit"].astype(object))
    if table.period is None:
        cells["time"] = 0
    _refuse_repeated(cells, table, source.frequency)
    return Exposure(name, table, source.frequency, cells.set_index(_KEY)["exposure"], sha256)


def _refuse_repeated(cells: pandas.DataFrame, table: ExposureTable, frequency: str) -> None:
    """Check that no unit and period has two values."""
    repeated = cells[cells.duplicated(_KEY, keep=False)].sort_values([*_KEY, "row"])
    if repeated.empty:
        return
    first, second = repeated.iloc[0], repeated.iloc[1]
    period = "" if table.period is None else format_period(int(first["time"]), frequency)
    others = len(repeated.drop_duplicates(_KEY)) - 1
    more = f" ({others:,} more are repeated)" if others else ""
    place = f"{first['unit']} {period}".strip() or "the series"
    found = f"{place} stands in rows {first['row']:,} and {second['row']:,}{more}"
    mend = "an exposure has one value for each unit and period: leave rows out by `filter`, or add them up first"
    raise DataError(found, mend, table.column)


def _unmatched(exposure: Exposure, absent: pandas.DataFrame, frequency: str) -> Iterator[Problem]:
    """Yield what the table lacks: units by their names, then periods of units that it does have."""
    path, place = exposure.table.path, f"data.exposures.{exposure.name}"
    there = sorted(set(exposure.values.index.get_level_values("unit")))
    missing = {str(unit): sorted(int(time) for time in times)
               for unit, times in absent.astype({"unit": object}).groupby("unit")["time"]}  # fmt: skip
    unknown = [unit for unit in missing if unit not in there]
    if len(unknown) > _MANY:
        yield Problem(f"{path} lacks {len(unknown):,} units of the data: {listed(unknown, _MANY)}",
                      f"name the column that spells them alike; it has {listed(there, _MANY)}",
                      f"{place}.unit")  # fmt: skip
        unknown = []
    together: dict[tuple[int, ...], list[str]] = {}
    for unit, times in missing.items():
        if unit in unknown:
            yield Problem(f"{path} has no unit {unit!r}, which the data have for {spell_periods(times, frequency)}",
                          did_you_mean(unit, there), f"{place}.unit")  # fmt: skip
        elif unit in there:
            together.setdefault(tuple(times), []).append(unit)
    for lacking, units in together.items():
        of = f"for {listed(units)} " if exposure.table.unit else ""
        yield Problem(f"{path} has no value {of}in {spell_periods(lacking, frequency)}",
                      "add its rows, or leave these periods out of the data by `data.filter`", place)  # fmt: skip
