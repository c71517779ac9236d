"""Writing the documents and exhibits of a site: whole files, and only those whose bytes changed.

A page whose result, templates and code are as they were is not made again: `studies/_page/made.json` says what each
page was made from and what its files held.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from evalkit.archive import Stored, to_text, write_whole
from evalkit.errors import EvalkitError, Problem
from evalkit.provenance import WORDING, code_version, sha256_of, sha256_of_file
from evalkit.records import Evaluation
from evalkit.report.catalogue import read_settings
from evalkit.report.engines import engine_files
from evalkit.report.made import MANIFEST
from evalkit.report.pages import Page
from evalkit.report.site.around import site_pages
from evalkit.report.site.library import Library, SitePage
from evalkit.report.templates import SITE_PAGES, templates_version
from evalkit.workers import Here, Lost, Processes

AROUND = "/"
"""Where the manifest keeps the pages around the studies: no study can have this id."""
PROCESSES = 2
MANY_PAGES = 8
"""With fewer pages to make, several processes are not worth their start."""
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
    """What was written: the documents, the index first, and the studies that have none because of a fault.

    `around` are the pages around the studies, the index among them; `documents` leads with the index and has the
    studies' own.
    """

    documents: tuple[Path, ...]
    faults: tuple[Fault, ...] = ()
    around: tuple[Path, ...] = ()


class _Around:
    """The pages around the studies, and the studies that cannot be among them: none of these stops another."""

    def __init__(
        self, evaluations: Sequence[Evaluation | Stored], project: Path, failures: Sequence[tuple[str, str]]
    ) -> None:
        self.evaluations, self.project, self.failures = evaluations, project, failures
        self.faults: dict[str, Fault] = {}
        self.pages: list[SitePage] = []

    def read(self, evaluation: Evaluation | Stored) -> list[Evaluation]:
        """Return an evaluation; nothing where it cannot be read, which is a fault of that study."""
        if not isinstance(evaluation, Stored):
            return [evaluation]
        try:
            return [evaluation.evaluation]
        except EvalkitError as error:
            problems = _located(error, _study_file(evaluation, self.project))
            self.faults[evaluation.id] = Fault(evaluation.id, problems)
            return []

    def make(self) -> None:
        """Make the pages, of the studies without a fault."""
        sound = [each for evaluation in self.evaluations if evaluation.id not in self.faults
                 for each in self.read(evaluation)]  # fmt: skip
        failed = (*self.failures, *((fault.id, fault.message) for fault in self.faults.values()))
        self.pages = site_pages(Library(tuple(sound), self.project, failed))

    def try_to_make(self) -> None:
        """Make the pages on the ground that all is sound: what keeps a study from its page may keep it from these."""
        with contextlib.suppress(Exception):
            self.make()


def write_sources(
    evaluations: Sequence[Evaluation | Stored], project: Path, failures: Sequence[tuple[str, str]] = ()
) -> Sources:
    """Write the list of studies, the other pages around them and one document per study, with their exhibits.

    A study whose own text cannot be put on a page, or whose page meets a fault of evalkit, loses its page and stands
    among the failures of the list; the others are written all the same. With EVALKIT_DEBUG set such a fault is raised.

    Parameters
    ----------
    evaluations : sequence of Evaluation or Stored
        Every study of the site, as read back from result.json; pages of studies that are not among them are removed.
        Those that are stored are read while the first pages are being made.
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
    look = "|".join([templates_version(project), code_version(WORDING), repr(read_settings(project))])
    before = _read_manifest(project)
    made: dict[str, dict[str, Any]] = {}
    written: Files = {}
    keys = {evaluation.id: _key(evaluation, project, look) for evaluation in evaluations}
    around = _Around(evaluations, project, failures)
    late = [evaluation for evaluation in evaluations if not _stands(before, evaluation.id, keys, project)]
    waiting = [each for evaluation in late for each in around.read(evaluation)]
    pages = made_files(waiting, project, meanwhile=around.try_to_make)
    for evaluation, files in zip(waiting, pages, strict=True):
        if isinstance(files, Fault):
            around.faults[evaluation.id] = files
            continue
        written |= files
        entry = {name: sha256_of(content) for name, content in files.items()}
        made[evaluation.id] = {"key": keys[evaluation.id], "files": entry}
    if any(isinstance(files, Fault) for files in pages) or not around.pages:
        around.make()
    made |= {each.id: before[each.id] for each in evaluations if each.id not in made and each.id not in around.faults}
    faults = [around.faults[each.id] for each in evaluations if each.id in around.faults]
    of_site = {name: text for page in around.pages for name, text in _site_files(page).items()}
    written |= of_site
    faults += [Fault(page.problems[0].file, page.problems) for page in around.pages if page.problems]
    made[AROUND] = {"files": {name: sha256_of(text) for name, text in of_site.items()}}
    there = [page for page in around.pages if page.document or page.own]
    engine_files(project, [page.name for page in there if page.linked])
    for name, content in written.items():
        write_whole(project / name, content)
    _remove_stale(project, before, made, {f"{page.name}.qmd" for page in around.pages if page.own})
    write_whole(project / MANIFEST, json.dumps(made, sort_keys=True, indent=1) + "\n")
    documents = [project / "index.qmd", *(project / "studies" / f"{evaluation.id}.qmd" for evaluation in evaluations
                                          if evaluation.id in made)]  # fmt: skip
    return Sources(tuple(documents), tuple(faults), tuple(project / f"{page.name}.qmd" for page in there))


