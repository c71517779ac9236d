"""Monthly archives of data.police.uk: street files of many forces and months, counted by force, month and kind."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from evalkit.errors import DataError, Problem
from evalkit.fetching.archives import blocks, opened, stream_of
from evalkit.fetching.readers.block import Reader, listed, refuse

if TYPE_CHECKING:
    import pandas

_STREET = re.compile(r"(?:.*/)?(\d{4}-\d{2})/(\d{4}-\d{2})-([a-z-]+)-street\.csv")
_COLUMNS = ("Month", "Crime type")
ROWS = 200_000
"""Rows read at a time: an archive has some twenty million."""


class StreetCrime(Reader):
    """Counts of crimes by force, month and crime type.

    A force whose file of a month is not in the archive has no rows for it: nothing is known, which is not zero. Where
    its file is there, kinds of crime that do not stand in it are zero.
    """

    endings: ClassVar = (".zip",)

    kind: Literal["police_uk_street"]
    forces: list[str] = Field([], description="Forces as files name them, such as [greater-manchester]; all if empty")

    @property
    def columns(self) -> tuple[str, ...]:
        """A row for each force, month and crime type."""
        return ("force", "month", "crime_type", "crimes")

    @property
    def unique(self) -> tuple[str, ...]:
        """A crime type of a force in a month."""
        return ("force", "month", "crime_type")

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the counts.

        Raises
        ------
        DataError
            When no street file is there, one lacks its columns, or holds another month than its name.
        """
        import pandas

        found: dict[tuple[str, str], Counter[str]] = {}
        problems: list[Problem] = []
        with opened(path) as archive:
            for member in archive.infolist():
                match = _STREET.fullmatch(member.filename)
                if match is None or (self.forces and match[3] not in self.forces):
                    continue
                months = _counted(stream_of(blocks(archive, member)), member.filename)
                strangers = sorted(set(months) - {match[2]})
                if strangers or match[1] != match[2]:
                    problems.append(Problem(f"{member.filename} holds {listed(strangers or [match[1]])}",
                                            "the archive is not as the publisher makes it"))  # fmt: skip
                found[match[3], match[2]] = months.get(match[2], Counter())
        missing = sorted(set(self.forces) - {force for force, _ in found})
        problems += [Problem(f"there is no street file of {force}", "check `forces`") for force in missing]
        refuse(problems)
        if not found:
            raise DataError("the archive holds no street file", "names end in -street.csv, in a folder for each month")
        kinds = sorted({kind for counter in found.values() for kind in counter})
        rows = [(force, month, kind, counter[kind]) for (force, month), counter in sorted(found.items())
                for kind in kinds]  # fmt: skip
        return pandas.DataFrame(rows, columns=list(self.columns))


def _counted(stream: IO[bytes], name: str) -> dict[str, Counter[str]]:
    """Return crimes of a street file by month and kind."""
    import pandas

    found: dict[str, Counter[str]] = {}
    try:
        parts = pandas.read_csv(stream, usecols=list(_COLUMNS), dtype=str, chunksize=ROWS, encoding="utf-8",
                                index_col=False)  # fmt: skip
        for part in parts:
            if part.isna().any(axis=None):
                raise DataError(f"{name} has rows without month or crime type", "fetch the file again")
            sizes = part.groupby(list(_COLUMNS), as_index=False).size()
            for month, kind, count in zip(sizes["Month"], sizes["Crime type"], sizes["size"], strict=True):
                found.setdefault(str(month), Counter())[str(kind)] += int(count)
    except ValueError as error:
        raise DataError(f"{name} cannot be read: {str(error).partition(chr(10))[0]}",
                        f"a street file has the columns {', '.join(_COLUMNS)}") from None  # fmt: skip
    return found
