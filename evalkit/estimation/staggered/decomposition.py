"""Which comparisons the two-way estimate is made of (Goodman-Bacon): pairs of cohorts, their weights and estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel, listed

PairKind = Literal["treated_vs_never", "earlier_vs_later", "later_vs_earlier", "treated_vs_always"]


class Pair(NamedTuple):
    """One comparison of two cohorts.

    Attributes
    ----------
    kind : {"treated_vs_never", "earlier_vs_later", "later_vs_earlier", "treated_vs_always"}
        Who serves as comparison: never treated; treated later, before that; treated earlier, after that; treated in
        every period. In the last two the comparison is under treatment, and an effect that changes biases it.
    treated, comparison : float
        First period under treatment of the two cohorts; infinity for never.
    estimate : float
        Difference in differences of the two, in the outcome's unit.
    weight : float
        Share of the two-way estimate; the weights of all pairs sum to one.
    """

    kind: PairKind
    treated: float
    comparison: float
    estimate: float
    weight: float


@dataclass(frozen=True, eq=False)
class Decomposition:
    """The two-way estimate as an average of comparisons.

    Attributes
    ----------
    pairs : tuple of Pair
        All comparisons.
    estimate : float
        Their weighted sum: the two-way estimate.
    under_treatment_weight : float
        Weight of the comparisons with cohorts that are already under treatment.
    """

    pairs: tuple[Pair, ...]
    estimate: float
    under_treatment_weight: float

    def by_kind(self) -> dict[PairKind, tuple[float, float]]:
        """Return weight and average estimate of each kind of comparison.

        Returns
        -------
        dict
            From kind to weight and estimate; kinds that do not occur are absent.
        """
        kinds = dict.fromkeys(pair.kind for pair in self.pairs)
        totals = {kind: sum(pair.weight for pair in self.pairs if pair.kind == kind) for kind in kinds}
        return {
            kind: (total, sum(pair.weight * pair.estimate for pair in self.pairs if pair.kind == kind) / total)
            for kind, total in totals.items()
        }


def decompose(panel: StaggeredPanel) -> Decomposition:
    """Return the comparisons of pairs of cohorts that make up the two-way estimate.

    Parameters
    ----------
    panel : StaggeredPanel
        A balanced panel of equal weights. Covariates are not used. Units treated from the first period on are a
        cohort that serves as comparison.

    Returns
    -------
    Decomposition

    Raises
    ------
    DesignError
        If units lack periods (they are named), weights differ, or all units have the same treatment.

    Notes
    -----
    For cohorts k and l with shares n of units and shares D of periods under treatment, and s = n_k / (n_k + n_l), a
    pair's weight is in proportion to

    - against never or always treated: ``(n_k + n_l)^2 s (1 - s) D_k (1 - D_k)``;
    - k earlier than l: ``((n_k + n_l) (1 - D_l))^2 s (1 - s) (D_k - D_l) / (1 - D_l) (1 - D_k) / (1 - D_l)``, from the
      periods before l is treated;
    - l later than k: ``((n_k + n_l) D_k)^2 s (1 - s) D_l / D_k (D_k - D_l) / D_k``, from the periods once k is treated.

    The sum over the variance of treatment within units and periods is one. No standard error: it describes the
    two-way estimate.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277, theorem 1. Checked against diff-diff, and against the
    two-way estimate, which the sum equals.
    """
    _require_plain(panel)
    outside = (panel.first_treated > panel.periods[-1]) | (panel.first_treated <= panel.periods[0])
    starts = np.where(outside, np.where(panel.first_treated > panel.periods[-1], np.inf, -np.inf), panel.first_treated)
    cohorts, where, sizes = np.unique(starts, return_inverse=True, return_counts=True)
    if cohorts.size < 2 or not np.isfinite(cohorts).any():
        raise DesignError(
            "all units have the same treatment, or none changes it: there is nothing to decompose",
            mend="bring units that are treated at different times, or never",
        )
    means = np.array([panel.outcome[where == code].mean(axis=0) for code in range(cohorts.size)])
    shares = sizes / sizes.sum()
    under = panel.periods[None, :] >= cohorts[:, None]
    pairs = [
        pair
        for k in range(cohorts.size)
        for other in range(k + 1, cohorts.size)
        for pair in _pairs(cohorts[[k, other]], shares[[k, other]], under[[k, other]], means[[k, other]])
    ]
    total = sum(pair.weight for pair in pairs)
    scaled = tuple(
        pair._replace(weight=float(pair.weight / total), treated=_start(panel, pair.treated)) for pair in pairs
    )
    scaled = tuple(pair._replace(comparison=_start(panel, pair.comparison)) for pair in scaled)
    late = sum(pair.weight for pair in scaled if pair.kind in ("later_vs_earlier", "treated_vs_always"))
    return Decomposition(scaled, sum(pair.weight * pair.estimate for pair in scaled), late)


def _start(panel: StaggeredPanel, start: float) -> float:
    """Return a cohort's first period under treatment; the first period of the data stands for always."""
    return float(panel.periods[0]) if np.isneginf(start) else float(start)


def _pairs(cohorts: Array, shares: Array, under: Mask, means: Array) -> list[Pair]:
    """Return the comparisons of an earlier and a later cohort, weights not yet scaled."""
    early, late = (float(cohort) for cohort in cohorts)
    if np.isinf(early) and np.isinf(late):
        return []
    size, share = float(shares.sum()), float(shares[0] / shares.sum())
    spread = share * (1.0 - share)
    first, last = under.mean(axis=1)
    every = np.ones(under.shape[1], dtype=bool)
    if np.isinf(late):
        weight = size**2 * spread * first * (1.0 - first)
        return [Pair("treated_vs_never", early, late, _change(means[0], means[1], under[0], every), weight)]
    if np.isinf(early):
        weight = size**2 * spread * last * (1.0 - last)
        return [Pair("treated_vs_always", late, early, _change(means[1], means[0], under[1], every), weight)]
    one = size**2 * spread * (first - last) * (1.0 - first)
    two = size**2 * spread * last * (first - last)
    return [
        Pair("earlier_vs_later", early, late, _change(means[0], means[1], under[0], ~under[1]), one),
        Pair("later_vs_earlier", late, early, _change(means[1], means[0], under[1], under[0]), two),
    ]


def _change(treated: Array, comparison: Array, after: Mask, within: Mask) -> float:
    """Return the difference in differences of two mean series over some periods."""
    gap = treated - comparison
    return float(gap[after & within].mean() - gap[~after & within].mean())


def _require_plain(panel: StaggeredPanel) -> None:
    """Raise unless the panel is balanced with equal weights."""
    lacking = np.asarray(~panel.observed.all(axis=1))
    if lacking.any():
        raise DesignError(
            f"the decomposition needs every unit in every period; periods are missing for "
            f"{listed(panel.names_of(lacking))}",
            mend="leave these units out, or these periods",
        )
    if np.ptp(panel.weights) > 0.0:
        raise DesignError("the decomposition is of the estimate without weights", mend="leave the weights out")
