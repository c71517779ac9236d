"""Rate ratios by cohort and period from one Poisson regression of counts (extended two-way), and their averages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, log_exposure, require_choice
from evalkit.estimation.staggered.aggregation import Aggregation, Kind
from evalkit.estimation.staggered.group_time_result import LeftOut, alone_in_cohort, clustered_errors
from evalkit.estimation.staggered.poisson_effects import PoissonEffects, poisson_effects
from evalkit.estimation.staggered.poisson_two_way import clustered_influence
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
from evalkit.estimation.within import SmallSample


@dataclass(frozen=True, eq=False)
class RatioEffects:
    """Observed and expected events of treated cohorts by period.

    Attributes
    ----------
    cohort, period : ndarray, shape (m,)
        First period under treatment, and the period.
    observed, expected : ndarray, shape (m,)
        Events of the cohort in the period, weighted if rows are, and those expected without treatment.
    observed_influence : ndarray, shape (n, m)
        Each unit's observed less fitted events, with the root of the small-sample factor; they sum to zero.
    expected_influence : ndarray, shape (n, m)
        Contribution of each unit to the logarithm of expected events less its true value, with that root.
    cluster : ndarray of int, shape (n,)
        Clusters of the units.
    names : tuple of str
        Names of the units.
    always_treated : tuple of str
        Units without a period before treatment, left out.
    units_without_events : tuple of str
        Units left out since they have no event in any row that was used.
    single_unit_cohorts : tuple of str
        Treated units alone in their cohort: their own noise cannot be seen.
    left_out : tuple of LeftOut
        Cohorts and periods for which nothing can be expected.
    rule : str
        Estimator and standard-error rule in words.
    df : float
        Degrees of freedom of the t reference.
    factor : float
        The small-sample factor of which the influences hold the root.
    """

    cohort: Array
    period: Array
    observed: Array
    expected: Array
    observed_influence: Array
    expected_influence: Array
    cluster: Codes
    names: tuple[str, ...]
    always_treated: tuple[str, ...]
    units_without_events: tuple[str, ...]
    single_unit_cohorts: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    rule: str
    df: float
    factor: float

    @property
    def event_time(self) -> Array:
        """Periods since the first under treatment, shape (m,)."""
        return self.period - self.cohort

    @property
    def log_ratio(self) -> Array:
        """Logarithm of observed over expected events, shape (m,); minus infinity where none was observed."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.observed / self.expected))

    @property
    def standard_errors(self) -> Array:
        """Standard error of each logarithm, shape (m,); of the expected events alone where none was observed."""
        own = self.observed_influence / np.where(self.observed > 0.0, self.observed, 1.0)
        return clustered_errors(own - self.expected_influence, self.cluster)


class RatioAverages(NamedTuple):
    """Rate ratios over several cohorts and periods.

    Attributes
    ----------
    log_ratio : Aggregation
        Logarithms of ratios; ``100 (exp(effect) - 1)`` is the change in percent. The overall one is that of all rows
        under treatment, for every kind. Minus infinity where no event was observed.
    observed, expected : ndarray, shape (m,)
        Events behind each ratio.
    overall_observed, overall_expected : float
        Events of all rows under treatment. Expected less observed are the events averted.
    """

    log_ratio: Aggregation
    observed: Array
    expected: Array
    overall_observed: float
    overall_expected: float


