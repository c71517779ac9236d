"""What was asked: population, intervention, comparator, outcome and time, a row for each question (E6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.arrangements import kind_words
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.told.stated import outcome_words, stated, table_of_words

FIGURES: tuple[Drawn, ...] = ()
HEADS = ("Question", "Kind", "For whom", "What is done", "Set against", "Outcome", "When", "Decision that rests on it")
"""The parts of a question: population, intervention, comparator, outcome and time stand in the middle."""


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the questions of the study, a row each; none where the study file lists none."""
    asked = evaluation.study.get("questions") or ()
    rows = [_row(question, evaluation) for question in asked]
    caption = "Each question: for whom, what, set against what, which outcome, when"
    return part("", blocks=[exhibits.table(table_of_words("tbl-questions", caption, HEADS, rows))])


def _row(question: Mapping[str, Any], evaluation: Evaluation) -> list[str]:
    return [
        f"{question['id']}: {question['text']}",
        kind_words(question.get("type") or "impact", evaluation),
        *(stated(question.get(key)) for key in ("population", "intervention", "comparator")),
        outcome_words(evaluation.study, question.get("outcome")),
        *(stated(question.get(key)) for key in ("timeframe", "decision")),
    ]
