"""Imputation (Borusyak, Jaravel and Spiess): what treated units would have had, from a regression of untreated rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, require_choice
from evalkit.estimation.staggered.group_time_result import (
    GroupTimeEffects,
    LeftOut,
    alone_in_cohort,
    clustered_covariance,
    clustered_errors,
)
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
from evalkit.estimation.staggered.wide_regression import WideFit, WideRegression
from evalkit.estimation.within import SmallSample, cluster_factor

AverageOver = Literal["cohort_and_period", "event_time"]


@dataclass(frozen=True, eq=False)
class Leads:
    """Coefficients of the periods before treatment, from untreated rows alone.

    Attributes
    ----------
    label : ndarray, shape (m,)
        Periods since the first under treatment, below 0.
    effect : ndarray, shape (m,)
        Coefficients against all earlier periods, in the outcome's unit.
    influence : ndarray, shape (n, m)
        Contribution of each unit, with the root of the small-sample factor.
    cluster : ndarray of int, shape (n,)
        Clusters of the units.
    df : float
        Degrees of freedom of the t reference.
    rule : str
        The standard-error rule in words.
    """

    label: Array
    effect: Array
    influence: Array
    cluster: Codes
    df: float
    rule: str

    @property
    def covariance(self) -> Array:
        """Covariance of the coefficients, clustered, shape (m, m)."""
        return clustered_covariance(self.influence, self.cluster)

    @property
    def standard_errors(self) -> Array:
        """Standard error of each coefficient, clustered, shape (m,)."""
        return clustered_errors(self.influence, self.cluster)


def imputation(
    panel: StaggeredPanel,
    anticipation: int = 0,
    leave_out: bool = False,
    average_over: AverageOver = "cohort_and_period",
) -> GroupTimeEffects:
    """Return effects by cohort and period: observed less what untreated rows would have one expect.

    Parameters
    ----------
    panel : StaggeredPanel
        The panel; covariates enter linearly. Units without an untreated row are left out and named.
    anticipation : int
        Number of periods before treatment in which it may already act; they count as treated.
    average_over : {"cohort_and_period", "event_time"}
        Which rows the average is over that a treated unit's effect is held against, in the variance. Over event_time
        (all cohorts at the same time since treatment) it also sees the noise of a unit alone in its cohort, and counts
        differences between cohorts as noise.
    leave_out : bool
        Whether each treated unit's own effect is left out of the average that its effect is held against, in the
        variance. Standard errors grow; they are less often too small in small cohorts.

    Returns
    -------
    GroupTimeEffects
        For `aggregation.aggregate`, of treated (and anticipating) rows; weights are those of the rows, taken as known.

    Raises
    ------
    DesignError
        If no treated row can be imputed, untreated rows do not connect the periods, or covariates cannot be told
        apart (they are named).

    Notes
    -----
    ``y_it = a_i + c_t + x_it'k + e_it`` is fitted by (weighted) least squares to rows before treatment and
    anticipation; an effect is the mean over a cohort's rows of ``y_it - a_i - c_t - x_it'k``. Standard-error rule,
    conservative where effects differ within a cohort and period: with v the weights that make the estimate a sum
    ``sum v_it y_it``, the variance is ``sum_g (sum_(it in g) v_it r_it)^2``, r the residual of an untreated row, and of
    a treated row its effect less the average ``sum w^2 effect / sum w^2`` of its cohort and period (or event time), w
    the weights of rows. leave_out divides the latter by ``1 - w_it^2 / sum w^2``. No small-sample factor; normal.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91, 3253-3285, theorem 3, equation 7, and
    appendix A.9. Checked against diff-diff and moderndid.
    """
    require_choice(average_over, AverageOver, "what effects are averaged over")
    free = panel.weights * (panel.periods < panel.first_treated[:, None] - anticipation)
    always = free.sum(axis=1) == 0.0
    kept, free = panel.keep(~always), free[~always]
    if len(kept.names) < 2:
        raise DesignError("no unit is observed before treatment", mend="bring earlier periods, or untreated units")
    _require_connected(kept, free)
    starts = np.where(kept.first_treated > kept.periods[-1] + anticipation, np.inf, kept.first_treated)
    one_cohort = np.zeros(len(kept.names), dtype=np.int64)
    none = np.zeros((1, kept.periods.size, 0))
    model = WideRegression(free, one_cohort, none, kept.covariates, kept.covariate_names)
    fit = model.fit(kept.outcome)
    covered = np.isfinite(fit.period_effects)
    treated = (kept.weights > 0.0) & (free == 0.0)
    cells, left_out = [], []
    for cohort in np.unique(starts[np.isfinite(starts)]):
        for at in np.flatnonzero(treated[starts == cohort].any(axis=0)):
            if covered[at]:
                cells.append((float(cohort), int(at)))
            else:
                period = float(kept.periods[at])
                left_out.append(LeftOut(float(cohort), period, "no unit is untreated in the period"))
    if not cells:
        raise DesignError(
            "no effect can be imputed: in no period are there treated and untreated units",
            mend="bring units that are treated later or never, or use an interrupted time series",
        )
    left = _held_against(kept, _gains(kept, fit, treated), starts, cells, leave_out, average_over)
    effect, influence, sizes = _effects(kept, model, fit, starts, treated, cells, left)
    groups = int(kept.cluster.max()) + 1
    return GroupTimeEffects(
        cohort=np.array([cohort for cohort, _ in cells]),
        period=kept.periods[[at for _, at in cells]],
        effect=effect,
        influence=influence,
        first_treated=starts,
        weights=kept.unit_weights,
        cluster=kept.cluster,
        names=kept.names,
        always_treated=panel.names_of(always),
        single_unit_cohorts=kept.names_of(alone_in_cohort(starts)),
        left_out=tuple(left_out),
        rule="imputed from untreated rows with unit and period effects; conservative variance of Borusyak, Jaravel and "
        f"Spiess, effects held against averages by {average_over.replace('_', ' ')}"
        f"{', own effect left out' if leave_out else ''}, {groups} clusters, no small-sample factor; normal",
        cell_weights=sizes,
    )


def imputation_leads(
    panel: StaggeredPanel, leads: int, anticipation: int = 0, small_sample: SmallSample = "effects_nested"
) -> Leads:
    """Return the test of parallel trends that belongs to imputation: leads among untreated rows.

    Parameters
    ----------
    panel : StaggeredPanel
        The panel.
    leads : int
        Number of periods before treatment (and anticipation) that get a coefficient; earlier ones are the reference.
    anticipation : int
        Number of periods before treatment in which it may already act; they are not used.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        See `within.cluster_factor`.

    Returns
    -------
    Leads

    Raises
    ------
    DesignError
        If leads is below 1 or more than the untreated rows can tell apart.

    Notes
    -----
    ``y_it = a_i + c_t + sum_l d_l [t - G_i = -l] + x_it'k + e_it`` on rows before treatment and anticipation, so that
    the leads do not share rows with the effects. Standard-error rule: clustered, with the factor; t with G - 1.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91, 3253-3285, section 4.4. Checked against
    pyfixest.
    """
    if leads < 1:
        raise DesignError(f"{leads} leads", mend="give 1 or more")
    free = panel.weights * (panel.periods < panel.first_treated[:, None] - anticipation)
    cohorts, cohort = np.unique(panel.first_treated, return_inverse=True)
    label = np.arange(-leads, 0, dtype=np.float64) - anticipation
    terms = (panel.periods[None, :, None] - cohorts[:, None, None] == label).astype(np.float64)
    names = (*(f"lead {value:g}" for value in label), *panel.covariate_names)
    fit = WideRegression(free, cohort, terms, panel.covariates, names).fit(panel.outcome)
    unit, period = np.nonzero(free > 0.0)
    factor, words = cluster_factor(fit.coefficients.size, unit, period, panel.cluster[unit], small_sample)
    groups = len(np.unique(panel.cluster[unit]))
    return Leads(
        label=label,
        effect=fit.coefficients[:leads],
        influence=fit.influence[:, :leads] * np.sqrt(factor),
        cluster=panel.cluster,
        df=float(groups - 1),
        rule=f"leads among untreated rows; clustered ({groups} clusters), factor {words}; t with G-1 = {groups - 1} "
        "degrees of freedom",
    )


def _gains(panel: StaggeredPanel, fit: WideFit, treated: Mask) -> Array:
    """Return each treated row's outcome less what was imputed, 0 elsewhere."""
    line = fit.unit_effects[:, None] + np.nan_to_num(fit.period_effects)
    line = line + np.where(treated[:, :, None], panel.covariates, 0.0) @ fit.coefficients
    return np.where(treated, panel.outcome - line, 0.0)


