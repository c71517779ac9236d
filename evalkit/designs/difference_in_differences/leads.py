"""Leads, and bands by event time, by the inference of the headline: reassigned treatment, or a wild bootstrap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.event_time import available, event_columns
from evalkit.designs.difference_in_differences.few_treated import few_on_a_side
from evalkit.designs.difference_in_differences.resampled import draws_of
from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel
from evalkit.diagnostics import comparison
from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.diagnostics.parallel_trends import COUNTS, ONE_COMPARISON
from evalkit.errors import DesignError
from evalkit.records import EventTime

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.estimation.few_units.several_effects import SeveralEffects
    from evalkit.estimation.staggered.event_time_weights import EventWeights
    from evalkit.records import Diagnostic, Result

SAME = 1e-6
"""How far a weighted sum of outcomes may be from the estimate it stands for, as a share of the outcome's spread."""
MOST_CELLS = 40_000_000
"""Rows times clusters above which the bootstrap of an event study would take minutes."""
BY_REGRESSION = ("two_way_fixed_effects", "event_study")
ANTICIPATED = -10_000
"""Label of the contrast of the last period before the start with the leads, which is no event time."""


@dataclass(frozen=True, eq=False)
class Tried:
    """Effects by event time under every assignment or draw.

    Attributes
    ----------
    label : numpy.ndarray of int, shape (m,)
        Event times; `ANTICIPATED` for that contrast.
    effects : SeveralEffects
    test, rule : str
        What was done, in a few words and in full.
    smallest_p : float
    """

    label: numpy.ndarray
    effects: SeveralEffects
    test: str
    rule: str
    smallest_p: float


def leads_by_inference(design: DifferenceInDifferences, model: Estimated, result: Result) -> Result:
    """Return the result with checks of leads, and bands by event time, that hold for few treated units.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    model : Estimated
    result : Result
        With its final inference, and leads by clustered errors.

    Returns
    -------
    Result
        As it is where clustered errors serve: 20 clusters or more on either side, 6 or more with each start, and
        cluster-robust inference. Else, by `_tried`, leads are tested and bands drawn among reassignments of treatment
        or draws of a wild bootstrap; where neither can be had the checks are not run and no event time has bounds.

    Notes
    -----
    The statistic of several leads is the largest ``|t|``, each over its own quantile (`SeveralEffects.p_value`).
    Bounds are the effect and so many errors as that statistic's quantile says; before an assignment is tried the
    headline is taken out of treated cells, so that bands do not hold the effect itself.
    """
    method = (result.inference or {}).get("method")
    if model.own_inference or not result.event_study or method in ("classical", "robust"):
        return result
    if method == "cluster_robust" and not _few(model):
        return result
    if model.one_comparison and method not in ("randomisation", "placebo"):
        return _untested(design, model, result, ONE_COMPARISON)
    try:
        tried = _tried(design, model, result, str(method))
    except DesignError as error:
        return _untested(design, model, result, error.problems[0].message)
    named = "inference" not in design.left_open and method == "cluster_robust" and not _few_treated(model)
    points = result.event_study if named else _banded(result.event_study, tried)
    if not _judged_at_all(design, result):
        return replace(result, event_study=points)
    if tried.smallest_p > COUNTS:
        why = f"the smallest p-value that could have come out is {tried.smallest_p:.2g}"
        return replace(_untested(design, model, result, why), event_study=points)
    checks = _checks(model, result, tried)
    inference = {**(result.inference or {}), "event_study": tried.rule}
    return replace(result, event_study=points, inference=inference, diagnostics=_with(result, checks))


def _judged_at_all(design: DifferenceInDifferences, result: Result) -> bool:
    """Return whether there are leads that are all differences from one period, so that they can be judged together."""
    varying = design.estimator == "callaway_santanna" and design.base_period == "varying"
    return not varying and bool(_leads(result.event_study))


