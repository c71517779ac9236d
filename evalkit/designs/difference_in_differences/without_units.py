"""The same estimate without a unit, and without all units of a start: who makes the result."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.other_runs import (
    Reported,
    as_printed,
    clustered,
    reported,
    run_again,
    solved,
)
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.diagnostics import parallel_trends
from evalkit.errors import DataError, DesignError
from evalkit.records import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.records import Diagnostic, Panel, Result

    Case = tuple[str, list[str]]
    Without = Callable[[Sequence[str]], Reported]

MOST_UNITS = {True: 500, False: 60}
"""With more units, treated ones alone are left out, at most as many as this: where one run is quick, and where not."""
MOST_SHOWN = 60
"""Units whose absence moves the estimate most are kept; the check reads all."""


def leave_out(
    design: DifferenceInDifferences, model: Estimated, result: Result
) -> tuple[tuple[LeftOut, ...], Diagnostic]:
    """Return the estimate without each unit and without all units of each start, and the check of them.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
    result : Result
        With its final interval.

    Returns
    -------
    tuple of LeftOut
        Units in the order of the data (of more than 60 those that move the estimate most), then starts, where there are
        several. What leaves nothing to estimate says so in `problem`.
    Diagnostic
        Of all of them.

    Notes
    -----
    The estimator runs anew on what is left, exactly. Bounds are cluster-robust, and given where the headline's are. A
    regression is solved again by its own kernel; an estimator by start and period or a synthetic one runs on the
    matrix of units by periods; with declared gaps or clusters that are larger than units all of the design runs again.
    """
    whole, frame = reported(result), model.study.frame
    units = list(dict.fromkeys(frame["unit"].astype(str)))
    run, quick = _route(design, model, result)
    most = MOST_UNITS[quick]
    some = units if len(units) <= most else [unit for unit in units if unit in model.study.starts][:most]
    bounded = clustered(result)
    found = [_without(run, (unit, [unit]), whole.measure, bounded) for unit in some]
    starts = [_without(run, case, whole.measure, bounded) for case in _by_start(model)]
    every = (*found, *starts)
    if not any(one.value is not None for one in every):
        return every, parallel_trends.leave_one_out_not_run("Too little is left without any one unit.")
    check = parallel_trends.leave_one_out(
        every, whole.value, whole.low, whole.high, treated_alone=len(some) < len(units)
    )
    return (*_farthest(found, whole.value), *starts), check


def _by_start(model: Estimated) -> list[Case]:
    """Return the units of each start, in words; none where all start together."""
    study = model.study
    if len(study.cohorts) < 2:
        return []
    return [
        (f"all units that start in {model.panel.label(start)}", [u for u, s in study.starts.items() if s == start])
        for start in study.cohorts
    ]


def _farthest(found: Sequence[LeftOut], value: float) -> list[LeftOut]:
    """Return those that move the estimate most, in their order."""
    if len(found) <= MOST_SHOWN:
        return list(found)
    moves = [math.inf if one.value is None else abs(one.value - value) for one in found]
    kept = set(sorted(range(len(found)), key=lambda place: -moves[place])[:MOST_SHOWN])
    return [one for place, one in enumerate(found) if place in kept]


def _without(run: Without, case: Case, measure: str, bounded: bool) -> LeftOut:
    """Return the estimate without some units, or why there is none."""
    words, gone = case
    try:
        seen = run(gone)
    except (DesignError, DataError) as error:
        return LeftOut(words, measure=measure, problem=error.problems[0].message)
    low, high = (seen.low, seen.high) if bounded else (None, None)
    return LeftOut(words, seen.value, low, high, measure)


def _route(design: DifferenceInDifferences, model: Estimated, result: Result) -> tuple[Without, bool]:
    """Return what estimates without some units, and whether it is quick."""
    import numpy

    from evalkit.designs.difference_in_differences.reassigned import Reassigned

    if model.regression is not None:
        return lambda gone: _regressed(design, model, result, gone), True
    again, frame = model.again, model.study.frame
    wide = wide_panel(model) if again is not None and model.noun == "unit" else None
    if again is None or wide is None or wide.outcome.size != len(frame):  # gaps, which the matrix does not hold
        return lambda gone: _in_full(design, model.panel, gone), False
    bounded = clustered(result)
    names, outcome, starts = numpy.array(wide.names), wide.outcome, wide.first_treated

    def on_the_matrix(gone: Sequence[str]) -> Reported:
        left = ~numpy.isin(names, list(gone))
        _require_both(starts[left], outcome.shape[1])
        if isinstance(again, Reassigned):
            if bounded and 1 in numpy.unique(starts[left], return_counts=True)[1]:
                return _in_full(design, model.panel, gone)  # a start with one unit left has errors of another kind
            part = again.dealt(outcome, starts).keep(left)
            if not bounded:
                return as_printed(result, again.headline(part)[0])
            average = again.model.cells_of(part).average("simple")
            value, error = average.overall, average.overall_standard_error
            return as_printed(result, value, error, average.df)
        found = again(outcome[left], starts[left])
        return as_printed(result, float(found[0] if isinstance(found, tuple) else found))

    return on_the_matrix, True


def _in_full(design: DifferenceInDifferences, panel: Panel, gone: Sequence[str]) -> Reported:
    """Return the headline of the whole design on the other units."""
    kept = ~panel.frame["unit"].isin(list(gone))
    rest = dataclasses.replace(panel, frame=panel.frame[kept].reset_index(drop=True))
    named = design.comparison if isinstance(design.comparison, str) else [
        unit for unit in design.comparison if unit not in gone
    ]  # fmt: skip
    excluded = {unit: why for unit, why in design.exclude.items() if unit not in gone}
    return run_again(design, rest, comparison=named, exclude=excluded)


def _require_both(first_treated: numpy.ndarray, periods: int) -> None:
    """Raise where nobody treated, or nobody to compare with, is left; starts as indices of periods."""
    treated = first_treated < periods
    if not treated.any():
        raise DesignError("no treated unit is left")
    if treated.all() and (first_treated == first_treated[0]).all():
        raise DesignError("nobody is left to compare with")


def _regressed(design: DifferenceInDifferences, model: Estimated, result: Result, gone: Sequence[str]) -> Reported:
    """Return the regression with unit and period effects on the other units' rows."""
    assert model.regression is not None
    import numpy

    study, beyond = model.study, model.study.times[-1] + 1
    names = study.frame["unit"].drop_duplicates().tolist()  # in the order of the codes
    there = numpy.array([str(name) not in gone for name in names])
    rows = there[model.codes[0]]
    _require_both(numpy.array([study.starts.get(name, beyond) for name in names])[there], beyond)
    own = model.regression.columns.shape[1] - len(model.covariates)
    columns = model.regression.columns[rows][:, :own]
    return solved(design, model, result, rows, columns, model.study.treated_rows[rows])
