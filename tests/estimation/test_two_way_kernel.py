"""The kernel of two-way regressions, held to linearmodels at 1e-10."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linearmodels.panel import PanelOLS

from evalkit.errors import DesignError
from evalkit.estimation import regression
from evalkit.estimation.few_units.cluster_robust import cluster_robust
from evalkit.estimation.two_way_kernel import two_way_kernel
from evalkit.estimation.within import DENSE, two_way_effects, within_two_way

SMALL_SAMPLE = ("effects_nested", "effects_counted", "no_cluster_factor")


def panel(seed, missing=0.0, covariates=2, units=43, periods=60):
    """Return rows in no order: a treatment that starts late in a third of the units, covariates, weights, regions."""
    generator = np.random.default_rng(seed)
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    kept = generator.permutation(np.flatnonzero(generator.random(unit.size) >= missing))
    unit, period = unit[kept], period[kept]
    start = np.where(np.arange(units) % 3 == 0, generator.integers(20, 40, units), periods + 1)
    treated = (period >= start[unit]).astype(float)
    extra = generator.normal(size=(kept.size, covariates)) + 0.3 * treated[:, None]
    noise = generator.normal(size=kept.size) + generator.normal(size=units)[unit] * np.sin(period / 9.0)
    return {
        "outcome": 1000.0 + 3.0 * unit - 0.5 * period + treated + noise,
        "regressors": np.column_stack([treated, extra]),
        "unit": unit + 700,
        "period": period + 1990,
        "weights": generator.uniform(0.2, 5.0, kept.size) * (1.0 + 100.0 * (unit % 5 == 0)),
        "region": unit // 4,
    }


def library(rows, weighted, cluster):
    """Return the result of linearmodels, called here and not through the project."""
    index = [rows["unit"], rows["period"]]
    clusters = {"clusters": pd.DataFrame({"c": rows["region"]}, index=index)}
    model = PanelOLS(
        pd.Series(rows["outcome"], index=index),
        pd.DataFrame(rows["regressors"], index=index),
        entity_effects=True,
        time_effects=True,
        weights=pd.Series(rows["weights"], index=index) if weighted else None,
    )
    options = {"cluster_entity": True} if cluster == "unit" else clusters
    return model.fit(cov_type="clustered", debiased=False, count_effects=False, auto_df=False, **options)


def residuals_by_indicators(rows, weighted):
    """Return what least squares on an indicator of every unit and period leaves."""
    units, periods = (np.unique(rows[name])[None, :] for name in ("unit", "period"))
    indicators = [rows["unit"][:, None] == units, rows["period"][:, None] == periods[:, 1:]]
    columns = np.column_stack([rows["regressors"], *indicators])
    root = np.sqrt(rows["weights"]) if weighted else np.ones(len(columns))
    found = np.linalg.lstsq(columns * root[:, None], rows["outcome"] * root, rcond=None)[0]
    return rows["outcome"] - columns @ found


@pytest.mark.parametrize("small_sample", SMALL_SAMPLE)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("cluster", ["unit", "region"])
def test_is_linearmodels(cluster, missing, weighted, small_sample):
    rows = panel(7, missing)
    other = library(rows, weighted, cluster)
    fit = two_way_kernel(
        rows["outcome"], rows["regressors"], rows["unit"], rows["period"],
        rows["weights"] if weighted else None, rows["region"] if cluster == "region" else None, small_sample,
    )  # fmt: skip
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-10)
    n, clusters = fit.residuals.size, int(fit.extra["clusters"])
    nested = small_sample == "effects_nested"
    terms = 3 + 1 + 59 + (0 if nested else 42)
    factor = n / (n - terms) if small_sample == "no_cluster_factor" else (n - 1) / (n - terms)
    if small_sample != "no_cluster_factor":
        factor *= clusters / (clusters - 1)
    assert fit.extra["factor"] == pytest.approx(factor, rel=1e-14)
    np.testing.assert_allclose(fit.covariance, np.asarray(other.cov) * factor, rtol=1e-10)
    frame = pd.Series(np.asarray(other.resids), index=other.resids.index)
    np.testing.assert_allclose(
        fit.residuals, frame.loc[list(zip(rows["unit"], rows["period"], strict=True))], atol=1e-9
    )
    assert fit.residual_df == clusters - 1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(SMALL_SAMPLE), st.sampled_from([0, 1, 3]))
def test_is_the_fit_of_small_panels(seed, weighted, small_sample, covariates):
    rows = panel(seed, 0.15, covariates, units=12, periods=45)
    given_rows = (rows["outcome"], rows["regressors"], rows["unit"], rows["period"],
                  rows["weights"] if weighted else None, rows["region"], small_sample)  # fmt: skip
    own, reported = two_way_kernel(*given_rows), regression.two_way(*given_rows)
    size = np.sqrt(np.outer(np.diag(reported.covariance), np.diag(reported.covariance)))
    np.testing.assert_allclose(own.coefficients, reported.coefficients, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(own.covariance / size, reported.covariance / size, atol=1e-9)
    assert own.rule == reported.rule
    assert own.extra == pytest.approx(dict(reported.extra), rel=1e-14)
    left = residuals_by_indicators(rows, weighted)  # linearmodels' own keep seven or eight digits
    np.testing.assert_allclose(own.residuals, left, atol=1e-9)
    np.testing.assert_allclose(own.fitted, rows["outcome"] - left, atol=1e-9)
    np.testing.assert_allclose(own.standardised, left * (np.sqrt(rows["weights"]) if weighted else 1.0), atol=1e-8)
    np.testing.assert_allclose(own.residuals, reported.residuals, atol=1e-6)


def test_classical_errors_are_those_of_the_fit_of_small_panels():
    rows = panel(3, 0.1)
    given_rows = (rows["outcome"], rows["regressors"], rows["unit"], rows["period"], rows["weights"])
    own = two_way_kernel(*given_rows, covariance="classical")
    reported = regression.two_way(*given_rows, covariance="classical")
    np.testing.assert_allclose(own.covariance, reported.covariance, rtol=1e-10)
    assert (own.rule, own.residual_df) == (reported.rule, reported.residual_df)
    assert own.scale == pytest.approx(reported.scale, rel=1e-10)


def test_many_rows_go_to_the_kernel(monkeypatch):
    rows = panel(5)
    given_rows = (rows["outcome"], rows["regressors"], rows["unit"], rows["period"])
    small = regression.two_way(*given_rows)
    monkeypatch.setattr(regression, "LIBRARY_ROWS", 100)
    monkeypatch.delattr(regression, "_panel_fit")
    np.testing.assert_allclose(regression.two_way(*given_rows).covariance, small.covariance, rtol=1e-10)


def test_a_panel_that_falls_into_parts_and_has_uneven_weights():
    """Two groups of units that share no period, weights over eight orders of magnitude: against the indicators."""
    generator = np.random.default_rng(2)
    unit = np.concatenate([generator.integers(0, 5, 60), 5 + generator.integers(0, 5, 60)])
    period = np.concatenate([generator.integers(0, 6, 60), 6 + generator.integers(0, 6, 60)])
    weights = 10.0 ** generator.uniform(-4, 4, 120)
    values = generator.normal(size=(120, 2))
    indicators = np.column_stack([unit[:, None] == np.arange(10), period[:, None] == np.arange(12)]) * 1.0
    root = np.sqrt(weights)[:, None]
    effects = np.linalg.lstsq(indicators * root, values * root, rcond=None)[0]
    np.testing.assert_allclose(
        within_two_way(values, unit, period, weights) * root, (values - indicators @ effects) * root, atol=1e-8
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_more_cells_than_fit_into_memory_are_held_sparse(monkeypatch, weighted):
    rows = panel(9, 0.3)
    unit, period = rows["unit"] - 700, rows["period"] - 1990
    weights = rows["weights"] if weighted else None
    dense = two_way_effects(unit, period, weights).taken_out(rows["regressors"])
    monkeypatch.setattr("evalkit.estimation.within.DENSE", 10)
    sparse = two_way_effects(unit, period, weights)
    assert not isinstance(sparse.table, np.ndarray)
    np.testing.assert_allclose(sparse.taken_out(rows["regressors"]), dense, atol=1e-11)
    assert DENSE > 10_000_000


def test_what_the_fit_of_small_panels_refuses():
    rows = panel(4)
    with pytest.raises(DesignError, match=r"columns \[1\] do not vary within"):
        two_way_kernel(rows["outcome"], np.column_stack([rows["regressors"][:, 0], rows["unit"]]), rows["unit"],
                       rows["period"])  # fmt: skip
    with pytest.raises(DesignError, match="choose one of"):
        two_way_kernel(rows["outcome"], rows["regressors"], rows["unit"], rows["period"], small_sample="none")
    with pytest.raises(DesignError, match="zero or negative"):
        two_way_kernel(rows["outcome"], rows["regressors"], rows["unit"], rows["period"], -rows["weights"])
    one = (rows["unit"] == 700) & (rows["period"] >= 2020)
    with pytest.raises(DesignError, match="too few to give each of 1 terms"):
        two_way_kernel(rows["outcome"], one * 1.0, rows["unit"], rows["period"], cluster=rows["unit"] == 700)


def test_uncorrected_errors_do_not_need_the_effects_as_columns():
    """CR1 through the kernel is CR1 with every effect held as a column, as Satterthwaite's degrees need it."""
    rows = panel(11, 0.1)
    for cluster in (None, rows["region"]):
        given_rows = (rows["outcome"], rows["regressors"], rows["unit"], rows["period"], rows["weights"], cluster)
        plain = cluster_robust(*given_rows, correction="CR1")
        held = cluster_robust(*given_rows, correction="CR1", reference="satterthwaite")
        np.testing.assert_allclose(plain.covariance, held.covariance, rtol=1e-9)
        np.testing.assert_allclose(plain.residuals, held.residuals, atol=1e-9)
        assert plain.rule.partition("; ")[0] == held.rule.partition("; ")[0]
        assert plain.factor == pytest.approx(held.factor, rel=1e-14)
