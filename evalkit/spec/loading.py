"""From a study file to a Spec: read, validated, its variants merged, everything checked before any data are read."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from evalkit.errors import DataError, EvalkitError, Problem, SpecError, system_problem
from evalkit.records import Role
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders
from evalkit.spec.cross_checks import cross_problems, sound_part
from evalkit.spec.problems import problems_from
from evalkit.spec.reading import MAX_BYTES, Document, Path, read_yaml
from evalkit.spec.study import Study

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VARIANT_LISTS: tuple[tuple[str, Role], ...] = (
    ("sensitivity", "sensitivity"), ("falsification", "falsification"), ("subgroups", "subgroup"),
)  # fmt: skip
SIMULATED = "EVALKIT_SIMULATED"
"""Environment variable that lets studies whose data are not there run on simulated files; --simulated sets it."""
MAX_ANALYSES = 500
"""Analyses in each list of variants of one study: more are a slip, and would take hours."""
_FIXED = {"evalkit", "sensitivity", "falsification", "subgroups", "multiplicity", "title", "question", "claims",
          "narrative", "governance", "release"}  # fmt: skip


@dataclass(frozen=True)
class AnalysisRequest:
    """One analysis to run: the study as it stands for this analysis, and which outcome."""

    id: str
    role: Role
    label: str
    study: Study
    outcome: str
    group: str = ""


@dataclass(frozen=True)
class Spec:
    """All that a study file says, checked in full before any data are read.

    Attributes
    ----------
    id : str
        File name without its ending.
    path : Path
        The file.
    study : Study
        What it says, defaults filled in.
    requests : tuple of AnalysisRequest
        The primary analysis first; then secondary outcomes, sensitivity and falsification, in the file's order.
    folders : Folders
        Where its data may lie.
    text : bytes
        The file's bytes, for its hash and for the download.
    """

    id: str
    path: FilePath
    study: Study
    requests: tuple[AnalysisRequest, ...]
    folders: Folders
    text: bytes
    document: Document

    @property
    def name(self) -> str:
        """The file as the user knows it."""
        return self.document.file

    def located(self, error: EvalkitError) -> EvalkitError:
        """Return the same error; problems that name a key of this file show its place, others a file at least.

        What the data lack may be named by a column alone, and a column may be called as a key is.
        """
        about_data = isinstance(error, DataError) and self.study.data is not None
        named = [self._by_way(problem) for problem in error.problems]
        problems = [problem if about_data and "." not in problem.where else self.document.locate(problem)
                    for problem in named]  # fmt: skip
        return type(error)(problems).in_file((about_data and self.study.needed_data.file) or self.name)

    def _by_way(self, problem: Problem) -> Problem:
        """Return a problem of the starts as one of the key that says them: start, starts, a column or a table."""
        way = self.study.intervention and self.study.intervention.way
        if way and (problem.where == "intervention" or (way == "table" and problem.where == "intervention.starts")):
            return replace(problem, where=f"intervention.{way}")
        return problem


def project_of(path: FilePath) -> FilePath:
    """Return the project folder of a study file: the parent of `evaluations/`, or else the file's own folder."""
    folder = path.resolve().parent
    return folder.parent if folder.name == "evaluations" else folder