def _held_against(
    panel: StaggeredPanel,
    gains: Array,
    starts: Array,
    cells: list[tuple[float, int]],
    leave_out: bool,
    average_over: AverageOver,
) -> Array:
    """Return gains, and gains less the averages they are held against, stacked: shape (2, units, periods)."""
    groups: dict[tuple[float, float], int] = {}
    code = np.full(gains.shape, -1, dtype=np.int64)
    for cohort, at in cells:
        by_event = average_over == "event_time"
        key = (0.0, float(panel.periods[at]) - cohort) if by_event else (cohort, float(at))
        code[starts == cohort, at] = groups.setdefault(key, len(groups))
    inside = panel.observed & (code >= 0)
    group, squares = code[inside], panel.weights[inside] ** 2
    share = squares / np.bincount(group, squares, len(groups))[group]
    own = gains[inside] - np.bincount(group, share * gains[inside], len(groups))[group]
    if leave_out:
        own = own / np.where(share < 1.0, 1.0 - share, 1.0)  # 0 for a row alone in its average
    left = np.zeros(gains.shape)
    left[inside] = own
    return np.stack([gains, left])


def _effects(
    panel: StaggeredPanel,
    model: WideRegression,
    fit: WideFit,
    starts: Array,
    treated: Mask,
    cells: list[tuple[float, int]],
    gains: Array,
) -> tuple[Array, Array, Array]:
    """Return effect, influence and weight of each cohort and period; `gains` as `_held_against` returns them."""
    periods = panel.periods.size
    gradient = np.zeros((periods + panel.covariates.shape[2], len(cells)))
    own = np.zeros((starts.size, len(cells)))
    effect, sizes = np.empty(len(cells)), np.empty(len(cells))
    cohorts, where = np.array([cohort for cohort, _ in cells]), np.array([at for _, at in cells])
    for cohort in np.unique(cohorts):
        members, chosen = np.flatnonzero(starts == cohort), np.flatnonzero(cohorts == cohort)
        at = np.ix_(members, where[chosen])
        weights = panel.weights[at] * treated[at]
        sizes[chosen] = weights.sum(axis=0)
        share = weights / sizes[chosen]
        effect[chosen] = np.sum(share * gains[0][at], axis=0)
        gradient[:periods, chosen] = -(model.shares[members].T @ share)
        gradient[where[chosen], chosen] += 1.0
        moving = np.where((share > 0.0)[:, :, None], panel.covariates[at] - model.means[members][:, None], 0.0)
        gradient[periods:, chosen] = np.sum(share[:, :, None] * moving, axis=0).T
        own[np.ix_(members, chosen)] = share * gains[1][at]
    return effect, own - fit.scores @ (fit.inverse @ gradient), sizes


def _require_connected(panel: StaggeredPanel, free: Array) -> None:
    """Raise if untreated rows fall into parts that share no unit, so that periods cannot be compared."""
    from scipy.sparse import bmat, csr_array
    from scipy.sparse.csgraph import connected_components

    used = np.flatnonzero(free.sum(axis=0) > 0.0)
    if (free[:, used] > 0.0).all(axis=1).any():
        return  # one unit has them all
    rows = csr_array((free > 0.0).astype(np.int8))
    part = connected_components(bmat([[None, rows], [rows.T, None]]), directed=False)[1][free.shape[0] :]
    apart = used[part[used] != part[used[0]]]
    if apart.size:
        raise DesignError(
            "no untreated units connect these periods with the first one: "
            + ", ".join(panel.label(panel.periods[at]) for at in apart),
            mend="leave these periods out, or bring units that are untreated in both",
        )
