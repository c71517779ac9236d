"""Imputed effects: diff-diff, pyfixest, and the variance where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import numbers, panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.imputation import imputation, imputation_leads


@pytest.fixture(scope="module")
def reference():
    """pyfixest and diff-diff, from tests/reference/staggered_regressions.py."""
    return numbers("staggered_regressions")


@pytest.mark.parametrize("case", ["imputation", "imputation some rows", "imputation leave out"])
def test_agrees_with_diff_diff(reference, case):
    made = wide(panel())
    if case == "imputation some rows":
        made = wide(without_some_rows(panel()), ("moving",), cluster="cluster")
    effects, expected = imputation(made, leave_out=case.endswith("leave out")), reference[case]
    held = 0
    for kind in ("dynamic", "group"):
        average = aggregate(effects, kind)
        for label, value, error in zip(average.label, average.effect, average.standard_errors, strict=True):
            assert value == pytest.approx(expected[f"effect {kind} {label:g}"], abs=1e-8)
            assert error == pytest.approx(expected[f"se {kind} {label:g}"], abs=1e-6)
            held += 1
    simple = aggregate(effects, "simple")
    assert simple.overall == pytest.approx(expected["effect simple"], abs=1e-8)
    assert simple.overall_standard_error == pytest.approx(expected["se simple"], abs=1e-6)
    assert held == 8


def test_averages_by_event_time_agree_with_diff_diff(reference):
    """Held to it by event time, for which both weigh alike."""
    effects = imputation(wide(panel()), average_over="event_time")
    dynamic, expected = aggregate(effects, "dynamic"), reference["imputation event time"]
    for label, value, error in zip(dynamic.label, dynamic.effect, dynamic.standard_errors, strict=True):
        assert value == pytest.approx(expected[f"effect dynamic {label:g}"], abs=1e-8)
        assert error == pytest.approx(expected[f"se dynamic {label:g}"], abs=1e-6)
    simple = aggregate(effects, "simple")
    assert simple.overall_standard_error == pytest.approx(expected["se simple"], abs=1e-6)


def test_averages_by_event_time_see_the_noise_of_a_unit_alone():
    data = panel()
    first = np.where(data["unit"] == 5, 6.0, data["first_treated"])
    made = wide(data | {"first_treated": first})
    narrow, broad = imputation(made), imputation(made, average_over="event_time")
    alone = narrow.cohort == 6
    assert narrow.single_unit_cohorts == ("5",)
    np.testing.assert_array_equal(narrow.effect, broad.effect)
    assert np.sum(broad.standard_errors[alone] ** 2) > 4 * np.sum(narrow.standard_errors[alone] ** 2)


def test_leads_agree_with_pyfixest(reference):
    found, expected = imputation_leads(wide(panel()), 2), reference["leads"]
    assert list(found.label) == [-2, -1]
    for label, value, error in zip(found.label, found.effect, found.standard_errors, strict=True):
        assert value == pytest.approx(expected[f"effect {label:g}"], abs=1e-8)
        assert error == pytest.approx(expected[f"se {label:g}"], abs=1e-8)


def test_without_noise_the_effects_are_found_exactly():
    data = panel()
    since = data["period"] - data["first_treated"]
    effect = np.where(since >= 0, 1 + 0.5 * np.where(np.isfinite(since), since, 0), 0.0)
    exact = 3 * data["x1"] + 0.2 * data["period"] ** 2 + 2 * data["moving"] + effect
    found = imputation(wide(data | {"exact": exact}, ("moving",), outcome="exact"))
    np.testing.assert_allclose(found.effect, 1 + 0.5 * found.event_time, atol=1e-12)
    np.testing.assert_allclose(found.standard_errors, 0.0, atol=1e-12)


def test_weights_are_repeated_units():
    data = panel(units=60)
    twice = np.where(data["unit"] % 3 == 0, 2.0, 1.0)
    again = {name: np.concatenate([values, values[twice == 2]]) for name, values in data.items()}
    again["unit"] = np.concatenate([data["unit"], data["unit"][twice == 2] + 1000])
    one = imputation(wide(data | {"twice": twice}, ("moving",), weights="twice"))
    two = imputation(wide(again, ("moving",)))
    np.testing.assert_allclose(one.effect, two.effect, atol=1e-12)
    for kind in ("simple", "group", "dynamic", "calendar"):
        assert aggregate(one, kind).overall == pytest.approx(aggregate(two, kind).overall, abs=1e-12)


@pytest.mark.parametrize("leave_out", [False, True])
def test_standard_errors_are_those_of_repeated_samples(leave_out):
    """400 panels with equal effects in a cohort and period, where the rule is not conservative."""
    generator = np.random.default_rng(4)
    unit, period = np.repeat(np.arange(60), 6), np.tile(np.arange(1, 7), 60)
    first = np.repeat(np.repeat([3.0, 5.0, np.inf], 20), 6)
    found = []
    for _ in range(400):
        outcome = generator.normal(size=60)[unit] + generator.normal(size=360) + 1.0 * (period >= first)
        effects = imputation(
            wide({"unit": unit, "period": period, "first_treated": first, "outcome": outcome}), leave_out=leave_out
        )
        simple = aggregate(effects, "simple")
        found.append((simple.overall, simple.overall_standard_error**2))
    values, variances = np.array(found).T
    assert abs(values.mean() - 1.0) < 3 * values.std() / 20
    assert variances.mean() / values.var() == pytest.approx(1.0, abs=0.25)


def test_what_cannot_be_imputed_is_told():
    late = imputation(wide(panel(never=False)))
    assert {(each.cohort, each.period) for each in late.left_out} == {(c, t) for c in (4, 5, 7) for t in (7, 8)}
    assert late.period.max() == 6
    data = panel()
    always = np.where(data["unit"] == 9, 1.0, data["first_treated"])
    assert imputation(wide(data | {"first_treated": always})).always_treated == ("9",)
    with pytest.raises(DesignError, match="in no period are there treated and untreated units"):
        imputation(wide(panel(never=False, cohorts=(4,))))


def test_periods_that_no_unit_connects_are_named():
    data = panel()
    early = (data["unit"] % 2 == 0) & (data["period"] <= 2)
    late = (data["unit"] % 2 == 1) & (data["period"] >= 3)
    kept = early | late
    with pytest.raises(
        DesignError, match="no untreated units connect these periods with the first one: 3, 4, 5, 6, 7, 8;"
    ):
        imputation(wide({name: values[kept] for name, values in data.items()}))


def test_too_many_leads_are_refused():
    with pytest.raises(DesignError, match="leave nothing of: lead"):
        imputation_leads(wide(panel(never=False, cohorts=(4, 5))), 4)
    with pytest.raises(DesignError, match="0 leads"):
        imputation_leads(wide(panel()), 0)


def test_a_covariate_that_the_effects_absorb_is_named():
    with pytest.raises(DesignError, match="leave nothing of: x2"):
        imputation(wide(panel(), ("moving", "x2")))
