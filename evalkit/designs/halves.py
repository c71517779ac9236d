"""The rows of a before/after comparison: two windows of the treated units, checked for holes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """

    panel: Panel
    before: pandas.DataFrame
    after: pandas.DataFrame
    spans: tuple[Span, Span]
    both: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]

    @property
    def words(self) -> tuple[str, str]:
        """Both windows in words: `December 2019`, `the 12 months January 2019 to December 2019`."""
        frequency = self.panel.frequency
        counted = [
            words_of(span, frequency)
            if span.first == span.last
            else f"the {count} {words_for(frequency, count)} {words_of(span, frequency)}"
            for span, count in zip(self.spans, self.periods, strict=True)
        ]
        return counted[0], counted[1]

    @property
    def periods(self) -> tuple[int, int]:
        """Number of periods with data in each window."""
        return int(self.before["time"].nunique()), int(self.after["time"].nunique())


def halves(panel: Panel, before: Window | None, after: Window | None) -> Halves:
    """Return the rows of both windows for the treated units, or for all when none is ever treated.

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
    later = set(second["unit"])
    both = tuple(unit for unit in dict.fromkeys(first["unit"]) if unit in later)
    return Halves(panel, first, second, spans, both, dropped)


def require_complete_windows(rows: Halves, every_unit: bool) -> None:
    """Raise unless no period of either window is missing, for every unit or for all units together.

    Raises
    ------
    DataError
        Naming units and periods.
    """
    problems: list[Problem] = []
    for frame, span in ((rows.before, rows.spans[0]), (rows.after, rows.spans[1])):
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
