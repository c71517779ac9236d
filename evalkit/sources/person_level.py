"""Files with a row for each person do not belong into a project's data folder: they are found by their columns."""

from __future__ import annotations

import csv
import gzip
import re
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.sources.columns import Data
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1_000_000
LOOKED_AT = 5_000
"""Rows that are looked at: enough to tell, and quick in a file of millions."""
FEWEST = 10
"""Rows below which the values of a column, without its name, tell nothing."""
MOST = 0.9
"""Share of cells that must be of a kind for the column to be of it."""

_NAMES_PEOPLE = frozenset({
    "surname", "last_name", "lastname", "family_name", "forename", "first_name", "firstname", "given_name",
    "full_name", "fullname", "patient_name", "person_name", "client_name", "date_of_birth", "dob", "birth_date",
    "birthdate", "nhs_number", "nhs_no", "nhsnumber", "nhsno", "national_insurance_number", "ni_number", "nino",
    "hospital_number", "passport_number", "email", "email_address", "phone", "telephone", "phone_number", "mobile",
    "home_address",
})  # fmt: skip
_NUMBERS_PEOPLE = re.compile(
    r"(pseudo|encrypted|hashed|anonymised)_?(hes|nhs|person|patient)?_?(id|number|no|key)|(token_)?hes_?id|upn|"
    r"(person|patient|client|offender|victim|suspect|pupil|student|participant|individual|member|resident|respondent|"
    r"episode|attendance|admission|spell|caseholder)s?_?(id|ref|reference|no|number|key)"
)
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}")


def person_level_problems(data: Data, folders: Folders) -> list[Problem]:
    """Return the columns by which a file in the project's data folder shows that its rows are people.

    Parameters
    ----------
    data : Data
        The `data` block. One that is no file, lies outside the folder `data` of the project or gives its reason as
        `person_level` has no problems.
    folders : Folders

    Returns
    -------
    list of Problem
        One for each column: named for what identifies people (names, dates of birth, NHS numbers), an identifier of
        people with other values in most rows, or with cells that are NHS numbers (check digit by modulus 11, NHS Data
        Dictionary) or full postcodes. Faults of the file itself are reported elsewhere.
    """
    if not isinstance(data, FileData) or data.person_level:
        return []
    try:
        path = folders.find(data.path)
        if not path.is_relative_to((folders.project / "data").resolve()):
            return []
        columns = _sample(data, path)
    except (DataError, OSError, ValueError, LookupError, EOFError, csv.Error, zipfile.BadZipFile, zlib.error):
        return []
    units = {data.unit}
    found = ((name, _kind(name, cells, unit=name in units)) for name, cells in columns.items())
    return [Problem(f"the column {name!r} of {data.path} holds {kind}, so its rows are people",
                    "bring the rows together (one for each unit and period) before they come into the project, keep "
                    "the file under --data, or give the reason as `data: {person_level: ...}`",
                    "data.path") for name, kind in found if kind]  # fmt: skip


def _sample(data: FileData, path: Path) -> dict[str, list[str]]:
    """Return the first rows as text by column, whatever the kind of file."""
    if data.source == "csv":  # type: ignore[attr-defined]
        return _of_text(data, path)
    import pandas

    if data.source == "parquet":  # type: ignore[attr-defined]
        import pyarrow.parquet

        first = next(pyarrow.parquet.ParquetFile(path).iter_batches(LOOKED_AT), None)
        frame = pandas.DataFrame() if first is None else first.to_pandas().astype("str")
    else:
        sheet = getattr(data, "sheet", None)
        with warnings.catch_warnings():  # of styles that are not carried over; values are not touched by them
            warnings.simplefilter("ignore", UserWarning)
            frame = pandas.read_excel(
                path, sheet_name=0 if sheet is None else sheet, nrows=LOOKED_AT, dtype="str", engine="openpyxl",
                header=getattr(data, "header_row", 1) - 1, keep_default_na=False,
            )  # fmt: skip
    return {str(name): [str(cell) for cell in frame[name]] for name in frame.columns}


def _of_text(data: FileData, path: Path) -> dict[str, list[str]]:
    """Return the columns of the whole lines in the first megabyte; a longer line is refused where the file is read."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        start = stream.read(MOST_BYTES)
    text = start.decode(getattr(data, "encoding", None) or "utf-8-sig", errors="replace")
    lines = text.splitlines()[: None if len(start) < MOST_BYTES else -1]
    written = getattr(data, "separator", ",")
    mark = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}.get(written, written)
    header, *rows = list(csv.reader(lines, delimiter=mark))[getattr(data, "header_row", 1) - 1 :] or [[]]
    whole = [row for row in rows[:LOOKED_AT] if len(row) == len(header)]
    return {name.strip(): [row[at] for row in whole] for at, name in enumerate(header)}


def _kind(name: str, cells: list[str], *, unit: bool) -> str:
    """Return what identifies people in a column; empty when nothing does."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return ""
    if plain in _NAMES_PEOPLE:
        return "what names a person"
    distinct = len(set(filled))
    if distinct <= len(filled) / 2:
        return ""
    if _NUMBERS_PEOPLE.fullmatch(plain):
        same = distinct == len(cells)
        return "an identifier of people, another in every row" if same else "an identifier of people"
    if len(filled) < FEWEST:
        return ""
    if sum(map(is_nhs_number, filled)) >= MOST * len(filled):
        return "NHS numbers"
    postcodes = sum(1 for cell in filled if _POSTCODE.fullmatch(cell.upper()))
    return "full postcodes" if postcodes >= MOST * len(filled) and not unit else ""


def is_nhs_number(text: str) -> bool:
    """Say whether a text is an NHS number: ten digits, the last a check digit by modulus 11.

    Notes
    -----
    The first nine digits weigh 10 to 2; 11 less the remainder of their sum by 11 is the check digit, 11 stands for 0
    and 10 is not issued (NHS Data Model and Dictionary, NHS NUMBER).
    """
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check != 10 and check % 11 == int(digits[9])
