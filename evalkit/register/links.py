"""Registers and studies held together: studies that a register names are there, and measures are named as printed."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from evalkit.errors import Problem
from evalkit.register.measures import FILE, Measure, Measures, Strategy, same
from evalkit.register.programmes import Programmes
from evalkit.register.reading import Read
from evalkit.spec.reading import Document

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def study_ids(project: Path) -> set[str]:
    """Return the ids of a project's studies: the names of the files in evaluations/."""
    folder = project / "evaluations"
    return {file.stem for ending in ("*.yaml", "*.yml") for file in folder.glob(ending)}


def unknown_studies(register: Read[Programmes], studies: set[str]) -> list[Problem]:
    """Return a problem for each study that the register names and the project does not have."""
    return [
        register.document.problem(f"there is no evaluations/{study}.yaml", _meant(study, studies),
                                  ("programmes", name, "studies", place))
        for name, programme in register.model.programmes.items()
        for place, study in enumerate(programme.studies) if study not in studies
    ]  # fmt: skip


def held_against(measures: Measures, study: Document) -> list[Problem]:
    """Return where a study quotes a measure of the register in words, or with numbers, that the strategy does not have.

    A strategy that the register does not have is the study's own business. What is not of the right kind is left to
    the study's own check.
    """
    problems: list[Problem] = []
    entries = study.data.get("strategies")
    for place, entry in enumerate(entries if isinstance(entries, list) else []):
        given = entry if isinstance(entry, dict) else {}
        found = measures.named(str(given.get("strategy") or ""))
        wording = given.get("wording")
        if found is None or not isinstance(wording, str):
            continue
        measure = found[1].worded(wording)
        if measure is None:
            problems.append(study.problem(f"{found[1].name} has no measure of these words", _quote(found[1], wording),
                                          ("strategies", place, "wording")))  # fmt: skip
            continue
        own = numbers_of(measure)
        problems += [study.problem(f"{found[1].name} prints no {number} for this measure",
                                   f"write it as in {FILE}, or leave it out", ("strategies", place, key))
                     for key in ("target", "baseline", "deadline") for number in _numbers(given.get(key))
                     if number not in own]  # fmt: skip
    return problems


def numbers_of(measure: Measure) -> set[str]:
    """Return every number that is printed of a measure."""
    target, baseline = measure.target, measure.baseline
    printed = (measure.wording, target and target.text, baseline and baseline.text, measure.deadline)
    return {number for text in printed for number in _numbers(text)}


def _numbers(text: object) -> list[str]:
    return _NUMBER.findall("" if text is None else str(text))


def _quote(strategy: Strategy, wording: str) -> str:
    """Return how to mend a quotation: the nearest measure, or where they all stand."""
    printed = {same(measure.wording): measure.wording for measure in strategy.measures.values()}
    close = difflib.get_close_matches(same(wording), printed, n=1, cutoff=0.5)
    return f"did you mean “{printed[close[0]]}”?" if close else f"quote one of those in {FILE}"


def _meant(study: str, studies: set[str]) -> str:
    close = difflib.get_close_matches(study, sorted(studies), n=1)
    return f"did you mean '{close[0]}'?" if close else "write the study first, or take the link out"
