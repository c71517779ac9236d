"""Home Office open data on police recorded crime: a row for each force, quarter and offence code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from evalkit.errors import DataError
from evalkit.fetching.readers.block import Reader, listed
from evalkit.fetching.readers.text_tables import counts, renamed, text_table
from evalkit.fetching.readers.workbooks import sheets

if TYPE_CHECKING:
    import pandas

HEADINGS = {
    "financial_year": ("Financial Year",), "financial_quarter": ("Financial Quarter",), "force": ("Force Name",),
    "offence_group": ("Offence Group",), "offence_subgroup": ("Offence Subgroup",),
    "offence_code": ("Offence Code",), "offence_description": ("Offence Description",),
    "offences": ("Number of Offences", "Offences recorded"),
}  # fmt: skip
_YEAR = re.compile(r"(\d{4})[/-](\d{2}|\d{4})")


class RecordedCrime(Reader):
    """The open data tables by police force area: one sheet for each financial year, or one CSV."""

    endings: ClassVar = (".ods", ".xlsx", ".csv", ".csv.gz")

    kind: Literal["home_office_recorded_crime"]

    @property
    def columns(self) -> tuple[str, ...]:
        """The publisher's columns, and the calendar quarter, such as 2018-Q1 for the fourth of 2017/18."""
        return ("quarter", *HEADINGS)

    @property
    def unique(self) -> tuple[str, ...]:
        """An offence code of a force in a quarter."""
        return ("quarter", "force", "offence_code", "offence_description")

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows of all years.

        Raises
        ------
        DataError
            When headings are missing, or a year, quarter or count is none.
        """
        import pandas

        frame = _from_sheets(path) if path.suffix in (".ods", ".xlsx") else renamed(text_table(path), HEADINGS)
        text = frame["financial_year"].astype("string").str.strip()
        wrong = ~text.str.fullmatch(_YEAR).fillna(False).astype(bool)
        if wrong.any():
            raise DataError(f"{listed(frame['financial_year'][wrong].unique())} is no financial year",
                            "it is written such as 2017/18")  # fmt: skip
        quarter = counts(frame["financial_quarter"], "Financial Quarter")
        if not quarter.between(1, 4).all():
            raise DataError(f"{listed(sorted(set(quarter) - {1, 2, 3, 4}))} is no financial quarter", "1 to 4")
        start = text.str[:4].astype("int64")
        calendar = pandas.Series([f"{year + (q == 4)}-Q{q % 4 + 1}" for year, q in zip(start, quarter, strict=True)],
                                 index=frame.index, dtype=object)  # fmt: skip
        tidy = frame.assign(financial_quarter=quarter, offences=counts(frame["offences"], "Number of Offences"))
        return tidy.assign(quarter=calendar)[list(self.columns)]


def _from_sheets(path: Path) -> pandas.DataFrame:
    """Return the rows of every sheet that has the headings; covers and notes have not."""
    import pandas

    wanted = re.sub(r"\s", "", HEADINGS["financial_year"][0].casefold())
    found = []
    for sheet in sheets(path):
        at = next((at for at, row in enumerate(sheet.rows[:30])
                   if any(re.sub(r"\s", "", str(cell).casefold()) == wanted for cell in row)), None)  # fmt: skip
        if at is None:
            continue
        body = [row for row in sheet.rows[at + 1 :] if row[0] is not None]
        found.append(renamed(pandas.DataFrame(body, columns=[str(cell or "") for cell in sheet.rows[at]]), HEADINGS))
    if not found:
        raise DataError("no sheet has a column 'Financial Year'", "check that it is a table of police recorded crime")
    return pandas.concat(found, ignore_index=True)
