"""Errors: three kinds, by who mends them, each carrying every problem found at that stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what was found, where, and how to mend it.

    Attributes
    ----------
    message : str
        What was found.
    mend : str
        What was expected, or what to do. May be empty when the message says it.
    where : str
        Dotted key of the YAML, column, unit or period.
    file : str
        File as the user knows it, relative to the project where possible.
    line, column : int or None
        Position in the file, counted from 1.
    source_line : str
        The offending line, for the caret on a terminal.
    length : int
        Number of characters that the caret underlines.
    """

    message: str
    mend: str = ""
    where: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    source_line: str = ""
    length: int = 1

    def sentence(self) -> str:
        """Return `where: message; mend`, without the position."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.mend}" if self.mend else text

    def __str__(self) -> str:
        """Return `FILE:LINE:COLUMN: where: message; mend`."""
        position = ":".join(str(part) for part in (self.file, self.line, self.column) if part not in ("", None))
        return f"{position}: {self.sentence()}" if position else self.sentence()


class EvalkitError(Exception):
    """What cannot be done; `problems` holds all that was found at that stage.

    Parameters
    ----------
    problems : str, Problem or sequence of Problem
        One message, or all problems of the stage at once.
    mend : str
        How to mend it, when `problems` is one message.
    where : str
        Key, column, unit or period, when `problems` is one message.
    """

    heading = "cannot go on"

    def __init__(self, problems: str | Problem | Sequence[Problem], mend: str = "", where: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, mend, where)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def in_file(self, file: str) -> EvalkitError:
        """Return the same error with `file` filled in where a problem names none."""
        return type(self)([p if p.file else replace(p, file=file) for p in self.problems])


class SpecError(EvalkitError):
    """The study file is wrong: its author mends it."""

    heading = "the study file is wrong"


class DataError(EvalkitError):
    """The data are wrong or do not fit the study file: their supplier mends them."""

    heading = "the data do not fit the study file"


class DesignError(EvalkitError):
    """The design cannot be carried by these data: the analyst chooses again."""

    heading = "the design cannot be carried by these data"
