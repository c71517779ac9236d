"""Rooms of the page in tests: a study file's blocks go in, words and tables come out."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import demo

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits

BASES = {"impact": demo.seat_belts, "monitoring": demo.portsmouth, "rehearsal": demo.rehearsal}


def told(base: str = "impact", blocks: dict[str, Any] | None = None, **changes: Any) -> Evaluation:
    """Return one of the made-up evaluations whose study file has these blocks as well."""
    made = BASES[base]()
    return BASES[base](study={**made.study, **(blocks or {})}, **changes)


class Room:
    """What a room gives: its sentences, its pairs, its tables, and all of it as one text."""

    def __init__(self, room: Any, evaluation: Evaluation) -> None:
        self.exhibits = Exhibits(evaluation.id, None, evaluation.simulated)
        self.parts = room.parts(evaluation, self.exhibits, {})
        self.titles = [part["title"] for part in self.parts]
        self.sentences = [sentence for part in self.parts for sentence in part["sentences"]]
        self.pairs = {term: text for part in self.parts for term, text in part["pairs"]}
        self.tables = list(self.exhibits.names)
        blocks = [
            re.sub(r"<[^>]+>|^`{3,}.*$", " ", str(block), flags=re.MULTILINE)
            for part in self.parts
            for block in part["blocks"]
        ]
        self.shown = " ".join(unescape(" ".join(blocks)).split())
        pairs = [f"{term}: {text}" for term, text in self.pairs.items()]
        self.text = " ".join([*self.titles, *self.sentences, *pairs, self.shown])

    def rows(self, name: str) -> list[list[str]]:
        """Return the cells of a table, heading first, as its download has them."""
        import csv
        import io

        file = next(text for file, text in self.exhibits.files.items() if file.endswith(f"{name}-table.csv"))
        return list(csv.reader(io.StringIO(file.removeprefix("\ufeff"))))
