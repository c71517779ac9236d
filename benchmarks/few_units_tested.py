"""What a study would find in simulated panels of few units: many at once, and one at a time by the study's functions.

See calibrate_few_units.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from few_units_panels import UNITS, Cell, Panels

from evalkit.designs.difference_in_differences.inference import chosen_inference
from evalkit.designs.difference_in_differences.wide_panel import THINNEST
from evalkit.estimation.few_units import many
from evalkit.estimation.few_units.cluster_robust import Correction
from evalkit.estimation.few_units.ferman_pinto import ferman_pinto
from evalkit.estimation.few_units.linear_estimates import linear_statistics
from evalkit.estimation.few_units.randomisation import randomisation_test, two_way_randomisation
from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap
from evalkit.estimation.synthetic.synthetic_did import synthetic_did
from evalkit.estimation.within import cluster_factor

STUDY_SEED, DRAWS = 20_240_229, 1999
"""Of the designs, when a study names neither."""
CORRECTIONS: tuple[Correction, ...] = ("CR1", "CR2", "CR3")


class Tests(NamedTuple):
    """p-values of one supposed effect: by the rule, and by clustered standard errors."""

    auto: np.ndarray
    clustered: dict[str, np.ndarray]


def method(cell: Cell) -> str:
    """Return the inference of the printed rule."""
    return chosen_inference(cell.estimator, cell.treated, UNITS, UNITS - cell.treated).method


def variance_sizes(cell: Cell, panels: Panels) -> np.ndarray | None:
    """Return what `wide_panel.variance_sizes` gives for each panel, places in the order of the panels."""
    before = min(cell.starts)
    if cell.kind.outcome == "count":
        assert panels.events is not None
        return panels.events[:, :, :before].sum(axis=2)
    if cell.kind.outcome == "mean":
        return None if cell.kind.equal else panels.exposure
    exposure = np.ones(panels.quiet.shape[:2]) if panels.exposure is None else panels.exposure
    spread = panels.quiet[:, :, :before].mean(axis=2) / exposure
    highest = spread.max(axis=1, keepdims=True)
    sizes = 1.0 / np.maximum(spread, THINNEST * highest)
    return np.maximum(sizes, THINNEST * sizes.max(axis=1, keepdims=True))


def tested(cell: Cell, outcomes: np.ndarray, sizes: np.ndarray | None, effects: np.ndarray) -> Tests:
    """Return p-values of supposed effects, one a panel."""
    codes, order = cell.first_treated, many.canonical_order(outcomes, cell.first_treated)
    if len(cell.starts) > 1:
        found, weights = many.many_staggered(outcomes, codes)
        paths = (np.arange(cell.periods) >= codes[:, None]) @ weights.T
        gains = np.take_along_axis(outcomes @ weights.T, order[:, :, None], axis=1) - effects[:, None, None] * paths
        auto = many.many_randomisation(gains, codes, weights, draws=DRAWS, seed=STUDY_SEED)
        return Tests(auto, {"CR1": found.p_values(effects)})
    start, treated = cell.starts[0], codes < cell.periods
    changes = outcomes[:, :, start:].mean(axis=2) - outcomes[:, :, :start].mean(axis=2) - effects[:, None] * treated
    clustered = {name: many.many_cluster_robust(changes, treated, name, _factor(cell)).p_values()
                 for name in (CORRECTIONS if cell.treated > 1 else CORRECTIONS[:1])}  # fmt: skip
    if method(cell) == "wild_bootstrap":  # draws go by outcome alone, whoever is treated
        order = many.canonical_order(outcomes)
    dealt, who = np.take_along_axis(changes, order, axis=1), treated[order]
    if method(cell) == "wild_bootstrap":
        return Tests(many.many_wild_bootstrap(dealt, who, DRAWS, STUDY_SEED), clustered)
    if method(cell) == "ferman_pinto":
        own = None if sizes is None else np.take_along_axis(sizes, order, axis=1)
        return Tests(many.many_ferman_pinto(dealt, treated, own, DRAWS, STUDY_SEED), clustered)
    sides = np.array([1.0 / cell.treated, -1.0 / (UNITS - cell.treated)])
    profile = np.where(np.arange(cell.periods) >= start, 1.0 / (cell.periods - start), -1.0 / start)
    auto = many.many_randomisation(
        dealt[:, :, None] * sides, codes, np.outer(sides, profile), draws=DRAWS, seed=STUDY_SEED
    )
    return Tests(auto, clustered)


def _factor(cell: Cell) -> float:
    unit, period = np.divmod(np.arange(UNITS * cell.periods), cell.periods)
    return cluster_factor(1, unit, period, unit, "effects_nested")[0]


def synthetic(cell: Cell, outcomes: np.ndarray, placebos: int) -> np.ndarray:
    """Return p-values of no effect by synthetic difference in differences, one panel at a time.

    With one treated place all placebos are listed; with more, `placebos` are drawn (a study draws 999).
    """
    found = []
    for outcome in outcomes:
        fit = synthetic_did(outcome, cell.first_treated, draws=max(placebos, 2), seed=STUDY_SEED)
        assert fit.ranks is not None
        found.append(fit.ranks.p_value)
    return np.array(found)


class Alone(NamedTuple):
    """What the functions of a study give for one panel."""

    p_value: float
    low: float
    high: float


def one_by_one(cell: Cell, outcome: np.ndarray, sizes: np.ndarray | None) -> Alone:
    """Return p-value and interval of one panel by the functions that a study calls."""
    codes = cell.first_treated
    order = np.lexsort([*outcome.T[::-1], codes])
    dealt, treated = outcome[order], codes < cell.periods
    if len(cell.starts) > 1:
        weights = many.many_staggered(dealt[None], codes)[1]
        found: Any = randomisation_test(linear_statistics(dealt, codes, weights), codes, DRAWS, STUDY_SEED)
    elif method(cell) == "ferman_pinto":
        change = dealt[:, cell.starts[0] :].mean(axis=1) - dealt[:, : cell.starts[0]].mean(axis=1)
        own = None if sizes is None or np.ptp(sizes) <= 1e-9 * sizes.max() else sizes[order]
        found = ferman_pinto(
            np.column_stack([np.zeros(UNITS), change]), np.where(treated, 1, 2), own, DRAWS, STUDY_SEED
        )
    elif method(cell) == "randomisation":
        found = two_way_randomisation(dealt, codes, draws=DRAWS, seed=STUDY_SEED)
    else:
        by_outcome = np.lexsort(outcome.T[::-1])
        unit, period = np.divmod(np.arange(outcome.size), cell.periods)
        columns = (np.arange(cell.periods) >= codes[by_outcome][:, None]).astype(float)
        found = wild_bootstrap(
            outcome[by_outcome].ravel(), columns.reshape(-1, 1), unit, period, draws=DRAWS, seed=STUDY_SEED
        )
    return Alone(found.p_value, found.low, found.high)
