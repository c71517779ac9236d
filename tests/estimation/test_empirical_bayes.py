"""Regression to the mean: Hauer's printed example, the project's facts, and simulated populations left alone."""

from __future__ import annotations

import math

import numpy
import pytest
from scipy import stats

from evalkit.errors import DesignError
from evalkit.estimation.before_after.empirical_bayes import (
    PoissonGamma,
    average_from,
    average_highest,
    average_of_top,
    expected_change,
    expected_levels,
    mean_behind,
    population_of,
)


class TestHauer:
    """Hauer, Harwood, Council and Griffith (2002), Transportation Research Record 1784, 126-131, example 1.

    A road of 1.8 km with 12 accidents in a year; roads like it have 2.41 a km and year, overdispersion 2.05 a km.
    Printed: 8.48 accidents, standard deviation 2.14; 4.71 and 1.19 a km.
    """

    def test_printed_digits(self) -> None:
        level, deviation = expected_levels([12.0], PoissonGamma(2.41 * 1.8, 2.05 * 1.8))
        assert round(float(level[0]), 2) == 8.48
        assert round(float(deviation[0]), 2) == 2.14
        assert round(float(level[0]) / 1.8, 2) == 4.71
        assert round(float(deviation[0]) / 1.8, 2) == 1.19


class TestYoungPeople:
    """44 young people chosen for a 12-month count; gamma-Poisson with means 1.0 and 0.6 and shape 0.6.

    With nothing done, rates fall 21 to 33% when chosen for one event and 29 to 42% for three; a raw count falls 60
    to 70% only when 6 months are set against 12.
    """

    @pytest.mark.parametrize(
        ("threshold", "mean", "fall", "raw"), [(1, 1.0, 21, 60), (1, 0.6, 33, 66), (3, 1.0, 29, 64), (3, 0.6, 42, 71)]
    )
    def test_falls(self, threshold: int, mean: float, fall: int, raw: int) -> None:
        population = PoissonGamma(mean, 0.6)
        change = expected_change(average_from(threshold, population), population)
        assert round(-100 * change) == fall
        assert round(-100 * ((1 + change) / 2 - 1)) == raw

    def test_as_simulated(self) -> None:
        generator = numpy.random.default_rng(12)
        levels = generator.gamma(0.6, 1.0 / 0.6, 400_000)
        first, second = generator.poisson(levels), generator.poisson(levels)
        chosen = first >= 3
        seen = second[chosen].sum() / first[chosen].sum() - 1
        population = PoissonGamma(1.0, 0.6)
        assert expected_change(average_from(3, population), population) == pytest.approx(seen, abs=0.006)


