"""Many series at once give what the single fits give, which are held to R; and what cannot be fitted is marked."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.fit import Fit, contrasts
from evalkit.estimation.regression import generalised_linear, newey_west, ordinary
from evalkit.estimation.series import many, many_counts
from evalkit.estimation.series.autoregressive import restricted_likelihood
from evalkit.estimation.series.autoregressive_counts import quasi_likelihood
from evalkit.estimation.series.prais_winsten import iterated
from evalkit.estimation.series.segmented import SegmentedDesign, average_effect_weights, effect_rows, segmented_design
from evalkit.estimation.series.simulated_series import autoregressive_errors, counts_with

WITH_GAPS = np.delete(np.arange(40), [3, 4, 10, 17, 18, 19, 30])
CASES = {
    "without a gap": (np.arange(24), False, 0.4),
    "season": (np.arange(48), True, 0.4),
    "gaps": (WITH_GAPS, False, 0.6),
    "alternating": (np.arange(20), False, -0.5),
    "drifting": (np.arange(16), False, 0.95),
}


def terms(positions: np.ndarray, season: bool) -> tuple[SegmentedDesign, np.ndarray]:
    design = segmented_design(positions, positions[len(positions) // 2], positions % 12 if season else None)
    return design, np.stack([effect_rows(design)[0], average_effect_weights(design)])


def drawn(points: int, rho: float, series: int = 40, seed: int = 1) -> np.ndarray:
    return autoregressive_errors(np.random.default_rng(seed), series, points, rho)


def same(found: many.Contrasts, at: int, fit: Fit, weights: np.ndarray, tolerance: float) -> None:
    each = contrasts(fit, weights)
    assert found.settled[at]
    assert found.values[at] == pytest.approx(each.values, abs=tolerance)
    assert found.se[at] == pytest.approx(each.se, rel=tolerance)
    assert each.df is not None
    assert found.df[at] == pytest.approx(each.df, rel=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_restricted_likelihood_equals_the_single_fit(case: str) -> None:
    positions, season, rho = CASES[case]
    design, weights = terms(positions, season)
    outcomes = 100.0 + drawn(len(positions), rho)
    found = many.restricted_likelihood(outcomes, design.matrix, weights, positions)
    for at, outcome in enumerate(outcomes):
        fit = restricted_likelihood(outcome, design.matrix, positions)
        assert found.rho[at] == pytest.approx(fit.extra["rho"], abs=1e-9)
        same(found, at, fit, weights, 1e-7)
        known = contrasts(restricted_likelihood(outcome, design.matrix, positions, "satterthwaite"), weights)
        assert found.known_se[at] == pytest.approx(known.se, rel=1e-8)
    if case == "drifting":
        assert (found.rho == 0.99).any()


@pytest.mark.parametrize("case", ["without a gap", "season", "gaps"])
def test_least_squares_equals_the_single_fit(case: str) -> None:
    positions, season, rho = CASES[case]
    design, weights = terms(positions, season)
    outcomes = drawn(len(positions), rho)
    plain, robust = (fit(outcomes, design.matrix, weights) for fit in (many.ordinary, many.newey_west))
    wide = many.newey_west(outcomes, design.matrix, weights, lags=5)
    winsten = many.prais_winsten(outcomes, design.matrix, weights, positions)
    for at, outcome in enumerate(outcomes):
        same(plain, at, ordinary(outcome, design.matrix), weights, 1e-10)
        same(robust, at, newey_west(outcome, design.matrix), weights, 1e-10)
        same(wide, at, newey_west(outcome, design.matrix, 5), weights, 1e-10)
        single = iterated(outcome, design.matrix, positions)
        assert winsten.rho[at] == pytest.approx(single.extra["rho"], abs=1e-8)
        same(winsten, at, single, weights, 1e-7)


@pytest.mark.parametrize("case", ["without a gap", "season", "gaps"])
def test_counts_equal_the_single_fit(case: str) -> None:
    positions, season, rho = CASES[case]
    design, weights = terms(positions, season)
    exposure = np.linspace(1.0, 2.0, len(positions))
    counts = counts_with(drawn(len(positions), rho, 20), 12.0 * exposure, 2.0)
    correlated = many_counts.quasi_likelihood(counts, design.matrix, weights, exposure, positions)
    plain = many_counts.quasi_poisson(counts, design.matrix, weights, exposure)
    robust = many_counts.quasi_poisson(counts, design.matrix, weights, exposure, newey_west=True)
    assert correlated.settled.mean() > 0.9
    for at, each in enumerate(counts):
        if correlated.settled[at]:
            fit = quasi_likelihood(each, design.matrix, exposure, positions)
            assert correlated.rho[at] == pytest.approx(fit.extra["rho"], abs=1e-6)
            same(correlated, at, fit, weights, 1e-6)
        same(plain, at, generalised_linear(each, design.matrix, "quasi_poisson", exposure), weights, 1e-9)
        fit = generalised_linear(each, design.matrix, "quasi_poisson", exposure, "newey_west")
        same(robust, at, fit, weights, 1e-9)


def test_counts_whose_equations_run_away_equal_the_single_fit_too() -> None:
    design, weights = terms(np.arange(12), season=False)
    counts = counts_with(drawn(12, 0.4, 60), np.full(12, 5.0), 2.0)
    found = many_counts.quasi_likelihood(counts, design.matrix, weights)
    assert np.isin(np.round(np.abs(found.rho), 12), [0.8, 0.9]).sum() >= 3
    for at, each in enumerate(counts):
        if found.settled[at]:
            same(found, at, quasi_likelihood(each, design.matrix), weights, 1e-6)


def test_more_series_than_a_chunk_are_in_their_order() -> None:
    design, weights = terms(np.arange(24), season=False)
    outcomes = drawn(24, 0.4, many.CHUNK + 3)
    found = many.restricted_likelihood(outcomes, design.matrix, weights)
    assert found.values.shape == (many.CHUNK + 3, 2)
    same(found, many.CHUNK + 2, restricted_likelihood(outcomes[-1], design.matrix), weights, 1e-7)


def test_rounded_autocorrelation_moves_standard_errors_little() -> None:
    design, weights = terms(np.arange(48), season=True)
    outcomes = drawn(48, 0.4, 300)
    exact, near = (many.restricted_likelihood(outcomes, design.matrix, weights, rounded=r) for r in (False, True))
    assert np.max(np.abs(near.rho - exact.rho)) < 0.031
    assert np.mean(near.se / exact.se) == pytest.approx(1.0, abs=0.01)
    assert np.mean(near.df / exact.df) == pytest.approx(1.0, abs=0.02)


def test_what_cannot_be_fitted_is_marked_and_harms_no_other() -> None:
    design, weights = terms(np.arange(24), season=False)
    outcomes = drawn(24, 0.3, 3)
    outcomes[1] = design.matrix @ [1.0, 2.0, 3.0, 4.0]  # perfect fit
    found = many.restricted_likelihood(outcomes, design.matrix, weights)
    assert found.settled.tolist() == [True, False, True]
    assert np.isnan(found.se[1]).all()
    assert not found.covers(0.0)[1].any()
    counts = np.full((3, 24), 6.0) + np.arange(24) % 3
    counts[1, 12:] = 0.0  # nothing after: the change has no finite estimate
    found = many_counts.quasi_likelihood(counts, design.matrix, weights)
    assert found.settled.tolist()[1] is False
    assert np.isnan(many_counts.quasi_poisson(counts, design.matrix, weights).se[1]).all()


def test_intervals_cover() -> None:
    """Coverage by Student's theory, exactly 95% without autocorrelation: 4,000 series, within 4 standard errors."""
    design, weights = terms(np.arange(24), season=False)
    held = many.ordinary(drawn(24, 0.0, 4000), design.matrix, weights).covers(0.0).mean(axis=0)
    assert held == pytest.approx([0.95, 0.95], abs=4 * np.sqrt(0.95 * 0.05 / 4000))