def load_spec(path: str | FilePath, data: str | FilePath | None = None, *, planned: bool = False) -> Spec:
    """Return a study file, read and checked.

    Parameters
    ----------
    path : str or Path
        The YAML file; its name without the ending is the study's id.
    data : str or Path, optional
        Data root beside the project; EVALKIT_DATA when left out.
    planned : bool
        True: files of the data need not be there yet; those that are there are looked at.

    Returns
    -------
    Spec

    Raises
    ------
    SpecError
        With every problem of the stage at once, each with line and column.
    """
    path = FilePath(path)
    name = shown_path(path)
    try:
        folders = Folders.of(project_of(path), data)
    except DataError as error:
        raise error.in_file(name) from None
    if not path.is_file():
        found = ("is not a file", "name a study file") if path.exists() else ("does not exist", _nearest(path))
        raise SpecError(Problem(*found, file=name))
    if path.suffix != ".yaml":
        raise SpecError(Problem(f"ends in {path.suffix or 'nothing'}", "study files end in .yaml", file=name))
    if not ID.fullmatch(path.stem):
        raise SpecError(Problem(f"the file name {path.name!r} cannot be an id", "use small letters, digits and -, such "
                                "as op-deter.yaml", file=name))  # fmt: skip
    text = _bytes_of(path, name)
    document = read_yaml(text, name)
    study, problems = _validated(document.data, document)
    if os.environ.get(SIMULATED):
        folders = _with_rehearsal(folders, study, path.stem)
    requests = list(_requests(study, document, problems)) if study else []
    problems += cross_problems(study or sound_part(document), document, folders, whole=study is not None,
                               planned=planned)  # fmt: skip
    if problems:
        raise SpecError(sorted(set(problems), key=lambda problem: (problem.line or 0, problem.column or 0)))
    assert study is not None
    return Spec(path.stem, path, study, tuple(requests), folders, text, document)


def as_it_was(spec: Spec, text: bytes, data: Mapping[str, Any]) -> Spec:
    """Return a study file as it once was, in the place of the one that is there now.

    Parameters
    ----------
    spec : Spec
        The study as it is: its place and folders are kept.
    text : bytes
        What the file held then.
    data : mapping
        Keys of the data block that are laid over those of the text, such as the path of a newer file.

    Raises
    ------
    SpecError
        When the text is no study file to this version of evalkit. Whether it fits the data is not asked.
    """
    document = read_yaml(text, spec.name)
    if data:
        document.data["data"] = {**document.data.get("data", {}), **data}
    study, problems = _validated(document.data, document)
    requests = list(_requests(study, document, problems)) if study else []
    if study is None or problems:
        raise SpecError(problems)
    return Spec(spec.id, spec.path, study, tuple(requests), spec.folders, text, document)


def rehearsal_folder(project: FilePath, study: str) -> FilePath:
    """Return the folder of simulated files for a study whose data are not there yet."""
    return project / "data" / "simulated" / study


def _with_rehearsal(folders: Folders, study: Study | None, name: str) -> Folders:
    """Return the folders with simulated files last, where the study's own file is not there: they never mix with it."""
    data = study.data if study is not None else None
    if not isinstance(data, FileData) or folders.holds(data.path):
        return folders
    return replace(folders, rehearsal=rehearsal_folder(folders.project, name))


