"""The state of an item on a page: decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from evalkit.records import Evaluation
from evalkit.report.checklists.facts import lacking
from evalkit.report.checklists.keys import holds
from evalkit.report.checklists.standards import Item

FIRST_SIDE = {
    "answer": "The answer",
    "sure": "How sure are we?",
    "cannot": "What we cannot say",
    "cost": "Cost and break-even",
    "named": "Names, on the first side",
}
"""Anchors that every page has on its first side."""


@dataclass(frozen=True)
class State:
    """What became of an item.

    Attributes
    ----------
    kind : str
        reported, not reported, not applicable, or otherwise: seen to, but not on a page.
    anchor : str
        Where it stands; empty unless it is reported.
    why : str
        Why it does not apply, or who sees to it.
    """

    kind: Literal["reported", "not reported", "not applicable", "otherwise"]
    anchor: str = ""
    why: str = ""


def state_of(item: Item, evaluation: Evaluation, anchors: Container[str]) -> State:
    """Return the state of an item.

    Parameters
    ----------
    item : Item
    evaluation : Evaluation
    anchors : container of str
        Ids that the page has, apart from its first side.

    Notes
    -----
    An item is reported where all keys of one of its places are filled and one of that place's anchors is on the page.
    A section that exists for another reason is not enough; nor is a key that the page does not print.
    """
    why = lacking(evaluation, item.needs)
    if why:
        return State("not applicable", why=why)
    if not item.places:
        return State("otherwise", why=item.otherwise)
    for place in item.places:
        if all(holds(evaluation, key) for key in place.keys):
            standing = next((anchor for anchor in place.anchors if anchor in FIRST_SIDE or anchor in anchors), "")
            if standing:
                return State("reported", anchor=standing)
    return State("not reported")
