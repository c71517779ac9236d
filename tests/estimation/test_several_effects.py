"""Several effects among reassignments and in a wild bootstrap: against every regression run, and under no effect."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.several_effects import SeveralEffects, reassigned_effects, wild_effects
from evalkit.estimation.staggered.event_time_weights import (
    base_period_weights,
    imputed_weights,
    lead_terms,
    regression_weights,
)

FIRST = np.array([4, 4, 5, 5, *[8] * 8])
PERIODS = 8


def _event_columns(first: np.ndarray, low: int, high: int, reference: int) -> tuple[list[int], np.ndarray]:
    """Return event times and indicators, shape (units, periods, m)."""
    since = np.clip(np.arange(PERIODS) - first[:, None], low, high)
    times = [time for time in range(low, high + 1) if time != reference]
    ever = (first < PERIODS)[:, None]
    return times, np.stack([(since == time) & ever for time in times], axis=2).astype(float)


def _by_dummies(outcome: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and residuals of a regression with a column for every unit and period."""
    units, periods = outcome.shape
    rows = np.indices(outcome.shape).reshape(2, -1)
    dummies = np.column_stack([rows[0][:, None] == np.arange(units), rows[1][:, None] == np.arange(1, periods)])
    matrix = np.column_stack([columns.reshape(units * periods, -1), dummies])
    found = np.linalg.lstsq(matrix, outcome.ravel(), rcond=None)[0]
    return found[: columns.shape[2]], outcome.ravel() - matrix @ found


def test_regression_weights_give_the_coefficients_of_every_assignment() -> None:
    outcome = np.random.default_rng(1).normal(size=(FIRST.size, PERIODS)).cumsum(axis=1)
    label, terms = lead_terms(FIRST, PERIODS, -3, 2, -1)
    weights = regression_weights(FIRST, PERIODS, label, terms)
    assignments = assignments_of(FIRST, 20, 3).first_treated
    found = reassigned_effects(outcome, FIRST, weights.weights, weights.paths, assignments, 0.95)
    dates = np.unique(FIRST)
    for place, codes in enumerate(assignments):
        times, columns = _event_columns(codes, -3, 2, -1)
        expected, _ = _by_dummies(outcome, columns)
        assert times == label.tolist()
        sums = np.einsum("it,mit->m", outcome, weights.weights[:, np.searchsorted(dates, codes)])
        assert sums == pytest.approx(expected, abs=1e-10)
        if place == 0:
            assert found.values == pytest.approx(expected, abs=1e-10)


def test_the_error_is_welchs_for_one_start() -> None:
    """A lead of one start is a difference of mean changes, whose unequal-variances error every textbook has."""
    first = np.array([4, 4, 4, *[8] * 7])
    outcome = np.random.default_rng(2).normal(size=(10, PERIODS)) * np.linspace(1, 3, 10)[:, None]
    weights = base_period_weights(first, PERIODS, [-2])
    found = reassigned_effects(
        outcome, first, weights.weights, weights.paths, assignments_of(first, 99, 0).first_treated, 0.95
    )
    change = outcome[:, 2] - outcome[:, 3]
    welch = np.sqrt(change[:3].var(ddof=1) / 3 + change[3:].var(ddof=1) / 7)
    assert found.values[0] == pytest.approx(change[:3].mean() - change[3:].mean(), abs=1e-12)
    assert found.errors[0] == pytest.approx(welch, rel=1e-9)


def test_imputed_weights_give_observed_less_imputed() -> None:
    outcome = np.random.default_rng(3).normal(size=(FIRST.size, PERIODS)).cumsum(axis=1)
    weights = imputed_weights(FIRST, PERIODS, [0, 1, 2])
    held = np.arange(PERIODS) >= FIRST[:, None]
    unit, time = np.indices(outcome.shape)
    matrix = np.column_stack([unit.ravel()[:, None] == np.arange(12), time.ravel()[:, None] == np.arange(1, 8)])
    free = ~held.ravel()
    line = matrix @ np.linalg.lstsq(matrix[free].astype(float), outcome.ravel()[free], rcond=None)[0]
    gains = (outcome.ravel() - line).reshape(outcome.shape)
    expected = [gains[(np.arange(PERIODS) - FIRST[:, None]) == time].mean() for time in (0, 1, 2)]
    which = np.searchsorted(np.unique(FIRST), FIRST)
    assert np.einsum("it,mit->m", outcome, weights.weights[:, which]) == pytest.approx(expected, abs=1e-10)


