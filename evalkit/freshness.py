"""What was read when a study was last found up to date, so that the next look needs neither its models nor its tables.

Beside each result.json stands `freshness.json`: the hashes of everything that decided whether the study is up to date
(study file, each input, code, packages, the result itself), and the places where a file would come before one that was
read. A build that left nothing to do writes `build.json`: the same for the site. Both are shortcuts, never the truth:
each carries a hash of itself, and one that is missing, damaged, half-written or from another version, or of which one
hash differs, is not believed. Then the study is looked at in full, and the record is made again.

Times and sizes of files are never asked for: a clock that was set back, or a copy with old dates, changes nothing.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import provenance
from evalkit.errors import Problem

if TYPE_CHECKING:
    from evalkit.sources import Input
    from evalkit.spec.loading import Spec

FORM = 2
"""Number of the form of these records; one of another form is not believed."""
STUDY_FILE = "freshness.json"
SITE_FILE = "build.json"
RESULT_FILE = "result.json"
_OWN = "sha256_of_this_record"
_BESIDE = ("protocols/{id}.*", "reports/published/{id}.*", "data/sources.yaml", "data/sources.lock.json")
"""What the project keeps of a study beside its file: a change in it needs a look in full."""
_PARTS = ("evaluations", "reports", "protocols", "data/reference")
"""Folders of a project of which every file may move a page."""
_LOOSE = (".qmd", ".yml", ".yaml", ".json", ".md")
"""Endings of files in the project's own folder, and beside its data, that may move a page."""

_SIMULATED = "EVALKIT_SIMULATED"
"""Set where data that are not there yet are stood in for; `spec.loading` reads it."""

Record = dict[str, Any]
Hashes = dict[str, str | None]
"""SHA-256 of files by path; None where there is no file."""


@dataclass(frozen=True)
class Outcome:
    """What became of one study file: up to date, run, or failed with its problems; notes are what to mind anyway."""

    id: str
    path: Path
    state: str
    reasons: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    heading: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """A site as it was built: where, which pages were written, with which engine, and what kept others from it.

    `faults` are the problems of studies whose page could not be written; every other page is there all the same.
    `put_back` says that no page was out of date, but files that belong to them were lost or changed.
    """

    index: Path
    written: tuple[str, ...]
    engine: str
    faults: tuple[Problem, ...] = ()
    put_back: bool = False


def find_studies(project: Path) -> list[Path]:
    """Return the study files of a project, by name."""
    folder = project / "evaluations"
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def without_study_file(project: Path) -> list[Outcome]:
    """Return the studies that were released and whose file is gone, so that they do not go without a word."""
    there = {path.stem for path in find_studies(project)}
    records = sorted((project / "reports" / "published").glob("*.json"))
    why = "it was released, and its study file is gone: put it back with `status: withdrawn`, which says so on its page"
    return [Outcome(record.stem, project / "evaluations" / f"{record.stem}.yaml", "gone", (why,))
            for record in records if record.stem not in there]  # fmt: skip


def stands(
    study: Path, results: Path, data: str | os.PathLike[str] | None = None, known: Hashes | None = None
) -> bool:  # fmt: skip
    """Say whether a study is as it was when it was last found up to date; no model and no table is read.

    Parameters
    ----------
    study : Path
        The study file.
    results : Path
        Folder of results.
    data : str or path, optional
        Data root; EVALKIT_DATA when left out.
    known : dict, optional
        Hashes of files that were looked at a moment ago, to be added to.

    Returns
    -------
    bool
        False also when that is not known: then only a look in full can tell.
    """
    record = _read(results / study.stem / STUDY_FILE)
    if record is None or record.get("settings") != _settings(data):
        return False
    return (
        str(study.absolute()) in record["files"]
        and _as_recorded(record["files"], {} if known is None else known)
        and record["beside"] == beside(study)
        and record["result"] == provenance.sha256_of_file(results / study.stem / RESULT_FILE)
        and record["readers"] == provenance.reader_versions(record["readers"])
    )


def record_study(spec: Spec, inputs: Sequence[Input], result: bytes, beside: Hashes, results: Path) -> None:
    """Write down what was read for a study that is up to date; nothing when that cannot be known from files alone.

    Parameters
    ----------
    spec : Spec
        The study, as it was read.
    inputs : sequence of Input
        Its inputs. One with neither path nor text lies where only asking would tell.
    result : bytes
        Its result.json, of which the hashes of the inputs are taken: they are of the bytes that were computed with.
    beside : dict
        What `beside` gave before the study was looked at.
    results : Path
        Folder of results.
    """
    origin = json.loads(result)["provenance"]
    used = {item["name"]: item["sha256"] for item in origin["data"]}
    if any((item.path is None and item.text is None) or item.name not in used for item in inputs):
        return
    files: Hashes = {str(spec.path.absolute()): provenance.sha256_of(spec.text)}
    roots = [root for root in (spec.folders.data, spec.folders.project) if root is not None]
    for item in inputs:
        if item.path is not None:
            files |= _places(item, roots, used[item.name])
    _write(results / spec.id / STUDY_FILE, {
        "settings": _settings(spec.folders.data), "files": files, "beside": beside,
        "result": provenance.sha256_of(result), "readers": _readers(origin["packages"]),
    })  # fmt: skip


def beside(study: Path) -> Hashes:
    """Return the hashes of what a project keeps of a study beside its file."""
    folder = study.absolute().parent
    project = folder.parent if folder.name == "evaluations" else folder
    found = (file for pattern in _BESIDE for file in project.glob(pattern.format(id=study.stem)))
    return _hashes(file for file in sorted(found) if file.is_file())


