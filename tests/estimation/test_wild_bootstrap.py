"""The wild cluster bootstrap: wildboottest, running every regression, and the interval as the test's inverse."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.wild_bootstrap import WEBB, wild_bootstrap

from .conftest import REFERENCE


@pytest.fixture(scope="module")
def panel():
    return pd.read_csv(REFERENCE / "staggered_few_units_panel.csv")


def bootstrap(panel, cluster="cluster", outcome=None, weighted=False, **options):
    values = panel["outcome"].to_numpy(float) if outcome is None else outcome
    columns = panel[["treatment", "covariate"]].to_numpy(float)
    weights = panel["weight"].to_numpy(float) if weighted else None
    codes = (panel["unit"].to_numpy(), panel["period"].to_numpy(), weights, panel[cluster].to_numpy())
    return wild_bootstrap(values, columns, *codes, **options)


@pytest.mark.parametrize(("cluster", "sets"), [("cluster", 1024), ("crossed", 256)])
def test_agrees_with_wildboottest_when_all_signs_are_listed(panel, reference, cluster, sets):
    other = reference("staggered_few_units")(f"wildboottest {cluster}")
    found = bootstrap(panel, cluster, draws=9999)
    assert (found.draws, found.listed, found.seed) == (sets, True, None)
    assert found.p_value == pytest.approx(other["p_value"], abs=1e-12)
    # wildboottest counts every effect in K
    every = bootstrap(panel, cluster, draws=9999, small_sample="effects_counted")
    assert every.statistic == pytest.approx(other["statistic"], rel=1e-8)
    assert every.p_value == found.p_value
    assert found.smallest_p == 2 / sets


@pytest.mark.parametrize("cluster", ["unit", "crossed"])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_draw_is_a_regression(panel, cluster, weighted):
    """Each statistic is recomputed from the whole design, effects as columns."""
    found = bootstrap(panel, cluster, weighted=weighted, distribution="webb", draws=7, seed=3)
    root = np.sqrt(panel["weight"].to_numpy() if weighted else np.ones(len(panel)))
    effects = pd.get_dummies(panel[["unit", "period"]].astype(str), dtype=float)
    design = np.column_stack([panel[["treatment", "covariate"]], effects]) * root[:, None]
    outcome, inverse = panel["outcome"].to_numpy() * root, np.linalg.pinv(design)
    null = design[:, 1:] @ (np.linalg.pinv(design[:, 1:]) @ outcome)
    groups = np.unique(panel[cluster], return_inverse=True)[1]
    count = groups.max() + 1
    drawn = WEBB[np.random.Generator(np.random.PCG64(3)).integers(0, 6, (7, count))]
    for row, statistic in zip(drawn, found.statistics, strict=True):
        sample = null + row[groups] * (outcome - null)
        coefficients = inverse @ sample
        residuals = sample - design @ coefficients
        error = np.sqrt(found.factor * np.sum(np.bincount(groups, inverse[0] * residuals) ** 2))
        assert statistic == pytest.approx(coefficients[0] / error, rel=1e-7)


@pytest.mark.parametrize("options", [{"draws": 999, "seed": 1}, {"draws": 9999}, {"distribution": "webb", "seed": 2}])
def test_the_bounds_are_where_the_test_turns(panel, options):
    found = bootstrap(panel, **options)
    outcome, treatment = panel["outcome"].to_numpy(float), panel["treatment"].to_numpy(float)
    assert found.low < found.coefficient < found.high
    for bound, inward in ((found.low, 1e-6), (found.high, -1e-6)):
        kept = bootstrap(panel, outcome=outcome - (bound + inward) * treatment, **options)
        lost = bootstrap(panel, outcome=outcome - (bound - inward) * treatment, **options)
        assert kept.p_value > 0.05 >= lost.p_value


def test_a_contrast_is_tested_as_its_own_coefficient(panel):
    columns = panel[["treatment", "covariate"]].to_numpy(float)
    turned = columns @ np.linalg.inv([[1.0, 2.0], [0.0, 1.0]])
    outcome, codes = panel["outcome"].to_numpy(float), (panel["unit"], panel["period"])
    one = wild_bootstrap(outcome, turned, *codes)
    other = wild_bootstrap(outcome, columns, *codes, contrast=[1.0, 2.0])
    assert (one.coefficient, one.p_value) == pytest.approx((other.coefficient, other.p_value), rel=1e-9)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=1e-6)
    with pytest.raises(DesignError, match="the contrast is zero"):
        wild_bootstrap(outcome, columns, *codes, contrast=[0.0, 0.0])


def test_too_few_clusters_bound_nothing():
    """With five clusters the smallest p is 2/32 = 0.0625: nothing can be rejected at 95%."""
    generator = np.random.default_rng(0)
    unit, period = np.repeat(np.arange(5), 6), np.tile(np.arange(6), 5)
    outcome = generator.normal(size=30) + 100.0 * ((unit < 2) & (period >= 3))
    found = wild_bootstrap(outcome, ((unit < 2) & (period >= 3)) * 1.0, unit, period)
    assert found.smallest_p == 0.0625
    assert found.p_value >= 0.0625
    assert (found.low, found.high) == (-np.inf, np.inf)
    wider = wild_bootstrap(outcome, ((unit < 2) & (period >= 3)) * 1.0, unit, period, level=0.8)
    assert np.isfinite([wider.low, wider.high]).all()


def test_false_positives_are_near_five_per_cent():
    """Twelve clusters, six treated, random walks: CR1 with the normal would reject about 10%."""
    unit, period = np.repeat(np.arange(12), 10), np.tile(np.arange(10), 12)
    treatment = ((unit < 6) & (period >= 5)) * 1.0
    rejected = 0
    for seed in range(400):
        outcome = np.random.default_rng(seed).normal(size=(12, 10)).cumsum(axis=1).ravel()
        rejected += wild_bootstrap(outcome, treatment, unit, period, draws=199, seed=seed).p_value <= 0.05
    assert 0.02 <= rejected / 400 <= 0.08  # 2.8 standard errors either side


def test_999_draws_of_43_units_in_120_periods_are_quick():
    generator = np.random.default_rng(1)
    unit, period = np.repeat(np.arange(43), 120), np.tile(np.arange(120), 43)
    treatment = ((unit < 10) & (period >= 60)) * 1.0
    outcome = generator.normal(size=5160)
    times = []
    for _ in range(3):
        start = time.process_time()
        found = wild_bootstrap(outcome, treatment, unit, period)
        times.append(time.process_time() - start)
    assert found.draws == 999
    assert min(times) < 1.0  # 0.06 s on an idle core; processor time, with room for a busy machine


def test_the_rule_and_bad_input(panel):
    found = bootstrap(panel, "unit", seed=5)
    assert "null imposed, Rademacher weights, 14 clusters, 999 draws, seed 5" in found.rule
    assert found.smallest_p == 1 / 1000
    assert "all 1024 sets of signs" in bootstrap(panel, draws=1024).rule
    with pytest.raises(DesignError, match="0 draws"):
        bootstrap(panel, draws=0)
    with pytest.raises(DesignError, match="the distribution is 'mammen'"):
        bootstrap(panel, distribution="mammen")
    with pytest.raises(DesignError, match="no standard error"):
        bootstrap(panel, outcome=panel["treatment"].to_numpy(float) * 3)
