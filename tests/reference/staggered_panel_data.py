"""Panels that both the reference scripts and the tests make: numbers by arithmetic alone, so that no generator counts.

Used by staggered_group_time.py, staggered_imputation.py, staggered_regressions.py and the tests that read their CSVs.
"""

from __future__ import annotations

import numpy as np


def noise(count: int, seed: int) -> np.ndarray:
    """Return numbers that look random, the same on every machine and numpy: fractional parts of a quadratic."""
    step = np.arange(1, count + 1, dtype=np.int64)
    state = (step * step * 7919 + step * 104729 + seed * 15485863) % 1_000_003
    state = (state * state + 12345 * state) % 1_000_003
    return (state / 1_000_003 - 0.5) * np.sqrt(12.0)


def panel(units: int = 120, periods: int = 8, cohorts: tuple[int, ...] = (4, 5, 7), never: bool = True) -> dict:
    """Return a balanced panel with effects that grow and covariates that confound."""
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(1, periods + 1), units)
    level, x1, x2 = noise(units, 1), noise(units, 2), noise(units, 3)
    order = np.argsort(np.argsort(0.3 * x1 + noise(units, 4)))  # more likely treated where x1 is high
    starts = np.array([*cohorts, *([np.inf] * 2 if never else [])])[::-1]
    first = starts[np.minimum(order * starts.size // units, starts.size - 1)]
    since = period - first[unit]
    effect = np.where(since >= 0, 1.0 + 0.5 * np.where(np.isfinite(since), since, 0.0), 0.0)
    moving = noise(unit.size, 5)
    outcome = level[unit] + 0.3 * period + 0.2 * x1[unit] * period + 0.4 * moving + effect + noise(unit.size, 6)
    mean = np.exp(1.0 + 0.4 * level[unit] + 0.05 * period + 0.2 * moving - 0.2 * (since >= 0))
    exposure = 50.0 + 20.0 * noise(units, 8)[unit] / 2.0 + period
    counts = np.floor(mean * exposure / 50.0 * (1.0 + 0.4 * noise(unit.size, 7)) + 0.5)
    return {
        "unit": unit,
        "period": period,
        "first_treated": first[unit],
        "outcome": outcome,
        "x1": x1[unit],
        "x2": x2[unit],
        "moving": moving,
        "weight": (1.0 + 0.5 * noise(units, 9) / 2.0)[unit],
        "cluster": (unit // 4),
        "counts": np.maximum(counts, 0.0),
        "exposure": exposure,
    }


def without_some_rows(data: dict, share: float = 0.08) -> dict:
    """Return the panel with some rows missing."""
    kept = noise(data["unit"].size, 10) / np.sqrt(12.0) + 0.5 > share
    return {name: values[kept] for name, values in data.items()}
