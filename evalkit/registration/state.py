"""The gate: whether the study file is the plan that was fixed, as amended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit import provenance
from evalkit.errors import Problem, ProtocolError
from evalkit.registration.amendments import replayed, unexplained
from evalkit.registration.changes import ABSENT, Change, changes, comparable, text_of
from evalkit.registration.dates import is_to_come, stated_date_problems
from evalkit.registration.locks import FOLDER, Lock, lock_name, lock_path, plan_of, plan_of_own, read_lock
from evalkit.registration.seen import earlier_runs, fixed_otherwise, seen_before_amendments
from evalkit.registration.writing import registration_lines
from evalkit.spec.blocks import Registration
from evalkit.spec.loading import Spec

NOT_LOCKED, STATED, AS_LOCKED, AMENDED, NOT_AS_LOCKED = "not_locked", "stated", "as_locked", "amended", "not_as_locked"


def require(spec: Spec, results: Path | None = None) -> dict[str, Any]:
    """Return how a study stands to its lock; see `state_of`.

    Raises
    ------
    ProtocolError
        Naming each field that was changed without an amendment, each amendment that explains nothing, and a lock that
        is gone.
    """
    state, problems = state_of(spec, results)
    if problems:
        raise ProtocolError(problems)
    return state


def state_of(spec: Spec, results: Path | None = None) -> tuple[dict[str, Any], list[Problem]]:
    """Return how a study stands to its lock, and what stands in the way of running it.

    Parameters
    ----------
    spec : Spec
    results : Path, optional
        Folder of results, which show what earlier runs had seen and held to; that of the project when left out.

    Returns
    -------
    dict
        `state`: not_locked, stated (the study file gives a date, and no lock shows it), as_locked, amended or
        not_as_locked; `locked_at`, `dated` (recorded, where evalkit wrote the lock on that day, or stated),
        `written_at`, `locked_sha256`, `data_seen` (null where there is no lock), `now_sha256`, and `changes`: each
        field that is not as it was fixed, `{field, from, to, amended}` (dates of its amendments).
    list of Problem
        Each with its place in the study file.
    """
    block = spec.study.registration or Registration()
    plan = plan_of(spec)
    try:
        lock = read_lock(spec)
    except ProtocolError as error:
        return _state(NOT_AS_LOCKED, None, plan, block), list(error.problems)
    runs = earlier_runs(spec, results)
    if lock is None:
        gone = [*_gone(spec, block), *stated_date_problems(spec, block)]
        gone += () if gone else fixed_otherwise(runs, None, lock_name(spec.id))
        said = STATED if block.locked_at else NOT_LOCKED
        return _state(NOT_AS_LOCKED if gone else said, None, plan, block), gone
    now = comparable(plan, lock.protocol, plan_of_own(spec))
    stands, problems = replayed(lock, now, block.amendments, spec.document)
    problems += [*unexplained(stands, now, lock, spec.document), *_contradictions(spec, block, lock),
                 *fixed_otherwise(runs, lock.sha256, lock_name(spec.id)), *seen_before_amendments(spec, runs),
                 *_lock_to_come(lock)]  # fmt: skip
    problems.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
    differ = [*changes(lock.protocol, now)]
    state = NOT_AS_LOCKED if problems else AMENDED if differ else AS_LOCKED
    return _state(state, lock, now, block, differ), problems


def with_lock(study: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study as plain data with what its lock says where the study file leaves it out."""
    if state["locked_sha256"] is None:
        return dict(study)
    block = study.get("registration") or Registration().model_dump(mode="json", by_alias=True)
    known = {"locked_at": state["locked_at"], "protocol_sha256": state["locked_sha256"],
             "data_seen_before_lock": state["data_seen"]}  # fmt: skip
    return {**study, "registration": {**block, **{key: block.get(key) or value for key, value in known.items()}}}


def lock_inputs(spec: Spec) -> dict[str, str]:
    """Return the hash of the lock's file by name, so that a study is run again when it changes; empty for none."""
    path = lock_path(spec.folders.project, spec.id)
    return {lock_name(spec.id): provenance.sha256_of(path.read_bytes())} if path.is_file() else {}


def _state(
    state: str, lock: Lock | None, now: Mapping[str, Any], block: Registration, differ: list[Change] | None = None
) -> dict[str, Any]:
    return {
        "state": state, "locked_at": lock and lock.locked_at, "dated": lock and lock.dated,
        "written_at": lock and lock.written_at, "locked_sha256": lock and lock.sha256,
        "data_seen": lock and lock.data_seen, "now_sha256": provenance.sha256_of(provenance.canonical(now)),
        "changes": [_row(change, block) for change in differ or ()],
    }  # fmt: skip


def _row(change: Change, block: Registration) -> dict[str, Any]:
    """Return a change of the plan as plain data, with the dates of the amendments of its field, or of what holds it."""
    dates = [str(each.date) for each in block.amendments if _holds(each.field, change.field)]
    return {"field": change.field, "from": _written(change.was), "to": _written(change.now), "amended": dates}


def _holds(one: str, other: str) -> bool:
    return one == other or other.startswith(f"{one}.") or one.startswith(f"{other}.")


def _written(value: Any) -> str | None:
    return None if value is ABSENT or value is None else text_of(value)


def _gone(spec: Spec, block: Registration) -> Iterator[Problem]:
    """Yield that the study file names a lock which is not there."""
    if block.protocol_sha256 is not None:
        yield spec.document.problem(
            f"the plan was fixed, and its lock {lock_name(spec.id)} is not there", "put that file back from "
            f"the history of the project: {FOLDER}/ belongs to it as {spec.name} does",
            ("registration", "protocol_sha256"))  # fmt: skip


def _lock_to_come(lock: Lock) -> Iterator[Problem]:
    """Yield that a lock bears a date that is yet to come."""
    if is_to_come(lock.locked_at):
        yield Problem(f"bears the date {lock.locked_at}, which is yet to come", "set the clock right, or put back the "
                      "file that `evalkit lock` wrote", file=lock_name(lock.id))  # fmt: skip


def reminders(spec: Spec) -> list[str]:
    """Return what is not wrong and should be mended: a lock that the study file does not name could be lost unseen."""
    block = spec.study.registration or Registration()
    lock = read_lock(spec)
    if lock is None or block.protocol_sha256 is not None:
        return []
    lines = "; ".join(registration_lines(lock))
    return [f"{spec.name} does not name its lock, {lock_name(spec.id)}, so nobody would miss it: add under "
            f"registration: {lines}"]  # fmt: skip


def _contradictions(spec: Spec, block: Registration, lock: Lock) -> Iterator[Problem]:
    """Yield what the study file says of the lock and the lock does not."""
    said = {"locked_at": (block.locked_at, lock.locked_at),
            "protocol_sha256": (block.protocol_sha256, lock.sha256),
            "data_seen_before_lock": (block.data_seen_before_lock, lock.data_seen)}  # fmt: skip
    for key, (here, there) in said.items():
        if here is not None and str(here).lower() != there:
            yield spec.document.problem(f"is {str(here)!r}, and {lock_name(spec.id)} has {there!r}",
                                        f"write `{key}: {there}`", ("registration", key))  # fmt: skip
