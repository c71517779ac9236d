"""Straight lines of each unit's own, taken out exactly."""

from __future__ import annotations

import numpy as np

from evalkit.estimation.inputs import Array, Codes

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
