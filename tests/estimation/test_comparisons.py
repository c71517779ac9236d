"""Differences of proportions against Newcombe's tables, of means against t.test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evalkit.errors import DesignError
from evalkit.estimation.before_after import comparisons
from evalkit.estimation.before_after.comparisons import (
    mean_difference,
    median_difference,
    paired_mean_difference,
    paired_proportion_difference,
    proportion_difference,
)

# Newcombe (1998), Statistics in Medicine 17, 873-890, Table II, method 10: 95% limits.
NEWCOMBE = [
    ((56, 70, 48, 80), "0.0524 0.3339"),
    ((9, 10, 3, 10), "0.1705 0.8090"),
    ((6, 7, 2, 7), "0.0582 0.8062"),
    ((5, 56, 0, 29), "-0.0381 0.1926"),
    ((0, 10, 0, 20), "-0.1611 0.2775"),
    ((0, 10, 0, 10), "-0.2775 0.2775"),
    ((10, 10, 0, 20), "0.6791 1.0000"),
    ((10, 10, 0, 10), "0.6075 1.0000"),
]


@pytest.mark.parametrize(("groups", "printed"), NEWCOMBE, ids=str)
def test_independent_proportions_are_those_of_newcombe(groups, printed):
    found = proportion_difference(*groups)
    assert f"{found.low:.4f} {found.high:.4f}" == printed
    assert found.value == pytest.approx(groups[0] / groups[1] - groups[2] / groups[3], rel=1e-12)


sizes = st.integers(1, 80)


@st.composite
def two_groups(draw):
    size, reference_size = draw(sizes), draw(sizes)
    return draw(st.integers(0, size)), size, draw(st.integers(0, reference_size)), reference_size


@given(two_groups())
def test_p_value_inverts_the_interval(groups):
    found = proportion_difference(*groups)
    assert found.low <= found.value <= found.high
    if found.value == 0:
        assert found.p_value == 1
    elif 1e-12 < found.p_value < 1 - 1e-9:
        at = proportion_difference(*groups, level=1 - found.p_value)
        assert min(abs(at.low), abs(at.high)) == pytest.approx(0, abs=1e-6)


@given(two_groups())
def test_swapping_the_groups_turns_the_sign(groups):
    one, other = proportion_difference(*groups), proportion_difference(*groups[2:], *groups[:2])
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low), abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-8)


def test_paired_proportions_agree_with_contingencytables():
    """Cavo and others (2012) as R's package contingencytables prints it in tests/testthat/test-ch8.R."""
    found = paired_proportion_difference(59, 6, 16, 80)
    assert f"{found.value:.4f} {found.low:.4f} {found.high:.4f}" == "-0.0621 -0.1186 -0.0046"


@pytest.mark.parametrize(("only", "reference_only", "case"), [(5, 15, "mcnemar 5 15"), (7, 0, "mcnemar 0 7")])
def test_mcnemar_agrees_with_binom_test(only, reference_only, case, reference):
    numbers = reference("estimation_comparisons")(case)
    found = paired_proportion_difference(10, only, reference_only, 12)
    assert found.p_value == pytest.approx(numbers["p_value"], rel=1e-9)


def test_paired_interval_is_the_independent_one_without_correlation():
    """Where the table shows no correlation, pairing changes nothing."""
    pairs, groups = paired_proportion_difference(6, 6, 4, 4), proportion_difference(12, 20, 10, 20)
    assert (pairs.low, pairs.high) == pytest.approx((groups.low, groups.high), rel=1e-12)
    related = paired_proportion_difference(10, 2, 0, 8)
    assert related.high - related.low < groups.high - groups.low


@given(st.tuples(*[st.integers(0, 30)] * 4).filter(any))
def test_paired_interval_holds_the_estimate_and_turns_its_sign(cells):
    both, only, reference_only, neither = cells
    one = paired_proportion_difference(both, only, reference_only, neither)
    other = paired_proportion_difference(both, reference_only, only, neither)
    assert -1 <= one.low <= one.value <= one.high <= 1
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low), abs=1e-12)


SLEEP = np.array(
    [
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ]
)


@pytest.mark.parametrize(
    ("case", "compare"), [("welch sleep", mean_difference), ("paired sleep", paired_mean_difference)]
)
def test_means_agree_with_t_test(case, compare, reference):
    found = compare(*SLEEP)
    for name, value in reference("estimation_comparisons")(case).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9), name


@given(st.integers(2, 8), st.floats(0.01, 100))
def test_more_data_narrow_and_units_scale(times, factor):
    wide, narrow = mean_difference(*SLEEP), mean_difference(*np.tile(SLEEP, times))
    assert narrow.high - narrow.low < wide.high - wide.low
    scaled = mean_difference(*(SLEEP * factor))
    assert (scaled.value, scaled.se) == pytest.approx((wide.value * factor, wide.se * factor), rel=1e-9)
    assert scaled.p_value == pytest.approx(wide.p_value, rel=1e-9)


@pytest.mark.parametrize(
    ("compare", "arguments"),
    [
        (proportion_difference, (5, 4, 1, 2)),
        (proportion_difference, (0, 0, 1, 2)),
        (proportion_difference, (-1, 4, 1, 2)),
        (paired_proportion_difference, (0, 0, 0, 0)),
        (paired_proportion_difference, (1, -1, 0, 0)),
        (mean_difference, ([1.0], [1.0, 2.0])),
        (mean_difference, ([1.0, 1.0], [2.0, 2.0])),
        (paired_mean_difference, ([1.0, 2.0], [2.0, 3.0])),
        (paired_mean_difference, ([1.0, 2.0], [2.0, 3.0, 4.0])),
    ],
)
def test_what_cannot_be_compared_is_refused(compare, arguments):
    with pytest.raises(DesignError):
        compare(*arguments)


