"""Segmented designs: the terms, their names, the path had nothing happened, and the average effect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.fit import contrast, contrasts
from evalkit.estimation.regression import ordinary
from evalkit.estimation.segmented import average_effect_weights, effect_rows, segmented_design


def test_terms_of_a_small_series():
    design = segmented_design([3, 4, 5, 7, 8, 9], 7)
    assert design.names == ("intercept", "trend", "level", "slope")
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 2, 0, 0], [1, 4, 1, 0], [1, 5, 1, 1], [1, 6, 1, 2]]
    np.testing.assert_array_equal(design.matrix, expected)
    np.testing.assert_array_equal(design.counterfactual[:, :2], design.matrix[:, :2])
    np.testing.assert_array_equal(design.counterfactual[:, 2:], 0)
    np.testing.assert_array_equal(design.post, [False] * 3 + [True] * 3)
    np.testing.assert_array_equal(average_effect_weights(design), [0, 0, 1, 1])
    np.testing.assert_array_equal(average_effect_weights(design, [9, 9, 9, 1, 1, 2]), [0, 0, 1, 1.25])


def test_names_are_whole_words_in_order():
    season, covariates = np.arange(36) % 4 + 1, {"temperature": np.sin(np.arange(36.0))}
    design = segmented_design(np.arange(36), 24, season, "none", "slope", covariates)
    assert design.names == ("intercept", "season 2", "season 3", "season 4", "temperature", "slope")
    level = segmented_design(np.arange(36), 24, season, impact="level")
    assert level.names == ("intercept", "trend", "season 2", "season 3", "season 4", "level")


def test_seasons_that_cannot_be_told_apart_are_named():
    with pytest.raises(DesignError, match="12 points cannot carry 15 terms"):
        segmented_design(np.arange(12), 8, np.arange(12) % 12 + 1)
    season = np.where(np.arange(30) < 20, np.arange(30) % 2, 7)
    with pytest.raises(DesignError, match="cannot be told apart from the terms before: level"):
        segmented_design(np.arange(30), 20, season)
    with pytest.raises(DesignError, match="rainfall"):
        segmented_design(np.arange(30), 20, covariates={"rainfall": 2 * np.arange(30.0)})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0, 1, 2, 3], 0), "0 periods before"),
        (([0, 1, 2, 3], 1), "1 periods before"),
        (([0, 1, 2, 3], 9), "0 periods from the start on"),
        (([0, 1, 2, 3, 4, 5], 5), "1 periods from the start on, and 2 are needed for level and slope"),
        (([0, 2, 1, 3], 2), "do not increase"),
        (([0, 1, 2, 3, 4, 5, 6], 3, [1, 2, 3]), "season has shape"),
        (([0, 1, 2, 3, 4, 5, 6], 3, None, "linear", "level", {"trend": np.zeros(7)}), "named 'trend'"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, words):
    with pytest.raises(DesignError, match=words):
        segmented_design(*arguments)


@given(st.integers(5, 30), st.integers(3, 20), st.floats(-5, 5), st.floats(-2, 2), st.integers(0, 10_000))
def test_the_contrast_is_the_average_of_fitted_less_counterfactual(before, after, level, slope, seed):
    n = before + after
    design = segmented_design(np.arange(n), before)
    truth = np.array([10, 0.5, level, slope])
    exact = ordinary(design.matrix @ truth, design.matrix)
    expected = level + slope * (after - 1) / 2
    assert contrast(exact, average_effect_weights(design)).value == pytest.approx(expected, abs=1e-8)
    noisy = ordinary(design.matrix @ truth + np.random.default_rng(seed).normal(size=n), design.matrix)
    difference = (design.matrix - design.counterfactual) @ noisy.coefficients
    average = contrast(noisy, average_effect_weights(design))
    assert average.value == pytest.approx(difference[design.post].mean(), abs=1e-9)
    values, _, df = contrasts(noisy, effect_rows(design))
    np.testing.assert_allclose(values, difference[design.post], atol=1e-9)
    assert df is not None
    assert set(df) == {n - 4}


def test_weights_of_the_average_must_be_weights():
    design = segmented_design(np.arange(8), 4)
    for weights in ([1] * 4 + [0] * 4, [1] * 7 + [-1]):
        with pytest.raises(DesignError, match="weights"):
            average_effect_weights(design, weights)
