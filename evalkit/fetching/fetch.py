"""Bringing sources here: from the publisher or from a mirror folder, checked, then read into tidy tables.

Each step leaves what was there until the new is whole: the file, each table, the lock file are replaced in one step
each. A source that fails does not stop the others.
"""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evalkit.errors import DataError, EvalkitError, Problem, system_problem
from evalkit.fetching.catalogue import Catalogue, MirrorExtract, Source
from evalkit.fetching.content import ENOUGH, require_kind
from evalkit.fetching.download import Download, Limits
from evalkit.fetching.inside import require_inside
from evalkit.fetching.lock import FILE as LOCK
from evalkit.fetching.lock import Record, TableRecord, add_to_lock, read_lock
from evalkit.fetching.losses import set_aside
from evalkit.fetching.readers import Reader
from evalkit.fetching.states import pin_of, sha256_of_file, state_of
from evalkit.provenance import canonical, code_version, sha256_of
from evalkit.whole_files import replacing

if TYPE_CHECKING:
    import pandas

Ended = Literal["fetched", "read again", "up to date", "left out", "failed"]
Tell = Callable[[str, int, int], None]
"""Called with the source, the bytes that have come and the bytes there are."""
READING = ("fetching/readers",)
"""Sources of evalkit that can move a cell of a tidy table."""


@dataclass(frozen=True)
class Fetched:
    """What became of one source.

    Attributes
    ----------
    id : str
    ended : str
        `fetched`: brought here; `read again`: its file was here and its tables were not as they should be; `up to
        date`; `left out`: nothing says where it is; `failed`.
    changes : tuple of str
        Files whose content is another than at the last fetch.
    problems : tuple of Problem
        Why it failed or was left out.
    extract : bool
        What was taken is a mirror's extract.
    rows : int
        Rows of its tables.
    gone : tuple of str
        What newer tables no longer hold, and where the tables before are kept.
    """

    id: str
    ended: Ended
    changes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    extract: bool = False
    rows: int = 0
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetcher:
    """How sources are brought here.

    Attributes
    ----------
    project : Path
        Folder whose data/sources.lock.json is written.
    root : Path
        Folder below which `data/` is written: the project, or the data root.
    mirror : Path or None
        Folder that holds the files; nothing is asked of publishers when it is given.
    again : bool
        Ask again for sources that are not pinned, as publishers revise them.
    limits, trust
        As in Download.
    """

    project: Path
    root: Path
    mirror: Path | None = None
    again: bool = False
    limits: Limits = field(default_factory=Limits)
    trust: ssl.SSLContext | None = None
    tell: Tell = lambda source, done, total: None

    def run(self, catalogue: Catalogue, names: Sequence[str] = ()) -> list[Fetched]:
        """Bring sources here, one after the other, whatever becomes of each.

        Raises
        ------
        CatalogueError
            When an id is not known, or the lock file is damaged.
        DataError
            When the mirror is no folder, or the lock file would be written outside the project.
        """
        chosen = catalogue.chosen(names)
        require_inside(self.project, [LOCK])
        read_lock(self.project)
        if self.mirror is not None and not self.mirror.is_dir():
            raise DataError(f"{str(self.mirror)!r} is not a folder", "name the folder that holds the files", "--mirror")
        found = []
        for name, source in chosen.items():
            try:
                found.append(self._one(name, source, asked=name in names))
            except EvalkitError as error:
                found.append(Fetched(name, "failed", problems=error.problems))
            except OSError as error:
                found.append(Fetched(name, "failed", problems=(system_problem(error),)))
        return found

    def _one(self, name: str, source: Source, asked: bool) -> Fetched:
        """Bring one source here, or read it again, or find that all is as it should be."""
        require_inside(self.root, source.files)
        before = read_lock(self.project).get(name)
        state = state_of(name, source, before, self.root)
        extract, brought = state.extract, False
        if not self._is_here(source, before, extract):
            nowhere = self._nowhere(name, source)
            if nowhere is not None:
                return Fetched(name, "failed" if asked or state.known else "left out", problems=(nowhere,))
            extract, brought = self._takes_extract(source), True
            self._bring(name, source, extract)
        elif before is not None and not state.problems and _same_readers(source, before, extract):
            return Fetched(name, "up to date", (), (), extract, sum(table.rows for table in before.tables))
        record, gone = self._read(source, extract)
        add_to_lock(self.project, name, record)
        rows = sum(table.rows for table in record.tables)
        return Fetched(name, "fetched" if brought else "read again", _changes(before, record), (), extract, rows, gone)

    def _is_here(self, source: Source, before: Record | None, extract: bool) -> bool:
        """Say whether the file that was meant is here, so that nobody has to be asked for it.

        An extract gives way to the publisher's own file as soon as that can be had.
        """
        pin, file = pin_of(source, extract), source.extract_path if extract else source.file
        asks_publisher = self.mirror is None and source.address is not None
        if (self.again and pin is None and self._nowhere("", source) is None) or (extract and asks_publisher):
            return False
        recorded = before.sha256 if before is not None and before.file == file else None
        here = sha256_of_file(self.root / file, file)
        return here is not None and here == (pin or recorded)

    def _takes_extract(self, source: Source) -> bool:
        return self.mirror is not None and isinstance(source.mirror, MirrorExtract)

    def _nowhere(self, name: str, source: Source) -> Problem | None:
        """Return why a source cannot be had, None when there is a place to have it from."""
        in_mirror = source.mirror.file if isinstance(source.mirror, MirrorExtract) else source.mirror
        if self.mirror is None and source.address is None:
            with_mirror = f"`--mirror FOLDER` takes {in_mirror} from a folder; " if in_mirror else ""
            return Problem("its address is not known", f"{with_mirror}{source.note}", name)
        if self.mirror is not None and in_mirror is None:
            return Problem("no file of a mirror is named", "add `mirror`, or fetch without --mirror", name)
        return None

    def _bring(self, name: str, source: Source, extract: bool) -> None:
        """Put the file in its place, from the mirror or from the publisher."""
        target, pin = self.root / (source.extract_path if extract else source.file), pin_of(source, extract)
        if self.mirror is not None:
            mirrored = source.mirror.file if isinstance(source.mirror, MirrorExtract) else source.mirror
            assert mirrored is not None
            copy_checked(self.mirror / mirrored, target, pin, source.max_size)
        else:
            assert source.address is not None
            Download(source.address, target, pin, source.max_size, self.limits, self.trust,
                     lambda done, total: self.tell(name, done, total)).run()  # fmt: skip

    def _read(self, source: Source, extract: bool) -> tuple[Record, tuple[str, ...]]:
        """Read the tables of a file and write them; nothing is replaced before all of them were read.

        A table that holds what the new one no longer has is set aside, and what went is told.
        """
        file = source.extract_path if extract else source.file
        readers, path = _readers(source, extract), self.root / file
        frames: list[pandas.DataFrame] = []
        for table_path, reader in readers:
            try:
                frames.append(reader.read(path))
            except EvalkitError as error:
                raise DataError([Problem(f"{table_path} cannot be read from it: {p.message}", p.mend, p.where, file)
                                 for p in error.problems]) from None  # fmt: skip
        lost = [(table_path, set_aside(self.root / table_path, frame))
                for (table_path, _), frame in zip(readers, frames, strict=True)]  # fmt: skip
        tables = [TableRecord(table_path, write_table(frame, self.root / table_path), len(frame),
                              _reader_sha256(reader))
                  for (table_path, reader), frame in zip(readers, frames, strict=True)]  # fmt: skip
        sha256 = sha256_of_file(path, file)
        assert sha256 is not None
        gone = tuple(f"{table_path}: {text}" for table_path, text in lost if text)
        return Record(file, sha256, path.stat().st_size, tuple(tables)), gone


