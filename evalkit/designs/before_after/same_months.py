"""`match: same_months`: windows keep only the months (quarters, weeks, days) of the year that both of them hold."""

from __future__ import annotations

import calendar
from collections.abc import Iterable

from evalkit.diagnostics.words import listed
from evalkit.errors import DesignError
from evalkit.periods import first_date, words_for

SEASONAL = ("day", "week", "month", "quarter")


def place_in_year(time: int, frequency: str) -> tuple[int, ...]:
    """Return where in the year a period lies: month, quarter, week (ISO 8601), or month and day.

    Raises
    ------
    DesignError
        When a period is a year or longer, or carries no date.
    """
    if frequency not in SEASONAL:
        noun = "periods without dates" if frequency == "number" else f"{words_for(frequency)}s"
        raise DesignError(f"the data hold {noun}, which have no months to match", "leave `match` out", "design.match")
    day = first_date(time, frequency)
    if frequency == "week":
        return (day.isocalendar().week,)
    return (day.month, day.day) if frequency == "day" else (day.month,)


def shared(before: Iterable[int], after: Iterable[int], frequency: str) -> set[tuple[int, ...]]:
    """Return the places in the year that both windows hold.

    Raises
    ------
    DesignError
        When there is none, or periods have no place in the year.
    """
    places = [{place_in_year(time, frequency) for time in times} for times in (before, after)]
    found = places[0] & places[1]
    if not found:
        raise DesignError(
            f"the windows hold no {words_for(frequency)} of the year in common, so nothing is left to compare",
            "choose windows that cover the same time of the year, or leave `match` out",
            "design.match",
        )
    return found


def place_words(places: Iterable[tuple[int, ...]], frequency: str) -> str:
    """Return places in the year in words: `January to June`, `April to June and October to December`, `weeks 1 to 26`.

    Days are told as their number.
    """
    ordered = sorted(set(places))
    if frequency == "day":
        return f"{len(ordered)} days of the year"
    step = 3 if frequency == "quarter" else 1
    runs: list[list[int]] = []
    for (place,) in ordered:
        if runs and place == runs[-1][-1] + step:
            runs[-1].append(place)
        else:
            runs.append([place])
    return listed([_run(run[0], run[-1], frequency) for run in runs], most=12)


def _run(first: int, last: int, frequency: str) -> str:
    if frequency == "week":
        return f"week {first}" if first == last else f"weeks {first} to {last}"
    end = last + 2 if frequency == "quarter" else last
    names = calendar.month_name[first], calendar.month_name[end]
    return names[0] if first == end else f"{names[0]} to {names[1]}"
