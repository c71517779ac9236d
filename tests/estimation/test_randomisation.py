"""Randomisation inference: assignments, statistics, the interval as the test's inverse, false positives, speed."""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_ind

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.cluster_robust import cluster_robust
from evalkit.estimation.few_units.inversion import ShiftedStatistics, interval_by_inversion
from evalkit.estimation.few_units.randomisation import looped_statistics, randomisation_test, two_way_randomisation
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths, two_way_statistics


def panel_of(units=10, periods=8, starts=(3, 3, 5), seed=0):
    generator = np.random.default_rng(seed)
    first = np.full(units, periods)
    first[: len(starts)] = starts
    return generator.normal(size=(units, periods)).cumsum(axis=1), generator.permutation(first)


def test_every_assignment_is_listed_once_with_what_happened_first():
    first = np.array([9, 3, 9, 5, 3])
    found = assignments_of(first)
    assert (found.listed, found.possible, found.seed) == (True, 30, None)
    assert {tuple(row) for row in found.first_treated} == set(permutations(first.tolist()))
    assert len(found.first_treated) == 30
    assert found.first_treated[0].tolist() == first.tolist()
    assert found.smallest_p == 1 / 30


def test_too_many_assignments_are_drawn():
    first = np.append(np.full(5, 60), np.full(38, 120))
    found = assignments_of(first, draws=500, seed=7)
    assert (found.listed, found.possible, found.seed) == (False, 962_598, 7)
    assert found.first_treated.shape == (501, 43)
    assert found.first_treated[0].tolist() == first.tolist()
    assert np.all((found.first_treated == 60).sum(axis=1) == 5)
    np.testing.assert_array_equal(found.first_treated, assignments_of(first, draws=500, seed=7).first_treated)
    # each unit is treated in 5 of 43 draws
    assert np.abs((found.first_treated[1:] == 60).mean(axis=0) - 5 / 43).max() < 5 * np.sqrt(5 / 43 / 500)


@pytest.mark.parametrize("weighted", [False, True])
def test_coefficient_and_standard_error_are_those_of_the_regression(weighted):
    """CR2 clustered by unit in a balanced panel; the coefficient also with weights, covariates and missing cells."""
    outcome, first = panel_of(units=9, starts=(3, 3, 5, 6))
    generator = np.random.default_rng(5)
    covariates, weights = generator.normal(size=(9, 8, 2)), generator.uniform(0.5, 2, (9, 8))
    weights[2, 3] = weights[7, 0] = 0.0
    outcome = np.where(weights > 0, outcome, np.nan) if weighted else outcome
    options = {"covariates": covariates, "weights": weights} if weighted else {}
    assignments = assignments_of(first, draws=6).first_treated
    found = two_way_statistics(outcome, first, **options)(assignments)
    unit, period = np.divmod(np.arange(72), 8)
    kept = weights.ravel() > 0 if weighted else np.full(72, True)
    for index, row in enumerate(assignments):
        columns = treatment_paths(row, 8).reshape(-1, 1)
        columns = np.column_stack([columns, covariates.reshape(72, 2)]) if weighted else columns
        fit = cluster_robust(
            outcome.ravel()[kept], columns[kept], unit[kept], period[kept], weights.ravel()[kept] if weighted else None
        )
        assert found.values[index] == pytest.approx(fit.coefficients[0], rel=1e-9)
        if not weighted:
            assert np.sqrt(found.squares[index]) == pytest.approx(fit.standard_errors[0], rel=1e-9)


@pytest.mark.parametrize("by_unit", [False, True])
def test_the_general_path_gives_the_same_as_that_without_holes(by_unit):
    """A unit of hardly any weight with a missing cell changes nothing but the path that is taken."""
    outcome, first = panel_of(units=12, starts=(3, 3, 5, 6))
    weights = np.random.default_rng(1).uniform(0.5, 3, 12) if by_unit else np.ones(12)
    assignments = assignments_of(first, draws=20).first_treated
    quick = two_way_statistics(outcome, first, weights=weights)(assignments)
    holes = np.vstack([outcome, outcome[:1]])  # a unit of hardly any weight, with a missing cell
    cells = np.vstack([np.repeat(weights[:, None], 8, axis=1), np.full((1, 8), 1e-14)])
    cells[12, 3] = 0.0
    general = two_way_statistics(holes, np.append(first, 8), False, weights=cells)(
        np.column_stack([assignments, np.full(len(assignments), 8)])
    )
    np.testing.assert_allclose(general.values, quick.values, atol=1e-10)
    np.testing.assert_allclose(general.slopes, quick.slopes, atol=1e-10)


