"""The effect with paths parallel in percent, and with paths parallel in amounts, side by side."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import has_exposure, named, to_events
from evalkit.diagnostics import two_scales
from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.errors import DataError, DesignError
from evalkit.records import Estimate, ScaleEstimate

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.records import Diagnostic, Panel, Result

COUNTED = ("count", "rate")
"""Kinds of outcome whose change is read in percent and in amounts."""
PROPORTIONAL, ADDITIVE = "proportional", "additive"


def both_scales(
    design: DifferenceInDifferences, model: Estimated, result: Result
) -> tuple[tuple[ScaleEstimate, ...], Diagnostic]:
    """Return the effect on both scales, the headline's own first, and the check that they say the same.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
    result : Result
        With its final interval.

    Returns
    -------
    tuple of ScaleEstimate
        Two for counts and rates, and for other outcomes whose change has a percentage; else none. Where the printed
        rule chose callaway_santanna a third, on the headline's scale: imputation by the same inference, which compares
        with all periods before in place of one, and is often much surer of itself.
    Diagnostic
        `scale_of_the_outcome`.

    Notes
    -----
    Proportional: the logarithm, where all values are above zero, else events in a Poisson regression with unit and
    period effects (Chen and Roth 2024 on why not the logarithm of values with zeros). Additive: the outcome itself. The
    estimator is the headline's where it has both scales; inference is by the printed rule, or as the study file names
    it. Percent and amounts of each row are of its own expected total.

    References
    ----------
    Roth and Sant'Anna (2023), Econometrica 91, 737-747. Chen and Roth (2024), Quarterly Journal of Economics 139,
    891-936. Wooldridge (2023), Econometrics Journal 26, C31-C66.
    """
    kind = model.panel.outcome.kind
    if kind not in COUNTED and result.relative is None:
        return (), two_scales.scale_not_run("The change has no percentage on this scale.")
    own_scale = PROPORTIONAL if result.effect.scale == "log" else ADDITIVE
    own = _row(own_scale, design, result, headline=True, rule="The headline.")
    other = _other(design, model, ADDITIVE if own_scale == PROPORTIONAL else PROPORTIONAL)
    return (own, other, *_imputed(design, model, result, own_scale)), _check(own, other, result)


def _imputed(
    design: DifferenceInDifferences, model: Estimated, result: Result, scale: str
) -> tuple[ScaleEstimate, ...]:
    """Return the imputed effect beside a callaway_santanna that the rule chose; nothing beside other estimators."""
    if design.estimator != "callaway_santanna" or "estimator" not in design.left_open:
        return ()
    method = str((result.inference or {}).get("method", "auto"))
    wanted = design.model_copy(update={"estimator": "imputation", "inference": "auto" if method == "none" else method})
    rule = "Imputation on the same scale, by the same inference: against all periods before, not one."
    try:
        found = wanted.estimate(model.panel, supplements=False)
    except (DesignError, DataError) as error:
        problem = _sentence(error)
        row = ScaleEstimate(scale, "imputation", wanted.transform, headline=False, rule=rule, problem=problem)
        return (row,)
    return (_row(scale, wanted, found, headline=False, rule=rule),)


def _other(design: DifferenceInDifferences, model: Estimated, scale: str) -> ScaleEstimate:
    """Return the effect on the scale that is not the headline's."""
    changes, panel, rule = _choice(design, model, scale)
    wanted = design.model_copy(update=changes)
    if panel is None:
        return ScaleEstimate(scale, wanted.estimator, wanted.transform, headline=False, problem=rule)
    try:
        found = _run(wanted, panel)
    except (DesignError, DataError) as error:
        if wanted.estimator == "poisson":
            return _one_ratio(wanted, model)
        problem = _sentence(error)
        return ScaleEstimate(scale, wanted.estimator, wanted.transform, headline=False, rule=rule, problem=problem)
    row = _row(scale, wanted, found, headline=False, rule=rule)
    if panel.outcome.kind != model.panel.outcome.kind:  # events in place of a rate: amounts would be other amounts
        row = dataclasses.replace(row, absolute=None, absolute_low=None, absolute_high=None, unit="")
    return row


