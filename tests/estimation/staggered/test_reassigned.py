"""Estimators for many assignments: each is held to the estimator that a study reports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from staggered_cases import panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.few_units.supposed_effects import supposed_effect_test
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.extended_poisson import extended_poisson, ratio_averages
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.poisson_reassigned import ReassignedRatios
from evalkit.estimation.staggered.sun_abraham import sun_abraham
from evalkit.estimation.staggered.sun_abraham_average import sun_abraham_average
from evalkit.estimation.within import cluster_factor


@pytest.mark.parametrize("covariates", [(), ("moving",)])
@pytest.mark.parametrize("weights", [{}, {"weights": "weight"}])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_sun_abraham_without_its_regression(covariates, weights, anticipation):
    made = wide(panel(), covariates, **weights)
    effects = sun_abraham(made, anticipation, "no_cluster_factor")
    simple = aggregate(effects, "simple")
    value, error = sun_abraham_average(made, anticipation)
    assert value == pytest.approx(simple.overall, abs=1e-10)
    unit, period = np.nonzero(made.weights > 0.0)
    factor, _ = cluster_factor(3 * 7 + len(covariates), unit, period, made.cluster[unit], "no_cluster_factor")
    assert error * np.sqrt(factor) == pytest.approx(simple.overall_standard_error, rel=1e-9)
    half = replace(made, first_treated=np.roll(made.first_treated, 11))
    other = aggregate(sun_abraham(half, anticipation, "no_cluster_factor"), "simple")
    assert sun_abraham_average(half, anticipation)[0] == pytest.approx(other.overall, abs=1e-10)


def test_sun_abraham_average_needs_a_balanced_panel_and_covariates_that_move():
    with pytest.raises(DesignError, match="not balanced"):
        sun_abraham_average(wide(without_some_rows(panel())))
    with pytest.raises(DesignError, match="do not vary within units"):
        sun_abraham_average(wide(panel(), ("x1",)))


@pytest.mark.parametrize("base", ["varying", "universal"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_effects_before_treatment_move_no_average(base, anticipation):
    made = wide(panel(), ("moving",))
    options = {"base_period": base, "anticipation": anticipation}
    whole, later = (group_time_effects(made, "not_yet_treated", leads=leads, **options) for leads in (True, False))
    assert (later.period >= later.cohort).all()
    one, two = aggregate(whole, "simple"), aggregate(later, "simple")
    assert two.overall == pytest.approx(one.overall, rel=1e-14)
    assert two.overall_standard_error == pytest.approx(one.overall_standard_error, rel=1e-14)


@pytest.fixture(scope="module")
def counted():
    """Counts of 24 units in 12 periods, with exposures that move apart; units 0 to 5 start in periods 6 and 8."""
    generator = np.random.default_rng(8)
    first = np.array([6, 6, 6, 8, 8, 8] + [12] * 18)
    exposure = np.exp(generator.normal(0, 0.8, (24, 1))) * (1 + 0.02 * np.arange(12) * generator.normal(0, 1, (24, 1)))
    treated = np.arange(12) >= first[:, None]
    mean = 25 * exposure * np.exp(generator.normal(0, 0.2, (24, 1)) + generator.normal(0, 0.1, 12) - 0.3 * treated)
    return generator.poisson(mean).astype(float), first, exposure, generator


def reported(counts, first, exposure, weights=None, anticipation=0):
    """Return the overall logarithm of the ratio and its standard error as a study reports them."""
    units, periods = counts.shape
    data = {
        "unit": np.repeat(np.arange(units), periods),
        "period": np.tile(np.arange(periods), units) + 1,
        "first_treated": np.repeat(np.where(first < periods, first + 1.0, np.inf), periods),
        "outcome": counts.ravel(),
    }
    named = {}
    if weights is not None:
        data["weight"], named = weights.ravel(), {"weights": "weight"}
    found = extended_poisson(wide(data, **named), exposure, anticipation, "no_cluster_factor")
    average = ratio_averages(found, "simple").log_ratio
    return average.overall, average.overall_standard_error


class TestRatios:
    @pytest.mark.parametrize("with_exposure", [False, True])
    @pytest.mark.parametrize("anticipation", [0, 2])
    def test_every_assignment_is_that_of_extended_poisson(self, counted, with_exposure, anticipation):
        counts, first, exposure, _ = counted
        generator = np.random.default_rng(1)
        drawn = np.stack([first, *(generator.permutation(first) for _ in range(6))])
        sizes = exposure if with_exposure else None
        ratios = ReassignedRatios(counts, first, np.arange(12), sizes, anticipation=anticipation)
        values, studentised = (ratios.statistics(drawn, 0.0, choice) for choice in (False, True))
        factors = []
        for place, codes in enumerate(drawn):
            value, error = reported(counts, codes, sizes, anticipation=anticipation)
            assert values[place] == pytest.approx(value, abs=1e-8)
            factors.append(values[place] / studentised[place] / error)
        # without exposures one small-sample factor lies between them; with exposures that move, starts join units
        assert np.ptp(factors) < (1e-6 if not with_exposure else 0.02)
        assert 0.85 < np.mean(factors) < 1.0

    def test_weights_of_units(self, counted):
        counts, first, exposure, generator = counted
        weights = np.repeat(generator.uniform(0.5, 2.0, (24, 1)), 12, axis=1)
        found = ReassignedRatios(counts, first, np.arange(12), exposure, weights).statistics(first[None, :], 0.0, False)
        assert found[0] == pytest.approx(reported(counts, first, exposure, weights)[0], abs=1e-8)

    def test_a_supposed_ratio_that_is_true_leaves_what_would_have_been(self, counted):
        """The sharp null: statistics of all assignments are those of the counts without treatment, whoever was."""
        counts, first, exposure, generator = counted
        generator = np.random.default_rng(2)
        moving = generator.normal(size=(24, 12, 1))
        drawn = np.stack([first, *(generator.permutation(first) for _ in range(30))])
        for codes in drawn[[3, 9]]:
            seen = counts * np.exp(0.7 * (np.arange(12) >= codes[:, None]))
            one = ReassignedRatios(seen, codes, np.arange(12), exposure, None, moving).statistics(drawn, 0.7)
            two = ReassignedRatios(counts, first, np.arange(12), exposure, None, moving).statistics(drawn, 0.0)
            np.testing.assert_allclose(one, two, atol=1e-6)

    def test_the_interval_holds_the_ratios_that_are_not_rejected(self, counted):
        counts, first, exposure, _ = counted
        ratios = ReassignedRatios(counts, first, np.arange(12), exposure)
        centre = float(ratios.statistics(first[None, :], 0.0, False)[0])
        found = supposed_effect_test(ratios.statistics, first, centre, 0.1, draws=199, seed=4, level=0.9)
        assert found.low < centre < found.high
        assert found.p_value <= 0.1
        assert found.assignments == 200

        def p_value(effect):
            again = supposed_effect_test(
                lambda codes, shift: ratios.statistics(codes, shift + effect), first, 0.0, 0.1, draws=199, seed=4
            )
            return again.p_value

        for end, inward in ((found.low, 1), (found.high, -1)):
            assert p_value(end + inward * 1e-3) > 0.1
            assert p_value(end - inward * 1e-3) <= 0.1

    def test_false_positives_are_as_many_as_named(self):
        """Overdispersed counts of areas of unequal size, two of ten treated, all 45 assignments: exactly 5 in 45."""
        rejected, generator = 0, np.random.default_rng(5)
        for _ in range(120):
            mean = 30 * np.exp(generator.normal(0, 0.7, (10, 1)) + generator.normal(0, 0.2, 6))
            counts = generator.negative_binomial(4, 4 / (4 + mean)).astype(float)
            first = np.where(np.isin(np.arange(10), generator.choice(10, 2, replace=False)), 3, 6)
            every = np.array([np.where(np.isin(np.arange(10), (a, b)), 3, 6) for a in range(10) for b in range(a)])
            own = int(np.flatnonzero((every == first).all(axis=1))[0])
            sizes = np.abs(ReassignedRatios(counts, first, np.arange(6)).statistics(every, 0.0))
            rejected += int(np.mean(sizes >= sizes[own]) <= 5 / 45 + 1e-12)
        assert abs(rejected / 120 - 5 / 45) < 3 * np.sqrt(5 / 45 * 40 / 45 / 120)

    def test_periods_without_events_are_refused(self, counted):
        counts, first, _, _ = counted
        empty = ReassignedRatios(np.where(np.arange(12) == 2, 0.0, counts), first, np.arange(12))
        with pytest.raises(DesignError, match="no untreated unit has an event"):
            empty.statistics(first[None, :], 0.0)