def _leads(points: tuple[EventTime, ...]) -> list[EventTime]:
    """Return the event times before the start, without the reference."""
    return [point for point in points if point.time < 0 and point.value != 0.0]


def _few_treated(model: Estimated) -> bool:
    return model.treated_clusters < FEW_TREATED_CLUSTERS


def _few(model: Estimated) -> bool:
    """Return whether fewer than 20 clusters are on a side, or fewer than 6 start together in an estimate by start."""
    if few_on_a_side(model):
        return True
    starts = model.study.frame["unit"].map(model.study.starts)
    behind = model.clusters.groupby(starts).nunique()
    return model.regression is None and bool((behind < FEW_TREATED_CLUSTERS).any())


def _tried(design: DifferenceInDifferences, model: Estimated, result: Result, method: str) -> Tried:
    """Return effects by event time among reassignments, or, of a regression with six treated or more, bootstrapped.

    Raises
    ------
    DesignError
        When neither can be had; the message says why.
    """
    if model.trends:
        raise DesignError("with unit trends neither reassignments nor a bootstrap of an event study are worked out")
    if model.study.always and (not _few_treated(model)):
        return _bootstrapped(design, model, result)
    if model.study.always:
        raise DesignError("units treated in all periods are kept, to which treatment cannot be dealt")
    if model.treated_clusters < 2:
        raise DesignError("with one treated cluster nothing shows how leads vary")
    regression = model.regression is not None
    if regression and method != "randomisation" and not _few_treated(model):
        return _bootstrapped(design, model, result)
    try:
        return _reassigned(design, model, result)
    except DesignError:
        if regression and not _few_treated(model):
            return _bootstrapped(design, model, result)
        raise


def _reassigned(design: DifferenceInDifferences, model: Estimated, result: Result) -> Tried:
    """Return effects by event time among reassignments of treatment."""
    import numpy

    from evalkit.estimation.few_units.assignments import assignments_of
    from evalkit.estimation.few_units.several_effects import reassigned_effects

    wide = wide_panel(model)
    weights = _weights(design, model, wide, [point.time for point in result.event_study])
    assignments = assignments_of(wide.first_treated, draws_of(design), design.seed)
    effects = reassigned_effects(
        wide.outcome, wide.first_treated, weights.weights, weights.paths, assignments.first_treated, design.level,
        result.effect.value,
    )  # fmt: skip
    seen = {point.time: point.value for point in result.event_study}
    given = numpy.array([seen.get(int(time), numpy.nan) for time in weights.label[:-1]])
    spread = max(float(numpy.std(wide.outcome)), 1e-300)
    if not numpy.nanmax(numpy.abs(given - effects.values[:-1])) <= SAME * spread:
        raise DesignError("weights, covariates or missing periods make places with the same start count differently")
    drawn = f"{len(assignments.first_treated) - 1:,} assignments drawn with seed {assignments.seed}"
    how = assignments.rule if assignments.listed else drawn
    rule = f"effects by event time over errors that allow unequal variances, {how}"
    return Tried(weights.label, effects, "Among reassignments of treatment", rule, assignments.smallest_p)


def _weights(design: DifferenceInDifferences, model: Estimated, wide: WidePanel, times: list[int]) -> EventWeights:
    """Return the weights of the effects that are shown, and last of the contrast that anticipation is read from."""
    import numpy

    from evalkit.estimation.staggered import event_time_weights as closed

    first, periods, early = wide.first_treated, wide.outcome.shape[1], design.anticipation
    since = _by_the_calendar(model, wide)
    if design.estimator in BY_REGRESSION:
        reference = max(time for time in times if time < 0)
        label, terms = closed.lead_terms(first, periods, -(design.leads or 1), design.lags or 0, reference, since)
        found = closed.regression_weights(first, periods, label, terms)
    elif design.estimator == "imputation":
        found = _of_imputation(wide, times, early, since)
    elif design.estimator == "poisson":
        raise DesignError("ratios of events are no weighted sums of outcomes")
    else:
        later = design.comparison == "not_yet_treated" and design.estimator == "callaway_santanna"
        varying = design.base_period == "varying" and design.estimator == "callaway_santanna"
        kept = [time for time in times if varying or time != -1 - early]
        found = closed.base_period_weights(first, periods, kept, later, early, varying, since)
    leads = found.label < 0
    if not leads.any():
        return found.joined(ANTICIPATED, numpy.zeros_like(found.weights[0]), numpy.zeros_like(found.paths[0]))
    path = closed.reference_path(first, periods, -1 - early)
    if design.estimator == "imputation":
        earlier = found.weights[leads][:-1].sum(axis=0) / int(leads.sum())
        return found.joined(ANTICIPATED, found.weights[leads][-1] - earlier, path)
    return found.joined(ANTICIPATED, -found.weights[leads].mean(axis=0), path)


