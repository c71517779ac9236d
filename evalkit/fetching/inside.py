"""Where fetched files may be written: inside the folder that was meant, also once links are followed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from evalkit.errors import DataError, Problem

PART = ".part"
"""End of the name of a file on its way here, which stands beside it."""


def leads_out(root: Path, name: str) -> Problem | None:
    """Return which link on the way to a file leads out of a folder; None when none does.

    Parameters
    ----------
    root : Path
        Folder below which `data/` lies; it may itself be a link.
    name : str
        Path of the file below it.
    """
    own = root.resolve()
    for at in _steps(name):
        place = own / at
        if not place.is_symlink():
            continue
        try:
            inside = place.resolve().is_relative_to(own)
        except (OSError, RuntimeError):  # a link to itself: each Python version has its own exception
            return Problem(f"{at} is a link that leads to itself", "put a folder in its place")
        if not inside:
            return Problem(
                f"{at} is a link that leads out of the project",
                "put a folder in its place, or name with --data the folder below which data/ lies",
            )
    return None


def require_inside(root: Path, names: Iterable[str]) -> None:
    """Check that files, and what is kept of them on their way here, lie inside a folder.

    Raises
    ------
    DataError
        Naming each link that leads out.
    """
    found = [leads_out(root, place) for name in names for place in (name, name + PART)]
    problems = list(dict.fromkeys(problem for problem in found if problem is not None))
    if problems:
        raise DataError(problems)


def _steps(name: str) -> list[str]:
    """Return a path and the folders on the way to it, from the outermost."""
    path = PurePosixPath(name)
    return [step.as_posix() for step in (*reversed(path.parents), path)][1:]
