"""Leads and bands by the headline's inference, effects of few, and one number for percent and amounts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.records import Diagnostic, Panel, Result

STARTS = (24, 24, 30, 30, 36, 36, 36, 36)
BY_START = ("callaway_santanna", "sun_abraham", "imputation")


def drawn(
    panel: Callable[..., Panel], starts: tuple[int, ...], seed: int, drift: float = 0.0, units: int = 20
) -> Panel:
    """Return counts of 42 months without effect; treated ones with a drift of so much a month."""
    generator = numpy.random.default_rng(seed)
    rows: list[tuple[str, int, float]] = []
    names = [f"T{i:02d}" if i < len(starts) else f"C{i:02d}" for i in range(units)]
    for place, name in enumerate(names):
        mean = generator.uniform(30, 300)
        for time in range(42):
            expected = mean * math.exp(drift * time * (place < len(starts))) * generator.gamma(40, 1 / 40)
            rows.append((name, 600 + time, float(max(generator.poisson(expected), 1))))
    return panel(rows, start={name: 600 + start for name, start in zip(names, starts, strict=False)})


def estimated(data: Panel, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(data, supplements=False)


def check(result: Result, name: str) -> Diagnostic:
    return next(each for each in result.diagnostics if each.name == name)


class TestLeads:
    @pytest.mark.parametrize("estimator", BY_START)
    def test_starts_of_few_are_dealt_out_anew(self, estimator: str, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, STARTS, 1), estimator=estimator)
        assert result.inference is not None
        assert "assignments" in result.inference["event_study"]
        assert "Among reassignments of treatment" in check(result, "pre_period_leads").reading
        shown = [point for point in result.event_study if point.low is not None]
        assert all(p.simultaneous_low <= p.low <= p.value <= p.high <= p.simultaneous_high for p in shown)  # type: ignore[operator]
        assert {point.time for point in shown} >= {-3, -2, 0, 1}

    def test_few_null_panels_cry_wolf(self, panel: Callable[..., Panel]) -> None:
        """Clustered errors had a sign against in 24 of 100 such panels; 30 at 5% give more than 5 once in 300."""
        found = [estimated(drawn(panel, STARTS, 100 + seed), draws=99, inference_draws=299) for seed in range(30)]
        assert sum(check(each, "pre_period_leads").verdict == "sign against" for each in found) <= 5

    @pytest.mark.parametrize(("starts", "options"), [
        (STARTS, {}), ((24,) * 3, {"estimator": "two_way_fixed_effects"}), ((24,) * 8, {}), ((20, 24, 28), {}),
    ])  # fmt: skip
    def test_a_drift_is_seen(
        self, starts: tuple[int, ...], options: dict[str, Any], panel: Callable[..., Panel]
    ) -> None:
        rare = estimated(drawn(panel, starts, 2, drift=0.15), leads=12, **options)
        assert check(rare, "pre_period_leads").verdict == "sign against"
        assert check(rare, "pre_period_leads").p_value is not None

    def test_a_regression_of_six_or_more_is_bootstrapped(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, (24,) * 8, 3), estimator="two_way_fixed_effects")
        assert result.inference is not None
        assert result.inference["method"] == "wild_bootstrap"
        assert "wild cluster bootstrap-t of the event study" in result.inference["event_study"]

    def test_the_named_clustered_error_keeps_its_bands_and_not_its_test(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, (24,) * 8, 3), estimator="event_study", inference="cluster_robust")
        point = next(each for each in result.event_study if each.time == 0)
        assert point.se == pytest.approx(next(c for c in result.coefficients if c.term == "event time 0").se)
        assert "In a wild bootstrap" in check(result, "pre_period_leads").reading

    def test_not_run_where_no_test_can_be_had(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, (24, 24, 30), 4)
        frame = data.frame.assign(cold=numpy.random.default_rng(5).normal(size=len(data.frame)))
        result = estimated(replace(data, frame=frame), estimator="imputation", covariates=["cold"], inference_draws=99)
        leads = check(result, "pre_period_leads")
        assert leads.verdict == "not run"
        assert "The largest gap in 5 earlier periods was" in leads.reading
        assert all(point.low is None for point in result.event_study)

    def test_one_treated_has_a_gap_and_no_test(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, (24,), 6), estimator="callaway_santanna")
        leads = check(result, "pre_period_leads")
        assert (leads.verdict, leads.p_value) == ("not run", None)
        assert "With 1 treated unit the test is not valid" in leads.reading


class TestImputationBeside:
    def test_what_the_rule_chose_has_imputation_beside_it(self, panel: Callable[..., Panel]) -> None:
        result = DifferenceInDifferences().estimate(drawn(panel, STARTS, 8))
        assert result.estimator is not None
        assert result.estimator["name"] == "callaway_santanna"
        assert [(row.estimator, row.headline) for row in result.scales] == [
            ("callaway_santanna", True), ("callaway_santanna", False), ("imputation", False),
        ]  # fmt: skip
        own, _, imputed = result.scales
        assert (imputed.scale, imputed.inference) == (own.scale, "randomisation")
        alone = estimated(drawn(panel, STARTS, 8), estimator="imputation", inference="randomisation")
        assert alone.relative is not None
        assert (imputed.percent, imputed.percent_low) == pytest.approx((alone.relative.value, alone.relative.low))

    def test_a_named_estimator_stands_alone(self, panel: Callable[..., Panel]) -> None:
        result = DifferenceInDifferences(estimator="callaway_santanna").estimate(drawn(panel, STARTS, 8))
        assert [row.estimator for row in result.scales] == ["callaway_santanna"] * 2


class TestFewBehind:
    @pytest.mark.parametrize("estimator", [*BY_START, "poisson"])
    def test_no_clustered_interval(self, estimator: str, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, (24, 24, *[30] * 6), 7), estimator=estimator)
        assert result.aggregations is not None
        few, enough = result.aggregations["group"]["by"]
        assert (few["se"], few["low"], few["high"]) == (None, None, None)
        assert enough["low"] < enough["value"] < enough["high"]
        first, last = result.aggregations["calendar"]["by"][0], result.aggregations["calendar"]["by"][-1]
        assert first["low"] is None
        assert last["low"] is not None
        early = {cell.group for cell in result.group_time if cell.low is None}
        assert early >= {result.group_time[0].group}
        assert any(cell.low is not None for cell in result.group_time)

    def test_the_average_that_is_the_headline_has_its_interval(self, panel: Callable[..., Panel]) -> None:
        result = estimated(drawn(panel, STARTS, 8))
        assert result.aggregations is not None
        simple = result.aggregations["simple"]["overall"]
        assert (simple["low"], simple["high"]) == (result.effect.low, result.effect.high)
        assert result.aggregations["group"]["overall"]["low"] is None


@pytest.mark.parametrize(("starts", "options"), [
    (STARTS, {"estimator": "callaway_santanna"}), (STARTS, {"estimator": "imputation"}),
    (STARTS, {"estimator": "sun_abraham"}), (STARTS, {"estimator": "event_study"}), (STARTS, {"estimator": "poisson"}),
    (STARTS, {"estimator": "callaway_santanna", "inference": "cluster_robust"}),
    ((24,), {"estimator": "synthetic_did"}),
    ((24,), {"estimator": "synthetic_control"}), (STARTS, {"estimator": "two_way_fixed_effects"}),
])  # fmt: skip
def test_percent_and_amounts_are_one_number(
    starts: tuple[int, ...], options: dict[str, Any], panel: Callable[..., Panel]
) -> None:
    """Percent is observed over expected of the same totals, and its interval that of the amounts."""
    result = estimated(drawn(panel, starts, 9), **options)
    assert result.relative is not None
    assert result.absolute is not None
    assert result.averted is not None
    assert result.fit is not None
    seen = result.fit["averages"]
    ratio = seen["observed"] / seen["expected"]
    assert 100 * (ratio - 1) == pytest.approx(result.relative.value)
    assert seen["observed"] - seen["expected"] == pytest.approx(result.absolute.value)
    total = result.fit["observed_total"]
    assert 100 * (total / (total + result.averted.value) - 1) == pytest.approx(result.relative.value)
    for end, other in (("low", "high"), ("high", "low")):
        bound, amount = getattr(result.relative, end), getattr(result.averted, other)
        assert 100 * (total / (total + amount) - 1) == pytest.approx(bound, rel=1e-6)
    treated = [point for point in result.path if point.unit == "treated" and point.counterfactual is not None]
    expected, happened = (sum(getattr(p, name) for p in treated) for name in ("counterfactual", "observed"))
    if len(set(starts)) == 1:
        assert happened / expected == pytest.approx(ratio)
    assert (expected - happened) * len(starts) == pytest.approx(result.averted.value)
