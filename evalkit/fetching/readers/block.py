"""What every reader of a published file is: options in YAML, a file in, a tidy table with declared columns out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import DataError, Problem
from evalkit.records import Block

if TYPE_CHECKING:
    import pandas

SHOWN = 5
"""How many offending rows a message names."""


class Reader(Block):
    """Options of one reader; each kind of publication has its own.

    What a publisher writes in place of a number ("*", "[x]") stays as text in its cell: a study says what it means
    under `outcomes.suppressed`, so no reader may turn it into a number or drop it.
    """

    endings: ClassVar[tuple[str, ...]]
    """How the names of files that it reads end."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Columns of the tidy table, in order."""

    @property
    @abstractmethod
    def unique(self) -> tuple[str, ...]:
        """Columns of which no two rows have the same values."""

    @property
    def tried_on(self) -> str:
        """The publisher's own file on which this reader was tried, empty when there has been none."""
        return ""

    @abstractmethod
    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows of a file; `read` checks them."""

    def read(self, path: Path) -> pandas.DataFrame:
        """Return the tidy table of a file.

        Parameters
        ----------
        path : Path
            A file as it was published.

        Raises
        ------
        DataError
            When the file is not of the shape that the reader knows, has no rows, or names the same thing twice.
        """
        frame = self.rows(path)
        if list(frame.columns) != list(self.columns):
            found, wanted = ", ".join(map(str, frame.columns)), ", ".join(self.columns)
            raise DataError(f"the table has the columns {found}", f"it should have {wanted}")
        if frame.empty:
            raise DataError("no rows were found", "check that it is the file that the reader is for")
        repeated = frame[frame.duplicated(list(self.unique), keep="first")]
        if len(repeated):
            examples = [" ".join(str(cell) for cell in row) for row in _rows_of(repeated, self.unique)]
            raise DataError(f"{len(repeated):,} rows stand twice, such as {listed(examples)}",
                            f"each {', '.join(self.unique)} must have one row")  # fmt: skip
        return frame.reset_index(drop=True)


def _rows_of(frame: pandas.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(frame[list(columns)].head(SHOWN).itertuples(index=False, name=None))


def listed(names: Iterable[object]) -> str:
    """Return the first few names for a message."""
    found = [str(name) for name in names]
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def refuse(problems: Sequence[Problem]) -> None:
    """Raise what was found, all at once, but no more than a reader can use.

    Raises
    ------
    DataError
        When there is anything.
    """
    if problems:
        rest = len(problems) - 4 * SHOWN
        more = [Problem(f"and {rest:,} more of this kind")] if rest > 0 else []
        raise DataError([*problems[: 4 * SHOWN], *more])
