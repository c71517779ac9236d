"""Whether a regression of counts has a finite answer."""

from __future__ import annotations

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array


def require_overlap(counts: Array, matrix: Array) -> None:
    """Raise if zero counts are told apart perfectly, so that a coefficient runs off to minus infinity.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Counts, none negative.
    matrix : ndarray, shape (n, k)
        Regressors, the constant included.

    Raises
    ------
    DesignError
        If all counts are zero, or a combination of regressors is zero wherever the count is above zero and never
        above zero elsewhere, without being zero throughout.

    Notes
    -----
    Such a g (``X g = 0`` where y > 0, ``X g <= 0`` where y = 0, some ``X g < 0``) exists if and only if the
    maximum-likelihood estimate does not. It is sought by a linear programme in the null space of the rows with
    y > 0, which is empty in nearly all data, so the check usually costs one singular value decomposition.

    References
    ----------
    Correia, Guimaraes and Zylkin (2019), Verifying the existence of maximum likelihood estimates for generalized
    linear models, arXiv:1903.01633.
    """
    from scipy.linalg import null_space
    from scipy.optimize import linprog

    positive = counts > 0.0
    if not positive.any():
        raise DesignError(
            "every count is zero: a ratio cannot be estimated", mend="use a longer window or a commoner outcome"
        )
    if positive.all():
        return
    scaled = matrix / np.linalg.norm(matrix, axis=0)
    space = null_space(scaled[positive], rcond=1e-10)
    if space.shape[1] == 0:
        return
    zero_rows = scaled[~positive] @ space
    rows = zero_rows.shape[0]
    found = linprog(
        zero_rows.sum(axis=0),
        A_ub=np.vstack([zero_rows, -zero_rows]),
        b_ub=np.concatenate([np.zeros(rows), np.ones(rows)]),
        bounds=(None, None),
        method="highs",
    )
    if found.status == 0 and found.fun < -1e-7:
        apart = int(np.sum(zero_rows @ found.x < -1e-7))
        raise DesignError(
            f"{apart} zero counts are told apart perfectly by the terms: their ratio is zero and has no standard error",
            mend="use the exact rate ratio, join periods, or leave the term out",
        )
