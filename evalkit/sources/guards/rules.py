"""The guards by name: the rule that each holds, in words, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from evalkit.errors import Problem
from evalkit.records import GuardFinding
from evalkit.sources.guards.blocks import Waiver

RULES = {
    "schema_drift": "Columns, categories and places are those of the last run",
    "withdrawn_rows": "No place or period of the last run is gone",
    "coverage_gap": "Every place and period that was expected is there",
    "boundary_change": "No places end and others begin at one date with like totals",
    "zero_runs": "No run of zeros is too long for the place's own level",
    "newest_periods": "The newest periods are not far below those before them",
    "sudden_break": "No treated place has a sudden step that is not declared, away from the start",
}
MOST = 8
"""Problems of one guard that are told one by one."""


@dataclass(frozen=True)
class Looked:
    """What one guard saw.

    Attributes
    ----------
    guard : str
        Key of `RULES`.
    problems : tuple of Problem
        Empty where the rule is met.
    note : str
        What was looked at, for the page.
    ran : bool
        False where these data cannot be held against the rule; the note says why.
    """

    guard: str
    problems: tuple[Problem, ...] = ()
    note: str = ""
    ran: bool = True


def settled(looked: Looked, waiver: Waiver | None) -> tuple[GuardFinding | None, list[Problem]]:
    """Return the record of a guard, or the problems with which it stops the study.

    Parameters
    ----------
    looked : Looked
    waiver : Waiver or None
        Given, nothing is a problem, and the record carries reason and name.
    """
    rule = RULES[looked.guard]
    if waiver is not None:
        return GuardFinding(looked.guard, rule, "waived", waiver.waived, waiver.by), []
    if looked.problems:
        return None, _with_the_way_out(looked)
    return GuardFinding(looked.guard, rule, "met" if looked.ran else "not_run", looked.note), []


def _with_the_way_out(looked: Looked) -> list[Problem]:
    """Return the problems, the first ones alone, each with how the guard is waived."""
    way = f"or waive it: `data.guards: {{{looked.guard}: {{waived: why, by: who}}}}`"
    told = [replace(problem, mend=f"{problem.mend}, {way}" if problem.mend else way)
            for problem in looked.problems[:MOST]]  # fmt: skip
    if len(looked.problems) > MOST:
        told.append(Problem(f"{len(looked.problems) - MOST:,} more like these", "", looked.problems[0].where))
    return told


def seen(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems as a tuple, each once."""
    return tuple(dict.fromkeys(problems))


def place(unit: str) -> str:
    """Return a unit as it is named in a sentence; a single series has no name."""
    return unit or "the series"


def some(names: Sequence[str], most: int = 6) -> str:
    """Return names in one line, the first of them where they are many."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