def _by_the_calendar(model: Estimated, wide: WidePanel) -> numpy.ndarray:
    """Return the event time of each period for each date of start: a period that all lack is counted with the others.

    Raises
    ------
    DesignError
        Where starts of several dates have the same first period, as those in a hole and right after it.
    """
    import numpy

    starts = numpy.unique(numpy.array(list(model.study.starts.values()), dtype=float))
    within = starts[starts <= wide.times.max()]
    first = numpy.searchsorted(wide.times, within)
    if numpy.unique(first).size < first.size:
        raise DesignError("starts of several dates fall into one hole of the data")
    known = dict(zip(first.tolist(), within.tolist(), strict=True))
    dates, periods = numpy.unique(wide.first_treated), wide.times.size
    counted = [wide.times - known[date] if date in known else numpy.arange(periods) - date for date in dates.tolist()]
    return numpy.array(counted, dtype=numpy.int64)


def _of_imputation(wide: WidePanel, times: list[int], early: int, since: numpy.ndarray) -> EventWeights:
    """Return the weights of imputed effects, and of leads among untreated rows where there are any."""
    import numpy

    from evalkit.estimation.staggered import event_time_weights as closed

    first, periods = wide.first_treated, wide.outcome.shape[1]
    dates = numpy.unique(first)
    after = closed.imputed_weights(first, periods, [time for time in times if time >= -early], early, since)
    before = [time for time in times if time < -early]
    if not before:
        return after
    ever = (dates < periods)[:, None]
    terms = ((since == numpy.array(before)[:, None, None]) & ever).astype(float)
    leads = closed.regression_weights(first, periods, before, terms, (since < -early) | ~ever)
    return closed.EventWeights(
        numpy.concatenate([leads.label, after.label]), numpy.concatenate([leads.weights, after.weights]),
        numpy.concatenate([leads.paths, after.paths]),
    )  # fmt: skip


def _bootstrapped(design: DifferenceInDifferences, model: Estimated, result: Result) -> Tried:
    """Return the coefficients of the event study with their wild bootstrap, drawn under one effect without leads."""
    import numpy
    import pandas

    from evalkit.estimation.few_units.several_effects import wild_effects

    study, frame = model.study, model.study.frame
    if len(frame) * model.all_clusters > MOST_CELLS:
        raise DesignError(f"a wild bootstrap of {len(frame):,} rows and {model.all_clusters:,} clusters is too large")
    leads = min(design.leads or 1, available(study)[0])
    columns = event_columns(study, leads, design.lags or 0)
    before = numpy.array(columns.times) < 0
    extra = frame[list(model.covariates)].to_numpy(dtype=float)
    matrix = numpy.column_stack([columns.matrix, extra])
    contrast = numpy.zeros(matrix.shape[1])
    contrast[: before.size] = -before.astype(float) / max(int(before.sum()), 1)
    unit, period, cluster = (
        pandas.factorize(column, sort=True)[0] for column in (frame["unit"], frame["time"], model.clusters)
    )
    null = numpy.column_stack([study.treated_rows.astype(float), extra])
    effects = wild_effects(
        model.outcome, matrix, null, unit, period, cluster, model.weights, draws_of(design), design.seed,
        design.level, contrast,
    )  # fmt: skip
    label = numpy.array([*columns.times, *[ANTICIPATED - 1] * extra.shape[1], ANTICIPATED])
    given = {point.time: point.value for point in result.event_study}
    gaps = [abs(given[time] - value) for time, value in zip(columns.times, effects.values, strict=False)]
    if not max(gaps) <= SAME * max(float(numpy.std(model.outcome)), 1e-300):
        raise DesignError("the event study that was bootstrapped is not the one that is shown")
    draws = len(effects.statistics) - 1
    rule = (
        f"wild cluster bootstrap-t of the event study, drawn under one effect without leads, {model.all_clusters:,} "
        f"clusters, {draws:,} draws, seed {design.seed}"
    )
    return Tried(label, effects, "In a wild bootstrap", rule, 1 / (1 + draws))


