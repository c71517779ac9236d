"""Tables as CSV: numbers plain, each in a column of its own, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from evalkit.report.numbers import Shown

_FORMULA = re.compile(r"\s*[=+\-@]")
_SHORTHAND = re.compile(r"\[[a-z]+\]")
"""Such as `[c]`: a number that is hidden (Government Statistical Service, symbols in tables)."""
File = tuple[str, str]
"""Name of a file, and what it holds."""
_ENDS = (("",), (", low", ", high"), ("", ", low", ", high"))


def grouped(whole: Sequence[File], listed: Sequence[File]) -> dict[str, list[File]]:
    """Return the downloads of a page by what they are: everything at once, charts, tables, reporting checklists.

    Parameters
    ----------
    whole : sequence of (str, str)
        Name and words of the files that hold everything.
    listed : sequence of (str, str)
        The same of charts and tables, in the order of the page.
    """
    groups: dict[str, list[File]] = {"whole": list(whole), "figures": [], "tables": [], "checklists": []}
    for name, words in listed:
        kind = "tables" if name.endswith("-table.csv") else "figures"
        kind = "checklists" if "checklist" in words.casefold() else kind
        groups[kind].append((name, words))
    return groups


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as CSV, with a byte-order mark so that spreadsheets read its letters.

    Parameters
    ----------
    rows : sequence of sequence of str
        Heading and rows. A column that holds `Shown` cells becomes its numbers: one column for estimates, `low` and
        `high` for intervals, all three for an estimate with its interval, and one for the unit where there is one.
        All else is text.

    Returns
    -------
    str
        Numbers have ASCII signs and no thousands commas; an infinite bound is `inf`; no number is an empty cell,
        one that is hidden its shorthand (`[c]`).
    """
    head, *body = rows
    columns = [_column(label, [row[place] for row in body]) for place, label in enumerate(head)]
    flat = [cells for column in columns for cells in column]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(zip(*flat, strict=True))
    return "\ufeff" + written.getvalue()


def _column(label: str, cells: Sequence[str]) -> list[list[str]]:
    """Return the columns that one column becomes, each with its heading."""
    shown = [cell for cell in cells if isinstance(cell, Shown)]
    if not shown:
        return [[as_text(label), *map(as_text, cells)]]
    width = max(len(cell.numbers) for cell in shown)
    made = [[as_text(f"{label}{end}"), *(_number(cell, place) for cell in cells)]
            for place, end in enumerate(_ENDS[width - 1])]  # fmt: skip
    if width != 2 and any(cell.unit for cell in shown):
        made.append([as_text(f"{label}, unit"), *(as_text(getattr(cell, "unit", "")) for cell in cells)])
    return made


def _number(cell: str, place: int) -> str:
    """Return one number of a cell; its shorthand where that stands for one; empty where it holds other words."""
    numbers = cell.numbers if isinstance(cell, Shown) else ()
    if _SHORTHAND.fullmatch(cell) and place < len(numbers):
        return str(cell)
    value = numbers[place] if place < len(numbers) else None
    return "" if value is None or math.isnan(value) else f"{value:.10g}"


def as_text(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before one that looks like it."""
    if not _FORMULA.match(cell):
        return str(cell)
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return str(cell)
