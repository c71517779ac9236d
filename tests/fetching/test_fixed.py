"""A table is fixed where data/sources.yaml declares the hash of the file that it was read from."""

from pathlib import Path

import pytest

from evalkit.fetching.fixed import fixed_tables
from evalkit.fetching.lock import Record, TableRecord, add_to_lock

TABLE, FILE, PIN, READ = "data/tidy/a.csv", "data/raw/a.csv", "a" * 64, "b" * 64
SOURCES = f"""evalkit: 1
sources:
  one:
    title: A
    publisher: B
    licence: C
    address: null
    note: Not known
    sha256: {PIN}
    file: {FILE}
    tables:
      - path: {TABLE}
        reader: {{kind: extract, keep: {{a: a}}, key: [a]}}
"""


@pytest.mark.parametrize(
    ("sources", "fetched", "digest", "fixed"),
    [
        (SOURCES, PIN, READ, True),
        (SOURCES.replace(f"    sha256: {PIN}\n", ""), PIN, READ, False),  # nothing is declared
        (SOURCES, "c" * 64, READ, False),  # another file was fetched before the hash was declared
        (SOURCES, PIN, "d" * 64, False),  # the table is not what was read from it
        (SOURCES, None, READ, False),  # nobody fetched it
        (None, PIN, READ, False),
    ],
)
def test_what_is_fixed(tmp_path: Path, sources: str | None, fetched: str | None, digest: str, *, fixed: bool) -> None:
    (tmp_path / "data").mkdir()
    if sources is not None:
        (tmp_path / "data" / "sources.yaml").write_text(sources, encoding="utf-8")
    if fetched is not None:
        add_to_lock(tmp_path, "one", Record(FILE, fetched, 1, (TableRecord(TABLE, READ, 1, "e" * 64),)))
    expected = {TABLE} if fixed else set()
    assert fixed_tables(tmp_path, {TABLE: digest, "data/own.csv": READ}) == expected
