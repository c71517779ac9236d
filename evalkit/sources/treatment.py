"""When each unit was first treated, in any of the four ways in which a study may say it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.periods import EXAMPLES, format_period, words_for
from evalkit.sources.cells import column_of, marked_cells, numbers_of
from evalkit.sources.columns import Intervention
from evalkit.sources.dates import starts_of, time_in
from evalkit.sources.inputs import did_you_mean, listed

if TYPE_CHECKING:
    import numpy
    import pandas

MANY = 5
"""Names that are no units are told one by one up to so many."""


def first_times(
    intervention: Intervention | None, rows: pandas.DataFrame, table: pandas.DataFrame, frequency: str,
    left_out: frozenset[str] = frozenset(),
) -> tuple[dict[str, float], list[str]]:  # fmt: skip
    """Return the first treated period of each unit (NaN: never within the data), and notes.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows as written, for the columns that say when treatment starts.
    table : pandas.DataFrame
        The same rows as `unit` and `time`.
    left_out : frozenset of str
        Units that the study itself leaves out: the study file may give their starts all the same.

    Raises
    ------
    DataError
        When a start names no unit of the data, differs within a unit, is undone later, or none lies in the data.
    """
    units = [str(unit) for unit in table["unit"].cat.categories]
    if intervention is None:
        return dict.fromkeys(units, math.nan), []
    if intervention.start_column:
        found = _from_start_column(intervention.start_column, rows, table, frequency)
    elif intervention.treated_column:
        found = _from_treated_column(intervention.treated_column, rows, table, frequency)
    else:
        found = _from_study(intervention, units, frequency, left_out)
    return _within(found, int(table["time"].min()), int(table["time"].max()), frequency, intervention)


def _from_study(
    intervention: Intervention, units: list[str], frequency: str, left_out: frozenset[str]
) -> dict[str, float]:
    """Return starts that stand in the study file: one for all units, or by unit."""
    if intervention.starts is None:
        return dict.fromkeys(units, float(_period(intervention.start, frequency, "intervention.start")))
    starts = {unit: start for unit, start in intervention.starts.items() if unit in units or unit not in left_out}
    problems = _unknown([unit for unit in starts if unit not in units], units)
    found = dict.fromkeys(units, math.nan)
    for unit, start in starts.items():
        try:
            if not (start is None or str(start).startswith("never")):
                found[unit] = float(_period(start, frequency, f"intervention.starts.{unit}"))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return found


def _unknown(names: list[str], units: list[str]) -> list[Problem]:
    """Return that names are no units of the data: each with the nearest, or, where there are many, all in one."""
    one_series = "the data are one series: say `start`, or name the column of the units in `data.unit`"
    if len(names) > MANY and units != [""]:
        found = f"{len(names):,} names are not among the units of the data: {listed(names, MANY)}"
        mend = f"spell them as the data do ({listed(units, MANY)}), or name the column that has these in `data.unit`"
        return [Problem(found, mend, "intervention.starts")]
    return [Problem(f"{name!r} is not among the units of the data",
                    did_you_mean(name, units) if units != [""] else one_series, f"intervention.starts.{name}")
            for name in names]  # fmt: skip


def _period(value: object, frequency: str, where: str) -> int:
    time = time_in(value, frequency)
    if time is None:
        found = f"{str(value)!r} is not a {words_for(frequency)}"
        raise DataError(found, f"write it such as {EXAMPLES[frequency]}", where)
    return time


def _from_start_column(name: str, rows: pandas.DataFrame, table: pandas.DataFrame, frequency: str) -> dict[str, float]:
    """Return the start that each unit's rows agree on."""
    starts, problems = starts_of(column_of(rows, name), frequency)
    if problems:
        raise DataError(problems)
    pairs = table[["unit"]].assign(start=starts).drop_duplicates().sort_values(["unit", "start"])
    for unit, found in pairs.groupby("unit", observed=True, sort=True)["start"]:
        if len(found) > 1:
            shown = ["never" if math.isnan(start) else format_period(int(start), frequency) for start in found]
            name_there = str(unit) or "the series"
            problems.append(Problem(f"{name_there} has several starts: {listed(shown, 5)}",
                                    "give every row of a unit the same first treated period", name))  # fmt: skip
    if problems:
        raise DataError(problems)
    return {str(unit): float(start) for unit, start in zip(pairs["unit"], pairs["start"], strict=True)}


def _from_treated_column(
    name: str, rows: pandas.DataFrame, table: pandas.DataFrame, frequency: str
) -> dict[str, float]:
    """Return the first period in which each unit's column is 1; it must stay 1."""
    marks = _marks(name, rows)
    cells = table[["unit", "time"]].assign(mark=marks)
    spread = cells.groupby(["unit", "time"], observed=True, sort=True)["mark"].agg(["min", "max"]).reset_index()
    mixed = spread[spread["min"] != spread["max"]]
    if len(mixed):
        unit, time = mixed.iloc[0]["unit"], int(mixed.iloc[0]["time"])
        raise DataError(f"both 0 and 1 for {_place(unit, time, frequency)}", "give the rows of a unit and period the "
                        "same value", name)  # fmt: skip
    spread["first"] = spread["time"].where(spread["max"] == 1)
    first = spread.groupby("unit", observed=True)["first"].min()
    began = spread["unit"].map(first).astype("float64")
    undone = spread[(spread["time"] > began) & (spread["max"] == 0)]
    if len(undone):
        raise DataError([
            Problem(f"{_place(unit, int(times.iloc[0]), frequency)} is 0 after it was 1 in "
                    f"{format_period(int(first[unit]), frequency)}", "treatment must stay on: end the data before it "
                    "stops, or leave the unit out", name)
            for unit, times in undone.groupby("unit", observed=True)["time"]
        ])  # fmt: skip
    return {str(unit): float(time) for unit, time in first.items()}


def _marks(name: str, rows: pandas.DataFrame) -> numpy.ndarray:
    """Return the column as 0 and 1; words for them are accepted."""
    import numpy

    read = numbers_of(rows, name, truth=True)
    values, column = read.values, read.column
    bad = ~numpy.isin(values, [0.0, 1.0])
    if bad.any():
        mend = "write 1 from the first treated period on and 0 before it"
        raise DataError(marked_cells("neither 0 nor 1", bad, column.show, mend, name))
    return values


def _within(
    found: dict[str, float], first: int, last: int, frequency: str, intervention: Intervention
) -> tuple[dict[str, float], list[str]]:
    """Return the starts, those after the data as never, when at least one divides the data into before and after."""
    where = f"intervention.{intervention.way}"
    run = f"data run from {format_period(first, frequency)} to {format_period(last, frequency)}"
    starts = sorted({int(start) for start in found.values() if not math.isnan(start)})
    if not starts:
        raise DataError(f"no unit is ever treated; {run}", "check the starts", where)
    if not any(first < start <= last for start in starts):
        shown = listed([format_period(start, frequency) for start in starts], 5)
        raise DataError(f"treatment starts in {shown}; {run}", "there must be periods before the start and from it on",
                        where)  # fmt: skip
    late = [unit for unit, start in found.items() if start > last]
    notes = [f"Treated only after the last period, so counted as not treated here: {listed(late)}."] if late else []
    return {unit: math.nan if start > last else start for unit, start in found.items()}, notes


def _place(unit: object, time: int, frequency: str) -> str:
    return f"{unit} {format_period(time, frequency)}".strip()
