"""Who is treated from when: the rows of a difference in differences, checked and ready for regression."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.windows import Span, rows_in, span_of, words_of
from evalkit.errors import DataError, DesignError, Problem
from evalkit.periods import spell_periods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    dropped : tuple of (str, str)
        Treated units that have no row before their start, or none from it on, each with the reason.
    always : tuple of str
        Units treated in all of their periods whose rows are kept: they help a regression to find period effects and
        slopes, and count as changing nothing (`treated` is 0: unit effects take out what never changes).
    """

    frame: pandas.DataFrame
    starts: dict[str, int]
    comparison: tuple[str, ...]
    late: tuple[str, ...]
    times: tuple[int, ...]
    dropped: tuple[tuple[str, str], ...] = ()
    always: tuple[str, ...] = ()

    @property
    def cohorts(self) -> dict[int, int]:
        """Number of units by first treated period."""
        starts = list(self.starts.values())
        return {start: starts.count(start) for start in sorted(set(starts))}

    @property
    def treated_rows(self) -> numpy.ndarray:
        """Mask of treated unit-periods."""
        return (self.frame["treated"] == 1.0).to_numpy(dtype=bool)


def adoption(
    panel: Panel,
    before: Window | None,
    after: Window | None,
    unused: Callable[[Adoption], Iterable[str]] = lambda study: (),
    keep_always: bool = False,
) -> Adoption:
    """Return the rows in the windows and who is treated from when.

    Units treated from the first period on have no contrast of their own: they are left out and named in `dropped`, or,
    where they are kept, named in `always`.

    Parameters
    ----------
    panel : Panel
    before, after : Window or None
    unused : callable
        Returns the units that the estimate will not use, which may lack periods.
    keep_always : bool
        Whether rows of units treated in all of their periods stay.

    Raises
    ------
    DesignError
        When there are fewer than two units or periods, nobody is treated within the data, no treated unit has periods
        on both sides of its start (they are named), or there is nobody to compare with.
    DataError
        When a unit that is used lacks a period.
    """
    if len(panel.units) < 2:
        raise DesignError(
            "there is one unit, and a difference in differences needs others to compare it with",
            "add comparison units under `data.unit`, or use interrupted_time_series",
            "data.unit",
        )
    spans = _spans(panel, before, after)
    times = rows_in(panel, *spans)
    if len(times) < 2:
        raise DesignError(f"there is one period ({panel.label(times[0])}), and at least two are needed")
    dropped, early = _one_sided(panel, times)
    _require_starts(panel, dropped, times)
    always = tuple(early) if keep_always else ()
    dropped = {unit: why for unit, why in dropped.items() if unit not in always}
    kept = dataclasses.replace(panel, frame=panel.frame[~panel.frame["unit"].isin(list(dropped))])
    frame = kept.frame[kept.frame["time"].isin(times)].copy()
    first_time = frame.groupby("unit", sort=False)["first_time"].first()
    starts = {
        str(unit): int(start) for unit, start in first_time.dropna().items()
        if start <= times[-1] and unit not in always
    }  # fmt: skip
    late = tuple(str(unit) for unit, start in first_time.dropna().items() if start > times[-1])
    comparison = tuple(str(unit) for unit in first_time.index if str(unit) not in {*starts, *always})
    if not comparison and len(set(starts.values())) == 1:
        raise DesignError(
            f"every unit is treated from {panel.label(min(starts.values()))} on: there is nobody to compare with",
            "add units that are never treated, or treated later, or use interrupted_time_series on their sum",
            "intervention",
        )
    frame["event_time"] = frame["time"] - frame["unit"].map(starts)
    frame["treated"] = (frame["event_time"] >= 0).astype(float)
    study = Adoption(frame, starts, comparison, late, tuple(times), tuple(dropped.items()), always)
    used = kept.frame[~kept.frame["unit"].isin(list(unused(study)))]
    _require_every_period(dataclasses.replace(panel, frame=used), spans, set(starts))
    return study


def _spans(panel: Panel, before: Window | None, after: Window | None) -> list[Span]:
    """Return the stretches of periods that are used: one, or two with a hole between them."""
    earlier = span_of(before, panel, "before") if before else None
    later = span_of(after, panel, "after") if after else None
    if not (earlier and later):
        return [Span(earlier.first if earlier else panel.times[0], later.last if later else panel.times[-1])]
    if earlier.last >= later.first:
        raise DesignError(
            f"the window before ({words_of(earlier, panel.frequency)}) does not end before the window after "
            f"({words_of(later, panel.frequency)})",
            "let the window before end first",
            "design.before",
        )
    return [earlier, later]


