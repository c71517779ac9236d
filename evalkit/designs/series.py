"""One series around its interruption: rows, start and season, checked for holes and for enough points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.outcomes import require_single_rows
from evalkit.designs.windows import Span, first_start, spans_around, words_of
from evalkit.errors import DesignError
from evalkit.periods import SEASON_LENGTH, season_of, words_for

if TYPE_CHECKING:
    import pandas

    from evalkit.designs.options import Window
    from evalkit.records import Panel

FEWEST_POINTS = 3
COUNT_FAMILIES = ("poisson", "quasi_poisson", "negative_binomial")
"""Families on the log scale that model a count as a count."""


@dataclass(frozen=True, eq=False)
class Series:
    """Rows of one series in the windows.

    Attributes
    ----------
    frame : pandas.DataFrame
        In the order of time.
    start : int
        First period from the interruption on that is used.
    spans : (Span, Span)
    n_before, n_after : int
    """

    frame: pandas.DataFrame
    start: int
    spans: tuple[Span, Span]
    n_before: int
    n_after: int

    @property
    def times(self) -> list[int]:
        """Periods that are used."""
        return [int(time) for time in self.frame["time"]]


def series(panel: Panel, before: Window | None, after: Window | None) -> Series:
    """Return the rows before and after the interruption.

    Raises
    ------
    DesignError
        When there are several units, no interruption within the data, or fewer than three periods on a side.
    DataError
        When a period is missing that is not declared as a gap.
    """
    if len(panel.units) > 1:
        raise DesignError(
            f"there are {len(panel.units)} units, and interrupted_time_series takes one series",
            "keep one unit by `data.filter`, leave out `data.unit` so that rows are summed, or use "
            "difference_in_differences",
            "design.kind",
        )
    require_single_rows(panel, "interrupted_time_series")
    start = first_start(panel)
    if start is None:
        raise DesignError(
            "no period is treated, so there is no interruption", "give `intervention.start`", "intervention"
        )
    earlier, later = spans_around(panel, before, after)
    panel.require_complete(earlier.first, earlier.last if before else start - 1)
    panel.require_complete(later.first if after else start, later.last)
    frame = panel.frame[panel.frame["time"].between(*earlier) | panel.frame["time"].between(*later)]
    found = Series(
        frame,
        int(frame.loc[frame["time"] >= later.first, "time"].min()),
        (earlier, later),
        int((frame["time"] <= earlier.last).sum()),
        int((frame["time"] >= later.first).sum()),
    )
    _require_points(found, panel)
    return found


def default_season(found: Series, frequency: str) -> str:
    """Return the season of the data's own frequency when two full years lie before the start, else none."""
    length = SEASON_LENGTH.get(frequency)
    return frequency if length and found.n_before >= 2 * length else "none"


def season_codes(found: Series, season: str, frequency: str) -> list[int] | None:
    """Return the season of each period, None for none.

    Raises
    ------
    DesignError
        When the data are too coarse for it, carry no dates, or hold a season after the start that is absent before.
    """
    if season == "none":
        return None
    if frequency in ("year", "financial_year", "number") or (season == "month" and frequency == "quarter"):
        raise DesignError(
            f"data by {words_for(frequency)} have no season by {season}", "use `season: none`", "design.season"
        )
    codes = [season_of(time, season, frequency) for time in found.times]
    before = {code for code, time in zip(codes, found.times, strict=True) if time < found.start}
    absent = sorted(set(codes) - before)
    if absent:
        raise DesignError(
            f"{season} {', '.join(str(code) for code in absent)} occurs after the start and not before, so its season "
            "cannot be told from the change",
            "bring earlier data, or use `season: none`",
            "design.season",
        )
    return codes


def _require_points(found: Series, panel: Panel) -> None:
    """Raise when a side has fewer than three periods."""
    for count, side, span in ((found.n_before, "before", found.spans[0]), (found.n_after, "after", found.spans[1])):
        if count < FEWEST_POINTS:
            raise DesignError(
                f"{count} {words_for(panel.frequency, count)} {side} the start "
                f"({words_of(span, panel.frequency)}), and at least {FEWEST_POINTS} are needed",
                "bring more periods, or use before_after",
                f"design.{side}",
            )
