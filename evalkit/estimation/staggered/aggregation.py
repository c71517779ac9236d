"""Averages of effects by cohort and period: over all, by cohort, by time since treatment, by calendar period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask, require_choice
from evalkit.estimation.staggered.group_time_result import GroupTimeEffects, clustered_covariance, clustered_errors

Kind = Literal["simple", "group", "dynamic", "calendar"]


@dataclass(frozen=True, eq=False)
class Aggregation:
    """Averages of effects, and one average over them.

    Attributes
    ----------
    kind : {"simple", "group", "dynamic", "calendar"}
        What the averages are by.
    label : ndarray, shape (m,)
        Cohort, periods since the first under treatment, or calendar period; empty for simple.
    effect : ndarray, shape (m,)
        Averages, in the outcome's unit.
    influence : ndarray, shape (n, m)
        Contribution of each unit to each average less its true value.
    overall : float
        The average over all.
    overall_influence : ndarray, shape (n,)
        Contribution of each unit to it.
    cluster : ndarray of int, shape (n,)
        Clusters of the units.
    rule : str
        Weights and standard-error rule in words.
    df : float or None
        Degrees of freedom of the t reference; None is normal.
    """

    kind: Kind
    label: Array
    effect: Array
    influence: Array
    overall: float
    overall_influence: Array
    cluster: Codes
    rule: str
    df: float | None = None

    @property
    def covariance(self) -> Array:
        """Covariance of the averages, clustered, shape (m, m)."""
        return clustered_covariance(self.influence, self.cluster)

    @property
    def standard_errors(self) -> Array:
        """Standard error of each average, clustered, shape (m,); 0 in a base period."""
        return clustered_errors(self.influence, self.cluster)

    @property
    def overall_standard_error(self) -> float:
        """Standard error of the average over all, clustered."""
        return float(clustered_errors(self.overall_influence[:, None], self.cluster)[0])


def aggregate(
    effects: GroupTimeEffects,
    kind: Kind,
    balance: int | None = None,
    first_event: float = -np.inf,
    last_event: float = np.inf,
) -> Aggregation:
    """Return averages of effects by cohort and period.

    Parameters
    ----------
    effects : GroupTimeEffects
        Effects by cohort and period.
    kind : {"simple", "group", "dynamic", "calendar"}
        simple: over all treated cohorts and periods. group: by cohort, over its treated periods, then over cohorts.
        dynamic: by periods since the first under treatment, then over those from 0 on, each alike. calendar: by
        period, over cohorts treated by then, then over periods, each alike.
    balance : int or None
        For dynamic: only cohorts that are seen this many periods after their start, and only event times that all of
        them have, so that who is averaged does not change.
    first_event, last_event : float
        For dynamic: event times that are kept. `last_event` limits simple and group too.

    Returns
    -------
    Aggregation

    Raises
    ------
    DesignError
        If nothing is left to average.

    Notes
    -----
    Cohorts are averaged with weight P(G = g), the cohort's share of the weights of all units, ``sum_k p_k e_k / sum_k
    p_k``; the noise of p is in the influence functions. Where the effects bring `cell_weights`, these stand for p and
    are taken as known. Standard-error rule: `clustered_covariance`.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230, section 3 and table 1. Checked against the
    published results of R's package did for county employment, and moderndid.
    """
    require_choice(kind, Kind, "the aggregation")
    averages = _Averages(effects)
    event = effects.event_time
    counted = effects.after & (event <= last_event)
    if kind == "simple":
        _require_some(counted, kind)
        value, noise = averages.over_cells(counted)
        empty = np.zeros(0)
        return _finish(effects, kind, empty, empty, np.zeros((noise.size, 0)), value, noise)
    if kind == "group":
        return _group(effects, averages, counted)
    if kind == "calendar":
        chosen = [(t, effects.after & (effects.period == t)) for t in np.unique(effects.period[effects.after])]
    else:
        eligible, low, high = _balanced(effects, balance)
        low, high = max(low, first_event), min(high, last_event)
        wanted = [e for e in np.unique(event[eligible]) if low <= e <= high]
        chosen = [(e, eligible & (event == e)) for e in wanted]
    counts = np.array([kind == "calendar" or label >= 0.0 for label, _ in chosen], dtype=bool)
    _require_some(counts, kind)
    found = [averages.over_cells(mask) for _, mask in chosen]
    values = np.array([value for value, _ in found])
    influence = np.column_stack([noise for _, noise in found])
    return _finish(
        effects,
        kind,
        np.array([label for label, _ in chosen]),
        values,
        influence,
        float(values[counts].mean()),
        influence[:, counts].mean(axis=1),
    )


def shares_of_cells(effects: GroupTimeEffects) -> Array:
    """Return the share of each effect in the simple average.

    Parameters
    ----------
    effects : GroupTimeEffects

    Returns
    -------
    ndarray, shape (m,)
        0 before treatment; they sum to one.
    """
    weights = _Averages(effects).weights * effects.after
    return np.asarray(weights / weights.sum())


class _Averages:
    """Averages over cells with weights P(G = g), or known ones, and their influence."""

    def __init__(self, effects: GroupTimeEffects) -> None:
        self.effects = effects
        self.known = effects.cell_weights is not None
        if effects.cell_weights is not None:
            self.weights = effects.cell_weights
            return
        cohorts, where = np.unique(effects.cohort, return_inverse=True)
        sizes = np.array([effects.weights[effects.first_treated == cohort].sum() for cohort in cohorts])
        self.weights = (sizes / effects.weights.sum())[where]

    def over_cells(self, chosen: Mask) -> tuple[float, Array]:
        """Return the average over cells of a mask and its influence."""
        weights, values = self.weights[chosen], self.effects.effect[chosen]
        value = float(weights @ values / weights.sum())
        noise = self.effects.influence[:, chosen] @ (weights / weights.sum())
        return value, noise + self.of_shares(self.effects.cohort[chosen], values, weights)

    def over_periods(self, chosen: Mask) -> tuple[float, Array, float]:
        """Return the average over periods of one cohort, its influence, and the cohort's weight."""
        weights = self.weights[chosen]
        share = weights / weights.sum() if self.known else np.full(weights.size, 1.0 / weights.size)
        noise = self.effects.influence[:, chosen] @ share
        return float(share @ self.effects.effect[chosen]), noise, float(weights.mean())

    def of_shares(self, cohorts: Array, values: Array, weights: Array) -> Array:
        """Return what the noise of cohort shares does to an average of values over cohorts.

        With a = sum_k p_k v_k / sum_k p_k, unit i moves it by sum_k (w_i [G_i = g_k] - p_k) (v_k - a) / sum_k p_k,
        over n; the constant part sums to zero.
        """
        moved = np.zeros(self.effects.first_treated.size)
        if self.known:
            return moved
        average = float(weights @ values / weights.sum())
        for cohort in np.unique(cohorts):
            moved[self.effects.first_treated == cohort] = float(np.sum(values[cohorts == cohort] - average))
        return np.asarray(moved * self.effects.weights / self.effects.weights.sum() / weights.sum())


