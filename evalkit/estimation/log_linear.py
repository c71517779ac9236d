"""Log-linear Poisson regression with an offset, by Newton's method in an orthonormal basis of its terms."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.basis import orthonormal_basis
from evalkit.estimation.inputs import Array

STEPS = 100
HALVINGS = 30
TOLERANCE = 1e-9
"""Largest change of a linear predictor, on the log scale, after which the fit has settled: the next is its square."""


class LogLinearFit(NamedTuple):
    """A log-linear regression of a count at its maximum.

    Attributes
    ----------
    coefficients : ndarray, shape (k,)
        On the log scale.
    mean : ndarray, shape (n,)
        Fitted counts.
    log_likelihood : float
        With its constants.
    """

    coefficients: Array
    mean: Array
    log_likelihood: float


def poisson(counts: Array, matrix: Array, offset: Array) -> LogLinearFit:
    """Return the Poisson regression of counts on regressors with a log link.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Counts, none negative, not all zero; zeros not told apart perfectly (`require_overlap` looks).
    matrix : ndarray, shape (n, k)
        Regressors of full rank, the constant included.
    offset : ndarray, shape (n,)
        Added to the linear predictor.

    Returns
    -------
    LogLinearFit

    Raises
    ------
    DesignError
        If the fit has not settled after 100 steps.

    Notes
    -----
    ``log m_t = offset_t + x_t'b``. Newton's step ``(X' M X)^-1 X'(y - m)``, which for this link is Fisher's too, from
    ``m = (y + mean y) / 2``; halved while the likelihood falls. It has settled after a step that changes no linear
    predictor by more than 1e-9.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, section 2.5. Checked against glm in R and statsmodels.
    """
    from scipy.special import gammaln

    basis, back = orthonormal_basis(matrix, spare=0)
    start = (counts + counts.mean()) / 2.0
    root = np.sqrt(start)
    working = np.log(start) - offset + (counts - start) / start
    scores = np.linalg.lstsq(basis * root[:, None], working * root, rcond=None)[0]
    line = offset + basis @ scores
    height = _height(counts, line)
    _require_finite(height)
    for _ in range(STEPS):
        mean = np.exp(line)
        step = _newton(basis, counts, mean)
        change = basis @ step
        _require_finite(float(change.sum()))
        size, new = 1.0, _height(counts, line + change)
        while not new >= height - 1e-12 * abs(height) and size > 0.5**HALVINGS:
            size /= 2.0
            new = _height(counts, line + size * change)
        scores, line, height = scores + size * step, line + size * change, new
        if float(np.max(np.abs(change))) <= TOLERANCE:
            constants = float(np.sum(gammaln(counts + 1.0)))
            return LogLinearFit(back @ scores, np.exp(line), height - constants)
    raise DesignError(
        f"the count regression did not converge in {STEPS} steps", mend="use fewer terms, or another family"
    )


def _require_finite(number: float) -> None:
    """Raise if a fit has run out of the range of numbers."""
    if not np.isfinite(number):
        raise DesignError(
            "the count regression did not converge: its terms leave the range of numbers",
            mend="use fewer terms, or another family",
        )


def _height(counts: Array, line: Array) -> float:
    """Return the log-likelihood without its constants; minus infinity where a mean is out of range."""
    with np.errstate(over="ignore"):
        return float(counts @ line - np.sum(np.exp(line)))


def _newton(basis: Array, counts: Array, mean: Array) -> Array:
    """Return Newton's step for the coefficients of the basis."""
    try:
        return np.asarray(np.linalg.solve((basis * mean[:, None]).T @ basis, basis.T @ (counts - mean)))
    except np.linalg.LinAlgError:
        raise DesignError(
            "the fit did not settle: the terms cannot be told apart", mend="use fewer terms, or another family"
        ) from None