def _same_readers(source: Source, record: Record, extract: bool) -> bool:
    """Say whether the tables were read by the readers that there are now, under the names that there are now."""
    wanted = {path: _reader_sha256(reader) for path, reader in _readers(source, extract)}
    return wanted == {table.path: table.reader_sha256 for table in record.tables}


def _readers(source: Source, extract: bool) -> list[tuple[str, Reader]]:
    """Return the tables of a source and what reads each from the file that was taken."""
    if extract:
        assert isinstance(source.mirror, MirrorExtract)
        return [(source.tables[0].path, source.mirror.reader)]
    return [(table.path, table.reader) for table in source.tables]


def _reader_sha256(reader: Reader) -> str:
    """Return the hash of a reader's options and of the code of all readers."""
    return sha256_of(canonical(reader.model_dump(mode="json")) + code_version(READING))


def _changes(before: Record | None, now: Record) -> tuple[str, ...]:
    """Return the files whose content is another than at the last fetch."""
    if before is None:
        return ()
    old = {before.file: before.sha256, **{table.path: table.sha256 for table in before.tables}}
    new = {now.file: now.sha256, **{table.path: table.sha256 for table in now.tables}}
    return tuple(path for path, sha256 in new.items() if path in old and old[path] != sha256)


def copy_checked(origin: Path, target: Path, expected: str | None, largest: int) -> None:
    """Copy a file of a mirror to its place, when it is what was meant.

    Raises
    ------
    DataError
        When it is not there, too large, not of its kind, or has another hash than declared.
    """
    if not origin.is_file():
        raise DataError(f"the mirror has no file {origin.name!r}", "check the folder, or `mirror`", "mirror")
    size = origin.stat().st_size
    if size > largest:
        raise DataError(f"{origin.name} has {size:,} bytes, and at most {largest:,} are taken",
                        "raise `max_size` if that is right", "max_size")  # fmt: skip
    with replacing(target) as new:
        shutil.copyfile(origin, new)
        with new.open("rb") as stream:
            require_kind(stream.read(ENOUGH), origin.name)
        found = sha256_of_file(new, origin.name)
        if expected is not None and found != expected:
            raise DataError(f"{origin.name} in the mirror has sha256 {found}, and {expected} is declared",
                            "see which of the two is right", "sha256")  # fmt: skip


def write_table(frame: pandas.DataFrame, target: Path) -> str:
    """Write a tidy table in one step; return its hash. The same table gives the same bytes."""
    with replacing(target) as new:
        if target.suffix == ".parquet":
            frame.to_parquet(new, index=False)
        else:
            frame.to_csv(new, index=False, lineterminator="\n", encoding="utf-8")
        found = sha256_of_file(new, target.name)
    assert found is not None
    return found
