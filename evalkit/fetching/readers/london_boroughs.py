"""Recorded crime by London borough (Metropolitan Police, London Datastore): a column for each month, or a row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from evalkit.errors import DataError
from evalkit.fetching.readers.block import Reader
from evalkit.fetching.readers.text_tables import counts, renamed, text_table

if TYPE_CHECKING:
    import pandas

HEADINGS = {
    "borough": ("BoroughName", "LookUp_BoroughName", "Borough Name"),
    "major_type": ("MajorText", "Major Category"), "minor_type": ("MinorText", "Minor Category"),
}  # fmt: skip
_MONTH = re.compile(r"(?:20|19)\d{2}(?:0[1-9]|1[0-2])")


class LondonBoroughs(Reader):
    """Offences by borough, month, major and minor type; the publisher's file has a column for each month (202003)."""

    endings: ClassVar = (".csv", ".csv.gz")

    kind: Literal["london_boroughs"]

    @property
    def columns(self) -> tuple[str, ...]:
        """A row for each borough, month and minor type."""
        return ("borough", "month", "major_type", "minor_type", "offences")

    @property
    def unique(self) -> tuple[str, ...]:
        """A minor type in a borough in a month."""
        return ("borough", "month", "major_type", "minor_type")

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows, months turned from columns; months with an empty cell are an error, as zero is written 0.

        Raises
        ------
        DataError
            When headings are missing, no column is a month, or a count is none.
        """
        frame = text_table(path)
        months = [str(name) for name in frame.columns if _MONTH.fullmatch(str(name))]
        if not months:
            raise DataError("no column is a month", "the publisher heads them such as 202003")
        table = renamed(frame, HEADINGS)
        for month in months:
            table[month] = counts(frame[month], month)
        long = table.melt(id_vars=list(HEADINGS), value_vars=months, var_name="month", value_name="offences")
        long["month"] = long["month"].str[:4] + "-" + long["month"].str[4:]
        return long[list(self.columns)]
