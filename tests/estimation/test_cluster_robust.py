"""CR1, CR2, CR3 and degrees of freedom: sandwich, pyfixest, diff-diff, and the formula on the whole design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.cluster_robust import cluster_robust, cluster_robust_contrasts
from evalkit.estimation.regression import two_way

from .conftest import REFERENCE


@pytest.fixture(scope="module")
def panel():
    return pd.read_csv(REFERENCE / "staggered_few_units_panel.csv")


def fit_of(panel, cluster, weighted=False, **options):
    columns = panel[["treatment", "covariate"]].to_numpy(float)
    weights = panel["weight"].to_numpy(float) if weighted else None
    codes = (panel["unit"].to_numpy(), panel["period"].to_numpy(), weights, panel[cluster].to_numpy())
    return cluster_robust(panel["outcome"].to_numpy(float), columns, *codes, **options)


@pytest.mark.parametrize("cluster", ["unit", "cluster", "crossed"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cr1_is_the_two_way_regression(panel, cluster, weighted):
    fit = fit_of(panel, cluster, weighted, correction="CR1")
    columns = panel[["treatment", "covariate"]].to_numpy(float)
    weights = panel["weight"].to_numpy(float) if weighted else None
    codes = (panel["unit"].to_numpy(), panel["period"].to_numpy(), weights, panel[cluster].to_numpy())
    other = two_way(panel["outcome"].to_numpy(float), columns, *codes)
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, other.covariance, rtol=1e-9)
    np.testing.assert_allclose(fit.residuals, other.residuals, atol=1e-9)
    assert fit.degrees_of_freedom.tolist() == [other.residual_df] * 2


@pytest.mark.parametrize("cluster", ["unit", "cluster", "crossed"])
def test_agrees_with_pyfixest_and_diff_diff(panel, reference, in_order, cluster):
    case = reference("staggered_few_units")
    plain, jackknife = case(f"pyfixest CRV1 {cluster}"), case(f"pyfixest CRV3 {cluster}")
    unbiased = case(f"diff-diff CR2 {cluster}")
    cr1, cr2, cr3 = (fit_of(panel, cluster, correction=name) for name in ("CR1", "CR2", "CR3"))
    np.testing.assert_allclose(cr1.coefficients, in_order(plain, "coefficient"), rtol=1e-8)
    np.testing.assert_allclose(cr1.standard_errors, in_order(plain, "se"), rtol=1e-8)
    np.testing.assert_allclose(cr2.standard_errors, in_order(unbiased, "se"), rtol=1e-8)
    np.testing.assert_allclose(cr2.degrees_of_freedom, in_order(unbiased, "df"), rtol=1e-7)
    # pyfixest puts its whole small-sample factor on CRV3; the jackknife has (G - 1) / G
    scale = np.sqrt(cr1.factor / cr3.factor)
    np.testing.assert_allclose(cr3.standard_errors * scale, in_order(jackknife, "se"), rtol=1e-8)


@pytest.mark.parametrize(
    ("cluster", "weighted", "name"),
    [
        ("unit", False, "unit plain"),
        ("unit", True, "unit weighted"),
        ("cluster", False, "cluster plain"),
        ("cluster", True, "cluster weighted"),
        ("crossed", False, "crossed"),
    ],
)
def test_agrees_with_sandwich(panel, reference, in_order, cluster, weighted, name):
    case = reference("staggered_few_units_sandwich")
    cr2, cr3 = (fit_of(panel, cluster, weighted, correction=kind) for kind in ("CR2", "CR3"))
    # vcovCL puts (G - 1) / G on both
    shrunk = np.sqrt((cr2.clusters - 1) / cr2.clusters)
    np.testing.assert_allclose(cr2.standard_errors * shrunk, in_order(case(f"sandwich HC2 {name}"), "se"), rtol=1e-8)
    np.testing.assert_allclose(cr3.standard_errors, in_order(case(f"sandwich HC3 {name}"), "se"), rtol=1e-8)


@pytest.mark.parametrize("cluster", ["cluster", "crossed"])
def test_cr3_is_the_jackknife_over_clusters(panel, reference, in_order, cluster):
    fit = fit_of(panel, cluster, correction="CR3")
    case = reference("staggered_few_units_sandwich")(f"jackknife {cluster}")
    np.testing.assert_allclose(fit.standard_errors, in_order(case, "se"), rtol=1e-8)


def test_two_groups_are_welch():
    """Two periods, treated units from the middle on: CR2 is Welch's standard error of the difference in change."""
    from scipy.stats import ttest_ind

    change = np.array([1.2, 0.4, 2.9, 0.1, -0.3, 0.8, 0.2, -0.9, 0.5])
    treated = np.arange(9) < 3
    outcome = np.column_stack([np.zeros(9), change]).ravel()
    path = np.column_stack([np.zeros(9), treated]).ravel()
    fit = cluster_robust(outcome, path, np.repeat(np.arange(9), 2), np.tile([0, 1], 9))
    welch = ttest_ind(change[treated], change[~treated], equal_var=False)
    assert fit.coefficients[0] / fit.standard_errors[0] == pytest.approx(welch.statistic, rel=1e-10)


