"""What was read when a study was last found up to date, so that the next look needs neither its models nor its tables.

Beside each result.json stands `freshness.json`: the hashes of everything that decided whether the study is up to date
(study file, each input, code, packages, the result itself), and the places where a file would come before one that was
read. A build that left nothing to do writes `build.json`: the same for the site. Both are shortcuts and never the truth:
each carries a hash of itself, and one that is missing, damaged, half-written or from another version, or of which one
hash differs, is not believed. Then the study is looked at in full, and the record is made again.

Times and sizes of files are never asked for: a clock that was set back, or a copy with old dates, changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import provenance

if TYPE_CHECKING:
    from evalkit.spec.loading import Spec

FORM = 1
"""Number of the form of these records; one of another form is not believed."""
STUDY_FILE = "freshness.json"
SITE_FILE = "build.json"
RESULT_FILE = "result.json"
_OWN = "sha256_of_this_record"
_BESIDE = ("protocols/{id}.*", "reports/published/{id}.*")
"""What the project keeps of a study beside its file: a change in it needs a look in full."""
_PARTS = ("evaluations", "reports", "protocols", "data/reference")
"""Folders of a project of which every file may move a page."""
_LOOSE = (".qmd", ".yml", ".yaml", ".css", ".md")
"""Endings of files in the project's own folder, and beside its data, that may move a page."""

Record = dict[str, Any]
Hashes = dict[str, str | None]
"""SHA-256 of files by path; None where there is no file."""


def find_studies(project: Path) -> list[Path]:
    """Return the study files of a project, by name."""
    folder = project / "evaluations"
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def stands(study: Path, results: Path, data: str | os.PathLike[str] | None = None) -> bool:
    """Say whether a study is as it was when it was last found up to date; no model and no table is read.

    Parameters
    ----------
    study : Path
        The study file.
    results : Path
        Folder of results.
    data : str or path, optional
        Data root; EVALKIT_DATA when left out.

    Returns
    -------
    bool
        False also when that is not known: then only a look in full can tell.
    """
    record = _read(results / study.stem / STUDY_FILE)
    if record is None or record.get("settings") != _settings(data):
        return False
    return _as_recorded(record, ("files",)) and record["result"] == _hash(results / study.stem / RESULT_FILE)


def record_study(spec: Spec, inputs: Mapping[str, tuple[Path | None, str | None]], results: Path) -> None:
    """Write down what was read for a study that is up to date; nothing when that cannot be known from files alone.

    Parameters
    ----------
    spec : Spec
        The study, as it was read.
    inputs : mapping of str to (path, hash)
        Each input by name. One without a path is written in the study file; one without a hash lies where only asking
        would tell, so that nothing is written down.
    results : Path
        Folder of results.
    """
    if any(digest is None for _, digest in inputs.values()):
        return
    files: Hashes = {str(spec.path.resolve()): provenance.sha256_of(spec.text)}
    roots = [root for root in (spec.folders.data, spec.folders.project) if root is not None]
    for name, (path, digest) in inputs.items():
        if path is None:
            continue
        for candidate in _before(name, path, roots):
            files[str(candidate)] = None
        files[str(path.resolve())] = digest
    files |= _hashes(_beside(spec.folders.project, spec.id))
    _write(results / spec.id / STUDY_FILE, {
        "settings": _settings(spec.folders.data), "files": files, "result": _hash(results / spec.id / RESULT_FILE),
    })  # fmt: skip


def site_stands(project: Path, results: Path, output: Path, engine: str, data: str | None = None) -> int | None:
    """Return how many studies a site shows when nothing is to be run and nothing to be rendered; None when something may be.

    What was made is compared as well as what it was made from: a page that was edited or lost is made again.
    """
    record = _read(results / SITE_FILE)
    studies = find_studies(project)
    if record is None or record.get("settings") != _site_settings(project, output, engine, data):
        return None
    if record.get("sources") != _hashes(_sources(project)) or not _as_recorded(record, ("made",)):
        return None
    return len(studies) if all(stands(study, results, data) for study in studies) else None


def record_site(project: Path, results: Path, output: Path, engine: str, data: str | None = None) -> None:
    """Write down a site of which every study is up to date and every page made."""
    made = [results / "pages.json", *_below(project / "studies"), *_below(output)]
    _write(results / SITE_FILE, {
        "settings": _site_settings(project, output, engine, data), "sources": _hashes(_sources(project)),
        "made": _hashes(made),
    })  # fmt: skip


def _settings(data: str | os.PathLike[str] | None) -> Record:
    """Return what decides a result beside its files: code, packages, data root."""
    root = data or os.environ.get("EVALKIT_DATA") or None
    return {"form": FORM, "code": provenance.code_version(), "packages": provenance.package_versions(),
            "data_root": None if root is None else str(Path(root).resolve())}  # fmt: skip


def _site_settings(project: Path, output: Path, engine: str, data: str | None) -> Record:
    """Return what decides a site beside its files: also the code that writes pages, and which engine is there."""
    return {**_settings(data), "whole_code": provenance.code_version(("",)), "project": str(project.resolve()),
            "output": str(output.resolve()), "engine": engine, "quarto": shutil.which("quarto")}  # fmt: skip


def _sources(project: Path) -> list[Path]:
    """Return every file of a project that may move a page, beside the inputs of its studies."""
    loose = [file for folder in (project, project / "data") for file in folder.glob("*") if file.suffix in _LOOSE]
    return [*(file for part in _PARTS for file in _below(project / part)), *(file for file in loose if file.is_file())]


def _below(folder: Path) -> list[Path]:
    """Return the files below a folder; those half-written (`.NAME.part`) are nobody's yet."""
    found = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return [file for file in found if file.suffix != ".part"]


def _beside(project: Path, study: str) -> list[Path]:
    return [file for pattern in _BESIDE for file in project.glob(pattern.format(id=study)) if file.is_file()]


def _before(name: str, path: Path, roots: Iterable[Path]) -> list[Path]:
    """Return the places where a file of this name would be read in place of the one that was."""
    places = []
    for root in roots:
        folder = root / "data" if name.startswith("reference/") else root
        place = folder / name
        if place.is_file():
            break
        places.append(place)
    return [place for place in places if place.resolve() != path.resolve()]


def _as_recorded(record: Record, parts: Iterable[str]) -> bool:
    return all(_hash(Path(name)) == digest for part in parts for name, digest in record[part].items())


def _hashes(paths: Iterable[Path]) -> Hashes:
    return {str(path.absolute()): _hash(path) for path in paths}


def _hash(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where there is none that can be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


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
