"""Power of the pre-test: boxes by other integrators, draws, textbook forms, limits, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad
from scipy.stats import multivariate_normal, norm, truncnorm

from evalkit.errors import DesignError
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, event_estimates
from evalkit.estimation.parallel_trends.pretest_power import (
    box_moments,
    detectable_slope,
    pretest_power,
    pretest_slopes,
)


def study(before: int = 3, after: int = 2, correlation: float = 0.5, seed: int = 0) -> EventEstimates:
    """Return estimates whose errors share the reference period's noise."""
    spread = np.random.default_rng(seed).uniform(0.05, 0.1, before + after)
    shape = (1 - correlation) * np.eye(before + after) + correlation
    times = [*range(-before - 1, -1), *range(after)]
    return event_estimates(times, np.zeros(before + after), shape * np.outer(spread, spread))


class TestBoxes:
    def test_one_number_is_the_truncated_normal(self):
        probability, mean = box_moments(np.array([0.7]), np.array([[0.25]]), np.array([1.1]))
        assert probability == pytest.approx(norm.cdf(0.8) - norm.cdf(-3.6), abs=1e-6)
        assert mean[0] == pytest.approx(truncnorm.mean(-3.6, 0.8, 0.7, 0.5), abs=1e-5)

    def test_two_numbers_by_quadrature(self):
        mean, covariance, limit = np.array([0.4, -0.9]), np.array([[1.0, 0.6], [0.6, 2.0]]), np.array([1.5, 2.0])
        law = multivariate_normal(mean, covariance)
        sums = [
            dblquad(lambda y, x, power=power: law.pdf([x, y]) * x ** power[0] * y ** power[1], -1.5, 1.5, -2.0, 2.0)[0]
            for power in ((0, 0), (1, 0), (0, 1))
        ]
        probability, inside = box_moments(mean, covariance, limit)
        assert probability == pytest.approx(sums[0], abs=2e-5)
        np.testing.assert_allclose(inside, np.array(sums[1:]) / sums[0], atol=5e-5)

    @pytest.mark.parametrize("before", [4, 8, 20])
    def test_many_numbers_by_scipy(self, before):
        given = study(before, 1, 0.5)
        early = given.covariance[:before, :before]
        drift = 0.01 * (given.times[:before] + 1.0)
        limit = 1.96 * np.sqrt(np.diag(early))
        other = multivariate_normal.cdf(
            limit, drift, early, lower_limit=-limit, maxpts=2_000_000, abseps=1e-6, rng=np.random.default_rng(1)
        )
        assert box_moments(drift, early, limit)[0] == pytest.approx(float(other), abs=3e-4)


