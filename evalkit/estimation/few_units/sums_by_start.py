"""A clustered standard error that holds up where few clusters are treated: one variance for each start."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Mask, as_vector


class ErrorByStart(NamedTuple):
    """A standard error with degrees of freedom of its own.

    Attributes
    ----------
    standard_error : float
        In the unit of the estimate.
    degrees_of_freedom : float
        Of the t reference; above 0, at most the number of clusters less the number of starts.
    starts : int
        Number of groups with a variance of their own, clusters that are never treated being one of them.
    lone : int
        Number of clusters that are alone in their group and take the pooled variance.
    """

    standard_error: float
    degrees_of_freedom: float
    starts: int
    lone: int


def error_by_start(contributions: ArrayLike, start: ArrayLike, share: ArrayLike) -> ErrorByStart:
    """Return the standard error of an average effect from the contributions of clusters to its error.

    Parameters
    ----------
    contributions : array_like, shape (clusters,)
        Each cluster's sum of influences on the estimate, without any small-sample factor.
    start : array_like, shape (clusters,)
        First treated period of each cluster; infinity where it is never treated.
    share : array_like, shape (clusters,)
        Weight of the cluster's start in the estimate, the same for all clusters of a start; 1 for those that are never
        treated.

    Returns
    -------
    ErrorByStart

    Raises
    ------
    DesignError
        If every treated cluster has a start to itself: nothing then shows how treated clusters vary.

    Notes
    -----
    With n_g clusters in group g and m_g their mean, ``V_g = n_g / (n_g - 1) sum_(i in g) (s_i - m_g)^2``, of one start
    without covariates Welch's variance of a difference in means. What all clusters of a start add alike, such as the
    noise of how many there are, is left out: the numbers of starters count as given. The variance is ``sum_g V_g``, its
    degrees of freedom Satterthwaite's, ``(sum V_g)^2 / sum V_g^2 / (n_g - 1)``. What is fitted to one cluster alone
    leaves nothing of it, so a lone cluster of weight w adds ``w^2`` times the variance of a treated cluster,
    ``n_g V_g / w_g^2`` pooled over the other treated groups by n_g - 1 (over all groups where the lone one is never
    treated).

    References
    ----------
    Welch (1947), Biometrika 34, 28-35. Satterthwaite (1946), Biometrics Bulletin 2, 110-114. Bell and McCaffrey (2002),
    Survey Methodology 28, 169-181. Checked against scipy (Welch's test) and by simulation.
    """
    sums = as_vector(contributions, "contributions")
    weight = as_vector(share, "shares", sums.size)
    labels, group = np.unique(np.asarray(start, dtype=np.float64), return_inverse=True)
    size = np.bincount(group).astype(np.float64)
    first = np.zeros(labels.size)
    first[group] = weight
    many = size > 1.0
    if not (many & np.isfinite(labels)).any():
        raise DesignError(
            "every treated cluster has a start to itself: nothing shows how treated clusters vary",
            mend="choose randomisation",
        )
    freedom = np.where(many, size - 1.0, 1.0)
    apart = sums - (np.bincount(group, sums) / size)[group]
    own = np.where(many, np.bincount(group, apart**2) * size / freedom, 0.0)
    parts = _with_lone(own, size, first, np.isfinite(labels), freedom)
    variance = float(parts.sum())
    if not variance > 0.0:
        raise DesignError("the clusters do not vary at all", mend="check the outcome")
    df = variance**2 / float(np.sum(parts[many] ** 2 / freedom[many]))
    return ErrorByStart(float(np.sqrt(variance)), df, labels.size, int((~many).sum()))


def _with_lone(own: Array, size: Array, share: Array, treated: Mask, freedom: Array) -> Array:
    """Return the variance that rests on each group: its own, and what it lends to clusters alone in theirs."""
    many, parts = size > 1.0, own.copy()
    unit = np.where(many & (share > 0.0), own * size / np.where(share > 0.0, share, 1.0) ** 2, 0.0)
    for lone, lenders in ((~many & treated, many & treated), (~many & ~treated, many)):
        wanted = float(np.sum(share[lone] ** 2))
        if wanted:
            parts += np.where(lenders, wanted * unit * freedom / freedom[lenders].sum(), 0.0)
    return np.asarray(parts)
