"""Effects by cohort and period: the published county employment example, moderndid and diff-diff."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from staggered_cases import counties, noise, numbers, panel, wide, without_some_rows

from evalkit.errors import DesignError
from evalkit.estimation.staggered.aggregation import aggregate
from evalkit.estimation.staggered.group_time import group_time_effects
from evalkit.estimation.staggered.group_time_rows import group_time_effects_of_rows

METHODS = ("outcome_regression", "inverse_probability", "doubly_robust")


@pytest.fixture(scope="module")
def reference():
    """moderndid and diff-diff, from tests/reference/staggered_group_time.py."""
    return numbers("staggered_group_time")


def assert_agrees(expected, effects, effect_tolerance=1e-8, error_tolerance=1e-8):
    """Hold effects and standard errors of every cohort and period, and averages where the case has them."""
    labels = [f"{cohort:g} {period:g}" for cohort, period in zip(effects.cohort, effects.period, strict=True)]
    found = dict(zip(labels, zip(effects.effect, effects.standard_errors, strict=True), strict=True))
    for kind in ("simple", "group", "dynamic", "calendar"):
        if f"effect {kind}" in expected:
            average = aggregate(effects, kind)
            found[kind] = (average.overall, average.overall_standard_error)
            each = zip(average.label, average.effect, average.standard_errors, strict=True)
            found |= {f"{kind} {label:g}": (value, error) for label, value, error in each}
    assert {f"effect {label}" for label in found} == {name for name in expected if name.startswith("effect")}
    for label, (value, error) in found.items():
        assert value == pytest.approx(expected[f"effect {label}"], abs=effect_tolerance), label
        assert error == pytest.approx(expected[f"se {label}"], abs=error_tolerance), label


def printed(values):
    return [f"{value:.4f}" for value in values]


def test_county_employment_as_published():
    """Vignette "Getting started with the did package" (Callaway and Sant'Anna), section on the minimum wage."""
    effects = group_time_effects(wide(counties()))
    dynamic, group = aggregate(effects, "dynamic"), aggregate(effects, "group")
    assert printed(dynamic.effect[dynamic.label >= 0]) == ["-0.0199", "-0.0510", "-0.1373", "-0.1008"]
    assert printed([dynamic.overall, group.overall]) == ["-0.0772", "-0.0310"]
    assert list(group.label) == [2004, 2006, 2007]
    assert printed(group.effect) == ["-0.0797", "-0.0229", "-0.0261"]


@pytest.mark.parametrize(
    ("method", "comparison", "base"),
    list(itertools.product(METHODS, ("never_treated", "not_yet_treated"), ("varying", "universal"))),
)
def test_agrees_with_moderndid_with_covariates_and_weights(reference, method, comparison, base):
    made = wide(panel(), ("x1", "x2"), weights="weight")
    effects = group_time_effects(made, comparison, method, base)
    assert_agrees(reference[f"panel {method} {comparison} {base}"], effects)


@pytest.mark.parametrize(
    ("case", "covariates", "options"),
    [
        ("anticipation", (), {"anticipation": 1, "comparison": "not_yet_treated"}),
        ("anticipation universal", ("x1",), {"anticipation": 1, "base_period": "universal"}),
        ("moving covariate", ("moving",), {}),
        ("diff-diff probability", ("x1", "x2"), {"method": "inverse_probability"}),
        ("diff-diff regression", ("x1", "x2"), {"method": "outcome_regression", "base_period": "universal"}),
    ],
)
def test_agrees_under_other_options(reference, case, covariates, options):
    assert_agrees(reference[case], group_time_effects(wide(panel(), covariates), **options))


def test_without_never_treated_the_last_cohort_is_the_comparison(reference):
    effects = group_time_effects(wide(panel(never=False), ("x1",)), "not_yet_treated")
    expected = reference["no never-treated"]
    for cohort, period, effect, error in zip(
        effects.cohort, effects.period, effects.effect, effects.standard_errors, strict=True
    ):
        assert effect == pytest.approx(expected[f"effect {cohort:g} {period:g}"], abs=1e-8)
        assert error == pytest.approx(expected[f"se {cohort:g} {period:g}"], abs=1e-8)
    for kind in ("simple", "calendar"):
        average = aggregate(effects, kind)
        assert average.overall == pytest.approx(expected[f"effect {kind}"], abs=1e-8)
        assert average.overall_standard_error == pytest.approx(expected[f"se {kind}"], abs=1e-8)
    assert effects.period.max() == 6  # the last cohort starts in 7
    assert set(effects.cohort) == {4, 5}


def test_incomplete_units_count_in_the_comparisons_where_they_are_seen(reference):
    effects = group_time_effects(wide(without_some_rows(panel())), "not_yet_treated")
    assert_agrees(reference["diff-diff incomplete"], effects)
    assert effects.incomplete == ()


def test_complete_units_alone_when_asked_for():
    data = without_some_rows(panel())
    full, counts = panel(), np.bincount(data["unit"])
    effects = group_time_effects(wide(data), incomplete="complete_units")
    whole = np.isin(full["unit"], np.flatnonzero(counts == 8))
    alone = group_time_effects(wide({name: values[whole] for name, values in full.items()}))
    np.testing.assert_allclose(effects.effect, alone.effect, atol=1e-12)
    np.testing.assert_allclose(effects.standard_errors, alone.standard_errors, atol=1e-12)
    assert effects.incomplete == tuple(str(unit) for unit in np.flatnonzero(counts < 8))


def test_clusters(reference):
    made = wide(panel(), cluster="cluster")
    effects = group_time_effects(made)
    expected = reference["diff-diff clustered"]
    labels = [f"{cohort:g} {period:g}" for cohort, period in zip(effects.cohort, effects.period, strict=True)]
    np.testing.assert_allclose(effects.effect, [expected[f"effect {label}"] for label in labels], atol=1e-8)
    np.testing.assert_allclose(
        effects.standard_errors * np.sqrt(30 / 29), [expected[f"se {label}"] for label in labels], atol=1e-8
    )  # diff-diff multiplies by G/(G-1)
    assert "30 clusters" in effects.rule


def rows(data, covariates=(), **options):
    extra = np.column_stack([data[name] for name in covariates]) if covariates else None
    named = (data["outcome"], data["period"], data["first_treated"], extra)
    return group_time_effects_of_rows(*named, covariate_names=covariates, **options)


@pytest.mark.parametrize("method", METHODS)
def test_repeated_cross_sections_agree_with_moderndid(reference, method):
    data = panel()
    effects = rows(data, ("x1", "x2"), weights=data["weight"], method=method)
    # In DRDID's doubly robust standard error for rows the noise of the regression before treatment has another sign;
    # `test_influence_is_the_derivative_by_the_weight` holds ours. The term vanishes in large samples.
    tolerance = 0.02 if method == "doubly_robust" else 1e-8
    assert_agrees(reference[f"rows {method}"], effects, error_tolerance=tolerance)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["panel", "rows"])
