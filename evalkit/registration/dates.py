"""Which dates a plan and its amendments may bear: none that is yet to come, and what is only said is told as such."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from evalkit.errors import Problem, ProtocolError
from evalkit.spec.blocks import Registration
from evalkit.spec.loading import Spec

RECORDED, STATED = "recorded", "stated"
"""How the date of a lock is known: evalkit wrote the lock on that day, or was told an earlier one."""


def days() -> tuple[str, str]:
    """Return today's date here and in universal time, which differ for some hours of each day."""
    now = datetime.datetime.now(tz=datetime.UTC)
    return now.astimezone().date().isoformat(), now.date().isoformat()


def is_to_come(date: str) -> bool:
    """Say whether it is not yet that day anywhere that counts."""
    return date > max(days())


def date_in(written: object) -> str | None:
    """Return a date as year-month-day; None where it is none."""
    try:
        return datetime.date.fromisoformat(str(written)).isoformat()
    except ValueError:
        return None


def dates_to_lock(written: str | None) -> tuple[str, str]:
    """Return the date to write into a lock, and the one on which it is written down.

    Raises
    ------
    ProtocolError
        When the date is none, or is yet to come.
    """
    here, universal = days()
    if written is None:
        return here, here
    date = date_in(written)
    if date is None:
        raise ProtocolError(Problem(f"{written!r} is not a date", "write it such as 2026-03-31", "--date"))
    if is_to_come(date):
        raise ProtocolError(Problem(f"{date} is yet to come", "a plan is fixed today, or was on an earlier day",
                                    "--date"))  # fmt: skip
    return date, date if date in (here, universal) else here


def stated_date_problems(spec: Spec, block: Registration) -> Iterator[Problem]:
    """Yield that the date on which the study file says that its plan was fixed is yet to come."""
    date = date_in(block.locked_at) if block.locked_at else None
    if date is not None and is_to_come(date):
        yield spec.document.problem(f"the plan cannot have been fixed on {date}, which is yet to come",
                                    "mend the date", ("registration", "locked_at"))  # fmt: skip
