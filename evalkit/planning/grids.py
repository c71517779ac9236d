"""Which lengths before and after are looked at, and what is said of them in words."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.periods import PER_YEAR, words_for

MOST_LENGTHS = 4


def lengths(
    frequency: str,
    n_before: int,
    grid: tuple[Sequence[int], Sequence[int]] | None,
    *,
    season: bool = False,
    after: int | None = None,
) -> tuple[list[int], list[int]]:
    """Return the lengths before and after, ascending.

    Parameters
    ----------
    frequency : str
        Length of a period.
    n_before : int
        Periods before the start in the data; none longer is looked at.
    grid : pair of sequences of int, or None
        Given by the user, and kept as it is.
    season : bool
        Whether a season is fitted, which takes two years before.
    after : int or None
        The one length after, where the user gives it without a grid.

    Notes
    -----
    Before: one (with a season two), two, three, four, five, seven, ten and fifteen years as far as the data go, four of
    these from the shortest to the longest. After: a quarter of a year, half a year, one and two years. Of yearly data
    and waves: half, three quarters and all of the time before, and 3, 4, 6 and 8 after.
    """
    if grid is not None:
        return sorted(set(grid[0])), sorted(set(grid[1]))
    year = PER_YEAR[frequency]
    if year < 4.0:
        befores = sorted({n for n in (round(n_before * share / 4) for share in (2, 3, 4)) if n >= 4})
        return befores or [n_before], [3, 4, 6, 8] if after is None else [after]
    years = (2, 3, 4, 5, 7, 10, 15) if season else (1, 2, 3, 4, 5, 7, 10, 15)
    whole = [n for n in (round(year * count) for count in years) if 6 <= n <= n_before]
    chosen = {round(at * (len(whole) - 1) / (MOST_LENGTHS - 1)) for at in range(MOST_LENGTHS)} if whole else set()
    return [whole[at] for at in sorted(chosen)] or [n_before], afters(frequency) if after is None else [after]


def afters(frequency: str) -> list[int]:
    """Return a quarter of a year, half a year, one and two years, in periods; at least 3."""
    return sorted({max(3, round(PER_YEAR[frequency] * share)) for share in (0.25, 0.5, 1.0, 2.0)})


def spell(count: int, frequency: str) -> str:
    """Return a number of periods in words: 24 months."""
    return f"{count:,} {words_for(frequency, count)}"
