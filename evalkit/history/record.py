"""reports/published/ID.json: the numbers that were last released, what went in, who accepted them, and all releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit import archive
from evalkit.errors import DataError
from evalkit.gathering import Tables
from evalkit.history import rows
from evalkit.history.causes import Run
from evalkit.history.headlines import headline_of, primary_of
from evalkit.history.moves import Now, Then, move_between, unmoved
from evalkit.provenance import canonical, sha256_of
from evalkit.records import Evaluation, Move, Panel, Release, Releases
from evalkit.spec.loading import Spec

FOLDER = "reports/published"
BLOCK = "release"
"""Key of the record that holds what is not of the result itself."""
SEAL = "sha256"
"""Key of that block: the hash of all that the record holds beside it."""


def record_path(project: Path, study: str) -> Path:
    """Return where the record of a study's last release lies."""
    return project / FOLDER / f"{study}.json"


def stands(block: Mapping[str, Any] | None, project: Path, study: str) -> bool:
    """Say whether what a result says of releases was made from the record that is there."""
    path = record_path(project, study)
    if not path.is_file():
        return block is None
    return (block or {}).get("record_sha256") == sha256_of(path.read_bytes())


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the hash of all that it holds, so that one altered by hand is found out."""
    return {**record, BLOCK: {**record[BLOCK], SEAL: _seal_of(record)}}


def _seal_of(record: Mapping[str, Any]) -> str:
    block = {key: value for key, value in record[BLOCK].items() if key != SEAL}
    return sha256_of(canonical({**record, BLOCK: block}))


def require_unaltered(project: Path, study: str) -> None:
    """Check that the record of a study's last release, where there is one, is as it was written.

    Raises
    ------
    DataError
        When it is damaged, or was altered since.
    """
    if record_path(project, study).is_file():
        read_record(project, study)


def read_record(project: Path, study: str) -> dict[str, Any]:
    """Return the record of a study's last release.

    A bare result.json that somebody put there has no release to speak of, and no seal: it counts as a first release
    without date, reason and name, which the page shows.

    Raises
    ------
    DataError
        When there is none, it is damaged, or it is not what `evalkit publish` wrote.
    """
    path = record_path(project, study)
    try:
        document = archive.read_document(path)
        if BLOCK in document and document[BLOCK].get(SEAL) != _seal_of(document):
            raise DataError(f"{FOLDER}/{study}.json was altered after it was released: what it holds is not what its "
                            "seal says", "put back the file that `evalkit publish` wrote, from the history of the "
                            "project")  # fmt: skip
        if primary_of(document) is not None and not all(map(archive.read_release, history_rows(document))):
            raise KeyError("history")
    except (KeyError, TypeError, AttributeError):
        raise DataError(f"{path} is damaged", "restore it from the repository") from None
    return document


def history_rows(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return every release as plain data, the oldest first; a bare result counts as one without date and reason."""
    known = (record.get(BLOCK) or {}).get("history")
    if known:
        return list(known)
    analysis = primary_of(record)
    if analysis is None:
        return []
    return [archive.plain(Release(1, "", "", "", headline_of(analysis)))]


def history_of(record: Mapping[str, Any]) -> tuple[Release, ...]:
    """Return every release, the oldest first."""
    return tuple(archive.read_release(row) for row in history_rows(record))


def released(project: Path, study: str) -> Then:
    """Return the last release as an earlier run; raises like `read_record`."""
    record = read_record(project, study)
    block: Mapping[str, Any] = record.get(BLOCK) or {}
    text = str(block.get("study_file") or "")
    if text and sha256_of(text) != record["provenance"]["spec_sha256"]:
        text = ""
    kept: Mapping[str, Any] = block.get("rows") or {}
    found = _rows(project, kept)
    why = str(kept.get("why_not") or "") or ("the file of them is damaged or gone" if kept.get("file") else "")
    return Then(Run(record, text), found, "" if found is not None else why)


def _rows(project: Path, kept: Mapping[str, Any]) -> Panel | None:
    """Return the rows that a record names; None where they are not what was kept."""
    if not kept.get("file"):
        return None
    try:
        content = (project / FOLDER / Path(kept["file"]).name).read_bytes()
    except OSError:
        return None
    return rows.from_bytes(content) if sha256_of(content) == kept["sha256"] else None


def with_releases(evaluation: Evaluation, spec: Spec, tables: Tables | None = None) -> Evaluation:
    """Return an evaluation with every earlier release and what moved since; as it is where nothing was released.

    Parameters
    ----------
    evaluation : Evaluation
        Of the study as it is now.
    spec : Spec
    tables : Tables, optional
        What was read for it; read again when left out.

    Raises
    ------
    DataError
        When the record of the last release is damaged.
    """
    project = spec.folders.project
    path = record_path(project, spec.id)
    if not path.is_file():
        return evaluation
    content = path.read_bytes()
    move = move_since(evaluation, spec, released(project, spec.id), tables)
    history = history_of(read_record(project, spec.id))
    block = Releases(sha256_of(content), history, None if unmoved(move) else move)
    return replace(evaluation, releases=block)


def move_since(evaluation: Evaluation, spec: Spec, then: Then, tables: Tables | None = None) -> Move | None:
    """Return what moved from an earlier run to an evaluation of the study as it is now."""
    document = archive.to_document(evaluation)
    now = Now(Run(document, spec.text.decode()), spec, panel_of(spec, tables))
    return move_between(then, now)


def panel_of(spec: Spec, tables: Tables | None = None) -> Panel | None:
    """Return the rows of the main analysis, None where they are people or there are none."""
    if not spec.requests:
        return None
    found = tables or Tables(spec)
    if found.primary is None and spec.study.needed_data.person_level is None:
        found.panel(spec.requests[0])
    return found.primary
