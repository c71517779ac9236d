"""Draws of coefficients from their estimated distribution, the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, as_matrix, as_vector


def coefficient_draws(coefficients: ArrayLike, covariance: ArrayLike, df: float | None, draws: int, seed: int) -> Array:
    """Return draws from the multivariate normal or t distribution of coefficients.

    Parameters
    ----------
    coefficients : array_like, shape (k,)
        Centre.
    covariance : array_like, shape (k, k)
        Covariance (of the normal; scale matrix of the t, whose own covariance is df / (df - 2) times as large).
    df : float or None
        Degrees of freedom; None is normal.
    draws : int
        Number of draws.
    seed : int
        Seed of numpy's PCG64 generator.

    Returns
    -------
    ndarray, shape (draws, k)

    Raises
    ------
    DesignError
        If the covariance is not symmetric and non-negative, df is not above zero, or draws is not above zero.

    Notes
    -----
    ``b + A z / sqrt(c / df)``, z standard normal, c chi-squared with df, A the symmetric root of the covariance. The
    root is unique, unlike eigenvectors or a Cholesky factor of a singular matrix, so that draws do not depend on the
    linear algebra library; normal draws are made before chi-squared draws, so z is the same for every df.

    References
    ----------
    Kotz and Nadarajah (2004), Multivariate t Distributions and Their Applications, section 1.1.
    """
    centre = as_vector(coefficients, "coefficients")
    root = symmetric_root(covariance, centre.size)
    if draws < 1 or (df is not None and df <= 0.0):
        raise DesignError(f"{draws} draws with {df} degrees of freedom", mend="both must be above zero")
    generator = np.random.Generator(np.random.PCG64(seed))
    steps = generator.standard_normal((draws, centre.size)) @ root
    if df is not None and np.isfinite(df):
        steps = steps / np.sqrt(generator.chisquare(df, draws) / df)[:, None]
    return np.asarray(centre + steps)


def symmetric_root(covariance: ArrayLike, size: int) -> Array:
    """Return the symmetric A with A A = covariance.

    Parameters
    ----------
    covariance : array_like, shape (k, k)
        Symmetric, no eigenvalue below zero but for rounding.
    size : int
        k.

    Returns
    -------
    ndarray, shape (k, k)

    Raises
    ------
    DesignError
        If the matrix has another shape, is not symmetric, or has an eigenvalue below zero.

    Notes
    -----
    ``A = V sqrt(L) V'`` with eigenvectors V and eigenvalues L; values below 1e-12 of the largest count as zero, so that
    rounding is not blown up by the root.
    """
    matrix = as_matrix(covariance, "covariance", size)
    if matrix.shape[1] != size:
        raise DesignError(f"the covariance has shape {matrix.shape} for {size} values")
    largest = float(np.abs(matrix).max())
    if float(np.abs(matrix - matrix.T).max()) > 1e-8 * largest:
        raise DesignError("the covariance is not symmetric")
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    if float(values.min()) < -1e-8 * largest:
        raise DesignError("the covariance has a negative variance in some direction")
    kept = np.where(values > 1e-12 * values.max(initial=0.0), values, 0.0)
    return np.asarray((vectors * np.sqrt(kept)) @ vectors.T)
