"""Writing the documents and exhibits of a site: whole files, and only those whose bytes changed.

A page whose result, templates and code are as they were is not made again: `studies/_page/made.json` says what each
page was made from and what its files held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.archive import to_text, write_whole
from evalkit.provenance import WORDING, code_version, sha256_of
from evalkit.records import Evaluation
from evalkit.report.engines import engine_files
from evalkit.report.index import index_document
from evalkit.report.pages import Page, site_title
from evalkit.report.templates import templates_version

MANIFEST = "studies/_page/made.json"
Files = dict[str, str | bytes]
"""Contents by path below the project."""


def write_sources(
    evaluations: Sequence[Evaluation], project: Path, failures: Sequence[tuple[str, str]] = ()
) -> list[Path]:
    """Write the list of studies and one document per study, with their exhibits.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Every study of the site, as read back from result.json; pages of studies that are not among them are removed.
    project : Path
        `index.qmd`, `studies/ID.qmd`, `studies/ID/*` and the files that the engines need are written below it.
    failures : sequence of (id, message)
        Studies that failed, listed on the index page with the reason.

    Returns
    -------
    list of Path
        The documents, the index first.

    Raises
    ------
    SpecError
        When an author's text names an exhibit that is not there, or includes a file outside the project.
    """
    look = "|".join([templates_version(project), code_version(WORDING), site_title(project)])
    before = _read_manifest(project)
    made: dict[str, dict[str, Any]] = {}
    written: Files = {"index.qmd": index_document(evaluations, project, failures)}
    for evaluation in evaluations:
        key = _key(evaluation, project, look)
        entry = before.get(evaluation.id, {})
        if not key or entry.get("key") != key or not _as_written(entry.get("files", {}), project):
            files = study_files(evaluation, project)
            written |= files
            entry = {"key": key, "files": {name: sha256_of(content) for name, content in files.items()}}
        made[evaluation.id] = entry
    engine_files(project)
    for name, content in written.items():
        write_whole(project / name, content)
    _remove_stale(project, before, made)
    write_whole(project / MANIFEST, json.dumps(made, sort_keys=True, indent=1) + "\n")
    return [project / "index.qmd", *(project / "studies" / f"{evaluation.id}.qmd" for evaluation in evaluations)]


def study_files(evaluation: Evaluation, project: Path) -> Files:
    """Return the document of a study and everything that it offers for download."""
    page = Page(evaluation, project)
    document = page.document()
    folder = f"studies/{evaluation.id}"
    files: Files = {f"{folder}.qmd": document, f"{folder}/result.json": to_text(evaluation)}
    files |= {f"{folder}/{name}": text for name, text in page.exhibits.files.items()}
    study_file = _study_file(evaluation, project)
    if study_file.is_file():
        files[f"{folder}/{study_file.name}"] = study_file.read_bytes()
    return files


def _key(evaluation: Evaluation, project: Path, look: str) -> str:
    """Return the hash of what a page is made from; empty when its text includes files, which are not followed."""
    text = to_text(evaluation)
    if "{{<" in text:
        return ""
    study_file = _study_file(evaluation, project)
    return sha256_of(look + text + (sha256_of(study_file.read_bytes()) if study_file.is_file() else ""))


def _study_file(evaluation: Evaluation, project: Path) -> Path:
    return project / "evaluations" / f"{evaluation.id}.yaml"


def _as_written(files: Mapping[str, str], project: Path) -> bool:
    """Say whether every file of a page still holds what was written."""
    return bool(files) and all(
        (project / name).is_file() and sha256_of((project / name).read_bytes()) == digest
        for name, digest in files.items()
    )


def _read_manifest(project: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads((project / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove_stale(
    project: Path, before: Mapping[str, Mapping[str, Any]], made: Mapping[str, Mapping[str, Any]]
) -> None:
    """Remove what an earlier call wrote for studies or exhibits that are gone; nothing else is touched."""
    kept = {name for entry in made.values() for name in entry["files"]}
    studies = (project / "studies").resolve()
    for name in {name for entry in before.values() for name in entry.get("files", {})} - kept:
        file = (project / name).resolve()
        if file.is_relative_to(studies) and file.is_file():
            file.unlink()
            if file.parent != studies and not any(file.parent.iterdir()):
                file.parent.rmdir()