def test_weights_by_unit_are_those_of_the_regression():
    outcome, first = panel_of(units=9, starts=(3, 3, 5, 6))
    weights = np.random.default_rng(5).uniform(0.5, 2, 9)
    unit, period = np.divmod(np.arange(72), 8)
    assignments = assignments_of(first, draws=6).first_treated
    found = two_way_statistics(outcome, first, weights=weights)(assignments)
    for index, row in enumerate(assignments):
        fit = cluster_robust(outcome.ravel(), treatment_paths(row, 8).ravel(), unit, period, weights[unit])
        assert found.values[index] == pytest.approx(fit.coefficients[0], rel=1e-9)
        # the leverage of a period effect is not 1/N for every unit here, so the error is close, not equal
        assert np.sqrt(found.squares[index]) == pytest.approx(fit.standard_errors[0], rel=0.1)


def test_one_start_is_the_permutation_test_of_changes():
    """scipy runs the same test on each unit's change, with Welch's t."""
    outcome, first = panel_of(units=11, starts=(5, 5, 5))
    change = outcome[:, 5:].mean(axis=1) - outcome[:, :5].mean(axis=1)
    treated = first < 8
    other = permutation_test(
        (change[treated], change[~treated]),
        lambda one, two, axis: np.abs(ttest_ind(one, two, axis=axis, equal_var=False).statistic),
        vectorized=True,
        alternative="greater",
        n_resamples=np.inf,
    )
    found = two_way_randomisation(outcome, first)
    assert (found.assignments, found.listed) == (165, True)
    assert found.p_value == pytest.approx(other.pvalue, abs=1e-12)
    assert found.observed == pytest.approx(
        ttest_ind(change[treated], change[~treated], equal_var=False).statistic, rel=1e-9
    )


def test_one_treated_unit_is_the_rank_of_its_change():
    outcome, first = panel_of(units=43, periods=20, starts=(12,), seed=3)
    change = outcome[:, 12:].mean(axis=1) - outcome[:, :12].mean(axis=1)
    distance = np.abs(change - (change.sum() - change) / 42)
    found = two_way_randomisation(outcome, first, "coefficient")
    assert found.p_value == pytest.approx(np.mean(distance >= distance[first < 20] - 1e-12), abs=1e-12)
    assert found.smallest_p == 1 / 43
    with pytest.raises(DesignError, match="alone carries the treatment"):
        two_way_randomisation(outcome, first)


@pytest.mark.parametrize("statistic", ["coefficient", "studentised"])
@pytest.mark.parametrize("draws", [200, 30_000])
def test_the_bounds_are_where_the_test_turns(statistic, draws):
    outcome, first = panel_of(units=14, starts=(3, 3, 5, 6), seed=2)
    found = two_way_randomisation(outcome, first, statistic, draws=draws, list_up_to=draws)
    path = treatment_paths(first, 8)
    assert found.listed == (draws == 30_000)
    assert found.low < found.coefficient < found.high
    for bound, inward in ((found.low, 1e-6), (found.high, -1e-6)):
        kept = two_way_randomisation(outcome - (bound + inward) * path, first, statistic, draws=draws, list_up_to=draws)
        lost = two_way_randomisation(outcome - (bound - inward) * path, first, statistic, draws=draws, list_up_to=draws)
        assert kept.p_value > 0.05 >= lost.p_value


def test_a_looped_estimator_gives_the_same_test_and_interval():
    outcome, first = panel_of(units=7, starts=(3, 5))
    unit, period = np.divmod(np.arange(56), 8)

    def estimate(values, assignment):
        fit = cluster_robust(values.ravel(), treatment_paths(assignment, 8).ravel(), unit, period)
        return fit.coefficients[0], fit.standard_errors[0]

    looped = randomisation_test(looped_statistics(outcome, first, estimate), first, level=0.9)
    quick = two_way_randomisation(outcome, first, level=0.9)
    assert looped.p_value == quick.p_value
    assert (looped.coefficient, looped.low, looped.high) == pytest.approx((quick.coefficient, quick.low, quick.high))
    np.testing.assert_allclose(looped.statistics, quick.statistics, rtol=1e-8)


def test_an_estimator_that_is_not_linear_has_a_p_value_and_no_interval():
    outcome, first = panel_of(units=9, starts=(5,))

    def median_change(values, assignment):
        change = np.median(values[:, 5:], axis=1) - np.median(values[:, :5], axis=1)
        return float(change[assignment < 8].mean() - np.median(change[assignment == 8]))

    found = randomisation_test(looped_statistics(outcome, first, median_change), first)
    distance = np.abs([median_change(outcome, np.where(np.arange(9) == unit, 5, 8)) for unit in range(9)])
    assert found.p_value == np.mean(distance >= distance[np.argmin(first)])
    assert np.isnan([found.low, found.high]).all()
    assert "no interval: the estimator is not linear" in found.rule
    plain = randomisation_test(lambda rows: np.array([median_change(outcome, row) for row in rows]), first)
    assert plain.p_value == found.p_value
    assert np.isnan(plain.coefficient)


