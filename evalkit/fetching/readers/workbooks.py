"""Workbooks (xlsx, ods): the cells of a sheet as plain values, read after the file was found safe to unpack."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.fetching.archives import vet
from evalkit.fetching.readers.block import listed

Cell = str | int | float | None
_NOTES = re.compile(r"\[\s*notes?\b[^\]]*\]", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name and its cells; text without line breaks and doubled spaces, None where a cell is empty."""

    name: str
    rows: list[list[Cell]]

    def title(self) -> str:
        """Return the first text of the sheet."""
        return next((cell for row in self.rows for cell in row if isinstance(cell, str)), "")

    def header(self, *first: str) -> int:
        """Return the position of the row that begins with these words, in small letters and without notes.

        Raises
        ------
        DataError
            When no row does.
        """
        for at, row in enumerate(self.rows):
            cells = "|".join(without_notes(cell).casefold() for cell in row[: len(first)])
            if re.fullmatch(r"\|".join(f"(?:{want})" for want in first), cells):
                return at
        raise DataError(f"the sheet {self.name!r} has no row of headings", "check that it is the table that was meant")


def without_notes(cell: Cell) -> str:
    """Return a cell as text without its references to notes."""
    return " ".join(_NOTES.sub(" ", "" if cell is None else str(cell)).split())


def notes_of(cell: Cell) -> str:
    """Return the numbers of the notes that a cell refers to, such as `10 11`."""
    found = [number for part in _NOTES.findall(str(cell or "")) for number in _NUMBERS.findall(part)]
    return " ".join(found)


def sheets(path: Path, wanted: Sequence[str] | None = None) -> Iterator[Sheet]:
    """Yield sheets of a workbook by name, in the order asked for; all of them when none is named.

    Parameters
    ----------
    path : Path
        An .xlsx or .ods file.
    wanted : sequence of str, optional
        Names; spaces at the ends and capitals do not count, as publishers change them between editions.

    Raises
    ------
    DataError
        When the file is no workbook, would unpack to too much, or lacks a sheet.
    """
    import python_calamine

    vet(path)
    try:
        book = python_calamine.load_workbook(str(path))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(f"it cannot be read as a workbook ({error})", "fetch the file again") from None
    names = {_plain(name): name for name in book.sheet_names}
    missing = [name for name in wanted or () if _plain(name) not in names]
    if missing:
        raise DataError(f"there is no sheet {listed(missing)}", f"it has {', '.join(map(str.strip, names.values()))}")
    for name in [names[_plain(name)] for name in wanted] if wanted else book.sheet_names:
        try:
            cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except (python_calamine.CalamineError, ValueError) as error:
            raise DataError(f"the sheet {name!r} cannot be read ({error})", "fetch the file again") from None
        yield Sheet(name.strip(), [[_cell(cell) for cell in row] for row in cells])


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _cell(value: Any) -> Cell:
    """Return a cell as it was meant: workbooks hold every number as a fraction, and text with line breaks."""
    if isinstance(value, str):
        return " ".join(value.split()) or None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
    return value if isinstance(value, int) else None
