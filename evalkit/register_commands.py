"""`evalkit guide`, and what `evalkit check` asks of the registers beside the studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, Problem
from evalkit.terminal import problem_rows, say

if TYPE_CHECKING:
    from evalkit.register import Measures


@dataclass(frozen=True)
class Register:
    """A register as `evalkit check` found it.

    Attributes
    ----------
    file : str
    problems : tuple of Problem
        What is wrong with it.
    holds : str
        What it holds, in words; empty where it is wrong.
    flags : tuple of str
        Targets that cannot be met, or not be judged, as they are written: no fault of the file.
    """

    file: str
    problems: tuple[Problem, ...]
    holds: str = ""
    flags: tuple[str, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """Return it as `evalkit check --json` prints it."""
        return {"file": self.file, "problems": problem_rows(self.problems), "flags": list(self.flags)}


def guide() -> None:
    """Say which design can be used: a few questions, the same as on the page of the gallery."""
    from evalkit.report.catalogue import words
    from evalkit.report.site.guide import guide_text

    for line in guide_text(words(Path.cwd())["guide"]):
        say(line)


def check_registers(project: Path) -> list[Register]:
    """Return the registers of a project, each with what is wrong with it; none for a project without them."""
    return [found for found in (_programmes(project), _measures(project)) if found is not None]


def quoted_wrongly(project: Path, study: Path) -> list[Problem]:
    """Return where a study quotes a measure of success in words that its strategy does not have.

    A study or a register that cannot be read has its own problems, which are told where it is checked.
    """
    from evalkit.register import held_against, read_measures
    from evalkit.spec.reading import read_yaml

    try:
        measures = read_measures(project)
        if measures is None:
            return []
        return held_against(measures.model, read_yaml(study.read_bytes(), str(study)))
    except (OSError, EvalkitError):
        return []


def tell_registers(registers: Sequence[Register]) -> None:
    """Print what the registers hold, and each target that cannot be met or judged as it is written."""
    for register in registers:
        if register.holds:
            say(f"{register.file}: {register.holds}, no problems")
        if register.flags:
            say("  Targets that cannot be met, or not be judged, as they are written:")
        for flag in register.flags:
            say(f"  {flag}")


def _programmes(project: Path) -> Register | None:
    from evalkit.register import RegisterError, read_programmes, study_ids, unknown_studies
    from evalkit.register.programmes import FILE

    try:
        found = read_programmes(project)
    except RegisterError as error:
        return Register(FILE, tuple(error.problems))
    if found is None:
        return None
    problems = tuple(unknown_studies(found, study_ids(project)))
    return Register(FILE, problems, "" if problems else f"{len(found.model.programmes)} programmes")


def _measures(project: Path) -> Register | None:
    from evalkit.register import RegisterError, read_measures
    from evalkit.register.measures import FILE

    try:
        found = read_measures(project)
    except RegisterError as error:
        return Register(FILE, tuple(error.problems))
    if found is None:
        return None
    count = sum(len(strategy.measures) for strategy in found.model.strategies.values())
    return Register(FILE, (), f"{count} measures of success", tuple(_flags(found.model)))


def _flags(measures: Measures) -> list[str]:
    """Return each flag of each measure, with its id and the code of its rule."""
    from evalkit.register import flags

    return [f"{name} ({flag.code}): {flag.words}"
            for strategy in measures.strategies.values() for name, measure in strategy.measures.items()
            for flag in flags(measure)]  # fmt: skip
