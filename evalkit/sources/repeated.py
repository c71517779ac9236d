"""Rows that stand for several alike: how many, where a source brings alike rows together before they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.errors import DataError

if TYPE_CHECKING:
    import numpy
    import pandas

TIMES = "times"
"""Column of the table of a request, and of `rows.attrs` the name of the column of the rows, that says how many."""

MOST_REPEATED = 20_000_000
"""Rows that may be taken one by one, where fractions must be added in one order."""


def times_of_rows(rows: pandas.DataFrame) -> numpy.ndarray | None:
    """Return how many rows each row stands for; None where each stands for itself."""
    name = rows.attrs.get(TIMES)
    return None if name is None else rows[name].to_numpy().astype("int64")


def number_of_rows(rows: pandas.DataFrame, kept: numpy.ndarray | None = None) -> int:
    """Return how many rows of the data a table stands for, or those of its rows that are kept."""
    times = times_of_rows(rows)
    if times is None:
        return len(rows) if kept is None else int(kept.sum())
    return int(times.sum() if kept is None else times[kept].sum())


def names_of_columns(rows: pandas.DataFrame) -> list[str]:
    """Return the columns of the data that stand in a table."""
    return [str(name) for name in rows.columns if name != rows.attrs.get(TIMES)]


def each_by_itself(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the table with every row as many times as it stands for.

    Raises
    ------
    DataError
        When there are too many.
    """
    number = int(table[TIMES].sum())
    if number > MOST_REPEATED:
        raise DataError(f"{number:,} rows hold fractions, which can only be added one by one",
                        f"bring them to at most {MOST_REPEATED:,}: leave rows out, or give sums by unit and period",
                        "rows")  # fmt: skip
    return table.loc[table.index.repeat(table[TIMES])].drop(columns=TIMES)