def _one_sided(panel: Panel, times: list[int]) -> tuple[dict[str, str], list[str]]:
    """Return treated units without a row before their start, or without one from it on, each with the reason.

    The second are those of the former kind: treated in all of their periods.
    """
    rows = panel.frame[panel.frame["time"].isin(times) & (panel.frame["first_time"] <= times[-1])]
    ends = rows.groupby("unit", sort=False).agg(
        first=("time", "min"), last=("time", "max"), start=("first_time", "first")
    )
    found, early = {}, []
    for unit, (first, last, start) in zip(ends.index, ends.to_numpy(), strict=True):
        began = panel.label(int(start))
        if start <= first:
            early.append(str(unit))
            found[str(unit)] = (
                f"treated from {began} on, and the first period used is {panel.label(int(first))}: nothing shows it "
                "without treatment"
            )
        elif last < start:
            found[str(unit)] = f"treated from {began} on, and no period from then on is in the data"
    return found, early


def _require_starts(panel: Panel, dropped: dict[str, str], times: list[int]) -> None:
    """Raise unless a unit is treated within the periods used, with a period before."""
    starts = panel.frame.groupby("unit", sort=False)["first_time"].first().dropna()
    within = [str(unit) for unit, start in starts.items() if start <= times[-1]]
    if not within:
        late = f"treatment starts after the last period ({panel.label(times[-1])})"
        what = late if len(starts) else "no unit is treated"
        raise DesignError(what, "check the units and dates under `intervention`", "intervention")
    if len(dropped) < len(within):
        return
    raise DesignError(
        "no treated unit has periods on both sides of its start; treated from the first period on, so without a "
        f"period before: {', '.join(list(dropped)[:10])}"
        + (f" and {len(dropped) - 10} more" if len(dropped) > 10 else ""),
        "bring earlier data, or let the window before begin earlier",
        "intervention",
    )


def _require_every_period(panel: Panel, spans: list[Span], treated: set[str]) -> None:
    """Raise when a unit lacks a period that is used, with the ways to leave out a unit of its kind."""
    first, last = panel.times[0], panel.times[-1]
    for span in spans:
        inside = dataclasses.replace(panel, frame=panel.frame[panel.frame["time"].between(span.first, span.last)])
        _require_every_unit(panel, inside, span)
        holes = inside.holes(max(span.first, first), min(span.last, last))
        if holes:
            raise DataError(_lacking(panel, holes, treated))


def _lacking(panel: Panel, holes: list[tuple[str, list[int]]], treated: set[str]) -> list[Problem]:
    """Return one problem for periods that no unit has, and one for each unit that lacks others."""
    there = set(panel.times)
    nowhere = sorted({time for _, times in holes for time in times} - there)
    found = []
    if nowhere:
        found.append(Problem(
            f"no unit ({len(panel.units):,} in the data) has rows for {spell_periods(nowhere, panel.frequency)}",
            "bring these periods, declare them as gaps with a reason (`data.gaps`), or, where they were never "
            "measured, use windows before and after (`design.before`, `design.after`)",
            "data.period",
        ))  # fmt: skip
    own = [(unit, [time for time in times if time in there]) for unit, times in holes]
    return [*found, *(_hole(panel, unit, times, unit in treated) for unit, times in own if times)]


def _hole(panel: Panel, unit: str, times: list[int], treated: bool) -> Problem:
    """Return that a unit lacks periods, and what can be done about it."""
    there = f"`data.filter: {{COLUMN OF UNITS: {{not: {unit}}}}}`"
    out = there if treated else f"`design.exclude: {{{unit}: WHY}}` or {there}"
    return Problem(
        f"{unit} has no rows for {spell_periods(times, panel.frequency)}",
        f"declare gaps with a reason (`data.gaps`, period: {{from, to}}), or leave the unit out by {out}",
        "unit x period",
    )


def _require_every_unit(panel: Panel, inside: Panel, span: Span) -> None:
    """Raise when a unit has no row at all in a window, which `Panel.holes` cannot see."""
    absent = sorted(set(panel.units) - set(inside.units))
    if absent:
        raise DesignError(
            f"no rows for {words_of(span, panel.frequency)} in {', '.join(absent[:10])}"
            + (f" and {len(absent) - 10} more units" if len(absent) > 10 else ""),
            "choose other windows, or drop these units",
        )
