"""What would have been, while few of the treated have begun: a line without bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.records import Result


def while_few_have_begun(model: Estimated, result: Result) -> Result:
    """Return the result without bounds of its path in periods in which few of the treated have begun.

    Parameters
    ----------
    model : Estimated
    result : Result

    Notes
    -----
    The path is a mean over all units that are treated at some time, and those that have not begun count as seen. So its
    bounds shrink with the share that has begun, whatever is known of those few: with two of six places they are a third
    as wide, just where single periods have no interval at all. Bounds are left out while fewer than six treated
    clusters have begun and others have not.
    """
    frame, starts = model.study.frame, model.study.starts
    units = frame["unit"].to_numpy()
    of = dict(zip(units, model.clusters.to_numpy(), strict=True))
    few = set()
    for time in model.study.times:
        begun = [unit for unit, start in starts.items() if start <= time]
        if len(begun) < len(starts) and len({of[unit] for unit in begun if unit in of}) < FEW_TREATED_CLUSTERS:
            few.add(model.panel.label(time))
    path = tuple(replace(point, low=None, high=None) if point.period in few and point.low is not None else point
                 for point in result.path)  # fmt: skip
    return replace(result, path=path)
