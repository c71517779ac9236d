"""Sources that are one file: where it lies, whether it is the file that was meant, and its hash."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evalkit.errors import DataError, Problem
from evalkit.sources.columns import Data
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, unreadable
from evalkit.sources.written import Text


class FileData(Data):
    """Keys that every source in one file shares."""

    path: Text = Field(description="File inside the project, or under the data root")
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = Field(
        None, description="Hash that the file must have"
    )

    @property
    def file(self) -> str:
        """Path as the author wrote it."""
        return self.path

    def inputs(self, folders: Folders) -> list[Input]:
        """Return the file.

        Raises
        ------
        DataError
            When it does not exist or lies outside the project.
        """
        return [Input(self.path, path=folders.find(self.path))]

    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return what is wrong with the file: missing, empty, not the declared one, or not of this kind."""
        try:
            found = folders.find(self.path)
            problems = list(check_bytes(found, self.path, self.sha256))
            return problems or self.look(found, columns)
        except DataError as error:
            return list(error.problems)

    @abstractmethod
    def look(self, path: Path, columns: Mapping[str, str]) -> list[Problem]:
        """Return what a cheap look into the file shows; each kind of file has its own."""

    def checked(self, folders: Folders) -> Path:
        """Return the file to read.

        Raises
        ------
        DataError
            When it is missing, empty or not the declared one.
        """
        found = folders.find(self.path)
        problems = check_bytes(found, self.path, self.sha256)
        if problems:
            raise DataError(problems)
        return found


def check_bytes(path: Path, name: str, declared: str | None) -> list[Problem]:
    """Return a problem when the file is empty or has another hash than the declared one.

    Raises
    ------
    DataError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise unreadable(error, name) from None
    if empty:
        return [Problem(f"{name} is empty (0 bytes)", "fetch the file again", "data.path")]
    if declared is None:
        return []
    actual = Input(name, path=path).sha256()
    if actual == declared.lower():
        return []
    return [Problem(f"{name} has sha256 {actual}, the study declares {declared.lower()}",
                    "fetch the file that was meant, or declare the new hash and say why in the change log",
                    "data.sha256")]  # fmt: skip
