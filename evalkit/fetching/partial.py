"""A file on its way here: NAME.part, and beside it NAME.part.json with how much of it is sound and where it is from.

What a process that was killed has written since its last note is cut off, so that a transfer goes on from bytes that
are known to be right.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evalkit.whole_files import sync, write_whole

NOTE_EVERY = 8 << 20
"""Bytes between two notes: what is lost at most when a process is killed."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Note:
    """What is known of a part: where it is from, its validator (ETag or date), how long it is, and its hash."""

    address: str
    validator: str
    size: int
    sha256: str


@dataclass
class Part:
    """A file that is being received.

    Attributes
    ----------
    target : Path
        Where it will stand once it is whole and right.
    address : str
        Where it comes from; a part from elsewhere is not gone on with.
    """

    target: Path
    address: str
    size: int = 0
    validator: str = ""
    digest: Any = field(default_factory=hashlib.sha256)
    noted: int = 0

    @property
    def path(self) -> Path:
        """The part itself."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def note_path(self) -> Path:
        """The note beside it."""
        return self.target.with_name(self.target.name + ".part.json")

    def resume(self) -> None:
        """Take up what is there when it is from this address and is what the note says; else begin anew."""
        note = self._read_note()
        if note is None or note.address != self.address or not note.validator or not self.path.is_file():
            self.restart()
            return
        digest, left = hashlib.sha256(), note.size
        with self.path.open("rb") as stream:
            while left and (block := stream.read(min(_BLOCK, left))):
                digest.update(block)
                left -= len(block)
        if left or digest.hexdigest() != note.sha256:
            self.restart()
            return
        os.truncate(self.path, note.size)
        self.size, self.validator, self.digest, self.noted = note.size, note.validator, digest, note.size

    def restart(self) -> None:
        """Forget what has come."""
        self.size, self.validator, self.digest, self.noted = 0, "", hashlib.sha256(), 0
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(b"")
        self.note_path.unlink(missing_ok=True)

    def write(self, stream: Any, block: bytes) -> None:
        """Add what has come."""
        stream.write(block)
        self.digest.update(block)
        self.size += len(block)
        if self.size - self.noted >= NOTE_EVERY:
            stream.flush()
            self.note()

    def note(self) -> None:
        """Write down how much there is."""
        note = Note(self.address, self.validator, self.size, self.digest.hexdigest())
        write_whole(self.note_path, json.dumps(asdict(note)) + "\n")
        self.noted = self.size

    def discard(self) -> None:
        """Remove the part and its note."""
        self.size, self.validator = 0, ""
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the part its name: from now on the whole file stands there, as from one moment to the next."""
        sync(self.path)
        self.path.replace(self.target)
        self.note_path.unlink(missing_ok=True)

    def _read_note(self) -> Note | None:
        try:
            return Note(**json.loads(self.note_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
