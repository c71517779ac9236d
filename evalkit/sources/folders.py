"""Where files may lie: inside the project or under the declared data root, nowhere else."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from evalkit.errors import DataError


@dataclass(frozen=True)
class Folders:
    """The project's folder and, where declared, a data root outside it.

    Attributes
    ----------
    project : Path
        Folder that holds `evaluations/`.
    data : Path or None
        Root given by `--data` or EVALKIT_DATA; paths in YAML are looked up there first.
    rehearsal : Path or None
        Folder of simulated files that stand in for data that are not there yet; looked up last.
    """

    project: Path
    data: Path | None = None
    rehearsal: Path | None = None

    @classmethod
    def of(cls, project: Path, data: str | os.PathLike[str] | None = None) -> Folders:
        """Return the folders, with EVALKIT_DATA as data root when none is given.

        Raises
        ------
        DataError
            When the data root is no folder: without it, files of the same name in the project would be read.
        """
        root = data or os.environ.get("EVALKIT_DATA") or None
        if root is not None and not Path(root).is_dir():
            raise DataError(f"{str(root)!r} is not a folder", "name the folder that holds the data files",
                            "--data" if data else "EVALKIT_DATA")  # fmt: skip
        return cls(Path(project).resolve(), Path(root).resolve() if root else None)

    def holds(self, path: str) -> bool:
        """Say whether something lies at a path that is relative to the project or the data root."""
        roots = [root for root in (self.data, self.project) if root is not None]
        return any((root / path).exists() for root in roots)

    def find(self, path: str) -> Path:
        """Return the file that `path` names, links followed.

        Raises
        ------
        DataError
            When it is absolute or climbs out of the project and the data root (also through a link), or does not
            exist; the message names the nearest file there is.
        """
        if Path(path).is_absolute():
            mend = "write it relative to the project or the data root"
            raise DataError(f"{path} is an absolute path", mend, "data.path")
        roots = [root.resolve() for root in (self.data, self.project, self.rehearsal) if root is not None]
        try:
            return self._find(path, roots)
        except (OSError, RuntimeError, ValueError):
            # A name too long, a link to itself, a NUL in the name: each Python version has its own exception.
            raise DataError(f"{path!r} cannot be a path", "check the name", "data.path") from None

    def _find(self, path: str, roots: list[Path]) -> Path:
        for root in roots:
            candidate = (root / path).resolve()
            if not any(candidate.is_relative_to(allowed) for allowed in roots):
                mend = "keep it inside the project or under --data"
                raise DataError(f"{path} lies outside the project", mend, "data.path")
            if candidate.is_file():
                return candidate
        there = next((root / path for root in roots if (root / path).exists()), None)
        if there is not None:
            kind, mend = ("a folder", "name a file in it") if there.is_dir() else ("no ordinary file", "save it as one")
            raise DataError(f"{path} is {kind}", mend, "data.path")
        nearest = self._nearest(path, roots)
        raise DataError(f"{path} does not exist", f"nearest: {nearest}" if nearest else "check the name", "data.path")

    def _nearest(self, path: str, roots: list[Path]) -> str:
        names = [found.relative_to(root).as_posix() for root in roots
                 for found in sorted((root / path).parent.resolve().glob("*"))
                 if found.is_file() and found.is_relative_to(root)]  # fmt: skip
        close = difflib.get_close_matches(path, names, n=1, cutoff=0.4)
        return close[0] if close else ""
