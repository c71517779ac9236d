"""Segmented designs: the terms, their names, the path had nothing happened, and the average effect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.fit import contrast, contrasts
from evalkit.estimation.regression import ordinary
from evalkit.estimation.series.seasons import waves
from evalkit.estimation.series.segmented import (
    Interruption,
    average_effect_weights,
    effect_rows,
    impact_terms,
    segmented_design,
    with_comparison,
)
from evalkit.estimation.series.splines import natural_spline


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


POSITIONS = np.arange(12)


@pytest.mark.parametrize(
    ("impact", "length", "expected"),
    [
        ("pulse", 3, {"pulse": [0] * 6 + [1, 1, 1, 0, 0, 0]}),
        ("ramp", 4, {"ramp": [0] * 6 + [0.25, 0.5, 0.75, 1, 1, 1]}),
        ("delayed", 2, {"delayed level": [0] * 8 + [1] * 4}),
        ("slope", None, {"slope": [0] * 6 + [0, 1, 2, 3, 4, 5]}),
    ],
)
def test_shapes_by_hand(impact, length, expected):
    found = impact_terms(POSITIONS, 6, impact, length)
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def test_the_effect_averages_where_the_shape_acts():
    pulse = segmented_design(POSITIONS, 6, impact="pulse", length=3)
    np.testing.assert_array_equal(np.flatnonzero(pulse.acting), [6, 7, 8])
    np.testing.assert_array_equal(average_effect_weights(pulse), [0, 0, 1])
    delayed = segmented_design(POSITIONS, 6, impact="delayed", length=2)
    np.testing.assert_array_equal(np.flatnonzero(delayed.acting), [8, 9, 10, 11])
    np.testing.assert_array_equal(average_effect_weights(delayed), [0, 0, 1])
    ramp = segmented_design(POSITIONS, 6, impact="ramp", length=4)
    np.testing.assert_array_equal(ramp.acting, ramp.post)
    np.testing.assert_allclose(average_effect_weights(ramp), [0, 0, 4.5 / 6])


def test_other_interruptions_stay():
    other = Interruption("Flood", 2, "pulse", 2)
    design = segmented_design(POSITIONS, 6, impact="level", interruptions=[other])
    assert design.names == ("intercept", "trend", "Flood: pulse", "level")
    np.testing.assert_array_equal(design.counterfactual[:, 2], design.matrix[:, 2])
    np.testing.assert_array_equal(design.effect, [False, False, False, True])


def test_a_comparison_doubles_the_terms():
    alone = segmented_design(POSITIONS, 6)
    both = with_comparison(alone)
    assert both.names[:4] == tuple(f"comparison: {name}" for name in alone.names)
    assert both.names[4:] == tuple(f"difference: {name}" for name in alone.names)
    change = alone.matrix - alone.counterfactual
    np.testing.assert_array_equal(both.matrix - both.counterfactual, np.hstack([0 * change, change]))
    np.testing.assert_allclose(average_effect_weights(both), [0] * 6 + [1, 2.5])


@pytest.mark.parametrize("impact", ["pulse", "ramp", "delayed"])
def test_shapes_need_a_length(impact):
    for length in (None, 0):
        with pytest.raises(DesignError, match="needs a length"):
            segmented_design(POSITIONS, 6, impact=impact, length=length)


def test_the_spline_is_that_of_ns(reference, seatbelts):
    """The fitted values of least squares on splines::ns with the same knots."""
    knots = np.quantile(np.arange(169), np.linspace(0, 1, 5))
    basis = np.column_stack([np.ones(192), np.arange(192.0), natural_spline(np.arange(192), knots)])
    fitted = ordinary(np.log(seatbelts["drivers"]), basis).fitted
    expected = reference("series_segmented")("basis")
    for place in range(0, 191, 10):
        assert fitted[place] == pytest.approx(expected[f"fitted {place}"], rel=1e-10)


def test_a_spline_is_straight_beyond_its_knots():
    curves = natural_spline(np.arange(-5.0, 20.0), [0, 3, 7, 10])
    np.testing.assert_allclose(np.diff(curves[:6], 2, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(curves[15:], 2, axis=0), 0, atol=1e-12)
    assert np.abs(np.diff(curves[5:16], 2, axis=0)).max() > 1e-3
    for knots in ([0, 1], [0, 2, 2]):
        with pytest.raises(DesignError, match="too few or do not increase"):
            natural_spline([1, 2], knots)


def test_waves_repeat_every_year():
    found = waves(np.arange(36), 12, 6)
    assert list(found)[-3:] == ["season sine 5", "season cosine 5", "season cosine 6"]
    for values in found.values():
        np.testing.assert_allclose(values[:24], values[12:], atol=1e-12)
    np.testing.assert_allclose(found["season cosine 6"], (-1.0) ** np.arange(36), atol=1e-12)
    with pytest.raises(DesignError, match="between 1 and 2 pairs"):
        waves(np.arange(8), 4, 3)
