"""Mid-year population estimates of the Office for National Statistics, as Nomis gives them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from evalkit.errors import DataError
from evalkit.fetching.readers.block import Reader, listed
from evalkit.fetching.readers.text_tables import counts, renamed, text_table

if TYPE_CHECKING:
    import pandas

HEADINGS = {
    "area_code": ("GEOGRAPHY_CODE",), "area_name": ("GEOGRAPHY_NAME",), "year": ("DATE_NAME", "DATE"),
    "population": ("OBS_VALUE",),
}  # fmt: skip
WHOLE = {"GENDER_NAME": ("Total",), "C_AGE_NAME": ("All Ages",), "MEASURES_NAME": ("Value",)}
"""What may stand in columns that split people up: only all of them, so that nobody is counted twice."""


class Population(Reader):
    """All people of each area in the middle of each year, from a CSV of the Nomis data set of estimates."""

    endings: ClassVar = (".csv", ".csv.gz")

    kind: Literal["nomis_population"]

    @property
    def columns(self) -> tuple[str, ...]:
        """A row for each area and year."""
        return ("area_code", "area_name", "year", "population")

    @property
    def unique(self) -> tuple[str, ...]:
        """An area in a year."""
        return ("area_code", "year")

    def rows(self, path: Path) -> pandas.DataFrame:
        """Return the rows.

        Raises
        ------
        DataError
            When headings are missing, a number is none, or people are split by sex or age.
        """
        frame = text_table(path)
        for column, whole in WHOLE.items():
            parts = sorted(set(frame[column].dropna()) - set(whole)) if column in frame else []
            if parts:
                raise DataError(f"{column} splits people up: {listed(parts)}", f"ask for {whole[0]!r} alone")
        table = renamed(frame, HEADINGS)
        return table.assign(year=counts(table["year"], "year"), population=counts(table["population"], "OBS_VALUE"))
