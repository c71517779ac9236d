"""The data of a study that is being planned: its start may lie after the last period."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, DesignError, EvalkitError
from evalkit.periods import parse_period
from evalkit.sources import (
    build_panel,
    load,
    needed_columns,
    read_exposure,
    read_neighbours,
    read_roll_out,
    with_neighbours,
    with_starts,
)

if TYPE_CHECKING:
    import pandas

    from evalkit.records import Panel
    from evalkit.sources.folders import Folders
    from evalkit.spec.loading import AnalysisRequest, Spec
    from evalkit.spec.study import Study


def panel_of(request: AnalysisRequest, folders: Folders) -> Panel:
    """Return the panel of an analysis; where its start is yet to come, one in which nothing is treated.

    Parameters
    ----------
    request : AnalysisRequest
    folders : Folders
        Where the data may lie.

    Raises
    ------
    DataError
        When the data do not fit the study file.
    """
    study = request.study
    assert study.intervention is not None
    try:
        return _built(study, request.outcome, study.intervention, folders)
    except DataError as error:
        if not any(problem.where.startswith("intervention") for problem in error.problems):
            raise
        before = _built(study, request.outcome, None, folders)
        if study.needed_design.kind == "difference_in_differences":
            planned = _planned(study, before, folders)
            if planned is None:
                raise
            return planned
        start = study.intervention.start
        if start is None or parse_period(start, before.frequency) <= before.times[-1]:
            raise
        return before


def _planned(study: Study, panel: Panel, folders: Folders) -> Panel | None:
    """Return the panel with starts that all lie after its last period; None where they do not, or none is known."""
    import numpy

    intervention = study.intervention
    assert intervention is not None
    if intervention.start_table is not None:
        data = study.needed_data
        rows, _, _ = load(data, folders, needed_columns(data, study.outcomes, None))
        intervention = _begun(study, intervention, rows, folders)
    if intervention.starts is not None:
        found = {unit: _time(start, panel.frequency) for unit, start in intervention.starts.items()}
    elif intervention.start_column is not None:
        found = _from_column(study, panel, folders)
    else:
        return None
    if set(found) - set(panel.units):
        return None  # The problem that was found names the unit and those that there are.
    planned = {unit: time for unit, time in found.items() if time is not None}
    if not planned or min(planned.values()) <= panel.times[-1]:
        return None
    first = panel.frame["unit"].astype(str).map(planned).astype(float)
    note = "The start lies after the last period: nothing after it is known yet."
    frame = panel.frame.assign(first_time=numpy.asarray(first))
    return dataclasses.replace(panel, frame=frame, notes=(*panel.notes, note))


def _time(start: object, frequency: str) -> int | None:
    """Return a start as a period, None for never."""
    return None if start is None or str(start).startswith("never") else parse_period(str(start), frequency)


def _from_column(study: Study, panel: Panel, folders: Folders) -> dict[str, int | None]:
    """Return the start that stands in the rows of each unit; of several the last, as another check names them."""
    from evalkit.sources.cells import column_of
    from evalkit.sources.dates import starts_of

    data, intervention = study.needed_data, study.intervention
    assert intervention is not None
    assert intervention.start_column is not None
    if data.unit is None:
        return {}
    rows, _, _ = load(data, folders, needed_columns(data, study.outcomes, intervention))
    starts, problems = starts_of(column_of(rows, intervention.start_column), panel.frequency)
    if problems:
        raise DataError(problems)
    units = [str(unit).strip() for unit in rows[data.unit]]
    kept = set(panel.units)
    return {unit: None if start != start else int(start)
            for unit, start in zip(units, starts, strict=True) if unit in kept}  # fmt: skip


def power_of(spec: Spec, replications: int | None = None, after: int | None = None) -> dict[str, Any]:
    """Return the power of a study's primary analysis; see `evalkit.planning.power`.

    Parameters
    ----------
    spec : Spec
        A study file, read and checked.
    replications : int or None
        Simulated series or panels for each cell; None: the usual number.
    after : int or None
        Periods watched from the (last) start on; None: several lengths of a series, those of the data, or a year.

    Raises
    ------
    DataError, DesignError
        With the place in the study file, as far as it has one.
    """
    from evalkit.planning import REPLICATIONS, power

    if not spec.requests:
        raise spec.located(DesignError(f"{spec.study.design.kind} has no data and nothing to plan for",
                                       "choose a design with data", "design.kind"))  # fmt: skip
    request = spec.requests[0]
    try:
        panel = panel_of(request, spec.folders)
        design: Any = request.study.needed_design
        return power(design, panel, replications=replications or REPLICATIONS, after=after)
    except EvalkitError as error:
        raise spec.located(error) from None


def _begun(study: Study, intervention: Any, rows: pandas.DataFrame, folders: Folders) -> Any:
    """Return the intervention with the starts of its roll-out table, where it names one."""
    if intervention is None or intervention.start_table is None:
        return intervention
    data = study.needed_data
    return with_starts(intervention, read_roll_out(intervention.start_table, data.frequency, folders), data, rows)[0]


def _built(study: Study, outcome_id: str, intervention: Any, folders: Folders) -> Panel:
    data, outcome = study.needed_data, study.outcomes[outcome_id]
    rows, origin, sha256 = load(data, folders, needed_columns(data, study.outcomes, intervention))
    intervention = _begun(study, intervention, rows, folders)
    joined = outcome.exposure is not None and outcome.exposure in data.exposures
    exposure = read_exposure(data, outcome.exposure, folders) if joined and outcome.exposure else None
    panel = build_panel(data, rows, outcome_id, outcome, intervention, origin, sha256, exposure)
    table = data.neighbour_table
    return panel if table is None else with_neighbours(panel, read_neighbours(table, folders), data, rows)
