"""What there is for each measure of success of the register: an impact study, monitoring only, a plan, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from evalkit.errors import Problem
from evalkit.records import Analysis, Evaluation
from evalkit.register import Measures, RegisterError, Strategy, held_against, read_measures
from evalkit.register.measures import same
from evalkit.report import summary
from evalkit.report.ladder import in_family, read
from evalkit.report.numbers import number
from evalkit.report.site.about import status_of
from evalkit.report.site.library import Library
from evalkit.spec.reading import read_yaml

State = Literal["evidence", "monitoring", "plan", "nothing"]
STATES: tuple[State, ...] = ("evidence", "monitoring", "plan", "nothing")
"""The strongest first."""
Entry = tuple[Evaluation, Mapping[str, Any]]
"""A study, and one measure that it says it informs."""


def registered(library: Library) -> tuple[Measures | None, tuple[Problem, ...]]:
    """Return the measures of success of a project, and what is wrong with them; (None, ()) without the file."""
    if library.project is None:
        return None, ()
    try:
        found = read_measures(library.project)
    except RegisterError as error:
        return None, tuple(error.problems)
    return (None, ()) if found is None else (found.model, tuple(_misquoted(library, found.model)))


def entries_of(library: Library, strategy: Strategy) -> dict[str, list[Entry]]:
    """Return for each measure of a strategy, by id, the studies that say they inform it."""
    names = {same(name) for name in (strategy.name, *strategy.also)}
    told = [(evaluation, measure) for evaluation in library.ordered
            for measure in evaluation.study.get("strategies") or ()
            if same(str(measure["strategy"])) in names]  # fmt: skip
    return {name: [(evaluation, entry) for evaluation, entry in told
                   if same(str(entry["wording"])) == same(measure.wording)]
            for name, measure in strategy.measures.items()}  # fmt: skip


def state_of(entries: Sequence[Entry]) -> State:
    """Return the most that there is among the studies of a measure.

    A study counts when it names the outcome that measures this, has its result on data that are not simulated, and is
    not withdrawn. An impact study of which a key check speaks against the result counts as monitoring: it says what
    changed, and not why.
    """
    found = {_state(evaluation, entry.get("outcome")) for evaluation, entry in entries}
    return next(state for state in STATES if state in found or state == "nothing")


def counted(states: Sequence[State], words: Mapping[str, str]) -> str:
    """Return how many measures have what, in a sentence or two; a plan is nothing yet."""
    plans = states.count("plan")
    counts = {"count": len(states), "evidence": states.count("evidence"), "monitoring": states.count("monitoring"),
              "nothing": states.count("nothing") + plans}  # fmt: skip
    said = words["counted"].format(**{key: number(count, 0) for key, count in counts.items()})
    return f"{said} {words['planned'].format(count=number(plans, 0))}" if plans else said


def result_for(evaluation: Evaluation, outcome: str) -> Analysis | None:
    """Return the analysis of an outcome: the primary one, or a secondary one with the interval of its family."""
    chosen = [a for a in evaluation.analyses if a.outcome.id == outcome and a.role in ("primary", "secondary")]
    chosen.sort(key=lambda analysis: analysis.role != "primary")
    return in_family(chosen[0]) if chosen else None


def _state(evaluation: Evaluation, outcome: Any) -> State:
    if not outcome or status_of(evaluation) == "withdrawn":
        return "nothing"
    kind = summary.kind_of(evaluation)
    if kind == "protocol":
        return "plan"
    analysis = result_for(evaluation, str(outcome))
    if analysis is None:
        return "nothing"
    return "evidence" if kind == "impact" and read(evaluation, analysis).reliable else "monitoring"


def _misquoted(library: Library, measures: Measures) -> list[Problem]:
    """Return where studies quote measures in words that their strategy does not have."""
    assert library.project is not None
    problems: list[Problem] = []
    for evaluation in library.ordered:
        file = library.project / "evaluations" / f"{evaluation.id}.yaml"
        if evaluation.study.get("strategies") and file.is_file():
            problems += held_against(measures, read_yaml(file.read_bytes(), f"evaluations/{file.name}"))
    return problems
