"""The smallest change that can be found: against Student's noncentral t, the normal formula, and enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from evalkit.errors import DesignError
from evalkit.estimation.series import many
from evalkit.estimation.series.power import found_share, power_of_two_counts, smallest_fall_of_rate, smallest_shift
from evalkit.estimation.series.segmented import average_effect_weights, segmented_design
from evalkit.estimation.series.simulated_series import autoregressive_errors


def by_theory(points: int, after: int, level: float, target: float) -> float:
    """The noncentral t: the shift that an ordinary regression with error variance 1 finds with probability `target`."""
    design = segmented_design(np.arange(points), points - after)
    weights = average_effect_weights(design)
    se = float(np.sqrt(weights @ np.linalg.inv(design.matrix.T @ design.matrix) @ weights))
    df = points - design.matrix.shape[1]
    reach = stats.t.isf((1 - level) / 2, df)
    return float(optimize.brentq(lambda shift: stats.nct.sf(reach, df, shift / se) - target, 0.0, 20.0 * se))


@pytest.mark.parametrize(("points", "after", "level", "target"),
                         [(24, 12, 0.95, 0.8), (48, 12, 0.95, 0.8), (48, 24, 0.9, 0.9)])  # fmt: skip
def test_smallest_shift_is_that_of_the_noncentral_t(points: int, after: int, level: float, target: float) -> None:
    design = segmented_design(np.arange(points), points - after)
    errors = autoregressive_errors(np.random.default_rng(7), 4000, points, 0.0)
    null = many.ordinary(errors, design.matrix, average_effect_weights(design)[None])
    found = smallest_shift(null, level, target)
    expected = by_theory(points, after, level, target)
    assert found.error < 0.02 * expected
    assert found.value == pytest.approx(expected, abs=3 * found.error)
    design_effect = design.matrix[:, design.effect] @ np.array([found.value, 0.0])
    planted = many.ordinary(errors + design_effect, design.matrix, average_effect_weights(design)[None])
    assert found_share(planted, level) == pytest.approx(target, abs=3 * np.sqrt(target * (1 - target) / 4000))


def by_enumeration(mean_before: float, mean_after: float, share: float) -> float:
    """The same power by going through pairs of counts and asking scipy's binomial test of each."""
    total = 0.0
    for before in range(90):
        for after in range(90):
            if before + after == 0 or after >= share * (before + after):
                continue
            p = min(1.0, 2 * stats.binom.cdf(after, before + after, share))
            if p <= 0.05:
                total += stats.poisson.pmf(before, mean_before) * stats.poisson.pmf(after, mean_after)
    return total


@pytest.mark.parametrize(("before", "after", "share"), [(20.0, 10.0, 0.5), (12.0, 9.0, 0.6), (25.0, 4.0, 0.25)])
def test_exact_power_is_the_sum_over_all_pairs_of_counts(before: float, after: float, share: float) -> None:
    assert power_of_two_counts(before, after, share) == pytest.approx(by_enumeration(before, after, share), abs=1e-9)


def test_smallest_fall_of_large_counts_is_that_of_the_normal_formula() -> None:
    """log r is normal with variance 1/A + 1/B: solved for the fall found with probability 0.8."""
    fall = smallest_fall_of_rate(4000.0, 2000.0)
    assert fall is not None
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    expected = optimize.brentq(lambda f: -np.log1p(-f) - z * np.sqrt(1 / 4000 + 1 / (2000 * (1 - f))), 1e-6, 0.9)
    assert fall == pytest.approx(expected, rel=0.02)
    assert power_of_two_counts(4000.0, 2000.0 * (1 - fall), 1 / 3) == pytest.approx(0.8, abs=0.005)


def test_too_few_events_find_nothing() -> None:
    assert smallest_fall_of_rate(5.0, 5.0) is None  # five against none has p = 0.0625
    assert smallest_fall_of_rate(30.0, 1.0) is None


def test_refusals() -> None:
    with pytest.raises(DesignError, match="above zero"):
        power_of_two_counts(0.0, 5.0, 0.5)
    with pytest.raises(DesignError, match="share of exposure"):
        power_of_two_counts(5.0, 5.0, 1.0)
    empty = many.ordinary(np.ones((40, 5)), np.ones((5, 1)), np.ones((1, 1)))
    with pytest.raises(DesignError, match="0 of 40 simulated series could be fitted"):
        smallest_shift(empty)
