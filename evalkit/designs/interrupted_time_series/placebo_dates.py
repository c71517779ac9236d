"""The same method at every earlier date, where nothing began, to see how often it finds as much."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES, FEWEST_POINTS
from evalkit.designs.outcomes import modelled, to_outcome
from evalkit.diagnostics import placebo
from evalkit.records.supplement import Placebo

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
    from evalkit.estimation.series.placebo import Effects, Errors, Shape
    from evalkit.records import Diagnostic

MOST_DATES = 1000
"""Dates that are looked at; of more, evenly spaced ones."""


def placebo_dates(model: Segmented) -> tuple[tuple[Placebo, ...], Diagnostic]:
    """Return the effect at every earlier date, the true one last, and the check that sets them side by side.

    Parameters
    ----------
    model : Segmented

    Returns
    -------
    tuple of Placebo
        In the order of time: every period before the start with at least three periods on each side at which the terms
        can be told apart. `period` is the pretend start, `measure` is percent on the log scale and else the unit of the
        modelled outcome. Empty when no date can be estimated.
    Diagnostic

    Notes
    -----
    A pretend start sees the data as the true one would have, moved back: the periods before it, and after it as many as
    the study has, or what is left of them before the true start; the true start and all after it are left out. Lags,
    autocorrelation and dispersion are held at those of the study, also for the true date, whose value is therefore the
    headline's, with bounds that can differ a little from it. See `evalkit.estimation.series.placebo.effects_at_dates`.

    Dates are ranked by the size of value over standard error, since windows at the ends are short and values there are
    large by chance alone; the share is ``(1 + number at least as large) / (1 + number)``.
    """
    import numpy

    reason = _reason_against(model)
    if reason:
        return (), placebo.placebo_dates_not_run(reason)
    times, start = model.frame["time"].to_numpy(), model.found.start
    earlier = times[~model.terms.post][FEWEST_POINTS : 1 - FEWEST_POINTS]
    if earlier.size > MOST_DATES:
        earlier = earlier[numpy.linspace(0, earlier.size - 1, MOST_DATES).round().astype(int)]
    dates = numpy.append(earlier, start)
    effects = _effects(model, dates, numpy.append(numpy.full(earlier.size, float(start)), numpy.inf))
    kept = effects.estimated
    if not kept[-1] or not kept[:-1].any():
        return (), placebo.placebo_dates_not_run("No earlier date has enough periods on both sides.")
    ratios = numpy.abs(effects.ratios)
    larger = int((ratios[:-1][kept[:-1]] >= ratios[-1]).sum())
    found = _records(model, effects, dates)
    clear = sum(1 for one in found if not one.true and _leaves_out_zero(one))
    check = placebo.placebo_dates(
        larger, len(found) - 1, clear, _leaves_out_zero(found[-1]), model.panel.frequency, model.design.level
    )
    return found, check


def error_rules(model: Segmented) -> tuple[Errors, Errors]:
    """Return the error rule with autocorrelation, lags and dispersion held, of the series and of its comparison.

    Parameters
    ----------
    model : Segmented
    """
    from dataclasses import replace

    from evalkit.estimation.rules import Family
    from evalkit.estimation.series.placebo import Errors

    family, extra = model.design.family, model.fit.extra
    newey_west = model.design.errors == "newey_west"
    own = Errors(
        family="gaussian" if family == "gaussian" else cast("Family", family),
        covariance="newey_west" if newey_west else "classical",
        rho=0.0 if newey_west else float(extra.get("rho", 0.0)),
        lags=int(extra.get("lags", 0.0)),
        alpha=float(extra["dispersion"]) if family == "negative_binomial" else 0.0,
    )
    return own, replace(own, rho=0.0 if newey_west else float(extra.get("comparison_rho", own.rho)))


def shape(model: Segmented) -> Shape:
    """Return what the intervention does by periods since its start, and which periods around it are taken out.

    Parameters
    ----------
    model : Segmented
    """
    import numpy

    from evalkit.estimation.series.placebo import Shape

    own, times, start = model.own, model.frame["time"].to_numpy(), model.found.start
    elapsed = times[own.post] - start
    size = int(elapsed.max()) + 1
    columns = numpy.zeros((size, int(own.effect.sum())))
    columns[elapsed] = own.matrix[own.post][:, own.effect]
    averaged, seen = (numpy.isin(numpy.arange(size), elapsed[rows]) for rows in (own.acting[own.post], slice(None)))
    return Shape(columns, averaged, seen, lead=int(start - 1 - times[~own.post].max()))


def _effects(model: Segmented, dates: numpy.ndarray, ends: numpy.ndarray) -> Effects:
    """Return the effects at these dates on the model's scale; beyond those of the comparison where there is one."""
    from evalkit.designs.interrupted_time_series.controls import control_covariate
    from evalkit.estimation.series.placebo import difference

    treated, other = error_rules(model)
    frame, common = model.frame, model.own.matrix[:, ~model.own.effect]
    exposure = to_outcome(frame, model.panel)
    own = _series_effects(
        model,
        frame["value"].to_numpy(dtype=float),
        exposure,
        modelled(frame, model.panel),
        common,
        dates,
        ends,
        treated,
    )
    if model.comparison is None or model.found.control is None:
        return own
    rows, alike = model.comparison, model.own.matrix.copy()
    for name in model.design.covariates:
        alike[:, model.own.names.index(name)] = control_covariate(model.found.control, name, model.found.times)
    common = alike[:, ~model.own.effect]
    return difference(own, _series_effects(model, rows.value, rows.exposure, rows.modelled, common, dates, ends, other))


