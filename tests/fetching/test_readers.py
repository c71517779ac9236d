"""Readers: tidy tables from files of the publishers' shapes; a file of another shape is refused with its fault."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas
import pytest

from evalkit.errors import DataError
from evalkit.fetching.readers import (
    READERS,
    Extract,
    HospitalAdmissions,
    LondonBoroughs,
    PoliceForceAreas,
    Population,
    Reader,
    RecordedCrime,
    StreetCrime,
)
from tests.fetching import shapes


def refused(reader: Reader, path: Path) -> str:
    with pytest.raises(DataError) as caught:
        reader.read(path)
    return str(caught.value)


def force_tables(*tables: str, **options: Any) -> PoliceForceAreas:
    return PoliceForceAreas.model_validate({"kind": "ons_police_force_areas", "tables": list(tables), **options})


def one(frame: pandas.DataFrame, **where: object) -> dict[str, Any]:
    """Return the one row where these columns have these values."""
    found = frame[[all(row[name] == value for name, value in where.items()) for _, row in frame.iterrows()]]
    assert len(found) == 1
    return {str(name): value for name, value in found.iloc[0].items()}


def test_knife_offences_by_force_and_period(tmp_path: Path) -> None:
    path = shapes.police_force_areas(tmp_path / "pfa.xlsx")
    notes = {"Gloucestershire": "aggregated return"}
    frame = force_tables("P6", series_notes=notes).read(path)
    assert len(frame) == len(shapes.FORCES) * len(shapes.PERIODS)
    assert one(frame, area_name="Northumbria", period="2021/22") == {
        "area_code": "E23000007", "area_name": "Northumbria", "level": "police_force_area", "region": "North East",
        "period": "2021/22", "period_type": "financial_year", "period_start": "2021-04-01",
        "period_end": "2022-03-31", "knife_offences": 61, "percent_involving_knife": 61 / 7, "notes": "10",
        "series_note": "",
    }  # fmt: skip
    assert one(frame, area_name="Gloucestershire", period="2024")["series_note"] == "aggregated return"
    assert one(frame, area_name="Avon and Somerset", period="2023")["notes"] == "8 10"
    assert one(frame, area_name="Gwent", period="2023")["region"] == "Wales"
    assert one(frame, area_name="British Transport Police", period="2023")["level"] == "other"
    assert one(frame, area_name="ENGLAND", period="2023")["level"] == "country"
    assert list(frame.period.unique()) == ["2020/21", "2021/22", "2023", "2024"]


def test_firearm_offences(tmp_path: Path) -> None:
    frame = force_tables("P8").read(shapes.police_force_areas(tmp_path / "pfa.xlsx"))
    assert "percent_involving_knife" not in frame
    assert one(frame, area_name="Cleveland", period="2024")["firearm_offences"] == 56


def test_other_twelve_months_are_named_by_their_end(tmp_path: Path) -> None:
    rows = shapes.firearm_rows()
    rows[5][2:6] = ["Oct 2019 to Sep 2020", "Oct 2020 to Sep 2021", "Jul 2022 to Jun 2023", "Jul 2023 to Jun 2024"]
    frame = force_tables("P8").read(shapes.police_force_areas(tmp_path / "pfa.xlsx", Table_P8=rows))
    found = one(frame, area_name="Cleveland", period="year ending 2020-09")
    assert (found["period_type"], found["period_start"], found["period_end"]) == (
        "year_ending", "2019-10-01", "2020-09-30")  # fmt: skip


def test_offence_groups_of_two_years(tmp_path: Path) -> None:
    frame = force_tables("P4", "P1").read(shapes.police_force_areas(tmp_path / "pfa.xlsx"))
    assert list(frame.year_ending.unique()) == ["2023-12-31", "2024-12-31"]
    assert list(frame.offence_group.unique()) == ["Total recorded crime (excluding fraud)", "Robbery"]
    assert len(frame) == 2 * 2 * len(shapes.FORCES)


def test_populations(tmp_path: Path) -> None:
    frame = force_tables("P3").read(shapes.police_force_areas(tmp_path / "pfa.xlsx"))
    assert one(frame, area_name="Cleveland")["year"] == 2023
    assert one(frame, area_name="Cleveland")["population"] == 5000
    assert one(frame, area_name="Cleveland")["households"] == 2000


def test_partnerships_keep_the_publishers_marks(tmp_path: Path) -> None:
    frame = force_tables("C2", "C5").read(shapes.police_force_areas(tmp_path / "pfa.xlsx"))
    found = one(frame, level="unassigned", offence_group="Robbery", year_ending="2024-12-31")
    assert found["offences"] == "[x]"
    assert (
        one(frame, level="partnership", offence_group="Robbery", year_ending="2023-12-31")["partnership_code"]
        == "E22000002"
    )


def moved(rows: list[list[Any]], change: Callable[[list[list[Any]]], None]) -> list[list[Any]]:
    change(rows)
    return rows


@pytest.mark.parametrize(("change", "words"), [
    (lambda r: r[10].__setitem__(2, 999), "North East, 2020/21: its forces add up to 1,059 and the table says 110"),
    (lambda r: r.pop(10), "North East, 2020/21: its forces add up to"),
    (lambda r: r[5].__setitem__(2, "Apr 2020 to Jun 2021"), "no period of twelve months"),
    (lambda r: r[5].__setitem__(2, "Offences"), "'Offences' is no period of twelve months"),
    (lambda r: r[5].__setitem__(4, "Apr 2020 to Mar 2021"), "stands twice"),
    (lambda r: r[5].__setitem__(3, None), "counts and percentages have different periods"),
    (lambda r: r[5].__setitem__(0, "Force"), "has no row of headings"),
    (lambda r: r.append(list(r[-1])), "stand twice"),
    (lambda r: r.__delitem__(slice(6, None)), "no rows were found"),
])  # fmt: skip
def test_a_table_of_another_shape_is_refused(tmp_path: Path, change: Any, words: str) -> None:
    rows = moved(shapes.knife_rows(), change)
    assert words in refused(force_tables("P6"), shapes.police_force_areas(tmp_path / "pfa.xlsx", Table_P6=rows))


def test_a_region_with_a_mark_is_not_judged(tmp_path: Path) -> None:
    rows = shapes.knife_rows()
    rows[10][2] = "[x]"
    path = shapes.police_force_areas(tmp_path / "pfa.xlsx", Table_P6=rows)
    assert one(force_tables("P6").read(path), area_name="Cleveland", period="2020/21")["knife_offences"] == "[x]"


def test_a_missing_sheet_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = shapes.workbook(tmp_path / "pfa.xlsx", {"Table P1": shapes.group_rows(2024)})
    assert "there is no sheet Table P6; it has Table P1" in refused(force_tables("P6"), path)


def test_a_force_that_is_not_in_the_table_is_named(tmp_path: Path) -> None:
    path = shapes.police_force_areas(tmp_path / "pfa.xlsx")
    assert "there is no area Narnia" in refused(force_tables("P6", series_notes={"Narnia": "?"}), path)


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"PK\x03\x04 not really"])
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pfa.xlsx").write_bytes(content)
    assert "fetch the file again" in refused(force_tables("P6"), tmp_path / "pfa.xlsx")


def test_a_zip_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    path = shapes.street_archive(tmp_path / "pfa.xlsx", {"hello.txt": b"hello"})
    assert "cannot be read as a workbook" in refused(force_tables("P6"), path)


def test_tables_of_different_columns_are_not_read_into_one() -> None:
    with pytest.raises(ValueError, match="different columns"):
        force_tables("P6", "P8")
    with pytest.raises(ValueError, match="series_notes belong"):
        force_tables("P1", series_notes={"Essex": "x"})


ADMISSIONS = HospitalAdmissions(kind="nhs_admissions")


def test_admissions_by_region_and_month(tmp_path: Path) -> None:
    frame = ADMISSIONS.read(shapes.admissions(tmp_path / "nhs.xlsx"))
    assert len(frame) == 3 * 36
    assert list(frame.region.unique()) == ["London", "Other UK Country", "England"]
    assert one(frame, region="London", month="2019-04") == {
        "month": "2019-04", "financial_year": "2019-20", "region": "London", "admissions": 60,
        "episodes": 65}  # fmt: skip
    assert one(frame, region="London", month="2022-03")["financial_year"] == "2021-22"
    hidden = one(frame, region="Other UK Country", month="2019-05")
    assert (hidden["admissions"], hidden["episodes"]) == ("*", "*")
    assert one(frame, region="Other UK Country", month="2019-06")["admissions"] is None


@pytest.mark.parametrize(("change", "words"), [
    (lambda r: r.pop(8), "2019-07 follows 2019-05"),
    (lambda r: r[7].__setitem__(6, 999), "England, 2019-20: months add up to"),
    (lambda r: r[5].__setitem__(3, "FAEs"), "column 4 is headed 'FAEs' below London"),
    (lambda r: r[5].__setitem__(3, "Patients"), "column 4 is headed 'Patients'"),
    (lambda r: r[6].__setitem__(0, None), "April stands below no financial year"),
    (lambda r: r[8].__setitem__(1, "Junes"), "'Junes' is no month"),
    (lambda r: r[5].__setitem__(0, "Period"), "has no row of headings"),
])  # fmt: skip
def test_admissions_of_another_shape_are_refused(tmp_path: Path, change: Any, words: str) -> None:
    rows = moved(shapes.admission_rows(), change)
    assert words in refused(ADMISSIONS, shapes.admissions(tmp_path / "nhs.xlsx", rows))


CRIME = RecordedCrime(kind="home_office_recorded_crime")


@pytest.mark.parametrize("ending", [".ods", ".xlsx", ".csv", ".csv.gz"])
def test_recorded_crime_by_force_and_quarter(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"prc{ending}"
    rows = [*shapes.crime_rows("2017/18"), *shapes.crime_rows("2018/19")[1:]]
    if ending in (".ods", ".xlsx"):
        make = shapes.open_document if ending == ".ods" else shapes.workbook
        make(path, {"Cover": [["Police recorded crime"], ["Notes"]], "2017_18": shapes.crime_rows("2017/18"),
                    "2018_19": [["A line above"], *shapes.crime_rows("2018/19")]})  # fmt: skip
    else:
        text = "\n".join(",".join(map(str, row)) for row in rows).encode()
        path.write_bytes(gzip.compress(text) if ending == ".csv.gz" else text)
    frame = CRIME.read(path)
    assert len(frame) == 16
    assert one(frame, force="Kent", quarter="2018-Q1")["offences"] == 104
    assert one(frame, force="Kent", quarter="2017-Q2")["financial_quarter"] == 1
    assert one(frame, force="Essex", quarter="2019-Q1")["financial_year"] == "2018/19"


@pytest.mark.parametrize(("column", "cell", "words"), [
    (0, "2017", "'2017' is no financial year"), (1, 5, "5 is no financial quarter"),
    (7, "many", "Number of Offences holds 1 cells that are no whole number (row 2: 'many')"),
    (7, "", "no whole number"),
])  # fmt: skip
def test_recorded_crime_with_wrong_cells_is_refused(tmp_path: Path, column: int, cell: object, words: str) -> None:
    rows = shapes.crime_rows("2017/18")
    rows[1][column] = cell
    (tmp_path / "prc.csv").write_text("\n".join(",".join(map(str, row)) for row in rows))
    assert words.replace("'", "") in refused(CRIME, tmp_path / "prc.csv").replace("'", "")


def test_recorded_crime_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prc.csv").write_text("Financial Year,Force Name\n2017/18,Kent\n")
    said = refused(CRIME, tmp_path / "prc.csv")
    assert "'Financial Quarter'" in said
    assert "'Number of Offences'" in said
    book = shapes.open_document(tmp_path / "prc.ods", {"Cover": [["x"]]})
    assert "no sheet has a column 'Financial Year'" in refused(CRIME, book)


STREETS = StreetCrime(kind="police_uk_street")


def street(month: str, force: str) -> str:
    return f"{month}/{month}-{force}-street.csv"


def test_street_crime_is_counted_and_a_missing_file_is_not_zero(tmp_path: Path) -> None:
    path = shapes.street_archive(tmp_path / "a.zip", {
        street("2024-01", "essex"): shapes.street_file("2024-01", ["Robbery", "Robbery", "Drugs"]),
        street("2024-02", "essex"): shapes.street_file("2024-02", ["Drugs"]),
        street("2024-01", "greater-manchester"): shapes.street_file("2024-01", ["Robbery"]),
        "2024-01/2024-01-essex-outcomes.csv": b"Crime ID,Month\n", "2024-01/": b"",
        "2024-01/2024-01-essex-stop-and-search.csv": b"Type,Date\n",
    })  # fmt: skip
    frame = STREETS.read(path)
    assert one(frame, force="essex", month="2024-01", crime_type="Robbery")["crimes"] == 2
    assert one(frame, force="essex", month="2024-02", crime_type="Robbery")["crimes"] == 0
    assert one(frame, force="greater-manchester", month="2024-01", crime_type="Drugs")["crimes"] == 0
    assert frame[(frame.force == "greater-manchester") & (frame.month == "2024-02")].empty
    assert len(frame) == 6


def test_a_force_whose_file_is_empty_has_zeros(tmp_path: Path) -> None:
    path = shapes.street_archive(tmp_path / "a.zip", {
        street("2024-01", "essex"): shapes.street_file("2024-01", ["Robbery"]),
        street("2024-01", "kent"): shapes.STREET.encode()})  # fmt: skip
    assert one(STREETS.read(path), force="kent")["crimes"] == 0


def test_forces_are_chosen_and_a_strange_one_is_named(tmp_path: Path) -> None:
    path = shapes.street_archive(tmp_path / "a.zip", {
        street("2024-01", force): shapes.street_file("2024-01", ["Robbery"])
        for force in ("essex", "kent")})  # fmt: skip
    assert set(StreetCrime(kind="police_uk_street", forces=["kent"]).read(path).force) == {"kent"}
    wrong = StreetCrime(kind="police_uk_street", forces=["kent", "narnia"])
    assert "there is no street file of narnia" in refused(wrong, path)


@pytest.mark.parametrize(("content", "words"), [
    (shapes.street_file("2024-02", ["Robbery"]), "2024-01-essex-street.csv holds 2024-02"),
    (b"Month,Kind\n2024-01,x\n", "a street file has the columns Month, Crime type"),
    (b"Month,Crime type\n2024-01,\n", "rows without month or crime type"), (b"", "cannot be read"),
])  # fmt: skip
def test_street_files_of_another_shape_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = shapes.street_archive(tmp_path / "a.zip", {street("2024-01", "essex"): content})
    assert words in refused(STREETS, path)


def test_an_archive_without_street_files_is_refused(tmp_path: Path) -> None:
    assert "holds no street file" in refused(STREETS, shapes.street_archive(tmp_path / "a.zip", {"x.csv": b"a\n"}))


BOROUGHS = LondonBoroughs(kind="london_boroughs")


@pytest.mark.parametrize("borough", ["LookUp_BoroughName", "BoroughName"])
def test_months_of_boroughs_become_rows(tmp_path: Path, borough: str) -> None:
    (tmp_path / "mps.csv").write_text(f"MajorText,MinorText,{borough},202003,202004,refreshed\n"
                                      "ROBBERY,PERSONAL,Camden,10,3,x\nROBBERY,PERSONAL,Barnet,7,0,x\n")  # fmt: skip
    frame = BOROUGHS.read(tmp_path / "mps.csv")
    assert len(frame) == 4
    assert one(frame, borough="Camden", month="2020-04")["offences"] == 3


@pytest.mark.parametrize(("text", "words"), [
    ("MajorText,MinorText,BoroughName,total\nA,B,C,1\n", "no column is a month"),
    ("MajorText,MinorText,Ward,202003\nA,B,C,1\n", "there is no column 'BoroughName'"),
    ("MajorText,MinorText,BoroughName,202003\nA,B,C,\n", "202003 holds 1 cells that are no whole number"),
    ("MajorText,MinorText,BoroughName,202003\nA,B,C,1\nA,B,C,2\n", "1 rows stand twice"),
    ("", "cannot be read as CSV"),
])  # fmt: skip
def test_boroughs_of_another_shape_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mps.csv").write_text(text)
    assert words in refused(BOROUGHS, tmp_path / "mps.csv")


PEOPLE = Population(kind="nomis_population")
NOMIS = '"DATE_NAME","GEOGRAPHY_NAME","GEOGRAPHY_CODE","GENDER_NAME","C_AGE_NAME","OBS_VALUE"\n'


def test_populations_of_nomis(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(NOMIS + '"2023","Leeds","E08000035","Total","All Ages",829400\n')
    assert one(PEOPLE.read(tmp_path / "n.csv"), area_code="E08000035") == {
        "area_code": "E08000035", "area_name": "Leeds", "year": 2023, "population": 829400}  # fmt: skip


@pytest.mark.parametrize(
    "row", ['"2023","Leeds","E08","Male","All Ages",1\n', '"2023","Leeds","E08","Total","Aged 16",1\n']
)
def test_people_are_not_counted_twice(tmp_path: Path, row: str) -> None:
    (tmp_path / "n.csv").write_text(NOMIS + row)
    assert "splits people up" in refused(PEOPLE, tmp_path / "n.csv")


def extract(keep: dict[str, str], key: list[str]) -> Extract:
    return Extract(kind="extract", keep=keep, key=key)


def test_an_extract_keeps_codes_and_marks(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,n,share,extra\n007,5,0.50,x\n008,*,,x\n009,NA,1e3,x\n")
    frame = extract({"code": "id", "count": "n", "share": "share"}, ["code"]).read(tmp_path / "x.csv")
    assert list(frame["code"]) == ["007", "008", "009"]
    assert list(frame["count"]) == [5, "*", "NA"]
    assert frame["share"][0] == 0.5
    assert pandas.isna(frame["share"][1])
    assert frame["share"][2] == 1000


def test_an_extract_in_parquet(tmp_path: Path) -> None:
    pandas.DataFrame({"id": ["a", "b"], "n": [1, 2]}).to_parquet(tmp_path / "x.parquet")
    assert list(extract({"id": "id", "n": "n"}, ["id"]).read(tmp_path / "x.parquet").n) == [1, 2]


@pytest.mark.parametrize(("text", "words"), [
    (b"id,m\na,1\n", "there is no column 'n'; it has id, m"), (b"id,n\na,1\na,2\n", "1 rows stand twice, such as a"),
    (b"id,n\n", "no rows were found"), (b"id,n\n\xff,1\n", "it is not UTF-8 text"),
    (b"id,n\na,1,2,3\nb,1\n", "cannot be read as CSV"), (b"id,n\na,1,2\nb,1,2\n", "cannot be read as CSV"),
])  # fmt: skip
def test_an_extract_of_another_shape_is_refused(tmp_path: Path, text: bytes, words: str) -> None:
    (tmp_path / "x.csv").write_bytes(text)
    assert words in refused(extract({"id": "id", "n": "n"}, ["id"]), tmp_path / "x.csv")


def test_a_key_that_is_not_kept_is_refused() -> None:
    with pytest.raises(ValueError, match="`key` names month"):
        extract({"id": "id"}, ["id", "month"])


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_says_what_it_reads(kind: type[Reader]) -> None:
    assert kind.endings
    assert kind.__doc__
    assert "kind" in kind.model_fields
