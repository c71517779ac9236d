"""The same estimate again: without a unit or a start, at earlier dates, in other places, and on the other scale."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

from evalkit.designs.difference_in_differences.resampled import changes
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.diagnostics import parallel_trends
from evalkit.errors import DataError, DesignError
from evalkit.records import Estimate, LeftOut, Placebo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.records import Diagnostic, Panel, Result

MOST_UNITS = 60
"""With more units, treated ones alone are left out, at most as many as this."""
MOST_DATES = 20
FEWEST_PERIODS = 2
"""Periods that an earlier date needs on either side."""
LOGARITHMIC = ("two_way_fixed_effects", "event_study", "callaway_santanna", "sun_abraham", "imputation")


class Reported(NamedTuple):
    """An effect as it is printed: percent on the log scale, else in the modelled unit."""

    value: float
    low: float | None
    high: float | None
    measure: str

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out no effect."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def reported(result: Result) -> Reported:
    """Return the headline of a result as it is printed."""
    effect = result.effect.percent() if result.effect.scale == "log" else result.effect
    return Reported(effect.value, effect.low, effect.high, effect.unit)


def leave_out(
    design: DifferenceInDifferences, model: Estimated, result: Result
) -> tuple[tuple[LeftOut, ...], Diagnostic]:
    """Return the estimate without each unit and without all units of each start, and the check of them.

    Notes
    -----
    The estimator runs anew on what is left, with cluster-robust inference; bounds are given where the headline's own
    inference is that too. Where there are more than 60 units, treated ones alone are left out. Starts are left out
    where there are several. What leaves nothing to estimate says so in `problem`.
    """
    study, whole = model.study, reported(result)
    units = list(dict.fromkeys(study.frame["unit"].astype(str)))
    some = units if len(units) <= MOST_UNITS else [unit for unit in units if unit in study.starts][:MOST_UNITS]
    cases = [(unit, [unit]) for unit in some]
    if len(study.cohorts) > 1:
        cases += [
            (f"all units that start in {model.panel.label(start)}", [u for u, s in study.starts.items() if s == start])
            for start in study.cohorts
        ]
    bounded = _clustered(result)
    found = tuple(_without(design, model, words, gone, whole.measure, bounded) for words, gone in cases)
    if not any(one.value is not None for one in found):
        return found, parallel_trends.leave_one_out_not_run("Too little is left without any one unit.")
    return found, parallel_trends.leave_one_out(found, whole.value, whole.low, whole.high)


def _without(
    design: DifferenceInDifferences, model: Estimated, words: str, gone: Sequence[str], measure: str, bounded: bool
) -> LeftOut:
    """Return the estimate without some units, or why there is none."""
    import numpy

    kept = ~model.panel.frame["unit"].isin(list(gone))
    try:
        if design.estimator == "two_way_fixed_effects" and model.regression is not None:
            seen = _regressed(design, model, ~model.study.frame["unit"].isin(list(gone)).to_numpy(), measure)
        elif model.own_inference and model.again is not None:
            wide = wide_panel(model)
            left = ~numpy.isin(wide.names, list(gone))
            seen = _bare(model, wide.outcome[left], wide.first_treated[left], measure)
        else:
            rest = dataclasses.replace(model.panel, frame=model.panel.frame[kept].reset_index(drop=True))
            seen = _again(design, rest, comparison=_named(design, gone))
    except (DesignError, DataError) as error:
        return LeftOut(words, measure=measure, problem=error.problems[0].message)
    low, high = (seen.low, seen.high) if bounded else (None, None)
    return LeftOut(words, seen.value, low, high, measure)


def _bare(model: Estimated, outcome: numpy.ndarray, first_treated: numpy.ndarray, measure: str) -> Reported:
    """Return an estimate without the inference that its estimator brings, which would take long each time."""
    assert model.again is not None
    treated = first_treated < outcome.shape[1]
    if not treated.any() or treated.all():
        raise DesignError("no treated unit is left" if not treated.any() else "nobody is left to compare with")
    found = model.again(outcome, first_treated)
    value = float(found[0] if isinstance(found, tuple) else found)
    return Reported(100.0 * math.expm1(value) if model.scale == "log" else value, None, None, measure)


def _regressed(design: DifferenceInDifferences, model: Estimated, rows: numpy.ndarray, measure: str) -> Reported:
    """Return the two-way regression on some rows; as `_again`, without what else a result holds."""
    import pandas

    from evalkit.estimation.few_units.cluster_robust import cluster_robust

    assert model.regression is not None
    frame, columns = model.study.frame[rows], model.regression.columns[rows]
    treated = frame["unit"].isin(list(model.study.starts))
    if not treated.any():
        raise DesignError("no treated unit is left")
    if treated.all() and frame["unit"].map(model.study.starts).nunique() == 1:
        raise DesignError("nobody is left to compare with")
    fit = cluster_robust(
        model.outcome[rows], columns, pandas.factorize(frame["unit"])[0], pandas.factorize(frame["time"])[0],
        weights=None if model.weights is None else model.weights[rows], correction="CR1",
        cluster=pandas.factorize(model.clusters[rows])[0], small_sample=design.small_sample,
    )  # fmt: skip
    effect = Estimate.from_standard_error(
        float(fit.coefficients[0]), float(fit.standard_errors[0]), float(fit.degrees_of_freedom[0]),
        level=design.level, scale=model.scale, unit=measure,
    )  # fmt: skip
    seen = effect.percent() if model.scale == "log" else effect
    return Reported(seen.value, seen.low, seen.high, measure)


def _again(design: DifferenceInDifferences, panel: Panel, **changed: object) -> Reported:
    """Return the headline of the same design on another panel, with cluster-robust inference."""
    other = design.model_copy(update={"inference": "cluster_robust", **changed})
    return reported(other.estimate(panel, supplements=False))


def _named(design: DifferenceInDifferences, gone: Sequence[str]) -> object:
    """Return the comparison without units that are left out, where it is named unit by unit."""
    named = design.comparison
    return named if isinstance(named, str) else [unit for unit in named if unit not in gone]


def _clustered(result: Result) -> bool:
    """Return whether the headline's interval is a clustered one."""
    return (result.inference or {}).get("method") in ("clustered", "cluster_robust")


