"""Effect, mechanism, moderators, implementation, economics: five boxes, printed always (E41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.money_parts import money_card
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.templates import raw_block, render_exhibit
from evalkit.report.told.stated import stated
from evalkit.report.words import SIMULATED, headline

FIGURES: tuple[Drawn, ...] = ()
BOXES = {
    "effect": ("Effect", "What difference did it make?"),
    "mechanism": ("Mechanism", "How could it bring that about?"),
    "moderators": ("Moderators", "For whom, and where?"),
    "implementation": ("Implementation", "What does it take to run it?"),
    "economics": ("Economics", "What does it cost, and what is it worth?"),
}
"""The five boxes of EMMIE with the question that each answers."""
MONITORING = {"effect": ("Change", "What changed?"), "mechanism": ("Mechanism", "How is it meant to help?")}
"""What two of the boxes are called where the page may not speak of causes."""
NOT_STUDIED = "Not studied"
SIZE = "How large, and how sure: see the first side."
MORE = "More stands under “Value for money”."
BEST = 4
EXPLAINED = ("Five boxes, after the College of Policing’s EMMIE. A score from 0 to 4 says how good the evidence is. "
             "It does not say how good the programme is.")  # fmt: skip


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the five boxes; one with nothing in it says that it was not studied."""
    boxes = [_box(key, evaluation) for key in BOXES]
    shown = render_exhibit("emmie", {"boxes": boxes, "simulated": evaluation.simulated}, exhibits.project)
    return part("Five boxes", [EXPLAINED], blocks=[raw_block(shown)])


def _box(key: str, evaluation: Evaluation) -> dict[str, Any]:
    """Return one box: the author's, or else what the page itself has found, or else nothing."""
    names = {**BOXES, **(MONITORING if evaluation.level == "monitoring" else {})}
    title, question = names[key]
    author: Mapping[str, Any] = (evaluation.study.get("emmie") or {}).get(key) or {}
    return {
        "title": title,
        "question": question,
        "said": stated(author.get("text"), ""),
        "found": "" if author else _found(key, evaluation),
        "missing": NOT_STUDIED,
        "score": author.get("quality"),
        "of": BEST,
        "source": stated(author.get("source"), ""),
    }


def _found(key: str, evaluation: Evaluation) -> str:
    """Return what the page itself has for a box, in the words of its headline; empty where it has nothing."""
    if key == "economics":
        told = [*money_card(evaluation)[:1], MORE] if money_card(evaluation) else []
        return " ".join([f"{SIMULATED}.", *told] if told and evaluation.simulated else told)
    if key != "effect" or not evaluation.analyses:
        return ""
    return f"{headline(evaluation).sentence} {SIZE}"
