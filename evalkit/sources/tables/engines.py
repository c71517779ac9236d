"""The one door to Ibis: DuckDB for files, and PostgreSQL, SQL Server or Spark for a connection, all only to be read."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from evalkit.errors import DataError
from evalkit.sources.inputs import did_you_mean
from evalkit.sources.tables.connections import Address
from evalkit.sources.tables.faults import in_words
from evalkit.sources.tables.files import Header, Kind

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Place:
    """Where a table is, and how it is opened.

    Attributes
    ----------
    name : str
        The table as the author of the study names it.
    files : tuple of Path
        Files of rows; none where the table is in a database.
    kind : Kind or None
        How the files are read.
    header : Header or None
        That of text files.
    table, schema : str or None
        Name of the table in a database.
    address : Address or None
        Of the connection; none: DuckDB in this process.
    time_zone : str or None
        In which moments with a time zone become days.
    memory_limit : str or None
        Most memory that DuckDB takes before it works on disk.
    """

    name: str
    files: tuple[Path, ...] = ()
    kind: Kind | None = None
    header: Header | None = None
    table: str | None = None
    schema: str | None = None
    address: Address | None = None
    time_zone: str | None = None
    memory_limit: str | None = None

    @property
    def engine(self) -> str:
        """Which engine reads it."""
        return "duckdb" if self.address is None else self.address.engine

    @property
    def where(self) -> str:
        """Dotted key of the YAML by which it is found."""
        return "data.path" if self.address is None else "data.connection"


@contextmanager
def opened(place: Place) -> Iterator[ir.Table]:
    """Open a table for reading alone, and close it again.

    Raises
    ------
    DataError
        When the database does not answer, refuses, or has no such table; no message shows its password.
    """
    words = in_words(place.name, place.address, place.where)
    with tempfile.TemporaryDirectory(prefix="evalkit-") as spill, words, warnings.catch_warnings():
        # Ibis calls DuckDB and Spark by names that these have replaced: nothing that a study's author could mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        connection = _OPEN[place.engine](place, spill)
        try:
            yield _files(connection, place) if place.kind in ("text", "parquet") else _table(connection, place)
        finally:
            if place.engine != "spark":  # a session takes seconds to start, and ends with the process
                connection.disconnect()


def _duckdb(place: Place, spill: str) -> Any:
    """Return DuckDB in this process; a database in a file can only be read."""
    import ibis

    options: dict[str, Any] = {
        "temp_directory": spill,  # tables larger than memory are worked on there, not in the current folder
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,  # nothing is fetched from elsewhere
    }
    if place.memory_limit is not None:
        options["memory_limit"] = place.memory_limit
    database = str(place.files[0]) if place.kind == "database" else ":memory:"
    if place.address is not None:
        database = unquote(urlsplit(place.address.text).path)
    connection = ibis.duckdb.connect(database, read_only=database != ":memory:", **options)
    if place.time_zone is not None:
        connection.con.execute("SET TimeZone = ?", [place.time_zone])
    return connection


def _postgres(place: Place, spill: str) -> Any:
    """Return a session of PostgreSQL in which every transaction can only read."""
    import ibis
    from psycopg.conninfo import conninfo_to_dict

    assert place.address is not None
    given: dict[str, Any] = dict(conninfo_to_dict(place.address.text))
    own = str(given.pop("options", "") or "")
    named = {key: given.pop(key) for key in ("host", "user", "password") if key in given}
    connection = ibis.postgres.connect(
        **named, port=int(given.pop("port", 5432)), database=given.pop("dbname", None),
        options=f"{own} -c default_transaction_read_only=on".strip(), **{"connect_timeout": 20, **given},
    )  # fmt: skip
    if place.time_zone is not None:
        connection.con.execute("SELECT set_config('TimeZone', %s, false)", (place.time_zone,))
    return connection


def _mssql(place: Place, spill: str) -> Any:
    """Return a session of SQL Server that says it will only read; rights of the user are what holds it to that."""
    import ibis

    assert place.address is not None
    if place.time_zone is not None:
        raise DataError("SQL Server keeps the local time of each moment", "leave `time_zone` out", "data.time_zone")
    split = urlsplit(place.address.text)
    given: dict[str, Any] = {"ApplicationIntent": "ReadOnly", **dict(parse_qsl(split.query))}
    return ibis.mssql.connect(
        host=split.hostname or "localhost", port=split.port or 1433, database=split.path.strip("/") or None,
        user=unquote(split.username) if split.username else None,
        password=unquote(split.password) if split.password else None, **given,
    )  # fmt: skip


def _spark(place: Place, spill: str) -> Any:
    """Return a session of Spark: of this machine (`spark://local[2]`) or of a cluster (`spark://HOST:PORT`)."""
    import ibis
    from pyspark.sql import SparkSession

    assert place.address is not None
    master = place.address.text.partition("://")[2].rstrip("/")
    local = master.startswith(("local", "yarn", "k8s:"))
    builder: Any = SparkSession.builder
    builder = builder.master(master if local else f"spark://{master}").appName("evalkit")
    options = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    if master.startswith("local"):  # its 200 parts are meant for many machines
        options["spark.sql.shuffle.partitions"] = "8"
    for key, value in options.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.conf.set("spark.sql.session.timeZone", place.time_zone or "UTC")
    return ibis.pyspark.connect(session)


_VIEW = "evalkit_rows"
_OPEN = {"duckdb": _duckdb, "postgres": _postgres, "mssql": _mssql, "spark": _spark}


def _files(connection: Any, place: Place) -> ir.Table:
    """Return text or parquet files as one table; cells of text stay text."""
    if place.engine == "spark":
        return _spark_files(connection, place)
    names = [str(path) for path in place.files]
    if place.kind == "parquet":
        found: ir.Table = connection.read_parquet(names)
        return found
    header = place.header
    assert header is not None
    table: ir.Table = connection.read_csv(
        names, columns=dict.fromkeys(header.unique, "VARCHAR"), header=False, skip=header.lines, auto_detect=False,
        delim=header.character, quote='"', escape='"', strict_mode=True,
    )  # fmt: skip
    # A line without anything is a row only where a row has one cell; no other source counts it.
    return table.filter(table[table.columns[0]].notnull()) if len(header.unique) == 1 else table


def _spark_files(connection: Any, place: Place) -> ir.Table:
    """Return files as Spark reads them, each from where every worker sees it under the same name."""
    from pyspark.sql.types import StringType, StructField, StructType

    reader = connection._session.read
    paths = [path.as_uri() for path in place.files]
    if place.kind == "parquet":
        frame = reader.parquet(*paths)
    else:
        assert place.header is not None
        if place.header.lines != 1:
            raise DataError("Spark reads text files whose first line names the columns", "leave `connection` out, or "
                            "save the rows as parquet", "data.header_row")  # fmt: skip
        columns = StructType([StructField(name, StringType()) for name in place.header.unique])
        frame = reader.csv(paths, schema=columns, header=True, enforceSchema=True, sep=place.header.character,
                           quote='"', escape='"', multiLine=True, mode="FAILFAST")  # fmt: skip
    frame.createOrReplaceTempView(_VIEW)
    found: ir.Table = connection.table(_VIEW)
    return found


def _table(connection: Any, place: Place) -> ir.Table:
    """Return a table of a database by its name, which is quoted and never read as anything else.

    Raises
    ------
    DataError
        When there is no such table; the message names the nearest.
    """
    from ibis.common.exceptions import TableNotFound

    assert place.table is not None
    try:
        found: ir.Table = connection.table(place.table, database=place.schema)
    except TableNotFound:
        there = connection.list_tables(database=place.schema)
        raise DataError(f"there is no table {place.table!r} that you may see", did_you_mean(place.table, there),
                        "data.table") from None  # fmt: skip
    return found
