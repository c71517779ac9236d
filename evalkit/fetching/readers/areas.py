"""Areas of the police force area tables: names without notes, what kind of area it is, and the region it lies in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.errors import Problem
from evalkit.fetching.readers.workbooks import Cell, notes_of, without_notes

LEVELS = (
    (re.compile("[KEW][0-9]*(4|92)0{5}[0-9]"), "country"), (re.compile("E12[0-9]{6}"), "region"),
    (re.compile("(E23|W15)[0-9]{6}"), "police_force_area"),
)  # fmt: skip
"""Codes of the Office for National Statistics: countries, regions of England, police force areas."""


@dataclass(frozen=True)
class Area:
    """One row's area.

    Attributes
    ----------
    code, name, level, region : str
        Code (empty where there is none), name without references to notes, kind, region of England or Wales.
    notes : str
        Numbers of the publisher's notes beside the name.
    """

    code: str
    name: str
    level: str
    region: str
    notes: str


def areas(rows: Iterable[Sequence[Cell]]) -> list[Area]:
    """Return the area of every row: forces stand below the region, or the country, that they lie in."""
    found: list[Area] = []
    region = ""
    for row in rows:
        code, name = without_notes(row[0]), without_notes(row[1])
        level = next((level for pattern, level in LEVELS if pattern.fullmatch(code)), "other")
        if level == "region":
            region = name
        elif level == "country":
            region = "Wales" if code.startswith("W") else ""
        inside = region if level in ("region", "police_force_area") else ""
        found.append(Area(code, name, level, inside, notes_of(row[1])))
    return found


def total_problems(found: Sequence[Area], columns: dict[str, Sequence[Cell]]) -> list[Problem]:
    """Return the regions whose forces do not add up to them: rows or columns have slipped, or a force is missing.

    A region of which a force has a mark in place of its number is not judged.
    """
    problems = []
    totals = [(at, area) for at, area in enumerate(found) if area.level == "region" or area.code.startswith("W92")]
    for at, area in totals:
        name = area.name if area.level == "region" else "Wales"
        inside = [i for i, other in enumerate(found) if other.level == "police_force_area" and other.region == name]
        for heading, cells in columns.items():
            parts = [cells[i] for i in inside]
            if all(isinstance(cell, int) for cell in [*parts, cells[at]]) and parts:
                total = sum(cell for cell in parts if isinstance(cell, int))
                if total != cells[at]:
                    message = f"{area.name}, {heading}: its forces add up to {total:,} and the table says {cells[at]:,}"
                    problems.append(Problem(message, "check that rows and columns stand as the publisher left them"))
    return problems
