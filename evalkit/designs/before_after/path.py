"""The path of a before/after comparison: every period as observed, and the level before carried on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.records import PathPoint

if TYPE_CHECKING:
    import pandas

    from evalkit.designs.before_after.change import Change
    from evalkit.designs.before_after.halves import Halves
    from evalkit.records import Panel


def path(rows: Halves, areas: Halves | None, change: Change, median: bool = False) -> tuple[PathPoint, ...]:
    """Return every period that all units have: totals for counts, means (or medians) for all else.

    Parameters
    ----------
    rows : Halves
    areas : Halves or None
        Comparison areas, which have no expected path and follow as a group of their own.
    change : Change
    median : bool

    Notes
    -----
    In the window after, `counterfactual` is the level before or, with comparison areas, the level before changed in
    the proportion in which theirs did.
    """
    panel, times = rows.panel, tuple(set(side) for side in rows.times)
    name = (
        (panel.units[0] or "series") if len(panel.units) == 1 else ("all units" if areas is None else "treated areas")
    )
    level_before = _level_before(rows, change)
    points = []
    for key, side in panel.frame.groupby("time"):
        time, factor = int(str(key)), float(side["exposure"].sum()) if panel.outcome.kind == "count" else 1.0
        point = PathPoint(name, panel.label(time), _observed(side, panel, median))
        if time in times[0]:
            point = replace(point, fitted=level_before * factor)
        elif time in times[1]:
            bounds = [None if bound is None else bound * factor for bound in (change.level_low, change.level_high)]
            point = replace(point, fitted=change.level_after * factor, counterfactual=change.level_before * factor,
                            low=bounds[0], high=bounds[1])  # fmt: skip
        points.append(point)
    return tuple(points) + (() if areas is None else _elsewhere(areas))


def _level_before(rows: Halves, change: Change) -> float:
    """Return the level in the window before; with comparison areas that is not what is carried on."""
    if change.comparison is None:
        return change.level_before
    return float(rows.before["value"].sum() / rows.before["exposure"].sum())


def _elsewhere(areas: Halves) -> tuple[PathPoint, ...]:
    """Return the totals of the comparison areas."""
    panel = areas.panel
    return tuple(
        PathPoint("comparison areas", panel.label(int(str(time))), _observed(side, panel, False))
        for time, side in panel.frame.groupby("time")
    )


def _observed(side: pandas.DataFrame, panel: Panel, median: bool) -> float | None:
    """Return what was seen in one period; None for a total over some of the units, which would look like a fall."""
    kind = panel.outcome.kind
    if kind == "count":
        return None if side["unit"].nunique() < len(panel.units) else float(side["value"].sum())
    if kind in ("proportion", "binary"):
        return float((side["value"] * side["exposure"]).sum() / side["exposure"].sum())
    return float(side["value"].median() if median else side["value"].mean())
