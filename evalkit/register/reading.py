"""A file of a register, read into its model; what is wrong is told with file, line and mend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from evalkit.errors import Problem, SpecError, system_problem
from evalkit.spec.problems import problems_from
from evalkit.spec.reading import MAX_BYTES, Document, read_yaml

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Ids become anchors of pages."""
Model = TypeVar("Model", bound=BaseModel)


class RegisterError(SpecError):
    """A register is wrong: its author mends it."""

    heading = "a register is wrong"


@dataclass(frozen=True)
class Read(Generic[Model]):
    """A register as it was read.

    Attributes
    ----------
    model : BaseModel
        What it says.
    document : Document
        Where it says it, for problems that are found later.
    """

    model: Model
    document: Document


def read_register(project: Path, name: str, model: type[Model]) -> Read[Model] | None:
    """Return a register of a project; None where the project has none.

    Parameters
    ----------
    project : Path
    name : str
        Its file below the project.
    model : type
        What the file must be.

    Raises
    ------
    RegisterError
        When it cannot be read, or says what the model does not know. Every problem of the file is named.
    """
    file = project / name
    if not file.is_file():
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RegisterError(system_problem(error, name)) from None
    if len(content) > MAX_BYTES:
        raise RegisterError(Problem(f"is larger than {MAX_BYTES:,} bytes", "split it, or leave out what is not needed",
                                    file=name))  # fmt: skip
    try:
        document = read_yaml(content, name)
    except SpecError as error:
        raise RegisterError(error.problems) from None
    try:
        return Read(model.model_validate(document.data), document)
    except ValidationError as error:
        raise RegisterError(problems_from(error, document, model)) from None


def wrong_ids(document: Document, path: tuple[str, ...], ids: list[str]) -> list[Problem]:
    """Return a problem for each id that cannot be an anchor of a page."""
    return [document.problem(f"{name!r} is no id", "small letters, digits and single -, such as op-deter",
                             (*path, name), at_key=True)
            for name in ids if not ID.fullmatch(name)]  # fmt: skip