def _group(effects: GroupTimeEffects, averages: _Averages, counted: Mask) -> Aggregation:
    """Return averages by cohort, and over cohorts."""
    _require_some(counted, "group")
    cohorts = np.unique(effects.cohort[counted])
    found = [averages.over_periods(counted & (effects.cohort == cohort)) for cohort in cohorts]
    values, weights = np.array([each[0] for each in found]), np.array([each[2] for each in found])
    influence = np.column_stack([each[1] for each in found])
    share = weights / weights.sum()
    noise = influence @ share + averages.of_shares(cohorts, values, weights)
    return _finish(effects, "group", cohorts, values, influence, float(share @ values), noise)


def _balanced(effects: GroupTimeEffects, balance: int | None) -> tuple[Mask, float, float]:
    """Return the cells that a balanced event study may use, and its first and last event time."""
    if balance is None:
        return np.ones(effects.effect.size, dtype=bool), -np.inf, np.inf
    last, first = effects.period.max(), effects.period.min()
    eligible = last - effects.cohort >= balance
    if not eligible.any():
        raise DesignError(
            f"no cohort is seen {balance} periods after its start", mend="balance on fewer periods, or not at all"
        )
    return np.asarray(eligible), float(balance - last + first), float(balance)


def _require_some(counted: Mask, kind: Kind) -> None:
    """Raise if no effect is left to average."""
    if not counted.any():
        raise DesignError(
            f"no effect of a period under treatment is left for the {kind} average",
            mend="widen the event times, or bring periods after treatment",
        )


def _finish(
    effects: GroupTimeEffects, kind: Kind, label: Array, values: Array, influence: Array, overall: float, noise: Array
) -> Aggregation:
    """Return the aggregation with its rule in words."""
    words = {
        "simple": "average over treated cohorts and periods, weighted by the size of cohorts",
        "group": "averages by cohort, then over cohorts weighted by their size",
        "dynamic": "averages by time since treatment weighted by the size of cohorts, then over times from 0 on alike",
        "calendar": "averages by period weighted by the size of cohorts, then over periods alike",
    }[kind]
    rule = f"{words}; {effects.rule}"
    return Aggregation(kind, label, values, influence, overall, noise, effects.cluster, rule, effects.df)
