"""What stands beside an effect of a segmented regression: times, sums, other errors, dates and stretches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.interrupted_time_series.cumulative import cumulative, noise_words
from evalkit.designs.interrupted_time_series.error_models import error_models
from evalkit.designs.interrupted_time_series.horizons import horizons
from evalkit.designs.interrupted_time_series.leave_out import leave_out
from evalkit.designs.interrupted_time_series.placebo_dates import placebo_dates
from evalkit.diagnostics import placebo
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
    from evalkit.records import Diagnostic, Result
    from evalkit.records.supplement import CumulativePoint, LeftOut, Placebo


def with_supplements(model: Segmented, result: Result) -> Result:
    """Return a result with what stands beside its effect.

    Parameters
    ----------
    model : Segmented
    result : Result
        Of the same model.

    Returns
    -------
    Result
        With horizons, cumulative, error_models, placebos and leave_out, and the checks `placebo_dates` and `leave_out`
        after its own. What cannot be computed is empty, and its check says why.

    Notes
    -----
    Only a DesignError is taken for "cannot be computed"; any other error is a fault and is raised.
    """
    sums = _sums(model)
    dates, at_dates = _dates(model)
    left, without = _left(model)
    inference = dict(result.inference or {})
    if sums or model.panel.outcome.kind == "count":
        inference["cumulative"] = noise_words(model)
    return replace(
        result, horizons=horizons(model, sums), cumulative=sums, error_models=error_models(model), placebos=dates,
        leave_out=left, diagnostics=(*result.diagnostics, at_dates, without), inference=inference,
        expected_coverage=_coverage(model, result),
    )  # fmt: skip


def _coverage(model: Segmented, result: Result) -> dict[str, Any] | None:
    """Return how often intervals made like these held the truth in simulated series; None where none were like it."""
    from evalkit.diagnostics.coverage import expected_coverage

    if model.comparison is not None:
        return None
    design, counted = model.design, model.panel.outcome.kind == "count" and model.scale == "log"
    return expected_coverage(
        periods=len(model.frame), after=result.n_post_periods,
        autocorrelation=(result.fit or {}).get("autocorrelation"), season=design.season != "none",
        errors=design.errors, family=design.family, small_sample=design.small_sample,
        mean_count=float(model.frame["value"].mean()) if counted else None, level=design.level,
        unlike=_not_simulated(model, result),
    )  # fmt: skip


def _not_simulated(model: Segmented, result: Result) -> list[str]:
    """Return what the study has and no series of the calibration had: they had a line, a step, a slope and AR(1)."""
    design = model.design
    checks = {check.name: check.verdict for check in result.diagnostics}
    features = (
        (design.impact != "level_and_slope", "another shape of change"),
        (design.trend != "linear", "another trend"),
        (design.season not in ("none", "month"), "another kind of season"),
        (bool(design.covariates or design.controls), "further columns in the model"),
        (bool(design.interruptions), "other interruptions"),
        (checks.get("residual_autocorrelation") == "sign against", "correlation that the model does not hold"),
    )
    return [words for holds, words in features if holds]


def _sums(model: Segmented) -> tuple[CumulativePoint, ...]:
    try:
        return cumulative(model)
    except DesignError:
        return ()


def _dates(model: Segmented) -> tuple[tuple[Placebo, ...], Diagnostic]:
    try:
        return placebo_dates(model)
    except DesignError as error:
        return (), placebo.placebo_dates_not_run(
            f"{error.problems[0].message[:1].upper()}{error.problems[0].message[1:]}."
        )


def _left(model: Segmented) -> tuple[tuple[LeftOut, ...], Diagnostic]:
    try:
        return leave_out(model)
    except DesignError as error:
        return (), placebo.leave_out_not_run(f"{error.problems[0].message[:1].upper()}{error.problems[0].message[1:]}.")
