"""What cannot be read is told in words, by `check` as far as a cheap look shows, and never with a password."""

import gzip
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ibis
import pandas
import pytest
from pydantic import ValidationError

from evalkit.errors import DataError
from evalkit.sources import Folders, Outcome, needed_columns
from evalkit.sources.tables import grouping
from evalkit.sources.tables.connections import Address
from evalkit.sources.tables.faults import refusal
from tests.sources.table.conftest import SOURCE, Asked, panel_of, same
from tests.sources.table.test_same_panel import COUNTED, START

FILE: Asked = {"source": "table", "path": "data/incidents.csv", "unit": "area", "period": "day"}
BASE: Asked = {"source": "table", "connection": "police", "table": "incidents", "unit": "area", "period": "day"}


def looked(folders: Folders, data: Asked) -> str:
    block = SOURCE.validate_python(data)
    columns = needed_columns(block, {"incidents": Outcome(label="Incidents", count="rows")}, None)
    return "\n".join(str(problem) for problem in block.preflight(folders, columns))


def refused(folders: Folders, data: Asked, outcome: Asked = COUNTED) -> str:
    with pytest.raises(DataError) as caught:
        panel_of(folders, data, outcome, START)
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"path": None}, "say where the rows are"),
        ({"connection": "police"}, None),
        ({"path": "data/rows.xlsx"}, "ends in none of .csv"),
        ({"table": "incidents"}, "a file of rows has no tables"),
        ({"path": "data/rows.duckdb"}, "name the `table` of a database in a file"),
        ({"path": "data/rows.duckdb", "table": "t", "connection": "x"}, "opened without `connection`"),
        ({"path": "data/*.csv", "sha256": "a" * 64}, "is that of one file"),
        ({"path": None, "connection": "x", "table": "t", "sha256": "a" * 64}, "no bytes to hash"),
        ({"sampling": "repeated_cross_section"}, "none stays an observation of its own"),
        ({"period": {"start": "2020-01"}}, "rows of a table have no order"),
        ({"time_zone": "London"}, "'London' is not a time zone"),
        ({"time_zone": "Europe/London'; DROP TABLE x; --"}, "is not a time zone"),
        ({"memory_limit": "lots"}, "pattern"),
        ({"connection": "postgresql://user:secret@host/db"}, "pattern"),
        ({"connection": "x; y"}, "pattern"),
        ({"query": "SELECT * FROM incidents"}, "Extra inputs"),
    ],
)
def test_what_may_be_written(keys: Asked, words: str | None) -> None:
    written = {key: value for key, value in (FILE | keys).items() if value is not None}
    if words is None:
        SOURCE.validate_python(written)
        return
    with pytest.raises(ValidationError, match=re.escape(words)):
        SOURCE.validate_python(written)


