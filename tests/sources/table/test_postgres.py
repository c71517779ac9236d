"""A real PostgreSQL, started and stopped by these tests: the same panel, nothing written, no password shown."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import psycopg
import pytest
import yaml

from evalkit.errors import DataError
from evalkit.sources import Folders, Outcome
from tests.sources.table.conftest import SOURCE, Asked, panel_of, same
from tests.sources.table.test_same_panel import COUNTED, START, STUDIES

READER = f"p@ss/{secrets.token_hex(4)}"  # with signs that an address must write as %-codes


def programs() -> Path:
    """Return the folder of PostgreSQL's programs; that there is none is a failure, as CI installs them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    other = shutil.which("initdb")
    assert found or other, "PostgreSQL is not there: apt-get install postgresql"
    return found[-1].parent if found else Path(other or "").parent


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a PostgreSQL that listens on a socket in a folder of its own alone; return that folder."""
    # The path of a socket may have 107 characters, and the folders of tests are readable by their owner alone.
    folder = Path(tempfile.mkdtemp(prefix="evalkit-pg-"))
    other: list[str] = []
    if os.getuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        other = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *options: str) -> None:
        done = subprocess.run([*other, str(programs() / program), *options], cwd="/", capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        assert done.returncode == 0, done.stderr

    data = str(folder / "data")
    run("initdb", "--pgdata", data, "--username", "owner", "--auth-local", "scram-sha-256", "--auth-host", "reject",
        "--encoding", "UTF8", "--locale", "C", "--pwfile", str(password_file(folder)), "--no-sync")  # fmt: skip
    run("pg_ctl", "--pgdata", data, "--wait", "--log", str(folder / "log"), "--options",
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off", "start")  # fmt: skip
    try:
        yield folder
    finally:
        run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")
        shutil.rmtree(folder)


def password_file(folder: Path) -> Path:
    path = folder / "password"
    path.write_text("owner's\n", encoding="utf-8")
    if os.getuid() == 0:
        shutil.chown(path, "postgres", "postgres")
    return path


def owner(database: Path) -> psycopg.Connection[Any]:
    return psycopg.connect(host=str(database), user="owner", password="owner's", dbname="postgres", autocommit=True)


@pytest.fixture
def connection(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that writes a table; a user who may do anything with it is the connection `police`."""
    from urllib.parse import quote

    with owner(database) as session:
        session.execute('DROP SCHEMA IF EXISTS "O\'Hara; x" CASCADE')
        session.execute("DROP TABLE IF EXISTS incidents, secret CASCADE")
        session.execute("DROP ROLE IF EXISTS reader")
        session.execute(f"CREATE ROLE reader LOGIN PASSWORD '{READER}'")

        def write(rows: pandas.DataFrame, name: str = "incidents", *, schema: str = "public") -> None:
            def quoted(text: str) -> str:
                return '"' + text.replace('"', '""') + '"'

            kinds = {"i": "bigint", "f": "double precision", "M": "timestamp" if _clocked(rows) else "date"}
            columns = ", ".join(f"{quoted(column)} {kinds.get(rows[column].dtype.kind, 'text')}" for column in rows)
            session.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            session.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            with session.cursor().copy(f'COPY "{schema}"."{name}" FROM STDIN') as copy:
                for row in rows.astype(object).where(rows.notna(), None).itertuples(index=False):
                    copy.write_row(row)
            session.execute(f'GRANT ALL ON SCHEMA "{schema}" TO reader')
            session.execute(f'GRANT ALL ON "{schema}"."{name}" TO reader')

        address = f"postgresql://reader:{quote(READER, safe='')}@/postgres?host={database}"
        monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", address)
        yield write
        session.execute("DROP OWNED BY reader CASCADE")


def _clocked(rows: pandas.DataFrame) -> bool:
    return any(bool((rows[name] != rows[name].dt.normalize()).any()) for name in rows if rows[name].dtype.kind == "M")


def there(**keys: Any) -> Asked:
    return {"source": "table", "connection": "police", "table": "incidents", "unit": "area", "period": "day", **keys}


@pytest.mark.parametrize("study", STUDIES)
def test_the_panel_is_that_of_the_file(
    study: str, as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None]
) -> None:
    connection(as_files)
    data, outcome = STUDIES[study]
    file = {"source": "parquet", "path": "data/incidents.parquet", "unit": "area", "period": "day", **data}
    plain = panel_of(folders, file, outcome, START)
    same(panel_of(folders, there(**data), outcome, START), plain)


@pytest.mark.parametrize("frequency", ["day", "week", "month", "quarter", "year", "financial_year"])
def test_moments_and_text_are_read_as_from_a_file(
    frequency: str, folders: Folders, connection: Callable[..., None]
) -> None:
    moments = pandas.Series(pandas.date_range("1968-12-30 23:59", periods=3000, freq="17h"))
    rows = pandas.DataFrame({"area": numpy.where(numpy.arange(3000) % 2, "A", "B"), "at": moments,
                             "text": moments.dt.strftime("%Y-%m-%dT%H:%M:%S"),
                             "british": moments.dt.strftime("%d/%m/%Y")})  # fmt: skip
    connection(rows)
    rows.to_csv(folders.project / "data" / "rows.csv", index=False)
    for column in ("at", "text", "british"):
        period = {"period": {"column": column, "frequency": frequency}}
        plain = panel_of(folders, {"source": "csv", "path": "data/rows.csv", "unit": "area", **period}, COUNTED, None)
        same(panel_of(folders, there(**period), COUNTED, None), plain)


