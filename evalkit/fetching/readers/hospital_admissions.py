"""Tabulations of hospital admissions (NHS England, once NHS Digital): a region by month, two counts for each."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from evalkit.errors import DataError, Problem
from evalkit.fetching.readers.block import Reader, listed, refuse
from evalkit.fetching.readers.workbooks import Cell, Sheet, sheets

if TYPE_CHECKING:
    import pandas

MEASURES = {"FAEs": "admissions", "FCEs": "episodes"}
"""Finished admission episodes and finished consultant episodes."""
_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_YEAR = re.compile(r"(\d{4})-\d{2}")
_TOTAL = re.compile(r"\d{4}-\d{2} Total")


@dataclass(frozen=True)
class _Month:
    """A row of one month, or a row of totals, in which `month` is empty."""

    month: str
    year: str
    row: Sequence[Cell]


class HospitalAdmissions(Reader):
    """A sheet whose rows are months below financial years, and whose columns are pairs of counts below regions.

    "*" (a count that the publisher hides) stays as it is: say what it stands for under `outcomes.suppressed`. A cell
    that the publisher left empty stays empty.
    """

    endings: ClassVar = (".xlsx",)

    kind: Literal["nhs_admissions"]
    sheet: str = Field("GOR-Data-Totals", description="Sheet with regions and months")

    @property
    def columns(self) -> tuple[str, ...]:
        """A row for each region and month."""
        return ("month", "financial_year", "region", *MEASURES.values())

    @property
    def unique(self) -> tuple[str, ...]:
        """A region in a month."""
        return ("month", "region")

    @property
    def tried_on(self) -> str:
        """Read from the publisher's own workbook."""
        return "Admissions for assault by sharp object, April 2012 to March 2022 (NHS Digital for the Home Office)"

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows of the sheet.

        Raises
        ------
        DataError
            When headings are not known, a month is missing, or months do not add up to their year.
        """
        import pandas

        (sheet,) = sheets(path, [self.sheet])
        at = sheet.header("year", "month")
        regions = _regions(sheet, at)
        months = list(_months(sheet, at))
        refuse([*_missing_months(months), *_total_problems(months, regions)])
        found = [(item.month, item.year, region, *(item.row[i] for i in places))
                 for item in months if item.month for region, places in regions.items()]  # fmt: skip
        return pandas.DataFrame(found, columns=list(self.columns), dtype=object)


def _regions(sheet: Sheet, at: int) -> dict[str, tuple[int, ...]]:
    """Return the columns of each region, in the order of `MEASURES`; the name stands over the first of them."""
    above, header = sheet.rows[at - 1], sheet.rows[at]
    found: dict[str, dict[str, int]] = {}
    name = ""
    for i in range(2, len(header)):
        heading = header[i]
        if heading is None:
            break  # cells further right are somebody's notes
        name = str(above[i]) if above[i] is not None else name
        if heading not in MEASURES or not name or heading in found.get(name, {}):
            raise DataError(f"column {i + 1} is headed {heading!r} below {name or 'nothing'}",
                            f"each region should have one of {listed(MEASURES)}")  # fmt: skip
        found.setdefault(name, {})[str(heading)] = i
    refuse([Problem(f"{region} has no column {listed(sorted(set(MEASURES) - set(columns)))}", "check the sheet")
            for region, columns in found.items() if set(columns) != set(MEASURES)])  # fmt: skip
    return {region: tuple(columns[measure] for measure in MEASURES) for region, columns in found.items()}


def _months(sheet: Sheet, at: int) -> Iterator[_Month]:
    """Yield the rows of months and of totals; a year stands beside its first month alone."""
    year = ""
    for row in sheet.rows[at + 1 :]:
        first, month = row[0], row[1]
        if isinstance(first, str) and _YEAR.fullmatch(first):
            year = first
        if isinstance(first, str) and _TOTAL.fullmatch(first):
            yield _Month("", year, row)
        elif isinstance(month, str) and month in _MONTHS:
            if not year:
                raise DataError(f"{month} stands below no financial year", "check the sheet")
            start = int(year[:4])
            number = _MONTHS[month]
            yield _Month(f"{start + (number < 4)}-{number:02d}", year, row)
        elif month is not None or (first is not None and not str(first).startswith("Source")):
            raise DataError(f"{first or month!r} is no month and no total", "check the sheet")


def _missing_months(months: Sequence[_Month]) -> list[Problem]:
    """Return the months that break the order: every one from the first to the last must be there, once."""
    found = [item.month for item in months if item.month]
    return [Problem(f"{after} follows {before}", "every month should be there, once and in order")
            for before, after in itertools.pairwise(found) if _position(after) != _position(before) + 1]  # fmt: skip


def _position(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])


def _total_problems(months: Sequence[_Month], regions: dict[str, tuple[int, ...]]) -> list[Problem]:
    """Return years of which England's months do not add up to the total below them.

    Regions are rounded or hidden, so that only the country's own numbers must agree. The publisher has labelled a total
    with the wrong year before, so a total belongs to the months above it, whatever it is called.
    """
    problems = []
    sums = dict.fromkeys(regions.get("England", ()), 0)
    for item in months:
        for i in sums:
            cell = item.row[i]
            if item.month:
                sums[i] += cell if isinstance(cell, int) else 0
            elif cell != sums[i]:
                problems.append(Problem(f"England, {item.year}: months add up to {sums[i]:,} and the total is {cell}",
                                        "check that rows stand as the publisher left them"))  # fmt: skip
        if not item.month:
            sums = dict.fromkeys(sums, 0)
    return problems
