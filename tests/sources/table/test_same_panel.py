"""A table that is brought together where it lies gives the panel of the same rows read one by one."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.sources import Folders
from tests.sources.table.conftest import Asked, either, panel_of, same

START = {"start": "2023-04-01"}
COUNTED = {"count": "rows"}
STUDIES: dict[str, tuple[Asked, Asked]] = {
    "rows counted": ({}, COUNTED),
    "one series": ({"unit": None}, COUNTED),
    "weeks": ({"period": {"column": "day", "frequency": "week"}}, COUNTED),
    "days": ({"period": {"column": "day", "frequency": "day"}}, COUNTED),
    "quarters": ({"period": {"column": "day", "frequency": "quarter"}}, COUNTED),
    "years": ({"period": {"column": "day", "frequency": "year"}}, COUNTED),
    "financial years": ({"period": {"column": "day", "frequency": "financial_year"}}, COUNTED),
    "filter of the outcome": ({}, COUNTED | {"filter": {"kind": "it's"}}),
    "both filters": ({"filter": {"kind": ["violence", "it's"]}}, COUNTED | {"filter": {"age": {"from": 10, "to": 25}}}),
    "what is left out": ({"filter": {"kind": {"not": "theft"}, "age": {"not": [10, 11]}}}, COUNTED),
    "a stretch of days": ({"filter": {"day": {"from": "2022-03-10", "to": "2024-02"}}}, COUNTED),
    "two ranges of one number": ({"filter": {"age": {"to": 60}}}, COUNTED | {"filter": {"age": {"from": 15.5}}}),
    "sum of whole numbers": ({}, {"column": "harm", "kind": "count"}),
    "sum of fractions": ({"covariates": ["age"]}, {"column": "pounds", "kind": "rate", "exposure": "people"}),
    "mean by weight": ({}, {"column": "pounds", "kind": "continuous", "exposure": "people"}),
    "share of ones": ({"filter": {"harm": [0, 1]}}, {"column": "harm", "kind": "binary"}),
    "covariates": ({"covariates": ["pounds"]}, {"column": "harm", "kind": "count"}),
    "a gap": ({"gaps": [{"period": "2022-05", "why": "Move"}]}, COUNTED),
}


def both(folders: Folders, data: Asked, outcome: Asked, ending: str, **keys: Any) -> None:
    shared = {"path": f"data/incidents.{ending}", "unit": "area", "period": "day", **data}
    plain = panel_of(folders, {"source": ending, **shared}, outcome, START)
    same(panel_of(folders, {"source": "table", **shared, **keys}, outcome, START), plain)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.usefixtures("as_files")
def test_the_panel_is_that_of_single_rows(study: str, ending: str, folders: Folders) -> None:
    both(folders, *STUDIES[study], ending)


@pytest.mark.usefixtures("as_files")
def test_exposure_from_a_table_of_its_own(folders: Folders) -> None:
    people = 'area,people\nYnys Môn,70\nO\'Neill,80\n"Say ""no""; DROP TABLE incidents; --",90\n'
    (folders.project / "data" / "people.csv").write_text(people, encoding="utf-8")
    exposures = {"residents": {"path": "data/people.csv", "column": "people", "unit": "area"}}
    both(
        folders,
        {"exposures": exposures},
        {"count": "rows", "kind": "rate", "exposure": "residents", "per": 1000},
        "csv",
    )


def test_many_files_are_one_table(as_files: pandas.DataFrame, folders: Folders) -> None:
    parts = folders.project / "data" / "parts"
    parts.mkdir()
    for year, rows in as_files.groupby(as_files["day"].dt.year):
        rows.to_parquet(parts / f"{year}.parquet", index=False)
        rows.to_csv(parts / f"{year}.csv", index=False)
    shared = {"unit": "area", "period": "day", "covariates": ["pounds"]}
    outcome = {"column": "harm", "kind": "count"}
    plain = panel_of(folders, {"source": "parquet", "path": "data/incidents.parquet", **shared}, outcome, START)
    for ending in ("parquet", "csv"):
        same(panel_of(folders, {"source": "table", "path": f"data/parts/*.{ending}", **shared}, outcome, START), plain)


def test_a_file_that_is_a_database(as_files: pandas.DataFrame, folders: Folders) -> None:
    import duckdb

    with duckdb.connect(str(folders.project / "data" / "incidents.duckdb")) as connection:
        connection.register("rows", as_files)
        connection.execute("CREATE TABLE incidents AS SELECT * FROM rows")
    before = (folders.project / "data" / "incidents.duckdb").read_bytes()
    shared = {"unit": "area", "period": "day"}
    plain = panel_of(folders, {"source": "parquet", "path": "data/incidents.parquet", **shared}, COUNTED, START)
    inside = {"source": "table", "path": "data/incidents.duckdb", "table": "incidents", **shared}
    same(panel_of(folders, inside, COUNTED, START), plain)
    assert (folders.project / "data" / "incidents.duckdb").read_bytes() == before


def test_moments_are_days_of_the_time_zone(folders: Folders) -> None:
    moments = pandas.date_range("2023-03-01", periods=9000, freq="7min", tz="UTC")
    rows = pandas.DataFrame({"area": numpy.where(numpy.arange(9000) % 2, "A", "B"), "at": moments})
    rows.to_parquet(folders.project / "data" / "utc.parquet", index=False)
    rows.assign(at=moments.tz_convert("Europe/London")).to_parquet(folders.project / "data" / "local.parquet")
    shared = {"unit": "area", "period": {"column": "at", "frequency": "day"}}
    started = {"start": "2023-03-20"}
    plain = panel_of(folders, {"source": "parquet", "path": "data/local.parquet", **shared}, COUNTED, started)
    zoned = {"source": "table", "path": "data/utc.parquet", "time_zone": "Europe/London", **shared}
    same(panel_of(folders, zoned, COUNTED, started), plain)
    zoned.pop("time_zone")
    with pytest.raises(DataError, match="say `time_zone: Europe/London`"):
        panel_of(folders, zoned, COUNTED, started)


NAMES = ["Gŵyr", "Ynys Môn", "O'Neill", "'; DROP TABLE rows; --", 'a "b"', "a,b", "\\", "", "x ", "NA", "null", "1",
         "1.0", "%s", "{0}", "$1"]  # fmt: skip
WORDS = st.one_of(st.sampled_from(NAMES),
                  st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=5))  # fmt: skip
DATES = st.one_of(
    st.dates(pandas.Timestamp("2021-12-01").date(), pandas.Timestamp("2022-06-30").date()).map(str),
    st.dates(pandas.Timestamp("2021-12-01").date(), pandas.Timestamp("2022-06-30").date()).map(
        lambda day: day.strftime("%d/%m/%Y")),
    st.sampled_from(["2022-01", "Feb 2022", "2022-03-05T10:30", "05/04/2022 23:59:59", "2022-02-28 00:00:00",
                     " 2022-02"]),
)  # fmt: skip
ODD = st.sampled_from(["", "2022-02-31", "n/a", "31/02/2022", "2022-13-01", "2022-02-31T10:00"])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(WORDS, st.one_of(DATES, DATES, DATES, DATES), WORDS, st.integers(0, 9)), min_size=1,
                  max_size=40),
    odd=st.lists(ODD, max_size=1), frequency=st.sampled_from(["month", "quarter", "week", "day", "financial_year"]),
    data=st.data(),
)  # fmt: skip
def test_any_table_of_incidents(rows: list[Any], odd: list[str], frequency: str, data: Any, folders: Folders) -> None:
    frame = pandas.DataFrame([*rows, *((rows[0][0], day, rows[0][2], 1) for day in odd)],
                             columns=["area", "day", "kind", "n"])  # fmt: skip
    frame.to_csv(folders.project / "data" / "any.csv", index=False)
    kinds = sorted(set(frame["kind"]))
    condition = data.draw(st.one_of(
        st.none(), st.sampled_from(kinds), st.lists(st.sampled_from(kinds), min_size=1, max_size=2),
        st.sampled_from(kinds).map(lambda kind: {"not": kind}),
    ))  # fmt: skip
    shared = {"path": "data/any.csv", "unit": "area", "period": {"column": "day", "frequency": frequency},
              "filter": {} if condition is None else {"kind": condition}}  # fmt: skip
    outcome = data.draw(st.sampled_from([COUNTED, {"column": "n", "kind": "count"},
                                         COUNTED | {"filter": {"n": {"from": 2, "to": 7}}}]))  # fmt: skip
    plain = either(lambda: panel_of(folders, {"source": "csv", **shared}, outcome, None))
    table = either(lambda: panel_of(folders, {"source": "table", **shared}, outcome, None))
    if isinstance(plain, str) or isinstance(table, str):
        assert isinstance(plain, str)
        assert isinstance(table, str)
        assert plain.split(" in ")[0].split(" stands ")[0] == table.split(" in ")[0].split(" stands ")[0]
    else:
        same(table, plain)


def test_the_same_whatever_the_order_of_the_rows(as_files: pandas.DataFrame, folders: Folders, tmp_path: Path) -> None:
    as_files.sample(frac=1, random_state=3).to_parquet(tmp_path / "data" / "mixed.parquet", index=False)
    shared = {"source": "table", "unit": "area", "period": "day"}
    outcome = {"column": "pounds", "kind": "continuous", "exposure": "people"}
    one = panel_of(folders, {**shared, "path": "data/incidents.parquet"}, outcome, START)
    same(panel_of(folders, {**shared, "path": "data/mixed.parquet"}, outcome, START), one)


@pytest.mark.parametrize(
    "text",
    [
        "title\narea;day;note\nA;2022-01-01;x\nB;2022-02-01;\n",
        '\ufeffarea;day;note\nA;2022-01-01;"two\nlines; and ""more"""\n\nB;2022-02-01;y\n\n',
        "area;day;note\r\nA;2022-01-01;x\r\nB;2022-02-01;y",
    ],
    ids=["title above", "mark, lines in quotes, blank lines", "Windows"],
)
def test_text_is_cut_into_cells_as_by_the_source_csv(text: str, folders: Folders) -> None:
    (folders.project / "data" / "odd.csv").write_text(text, encoding="utf-8", newline="")
    shared = {"path": "data/odd.csv", "unit": "area", "period": "day", "separator": "semicolon",
              "header_row": 2 if text.startswith("title") else 1}  # fmt: skip
    plain = panel_of(folders, {"source": "csv", **shared}, COUNTED, None)
    same(panel_of(folders, {"source": "table", **shared}, COUNTED, None), plain)


def test_one_column_and_numbers_with_a_comma(folders: Folders) -> None:
    (folders.project / "data" / "one.csv").write_text("day\n2022-01-01\n\n2022-02-01\n\n", encoding="utf-8")
    one = {"path": "data/one.csv", "period": "day"}
    same(panel_of(folders, {"source": "table", **one}, COUNTED, None),
         panel_of(folders, {"source": "csv", **one}, COUNTED, None))  # fmt: skip
    rows = ["A;2022-01;1.204,5", "A;2022-01;3", "A;2022-02;900,25"]
    (folders.project / "data" / "comma.csv").write_text("\n".join(["area;day;n", *rows]), encoding="utf-8")
    comma = {"path": "data/comma.csv", "unit": "area", "period": "day", "separator": "semicolon", "decimal": ","}
    outcome = {"column": "n", "kind": "rate", "exposure": "n"}
    same(panel_of(folders, {"source": "table", **comma}, outcome, None),
         panel_of(folders, {"source": "csv", **comma}, outcome, None))  # fmt: skip
