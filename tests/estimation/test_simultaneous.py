"""Bands for several estimates at once and joint tests: known critical values, coverage, singular covariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f, norm, t

from evalkit.errors import DesignError
from evalkit.estimation.draws import coefficient_draws
from evalkit.estimation.simultaneous import bands, joint_test, sup_t_critical


@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_independent_estimates_have_sidaks_critical_value(count):
    exact = norm.isf((1 - 0.95 ** (1 / count)) / 2)
    found = sup_t_critical(np.diag(np.arange(1.0, count + 1)), 0.95, 200_000, seed=1)
    density = count * 2 * norm.pdf(exact) * 0.95 ** ((count - 1) / count)
    assert abs(found - exact) < 4 * np.sqrt(0.95 * 0.05 / 200_000) / density


def test_one_direction_needs_no_more_than_one_estimate():
    same = np.ones((4, 4))
    assert sup_t_critical(same, 0.95, 100_000, seed=1) == pytest.approx(norm.isf(0.025), abs=0.02)
    assert sup_t_critical(same, 0.95, df=7, seed=1) >= t.isf(0.025, 7) * (1 - 1e-12)


def test_a_reference_period_of_variance_zero_is_left_out():
    whole, part = np.diag([1.0, 0, 4]), np.diag([1.0, 4])
    assert sup_t_critical(whole, 0.9, seed=3) == sup_t_critical(part, 0.9, seed=3)
    found = bands([1.0, 0, 2], whole, 0.9, seed=3)
    assert found.low[1] == found.high[1] == found.simultaneous_low[1] == 0
    assert "over 2 estimates" in found.rule
    with pytest.raises(DesignError, match="all variances are zero"):
        sup_t_critical(np.zeros((2, 2)), 0.9)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from([None, 5.0, 40.0]))
def test_bands_lie_between_pointwise_and_bonferroni(count, seed, df):
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(count, count))
    covariance, values = root @ root.T + 0.1 * np.eye(count), generator.normal(size=count)
    found = bands(values, covariance, 0.95, df, seed % 1000)
    bonferroni = norm.isf(0.025 / count) if df is None else t.isf(0.025 / count, df)
    assert found.critical <= found.simultaneous_critical <= bonferroni * 1.05
    assert np.all(found.simultaneous_low <= found.low)
    assert np.all(found.high <= found.simultaneous_high)
    again = bands(values, covariance, 0.95, df, seed % 1000)
    np.testing.assert_array_equal(again.simultaneous_high, found.simultaneous_high)


def test_simultaneous_bands_cover_all_at_once():
    covariance = 0.6 ** np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    critical = sup_t_critical(covariance, 0.9, 100_000, seed=2)
    fresh = coefficient_draws(np.zeros(6), covariance, None, 20_000, seed=99)
    inside = np.mean(np.abs(fresh).max(axis=1) <= critical)
    assert abs(inside - 0.9) < 4 * np.sqrt(0.9 * 0.1 * (1 / 20_000 + 1 / 100_000))


def test_joint_test_is_the_wald_and_the_f_test():
    values, covariance = np.array([1.0, -2]), np.array([[2.0, 0.5], [0.5, 1]])
    wald = values @ np.linalg.solve(covariance, values)
    chi_squared, exact = joint_test(values, covariance), joint_test(values, covariance, 9)
    assert chi_squared.statistic == pytest.approx(wald, rel=1e-12)
    assert chi_squared.p_value == pytest.approx(np.exp(-wald / 2), rel=1e-10)
    assert exact.statistic == pytest.approx(wald / 2, rel=1e-12)
    assert exact.p_value == pytest.approx(f.sf(wald / 2, 2, 9), rel=1e-10)
    assert exact.rule == "F with 2 and 9 degrees of freedom"


def test_joint_test_of_a_singular_covariance_says_its_rank():
    values, covariance = np.array([1.0, 2, 3]), np.array([[1.0, 0, 1], [0, 1, 1], [1, 1, 2]])
    whole, part = joint_test(values, covariance), joint_test(values[:2], covariance[:2, :2])
    assert (whole.statistic, whole.numerator_df) == (pytest.approx(part.statistic, rel=1e-9), 2)
    assert "rank 2 of 3" in whole.rule
    with pytest.raises(DesignError, match="no direction"):
        joint_test([1.0, 2], np.zeros((2, 2)))


@given(st.floats(0.001, 1000))
def test_joint_test_does_not_depend_on_units(factor):
    values, covariance = np.array([1.0, -2]), np.array([[2.0, 0.5], [0.5, 1]])
    units = np.array([factor, 1])
    scaled = joint_test(values * units, covariance * np.outer(units, units), 5)
    assert scaled.p_value == pytest.approx(joint_test(values, covariance, 5).p_value, rel=1e-9)
