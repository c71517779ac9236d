"""Differences of proportions against Newcombe's tables, of means against t.test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.comparisons import (
    mean_difference,
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
