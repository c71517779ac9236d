"""The lines that say in the study file that it is locked, put there without touching anything else."""

from __future__ import annotations

from typing import Any

from evalkit import archive
from evalkit.errors import Problem, ProtocolError, SpecError
from evalkit.registration.locks import Lock
from evalkit.spec.loading import Spec
from evalkit.spec.reading import read_yaml

BLOCK = "registration"


def registration_lines(lock: Lock) -> list[str]:
    """Return the lines to write under `registration:`."""
    return [f'locked_at: "{lock.locked_at}"', f"protocol_sha256: {lock.sha256}"]


def write_lines(spec: Spec, lock: Lock) -> None:
    """Write the lines into the study file; its comments, order and style stay as they are.

    Raises
    ------
    ProtocolError
        When they cannot be put there safely; the file is as it was, and the lines are named.
    """
    wanted = {**spec.document.data, BLOCK: {**(spec.document.data.get(BLOCK) or {}), "locked_at": lock.locked_at,
                                            "protocol_sha256": lock.sha256}}  # fmt: skip
    text = _inserted(spec, registration_lines(lock))
    if text is None or not _says(text, spec, wanted):
        raise ProtocolError(Problem("the lines could not be put there safely, so nothing was written to it",
                                    f"add them by hand: {'; '.join(registration_lines(lock))}", BLOCK,
                                    spec.name))  # fmt: skip
    archive.write_whole(spec.path, text.encode())


def _says(text: str, spec: Spec, wanted: dict[str, Any]) -> bool:
    """Say whether the text says what the file said, and the new lines, and nothing else."""
    try:
        return read_yaml(text.encode(), spec.name).data == wanted
    except SpecError:
        return False


def _inserted(spec: Spec, lines: list[str]) -> str | None:
    """Return the file's text with the lines under `registration:`; None where they stand already or have no place."""
    document = spec.document
    block = document.data.get(BLOCK)
    if not isinstance(block, dict) or not block or "locked_at" in block or "protocol_sha256" in block:
        return None
    source = spec.text.decode("utf-8").splitlines(keepends=True)
    value = document.values[(BLOCK,)]
    at = value.line - 1
    end = "\r\n" if source[at].endswith("\r\n") else "\n"
    if source[at][value.column - 1 : value.column] == "{":
        line = source[at]
        source[at] = f"{line[: value.column]}{', '.join(lines)}, {line[value.column :]}"
    else:
        indent = " " * (value.column - 1)
        source[at:at] = [f"{indent}{line}{end}" for line in lines]
    return "".join(source)