def test_influence_is_the_derivative_by_the_weight(method, kind):
    """What a unit does to an estimate is w dA/dw, whatever formula the influence function is written in."""
    data = panel(units=60)

    def estimate(weight):
        if kind == "rows":
            return rows(data, ("x1", "moving"), weights=weight, method=method, comparison="not_yet_treated")
        made = wide(data | {"weight": weight[data["unit"]]}, ("x1", "moving"), weights="weight")
        return group_time_effects(made, "not_yet_treated", method)

    base = np.ones(60) if kind == "panel" else data["weight"]
    effects = estimate(base)
    for each in (7, 30, 59):
        step = np.where(np.arange(base.size) == each, 1e-4, 0.0)
        up, down = estimate(base * (1 + step)), estimate(base * (1 - step))
        moved = (up.effect - down.effect) / 2e-4
        assert np.abs(moved).max() > 1e-3
        np.testing.assert_allclose(effects.influence[each], moved, atol=1e-7)
        for average in ("simple", "group", "dynamic", "calendar"):
            moved = (aggregate(up, average).overall - aggregate(down, average).overall) / 2e-4
            assert aggregate(effects, average).overall_influence[each] == pytest.approx(moved, abs=1e-7)


def test_repeated_cross_sections_without_covariates(reference):
    assert_agrees(reference["rows plain"], rows(panel(), comparison="not_yet_treated"))


def test_clustered_rows_of_a_balanced_panel_are_the_panel():
    data = panel()
    one, two = group_time_effects(wide(data)), rows(data, cluster=data["unit"])
    np.testing.assert_allclose(two.effect, one.effect, atol=1e-12)
    np.testing.assert_allclose(two.standard_errors, one.standard_errors, atol=1e-12)


