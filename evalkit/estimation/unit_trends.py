"""Straight lines of each unit's own, taken out exactly."""

from __future__ import annotations

import numpy as np

from evalkit.estimation.inputs import Array, Codes

RANK = 1e-10
"""Directions of the period effects below this share of the largest are combinations of levels and lines."""
FLAT = 1e-12
"""A unit whose periods vary by less than this share of all has one period, and no slope."""


def less_unit_trends(matrix: Array, units: Codes, time: Array, weights: Array) -> Array:
    """Return columns without the weighted mean and the weighted straight line in time of each unit.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    units : ndarray of int, shape (n,)
        Codes from 0.
    time : ndarray, shape (n,)
        Periods as numbers.
    weights : ndarray, shape (n,)
        Above zero.

    Notes
    -----
    With t less its weighted mean in the unit, ``y - mean(y) - t sum(w t y) / sum(w t^2)``. A unit with one period has
    no slope. Every unit's line is fitted to its own rows alone, so that gaps and weights need nothing else.
    """
    totals = np.bincount(units, weights)
    late = time - (np.bincount(units, weights * time) / totals)[units]
    spread = np.bincount(units, weights * late**2)
    has = spread > FLAT * max(float(spread.max()), np.finfo(np.float64).tiny)
    scale = np.where(has, 1.0 / np.where(has, spread, 1.0), 0.0)
    columns = []
    for column in matrix.T:
        level = np.bincount(units, weights * column) / totals
        slope = np.bincount(units, weights * late * column) * scale
        columns.append(column - level[units] - slope[units] * late)
    return np.column_stack(columns) if columns else np.zeros_like(matrix)


def within_unit_trends(matrix: Array, units: Codes, periods: Codes, weights: Array | None, trend: Array) -> Array:
    """Return columns without unit effects, unit trends and period effects.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    units, periods : ndarray of int, shape (n,)
        Codes from 0.
    weights : ndarray, shape (n,), or None
    trend : ndarray, shape (n,)
        Periods as numbers.

    Notes
    -----
    Levels and lines go first, from the columns and from an indicator of each period; what is left of the columns is
    then regressed on what is left of the indicators.
    """
    w = np.ones(len(matrix)) if weights is None else weights
    root = np.sqrt(w)[:, None]
    indicators = (periods[:, None] == np.arange(periods.max() + 1)).astype(np.float64)
    left = less_unit_trends(matrix, units, trend, w) * root
    among = less_unit_trends(indicators, units, trend, w) * root
    values, vectors = np.linalg.eigh(among.T @ among)
    kept = values > RANK * max(float(values.max()), np.finfo(np.float64).tiny)
    basis = among @ (vectors[:, kept] / np.sqrt(values[kept]))
    for _ in range(2):  # the second time takes out what rounding left
        left = left - basis @ (basis.T @ left)
    return np.asarray(left / root)
