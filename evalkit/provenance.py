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

COMPUTING = ("appraisal", "designs", "diagnostics", "disclosure", "estimation", "history", "planning", "sources",
             "spec", "claims", "distributions.py", "evidence.py", "gathering.py", "multiplicity.py", "flow.py",
             "periods.py", "records", "registration", "provenance.py", "archive.py")  # fmt: skip
"""Sources of evalkit, and tables that ship with them, that can move a number of result.json."""
WORDING = ("report", "disclosure", "history", "periods.py", "records")
"""Sources of evalkit that can move a word or a drawing of a page."""
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels")
"""Packages whose version can move a number of any study; those that read its data are each study's own."""
PROTOCOL_KEYS = ("question", "questions", "intervention", "rollout", "data", "outcomes", "design", "sensitivity",
                 "falsification", "subgroups", "multiplicity", "economics")  # fmt: skip
"""Blocks of a study file that fix the study before its outcomes are seen."""
NOT_PLANNED = ("publisher", "licence", "note", "values", "inferred", "provisional", "late")
"""Keys of the data that say what the data are like, or are the data themselves: they move with every release."""
NAMED = ("questions", "sensitivity", "falsification", "subgroups")
"""Lists whose entries have ids: they stand by these also where there is none yet."""
_NAMES = ("id", "item", "name")
"""Keys by which entries of a list are told apart, so that one more does not renumber those after it."""


def sha256_of(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text as UTF-8, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def sha256_of_file(path: str | Path) -> str | None:
    """Return the SHA-256 of a file; None where there is none that can be read."""
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - of thousands of files, a Path for each is felt
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def canonical(data: Any) -> str:
    """Return plain data as JSON with sorted keys and no spaces: the same data, the same text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def protocol(study: Mapping[str, Any], roll_outs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what fixes a study before its outcomes are seen, as plain data: comments and order of keys do not count.

    Parameters
    ----------
    study : mapping
        The study as plain data with every default filled in.
    roll_outs : mapping of str to mapping, optional
        Start of each unit, by the roll-out table that names it.

    Notes
    -----
    The data's own hash is left out, and so is what is only printed of them: the plan is the same whatever data come.
    Entries of a list that have names of their own (`id`, `item`, `name`) stand by these names.
    """
    fixed = {key: study.get(key) for key in PROTOCOL_KEYS}
    data = fixed["data"]
    if isinstance(data, Mapping):
        fixed["data"] = {key: value for key, value in data.items() if key not in NOT_PLANNED}
    for key in NAMED:
        fixed[key] = fixed[key] or {}
    if roll_outs:
        fixed["roll_out_tables"] = roll_outs
    plain: dict[str, Any] = json.loads(canonical(_named(fixed)))
    return plain


def protocol_sha256(study: Mapping[str, Any], roll_outs: Mapping[str, Any] | None = None) -> str:
    """Return the hash of `protocol`."""
    return sha256_of(canonical(protocol(study, roll_outs)))


def name_of(items: list[Any]) -> str:
    """Return the key that names each entry of a list, empty where there is none: every entry has it, none twice."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return ""
    for key in _NAMES:
        names = [item.get(key) for item in items]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return key
    return ""


def _named(value: Any) -> Any:
    """Return data with hashes of files left out, and entries that have names as mappings by name."""
    if isinstance(value, Mapping):
        return {key: _named(item) for key, item in value.items() if not (key == "sha256" and "path" in value)}
    if isinstance(value, list):
        key = name_of(value)
        return {item[key]: _named(item) for item in value} if key else [_named(item) for item in value]
    return value


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


@functools.cache
def version_of(package: str) -> str:
    """Return the version of a package that is installed, or `none`."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def reader_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return versions of the packages that read the data of a study: others do not make it stale."""
    return {name: version_of(name) for name in packages}


def _sources(part: Path) -> Iterable[Path]:
    if part.is_file():
        return [part]
    return [*part.rglob("*.py"), *part.rglob("*.csv")]


def _hash_files(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(set(paths)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
