"""Effects by cohort and period from repeated cross-sections: every row is an observation of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, as_codes, as_matrix, as_vector, as_weights, require_choice
from evalkit.estimation.staggered.change_comparison import Method
from evalkit.estimation.staggered.group_time import (
    BasePeriod,
    Cell,
    ComparisonUnits,
    Rules,
    cells_of,
    checked_rules,
    comparison_rows,
    nothing_left,
    rule_words,
    starts_within,
)
from evalkit.estimation.staggered.group_time_result import GroupTimeEffects, LeftOut, cluster_words
from evalkit.estimation.staggered.level_comparison import compare_levels


def group_time_effects_of_rows(
    outcome: ArrayLike,
    period: ArrayLike,
    first_treated: ArrayLike,
    covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    comparison: ComparisonUnits = "never_treated",
    method: Method = "doubly_robust",
    base_period: BasePeriod = "varying",
    anticipation: int = 0,
    covariate_names: Iterable[str] | None = None,
) -> GroupTimeEffects:
    """Return average effects on the treated by cohort and period, from repeated cross-sections.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome of each row.
    period : array_like of int, shape (n,)
        Period of the row.
    first_treated : array_like, shape (n,)
        First period in which the row's group is treated; infinity for never. Rows of groups treated from the first
        period on are left out; their number is in `always_treated`.
    covariates : array_like, shape (n, k), or None
        Covariates, without a constant.
    weights : array_like, shape (n,), or None
        Weights above zero.
    cluster : array_like of int, shape (n,), or None
        Groups within which errors may be related: the units that are treated together. None: each row.
    comparison, method, base_period, anticipation
        As `group_time.group_time_effects`; see `level_comparison.compare_levels` for the methods.
    covariate_names : iterable of str or None
        Names for messages.

    Returns
    -------
    GroupTimeEffects
        Influence functions are of the rows that are kept.

    Raises
    ------
    DesignError
        As `group_time.group_time_effects`.

    Notes
    -----
    ``ATT(g, t) = (E[Y | G = g, t] - E[Y | G = g, b]) - (the same of the comparison)``, given covariates.
    Standard-error rule: `group_time_result.clustered_covariance`. An unbalanced panel may be given too, with the unit
    as cluster: this is what R's package did does with it.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230, appendix B. Checked against moderndid.
    """
    require_choice(method, Method, "the method")
    rules = checked_rules(comparison, base_period, anticipation)
    rows, always = _rows(outcome, period, first_treated, covariates, weights, cluster, covariate_names, rules)
    cells, effects, columns, left_out = [], [], [], []
    trimmed = np.zeros(rows.y.size, dtype=bool)
    for cell in cells_of(rows.starts, rows.periods, rules):
        found = _effect(cell, rows, rules, method)
        if isinstance(found, LeftOut):
            left_out.append(found)
            continue
        cells.append(cell)
        effects.append(found[0])
        columns.append(found[1])
        trimmed |= found[2]
    if not cells:
        raise nothing_left(left_out)
    count = int(rows.cluster.max()) + 1
    return GroupTimeEffects(
        cohort=np.array([cell.cohort for cell in cells]),
        period=rows.periods[[cell.period for cell in cells]],
        base_period=rows.periods[[cell.base for cell in cells]],
        effect=np.array(effects),
        influence=np.column_stack(columns),
        first_treated=rows.starts,
        weights=rows.weights,
        cluster=rows.cluster,
        always_treated=(f"{always} rows of groups treated from the first period on",) if always else (),
        left_out=tuple(left_out),
        trimmed=int(trimmed.sum()),
        rule=f"repeated cross-sections: {rule_words(method, rules)}; {cluster_words(count, rows.y.size)}",
    )


class _Rows(NamedTuple):
    """Rows that are not always treated."""

    y: Array
    times: Array
    periods: Array
    starts: Array
    x: Array
    weights: Array
    cluster: Codes
    names: tuple[str, ...]


def _rows(
    outcome: ArrayLike,
    period: ArrayLike,
    first_treated: ArrayLike,
    covariates: ArrayLike | None,
    weights: ArrayLike | None,
    cluster: ArrayLike | None,
    covariate_names: Iterable[str] | None,
    rules: Rules,
) -> tuple[_Rows, int]:
    """Return the rows, checked, and the number of always-treated rows that were left out."""
    y = as_vector(outcome, "outcome")
    times, given = as_vector(period, "period", y.size), np.asarray(first_treated, dtype=np.float64)
    if given.shape != y.shape or np.isnan(given).any():
        raise DesignError("first_treated must have one value for each row", mend="use infinity for never treated")
    x = np.zeros((y.size, 0)) if covariates is None else as_matrix(covariates, "covariates", y.size)
    names = tuple(covariate_names or (f"covariate {j + 1}" for j in range(x.shape[1])))
    groups = np.arange(y.size) if cluster is None else as_codes(cluster, "cluster", y.size)
    periods = np.unique(times)
    kept = given > periods[0] + rules.anticipation
    starts = starts_within(given[kept], periods, rules)
    codes = np.unique(groups[kept], return_inverse=True)[1].astype(np.int64)
    w = as_weights(weights, y.size)[kept]
    return _Rows(y[kept], times[kept], periods, starts, x[kept], w, codes, names), int((~kept).sum())


def _effect(cell: Cell, rows: _Rows, rules: Rules, method: Method) -> tuple[float, Array, Mask] | LeftOut:
    """Return effect, influence of all rows and who was trimmed, or why there is no effect."""
    at, base = rows.periods[cell.period], rows.periods[cell.base]
    influence, trimmed = np.zeros(rows.y.size), np.zeros(rows.y.size, dtype=bool)
    if cell.period == cell.base:
        return 0.0, influence, trimmed
    treated = rows.starts == cell.cohort
    compared = comparison_rows(rows.starts, cell.cohort, max(at, base), rules)
    now, then = rows.times == at, rows.times == base
    for group, who in ((treated, "rows of the cohort"), (compared, "comparison rows")):
        if not ((group & now).any() and (group & then).any()):
            return LeftOut(cell.cohort, float(at), f"no {who} in the period or in its base period")
    chosen = np.flatnonzero((treated | compared) & (now | then))
    try:
        found = compare_levels(
            rows.y[chosen],
            now[chosen],
            treated[chosen],
            rows.weights[chosen],
            rows.x[chosen],
            rows.names,
            method,
        )
    except DesignError as problem:
        first = problem.problems[0]
        raise DesignError(f"cohort {cell.cohort:g} in {at:g}: {first.message}", mend=first.mend) from None
    influence[chosen] = found.influence[:, 0]
    trimmed[chosen[found.trimmed]] = True
    return float(found.effect[0]), influence, trimmed
