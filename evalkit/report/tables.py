"""Tables: great_tables lays them out, and this one place turns its output into the table of the house.

great_tables 1.1 writes its own style block, repeats ids from table to table and has no caption. Here its cells are
kept (escaped and aligned by it) and put under a caption, with scope on every heading and no ids but our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from evalkit.report.svg import clean
from evalkit.report.templates import render_exhibit

_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_AS_IT_IS = re.compile(r"(?:[A-Za-z0-9£%().,:;/+\-−–]+ )*[A-Za-z0-9£%().,:;/+\-−–]+")
"""Text that great_tables leaves as it is, whatever it is: a test tries it."""
_KNOWN: dict[str, str] = {}
"""Cells by their text, as great_tables formatted them."""
_MOST_KNOWN = 50_000
_VERDICTS = {"no sign against": "clear", "sign against": "against", "too weak to tell": "weak", "not run": "notrun"}


class Linked(str):
    """A cell that leads to a place on the same page: its text, and the id of the place."""

    anchor: str

    def __new__(cls, text: str, anchor: str) -> Linked:
        """Return the text, which stands in CSV files as it is, with the id beside."""
        made = super().__new__(cls, text)
        made.anchor = anchor
        return made


@dataclass(frozen=True)
class Column:
    """A column: its heading with the unit, and whether it holds numbers (set to the right), a verdict or a hash."""

    label: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """A table as a page shows it.

    Attributes
    ----------
    name : str
        Id on the page, such as `tbl-result`.
    caption : str
    columns : sequence of Column
        The first one names the rows.
    rows : sequence of sequence of str
        Cells as text, or as `Linked`; they are escaped here.
    main : int or None
        Row that the headline rests on; printed bold.
    cards : bool
        True: narrow screens show each row as a card. False: the table scrolls in its own box.
    note : str
        Printed below the table.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    main: int | None = None
    cards: bool = False
    note: str = ""


def table_html(table: Table, project: Path | None = None) -> str:
    """Return a table as HTML, the cells as great_tables wrote them."""
    return render_exhibit("table", {"table": table, "heads": _heads(table), "rows": _rows(table)}, project)


def table_text(table: Table) -> list[list[str]]:
    """Return heading and rows as plain text, for CSV files."""
    return [[column.label for column in table.columns], *[list(row) for row in table.rows]]


def _heads(table: Table) -> list[dict[str, str]]:
    return [{"label": column.label, "class": "n" if column.kind == "number" else ""} for column in table.columns]


def _rows(table: Table) -> list[dict[str, object]]:
    """Return the rows with every cell's markup, label and class."""
    rows = []
    for place, cells in enumerate(_great_cells(table)):
        made = []
        for column, cell, text in zip(table.columns, cells, table.rows[place], strict=True):
            verdict = _VERDICTS.get(text.lower(), "") if column.kind == "verdict" else ""
            made.append({"text": cell, "label": column.label, "verdict": verdict, "anchor": getattr(text, "anchor", ""),
                         "class": {"number": "n", "hash": "hash"}.get(column.kind, "")})  # fmt: skip
        rows.append({"head": made[0], "cells": made[1:], "main": place == table.main})
    return rows


def _great_cells(table: Table) -> list[list[str]]:
    """Return the body's cells, row by row, as great_tables formats them.

    It takes 25 ms for a table and formats each cell by itself, whatever stands beside it. So it is given, as one
    column, those cells alone that it could change and whose text this process has not met yet.
    """
    wanted = [[clean(cell) for cell in row] for row in table.rows]
    open_to_change = dict.fromkeys(text for row in wanted for text in row if not _AS_IT_IS.fullmatch(text))
    new = [text for text in open_to_change if text not in _KNOWN]
    if len(_KNOWN) + len(new) > _MOST_KNOWN:
        _KNOWN.clear()
        new = list(open_to_change)
    if new:
        _KNOWN.update(zip(new, _formatted(new), strict=True))
    return [[_KNOWN.get(text, text) for text in row] for row in wanted]


def _formatted(texts: Sequence[str]) -> list[str]:
    """Return what great_tables makes of texts as cells of a column."""
    import pandas
    from great_tables import GT

    frame = pandas.DataFrame({"cell": texts}, dtype=object)
    found = _TABLE.search(GT(frame, id="cells").as_raw_html())
    assert found is not None
    body = ElementTree.fromstring(found.group()).find("tbody")  # noqa: S314 - our own output
    assert body is not None
    return ["".join(row[0].itertext()) for row in body]


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a small table with inline style only, for notebooks."""
    line = 'style="text-align:left;padding:2px 12px 2px 0;border-bottom:1px solid #ccc"'
    head = "".join(f'<th scope="col" {line}>{escape(text)}</th>' for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td {line}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )  # fmt: skip
    return (f'<table style="border-collapse:collapse"><caption style="text-align:left;font-weight:bold">'
            f"{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")  # fmt: skip
