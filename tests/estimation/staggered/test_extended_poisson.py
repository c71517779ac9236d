"""Rate ratios by cohort and period: pyfixest, exact cases, the derivative by a weight, cohorts without events."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import numbers, panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.staggered.extended_poisson import extended_poisson, ratio_averages

KINDS = ("simple", "group", "dynamic", "calendar")


def made(data, covariates=(), **columns):
    return wide(data, covariates, outcome="counts", **columns), wide(data, outcome="exposure").outcome


def test_every_ratio_agrees_with_pyfixest():
    effects, expected = extended_poisson(*made(panel())), numbers("staggered_regressions")["counts cells"]
    assert effects.log_ratio.size == 11
    for cohort, period, value, error in zip(
        effects.cohort, effects.period, effects.log_ratio, effects.standard_errors, strict=True
    ):
        assert value == pytest.approx(expected[f"effect d{cohort:g}_{period:g}"], abs=1e-8)
        assert error == pytest.approx(expected[f"se d{cohort:g}_{period:g}"], abs=1e-6)


def test_ratios_are_observed_over_expected():
    """Without noise a fall by 20, 30 and 40 percent is found exactly, and its averages are of events."""
    data = panel()
    fall = {4.0: 0.8, 5.0: 0.7, 7.0: 0.6, np.inf: 1.0}
    base = np.exp(0.3 * data["x1"] + 0.1 * data["period"]) * data["exposure"]
    under = data["period"] >= data["first_treated"]
    counts = base * np.where(under, [fall[first] for first in data["first_treated"]], 1.0)
    effects = extended_poisson(*made(data | {"counts": counts}))
    np.testing.assert_allclose(np.exp(ratio_averages(effects, "group").log_ratio.effect), [0.8, 0.7, 0.6], atol=1e-9)
    for kind in KINDS:
        found = ratio_averages(effects, kind)
        assert np.exp(found.log_ratio.overall) == pytest.approx(counts[under].sum() / base[under].sum(), abs=1e-9)
        assert found.overall_expected - found.overall_observed == pytest.approx((base - counts)[under].sum(), rel=1e-9)
    second = data["period"] - data["first_treated"] == 1
    dynamic = ratio_averages(effects, "dynamic")
    at = list(dynamic.log_ratio.label).index(1)
    assert dynamic.observed[at] == pytest.approx(counts[second].sum(), rel=1e-9)
    assert dynamic.expected[at] == pytest.approx(base[second].sum(), rel=1e-9)


def without_events(data):
    """Return the panel without the events of cohort 5 in period 6."""
    gone = (data["first_treated"] == 5.0) & (data["period"] == 6)
    return data | {"counts": np.where(gone, 0.0, data["counts"])}


@pytest.mark.parametrize("data", [panel(), without_events(without_some_rows(panel()))], ids=["full", "empty cohort"])
def test_influence_is_the_derivative_of_expected_events_by_the_weight(data):
    """What a unit does to expected events, less its own share in the sum, is w d(log expected)/dw."""
    covariates, exposure = ("moving",), wide(data, outcome="exposure").outcome

    def estimate(weight):
        return extended_poisson(
            wide(data | {"weight": weight[data["unit"]]}, covariates, outcome="counts", weights="weight"),
            exposure,
            small_sample="no_cluster_factor",
        )

    base = np.ones(120)
    effects = estimate(base)
    gone = (data["first_treated"] == 5.0) & (data["period"] == 6) if (effects.observed == 0).any() else data["unit"] < 0
    used, terms = int((~gone).sum()), int((effects.observed > 0).sum()) + 1
    scale = np.sqrt(used / (used - (1 + terms + 119 + 7)))  # the small-sample factor N/(N-K)
    for each in (3, 40, 77, 110):
        step = np.where(np.arange(120) == each, 1e-4, 0.0)
        up, down = estimate(base * (1 + step)), estimate(base * (1 - step))
        cohort = data["first_treated"][data["unit"] == each][0]
        others = effects.cohort != cohort  # the unit's own cohort sums over it too
        moved = (np.log(up.expected) - np.log(down.expected)) / 2e-4
        np.testing.assert_allclose(effects.expected_influence[each][others] / scale, moved[others], atol=1e-6)


def test_a_cohort_without_events_in_a_period_counts_with_what_was_expected():
    effects = extended_poisson(*made(without_events(panel())))
    empty = effects.observed == 0
    assert list(zip(effects.cohort[empty], effects.period[empty], strict=True)) == [(5.0, 6.0)]
    assert np.isneginf(effects.log_ratio[empty]).all()
    assert effects.left_out == ()
    calendar = ratio_averages(effects, "calendar")
    sixth = list(calendar.log_ratio.label).index(6)
    of_sixth = effects.period == 6
    assert calendar.expected[sixth] == pytest.approx(effects.expected[of_sixth].sum())
    assert calendar.expected[sixth] > 1.5 * effects.expected[of_sixth & ~empty].sum()
    assert np.isfinite(ratio_averages(effects, "simple").log_ratio.overall_standard_error)


def test_the_mean_of_many_rare_counts_is_near_the_truth():
    """With half an event expected a cell, ratios of cells are useless, and their average is not."""
    generator = np.random.default_rng(11)
    unit, period = np.repeat(np.arange(60), 10), np.tile(np.arange(1, 11), 60)
    first = np.where(unit < 12, 6.0 + unit % 4, np.inf)
    found = []
    for _ in range(150):
        mean = np.where(period >= first, 0.35, 0.7)
        data = {"unit": unit, "period": period, "first_treated": first, "counts": generator.poisson(mean) * 1.0}
        effects = extended_poisson(wide(data, outcome="counts"))
        simple = ratio_averages(effects, "simple").log_ratio
        found.append((simple.overall, simple.overall_standard_error**2))
    values, variances = np.array(found).T
    assert values.mean() == pytest.approx(np.log(0.5), abs=0.08)
    assert variances.mean() / values.var() == pytest.approx(1.0, abs=0.35)


def test_what_has_no_comparison_is_told():
    late = extended_poisson(*made(panel(never=False)))
    assert {each.period for each in late.left_out} == {7.0, 8.0}
    assert "no untreated unit has an event" in late.left_out[0].reason
    data = panel()
    quiet = np.where((data["first_treated"] == 5) & (data["period"] < 5), 0.0, data["counts"])
    without = extended_poisson(*made(data | {"counts": quiet}))
    assert {(each.cohort, each.reason.split(":")[0]) for each in without.left_out} == {
        (5.0, "the cohort has no event before treatment")
    }
    assert set(without.cohort) == {4.0, 7.0}
    always = np.where(data["unit"] == 9, 1.0, data["first_treated"])
    assert extended_poisson(*made(data | {"first_treated": always})).always_treated == ("9",)
    with pytest.raises(DesignError, match="no untreated unit has an event then"):
        extended_poisson(*made(panel(never=False, cohorts=(4,))))
    with pytest.raises(DesignError, match="no unit is treated within the data"):
        extended_poisson(*made(panel(cohorts=(20,))))
    with pytest.raises(DesignError, match=r"exposure has shape \(2, 2\) for a panel of \(120, 8\)"):
        extended_poisson(made(panel())[0], np.ones((2, 2)))
