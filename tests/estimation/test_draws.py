"""Draws of coefficients: their moments, their seed, and covariances that cannot be one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.draws import coefficient_draws, symmetric_root

WRITTEN = np.array([[1.002460306715, 2.896236612525], [0.451724289276, -0.671775516272]])
CENTRE, COVARIANCE = np.array([1.0, -2, 0.5]), np.array([[2.0, 0.6, 0], [0.6, 1, -0.2], [0, -0.2, 0.1]])


def test_first_draws_are_written_down():
    """A change of generator, order of draws or root moves published numbers: then this test must be changed by hand."""
    drawn = coefficient_draws([1.0, 2], [[4.0, 0], [0, 9]], None, 2, seed=7)
    normal = np.random.Generator(np.random.PCG64(7)).standard_normal((2, 2))
    np.testing.assert_allclose(drawn, [1, 2] + normal * [2, 3], rtol=1e-12)
    np.testing.assert_allclose(drawn, WRITTEN, rtol=1e-9)


@pytest.mark.parametrize("df", [None, 8.0])
def test_moments(df):
    n = 200_000
    drawn = coefficient_draws(CENTRE, COVARIANCE, df, n, seed=1)
    inflation = 1.0 if df is None else df / (df - 2)
    error = np.sqrt(np.diag(COVARIANCE) * inflation / n)
    assert np.all(np.abs(drawn.mean(axis=0) - CENTRE) < 4 * error)
    variances = np.diag(COVARIANCE) * inflation
    kurtosis = 3.0 if df is None else 3 + 6 / (df - 4)
    spread = np.sqrt(np.outer(variances, variances) * kurtosis / n)
    assert np.all(np.abs(np.cov(drawn.T) - COVARIANCE * inflation) < 4 * spread)


def test_t_draws_use_the_same_normal_draws():
    normal = coefficient_draws(CENTRE, COVARIANCE, None, 50, seed=3) - CENTRE
    heavy = coefficient_draws(CENTRE, COVARIANCE, 5, 50, seed=3) - CENTRE
    ratio = heavy / normal
    np.testing.assert_allclose(ratio, ratio[:, :1] * np.ones((1, 3)), rtol=1e-9)
    np.testing.assert_array_equal(
        coefficient_draws(CENTRE, COVARIANCE, float("inf"), 5, seed=3),
        coefficient_draws(CENTRE, COVARIANCE, None, 5, 3),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_root_is_symmetric_and_exact_also_when_singular(size, rank, seed):
    loadings = np.random.default_rng(seed).normal(size=(size, rank))
    covariance = loadings @ loadings.T
    root = symmetric_root(covariance, size)
    np.testing.assert_allclose(root @ root, covariance, atol=1e-9)
    np.testing.assert_allclose(root, root.T, atol=1e-12)


def test_the_root_does_not_depend_on_the_choice_of_eigenvectors():
    turned = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    np.testing.assert_allclose(symmetric_root(turned @ turned.T * 4, 3), 2 * np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    "arguments",
    [
        ([1.0, 2], [[1.0, 0.5], [0, 1]], None, 5, 1),
        ([1.0, 2], [[1.0, 2], [2, 1]], None, 5, 1),
        ([1.0, 2], [[1.0]], None, 5, 1),
        ([1.0], [[1.0]], 0.0, 5, 1),
        ([1.0], [[1.0]], None, 0, 1),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments):
    with pytest.raises(DesignError):
        coefficient_draws(*arguments)
