"""Declared holes in the data, period by period."""

from __future__ import annotations

from evalkit.errors import DataError, Problem
from evalkit.sources.columns import Data
from evalkit.sources.dates import time_in


def declared_gaps(data: Data) -> list[tuple[int, str, str | None]]:
    """Return declared holes: each time, reason, and the unit that has it (none: every unit).

    Raises
    ------
    DataError
        When one is no period, or a stretch ends before it begins.
    """
    found, problems = [], []
    for at, gap in enumerate(data.gaps):
        ends = [time_in(end, data.frequency) for end in gap.ends]
        problems += [Problem(f"{end!r} is not a period of these data", "write it as the data's periods",
                             f"data.gaps.{at}") for end, time in zip(gap.ends, ends, strict=True)
                     if time is None]  # fmt: skip
        first, last = (time or 0 for time in ends)
        if first > last:
            problems.append(Problem(f"it ends ({gap.ends[1]}) before it begins ({gap.ends[0]})", "turn the two round",
                                    f"data.gaps.{at}.period"))  # fmt: skip
        found += [(time, gap.why, gap.unit) for time in range(first, last + 1)]
    if problems:
        raise DataError(problems)
    return found