def test_refusals() -> None:
    design, weights = terms(np.arange(24), season=False)
    outcomes = drawn(24, 0.0, 2)
    with pytest.raises(DesignError, match="3 columns for 4 coefficients"):
        many.ordinary(outcomes, design.matrix, weights[:, :3])
    with pytest.raises(DesignError, match="cannot be told apart"):
        many.ordinary(outcomes, np.ones((24, 2)), np.eye(2))
    with pytest.raises(DesignError, match="increase"):
        many.restricted_likelihood(outcomes, design.matrix, weights, np.zeros(24))
    with pytest.raises(DesignError, match="negative"):
        many_counts.quasi_likelihood(outcomes - 10.0, design.matrix, weights)
    with pytest.raises(DesignError, match="between -1 and 1"):
        autoregressive_errors(np.random.default_rng(1), 1, 5, 1.0)
    with pytest.raises(DesignError, match="dispersion"):
        counts_with(np.zeros((1, 3)), np.ones(3), 0.5)


@pytest.mark.parametrize(("mean", "dispersion"), [(5.0, 1.0), (5.0, 2.0), (200.0, 3.0)])
def test_counts_have_the_moments_that_were_asked_for(mean: float, dispersion: float) -> None:
    counts = counts_with(drawn(50, 0.4, 4000), np.full(50, mean), dispersion)
    assert counts.mean() == pytest.approx(mean, rel=0.01)
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.03)
    neighbours = np.corrcoef(counts[:, 1:].ravel(), counts[:, :-1].ravel())[0, 1]
    assert 0.36 < neighbours < 0.41
