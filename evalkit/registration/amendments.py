"""Amendments replayed: from the plan as it was fixed to the plan that stands now, and what they do not explain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import Problem
from evalkit.registration.changes import (
    ABSENT,
    Change,
    Path,
    at,
    changes,
    fields_of,
    path_of,
    put,
    same,
    shown,
    structure,
    yaml_of,
)
from evalkit.registration.dates import date_in, is_to_come
from evalkit.registration.locks import Lock
from evalkit.sources.inputs import nearest
from evalkit.spec.blocks import Amendment
from evalkit.spec.reading import Document

AMENDMENTS: Path = ("registration", "amendments")


def replayed(
    lock: Lock, now: Mapping[str, Any], amendments: Sequence[Amendment], document: Document
) -> tuple[Any, list[Problem]]:
    """Return the plan as the amendments leave it, and what is wrong with them.

    Parameters
    ----------
    lock : Lock
        The plan as it was fixed.
    now : mapping
        The plan of the study file.
    amendments : sequence of Amendment
        In the order of the file, each from what the one before it left.
    document : Document
        The study file, for places.
    """
    stands: Any = dict(lock.protocol)
    problems: list[Problem] = []
    for index, amendment in enumerate(amendments):
        here = (*AMENDMENTS, index)
        problems += _date_problems(amendment, lock, document, here)
        path = path_of(stands, amendment.field) or path_of(now, amendment.field)
        if path is None:
            problems.append(document.problem(f"{amendment.field!r} is no field of the plan that was fixed",
                                             _meant(amendment.field, stands, now), (*here, "field")))  # fmt: skip
            continue
        before = at(stands, path)
        if not same(amendment.from_, before):
            problems.append(document.problem(
                f"{amendment.field} is amended from {shown(amendment.from_)}, and what stood was {shown(before)}",
                f"write `from: {yaml_of(before)}`", (*here, "from")))  # fmt: skip
            continue
        after = _target(amendment.to, at(now, path), before)
        if not [*changes(before, after)]:
            problems.append(document.problem(f"{amendment.field} is amended to what it was", "take this amendment out, "
                                             "or say what it became", (*here, "to")))  # fmt: skip
            continue
        stands = put(stands, path, after)
    return stands, problems


def unexplained(stands: Any, now: Mapping[str, Any], lock: Lock, document: Document) -> Iterator[Problem]:
    """Yield each field of the study file that neither the lock nor an amendment has, with the amendment to paste."""
    for change in changes(stands, now):
        amended = at(lock.protocol, change.path) != change.was
        found = f"{change.field} {_differs(change, lock.locked_at, amended)}"
        mend = f"put it back, or add under registration.amendments: {to_paste(change)}"
        place = place_of(change.path, document.data)
        problem = document.problem(found, mend, place or ("registration",), at_key=change.now is ABSENT)
        yield Problem(found, mend, "", problem.file, problem.line, problem.column, problem.source_line, problem.length)


def _differs(change: Change, date: str, amended: bool) -> str:
    """Return how a field stands to the plan, in words."""
    if change.was is ABSENT:
        left = "was taken out by an amendment" if amended else f"is not in the plan that was fixed on {date}"
        return f"{left}, and here it is {shown(change.now)}"
    stood = f"was amended to {shown(change.was)}" if amended else f"was fixed on {date} as {shown(change.was)}"
    return (
        f"{stood}, and it is no longer here" if change.now is ABSENT else f"{stood}, and here it is {shown(change.now)}"
    )


def to_paste(change: Change) -> str:
    """Return the amendment that would explain a change, as one line of YAML."""
    return (f'- {{date: "YYYY-MM-DD", field: {yaml_of(change.field)}, from: {yaml_of(change.was)}, '
            f'to: {yaml_of(change.now)}, reason: "WHY", data_seen: outcome_data}}')  # fmt: skip


def place_of(path: Path, data: Any) -> Path:
    """Return where a field of the plan stands in the study file, as far as it does."""
    from evalkit import provenance

    if path[:1] == ("roll_out_tables",):
        return ("intervention", "table")
    found: list[str | int] = []
    for part in path:
        if isinstance(data, list) and isinstance(part, str):
            key = provenance.name_of(data)
            part = next((number for number, item in enumerate(data) if key and item[key] == part), -1)
        data = at(data, (part,))
        if data is ABSENT:
            return (*found, part)
        found.append(part)
    return tuple(found)


def _target(written: Any, now: Any, before: Any) -> Any:
    """Return what an amendment left: the value of the study file or what stood, where it says that, else as written."""
    if same(written, now):
        return now
    return before if same(written, before) else structure(written)


def _meant(field: str, stands: Any, now: Any) -> str:
    close = nearest(field, {**dict.fromkeys(fields_of(stands)), **dict.fromkeys(fields_of(now))})
    if close:
        return f"did you mean {close!r}?"
    return "name a field as `evalkit check` does; what is no part of the plan belongs under registration.deviations"


def _date_problems(amendment: Amendment, lock: Lock, document: Document, here: Path) -> Iterator[Problem]:
    """Yield a date that is none, lies before the plan was fixed, or is yet to come."""
    date = date_in(amendment.date)
    if date is None:
        yield document.problem(f"{amendment.date!r} is not a date", "write it such as 2026-03-31", (*here, "date"))
        return
    if date < lock.locked_at:
        yield document.problem(f"an amendment of {date} lies before the plan was fixed on {lock.locked_at}",
                               "mend its date", (*here, "date"))  # fmt: skip
    if is_to_come(date):
        yield document.problem(f"an amendment of {date} is yet to come", "give the day on which it was made",
                               (*here, "date"))  # fmt: skip
