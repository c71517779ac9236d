"""Addresses of databases: in the environment or in a file outside the project, never in a study file."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evalkit.errors import DataError
from evalkit.sources.inputs import did_you_mean
from evalkit.sources.tables.passwords import without_secrets

ENGINES = {"duckdb": "duckdb", "postgres": "postgres", "postgresql": "postgres", "mssql": "mssql", "spark": "spark"}
"""Engine by the word with which an address begins."""

DRIVERS = {"duckdb": "duckdb", "postgres": "psycopg", "mssql": "pyodbc", "spark": "pyspark"}
"""Package that must be there, by engine; each but DuckDB's comes with an extra of the same name as the engine."""

_EXAMPLE = "postgresql://USER:PASSWORD@HOST/DATABASE"


@dataclass(frozen=True)
class Address:
    """Where a database is; never shown.

    Attributes
    ----------
    name : str
        Name of the connection, as the study file gives it.
    text : str
        The address, with its password.
    """

    name: str
    text: str = field(repr=False)

    @property
    def engine(self) -> str:
        """Which engine answers there, a value of `ENGINES`."""
        return ENGINES[self.text.partition(":")[0].lower()]

    def hide(self, message: str) -> str:
        """Return a message without the address, its user, its password and the secrets among its options."""
        # `spark://local[2]` has nobody's name in it
        return without_secrets(message, self.text, whole=self.engine != "spark")


def variable_of(name: str) -> str:
    """Return the environment variable that holds the address of a connection."""
    return "EVALKIT_CONNECTION_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def address_of(name: str, project: Path) -> Address:
    """Return the address of a connection, from the environment or else from the file of connections.

    Parameters
    ----------
    name : str
        As the study file gives it.
    project : Path
        The project's folder, in which no such file may lie.

    Raises
    ------
    DataError
        When there is none, it is none, or what it needs is not installed; the address itself is never shown.
    """
    variable = variable_of(name)
    written = os.environ.get(variable) or _in_file(name, variable, project)
    found = Address(name, written.strip())
    word = found.text.partition(":")[0].lower()
    if ":" not in found.text or word not in ENGINES:
        begins = ", ".join(f"{scheme}:" for scheme in ENGINES)
        raise DataError(f"the address of connection {name!r} does not begin with one of {begins}",
                        f"write it such as {_EXAMPLE}", "data.connection")  # fmt: skip
    try:
        if found.engine != "spark":
            urlsplit(found.text).port  # noqa: B018 - reading it is what finds the fault
    except ValueError:
        raise DataError(f"the address of connection {name!r} cannot be read",
                        f"write it such as {_EXAMPLE}, with %-codes for : / @ in a password",
                        "data.connection") from None  # fmt: skip
    require_driver(found.engine)
    return found


def require_driver(engine: str) -> None:
    """Check that the package that speaks to an engine is installed.

    Raises
    ------
    DataError
        Naming the extra that brings it.
    """
    if importlib.util.find_spec(DRIVERS[engine]) is None:
        extra = "evalkit" if engine == "duckdb" else f"evalkit[{engine}]"
        raise DataError(f"{DRIVERS[engine]}, which speaks to {engine}, is not installed",
                        f"install it: pip install '{extra}'", "data.connection")  # fmt: skip


def _in_file(name: str, variable: str, project: Path) -> str:
    """Return the address that the file of connections gives."""
    declared = os.environ.get("EVALKIT_CONNECTIONS")
    path = Path(declared) if declared else Path.home() / ".config" / "evalkit" / "connections.yaml"
    where = "the file that EVALKIT_CONNECTIONS names" if declared else "~/.config/evalkit/connections.yaml"
    mend = f"set {variable} to its address, or write `{name}: ADDRESS` in {where}"
    if path.resolve().is_relative_to(project.resolve()):
        raise DataError(f"{where} lies inside the project, which may be published", "keep it outside",
                        "data.connection")  # fmt: skip
    known = _read(path, where) if declared or path.is_file() else {}
    if name in known and isinstance(known[name], str):
        return str(known[name])
    others = f" ({did_you_mean(name, sorted(known))})" if known else ""
    raise DataError(f"there is no address for connection {name!r}{others}", mend, "data.connection")


def _read(path: Path, where: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise DataError(f"{where} cannot be read ({type(error).__name__})", "write one `NAME: ADDRESS` on each line",
                        "data.connection") from None  # fmt: skip
    if not isinstance(found, dict):
        raise DataError(f"{where} holds no addresses", "write one `NAME: ADDRESS` on each line", "data.connection")
    return {str(key): value for key, value in found.items()}