def _one_ratio(design: DifferenceInDifferences, model: Estimated) -> ScaleEstimate:
    """Return the ratio of one Poisson regression with unit and period effects, the same for all treated rows.

    For few events, where some start and period has none, so that it has no ratio of its own. The clustered interval is
    given with six treated clusters or more; there is no other for it.
    """
    from evalkit.estimation.staggered.poisson_two_way import poisson_two_way

    treated = model.study.treated_rows
    panel = _as_events(dataclasses.replace(model.panel, frame=model.study.frame))
    assert panel is not None, "checked before"
    frame = panel.frame
    try:
        fit = poisson_two_way(
            frame["value"].to_numpy(dtype=float), treated.astype(float)[:, None], frame["unit"].to_numpy(dtype=str),
            frame["time"].to_numpy(), frame["exposure"].to_numpy(dtype=float), model.weights,
            model.clusters.to_numpy(dtype=str), design.small_sample,
        ).fit  # fmt: skip
    except DesignError as error:
        return ScaleEstimate(PROPORTIONAL, "poisson", "identity", headline=False, problem=_sentence(error))
    sure = model.treated_clusters >= FEW_TREATED_CLUSTERS
    effect = Estimate(float(fit.coefficients[0]), scale="log", level=design.level)
    if sure:
        spread = float(fit.standard_errors[0])
        effect = Estimate.from_standard_error(effect.value, spread, fit.residual_df, level=design.level, scale="log")
    percent, counted = _ends(effect.percent()), model.panel.outcome.kind == "count"
    seen = float(frame.loc[treated, "value"].mean())
    amount = [None if end is None or not counted else -seen * math.expm1(-end) for end in _ends(effect)]
    without = "" if sure else f" With fewer than {FEW_TREATED_CLUSTERS} treated {model.noun}s it has no interval."
    return ScaleEstimate(
        PROPORTIONAL, "poisson", "identity", headline=False,
        percent=percent[0], percent_low=percent[1], percent_high=percent[2],
        absolute=amount[0], absolute_low=amount[1], absolute_high=amount[2],
        unit=named(model.panel.outcome) if counted else "", inference="cluster_robust" if sure else "none",
        rule="Some values are zero, and in some periods no treated unit of a start has an event: one Poisson ratio for "
        f"all treated rows. {fit.rule[:1].upper()}{fit.rule[1:]}.{without}",
    )  # fmt: skip


def _sentence(error: DesignError | DataError) -> str:
    """Return the first problem of an error as a sentence."""
    message = error.problems[0].message
    return f"{message[:1].upper()}{message[1:]}."


def _run(design: DifferenceInDifferences, panel: Panel) -> Result:
    """Return the design's result, with inference by the printed rule where the one that it names cannot be had."""
    try:
        return design.estimate(panel, supplements=False)
    except DesignError:
        if design.inference == "auto":
            raise
    return design.model_copy(update={"inference": "auto"}).estimate(panel, supplements=False)


def _choice(design: DifferenceInDifferences, model: Estimated, scale: str) -> tuple[dict[str, Any], Panel | None, str]:
    """Return what changes in the design for a scale, the panel (None where it cannot be had) and why."""
    same = "auto" if "inference" in design.left_open else design.inference
    staggered = len(model.study.cohorts) > 1
    if scale == ADDITIVE:
        if design.estimator != "poisson":
            return {"transform": "identity", "inference": same}, model.panel, "The same estimator on the amounts."
        name = "callaway_santanna" if staggered or design.anticipation else "two_way_fixed_effects"
        rule = f"A Poisson regression has no amounts of its own: {name} of the amounts."
        return {"estimator": name, "transform": "identity", "inference": "auto"}, model.panel, rule
    if bool((model.observed > 0.0).all()):
        return {"transform": "log", "inference": same}, model.panel, "The same estimator on logarithms."
    changes = {"estimator": "poisson", "transform": "identity", "inference": "auto"}
    if design.unit_trends:
        return changes, None, "Some values are zero, and a Poisson regression with unit trends is not worked out."
    panel = _as_events(model.panel)
    if panel is None:
        problem = "Some values are zero and have no logarithm, and without an exposure a rate is no number of events."
        return changes, None, problem if model.panel.outcome.kind == "rate" else "Some values have no logarithm."
    return changes, panel, "Some values are zero and have no logarithm: a Poisson regression of the events."


def _as_events(panel: Panel) -> Panel | None:
    """Return a panel with events as its outcome; None where the outcome is no number of events."""
    if panel.outcome.kind == "count":
        return panel
    factor = to_events(panel.frame, panel)
    if panel.outcome.kind != "rate" or factor is None or not has_exposure(panel):
        return None
    frame = panel.frame.assign(value=panel.frame["value"].to_numpy(dtype=float) * factor)
    return dataclasses.replace(panel, frame=frame, outcome=dataclasses.replace(panel.outcome, kind="count"))


def _row(scale: str, design: DifferenceInDifferences, result: Result, *, headline: bool, rule: str) -> ScaleEstimate:
    """Return a result as a row."""
    percent, amount = _ends(result.relative), _ends(result.absolute)
    words = f"{rule} {result.standard_errors[:1].upper()}{result.standard_errors[1:]}."
    return ScaleEstimate(
        scale, design.estimator, design.transform, headline,
        percent=percent[0], percent_low=percent[1], percent_high=percent[2],
        absolute=amount[0], absolute_low=amount[1], absolute_high=amount[2],
        unit="" if result.absolute is None else result.absolute.unit,
        inference=str((result.inference or {}).get("method", "")), rule=words,
        problem="" if percent[0] is not None else "What would have been expected may be zero or less.",
    )  # fmt: skip


def _ends(estimate: Estimate | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)


def _check(own: ScaleEstimate, other: ScaleEstimate, result: Result) -> Diagnostic:
    """Return the check that both rows say the same, read in percent."""
    if own.percent is None or other.percent is None:
        return two_scales.scale_not_run(
            (own.problem if own.percent is None else other.problem) or "No percentage."
        )
    clear = [_clear(row.percent_low, row.percent_high) for row in (own, other)]
    return two_scales.scale_of_the_outcome(own.percent, other.percent, result.effect.scale, *clear)


def _clear(low: float | None, high: float | None) -> bool:
    """Return whether an interval lies clear of no effect."""
    return low is not None and high is not None and (low > 0.0 or high < 0.0)
