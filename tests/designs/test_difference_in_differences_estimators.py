"""Difference in differences by start and period and by synthetic comparison: what is recovered, said and refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DesignError
from evalkit.records import Panel, Result

BY_COHORT = ("callaway_santanna", "sun_abraham", "imputation", "poisson")


def bare(panel: Panel, **options: Any) -> Result:
    """Return the result without what stands beside it."""
    return DifferenceInDifferences(**options).estimate(panel, supplements=False)


@pytest.mark.parametrize("estimator", BY_COHORT)
class TestByCohort:
    def test_a_planted_fall_is_recovered(self, estimator: str, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True), estimator=estimator, inference="cluster_robust")
        assert result.effect.value == pytest.approx(math.log(0.8), abs=0.04)
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert result.averted.value > 0.0
        assert set(result.aggregations) == {"simple", "group", "dynamic", "calendar"}
        assert result.aggregations["simple"]["overall"]["value"] == pytest.approx(result.effect.value)
        assert {row.group for row in result.group_time} == {"2006", "2007", "2008"}

    def test_the_path_loses_what_is_averted(self, estimator: str, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True), estimator=estimator, inference="cluster_robust")
        gaps = [p.counterfactual - p.observed for p in result.path if p.counterfactual is not None]
        assert 6 * sum(gaps) == pytest.approx(result.averted.value)

    def test_periods_without_untreated_units_are_named(self, estimator: str, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True, never=0), estimator=estimator)
        assert [period for period, _ in result.dropped] == ["2008", "2009", "2010", "2011"]
        assert "no unit is untreated from 2008 on" in result.dropped[0][1]
        assert result.n_treated_units == 4

    def test_the_sign_against_staggering_is_gone(self, estimator: str, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True), estimator=estimator, inference="cluster_robust")
        assert next(c for c in result.diagnostics if c.name == "staggered_adoption").verdict == "no sign against"


class TestComparison:
    def test_named_units_and_exclusions_are_dropped_with_the_reason(self, places: Callable[..., Panel]) -> None:
        options = {"estimator": "callaway_santanna", "exclude": {"C0": "next to T0"}}
        result = bare(places(staggered=True), comparison=["C1", "C2", "C3"], **options)
        assert dict(result.dropped) == {
            "C0": "left out of the comparison: next to T0",
            "C4": "not among the named comparison units", "C5": "not among the named comparison units",
        }  # fmt: skip
        assert result.n_units == 9

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"comparison": ["C1", "X9"]}, "X9"),
            ({"comparison": ["T1"]}, "treated units cannot be comparison units: T1"),
            ({"exclude": {"T2": "x"}}, "T2"),
        ],
    )
    def test_wrong_names_are_refused(self, places: Callable[..., Panel], options: Any, words: str) -> None:
        with pytest.raises(DesignError, match=words):
            bare(places(staggered=True), estimator="callaway_santanna", **options)

    def test_never_treated_needs_such_units(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="choose not_yet_treated"):
            bare(places(staggered=True, never=0), estimator="callaway_santanna", comparison="never_treated")


class TestRule:
    def test_staggered(self, places: Callable[..., Panel]) -> None:
        resolved = DifferenceInDifferences(estimator="auto").resolve(places(staggered=True))
        assert (resolved.estimator, resolved.comparison) == ("callaway_santanna", "never_treated")

    def test_simultaneous_with_many_treated(self, places: Callable[..., Panel]) -> None:
        assert DifferenceInDifferences(estimator="auto").resolve(places()).estimator == "two_way_fixed_effects"


class TestDecomposition:
    def test_the_pairs_add_up_to_the_two_way_estimate(self, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True), estimator="two_way_fixed_effects", inference="cluster_robust")
        pairs = result.decomposition["pairs"]
        assert sum(pair["weight"] for pair in pairs) == pytest.approx(1.0)
        assert sum(pair["weight"] * pair["estimate"] for pair in pairs) == pytest.approx(result.effect.value)


class TestSynthetic:
    @staticmethod
    def lone(panel: Callable[..., Panel], donors: int) -> Panel:
        """Return one place that fell by 40% after sixteen years, beside so many others."""
        generator = numpy.random.default_rng(4)
        level, year = generator.normal(6.0, 0.3, 1 + donors), generator.normal(0.0, 0.1, 24)
        rows = [
            (f"P{i:02d}", t, round(math.exp(level[i] + year[t] + (math.log(0.6) if i == 0 and t >= 16 else 0.0)
                                            + generator.normal(0.0, 0.03))))
            for i in range(1 + donors) for t in range(24)
        ]  # fmt: skip
        return panel(rows, "count", "year", {"P00": 16})

    @pytest.fixture
    def one(self, panel: Callable[..., Panel]) -> Panel:
        return self.lone(panel, 14)

    @pytest.mark.parametrize("estimator", ["synthetic_control", "synthetic_did"])
    def test_a_planted_fall_is_recovered(self, estimator: str, one: Panel) -> None:
        result = bare(one, estimator=estimator)
        assert result.effect.value == pytest.approx(math.log(0.6), abs=0.15)
        assert sum(weight for _, weight in result.weights) == pytest.approx(1.0)
        assert (result.inference["method"], result.inference["assignments"]) == ("placebo", 15)
        assert result.inference["smallest_p"] == pytest.approx(1 / 15)
        assert any(check.name == "no_result_could_count" for check in result.diagnostics)

    @pytest.mark.parametrize(("donors", "estimator"), [(18, "two_way_fixed_effects"), (19, "synthetic_did")])
    def test_the_rule_takes_it_where_placebos_can_count(
        self, panel: Callable[..., Panel], donors: int, estimator: str
    ) -> None:
        """With 19 donors the smallest p-value is 1 in 20; with 18 it is above 0.05, and no result could count."""
        assert DifferenceInDifferences(estimator="auto").resolve(self.lone(panel, donors)).estimator == estimator

    def test_different_starts_are_refused(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="one start"):
            bare(places(staggered=True, never=9), estimator="synthetic_control")


class TestPoisson:
    def test_counts_alone(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="poisson is for counts"):
            bare(places(kind="continuous"), estimator="poisson")


@pytest.mark.parametrize(("options", "later"), [
    ({"estimator": "callaway_santanna", "comparison": "never_treated"}, False),
    ({"estimator": "callaway_santanna", "comparison": "not_yet_treated"}, True),
    ({"estimator": "callaway_santanna"}, False),
    ({"estimator": "sun_abraham"}, False),
    ({"estimator": "imputation"}, True),
    ({"estimator": "two_way_fixed_effects"}, True),
])  # fmt: skip
def test_the_estimand_names_the_units_that_were_compared_with(
    options: dict[str, Any], later: bool, places: Callable[..., Panel]
) -> None:
    told = DifferenceInDifferences(**options, inference="cluster_robust").estimate(
        places(staggered=True), supplements=False).estimand  # fmt: skip
    assert "not treated in these data" in told
    assert ("units not yet treated" in told) == later
