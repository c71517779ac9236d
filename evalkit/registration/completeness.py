"""What a study must say before it can be fixed: every reason against it at once, with its place and mend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalkit.errors import Problem
from evalkit.spec.loading import Spec

STATED = (
    ("governance.commissioner", "say who asked for the study"),
    ("governance.analyst", "say who does the analysis"),
    ("governance.assurer", "say who checks it, not the analyst"),
    ("governance.approver", "say who agrees to publish it"),
    ("governance.independence", "say who pays, who delivers and who may edit"),
    ("governance.conflicts", "say which interests there are, or that there are none"),
    ("governance.registry", "name the registry and the study's id there"),
    ("governance.contact", "give an address for corrections"),
    ("programme.name", "name what is evaluated"),
    ("programme.why", "say why it should work"),
    ("programme.target_population", "say whom it is for"),
    ("programme.eligibility", "say who may take part"),
    ("programme.tailoring", "say how it is fitted to people or places, or that it is not"),
    ("programme.fidelity_planned", "list what delivery will be held against"),
    ("programme.funder", "say who pays"),
    ("programme.delivery_body", "say who delivers"),
    ("theory_of_change.problem", "say which problem it is to mend"),
    ("theory_of_change.inputs", "list what goes in"),
    ("theory_of_change.activities", "list what is done"),
    ("theory_of_change.outputs", "list what comes of it at once"),
    ("theory_of_change.assumptions", "list what must hold"),
    ("theory_of_change.external_factors", "list what else moves the outcome"),
    ("theory_of_change.unintended", "list what could go wrong"),
    ("questions", "ask at least one question"),
    ("choice_of_design.why", "say why this design"),
    ("choice_of_design.stronger_rejected", "name the stronger design, and why it could not be had"),
    ("ethics.data_protection_assessment", "give its reference and date, or why none is needed"),
    ("ethics.lawful_basis", "name the lawful basis, or why none is needed"),
    ("ethics.sharing_agreement", "name the agreement, or why none is needed"),
    ("ethics.ethics_review", "give its reference and date, or why none is needed"),
    ("ethics.safeguarding", "say what is done when harm is found"),
    ("ethics.retention", "say how long the data are kept"),
    ("ethics.equality_duty", "say how the equality duty is met"),
    ("assurance.statement", "say how the analysis will be checked"),
    ("assurance.use_of_ai", "say what it was used for, or that it was not"),
    ("registration.data_seen_before_lock", "say what had been seen: none, aggregate_press_figures or outcome_data"),
    ("registration.final_look", "give the date of the last look at the data"),
)
"""Keys that must say something, and what; a key whose block is missing is named with its block."""
WITH_DATA = (
    ("rollout.unit_type", "say what a unit is, such as a hospital"),
    ("rollout.assignment", "say how places or people were chosen"),
    ("rollout.selected_on_outcome", "say spike, level, not_selected or unknown"),
    ("data_notes.title", "name the data"),
    ("data_notes.access", "say open, controlled or synthetic"),
    ("data_notes.dictionary", "say what each field of the data means"),
)
"""The same, for studies that have data."""
WRITTEN = (
    ("programme.modifications", "list them, or write `modifications: []`"),
    ("assurance.assumptions_log", "list them, or write `assumptions_log: []`"),
    ("assurance.decisions_log", "list them, or write `decisions_log: []`"),
)
"""Keys that must be written, also where there is nothing to list: nothing is then said, and not forgotten."""
WRITTEN_WITH_DATA = (
    ("rollout.co_interventions", "list what else happened then, or write `co_interventions: []`"),
    ("rollout.shocks", "list what moved the numbers everywhere, or write `shocks: []`"),
    ("data_notes.breaks", "list changes in recording, or write `breaks: []`"),
    ("sensitivity", "list analyses with other choices, or write `sensitivity: []`"),
    ("falsification", "list analyses that should find nothing, or write `falsification: []`"),
)
"""The same, for studies that have data."""


def reasons_against(spec: Spec) -> list[Problem]:
    """Return everything that keeps a study from being fixed."""
    has_data = spec.study.data is not None and getattr(spec.study.design, "has_data", True)
    found = [*_unstated(spec, (*STATED, *(WITH_DATA if has_data else ()))),
             *_unwritten(spec, (*WRITTEN, *(WRITTEN_WITH_DATA if has_data else ()))),
             *_chain(spec), *_questions(spec)]  # fmt: skip
    return _by_block(spec, [*found, *_outcomes(spec), *_starts(spec)] if has_data else found)


def _by_block(spec: Spec, problems: list[Problem]) -> list[Problem]:
    """Return the problems, those of a block that is not there at all as one."""
    kept: list[Problem] = []
    lacking: dict[str, list[str]] = {}
    for problem in problems:
        block, _, key = problem.where.partition(".")
        if key and block not in spec.document.data:
            lacking.setdefault(block, []).append(key)
        else:
            kept.append(problem)
    return [*kept, *(_missing(spec, block, f"add the block with {', '.join(keys)}") for block, keys in lacking.items())]


def _unstated(spec: Spec, wanted: tuple[tuple[str, str], ...]) -> Iterator[Problem]:
    for key, mend in wanted:
        value: Any = spec.study
        for part in key.split("."):
            value = getattr(value, part, None)
        if value is None or (isinstance(value, str) and not value.strip()) or value == []:
            yield _missing(spec, key, mend)


def _unwritten(spec: Spec, wanted: tuple[tuple[str, str], ...]) -> Iterator[Problem]:
    for key, mend in wanted:
        if tuple(key.split(".")) not in spec.document.keys:
            yield _missing(spec, key, mend)


def _chain(spec: Spec) -> Iterator[Problem]:
    """Yield outcomes that the theory of change does not expect at any time."""
    theory = spec.study.theory_of_change
    for when in ("short", "medium", "long"):
        if theory is None or not getattr(theory.outcomes, when):
            yield _missing(spec, f"theory_of_change.outcomes.{when}", "list what is expected by then")


def _questions(spec: Spec) -> Iterator[Problem]:
    """Yield questions that do not say for whom, set against what, over what time, and for which decision."""
    wanted = ("population", "intervention", "comparator", "outcome", "timeframe", "decision")
    for index, question in enumerate(spec.study.questions):
        for key in wanted:
            if not getattr(question, key):
                yield spec.document.problem("is missing", f"question {question.id!r} must say its {key}",
                                            ("questions", index, key), at_key=True)  # fmt: skip


def _outcomes(spec: Spec) -> Iterator[Problem]:
    """Yield outcomes that do not say which change matters, which way is better, and whether recording may move them."""
    for name, outcome in spec.study.outcomes.items():
        if outcome.role == "primary" and outcome.minimum_important_change is None:
            yield _missing(spec, f"outcomes.{name}.minimum_important_change",
                           "say which change would matter, in percent: it cannot be chosen afterwards")  # fmt: skip
        if outcome.role == "primary" and "better" not in outcome.model_fields_set:
            yield _missing(spec, f"outcomes.{name}.better", "say lower, higher or neither")
        if outcome.measurement_affected is None:
            yield _missing(spec, f"outcomes.{name}.measurement_affected", "say likely, possible or unlikely: can the "
                           "programme change what is recorded?")  # fmt: skip


def _starts(spec: Spec) -> Iterator[Problem]:
    """Yield places without a date, and starts that stand in the data, which a lock does not hold."""
    document, intervention, rollout = spec.document, spec.study.intervention, spec.study.rollout
    for key in ("start_column", "treated_column"):
        if intervention is not None and getattr(intervention, key) is not None:
            yield document.problem("the starts stand in the data, which are not fixed with the plan", "write them as "
                                   "`starts`, or in a roll-out table", ("intervention", key))  # fmt: skip
    for unit, start in ((intervention.starts if intervention else None) or {}).items():
        if start is None:
            yield document.problem(f"{unit!r} has no start", "give its first treated period, or write never",
                                   ("intervention", "starts", unit))  # fmt: skip
    for index, place in enumerate(rollout.units if rollout else ()):
        here = ("rollout", "units", index)
        if place.start is None:
            yield document.problem(f"{place.id!r} has no start", "give its date, or write never", (*here, "start"))
        if not place.source:
            yield document.problem(f"{place.id!r} does not say where its date comes from", "add `source`",
                                   (*here, "source"))  # fmt: skip


def _missing(spec: Spec, key: str, mend: str) -> Problem:
    return spec.document.problem("is missing", mend, tuple(key.split(".")), at_key=True)
