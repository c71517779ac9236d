"""Tables in text (CSV) and parquet: read as text, so that no code loses its zeros and no mark is guessed at."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError, Problem
from evalkit.fetching.archives import table_stream
from evalkit.fetching.readers.block import listed, refuse

if TYPE_CHECKING:
    import pandas

_WHOLE = re.compile(r"[+-]?[0-9]+(\.0+)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def text_table(path: Path) -> pandas.DataFrame:
    """Return a CSV file (also packed by gzip) or a parquet file; cells of CSV are text, empty ones missing.

    Raises
    ------
    DataError
        When it is no such table.
    """
    import pandas

    if path.name.endswith(".parquet"):
        try:
            return pandas.read_parquet(path)
        except (OSError, ValueError) as error:
            raise DataError(f"it cannot be read as parquet ({_first(error)})", "fetch the file again") from None
    try:
        _require_whole(path)
        with table_stream(path) as stream, warnings.catch_warnings():
            # Rows longer than the header would be taken for row names, or cut, and every column would slip.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            frame = pandas.read_csv(stream, dtype=object, keep_default_na=False, na_values=[""], index_col=False,
                                    encoding="utf-8-sig")  # fmt: skip
    except UnicodeDecodeError:
        raise DataError("it is not UTF-8 text", "ask the publisher for CSV in UTF-8") from None
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, pandas.errors.ParserWarning) as error:
        raise DataError(f"it cannot be read as CSV ({_first(error)})", "fetch the file again") from None
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def _require_whole(path: Path) -> None:
    """Check that the last row has as many cells as the first: a file that was cut short would lose them silently."""
    with table_stream(path) as stream:
        first = last = next(iter(stream), b"")
        for line in stream:
            last = line if line.strip() else last
    if last.count(b'"') % 2 == 0 and _cells(last) < _cells(first):
        raise DataError("its last row has fewer cells than its first: it was cut short", "fetch the file again")


def _cells(line: bytes) -> int:
    return len(next(csv.reader([line.decode("utf-8", errors="replace")]), []))


def renamed(frame: pandas.DataFrame, columns: Mapping[str, Sequence[str]]) -> pandas.DataFrame:
    """Return the columns that a reader wants, under its names.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : mapping of str to sequence of str
        Name in the tidy table to the names that the publisher has used; capitals and spaces do not count.

    Raises
    ------
    DataError
        Naming every column that is not there.
    """
    there = {_plain(name): name for name in reversed([str(name) for name in frame.columns])}
    found = {wanted: next((there[_plain(name)] for name in names if _plain(name) in there), None)
             for wanted, names in columns.items()}  # fmt: skip
    mend = f"it has {', '.join(map(str, list(frame.columns)[:12]))}"
    refuse([Problem(f"there is no column {' or '.join(map(repr, columns[wanted]))}", mend)
            for wanted, name in found.items() if name is None])  # fmt: skip
    return frame[[str(name) for name in found.values()]].set_axis(list(found), axis=1)


def counts(column: pandas.Series[Any], name: str) -> pandas.Series[Any]:
    """Return a column of whole numbers; a cell that is empty or anything else is an error.

    Raises
    ------
    DataError
        Naming the rows.
    """
    text = column.astype("string").str.strip().str.replace(",", "", regex=False)
    wrong = ~text.str.fullmatch(_WHOLE).fillna(False).astype(bool)
    if wrong.any():
        cells = zip(wrong, column, strict=True)
        rows = [f"row {at + 2}: {cell!r}" for at, (is_wrong, cell) in enumerate(cells) if is_wrong]
        raise DataError(f"{name} holds {int(wrong.sum()):,} cells that are no whole number ({listed(rows)})",
                        "check that it is the file that the reader is for")  # fmt: skip
    return text.astype("float64").astype("int64")


def numbers(column: pandas.Series[Any]) -> pandas.Series[Any]:
    """Return a column with every number as one, whole where it can be; empty cells and marks stay as they are."""
    return column.map(_number).astype(object)


def _number(cell: Any) -> Any:
    if not isinstance(cell, str):
        return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
    text = cell.strip()
    if _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    return float(text) if _NUMBER.fullmatch(text) else cell


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _first(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