class TestPower:
    def test_one_period_before_is_the_power_of_a_normal_test(self):
        one = event_estimates([-2, 0], [0, 0], [[0.04, 0.02], [0.02, 0.09]])
        found = pretest_power(one, 0.5, "first")
        power = norm.cdf(-1.959964 + 2.5) + norm.cdf(-1.959964 - 2.5)
        assert found.power == pytest.approx(power, abs=1e-5)
        assert found.passing_ratio == pytest.approx((1 - power) / 0.95, abs=1e-5)
        # the same test, as a chi-squared one
        joint = pretest_power(one, 0.5, "first", test="joint")
        assert joint.power == pytest.approx(power, abs=1e-7)
        mean = truncnorm.mean(-1.959964 + 2.5, 1.959964 + 2.5, -0.5, 0.2)  # of b at -2, mean -0.5, within its limits
        for each in (found, joint):
            assert each.bias == pytest.approx(0.5)
            assert each.bias_not_rejected == pytest.approx(0.5 + 0.02 / 0.04 * (mean + 0.5), abs=1e-4)

    @pytest.mark.parametrize("test", ["each", "joint"])
    def test_draws_that_are_not_rejected(self, test):
        panel, slope = study(4, 3, 0.6, seed=2), 0.03
        drift = slope * (panel.times + 1.0)
        draws = np.random.default_rng(5).multivariate_normal(drift, panel.covariance, 400_000)
        early = panel.covariance[:4, :4]
        if test == "each":
            kept = np.all(np.abs(draws[:, :4]) <= 1.959964 * np.sqrt(np.diag(early)), axis=1)
        else:
            kept = np.einsum("ij,ij->i", draws[:, :4] @ np.linalg.inv(early), draws[:, :4]) <= 9.487729
        found = pretest_power(panel, slope, "average", test=test)
        assert found.power == pytest.approx(1 - kept.mean(), abs=4 * np.sqrt(0.25 / 400_000))
        noise = 5 * np.sqrt(np.diag(panel.covariance) / kept.sum())
        assert np.all(np.abs(found.expected_not_rejected - draws[kept].mean(axis=0)) < noise)
        assert found.bias_not_rejected == pytest.approx(draws[kept][:, 4:].mean(), abs=noise.max())
        assert found.bias == pytest.approx(slope * 2)

    def test_with_a_shared_reference_what_is_not_rejected_is_worse(self):
        """Roth (2022), proposition 2: homoskedastic errors and a monotone trend make the bias larger, not smaller."""
        found = pretest_power(study(4, 2, 0.5), 0.03)
        assert found.bias_not_rejected > found.bias > 0

    @pytest.mark.parametrize("test", ["each", "joint"])
    @pytest.mark.parametrize("before", [1, 3, 12])
    def test_detectable_slopes_have_their_power(self, before, test):
        panel = study(before, 2, 0.4, seed=before)
        half, most = pretest_slopes(panel, test=test)
        assert (half.power, most.power) == (pytest.approx(0.5, abs=1e-6), pytest.approx(0.8, abs=1e-6))
        assert 0 < half.slope < most.slope
        assert half.slope == detectable_slope(panel, 0.5, test=test)
        assert pretest_power(panel, -half.slope, test=test).power == pytest.approx(0.5, abs=2e-3)

    def test_without_a_trend_there_is_no_bias(self):
        for test in ("each", "joint"):
            found = pretest_power(study(), 0.0, test=test)
            assert found.bias == 0
            assert found.bias_not_rejected == pytest.approx(0, abs=1e-5)
            assert found.passing_ratio == 1
        assert pretest_power(study(), 0.0, test="joint").power == pytest.approx(0.05)
        assert 0.05 < pretest_power(study(), 0.0).power < 0.15

    @settings(max_examples=10, deadline=None)
    @given(st.floats(1e-3, 1e3), st.sampled_from(["each", "joint"]))
    def test_units_do_not_count(self, factor, test):
        panel = study()
        large = event_estimates(panel.times, panel.estimates, factor**2 * panel.covariance)
        assert detectable_slope(large, test=test) == pytest.approx(
            factor * detectable_slope(panel, test=test), rel=1e-6
        )

    def test_says_its_rule_and_is_the_same_each_time(self):
        first, again = pretest_power(study(), 0.02, level=0.9), pretest_power(study(), 0.02, level=0.9)
        assert "any estimate on its own before the reference is beyond its 90% limit" in first.rule
        assert first.bias_not_rejected == again.bias_not_rejected


class TestRefusals:
    def test_a_singular_covariance(self):
        loads = np.random.default_rng(3).normal(size=(4, 2))
        panel = event_estimates([-4, -3, -2, 0], np.zeros(4), loads @ loads.T)
        with pytest.raises(DesignError, match="3 estimates has rank 2"):
            pretest_power(panel, 0.1)
        with pytest.raises(DesignError, match="3 estimates has rank 2"):
            detectable_slope(panel)

    def test_powers_slopes_and_words(self):
        with pytest.raises(DesignError, match=r"rejects 0\.1"):
            detectable_slope(study(), 0.04)
        with pytest.raises(DesignError, match=r"a power of 1 is asked for"):
            detectable_slope(study(), 1.0)
        with pytest.raises(DesignError, match="the slope is nan"):
            pretest_power(study(), np.nan)
        with pytest.raises(DesignError, match="found in practically every sample"):
            pretest_power(study(), 100.0)
        with pytest.raises(DesignError, match="practically every sample"):
            pretest_power(study(), 100.0, test="joint")
        with pytest.raises(DesignError, match="choose one of each, joint"):
            pretest_power(study(), 0.1, test="some")  # type: ignore[arg-type]
        with pytest.raises(DesignError, match="confidence level"):
            detectable_slope(study(), level=95)
