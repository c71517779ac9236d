"""Which estimator a study gets when it names none, what is said of it, and what it is taken to assume."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, get_args

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.assumptions import assumptions_of
from evalkit.designs.difference_in_differences.choice import RULE
from evalkit.designs.difference_in_differences.estimators import Estimator
from evalkit.records import Panel, Result


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def bare(panel: Panel, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(panel, supplements=False)


def chosen(panel: Panel, **options: Any) -> str:
    return DifferenceInDifferences(**options).resolve(panel).estimator


@pytest.fixture
def long_before(panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """Twenty places over 24 years, some of them treated from the seventeenth on."""

    def make(treated: int = 1, staggered: bool = False, units: int = 20, first: int = 16, **options: Any) -> Panel:
        generator = numpy.random.default_rng(4)
        level, year = generator.normal(6.0, 0.3, units), generator.normal(0.0, 0.1, 24)
        starts = {f"P{i:02d}": first + (i if staggered else 0) for i in range(treated)}
        rows = [
            (f"P{i:02d}", t, round(math.exp(level[i] + year[t] + math.log(0.7) * (t >= starts.get(f"P{i:02d}", 99))
                                            + generator.normal(0.0, 0.03))))
            for i in range(units) for t in range(24)
        ]  # fmt: skip
        return panel(rows, "count", "year", starts, **options)

    return make


class TestRule:
    @pytest.mark.parametrize(("options", "name"), [
        ({"treated": 1}, "synthetic_did"),
        ({"treated": 1, "units": 19}, "two_way_fixed_effects"),  # 18 placebos give no p-value below 1/19
        ({"treated": 2, "units": 9}, "synthetic_did"),  # 21 pairs of donors
        ({"treated": 2, "units": 8}, "two_way_fixed_effects"),
        ({"treated": 4, "units": 11}, "synthetic_did"),
        ({"treated": 4, "units": 10}, "two_way_fixed_effects"),
        ({"treated": 5, "units": 10}, "two_way_fixed_effects"),  # no more donors than treated units
        ({"treated": 5, "units": 12}, "synthetic_did"),
        ({"treated": 6, "units": 20}, "two_way_fixed_effects"),
        ({"treated": 1, "first": 9}, "two_way_fixed_effects"),
        ({"treated": 1, "first": 10}, "synthetic_did"),
        ({"treated": 1, "units": 3}, "two_way_fixed_effects"),
        ({"treated": 2, "staggered": True}, "callaway_santanna"),
    ])  # fmt: skip
    def test_what_is_chosen(self, long_before: Callable[..., Panel], options: dict[str, Any], name: str) -> None:
        assert chosen(long_before(**options)) == name

    def test_donors_too_few_for_placebos_are_a_reason_and_their_inference_finds_more(
        self, long_before: Callable[..., Panel]
    ) -> None:
        """With five donors placebos give 1/6 at best; Ferman and Pinto's test of the same change gives less."""
        result = bare(long_before(units=6))
        assert (
            "not synthetic_did, whose placebos among 5 donors can give no p-value of 0.05"
            in (result.estimator["reason"])
        )
        assert result.inference["method"] == "ferman_pinto"
        assert result.inference["smallest_p"] < 0.1
        assert chosen(long_before(units=6), inference="jackknife") == "synthetic_did"

    def test_it_is_the_default(self, long_before: Callable[..., Panel]) -> None:
        assert DifferenceInDifferences().estimator == "auto"
        assert chosen(long_before(), estimator="auto") == chosen(long_before()) == "synthetic_did"

    @pytest.mark.parametrize(("options", "words"), [
        ({"covariates": ["size"]}, "not synthetic_did, which takes no covariates"),
        ({"inference": "cluster_robust"}, "not synthetic_did, whose inference is by placebos, and the study file asks "
                                          "for cluster_robust"),
    ])  # fmt: skip
    def test_what_it_cannot_carry_is_passed_over_and_said(
        self, long_before: Callable[..., Panel], options: dict[str, Any], words: str
    ) -> None:
        data = long_before(treated=2)
        size = numpy.random.default_rng(1).normal(size=len(data))
        data = dataclasses.replace(changed(data, size=size), covariates=("size",))
        result = bare(data, **options)
        assert result.estimator["name"] == "two_way_fixed_effects"
        assert words in result.estimator["reason"]

    @pytest.mark.parametrize(("change", "words"), [
        ({"weight": lambda frame: 1.0 + frame["time"]}, "which takes no weights"),
        ({"cluster": lambda frame: frame["unit"].str[:2]}, "which takes no clusters larger than units"),
    ])  # fmt: skip
    def test_columns_that_it_cannot_carry(
        self, long_before: Callable[..., Panel], change: dict[str, Any], words: str
    ) -> None:
        data = long_before(treated=3, units=24)
        data = dataclasses.replace(data, frame=data.frame.assign(**change))
        result = bare(data, estimator="auto", inference="auto")
        assert result.estimator["name"] == "two_way_fixed_effects"
        assert words in result.estimator["reason"]

    def test_a_gap_is_passed_over_by_name(self, long_before: Callable[..., Panel]) -> None:
        data = long_before(treated=2)
        frame = data.frame[~((data.frame["unit"] == "P07") & (data.frame["time"] == 5))].reset_index(drop=True)
        data = dataclasses.replace(data, frame=frame, gaps=((5, "a strike", "P07"),))
        result = bare(data)
        assert result.estimator["name"] == "two_way_fixed_effects"
        assert "gaps in P07" in result.estimator["reason"]
        # Effects by start and period need no unit in every period.
        late = changed(data, first_time=data.frame["first_time"].where(data.frame["unit"] != "P01", 18.0))
        assert chosen(late) == "callaway_santanna"

    def test_staggered_starts_that_covariates_leave_no_comparison_for(self, long_before: Callable[..., Panel]) -> None:
        """Comparison units do not vary in the covariate, so that nothing can be given it; imputation can."""
        data = long_before(treated=4, staggered=True)
        treated = data.frame["first_time"].notna()
        size = numpy.where(treated, numpy.random.default_rng(1).normal(size=len(data)), 1.0)
        data = dataclasses.replace(changed(data, size=size), covariates=("size",))
        result = bare(data, covariates=["size"])
        assert result.estimator["name"] == "imputation"
        assert "not callaway_santanna," in result.estimator["reason"]

    def test_anticipation_needs_an_estimator_that_has_it(self, long_before: Callable[..., Panel]) -> None:
        assert chosen(long_before(), anticipation=2) == "callaway_santanna"


