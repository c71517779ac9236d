"""Excel workbooks (.xlsx, .xlsm): values as last calculated, never macros or formulas."""

from __future__ import annotations

import html
import re
import warnings
import zipfile
import zlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from evalkit.errors import DataError, Problem
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import did_you_mean, listed

if TYPE_CHECKING:
    import pandas

_SHEET = re.compile(r"<(?:\w+:)?sheet\b[^>]*?\bname=\"([^\"]*)\"")
_LARGEST = 1 << 30
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


class ExcelData(FileData):
    """Rows of one sheet of a workbook, below a header row in which every column has its own name."""

    source: Literal["excel"]
    sheet: str | None = Field(None, description="Name of the sheet; may be left out when there is one alone")
    header_row: int = Field(1, ge=1, description="Row that names the columns, counted from 1")

    def look(self, path: Path, columns: Mapping[str, str]) -> list[Problem]:
        """Return a problem when the file is no workbook or has no such sheet."""
        _refuse_other_kinds(path, self.path)
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(part.file_size for part in archive.infolist()) > _LARGEST:
                    return [Problem(f"{self.path} unpacks to more than 1 GB", "ask for CSV or parquet", "data.path")]
                text = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        except (zipfile.BadZipFile, zlib.error, KeyError, OSError, ValueError, RuntimeError, EOFError):
            return [_unreadable(self.path)]
        return self._wrong_sheet([html.unescape(name) for name in _SHEET.findall(text)])

    def _wrong_sheet(self, sheets: list[str]) -> list[Problem]:
        if self.sheet is None and len(sheets) > 1:
            mend = f"say which `sheet`: {listed(sheets)}"
            return [Problem(f"{self.path} has {len(sheets)} sheets", mend, "data.sheet")]
        if self.sheet is not None and sheets and self.sheet not in sheets:
            return [Problem(f"{self.path} has no sheet {self.sheet!r}", did_you_mean(self.sheet, sheets), "data.sheet")]
        return []

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return the rows below the header; the index is the row's number in the sheet.

        Raises
        ------
        DataError
            When the file is missing, empty or no workbook, the sheet is not there, or the header row has merged,
            empty or repeated cells.
        """
        import pandas

        path = self.checked(folders)
        problems = self.look(path, {})
        if problems:
            raise DataError(problems)
        cells, merged = self._cells(path)
        header = self._names(cells, merged)
        body = [(number, row) for number, row in enumerate(cells[self.header_row :], start=self.header_row + 1)
                if any(cell not in (None, "") for cell in row)]  # fmt: skip
        wanted = [at for at, name in header.items() if columns is None or name in columns]
        frame = pandas.DataFrame(
            {header[at]: pandas.Series([row[at] for _, row in body], dtype=object) for at in wanted}
        )
        frame.index = pandas.Index([number for number, _ in body], dtype="int64")
        frame.attrs["columns"] = list(header.values())
        return frame

    def _cells(self, path: Path) -> tuple[list[tuple[Any, ...]], dict[int, str]]:
        """Return the sheet's cells, row by row, and which cells are merged across columns, by row."""
        import openpyxl

        with warnings.catch_warnings():
            # openpyxl warns of styles and validations that it does not carry over; values are not touched by them.
            warnings.simplefilter("ignore")
            try:
                # Read from a stream: a name would be refused for its ending, whatever the file holds.
                with path.open("rb") as stream:
                    book = openpyxl.load_workbook(stream, data_only=True, keep_links=False)
                sheet = book[self.sheet] if self.sheet is not None else book.worksheets[0]
                cells = list(sheet.iter_rows(values_only=True))
                merged = {row: str(area.coord) for area in sheet.merged_cells.ranges if area.max_col > area.min_col
                          for row in range(area.min_row, area.max_row + 1)}  # fmt: skip
            except Exception:  # a damaged workbook fails in any way it likes, as its XML is not checked
                raise DataError(_unreadable(self.path)) from None
        return cells, merged

    def _names(self, cells: list[tuple[Any, ...]], merged: dict[int, str]) -> dict[int, str]:
        """Return the names of the columns by position; columns without a name and without cells are left out."""
        if len(cells) < self.header_row:
            raise DataError(f"the sheet has {len(cells)} rows, none is row {self.header_row}", "check `header_row`",
                            "data.header_row")  # fmt: skip
        names = ["" if name is None else str(name).strip() for name in cells[self.header_row - 1]]
        table = cells[self.header_row - 1 :]
        used = [at for at in range(len(names)) if any(row[at] not in (None, "") for row in table)]
        if self.header_row in merged or not all(_is_name(names[at]) for at in used):
            raise DataError("header row has merged or empty cells", self._mend_header(cells, merged),
                            "data.header_row")  # fmt: skip
        found = {at: names[at] for at in used}
        twice = sorted({name for name in found.values() if list(found.values()).count(name) > 1})
        if twice:
            raise DataError(f"the header names {listed(twice)} more than once", "rename one of the columns",
                            "data.header_row")  # fmt: skip
        if not found:
            raise DataError("the sheet is empty", "check `sheet` and `header_row`", "data.sheet")
        return found

    def _mend_header(self, cells: list[tuple[Any, ...]], merged: dict[int, str]) -> str:
        """Return which row names the columns, or which cells to mend when none does."""
        likely = self._likely(cells, merged)
        if likely is not None:
            return f"say `header_row: {likely}`"
        unmerge = f"unmerge {merged[self.header_row]} and " if self.header_row in merged else ""
        return f"say `header_row: N`, or in Excel {unmerge}give every column a name of its own in row {self.header_row}"

    def _likely(self, cells: list[tuple[Any, ...]], merged: Container[int]) -> int | None:
        """Return the first row that names every column that is in use, None when there is none."""
        for number, row in enumerate(cells[:50], start=1):
            below = [at for at in range(len(row)) if any(later[at] not in (None, "") for later in cells[number:])]
            if len(below) > 1 and number not in merged and all(_is_name(row[at]) for at in below):
                return number
        return None


def _is_name(cell: Any) -> bool:
    """Say whether a cell names a column; pandas writes `Unnamed: 3` where a merged header left none."""
    return isinstance(cell, str) and bool(cell.strip()) and not cell.startswith("Unnamed:")


def _refuse_other_kinds(path: Path, name: str) -> None:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _OLD_WORKBOOK:
        found = f"{name} is an old workbook (.xls) or has a password"
        raise DataError(found, "save it as .xlsx without one", "data.path")


def _unreadable(name: str) -> Problem:
    return Problem(f"{name} cannot be read as an Excel workbook", "open it in Excel and save it as .xlsx", "data.path")
