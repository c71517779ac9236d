"""Windows of periods: from the words of a study file to whole periods of a panel, and back to words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from evalkit.designs.options import Window
from evalkit.errors import DesignError, EvalkitError
from evalkit.periods import named_period, parse_period

if TYPE_CHECKING:
    from evalkit.records import Panel


class Span(NamedTuple):
    """Whole periods from `first` to `last`, both included."""

    first: int
    last: int

    def holds(self, time: int) -> bool:
        """Return whether the period lies in the span."""
        return self.first <= time <= self.last


def first_start(panel: Panel) -> int | None:
    """Return the first period in which any unit is treated, None when no unit ever is."""
    starts = panel.frame["first_time"].dropna()
    return None if starts.empty else int(starts.min())


def span_of(window: Window, panel: Panel, key: str) -> Span:
    """Return the periods of a window.

    An end that is left out is the end of the data; towards the start of treatment, where there is one, it is the
    last period before the start (`before`) or the start itself (`after`).

    Raises
    ------
    DesignError
        When an end is not a period, the ends are the wrong way round, or no row lies in the window; `where` is
        `design.` and `key`.
    """
    times, where = panel.times, f"design.{key}"
    start = first_start(panel)
    from_start = times[0] if start is None or key == "before" else start
    to_start = times[-1] if start is None or key == "after" else start - 1
    try:
        first = from_start if window.from_ is None else parse_period(window.from_, panel.frequency)
        last = to_start if window.to is None else parse_period(window.to, panel.frequency)
    except EvalkitError as error:
        problem = error.problems[0]
        raise DesignError(problem.message, problem.mend, where) from None
    span = Span(first, last)
    if first > last:
        raise DesignError(
            f"the window ends ({panel.label(last)}) before it starts ({panel.label(first)})", "swap its ends", where
        )
    if not any(span.holds(time) for time in times):
        raise DesignError(
            f"there are no rows for {words_of(span, panel.frequency)}",
            f"choose a window within the data, {panel.label(times[0])} to {panel.label(times[-1])}",
            where,
        )
    return span


def window_of(span: Span, panel: Panel) -> Window:
    """Return a span as the study file would write it."""
    return Window.model_validate({"from": panel.label(span.first), "to": panel.label(span.last)})


def spans_around(panel: Panel, before: Window | None, after: Window | None) -> tuple[Span, Span]:
    """Return the windows before and after; left out, they are all periods with rows before and from the first start.

    Raises
    ------
    DesignError
        When a window is left out and no unit is treated within the data, when the windows overlap or are the wrong
        way round, or when the window before holds treated periods or the window after untreated ones.
    """
    times, start = panel.times, first_start(panel)
    if start is None and (before is None or after is None):
        raise DesignError(
            "no unit is treated at any time, so there is no before and after",
            "check the units and dates under `intervention`, or give `design.before` and `design.after`",
        )
    if start is not None:
        _require_inside(panel, start, before, after)
    split = start if start is not None else times[-1] + 1
    earlier = span_of(before, panel, "before") if before else Span(times[0], max(t for t in times if t < split))
    later = span_of(after, panel, "after") if after else Span(min(t for t in times if t >= split), times[-1])
    if earlier.last >= later.first:
        raise DesignError(
            f"the window before ends in {panel.label(earlier.last)}, which is not before the window after starts "
            f"({panel.label(later.first)})",
            "let the window before end first",
            "design.before",
        )
    if start is not None and not earlier.last < start <= later.first:
        raise DesignError(
            f"treatment starts in {panel.label(start)}, and the windows are {words_of(earlier, panel.frequency)} and "
            f"{words_of(later, panel.frequency)}",
            "let the window before end before the start, and the window after begin at the start or later",
            "design",
        )
    return earlier, later


def rows_in(panel: Panel, *spans: Span) -> list[int]:
    """Return the periods of the panel that lie in any of the spans."""
    return [time for time in panel.times if any(span.holds(time) for span in spans)]


def words_of(span: Span, frequency: str, names: Mapping[str, str] | None = None) -> str:
    """Return a span in words, or by the names of its periods: `December 2019`, `January 2019 to March 2019`."""
    first, last = (named_period(time, frequency, names or {}) for time in span)
    return first if span.first == span.last else f"{first} to {last}"


def _require_inside(panel: Panel, start: int, before: Window | None, after: Window | None) -> None:
    """Raise when a default window would be empty because treatment starts at or outside an end of the data."""
    first, last = panel.times[0], panel.times[-1]
    ends = f"the data run from {panel.label(first)} to {panel.label(last)}"
    if before is None and start <= first:
        raise DesignError(
            f"treatment starts in {panel.label(start)} and {ends}: there is no period before",
            "bring earlier data, or correct the start",
            "intervention",
        )
    if after is None and start > last:
        raise DesignError(
            f"treatment starts in {panel.label(start)} and {ends}: there is no period after",
            "bring later data, or correct the start",
            "intervention",
        )