def _bytes_of(path: FilePath, name: str) -> bytes:
    """Return the file's bytes, of a huge one no more than show that it is."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        found = system_problem(error)
        raise SpecError(Problem(f"cannot be read: {found.message}", found.mend, file=name)) from None


def shown_path(path: FilePath) -> str:
    """Return a path as its user knows it: relative to the current folder where it lies in it."""
    resolved = path.resolve()
    here = FilePath.cwd()
    return resolved.relative_to(here).as_posix() if resolved.is_relative_to(here) else str(path)


def _nearest(path: FilePath) -> str:
    import difflib

    folders = [folder for folder in (path.parent, FilePath("evaluations")) if folder.is_dir()]
    names = {found.stem: str(found) for folder in folders for found in folder.glob("*.yaml")}
    close = difflib.get_close_matches(path.stem, names, n=1)
    return f"nearest: {names[close[0]]}" if close else "`evalkit new ID` writes one"


def _validated(data: Mapping[str, Any], document: Document, prefix: Path = ()) -> tuple[Study | None, list[Problem]]:
    try:
        return Study.model_validate(data), []
    except ValidationError as error:
        return None, problems_from(error, document, Study, prefix)


def _requests(study: Study, document: Document, problems: list[Problem]) -> Iterator[AnalysisRequest]:
    """Yield every analysis that the study asks for; what cannot be merged is added to `problems`."""
    wanted = study.data is not None and getattr(study.design, "has_data", True)
    if not wanted or not any(outcome.role == "primary" for outcome in study.outcomes.values()):
        return
    primary = study.primary_outcome
    yield AnalysisRequest("primary", "primary", study.outcomes[primary].label, study, primary)
    seen = {"primary"}
    base = {key: value for key, value in document.data.items() if key not in dict(VARIANT_LISTS)}
    for name, outcome in study.outcomes.items():
        if name != primary:
            seen.add(name)
            yield AnalysisRequest(name, "secondary", outcome.label, study, name)
    for list_name, role in VARIANT_LISTS:
        variants = getattr(study, list_name)
        if len(variants) > MAX_ANALYSES:
            problems.append(document.problem(f"asks for {len(variants):,} analyses, and at most {MAX_ANALYSES} are run",
                                             "keep those that could change the conclusion", (list_name,)))  # fmt: skip
            continue
        for index, variant in enumerate(variants):
            prefix: Path = (list_name, index)
            if variant.id in seen:
                problems.append(document.problem(f"the id {variant.id!r} stands twice", "give each analysis its own id",
                                                 (*prefix, "id")))  # fmt: skip
            seen.add(variant.id)
            changes = dict(variant.model_extra or {})
            for key in sorted(_FIXED & set(changes)):
                found_here = "cannot be changed for one analysis"
                problems.append(document.problem(found_here, "remove it", (*prefix, key), at_key=True))
            if not changes:
                problems.append(document.problem("changes nothing", "add the keys that differ from the study", prefix))
            merged = merge(base, {key: value for key, value in changes.items() if key not in _FIXED})
            changed, found = _validated(merged, document, prefix)
            problems += [p for p in found if p not in problems]
            if changed is not None:
                outcome_id = _outcome_of(changed, changes)
                yield AnalysisRequest(variant.id, role, variant.label, changed, outcome_id, getattr(variant, "by", ""))
    yield from _bounding(study, primary, seen)


def _bounding(study: Study, primary: str, seen: set[str]) -> Iterator[AnalysisRequest]:
    """Yield the two analyses that bound what suppressed cells can do: all at the low end, and all at the high end."""
    outcome = study.outcomes[primary]
    if all(low == high for low, high in outcome.suppressed.values()):
        return
    for at, end in enumerate(("lowest", "highest")):
        ends = {text: (bounds[at], bounds[at]) for text, bounds in outcome.suppressed.items()}
        bounded = outcome.model_copy(update={"suppressed": ends})
        changed = study.model_copy(update={"outcomes": {**study.outcomes, primary: bounded}})
        name = f"suppressed-{end}"
        while name in seen:
            name += "-value"
        yield AnalysisRequest(name, "sensitivity", f"Suppressed cells at their {end} value", changed, primary)


def _outcome_of(study: Study, changes: Mapping[str, Any]) -> str:
    """Return the outcome that a variant is about: the one outcome that it adds or marks primary, or the study's own."""
    named = [name for name in changes.get("outcomes", {}) if name in study.outcomes]
    primary = [name for name, outcome in study.outcomes.items() if outcome.role == "primary"]
    return named[0] if len(named) == 1 else primary[0]


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes` over it: mappings merge key by key, everything else is replaced.

    A block whose `kind` or `source` changes is replaced whole, since its other keys belong to the old kind;
    so is a block that says in another way what stood before (`intervention`).
    """
    merged = copy.deepcopy(dict(base))
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and not _other_kind(key, old, value):
            merged[key] = merge(old, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _other_kind(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if key in ("intervention", "period", "filter"):
        return True
    tag = {"design": "kind", "data": "source"}.get(key, "")
    return tag in new and new[tag] != old.get(tag)


def resolved(study: Study, **changes: Any) -> dict[str, Any]:
    """Return the study as plain data with every default filled in."""
    data = study.model_dump(mode="json", by_alias=True, exclude_none=False)
    return {**data, "level": study.stated_level, **changes}


__all__ = ["AnalysisRequest", "Spec", "as_it_was", "load_spec", "merge", "project_of", "resolved", "shown_path"]
