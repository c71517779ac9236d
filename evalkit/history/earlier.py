"""What is kept of a run beside its result, so that the next one can say what changed: rows and study file.

Each is believed only when it belongs to the result that it lies beside: a run may be ended between two files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evalkit import archive
from evalkit.errors import DataError
from evalkit.history import rows
from evalkit.history.causes import Run
from evalkit.history.moves import Then
from evalkit.provenance import sha256_of
from evalkit.records import Panel
from evalkit.spec.loading import Spec

STUDY_FILE = "study.yaml"
PREVIOUS = "previous."
"""What the names of the files of the run before begin with."""


def keep(spec: Spec, panel: Panel | None, document: Mapping[str, Any], folder: Path) -> None:
    """Keep study file and rows of a run that is about to be written beside its result."""
    archive.write_whole(folder / STUDY_FILE, spec.text)
    rows.keep(spec, panel, document, folder)


def set_back(folder: Path, rule: Any, *, simulated: bool = False) -> None:
    """Keep the last run as the one before, so that `diff` can say what moved.

    One that was written under another rule for small numbers, or none, is not kept: it may hold what is hidden now. Nor
    is a rehearsal before a run on real data: nothing was revised, since nothing was there.
    A file of yet another run stays where it is: a run that was killed before it wrote its result has left it, after
    it had set back those of this one.
    """
    source = folder / archive.FILE_NAME
    if not source.is_file():
        return
    try:
        document = archive.read_document(source)
        known = document["study"].get("disclosure")
    except (DataError, KeyError):
        document, known = {}, None
    for name in (archive.FILE_NAME, STUDY_FILE, rows.FILE_NAME):
        target = folder / _before(name)
        held = [path for path in (folder / name, target) if _is_of(path, name, document)]
        if not held or (rule and known != rule) or made_up(document.get("analyses", ())) != simulated:
            target.unlink(missing_ok=True)
        elif held[0] != target:
            archive.write_whole(target, held[0].read_bytes())


def made_up(analyses: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether any of the analyses of a result is of simulated data."""
    return any(analysis["simulated"] for analysis in analyses)


def _is_of(path: Path, name: str, document: Mapping[str, Any]) -> bool:
    """Say whether a file belongs to a run."""
    if name == STUDY_FILE:
        return bool(_text(path, document))
    if name == rows.FILE_NAME:
        return rows.belong(path, document)
    return path.is_file()


def last_run(folder: Path, *, before: bool = False) -> Then:
    """Return the last run of a study, or the one before it.

    Raises
    ------
    DataError
        When there is none.
    """
    names = [_before(name) if before else name for name in (archive.FILE_NAME, STUDY_FILE, rows.FILE_NAME)]
    document = archive.read_document(folder / names[0])
    return Then(Run(document, _text(folder / names[1], document)), rows.kept(folder / names[2], document))


def _text(path: Path, document: Mapping[str, Any]) -> str:
    """Return the study file of a run; empty where it is not there, or of another run."""
    try:
        content = path.read_bytes()
        return content.decode() if sha256_of(content) == document["provenance"]["spec_sha256"] else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _before(name: str) -> str:
    return PREVIOUS + {archive.FILE_NAME: "json", STUDY_FILE: "yaml"}.get(name, name)
