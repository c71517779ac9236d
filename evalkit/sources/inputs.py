"""What a source is made from: bytes to hash, and names to check against those that are there."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.errors import DataError, Problem, system_problem


@dataclass(frozen=True)
class Input:
    """One thing that the rows are made from: a file, or text written in the study file.

    Attributes
    ----------
    name : str
        As the author of the study names it.
    path : Path or None
        The file.
    text : str or None
        The canonical text, when there is no file.
    """

    name: str
    path: Path | None = None
    text: str | None = None

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes, as 64 hexadecimal digits; files are streamed.

        Raises
        ------
        DataError
            When the file cannot be read.
        """
        if self.path is None:
            return hashlib.sha256((self.text or "").encode()).hexdigest()
        try:
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(error, self.name) from None


def told_apart(found: Iterable[tuple[str, Input]]) -> list[Input]:
    """Return every input once, under a name of its own.

    Parameters
    ----------
    found : iterable of (str, Input)
        Id of an analysis, and an input of it; those of the main analysis first.

    Notes
    -----
    Data that are written in the study file have no file name to tell them apart: an analysis that writes its own has
    its id in their name, so that a change of one is seen as a change of that one.
    """
    inputs: dict[str, Input] = {}
    written: dict[tuple[str, str], Input] = {}
    for analysis, item in found:
        if item.text is None:
            inputs[item.name] = item
        elif (item.name, item.text) not in written:
            own = replace(item, name=f"{item.name} ({analysis})") if item.name in inputs else item
            inputs[own.name] = written[item.name, item.text] = own
    return list(inputs.values())


def unreadable(error: OSError, name: str) -> DataError:
    """Return that a data file cannot be read, as its author names it."""
    found = system_problem(error)
    return DataError(f"{name} cannot be read: {found.message}", found.mend, "data.path")


def nearest(name: str, there: Iterable[str]) -> str:
    """Return the name that was probably meant, or an empty text."""
    names = list(dict.fromkeys(there))
    exact = [other for other in names if other.strip().casefold() == name.strip().casefold()]
    close = exact or difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Return names for a message, the first `limit` of them."""
    names = list(names)
    text = ", ".join(name if _is_plain(name) else repr(name) for name in names[:limit])
    return f"{text} and {len(names) - limit:,} more" if len(names) > limit else text


def _is_plain(name: str) -> bool:
    """Say whether a name can stand in a sentence as it is, without quotes that show where it ends."""
    return name.isprintable() and name == name.strip() != ""


def did_you_mean(name: str, there: Iterable[str]) -> str:
    """Return the mend for a name that is not there: the nearest one, and those there are."""
    there = list(there)
    close = nearest(name, there)
    known = f"there are: {listed(there)}" if there else "there are none"
    return f"did you mean {close!r}? {known}" if close else known


def without_outcomes(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns without those that hold outcomes, for sources whose values have no name of their own."""
    return {column: where for column, where in columns.items()
            if not (where.startswith("outcomes.") and where.endswith(".column"))}  # fmt: skip


def missing_columns(columns: Mapping[str, str], there: Iterable[str]) -> list[Problem]:
    """Return a problem for every column that is named but not there.

    Parameters
    ----------
    columns : mapping of str to str
        Column to the dotted key of the YAML that names it.
    there : iterable of str
        Columns of the data.
    """
    there = list(there)
    return [Problem(f"there is no column {column!r}", did_you_mean(column, there), where)
            for column, where in columns.items() if column not in there]  # fmt: skip