def placebo_dates(
    design: DifferenceInDifferences, model: Estimated, result: Result
) -> tuple[tuple[Placebo, ...], Diagnostic]:
    """Return the estimate at earlier dates, on the data before the first start, the true one last, and the check.

    Notes
    -----
    All treated units take the pretend start; rows from the first true start on are left out. A date needs two periods
    on each side; at most 20 dates, evenly spaced.
    """
    import numpy

    study, whole = model.study, reported(result)
    first = min(study.starts.values())
    times = [time for time in study.times if time < first]
    dates = times[FEWEST_PERIODS : len(times) - FEWEST_PERIODS + 1]
    if len(dates) > MOST_DATES:
        dates = [dates[place] for place in numpy.linspace(0, len(dates) - 1, MOST_DATES).round().astype(int)]
    frame = study.frame[study.frame["time"].isin(times)].drop(columns=["event_time", "treated"]).reset_index(drop=True)
    treated, found = frame["unit"].isin(list(study.starts)), []
    for date in dates:
        pretend = frame.assign(first_time=numpy.where(treated, float(date), math.nan))
        try:
            if model.own_inference and model.again is not None:
                wide, early = wide_panel(model), len(times)
                start = numpy.where(wide.treated, times.index(date), early)
                seen = _bare(model, wide.outcome[:, :early], start, whole.measure)
            else:
                there = dataclasses.replace(model.panel, frame=pretend)
                # `frame` is without the comparison units that are left out
                seen = _again(design, there, before=None, after=None, leads=None, lags=None, exclude={})
        except (DesignError, DataError):
            continue
        low, high = (seen.low, seen.high) if _clustered(result) else (None, None)
        found.append(Placebo("period", "", model.panel.label(date), seen.value, low, high, None, seen.measure))
    if not found:
        return (), parallel_trends.placebo_dates_not_run("No earlier date has two periods on either side.")
    true = Placebo("period", "", model.panel.label(first), whole.value, whole.low, whole.high,
                   result.effect.p_value, whole.measure, true=True)  # fmt: skip
    return (*found, true), parallel_trends.placebo_dates(found, whole.value, whole.clear)


def placebo_units(design: DifferenceInDifferences, model: Estimated, whole: Reported) -> tuple[Placebo, ...]:
    """Return the estimate for each place without treatment in turn, the treated one left out of its comparison.

    Returns
    -------
    tuple of Placebo
        For one treated place whose headline is a difference of mean changes; the treated one last. Empty otherwise.
    """
    import numpy

    if model.own_inference or model.treated_clusters != 1:
        return ()
    try:
        wide = wide_panel(model)
        change = changes(design, model, wide)
    except DesignError:
        return ()
    others = ~wide.treated
    if others.sum() < 2 or model.weights is not None:
        return ()
    rest = (change[others].sum() - change) / (others.sum() - 1)
    values: numpy.ndarray = (change - rest)[others]
    if model.scale == "log":
        values = 100.0 * numpy.expm1(values)
    names = [name for name, other in zip(wide.names, others, strict=True) if other]
    treated = next(name for name, other in zip(wide.names, others, strict=True) if not other)
    found = [Placebo("unit", name, "", float(value), measure=whole.measure)
             for name, value in sorted(zip(names, values, strict=True))]  # fmt: skip
    return (*found, Placebo("unit", treated, "", whole.value, whole.low, whole.high, None, whole.measure, true=True))


def other_scale(design: DifferenceInDifferences, model: Estimated, result: Result) -> Diagnostic:
    """Return the check that the estimate with paths parallel in amounts says the same as in percent."""
    if design.estimator not in LOGARITHMIC or result.relative is None:
        return parallel_trends.scale_not_run("The change has no percentage on this scale or with this estimator.")
    if model.scale == "identity" and not (model.observed > 0.0).all():
        return parallel_trends.scale_not_run("Some values are zero or below and have no logarithm.")
    other = design.model_copy(
        update={"inference": "cluster_robust", "transform": "identity" if model.scale == "log" else "log"}
    )
    try:
        seen = other.estimate(model.panel, supplements=False).relative
    except DesignError as error:
        return parallel_trends.scale_not_run(f"{error.problems[0].message[:1].upper()}{error.problems[0].message[1:]}.")
    if seen is None:
        return parallel_trends.scale_not_run("What would have been expected may be zero or less.")
    own = result.relative
    clear = [e.low is not None and e.high is not None and (e.low > 0.0 or e.high < 0.0) for e in (own, seen)]
    return parallel_trends.scale_of_the_outcome(own.value, seen.value, model.scale, *clear)
