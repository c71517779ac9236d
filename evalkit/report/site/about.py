"""What a study is about, for lists: programme, area, outcomes, status."""

from __future__ import annotations

from evalkit.records import Evaluation
from evalkit.report.words import capital

RESULT_ROLES = ("primary", "secondary", "harm", "process")
"""Roles of the outcomes that a study is found by; negative controls are not what it is about."""


def programme_of(evaluation: Evaluation) -> str:
    """Return the programme's name; empty where none is given."""
    return str((evaluation.study.get("programme") or {}).get("name") or "").strip()


def area_of(evaluation: Evaluation) -> str:
    """Return where the study is about: its area, or else where the programme ran; empty where neither is given."""
    where = (evaluation.study.get("programme") or {}).get("where")
    return str(evaluation.study.get("area") or where or "").strip()


def outcomes_of(evaluation: Evaluation) -> list[str]:
    """Return the plain labels of the outcomes that the study is about, the primary one first."""
    declared = [outcome for outcome in (evaluation.study.get("outcomes") or {}).values()
                if str(outcome.get("role") or "primary") in RESULT_ROLES]  # fmt: skip
    declared.sort(key=lambda outcome: str(outcome.get("role") or "primary") != "primary")
    labels = (str(outcome.get("plain_label") or outcome.get("label") or "").strip() for outcome in declared)
    return list(dict.fromkeys(capital(label) for label in labels if label))


def status_of(evaluation: Evaluation) -> str:
    """Return the status of a study."""
    return str(evaluation.study.get("status") or "draft")
