"""Rate ratios: R's poisson.test and glm, and what must hold for any counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from evalkit.errors import DesignError
from evalkit.estimation.before_after.counts import (
    dispersion_rate_ratio,
    negative_binomial_rate_ratio,
    paired_counts,
    rate_ratio,
)
from evalkit.estimation.regression import generalised_linear

counts = st.integers(0, 400)
exposures = st.floats(0.01, 100)
methods = st.sampled_from(["exact", "mid_p"])


def percent(ratio):
    return f"{100 * (ratio - 1):.1f}"


def test_known_examples():
    fewer = rate_ratio(37, 20)
    assert (percent(fewer.value), percent(fewer.low), percent(fewer.high)) == ("-45.9", "-70.3", "-4.4")
    unclear = rate_ratio(33, 26)
    assert (percent(unclear.value), percent(unclear.low), percent(unclear.high)) == ("-21.2", "-54.7", "35.8")


@pytest.mark.parametrize(
    "case",
    [(37, 20, 1, 1), (33, 26, 1, 1), (5, 0, 1, 1), (0, 4, 1, 1), (120, 95, 365, 200), (2, 11, 3.5, 1)],
    ids=str,
)
def test_exact_agrees_with_poisson_test(case, reference):
    numbers = reference("estimation_comparisons")("rate_ratio " + " ".join(f"{value:g}" for value in case))
    found = rate_ratio(*case)
    for name, value in numbers.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-10), name


@given(counts, counts)
def test_exact_agrees_with_the_binomial_test_of_scipy(before, after):
    if before + after == 0:
        return
    found = rate_ratio(before, after)
    interval = binomtest(after, before + after).proportion_ci(0.95, "exact")
    assert found.low / (1 + found.low) == pytest.approx(interval.low, rel=1e-8)
    assert (1.0 if np.isinf(found.high) else found.high / (1 + found.high)) == pytest.approx(interval.high, rel=1e-8)


@given(counts, counts, exposures, exposures, methods)
def test_swapping_before_and_after_inverts(before, after, first, second, method):
    if before + after == 0:
        return
    one = rate_ratio(before, after, first, second, method=method)
    other = rate_ratio(after, before, second, first, method=method)
    for mine, theirs in ((one.value, other.value), (one.low, other.high), (one.high, other.low)):
        inverse = np.inf if theirs == 0 else 0.0 if np.isinf(theirs) else 1 / theirs
        assert mine == pytest.approx(inverse, rel=1e-8)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-8, abs=1e-300)


@given(counts, counts, exposures, methods, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_p_value_and_interval_agree_about_no_change(before, after, first, method, level):
    if before + after == 0:
        return
    found = rate_ratio(before, after, first, 1.0, level, method)
    if abs(found.p_value - (1 - level)) > 1e-9:
        assert (found.p_value < 1 - level) == (not found.low <= 1 <= found.high)
    assert found.low <= found.value <= found.high


@given(st.integers(1, 200), st.integers(1, 200), st.integers(2, 9))
def test_interval_narrows_with_more_events_and_mid_p_is_shorter(before, after, times):
    narrow, wide = rate_ratio(before * times, after * times), rate_ratio(before, after)
    assert wide.low < narrow.low < narrow.high < wide.high
    middle = rate_ratio(before, after, method="mid_p")
    assert wide.low < middle.low < middle.high < wide.high
    assert middle.p_value <= wide.p_value


@pytest.mark.parametrize(("before", "after"), [(7, 3), (0, 5), (5, 0), (140, 111)])
def test_mid_p_limits_leave_half_the_error_in_each_tail(before, after):
    from scipy.stats import binom

    n, found = before + after, rate_ratio(before, after, method="mid_p", level=0.9)
    if after:
        p = found.low / (1 + found.low)
        assert binom.sf(after, n, p) + binom.pmf(after, n, p) / 2 == pytest.approx(0.05, rel=1e-8)
    if before:
        p = found.high / (1 + found.high)
        assert binom.cdf(after - 1, n, p) + binom.pmf(after, n, p) / 2 == pytest.approx(0.05, rel=1e-8)


def test_zero_counts():
    assert rate_ratio(5, 0).value == rate_ratio(5, 0).low == 0.0
    assert rate_ratio(0, 5).value == rate_ratio(0, 5).high == float("inf")
    for method in ("exact", "mid_p"):
        with pytest.raises(DesignError, match="both counts are zero"):
            rate_ratio(0, 0, method=method)


@pytest.mark.parametrize("arguments", [(-1, 3), (2.5, 3), (3, np.nan), (1, 1, 0, 1), (1, 1, 1, 1, 1.5)])
def test_what_is_no_count_exposure_or_level_is_refused(arguments):
    with pytest.raises(DesignError):
        rate_ratio(*arguments)


BEFORE, AFTER = [12, 15, 9, 22, 18, 11], [8, 13, 6, 5]
DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31])


def test_dispersion_agrees_with_glm(reference):
    found = dispersion_rate_ratio(BEFORE, AFTER, DAYS[:6], DAYS[6:])
    for name, value in reference("estimation_comparisons")("dispersion_rate_ratio").items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-8), name
    terms = np.column_stack([np.ones(10), np.repeat([0, 1], [6, 4])])
    fit = generalised_linear(BEFORE + AFTER, terms, "quasi_poisson", DAYS)
    assert np.log(found.value) == pytest.approx(fit.coefficients[1], rel=1e-8)
    assert found.se == pytest.approx(fit.standard_errors[1], rel=1e-8)
    assert found.df == fit.residual_df == 8


def test_dispersion_is_never_below_one():
    found = dispersion_rate_ratio([10, 10, 10], [5, 5, 5])
    assert found.dispersion == 1.0
    assert found.se == pytest.approx(np.sqrt(1 / 30 + 1 / 15), rel=1e-12)
    with pytest.raises(DesignError, match="three periods"):
        dispersion_rate_ratio([3], [4])
    with pytest.raises(DesignError, match="all zero"):
        dispersion_rate_ratio([3, 4], [0, 0])


FORTY_FOUR = np.random.default_rng(44).poisson(3, size=(2, 44)) * [[2], [1]]


def test_paired_counts_are_the_ratio_of_totals_with_the_variance_between_units():
    before, after = FORTY_FOUR
    found = paired_counts(before, after)
    ratio = after.sum() / before.sum()
    assert found.value == pytest.approx(ratio, rel=1e-10)
    share, units = ratio / (1 + ratio), int(np.sum(before + after > 0))
    scores = after - (before + after) * share
    information = np.sum(before + after) * share * (1 - share)
    se = np.sqrt(units / (units - 1) * np.sum(scores**2)) / information
    assert found.se == pytest.approx(se, rel=1e-10)
    assert found.df == units - 1


def test_paired_counts_are_poisson_with_unit_effects():
    """Fixed effects for units, exposures that differ: the coefficient of after and its clustered variance."""
    before, after = FORTY_FOUR
    seen = before + after > 0
    before, after = before[seen], after[seen]
    generator = np.random.default_rng(1)
    first, second = generator.uniform(1, 3, before.size), generator.uniform(1, 3, before.size)
    found = paired_counts(before, after, first, second)
    unit = np.eye(before.size)
    terms = np.column_stack([np.repeat([0, 1], before.size), np.vstack([unit, unit])])
    fit = generalised_linear(np.concatenate([before, after]), terms, "poisson", np.concatenate([first, second]))
    assert np.log(found.value) == pytest.approx(fit.coefficients[0], rel=1e-7)
    by_unit = terms * fit.residuals[:, None]
    scores = by_unit[: before.size] + by_unit[before.size :]
    bread = np.linalg.inv((terms * fit.fitted[:, None]).T @ terms)
    clustered = bread @ scores.T @ scores @ bread
    assert found.se == pytest.approx(np.sqrt(clustered[0, 0] * before.size / (before.size - 1)), rel=1e-7)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=3, max_size=12))
def test_paired_counts_invert_when_swapped(pairs):
    before, after = np.array(pairs).T
    if len({b / a for a, b in pairs}) == 1:
        with pytest.raises(DesignError, match="no variation"):
            paired_counts(before, after)
        return
    one, other = paired_counts(before, after), paired_counts(after, before)
    assert one.value * other.value == pytest.approx(1, rel=1e-9)
    assert one.low * other.high == pytest.approx(1, rel=1e-7)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-6, abs=1e-12)


def test_units_without_any_count_say_nothing():
    before, after = FORTY_FOUR
    padded = paired_counts(np.append(before, [0, 0]), np.append(after, [0, 0]))
    assert padded == paired_counts(before, after)


# R 4: MASS::glm.nb(y ~ post) and with offset(log(exposure)): coefficient, its standard error, 1 / theta.
PERIODS = ([12, 30, 18, 25, 9, 40, 22, 31], [8, 14, 25, 6, 11, 19, 9, 16])
PERIOD_EXPOSURES = ([100, 110, 105, 120, 90, 130, 100, 115], [100, 95, 120, 100, 110, 105, 90, 100])


def test_negative_binomial_agrees_with_glm_nb():
    plain = negative_binomial_rate_ratio(*PERIODS)
    assert np.log(plain.value) == pytest.approx(-0.5489773897, rel=1e-8)
    assert plain.se == pytest.approx(0.2184507904, rel=1e-6)
    assert "m + 0.1325 m squared" in plain.rule
    exposed = negative_binomial_rate_ratio(*PERIODS, *PERIOD_EXPOSURES)
    assert np.log(exposed.value) == pytest.approx(-0.47997988223, rel=1e-8)
    assert exposed.se == pytest.approx(0.18189012728, rel=1e-6)
    assert "m + 0.07291 m squared" in exposed.rule
    assert exposed.df == 14


def test_negative_binomial_without_excess_is_poisson():
    calm = negative_binomial_rate_ratio([20, 21, 20, 19], [15, 16, 15, 15])
    assert calm.value == pytest.approx(61 / 80)
    assert calm.se == pytest.approx(np.sqrt(1 / 61 + 1 / 80))
    assert calm.dispersion == 1.0


def test_negative_binomial_refuses_what_has_no_ratio():
    with pytest.raises(DesignError, match="all zero"):
        negative_binomial_rate_ratio([0, 0, 0], [1, 2, 3])
    with pytest.raises(DesignError, match="three periods"):
        negative_binomial_rate_ratio([5], [4])


def test_paired_counts_with_time_at_risk_agree_with_clustered_poisson():
    """R 4: glm(y ~ person + post + offset(log(months)), poisson); vcovCL(type = "HC0") by person, x 10 / 9.

    glm ran with epsilon 1e-15: at its usual 1e-8 the standard error is right to six digits only.
    """
    before, after = [5, 3, 8, 2, 6, 4, 7, 1, 9, 3], [2, 3, 4, 0, 5, 1, 6, 2, 3, 1]
    months = [12, 12, 12, 6, 12, 9, 12, 12, 10, 12], [6, 12, 9, 6, 12, 3, 12, 8, 6, 12]
    found = paired_counts(before, after, *months)
    assert np.log(found.value) == pytest.approx(-0.310200279549, rel=1e-8)
    assert found.se == pytest.approx(0.113859812698, rel=1e-9)
    assert found.df == 9
