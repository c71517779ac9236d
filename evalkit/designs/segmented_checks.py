"""The checks of a segmented regression: enough points, its errors, its season, and the line that is carried forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.series import COUNT_FAMILIES
from evalkit.diagnostics import counts, extrapolation, series, windows
from evalkit.errors import DesignError
from evalkit.periods import SEASON_LENGTH

if TYPE_CHECKING:
    from evalkit.designs.segmented_fit import Segmented
    from evalkit.records import Diagnostic, Estimate

FEWEST_FOR_A_CURVE = 8


def segmented_checks(model: Segmented, effect: Estimate) -> tuple[Diagnostic, ...]:
    """Return the checks of a fitted segmented regression, in the order in which the design lists them."""
    design, found, frequency = model.design, model.found, model.panel.frequency
    earlier, later = found.spans
    bend = bend_before(model)
    straight = (
        extrapolation.linearity_not_run(bend)
        if isinstance(bend, str)
        else extrapolation.pre_period_linearity(bend, model.scale, model.unit, effect.value)
    )
    return (
        series.number_of_points(found.n_before, found.n_after, frequency),
        series.residual_autocorrelation(
            what_is_left(model), design.errors, model.fit.extra.get("rho"), len(model.frame), frequency
        ),
        *_overdispersion(model),
        series.season_fitted(design.season, frequency, found.n_before, found.n_after),
        straight,
        extrapolation.length_of_extrapolation(
            earlier.last - found.times[0] + 1, later.last - earlier.last, frequency,
            None if isinstance(bend, str) else bend, effect.value,
        ),
        windows.restrictions_in_series(
            [time for time in found.times if time < found.start],
            [time for time in found.times if time >= found.start],
            frequency,
        ),
        series.other_changes(len(design.covariates)),
    )  # fmt: skip


def what_is_left(model: Segmented) -> series.Remains | None:
    """Return the autocorrelation that is left in a model's residuals, None when there are too few."""
    fitted = 1 if model.design.errors == "autoregressive" else 0
    season = SEASON_LENGTH.get(model.panel.frequency, 0)
    return series.what_remains(model.fit.standardised, model.frame["time"].to_numpy(), season, fitted)


def bend_before(model: Segmented) -> extrapolation.Bend | str:
    """Return the bend of the path before, or the reason why it cannot be told.

    Notes
    -----
    The model of the periods before, with a squared trend added that is 0 in their middle and 1 at their ends.
    """
    import numpy

    if model.found.n_before < FEWEST_FOR_A_CURVE:
        return f"Fewer than {FEWEST_FOR_A_CURVE} periods before are too few to see a bend."
    if model.design.trend == "none":
        return "No trend is fitted, so there is no line to bend."
    before = ~model.terms.post
    kept = [j for j, name in enumerate(model.terms.names) if name not in ("level", "slope")]
    middle = model.terms.matrix[before][:, model.terms.names.index("trend")]
    curve = ((middle - middle.mean()) / (numpy.ptp(middle) / 2)) ** 2
    matrix = numpy.column_stack([model.terms.matrix[before][:, kept], curve])
    try:
        fit = model.regress(matrix, model.frame[before])
    except DesignError as error:
        return f"A curve cannot be fitted to these periods: {error.problems[0].message}."
    found = model.contrast(numpy.eye(matrix.shape[1])[-1], fit)
    if found.low is None or found.high is None:
        return "The bend has no interval."
    return extrapolation.Bend(found.value, found.low, found.high, found.p_value)


def _overdispersion(model: Segmented) -> tuple[Diagnostic, ...]:
    """Return whether counts vary more than chance, for families of counts."""
    design = model.design
    if design.family not in COUNT_FAMILIES:
        return ()
    allowed = {
        "quasi_poisson": "The standard errors are widened for it",
        "negative_binomial": "The negative binomial allows for it",
    }.get(design.family, "")
    allowed = "The standard errors allow for any variance" if design.errors == "newey_west" else allowed
    return (counts.overdispersion(float(model.fit.extra["pearson_dispersion"]), None, allowed),)