def site_stands(project: Path, results: Path, output: Path, engine: str, data: str | None = None) -> bool:
    """Say whether nothing is to be run and nothing to be rendered; False also when that is not known.

    What was made is compared as well as what it was made from, so that a page that was edited or lost is noticed.
    """
    record = _read(results / SITE_FILE)
    if record is None or record.get("settings") != _site_settings(project, output, engine, data):
        return False
    return (all_stand(find_studies(project), results, data)  # what moves most often comes first
            and record["sources"] == site_sources(project, results) and _as_recorded(record["made"], {}))  # fmt: skip


def all_stand(studies: Iterable[Path], results: Path, data: str | None = None) -> bool:
    """Say whether every study is as it was when it was last found up to date; a file that many read is read once."""
    known: Hashes = {}
    return all(stands(study, results, data, known) for study in studies)


def record_site(
    project: Path, results: Path, output: Path, engine: str, sources: Hashes, data: str | None = None
) -> None:  # fmt: skip
    """Write down a site of which every study is up to date and every page made.

    `sources` are what `site_sources` gave before the pages were made: what has changed since is seen at the next look.
    """
    made = [str(results / "pages.json"), *_below(output)]
    _write(results / SITE_FILE, {
        "settings": _site_settings(project, output, engine, data), "sources": sources,
        "made": _hashes(made),
    })  # fmt: skip


def _settings(data: str | os.PathLike[str] | None) -> Record:
    """Return what decides a result beside its files: code, packages, data root."""
    root = data or os.environ.get("EVALKIT_DATA") or None
    return {"form": FORM, "code": provenance.code_version(), "packages": provenance.package_versions(),
            "data_root": None if root is None else str(Path(root).resolve()),
            "simulated": os.environ.get(_SIMULATED)}  # fmt: skip


def _readers(packages: Record) -> Record:
    """Return the versions of those packages that a study has beside the ones that all studies share."""
    return {name: version for name, version in packages.items() if name not in provenance.package_versions()}


def _site_settings(project: Path, output: Path, engine: str, data: str | None) -> Record:
    """Return what decides a site beside its files: also the code that writes pages, and which engine is there."""
    return {**_settings(data), "whole_code": _whole_code(), "project": str(project.resolve()),
            "output": str(output.resolve()), "engine": engine, "quarto": shutil.which("quarto")}  # fmt: skip


@functools.cache
def _whole_code() -> str:
    """Return the hash of everything that ships with evalkit, or stands beside its sources for pages to be made from."""
    package = Path(__file__).resolve().parent
    there = [*_below(package), *_below(package.parent / "reports" / "templates"), package.parent / "METHODS.md"]
    files = [str(file) for file in there if not str(file).endswith((".pyc", ".pyo"))]
    return provenance.sha256_of(provenance.canonical({file: provenance.sha256_of_file(file) for file in files}))


def site_sources(project: Path, results: Path) -> Hashes:
    """Return the hashes of every file that may move a page, but for the inputs of studies, which their results hold."""
    loose = [file for folder in (project, project / "data") for file in folder.glob("*")
             if file.suffix in _LOOSE and not _generated(file)]  # fmt: skip
    shared = [file for part in _PARTS for file in _below(project / part)]
    return _hashes([*shared, *loose, *(results / study.stem / RESULT_FILE for study in find_studies(project))])


def _generated(file: Path) -> bool:
    """Say whether evalkit wrote a document of a project's own folder: what it is made from counts, not its bytes."""
    if file.suffix != ".qmd":
        return False
    try:
        return b"generated-by: evalkit" in b"\n".join(file.read_bytes().split(b"\n")[:20])
    except OSError:
        return False


def _below(folder: Path) -> list[str]:
    """Return the files below a folder; those half-written (`.NAME.part`) are nobody's yet.

    As text: of thousands of files, a Path for each is felt.
    """
    found = [os.path.join(place, name) for place, _, names in os.walk(folder)  # noqa: PTH118
             for name in names if not name.endswith(".part")]  # fmt: skip
    return sorted(found)


def _places(item: Input, roots: Iterable[Path], digest: str) -> Hashes:
    """Return the hash of a file where it lies, and by the name that led there, which may be a link.

    A place where a file of this name would be read in its stead is told with None.
    """
    found: Hashes = {}
    for root in roots:
        place = (root / "data" if item.name.startswith("reference/") else root) / item.name
        if place.is_file():
            found[str(place)] = digest
            break
        found[str(place)] = None
    return {**found, str(item.path): digest}


def _as_recorded(files: Hashes, known: Hashes) -> bool:
    """Say whether files are as they were; `known` are those that were looked at a moment ago."""
    for name, digest in files.items():
        if name not in known:
            known[name] = provenance.sha256_of_file(name)
        if known[name] != digest:
            return False
    return True


def _hashes(paths: Iterable[Path | str]) -> Hashes:
    here = Path.cwd()
    return {os.path.join(here, path): provenance.sha256_of_file(path) for path in paths}  # noqa: PTH118


def _read(path: Path) -> Record | None:
    """Return a record that is whole and of this form; None otherwise."""
    try:
        found = json.loads(path.read_bytes())
        own = found.pop(_OWN)
        sound = own == _seal(found) and found["settings"]["form"] == FORM
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return found if sound else None


def _write(path: Path, record: Record) -> None:
    from evalkit.archive import write_whole

    write_whole(path, json.dumps({**record, _OWN: _seal(record)}, sort_keys=True, indent=1) + "\n")


def _seal(record: Record) -> str:
    return provenance.sha256_of(provenance.canonical(record))
