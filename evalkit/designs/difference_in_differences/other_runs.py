"""The same estimate again: on some of the rows, at earlier dates, and in other places."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

from evalkit.designs.difference_in_differences.inference import SYNTHETIC
from evalkit.designs.difference_in_differences.resampled import changes
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.diagnostics import parallel_trends
from evalkit.errors import DataError, DesignError
from evalkit.records import Estimate, Placebo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.wide_panel import WidePanel
    from evalkit.records import Diagnostic, Panel, Result

MOST_DATES = 20
FEWEST_PERIODS = 2
"""Periods that an earlier date needs on either side."""
USUAL = 5
"""Leads and lags of an event study at an earlier date."""


class Reported(NamedTuple):
    """An effect as it is printed: percent on the log scale, else in the modelled unit."""

    value: float
    low: float | None
    high: float | None
    measure: str

    @property
    def clear(self) -> bool:
        """Whether the interval lies clear of no effect."""
        return self.low is not None and self.high is not None and (self.low > 0.0 or self.high < 0.0)


def reported(result: Result) -> Reported:
    """Return the headline of a result as it is printed."""
    effect = result.effect.percent() if result.effect.scale == "log" else result.effect
    return Reported(effect.value, effect.low, effect.high, effect.unit)


def as_printed(result: Result, value: float, error: float = 0.0, df: float | None = None) -> Reported:
    """Return an estimate on the headline's scale as the headline is printed; bounds where there is an error."""
    scale, level, unit = result.effect.scale, result.effect.level, result.effect.unit
    effect = Estimate(value, level=level, scale=scale, unit=unit)
    if error > 0.0:
        effect = Estimate.from_standard_error(value, error, df, level=level, scale=scale, unit=unit)
    seen = effect.percent() if scale == "log" else effect
    return Reported(seen.value, seen.low, seen.high, seen.unit)


def solved(
    design: DifferenceInDifferences, model: Estimated, result: Result, rows: numpy.ndarray, columns: numpy.ndarray,
    treated: numpy.ndarray,
) -> Reported:  # fmt: skip
    """Return the regression with unit and period effects on some rows.

    Parameters
    ----------
    design : DifferenceInDifferences
    model : Estimated
    result : Result
    rows : numpy.ndarray of bool, shape (n,)
    columns : numpy.ndarray, shape (rows kept, k)
        Indicators; one that no row has is left out.
    treated : numpy.ndarray of bool, shape (rows kept,)

    Notes
    -----
    The headline is the average of the coefficients over treated rows, weighted as the regression is.
    """
    import numpy
    import pandas

    from evalkit.estimation.few_units.cluster_robust import cluster_robust, cluster_robust_contrasts

    assert model.regression is not None
    unit, time, cluster = (pandas.factorize(codes[rows])[0] for codes in model.codes)
    weights = None if model.weights is None else model.weights[rows]
    extra = model.regression.columns[rows][:, model.regression.columns.shape[1] - len(model.covariates) :]
    shares = treated * (1.0 if weights is None else weights)
    columns = columns[:, (columns != 0.0).any(axis=0)]
    fit = cluster_robust(
        model.outcome[rows], numpy.column_stack([columns, extra]), unit, time, weights=weights, cluster=cluster,
        correction="CR1", small_sample=design.small_sample,
        trend=None if model.regression.trend is None else model.regression.trend[rows],
    )  # fmt: skip
    contrast = numpy.append(columns.T @ (shares / shares.sum()), numpy.zeros(extra.shape[1]))
    effect = cluster_robust_contrasts(fit, contrast[None, :])
    df = None if effect.df is None else float(effect.df[0])
    return as_printed(result, float(effect.values[0]), float(effect.se[0]), df)


def run_again(design: DifferenceInDifferences, panel: Panel, **changed: object) -> Reported:
    """Return the headline of the same design on another panel, with cluster-robust inference."""
    plain = "placebo" if design.estimator in SYNTHETIC else "cluster_robust"
    other = design.model_copy(update={"inference": plain, **changed})
    return reported(other.estimate(panel, supplements=False))


