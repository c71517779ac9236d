"""Standards as data: a file of items for each, read from the folder `items`.

`items/standards.csv` names them; `items/NAME.csv` has the items of one. An item's `found` is a list of places parted by
semicolons, each `KEY & KEY @ ANCHOR | ANCHOR`: what must be filled, and where on the page it would stand. Any one of
the places is enough; within one, all keys must be filled. An item without places says in `otherwise` who sees to it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "items"
STATUS = {
    "primary": "Read at the publisher",
    "secondary": "From a named third party",
    "memory": "Recalled, unchecked",
}
"""How far an item was checked against its standard, in words."""


@dataclass(frozen=True)
class Place:
    """Where an item may stand: keys that must all be filled, and anchors of the page of which one must be there."""

    keys: tuple[str, ...]
    anchors: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One item of a standard.

    Attributes
    ----------
    code, asks : str
        What is asked, in our own words.
    places : tuple of Place
        Any one of them is enough.
    needs : tuple of str
        Facts (`evalkit.report.checklists.facts`) without which it does not apply.
    otherwise : str
        Who sees to it, where no place of a page can show it; for an exhibit, the rule by which it is left out.
    status : str
        primary, secondary or memory.
    """

    code: str
    asks: str
    places: tuple[Place, ...]
    needs: tuple[str, ...]
    otherwise: str
    status: str = "memory"


@dataclass(frozen=True)
class Standard:
    """A standard with its items.

    Attributes
    ----------
    name, title : str
    edition : str
        As it is to be cited.
    source : str
        Where the items come from.
    applies : tuple of str
        Facts that all must hold; empty: every study.
    items : tuple of Item
    """

    name: str
    title: str
    edition: str
    source: str
    applies: tuple[str, ...]
    items: tuple[Item, ...]


@cache
def standards() -> tuple[Standard, ...]:
    """Return every standard that has a checklist, in the order in which pages print them."""
    return tuple(
        Standard(row["name"], row["title"], row["edition"], row["source"], tuple(row["applies"].split()),
                 items(row["name"]))
        for row in _rows("standards")
    )  # fmt: skip


@cache
def items(name: str) -> tuple[Item, ...]:
    """Return the items of one file of the folder."""
    return tuple(
        Item(row["code"], row["asks"], _places(row["found"]), tuple(row["needs"].split()), row["otherwise"],
             row.get("status") or "memory")
        for row in _rows(name)
    )  # fmt: skip


def _places(text: str) -> tuple[Place, ...]:
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        keys, _, anchors = part.partition("@")
        found.append(Place(*(tuple(one.strip() for one in side.split(sign))
                             for side, sign in ((keys, "&"), (anchors, "|")))))  # fmt: skip
    return tuple(found)


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
