"""What is fixed of a study, and the file that keeps it."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import archive, provenance
from evalkit.errors import DataError, Problem, ProtocolError
from evalkit.registration.completeness import reasons_against
from evalkit.sources import read_roll_out
from evalkit.spec.loading import Spec, resolved

FOLDER = "protocols"
SCHEMA = "evalkit/lock/1"


@dataclass(frozen=True)
class Lock:
    """A plan as it was fixed.

    Attributes
    ----------
    id, title : str
        The study.
    locked_at : str
        Date, as year-month-day.
    data_seen : str
        What had been seen by then: none, aggregate_press_figures or outcome_data.
    data : list of mapping
        Each file of the data by then: `name`, and its `sha256`, or null for one that was not there yet.
    sha256 : str
        Hash of `protocol`, as canonical JSON.
    protocol : mapping
        What is fixed: see `provenance.protocol`.
    evalkit : str
        Version that fixed it.
    """

    id: str
    title: str
    locked_at: str
    data_seen: str
    data: list[Mapping[str, Any]]
    sha256: str
    protocol: Mapping[str, Any]
    evalkit: str
    schema: str = SCHEMA


def lock_path(project: Path, study: str) -> Path:
    """Return where the lock of a study is kept."""
    return project / FOLDER / f"{study}.lock.json"


def lock_name(study: str) -> str:
    """Return the lock's file as its user knows it."""
    return f"{FOLDER}/{study}.lock.json"


def plan_of(spec: Spec) -> dict[str, Any]:
    """Return what fixes a study, with the starts that its roll-out tables hold.

    Raises
    ------
    DataError
        When a roll-out table cannot be read.
    """
    return provenance.protocol(resolved(spec.study), _roll_outs(spec))


def plan_of_own(spec: Spec) -> dict[str, Any]:
    """Return the same of what differs from evalkit's defaults alone."""
    own = spec.study.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return provenance.protocol(own, _roll_outs(spec))


def _roll_outs(spec: Spec) -> dict[str, Any]:
    """Return the start of each unit by roll-out table, of every analysis."""
    found: dict[str, Any] = {}
    for request in spec.requests:
        data, intervention = request.study.data, request.study.intervention
        table = intervention.start_table if intervention else None
        if table is None or data is None:
            continue
        key = provenance.canonical([table.model_dump(mode="json", exclude={"sha256"}), data.frequency])
        try:
            found[key] = read_roll_out(table, data.frequency, spec.folders).starts
        except DataError as error:
            raise spec.located(error) from None
    by_path: dict[str, Any] = {}
    for key, starts in found.items():
        path = json.loads(key)[0]["path"]
        by_path[path if path not in by_path else key] = starts
    return by_path


def lock_study(spec: Spec, date: str | None = None, results: Path | None = None) -> Lock:
    """Fix a study: write its lock and return it.

    Parameters
    ----------
    spec : Spec
        A study file, read and checked; its data need not be there.
    date : str, optional
        Date to write down, as year-month-day; today when left out.
    results : Path, optional
        Folder of results: one that was made from real data says that they have been seen.

    Raises
    ------
    ProtocolError
        When it is locked already, or with everything that a study must say before it can be fixed.
    """
    path = lock_path(spec.folders.project, spec.id)
    if path.exists():
        found = read_lock(spec)
        when = f"it was locked on {found.locked_at}" if found else "there is one already"
        raise ProtocolError(Problem(when, "a lock is never made anew: note each change under registration.amendments",
                                    file=lock_name(spec.id)))  # fmt: skip
    problems = [*_already_stated(spec), *reasons_against(spec), *_seen_all_the_same(spec, results)]
    if problems:
        raise ProtocolError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    plan = plan_of(spec)
    registration = spec.study.registration
    assert registration is not None
    lock = Lock(spec.id, spec.study.title, _date(date), str(registration.data_seen_before_lock), _files(spec),
                provenance.sha256_of(provenance.canonical(plan)), plan,
                importlib.metadata.version("evalkit"))  # fmt: skip
    text = json.dumps(dataclasses.asdict(lock), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    archive.write_whole(path, text)
    return lock


def read_lock(spec: Spec) -> Lock | None:
    """Return the lock of a study, None where there is none.

    Raises
    ------
    ProtocolError
        When the file is damaged, or is not what `evalkit lock` wrote.
    """
    path, name = lock_path(spec.folders.project, spec.id), lock_name(spec.id)
    if not path.is_file():
        return None
    mend = "put back the file that `evalkit lock` wrote, from the history of the project"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        lock = Lock(**found)
        whole = lock.schema == SCHEMA and isinstance(lock.protocol, dict) and lock.id == spec.id
    except (OSError, ValueError, TypeError):
        raise ProtocolError(Problem("is damaged", mend, file=name)) from None
    if not whole:
        raise ProtocolError(Problem(f"is not the lock of {spec.id}", mend, file=name))
    actual = provenance.sha256_of(provenance.canonical(lock.protocol))
    if actual != lock.sha256:
        raise ProtocolError(Problem(f"was changed by hand: what it holds has sha256 {actual}, and it says "
                                    f"{lock.sha256}", mend, file=name))  # fmt: skip
    return lock


def _date(written: str | None) -> str:
    """Return a date as year-month-day; today where none is given."""
    if written is None:
        return datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    try:
        return datetime.date.fromisoformat(written).isoformat()
    except ValueError:
        raise ProtocolError(Problem(f"{written!r} is not a date", "write it such as 2026-03-31", "--date")) from None


def _files(spec: Spec) -> list[Mapping[str, Any]]:
    """Return each file of the data as it is now; one that is not there yet has no hash."""
    from evalkit.sources.files import FileData

    found: dict[str, str | None] = {}
    for request in spec.requests:
        data = request.study.data
        if isinstance(data, FileData):
            try:
                (source,) = data.inputs(spec.folders)
                found[data.path] = source.sha256()
            except DataError:
                found[data.path] = None
    return [{"name": name, "sha256": digest} for name, digest in sorted(found.items())]


def _already_stated(spec: Spec) -> list[Problem]:
    """Return that the study file names a lock that is not there."""
    block = spec.study.registration
    if block is None or block.protocol_sha256 is None:
        return []
    return [spec.document.problem(f"names a lock, and {lock_name(spec.id)} is not there", "put that file back, or take "
                                  "this line out before the study is locked for the first time",
                                  ("registration", "protocol_sha256"))]  # fmt: skip


def _seen_all_the_same(spec: Spec, results: Path | None) -> list[Problem]:
    """Return that the outcomes have been seen, where the study file says otherwise and a result shows it."""
    block = spec.study.registration
    said = block.data_seen_before_lock if block else None
    path = (results or Path("results")) / spec.id / archive.FILE_NAME
    if said in (None, "outcome_data") or not path.is_file():
        return []
    try:
        seen = [each for each in archive.read_document(path)["analyses"] if not each["simulated"]]
    except (DataError, KeyError, TypeError):
        return []
    return [spec.document.problem(f"{path} was made from the outcomes, so they have been seen", "write "
                                  "`data_seen_before_lock: outcome_data`",
                                  ("registration", "data_seen_before_lock"))] if seen else []  # fmt: skip
