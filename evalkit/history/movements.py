"""Every headline then and now: against the last release, or else against the run before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import archive
from evalkit.errors import DataError, EvalkitError
from evalkit.flow import input_hashes
from evalkit.history import earlier, record
from evalkit.history.causes import Run
from evalkit.history.headlines import beyond, headline_of, tolerance_of
from evalkit.history.moves import Now, move_between
from evalkit.provenance import sha256_of
from evalkit.records import Headline, Move
from evalkit.spec.loading import Spec, load_spec


@dataclass(frozen=True)
class Moved:
    """One headline then and now.

    Attributes
    ----------
    id, analysis, label : str
        Study and analysis.
    before, now : Headline
    beyond : bool
        Whether it moved further than the study tolerates.
    causes : tuple of str
        Which of data, spec, code and packages changed.
    against : str
        `release`, or `run` for the run before.
    move : Move or None
        Of the primary analysis: what the move is owed to, and what changed.
    simulated : bool
        Whether either is of made-up data: it is never `beyond`, since nobody can accept it.
    """

    id: str
    analysis: str
    label: str
    before: Headline
    now: Headline
    beyond: bool
    causes: tuple[str, ...] = ()
    against: str = "release"
    move: Move | None = None
    simulated: bool = False


def moved(study: str, project: Path, results: Path, data: str | None = None) -> list[Moved]:
    """Return how each headline moved: from the released record, or else from the run before.

    Raises
    ------
    DataError
        When there is no result, or nothing to compare it with.
    """
    folder = results / study
    last = earlier.last_run(folder)
    document = last.run.document
    if record.record_path(project, study).is_file():
        then, against = record.released(project, study), "release"
        move = _known(document, project, study)
    elif (folder / f"{earlier.PREVIOUS}json").is_file():
        then, against, move = earlier.last_run(folder, before=True), "run", None
    else:
        raise DataError(f"{study} has no released record and no run before the last", "run it again after a change")
    if move is None:
        spec = _as_run(project, study, document, data)
        move = move_between(then, Now(Run(document, last.run.text), spec, last.rows))
    old = {analysis["id"]: analysis for analysis in then.run.document["analyses"]}
    return [_moved(study, old[now["id"]], now, tolerance_of(document), against, move)
            for now in document["analyses"] if now["id"] in old]  # fmt: skip


def has_history(study: str, project: Path, results: Path) -> bool:
    """Say whether there is a release or an earlier run to compare a study with."""
    before = results / study / f"{earlier.PREVIOUS}json"
    return before.is_file() or record.record_path(project, study).is_file()


def _moved(study: str, then: Mapping[str, Any], now: Mapping[str, Any], tolerance: float, against: str,
           move: Move | None) -> Moved:  # fmt: skip
    own = move if now["role"] == "primary" else None
    simulated = then["simulated"] or now["simulated"]
    far = not simulated and beyond(then, now, tolerance)
    return Moved(study, now["id"], now["label"], headline_of(then), headline_of(now), far,
                 move.causes if move else (), against, own, simulated)  # fmt: skip


def _known(document: Mapping[str, Any], project: Path, study: str) -> Move | None:
    """Return the move that the result holds already, where it was made from the record that is there."""
    block = document.get("releases")
    if not record.stands(block, project, study):
        return None
    found = archive.read_releases(block)
    return found.move if found else None


def _as_run(project: Path, study: str, document: Mapping[str, Any], data: str | None) -> Spec | None:
    """Return the study file, where it and its data are those of the last run."""
    try:
        spec = load_spec(project / "evaluations" / f"{study}.yaml", data)
        used = {item["name"]: item["sha256"] for item in document["provenance"]["data"]}
        same = sha256_of(spec.text) == document["provenance"]["spec_sha256"] and input_hashes(spec) == used
    except EvalkitError:
        return None
    return spec if same else None
