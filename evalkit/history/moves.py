"""From one run to another: both headlines, what changed in between, and how much of the move is owed to what."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalkit.disclosure import rule_of
from evalkit.history import cells as changed
from evalkit.history.causes import Causes, Run, causes_of
from evalkit.history.crossed import Crossed, crossed, rounded, same_columns, shares
from evalkit.history.headlines import beyond, headline_of, primary_of, tolerance_of
from evalkit.records import Cells, Headline, Move, Panel
from evalkit.spec.loading import Spec

PERCENT_DECIMALS = 1
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Then:
    """An earlier run, the rows that it used where they were kept, and otherwise why they were not."""

    run: Run
    rows: Panel | None = None
    why_no_rows: str = ""


@dataclass(frozen=True)
class Now:
    """The run that is there: its result, its rows, and the study as it can be run again (None where it changed)."""

    run: Run
    spec: Spec | None
    rows: Panel | None = None


def move_between(then: Then, now: Now) -> Move | None:
    """Return how the headline moved from one run to another; None where one of them has no headline."""
    old, new = primary_of(then.run.document), primary_of(now.run.document)
    if old is None or new is None:
        return None
    causes = causes_of(then.run, now.run)
    ends = headline_of(old), headline_of(new)
    owed, notes = _owed(then, now, causes, ends)
    tolerance = tolerance_of(now.run.document)
    places = _decimals(*ends)
    return Move(
        before=ends[0], now=ends[1], beyond=beyond(old, new, tolerance), tolerance=tolerance, causes=causes.names,
        shares=rounded(owed, places), decimals=places,
        details=tuple((cause, words) for cause in causes.names for words in causes.found[cause]),
        notes=(*notes, *_no_rows(then, causes, notes)), cells=_cells(then, now, causes),
    )  # fmt: skip


def unmoved(move: Move | None) -> bool:
    """Say whether a headline stands as it was, on the same data by the same study file, whatever code computed it."""
    return move is None or (not {"data", "spec"} & {*move.causes} and move.before == move.now)


def _owed(then: Then, now: Now, causes: Causes, ends: tuple[Headline, Headline]) -> tuple[dict[str, float], list[str]]:
    """Return what the move is owed to; nothing where the two headlines cannot be subtracted."""
    first, last = ends
    if first.value is None or last.value is None or not math.isfinite(last.value - first.value):
        return {}, ["One of the two headlines is no number, so they are not subtracted."]
    if first.unit != last.unit or first.level != last.level:
        return {}, ["The two headlines are not in one unit, or not at one level, so they are not subtracted."]
    if _hidden(then, now) and len(causes.names) > 1:  # one more number of the same cells could give a count away
        owed, _ = shares(first.value, last.value, causes, Crossed(None, None, None))
        return owed, ["Told together: the study hides small numbers, so no further run of the same data is shown."]
    if now.spec is not None:
        found = crossed(then.run, now.spec, then.rows, now.rows, causes, ends)
        return shares(first.value, last.value, causes, found)
    if len(causes.names) < 2:
        return shares(first.value, last.value, causes, Crossed(first.value, None, None))
    return {}, ["The study file or its data changed since the last run. Run it again to see what is owed to what."]


def _no_rows(then: Then, causes: Causes, notes: list[str]) -> list[str]:
    """Return why the rows of the earlier run are not there, where that is why something is told together."""
    if not notes or "data" not in causes or then.rows is not None:
        return []
    return [f"Its rows were not kept: {then.why_no_rows}." if then.why_no_rows else "Its rows were not kept."]


def _cells(then: Then, now: Now, causes: Causes) -> Cells | None:
    """Return what changed in the data: by the rows where both are there, otherwise by the paths that both show.

    None where no data changed, and where another study file takes other things from them.
    """
    if "data" not in causes or ("spec" in causes and (now.spec is None or not same_columns(then.run, now.spec))):
        return None
    hidden = _hidden(then, now)
    if not hidden and then.rows is not None and now.rows is not None:
        return changed.of_panels(then.rows, now.rows)
    old, new = (primary_of(one.run.document) for one in (then, now))
    assert old is not None
    assert new is not None
    return changed.of_paths(old, new, numbers=not hidden)


def _hidden(then: Then, now: Now) -> bool:
    """Say whether small numbers are hidden in one of the two runs."""
    return any(rule_of(one.run.document["study"].get("disclosure")) is not None for one in (then, now))


def _decimals(first: Headline, last: Headline) -> int:
    """Return with how many decimals the shares are printed: those that three figures of the headlines deserve."""
    if first.unit == "percent":
        return PERCENT_DECIMALS
    sizes = [abs(end.value) for end in (first, last) if end.value and math.isfinite(end.value)]
    return max(0, min(MOST_DECIMALS, 2 - math.floor(math.log10(max(sizes))))) if sizes else PERCENT_DECIMALS
