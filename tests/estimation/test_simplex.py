"""Weights on the simplex: the conditions of Karush, Kuhn and Tucker, a general solver, ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from evalkit.errors import DesignError
from evalkit.estimation.synthetic.simplex import simplex_weights


def objective(weights, columns, target, ridge, intercept):
    left = columns @ weights - target
    left = left - left.mean() if intercept else left
    return float(left @ left + ridge * weights @ weights)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 30),
    st.integers(2, 25),
    st.sampled_from([0.0, 1e-3, 5.0]),
    st.booleans(),
    st.sampled_from([1e-4, 1.0, 1e5]),
)
def test_no_small_step_into_the_simplex_is_better(seed, rows, count, ridge, intercept, unit):
    generator = np.random.default_rng(seed)
    columns = unit * (generator.normal(size=(rows, count)).cumsum(axis=0) + generator.normal(size=count) * 3)
    target = unit * generator.normal(size=rows).cumsum()
    found = simplex_weights(columns, target, ridge * unit**2, intercept)
    assert found.weights.min() >= 0
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    at = objective(found.weights, columns, target, ridge * unit**2, intercept)
    equal = objective(np.full(count, 1 / count), columns, target, ridge * unit**2, intercept)
    for corner in np.eye(count):  # convex: if no step towards a corner helps, nothing does
        step = found.weights + 1e-4 * (corner - found.weights)
        assert objective(step, columns, target, ridge * unit**2, intercept) >= at - 1e-9 * equal
    left = columns @ found.weights - target
    assert found.distance == pytest.approx(np.sum((left - left.mean() * intercept) ** 2), abs=1e-9 * equal)
    if intercept:
        assert found.intercept == pytest.approx(-left.mean(), abs=1e-9 * np.sqrt(equal) + 1e-12)


def test_a_general_solver_finds_the_same():
    generator = np.random.default_rng(2)
    columns, target = generator.normal(size=(12, 6)), generator.normal(size=12) * 0.3
    found = simplex_weights(columns, target, 0.7)
    other = minimize(
        objective,
        np.full(6, 1 / 6),
        (columns, target, 0.7, False),
        method="SLSQP",
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    np.testing.assert_allclose(found.weights, other.x, atol=1e-6)
    assert found.unique


def test_a_target_among_the_columns_is_matched_and_outside_goes_to_the_nearest():
    columns = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(simplex_weights(columns, [0.2, 0.3]).weights, [0.5, 0.2, 0.3], atol=1e-12)
    np.testing.assert_allclose(simplex_weights(columns, [2.0, 2.0]).weights, [0.0, 0.5, 0.5], atol=1e-12)
    np.testing.assert_allclose(simplex_weights(columns, [0.0, 1.0]).weights, [0.0, 0.0, 1.0], atol=1e-12)
    assert simplex_weights(columns, [0.2, 0.3]).distance == pytest.approx(0.0, abs=1e-20)


def test_ties_share_the_weight_and_are_told():
    """Two equal columns fit as well in any mixture: the smallest sum of squares is half and half."""
    columns = np.array([[0.0, 1.0, 1.0], [0.0, 0.5, 0.5]])
    found = simplex_weights(columns, [0.6, 0.3])
    assert not found.unique
    np.testing.assert_allclose(found.weights, [0.4, 0.3, 0.3], atol=1e-5)
    assert simplex_weights(np.array([[3.0], [1.0]]), [0.0, 0.0]).weights.tolist() == [1.0]


def test_the_order_of_the_columns_does_not_matter():
    generator = np.random.default_rng(3)
    columns, target, order = generator.normal(size=(8, 20)), generator.normal(size=8) * 0.1, generator.permutation(20)
    one, other = simplex_weights(columns, target), simplex_weights(columns[:, order], target)
    assert not one.unique  # 20 columns in 8 dimensions, target inside
    np.testing.assert_allclose(one.weights[order], other.weights, atol=1e-6)


def test_bad_input():
    with pytest.raises(DesignError, match="the ridge is -1"):
        simplex_weights(np.eye(2), [0.0, 0.0], -1.0)
    with pytest.raises(DesignError, match="target has 3 values for 2"):
        simplex_weights(np.eye(2), [0.0, 0.0, 0.0])
    with pytest.raises(DesignError, match="missing or infinite"):
        simplex_weights([[np.nan, 1.0]], [0.0])
