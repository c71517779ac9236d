"""Files written whole or not at all: a reader sees the old one or the new one, never half of it.

What is on its way has a name that says which process writes it (`.NAME.HOST-PROCESS-LETTERS.part`), so that the next
build can take away what a killed one left, and never what another is still writing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".part"
SEAL = "seal"
"""Key of the hash of a whole file, taken with nothing in its place."""
FORGOTTEN = 86_400.0
"""Seconds after which a file is left over whoever began it: of another computer it cannot be asked who still lives."""
_NAME = re.compile(r"^\..+\.(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}\.part$", re.DOTALL)
_FULL_NAME = 255 - len(".") - len(".00000000-4194304999-00000000.part")
"""Longest part of a name that is kept: systems allow 255 bytes."""


def sealed(text: str) -> str:
    """Return JSON, indented by one, with its hash in the empty place that it has for it."""
    return text.replace(_seal_line(""), _seal_line(hashlib.sha256(text.encode()).hexdigest()), 1)


def fits(content: bytes, seal: object) -> bool:
    """Say whether a seal is that of a file; one that was altered shows by itself, also where its records are lost."""
    unsealed = content.replace(_seal_line(str(seal)).encode(), _seal_line("").encode(), 1)
    return hashlib.sha256(unsealed).hexdigest() == seal


def _seal_line(seal: str) -> str:
    """Return the line of a seal; no other can be taken for it, since quotes within a text are escaped."""
    return f'\n "{SEAL}": "{seal}"'


def holds(path: Path, content: str | bytes) -> bool:
    """Say whether a file holds exactly this."""
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - asked of thousands of files
            return stream.readall() == _bytes(content)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def write_whole(path: Path, content: str | bytes) -> bool:
    """Write a file by replacing it in one step; return False when it already held these bytes."""
    content = _bytes(content)
    if holds(path, content):
        return False
    with replacing(path) as new:
        new.write_bytes(content)
    return True


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a place to write a new file; it takes the name of `target` in one step, or, after a fault, not at all.

    The content is on the disk before the name changes, so that not even a power cut leaves half of it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(_name_on_its_way(target.name))
    try:
        yield new
        sync(new)
        new.chmod(0o644)
        new.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong is told, not that its rest cannot be taken away
            new.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Bring a file to the disk, so that its new name cannot come before its content."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def remove_left_over(folders: Iterable[Path], alone: Iterable[Path] = ()) -> list[Path]:
    """Take away what killed processes left in folders and below them; return what was taken away.

    Parameters
    ----------
    folders : iterable of Path
        One that is not there is passed over, and links are not followed.
    alone : iterable of Path
        Folders of which what lies below them is not looked at.

    Notes
    -----
    A file goes when no process of its number lives on this computer. One that another computer began, or whose number
    a living process has, goes a day after it was last written to.
    """
    below = (Path(place) / name for folder in folders for place, _, names in os.walk(folder) for name in names
             if name.endswith(SUFFIX))  # fmt: skip
    beside = (path for folder in alone if folder.is_dir() for path in folder.iterdir())
    taken = []
    for path in sorted({path for path in (*below, *beside) if _NAME.match(path.name)}):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to remove
            if _is_left_over(path):
                path.unlink()
                taken.append(path)
    return taken


def _is_left_over(path: Path) -> bool:
    named = _NAME.match(path.name)
    assert named is not None
    if named["host"] == _host() and not _lives(int(named["process"])):
        return True
    return time.time() - path.stat().st_mtime > FORGOTTEN


def _lives(process: int) -> bool:
    """Say whether a process of this number is there; where that cannot be asked, it is taken to be."""
    if os.name == "nt":  # there, signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True


def _name_on_its_way(name: str) -> str:
    kept = name.encode()[:_FULL_NAME].decode(errors="ignore")
    return f".{kept}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"


def _host() -> str:
    """Return a short name of this computer, or of the container: processes of others have numbers of their own."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
