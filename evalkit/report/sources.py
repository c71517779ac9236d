"""Writing the documents and exhibits of a site: whole files, and only those whose bytes changed.

A page whose result, templates and code are as they were is not made again: `studies/_page/made.json` says what each
page was made from and what its files held.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalkit.archive import to_text, write_whole
from evalkit.errors import EvalkitError, Problem
from evalkit.provenance import WORDING, code_version, sha256_of
from evalkit.records import Evaluation
from evalkit.report.engines import engine_files
from evalkit.report.index import index_document
from evalkit.report.pages import Page, site_title
from evalkit.report.templates import templates_version

MANIFEST = "studies/_page/made.json"
Files = dict[str, str | bytes]
"""Contents by path below the project."""


@dataclass(frozen=True)
class Fault:
    """A study whose page could not be written, and everything that is wrong with it."""

    id: str
    problems: tuple[Problem, ...]

    @property
    def message(self) -> str:
        """The problems in one line, for the list of studies."""
        return "; ".join(problem.sentence() for problem in self.problems)


@dataclass(frozen=True)
class Sources:
    """What was written: the documents, the index first, and the studies that have none because of a fault."""

    documents: tuple[Path, ...]
    faults: tuple[Fault, ...] = ()


def write_sources(
    evaluations: Sequence[Evaluation], project: Path, failures: Sequence[tuple[str, str]] = ()
) -> Sources:
    """Write the list of studies and one document per study, with their exhibits.

    A study whose own text cannot be put on a page, or whose page meets a fault of evalkit, loses its page and stands
    among the failures of the list; the others are written all the same. With EVALKIT_DEBUG set such a fault is raised.

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
    Sources
        The documents, and the faults of the studies that have none.

    Raises
    ------
    SpecError
        When what all pages share is wrong: `_quarto.yml`, or a template.
    """
    look = "|".join([templates_version(project), code_version(WORDING), site_title(project)])
    before = _read_manifest(project)
    made: dict[str, dict[str, Any]] = {}
    written: Files = {}
    faults: list[Fault] = []
    for evaluation in evaluations:
        key = _key(evaluation, project, look)
        entry = before.get(evaluation.id, {})
        if not key or entry.get("key") != key or not _as_written(entry.get("files", {}), project):
            try:
                files = study_files(evaluation, project)
            except EvalkitError as error:
                faults.append(Fault(evaluation.id, _located(error, _study_file(evaluation, project))))
                continue
            except Exception as error:  # a fault of ours in one page is no reason to lose the others
                if os.environ.get("EVALKIT_DEBUG"):
                    raise
                faults.append(Fault(evaluation.id, (_ours(error, _study_file(evaluation, project)),)))
                continue
            written |= files
            entry = {"key": key, "files": {name: sha256_of(content) for name, content in files.items()}}
        made[evaluation.id] = entry
    sound = [evaluation for evaluation in evaluations if evaluation.id in made]
    failed = [*failures, *((fault.id, fault.message) for fault in faults)]
    written["index.qmd"] = index_document(sound, project, failed)
    engine_files(project)
    for name, content in written.items():
        write_whole(project / name, content)
    _remove_stale(project, before, made)
    write_whole(project / MANIFEST, json.dumps(made, sort_keys=True, indent=1) + "\n")
    documents = [project / "index.qmd", *(project / "studies" / f"{evaluation.id}.qmd" for evaluation in sound)]
    return Sources(tuple(documents), tuple(faults))


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


def _ours(error: Exception, study_file: Path) -> Problem:
    """Return what is to be said of a page that a fault of evalkit keeps from being written."""
    from evalkit.spec.loading import shown_path

    return Problem(
        f"its page could not be made: {type(error).__name__}: {error}",
        "this is a fault of evalkit: run again with --debug and report it",
        file=shown_path(study_file),
    )


def _located(error: EvalkitError, study_file: Path) -> tuple[Problem, ...]:
    """Return the problems with their place in the study file, where they name a key that stands in it."""
    from evalkit.spec.loading import shown_path
    from evalkit.spec.reading import read_yaml

    name = shown_path(study_file)
    problems = tuple(replace(problem, file=problem.file or name) for problem in error.problems)
    try:
        document = read_yaml(study_file.read_bytes(), name)
    except (OSError, EvalkitError):
        return problems
    return tuple(document.locate(problem) if problem.file == name else problem for problem in problems)


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
