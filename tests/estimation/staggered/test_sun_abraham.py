"""The interaction-weighted event study: pyfixest, diff-diff, and what it must equal in a balanced panel."""

from __future__ import annotations

import numpy as np
import pytest
from staggered_cases import numbers, panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.sun_abraham import sun_abraham


@pytest.fixture(scope="module")
def reference():
    """pyfixest and diff-diff, from tests/reference/staggered_regressions.py."""
    return numbers("staggered_regressions")


def some_rows():
    return wide(without_some_rows(panel()), ("moving",), weights="weight", cluster="cluster")


@pytest.mark.parametrize(
    ("case", "made"), [("interactions", lambda: wide(panel())), ("interactions some rows", some_rows)]
)
def test_every_interaction_agrees_with_pyfixest(reference, case, made):
    effects, expected = sun_abraham(made()), reference[case]
    moving = effects.event_time != -1
    assert np.count_nonzero(moving) == sum(name.startswith("effect") for name in expected)
    for j in np.flatnonzero(moving):
        label = f"{effects.cohort[j]:g} {effects.period[j]:g}"
        assert effects.effect[j] == pytest.approx(expected[f"effect {label}"], abs=1e-8)
        assert effects.standard_errors[j] == pytest.approx(expected[f"se {label}"], abs=1e-8)
    np.testing.assert_array_equal(effects.effect[~moving], 0.0)


def test_the_event_study_agrees_with_diff_diff(reference):
    for case, data in (("event study", panel()), ("event study some rows", without_some_rows(panel()))):
        effects, expected = sun_abraham(wide(data)), reference[case]
        dynamic = aggregate(effects, "dynamic")
        for label, value, error in zip(dynamic.label, dynamic.effect, dynamic.standard_errors, strict=True):
            if label != -1:
                assert value == pytest.approx(expected[f"effect dynamic {label:g}"], abs=1e-8)
                assert error == pytest.approx(expected[f"se dynamic {label:g}"], abs=1e-6)
        simple = aggregate(effects, "simple")
        assert simple.overall == pytest.approx(expected["effect simple"], abs=1e-8)
        assert simple.overall_standard_error == pytest.approx(expected["se simple"], abs=1e-6)


def test_a_balanced_panel_gives_the_effects_by_cohort_and_period_against_one_base():
    made = wide(panel())
    one, two = sun_abraham(made), group_time_effects(made, base_period="universal")
    np.testing.assert_allclose(one.effect, two.effect, atol=1e-12)


def test_without_never_treated_the_last_cohort_is_the_comparison_before_its_start():
    late = wide(panel(never=False))
    effects = sun_abraham(late)
    other = group_time_effects(late, "not_yet_treated", base_period="universal")
    at_last = np.isin(effects.period, (5, 6))  # then cohort 7 alone is untreated, as for the other estimator
    both = {(c, t): e for c, t, e in zip(other.cohort, other.period, other.effect, strict=True)}
    assert effects.period.max() == 6
    for j in np.flatnonzero(at_last):
        assert effects.effect[j] == pytest.approx(both[effects.cohort[j], effects.period[j]], abs=1e-12)
    assert "first treated in 7, before that" in effects.rule


def test_anticipation_moves_the_base():
    effects = sun_abraham(wide(panel()), anticipation=2)
    assert set(effects.event_time[effects.effect == 0.0]) == {-3}


def test_always_treated_units_are_named():
    data = panel()
    first = np.where(data["unit"] == 9, 1.0, data["first_treated"])
    assert sun_abraham(wide(data | {"first_treated": first})).always_treated == ("9",)


def test_a_cohort_without_an_observed_period_before_treatment_is_named():
    data = panel()
    kept = ~((data["first_treated"] == 4) & (data["period"] < 4))
    with pytest.raises(DesignError, match=r"no period before treatment is observed for units first treated in 4: \d+"):
        sun_abraham(wide({name: values[kept] for name, values in data.items()}))


def test_everybody_at_once_is_refused():
    with pytest.raises(DesignError, match="there is nobody to compare with"):
        sun_abraham(wide(panel(never=False, cohorts=(4,))))


def test_a_covariate_that_the_effects_absorb_is_named():
    with pytest.raises(DesignError, match="leave nothing of: x1"):
        sun_abraham(wide(panel(), ("x1", "moving")))
