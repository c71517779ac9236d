"""Synthetic control and synthetic difference in differences: California's tobacco control, pysyncon, diff-diff."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from evalkit.errors import DesignError
from evalkit.estimation.synthetic.synthetic_control import synthetic_control, synthetic_control_placebos
from evalkit.estimation.synthetic.synthetic_did import synthetic_did
from evalkit.estimation.synthetic.synthetic_placebos import placebo_ranks


@pytest.fixture(scope="module")
def packs():
    """Packs of cigarettes a head in 39 states, 1970 to 2000 (from CausalPy); California's programme began in 1989."""
    package = importlib.util.find_spec("causalpy")  # found, not imported: what it depends on is not installed
    assert package is not None, "install requirements-test-data.lock"
    assert package.submodule_search_locations is not None
    source = Path(package.submodule_search_locations[0]) / "data" / "california_prop99.csv"
    with source.open(newline="") as file:
        years = list(csv.DictReader(file))
    states = sorted(set(years[0]) - {"Year"})
    assert [int(row["Year"]) for row in years] == list(range(1970, 2001))
    # the numbers went through single precision
    outcome = np.array([[round(float(row[name]), 1) for row in years] for name in states])
    return states, outcome


def first_of(packs, names=("California",), start=19):
    return np.where(np.isin(packs[0], names), start, 31)


def weights_of(packs, weights, names=("California",)):
    donors = [name for name in packs[0] if name not in names]
    return {name: float(weight) for name, weight in zip(donors, weights, strict=True)}


@pytest.fixture(scope="module")
def california(packs):
    return synthetic_did(packs[1], first_of(packs))


def penalised(outcome, fit, weights):
    """Return what unit weights minimise, from the paper's equation 4."""
    cohort = fit.cohorts[0]
    left = weights @ outcome[fit.donors][:, :19] - outcome[cohort.treated].mean(axis=0)[:19]
    return np.sum((left - left.mean()) ** 2) + cohort.ridge**2 * 19 * np.sum(weights**2)


def test_synthetic_did_is_the_published_california_estimate(packs, california, reference):
    """Arkhangelsky et al. (2021), table 1: -15.6; the package synthdid prints -15.604 with an approximate solver."""
    assert f"{california.effect:.1f}" == "-15.6"
    assert california.effect == pytest.approx(-15.60383, abs=0.003)
    other = reference("staggered_few_units")("diff-diff synthetic California")
    assert california.effect == pytest.approx(other["effect"], abs=0.003)
    assert california.cohorts[0].ridge == pytest.approx(other["zeta"], rel=1e-9)
    theirs = reference("staggered_few_units")("diff-diff synthetic weights")
    ours = weights_of(packs, california.cohorts[0].unit_weights)
    # its solver stops early and leaves 0.0034 on a state that the optimum does not use: ours must come lower
    assert ours == pytest.approx({name: theirs.get(name, 0.0) for name in ours}, abs=0.0035)
    peer = np.array([theirs.get(name, 0.0) for name in ours])
    cohort = california.cohorts[0]
    assert penalised(packs[1], california, cohort.unit_weights) < penalised(packs[1], california, peer / peer.sum())
    times = reference("staggered_few_units")("diff-diff synthetic times")
    found = {str(1970 + j): weight for j, weight in enumerate(california.cohorts[0].time_weights)}
    assert found == pytest.approx({year: times.get(year, 0.0) for year in found}, abs=0.001)
    assert california.cohorts[0].optimality_gap < 1e-10


def test_every_placebo_is_that_of_diff_diff(california, reference):
    other = reference("staggered_few_units")("diff-diff synthetic California")
    effects = np.array([other[f"placebo {j}"] for j in range(1, 39)])
    # its solver is approximate: up to 0.06 on effects of up to 32
    np.testing.assert_allclose(np.sort(california.placebos), effects, atol=0.06)
    assert california.standard_error == pytest.approx(np.std(effects), abs=0.005)
    # the paper prints 8.4, from placebos drawn at random; with all 38 the spread is 9.37
    assert california.standard_error == pytest.approx(8.4, abs=1.0)
    assert (california.listed, california.seed) == (True, None)
    assert (california.ranks.rank, california.ranks.compared) == (2, 39)
    assert california.ranks.p_value == pytest.approx(2 / 39)


def test_the_synthetic_did_path_gives_the_effect(packs, california):
    cohort = california.cohorts[0]
    gap = cohort.observed - cohort.counterfactual
    assert gap[19:].mean() == pytest.approx(california.effect, rel=1e-12)
    assert cohort.time_weights @ gap[:19] == pytest.approx(0.0, abs=1e-10)
    assert california.low == pytest.approx(california.effect - norm.isf(0.025) * california.standard_error)


