"""Arrays that estimators refuse, and what they say about it; importing the package stays cheap."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import estimation
from evalkit.errors import DesignError
from evalkit.estimation.before_after.counts import rate_ratio
from evalkit.estimation.fit import contrast, contrasts
from evalkit.estimation.inputs import as_codes, as_matrix, as_vector, dependent_columns, require_full_rank
from evalkit.estimation.regression import generalised_linear, ordinary, two_way
from evalkit.estimation.series.autoregressive import restricted_likelihood
from evalkit.estimation.series.segmented import segmented_design


def test_missing_values_are_counted_and_placed():
    with pytest.raises(DesignError, match="2 missing or infinite values, the first in row 1"):
        as_vector([1, np.nan, np.inf], "outcome")
    with pytest.raises(DesignError, match="no observations"):
        as_vector([], "outcome")
    with pytest.raises(DesignError, match="3 values for 2"):
        as_vector([1, 2, 3], "outcome", 2)
    with pytest.raises(DesignError, match="dimensions"):
        as_vector([[1.0]], "outcome")
    with pytest.raises(DesignError, match="2 rows for 3"):
        as_matrix([[1.0], [2.0]], "regressors", 3)
    with pytest.raises(DesignError, match="at least one column"):
        as_matrix(np.ones((3, 0)), "regressors")


def test_codes_become_consecutive():
    np.testing.assert_array_equal(as_codes([2005, 2001, 2005, 2009], "period", 4), [1, 0, 1, 2])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.data())
def test_a_dependent_column_is_found_wherever_it_stands(seed, count, data):
    matrix = np.random.default_rng(seed).normal(size=(20, count)) * np.logspace(-6, 6, count)
    assert dependent_columns(matrix) == []
    place = data.draw(st.integers(0, count))
    mixture = matrix @ np.logspace(6, -6, count)
    widened = np.insert(matrix, place, mixture, axis=1)
    assert len(dependent_columns(widened)) == 1
    assert np.linalg.matrix_rank(widened / np.linalg.norm(widened, axis=0)) == count
    assert dependent_columns(np.column_stack([matrix, mixture])) == [count]


def test_names_are_used_in_the_message():
    with pytest.raises(DesignError, match="cannot be told apart from the terms before: weather, zero"):
        require_full_rank(np.array([[1.0, 2, 0], [1, 2, 0], [1, 2, 0], [1, 2, 0]]), ("constant", "weather", "zero"))


@pytest.mark.parametrize(
    "call",
    [
        lambda: generalised_linear([1, 2, 3], np.ones(3), "quasipoisson"),
        lambda: generalised_linear([1, 2, 3], np.ones(3), "poisson", covariance="hac"),
        lambda: two_way([1.0, 2, 3], [0, 1, 0], [0, 1, 1], [0, 1, 0], covariance="robust"),
        lambda: two_way(np.arange(9.0) ** 2, np.eye(9)[4], np.arange(9) // 3, np.arange(9) % 3, small_sample="none"),
        lambda: restricted_likelihood([1.0, 2, 4, 3], np.ones(4), adjustment="kenward"),
        lambda: rate_ratio(1, 2, method="midp"),
        lambda: segmented_design(range(9), 5, impact="both"),
        lambda: segmented_design(range(9), 5, trend="cubic"),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(call):
    with pytest.raises(DesignError, match="choose one of"):
        call()


def test_contrasts_are_linear():
    generator = np.random.default_rng(1)
    fit = ordinary(generator.normal(size=20), generator.normal(size=(20, 3)))
    value, se, df = contrast(fit, [1, -1, 0])
    assert value == pytest.approx(fit.coefficients[0] - fit.coefficients[1])
    c = fit.covariance
    assert se == pytest.approx(np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1]))
    assert df == 17
    np.testing.assert_allclose(contrasts(fit, np.eye(3)).se, fit.standard_errors)
    assert contrast(fit, [0, 0, 0])[:2] == (0.0, 0.0)
    with pytest.raises(DesignError, match="2 values for 3"):
        contrast(fit, [1, 2])
    with pytest.raises(DesignError, match="2 columns for 3"):
        contrasts(fit, [[1, 2]])


def test_importing_the_package_imports_no_slow_library():
    everything = [each.name for each in pkgutil.walk_packages(estimation.__path__, "evalkit.estimation.")]
    assert len(everything) > 60
    slow = "('scipy', 'pandas', 'statsmodels', 'linearmodels')"
    code = f"import sys, {', '.join(everything)}; print([m for m in {slow} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
