"""Files of the shapes that publishers use, made small: the same sheets, headings, notes, marks and oddities."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

FORCES = (
    ("K04000001", "ENGLAND AND WALES [note 8]"),
    (None, "England and Wales (exc. Greater Manchester Police) [note 8]"),
    ("E92000001", "ENGLAND "),
    ("E12000001", "North East "),
    ("E23000013", "Cleveland"),
    ("E23000007", "Northumbria [note 10]"),
    ("E12000009", "South West"),
    ("E23000036", "Avon and Somerset [note 8, 10]"),
    ("E23000037", "Gloucestershire"),
    ("W92000004", "WALES"),
    ("W15000002", "Gwent "),
    ("W15000001", "North Wales "),
    (None, "British Transport Police"),
)
"""Forces stand below their region; the rows of regions and countries are sums."""
PERIODS = ("Apr 2020 to\n Mar 2021", "Apr  2021 to\n Mar  2022\n[note 9]", "Jan 2023 to\n Dec 2023",
           "Jan 2024 to\n Dec 2024")  # fmt: skip


def summed(force: int, column: int) -> dict[str, int]:
    """Return a count for every row, in which regions and countries are the sums of their forces."""
    own = {name: 10 * (at + 1) + column * force for at, (_, name) in enumerate(FORCES)}
    own["North East "] = own["Cleveland"] + own["Northumbria [note 10]"]
    own["South West"] = own["Avon and Somerset [note 8, 10]"] + own["Gloucestershire"]
    own["WALES"] = own["Gwent "] + own["North Wales "]
    own["ENGLAND "] = own["North East "] + own["South West"]
    own["ENGLAND AND WALES [note 8]"] = own["ENGLAND "] + own["WALES"]
    return own


def preamble(title: str) -> list[list[Any]]:
    return [[title], ["England and Wales"], ["This worksheet contains one table."], ["Link to Notes page"],
            ["Source: Police recorded crime from the Home Office "]]  # fmt: skip


def knife_rows() -> list[list[Any]]:
    header: list[Any] = ["Area Codes", "Area name"]
    for period in PERIODS:
        header += [period, f"% involving a knife\n {period}"]
    header.append("Jan 2024 to Dec 2024 compared with previous year % change")
    counts = [summed(1, at) for at in range(len(PERIODS))]
    body = [[code, name, *(cell for count in counts for cell in (count[name], count[name] / 7)), 1.5]
            for code, name in FORCES]  # fmt: skip
    return [*preamble("Table P6: Number of Knife offences [note 1,2]"), header, *body]


def firearm_rows() -> list[list[Any]]:
    header = ["Area code", "Area name", *PERIODS, "Jan 2024 to Dec 2024 compared with previous year % change"]
    body = [[code, name, *(summed(2, at)[name] for at in range(len(PERIODS))), "[u]"] for code, name in FORCES[:-1]]
    return [*preamble("Table P8: Number of firearm offences"), header, *body]


def group_rows(year: int) -> list[list[Any]]:
    title = f"Table P1:  Police recorded crime by offence group, year ending December {year} [note 1]"
    header = ["Area Code", "Area Name", " Total recorded crime\n (excluding fraud) \n[note 2]", "Robbery"]
    body = [[code, name, summed(year - 2000, 3)[name], summed(3, 1)[name]] for code, name in FORCES]
    return [*preamble(title), header, *body]


def population_rows() -> list[list[Any]]:
    header = ["Area Code", "Area Name", "Population figures\n (mid-2023) rounded to 100 [note 5]",
              "Household figures\n (mid-2021)  rounded to 100\n[note 6] ", "Robbery"]  # fmt: skip
    body = [[code, name, 1000 * (at + 1), 400 * (at + 1), 1.25] for at, (code, name) in enumerate(FORCES[:-1]) if code]
    return [*preamble("Table P3: rate of offences, year ending December 2024"), header, *body]


def partnership_rows(year: int) -> list[list[Any]]:
    header = ["Police Force\nArea code", "Police Force\nArea name", "Community Safety\nPartnership code",
              "Community Safety\nPartnership name", "Local Authority code", "Local Authority name",
              "Total recorded crime\n (excluding fraud)", "Robbery"]  # fmt: skip
    force = ["E23000036", "Avon and Somerset [note 4]"]
    body = [[*force, None, None, None, None, 100, 20],
            [*force, "E22000002", "Bristol, City of", "E06000023", "Bristol, City of ", 70, 15],
            [*force, None, "Unassigned Avon and Somerset", None, None, 30, "[x]"]]  # fmt: skip
    title = f"Table C2: Number of police recorded crimes, year ending December {year} [note 1]"
    return [*preamble(title), header, *body]


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for at, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                if cell is not None:
                    sheet.cell(at, column, cell)
    book.save(path)
    return path


def police_force_areas(path: Path, **changed: list[list[Any]]) -> Path:
    """The workbook of the Office for National Statistics: some names of sheets end in a space."""
    sheets = {
        "Cover_sheet": [["Police force area data tables"]],
        "Notes- PFA ": [["Notes"]],
        "Table P1": group_rows(2024),
        "Table P3": population_rows(),
        "Table P4 ": group_rows(2023),
        "Table P6 ": knife_rows(),
        "Table P8 ": firearm_rows(),
        "Table C2": partnership_rows(2024),
        "Table C5": partnership_rows(2023),
    }
    named = {name.strip(): name for name in sheets}
    for key, rows in changed.items():
        sheets[named[key.replace("_", " ")]] = rows
    return workbook(path, sheets)


MONTHS = ("April", "May", "June", "July", "August", "September", "October", "November", "December", "January",
          "February", "March")  # fmt: skip


def admission_rows(years: Sequence[int] = (2019, 2020, 2021)) -> list[list[Any]]:
    """The sheet of the NHS tabulation: merged names of regions, years beside April, a total that is mislabelled."""
    rows: list[list[Any]] = [
        ["Count of Finished Admissions Episodes (FAEs)1 for 2021-22 (Provisional)8,9"],
        [],
        [],
        ["Activity in English NHS Hospitals"],
        [None, None, "London", None, "Other UK Country", None, "England", None],
        ["Year", "Month", *["FAEs", "FCEs"] * 3],
    ]
    for year in years:
        label = f"{year}-{(year + 1) % 100:02d}"
        body = [[None, month, 60 + i, 65 + i, "*" if i % 3 else 10, "*", 300 + i + year % 7, 310 + i]
                for i, month in enumerate(MONTHS)]  # fmt: skip
        body[0][0] = f"{label}\n"
        body[2][4] = ""  # an empty text, as the publisher has in one year
        last = "2020-21" if year == years[-1] else label
        total = [f"{last} Total", None, 800, 850, 20, 20, sum(row[6] for row in body), sum(row[7] for row in body)]
        rows += [*body, total]
    rows[6] += [None, None, 285]  # somebody's own sum beside the table
    return [*rows, ["Source: Hospital Episode Statistics (HES), NHS Digital"]]


def admissions(path: Path, rows: list[list[Any]] | None = None) -> Path:
    return workbook(path, {"Interpretation": [["Non-DARS tabulation request"]],
                           "GOR-Data-Totals": rows or admission_rows(), "Footnotes": [["1."]]})  # fmt: skip


CRIME = ("Financial Year", "Financial Quarter", "Force Name", "Offence Description", "Offence Group",
         "Offence Subgroup", "Offence Code", "Number of Offences")  # fmt: skip


def crime_rows(year: str) -> list[list[Any]]:
    offence = ("Robbery of personal property", "Robbery", "Robbery", "34B")
    pairs = [(quarter, force) for quarter in (1, 2, 3, 4) for force in ("Essex", "Kent")]
    return [list(CRIME), *([year, quarter, force, *offence, 100 + quarter] for quarter, force in pairs)]


OPEN = "urn:oasis:names:tc:opendocument:xmlns"
SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"


def open_document(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """A spreadsheet as OpenDocument has it: a zip with one text of XML."""

    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        kind = f'"float" office:value="{value}"' if isinstance(value, int | float) else '"string"'
        return f"<table:table-cell office:value-type={kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"

    tables = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(f'xmlns:{name}="{OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{OPEN}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{SPREADSHEET}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", SPREADSHEET, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


STREET = ("Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
          "Last outcome category,Context\n")  # fmt: skip


def street_file(month: str, kinds: Sequence[str]) -> bytes:
    place = 'Essex Police,Essex Police,0.1,51.7,"On or near High Street, Upper",E01,Essex 001'
    return (STREET + "".join(f"{i:064x},{month},{place},{kind},,\n" for i, kind in enumerate(kinds))).encode()


def street_archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