def clustered(result: Result) -> bool:
    """Return whether the headline's interval is a clustered one."""
    return (result.inference or {}).get("method") == "cluster_robust"


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
    if not dates:
        return (), parallel_trends.placebo_dates_not_run(
            f"No earlier date has {FEWEST_PERIODS} periods on either side before the first start."
        )
    if len(dates) > MOST_DATES:
        dates = [dates[place] for place in numpy.linspace(0, len(dates) - 1, MOST_DATES).round().astype(int)]
    run, found, reason = _pretending(design, model, result, times), [], ""
    for date in dates:
        try:
            seen = run(date)
        except (DesignError, DataError) as error:
            reason = reason or error.problems[0].message
            continue
        low, high = (seen.low, seen.high) if clustered(result) else (None, None)
        found.append(Placebo("period", "", model.panel.label(date), seen.value, low, high, None, seen.measure))
    if not found:
        return (), parallel_trends.placebo_dates_not_run(f"No earlier date can be estimated: {reason}.")
    true = Placebo("period", "", model.panel.label(first), whole.value, whole.low, whole.high,
                   result.effect.p_value, whole.measure, true=True)  # fmt: skip
    return (*found, true), parallel_trends.placebo_dates(found, whole.value, whole.clear)


def _pretending(
    design: DifferenceInDifferences, model: Estimated, result: Result, times: list[int]
) -> Callable[[int], Reported]:
    """Return what estimates at an earlier date on these periods.

    Where every unit is treated at some time, those that start last are the comparison: before the first start they
    are as untreated as units that never are.
    """
    import numpy

    study = model.study
    last = max(study.starts.values())
    chosen = [unit for unit, start in study.starts.items() if study.comparison or start < last]
    rows = study.frame["time"].isin(times).to_numpy()
    treated = study.frame["unit"].isin(chosen).to_numpy()
    if model.regression is not None:
        return lambda date: _regressed_at(design, model, result, rows, treated, date)
    wide = wide_panel(model) if model.again is not None and model.noun == "unit" else None
    if wide is not None and wide.outcome.size == len(study.frame):
        return _on_the_matrix(model, result, wide, chosen, times)
    frame = study.frame[rows].drop(columns=["event_time", "treated"]).reset_index(drop=True)

    def in_full(date: int) -> Reported:
        pretend = frame.assign(first_time=numpy.where(treated[rows], float(date), math.nan))
        there = dataclasses.replace(model.panel, frame=pretend)
        # `frame` is without the comparison units that are left out
        return run_again(design, there, before=None, after=None, leads=None, lags=None, exclude={}, draws=99,
                         exclude_neighbours_of=[])  # fmt: skip

    return in_full


def _on_the_matrix(
    model: Estimated, result: Result, wide: WidePanel, chosen: list[str], times: list[int]
) -> Callable[[int], Reported]:
    """Return what estimates at an earlier date on the matrix of units by periods."""
    import numpy

    from evalkit.designs.difference_in_differences.reassigned import Reassigned

    ever, early, again = numpy.isin(wide.names, chosen), len(times), model.again
    assert again is not None

    def at(date: int) -> Reported:
        starts = numpy.where(ever, times.index(date), early)
        if not isinstance(again, Reassigned):
            found = again(wide.outcome[:, :early], starts)
            return as_printed(result, float(found[0] if isinstance(found, tuple) else found))
        whole = again.dealt(wide.outcome, numpy.where(ever, times.index(date), wide.outcome.shape[1]))
        part = dataclasses.replace(
            whole, outcome=whole.outcome[:, :early], observed=whole.observed[:, :early], periods=whole.periods[:early],
            weights=whole.weights[:, :early], covariates=whole.covariates[:, :early],
        )  # fmt: skip
        if not clustered(result):
            return as_printed(result, again.headline(part)[0])
        average = again.model.cells_of(part).average("simple")
        return as_printed(result, average.overall, average.overall_standard_error, average.df)

    return at


def _regressed_at(
    design: DifferenceInDifferences, model: Estimated, result: Result, rows: numpy.ndarray, treated: numpy.ndarray,
    date: int,
) -> Reported:  # fmt: skip
    """Return the regression with unit and period effects on some rows, as if the treated had started at a date."""
    from evalkit.designs.difference_in_differences.event_time import available, event_columns

    frame = model.study.frame[rows]
    pretend = frame.assign(event_time=(frame["time"] - date).where(treated[rows]))
    after = (pretend["event_time"] >= 0).to_numpy()
    columns = after.astype(float)[:, None]
    if design.estimator == "event_study":
        study = dataclasses.replace(model.study, frame=pretend)
        leads, lags = available(study)
        columns = event_columns(study, min(USUAL, leads), min(USUAL, lags), model.trends).matrix
    return solved(design, model, result, rows, columns, after)


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
    others = ~wide.treated & ~wide.fixed  # What has the programme all along is no place without it.
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