def test_several_treated_jackknife_and_bootstrap_agree_with_diff_diff(packs, reference):
    other = reference("staggered_few_units")("diff-diff synthetic several")
    first = first_of(packs, ("California", "Nevada", "Utah"))
    jackknife = synthetic_did(packs[1], first, "jackknife")
    assert jackknife.effect == pytest.approx(other["effect"], abs=0.01)
    assert jackknife.standard_error == pytest.approx(other["se jackknife"], rel=5e-4)
    bootstrap = synthetic_did(packs[1], first, "bootstrap", draws=600)
    assert bootstrap.standard_error == pytest.approx(other["se bootstrap"], rel=0.1)  # both from random draws
    placebo = synthetic_did(packs[1], first, draws=100)
    assert (placebo.effect, placebo.listed, placebo.placebos.size) == (jackknife.effect, False, 100)
    assert jackknife.ranks is None


def test_several_starts_are_weighted_by_treated_unit_periods(packs):
    first = first_of(packs)
    first[[3, 7]] = 22
    first[11] = 22
    found = synthetic_did(packs[1], first, draws=20)
    alone = []
    for start in (19, 22):
        kept = (first == start) | (first == 31)
        alone.append(synthetic_did(packs[1][kept], first[kept], draws=2).effect)
    assert [cohort.effect for cohort in found.cohorts] == pytest.approx(alone, rel=1e-12)
    assert found.effect == pytest.approx(np.average(alone, weights=[12, 27]), rel=1e-12)
    assert "2 starts, 35 donors" in found.rule


def test_synthetic_did_finds_a_known_effect_and_the_placebo_interval_covers():
    """Two factors, one treated unit drawn at random among 20, 30 periods: 100 panels."""
    covered, errors = 0, []
    for seed in range(100):
        generator = np.random.default_rng(seed)
        outcome = generator.normal(size=(20, 2)) @ generator.normal(size=(2, 30)).cumsum(axis=1)
        outcome += generator.normal(size=(20, 30)) + generator.normal(size=(20, 1)) * 5
        first = np.where(np.arange(20) == 6, 20, 30)
        outcome[6, 20:] += 3.0
        found = synthetic_did(outcome, first)
        covered += found.low <= 3.0 <= found.high
        errors.append(found.effect - 3.0)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / 10
    assert 86 <= covered <= 100


def test_synthetic_control_of_california(packs, reference):
    """All outcomes before as predictors, each over its standard deviation: pysyncon's scaling."""
    found = synthetic_control(packs[1], first_of(packs), packs[1][:, :19])
    other = reference("staggered_few_units")("pysyncon California")
    weights = weights_of(packs, found.weights)
    assert weights == pytest.approx(other, abs=2e-4)
    chosen, donors = packs[0].index("California"), [name != "California" for name in packs[0]]
    scaled = packs[1][:, :19] / packs[1][:, :19].std(axis=0, ddof=1)
    theirs = np.array([other[name] for name in weights])
    ours, peer = (np.sum((scaled[chosen] - w @ scaled[donors]) ** 2) for w in (found.weights, theirs))
    assert ours <= peer * (1 + 1e-9)
    assert (found.unique, found.inside) == (True, False)


def test_synthetic_control_by_default_has_the_best_fit_before(packs):
    found = synthetic_control(packs[1], first_of(packs))
    assert found.pre_rmse == pytest.approx(1.656, abs=0.0005)
    assert f"{found.effect:.2f}" == "-19.51"
    assert found.effect == pytest.approx(found.gaps[19:].mean())
    assert found.ratio == pytest.approx(found.post_rmse / found.pre_rmse)
    np.testing.assert_allclose(found.synthetic, found.weights @ packs[1][found.donors])
    assert "all 19 periods before, all equally important" in found.rule


def test_placebos_in_space_rank_california(packs):
    first = first_of(packs)
    found, true = synthetic_control_placebos(packs[1], first), synthetic_control(packs[1], first)
    assert (found.effects.size, found.listed) == (38, True)
    nevada = next(j for j, units in enumerate(found.units) if packs[0][units[0]] == "Nevada")
    kept = np.array(packs[0]) != "California"
    alone = synthetic_control(packs[1][kept], first_of((np.array(packs[0])[kept], None), ("Nevada",)))
    assert found.effects[nevada] == pytest.approx(alone.effect, rel=1e-9)
    np.testing.assert_allclose(found.gaps[nevada], alone.gaps)
    assert found.ratio_rank == 1 + np.sum(found.ratios >= true.ratio)
    assert found.ratio_p_value == found.ratio_rank / 39
    scaled = np.abs(found.effects) / found.pre_rmses
    assert found.ranks.rank == 1 + np.sum(scaled >= abs(true.effect) / true.pre_rmse)
    assert (found.ranks.p_value <= 0.05) == (not found.ranks.low <= 0 <= found.ranks.high)


