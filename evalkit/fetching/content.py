"""What a file is, by its first bytes: a publisher that has moved a file sends a web page in its place."""

from __future__ import annotations

import re

from evalkit.errors import DataError

_ZIP, _GZIP, _PARQUET, _OLD_WORKBOOK = b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"\xd0\xcf\x11\xe0"
ENDINGS = {".xlsx": "a workbook", ".ods": "a workbook", ".zip": "a zip archive", ".csv.gz": "a table packed by gzip",
           ".csv": "a text table", ".parquet": "a parquet table"}  # fmt: skip
"""Kinds of files that can be fetched, by how their names end."""
_STARTS = {".xlsx": _ZIP, ".ods": _ZIP, ".zip": _ZIP, ".csv.gz": _GZIP, ".parquet": _PARQUET}
_KNOWN = ((_ZIP, "a zip archive or workbook"), (_GZIP, "a gzip file"), (_PARQUET, "a parquet table"),
          (_OLD_WORKBOOK, "a workbook of the old kind (.xls)"), (b"%PDF", "a PDF"))  # fmt: skip
_TITLE = re.compile(rb"<title[^>]*>([^<]{0,200})", re.IGNORECASE)
ENOUGH = 2_048
"""Bytes of a file that tell what it is."""


def ending_of(name: str) -> str:
    """Return how a file's name ends, of the kinds that are known, or an empty text."""
    return next((ending for ending in ENDINGS if name.casefold().endswith(ending)), "")


def require_kind(start: bytes, name: str) -> None:
    """Check that a file begins as one of its kind does.

    Parameters
    ----------
    start : bytes
        The first bytes, `ENOUGH` of them where there are so many.
    name : str
        The name that it is to have.

    Raises
    ------
    DataError
        Naming what it is instead.
    """
    ending = ending_of(name)
    wanted = ENDINGS.get(ending, "a file")
    if not start:
        raise DataError("what came is empty (0 bytes)", "look at the address in a browser", "address")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] == b"<" and re.match(rb"<(!doctype html|html|head|body|script|!--)", text[:20].lower()):
        title = _TITLE.search(start)
        shown = f" with the title {title[1].decode('utf-8', 'replace').strip()!r}" if title else ""
        raise DataError(f"a web page came{shown}, where {wanted} was expected",
                        "look at the address in a browser; the file may have moved", "address")  # fmt: skip
    expected = _STARTS.get(ending)
    if start.startswith(expected) if expected else not _is_binary(start):
        return
    found = next((words for mark, words in _KNOWN if start.startswith(mark)), "something else")
    raise DataError(f"{found} came, where {wanted} was expected", "look at the address in a browser", "address")


def _is_binary(start: bytes) -> bool:
    return b"\0" in start or any(start.startswith(mark) for mark, _ in _KNOWN)