def extended_poisson(
    panel: StaggeredPanel,
    exposure: Array | None = None,
    anticipation: int = 0,
    small_sample: SmallSample = "effects_nested",
) -> RatioEffects:
    """Return rate ratios by cohort and period from one Poisson regression (extended two-way).

    Parameters
    ----------
    panel : StaggeredPanel
        The panel, its outcome counts; covariates enter linearly on the log scale. Units without a period before
        treatment are left out and named.
    exposure : ndarray, shape (units, periods), or None
        Exposure of each row, above zero; NaN where not observed.
    anticipation : int
        Number of periods before treatment in which it may already act; they get coefficients too.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        See `within.cluster_factor`.

    Returns
    -------
    RatioEffects
        For `ratio_averages`.

    Raises
    ------
    DesignError
        If a count is negative, nobody is untreated in any period under treatment, or terms cannot be told apart.

    Notes
    -----
    ``log m_it = log exposure_it + a_i + c_t + sum_g sum_(s >= g) d_gs [G_i = g] [t = s] + x_it'k``. Expected events are
    ``exposure exp(a_i + c_t + x_it'k)``; the logarithm of observed over expected is d_gs. A cohort without an event in
    a period has d at minus infinity: its rows are left out of the regression, which moves nothing else, and their
    expected events count in averages. Standard-error rule: as `poisson_two_way`.

    References
    ----------
    Wooldridge (2023), Econometrics Journal 26, C31-C66, with unit effects in place of cohort effects. Checked against
    fepois of pyfixest with the interactions as regressors.
    """
    offset = _wide_offset(panel, exposure)
    always = panel.first_treated <= panel.periods[0] + anticipation
    kept, offset = panel.keep(~always), offset[~always]
    starts = np.where(kept.first_treated > kept.periods[-1] + anticipation, np.inf, kept.first_treated)
    cells = _cells(kept, starts, anticipation)
    terms = np.zeros((cells.cohorts.size, kept.periods.size, len(cells.fitted)))
    for j, (code, at) in enumerate(cells.fitted):
        terms[code, at, j] = 1.0
    names = tuple(
        f"start {kept.label(cells.cohorts[code])} in {kept.label(kept.periods[at])}" for code, at in cells.fitted
    )
    names = (*names, *kept.covariate_names)
    found = poisson_effects(kept.outcome, offset, cells.weights, cells.cohort, terms, kept.covariates, names)
    expected, gradient = _expected(kept, offset, found, cells)
    _, factor, groups, words = clustered_influence(kept, found, small_sample)
    every = (*cells.fitted, *cells.empty)
    events = kept.weights * np.nan_to_num(kept.outcome)
    own = [np.where(cells.cohort == code, (events - found.weights * found.mean)[:, at], 0.0) for code, at in every]
    return RatioEffects(
        cohort=cells.cohorts[[code for code, _ in every]],
        period=kept.periods[[at for _, at in every]],
        observed=np.array([events[cells.cohort == code, at].sum() for code, at in every]),
        expected=expected,
        observed_influence=np.column_stack(own) * np.sqrt(factor),
        expected_influence=found.fit.scores @ (found.fit.inverse @ gradient) * np.sqrt(factor),
        cluster=kept.cluster,
        names=kept.names,
        always_treated=panel.names_of(always),
        units_without_events=kept.names_of((found.weights > 0.0).sum(axis=1) == 0),
        single_unit_cohorts=kept.names_of(alone_in_cohort(starts)),
        left_out=cells.left_out,
        rule=f"observed over expected events by cohort and period, one Poisson regression; {words}",
        df=float(groups - 1),
        factor=float(factor),
    )


def ratio_averages(effects: RatioEffects, kind: Kind) -> RatioAverages:
    """Return rate ratios over all, by cohort, by time since treatment or by calendar period, as logarithms.

    Parameters
    ----------
    effects : RatioEffects
        Ratios by cohort and period.
    kind : {"simple", "group", "dynamic", "calendar"}
        What the ratios are by.

    Returns
    -------
    RatioAverages

    Raises
    ------
    DesignError
        If the kind is unknown.

    Notes
    -----
    A ratio is the sum of observed over the sum of expected events of its cohorts and periods. Standard-error rule: each
    unit contributes its observed less fitted events over the sum of observed, less its contribution to the logarithm
    of the sum of expected; summed by cluster, squared. For one cohort and period this is the clustered standard error
    of its coefficient.

    References
    ----------
    Wooldridge (2023), Econometrics Journal 26, C31-C66, section 3.
    """
    require_choice(kind, Kind, "the aggregation")
    after = effects.event_time >= 0.0
    by = {"group": effects.cohort, "dynamic": effects.event_time, "calendar": effects.period}.get(kind)
    counted = np.ones(after.size, dtype=bool) if kind == "dynamic" else after
    labels = np.zeros(0) if by is None else np.unique(by[counted])
    found = [_ratio(effects, counted & (by == label)) for label in labels]
    overall = _ratio(effects, after)
    empty = np.zeros((effects.cluster.size, 0))
    averages = Aggregation(
        kind=kind,
        label=labels,
        effect=np.array([each.log_ratio for each in found]),
        influence=np.column_stack([each.influence for each in found]) if found else empty,
        overall=overall.log_ratio,
        overall_influence=overall.influence,
        cluster=effects.cluster,
        rule=f"sums of observed over sums of expected events; {effects.rule}",
        df=effects.df,
    )
    observed, expected = (np.array([getattr(each, name) for each in found]) for name in ("observed", "expected"))
    return RatioAverages(averages, observed, expected, overall.observed, overall.expected)


