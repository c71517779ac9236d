"""An orthonormal basis of regressors of full rank, in which least squares loses no digits."""

from __future__ import annotations

import numpy as np

from evalkit.estimation.inputs import RANK_TOLERANCE, Array, require_full_rank


def orthonormal_basis(matrix: Array, spare: int = 1) -> tuple[Array, Array]:
    """Return an orthonormal basis of the columns, and the matrix that takes its coefficients to theirs.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors.
    spare : int
        Number of observations needed beyond the number of columns.

    Returns
    -------
    basis : ndarray, shape (n, k)
        Q of ``X = Q R``.
    back : ndarray, shape (k, k)
        ``R^-1``: coefficients g of Q are ``b = R^-1 g`` of X, their covariance C is ``R^-1 C R^-1'``.

    Raises
    ------
    DesignError
        If columns are dependent, or too few observations are left over; see `require_full_rank`.

    Notes
    -----
    The diagonal of R holds what is left of each column after those before it, so that the usual case needs no search
    for dependent columns.
    """
    points, terms = matrix.shape
    if points < terms + spare:
        require_full_rank(matrix, spare=spare)
    basis, triangle = np.linalg.qr(matrix)
    left, sizes = np.abs(np.diag(triangle)), np.linalg.norm(matrix, axis=0)
    if not np.all(left > RANK_TOLERANCE * sizes):
        require_full_rank(matrix, spare=spare)  # names them
    return np.asarray(basis), np.asarray(np.linalg.inv(triangle))
