"""Rows of any source, with where they come from and the hash of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evalkit.errors import DataError
from evalkit.sources.columns import Data
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import missing_columns

if TYPE_CHECKING:
    import pandas


def load(data: Data, folders: Folders, columns: Mapping[str, str] | None = None) -> tuple[pandas.DataFrame, str, str]:
    """Return the raw rows, where they come from in words, and the SHA-256 of what was read.

    Parameters
    ----------
    data : Data
        The study's `data` block.
    folders : Folders
        Where files may lie.
    columns : mapping of str to str, optional
        Read these columns alone, see `needed_columns`; all by default. One that is not there is an error.

    Raises
    ------
    DataError
        When the rows cannot be read or lack a column; problems name the file.
    """
    try:
        (source,) = data.inputs(folders)
        sha256 = source.sha256()  # before reading: whoever hashes again afterwards sees a change meanwhile
        rows = data.rows(folders, None if columns is None else list(columns))
        problems = missing_columns(columns or {}, rows.attrs.get("columns", [str(name) for name in rows.columns]))
        if problems:
            raise DataError(problems)
        return rows, data.origin(), sha256
    except DataError as error:
        raise error.in_file(data.file) from None
