"""Prais-Winsten against dense matrices and statsmodels; what cannot be fitted is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.series.autoregressive import restricted_likelihood
from evalkit.estimation.series.positions import gaps_between
from evalkit.estimation.series.prais_winsten import iterated


def correlated(generator, points, rho):
    errors = generator.normal(size=points)
    for i in range(1, points):
        errors[i] += rho * errors[i - 1]
    return errors


def segmented(positions):
    half = np.median(positions)
    return np.column_stack(
        [np.ones(positions.size), positions, positions >= half, np.maximum(positions - half, 0)]
    ).astype(float)


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("rho", [-0.5, 0.3, 0.7])
def test_it_is_generalised_least_squares_at_its_own_autocorrelation(holes, rho):
    from statsmodels.regression.linear_model import GLS

    generator = np.random.default_rng(12)
    positions = np.arange(60)
    seen = np.ones(60, dtype=bool)
    if holes:
        seen[[3, 17, 18, 19, 44]] = False
    positions, outcome = positions[seen], 5 + correlated(generator, 60, rho)[seen]
    terms = segmented(positions)
    fit = iterated(outcome, terms, positions)
    found = fit.extra["rho"]
    other = GLS(outcome, terms, found ** np.abs(positions[:, None] - positions)).fit()
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, other.bse, rtol=1e-8)
    assert fit.scale == pytest.approx(other.scale, rel=1e-9)
    np.testing.assert_allclose(fit.standardised, other.wresid / np.sqrt(other.scale), rtol=1e-6, atol=1e-8)
    # The autocorrelation is the regression of its own residuals on those before them.
    pairs = np.diff(positions) == 1
    later, earlier = fit.residuals[1:][pairs], fit.residuals[:-1][pairs]
    assert found == pytest.approx((later @ earlier) / (earlier @ earlier), abs=1e-9)


def test_the_first_observation_is_kept():
    """A pulse in the first period alone is told by that period: Cochrane and Orcutt would lose it."""
    outcome = 3 + correlated(np.random.default_rng(4), 40, 0.5)
    terms = np.column_stack([np.ones(40), np.arange(40) == 0])
    fit = iterated(outcome, terms)
    assert fit.residuals[0] != pytest.approx(0.0, abs=1e-6)
    assert np.isfinite(fit.standard_errors[1])
    white = np.append(fit.residuals[0], np.diff(fit.residuals) + (1 - fit.extra["rho"]) * fit.residuals[:-1])
    white[1:] /= np.sqrt(1 - fit.extra["rho"] ** 2)
    np.testing.assert_allclose(fit.standardised, white / fit.extra["sigma"], atol=1e-9)


def test_the_rule_names_what_it_takes_as_known():
    outcome = 3 + correlated(np.random.default_rng(4), 40, 0.5)
    fit = iterated(outcome, segmented(np.arange(40)))
    rho, steps = fit.extra["rho"], int(fit.extra["iterations"])
    assert fit.rule == (
        f"Prais-Winsten, iterated (autocorrelation {rho:.2f} from the residuals, {steps} steps), which takes the "
        "autocorrelation as known; t with n-k = 36 degrees of freedom"
    )
    assert fit.residual_df == 36
    assert fit.variance is None


def test_its_autocorrelation_is_below_that_of_restricted_likelihood():
    """The bias that REML removes: over 100 series of 36 with autocorrelation 0.6 the means differ by more than 0.1."""
    generator, terms = np.random.default_rng(36), segmented(np.arange(36))
    pairs = []
    for _ in range(100):
        outcome = correlated(generator, 36, 0.6)
        pairs.append([fit(outcome, terms).extra["rho"] for fit in (iterated, restricted_likelihood)])
    plain, restricted = np.mean(pairs, axis=0)
    assert plain < 0.5 < restricted < 0.7


def test_autocorrelation_that_reaches_one_is_refused():
    growing = 1.3 ** np.arange(20.0)
    with pytest.raises(DesignError, match=r"autocorrelation of the residuals is 1\.\d+ at step") as caught:
        iterated(growing, np.where(np.arange(20) % 2, 1.0, -1.0)[:, None])
    assert "autoregressive" in str(caught.value.problems[0].mend)


def test_a_search_that_does_not_settle_is_refused(monkeypatch):
    from evalkit.estimation.series import prais_winsten

    monkeypatch.setattr(prais_winsten, "STEPS", 2)
    with pytest.raises(DesignError, match="did not settle in 2 steps"):
        iterated(correlated(np.random.default_rng(1), 40, 0.6), np.ones(40))


def test_what_cannot_be_fitted_is_refused():
    time = np.arange(12.0)
    with pytest.raises(DesignError, match="perfectly"):
        iterated(3 + 2 * time, np.column_stack([np.ones(12), time]))
    with pytest.raises(DesignError, match="no two periods are neighbours"):
        iterated(time**2, np.ones(12), np.cumsum(np.tile([2, 3], 6)))
    with pytest.raises(DesignError, match="3 points cannot carry 2 terms"):
        iterated([1.0, 3, 2], np.column_stack([np.ones(3), time[:3]]))
    with pytest.raises(DesignError, match="column 1"):
        iterated(time**2, np.column_stack([np.ones(12), np.full(12, 2.0)]))


def test_positions_must_be_periods_in_order():
    np.testing.assert_array_equal(gaps_between([3, 4, 7], 3), [1, 3])
    np.testing.assert_array_equal(gaps_between(None, 3), [1, 1])
    with pytest.raises(DesignError, match="increase"):
        gaps_between([3, 2, 7], 3)
    with pytest.raises(DesignError, match="whole numbers"):
        gaps_between([1, 2.5, 7], 3)
    with pytest.raises(DesignError, match="2 or more apart"):
        gaps_between([0, 2, 6], 3)
    with pytest.raises(DesignError, match="2 values for 3"):
        gaps_between([0, 1], 3)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000), st.floats(-100, 100), st.integers(0, 2**32 - 1))
def test_scale_and_trend_of_the_outcome_do_not_matter(factor, tilt, seed):
    outcome, terms = np.random.default_rng(seed).normal(size=30), segmented(np.arange(30))
    plain, moved = iterated(outcome, terms), iterated(factor * (outcome + tilt * np.arange(30)), terms)
    assert moved.extra["rho"] == pytest.approx(plain.extra["rho"], abs=1e-7)
    np.testing.assert_allclose(moved.standard_errors, factor * plain.standard_errors, rtol=1e-6)
    shift = np.array([0, tilt, 0, 0])
    np.testing.assert_allclose(
        moved.coefficients,
        factor * (plain.coefficients + shift),
        rtol=1e-6,
        atol=1e-7 * factor * (1 + abs(tilt)),
    )
