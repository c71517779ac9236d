"""data/sources.lock.json: what was fetched, written by evalkit alone.

It holds hashes, sizes and rows, no dates and no places of a machine: the same files give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import Problem
from evalkit.fetching.catalogue import CatalogueError
from evalkit.whole_files import write_whole

FILE = "data/sources.lock.json"


@dataclass(frozen=True)
class TableRecord:
    """A tidy table as it was written: path, hash, rows, and the hash of what read it (options and code)."""

    path: str
    sha256: str
    rows: int
    reader_sha256: str


@dataclass(frozen=True)
class Record:
    """A source as it was fetched: which file, its hash and size, and its tables."""

    file: str
    sha256: str
    size: int
    tables: tuple[TableRecord, ...]


def read_lock(project: Path) -> dict[str, Record]:
    """Return what was fetched, by id; nothing when there is no such file.

    Raises
    ------
    CatalogueError
        When the file is damaged: it is never guessed at.
    """
    path = project / FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {name: _record(entry) for name, entry in data["sources"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CatalogueError(Problem("is damaged", "delete it and fetch again, or take it from version control",
                                     file=FILE)) from None  # fmt: skip


def _record(entry: Mapping[str, Any]) -> Record:
    tables = tuple(TableRecord(**table) for table in entry["tables"])
    return Record(str(entry["file"]), str(entry["sha256"]), int(entry["size"]), tables)


def add_to_lock(project: Path, name: str, record: Record) -> None:
    """Write down what was fetched; what others have written meanwhile is kept."""
    records = {**read_lock(project), name: record}
    data = {"evalkit": 1, "sources": {key: asdict(records[key]) for key in sorted(records)}}
    write_whole(project / FILE, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
