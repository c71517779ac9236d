"""Options that no data could carry together: told by `evalkit check` at their keys, and again once rules are done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy
import pytest
from pydantic import ValidationError

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.compatible import READ_BY, option_problems, require_compatible
from evalkit.designs.difference_in_differences.estimators import Estimator
from evalkit.errors import DesignError, SpecError
from evalkit.records import Panel
from evalkit.spec.loading import load_spec

EVERY = [name for name in get_args(Estimator) if name != "auto"]
INFERENCE = get_args(DifferenceInDifferences.model_fields["inference"].annotation)
HAS = {
    "two_way_fixed_effects": {"cluster_robust", "wild_bootstrap", "randomisation", "ferman_pinto", "conley_taber",
                              "placebo", "classical", "robust"},
    "event_study": {"cluster_robust", "wild_bootstrap", "randomisation", "ferman_pinto", "placebo", "classical",
                    "robust"},
    "callaway_santanna": {"cluster_robust", "randomisation", "ferman_pinto", "placebo"},
    "sun_abraham": {"cluster_robust", "randomisation", "ferman_pinto", "placebo"},
    "imputation": {"cluster_robust", "randomisation", "ferman_pinto", "placebo"},
    "poisson": {"cluster_robust", "randomisation", "placebo"},
    "synthetic_control": {"placebo"},
    "synthetic_did": {"placebo", "jackknife", "bootstrap"},
}  # fmt: skip

STUDY = """\
evalkit: 1
title: Places
question: Did it change where it began?
data: {{source: simulated, units: 8, periods: 14, baseline: 100, seed: 3, period: {{start: 2004, frequency: year}}}}
intervention: {{starts: {{unit-1: 2012, unit-2: 2013}}}}
outcomes: {{value: {{label: Incidents, kind: count, better: lower}}}}
design:
  kind: difference_in_differences
{design}{rest}
"""


def wanted(**options: Any) -> DifferenceInDifferences:
    """Return a design as a rule may leave it, which nothing has checked."""
    return DifferenceInDifferences().model_copy(update=options)


@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.parametrize("inference", [name for name in INFERENCE if name != "auto"])
def test_every_pair_of_estimator_and_inference(estimator: str, inference: str) -> None:
    design = wanted(estimator=estimator, inference=inference)
    if inference in HAS[estimator]:
        assert option_problems(design) == []
        require_compatible(design)
        return
    (found,) = option_problems(design)
    assert found.where == "design.inference"
    assert inference in found.message or "bootstrapped" in found.message
    assert estimator in found.message
    assert found.mend
    with pytest.raises(DesignError) as caught:
        require_compatible(design)
    assert caught.value.problems == (found,)


@pytest.mark.parametrize("inference", [name for name in INFERENCE if name != "auto"])
def test_what_is_left_to_a_rule_contradicts_nothing(inference: str) -> None:
    assert option_problems(wanted(inference=inference)) == []
    ruled = DifferenceInDifferences(estimator="poisson")
    assert "inference" in ruled.left_open
    settled = ruled.model_copy(update={"inference": "ferman_pinto"})
    settled._left_open = ruled.left_open
    require_compatible(settled)  # The rule's own choice: the rule also says what takes its place.


class TestCovariates:
    @pytest.mark.parametrize("estimator", ["callaway_santanna", "sun_abraham", "imputation"])
    def test_one_change_of_each_unit_has_none(self, estimator: str) -> None:
        design = wanted(estimator=estimator, inference="ferman_pinto", covariates=["size"])
        assert [found.where for found in option_problems(design)] == ["design.inference"]
        assert option_problems(design.model_copy(update={"inference": "randomisation"})) == []
        assert option_problems(design.model_copy(update={"estimator": "two_way_fixed_effects"})) == []

    def test_the_same_is_found_on_data(self, places: Callable[..., Panel]) -> None:
        """What is told before reading data is what data would have told: the test itself cannot be had."""
        from evalkit.designs.difference_in_differences.estimators import fitted, studied
        from evalkit.designs.difference_in_differences.resampled import resampled

        data = places()
        size = numpy.random.default_rng(3).normal(size=len(data.frame))
        frame = data.frame.assign(size=size, first_time=data.frame["first_time"].where(data.frame["unit"] == "T0"))
        data = dataclasses.replace(data, frame=frame, covariates=("size",))
        for estimator in ("sun_abraham", "imputation", "poisson"):
            extra = ["size"] if estimator != "poisson" else []
            design = DifferenceInDifferences(estimator=estimator, covariates=extra).resolve(data)
            result, model = fitted(design, data, studied(design, data))
            with pytest.raises(DesignError):
                resampled(design, model, result.effect.value, "ferman_pinto")


class TestOptionsThatNobodyReads:
    VALUES = {"method": "outcome_regression", "base_period": "varying", "leave_own_out": True,
              "small_sample": "effects_counted", "unit_trends": "Paths of their own", "always_treated": "keep",
              "cluster_correction": "jackknife"}  # fmt: skip

    @pytest.mark.parametrize("estimator", EVERY)
    @pytest.mark.parametrize("name", sorted(READ_BY))
    def test_they_are_told(self, estimator: str, name: str) -> None:
        also = {"inference": "cluster_robust"} if name == "cluster_correction" and estimator in READ_BY[name] else {}
        found = option_problems(wanted(**{"estimator": estimator, name: self.VALUES[name], **also}))
        if name == "cluster_correction" and not also:
            found = [problem for problem in found if "does not read" in problem.message]
        assert [problem.where for problem in found] == ([] if estimator in READ_BY[name] else [f"design.{name}"])
        usual = DifferenceInDifferences.model_fields[name].default
        assert option_problems(wanted(**{"estimator": estimator, name: usual})) == []
        assert option_problems(wanted(**{name: self.VALUES[name], **also})) == [] or name == "cluster_correction"

    def test_a_rule_may_choose_an_estimator_that_does_not_read_them(self) -> None:
        require_compatible(wanted(estimator="two_way_fixed_effects", base_period="varying"))

    def test_logarithms_of_counts_that_may_be_zero(self) -> None:
        (found,) = option_problems(wanted(estimator="poisson", transform="log"))
        assert found.where == "design.transform"
        assert option_problems(wanted(estimator="poisson", transform="identity")) == []


@pytest.mark.parametrize(("comparison", "told"), [([], "none is named"), (["A"], "takes out all of them: A"),
                                                  (["A", "B"], "")])  # fmt: skip
def test_named_comparison_units_of_which_none_is_left(comparison: list[str], told: str) -> None:
    found = option_problems(wanted(comparison=comparison, exclude={"A": "another programme"}))
    assert [told in problem.message for problem in found] == ([True] if told else [])


class TestStudyFiles:
    def problems(self, write_study: Callable[..., Path], design: str, rest: str = "") -> list[str]:
        lines = "".join(f"  {line}\n" for line in design.splitlines())
        with pytest.raises(SpecError) as caught:
            load_spec(write_study(STUDY.format(design=lines, rest=rest)))
        return [f"{found.line}: {found.where}: {found.message}" for found in caught.value.problems]

    def test_all_at_once_each_at_its_line(self, write_study: Callable[..., Path]) -> None:
        design = "estimator: synthetic_control\ninference: wild_bootstrap\nanticipation: 1\ncovariates: [size]\n" \
                 "method: outcome_regression"  # fmt: skip
        told = self.problems(write_study, design)
        for line, key in ((10, "inference"), (11, "anticipation"), (12, "covariates"), (13, "method")):
            assert sum(each.startswith(f"{line}: design.{key}: synthetic_control") for each in told) == 1

    def test_beside_other_slips(self, write_study: Callable[..., Path]) -> None:
        told = self.problems(write_study, "estimator: imputation\ninference: jackknife", "questions: 3")
        assert any(each.startswith("10: design.inference: imputation has no jackknife") for each in told)
        assert len(told) > 1

    def test_in_one_analysis_of_several(self, write_study: Callable[..., Path]) -> None:
        rest = (
            "sensitivity:\n"
            "- {id: other, label: Other, design: {estimator: imputation, inference: wild_bootstrap}}\n"
            "- {id: fine, label: Fine, design: {estimator: imputation}}"
        )
        told = self.problems(write_study, "estimator: two_way_fixed_effects", rest)
        assert told == ["11: sensitivity.0.design.inference: imputation has no linear regression that could be "
                        "bootstrapped"]  # fmt: skip

    def test_what_goes_together_is_read(self, write_study: Callable[..., Path]) -> None:
        lines = "  estimator: synthetic_did\n  inference: jackknife\n"
        design = load_spec(write_study(STUDY.format(design=lines, rest=""))).study.design
        assert (design.estimator, design.inference) == ("synthetic_did", "jackknife")


def test_every_contradiction_at_once_from_python() -> None:
    with pytest.raises(ValidationError) as caught:
        DifferenceInDifferences(estimator="synthetic_did", inference="robust", anticipation=1)
    assert [error["loc"] for error in caught.value.errors()] == [("anticipation",), ("inference",)]
