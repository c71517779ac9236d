"""What authors state, in cells and tables of words; what they leave out is said to be left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.report.numbers import number
from evalkit.report.tables import Column, Table
from evalkit.report.written_dates import in_words

NOT_STATED = "Not stated"


def stated(value: Any, missing: str = NOT_STATED) -> str:
    """Return a text of the study file (several are joined), or what is printed where there is none."""
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return text.strip() or missing


def dated(value: Any, missing: str = NOT_STATED) -> str:
    """Return a date of the study file as a reader says it, no finer than it was written; words stay as they are."""
    text = stated(value, "")
    return in_words(text) if text else missing


def table_of_words(
    name: str, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], note: str = ""
) -> Table | None:
    """Return a table whose cells are words, a card for each row on narrow screens; None where it has no rows."""
    columns = [Column(head) for head in heads]
    return Table(name, caption, columns, rows, cards=True, note=note) if rows else None


def counted(count: int, one: str, several: str) -> str:
    """Return a count with its noun: `1 change`, `3 changes`."""
    return f"{number(count, 0)} {one if count == 1 else several}"


def outcome_words(study: Mapping[str, Any], named: Any, missing: str = NOT_STATED) -> str:
    """Return the plain label of an outcome that is named by its id; other words stay as they were written."""
    declared = (study.get("outcomes") or {}).get(named) if isinstance(named, str) else None
    return stated((declared or {}).get("plain_label") or (declared or {}).get("label") or named, missing)
