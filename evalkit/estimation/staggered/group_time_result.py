"""What an estimate by cohort and period returns: effects, each unit's share in their noise, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.estimation.inputs import Array, Codes, Mask
from evalkit.estimation.staggered.staggered_panel import sums_by


class LeftOut(NamedTuple):
    """An effect that could not be estimated, and why.

    Attributes
    ----------
    cohort, period : float
        First period under treatment, and the period of the effect.
    reason : str
        In words.
    """

    cohort: float
    period: float
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupTimeEffects:
    """Average effects on the treated by cohort and period.

    Attributes
    ----------
    cohort, period : ndarray, shape (m,)
        First period under treatment, and the period of the effect.
    base_period : ndarray, shape (m,), or None
        The period from which the change is taken; None where it is taken from all periods before treatment.
    effect : ndarray, shape (m,)
        Effects, in the outcome's unit; 0 in the base period itself (universal base).
    influence : ndarray, shape (n, m)
        Contribution of each unit (repeated cross-sections: of each row) to the effect less its true value.
    first_treated : ndarray, shape (n,)
        First period under treatment of each unit or row; infinity where none within the data.
    weights : ndarray, shape (n,)
        Their weights.
    cluster : ndarray of int, shape (n,)
        Their clusters.
    names : tuple of str
        Names of the units; empty for repeated cross-sections.
    always_treated : tuple of str
        Units without a period before treatment, left out.
    incomplete : tuple of str
        Units left out because they lack periods.
    single_unit_cohorts : tuple of str
        Units alone in their cohort: their own noise cannot be seen, and standard errors are too small (0 where there
        is nothing else). Of effects by cohort and period, the one unit that is never treated is named too.
    left_out : tuple of LeftOut
        Effects that could not be estimated.
    trimmed : int
        Comparison units without weight in some comparison, their probability of treatment being 0.995 or more.
    trimmed_units : tuple of str
        Their names, where these are known.
    rule : str
        Estimator and standard-error rule in words.
    cell_weights : ndarray, shape (m,), or None
        Weight of each effect in averages, taken as known: the sum of weights of its rows. None: cohorts are averaged
        by their share, whose own noise counts.
    df : float or None
        Degrees of freedom of the t reference; None is normal.
    factor : float
        The small-sample factor of which `influence` holds the root; 1 where there is none.
    """

    cohort: Array
    period: Array
    base_period: Array | None = None
    effect: Array
    influence: Array
    first_treated: Array
    weights: Array
    cluster: Codes
    names: tuple[str, ...] = ()
    always_treated: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    single_unit_cohorts: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    trimmed: int = 0
    trimmed_units: tuple[str, ...] = ()
    rule: str
    cell_weights: Array | None = None
    df: float | None = None
    factor: float = 1.0

    @property
    def event_time(self) -> Array:
        """Periods since the first under treatment, shape (m,); below 0 before it."""
        return self.period - self.cohort

    @property
    def after(self) -> Mask:
        """Whether each effect is of a period under treatment, shape (m,)."""
        return np.asarray(self.event_time >= 0.0)

    @property
    def covariance(self) -> Array:
        """Covariance of the effects, clustered, shape (m, m)."""
        return clustered_covariance(self.influence, self.cluster)

    @property
    def standard_errors(self) -> Array:
        """Standard error of each effect, clustered, shape (m,); 0 in the base period itself."""
        return clustered_errors(self.influence, self.cluster)


def clustered_covariance(influence: Array, cluster: Codes) -> Array:
    """Return the covariance of estimates from contributions to their errors.

    Parameters
    ----------
    influence : ndarray, shape (n, m)
        Contribution of each unit to each estimate less its true value.
    cluster : ndarray of int, shape (n,)
        Clusters.

    Returns
    -------
    ndarray, shape (m, m)

    Notes
    -----
    ``sum_g s_g s_g'``, s_g the sum of contributions in cluster g; no small-sample factor. With each unit a cluster of
    its own this is the analytical rule of R's package did.

    References
    ----------
    Callaway and Sant'Anna (2021), Journal of Econometrics 225, 200-230, theorem 2 and remark 10.
    """
    sums = sums_by(influence, cluster)
    return np.asarray(sums.T @ sums)


def clustered_errors(influence: Array, cluster: Codes) -> Array:
    """Return standard errors from contributions to errors, by the rule of `clustered_covariance`.

    Parameters
    ----------
    influence : ndarray, shape (n, m)
        Contribution of each unit to each estimate less its true value.
    cluster : ndarray of int, shape (n,)
        Clusters.

    Returns
    -------
    ndarray, shape (m,)
    """
    sums = sums_by(influence, cluster)
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", sums, sums)))


def alone_in_cohort(first_treated: Array, never: bool = False) -> Mask:
    """Return which units are alone in their cohort.

    Parameters
    ----------
    first_treated : ndarray, shape (units,)
        First period under treatment; infinity for never.
    never : bool
        Whether never-treated units are a cohort too; else they are in none.

    Returns
    -------
    ndarray of bool, shape (units,)
    """
    cohorts, where, sizes = np.unique(first_treated, return_inverse=True, return_counts=True)
    return np.asarray((sizes[where] == 1) & (np.isfinite(cohorts[where]) | never))


def cluster_words(clusters: int, rows: int) -> str:
    """Return the rule of the standard error in words.

    Parameters
    ----------
    clusters, rows : int
        Number of clusters, and of units or rows.

    Returns
    -------
    str
    """
    grouped = f"{clusters} clusters" if clusters < rows else f"{rows} units"
    return f"influence functions summed by {grouped}, no small-sample factor; normal"
