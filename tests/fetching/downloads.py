"""What tests of downloads share: a body, its hash, and what a refusal says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from evalkit.errors import DataError
from evalkit.fetching.download import Download

BODY = b"area,month,offences\n" + b"".join(b"Leeds,2020-%02d,%d\n" % (i % 12 + 1, i) for i in range(20_000))
HASH = hashlib.sha256(BODY).hexdigest()
Make = Callable[..., Download]


def refused(task: Download) -> str:
    """Return what a download says when it is refused; nothing may stand under the file's name."""
    with pytest.raises(DataError) as caught:
        task.run()
    assert not task.target.exists()
    return " ".join(str(problem) for problem in caught.value.problems)


def left(task: Download) -> list[str]:
    return sorted(path.name for path in task.target.parent.iterdir())
