"""Planning with few units: panels that vary as one did, tests as functions of an added effect, and the smallest."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.ferman_pinto import ferman_pinto
from evalkit.estimation.few_units.linear_estimates import linear_statistics
from evalkit.estimation.few_units.null_panels import learn_noise
from evalkit.estimation.few_units.planned_power import (
    by_ferman_pinto,
    by_placebo_ranks,
    by_reassignment,
    by_standard_error,
    by_wild_bootstrap,
    fewest_comparisons,
    share_found,
    smallest_effect,
)
from evalkit.estimation.few_units.randomisation import two_way_randomisation
from evalkit.estimation.few_units.reassigned_sums import Reassigned
from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap
from evalkit.estimation.staggered.headline_weights import group_time_weights, imputation_weights, two_way_weights
from evalkit.estimation.synthetic.synthetic_placebos import placebo_ranks


def autoregressive(units: int, periods: int, rho: float, generator: np.random.Generator) -> np.ndarray:
    values = np.empty((units, periods))
    values[:, 0] = generator.normal(size=units)
    for period in range(1, periods):
        values[:, period] = rho * values[:, period - 1] + np.sqrt(1 - rho**2) * generator.normal(size=units)
    return values


@pytest.mark.parametrize(("before", "after", "rho", "share"), [
    (14, 14, 0.0, 1.0), (14, 14, 0.4, 1.0), (60, 60, 0.8, 1.0), (80, 40, 0.9, 0.3), (36, 12, 0.4, 1.0),
])  # fmt: skip
def test_drawn_panels_change_as_the_process_does(before: int, after: int, rho: float, share: float) -> None:
    """The spread of a change from before to after, learnt from the time before alone, is that of the process."""
    generator = np.random.default_rng(3)
    periods, columns = before + after, np.append(np.full(before, -1 / before), np.full(after, 1 / after))
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    found = []
    for _ in range(12):
        spread = np.exp(0.5 * generator.normal(size=43))
        lasts, fresh = autoregressive(43, before, rho, generator), generator.normal(size=(43, before))
        values = generator.normal(size=(43, 1)) + generator.normal(size=before)
        values = values + spread[:, None] * (np.sqrt(share) * lasts + np.sqrt(1 - share) * fresh)
        changes = [sums[:, 0] for sums in learn_noise(values).draws(columns[:, None], 60, generator)]
        true = np.mean(spread**2) * (columns @ (share * rho**apart + (1 - share) * np.eye(periods)) @ columns)
        found.append(np.var(changes) / true)
    assert np.sqrt(np.mean(found)) == pytest.approx(1.0, abs=0.12)


def test_each_unit_keeps_its_variance_and_what_units_share() -> None:
    generator = np.random.default_rng(1)
    shared = generator.normal(size=200)
    values = np.array([1.0, 5.0])[[0, 1] * 10][:, None] * generator.normal(size=(20, 200))
    values[:4] = shared + 0.1 * generator.normal(size=(4, 200))
    draws = np.stack([sums[:, 0] for sums in learn_noise(values).draws(np.ones((1, 1)), 3000, generator)])
    assert np.std(draws[:, 5]) / np.std(draws[:, 6]) == pytest.approx(5.0, rel=0.2)
    assert np.corrcoef(draws[:, 0], draws[:, 1])[0, 1] > 0.8


def test_noise_that_cannot_be_learnt() -> None:
    with pytest.raises(DesignError, match="tell too little"):
        learn_noise(np.zeros((5, 3)))
    with pytest.raises(DesignError, match="nothing but unit and period effects"):
        learn_noise(np.arange(5.0)[:, None] + np.arange(8.0))


@pytest.mark.parametrize("studentised", [True, False])
def test_sums_give_the_statistics_of_whole_panels(studentised: bool) -> None:
    values = np.random.default_rng(4).normal(size=(11, 9))
    codes = np.array([4, 4, 6, 6, 7, *[9] * 6])
    for dates, weights in (two_way_weights(codes, 9), group_time_weights(codes, 9, True), imputation_weights(codes, 9)):
        assert dates.tolist() == [4, 6, 7, 9]
        assignments = assignments_of(codes, 200, 1, list_up_to=0).first_treated
        whole = linear_statistics(values, codes, weights, studentised)(assignments)
        sums = Reassigned.of(codes, weights, assignments, studentised).statistics(values @ weights.T)
        for name in ("values", "slopes", "squares", "products", "slope_squares"):
            assert getattr(sums, name) == pytest.approx(getattr(whole, name), abs=1e-10)


def test_an_added_effect_gives_the_p_value_of_the_panel_with_it() -> None:
    generator = np.random.default_rng(6)
    values, codes = generator.normal(size=(12, 2)), np.array([1, 1, 1, *[2] * 9])
    treated, alpha = codes == 1, 0.05
    _, weights = two_way_weights(codes, 2)
    assignments = assignments_of(codes, 999, 5).first_treated
    reassigned = by_reassignment(Reassigned.of(codes, weights, assignments).statistics(values @ weights.T), alpha)
    picks = np.random.Generator(np.random.PCG64(5)).integers(0, 12, (999, 12))
    sizes = generator.uniform(1.0, 9.0, 12)
    pinto = by_ferman_pinto(values[:, 1] - values[:, 0], treated, sizes, picks, alpha)
    wild = by_wild_bootstrap(values, codes, np.ones((12, 2)), "rademacher", 999, 5, alpha)
    unit, period = np.divmod(np.arange(24), 2)
    for effect in (-6.0, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 6.0):
        moved = values + effect * (treated[:, None] & (np.arange(2) >= 1))
        sign = np.sign(moved[treated, 1].mean() - moved[treated, 0].mean()
                       - moved[~treated, 1].mean() + moved[~treated, 0].mean()) == np.sign(effect)  # fmt: skip
        column = (treated[unit] & (period == 1)).astype(float)[:, None]
        runs = (
            (reassigned, two_way_randomisation(moved, codes, draws=999, seed=5)),
            (pinto, ferman_pinto(moved, codes, sizes, 999, 5, interval=False)),
            (wild, wild_bootstrap(moved.ravel(), column, unit, period, draws=999, seed=5)),
        )
        for null, run in runs:
            assert null.chances(np.array([effect]))[0] == float(run.p_value <= alpha and sign)


def test_ranks_among_drawn_placebos_are_those_of_the_method() -> None:
    generator = np.random.default_rng(8)
    pool, hits = np.sort(np.abs(generator.normal(size=4000))), []
    null = by_placebo_ranks(0.3, 1.0, pool, 42, 0.05)
    for _ in range(400):
        others = generator.choice(pool, 42) * generator.choice([-1.0, 1.0], 42)
        hits.append(placebo_ranks(0.3 + 2.2, others, 0.95).p_value <= 0.05)
    assert null.chances(np.array([2.2]))[0] == pytest.approx(np.mean(hits), abs=0.07)
    assert by_placebo_ranks(0.3, 1.0, pool, 18, 0.05).chances(np.array([1e9]))[0] == 0.0


def test_the_smallest_effect_is_that_of_the_normal_test() -> None:
    errors = np.random.default_rng(2).normal(size=4000)
    nulls = [by_standard_error(float(error), 1.0, None, 0.05) for error in errors]
    found = smallest_effect(nulls)
    assert found.value == pytest.approx(1.96 + 0.8416, abs=3 * found.error)
    assert found.error < 0.05
    assert share_found(nulls, [found.value])[0] == pytest.approx(0.8, abs=0.01)
    never = [by_placebo_ranks(float(error), 1.0, np.sort(np.abs(errors)), 10, 0.05) for error in errors[:40]]
    assert smallest_effect(never).value == np.inf
    with pytest.raises(DesignError, match="30 are needed"):
        smallest_effect(nulls[:20])


def test_how_many_comparison_units_it_takes() -> None:
    assert fewest_comparisons(1, 0.05) == 19
    assert fewest_comparisons(1, 0.05, one_by_one=True) == 19
    assert fewest_comparisons(2, 0.05) == 5
    assert fewest_comparisons(2, 0.05, one_by_one=True) == 7
