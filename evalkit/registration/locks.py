"""What is fixed of a study, and the file that keeps it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit import archive, provenance
from evalkit.errors import DataError, Problem, ProtocolError
from evalkit.registration.completeness import reasons_against
from evalkit.registration.dates import RECORDED, STATED, dates_to_lock
from evalkit.registration.seen import earlier_runs, fixed_otherwise, seen_before_lock
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
        Date, as year-month-day: that of the writing, or an earlier one that was stated.
    written_at : str
        Date on which evalkit wrote the lock.
    data_seen : str
        What had been seen by then: none, aggregate_press_figures or outcome_data.
    data : list of mapping
        Each file of the data by then: `name`, and its `sha256`, or null for one that was not there yet. Of a table in a
        database, which would have to be asked for its rows, the name alone, with `database`.
    sha256 : str
        Hash of `protocol`, as canonical JSON.
    protocol : mapping
        What is fixed: see `provenance.protocol`.
    evalkit : str
        Version that fixed it.
    seal : str
        Hash of all of this, so that a date changed by hand is found out.
    """

    id: str
    title: str
    locked_at: str
    data_seen: str
    data: list[Mapping[str, Any]]
    sha256: str
    protocol: Mapping[str, Any]
    evalkit: str
    written_at: str = ""
    seal: str = ""
    schema: str = SCHEMA

    @property
    def dated(self) -> str:
        """How its date is known: recorded by evalkit on that day, or stated."""
        return RECORDED if self.written_at == self.locked_at else STATED

    def sealed(self) -> Lock:
        """Return the lock with the hash of all that it holds."""
        whole = dataclasses.asdict(dataclasses.replace(self, seal=""))
        return dataclasses.replace(self, seal=provenance.sha256_of(provenance.canonical(whole)))


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
        Date to write down, as year-month-day; today when left out. An earlier one is told as stated, not recorded.
    results : Path, optional
        Folder of results: one that was made from real data says that they have been seen.

    Raises
    ------
    ProtocolError
        When it is locked already, the date is yet to come, or with everything that a study must say before it can be
        fixed.
    """
    path = lock_path(spec.folders.project, spec.id)
    if path.exists():
        found = read_lock(spec)
        when = f"it was locked on {found.locked_at}" if found else "there is one already"
        raise ProtocolError(Problem(when, "a lock is never made anew: note each change under registration.amendments",
                                    file=lock_name(spec.id)))  # fmt: skip
    runs = earlier_runs(spec, results)
    problems = [*_already_stated(spec), *reasons_against(spec), *seen_before_lock(spec, runs),
                *fixed_otherwise(runs, None, lock_name(spec.id))]  # fmt: skip
    if problems:
        raise ProtocolError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    plan = plan_of(spec)
    registration = spec.study.registration
    assert registration is not None
    locked_at, written_at = dates_to_lock(date)
    lock = Lock(spec.id, spec.study.title, locked_at, str(registration.data_seen_before_lock), _files(spec),
                provenance.sha256_of(provenance.canonical(plan)), plan,
                importlib.metadata.version("evalkit"), written_at).sealed()  # fmt: skip
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
    if lock.sealed() != lock:
        raise ProtocolError(Problem("was changed by hand: its date, or what had been seen by then, is not what its "
                                    "seal says", mend, file=name))  # fmt: skip
    return lock


def _files(spec: Spec) -> list[Mapping[str, Any]]:
    """Return each file of the data as it is now; one that is not there yet has no hash."""
    from evalkit.sources.files import FileData
    from evalkit.sources.table import TableData

    found: dict[str, Mapping[str, Any]] = {}
    for request in spec.requests:
        data = request.study.data
        if isinstance(data, FileData | TableData):
            name = data.path or data.file
            if data.path is None:
                found[name] = {"name": name, "sha256": None, "database": True}
                continue
            try:
                found[name] = {"name": name, "sha256": data.inputs(spec.folders)[0].sha256()}
            except DataError:
                found[name] = {"name": name, "sha256": None}
    return [each for _, each in sorted(found.items())]


def _already_stated(spec: Spec) -> list[Problem]:
    """Return that the study file names a lock that is not there."""
    block = spec.study.registration
    if block is None or block.protocol_sha256 is None:
        return []
    return [spec.document.problem(f"names a lock, and {lock_name(spec.id)} is not there", "put that file back, or take "
                                  "this line out before the study is locked for the first time",
                                  ("registration", "protocol_sha256"))]  # fmt: skip
