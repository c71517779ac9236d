"""Ferman and Pinto, Conley and Taber: recomputed by hand, false positives with treated units at random and not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.conley_taber import conley_taber
from evalkit.estimation.few_units.ferman_pinto import ferman_pinto
from evalkit.estimation.few_units.reassigned_two_way import treatment_paths


def changes_of(seed, units=43, sizes=None):
    """Return a panel of two periods in which each unit's change has variance 0.2 + 1 / size (1 without sizes)."""
    generator = np.random.default_rng(seed)
    variance = np.ones(units) if sizes is None else 0.2 + 1 / sizes
    return np.column_stack([np.zeros(units), generator.normal(size=units) * np.sqrt(variance)]), generator


def first_of(units, treated, start=1, periods=2):
    first = np.full(units, periods)
    first[treated] = start
    return first


def test_ferman_pinto_by_hand():
    """Every step of the paper once more, with loops and without shared code."""
    sizes = np.random.default_rng(9).lognormal(0, 1, 15)
    outcome, _ = changes_of(8, 15, sizes)
    first = first_of(15, [3, 6])
    found = ferman_pinto(outcome, first, sizes, draws=300, seed=4)
    change, treated = outcome[:, 1] - outcome[:, 0], first == 1
    estimate = change[treated].mean() - change[~treated].mean()
    residuals = change - change.mean()
    design = np.column_stack([np.ones(15), sizes.mean() / sizes])
    terms = np.linalg.lstsq(design, residuals**2, rcond=None)[0]
    assert (terms > 0).all()  # else the two terms would be fitted otherwise than by plain least squares
    root = np.sqrt(design @ terms)
    picks = np.random.Generator(np.random.PCG64(4)).integers(0, 15, (300, 15))
    extreme = 0
    for row in picks:
        drawn = np.array([residuals[k] / root[k] * root[j] for j, k in enumerate(row)])
        extreme += abs(drawn[treated].mean() - drawn[~treated].mean()) >= abs(estimate)
    assert found.coefficient == pytest.approx(estimate, rel=1e-12)
    assert found.p_value == pytest.approx((1 + extreme) / 301, abs=1e-12)
    assert (found.extra["variance_constant"], found.extra["variance_by_size"]) == pytest.approx(tuple(terms), rel=1e-9)


def test_the_control_mean_s_own_noise_is_in_ferman_pinto():
    """With 6 controls for 1 treated, the draws spread by 1 + 1/6, not by 1."""
    outcome, _ = changes_of(2, 7)
    found = ferman_pinto(outcome, first_of(7, [0]), draws=200_000, interval=False)
    residuals = outcome[:, 1] - outcome[:, 1].mean()
    assert np.var(found.statistics) == pytest.approx(np.mean(residuals**2) * (1 + 1 / 6), rel=0.02)


def test_ferman_pinto_bounds_are_where_the_test_turns():
    sizes = np.random.default_rng(0).lognormal(0, 1, 43)
    outcome, _ = changes_of(5, 43, sizes)
    first = first_of(43, [7])
    found = ferman_pinto(outcome, first, sizes)
    path = treatment_paths(first, 2)
    for bound, inward in ((found.low, 1e-6), (found.high, -1e-6)):
        kept = ferman_pinto(outcome - (bound + inward) * path, first, sizes, interval=False)
        lost = ferman_pinto(outcome - (bound - inward) * path, first, sizes, interval=False)
        assert kept.p_value > 0.05 >= lost.p_value


def share_rejected(method, treated_of, with_sizes, replications=1000):
    """Return how often no effect is rejected at 5%."""
    rejected = 0
    for seed in range(replications):
        sizes = np.random.default_rng(10_000 + seed).lognormal(0, 1, 43)
        outcome, generator = changes_of(seed, 43, sizes if with_sizes else None)
        first = first_of(43, treated_of(sizes, generator))
        rejected += method(outcome, first, sizes, seed) <= 0.05
    return rejected / replications


def by_size(outcome, first, sizes, seed):
    return ferman_pinto(outcome, first, sizes, draws=399, seed=seed, interval=False).p_value


def by_residuals(outcome, first, sizes, seed):
    return conley_taber(outcome, first).p_value


@pytest.mark.parametrize("treated", [1, 2, 5])
@pytest.mark.parametrize("with_sizes", [False, True])
def test_ferman_pinto_false_positives_when_treated_at_random(treated, with_sizes):
    share = share_rejected(by_size, lambda _, generator: generator.permutation(43)[:treated], with_sizes)
    assert 0.03 <= share <= 0.07


def test_a_small_treated_unit_misleads_conley_taber_and_not_ferman_pinto():
    """The paper's point: residuals of larger units are too quiet for a small one."""

    def smallest(sizes, _):
        return [int(np.argmin(sizes))]

    assert share_rejected(by_residuals, smallest, True) > 0.15
    assert share_rejected(by_size, smallest, True) < 0.07


