"""Least squares, Newey-West and counts against R and statsmodels; what cannot be computed is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.regression import generalised_linear, newey_west, ordinary


@pytest.fixture
def terms(seatbelts):
    time = seatbelts["time"]
    return np.column_stack([np.ones(192), time, time >= 169, np.maximum(time - 169, 0)])


def agrees(fit, numbers, in_order, digits=1e-8):
    np.testing.assert_allclose(fit.coefficients, in_order(numbers, "coefficient"), rtol=digits)
    np.testing.assert_allclose(fit.standard_errors, in_order(numbers, "se"), rtol=digits)


@pytest.mark.parametrize("case", ["ordinary", "weighted"])
def test_least_squares_agrees_with_lm(case, seatbelts, terms, reference, in_order):
    weights = seatbelts["kms"] if case == "weighted" else None
    numbers = reference("estimation_regression")(case)
    fit = ordinary(np.log(seatbelts["drivers"]), terms, weights)
    agrees(fit, numbers, in_order)
    assert fit.scale == pytest.approx(numbers["scale"], rel=1e-9)
    assert fit.residual_df == 188
    assert np.sum(fit.standardised**2) / 188 == pytest.approx(fit.scale, rel=1e-12)


@pytest.mark.parametrize(("case", "lags", "small_sample"), [("newey_west", 4, True), ("newey_west plain", 6, False)])
def test_newey_west_agrees_with_sandwich(case, lags, small_sample, seatbelts, terms, reference, in_order):
    fit = newey_west(np.log(seatbelts["drivers"]), terms, lags, small_sample)
    agrees(fit, reference("estimation_regression")(case), in_order)


def test_newey_west_states_its_lag_rule(seatbelts, terms):
    fit = newey_west(np.log(seatbelts["drivers"]), terms)
    assert fit.rule == (
        "Newey-West with 4 lags (rule: floor(4 (n/100)^(2/9))) and the n/(n-k) factor; "
        "t with n-k = 188 degrees of freedom"
    )
    assert fit.extra["lags"] == 4
    assert "3 lags (chosen), no small" in newey_west(np.log(seatbelts["drivers"]), terms, 3, False).rule


@pytest.mark.parametrize(
    ("case", "outcome", "family", "covariance"),
    [
        ("poisson", "VanKilled", "poisson", "model"),
        ("poisson newey_west", "VanKilled", "poisson", "newey_west"),
        ("poisson newey_west", "VanKilled", "quasi_poisson", "newey_west"),
        ("quasi_poisson", "VanKilled", "quasi_poisson", "model"),
        ("negative_binomial", "drivers", "negative_binomial", "model"),
        ("negative_binomial newey_west", "drivers", "negative_binomial", "newey_west"),
    ],
)
def test_counts_agree_with_glm(case, outcome, family, covariance, seatbelts, terms, reference, in_order):
    numbers = reference("estimation_regression")(case)
    fit = generalised_linear(seatbelts[outcome], terms, family, seatbelts["kms"], covariance, 4)
    agrees(fit, numbers, in_order, 1e-6 if family == "negative_binomial" else 1e-8)
    for name in ("dispersion", "log_likelihood"):
        if name in numbers:
            assert fit.extra[name] == pytest.approx(numbers[name], rel=1e-6)


def monthly(points, seed):
    """Return months, a trend, a level and a slope: 15 terms, and noise that is correlated."""
    generator, time = np.random.default_rng(seed), np.arange(points)
    months = [time % 12 == month for month in range(1, 12)]
    after = np.maximum(time - points // 2, 0)
    terms = np.column_stack([np.ones(points), time, *months, time >= points // 2, after]).astype(float)
    noise = generator.normal(size=points)
    noise[1:] += 0.5 * noise[:-1]
    return generator, terms, noise


@pytest.mark.parametrize("points", [36, 60, 180])
@pytest.mark.parametrize("small_sample", [False, True])
@pytest.mark.parametrize("lags", [0, 1, 7])
def test_newey_west_is_that_of_statsmodels(points, small_sample, lags):
    from statsmodels.regression.linear_model import OLS

    _, terms, noise = monthly(points, points)
    fit = newey_west(50 + noise, terms, lags, small_sample)
    options = {"maxlags": lags, "use_correction": small_sample}
    other = OLS(50 + noise, terms).fit(cov_type="HAC", cov_kwds=options, use_t=True)
    # In standard errors: a slope near zero beside a level of 50 has no tenth digit of its own.
    np.testing.assert_allclose(fit.coefficients / other.bse, other.params / other.bse, rtol=0, atol=1e-10)
    size = np.outer(other.bse, other.bse)
    np.testing.assert_allclose(fit.covariance / size, other.cov_params() / size, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.residuals, other.resid, rtol=0, atol=1e-10)
    assert fit.residual_df == other.df_resid


def test_least_squares_is_that_of_statsmodels():
    from statsmodels.regression.linear_model import WLS

    generator, terms, noise = monthly(60, 1)
    weights = generator.uniform(0.2, 5.0, 60)
    fit, other = ordinary(50 + noise, terms, weights), WLS(50 + noise, terms, weights).fit()
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, other.bse, rtol=1e-10)
    np.testing.assert_allclose(fit.fitted, other.fittedvalues, rtol=1e-10)
    assert fit.scale == pytest.approx(other.scale, rel=1e-10)


@pytest.mark.parametrize("level", [0.3, 5.0, 200.0, 1e6])
def test_poisson_is_that_of_statsmodels(level):
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    generator, terms, noise = monthly(180, 8)
    people = generator.uniform(0.5, 2.0, 180)
    counts = generator.poisson(level * people * np.exp(0.2 * noise)).astype(float)
    model = GLM(counts, terms, family=Poisson(), exposure=people)
    other = model.fit(maxiter=200, tol=1e-14, tol_criterion="params")
    fit = generalised_linear(counts, terms, "poisson", people)
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=0, atol=1e-9 * np.abs(other.params).max())
    np.testing.assert_allclose(fit.standard_errors, other.bse, rtol=1e-9)
    np.testing.assert_allclose(fit.fitted, other.fittedvalues, rtol=1e-9)
    assert fit.extra["log_likelihood"] == pytest.approx(other.llf, rel=1e-10)
    assert fit.extra["pearson_dispersion"] == pytest.approx(other.pearson_chi2 / 165, rel=1e-9)
    quasi = generalised_linear(counts, terms, "quasi_poisson", people)
    np.testing.assert_allclose(quasi.standard_errors, other.bse * np.sqrt(other.pearson_chi2 / 165), rtol=1e-9)
    options = {"maxlags": 4}
    robust = model.fit(maxiter=200, tol=1e-14, tol_criterion="params", cov_type="HAC", cov_kwds=options)
    fit = generalised_linear(counts, terms, "poisson", people, "newey_west", 4)
    np.testing.assert_allclose(fit.standard_errors, robust.bse * np.sqrt(180 / 165), rtol=1e-9)


def test_a_poisson_fit_that_leaves_the_range_of_numbers_is_refused():
    terms = np.column_stack([np.ones(6), [0, 1, 2, 3, 4, 5]])
    with pytest.raises(DesignError, match="did not converge"):
        generalised_linear([1e300, 0, 0, 0, 0, 1e300], terms, "poisson", np.array([1e-300, 1, 1, 1, 1, 1]))


def test_negative_binomial_falls_back_to_poisson_without_excess_variance():
    counts = np.array([5.0, 6, 5, 6, 5, 6, 5, 6])
    fit = generalised_linear(counts, np.ones(8), "negative_binomial")
    assert fit.extra["dispersion"] == 0.0
    assert fit.standard_errors[0] == pytest.approx(44**-0.5, rel=1e-9)
    assert "no sign of dispersion" in fit.rule
    hardly = generalised_linear([50 - 7.0712, 50 + 7.0712], np.ones(2), "negative_binomial")
    assert hardly.extra["dispersion"] == 0.0


def test_negative_binomial_is_where_the_joint_likelihood_of_statsmodels_is_flat(seatbelts, terms):
    from statsmodels.discrete.discrete_model import NegativeBinomial

    fit = generalised_linear(seatbelts["drivers"], terms, "negative_binomial")
    other = NegativeBinomial(seatbelts["drivers"], terms)
    found = np.append(fit.coefficients, np.log(fit.extra["dispersion"]))  # its own scale until it is fitted
    assert other.loglike(found) == pytest.approx(fit.extra["log_likelihood"], rel=1e-12)
    spread = np.append(fit.standard_errors, 0.1)
    np.testing.assert_allclose(other.score(found) * spread, 0, atol=1e-6)


def test_exposure_is_an_offset():
    counts, days = np.array([10.0, 12, 40, 50]), np.array([1.0, 1, 2, 2])
    terms = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    fit = generalised_linear(counts, terms, "poisson", days)
    np.testing.assert_allclose(np.exp(fit.coefficients), [11, 22.5 / 11], rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors[1], np.sqrt(1 / 22 + 1 / 90), rtol=1e-8)
    assert fit.residual_df is None
    assert generalised_linear(counts, terms, "quasi_poisson", days).residual_df == 2


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([0, 0, 0, 0, 0, 0], "every count is zero"),
        ([3, 4, 5, 0, 0, 0], "told apart perfectly"),
        ([3, 4, 5, -1, 2, 2], "negative"),
        ([3, 4, np.nan, 1, 2, 2], "missing"),
    ],
)
@pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial"])
def test_counts_without_an_answer_are_refused(counts, words, family):
    terms = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    with pytest.raises(DesignError, match=words):
        generalised_linear(counts, terms, family)


def test_zeros_that_overlap_are_not_refused():
    terms = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    fit = generalised_linear([3, 0, 3, 0, 0, 1], terms, "poisson")
    assert np.exp(fit.coefficients[1]) == pytest.approx(1 / 6, rel=1e-9)


def test_separation_by_a_slope_is_found():
    time = np.arange(8.0)
    with pytest.raises(DesignError, match="told apart perfectly"):
        generalised_linear([4, 3, 5, 4, 0, 0, 0, 0], np.column_stack([np.ones(8), np.maximum(time - 3, 0)]), "poisson")


@pytest.mark.parametrize("regression", [ordinary, newey_west])
def test_dependent_terms_are_named(regression):
    terms = np.column_stack([np.ones(6), np.arange(6), 2 * np.arange(6) + 1])
    with pytest.raises(DesignError, match="column 2"):
        regression(np.arange(6.0) ** 2, terms)
    with pytest.raises(DesignError, match="2 points cannot carry 2 terms"):
        regression([1.0, 2.0], np.column_stack([[1, 1], [0, 1]]))


def test_weights_and_lags_out_of_range_are_refused():
    with pytest.raises(DesignError, match="weight"):
        ordinary([1.0, 2, 3], np.ones(3), [1, 0, 1])
    with pytest.raises(DesignError, match="exposure"):
        generalised_linear([1, 2, 3], np.ones(3), "poisson", [1, 0, 1])
    with pytest.raises(DesignError, match="3 lags"):
        newey_west([1.0, 2, 3], np.ones(3), 3)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 1000), st.integers(0, 2**32 - 1), st.sampled_from([ordinary, newey_west]))
def test_scaling_the_outcome_scales_the_fit(factor, seed, regression):
    generator = np.random.default_rng(seed)
    outcome, terms = generator.normal(size=20), np.column_stack([np.ones(20), generator.normal(size=20)])
    plain, scaled = regression(outcome, terms), regression(factor * outcome, terms)
    np.testing.assert_allclose(scaled.coefficients, factor * plain.coefficients, rtol=1e-9, atol=1e-12 * factor)
    np.testing.assert_allclose(scaled.standard_errors, factor * plain.standard_errors, rtol=1e-9)
    np.testing.assert_allclose(scaled.fitted + scaled.residuals, factor * outcome, rtol=1e-9, atol=1e-12 * factor)


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 50), st.integers(0, 2**32 - 1))
def test_more_exposure_lowers_the_rate_and_nothing_else(factor, seed):
    generator = np.random.default_rng(seed)
    counts = generator.poisson(20, size=16) + 1
    terms = np.column_stack([np.ones(16), np.arange(16) >= 8])
    plain = generalised_linear(counts, terms, "quasi_poisson")
    thinner = generalised_linear(counts, terms, "quasi_poisson", np.full(16, float(factor)))
    np.testing.assert_allclose(thinner.coefficients, plain.coefficients - [np.log(factor), 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(thinner.standard_errors, plain.standard_errors, rtol=1e-7)
