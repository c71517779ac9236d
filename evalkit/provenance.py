"""Where numbers come from: hashes of study file, protocol, inputs and code; versions of packages."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

COMPUTING = ("appraisal", "designs", "diagnostics", "disclosure", "estimation", "planning", "sources", "spec",
             "claims.py", "evidence.py", "gathering.py", "multiplicity.py", "flow.py", "periods.py", "records",
             "archive.py")  # fmt: skip
"""Sources of evalkit, and tables that ship with them, that can move a number of result.json."""
WORDING = ("report", "disclosure", "periods.py", "records")
"""Sources of evalkit that can move a word or a drawing of a page."""
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels")
"""Packages whose version can move a number."""
PROTOCOL_KEYS = ("question", "questions", "intervention", "rollout", "data", "outcomes", "design", "sensitivity",
                 "falsification", "subgroups", "multiplicity", "economics")  # fmt: skip


def sha256_of(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text as UTF-8, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def canonical(data: Any) -> str:
    """Return plain data as JSON with sorted keys and no spaces: the same data, the same text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def protocol_sha256(study: Mapping[str, Any]) -> str:
    """Return the hash of what fixes a study before its outcomes are seen; comments and order do not count."""
    return sha256_of(canonical({key: study.get(key) for key in PROTOCOL_KEYS}))


@functools.cache
def code_version(parts: tuple[str, ...] = COMPUTING) -> str:
    """Return the hash of evalkit's own sources (not of a commit), by default of those that move numbers."""
    root = Path(__file__).parent
    return _hash_files(root, (path for part in parts for path in _sources(root / part)))


@functools.cache
def package_versions() -> dict[str, str]:
    """Return versions of Python (without its patch level) and of the packages that can move a number."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: importlib.metadata.version(name) for name in PACKAGES}}


def _sources(part: Path) -> Iterable[Path]:
    if part.is_file():
        return [part]
    return [*part.rglob("*.py"), *part.rglob("*.csv")]


def _hash_files(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
