"""Why a scale has its score, as short as the first side needs it; the section on grades has every reason in full."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.evidence import LOWERED

MOST_WORDS = {"sentences": 16, "conditions": 10}
"""So many words of a reason stand on the first side; a first sentence, or a first condition, is never cut."""


def in_brief(reason: str) -> tuple[str, int]:
    """Return a scale's reason as short as the first side needs it, and how many conditions against were left off.

    Of conditions, those against are told: the score says how many hold. Of sentences, the first ones are told, and
    always that a check lowered the score.
    """
    if not reason.startswith(("For: ", "Against: ")):
        lowered = LOWERED if reason.endswith(LOWERED) else ""
        sentences = [f"{text}." for text in reason.removesuffix(LOWERED).strip().removesuffix(".").split(". ")]
        return " ".join(part for part in (*_within(sentences, MOST_WORDS["sentences"]), lowered) if part), 0
    _, _, lacking = reason.rpartition("Against: ")
    if "Against: " not in reason:
        return "Every condition is met.", 0
    conditions = lacking.removesuffix(".").split("; ")
    told = _within(conditions, MOST_WORDS["conditions"])
    return f"Against: {'; '.join(told)}.", len(conditions) - len(told)


def _within(texts: Sequence[str], most: int) -> list[str]:
    """Return the first texts that together keep to the limit, at least one."""
    told: list[str] = []
    for text in texts:
        if told and len(" ".join([*told, text]).split()) > most:
            break
        told.append(text)
    return told