def test_moments_with_a_time_zone(folders: Folders, connection: Callable[..., None], database: Path) -> None:
    connection(pandas.DataFrame({"area": ["A"], "n": [1]}), "other")
    with owner(database) as session:
        session.execute("CREATE TABLE incidents AS SELECT CASE WHEN n % 2 = 0 THEN 'A' ELSE 'B' END AS area, "
                        "timestamptz '2023-03-20 22:30:00Z' + n * interval '7 minutes' AS at "
                        "FROM generate_series(1, 5000) AS n")  # fmt: skip
        session.execute("GRANT ALL ON incidents TO reader")
    moments = pandas.Timestamp("2023-03-20 22:30", tz="UTC") + pandas.to_timedelta(
        numpy.arange(1, 5001) * 7, unit="min"
    )
    local = moments.tz_convert("Europe/London")
    rows = pandas.DataFrame({"area": numpy.where(numpy.arange(1, 5001) % 2, "B", "A"), "at": local})
    rows.to_parquet(folders.project / "data" / "rows.parquet")
    period = {"period": {"column": "at", "frequency": "day"}}
    plain = panel_of(
        folders, {"source": "parquet", "path": "data/rows.parquet", "unit": "area", **period}, COUNTED, None
    )
    same(panel_of(folders, there(**period, time_zone="Europe/London"), COUNTED, None), plain)


def test_names_are_quoted_and_the_schema_is_found(
    as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None], database: Path
) -> None:
    connection(as_files.rename(columns={"area": 'ar"ea; --', "kind": "select"}), "drop table", schema="O'Hara; x")
    named = there(schema="O'Hara; x", table="drop table", unit='ar"ea; --')
    file = {"source": "parquet", "path": "data/incidents.parquet", "unit": "area", "period": "day"}
    plain = panel_of(folders, file, COUNTED, START)
    same(panel_of(folders, named, COUNTED | {"filter": {}}, START), plain)
    told = either_error(folders, named | {"filter": {"select": "'; DROP TABLE incidents; --"}})
    assert "no row holds" in told


def either_error(folders: Folders, data: Asked, outcome: Asked = COUNTED) -> str:
    with pytest.raises(DataError) as caught:
        panel_of(folders, data, outcome, START)
    assert READER not in str(caught.value)
    assert "p%40ss" not in str(caught.value)
    return str(caught.value)


def test_it_can_only_be_read(as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None]) -> None:
    from evalkit.sources.tables.engines import opened

    connection(as_files)
    block = SOURCE.validate_python(there())
    with pytest.raises(DataError, match="it may only be read"), opened(block._place(folders)) as table:
        table.get_backend().raw_sql("DELETE FROM incidents")


def test_the_hash_is_that_of_the_rows_brought_together(
    as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None], database: Path
) -> None:
    connection(as_files)

    def hashed() -> str:
        return panel_of(folders, there(), COUNTED, START).sha256

    first = hashed()
    assert first == hashed()
    with owner(database) as session:
        session.execute("UPDATE incidents SET age = age + 1")  # not asked for
        assert hashed() == first
        session.execute("INSERT INTO incidents SELECT * FROM incidents LIMIT 1")
    assert hashed() != first
    block = SOURCE.validate_python(there())
    assert block.inputs(folders)[0].name == "incidents of police (rows brought together)"
    asked = block.asking({"all": Outcome(label="All", count="rows", filter={"age": {"from": 10, "to": 25}})}, None)
    named = "incidents of police (rows brought together by age from 10 to 25, area, day in months)"
    assert asked.inputs(folders)[0].name == named


def test_what_is_refused_is_told_without_the_password(
    as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None], database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    connection(as_files)
    with owner(database) as session:
        session.execute("CREATE TABLE secret AS SELECT * FROM incidents")
        session.execute("REVOKE ALL ON secret FROM reader, PUBLIC")
    assert "there is no table 'incident'" in (told := either_error(folders, there(table="incident")))
    assert "did you mean 'incidents'?" in told
    assert "did you mean 'area'?" in either_error(folders, there(unit="aera"))
    assert "you are not allowed to read it" in either_error(folders, there(table="secret"))
    right = os.environ["EVALKIT_CONNECTION_POLICE"]
    monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", right.replace("reader:", "reader:wrong"))
    assert "the database did not let you in" in either_error(folders, there())
    monkeypatch.setenv("EVALKIT_CONNECTION_POLICE", right.replace(str(database), "/tmp/nowhere"))
    assert "there is no answer from the database" in either_error(folders, there())


def test_a_file_of_connections(
    as_files: pandas.DataFrame, folders: Folders, connection: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    connection(as_files)
    plain = panel_of(folders, there(), COUNTED, START)
    path = tmp_path_factory.mktemp("outside") / "connections.yaml"
    path.write_text(yaml.safe_dump({"police": os.environ["EVALKIT_CONNECTION_POLICE"]}), encoding="utf-8")
    monkeypatch.delenv("EVALKIT_CONNECTION_POLICE")
    monkeypatch.setenv("EVALKIT_CONNECTIONS", str(path))
    same(panel_of(folders, there(), COUNTED, START), plain)


def test_a_year_that_is_no_period_is_told_with_its_rows(folders: Folders, connection: Callable[..., None]) -> None:
    days = ["2022-01-01", "2022-02-31", "2022-02-31", "n/a", None, "2022-03-01"]
    connection(pandas.DataFrame({"area": ["A"] * 6, "day": days}))
    told = either_error(folders, there())
    assert 'day: no month in 3 of 6 rows: "2022-02-31" in 2, "n/a" in 1' in told
    assert 'day: no period in 1 of 6 rows: "" in 1' in told
