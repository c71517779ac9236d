"""Unit and period effects on a wide panel against the regression with linearmodels, and dependent terms by name."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.regression import two_way
from evalkit.estimation.staggered.group_time_result import clustered_covariance
from evalkit.estimation.staggered.wide_regression import WideRegression, dependent_terms


def fitted(data, covariates=("moving",), terms=None):
    made = wide(data, covariates, weights="weight", cluster="cluster")
    cohorts, cohort = np.unique(made.first_treated, return_inverse=True)
    none = np.zeros((cohorts.size, made.periods.size, 0)) if terms is None else terms(cohorts, made.periods)
    names = (*(f"term {j}" for j in range(none.shape[2])), *covariates)
    return made, WideRegression(made.weights, cohort, none, made.covariates, names).fit(made.outcome)


def post(cohorts, periods):
    return (periods[None, :, None] >= cohorts[:, None, None]).astype(float)


@pytest.mark.parametrize("data", [panel(), without_some_rows(panel(), 0.3)], ids=["balanced", "with gaps"])
def test_equals_the_two_way_regression(data):
    treated = (data["period"] >= data["first_treated"]).astype(float)
    made, fit = fitted(data, terms=post)
    other = two_way(
        data["outcome"],
        np.column_stack([treated, data["moving"]]),
        data["unit"],
        data["period"],
        data["weight"],
        data["cluster"],
    )
    np.testing.assert_allclose(fit.coefficients, other.coefficients, atol=1e-10)
    covariance = clustered_covariance(fit.influence, made.cluster) * other.extra["factor"]
    np.testing.assert_allclose(covariance, other.covariance, atol=1e-10)
    np.testing.assert_allclose(fit.residuals[made.observed], other.residuals, atol=1e-9)
    rest = fit.unit_effects[:, None] + fit.period_effects + made.covariates[:, :, 0] * fit.coefficients[1]
    rest = rest + made.treated * fit.coefficients[0] + fit.residuals
    np.testing.assert_allclose(rest[made.observed], made.outcome[made.observed], atol=1e-9)


def test_a_covariate_far_from_zero_is_as_exact():
    data = panel()
    far = data | {"moving": data["moving"] * 1e-2 + 1e6}
    near, moved = fitted(data)[1], fitted(far)[1]
    assert moved.coefficients[0] * 1e-2 == pytest.approx(near.coefficients[0], abs=1e-6)


def test_dependent_terms_are_named():
    data = panel()
    with pytest.raises(DesignError, match="leave nothing of: period_again"):
        fitted(data | {"period_again": data["period"] * 3.0}, ("moving", "period_again"))
    with pytest.raises(DesignError, match="leave nothing of: twice"):
        fitted(data | {"twice": data["moving"] * 2.0 + data["unit"]}, ("moving", "twice"))
    with pytest.raises(DesignError, match="leave nothing of: term 0"):
        fitted(data, terms=lambda cohorts, periods: np.ones((cohorts.size, periods.size, 1)))


def test_the_later_of_two_dependent_columns_is_blamed():
    columns = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 2.0], [2.0, 0.0, 2.0]])
    gram = columns.T @ columns
    assert dependent_terms(gram, np.ones(3, dtype=bool), np.diag(gram)) == [2]
