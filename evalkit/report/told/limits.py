"""Limits of the study, ranked by its authors: which way each moves the answer, and how far (E42)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.told.stated import table_of_words

FIGURES: tuple[Drawn, ...] = ()
DIRECTION = {
    "too_good": "Makes the programme look better than it is",
    "too_bad": "Makes the programme look worse than it is",
    "either": "May move the answer either way",
    "unknown": "Which way is not known",
}
"""Which way a limit moves the answer, in words."""
SIZE = {"small": "Small", "moderate": "Moderate", "large": "Large", "unknown": "Not known"}
ORDER = "The authors rank these limits: the first matters most."
HEADS = ("Limit", "Which way it moves the answer", "How far")


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the limits that the authors rank; none where they rank none."""
    given = list(evaluation.study.get("limitations") or ())
    rows = [_row(place, one) for place, one in enumerate(given, start=1)]
    table = table_of_words("tbl-limits", "Limits, ranked by the authors", HEADS, rows)
    told = [ORDER] if len(rows) > 1 else []
    return part("Limits, and which way they move the answer", told, blocks=[exhibits.table(table)])


def _row(place: int, one: Mapping[str, Any]) -> list[str]:
    return [f"{place}. {one['text']}", DIRECTION[str(one.get("direction") or "unknown")],
            SIZE[str(one.get("size") or "unknown")]]  # fmt: skip
