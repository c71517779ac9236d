"""Parquet files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evalkit.errors import DataError, Problem
from evalkit.sources.files import FileData
from evalkit.sources.folders import Folders
from evalkit.sources.inputs import listed

if TYPE_CHECKING:
    import pandas

_MAGIC = b"PAR1"


class ParquetData(FileData):
    """Rows of a parquet file; only the columns that the study names are read."""

    source: Literal["parquet"]

    def look(self, path: Path, columns: Mapping[str, str]) -> list[Problem]:
        """Return a problem when the file is no parquet file; its columns are looked at when it is read."""
        with path.open("rb") as stream:
            head = stream.read(4)
            stream.seek(-min(4, path.stat().st_size), 2)
            tail = stream.read(4)
        if (head, tail) == (_MAGIC, _MAGIC):
            return []
        return [Problem(f"{self.path} is not a whole parquet file", "fetch the file again", "data.path")]

    def rows(self, folders: Folders, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Return the rows; the index counts from 1.

        Raises
        ------
        DataError
            When the file is missing, empty or no parquet file, or a column holds lists.
        """
        import pandas
        import pyarrow
        from pyarrow import parquet

        path = self.checked(folders)
        try:
            with parquet.ParquetFile(path) as file:
                there = list(file.schema_arrow.names)
                wanted = there if columns is None else [name for name in dict.fromkeys(columns) if name in there]
                table = file.read(columns=wanted, use_pandas_metadata=False)
                table.validate(full=True)  # text that is not UTF-8 would fail later, far from the file
        except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
            reason = (str(error).splitlines() or [""])[0][:200]
            found = f"{self.path} cannot be read as parquet: {reason}"
            raise DataError(found, "fetch the file again", "data.path") from None
        nested = [field.name for field in table.schema if pyarrow.types.is_nested(field.type)]
        if nested:
            raise DataError(f"{listed(nested)} holds lists, not single values", "name another column", "data")
        # Metadata may turn a column into the index; the row's number stands there instead.
        frame: pandas.DataFrame = table.replace_schema_metadata(None).to_pandas()
        frame.index = pandas.RangeIndex(1, table.num_rows + 1)
        frame.attrs["columns"] = there
        return frame
