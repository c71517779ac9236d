"""Counts with unit and period effects: pyfixest, indicators in an ordinary Poisson regression, separation."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import numbers, panel, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.regression import generalised_linear
from evalkit.estimation.staggered.poisson_two_way import poisson_two_way


@pytest.fixture(scope="module")
def reference():
    """pyfixest, from tests/reference/staggered_regressions.py."""
    return numbers("staggered_regressions")


def counts_of(data, **options):
    treated = (data["period"] >= data["first_treated"]).astype(float)
    regressors = np.column_stack([treated, data["moving"]])
    return poisson_two_way(data["counts"], regressors, data["unit"], data["period"], data["exposure"], **options)


def test_agrees_with_pyfixest(reference):
    some = without_some_rows(panel())
    for case, found in (
        ("counts", counts_of(panel())),
        ("counts some rows", counts_of(some, weights=some["weight"], cluster=some["cluster"])),
    ):
        expected = reference[case]
        for j, name in enumerate(("treated", "moving")):
            assert found.fit.coefficients[j] == pytest.approx(expected[f"effect {name}"], abs=1e-8)
            assert found.fit.standard_errors[j] == pytest.approx(expected[f"se {name}"], abs=1e-6)
        assert found.fit.extra["rows_used"] == expected["effect rows"]


def test_equals_the_regression_with_indicators():
    data = panel(units=20)
    effects = [data["unit"] == code for code in range(20)] + [data["period"] == code for code in range(2, 9)]
    treated = data["period"] >= data["first_treated"]
    matrix = np.column_stack([treated, data["moving"], *effects]).astype(float)
    plain = generalised_linear(data["counts"], matrix, "poisson", data["exposure"])
    found = counts_of(data)
    np.testing.assert_allclose(found.fit.coefficients, plain.coefficients[:2], atol=1e-9)
    np.testing.assert_allclose(found.fit.fitted, plain.fitted, atol=1e-7)
    assert found.fit.residual_df == 19


def test_rows_in_any_order_and_names_of_units():
    data = panel(units=20)
    order = np.argsort(np.arange(160) * 37 % 160)
    shuffled = {name: values[order] for name, values in data.items()}
    shuffled["unit"] = np.array([f"place {code:02d}" for code in shuffled["unit"]])
    one, two = counts_of(data), counts_of(shuffled)
    np.testing.assert_allclose(two.fit.fitted, one.fit.fitted[order], atol=1e-9)


def test_units_without_events_are_named_and_move_nothing():
    data = panel(units=40)
    none = np.isin(data["unit"], (4, 11))
    empty = data | {"counts": np.where(none, 0.0, data["counts"])}
    without = {name: values[~none] for name, values in empty.items()}
    one, two = counts_of(empty), counts_of(without)
    assert one.units_without_events == ("4", "11")
    np.testing.assert_array_equal(one.separated, none)
    np.testing.assert_allclose(one.fit.coefficients, two.fit.coefficients, atol=1e-10)
    np.testing.assert_allclose(one.fit.covariance, two.fit.covariance, atol=1e-10)
    np.testing.assert_array_equal(one.fit.fitted[none], 0.0)


def test_a_regressor_that_tells_zero_counts_apart_is_named():
    data = panel(units=40)
    marked = np.where(np.isin(np.arange(320), (33, 90, 201)), data["x1"] + 4.0, 0.0)
    counts = np.where(marked > 0, 0.0, data["counts"] + 1.0)
    both = np.column_stack([data["moving"], marked])
    with pytest.raises(DesignError, match="leave nothing of: column 1"):
        poisson_two_way(counts, both, data["unit"], data["period"])
    some = np.where(marked > 0, 2.0, counts)  # events in these rows: nothing is told apart
    assert not poisson_two_way(some, both, data["unit"], data["period"]).separated.any()
    mixed = np.column_stack([data["moving"], marked * np.where(np.arange(320) == 90, -1.0, 1.0)])
    found = poisson_two_way(counts, mixed, data["unit"], data["period"])
    assert not found.separated.any()  # no sign of the coefficient fits all three
    assert abs(found.fit.coefficients[1]) < 50


def test_zero_counts_that_effects_tell_apart_are_left_out():
    """Unit 0 alone is seen in periods 1 and 2, and has no event later: its later rows fit at minus infinity."""
    data = panel(units=40)
    kept = (data["unit"] == 0) | (data["period"] > 2)
    data = {name: values[kept] for name, values in data.items()}
    later = (data["unit"] == 0) & (data["period"] > 2)
    counts = np.where(later, 0.0, data["counts"] + 1.0)
    found = poisson_two_way(counts, data["moving"], data["unit"], data["period"])
    np.testing.assert_array_equal(found.separated, later)
    without = {name: values[~later] for name, values in (data | {"counts": counts}).items()}
    other = poisson_two_way(without["counts"], without["moving"], without["unit"], without["period"])
    np.testing.assert_allclose(found.fit.coefficients, other.fit.coefficients, atol=1e-10)


def test_refused():
    data = panel(units=10)
    with pytest.raises(DesignError, match="a count is negative"):
        counts_of(data | {"counts": data["counts"] - 5.0})
    with pytest.raises(DesignError, match="every count is zero"):
        counts_of(data | {"counts": data["counts"] * 0.0})
    with pytest.raises(DesignError, match="an exposure is zero or negative"):
        counts_of(data | {"exposure": data["exposure"] * 0.0})
    with pytest.raises(DesignError, match="leave nothing of: column 1"):
        counts_of(data | {"moving": data["x1"]})