def test_standard_errors_are_those_of_repeated_samples():
    """400 panels: the mean of the estimated variance is that of the estimates, with covariates that confound."""
    generator = np.random.default_rng(20)
    found = []
    for _ in range(400):
        units, x = 150, generator.normal(size=150)
        late = generator.random(units) < 1 / (1 + np.exp(-0.8 * x))
        first = np.repeat(np.where(late, 3.0, np.inf), 3)
        period = np.tile([1, 2, 3], units)
        outcome = np.repeat(x, 3) * period + generator.normal(size=units * 3)
        data = {"unit": np.repeat(np.arange(units), 3), "period": period, "first_treated": first, "outcome": outcome}
        made = wide(data | {"x": np.repeat(x, 3)}, ("x",))
        effects = group_time_effects(made)
        found.append((effects.effect[-1], effects.standard_errors[-1] ** 2))
    values, variances = np.array(found).T
    assert abs(values.mean()) < 3 * values.std() / 20
    assert variances.mean() / values.var() == pytest.approx(1.0, abs=3 * np.sqrt(2 / 400) + 0.05)


def test_always_treated_units_are_left_out_by_name():
    data = panel()
    first = np.where(np.isin(data["unit"], (3, 17)), 1.0, data["first_treated"])
    effects = group_time_effects(wide(data | {"first_treated": first}))
    assert effects.always_treated == ("3", "17")
    assert effects.influence.shape[0] == 118


def test_a_cohort_of_one_is_named():
    data = panel()
    one = {**data, "first_treated": np.where(data["unit"] == 5, 6.0, data["first_treated"])}
    effects = group_time_effects(wide(one, ("x1",)), method="outcome_regression")
    assert effects.single_unit_cohorts == ("5",)
    for method in ("inverse_probability", "doubly_robust"):
        with pytest.raises(
            DesignError, match=r"units first treated in 6 \(5\), in 2: one treated unit .*use outcome_regression"
        ):
            group_time_effects(wide(one, ("x1",)), method=method)


def test_the_one_unit_never_treated_is_named():
    data = panel()
    never = np.isinf(data["first_treated"])
    kept = ~never | (data["unit"] == data["unit"][never][0])
    effects = group_time_effects(wide({name: values[kept] for name, values in data.items()}))
    assert effects.single_unit_cohorts == (str(data["unit"][never][0]),)


def test_two_cohorts_one_after_the_other_leave_nothing():
    data = panel(never=False, cohorts=(2, 3))
    kept = data["period"] != 2
    with pytest.raises(DesignError, match="starts before any other can be compared"):
        group_time_effects(wide({name: values[kept] for name, values in data.items()}), "not_yet_treated")


def test_cells_without_comparison_are_told():
    data = panel()
    kept = ~((data["period"] == 6) & np.isinf(data["first_treated"]))
    effects = group_time_effects(wide({name: values[kept] for name, values in data.items()}))
    assert {(each.cohort, each.period) for each in effects.left_out} == {
        (4, 6), (5, 6), (7, 6), (7, 7), (7, 8)
    }  # fmt: skip
    assert all("no comparison unit" in each.reason for each in effects.left_out)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"never": False}, {}, "no never-treated units.*not_yet_treated"),
        ({"never": False, "cohorts": (4,)}, {"comparison": "not_yet_treated"}, "every unit is first treated in 4"),
        ({"cohorts": (20,)}, {}, "no unit is treated between"),
        ({}, {"comparison": "everybody"}, "choose one of never_treated, not_yet_treated"),
        ({}, {"anticipation": -1}, "anticipation is -1"),
    ],
)
def test_refused(change, options, message):
    with pytest.raises(DesignError, match=message):
        group_time_effects(wide(panel(**change)), **options)


@pytest.mark.parametrize("method", METHODS)
def test_singular_covariates_are_named(method):
    data = panel()
    double = data | {"twice": 2 * data["x1"]}
    with pytest.raises(
        DesignError, match=r"units first treated in 4 \(.*\), in 2: among comparison units .*: twice; leave them out"
    ):
        group_time_effects(wide(double, ("x1", "twice")), method=method)
    with pytest.raises(DesignError, match="twice"):
        rows(double, ("x1", "twice"), method=method)


@pytest.mark.parametrize("method", ["inverse_probability", "doubly_robust"])
def test_covariates_that_separate_are_refused(method):
    data = panel()
    apart = data | {"apart": np.isfinite(data["first_treated"]) + 0.01 * noise(120, 3)[data["unit"]]}
    with pytest.raises(DesignError, match="perfectly, so no weights make them alike; use outcome_regression"):
        group_time_effects(wide(apart, ("apart",)), method=method)
