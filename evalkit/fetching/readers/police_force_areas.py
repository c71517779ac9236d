"""The police force area tables of the Office for National Statistics: one workbook, a sheet for each table."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from evalkit.errors import DataError, Problem
from evalkit.fetching.readers.areas import areas, total_problems
from evalkit.fetching.readers.block import Reader, listed, refuse
from evalkit.fetching.readers.workbooks import Cell, Sheet, sheets, without_notes

if TYPE_CHECKING:
    import pandas

TableName = Literal["P1", "P3", "P4", "P6", "P8", "C2", "C5"]
GROUPS, POPULATION, PERIODS, PARTNERSHIPS = "offence groups", "population", "periods", "partnerships"
FORMS = {"P1": GROUPS, "P4": GROUPS, "P3": POPULATION, "P6": PERIODS, "P8": PERIODS, "C2": PARTNERSHIPS,
         "C5": PARTNERSHIPS}  # fmt: skip
_AREA = ("area_code", "area_name", "level", "region")
_PARTNERSHIP = ("police_force_area_code", "police_force_area_name", "partnership_code", "partnership_name",
                "local_authority_code", "local_authority_name", "level")  # fmt: skip
COLUMNS = {
    GROUPS: (*_AREA, "year_ending", "offence_group", "offences", "notes"),
    POPULATION: (*_AREA, "year", "population", "households", "notes"),
    "P6": (*_AREA, "period", "period_type", "period_start", "period_end", "knife_offences", "percent_involving_knife",
           "notes", "series_note"),
    "P8": (*_AREA, "period", "period_type", "period_start", "period_end", "firearm_offences", "notes", "series_note"),
    PARTNERSHIPS: (*_PARTNERSHIP, "year_ending", "offence_group", "offences"),
}  # fmt: skip
_HEADINGS = ("area codes?", "area names?")
_PARTNERSHIP_HEADINGS = ("police force( area)? area code|police force area code", ".*name")
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_PERIOD = re.compile(r"(?P<percent>% involving a knife )?(?P<m1>[A-Z][a-z]{2}) (?P<y1>\d{4}) to "
                     r"(?P<m2>[A-Z][a-z]{2}) (?P<y2>\d{4})")  # fmt: skip
_YEAR_ENDING = re.compile(r"year ending ([A-Z][a-z]+) (\d{4})")


class PoliceForceAreas(Reader):
    """Tables P1 and P4 (offence groups), P3 (population), P6 (knife), P8 (firearms), C2 and C5 (partnerships)."""

    endings: ClassVar = (".xlsx",)

    kind: Literal["ons_police_force_areas"]
    tables: list[TableName] = Field(min_length=1, description="Tables of the workbook, such as [P6]")
    series_notes: dict[str, str] = Field({}, description="What breaks a force's series, by the name of the force")

    @model_validator(mode="after")
    def _one_form(self) -> PoliceForceAreas:
        if len({COLUMNS[self._key(table)] for table in self.tables}) > 1:
            raise ValueError(f"{', '.join(self.tables)} have different columns; read them into tables of their own")
        if self.series_notes and FORMS[self.tables[0]] != PERIODS:
            raise ValueError("series_notes belong to tables of many periods; P6 or P8")
        return self

    @staticmethod
    def _key(table: TableName) -> str:
        return table if FORMS[table] == PERIODS else FORMS[table]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the tidy table, by the form of the published one."""
        return COLUMNS[self._key(self.tables[0])]

    @property
    def unique(self) -> tuple[str, ...]:
        """An area in a period, of an offence group where there are several."""
        form = FORMS[self.tables[0]]
        period = {GROUPS: ("year_ending", "offence_group"), POPULATION: ("year",), PERIODS: ("period",),
                  PARTNERSHIPS: ("year_ending", "offence_group")}[form]  # fmt: skip
        place = ("police_force_area_name", "partnership_name") if form == PARTNERSHIPS else ("area_name", "level")
        return (*place, *period)

    @property
    def tried_on(self) -> str:
        """Every table was read from the publisher's own workbook."""
        return "Police force area data tables, year ending December 2024 (ONS)"

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows of the tables, one after the other.

        Raises
        ------
        DataError
            When a sheet is missing, its headings are not known, or forces do not add up to their region.
        """
        import pandas

        readers = {GROUPS: _groups, POPULATION: _population, PERIODS: self._periods, PARTNERSHIPS: _partnerships}
        wanted = [f"Table {table}" for table in self.tables]
        found = [readers[FORMS[table]](sheet) for table, sheet in zip(self.tables, sheets(path, wanted), strict=True)]
        return pandas.DataFrame([row for rows in found for row in rows], columns=list(self.columns), dtype=object)

    def _periods(self, sheet: Sheet) -> list[tuple[Any, ...]]:
        """Return a row for each area and period of a table with a column for each."""
        at = sheet.header(*_HEADINGS)
        body = _body(sheet, at)
        places = areas(body)
        unknown = sorted(set(self.series_notes) - {area.name for area in places})
        if unknown:
            raise DataError(f"there is no area {listed(unknown)} in table {sheet.name!r}", "mend `series_notes`")
        counts, percents = _period_columns(sheet.rows[at])
        refuse(total_problems(places, {_label(span)[0]: [row[i] for row in body] for span, i in counts.items()}))
        wide = "percent_involving_knife" in self.columns
        return [(area.code, area.name, area.level, area.region, *_label(span), *_shown(span), row[i],
                 *([row[percents[span]]] if wide else []), area.notes, self.series_notes.get(area.name, ""))
                for area, row in zip(places, body, strict=True) for span, i in counts.items()]  # fmt: skip


def _body(sheet: Sheet, header: int) -> list[list[Cell]]:
    """Return the rows of areas below the headings, up to the first that names none."""
    rows = sheet.rows[header + 1 :]
    end = next((at for at, row in enumerate(rows) if row[1] is None), len(rows))
    return rows[:end]


Span = tuple[datetime.date, datetime.date]


def _period_columns(header: Sequence[Cell]) -> tuple[dict[Span, int], dict[Span, int]]:
    """Return the columns of counts and of percentages, by first and last day; columns that compare are left out.

    Raises
    ------
    DataError
        When a heading is neither, or a period is not of twelve months.
    """
    counts: dict[Span, int] = {}
    percents: dict[Span, int] = {}
    problems = []
    for at, cell in enumerate(header[2:], start=2):
        heading = without_notes(cell)
        if not heading or "compared with" in heading:
            continue
        match = _PERIOD.fullmatch(heading)
        span = _span(match) if match else None
        if match is None or span is None:
            problems.append(Problem(f"the heading {heading!r} is no period of twelve months", "check the table"))
        elif span in (percents if match["percent"] else counts):
            problems.append(Problem(f"the heading {heading!r} stands twice", "check the table"))
        else:
            (percents if match["percent"] else counts)[span] = at
    if percents and set(percents) != set(counts):
        problems.append(Problem("counts and percentages have different periods", "check the table"))
    refuse(problems)
    return counts, percents


def _span(match: re.Match[str]) -> Span | None:
    if match["m1"] not in _MONTHS or match["m2"] not in _MONTHS:
        return None
    first = datetime.date(int(match["y1"]), _MONTHS[match["m1"]], 1)
    year, month = int(match["y2"]), _MONTHS[match["m2"]]
    last = datetime.date(year, month, calendar.monthrange(year, month)[1])
    return (first, last) if (year - first.year) * 12 + month - first.month == 11 else None


def _label(span: Span) -> tuple[str, str]:
    """Return a period as it is called, and its kind."""
    first, last = span
    if first.month == 4:
        return f"{first.year}/{last.year % 100:02d}", "financial_year"
    if first.month == 1:
        return str(first.year), "calendar_year"
    return f"year ending {last:%Y-%m}", "year_ending"


def _shown(span: Span) -> tuple[str, str]:
    return span[0].isoformat(), span[1].isoformat()


def _year_ending(sheet: Sheet) -> str:
    """Return the last day of the year that a table is about, from its title."""
    match = _YEAR_ENDING.search(sheet.title())
    months = {name: number for number, name in enumerate(calendar.month_name) if name}
    if match is None or match[1] not in months:
        raise DataError(f"the title of {sheet.name!r} names no year", "check that it is the table that was meant")
    year, month = int(match[2]), months[match[1]]
    return datetime.date(year, month, calendar.monthrange(year, month)[1]).isoformat()


def _groups(sheet: Sheet) -> list[tuple[Any, ...]]:
    """Return a row for each area and offence group."""
    at = sheet.header(*_HEADINGS)
    body, headings = _body(sheet, at), [without_notes(cell) for cell in sheet.rows[at]]
    places, year = areas(body), _year_ending(sheet)
    columns = {heading: i for i, heading in enumerate(headings) if i > 1 and heading}
    refuse(total_problems(places, {heading: [row[i] for row in body] for heading, i in columns.items()}))
    return [(area.code, area.name, area.level, area.region, year, heading, row[i], area.notes)
            for heading, i in columns.items() for area, row in zip(places, body, strict=True)]  # fmt: skip


def _population(sheet: Sheet) -> list[tuple[Any, ...]]:
    """Return a row for each area: people and households, rounded to 100 by the publisher; rates are left out."""
    at = sheet.header(*_HEADINGS)
    body, headings = _body(sheet, at), [without_notes(cell) for cell in sheet.rows[at]]
    people, homes = (_column(headings, f"{word} figures") for word in ("population", "household"))
    year = re.search(r"mid-(\d{4})", headings[people])
    if year is None:
        raise DataError(f"the heading {headings[people]!r} names no mid-year", "check the table")
    return [(area.code, area.name, area.level, area.region, int(year[1]), row[people], row[homes], area.notes)
            for area, row in zip(areas(body), body, strict=True) if row[people] is not None]  # fmt: skip


def _column(headings: Sequence[str], start: str) -> int:
    found = [at for at, heading in enumerate(headings) if heading.casefold().startswith(start)]
    if len(found) != 1:
        raise DataError(f"there is no single column {start!r}", f"there are {listed(headings)}")
    return found[0]


def _partnerships(sheet: Sheet) -> list[tuple[Any, ...]]:
    """Return a row for each community safety partnership, force, and offences that belong to no partnership."""
    at = sheet.header(*_PARTNERSHIP_HEADINGS)
    year, headings = _year_ending(sheet), [without_notes(cell) for cell in sheet.rows[at]]
    body = _body(sheet, at)
    columns = {heading: i for i, heading in enumerate(headings) if i > 5 and heading}
    found = []
    for heading, i in columns.items():
        for row in body:
            places = [without_notes(cell) for cell in row[:6]]
            found.append((*places, _level(places), year, heading, row[i]))
    return found


def _level(places: Sequence[str]) -> str:
    """Return what a row is about; a place without a code, such as an airport, is none of the others."""
    code, name = places[2], places[3].casefold()
    if code:
        return "partnership"
    return "police_force_area" if not name else "unassigned" if name.startswith("unassigned") else "other"
