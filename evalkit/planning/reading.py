"""The data of a study that is being planned: its start may lie after the last period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, DesignError, EvalkitError
from evalkit.periods import parse_period
from evalkit.sources import build_panel, load, needed_columns, read_exposure

if TYPE_CHECKING:
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
        start = study.intervention.start
        if start is None or not any(problem.where.startswith("intervention") for problem in error.problems):
            raise
        before = _built(study, request.outcome, None, folders)
        if parse_period(start, before.frequency) <= before.times[-1]:
            raise
        return before


def power_of(spec: Spec, replications: int | None = None) -> dict[str, Any]:
    """Return the power of a study's primary analysis; see `evalkit.planning.power`.

    Parameters
    ----------
    spec : Spec
        A study file, read and checked.
    replications : int or None
        Simulated series for each pair of lengths; None: the usual number.

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
        return power(request.study.needed_design, panel, replications=replications or REPLICATIONS)  # type: ignore[arg-type]
    except EvalkitError as error:
        raise spec.located(error) from None


def _built(study: Study, outcome_id: str, intervention: Any, folders: Folders) -> Panel:
    data, outcome = study.needed_data, study.outcomes[outcome_id]
    rows, origin, sha256 = load(data, folders, needed_columns(data, study.outcomes, intervention))
    joined = outcome.exposure is not None and outcome.exposure in data.exposures
    exposure = read_exposure(data, outcome.exposure, folders) if joined and outcome.exposure else None
    return build_panel(data, rows, outcome_id, outcome, intervention, origin, sha256, exposure)
