"""What this study is to strategies: which of their measures of success it informs (E5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.changes import joined
from evalkit.report.exhibits import Exhibits
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.told.stated import dated, outcome_words, stated, table_of_words

FIGURES: tuple[Drawn, ...] = ()
REMINDER = "A movement in a measure is not by itself what the programme did."
"""Printed beside every measure of success."""
OWED = {"target": "target", "baseline": "baseline", "deadline": "date"}
"""What a measure of success needs before anybody can say that it was met."""
HEADS = ("Strategy", "What it says", "Measured here by", "Target", "Baseline", "By when", "Source")


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the measures of success that the study informs, with what each strategy leaves open."""
    measures = list(evaluation.study.get("strategies") or ())
    if not measures:
        return []
    rows = [_row(measure, evaluation.study) for measure in measures]
    table = table_of_words("tbl-strategies", "Measures of strategies that this study informs", HEADS, rows)
    return part("", [_left_open(measures), REMINDER], blocks=[exhibits.table(table)])


def _row(measure: Mapping[str, Any], study: Mapping[str, Any]) -> list[str]:
    return [
        str(measure["strategy"]),
        f"“{measure['wording']}”",
        outcome_words(study, measure.get("outcome"), "No outcome of this study"),
        *((dated if key == "deadline" else stated)(measure.get(key), "Not named") for key in OWED),
        stated(measure.get("source")),
    ]


def _left_open(measures: Sequence[Mapping[str, Any]]) -> str:
    """Return what the strategies do not name; empty where each names all of it."""
    missing = {words: sum(not stated(measure.get(key), "") for measure in measures) for key, words in OWED.items()}
    missing = {words: count for words, count in missing.items() if count}
    if not missing:
        return ""
    if len(measures) == 1:
        return f"The strategy names {joined(f'no {words}' for words in missing)}."
    counts = [f"{number(count, 0)} {'has' if count == 1 else 'have'} no {words}" for words, count in missing.items()]
    return f"Of {number(len(measures), 0)} measures, {joined(counts)}."
