"""Who is treated from when: the rows of a difference in differences, checked and ready for regression."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.windows import Span, rows_in, span_of, words_of
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.options import Window
    from evalkit.records import Panel


@dataclass(frozen=True, eq=False)
class Adoption:
    """Rows of a panel by who is treated from when.

    Attributes
    ----------
    frame : pandas.DataFrame
        The panel's rows in the windows, with `treated` (1.0 from a unit's start on, else 0.0) and `event_time`
        (periods since the start, 0 in the first treated period; NaN for units never treated in these data).
    starts : dict of str to int
        First treated period of each unit treated within the data.
    comparison : tuple of str
        Units that are not treated at any time in these data.
    late : tuple of str
        Those of them whose start lies after the last period.
    times : tuple of int
    """

    frame: pandas.DataFrame
    starts: dict[str, int]
    comparison: tuple[str, ...]
    late: tuple[str, ...]
    times: tuple[int, ...]

    @property
    def cohorts(self) -> dict[int, int]:
        """Number of units by first treated period."""
        starts = list(self.starts.values())
        return {start: starts.count(start) for start in sorted(set(starts))}

    @property
    def treated_rows(self) -> numpy.ndarray:
        """Mask of treated unit-periods."""
        return (self.frame["treated"] == 1.0).to_numpy(dtype=bool)


def adoption(panel: Panel, before: Window | None, after: Window | None) -> Adoption:
    """Return the rows in the windows and who is treated from when.

    Raises
    ------
    DesignError
        When there are fewer than two units or periods, nobody to compare with, or a treated unit without a period
        before or after its start; every such unit is named.
    DataError
        When a unit lacks a period.
    """
    if len(panel.units) < 2:
        raise DesignError(
            "there is one unit, and a difference in differences needs others to compare it with",
            "add comparison units under `data.unit`, or use interrupted_time_series",
            "data.unit",
        )
    times = _windows(panel, before, after)
    frame = panel.frame[panel.frame["time"].isin(times)].copy()
    if len(times) < 2:
        raise DesignError(f"there is one period ({panel.label(times[0])}), and at least two are needed")
    first_time = frame.groupby("unit", sort=False)["first_time"].first()
    starts = {str(unit): int(start) for unit, start in first_time.dropna().items() if start <= times[-1]}
    late = tuple(str(unit) for unit, start in first_time.dropna().items() if start > times[-1])
    comparison = tuple(str(unit) for unit in first_time.index if str(unit) not in starts)
    _require_contrast(panel, starts, comparison, late, times)
    frame["event_time"] = frame["time"] - frame["unit"].map(starts)
    frame["treated"] = (frame["event_time"] >= 0).astype(float)
    return Adoption(frame, starts, comparison, late, tuple(times))


def _windows(panel: Panel, before: Window | None, after: Window | None) -> list[int]:
    """Return the periods that are used, complete for every unit."""
    whole = Span(panel.times[0], panel.times[-1])
    earlier = span_of(before, panel, "before") if before else None
    later = span_of(after, panel, "after") if after else None
    spans = [Span(earlier.first if earlier else whole.first, later.last if later else whole.last)]
    if earlier and later:
        spans = [earlier, later]
        if earlier.last >= later.first:
            raise DesignError(
                f"the window before ({words_of(earlier, panel.frequency)}) does not end before the window after "
                f"({words_of(later, panel.frequency)})",
                "let the window before end first",
                "design.before",
            )
    for span in spans:
        inside = dataclasses.replace(panel, frame=panel.frame[panel.frame["time"].between(span.first, span.last)])
        _require_every_unit(panel, inside, span)
        inside.require_complete(max(span.first, whole.first), min(span.last, whole.last))
    return rows_in(panel, *spans)


def _require_every_unit(panel: Panel, inside: Panel, span: Span) -> None:
    """Raise when a unit has no row at all in a window, which `Panel.holes` cannot see."""
    absent = sorted(set(panel.units) - set(inside.units))
    if absent:
        raise DesignError(
            f"no rows for {words_of(span, panel.frequency)} in {', '.join(absent[:10])}"
            + (f" and {len(absent) - 10} more units" if len(absent) > 10 else ""),
            "choose other windows, or drop these units",
        )


def _require_contrast(
    panel: Panel, starts: dict[str, int], comparison: tuple[str, ...], late: tuple[str, ...], times: list[int]
) -> None:
    """Raise unless treated units have periods on both sides and there is somebody to compare them with."""
    if not starts:
        what = f"treatment starts after the last period ({panel.label(times[-1])})" if late else "no unit is treated"
        raise DesignError(what, "check the units and dates under `intervention`", "intervention")
    early = [unit for unit, start in starts.items() if start <= times[0]]
    if early:
        raise DesignError(
            f"treated from the first period on, so without a period before: {', '.join(early[:10])}"
            + (f" and {len(early) - 10} more" if len(early) > 10 else ""),
            "bring earlier data, or leave these units out by `data.filter`",
            "intervention",
        )
    if not comparison and len(set(starts.values())) == 1:
        raise DesignError(
            f"every unit is treated from {panel.label(min(starts.values()))} on: there is nobody to compare with",
            "add units that are never treated, or treated later, or use interrupted_time_series on their sum",
            "intervention",
        )
