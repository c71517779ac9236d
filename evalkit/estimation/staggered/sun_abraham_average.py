"""The average effect of Sun and Abraham's regression without the regression, for many assignments in turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array
from evalkit.estimation.staggered.aggregation import Aggregation, aggregate
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel


def sun_abraham_average(panel: StaggeredPanel, anticipation: int = 0) -> tuple[float, float]:
    """Return the simple average of Sun and Abraham's effects, with its clustered standard error before any factor.

    Parameters
    ----------
    panel : StaggeredPanel
        Balanced, with never-treated units, its weights the same in every period of a unit, every unit with a period
        before treatment.
    anticipation : int
        As `sun_abraham.sun_abraham`.

    Returns
    -------
    effect, standard_error : float
        Those of `aggregation.aggregate` with kind simple, the standard error without the small-sample factor.

    Raises
    ------
    DesignError
        If the panel is not as above, or covariates do not vary within units and the periods of their cohort.

    Notes
    -----
    The regression gives every cohort its own period effects, so by Frisch, Waugh and Lovell covariates have the slopes
    ``k`` of a regression with unit and cohort-by-period effects, and effects are differences of mean changes of
    ``y - x'k``. Unit i contributes ``psi_i(y - x'k) - A(x)' (X'WX)^-1 sum_t w_i x~_it e~_it``, A the average of
    changes, x~ and e~ without unit and cohort-by-period means.

    References
    ----------
    Sun and Abraham (2021), Journal of Econometrics 225, 175-199. Held to `sun_abraham` to 1e-10.
    """
    weights = panel.weights
    never = np.isinf(panel.first_treated) | (panel.first_treated > panel.periods[-1] + anticipation)
    if not (panel.observed.all() and never.any() and np.all(weights == weights[:, :1])):
        raise DesignError("the panel is not balanced, has no never-treated units, or weights that change by period")
    left = panel.outcome
    slopes: Array = np.zeros(0)
    noise: Array = np.zeros((len(panel.names), 0))
    if panel.covariates.shape[2]:
        starts = np.where(never, np.inf, panel.first_treated)
        columns = np.stack([_within(x, starts, weights[:, 0]) for x in np.moveaxis(panel.covariates, 2, 0)])
        heavy = (columns * weights).reshape(len(columns), -1)
        matrix = heavy @ columns.reshape(len(columns), -1).T
        if np.linalg.matrix_rank(matrix, hermitian=True) < len(matrix):
            raise DesignError("covariates do not vary within units and the periods of their cohort")
        slopes = np.asarray(np.linalg.solve(matrix, heavy @ panel.outcome.ravel()), dtype=np.float64)
        left = panel.outcome - panel.covariates @ slopes
        scores = np.sum(heavy.reshape(columns.shape) * _within(left, starts, weights[:, 0]), axis=2)
        noise = np.asarray(scores.T @ np.linalg.inv(matrix), dtype=np.float64)
    found = _average(panel, left, anticipation)
    influence = found.overall_influence
    for j in range(slopes.size):
        influence = influence - _average(panel, panel.covariates[:, :, j], anticipation).overall * noise[:, j]
    return found.overall, replace(found, overall_influence=influence).overall_standard_error


def _within(values: Array, starts: Array, weights: Array) -> Array:
    """Return values, shape (units, periods), without unit means and without the weighted means of cohort and period."""
    left: Array = values - values.mean(axis=1, keepdims=True)
    for start in np.unique(starts):
        members = starts == start
        left[members] -= np.average(left[members], axis=0, weights=weights[members])
    return left


def _average(panel: StaggeredPanel, outcome: Array, anticipation: int) -> Aggregation:
    """Return the simple average of differences of mean changes against never-treated units, cohort sizes known."""
    bare = replace(panel, outcome=outcome, covariates=panel.covariates[:, :, :0], covariate_names=())
    found = group_time_effects(bare, "never_treated", base_period="universal", anticipation=anticipation, leads=False)
    sizes = [found.weights[found.first_treated == cohort].sum() for cohort in found.cohort]
    return aggregate(replace(found, cell_weights=np.array(sizes)), "simple")