def test_an_event_time_that_no_start_has_is_refused() -> None:
    with pytest.raises(DesignError, match="no start has event time 7"):
        base_period_weights(FIRST, PERIODS, [7])


def test_the_wild_bootstrap_is_every_regression_run() -> None:
    generator = np.random.default_rng(4)
    outcome = generator.normal(size=(FIRST.size, PERIODS)).cumsum(axis=1)
    times, columns = _event_columns(FIRST, -3, 2, -1)
    treated = (np.arange(PERIODS) >= FIRST[:, None]).astype(float)
    unit, period = np.indices(outcome.shape).reshape(2, -1)
    contrast = np.where(np.array(times) < 0, -0.5, 0.0)
    found = wild_effects(
        outcome.ravel(), columns.reshape(-1, len(times)), treated.reshape(-1, 1), unit, period, unit, None, 9, 5, 0.95,
        contrast,
    )  # fmt: skip
    signs = 2.0 * np.random.Generator(np.random.PCG64(5)).integers(0, 2, (9, FIRST.size)) - 1.0
    effect, left = _by_dummies(outcome, treated[:, :, None])
    null = np.where(np.array(times) >= 0, effect, 0.0)
    fitted = outcome - left.reshape(outcome.shape)
    for draw, sign in enumerate(signs):
        again = fitted + sign[:, None] * left.reshape(outcome.shape)
        values, rest = _by_dummies(again, columns)
        errors = _clustered(columns, rest)
        assert found.statistics[draw + 1, :-1] == pytest.approx((values - null) / errors, rel=1e-8)
    values, rest = _by_dummies(outcome, columns)
    assert found.values == pytest.approx([*values, contrast @ values], abs=1e-10)
    assert found.errors[:-1] == pytest.approx(_clustered(columns, rest), rel=1e-9)


def _clustered(columns: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return clustered errors without a factor."""
    units, periods, _ = columns.shape
    nothing = np.zeros((units, periods, 0))
    left = np.column_stack([_by_dummies(columns[:, :, j], nothing)[1] for j in range(columns.shape[2])])
    bread = np.linalg.inv(left.T @ left)
    scores = (left * rest[:, None]).reshape(units, periods, -1).sum(axis=1)
    return np.sqrt(np.diag(bread @ scores.T @ scores @ bread))


def test_p_values_are_level_under_no_effect_and_see_a_drift() -> None:
    """400 panels without effect, starts of two: about 5% of tests of all leads are at 5%; a drift is seen."""
    weights = base_period_weights(FIRST, PERIODS, [-4, -3, -2])
    assignments = assignments_of(FIRST, 299, 0).first_treated
    generator, low = np.random.default_rng(6), []
    everything = np.ones(3, dtype=bool)

    def tested(outcome: np.ndarray) -> float:
        each = reassigned_effects(outcome, FIRST, weights.weights, weights.paths, assignments, 0.95)
        return each.p_value(everything)[1]

    for _ in range(400):
        low.append(tested(generator.normal(size=(FIRST.size, PERIODS))) <= 0.05)
    # The standard error of 5% in 400 is 1.1 points.
    assert 0.02 <= np.mean(low) <= 0.085
    drift = np.where(FIRST < PERIODS, 2.0, 0.0)[:, None] * np.arange(PERIODS)
    assert tested(generator.normal(size=(FIRST.size, PERIODS)) + drift) <= 0.02


def test_bounds_for_all_hold_at_least_those_for_one() -> None:
    found = SeveralEffects(np.zeros(2), np.ones(2), np.random.default_rng(7).normal(size=(999, 2)), 0.95)
    assert found.single() == pytest.approx([1.96, 1.96], abs=0.2)
    assert found.together(np.array([True, True])) * 1.96 == pytest.approx(2.236, abs=0.2)  # Sidak, two independent
    assert found.together(np.array([True, False])) == 1.0
