"""Restricted likelihood with AR(1) errors against nlme::gls, against dense formulas, and in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import t

from evalkit.errors import DesignError
from evalkit.estimation.fit import contrast, contrasts
from evalkit.estimation.series.autoregressive import restricted_likelihood, whiten
from evalkit.estimation.series.segmented import average_effect_weights, segmented_design


def agrees_with_gls(fit, numbers, in_order):
    """To half a unit of the six digits that the R script keeps."""
    half = 5e-6
    np.testing.assert_allclose(fit.coefficients, in_order(numbers, "coefficient"), rtol=half)
    known = np.sqrt(np.diag(fit.variance.covariance))
    np.testing.assert_allclose(known, in_order(numbers, "se"), rtol=half)
    assert fit.extra["rho"] == pytest.approx(numbers["rho"], rel=half)
    assert fit.extra["sigma"] == pytest.approx(numbers["sigma"], rel=half)


def seat_belt_design(seatbelts):
    return segmented_design(seatbelts["time"], 169, season=seatbelts["month"])


def test_seat_belt_law_agrees_with_gls(seatbelts, reference, in_order):
    design = seat_belt_design(seatbelts)
    fit = restricted_likelihood(np.log(seatbelts["drivers"]), design.matrix, adjustment="satterthwaite")
    agrees_with_gls(fit, reference("estimation_autoregressive")("seatbelts"), in_order)
    level = design.names.index("level")
    assert f"{fit.extra['rho']:.2f}" == "0.52"
    assert f"{fit.coefficients[level]:.4f} ({fit.standard_errors[level]:.4f})" == "-0.2368 (0.0569)"
    average = contrast(fit, average_effect_weights(design))
    assert f"{average.value:.3f} {100 * np.expm1(average.value):.1f}%" == "-0.164 -15.1%"


def test_short_series_agrees_with_gls(short_series, reference, in_order):
    terms = np.column_stack([np.ones(24), short_series["time"], short_series["level"], short_series["slope"]])
    numbers = reference("estimation_autoregressive")
    agrees_with_gls(restricted_likelihood(short_series["outcome"], terms), numbers("short"), in_order)
    seen = ~np.isin(short_series["time"], [3, 4, 9, 17])
    holes = restricted_likelihood(short_series["outcome"][seen], terms[seen], short_series["time"][seen])
    agrees_with_gls(holes, numbers("holes"), in_order)


def dense_kenward_roger(terms, rho, variance, positions):
    """Kenward and Roger (1997) as printed, without second derivatives; parameters (sigma^2, rho), n x n matrices."""
    distance = np.abs(positions[:, None] - positions[None, :])
    r = rho**distance
    r1 = distance * rho ** np.maximum(distance - 1, 0)
    inverse = np.linalg.inv(variance * r)
    first = [r, variance * r1]
    both = range(2)
    covariance = np.linalg.inv(terms.T @ inverse @ terms)
    p = [-terms.T @ inverse @ v @ inverse @ terms for v in first]
    q = [[terms.T @ inverse @ first[i] @ inverse @ first[j] @ inverse @ terms for j in both] for i in both]
    information = np.empty((2, 2))
    for i in both:
        for j in both:
            whole = np.trace(inverse @ first[i] @ inverse @ first[j])
            less = np.trace(2 * covariance @ q[i][j] - covariance @ p[i] @ covariance @ p[j])
            information[i, j] = (whole - less) / 2
    w = np.linalg.inv(information)
    middle = sum(w[i, j] * (q[i][j] - p[i] @ covariance @ p[j]) for i in both for j in both)
    return covariance, w, covariance + 2 * covariance @ middle @ covariance, p


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("holes", [False, True])
def test_kenward_roger_is_the_printed_formula(seed, holes):
    generator = np.random.default_rng(seed)
    positions = np.cumsum(generator.integers(1, 4, 40)) if holes else np.arange(40)
    terms = np.column_stack([np.ones(40), positions, positions >= np.median(positions)])
    outcome = 5 + np.convolve(generator.normal(size=41), [1, 0.6], "valid")
    fit = restricted_likelihood(outcome, terms, positions)
    covariance, w, adjusted, p = dense_kenward_roger(terms, fit.extra["rho"], fit.scale, positions)
    np.testing.assert_allclose(fit.variance.covariance, covariance, rtol=1e-8)
    np.testing.assert_allclose(fit.variance.parameters, w, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance, adjusted, rtol=1e-8)
    weights = np.array([0, 1, 1.0])
    gradient = np.array([-(weights @ covariance @ each @ covariance @ weights) for each in p])
    expected = 2 * (weights @ covariance @ weights) ** 2 / (gradient @ w @ gradient)
    assert contrast(fit, weights).df == pytest.approx(expected, rel=1e-8)
    assert fit.extra["rho_se"] == pytest.approx(np.sqrt(w[1, 1]), rel=1e-8)


def test_rho_maximises_the_restricted_likelihood(short_series):
    """The likelihood of the residual contrasts, by dense matrices, is highest at the rho that was found."""
    terms = np.column_stack([np.ones(24), short_series["time"], short_series["level"]])
    outcome, time = short_series["outcome"], short_series["time"]
    rest = np.linalg.svd(terms)[0][:, 3:]

    def dense(rho):
        matrix = rest.T @ rho ** np.abs(time[:, None] - time) @ rest
        left = rest.T @ outcome
        squares = left @ np.linalg.solve(matrix, left)
        return -((24 - 3) * np.log(squares) + np.linalg.slogdet(matrix)[1]) / 2

    fit = restricted_likelihood(outcome, terms)
    rho = fit.extra["rho"]
    steps = np.array([-0.3, -0.01, -1e-4, 1e-4, 0.01, 0.2])
    assert all(dense(rho) > dense(rho + step) for step in steps)
    assert fit.extra["log_likelihood"] == pytest.approx(dense(rho), rel=1e-9)


def test_adjustment_changes_the_covariance_and_not_the_degrees_of_freedom(short_series):
    terms = np.column_stack([np.ones(24), short_series["time"], short_series["level"]])
    adjusted = restricted_likelihood(short_series["outcome"], terms)
    known = restricted_likelihood(short_series["outcome"], terms, adjustment="satterthwaite")
    assert contrast(adjusted, [0, 0, 1]).df == contrast(known, [0, 0, 1]).df
    assert contrast(adjusted, [0, 0, 1]).se > contrast(known, [0, 0, 1]).se
    assert "Kenward and Roger" in adjusted.rule
    assert "Satterthwaite" in known.rule
    values, se, df = contrasts(adjusted, np.eye(3))
    assert contrast(adjusted, [0, 1, 0]) == pytest.approx((values[1], se[1], df[1]), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.5, 0.95))
@example(14170, 0.0)
def test_the_adjustment_never_makes_a_variance_smaller(seed, rho):
    """With the second-order term, seed 14170 gave the intercept a variance below zero."""
    terms = np.column_stack([np.ones(30), np.arange(30), np.arange(30) >= 20])
    errors = np.random.default_rng(seed).normal(size=30)
    for i in range(1, 30):
        errors[i] += rho * errors[i - 1]
    fit = restricted_likelihood(errors, terms)
    gain = np.linalg.eigvalsh(fit.covariance - fit.variance.covariance)
    assert gain.min() > -1e-9 * np.trace(fit.covariance)
    assert np.linalg.eigvalsh(fit.covariance).min() > 0


def test_a_drifting_series_is_held_and_the_rule_says_so():
    walk = np.cumsum(np.random.default_rng(5).normal(size=40)) * 10
    fit = restricted_likelihood(walk, np.ones(40))
    assert fit.extra["held"] == 1.0
    assert fit.extra["rho"] == 0.99
    assert "held there" in fit.rule
    assert contrast(fit, [1.0]).df == pytest.approx(39)


def test_what_cannot_be_fitted_is_refused():
    time = np.arange(12.0)
    with pytest.raises(DesignError, match="perfectly"):
        restricted_likelihood(3 + 2 * time, np.column_stack([np.ones(12), time]))
    with pytest.raises(DesignError, match="increase"):
        restricted_likelihood(time**2, np.ones(12), time[::-1])
    with pytest.raises(DesignError, match="2 or more apart"):
        restricted_likelihood(time**2, np.ones(12), 2 * time)
    with pytest.raises(DesignError, match="3 points cannot carry 2 terms"):
        restricted_likelihood([1.0, 3, 2], np.column_stack([np.ones(3), time[:3]]))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000), st.floats(-100, 100), st.integers(0, 2**32 - 1))
def test_scale_and_trend_of_the_outcome_do_not_matter(factor, tilt, seed):
    generator = np.random.default_rng(seed)
    terms = np.column_stack([np.ones(30), np.arange(30), np.arange(30) >= 20])
    outcome = generator.normal(size=30)
    plain = restricted_likelihood(outcome, terms)
    moved = restricted_likelihood(factor * (outcome + tilt * np.arange(30)), terms)
    assert moved.extra["rho"] == pytest.approx(plain.extra["rho"], abs=1e-8)
    np.testing.assert_allclose(moved.standard_errors, factor * plain.standard_errors, rtol=1e-7)
    np.testing.assert_allclose(
        moved.coefficients,
        factor * (plain.coefficients + np.array([0, tilt, 0])),
        rtol=1e-7,
        atol=1e-8 * factor * (1 + abs(tilt)),
    )


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.95, 0.95), st.integers(0, 2**32 - 1))
def test_whitening_inverts_the_correlation(rho, seed):
    positions = np.cumsum(np.random.default_rng(seed).integers(1, 4, 12))
    white = whiten(np.eye(12), rho, positions)
    correlation = rho ** np.abs(positions[:, None] - positions[None, :])
    np.testing.assert_allclose(white @ correlation @ white.T, np.eye(12), atol=1e-9)


def test_intervals_cover_the_average_effect():
    """Series of 48 with rho 0.4: 95% intervals cover in 95% of 1,000, give or take three simulation errors."""
    design = segmented_design(np.arange(48), 36)
    weights, generator, n, rho = average_effect_weights(design), np.random.default_rng(48), 1000, 0.4
    inside = np.zeros(2)
    for _ in range(n):
        steps = generator.normal(size=48) * np.where(np.arange(48) == 0, 1, np.sqrt(1 - rho**2))
        errors = np.empty(48)
        errors[0] = steps[0]
        for i in range(1, 48):
            errors[i] = rho * errors[i - 1] + steps[i]
        value, se, df = contrast(restricted_likelihood(errors, design.matrix), weights)
        inside += [abs(value) <= t.isf(0.025, df) * se, abs(value) <= 1.96 * se]
    assert abs(inside[0] / n - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n)
    assert inside[1] / n < 0.95 - 3 * np.sqrt(0.95 * 0.05 / n), "the normal reference is too short here"
