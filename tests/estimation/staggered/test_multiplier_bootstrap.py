"""Multipliers, their draws, and bands that hold for all estimates at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from staggered_cases import counties, noise, panel, wide

from evalkit.errors import DesignError
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.multiplier_bootstrap import multiplier_bands, multiplier_draws


@pytest.mark.parametrize("multiplier", ["mammen", "rademacher"])
def test_draws_have_the_moments_of_the_estimates(multiplier):
    influence = noise(600, 3).reshape(200, 3) / 200 + 0.01
    draws = multiplier_draws(influence, None, 20_000, multiplier, seed=5)
    expected = influence.T @ influence
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=4 * np.sqrt(expected.max() / 20_000))
    np.testing.assert_allclose(np.cov(draws.T), expected, atol=0.04 * expected.max())


@pytest.mark.parametrize(
    ("multiplier", "low", "high", "third"),
    [("mammen", (1 - 5**0.5) / 2, (1 + 5**0.5) / 2, 1.0), ("rademacher", -1.0, 1.0, 0.0)],
)
def test_a_multiplier_has_two_values_with_mean_zero_and_variance_one(multiplier, low, high, third):
    draws = multiplier_draws(np.eye(2), None, 200_000, multiplier, seed=1)[:, 0]
    np.testing.assert_allclose(np.unique(draws.round(9)), [low, high], atol=1e-8)
    np.testing.assert_allclose([draws.mean(), (draws**2).mean(), (draws**3).mean()], [0.0, 1.0, third], atol=0.02)


def test_bands_of_the_county_example():
    """Standard errors near the analytical ones, and a critical value near the 2.6 that R did prints."""
    dynamic = aggregate(group_time_effects(wide(counties())), "dynamic")
    bands = multiplier_bands(dynamic.effect, dynamic.influence, draws=20_000)
    np.testing.assert_allclose(bands.standard_errors, dynamic.standard_errors, rtol=0.05)
    assert 2.4 < bands.simultaneous_critical < 2.75
    assert np.all(bands.simultaneous_low < bands.low)
    np.testing.assert_allclose(bands.high - dynamic.effect, norm.ppf(0.975) * bands.standard_errors, rtol=1e-12)
    assert "20000 draws, Mammen multipliers, seed 0" in bands.rule


def test_independent_estimates_have_the_critical_value_of_their_maximum():
    influence = np.kron(np.eye(8), np.ones((400, 1))) * noise(3200, 2)[:, None]
    bands = multiplier_bands(np.zeros(8), influence, draws=20_000, multiplier="rademacher")
    assert bands.simultaneous_critical == pytest.approx(norm.ppf((1 + 0.95 ** (1 / 8)) / 2), abs=0.06)


def test_a_base_period_has_no_band_and_moves_nothing():
    effects = group_time_effects(wide(panel()), base_period="universal")
    dynamic = aggregate(effects, "dynamic")
    base = dynamic.label == -1
    bands = multiplier_bands(dynamic.effect, dynamic.influence)
    assert bands.standard_errors[base] == 0.0
    assert bands.simultaneous_low[base] == bands.simultaneous_high[base] == 0.0
    without = multiplier_bands(dynamic.effect[~base], dynamic.influence[:, ~base])
    assert without.simultaneous_critical == bands.simultaneous_critical


def test_a_cluster_has_one_multiplier():
    influence, cluster = noise(300, 9).reshape(100, 3), np.arange(100) // 5
    sums = influence.reshape(20, 5, 3).sum(axis=1)
    np.testing.assert_allclose(
        multiplier_draws(influence, cluster, 50, seed=3), multiplier_draws(sums, None, 50, seed=3), atol=1e-12
    )


def test_the_seed_decides():
    influence = noise(100, 4).reshape(50, 2)
    one, two, three = (multiplier_draws(influence, None, 20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, three)


def test_refused():
    with pytest.raises(DesignError, match="1 draws"):
        multiplier_draws(np.eye(2), None, 1)
    with pytest.raises(DesignError, match="influence functions of 2 estimates for 3"):
        multiplier_bands(np.zeros(3), np.eye(2))
    with pytest.raises(DesignError, match="nothing to cover"):
        multiplier_bands(np.zeros(2), np.zeros((5, 2)))
    with pytest.raises(DesignError, match=r"the confidence level is 1\.5"):
        multiplier_bands(np.zeros(2), np.eye(2), level=1.5)
