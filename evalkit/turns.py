"""Taking turns: of several builds that would write one site, one writes and the others wait.

The lock is the operating system's own and ends with the process that holds it, however that ends: nothing is left
behind that somebody would have to remove.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold a lock file for the length of a `with` statement, after waiting for whoever holds it.

    Parameters
    ----------
    path : Path
        A file of no content, made when missing and left where it is: to remove it would let two in at once.

    Notes
    -----
    Where the system has no such locks, nothing is waited for. Files are then still replaced whole, and a site of which
    two builds wrote different pages is put right by the next build, which goes by content.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