def made_files(
    evaluations: Sequence[Evaluation], project: Path, processes: int = PROCESSES,
    meanwhile: Callable[[], object] | None = None,
) -> list[Files | Fault]:  # fmt: skip
    """Return the files of each study, or why it has none; several processes give equal bytes.

    Of many pages the first is made here, so that processes that are forked find charts and tables imported. Few pages
    are made by one process while this one does what it is asked to do `meanwhile`: both draw, so this one imports
    first what they draw with.
    """
    make = partial(_files_or_fault, project=project)
    apart = processes > 1 and not os.environ.get("EVALKIT_DEBUG")
    many = apart and len(evaluations) > MANY_PAGES
    first = [make(evaluation) for evaluation in evaluations[:many]]
    rest = evaluations[len(first) :]
    few = apart and meanwhile is not None and multiprocessing.get_start_method() == "fork"  # else slow to begin
    if few and rest:
        make_ready()
    with Processes(processes if many else 1) if many or few else Here() as workers:
        found = dict(workers.map(make, rest, meanwhile=meanwhile))
    made = [make(evaluation) if isinstance(files := found[place], Lost) else files  # memory is short, perhaps
            for place, evaluation in enumerate(rest)]  # fmt: skip
    return [*first, *made]


def make_ready() -> None:
    """Import what pages are made with, which takes as long as a study or two."""
    import great_tables  # noqa: F401

    from evalkit.report import painting  # noqa: F401


def _files_or_fault(evaluation: Evaluation, project: Path) -> Files | Fault:
    """Return the files of a study, or the fault that keeps its page from being written."""
    try:
        return study_files(evaluation, project)
    except EvalkitError as error:
        return Fault(evaluation.id, _located(error, _study_file(evaluation, project)))
    except Exception as error:  # a fault of ours in one page is no reason to lose the others
        if os.environ.get("EVALKIT_DEBUG"):
            raise
        return Fault(evaluation.id, (_ours(error, _study_file(evaluation, project)),))


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


def _site_files(page: SitePage) -> Files:
    """Return the document of a page around the studies and what it offers for download."""
    return {**page.files, **({f"{page.name}.qmd": page.document} if page.document else {})}


def _key(evaluation: Evaluation | Stored, project: Path, look: str) -> str:
    """Return the hash of what a page is made from; empty when its text includes files, which are not followed."""
    text = evaluation.content if isinstance(evaluation, Stored) else repr(evaluation).encode()
    if b"{{<" in text:
        return ""
    study_file = _study_file(evaluation, project)
    return sha256_of("|".join((look, sha256_of(text), sha256_of_file(study_file) or "")))


def _study_file(evaluation: Evaluation | Stored, project: Path) -> Path:
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


def _stands(before: Mapping[str, Mapping[str, Any]], study: str, keys: Mapping[str, str], project: Path) -> bool:
    """Say whether a page is made from what it would be made from now, and still holds what was written."""
    entry = before.get(study, {})
    return bool(keys[study]) and entry.get("key") == keys[study] and _as_written(entry.get("files", {}), project)


def _as_written(files: Mapping[str, str], project: Path) -> bool:
    """Say whether every file of a page still holds what was written."""
    return bool(files) and all(
        sha256_of_file(f"{project}/{name}") == digest for name, digest in files.items()
    )


def _read_manifest(project: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads((project / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove_stale(
    project: Path, before: Mapping[str, Mapping[str, Any]], made: Mapping[str, Mapping[str, Any]], own: set[str]
) -> None:
    """Remove what an earlier call wrote for studies or exhibits that are gone; nothing else is touched.

    `own` are documents that the project now writes itself.
    """
    kept = own | {name for entry in made.values() for name in entry["files"]}
    root = project.resolve()
    documents = {root / f"{name}.qmd" for name in SITE_PAGES}
    folders = [root / name for name in ("studies", *SITE_PAGES)]
    for name in {name for entry in before.values() for name in entry.get("files", {})} - kept:
        file = (project / name).resolve()
        within = file in documents or any(file.is_relative_to(folder) for folder in folders)
        if within and file.is_file():
            file.unlink()
            if file.parent not in (root, root / "studies") and not any(file.parent.iterdir()):
                file.parent.rmdir()
