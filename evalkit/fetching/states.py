"""Where each source stands: fetched, pinned, different from what is declared, or missing, with the reason in words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from evalkit.errors import Problem
from evalkit.fetching.catalogue import Catalogue, MirrorExtract, Source
from evalkit.fetching.inside import leads_out
from evalkit.fetching.lock import Record
from evalkit.sources.inputs import unreadable

StateWord = Literal["fetched", "pinned", "differs", "missing"]


@dataclass(frozen=True)
class State:
    """Where a source stands.

    Attributes
    ----------
    id : str
    source : Source
    word : str
        `pinned`: as declared in data/sources.yaml; `fetched`: as it was first fetched; `differs`: one of its files is
        not what it was; `missing`: one is not there.
    problems : tuple of Problem
        Each file that differs or is missing.
    extract : bool
        The file that is here is a mirror's extract, not the publisher's own.
    known : bool
        It was fetched before.
    """

    id: str
    source: Source
    word: StateWord
    problems: tuple[Problem, ...]
    extract: bool
    known: bool


def states(catalogue: Catalogue, records: Mapping[str, Record], root: Path, names: list[str]) -> list[State]:
    """Return where each source stands, hashing every file that is here.

    Parameters
    ----------
    catalogue : Catalogue
    records : mapping of str to Record
        What the lock file says.
    root : Path
        Folder below which `data/` lies.
    names : list of str
        Ids; all when empty.
    """
    chosen = catalogue.chosen(names) if names else catalogue.sources
    return [state_of(name, source, records.get(name), root) for name, source in chosen.items()]


def state_of(name: str, source: Source, record: Record | None, root: Path) -> State:
    """Return where one source stands."""
    extract = record is not None and isinstance(source.mirror, MirrorExtract) and record.file == source.extract_path
    file = source.extract_path if extract else source.file
    pin = pin_of(source, extract)
    differs: list[Problem] = []
    missing: list[Problem] = []
    recorded = record if record is not None and record.file == file else None
    wanted = [(file, pin or (recorded.sha256 if recorded else None), "declared" if pin else "recorded")]
    wanted += [(table.path, _recorded(recorded, table.path), "recorded") for table in source.tables]
    for path, expected, how in wanted:
        link = leads_out(root, path)
        found = None if link else sha256_of_file(root / path, path)
        if link is not None:
            differs.append(replace(link, where=name))
        elif found is None:
            missing.append(Problem(f"{path} is not there", f"`evalkit data fetch {name}`", name))
        elif expected is None:
            differs.append(Problem(f"{path} is there, and nothing says that it was fetched",
                                   f"`evalkit data fetch {name}` reads it again", name))  # fmt: skip
        elif found != expected:
            differs.append(Problem(f"{path} has sha256 {found}, and {expected} is {how}",
                                   f"`evalkit data fetch {name}` restores it", name))  # fmt: skip
    word: StateWord = "differs" if differs else "missing" if missing else "pinned" if pin else "fetched"
    return State(name, source, word, (*differs, *missing), extract, record is not None)


def pin_of(source: Source, extract: bool) -> str | None:
    """Return the hash that is declared for the publisher's file, or for the mirror's extract."""
    if extract:
        assert isinstance(source.mirror, MirrorExtract)
        return source.mirror.sha256.lower()
    return source.sha256.lower() if source.sha256 else None


def _recorded(record: Record | None, path: str) -> str | None:
    return next((table.sha256 for table in record.tables if table.path == path), None) if record else None


def sha256_of_file(path: Path, name: str) -> str | None:
    """Return the hash of a file, None when it is not there.

    Raises
    ------
    DataError
        When it is there and cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(error, name) from None
