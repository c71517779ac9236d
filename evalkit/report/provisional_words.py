"""From when the figures of a study are provisional, in words: on the page, under charts and in downloads."""

from __future__ import annotations

from evalkit.errors import EvalkitError
from evalkit.periods import describe_label, format_period, parse_period
from evalkit.records import Evaluation


def provisional_words(evaluation: Evaluation) -> str:
    """Return from when figures may still be revised, such as `from January 2024 on`; empty where none are said to."""
    data = evaluation.study.get("data") or {}
    first = (data.get("provisional") or {}).get("from")
    return "" if first is None else f"from {period_words(evaluation, str(first))} on"


def period_words(evaluation: Evaluation, written: str) -> str:
    """Return a period that an author wrote in the words of the page; as written where it is none of the data's."""
    frequency = evaluation.primary.frequency if evaluation.analyses else "month"
    try:
        return describe_label(format_period(parse_period(written, frequency), frequency), frequency)
    except EvalkitError:
        return written
