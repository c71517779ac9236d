"""The rows of a before/after comparison: two windows of the treated units, checked for holes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.before_after.same_months import place_in_year, place_words, shared
from evalkit.designs.windows import Span, spans_around, words_of
from evalkit.errors import DataError, DesignError, Problem
from evalkit.periods import words_for

if TYPE_CHECKING:
    import pandas

    from evalkit.designs.options import Window
    from evalkit.records import Panel


@dataclass(frozen=True, eq=False)
class Halves:
    """Rows before and after, of the units that the comparison is about.

    Attributes
    ----------
    panel : Panel
        The units that are used, every period.
    before, after : pandas.DataFrame
        Rows of each window.
    spans : (Span, Span)
    both : tuple of str
        Units with rows in both windows.
    dropped : tuple of (str, str)
        Units that are not used, each with the reason.
    left_out : tuple of int
        Periods within the windows that are not compared, since the other window lacks their time of the year.
    """

    panel: Panel
    before: pandas.DataFrame
    after: pandas.DataFrame
    spans: tuple[Span, Span]
    both: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    left_out: tuple[int, ...] = ()

    @property
    def words(self) -> tuple[str, str]:
        """Both windows in words: `December 2019`, `the 12 months January 2019 to December 2019`."""
        counted = [
            window_words(span, times, self.panel, bool(self.left_out))
            for span, times in zip(self.spans, self.times, strict=True)
        ]
        return counted[0], counted[1]

    @property
    def times(self) -> tuple[list[int], list[int]]:
        """Periods with data in each window, ascending."""
        before, after = (sorted({int(time) for time in side["time"]}) for side in (self.before, self.after))
        return before, after

    @property
    def periods(self) -> tuple[int, int]:
        """Number of periods with data in each window."""
        return int(self.before["time"].nunique()), int(self.after["time"].nunique())


def window_words(span: Span, times: list[int], panel: Panel, matched: bool = False) -> str:
    """Return a window in words, with the number of its periods where there are several.

    Parameters
    ----------
    span : Span
    times : list of int
        Its periods that are compared.
    panel : Panel
        Length and names of its periods.
    matched : bool
        Whether others within it are left out, so that those kept are named.
    """
    frequency = panel.frequency
    words, count = words_of(span, frequency, panel.period_names), len(times)
    if matched:
        only = place_words((place_in_year(time, frequency) for time in times), frequency)
        return f"{count} {words_for(frequency, count)} within {words} ({only} only)"
    return words if span.first == span.last else f"the {count} {words_for(frequency, count)} {words}"


def halves(panel: Panel, before: Window | None, after: Window | None, match: str = "none") -> Halves:
    """Return the rows of both windows for the treated units, or for all when none is ever treated.

    With `match` `same_months`, a window keeps only the times of the year that the other one holds too.

    Raises
    ------
    DesignError
        When windows cannot be told, are empty or overlap, or treated units start at different times.
    """
    dropped: tuple[tuple[str, str], ...] = ()
    treated = panel.treated_units
    if treated and len(treated) < len(panel.units):
        reason = "never treated: a before/after comparison does not use it"
        dropped = tuple((unit, reason) for unit in panel.units if unit not in set(treated))
        panel = dataclasses.replace(panel, frame=panel.frame[panel.frame["unit"].isin(treated)])
    _require_one_start(panel, before, after)
    spans = spans_around(panel, before, after)
    first, second = (panel.frame[panel.frame["time"].between(*span)] for span in spans)
    for frame, span, key in ((first, spans[0], "before"), (second, spans[1], "after")):
        if frame.empty:
            raise DesignError(
                f"there are no rows for {words_of(span, panel.frequency)}",
                "choose a window within the data",
                f"design.{key}",
            )
    left_out: tuple[int, ...] = ()
    if match == "same_months":
        first, second, left_out = _matched(first, second, panel.frequency)
    later = set(second["unit"])
    both = tuple(unit for unit in dict.fromkeys(first["unit"]) if unit in later)
    return Halves(panel, first, second, spans, both, dropped, left_out)


def _matched(
    first: pandas.DataFrame, second: pandas.DataFrame, frequency: str
) -> tuple[pandas.DataFrame, pandas.DataFrame, tuple[int, ...]]:
    """Return the rows of both windows at times of the year that both hold, and the periods that are left out."""
    sides = [sorted({int(time) for time in side["time"]}) for side in (first, second)]
    places = shared(sides[0], sides[1], frequency)
    left_out = [time for side in sides for time in side if place_in_year(time, frequency) not in places]
    kept = [side[~side["time"].isin(left_out)] for side in (first, second)]
    return kept[0], kept[1], tuple(left_out)


def require_complete_windows(rows: Halves, every_unit: bool) -> None:
    """Raise unless no period of either window is missing, for every unit or for all units together.

    Raises
    ------
    DataError
        Naming units and periods.
    """
    problems: list[Problem] = []
    for span in rows.spans:
        frame = rows.panel.frame[rows.panel.frame["time"].between(*span)]
        window = dataclasses.replace(rows.panel, frame=frame)
        if not every_unit:
            window = dataclasses.replace(window, frame=frame.drop_duplicates("time").assign(unit=""))
        absent = sorted(set(rows.panel.units) - set(frame["unit"])) if every_unit else []
        problems += [
            Problem(f"{unit} has no rows for {words_of(span, rows.panel.frequency)}",
                    "drop the unit, or use `pairing: unpaired`", "unit x period")
            for unit in absent
        ]  # fmt: skip
        try:
            window.require_complete(span.first, span.last)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


def _require_one_start(panel: Panel, before: Window | None, after: Window | None) -> None:
    """Raise when units start at different times and a window is left to the default."""
    starts = sorted({int(time) for time in panel.frame["first_time"].dropna()})
    if len(starts) > 1 and (before is None or after is None):
        raise DesignError(
            f"units start at {len(starts)} different times, {panel.label(starts[0])} to {panel.label(starts[-1])}, so "
            "there is no one window before and after",
            "give `design.before` and `design.after`, or use difference_in_differences",
        )
