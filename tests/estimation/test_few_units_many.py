"""Many panels at once give what one panel at a time gives, by the functions that a study calls."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from evalkit.errors import DesignError
from evalkit.estimation.few_units import many
from evalkit.estimation.few_units.cluster_robust import Correction, cluster_robust
from evalkit.estimation.few_units.ferman_pinto import ferman_pinto
from evalkit.estimation.few_units.linear_estimates import linear_statistics, unit_weights
from evalkit.estimation.few_units.randomisation import randomisation_test, two_way_randomisation
from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
from evalkit.estimation.within import cluster_factor

UNITS, PERIODS, START, PANELS = 12, 8, 5, 24
Array = NDArray[np.float64]


def outcomes(seed: int = 3) -> Array:
    """Return panels whose units vary unequally, on random walks."""
    generator = np.random.default_rng(seed)
    steps = generator.normal(size=(PANELS, UNITS, PERIODS)) * np.linspace(0.5, 2.0, UNITS)[:, None]
    return np.asarray(steps.cumsum(axis=2))


def changes(panels: Array) -> Array:
    return np.asarray(panels[:, :, START:].mean(axis=2) - panels[:, :, :START].mean(axis=2))


def roll_out(treated: int) -> NDArray[np.int64]:
    return np.where(np.arange(UNITS) < treated, START, PERIODS).astype(np.int64)


@pytest.mark.parametrize("treated", [2, 4])
@pytest.mark.parametrize("studentised", [True, False])
def test_randomisation_is_that_of_the_two_way_regression(treated: int, studentised: bool) -> None:
    panels, codes = outcomes(), roll_out(treated)
    sides = np.array([1.0 / treated, -1.0 / (UNITS - treated)])
    profile = np.where(np.arange(PERIODS) >= START, 1.0 / (PERIODS - START), -1.0 / START)
    weights = np.outer(sides, profile)
    found = many.many_randomisation(panels @ weights.T, codes, weights, studentised, 199, 7, list_up_to=100)
    for panel, p_value in zip(panels, found, strict=True):
        alone = two_way_randomisation(
            panel, codes, "studentised" if studentised else "coefficient", draws=199, seed=7, list_up_to=100
        )
        assert p_value == pytest.approx(alone.p_value, abs=1e-12)


def test_randomisation_with_two_starts_is_that_of_linear_sums() -> None:
    panels = outcomes()
    codes = np.array([3, 3, 5, 5, 5, *[PERIODS] * 7], dtype=np.int64)
    _, weights = many.many_staggered(panels, codes)
    found = many.many_randomisation(panels @ weights.T, codes, weights, draws=299, seed=5)
    for panel, p_value in zip(panels, found, strict=True):
        alone = randomisation_test(linear_statistics(panel, codes, weights), codes, draws=299, seed=5)
        assert p_value == pytest.approx(alone.p_value, abs=1e-12)


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("treated", [1, 3])
def test_ferman_and_pinto(sized: bool, treated: int) -> None:
    panels, codes = outcomes(), roll_out(treated)
    # Falling with variance, unrelated to it, and rising: a positive slope, none, and no constant all occur.
    sizes = np.random.default_rng(1).lognormal(0.0, 0.7, (PANELS, UNITS))
    sizes[: PANELS // 2] = np.linspace(4.0, 1.0, UNITS) ** 2
    found = many.many_ferman_pinto(changes(panels), codes < PERIODS, sizes if sized else None, 199, 9)
    for row, panel in enumerate(panels):
        alone = ferman_pinto(panel, codes, sizes[row] if sized else None, 199, 9, interval=False)
        assert found[row] == pytest.approx(alone.p_value, abs=1e-12)


def test_ties_count_as_extreme_in_ferman_and_pinto() -> None:
    """Changes of -1, 0 and 1 alone: draws that equal the estimate must not hang on rounding, so that multiplying the
    outcome by 3 or by a tenth leaves the p-value where it is."""
    generator = np.random.default_rng(2)
    panel = np.zeros((UNITS, 2))
    panel[:, 1] = generator.integers(-1, 2, UNITS)
    codes = np.where(np.arange(UNITS) < 1, 1, 2)
    p_values = {ferman_pinto(panel * scale, codes, None, 999, 4, interval=False).p_value
                for scale in (1.0, 3.0, 0.1, 1.0 / 7.0)}  # fmt: skip
    assert len(p_values) == 1


def test_wild_bootstrap() -> None:
    panels, codes = outcomes(), roll_out(4)
    path = (np.arange(PERIODS) >= codes[:, None]).astype(float)
    unit, period = np.divmod(np.arange(UNITS * PERIODS), PERIODS)
    treated = np.tile(codes < PERIODS, (PANELS, 1))
    found = many.many_wild_bootstrap(changes(panels), treated, 299, 11)
    for panel, p_value in zip(panels, found, strict=True):
        alone = wild_bootstrap(panel.ravel(), path.reshape(-1, 1), unit, period, draws=299, seed=11)
        assert p_value == pytest.approx(alone.p_value, abs=1e-12)


@pytest.mark.parametrize("correction", ["CR1", "CR2", "CR3"])
def test_cluster_robust(correction: Correction) -> None:
    panels, codes = outcomes(), roll_out(3)
    path = (np.arange(PERIODS) >= codes[:, None]).astype(float).reshape(-1, 1)
    unit, period = np.divmod(np.arange(UNITS * PERIODS), PERIODS)
    factor = cluster_factor(1, unit, period, unit, "effects_nested")[0]
    found = many.many_cluster_robust(changes(panels), codes < PERIODS, correction, factor)
    for row, panel in enumerate(panels):
        alone = cluster_robust(panel.ravel(), path, unit, period, correction=correction)
        assert found.values[row] == pytest.approx(alone.coefficients[0], rel=1e-9)
        assert found.errors[row] == pytest.approx(alone.standard_errors[0], rel=1e-9)
        assert found.df == pytest.approx(alone.degrees_of_freedom[0], rel=1e-9)


@pytest.mark.parametrize("starts", [(3, 3, 5, 5, 5), (3, 6), (4, 4)])
def test_callaway_and_santanna(starts: tuple[int, ...]) -> None:
    panels = outcomes()
    codes = np.array([*starts, *[PERIODS] * (UNITS - len(starts))], dtype=np.int64)

    def average(outcome: Array, first: NDArray[np.int64]) -> tuple[float, float]:
        times = np.arange(PERIODS, dtype=float)
        wide = StaggeredPanel(
            outcome=outcome, observed=np.ones(outcome.shape, dtype=bool), weights=np.ones(outcome.shape),
            covariates=np.zeros((UNITS, PERIODS, 0)), first_treated=np.append(times, np.inf)[first],
            cluster=np.arange(UNITS), periods=times, names=tuple(str(unit) for unit in range(UNITS)),
            covariate_names=(),
        )  # fmt: skip
        simple = aggregate(group_time_effects(wide, base_period="universal"), "simple")
        return simple.overall, simple.overall_standard_error

    found, weights = many.many_staggered(panels, codes)
    for row, panel in enumerate(panels[:5]):
        value, error = average(panel, codes)
        assert found.values[row] == pytest.approx(value, rel=1e-9)
        assert found.errors[row] == pytest.approx(error, rel=1e-9)
    np.testing.assert_allclose(weights, unit_weights(lambda y, g: average(y, g)[0], codes, PERIODS)[1], atol=1e-9)


@pytest.mark.parametrize("with_starts", [True, False])
def test_the_order_is_that_of_starts_and_whole_paths(with_starts: bool) -> None:
    """Counts of 0 and 1 tie in many periods, so that the order hangs on later ones."""
    panels = np.random.default_rng(5).integers(0, 2, (PANELS, UNITS, PERIODS)).astype(float)
    codes = roll_out(3) if with_starts else None
    starts = np.zeros(UNITS) if codes is None else codes
    found = many.canonical_order(panels, codes)
    for row, panel in enumerate(panels):
        np.testing.assert_array_equal(found[row], np.lexsort([*panel.T[::-1], starts]))


def test_one_treated_unit_has_no_studentised_statistic_and_no_corrected_error() -> None:
    panels, codes = outcomes(), roll_out(1)
    profile = np.where(np.arange(PERIODS) >= START, 1.0 / (PERIODS - START), -1.0 / START)
    weights = np.outer([1.0, -1.0 / (UNITS - 1)], profile)
    with pytest.raises(DesignError, match="alone carries the treatment"):
        many.many_randomisation(panels @ weights.T, codes, weights)
    with pytest.raises(DesignError, match="alone is on a side"):
        many.many_cluster_robust(changes(panels), codes < PERIODS, "CR2")