# Drawn in R with set.seed(20) from log-normal distributions.
AFTER = [
    4.8615,
    2.028,
    6.6375,
    1.3961,
    2.1743,
    3.614,
    0.6409,
    1.7603,
    2.1579,
    2.059,
    2.6911,
    2.5214,
    1.9856,
    5.2678,
    1.2704,
    2.1843,
    4.4162,
    2.7569,
    2.6042,
    3.3023,
    3.0598,
    2.5289,
    3.9005,
    3.2705,
    2.4084,
    1.3021,
    2.0176,
    1.5321,
    0.7887,
    2.0002,
    2.4396,
    6.0199,
    5.9184,
    4.7314,
    1.5704,
    1.0722,
    1.7215,
    5.0672,
    2.8404,
    3.3593,
    1.8054,
    1.257,
    3.5892,
    2.2603,
    1.6102,
    2.7431,
    4.2247,
    4.2246,
    4.5409,
    2.2464,
    4.7101,
    2.6766,
    2.9897,
    5.2995,
    3.9168,
    2.7958,
    5.2838,
    2.2165,
    1.8056,
    3.2527,
]
BEFORE = [
    3.5943,
    3.3712,
    2.8794,
    2.2543,
    6.3482,
    1.521,
    6.2502,
    2.0445,
    5.4983,
    1.8062,
    4.8439,
    2.5088,
    5.7304,
    2.4803,
    6.1145,
    4.2388,
    3.2369,
    2.7649,
    1.7678,
    3.4391,
    3.0945,
    9.1244,
    3.664,
    3.655,
    3.8354,
    2.5373,
    3.4283,
    3.6917,
    6.3947,
    7.1721,
    10.5299,
    1.3047,
    4.6146,
    3.1322,
    3.374,
    3.9875,
    6.6387,
    6.0529,
    2.5915,
    3.7719,
    4.5906,
    3.118,
    6.4145,
    4.9553,
    5.5068,
    3.6868,
    3.3036,
    2.8088,
    4.5975,
    1.6364,
    5.3298,
    8.26,
    2.1699,
    1.6077,
    2.5947,
]
SAME_BEFORE = [
    4.0918,
    1.3781,
    17.4479,
    1.6517,
    2.2857,
    5.9688,
    0.8747,
    3.274,
    5.0436,
    3.4797,
    3.8056,
    4.0516,
    1.1857,
    4.8998,
    1.0419,
    1.7198,
    8.6135,
    1.8468,
    6.2014,
    2.2061,
    2.9555,
    2.3667,
    5.3615,
    2.5805,
    4.2619,
    1.4026,
    2.1411,
    2.1017,
    1.6857,
    2.2139,
    3.08,
    8.0156,
    15.5428,
    4.7759,
    1.6454,
    2.0129,
    1.4923,
    8.5854,
    1.8078,
    6.5121,
    2.6582,
    1.3254,
    4.1358,
    3.0919,
    3.6589,
    5.073,
    5.8896,
    8.777,
    6.3393,
    4.0435,
    2.8081,
    2.8345,
    4.8961,
    12.0405,
    5.4483,
    4.1378,
    7.9274,
    3.4268,
    1.7638,
    2.4295,
]


def test_medians_agree_with_boot_of_r():
    """R 4: boot with 99,999 draws (strata where unpaired) and boot.ci(type = "perc")."""
    unpaired = median_difference(AFTER, BEFORE)
    assert unpaired.value == pytest.approx(-1.0146)
    assert (unpaired.low, unpaired.high) == pytest.approx((-1.7169, -0.4082), abs=0.04)
    assert unpaired.se == pytest.approx(0.31316681, rel=0.02)
    paired = median_difference(AFTER, SAME_BEFORE, paired=True)
    assert paired.value == pytest.approx(-0.71)
    assert (paired.low, paired.high) == pytest.approx((-1.4313, -0.0512), abs=0.04)
    assert paired.se == pytest.approx(0.37676477, rel=0.02)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_medians_agree_with_scipy_on_the_same_draws(paired, method):
    first, second = np.array(AFTER), np.array(SAME_BEFORE if paired else BEFORE)
    found = median_difference(first, second, paired=paired, method=method, draws=2999, seed=5)

    class Drawn:
        bootstrap_distribution = comparisons._drawn_medians(first, second, paired, 2999, 5)

    expected = stats.bootstrap(
        (first, second), lambda x, y, axis: np.median(x, axis=axis) - np.median(y, axis=axis), n_resamples=0,
        paired=paired, method=method, bootstrap_result=Drawn(),
    ).confidence_interval  # fmt: skip
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_medians_scale_and_shift():
    one = median_difference(AFTER, BEFORE, draws=999)
    ten = median_difference(10 * np.array(AFTER) + 3, 10 * np.array(BEFORE) + 3, draws=999)
    assert (ten.value, ten.low, ten.high) == pytest.approx((10 * one.value, 10 * one.low, 10 * one.high))
    assert median_difference(AFTER, BEFORE, draws=999) == one
    assert median_difference(AFTER, BEFORE, draws=999, seed=1) != one


def test_medians_refuse_what_has_no_interval():
    with pytest.raises(DesignError, match="too few"):
        median_difference([1, 2, 3, 4], AFTER)
    with pytest.raises(DesignError, match="no pairs"):
        median_difference(AFTER, BEFORE, paired=True)
    with pytest.raises(DesignError, match="hardly vary"):
        median_difference([2.0] * 6, [3.0] * 7)
