"""Unit and period effects: the published estimates for castle doctrine laws, and pyfixest."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import DesignError
from evalkit.estimation.regression import ordinary, two_way
from evalkit.estimation.within import within_two_way


@pytest.fixture(scope="module")
def castle():
    """Cheng and Hoekstra's states and years, as Cunningham's Causal Inference prints them (package causaldata)."""
    from causaldata import castle

    frame = castle.load_pandas().data
    return {
        "outcome": np.log(frame["homicide"].to_numpy(dtype=float)),
        "post": frame["post"].to_numpy(dtype=float),
        "weights": frame["popwt"].to_numpy(dtype=float),
        "unit": frame["sid"].to_numpy(dtype=int),
        "period": frame["year"].to_numpy(dtype=int),
    }


def fit_of(castle, weighted, **options):
    weights = castle["weights"] if weighted else None
    return two_way(castle["outcome"], castle["post"], castle["unit"], castle["period"], weights, **options)


@pytest.mark.parametrize(
    ("small_sample", "weighted", "unweighted"),
    [
        ("effects_nested", "0.0755 0.0332", "0.0694 0.0559"),
        ("effects_counted", "0.0755 0.0348", "0.0694 0.0586"),
        ("no_cluster_factor", "0.0755 0.0345", "0.0694 0.0581"),
    ],
)
def test_castle_doctrine(castle, small_sample, weighted, unweighted):
    for is_weighted, printed in ((True, weighted), (False, unweighted)):
        fit = fit_of(castle, is_weighted, small_sample=small_sample)
        assert f"{fit.coefficients[0]:.4f} {fit.standard_errors[0]:.4f}" == printed
        assert fit.residual_df == 49
        assert fit.residuals.size == 550


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cluster", ["unit", "period", "crossed"])
def test_agrees_with_pyfixest(castle, weighted, cluster):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        import pyfixest

        frame = pd.DataFrame(castle | {"crossed": np.arange(550) % 37})
        other = pyfixest.feols(
            "outcome ~ post | unit + period",
            frame,
            vcov={"CRV1": cluster},
            weights="weights" if weighted else None,
            fixef_tol=1e-12,
        )
    fit = fit_of(castle, weighted, cluster=frame[cluster].to_numpy())
    assert fit.coefficients[0] == pytest.approx(float(other.coef().iloc[0]), abs=1e-8)
    assert fit.standard_errors[0] == pytest.approx(float(other.se().iloc[0]), abs=1e-6)


def test_the_rule_says_which_effects_are_counted(castle):
    assert "unit effects not counted (nested in clusters), period effects counted" in fit_of(castle, False).rule
    assert "K = 12" in fit_of(castle, False).rule
    crossed = fit_of(castle, False, cluster=np.arange(550) % 37)
    assert "K = 61, unit effects counted, period effects counted" in crossed.rule
    assert crossed.residual_df == 36


@pytest.mark.parametrize("weighted", [False, True])
def test_classical_is_the_regression_on_indicators(castle, weighted):
    unit, period = castle["unit"], castle["period"]
    indicators = [unit == code for code in np.unique(unit)] + [period == code for code in np.unique(period)[1:]]
    long = ordinary(
        castle["outcome"], np.column_stack([castle["post"], *indicators]), castle["weights"] if weighted else None
    )
    fit = fit_of(castle, weighted, covariance="classical")
    assert fit.coefficients[0] == pytest.approx(long.coefficients[0], rel=1e-9)
    assert fit.standard_errors[0] == pytest.approx(long.standard_errors[0], rel=1e-9)
    assert fit.scale == pytest.approx(long.scale, rel=1e-9)
    np.testing.assert_allclose(fit.standardised, long.standardised, rtol=1e-7, atol=1e-9 * fit.scale**0.5)
    assert fit.residual_df == long.residual_df == 489
    np.testing.assert_allclose(fit.fitted, long.fitted, rtol=1e-9)


def test_repeated_cross_sections_have_several_rows_a_cell(castle):
    twice = {name: np.concatenate([values, values]) for name, values in castle.items()}
    once, doubled = fit_of(castle, False), fit_of(twice, False)
    assert doubled.coefficients[0] == pytest.approx(once.coefficients[0], rel=1e-9)
    factors = np.sqrt(1099 / 1088 / (549 / 538))
    assert doubled.standard_errors[0] == pytest.approx(once.standard_errors[0] * factors, rel=1e-9)


def test_absorbed_and_dependent_regressors_are_named(castle):
    by_state = castle["unit"] * 1.0
    with pytest.raises(DesignError, match=r"columns \[1\] do not vary within"):
        two_way(castle["outcome"], np.column_stack([castle["post"], by_state]), castle["unit"], castle["period"])
    shifted = castle["post"] * 3 + castle["period"]
    with pytest.raises(DesignError, match=r"columns \[1\] depend on"):
        two_way(castle["outcome"], np.column_stack([castle["post"], shifted]), castle["unit"], castle["period"])


def test_too_few_groups_are_refused(castle):
    with pytest.raises(DesignError, match="clusters"):
        fit_of(castle, False, cluster=np.zeros(550, dtype=int))
    with pytest.raises(DesignError, match="periods"):
        two_way([1.0, 2, 3, 4], [0.0, 1, 0, 1], [0, 1, 2, 3], [5, 5, 5, 5])
    with pytest.raises(DesignError, match="4 observations cannot carry 4 terms"):
        two_way([1.0, 2, 3, 5], [0.0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_within_is_the_residual_of_indicators(seed, weighted):
    generator = np.random.default_rng(seed)
    unit, period = generator.integers(0, 6, 40), generator.integers(0, 5, 40)
    values, weights = generator.normal(size=(40, 2)), generator.uniform(0.5, 2, 40) if weighted else np.ones(40)
    indicators = np.column_stack([unit[:, None] == np.arange(6), period[:, None] == np.arange(5)]) * 1.0
    root = np.sqrt(weights)[:, None]
    effects = np.linalg.lstsq(indicators * root, values * root, rcond=None)[0]
    np.testing.assert_allclose(within_two_way(values, unit, period, weights), values - indicators @ effects, atol=1e-10)