def _banded(points: tuple[EventTime, ...], tried: Tried) -> tuple[EventTime, ...]:
    """Return event times with pointwise and simultaneous bounds from assignments or draws."""
    import numpy

    shown = numpy.isin(tried.label, [point.time for point in points])
    single = tried.effects.single() * tried.effects.errors
    wider = tried.effects.together(shown)
    places = {int(time): place for place, time in enumerate(tried.label)}

    def bounded(point: EventTime) -> EventTime:
        if point.time not in places or not numpy.isfinite(single[places[point.time]]):
            return EventTime(point.time, point.value)
        one = float(single[places[point.time]])
        both, error = one * wider, float(tried.effects.errors[places[point.time]])
        value = point.value
        return EventTime(point.time, value, error, value - one, value + one, value - both, value + both)

    return tuple(bounded(point) for point in points)


def _checks(model: Estimated, result: Result, tried: Tried) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of leads and of anticipation as assignments or draws have them."""
    import numpy

    leads = _leads(_banded(result.event_study, tried))
    among = numpy.isin(tried.label, [point.time for point in leads])
    statistic, p_value = tried.effects.p_value(among)
    wider = tried.effects.together(among)
    single = tried.effects.single() * tried.effects.errors
    held = [
        replace(point, simultaneous_low=point.value - reach, simultaneous_high=point.value + reach)
        for point in leads
        for reach in (wider * float(single[numpy.flatnonzero(tried.label == point.time)[0]]),)
    ]
    last = numpy.flatnonzero(tried.label == ANTICIPATED)[0]
    gap, reach = float(tried.effects.values[last]), float(single[last])
    only = tried.label == ANTICIPATED
    unit = model.unit
    return (
        comparison.pre_period_leads(
            held, statistic, p_value, model.scale, unit, result.effect.value, f"{tried.test}, all of them together"
        ),
        comparison.anticipation(
            gap, gap - reach, gap + reach, tried.effects.p_value(only)[1], model.scale, unit, result.effect.value
        ),
    )


def _with(result: Result, checks: tuple[Diagnostic, Diagnostic]) -> tuple[Diagnostic, ...]:
    new = {check.name: check for check in checks}
    return tuple(new.get(check.name, check) for check in result.diagnostics)


def _untested(design: DifferenceInDifferences, model: Estimated, result: Result, why: str) -> Result:
    """Return the result with leads that are shown and not judged, and event times without bounds."""
    bare = tuple(EventTime(point.time, point.value) for point in result.event_study)
    if not _judged_at_all(design, result):
        return replace(result, event_study=bare)
    leads, treated = _leads(bare), model.treated_clusters
    values = [point.value for point in leads]
    gap = -sum(values) / len(values)
    if design.estimator == "imputation":  # its leads are held against all earlier periods, not the last one
        gap = values[-1] - sum(values[:-1]) / len(values)
    checks = comparison.leads_of_few(
        leads, gap, model.scale, model.unit, result.effect.value, treated, model.noun, "" if treated == 1 else why
    )
    return replace(result, event_study=bare, diagnostics=_with(result, checks))
