"""Arrays as estimators need them: finite, of one length, and of full rank; what is not is named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalkit.errors import DesignError

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

RANK_TOLERANCE = 1e-9
"""A column is dependent when less than this share of its length is left after the columns before it."""


def as_vector(values: ArrayLike, name: str, length: int | None = None) -> Array:
    """Return `values` as a finite vector of floats.

    Parameters
    ----------
    values : array_like, shape (n,)
        Numbers.
    name : str
        What they are, for the message.
    length : int or None
        The length that is needed.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    DesignError
        If the shape or length is wrong, or a value is missing or infinite.
    """
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise DesignError(f"{name} has {vector.ndim} dimensions", mend="give one value per observation")
    if length is not None and vector.size != length:
        raise DesignError(f"{name} has {vector.size} values for {length} observations")
    _refuse_missing(vector, name)
    return vector


def as_matrix(values: ArrayLike, name: str, rows: int | None = None) -> Array:
    """Return `values` as a finite matrix of floats; a vector becomes one column.

    Parameters
    ----------
    values : array_like, shape (n, k) or (n,)
        Numbers.
    name : str
        What they are, for the message.
    rows : int or None
        The number of rows that is needed.

    Returns
    -------
    ndarray of float, shape (n, k)

    Raises
    ------
    DesignError
        If the shape is wrong, or a value is missing or infinite.
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise DesignError(f"{name} must have rows and at least one column, and have shape {matrix.shape}")
    if rows is not None and matrix.shape[0] != rows:
        raise DesignError(f"{name} have {matrix.shape[0]} rows for {rows} observations")
    _refuse_missing(matrix, name)
    return matrix


def as_codes(values: ArrayLike, name: str, length: int) -> Codes:
    """Return `values` as integer codes 0, 1, ..., one per distinct value, in the order of the values.

    Parameters
    ----------
    values : array_like, shape (n,)
        Integer codes, not necessarily consecutive.
    name : str
        What they are, for the message.
    length : int
        The length that is needed.

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    DesignError
        If the shape or length is wrong.
    """
    codes = np.asarray(values)
    if codes.shape != (length,):
        raise DesignError(f"{name} has shape {codes.shape} for {length} observations")
    if length and np.issubdtype(codes.dtype, np.integer):
        low, high = int(codes.min()), int(codes.max())
        if high - low <= 2 * length:  # a look-up instead of sorting
            present = np.zeros(high - low + 1, dtype=np.int64)
            places = codes - low
            present[places] = 1
            return np.asarray((np.cumsum(present) - 1)[places])
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def dependent_columns(matrix: Array) -> list[int]:
    """Return the columns that are linear combinations of the columns before them.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors.

    Returns
    -------
    list of int
        Column indices from 0; empty when the matrix has full column rank.

    Notes
    -----
    Gram-Schmidt, twice for accuracy: column j is dependent when
    ``|x_j - Q Q'x_j| <= 1e-9 |x_j|``, where Q spans the independent columns to its left. Unlike a pivoted
    factorisation this blames the later column of a dependent set, which is the one an analyst added last.
    """
    basis = np.zeros((matrix.shape[0], 0))
    dependent: list[int] = []
    for index, column in enumerate(matrix.T):
        size = float(np.linalg.norm(column))
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        left = float(np.linalg.norm(rest))
        if left <= RANK_TOLERANCE * size:
            dependent.append(index)
        else:
            basis = np.column_stack([basis, rest / left])
    return dependent


def require_full_rank(matrix: Array, names: Sequence[str] | None = None, spare: int = 1) -> None:
    """Raise unless the columns are independent and observations are left over.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors.
    names : sequence of str or None
        Names of the columns for the message; their index is used when left out.
    spare : int
        Number of observations needed beyond the number of columns.

    Raises
    ------
    DesignError
        Naming the columns, or the number of points and terms.
    """
    points, terms = matrix.shape
    dependent = dependent_columns(matrix)
    if points < terms + spare:
        raise DesignError(
            f"{points} points cannot carry {terms} terms",
            mend=f"use at least {terms + spare} points, or fewer terms",
        )
    if dependent:
        labels = [names[j] if names is not None else f"column {j}" for j in dependent]
        raise DesignError(
            f"cannot be told apart from the terms before: {', '.join(labels)}",
            mend="leave these terms out, or bring data in which they vary on their own",
        )


def require_level(level: float) -> float:
    """Return `level` if it is a confidence level between 0 and 1.

    Parameters
    ----------
    level : float
        Confidence level, such as 0.95.

    Returns
    -------
    float

    Raises
    ------
    DesignError
        If it is not strictly between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise DesignError(f"the confidence level is {level}", mend="give a share between 0 and 1, such as 0.95")
    return float(level)


def require_choice(value: str, choices: object, name: str) -> None:
    """Raise unless a word is one of the words of a Literal type.

    Parameters
    ----------
    value : str
        The word.
    choices : Literal type
        The words that are allowed.
    name : str
        What is chosen, for the message.

    Raises
    ------
    DesignError
        Listing the words.
    """
    words = get_args(choices)
    if value not in words:
        raise DesignError(f"{name} is {value!r}", mend=f"choose one of {', '.join(words)}")


def _refuse_missing(values: Array, name: str) -> None:
    """Raise if a value is missing or infinite, naming the first row."""
    finite = np.isfinite(values)
    if values.size == 0:
        raise DesignError(f"{name}: no observations")
    if not finite.all():
        row = int(np.argwhere(~finite)[0][0])
        raise DesignError(
            f"{name}: {int((~finite).sum())} missing or infinite values, the first in row {row}",
            mend="drop or fill them before estimation, and say how",
        )


def regression_data(outcome: ArrayLike, regressors: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    """Return outcome, regressors of full rank, and weights."""
    y = as_vector(outcome, "outcome")
    matrix = as_matrix(regressors, "regressors", y.size)
    require_full_rank(matrix)
    return y, matrix, as_weights(weights, y.size)


def as_weights(weights: ArrayLike | None, length: int) -> Array:
    """Return weights above zero; ones when left out."""
    vector = np.ones(length) if weights is None else as_vector(weights, "weights", length)
    if np.any(vector <= 0.0):
        raise DesignError("a weight is zero or negative", mend="drop those observations, or correct the weights")
    return vector


def log_exposure(counts: Array, exposure: ArrayLike | None) -> Array:
    """Return the logarithm of the exposure; refuse negative counts and exposures not above zero."""
    if np.any(counts < 0.0):
        raise DesignError("a count is negative", mend="use a linear design for outcomes below zero")
    vector = np.ones(counts.size) if exposure is None else as_vector(exposure, "exposure", counts.size)
    if np.any(vector <= 0.0):
        raise DesignError("an exposure is zero or negative", mend="drop those observations, or correct the exposure")
    return np.log(vector)
