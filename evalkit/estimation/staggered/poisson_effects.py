"""Poisson regression with unit and period effects on a wide panel: Newton's method, and rows without a finite fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evalkit.errors import DesignError
from evalkit.estimation.inputs import Array, Codes, Mask
from evalkit.estimation.staggered.wide_regression import WideColumns, WideFit, WideRegression

STEPS = 100
HALVINGS = 30
TOLERANCE = 1e-9
"""Largest change of a linear predictor, on the log scale, after which the fit has settled."""

NULL = 1e-10
APART = 1e-7


class PoissonEffects(NamedTuple):
    """A Poisson regression with unit and period effects at its maximum.

    Attributes
    ----------
    fit : WideFit
        The last weighted least-squares step: coefficients on the log scale, scores ``x (y - m)`` and the inverse of
        the information.
    model : WideRegression
        The regression of that step, whose weights are weight times mean.
    mean : ndarray, shape (units, periods)
        Fitted counts; 0 where the weight is 0.
    weights : ndarray, shape (units, periods)
        Weights of the rows that were used.
    separated : ndarray of bool, shape (units, periods)
        Rows left out because every coefficient that fits them runs off to minus infinity: all have zero counts.
    """

    fit: WideFit
    model: WideRegression
    mean: Array
    weights: Array
    separated: Mask


def poisson_effects(
    counts: Array,
    offset: Array,
    weights: Array,
    cohort: Codes,
    terms: Array,
    covariates: Array,
    names: tuple[str, ...],
) -> PoissonEffects:
    """Return the Poisson regression of counts on unit effects, period effects, terms and covariates.

    Parameters
    ----------
    counts, offset, weights : ndarray, shape (units, periods)
        Counts, logarithm of the exposure, and weights; cells of weight 0 are not read.
    cohort, terms, covariates, names
        As `wide_regression.WideRegression`.

    Returns
    -------
    PoissonEffects

    Raises
    ------
    DesignError
        If every count is zero, a term is left with nothing to vary (it is named), or the fit has not settled after
        100 steps.

    Notes
    -----
    ``log m_it = offset_it + a_i + c_t + z_it'b``. Each Newton step is a weighted regression of
    ``log m - offset + (y - m) / m`` with weights ``w m``, halved while the deviance rises. Rows without a finite fit
    (`separated`) are left out first, which moves no estimate of what can be estimated.

    References
    ----------
    Correia, Guimaraes and Zylkin (2020), Stata Journal 20, 95-115; (2019), arXiv:1903.01633.
    """
    seen = weights > 0.0
    y, offset = np.where(seen, counts, 0.0), np.where(seen, offset, 0.0)
    if not (y > 0.0).any():
        raise DesignError("every count is zero", mend="use a longer window or a commoner outcome")
    apart = separated_rows(y, seen, cohort, terms, covariates)
    w = np.where(apart, 0.0, weights)
    used = w > 0.0
    mean = np.where(used, (y + y[used].mean()) / 2.0, 1.0)
    line, height = np.log(mean), -np.inf
    for _ in range(STEPS):
        work = line - offset + (y - mean) / mean
        fit = WideRegression(w * mean, cohort, terms, covariates, names).fit(work)
        step = np.where(used, work - fit.residuals + offset - line, 0.0)
        size, new = 1.0, _height(y, line + step, w)
        while not new >= height - 1e-12 * abs(height) and size > 0.5**HALVINGS:
            size /= 2.0
            new = _height(y, line + size * step, w)
        line, height = line + size * step, new
        mean = np.where(used, np.exp(line), 1.0)
        if float(np.abs(step).max()) <= TOLERANCE:
            final = WideRegression(w * mean, cohort, terms, covariates, names)
            fit = final.fit(line - offset + (y - mean) / mean)
            return PoissonEffects(fit, final, np.where(used, mean, 0.0), w, apart)
    raise DesignError(f"the count regression did not converge in {STEPS} steps", mend="use fewer terms")


def _height(counts: Array, line: Array, weights: Array) -> float:
    """Return the log-likelihood without its constants; minus infinity where a mean is out of range."""
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.sum(weights * (counts * line - np.exp(line))))
    return value if np.isfinite(value) else -np.inf


def separated_rows(counts: Array, seen: Mask, cohort: Codes, terms: Array, covariates: Array) -> Mask:
    """Return the rows with zero counts that no finite coefficients fit.

    Parameters
    ----------
    counts : ndarray, shape (units, periods)
        Counts.
    seen : ndarray of bool, shape (units, periods)
        Rows.
    cohort, terms, covariates
        As `poisson_effects`.

    Returns
    -------
    ndarray of bool, shape (units, periods)

    Notes
    -----
    Units and periods without any event come first. Then directions of period effects, terms and covariates that
    vanish (within units) on all rows with events are sought in the null space of their normal matrix; a combination
    that is at most 0 on all other rows, and below 0 on some, sets those apart. It is found by a linear programme, and
    again until there is none.

    References
    ----------
    Correia, Guimaraes and Zylkin (2019), arXiv:1903.01633, sections 3 and 4.
    """
    positive = seen & (counts > 0.0)
    apart: Mask = seen & ~(positive.any(axis=1, keepdims=True) & positive.any(axis=0, keepdims=True))
    while (seen & ~positive & ~apart).any():
        columns = WideColumns(positive.astype(np.float64), cohort, terms, covariates)
        zero = seen & ~positive & ~apart
        rows = np.array([_line(columns, covariates, seen, vector)[zero] for vector in _vanishing(columns, positive)])
        below = _below(rows.T) if rows.size else np.zeros(int(zero.sum()), dtype=bool)
        if not below.any():
            break
        apart[tuple(index[below] for index in np.nonzero(zero))] = True
    return apart


def _vanishing(columns: WideColumns, positive: Mask) -> Array:
    """Return the directions, one a row, that vanish within units on all rows with events."""
    matrix = columns.normal_matrix()
    held = np.flatnonzero(~positive.any(axis=0))  # periods without events are out already
    held = np.union1d(held, np.argmax(positive.any(axis=0)))  # the reference
    free = np.setdiff1d(np.arange(matrix.shape[0]), held)
    squares = columns.squares[free]
    scale = 1.0 / np.sqrt(np.where(squares > 0.0, squares, 1.0))
    roots, vectors = np.linalg.eigh(matrix[np.ix_(free, free)] * np.outer(scale, scale))
    space = np.zeros((int((roots <= NULL).sum()), matrix.shape[0]))
    space[:, free] = (vectors[:, roots <= NULL] * scale[:, None]).T
    return space


def _line(columns: WideColumns, covariates: Array, seen: Mask, vector: Array) -> Array:
    """Return a direction's value in every cell, less its unit mean over rows with events."""
    known = columns.columns.shape[2]
    line = np.where(seen[:, :, None], covariates, 0.0) @ vector[known:]
    for members, each in zip(columns.members, columns.columns, strict=True):
        line[members] += each @ vector[:known]
    return np.asarray(line - np.einsum("ut,ut->u", columns.shares, line)[:, None])


def _below(rows: Array) -> Mask:
    """Return the rows that a combination of columns puts below 0 while it puts none above."""
    from scipy.optimize import linprog

    size = np.abs(rows).max(axis=0)
    scaled = rows[:, size > APART] / size[size > APART]
    if scaled.shape[1] == 0:
        return np.zeros(rows.shape[0], dtype=bool)
    limits = np.repeat([0.0, 1.0], scaled.shape[0])
    both = np.vstack([scaled, -scaled])
    found = linprog(scaled.sum(axis=0), A_ub=both, b_ub=limits, bounds=(None, None), method="highs")
    if found.status != 0:
        return np.zeros(rows.shape[0], dtype=bool)
    return np.asarray(scaled @ found.x < -APART)