def test_importance_by_regression_is_that_of_stata_and_r(packs):
    """Squared coefficients of a regression of each outcome before on all predictors, summed, as R's Synth starts."""
    generator = np.random.default_rng(1)
    predictors = np.column_stack([packs[1][:, [5, 10, 18]], generator.normal(size=39)])
    found = synthetic_control(packs[1], first_of(packs), predictors, "regression")
    scaled = predictors / predictors.std(axis=0, ddof=1)
    design = np.column_stack([np.ones(39), scaled])
    coefficients = np.linalg.inv(design.T @ design) @ design.T @ packs[1][:, :19]
    expected = np.diag(coefficients[1:] @ coefficients[1:].T)
    np.testing.assert_allclose(found.importance, expected / expected.sum(), rtol=1e-8)
    given = synthetic_control(packs[1], first_of(packs), predictors, expected)
    np.testing.assert_allclose(given.weights, found.weights, atol=1e-9)
    assert found.importance[3] < 0.05  # noise explains nothing


def test_several_treated_units_are_averaged(packs):
    names = ("California", "Utah")
    found = synthetic_control(packs[1], first_of(packs, names))
    rows = np.isin(packs[0], names)
    np.testing.assert_allclose(found.observed, packs[1][rows].mean(axis=0))
    placebos = synthetic_control_placebos(packs[1], first_of(packs, names), draws=30)
    assert [units.size for units in placebos.units] == [2] * 30
    assert (placebos.listed, placebos.seed) == (False, 0)


def test_a_perfect_fit_before_is_no_evidence():
    """Nine donors for two periods before: many are matched exactly, and a gap that is rounding must rank nothing."""
    generator = np.random.default_rng(8)
    outcome, first = generator.normal(size=(10, 6)), np.append(2, np.full(9, 6))
    outcome[0] = outcome[1:].mean(axis=0) + (np.arange(6) >= 2)
    found = synthetic_control(outcome, first)
    assert (found.pre_rmse, found.inside, found.unique, found.ratio) == (0.0, True, False, np.inf)
    placebos = synthetic_control_placebos(outcome, first)
    perfect = 1 + int(np.sum(placebos.pre_rmses == 0.0))
    assert perfect > 1
    assert placebos.ranks.rank == placebos.ratio_rank == perfect  # ties count against it
    twin = outcome.copy()
    twin[0] = twin[1]
    same = synthetic_control(twin[:3], first[[0, 8, 9]])
    assert (same.pre_rmse, same.post_rmse, same.ratio) == (0.0, 0.0, 0.0)


def test_ranks_by_hand():
    found = placebo_ranks(3.0, [1.0, -2.0, 3.0, -0.5], level=0.5)
    assert (found.rank, found.compared, found.p_value, found.smallest_p) == (2, 5, 0.4, 0.2)
    # at 50% an effect d stands while more than 2.5 of 5 are as extreme: up to the second smallest reach, 2
    assert (found.low, found.high) == pytest.approx((1.0, 5.0), rel=1e-6)
    assert (placebo_ranks(3.0, [1.0, -2.0, 3.0, -0.5], 0.95).low) == -np.inf  # 1/5 is above 0.05
    scaled = placebo_ranks(3.0, [1.0, -2.0, 3.0, -0.5], 0.5, [1.0, 0.1, 1.0, 1.0, 0.1])
    assert scaled.rank == 4  # 3 against 10, 2, 3, 5


def test_bad_input_is_named(packs):
    outcome, first = packs[1], first_of(packs)
    with pytest.raises(DesignError, match=r"treated units start in periods \[12, 19\]"):
        synthetic_control(outcome, np.where(np.arange(39) == 5, 12, first))
    with pytest.raises(DesignError, match=r"predictors \[1\] are the same for all"):
        synthetic_control(outcome, first, np.column_stack([outcome[:, 0], np.ones(39)]))
    with pytest.raises(DesignError, match="choose equal or regression"):
        synthetic_control(outcome, first, None, "nested")
    with pytest.raises(DesignError, match="too many or dependent"):
        synthetic_control(outcome, first, outcome[:, [1, 1]], "regression")
    with pytest.raises(DesignError, match="none negative"):
        synthetic_control(outcome, first, outcome[:, :2], [1.0, -1.0])
    with pytest.raises(DesignError, match="needs two treated units in every cohort"):
        synthetic_did(outcome, first, "jackknife")
    with pytest.raises(DesignError, match="the bootstrap needs two treated units"):
        synthetic_did(outcome, first, "bootstrap")
    with pytest.raises(DesignError, match=r"units \[2\] start with fewer than two periods"):
        synthetic_did(outcome, np.where(np.arange(39) == 2, 1, 31))
    with pytest.raises(DesignError, match="need more units that are never treated than 2"):
        synthetic_did(outcome[:4], np.array([19, 19, 31, 31]))
    with pytest.raises(DesignError, match="missing or infinite"):
        synthetic_did(np.where(outcome > 200, np.nan, outcome), first)
    with pytest.raises(DesignError, match="the variance is 'none'"):
        synthetic_did(outcome, first, "none")
    with pytest.raises(DesignError, match="do not vary"):
        placebo_ranks(1.0, [2.0, 2.0], 0.95)