def _series_effects(
    model: Segmented, counted: numpy.ndarray, exposure: numpy.ndarray, values: numpy.ndarray, common: numpy.ndarray,
    dates: numpy.ndarray, ends: numpy.ndarray, errors: Errors,
) -> Effects:  # fmt: skip
    """Return the effects at these dates in one series."""
    from evalkit.designs.interrupted_time_series.segmented_errors import transformed
    from evalkit.estimation.series.placebo import effects_at_dates

    counts = model.design.family in COUNT_FAMILIES
    return effects_at_dates(
        counted if counts else transformed(model.design, values), common, model.frame["time"].to_numpy(), dates, ends,
        shape(model), errors, exposure=exposure if counts else None, fewest=FEWEST_POINTS,
    )  # fmt: skip


def _records(model: Segmented, effects: Effects, dates: numpy.ndarray) -> tuple[Placebo, ...]:
    """Return the dates that can be estimated as records, the true one last."""
    import numpy

    from evalkit import distributions

    values, se, df, times = (array[effects.estimated] for array in (effects.values, effects.se, effects.df, dates))
    reach = distributions.t.isf((1.0 - model.design.level) / 2.0, df) * se
    p_values = 2.0 * distributions.t.sf(numpy.abs(values) / se, df)
    lines = numpy.vstack([values, values - reach, values + reach])
    if model.scale == "log":
        lines = 100.0 * numpy.expm1(numpy.minimum(lines, 700.0))
    measure = "percent" if model.scale == "log" else model.unit
    return tuple(
        Placebo("period", "", model.panel.label(int(time)), float(value), float(low), float(high), float(p_value),
                measure, bool(time == dates[-1]))
        for time, (value, low, high), p_value in zip(times, lines.T, p_values, strict=True)
    )  # fmt: skip


def _leaves_out_zero(one: Placebo) -> bool:
    return one.low is not None and one.high is not None and (one.low > 0.0 or one.high < 0.0)


def _reason_against(model: Segmented) -> str:
    """Return why earlier dates cannot be tried in the same way, empty when they can."""
    if model.design.errors == "arima" and "rho" not in model.fit.extra:
        return "Errors with a difference have no autocorrelation that could be held at earlier dates."
    if model.comparison is not None and model.design.family == "negative_binomial":
        return "With a comparison series the dispersion of each negative binomial cannot be held at earlier dates."
    return ""
