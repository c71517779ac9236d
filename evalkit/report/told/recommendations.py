"""What should be done, by whom, and what it rests on (E43)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.told.stated import dated, stated, table_of_words

FIGURES: tuple[Drawn, ...] = ()
NONE_MADE = "No recommendation is made."
ORDER = "These are the authors’ recommendations, in their order."
CONFIDENCE = {"high": "High", "moderate": "Moderate", "low": "Low"}
HEADS = ("What should be done", "By whom", "By when", "What it rests on", "Confidence")


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the recommendations in their order; a study with results and without any says so."""
    given = evaluation.study.get("recommendations") or ()
    rows = [_row(place, one) for place, one in enumerate(given, start=1)]
    if rows:
        table = table_of_words("tbl-recommendations", "Recommendations", HEADS, rows)
        return part("", [ORDER], blocks=[exhibits.table(table)])
    written = (evaluation.study.get("narrative") or {}).get("recommendations")
    return part("", [NONE_MADE]) if evaluation.analyses and not written else []


def _row(place: int, one: Mapping[str, Any]) -> list[str]:
    return [
        f"{place}. {one['text']}",
        stated(one.get("owner"), "No owner named"),
        dated(one.get("by"), "No date named"),
        stated(one.get("rests_on")),
        CONFIDENCE.get(str(one.get("confidence")), "Not stated"),
    ]