class TestRules:
    def test_top_share_as_simulated(self) -> None:
        generator = numpy.random.default_rng(3)
        levels = generator.gamma(0.3, 4.0 / 0.3, 200_000)
        first, second = generator.poisson(levels), generator.poisson(levels)
        order = numpy.argsort(-(first + generator.random(first.size)))[: first.size // 20]
        population = PoissonGamma(4.0, 0.3)
        average = average_of_top(0.05, population)
        assert average == pytest.approx(first[order].mean(), rel=0.01)
        assert expected_change(average, population) == pytest.approx(
            second[order].mean() / first[order].mean() - 1, abs=0.01
        )

    @pytest.mark.parametrize("shape", [0.25, 0.6, 4.0, math.inf])
    def test_closed_forms_are_sums_over_counts(self, shape: float) -> None:
        population, x = PoissonGamma(2.0, shape), numpy.arange(400)
        chance = stats.poisson(2.0) if math.isinf(shape) else stats.nbinom(shape, shape / (shape + 2.0))
        probability = chance.pmf(x)
        for threshold in (1, 2, 5):
            high = x >= threshold
            direct = (x * probability)[high].sum() / probability[high].sum()
            assert average_from(threshold, population) == pytest.approx(direct, rel=1e-9)
        for share in (0.02, 0.3, 0.9):
            above = probability[::-1].cumsum()[::-1] - probability
            taken = numpy.clip(share - above, 0, probability)
            assert average_of_top(share, population) == pytest.approx((x * taken).sum() / share, rel=1e-9)

    def test_large_counts_are_quick_and_right(self) -> None:
        population = PoissonGamma(200_000.0, 0.25)
        assert average_from(1_000_000, population) > 1_000_000
        # Levels alone decide: the gamma's own mean above the threshold.
        gamma = stats.gamma(0.25, scale=800_000.0)
        above = 200_000 * stats.gamma(1.25, scale=800_000.0).sf(1e6) / gamma.sf(1e6)
        assert average_from(1_000_000, population) == pytest.approx(above, rel=1e-4)
        assert average_highest(12, 100_000.0, 1.0) == pytest.approx(100_000 + 1.629 * 316.2, abs=3)

    def test_top_share_at_a_threshold_is_that_threshold(self) -> None:
        population = PoissonGamma(1.0, 0.6)
        share = float(stats.nbinom(0.6, 0.6 / 1.6).sf(2))
        assert average_of_top(share, population) == pytest.approx(average_from(3, population))

    @pytest.mark.parametrize("dispersion", [1.0, 2.5])
    def test_highest_of_twelve_as_simulated(self, dispersion: float) -> None:
        generator = numpy.random.default_rng(4)
        if dispersion == 1.0:
            drawn = generator.poisson(40, (100_000, 12))
        else:
            drawn = generator.negative_binomial(40 / (dispersion - 1), 1 / dispersion, (100_000, 12))
        assert average_highest(12, 40.0, dispersion) == pytest.approx(drawn.max(axis=1).mean(), rel=0.003)

    def test_the_mean_behind_an_average(self) -> None:
        for shape in (0.25, 0.6, 4.0):
            average = average_from(2, PoissonGamma(0.8, shape))
            assert mean_behind(average, lambda m, s=shape: average_from(2, PoissonGamma(m, s))) == pytest.approx(0.8)

    def test_an_average_below_the_threshold_is_refused(self) -> None:
        with pytest.raises(DesignError, match="no more than the rule alone asks"):
            mean_behind(1.5, lambda m: max(3.0, m))

    def test_equal_levels_fall_back_to_the_mean(self) -> None:
        assert expected_change(5.0, PoissonGamma(2.0, math.inf)) == pytest.approx(-0.6)

    def test_units_that_differ_a_lot_hardly_fall_back(self) -> None:
        assert expected_change(500.0, PoissonGamma(100.0, 1.0)) == pytest.approx(-0.0079, abs=0.0001)


class TestPopulation:
    def test_moments(self) -> None:
        counts = numpy.repeat([0, 1, 2, 5, 9], [60, 25, 10, 4, 1])
        found = population_of(counts)
        mean, variance = counts.mean(), counts.var(ddof=1)
        assert found.mean == pytest.approx(mean)
        assert found.shape == pytest.approx(mean**2 / (variance - mean))
        assert found.variance == pytest.approx(variance)

    def test_recovered_from_unequal_exposure(self) -> None:
        generator = numpy.random.default_rng(7)
        exposure = generator.uniform(3, 12, 50_000)
        counts = generator.poisson(generator.gamma(0.6, 0.1 / 0.6, exposure.size) * exposure)
        found = population_of(counts, exposure)
        assert found.shape == pytest.approx(0.6, rel=0.05)
        assert found.mean == pytest.approx(0.1 * exposure.mean(), rel=0.02)

    def test_no_more_than_chance(self) -> None:
        assert population_of([4, 5, 4, 5, 5, 4, 4, 5, 4, 5]).shape == math.inf

    @pytest.mark.parametrize("counts", [[1, 2, 3], [0] * 20, [-1] + [2] * 20])
    def test_refused(self, counts: list[int]) -> None:
        with pytest.raises(DesignError, match="no reference"):
            population_of(counts)

    @pytest.mark.parametrize(("mean", "shape"), [(0.0, 1.0), (1.0, 0.0), (math.inf, 1.0)])
    def test_moments_that_cannot_be(self, mean: float, shape: float) -> None:
        with pytest.raises(DesignError, match="above zero"):
            PoissonGamma(mean, shape)

    def test_a_threshold_out_of_reach_is_refused(self) -> None:
        with pytest.raises(DesignError, match="hardly any unit has 50"):
            average_from(50, PoissonGamma(0.1, 2.0))
