"""Places whose start nobody has written down: an error where the design counts from it, told of where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.errors import Problem
from evalkit.spec.blocks import RolloutUnit
from evalkit.spec.reading import Document
from evalkit.spec.study import Study

if TYPE_CHECKING:
    from evalkit.spec.loading import Spec

NEEDS_EACH = ("difference_in_differences",)
"""Designs that hold places against one another by their starts: one without a start would pass for never treated."""
UNDATED = "has no start, and would be counted as never treated"
MEND = "find out when it began, or write never"


def undated_problems(study: Study, document: Document) -> Iterator[Problem]:
    """Yield places without a start on which the design would count as if they had never begun."""
    starts, each = study.intervention.starts if study.intervention else None, study.design.kind in NEEDS_EACH
    left_out = getattr(study.design, "exclude", ()) if each else ()
    mend = f"{MEND}; until then leave it out by name (design.exclude)" if each else MEND
    for name, start in (starts or {}).items():
        if start is None and name not in left_out:
            yield document.problem(f"{name!r} {UNDATED}", mend, ("intervention", "starts", name))
    if starts is None or not each:
        return
    for index, place in _undated(study):
        if not any(name in starts or name in left_out for name in (place.id, place.name)):
            yield document.problem(f"{place.id!r} {UNDATED}", mend, ("rollout", "units", index))


def undated_units(spec: Spec) -> list[str]:
    """Return which places of the roll-out have no start, and what that keeps anybody from doing; empty for none.

    Parameters
    ----------
    spec : Spec

    Notes
    -----
    Not an error where nothing is estimated from the starts: a study that sets out a theory or recomputes what was
    published says truly that no date is printed.
    """
    found = [place for _, place in _undated(spec.study)]
    if not found:
        return []
    names = ", ".join(place.id if place.source else f"{place.id} (no source either)" for place in found)
    counted = "1 unit" if len(found) == 1 else f"{len(found)} units"
    return [f"{spec.name} has {counted} of the roll-out without a start: {names}. Before cannot be told from after "
            "there, so no impact can be studied until each is dated: write `start` with its `source` under "
            "rollout.units, or `start: never`."]  # fmt: skip


def _undated(study: Study) -> list[tuple[int, RolloutUnit]]:
    """Return the places of the roll-out for which no start is written, with their numbers."""
    return [(index, place) for index, place in enumerate(study.rollout.units if study.rollout else ())
            if place.start is None]  # fmt: skip
