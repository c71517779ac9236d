"""What a database or its driver refused, in words that do not need a programmer, and without any password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from evalkit.errors import DataError, EvalkitError
from evalkit.sources.tables.connections import Address

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (r"permission denied|InsufficientPrivilege|not authorized|Permission", "you are not allowed to read it",
     "ask for the right to read it; nothing is ever written there"),
    (r"password authentication failed|no password supplied|authentication|Login failed", "the database did not let "
     "you in", "check user and password in the address of the connection"),
    (r"connection refused|could not connect|connection failed|could not translate|No such file or directory|timeout|"
     r"Can't open lib|Login timeout", "there is no answer from the database",
     "check the address of the connection, and that the database runs and can be reached from here"),
    (r"Invalid unicode|not utf-8|unicode|utf8", "it holds bytes that are not UTF-8 text",
     "save it as UTF-8, or use `source: csv`, which finds out the encoding"),
    (r"Expected Number of Columns|CSV Error|Malformed CSV", "it has a row that does not fit its header",
     "mend these rows; a text that holds the separator must stand in quotes, and quotes must be closed"),
    (r"Out of Memory|OutOfMemory|could not allocate", "it does not fit into the memory that it was given",
     "raise `memory_limit`, or leave it out"),
    (r"Parquet|thrift|Snappy|magic bytes", "it is no whole parquet file, or not of one piece with the others",
     "fetch the file again"),
    (r"read-only transaction|read-only mode|attached in read", "it may only be read", "name a table or a view"),
)  # fmt: skip


@contextmanager
def in_words(name: str, address: Address | None = None, where: str = "data.path") -> Iterator[None]:
    """Turn whatever the engine raises into a DataError that names the table.

    Parameters
    ----------
    name : str
        The table as the author of the study names it.
    address : Address or None
        What must never be shown.
    where : str
        Dotted key of the YAML.
    """
    try:
        yield
    except EvalkitError:
        raise
    except Exception as error:
        raise refusal(error, name, address, where) from None


def refusal(error: Exception, name: str, address: Address | None = None, where: str = "data.path") -> DataError:
    """Return what an engine refused as a DataError."""
    text = f"{type(error).__name__}: {error}"
    if address is not None:
        text = address.hide(text)
    shown = _shown(text)
    for pattern, words, mend in _MEANINGS:
        if re.search(pattern, text, flags=re.IGNORECASE):
            return DataError(f"{name} cannot be read: {words} ({shown})", mend, where)
    return DataError(f"{name} cannot be read: {shown}", "check the table and its columns", where)


def _shown(text: str) -> str:
    """Return the first lines of a message, without folders of this machine."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    short = " ".join(lines[:2])[:240]
    return re.sub(r"(?<![\w:/])/(?:[\w.+-]+/)+", "", short)
