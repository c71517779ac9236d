"""What every design returns, and the analysis that it is part of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

from evalkit.records.estimate import Estimate
from evalkit.records.panel import Measure, Panel
from evalkit.records.supplement import (
    Baseline,
    CumulativePoint,
    ErrorModel,
    GroupTime,
    Horizon,
    LeftOut,
    Placebo,
    ScaleEstimate,
)
from evalkit.records.words import OtherRows, Role, Verdict


@dataclass(frozen=True)
class Diagnostic:
    """What was assumed, what was looked at and what was seen.

    Attributes
    ----------
    name : str
        Snake-case name, stable.
    assumption : str
        What would have to be true, in words for a reader.
    verdict : str
        no sign against, sign against, too weak to tell (what would matter was neither seen nor ruled out), or not
        run. Never "passed": a check cannot prove an assumption.
    reading : str
        One sentence: what was seen.
    statistic, low, high, p_value : float or None
    key : bool
        A sign against a key check makes the headline unreliable and caps the level of evidence.
    looked_at : str
        What was looked at, in words for a reader.
    short : str
        A sign against in one short plain sentence for a first page: no statistics, no capital, no full stop, at most
        14 words. Empty where there is none.
    """

    name: str
    assumption: str
    verdict: Verdict
    reading: str
    statistic: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    key: bool = False
    looked_at: str = ""
    short: str = ""


@dataclass(frozen=True)
class PathPoint:
    """One period of the observed and the expected path of a group of units."""

    unit: str
    period: str
    observed: float | None
    counterfactual: float | None = None
    low: float | None = None
    high: float | None = None
    fitted: float | None = None


@dataclass(frozen=True)
class Coefficient:
    """One term of the model."""

    term: str
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class EventTime:
    """The effect at one distance from the first treated period (0), with pointwise and simultaneous bounds."""

    time: int
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    simultaneous_low: float | None = None
    simultaneous_high: float | None = None


@dataclass(frozen=True)
class Result:
    """What every design returns: an effect and a counterfactual path.

    Attributes
    ----------
    estimand : str
        What is estimated, in words.
    standard_errors : str
        The standard-error rule, in words.
    effect : Estimate
        Average over treated post-periods of fitted minus counterfactual, on the stated scale.
    relative : Estimate or None
        The effect in percent of the counterfactual.
    absolute : Estimate or None
        Per unit and period, in the outcome's own unit.
    averted : Estimate or None
        Counterfactual minus fitted over all treated unit-periods: positive means fewer than expected.
    path : tuple of PathPoint
        By unit group and period.
    path_without_season : tuple of PathPoint
        The same with the usual season taken out, where a season was fitted; for drawing.
    coefficients, event_study, weights, inference, fit
        Where the design has them.
    estimator : mapping or None
        Where the design has several: `name`, `chosen_by` (`rule` or `study`), `rule` (the printed rule in words),
        `reason` (what the data show, and what was passed over) and `assumptions` (list of sentences) of it.
    horizons, cumulative, error_models, placebos, leave_out, baselines, scales
        Where the design has them; see `evalkit.records.supplement`.
    group_time : tuple of GroupTime
        Effects by cohort (units that start together) and period, for estimators that have them.
    aggregations : mapping or None
        By simple, group, dynamic, calendar: `overall` (value, se, low, high), `by` (label, value, se, low, high and,
        where there are bands, simultaneous_low, simultaneous_high) and `rule`, on the scale of the headline.
    time_weights : tuple of (str, float)
        Weights of the periods before, from synthetic difference in differences.
    decomposition : mapping or None
        `estimate`, `under_treatment_weight` and `pairs` (kind, treated, comparison, estimate, weight) of the two-way
        estimate under staggered adoption.
    robust_bounds : tuple of mapping
        restriction, target, m, low, high: the effect if paths are not quite parallel.
    breakdown : mapping or None
        By restriction and target the smallest m at which the bounds include no effect.
    pretest_power : mapping or None
        What a test of the leads could have found.
    selection : mapping or None
        How far the outcome would have fallen by itself, where who or what is studied was chosen for a high value of it.
    expected_coverage : mapping or None
        How often intervals made in this way held the truth in simulated series like this one.
    power : mapping or None
        The smallest change that the design could find, by how long it watches.
    disclosure : mapping or None
        By which `profile` small counts were hidden, the rule in `words`, `rounded_to`, and `hidden`: group, period and
        why (small, total, declared) of each count that is not shown. `drawn_by` (period, quarter, lines) and
        `drawn_words` say how the path is drawn; `path` holds the points by quarter.
    n_observations, n_units, n_treated_units, n_pre_periods, n_post_periods : int
    dropped : tuple of (str, str)
        Units or periods left out, each with the reason.
    """

    estimand: str
    standard_errors: str
    effect: Estimate
    relative: Estimate | None = None
    absolute: Estimate | None = None
    averted: Estimate | None = None
    path: tuple[PathPoint, ...] = ()
    path_without_season: tuple[PathPoint, ...] = ()
    coefficients: tuple[Coefficient, ...] = ()
    event_study: tuple[EventTime, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    inference: Mapping[str, Any] | None = None
    estimator: Mapping[str, Any] | None = None
    fit: Mapping[str, Any] | None = None
    horizons: tuple[Horizon, ...] = ()
    cumulative: tuple[CumulativePoint, ...] = ()
    error_models: tuple[ErrorModel, ...] = ()
    placebos: tuple[Placebo, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    scales: tuple[ScaleEstimate, ...] = ()
    group_time: tuple[GroupTime, ...] = ()
    aggregations: Mapping[str, Any] | None = None
    time_weights: tuple[tuple[str, float], ...] = ()
    decomposition: Mapping[str, Any] | None = None
    robust_bounds: tuple[Mapping[str, Any], ...] = ()
    breakdown: Mapping[str, Any] | None = None
    pretest_power: Mapping[str, Any] | None = None
    selection: Mapping[str, Any] | None = None
    expected_coverage: Mapping[str, Any] | None = None
    power: Mapping[str, Any] | None = None
    disclosure: Mapping[str, Any] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    n_observations: int = 0
    n_units: int = 0
    n_treated_units: int = 0
    n_pre_periods: int = 0
    n_post_periods: int = 0
    dropped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Family:
    """A secondary outcome as one of several.

    Attributes
    ----------
    count : int
        How many outcomes there are in the family.
    p_value : float or None
        Adjusted by Holm's procedure.
    level : float
        Confidence level of each interval, at which all of them hold at once.
    effect, relative, absolute : Estimate or None
        As in the result, with bounds at that level.
    """

    count: int
    p_value: float | None
    level: float
    effect: Estimate | None = None
    relative: Estimate | None = None
    absolute: Estimate | None = None


@runtime_checkable
class Design(Protocol):
    """A way to estimate: a frozen model whose fields are its YAML options."""

    kind: str
    title: ClassVar[str]
    assumptions: ClassVar[tuple[str, ...]]
    checks: ClassVar[tuple[str, ...]]

    def resolve(self, panel: Panel) -> Design:
        """Return the design with every option that depends on the data filled in."""
        ...

    def estimate(self, panel: Panel, *, supplements: bool = True) -> Result:
        """Return effect, counterfactual path and checks for a panel.

        `supplements`: also what stands beside the effect (other errors, dates and baselines), with its checks. A study
        asks for it where an outcome is estimated for the first time, and not for each variation of that.
        """
        ...


@dataclass(frozen=True)
class Analysis:
    """One analysis of a study: the primary one, or another outcome, group, choice of method or pretend start.

    Attributes
    ----------
    id, role, label : str
    outcome : Measure
    design : mapping
        `kind` and every option as resolved.
    result : Result
    frequency, simulated, origin, notes
        From the panel.
    first_treated : str
        First treated period as text, empty when there is none.
    outcome_role : str
        primary, secondary, harm, process or negative_control.
    family : Family or None
        Adjusted for how many secondary outcomes there are.
    group : str
        What a subgroup is one of, such as sex; empty for all other analyses.
    period_names : mapping of str to str
        What numbered periods are called, by their label; empty where they have no names.
    unit_label : str
        What one unit is called; empty for a place.
    other_rows : {'', 'places', 'rows'}
        Of a sensitivity analysis: whether its data hold other places than the main one's, or other rows of the same.
    """

    id: str
    role: Role
    label: str
    outcome: Measure
    design: Mapping[str, Any]
    result: Result
    frequency: str = "month"
    first_treated: str = ""
    simulated: bool = False
    origin: str = ""
    notes: tuple[str, ...] = ()
    outcome_role: str = "primary"
    family: Family | None = None
    group: str = ""
    period_names: Mapping[str, str] = field(default_factory=dict)
    unit_label: str = ""
    other_rows: OtherRows = ""
