"""Files with a row for each person are refused in data/, with the column named."""

from pathlib import Path

import pandas
import pytest

from evalkit.sources import CsvData, ExcelData, Folders, ParquetData, person_level_problems
from evalkit.sources.person_level import is_nhs_number

VALID = ["9434765919", "9000000009", "9000000017", "9000000025", "9000000033", "9000000041", "9000000068",
         "9000000076", "9000000084", "9000000092", "9000000106"]  # fmt: skip
MONTHS = [f"2020-{month:02}" for month in range(1, 12)]


def problems(project: Path, columns: dict[str, list[str]], **keys: str) -> list[str]:
    pandas.DataFrame({"month": MONTHS, **columns}).to_csv(project / "data" / "people.csv", index=False)
    data = CsvData(source="csv", path="data/people.csv", period="month", **keys)
    return [problem.message for problem in person_level_problems(data, Folders.of(project))]


@pytest.mark.parametrize("number", VALID)
def test_nhs_numbers_that_are_ones(number: str) -> None:
    assert is_nhs_number(number)


@pytest.mark.parametrize("number", ["9434765918", "943476591", "123", "", "943476591X", "0000000060"])
def test_nhs_numbers_that_are_none(number: str) -> None:
    assert not is_nhs_number(number)


@pytest.mark.parametrize(
    ("name", "cells", "words"),
    [("Date of birth", ["1990-01-01"] * 11, "what names a person"), ("surname", ["Lee"] * 11, "what names a person"),
     ("patient_id", [str(at) for at in range(11)], "an identifier of people, another in every row"),
     ("PseudoHESID", [f"x{at}" for at in range(11)], "an identifier"),
     ("hes_id", [f"x{at}" for at in range(11)], "an identifier"),
     ("reference", VALID, "NHS numbers"),
     ("where", [f"PO{at} {at % 9}AB" for at in range(1, 12)], "full postcodes"),
     ("count", [str(at) for at in range(11)], ""), ("patients", [str(at) for at in range(11)], ""),
     ("ward", [f"E0500{at}" for at in range(11)], ""), ("area name", ["Leeds"] * 11, ""),
     ("patient_id", ["1"] * 11, "")],
)  # fmt: skip
def test_columns(project: Path, name: str, cells: list[str], words: str) -> None:
    found = problems(project, {name: cells})
    assert len(found) == bool(words)
    assert all(words in message and name in message for message in found)


def test_a_reason_or_another_folder_is_enough(project: Path, tmp_path: Path) -> None:
    columns = {"patient_id": [str(at) for at in range(11)]}
    assert problems(project, columns, person_level="Made up for a course; nobody is in it.") == []
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "data" / "people.csv").rename(outside / "people.csv")
    data = CsvData(source="csv", path="people.csv", period="month")
    assert person_level_problems(data, Folders.of(project, outside)) == []


def test_other_kinds_of_file(project: Path) -> None:
    frame = pandas.DataFrame({"month": MONTHS, "surname": ["Lee"] * 11})
    frame.to_parquet(project / "data" / "people.parquet")
    frame.to_excel(project / "data" / "people.xlsx", index=False)
    folders = Folders.of(project)
    for data in (ParquetData(source="parquet", path="data/people.parquet", period="month"),
                 ExcelData(source="excel", path="data/people.xlsx", period="month")):  # fmt: skip
        (problem,) = person_level_problems(data, folders)
        assert "'surname'" in problem.message
        assert "person_level" in problem.mend