class TestWhatIsSaid:
    def test_by_the_rule(self, long_before: Callable[..., Panel]) -> None:
        block = bare(long_before()).estimator
        assert (block["name"], block["chosen_by"], block["rule"]) == ("synthetic_did", "rule", RULE)
        assert block["reason"] == "1 treated unit, 16 periods before, 19 comparison units"

    def test_by_the_rule_also_once_resolved(self, long_before: Callable[..., Panel]) -> None:
        data = long_before(treated=2, staggered=True)
        resolved = DifferenceInDifferences().resolve(data)
        assert resolved.left_open == {"estimator", "inference"}
        assert resolved.resolve(data) == resolved
        assert resolved.estimate(data, supplements=False).estimator["chosen_by"] == "rule"

    def test_by_the_study(self, long_before: Callable[..., Panel]) -> None:
        data = long_before(treated=2, staggered=True)
        block = bare(data, estimator="two_way_fixed_effects").estimator
        assert (block["name"], block["chosen_by"]) == ("two_way_fixed_effects", "study")
        assert "left out, it would be callaway_santanna (2 treated units with 2 different starts)" in block["reason"]
        assert bare(data, estimator="callaway_santanna").estimator["reason"] == "The study file names it"


class TestAssumptions:
    @pytest.mark.parametrize("estimator", [name for name in get_args(Estimator) if name != "auto"])
    @pytest.mark.parametrize("options", [{}, {"covariates": ["size"], "anticipation": 2, "transform": "log"}])
    def test_every_estimator_has_its_own(self, estimator: str, options: dict[str, Any]) -> None:
        named = {"estimator": estimator, "transform": "identity", **options}  # Some of these no study can have.
        design = DifferenceInDifferences().model_copy(update=named)
        found = assumptions_of(design)
        assert len(found) >= 4
        assert all(text.endswith(".") and "{" not in text for text in found)
        assert len(set(found)) == len(found)

    def test_they_differ_where_estimators_do(self) -> None:
        usual = DifferenceInDifferences(transform="log")
        first = {assumptions_of(usual.model_copy(update={"estimator": name}))[0]
                 for name in get_args(Estimator) if name != "auto"}  # fmt: skip
        assert len(first) == len(get_args(Estimator)) - 1

    def test_the_result_has_those_of_the_estimator_that_ran(self, long_before: Callable[..., Panel]) -> None:
        weighted = bare(long_before()).estimator["assumptions"]
        assert "weighted average" in weighted[0]
        by_start = bare(long_before(treated=2, staggered=True), anticipation=1).estimator["assumptions"]
        assert "their start and the 1 period before it" in by_start[0]
        assert "more than 1 period before the start" in by_start[1]
        plain = bare(long_before(), estimator="two_way_fixed_effects").estimator["assumptions"]
        assert any("One effect stands for all" in text for text in plain)