class TestFiles:
    @pytest.mark.usefixtures("as_files")
    def test_check_names_columns_and_files(self, folders: Folders) -> None:
        assert looked(folders, FILE) == ""
        for ending in ("csv", "parquet"):
            said = looked(folders, FILE | {"path": f"data/incidents.{ending}", "unit": "aera"})
            assert "there is no column 'aera'" in said
            assert "did you mean 'area'?" in said
        assert "data/incident.csv does not exist" in looked(folders, FILE | {"path": "data/incident.csv"})
        assert "no file fits data/x*.csv" in looked(folders, FILE | {"path": "data/x*.csv"})
        assert "leads out of the project" in looked(folders, FILE | {"path": "../*.csv"})
        assert "the study declares" in looked(folders, FILE | {"sha256": "0" * 64})
        assert "the study declares" in refused(folders, FILE | {"sha256": "0" * 64})

    def test_a_link_out_of_the_project(
        self, as_files: pandas.DataFrame, folders: Folders, tmp_path_factory: Any
    ) -> None:
        outside = tmp_path_factory.mktemp("outside") / "far.csv"
        as_files.to_csv(outside, index=False)
        (folders.project / "data" / "far.csv").symlink_to(outside)
        assert "lies outside the project" in refused(folders, FILE | {"path": "data/far.csv"})
        assert "lies outside the project" in refused(folders, FILE | {"path": "data/*.csv"})

    def test_tables_of_a_database_in_a_file(self, as_files: pandas.DataFrame, folders: Folders) -> None:
        import duckdb

        with duckdb.connect("data/rows.duckdb") as connection:
            connection.register("frame", as_files)
            connection.execute("CREATE TABLE incidents AS SELECT * FROM frame")
        inside = FILE | {"path": "data/rows.duckdb", "table": "incident"}
        assert "did you mean 'incidents'?" in looked(folders, inside)
        assert "did you mean 'incidents'?" in refused(folders, inside)
        assert "did you mean 'area'?" in looked(folders, inside | {"table": "incidents", "unit": "aera"})
        Path("data/torn.duckdb").write_bytes(Path("data/rows.duckdb").read_bytes()[:900])
        assert "data/torn.duckdb" in looked(folders, inside | {"path": "data/torn.duckdb"})

    def test_files_of_one_pattern_are_alike(self, as_files: pandas.DataFrame, folders: Folders) -> None:
        for ending in ("csv", "parquet"):
            getattr(as_files, f"to_{ending}")(f"data/part-1.{ending}", index=False)
            renamed = as_files.rename(columns={"area": "district"})
            getattr(renamed, f"to_{ending}")(f"data/part-2.{ending}", index=False)
            said = looked(folders, FILE | {"path": f"data/part-*.{ending}"})
            assert f"data/part-2.{ending} and data/part-1.{ending} have other columns" in said
            assert "district" in refused(folders, FILE | {"path": f"data/part-*.{ending}"})

    @pytest.mark.usefixtures("as_files")
    def test_columns_of_filters_are_named(self, folders: Folders) -> None:
        assert "did you mean 'kind'?" in refused(folders, FILE | {"filter": {"knd": "theft"}})
        assert "did you mean 'kind'?" in refused(folders, FILE, COUNTED | {"filter": {"knd": "theft"}})
        assert "did you mean 'theft'?" in refused(folders, FILE | {"filter": {"kind": "thef"}})
        assert "no row lies in this range" in refused(folders, FILE | {"filter": {"age": {"from": 200}}})

    def test_damage(self, folders: Folders) -> None:
        Path("data/torn.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
        assert "data/torn.parquet cannot be read" in looked(folders, FILE | {"path": "data/torn.parquet"})
        Path("data/ragged.csv").write_text("area,day\nA,2022-01-01\nB\nA,2022-02-01,x\n", encoding="utf-8")
        assert "a row that does not fit its header" in refused(folders, FILE | {"path": "data/ragged.csv"})
        Path("data/latin.csv").write_bytes("area,day\nYnys Môn,2022-01-01\n".encode("cp1252"))
        assert "only UTF-8 is read where it lies" in looked(folders, FILE | {"path": "data/latin.csv"})
        late = b"area,day\n" + b"Kent,2022-01-01\n" * 100_000 + "Ynys Môn,2022-01-01\n".encode("cp1252")
        Path("data/late.csv").write_bytes(late)
        assert "not UTF-8" in refused(folders, FILE | {"path": "data/late.csv"})
        Path("data/empty.csv").touch()
        assert "is empty (0 bytes)" in looked(folders, FILE | {"path": "data/empty.csv"})
        Path("data/twice.csv").write_text("area,day,area\nA,2022-01-01,B\n", encoding="utf-8")
        assert "names area more than once" in refused(folders, FILE | {"path": "data/twice.csv"})

    @pytest.mark.parametrize("text", ['area;day;"no\nte"\nA;2022-01-01;x\n', "\narea;day\nA;2022-01-01\n"])
    def test_lines_above_the_data_that_could_be_counted_in_two_ways(self, text: str, folders: Folders) -> None:
        Path("data/lines.csv").write_text(text, encoding="utf-8")
        lines = FILE | {"path": "data/lines.csv", "separator": "semicolon"}
        assert "runs over several lines, or empty lines stand above it" in looked(folders, lines)
        assert "runs over several lines, or empty lines stand above it" in refused(folders, lines)

    def test_periods_and_units_that_cannot_be_read_are_counted(self, folders: Folders) -> None:
        rows = ["A,2022-01-01"] * 5 + ["A,n/a"] * 3 + ["B,2022-02-31", "B,", ",2022-03-01", ",2022-03-02"]
        Path("data/odd.csv").write_text("\n".join(["area,day", *rows]), encoding="utf-8")
        said = refused(folders, FILE | {"path": "data/odd.csv"})
        assert 'no month in 4 of 12 rows: "n/a" in 3, "2022-02-31" in 1' in said
        assert 'no period in 1 of 12 rows: "" in 1' in said
        assert 'empty name in 2 of 12 rows: "" in 2' in said
        left = {"day": {"not": ["n/a", "2022-02-31", None]}, "area": {"not": None}}
        said = refused(folders, FILE | {"path": "data/odd.csv", "filter": left})
        assert "only one period" in said

    def test_rows_that_are_people(self, folders: Folders) -> None:
        lines = [f"A,2022-01-{at:02d},P{at}" for at in range(1, 29)]
        Path("data/people.csv").write_text("\n".join(["area,day,nhs_number", *lines]), encoding="utf-8")
        assert "holds what names a person" in looked(folders, FILE | {"path": "data/people.csv"})
        assert looked(folders, FILE | {"path": "data/people.csv", "person_level": "Made up"}) == ""

    def test_too_many_rows_that_differ(self, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
        lines = [f"A,2022-0{1 + at % 9}-01,{at}.5" for at in range(500)]
        Path("data/all.csv").write_text("\n".join(["area,day,pounds", *lines]), encoding="utf-8")
        outcome = {"column": "pounds", "kind": "rate"}
        monkeypatch.setattr(grouping, "MOST_TOGETHER", 499)
        assert "more than 499 rows differ" in refused(folders, FILE | {"path": "data/all.csv"}, outcome)


class TestConnections:
    @pytest.fixture(autouse=True)
    def _nowhere(self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
        monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        monkeypatch.delenv("EVALKIT_CONNECTIONS", raising=False)

    def test_check_asks_for_the_address(self, folders: Folders) -> None:
        said = looked(folders, BASE | {"connection": "police-north"})
        assert "there is no address for connection 'police-north'" in said
        assert "set EVALKIT_CONNECTION_POLICE_NORTH to its address" in said
        assert "~/.config/evalkit/connections.yaml" in said

    def test_a_file_of_connections(
        self, folders: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        path = tmp_path_factory.mktemp("outside") / "connections.yaml"
        monkeypatch.setenv("EVALKIT_CONNECTIONS", str(path))
        assert "cannot be read (FileNotFoundError)" in looked(folders, BASE)
        path.write_text("polices: postgresql://me:secret@host/db\n", encoding="utf-8")
        said = looked(folders, BASE)
        assert "did you mean 'polices'?" in said
        assert "secret" not in said
        path.write_text("police: postgresql://me:secret@host/db\n", encoding="utf-8")
        assert looked(folders, BASE) == ""
        path.write_text("just text", encoding="utf-8")
        assert "holds no addresses" in looked(folders, BASE)
        inside = folders.project / "connections.yaml"
        inside.write_text("police: postgresql://me:secret@host/db\n", encoding="utf-8")
        monkeypatch.setenv("EVALKIT_CONNECTIONS", str(inside))
        assert "lies inside the project" in looked(folders, BASE)

    @pytest.mark.parametrize("address", ["oracle://me:secret@host/db", "secret", "postgresql://me:secret@host:port/db",
                                         "postgresql://me:secret@[host/db"])  # fmt: skip
    def test_an_address_that_is_none(self, address: str, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", address)
        said = looked(folders, BASE)
        assert "the address of connection 'police'" in said
        assert "secret" not in said

    def test_a_driver_that_is_not_installed(self, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", "mssql://me:secret@host/db")
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        said = looked(folders, BASE)
        assert "install it: pip install 'evalkit[mssql]'" in said

    def test_files_are_not_read_by_a_database(
        self, as_files: pandas.DataFrame, folders: Folders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", "postgresql://me:secret@host/db")
        assert "postgres reads tables of its own, not files" in looked(folders, FILE | {"connection": "police"})
        assert "postgres reads tables of its own, not files" in refused(folders, FILE | {"connection": "police"})

    @pytest.mark.parametrize(
        ("address", "message"),
        [
            ("postgresql://me:s%40crEt@host/db", "connection to me:s@crEt failed with s%40crEt"),
            ("mssql://me:s%40crEt@host/db", "Driver={x};PWD=s@crEt;"),
            ("postgresql:///db?host=h&password=s@crEt", "failed: password=s@crEt host=h"),
        ],
    )
    def test_no_message_has_the_password(self, address: str, message: str) -> None:
        said = str(refusal(RuntimeError(message), "incidents", Address("police", address)))
        assert "s@crEt" not in said
        assert "s%40crEt" not in said
        assert "s@crEt" not in repr(Address("police", address))

    def test_a_duckdb_file_by_its_address(
        self, as_files: pandas.DataFrame, folders: Folders, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
    ) -> None:
        import duckdb

        path = tmp_path_factory.mktemp("outside") / "police.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.register("frame", as_files)
            connection.execute("CREATE TABLE incidents AS SELECT * FROM frame")
        monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", f"duckdb://{path}")
        plain = panel_of(folders, FILE, COUNTED, START)
        same(panel_of(folders, BASE, COUNTED, START), plain)


def test_sql_server_is_asked_in_its_own_words() -> None:
    """No SQL Server runs here: what it would be asked is at least SQL of its dialect, for every length of period."""
    table = ibis.table({"area": "string", "day": "date", "at": "timestamp", "age": "int64"}, name="incidents")
    for column in ("day", "at"):
        for frequency in ("day", "week", "month", "quarter", "year", "financial_year"):
            period = grouping._period(table, table[column], frequency)
            side = grouping._sides(table["age"], [(10.0, 25.0), (None, 60.0)])
            asked = table.group_by([table["area"].name("a"), period.name("p"), side.name("s")]).aggregate(
                number=table.count(), smallest=table["age"].min()
            )
            words = ibis.to_sql(asked.limit(10), dialect="mssql")
            assert "COUNT_BIG(*)" in words
            assert "[incidents]" in words


def test_a_file_larger_than_the_memory_it_is_given(folders: Folders) -> None:
    lines = ("".join(f"Area {at % 300},2021-{1 + at % 12:02d}-{1 + at % 28:02d},{'note ' * 40}{at}\n"
                     for at in range(start, start + 100_000)) for start in range(0, 1_000_000, 100_000))  # fmt: skip
    with Path("data/large.csv").open("w", encoding="utf-8") as stream:
        stream.write("area,day,note\n")
        stream.writelines(lines)
    assert Path("data/large.csv").stat().st_size > 200_000_000
    data = {"source": "table", "path": "data/large.csv", "unit": "area", "period": "day", "memory_limit": "150MB"}
    made = panel_of(folders, data, COUNTED, {"start": "2021-06"})
    assert made.frame["value"].sum() == 1_000_000
    assert len(made.frame) == 300 * 12
    assert sorted(path.name for path in folders.project.rglob("*") if path.is_file()) == ["large.csv"]
    assert "raise `memory_limit`" in refused(folders, data | {"memory_limit": "40MB"})


def test_packed_text(as_files: pandas.DataFrame, folders: Folders) -> None:
    plain = Path("data/incidents.csv").read_bytes()
    Path("data/packed.csv.gz").write_bytes(gzip.compress(plain))
    file = panel_of(folders, FILE, COUNTED, START)
    same(panel_of(folders, FILE | {"path": "data/packed.csv.gz"}, COUNTED, START), file)


def test_check_is_quick(folders: Folders) -> None:
    """A look at a text file loads neither Ibis nor DuckDB."""
    Path("data/rows.csv").write_text("area,day\nA,2022-01-01\n", encoding="utf-8")
    code = """
import sys
from pathlib import Path
from evalkit.sources import Folders, TableData
data = TableData(source="table", path="data/rows.csv", unit="area", period="day")
assert data.preflight(Folders(Path.cwd()), {"area": "data.unit"}) == []
assert not {"ibis", "duckdb", "pandas", "psycopg", "pyspark"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
