"""Texts of checks and of rules as a reader meets them: written dates, true minus signs, percentages of one form.

Checks write for the terminal and for result.json as well, each with the digits that its own sum deserves. On a page
they stand beside headline and tables, so there the same number has to look the same.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.periods import describe_label, parse_period
from evalkit.report.numbers import MINUS, number

if TYPE_CHECKING:
    from evalkit.records import Analysis, Diagnostic, Evaluation

_MINUS = re.compile(r"(?<![\w.,\-/\u2212])-(?=\d)")
_NUMBER = rf"[+\-{MINUS}]?\d[\d,]*(?:\.\d+)?"
_PERCENT = re.compile(rf"(?P<value>{_NUMBER})(?P<unit>%)(?P<gap> ?\((?:\d+% interval:? )?)?"
                      rf"(?P<ends>{_NUMBER} to {_NUMBER}(?=\)))?")  # fmt: skip
_LABEL = re.compile(r"(?<![\w\-/.])(?:19|20)\d\d-(?:Q[1-4]|W\d\d|\d\d(?:-\d\d)?)(?![\w\-/]|\.\w)")
_DATED = ("day", "week", "month", "quarter")
"""Frequencies whose labels look like dates; a financial year, 2022-23, is a reader's word already."""


def plain(text: str, frequency: str = "") -> str:
    """Return a text with written dates, true minus signs and percentages of at most one decimal.

    Parameters
    ----------
    text : str
    frequency : str
        Length of a period of the study: tells a month, 2022-04, from a financial year, 2022-23.
    """
    if frequency in _DATED:
        text = _LABEL.sub(lambda found: _period(found.group(), frequency), text)
    return _MINUS.sub(MINUS, _PERCENT.sub(_percentages, text))


def for_readers(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation whose checks, rules and notes are written as a page writes; its numbers are untouched."""
    return replace(evaluation, analyses=tuple(_analysis(analysis) for analysis in evaluation.analyses))


def _analysis(analysis: Analysis) -> Analysis:
    frequency, result = analysis.frequency, analysis.result
    checks = tuple(_check(check, frequency) for check in result.diagnostics)
    left = tuple(replace(part, left_out=plain(part.left_out, frequency)) for part in result.leave_out)
    models = tuple(replace(model, rule=plain(model.rule, frequency)) for model in result.error_models)
    told = replace(result, diagnostics=checks, leave_out=left, error_models=models,
                   standard_errors=plain(result.standard_errors, frequency))  # fmt: skip
    return replace(analysis, result=told, notes=tuple(plain(note, frequency) for note in analysis.notes))


def _check(check: Diagnostic, frequency: str) -> Diagnostic:
    return replace(check, assumption=plain(check.assumption, frequency), reading=plain(check.reading, frequency),
                   looked_at=plain(check.looked_at, frequency), short=plain(check.short, frequency))  # fmt: skip


def _period(label: str, frequency: str) -> str:
    """Return a label of a period in words; one that is no period of the study, as it stands."""
    exact = len(label) == len("2022-04-11") and frequency != "week"
    for shape in ("day",) if exact else dict.fromkeys((frequency, "day", "month")):
        try:
            parse_period(label, shape)
            return describe_label(label, shape)
        except (EvalkitError, OverflowError):
            continue
    return label


def _percentages(found: re.Match[str]) -> str:
    """Return a percentage, and the interval in brackets after it, with at most one decimal each."""
    ends = found["ends"]
    written = " to ".join(map(_rounded, ends.split(" to "))) if ends else ""
    return f"{_rounded(found['value'])}{found['unit']}{found['gap'] or ''}{written}"


def _rounded(text: str) -> str:
    """Return a number as it stands, or with one decimal where it has more; never as none where it is something."""
    whole, _, decimals = text.partition(".")
    if len(decimals) < 2:
        return text
    value = float(text.replace(",", "").replace(MINUS, "-"))
    if abs(value) < 0.05:
        return text if value else f"{whole}.0"
    sign = "+" if text.startswith("+") else ""
    return f"{sign}{number(value, 1)}"
