"""From the rows of any source to a Panel: filter, read, check everything at once, and bring to unit and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.periods import as_pandas, format_period
from evalkit.records import Measure, Panel
from evalkit.sources.aggregation import one_row_per_cell
from evalkit.sources.columns import Data, Intervention, Outcome, needed_columns
from evalkit.sources.exposure import Exposure, join_problems
from evalkit.sources.exposure_jumps import jump_problems
from evalkit.sources.filters import kept_rows
from evalkit.sources.gaps import declared_gaps
from evalkit.sources.inputs import listed, missing_columns
from evalkit.sources.leaving_out import indicator_names, kept_periods, units_left_out, with_indicators
from evalkit.sources.reading import read_keys, read_values
from evalkit.sources.repeated import names_of_columns, number_of_rows
from evalkit.sources.request import Request
from evalkit.sources.simulated import SIMULATED_COLUMN
from evalkit.sources.treatment import first_times

if TYPE_CHECKING:
    import numpy
    import pandas

RESERVED = frozenset({"unit", "period", "time", "value", "exposure", "first_treated", "first_time", "weight", "cluster",
                      "observation"})  # fmt: skip
"""Columns of every panel: a covariate cannot have such a name."""


def build_panel(
    data: Data,
    rows: pandas.DataFrame,
    outcome_id: str,
    outcome: Outcome,
    intervention: Intervention | None,
    origin: str = "",
    sha256: str = "",
    exposure: Exposure | None = None,
) -> Panel:
    """Return one row per unit and period.

    Parameters
    ----------
    data : Data
        The study's `data` block; keys that a design gives in its place are merged before, by `model_copy`.
    rows : pandas.DataFrame
        Rows as `data.rows` gives them, text unread; the index is the row's number for messages.
    outcome_id : str
        Key of the outcome in the YAML.
    outcome : Outcome
        What is counted or measured.
    intervention : Intervention or None
        When it started; none where nothing is treated.
    origin, sha256 : str
        Where the rows come from and the hash of what was read.
    exposure : Exposure or None
        The table that the outcome's `exposure` names, where it is one of `data.exposures`.

    Raises
    ------
    DataError
        All problems of a stage at once: columns, then filters, then cells, then starts and repeated rows.

    Notes
    -----
    What `value` and `exposure` become, by kind, where a unit has several rows in a period:

    ===========================  ===========================================  =========================
    kind                         value                                        exposure
    ===========================  ===========================================  =========================
    count                        sum of the column                            sum
    count, `count: rows`         number of rows that pass both filters; 0     the rows must agree
                                 where the data cover the period
    rate with exposure           per * sum of the column / sum of exposure    sum
    rate without exposure        the column is the rate already               1
    proportion, continuous       mean weighted by exposure; without exposure  sum
                                 several rows are an error
    binary                       share of ones, and the kind is proportion    sum, or number of rows
    ===========================  ===========================================  =========================

    An exposure that is joined from a table of its own counts once for each unit and period, however many rows fall
    there. A repeated cross-section keeps its rows, numbered in `observation`. Periods without rows stay away (only
    `count: rows` fills them, and says so in `notes`): `Panel.require_complete` names them when a design needs them.
    """
    if exposure is None and outcome.exposure in data.exposures:
        raise ValueError(f"read data.exposures.{outcome.exposure} by read_exposure and give it as `exposure`")
    request = Request(data, outcome_id, outcome, data.placed(intervention), exposure)
    try:
        return _build(request, rows, origin, sha256)
    except DataError as error:
        raise error.in_file(data.file) from None


def _build(request: Request, rows: pandas.DataFrame, origin: str, sha256: str) -> Panel:
    data, outcome = request.data, request.outcome
    _require_columns(request, rows)
    made_up = SIMULATED_COLUMN in rows.attrs.get("columns", ())
    request.notes.extend(rows.attrs.get("notes", ()))
    rows, kept = _filtered(request, rows)
    keys, problems = read_keys(request, rows)
    if not problems:
        rows, kept, keys = _without_gaps(request, rows, kept, keys)
        rows, kept, keys = _settled(request, rows, kept, keys)
        problems += _too_few_periods(keys["time"], data.frequency)
    table, faults = read_values(request, rows, kept, keys, named=not problems)
    if problems or faults:
        raise DataError([*problems, *faults])
    starts, notes = first_times(request.intervention, rows, keys, data.frequency, units_left_out(data))
    request.notes.extend(notes)
    frame, kind = one_row_per_cell(request, table, keys)
    jumps = jump_problems(request, frame)
    if jumps:
        raise DataError(jumps)
    finished = with_indicators(data, _finished(frame, starts, data.frequency, request.covariates))
    return Panel(
        frame=finished,
        outcome=Measure(request.outcome_id, outcome.label, _unit(outcome), kind, outcome.better, outcome.per),
        frequency=data.frequency, origin=origin or data.origin(), sha256=sha256,
        covariates=(*request.covariates, *indicator_names(data)),
        gaps=tuple(declared_gaps(data)), simulated=data.simulated or made_up, notes=tuple(request.notes),
        bounded=frozenset(request.bounded), period_names=data.period_names,
        unit_label=data.unit_label or "",
    )  # fmt: skip


def _require_columns(request: Request, rows: pandas.DataFrame) -> None:
    """Check that every named column is there, the period is declared, and covariates have names of their own."""
    data = request.data
    columns = needed_columns(data, {request.outcome_id: request.outcome}, request.intervention)
    there = names_of_columns(rows)
    known = {name: where for name, where in columns.items() if name not in there}
    problems = missing_columns(known, [*rows.attrs.get("columns", []), *there])
    problems += [Problem(f"{name} was not read", "name it when loading", where)
                 for name, where in known.items() if name in rows.attrs.get("columns", [])]  # fmt: skip
    problems += [Problem(f"a covariate cannot be called {name!r}", "rename the column", "data.covariates")
                 for name in request.covariates if name in RESERVED]  # fmt: skip
    problems += join_problems(data, request.outcome_id, request.outcome)
    if request.joined is not None and request.joined.name in [*rows.attrs.get("columns", []), *there]:
        problems.append(Problem(f"{request.joined.name!r} is both a table of data.exposures and a column of the data",
                                "give the table another name", f"data.exposures.{request.joined.name}"))  # fmt: skip
    if data.period is None and data.period_column is None:
        problems.append(Problem("no column of periods is declared", "say which `period` column holds the dates, or "
                                "`period: {start: 2019-01, frequency: month}`", "data.period"))  # fmt: skip
    if data.period_column is None and request.counts_rows:
        found = "rows that are counted cannot follow one another"
        problems.append(Problem(found, "name the `period` column", "data.period"))
    if request.counts_rows and request.keeps_rows:
        problems.append(Problem("rows are either counted or observations of their own", "leave out `count: rows` or "
                                "`sampling: repeated_cross_section`", "data.sampling"))  # fmt: skip
    if problems:
        raise DataError(problems)


def _filtered(request: Request, rows: pandas.DataFrame) -> tuple[pandas.DataFrame, numpy.ndarray]:
    """Return the rows that matter, and which of them pass the outcome's filter.

    Rows that are counted keep those outside the outcome's filter: they show which units and periods are covered.
    """
    import numpy

    data, outcome = request.data, request.outcome
    if rows.empty:
        raise DataError("there are no rows below the header", "fetch the data again", "rows")
    if data.filter:
        kept = kept_rows(data, rows, data.filter, "data.filter")
        passing = f"{number_of_rows(rows, kept):,} of {number_of_rows(rows):,}"
        request.notes.append(f"{passing} rows pass the filter of the data.")
        rows = rows[kept]
    if not outcome.filter:
        return rows, numpy.ones(len(rows), dtype="bool")
    kept = kept_rows(data, rows, outcome.filter, f"outcomes.{request.outcome_id}.filter")
    passing = f"{number_of_rows(rows, kept):,} of {number_of_rows(rows):,}"
    request.notes.append(f"{passing} rows pass the filter of the outcome.")
    return (rows, kept) if request.counts_rows else (rows[kept], numpy.ones(int(kept.sum()), dtype="bool"))


def _without_gaps(
    request: Request, rows: pandas.DataFrame, kept: numpy.ndarray, keys: pandas.DataFrame
) -> tuple[pandas.DataFrame, numpy.ndarray, pandas.DataFrame]:
    """Return the rows outside declared holes; a row inside one is left out, and a note says so."""
    import numpy

    gaps = declared_gaps(request.data)
    unknown = sorted({unit for _, _, unit in gaps if unit is not None} - set(keys["unit"].cat.categories))
    if unknown:
        raise DataError(f"{listed(unknown)} is not among the units of the data", "check the names", "data.gaps")
    inside = numpy.zeros(len(keys), dtype="bool")
    for time, _, unit in gaps:
        here = (keys["time"] == time).to_numpy()
        inside |= here if unit is None else here & (keys["unit"] == unit).to_numpy()
    if not inside.any():
        return rows, kept, keys
    request.notes.append(f"{number_of_rows(rows, inside):,} rows in declared gaps were left out.")
    keys = keys[~inside].assign(unit=lambda frame: frame["unit"].cat.remove_unused_categories())
    return rows[~inside], kept[~inside], keys


def _settled(
    request: Request, rows: pandas.DataFrame, kept: numpy.ndarray, keys: pandas.DataFrame
) -> tuple[pandas.DataFrame, numpy.ndarray, pandas.DataFrame]:
    """Return the rows without newest periods that settle, and without those that a declared break excludes."""
    stay = kept_periods(request, keys)
    if stay.all():
        return rows, kept, keys
    keys = keys[stay].assign(unit=lambda frame: frame["unit"].cat.remove_unused_categories())
    return rows[stay], kept[stay], keys


def _too_few_periods(times: pandas.Series[int], frequency: str) -> list[Problem]:
    if times.nunique() > 1:
        return []
    found = f"only one period ({format_period(int(times.iloc[0]), frequency)})" if len(times) else "no period"
    return [Problem(f"the data have {found}", "there must be periods before the start and from it on; "
                    "check `frequency` and `filter`", "period")]  # fmt: skip


def _finished(
    frame: pandas.DataFrame, starts: Mapping[str, float], frequency: str, covariates: Sequence[str]
) -> pandas.DataFrame:
    """Return the panel's table in its order of rows and columns, with periods and starts filled in."""
    import pandas

    frame = frame.reset_index(drop=True)
    frame["unit"] = frame["unit"].astype(str)
    frame["cluster"] = frame["cluster"].astype(str)
    frame["period"] = as_pandas(frame["time"], frequency)
    frame["first_time"] = frame["unit"].map(dict(starts)).astype("float64")
    if frequency == "number":
        frame["first_treated"] = frame["first_time"]
    else:
        treated = pandas.Series(as_pandas(frame["first_time"].fillna(0), frequency))
        frame["first_treated"] = treated.where(frame["first_time"].notna())
    observation = ["observation"] if "observation" in frame else []
    return frame[["unit", "period", "time", "value", "exposure", "first_treated", "first_time", "weight", "cluster",
                  *observation, *covariates]]  # fmt: skip


def _unit(outcome: Outcome) -> str:
    """Return what one value counts; a rate says per how many."""
    if outcome.unit is not None:
        return outcome.unit
    return f"per {outcome.per:,.10g}" if outcome.kind == "rate" and outcome.exposure else ""