class _Ratio(NamedTuple):
    """Observed over expected events of some cells."""

    log_ratio: float
    influence: Array
    observed: float
    expected: float


def _ratio(effects: RatioEffects, chosen: Mask) -> _Ratio:
    """Return the ratio of some cells."""
    observed, expected = float(effects.observed[chosen].sum()), effects.expected[chosen]
    total = float(expected.sum())
    value = float(np.log(observed / total)) if observed > 0.0 else -np.inf
    influence = -effects.expected_influence[:, chosen] @ (expected / total)
    if observed > 0.0:
        influence = influence + effects.observed_influence[:, chosen].sum(axis=1) / observed
    return _Ratio(value, influence, observed, total)


class _Cells(NamedTuple):
    """Cohorts in periods under treatment, by position: with events, without, and what cannot be compared."""

    cohorts: Array
    cohort: Codes
    fitted: list[tuple[int, int]]
    empty: list[tuple[int, int]]
    left_out: tuple[LeftOut, ...]
    weights: Array


def _cells(panel: StaggeredPanel, starts: Array, anticipation: int) -> _Cells:
    """Return the treated cells, and weights that leave out those that get no coefficient."""
    under = panel.observed & (panel.periods >= starts[:, None] - anticipation)
    events = np.nan_to_num(panel.outcome)
    free = (events * ~under).sum(axis=0) > 0.0
    cohorts, where = np.unique(starts, return_inverse=True)
    fitted, empty, left_out, weights = [], [], [], panel.weights.copy()
    for code in range(cohorts.size):
        members = np.flatnonzero(where == code)
        before = (events * ~under)[members].any()
        for at in np.flatnonzero(under[members].any(axis=0)):
            if free[at] and before and events[members, at].any():
                fitted.append((code, int(at)))
                continue
            weights[members, at] = 0.0
            if free[at] and before:
                empty.append((code, int(at)))
                continue
            reason = "the cohort has no event before treatment" if free[at] else "no untreated unit has an event then"
            left_out.append(LeftOut(float(cohorts[code]), float(panel.periods[at]), f"{reason}: nothing is expected"))
    if not fitted:
        reason = "no event was observed under treatment" if empty else "no unit is treated within the data"
        raise DesignError(
            f"no ratio can be estimated: {left_out[0].reason if left_out else reason}",
            mend="bring units that are treated later or never, periods before treatment, or a commoner outcome",
        )
    return _Cells(cohorts, where.astype(np.int64), fitted, empty, tuple(left_out), weights)


def _expected(panel: StaggeredPanel, offset: Array, found: PoissonEffects, cells: _Cells) -> tuple[Array, Array]:
    """Return expected events of each cell, and how their logarithm moves with period effects, terms and covariates."""
    model, fit = found.model, found.fit
    slopes = fit.coefficients[len(cells.fitted) :]
    known = model.columns.shape[2]
    every = (*cells.fitted, *cells.empty)
    expected, gradient = np.empty(len(every)), np.zeros((known + slopes.size, len(every)))
    for j, (code, at) in enumerate(every):
        rows = np.flatnonzero((cells.cohort == code) & panel.observed[:, at] & np.isfinite(fit.unit_effects))
        x = panel.covariates[rows, at]
        line = offset[rows, at] + fit.unit_effects[rows] + fit.period_effects[at] + x @ slopes
        each = panel.weights[rows, at] * np.exp(line)
        expected[j] = each.sum()
        share = each / expected[j]
        gradient[:known, j] = -(share @ model.shares[rows]) @ model.columns[code]
        gradient[at, j] += 1.0
        gradient[known:, j] = share @ (x - model.means[rows])
    return expected, gradient


def _wide_offset(panel: StaggeredPanel, exposure: Array | None) -> Array:
    """Return the logarithm of the exposure, 0 where not observed; refuse negative counts."""
    seen = panel.observed
    values = np.ones(seen.shape) if exposure is None else np.asarray(exposure, dtype=np.float64)
    if values.shape != seen.shape:
        raise DesignError(f"exposure has shape {values.shape} for a panel of {seen.shape}")
    offset = np.zeros(seen.shape)
    offset[seen] = log_exposure(panel.outcome[seen], values[seen])
    return offset
