"""Archives (zip, gzip): opened only when they hold what they say, and only as much as they may.

A zip file from elsewhere can name members outside the folder, links, or a few bytes that unpack to fill a disk. What a
member declares may be a lie, so what comes out is counted as well.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from evalkit.errors import DataError, Problem

MAX_UNPACKED = 32 << 30
"""Bytes that an archive may unpack to: the monthly police archives, of three years, hold some 12 GB."""
MAX_TABLE = 2 << 30
"""Bytes that a workbook or a packed table may unpack to: they are read whole, into memory."""
MAX_MEMBERS = 100_000
MAX_RATIO = 250
"""How many bytes a byte may unpack to; tables of numbers reach about fifty, a bomb a thousand."""
RATIO_FROM = 32 << 20
"""Members smaller than this are not judged by their ratio: an empty sheet is all repetition, and harmless."""
CHUNK = 1 << 20
# RuntimeError: encrypted, or packed in a way that zipfile does not know.
_BROKEN = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, RuntimeError)


def vet(path: Path, *, most: int = MAX_TABLE) -> None:
    """Check a zip file (a workbook is one) before anything else opens it; every member is unpacked once and counted.

    Parameters
    ----------
    path : Path
        The file.
    most : int
        Bytes that it may unpack to.

    Raises
    ------
    DataError
        Naming every member that climbs out of the folder, is a link, is encrypted, or unpacks to too much.
    """
    with opened(path, most=most) as archive:
        left = most
        for member in archive.infolist():
            left -= sum(len(block) for block in blocks(archive, member, left))


@contextmanager
def opened(path: Path, *, most: int = MAX_UNPACKED) -> Iterator[zipfile.ZipFile]:
    """Open a zip file whose list of members was found harmless.

    Raises
    ------
    DataError
        When it is no zip file, is damaged, or its list of members is not harmless.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN:
        raise DataError("it is not a zip file, or it is damaged", "fetch the file again") from None
    with archive:
        problems = _faults(archive.infolist(), most)
        if problems:
            raise DataError(problems)
        yield archive


def blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int = MAX_UNPACKED) -> Iterator[bytes]:
    """Yield a member's content block by block; stop when it grows beyond what it may.

    Raises
    ------
    DataError
        When it is damaged or unpacks to more than `most` bytes, or than its packed size allows.
    """
    count = 0
    try:
        with archive.open(member) as stream:
            while block := stream.read(CHUNK):
                count += len(block)
                _require_size(member.filename, count, max(member.compress_size, 1), most)
                yield block
    except _BROKEN:
        raise DataError(f"{member.filename!r} in the archive is damaged", "fetch the file again") from None


def ungzipped(path: Path, most: int = MAX_TABLE) -> Iterator[bytes]:
    """Yield the content of a gzip file block by block.

    Raises
    ------
    DataError
        When it is damaged or unpacks to too much.
    """
    count, packed = 0, max(path.stat().st_size, 1)
    try:
        with gzip.open(path) as stream:
            while block := stream.read(CHUNK):
                count += len(block)
                _require_size(path.name, count, packed, most)
                yield block
    except _BROKEN:
        raise DataError("it is not a gzip file, or it is damaged", "fetch the file again") from None


class _Unpacked(io.RawIOBase):
    """Blocks as a file."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self.source = source
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.rest:
            self.rest = memoryview(next(self.source, b""))
        taken = min(len(buffer), len(self.rest))
        buffer[:taken] = self.rest[:taken]
        self.rest = self.rest[taken:]
        return taken


def stream_of(source: Iterator[bytes]) -> IO[bytes]:
    """Return blocks as a file to read from."""
    return io.BufferedReader(_Unpacked(source), CHUNK)


def table_stream(path: Path) -> IO[bytes]:
    """Return a text table as bytes to read, unpacked on the way when its name ends in .gz."""
    return stream_of(ungzipped(path)) if path.name.endswith(".gz") else path.open("rb")


def _faults(members: list[zipfile.ZipInfo], most: int) -> list[Problem]:
    """Return what is wrong with a list of members."""
    mend = "do not open it; ask the publisher"
    if len(members) > MAX_MEMBERS:
        return [Problem(f"the archive has {len(members):,} members, and at most {MAX_MEMBERS:,} are opened", mend)]
    found = [Problem(f"{member.filename!r} in the archive {fault}", mend)
             for member in members if (fault := _fault(member))]  # fmt: skip
    total = sum(member.file_size for member in members)
    if total > most:
        found.append(Problem(f"the archive unpacks to {total:,} bytes, and at most {most:,} are opened", mend))
    return found


def _fault(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    windows = PureWindowsPath(name)
    if name.startswith(("/", "\\")) or windows.drive or windows.is_absolute():
        return "has an absolute path"
    if ".." in PurePosixPath(name).parts or ".." in windows.parts:
        return "climbs out of its folder"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    if "\0" in name:
        return "has a name that cannot be read"
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return f"would unpack to {member.file_size:,} bytes from {member.compress_size:,}"
    return ""


def _require_size(name: str, count: int, packed: int, most: int) -> None:
    if count > most or (count > RATIO_FROM and count > MAX_RATIO * packed):
        raise DataError(f"{name!r} unpacks to more than {count:,} bytes from {packed:,}",
                        "do not open it; ask the publisher")  # fmt: skip
