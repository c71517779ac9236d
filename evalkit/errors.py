"""Errors: three kinds, by who mends them, each carrying every problem found at that stage."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


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


_REFUSALS = {
    (errno.EACCES, errno.EPERM): ("you are not allowed to read or write this", "ask for the rights to it"),
    (errno.EROFS,): ("it lies on a disk that can only be read", "name a folder on another disk"),
    (errno.ENOSPC, errno.EDQUOT): ("the disk is full", "free some space and run again"),
    (errno.EFBIG,): ("the file would be larger than this system allows", "raise the limit on the size of files"),
    (errno.ENOTDIR, errno.EEXIST): ("a file stands where a folder is needed", "move the file away"),
    (errno.EISDIR,): ("a folder stands where a file is needed", "move the folder away"),
    (errno.ENOENT,): ("it is not there any more", "run again once it is back"),
}


def system_problem(error: OSError, file: str = "") -> Problem:
    """Return what the operating system refused, in words that do not need a programmer.

    Parameters
    ----------
    error : OSError
        The refusal; the file that it names is shown relative to the current folder where possible.
    file : str
        File to name when `error` names none.
    """
    named = error.filename2 or error.filename  # of two names the second is the file that is written
    if isinstance(named, str):
        path, here = Path(named), Path.cwd()
        file = path.relative_to(here).as_posix() if path.is_relative_to(here) else named
    words = next((words for codes, words in _REFUSALS.items() if error.errno in codes), None)
    message, mend = words or (error.strerror or str(error), "check the folder, its rights and the space on the disk")
    return Problem(message, mend, file=file)


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


class ProtocolError(SpecError):
    """The study file is not the plan that was fixed, or cannot be fixed yet: a gate refuses, its author mends it."""

    heading = "not as planned"


class ReleaseError(EvalkitError):
    """The numbers cannot be released as they are: a gate refuses, and says what speaks against it."""

    heading = "not released"
