"""Packages that read the data of a study: in its provenance; an upgrade makes stale what it read, and no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalkit import freshness, provenance, releases
from evalkit.gathering import packages_of
from evalkit.sources import SOURCES
from evalkit.sources.readers import READERS
from evalkit.spec.loading import load_spec
from tests.conftest import SERIES

ROWS = "month,value\n" + "\n".join(f"{2018 + i // 12}-{i % 12 + 1:02d},{50 + 7 * i % 17}" for i in range(48)) + "\n"


def written(project: Path, source: str, **more: str) -> Path:
    """Write a study of 48 months in a file."""
    (project / "data" / "months.csv").write_text(ROWS, encoding="utf-8")
    text = (SERIES % "").replace("source: counts", f"source: {source}\n  path: data/months.csv")
    text = text.replace("  values: []\n", "").replace("{start: 2018-01, freq", "{column: month, freq")
    for old, new in more.items():
        text = text.replace(old, new)
    path = project / "evaluations" / f"{source}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def readers(path: Path) -> set[str]:
    return set(packages_of(load_spec(path))) - set(provenance.package_versions())


def test_every_kind_of_source_says_what_reads_it() -> None:
    assert set(READERS) == set(SOURCES)


def test_only_what_the_source_uses_is_told(project: Path, write_study) -> None:
    counts = write_study(SERIES % ", ".join(str(50 + i % 7) for i in range(48)), name="counts")
    assert readers(counts) == set()
    assert readers(written(project, "csv")) == {"pyarrow"}
    assert readers(written(project, "table")) == {"duckdb", "ibis-framework"}


@pytest.mark.parametrize(("address", "driver"), [
    ("duckdb:///x.duckdb", {"duckdb"}), ("postgresql://a@b/c", {"psycopg"}), ("spark://local[1]", {"pyspark"}),
])  # fmt: skip
def test_a_connection_names_its_driver(project: Path, monkeypatch, address: str, driver: set[str]) -> None:
    from evalkit.sources import readers_of
    from evalkit.sources.folders import Folders
    from evalkit.sources.table import TableData

    monkeypatch.setenv("EVALKIT_CONNECTION_RECORDS", address)
    data = TableData(source="table", connection="records", table="t", period={"column": "month", "frequency": "month"})
    assert set(readers_of(data, None, Folders.of(project, None))) == {"ibis-framework", *driver}


def test_an_upgrade_makes_stale_what_it_read_and_nothing_else(project: Path, monkeypatch) -> None:
    paths = [written(project, "csv"), written(project, "table")]
    results = project / "results"
    assert {each.state for each in releases.run_studies(paths, results)} == {"run"}
    kept = json.loads((results / "table" / "result.json").read_text())["provenance"]["packages"]
    assert kept["duckdb"] == provenance.version_of("duckdb")
    assert all(freshness.stands(path, results) for path in paths)
    known = provenance.version_of
    monkeypatch.setattr(provenance, "version_of", lambda name: "99" if name == "duckdb" else known(name))
    assert [freshness.stands(path, results) for path in paths] == [True, False]
    csv, table = releases.status(paths, results)
    assert csv.state == "unchanged"
    assert (table.state, table.reasons) == ("to run", (f"duckdb {known('duckdb')} -> 99",))


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert provenance.reader_versions(["no-such-package"]) == {"no-such-package": "none"}


def test_every_source_that_can_move_a_number_or_a_word_is_there() -> None:
    package = Path(provenance.__file__).parent
    assert [part for part in (*provenance.COMPUTING, *provenance.WORDING) if not (package / part).exists()] == []
