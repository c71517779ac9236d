"""Interaction-weighted event study (Sun and Abraham): one coefficient per cohort and period, then averages of them."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes
from evalkit.estimation.staggered.group_time_result import GroupTimeEffects, alone_in_cohort
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel, listed
from evalkit.estimation.staggered.wide_regression import WideRegression
from evalkit.estimation.within import SmallSample, cluster_factor


def sun_abraham(
    panel: StaggeredPanel, anticipation: int = 0, small_sample: SmallSample = "effects_nested"
) -> GroupTimeEffects:
    """Return effects by cohort and period from one regression with their interactions.

    Parameters
    ----------
    panel : StaggeredPanel
        The panel; covariates enter linearly. Units treated from the first period on are left out and named.
    anticipation : int
        Number of periods before treatment in which it may already act.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        Which effects cost degrees of freedom; see `within.cluster_factor`.

    Returns
    -------
    GroupTimeEffects
        For `aggregation.aggregate`: dynamic gives the event study, simple the average effect. The base period of a
        cohort has effect 0. Influence functions hold the root of the small-sample factor.

    Raises
    ------
    DesignError
        If there is no comparison cohort, a cohort has no period before treatment (its units are named), or terms
        cannot be told apart (they are named).

    Notes
    -----
    ``y_it = a_i + c_t + sum_g sum_(s != b) d_gs [G_i = g] [t = s] + x_it'k + e_it``, b the cohort's last period before
    treatment and anticipation. Cohorts are compared with never-treated units; where there are none, with the cohort
    treated last, in the periods before it is treated. Averages weight coefficients by the rows behind them, taken as
    known. Standard-error rule: clustered, with the small-sample factor; t with G - 1.

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225, 175-199. Checked against pyfixest and diff-diff.
    """
    always = panel.first_treated <= panel.periods[0] + anticipation
    kept = panel.keep(~always) if always.any() else panel
    starts = np.where(kept.first_treated > kept.periods[-1] + anticipation, np.inf, kept.first_treated)
    weights = _comparable(kept, starts, anticipation)
    cohorts, where = np.unique(starts, return_inverse=True)
    cohort = where.astype(np.int64)
    cells = [
        cell for code in range(cohorts.size - 1) for cell in _cells(kept, weights, cohorts, cohort, code, anticipation)
    ]
    moving = [(code, at) for code, at, base in cells if at != base]
    terms = np.zeros((cohorts.size, kept.periods.size, len(moving)))
    for j, (code, at) in enumerate(moving):
        terms[code, at, j] = 1.0
    names = tuple(f"start {kept.label(cohorts[code])} in {kept.label(kept.periods[at])}" for code, at in moving)
    fit = WideRegression(weights, cohort, terms, kept.covariates, (*names, *kept.covariate_names)).fit(kept.outcome)
    unit, period = np.nonzero(weights > 0.0)
    clusters = kept.cluster[unit]
    factor, words = cluster_factor(fit.coefficients.size, unit, period, clusters, small_sample)
    place = np.flatnonzero([at != base for _, at, base in cells])
    effect, influence = np.zeros(len(cells)), np.zeros((starts.size, len(cells)))
    effect[place] = fit.coefficients[: place.size]
    influence[:, place] = fit.influence[:, : place.size] * np.sqrt(factor)
    groups = len(np.unique(clusters))
    versus = "never treated" if np.isinf(cohorts[-1]) else f"first treated in {kept.label(cohorts[-1])}, before that"
    return GroupTimeEffects(
        cohort=np.array([cohorts[code] for code, _, _ in cells]),
        period=kept.periods[[at for _, at, _ in cells]],
        base_period=kept.periods[[base for _, _, base in cells]],
        effect=effect,
        influence=influence,
        first_treated=starts,
        weights=kept.unit_weights,
        cluster=kept.cluster,
        names=kept.names,
        always_treated=panel.names_of(always),
        single_unit_cohorts=kept.names_of(alone_in_cohort(starts) & (cohort < cohorts.size - 1)),
        rule=f"interactions of cohort and period in one regression, against units {versus}; clustered "
        f"({groups} clusters), factor {words}; t with G-1 = {groups - 1} degrees of freedom",
        cell_weights=np.array([weights[cohort == code, at].sum() for code, at, _ in cells]),
        df=float(groups - 1),
        factor=float(factor),
    )


def _comparable(panel: StaggeredPanel, starts: Array, anticipation: int) -> Array:
    """Return the weights of the cells that may be used: without never-treated units, those before the last start."""
    if np.unique(starts).size < 2:
        raise DesignError(
            "every unit is first treated in the same period, or none is: there is nobody to compare with",
            mend="bring units that are treated later or never",
        )
    if np.isinf(starts).any():
        return panel.weights
    return np.asarray(panel.weights * (panel.periods < starts.max() - anticipation))


def _cells(
    panel: StaggeredPanel, weights: Array, cohorts: Array, cohort: Codes, code: int, anticipation: int
) -> list[tuple[int, int, int]]:
    """Return cohort, period and base period by position, for every observed period of one cohort."""
    members = cohort == code
    seen = np.flatnonzero(weights[members].sum(axis=0) > 0.0)
    before = seen[panel.periods[seen] < cohorts[code] - anticipation]
    if before.size == 0:
        raise DesignError(
            "no period before treatment is observed for units first treated in "
            f"{panel.label(cohorts[code])}: {listed(panel.names_of(members))}",
            mend="leave these units out, or bring earlier periods",
        )
    return [(code, int(at), int(before[-1])) for at in seen]
