"""Parts of a section: a title, sentences, and blocks of the page; a section is a list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.figures import Figure

if TYPE_CHECKING:
    from markupsafe import Markup

Figures = Mapping[str, "Markup | str"]
"""The figures of the page by name, as blocks; one that is not there has nothing behind it."""
Part = dict[str, Any]
"""`title` (may be empty), `sentences`, `pairs` of a term and its text, and blocks of the page in `blocks`."""
Room = Callable[[Evaluation, Exhibits, Figures], list[Part]]
"""What a room gives for its section: its parts, none where there is nothing behind it."""
Drawn = tuple[str, Callable[[Evaluation], Figure | None], int]
"""A figure of a room: its name, what makes it (None where there is nothing to draw), and the level of its heading."""


def part(title: str, sentences: Sequence[str] = (), pairs: Sequence[tuple[str, str]] = (), blocks: Sequence[Any] = ()
         ) -> list[Part]:  # fmt: skip
    """Return one part as a list; an empty list where it would hold nothing but its title."""
    told, given, shown = ([item for item in items if item] for items in (sentences, pairs, blocks))
    return [{"title": title, "sentences": told, "pairs": given, "blocks": shown}] if told or given or shown else []