def test_conley_taber_with_one_treated_is_a_rank_among_residuals():
    outcome, generator = changes_of(3, 30)
    outcome = outcome + generator.normal(size=30)[:, None]
    first = first_of(30, [4])
    found = conley_taber(outcome, first)
    change = outcome[:, 1] - outcome[:, 0]
    control = np.delete(change, 4)
    reach = np.abs(control - control.mean())
    extreme = np.sum(reach >= abs(change[4] - control.mean()))
    assert found.coefficient == pytest.approx(change[4] - control.mean(), rel=1e-12)
    assert found.p_value == pytest.approx((1 + extreme) / 30, abs=1e-12)
    assert (found.draws, found.listed, found.smallest_p) == (29, True, 1 / 30)
    np.testing.assert_allclose(np.sort(found.statistics), np.sort(control - control.mean()), atol=1e-12)
    # 29 + 1 compared at 5%: the largest residual alone may be exceeded
    bounds = (found.coefficient - reach.max(), found.coefficient + reach.max())
    assert (found.low, found.high) == pytest.approx(bounds, rel=1e-6)


def test_conley_taber_lists_every_combination_under_staggering():
    generator = np.random.default_rng(6)
    outcome = generator.normal(size=(9, 10)).cumsum(axis=1)
    first = np.array([4, 10, 10, 7, 10, 10, 10, 10, 10])
    found = conley_taber(outcome, first)
    controls = outcome[first == 10] - outcome[first == 10].mean(axis=0)
    paths = [(np.arange(10) >= start) * 1.0 for start in (4, 7)]
    paths = [path - path.mean() for path in paths]
    below = sum(path @ path for path in paths)
    every = [(controls[one] @ paths[0] + controls[two] @ paths[1]) / below for one, two in product(range(7), repeat=2)]
    np.testing.assert_allclose(np.sort(found.statistics), np.sort(every), atol=1e-12)
    drawn = conley_taber(outcome, first, draws=100, list_up_to=10, seed=3)
    assert (drawn.draws, drawn.listed, drawn.seed) == (100, False, 3)
    assert np.isin(np.round(drawn.statistics, 9), np.round(every, 9)).all()


def test_bad_input_is_named():
    outcome, _ = changes_of(0, 10)
    with pytest.raises(DesignError, match=r"treated units start in periods \[1, 2\]"):
        ferman_pinto(np.column_stack([outcome, outcome[:, 1]]), np.array([1, 2, 3, 3, 3, 3, 3, 3, 3, 3]))
    with pytest.raises(DesignError, match="the size of unit 2 is 0"):
        ferman_pinto(outcome, first_of(10, [0]), np.where(np.arange(10) == 2, 0.0, 1.0))
    with pytest.raises(DesignError, match="do not vary"):
        ferman_pinto(np.zeros((10, 2)), first_of(10, [0]))
    with pytest.raises(DesignError, match="do not differ in their changes"):
        conley_taber(np.zeros((10, 2)), first_of(10, [0]))
    with pytest.raises(DesignError, match="1 units are never treated"):
        conley_taber(outcome, first_of(10, list(range(9))))
    with pytest.raises(DesignError, match="no unit is treated"):
        conley_taber(outcome, np.full(10, 2))
    with pytest.raises(DesignError, match=r"units \[3\] are treated in all periods"):
        ferman_pinto(outcome, np.where(np.arange(10) == 3, 0, 2))
    with pytest.raises(DesignError, match="0 draws"):
        ferman_pinto(outcome, first_of(10, [0]), draws=0)


class TestSmallest:
    """What no effect, however large, can come below: a treated unit's own change is among those drawn."""

    @pytest.mark.parametrize("units", [4, 7, 20, 43])
    def test_it_is_what_a_huge_effect_gives(self, units: int) -> None:
        rng = np.random.default_rng(units)
        outcome = rng.normal(size=(units, 20))
        first = np.where(np.arange(units) == 0, 10, 20)
        found = ferman_pinto(outcome, first, draws=4999)
        added = np.where((first == 10)[:, None] & (np.arange(20) >= 10), 1e5, 0.0)
        huge = min(ferman_pinto(outcome + sign * added, first, draws=4999).p_value for sign in (-1, 1))
        assert huge == pytest.approx(found.smallest_p, abs=1e-3)
        # All draws in which the treated unit has its own change and no other unit has it: ties and half of them more.
        share = (1 / units) * (1 - 1 / units) ** (units - 1)
        assert 0.2 * share < huge < 1.2 * share + 1e-3
        assert found.smallest_p <= found.p_value
