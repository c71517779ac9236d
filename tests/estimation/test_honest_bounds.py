"""Honest intervals: R's printed table, moderndid, linear programmes one by one, limits, coverage, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import foldnorm, norm, truncnorm

from evalkit.errors import DesignError
from evalkit.estimation.parallel_trends.conditional_tests import Inequalities, least_favourable_critical
from evalkit.estimation.parallel_trends.event_estimates import EventEstimates, event_estimates, target_weights
from evalkit.estimation.parallel_trends.fixed_length import folded_normal_critical, frontier
from evalkit.estimation.parallel_trends.honest_bounds import largest_curvature, relative_magnitudes, smoothness
from evalkit.estimation.parallel_trends.step_bounds import step_families

# Printed in the README of the R package HonestDiD (github.com/asheshrambachan/HonestDiD, version 0.2.8), first period
PRINTED_STEPS = {0.5: (0.0241, 0.0673), 1.0: (0.0171, 0.0720), 1.5: (0.00859, 0.0796), 2.0: (-0.00107, 0.0883)}
PRINTED_CURVATURE = {
    0.0: (0.0259, 0.0607),
    0.01: (0.0132, 0.0787),
    0.02: (0.00286, 0.0907),
    0.03: (-0.00714, 0.101),
    0.04: (-0.0171, 0.111),
    0.05: (-0.0271, 0.121),
}


def of_case(numbers: dict[str, float], before: int, after: int) -> EventEstimates:
    """Return the event study of one case of staggered_honest_bounds.csv."""
    size = before + after
    covariance = np.zeros((size, size))
    for i in range(size):
        for j in range(i, size):
            covariance[i, j] = covariance[j, i] = numbers[f"covariance {i} {j}"]
    times = [*range(-before - 1, -1), *range(after)]
    return event_estimates(times, [numbers[f"estimate {i}"] for i in range(size)], covariance)


@pytest.fixture
def medicaid(reference) -> EventEstimates:
    return of_case(reference("staggered_honest_bounds")("medicaid"), 5, 2)


def generated(seed: int, before: int = 3, after: int = 3) -> EventEstimates:
    """Return estimates with a covariance that has no structure."""
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(before + after, before + after))
    covariance = root @ root.T / (before + after) + 0.2 * np.eye(before + after)
    times = [*range(-before - 1, -1), *range(after)]
    return event_estimates(times, generator.normal(size=before + after) * 1.5, covariance)


def interval(found, place: int = 0) -> tuple[float, float]:
    return float(found.low[place]), float(found.high[place])


class TestAgainstThePackageInR:
    def test_relative_magnitudes_of_the_medicaid_expansions(self, medicaid):
        found = relative_magnitudes(medicaid, list(PRINTED_STEPS))
        np.testing.assert_allclose(np.column_stack([found.low, found.high]), list(PRINTED_STEPS.values()), atol=5e-4)

    def test_smoothness_of_the_medicaid_expansions(self, medicaid):
        found = smoothness(medicaid, list(PRINTED_CURVATURE))
        # 0.0001 and the rounding of what is printed: R draws its critical value
        printed = np.array(list(PRINTED_CURVATURE.values()))
        rounding = np.where(np.abs(printed) >= 0.1, 5e-4, 5e-5)
        assert np.all(np.abs(np.column_stack([found.low, found.high]) - printed) < 1e-4 + rounding)

    def test_breakdown_values_lie_between_the_printed_rows(self, medicaid):
        steps, curvature = relative_magnitudes(medicaid), smoothness(medicaid)
        assert 1.5 < steps.breakdown < 2.0
        assert 0.02 < curvature.breakdown < 0.03
        at = relative_magnitudes(medicaid, [steps.breakdown * 0.9999, steps.breakdown]).low
        assert at[0] > 0 >= at[1]
        at = smoothness(medicaid, [curvature.breakdown * 0.9999, curvature.breakdown]).low
        assert at[0] > 0 >= at[1]

    def test_default_magnitudes(self, medicaid):
        np.testing.assert_array_equal(relative_magnitudes(medicaid).magnitudes, [0.5, 1, 1.5, 2])
        # DeltaSD_upperBound_Mpre by hand: b_{t-1} - 2 b_t + b_{t+1}, the reference 0
        change = np.array([[1, -2, 1, 0, 0], [0, 1, -2, 1, 0], [0, 0, 1, -2, 1], [0, 0, 0, 1, -2]])
        early = medicaid.covariance[:5, :5]
        upper = np.abs(change @ medicaid.estimates[:5]) + 1.6448536 * np.sqrt(np.diag(change @ early @ change.T))
        assert largest_curvature(medicaid) == pytest.approx(upper.max(), rel=1e-6)
        np.testing.assert_allclose(smoothness(medicaid).magnitudes, np.linspace(0, upper.max(), 10), rtol=1e-6)
        assert largest_curvature(generated(1, before=1)) == pytest.approx(
            generated(1, before=1).covariance[0, 0] ** 0.5
        )


class TestAgainstModerndid:
    CASES = [("three before, three after", 3, 3, "first"), ("four before, two after", 4, 2, "average")]

    @pytest.mark.parametrize(("case", "before", "after", "target"), CASES)
    def test_relative_magnitudes(self, reference, case, before, after, target):
        numbers = reference("staggered_honest_bounds")(case)
        found = relative_magnitudes(of_case(numbers, before, after), [0.5, 1.0], target)
        low = np.array([numbers[f"relative_magnitudes low {m}"] for m in (0.5, 1.0)])
        high = np.array([numbers[f"relative_magnitudes high {m}"] for m in (0.5, 1.0)])
        step = 0.025 * found.standard_error  # of its grid, whose points lie inside
        noise = 0.02 * found.standard_error  # of its 1,000 draws
        assert np.all((low - step - noise < found.low) & (found.low < low + noise))
        assert np.all((high - noise < found.high) & (found.high < high + step + noise))

    @pytest.mark.parametrize(("case", "before", "after", "target"), CASES)
    def test_smoothness(self, reference, case, before, after, target):
        numbers = reference("staggered_honest_bounds")(case)
        found = smoothness(of_case(numbers, before, after), [0.0, 0.05, 0.2], target)
        low = np.array([numbers[f"smoothness low {m}"] for m in (0.0, 0.05, 0.2)])
        high = np.array([numbers[f"smoothness high {m}"] for m in (0.0, 0.05, 0.2)])
        np.testing.assert_allclose(found.high - found.low, high - low, rtol=2e-6)
        # none is shorter; the solver's own slack lets it state lengths that are too short by a billionth
        assert np.all(found.high - found.low <= (high - low) * (1 + 1e-8))
        # where hardly anything depends on the weights, its solver stops 0.0003 from the middle
        np.testing.assert_allclose(np.column_stack([found.low, found.high]), np.column_stack([low, high]), atol=4e-4)


class TestAgainstLinearProgrammes:
    """The closed form of the vertices against the programmes that the R package solves, one by one."""

    @staticmethod
    def moments(study: EventEstimates, weights, magnitude, step, sign):
        """Return moments at effect 0, their change, nuisance columns and covariance, as in the R package."""
        change, before = study.differences, study.before
        earlier = sign * change[step]
        rows = np.vstack([change[before:] - magnitude * earlier, -change[before:] - magnitude * earlier])
        basis = np.vstack([weights, np.eye(weights.size)[1:]])  # invertible: the first weight is not 0
        columns = rows[:, before:] @ np.linalg.inv(basis)
        return rows @ study.estimates, columns[:, 0], columns[:, 1:], rows @ study.covariance @ rows.T

    @staticmethod
    def smallest_largest(moments, columns, spread):
        """Return min over nuisance of the largest studentised moment, and the multipliers."""
        loads = -np.column_stack([spread, columns])
        found = linprog(np.eye(loads.shape[1])[0], A_ub=loads, b_ub=-moments, bounds=(None, None))
        return found.fun, -found.ineqlin.marginals

    @staticmethod
    def stays(candidate, rest, lean, spread, columns):
        """Return whether the same vertex is the largest at the candidate value."""
        loads = np.column_stack([spread, columns])
        goal = np.eye(loads.shape[1])[0]
        found = linprog(-(rest + lean * candidate), A_eq=loads.T, b_eq=goal, bounds=(0, None))
        return abs(-found.fun - candidate) < 1e-7

    def accepts(self, parts, effect, critical, size):
        values, drift, columns, covariance = parts
        moments, spread = values - drift * effect, np.sqrt(np.diag(covariance))
        largest, vertex = self.smallest_largest(moments, columns, spread)
        if largest > critical:
            return False, largest
        variance = vertex @ covariance @ vertex
        lean = covariance @ vertex / variance
        rest = moments - lean * (vertex @ moments)
        ends = []
        for far in (-60.0, 60.0):  # bisection between the value, where it is the largest, and a far one
            inner, outer = largest, far
            if self.stays(far, rest, lean, spread, columns):
                inner = far
            for _ in range(40 if inner != far else 0):
                middle = (inner + outer) / 2
                inner, outer = (middle, outer) if self.stays(middle, rest, lean, spread, columns) else (inner, middle)
            ends.append(inner)
        root = np.sqrt(variance)
        low, high = ends[0] / root, min(ends[1], critical) / root
        bound = max(0.0, float(truncnorm.ppf(1 - size, low, high)))
        return largest / root <= bound, largest

    @pytest.mark.parametrize("seed", [3, 8])
    @pytest.mark.parametrize("target", [(1.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3), (0.4, -0.3, 0.9)])
    def test_statistic_and_decision_at_single_effects(self, seed, target):
        study, weights = generated(seed), np.array(target)
        families, low, high, _ = step_families(study, weights, 0.8, 0.95)
        decisions = []
        for place in range(6):
            parts = self.moments(study, weights, 0.8, place % 3, 1 if place < 3 else -1)
            centre = float(weights @ study.estimates[3:])
            for effect in centre + np.array([-3.1, -1.7, -0.6, 0.4, 1.3, 2.6]):
                held, largest = self.accepts(parts, effect, families.critical[place], families.size)
                found = families.values[place] + families.slopes[place] * effect
                assert found.max() == pytest.approx(largest, abs=1e-9)
                grid = np.full((6, 1), effect)
                assert bool(families.accepts(grid)[place, 0]) == held
                assert held <= (low[place] - 1e-9 <= effect <= high[place] + 1e-9)
                decisions.append(held)
        assert 5 < sum(decisions) < len(decisions) - 5

    def test_statistics_that_all_agree_with_the_restriction_never_reject(self):
        """The first lies just under its upper limit, -0.098, which alone would look like a rare value."""
        covariance = np.array([[[1.0, 1.5], [1.5, 4.0]]])
        families = Inequalities(np.array([[-0.1, -0.101]]), np.zeros((1, 2)), covariance, np.array([2.8]), 0.045)
        assert families.accepts(np.zeros((1, 1)))[0, 0]
        above = Inequalities(np.array([[0.1, 0.099]]), np.zeros((1, 2)), covariance, np.array([2.8]), 0.045)
        assert not above.accepts(np.zeros((1, 1)))[
            0, 0
        ]  # (0.099 - 0.15) / -0.5 = 0.102: P(Z > 0.1 | Z < 0.102) < 0.045

    def test_least_favourable_critical_value(self):
        generator = np.random.default_rng(4)
        roots = generator.normal(size=(3, 4, 2))
        draws = generator.normal(size=(400_000, 2))
        critical = least_favourable_critical(roots, 0.05)
        for root, value in zip(roots, critical, strict=True):
            assert np.mean((draws @ root.T).max(axis=1) > value) == pytest.approx(0.05, abs=0.0015)
        one = np.array([[[0.7, 0.0], [-0.7, 0.0], [0.0, 0.0], [0.0, 0.0]]])
        assert least_favourable_critical(one, 0.005)[0] == pytest.approx(0.7 * norm.isf(0.0025), rel=1e-6)


class TestLimits:
    @pytest.mark.parametrize("target", ["first", "average"])
    @pytest.mark.parametrize(("before", "after"), [(1, 1), (3, 3), (2, 5)])
    def test_no_departure_is_the_normal_interval(self, before, after, target):
        found = relative_magnitudes(generated(before + after, before, after), [0.0], target)
        assert interval(found) == pytest.approx((found.plain_low, found.plain_high), abs=1e-6)

    def test_the_normal_interval_is_the_textbook_one(self, medicaid):
        found = relative_magnitudes(medicaid, [1], "average")
        error = np.sqrt(medicaid.covariance[5:, 5:].mean())
        assert (found.estimate, found.standard_error) == pytest.approx((medicaid.estimates[5:].mean(), error))
        assert found.plain_high == pytest.approx(found.estimate + norm.isf(0.025) * error)

    def test_straight_paths_take_off_the_best_estimate_of_a_line(self):
        """At M = 0 the shortest interval is generalised least squares of a line before and an effect after."""
        study = generated(5, 4, 1)
        regressors = np.column_stack([study.times - study.reference, np.r_[np.zeros(4), 1.0]])
        inverse = np.linalg.inv(study.covariance)
        variance = np.linalg.inv(regressors.T @ inverse @ regressors)
        effect, error = (variance @ regressors.T @ inverse @ study.estimates)[1], variance[1, 1] ** 0.5
        found = smoothness(study, [0.0])
        assert interval(found) == pytest.approx((effect - 1.959964 * error, effect + 1.959964 * error), rel=1e-5)

    def test_one_period_before_and_after_extrapolates_the_one_step(self):
        study = event_estimates([-2, 0], [0.3, 1.0], [[0.04, 0.01], [0.01, 0.09]])
        found = smoothness(study, [0.1])
        error = np.sqrt(0.04 + 0.09 + 2 * 0.01)  # of b_0 + b_{-2}; the slope may change once, by 0.1
        half = error * foldnorm.ppf(0.95, 0.1 / error)
        assert interval(found) == pytest.approx((1.3 - half, 1.3 + half), rel=1e-8)

    @pytest.mark.parametrize("target", ["first", "average"])
    @pytest.mark.parametrize("seed", range(4))
    def test_wider_with_a_weaker_restriction(self, seed, target):
        study = generated(seed)
        steps = relative_magnitudes(study, [0, 0.25, 0.5, 1, 2, 4], target)
        assert np.all(np.diff(steps.low) <= 1e-9)
        assert np.all(np.diff(steps.high) >= -1e-9)
        curvature = smoothness(study, [0, 0.1, 1, 3], target)  # its middle moves, so that its length is what grows
        assert np.all(np.diff(curvature.high - curvature.low) > 0)

    def test_wide_departures_contain_the_normal_interval(self, medicaid):
        for study in (medicaid, generated(2)):
            found = relative_magnitudes(study, [1, 2])
            assert np.all((found.low < found.plain_low) & (found.high > found.plain_high))
        found = smoothness(medicaid, [0.01, 0.05])
        assert np.all((found.low < found.plain_low) & (found.high > found.plain_high))

    @settings(max_examples=15, deadline=None)
    @given(st.integers(0, 10_000), st.floats(0.01, 3), st.integers(1, 4), st.integers(1, 4))
    def test_holds_the_set_that_the_estimates_themselves_allow(self, seed, multiple, before, after):
        study = generated(seed, before, after)
        found = relative_magnitudes(study, [multiple], "average")
        step = np.abs(study.differences[:before] @ study.estimates).max()
        reach = multiple * step * np.arange(1, after + 1).mean()
        assert found.low[0] <= found.estimate - reach + 1e-9
        assert found.high[0] >= found.estimate + reach - 1e-9

    def test_estimates_without_noise_leave_the_set_itself(self):
        study = event_estimates([-3, -2, 0, 1], [0.5, 0.2, 1.0, 1.4], 1e-12 * np.eye(4))
        assert interval(relative_magnitudes(study, [2.0], "average")) == pytest.approx((1.2 - 0.9, 1.2 + 0.9), abs=1e-4)
        # the line through the last step before is taken off, 1.2 + 1.5 * 0.2; kinks at 0 and 1 count 1.5 and 0.5 times
        assert interval(smoothness(study, [0.1], "average")) == pytest.approx((1.5 - 0.2, 1.5 + 0.2), abs=1e-4)

    def test_units_of_the_outcome_do_not_count(self, medicaid):
        large = event_estimates(medicaid.times, 1e4 * medicaid.estimates, 1e8 * medicaid.covariance)
        for function, factor in ((relative_magnitudes, 1.0), (smoothness, 1e4)):
            small, big = function(medicaid, [0.01]), function(large, [0.01 * factor])
            assert interval(big) == pytest.approx(tuple(1e4 * end for end in interval(small)), rel=1e-6)
            assert big.breakdown == pytest.approx(factor * small.breakdown, rel=1e-5)

    def test_signs_turn_round(self, medicaid):
        turned = event_estimates(medicaid.times, -medicaid.estimates, medicaid.covariance)
        for function in (relative_magnitudes, smoothness):
            one, other = function(medicaid, [0.01, 1]), function(turned, [0.01, 1])
            np.testing.assert_allclose(one.low, -other.high, rtol=1e-6)
            assert one.breakdown == pytest.approx(other.breakdown, rel=1e-5)

    def test_an_interval_that_holds_no_effect_from_the_start_breaks_down_at_zero(self):
        study = event_estimates([-3, -2, 0], [0.1, 0.0, 0.1], np.eye(3))
        assert relative_magnitudes(study).breakdown == 0.0
        assert smoothness(study).breakdown == 0.0

    def test_the_reference_may_be_given_and_the_order_does_not_count(self, medicaid):
        times = np.insert(medicaid.times, 5, -1)
        whole = np.insert(np.insert(medicaid.covariance, 5, 0, axis=0), 5, 0, axis=1)
        order = np.random.default_rng(1).permutation(8)
        mixed = event_estimates(times[order], np.insert(medicaid.estimates, 5, 0)[order], whole[np.ix_(order, order)])
        np.testing.assert_array_equal(mixed.covariance, medicaid.covariance)
        assert interval(relative_magnitudes(mixed, [1])) == interval(relative_magnitudes(medicaid, [1]))

    @pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 4.0, 40.0])
    def test_folded_normal_critical_value(self, shift):
        critical, slope = folded_normal_critical(shift, 0.95)
        assert critical == pytest.approx(float(foldnorm.ppf(0.95, shift)), rel=1e-8)
        above, below = (folded_normal_critical(abs(shift + by), 0.95)[0] for by in (1e-5, -1e-5))
        assert slope == pytest.approx((above - below) / 2e-5, abs=1e-5)


class TestCoverage:
    def test_relative_magnitudes_hold_the_effect_at_the_edge_of_the_restriction(self):
        """Steps after the reference are as large as the largest one before, all upwards; the true effect is 0."""
        before, after, draws = 3, 2, 300
        drift = np.array([-0.5, -0.5, -0.5, 0.5, 1.0])  # three periods before: one step of 0.5 into the reference
        covariance = 0.04 * (0.4 + 0.6 * np.eye(before + after))
        generator = np.random.default_rng(20)
        samples = generator.multivariate_normal(drift, covariance, draws)
        times = [-4, -3, -2, 0, 1]
        tests = [step_families(event_estimates(times, sample, covariance), np.array([0.5, 0.5]), 1.0, 0.95)[0]
                 for sample in samples]  # fmt: skip
        held = [test.accepts(np.zeros((2 * before, 1))).any() for test in tests]
        found = np.mean(held)
        assert found > 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)
        plain = np.abs(samples[:, before:].mean(axis=1)) < 1.96 * np.sqrt(covariance[before:, before:].mean())
        assert plain.mean() < 0.1  # where the normal interval hardly ever does

    @pytest.mark.parametrize("curvature", [0.02, 0.3])
    def test_smoothness_covers_exactly_at_the_worst_path(self, curvature):
        study, level = generated(7, 4, 3), 0.9
        estimators = frontier(study, target_weights(study, "average"))
        weights, half = estimators.shortest(curvature, level)
        # the worst path by a linear programme: changes of slope within the bound, 0 at the reference
        second = np.diff(np.diff(np.insert(np.eye(7), 4, 0.0, axis=0), axis=0), axis=0)
        worst = linprog(
            -weights,
            A_ub=np.vstack([second, -second]),
            b_ub=np.full(2 * len(second), curvature),
            A_eq=(study.times == -2)[None, :].astype(float),  # any line may be added without a change
            b_eq=[0.0],
            bounds=(None, None),
        )
        error = np.sqrt(weights @ study.covariance @ weights)
        covered = norm.cdf((half + worst.fun) / error) - norm.cdf((-half + worst.fun) / error)
        assert covered == pytest.approx(level, abs=1e-7)
        assert weights @ (study.times - study.reference) == pytest.approx(0, abs=1e-9)

    def test_no_other_estimator_on_the_frontier_is_shorter(self):
        study = generated(11, 5, 2)
        estimators = frontier(study, target_weights(study, "average"))
        _, half = estimators.shortest(0.15, 0.95)
        others = []
        for price in np.linspace(0, estimators.prices[0], 2001):
            _, bias, error = estimators.at(price)
            others.append(error * folded_normal_critical(0.15 * bias / error, 0.95)[0])
        assert half <= min(others) * (1 + 1e-10)
        assert half == pytest.approx(min(others), rel=1e-5)

    def test_the_frontier_solves_its_programme(self):
        """Each corner and each point between them has the least variance for its bias: small moves do not help."""
        study = generated(13, 5, 2)
        estimators, generator = frontier(study, target_weights(study, "average")), np.random.default_rng(0)
        line = (study.times - study.reference)[:5]
        kinks = np.maximum(np.arange(-4, 0) - (study.times - study.reference)[:5, None], 0)
        for price in np.linspace(0.0, estimators.prices[0] * 1.1, 7):
            weights, _, error = estimators.at(price)

            def cost(early, price=price, weights=weights):
                whole = np.r_[early, weights[5:]]
                return whole @ study.covariance @ whole / 2 + price * np.abs(early @ kinks).sum()

            for _ in range(200):
                move = generator.normal(size=5) * 10.0 ** generator.uniform(-5, 0)
                move -= line * (move @ line) / (line @ line)
                assert cost(weights[:5] + move) >= cost(weights[:5]) - 1e-12 * error**2


class TestRefusals:
    def test_a_singular_covariance_carries_steps_but_not_curvature(self):
        loads = np.random.default_rng(3).normal(size=(6, 4))  # six estimates from four clusters
        study = event_estimates([-4, -3, -2, 0, 1, 2], np.arange(6.0), loads @ loads.T)
        assert np.all(np.isfinite(relative_magnitudes(study).low))
        with pytest.raises(DesignError, match="rank"):
            smoothness(event_estimates([-6, -5, -4, -3, -2, 0], np.arange(6.0), loads @ loads.T))

    def test_a_target_outside_the_periods(self, medicaid):
        for function in (relative_magnitudes, smoothness):
            with pytest.raises(DesignError, match="3 weights, 1 of them not zero, for 2 periods"):
                function(medicaid, [1], [0, 0, 1.0])
            with pytest.raises(DesignError, match="0 of them not zero"):
                function(medicaid, [1], [0, 0])
            with pytest.raises(DesignError, match="choose first or average"):
                function(medicaid, [1], "last")

    def test_magnitudes_and_levels(self, medicaid):
        for function in (relative_magnitudes, smoothness):
            with pytest.raises(DesignError, match="a magnitude is -1"):
                function(medicaid, [1, -1])
            with pytest.raises(DesignError, match="confidence level is 95"):
                function(medicaid, [1], level=95)
