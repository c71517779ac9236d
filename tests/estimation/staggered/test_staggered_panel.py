"""The wide panel: what it holds, and what is refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.staggered.staggered_panel import first_treated_periods, listed, staggered_panel, sums_by


def test_rows_come_back_in_any_order():
    data = without_some_rows(panel())
    order = np.argsort(np.arange(data["unit"].size) * 7 % data["unit"].size)
    one = wide(data, ("x1", "moving"), weights="weight")
    two = wide({name: values[order] for name, values in data.items()}, ("x1", "moving"), weights="weight")
    np.testing.assert_array_equal(one.outcome, two.outcome)
    np.testing.assert_array_equal(one.covariates, two.covariates)
    seen = one.observed
    assert seen.sum() == data["unit"].size
    np.testing.assert_array_equal(one.outcome[seen], data["outcome"])
    assert np.isnan(one.outcome[~seen]).all()
    assert (one.weights[~seen] == 0).all()


def test_first_treated_periods():
    data = panel()
    treated = data["period"] >= data["first_treated"]
    np.testing.assert_array_equal(first_treated_periods(treated, data["unit"], data["period"]), data["first_treated"])


def test_treatment_that_switches_off_is_named():
    data = panel()
    treated = (data["period"] >= data["first_treated"]).astype(float)
    last = data["period"] == 8
    off = last & np.isin(data["unit"], data["unit"][(treated == 1) & last][:12])
    treated[off] = 0.0
    names = np.array([f"force {code:03d}" for code in data["unit"]])
    with pytest.raises(DesignError, match=r"treatment switches off: force \d+, .* and 2 more; end each unit's data"):
        first_treated_periods(treated, names, data["period"])
    with pytest.raises(DesignError, match="values other than 0 and 1"):
        first_treated_periods(treated * 2, names, data["period"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first_treated": [2, 3, np.inf, np.inf]}, "several first periods under treatment: a; give each unit one"),
        ({"first_treated": [2, np.nan, np.inf, np.inf]}, "use infinity for units never treated"),
        ({"first_treated": [2, 2, np.inf]}, r"first_treated has shape \(3,\) for 4 observations"),
        ({"period": [1, 1, 1, 2]}, "several rows for one period: a; add them up"),
        ({"unit": ["a", "a", "a", "a"], "period": [1, 2, 3, 4]}, "1 units and 4 periods"),
        ({"unit": ["a", None, "b", "b"]}, "unit: 1 missing values"),
        ({"cluster": ["x", "y", "x", "x"]}, "several clusters: a"),
        ({"weights": [1, 1, 0, 1]}, "a weight is zero or negative"),
        ({"outcome": [1, np.nan, 0, 1]}, "outcome: 1 missing"),
    ],
)
def test_refused(change, message):
    given = {
        "outcome": [1.0, 2.0, 3.0, 4.0],
        "unit": ["a", "a", "b", "b"],
        "period": [1, 2, 1, 2],
        "first_treated": [2, 2, np.inf, np.inf],
    }
    with pytest.raises(DesignError, match=message):
        staggered_panel(**(given | change))


def test_helpers():
    assert listed(str(i) for i in range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    values = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(sums_by(values, np.array([0, 1, 0, 2, 2, 1])), [[4, 6], [12, 14], [14, 16]])
