"""The distributions that stand in for those of scipy.stats, held against them over their whole range."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evalkit import distributions
from evalkit.distributions import Reference

CHANCES = np.array([1e-12, 1e-6, 0.001, 0.025, 0.2, 0.5, 0.8, 0.95, 0.975, 0.999, 1.0 - 1e-9])
VALUES = np.array([-38.0, -9.0, -3.0, -1.2, 0.0, 0.3, 2.0, 7.0, 20.0])
AMOUNTS = np.array([0.0, 0.01, 1.0, 5.0, 30.0, 200.0, 1e4])
COUNTS = np.array([-1, 0, 1, 2, 5, 9, 40, 300, 500_000])
DF = np.array([1.0, 2.5, 4.0, 11.0, 60.0, 1e5, 1e8, np.inf])[:, None]
SQUARES = np.array([0.5, 1.0, 2.0, 7.0, 100.0, 1e4])[:, None]
ABOVE, BELOW = np.array([1.0, 2.0, 7.0, 100.0, 5000.0])[:, None, None], np.array([1.0, 3.0, 40.0, 1e4])[:, None]
OF, SHARE = np.array([0, 1, 2, 9, 40, 1000, 10**6])[:, None, None], np.array([1e-6, 0.01, 0.3, 0.5, 0.7, 0.99])[:, None]
MEANS = np.array([0.001, 0.3, 2.0, 17.0, 400.0, 1e6])[:, None]
SIZES, KEPT = np.array([0.05, 0.7, 3.0, 25.5, 1e4])[:, None, None], np.array([0.02, 0.3, 0.8, 0.999])[:, None]
CASES = {
    "norm": {"cdf": (VALUES,), "sf": (VALUES,), "pdf": (VALUES,), "ppf": (CHANCES,), "isf": (CHANCES,)},
    "t": {"sf": (VALUES, DF), "ppf": (CHANCES, DF), "isf": (CHANCES, DF)},
    "chi2": {"cdf": (AMOUNTS, SQUARES), "sf": (AMOUNTS, SQUARES), "ppf": (CHANCES, SQUARES)},
    "f": {"sf": (AMOUNTS, ABOVE, BELOW), "ppf": (CHANCES, ABOVE, BELOW)},
    "binom": {"cdf": (COUNTS, OF, SHARE), "sf": (COUNTS, OF, SHARE), "ppf": (CHANCES, OF, SHARE)},
    "poisson": {"pmf": (np.arange(60), MEANS), "ppf": (CHANCES, MEANS)},
    "nbinom": {"ppf": (CHANCES, SIZES, KEPT)},
}


@pytest.mark.parametrize(("name", "function"), [(name, each) for name, found in CASES.items() for each in found])
def test_numbers_are_those_of_scipy_stats(name, function):
    arguments = CASES[name][function]
    ours = getattr(getattr(distributions, name), function)(*arguments)
    theirs = getattr(getattr(stats, name), function)(*arguments)
    assert ours.shape == theirs.shape
    assert not np.isnan(ours).any()
    np.testing.assert_allclose(ours, theirs, rtol=2e-12, atol=0.0)


def test_the_upper_quantile_of_f_leaves_the_probability_above_it():
    reached = distributions.f.sf(distributions.f.isf(CHANCES, ABOVE, BELOW), ABOVE, BELOW)
    np.testing.assert_allclose(reached, np.broadcast_to(CHANCES, reached.shape), rtol=1e-9)


def test_an_estimate_without_degrees_of_freedom_is_held_against_the_normal_distribution():
    assert Reference().ppf(0.975) == Reference(np.inf).ppf(0.975) == stats.norm.ppf(0.975)
    assert Reference(7.0).sf(2.0) == pytest.approx(stats.t.sf(2.0, 7.0), rel=1e-13)


def test_what_comes_back_of_a_number_is_a_number():
    quantiles = distributions.t.ppf(0.9, 3.0), distributions.poisson.ppf(0.5, 3.0)
    for found in (*quantiles, distributions.binom.cdf(2, 5, 0.3)):
        assert np.ndim(found) == 0
        float(found)


def test_what_is_not_known_stays_unknown():
    assert np.isnan(distributions.binom.cdf(np.nan, 5, 0.5))
    assert np.isnan(distributions.binom.sf(2, 5, np.nan))
    assert np.isnan(distributions.poisson.ppf(0.5, np.nan))
    assert np.isnan(distributions.t.ppf(0.5, np.nan))
    assert distributions.binom.cdf(2.5, 5, 0.5) == distributions.binom.cdf(2, 5, 0.5)
    assert not np.isfinite(distributions.poisson.ppf(1.0, 3.0))