def test_a_contrast_of_one_coefficient_is_that_coefficient_and_rotation_does_not_matter(panel):
    fit = fit_of(panel, "cluster")
    found = cluster_robust_contrasts(fit, [[1, 0], [0, 1], [1, 2]])
    np.testing.assert_allclose(found.df[:2], fit.degrees_of_freedom, rtol=1e-12)
    np.testing.assert_allclose(found.se[:2], fit.standard_errors, rtol=1e-12)
    columns = panel[["treatment", "covariate"]].to_numpy(float)
    turned = columns @ np.linalg.inv([[1.0, 2.0], [0.0, 1.0]])  # its first coefficient is b1 + 2 b2
    other = cluster_robust(
        panel["outcome"].to_numpy(float), turned, panel["unit"], panel["period"], None, panel["cluster"]
    )
    assert other.coefficients[0] == pytest.approx(found.values[2], rel=1e-9)
    assert other.standard_errors[0] == pytest.approx(found.se[2], rel=1e-9)
    assert other.degrees_of_freedom[0] == pytest.approx(found.df[2], rel=1e-8)
    with pytest.raises(DesignError, match="3 columns for 2 coefficients"):
        cluster_robust_contrasts(fit, [[1, 0, 0]])


def test_fewer_treated_clusters_leave_fewer_degrees_of_freedom():
    generator = np.random.default_rng(4)
    unit, period = np.repeat(np.arange(20), 6), np.tile(np.arange(6), 20)
    outcome = generator.normal(size=120)
    df = [
        cluster_robust(outcome, ((unit < count) & (period >= 3)) * 1.0, unit, period).degrees_of_freedom[0]
        for count in (2, 3, 5, 10)
    ]
    assert df == sorted(df)
    assert df[0] == pytest.approx(1.1, abs=0.2)  # two treated: hardly more than one difference
    assert df[-1] == pytest.approx(18, abs=1e-6)  # equal halves, equal variances: Welch with 10 and 10


def test_the_rule_says_which_and_bad_input_is_named(panel):
    assert "CR2 (10 clusters), residuals of a cluster times (I-H)^(-1/2)" in fit_of(panel, "cluster").rule
    assert "t with Satterthwaite's" in fit_of(panel, "cluster").rule
    assert "K = 14, unit effects not counted" in fit_of(panel, "unit", correction="CR1").rule
    assert "t with G-1 = 13" in fit_of(panel, "unit", reference="clusters").rule
    one = panel.assign(treatment=((panel["unit"] == 2) & (panel["period"] >= 5)) * 1)
    for correction in ("CR2", "CR3"):
        with pytest.raises(DesignError, match=r"cluster 2 alone carries regressor columns \[0\]"):
            fit_of(one, "unit", correction=correction)
    assert fit_of(one, "unit", correction="CR1").standard_errors[0] > 0
    with pytest.raises(DesignError, match="the correction is 'CR4'"):
        fit_of(panel, "unit", correction="CR4")
    absorbed = panel.assign(covariate=panel["unit"])
    with pytest.raises(DesignError, match=r"columns \[1\] do not vary"):
        fit_of(absorbed, "unit")
    with pytest.raises(DesignError, match="one group of clusters"):
        fit_of(panel.assign(cluster=0), "cluster")