@pytest.mark.parametrize("treated", [2, 5])
def test_false_positives_with_unequal_variances_are_near_five_per_cent(treated):
    """43 units whose variances differ tenfold, treated at random, changes with autocorrelation: 2,000 panels."""
    rejected = 0
    for seed in range(2000):
        generator = np.random.default_rng(seed)
        outcome = generator.normal(size=(43, 6)).cumsum(axis=1) * generator.lognormal(0, 0.8, (43, 1))
        first = np.full(43, 6)
        first[generator.permutation(43)[:treated]] = 3
        rows = assignments_of(first, draws=199, seed=seed, list_up_to=1).first_treated
        rejected += two_way_statistics(outcome, first)(rows).p_values([0.0])[0] <= 0.05
    assert 0.035 <= rejected / 2000 <= 0.065  # three standard errors of 2,000 replications


def test_staggered_false_positives_with_dates_drawn_too():
    rejected = 0
    for seed in range(1000):
        outcome, first = panel_of(units=20, periods=8, starts=(2, 4, 4, 6), seed=seed)
        rejected += two_way_randomisation(outcome, first, draws=199, seed=seed, list_up_to=1).p_value <= 0.05
    assert 0.03 <= rejected / 1000 <= 0.07


def test_the_interval_covers_a_constant_effect():
    covered = 0
    for seed in range(400):
        outcome, first = panel_of(units=12, periods=8, starts=(3, 3, 5), seed=seed)
        found = two_way_randomisation(outcome + 2.5 * treatment_paths(first, 8), first, draws=199, list_up_to=1)
        covered += found.low <= 2.5 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_a_thousand_reassignments_of_43_units_in_120_periods_are_one_quick_computation():
    generator = np.random.default_rng(1)
    outcome, first = generator.normal(size=(43, 120)), np.append([60, 60, 60, 80, 80], np.full(38, 120))
    rows = assignments_of(first, draws=999).first_treated
    times = []
    for _ in range(5):
        start = time.process_time()
        two_way_statistics(outcome, first)(rows)
        times.append(time.process_time() - start)
    assert min(times) < 0.05  # 7 ms measured


def test_bad_input_is_named():
    outcome, first = panel_of()
    with pytest.raises(DesignError, match="all 10 units have the same adoption"):
        two_way_randomisation(outcome, np.full(10, 8))
    with pytest.raises(DesignError, match=r"units \[4\] are treated in all periods"):
        two_way_randomisation(outcome, np.where(np.arange(10) == 4, 0, first))
    with pytest.raises(DesignError, match="for 10 units"):
        two_way_randomisation(outcome, first[:-1])
    with pytest.raises(DesignError, match="missing or infinite"):
        two_way_randomisation(np.where(outcome == outcome[3, 3], np.nan, outcome), first)
    with pytest.raises(DesignError, match="none negative"):
        two_way_randomisation(outcome, first, weights=-np.ones(10))
    with pytest.raises(DesignError, match=r"units \[2\] have no weight"):
        two_way_randomisation(outcome, first, weights=(np.arange(10) != 2) * 1.0)
    with pytest.raises(DesignError, match="the statistic is 'median'"):
        two_way_randomisation(outcome, first, "median")
    with pytest.raises(DesignError, match="0 statistics for"):
        randomisation_test(lambda rows: np.full(len(rows), np.nan), first)


def test_ties_count_and_zero_standard_errors_do_not_divide():
    statistics = ShiftedStatistics(
        values=np.array([1.0, 1.0, 0.5, 0.0, 2.0]),
        slopes=np.array([1.0, 0.0, 0.0, 0.0, 0.0]),
        squares=np.array([1.0, 1.0, 0.0, 0.0, 1.0]),
        products=np.zeros(5),
        slope_squares=np.zeros(5),
    )
    assert statistics.p_values([0.0])[0] == 1.0  # a tie, an infinite one, nothing over nothing, a larger one
    assert statistics.statistics().tolist() == [1.0, 1.0, np.inf, 0.0, 2.0]


def test_the_hull_of_a_set_with_a_hole_is_found():
    def p_values(effects):
        inside = (np.abs(effects) < 1) | ((effects > 1.5) & (effects < 2.25))
        return np.where(inside, 0.5, 0.01)

    assert interval_by_inversion(p_values, 0.0, 0.3, 0.95) == pytest.approx((-1.0, 2.25))
    assert interval_by_inversion(lambda effects: np.ones(effects.size), 0.0, 0.3, 0.95) == (-np.inf, np.inf)
