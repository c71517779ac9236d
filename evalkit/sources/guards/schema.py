"""The shape of the data as one run found it, and what is another shape at the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.errors import Problem
from evalkit.periods import format_period, parse_period, spell_periods
from evalkit.sources.cells import MISSING_NUMBERS, column_of, number_in, text_of
from evalkit.sources.guards.rules import Looked, some
from evalkit.sources.inputs import nearest
from evalkit.sources.repeated import names_of_columns
from evalkit.sources.written import Between

if TYPE_CHECKING:
    import pandas

    from evalkit.records import Panel
    from evalkit.sources.columns import Data, Outcome

MOST_UNITS = 5_000
"""Names of more units are kept as their hash alone."""
MOST_CATEGORIES = 500
"""A column with more different cells has no categories."""
MOST_CELLS = 100_000
"""Of a column with more different cells than this only so many are read to tell what they are."""
NOTHING = "Nothing has been released yet that the data could be held against."
RELEASED = "Held against the last release, whose data run to {last}."
OTHER_ROWS = "The study asks for other rows than at the last release."
CODE = "ENSWKJLM"
"""First letters of the codes of places that the Office for National Statistics gives: E08000025."""


def schema_of(
    data: Data, rows: pandas.DataFrame, outcome: Outcome, panel: Panel, *, careful: bool = False
) -> dict[str, Any]:  # fmt: skip
    """Return the shape of the data, as plain data for result.json.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows as read, before any filter.
    careful : bool
        Small numbers are hidden: categories are left out, since a rare one tells that there was a case.

    Returns
    -------
    dict
        `columns` (all names), `kinds` (number, text or empty, of the columns that are read), `categories` (of columns
        that a filter tests by value), `units`, `first`, `last`, and `asked`: a hash of the keys by which rows are
        chosen, without which units of two runs cannot be set against each other.
    """
    names = [str(name) for name in rows.attrs.get("columns") or names_of_columns(rows)]
    people = data.person_level is not None
    filtered = {} if careful or people else {**data.filter, **outcome.filter}
    tested = [name for name, condition in filtered.items()
              if name in rows and not isinstance(condition, Between) and name != data.period_column]  # fmt: skip
    categories = {name: found for name in tested if (found := _categories(rows, name)) is not None}
    return {
        "columns": names,
        "kinds": {name: _kind(rows, name, data.decimal_mark) for name in names_of_columns(rows)},
        "categories": categories,
        "units": None if people or panel.cross_sections else _units(panel.units),
        "first": panel.label(panel.times[0]), "last": panel.label(panel.times[-1]), "frequency": panel.frequency,
        "asked": _asked(data, outcome),
    }  # fmt: skip


def _categories(rows: pandas.DataFrame, name: str) -> list[str] | None:
    found = sorted({text_of(cell) for cell in column_of(rows, name).distinct} - {""})
    return found if len(found) <= MOST_CATEGORIES else None


def _kind(rows: pandas.DataFrame, name: str, decimal: str) -> str:
    """Return what the cells of a column are: number, text, or empty."""
    cells = [cell for cell in column_of(rows, name).distinct[:MOST_CELLS] if text_of(cell) not in MISSING_NUMBERS]
    if not cells:
        return "empty"
    return "text" if all(number_in(cell, decimal) is None for cell in cells) else "number"


def _units(units: Sequence[str]) -> list[str] | dict[str, Any]:
    if len(units) <= MOST_UNITS:
        return sorted(units)
    return {"number": len(units), "sha256": hashlib.sha256("\n".join(sorted(units)).encode()).hexdigest()}


def _asked(data: Data, outcome: Outcome) -> str:
    """Return a hash of the keys that decide which rows come to which unit and period."""
    block = data.model_dump(mode="json", by_alias=True)
    kept = {key: block.get(key) for key in ("unit", "period", "filter", "gaps", "settling", "breaks")}
    kept |= {"outcome": {key: value for key, value in outcome.model_dump(mode="json", by_alias=True).items()
                         if key in ("column", "count", "filter", "exposure")}}  # fmt: skip
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def drifted(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, *, released: bool = False
) -> tuple[Looked, Looked]:  # fmt: skip
    """Return what is another shape than at the last run, and which places and periods are gone.

    Parameters
    ----------
    now, before : mapping
        As `schema_of` gives them; None where there was no run before.
    released : bool
        Whether `before` is of the last release. Only that is told as looked at: it is an input of the study, while
        what a last run left behind stops this one, and must not move the bytes of its result.
    """
    if before is None:
        return _looked("schema_drift", NOTHING), _looked("withdrawn_rows", NOTHING)
    problems = [*_changed_kinds(now, before), *_changed_categories(now, before)]
    withdrawn: list[Problem] = []
    if now["asked"] == before["asked"]:
        gone, new = _changed_units(now["units"], before["units"])
        problems += _unit_problems(gone, new)
        withdrawn += _lost_periods(now, before)
        withdrawn += [_lost_units(gone)] if gone and not new else []
    note = RELEASED.format(last=before["last"]) if released else NOTHING
    other = OTHER_ROWS if released and now["asked"] != before["asked"] else note
    return (_looked("schema_drift", note, problems, ran=released),
            _looked("withdrawn_rows", other, withdrawn, ran=released and other is note))  # fmt: skip


def _looked(guard: str, note: str, problems: Sequence[Problem] = (), *, ran: bool = False) -> Looked:
    return Looked(guard, tuple(problems), note, ran)


def _changed_kinds(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[Problem]:
    for name, kind in now["kinds"].items():
        was = before["kinds"].get(name, kind)
        if kind != was and "empty" not in (kind, was):
            yield Problem(f"the column {name!r} holds {_cells(kind)} and held {_cells(was)} at the last run",
                          "fetch the data again, or ask the publisher what changed", name)  # fmt: skip


def _cells(kind: str) -> str:
    return {"number": "numbers", "text": "text"}[kind]


def _changed_categories(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[Problem]:
    for name, found in now["categories"].items():
        was = before["categories"].get(name)
        if was is None:
            continue
        new, gone = sorted(set(found) - set(was)), sorted(set(was) - set(found))
        if new:
            close = f" (the last run had {nearest(new[0], gone)!r})" if gone and nearest(new[0], gone) else ""
            yield Problem(f"{some(new)} {'is' if len(new) == 1 else 'are'} new in the column {name!r}, which the study "
                          f"filters by{close}", "say in the filter whether it belongs to the study", name)  # fmt: skip
        elif gone:
            yield Problem(f"{some(gone)} {'is' if len(gone) == 1 else 'are'} no more in the column {name!r}, which the "
                          "study filters by", "ask the publisher where these records went", name)  # fmt: skip


def _changed_units(now: Any, before: Any) -> tuple[list[str], list[str]]:
    """Return units that are gone and units that are new; none where their names were not kept."""
    if not (isinstance(now, list) and isinstance(before, list)):
        return [], []
    return sorted(set(before) - set(now)), sorted(set(now) - set(before))


def _unit_problems(gone: Sequence[str], new: Sequence[str]) -> list[Problem]:
    """Return new units, told as changed codes or names where as many are gone."""
    if not new:
        return []
    if gone and all(is_code(name) for name in [*gone, *new]):
        found = f"codes of places changed since the last run: {some(gone)} gone, {some(new)} new"
        return [Problem(found, "map the new codes to the old places, or the study compares other places", "data.unit")]
    if gone:
        pairs = [f"{old!r} is now {nearest(old, new)!r}?" for old in gone if nearest(old, new)]
        found = f"places changed since the last run: {some(gone)} gone, {some(new)} new"
        return [Problem(found, " ".join([*pairs[:3], "spell places as before"]), "data.unit")]
    found = f"{some(new)} {'is a new place' if len(new) == 1 else 'are new places'} since the last run"
    return [Problem(found, "name the places of the study in `data.filter`", "data.unit")]


def is_code(name: str) -> bool:
    """Say whether a name is a code of the Office for National Statistics, such as E08000025."""
    return len(name) == 9 and name[0] in CODE and name[1:].isdigit()


def _lost_units(gone: Sequence[str]) -> Problem:
    found = f"{some(gone)} {'was' if len(gone) == 1 else 'were'} in the data at the last run and "
    return Problem(f"{found}{'is' if len(gone) == 1 else 'are'} not now", "fetch the data again, or ask why", "data")


def _lost_periods(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[Problem]:
    """Yield the stretches at either end that the last run had and this one has not."""
    frequency = now["frequency"]
    if frequency != before["frequency"]:
        return
    ends = {key: [parse_period(each[key], frequency) for each in (before, now)] for key in ("first", "last")}
    (old_first, first), (old_last, last) = ends["first"], ends["last"]
    mend = "keep the rows that the publisher takes down in a file of your own, and read both"
    for stretch in (range(old_first, first), range(last + 1, old_last + 1)):
        if len(stretch):
            was, now_are = ("was", "is") if len(stretch) == 1 else ("were", "are")
            run = f"they run from {format_period(first, frequency)} to {format_period(last, frequency)}"
            gone = f"{spell_periods(stretch, frequency)} {was} in the data at the last run and {now_are} not now"
            yield Problem(f"{gone}: {run}", mend, "data")
