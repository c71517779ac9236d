"""Tables that are tidy already: extracts of published files that somebody made, checked and under declared names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from evalkit.fetching.readers.block import Reader
from evalkit.fetching.readers.text_tables import numbers, renamed, text_table

if TYPE_CHECKING:
    import pandas


class Extract(Reader):
    """A tidy table (CSV, CSV packed by gzip, parquet): which columns to keep, under which names, what is unique."""

    endings: ClassVar = (".csv", ".csv.gz", ".parquet")

    kind: Literal["extract"]
    keep: dict[str, str] = Field(min_length=1, description="Columns to keep: name in the tidy table, name in the file")
    key: list[str] = Field(min_length=1, description="Columns, as renamed, of which no two rows have the same values")

    @model_validator(mode="after")
    def _known(self) -> Extract:
        unknown = [name for name in self.key if name not in self.keep]
        if unknown:
            raise ValueError(f"`key` names {', '.join(unknown)}; keep it as well")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to keep."""
        return tuple(self.keep)

    @property
    def unique(self) -> tuple[str, ...]:
        """As declared."""
        return tuple(self.key)

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows; numbers as numbers, marks as text.

        Raises
        ------
        DataError
            When it is no table or lacks a column.
        """
        table = renamed(text_table(path), {name: (column,) for name, column in self.keep.items()})
        codes = [name for name in self.keep if name.endswith("code")]
        return table.assign(**{name: numbers(table[name]) for name in self.keep if name not in codes})
