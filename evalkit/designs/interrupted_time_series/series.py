"""One series around its interruption: rows, start and season, checked for holes and for enough points."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.controls import Controls, part
from evalkit.designs.interrupted_time_series.interruptions import Excluded, Exclusion, excluded_spans
from evalkit.designs.outcomes import require_single_rows
from evalkit.designs.windows import Span, first_start, spans_around, words_of
from evalkit.errors import DataError, DesignError
from evalkit.periods import PER_YEAR, SEASON_LENGTH, WEEK, season_of, spell_periods, words_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy
    import pandas

    from evalkit.designs.options import Window
    from evalkit.records import Panel

FEWEST_POINTS = 3
COUNT_FAMILIES = ("poisson", "quasi_poisson", "negative_binomial")
"""Families on the log scale that model a count as a count."""


@dataclass(frozen=True, eq=False)
class Series:
    """Rows of one series in the windows, less those that are taken out.

    Attributes
    ----------
    frame : pandas.DataFrame
        In the order of time.
    start : int
        First period of the change: that of the window after, past any phase-in. Time counts from it, also where that
        very period is excluded.
    spans : (Span, Span)
        From the first to the last period that is used, before and after.
    n_before, n_after : int
    windows : (Span, Span)
        As the design gives them.
    panel : Panel
        The treated series alone, every period.
    control : Panel or None
        The controls, where the design names them.
    excluded : tuple of Excluded
        What was taken out inside the windows, with the reason.
    dropped : tuple of (str, str)
        The same in words, after the units that were left out.
    """

    frame: pandas.DataFrame
    start: int
    spans: tuple[Span, Span]
    n_before: int
    n_after: int
    windows: tuple[Span, Span]
    panel: Panel
    control: Panel | None = None
    excluded: tuple[Excluded, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()

    @property
    def times(self) -> list[int]:
        """Periods that are used."""
        return [int(time) for time in self.frame["time"]]


def series(
    panel: Panel,
    before: Window | None,
    after: Window | None,
    *,
    phase_in: int = 0,
    anticipation: int = 0,
    exclude: Sequence[Exclusion] = (),
    controls: Controls | None = None,
) -> Series:
    """Return the rows before and after the interruption.

    Parameters
    ----------
    panel : Panel
    before, after : Window or None
    phase_in, anticipation : int
        Periods from the start on, and before it, that are taken out.
    exclude : sequence of Exclusion
        Further periods that are taken out.
    controls : Controls or None
        Which units are comparison series.

    Raises
    ------
    DesignError
        When there are several units and no controls, no interruption within the data, periods to take out that are not
        there, or fewer than three periods left on a side.
    DataError
        When a period is missing that is neither declared as a gap nor taken out, or has no exposure.
    """
    require_single_rows(panel, "interrupted_time_series")
    one, control, dropped = part(panel, controls)
    start = first_start(one)
    if start is None:
        raise DesignError(
            "no period is treated, so there is no interruption", "give `intervention.start`", "intervention"
        )
    earlier, later = spans_around(one, before, after)
    out = excluded_spans(one, start, phase_in, anticipation, list(exclude))
    gone = {time for span, _ in out for time in range(span.first, span.last + 1)}
    for held in (one, control):
        if held is not None:
            _require_rows(held, gone, earlier.first, earlier.last if before else start - 1)
            _require_rows(held, gone, later.first if after else start, later.last)
    frame = one.frame[one.frame["time"].between(*earlier) | one.frame["time"].between(*later)]
    phased = later.first if not phase_in else max(later.first, start + phase_in)
    first = int(frame.loc[frame["time"] >= phased, "time"].min()) if (frame["time"] >= phased).any() else phased
    kept = frame[~frame["time"].isin(gone)]
    sides = kept[kept["time"] <= earlier.last], kept[kept["time"] >= later.first]
    _require_points(sides, (earlier, later), one)
    spans = tuple(Span(int(side["time"].min()), int(side["time"].max())) for side in sides)
    inside = tuple(each for each in out if frame["time"].between(*each.span).any())
    _require_exposure(kept, one)
    words = tuple((words_of(each.span, one.frequency), each.why) for each in inside)
    return Series(
        kept, first, (spans[0], spans[1]), len(sides[0]), len(sides[1]), (earlier, later), one, control, inside,
        (*dropped, *words),
    )  # fmt: skip


def default_season(found: Series, frequency: str) -> str:
    """Return the season of the data's own frequency when two of its rounds lie before the start, else none.

    A round is a year of months or quarters, and a week of days.
    """
    if frequency == "day":
        return "weekday" if found.n_before >= 2 * WEEK else "none"
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
    too_coarse = (season == "month" and frequency == "quarter") or (season == "weekday" and frequency != "day")
    if frequency in ("year", "financial_year", "number") or too_coarse:
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


def season_terms(
    found: Series, season: str, pairs: int | None, frequency: str
) -> list[int] | Mapping[str, numpy.ndarray] | None:
    """Return the season as `segmented.segmented_design` takes it: codes, waves by name, or None.

    Raises
    ------
    DesignError
        As `season_codes`, or when there are more pairs of waves than half a year has periods.
    """
    if season != "fourier":
        return season_codes(found, season, frequency)
    from evalkit.estimation.series.seasons import waves

    if frequency in ("year", "financial_year", "number"):
        raise DesignError(
            f"data by {words_for(frequency)} have no season within the year", "use `season: none`", "design.season"
        )
    return waves(found.times, PER_YEAR[frequency], pairs or 1)


def _require_rows(panel: Panel, gone: set[int], first: int, last: int) -> None:
    """Raise when a period that is used is missing; those that are taken out may be."""
    if last < first:
        return
    gaps = (*panel.gaps, *((time, "taken out", None) for time in gone))
    dataclasses.replace(panel, gaps=gaps).require_complete(first, last)


def _require_exposure(frame: pandas.DataFrame, panel: Panel) -> None:
    """Raise when a period that is used has no exposure, or one that is not above zero."""
    wrong = frame.loc[~(frame["exposure"] > 0.0), "time"]
    if len(wrong):
        raise DataError(
            f"there is no exposure above zero in {spell_periods((int(time) for time in wrong), panel.frequency)}",
            "fill it in, or take these periods out by `design.exclude` with a reason",
            "exposure",
        )


def _require_points(sides: tuple[pandas.DataFrame, pandas.DataFrame], windows: tuple[Span, Span], panel: Panel) -> None:
    """Raise when a side has fewer than three periods."""
    for rows, side, span in zip(sides, ("before", "after"), windows, strict=True):
        if len(rows) < FEWEST_POINTS:
            raise DesignError(
                f"{len(rows)} {words_for(panel.frequency, len(rows))} {side} the start "
                f"({words_of(span, panel.frequency)}) can be used, and at least {FEWEST_POINTS} are needed",
                "bring more periods, take fewer out, or use before_after",
                f"design.{side}",
            )
