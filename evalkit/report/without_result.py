"""What a page says first where nothing was estimated: a plan, no impact to be had, figures unchecked."""

from __future__ import annotations

from evalkit.records import Evaluation

ANSWERS = {
    "not_yet": "Not studied yet.",
    "not_evaluable": "Not evaluable for impact.",
    "not_recomputable": "The published figures cannot be recomputed.",
    "nothing_published": "No result is published.",
}
"""The first sentence of a page without a result, by the study file's `design.answer`."""
PLANNED = "There is a plan and no result."
BADGES = {"not_evaluable": "theory", "not_recomputable": "published", "nothing_published": "published"}
"""Which words of the site's badges stand on such a page; a plan has those of a protocol."""


def answer_of(evaluation: Evaluation) -> str:
    """Return what the study file answers; `not_yet` where it says nothing."""
    return str(evaluation.study["design"].get("answer") or "not_yet")


def sentences(evaluation: Evaluation) -> tuple[str, str]:
    """Return the first sentence of a study without a result, and what stands beside it."""
    answer = answer_of(evaluation)
    return ANSWERS[answer], PLANNED if answer == "not_yet" else str(evaluation.study["design"].get("why") or "").strip()
