"""The checks of a segmented regression: enough points, its errors, its season, and the line that is carried forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES
from evalkit.designs.outcomes import to_outcome
from evalkit.diagnostics import counts, extrapolation, series, windows
from evalkit.errors import DesignError
from evalkit.periods import SEASON_LENGTH

if TYPE_CHECKING:
    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
    from evalkit.records import Diagnostic, Estimate

FEWEST_FOR_A_CURVE = 8


def segmented_checks(model: Segmented, effect: Estimate) -> tuple[Diagnostic, ...]:
    """Return the checks of a fitted segmented regression, in the order in which the design lists them."""
    design, found, frequency = model.design, model.found, model.panel.frequency
    before, carried = reach(model)
    bend = bend_before(model)
    straight = (
        extrapolation.linearity_not_run(bend)
        if isinstance(bend, str)
        else extrapolation.pre_period_linearity(
            bend, model.scale, model.unit, effect.value, compared=model.comparison is not None
        )
    )
    controls = () if found.control is None else tuple(found.control.units)
    return (
        series.number_of_points(found.n_before, found.n_after, frequency),
        series.residual_autocorrelation(
            what_is_left(model), design.errors, model.fit.extra.get("rho"), len(model.frame), frequency
        ),
        overdispersion(model),
        series.season_fitted(design.season, frequency, found.n_before, found.n_after, design.pairs),
        straight,
        extrapolation.length_of_extrapolation(
            before, carried, frequency,
            None if isinstance(bend, str) else bend, effect.value, beyond_recorded(model),
        ),
        windows.restrictions_in_series(
            [time for time in found.times if time < found.start],
            [time for time in found.times if time >= found.start],
            frequency,
        ),
        series.other_changes(
            len(design.covariates), controls, design.controls.as_ if design.controls else "",
            [other.label for other in design.interruptions],
        ),
    )  # fmt: skip


def reach(model: Segmented) -> tuple[int, int]:
    """Return how long the line before is, and how far it is carried forward, in periods.

    A pulse is set beside what comes after it too, so that the line need not reach further than its end.
    """
    last_before, times = model.found.spans[0].last, model.found.times
    last = max(time for time, acts in zip(times, model.terms.acting, strict=True) if acts)
    return last_before - times[0] + 1, last - last_before


def beyond_recorded(model: Segmented) -> extrapolation.Beyond:
    """Return on which side of all values recorded before the average expected value lies.

    Both are what the line is of: counts per exposure where there is one. Empty without a line to carry, and with a
    comparison series, which may itself take what is expected there.
    """
    if model.design.trend == "none" or model.comparison is not None:
        return ""
    return extrapolation.beyond(model.base(), model.observed[~model.own.post])


def what_is_left(model: Segmented) -> series.Remains | None:
    """Return the autocorrelation that is left in a model's residuals, None when there are too few."""
    extra = model.fit.extra
    fitted = {"autoregressive": 1, "prais_winsten": 1}.get(model.design.errors, 0)
    if model.design.errors == "arima":
        fitted = int(extra.get("p", 0.0) + extra.get("q", 0.0))
    season = SEASON_LENGTH.get(model.panel.frequency, 0)
    return series.what_remains(model.fit.standardised, model.frame["time"].to_numpy(), season, fitted)


def bend_before(model: Segmented) -> extrapolation.Bend | str:
    """Return the bend of the path before, or the reason why it cannot be told.

    Notes
    -----
    The model of the periods before, with a squared trend added that is 0 in their middle and 1 at their ends; with a
    comparison series, the difference in that term.
    """
    import numpy

    from evalkit.estimation.inputs import dependent_columns

    if model.found.n_before < FEWEST_FOR_A_CURVE:
        return f"Fewer than {FEWEST_FOR_A_CURVE} periods before are too few to see a bend."
    if model.design.trend == "none":
        return "No trend is fitted, so there is no line to bend."
    if model.design.trend != "linear":
        return f"A {model.design.trend} trend is fitted: {model.design.trend_reason}."
    before, own = ~model.own.post, model.own
    rows = own.matrix[before][:, ~own.effect]
    # What began later is constant before the start, and says nothing there.
    dependent = set(dependent_columns(rows))
    independent = [j for j in range(rows.shape[1]) if j not in dependent and rows[:, j].any()]
    middle = rows[:, own.names.index("trend")]
    curve = ((middle - middle.mean()) / (numpy.ptp(middle) / 2)) ** 2
    matrix = numpy.column_stack([rows[:, independent], curve])
    if model.comparison is not None:
        matrix = numpy.hstack([matrix, matrix])  # Then the last term is the bend beyond that of the comparison.
    try:
        fit = model.regress(matrix, model.frame[before])
    except DesignError as error:
        return f"A curve cannot be fitted to these periods: {error.problems[0].message}."
    found = model.contrast(numpy.eye(matrix.shape[1])[-1], fit)
    if found.low is None or found.high is None:
        return "The bend has no interval."
    return extrapolation.Bend(found.value, found.low, found.high, found.p_value)


def overdispersion(model: Segmented) -> Diagnostic:
    """Return whether counts vary more than chance; for a gaussian family that does not matter, and is told."""
    design = model.design
    if design.family in COUNT_FAMILIES:
        allowed = {
            "quasi_poisson": "The standard errors follow it",
            "negative_binomial": "The negative binomial allows for it",
        }.get(design.family, "")
        allowed = "The standard errors allow for any variance" if design.errors == "newey_west" else allowed
        return counts.overdispersion(float(model.fit.extra["pearson_dispersion"]), None, allowed)
    if model.panel.outcome.kind != "count":
        return series.no_counts(model.panel.outcome.kind)
    fitted = model.back(model.terms.matrix @ model.fit.coefficients) * to_outcome(model.frame, model.panel)
    value = model.frame["value"].to_numpy(dtype=float)
    if (fitted <= 0.0).any():
        return series.no_counts("count", "The fitted line goes below zero, where chance has no size.")
    free = len(value) - model.own.matrix.shape[1]
    dispersion = float(((value - fitted) ** 2 / fitted).sum()) / free
    return counts.overdispersion(dispersion, None, "The interval comes from how the periods scatter, whatever its size")
