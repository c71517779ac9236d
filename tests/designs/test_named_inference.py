"""Inference that the study file names is never replaced; inference of the rule is, and the result says why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DesignError, Problem
from evalkit.records import Panel, Result


def estimated(panel: Panel, **options: Any) -> Result:
    named = {"estimator": "two_way_fixed_effects", "inference_draws": 199, **options}
    return DifferenceInDifferences(**named).estimate(panel, supplements=False)


def refused(panel: Panel, **options: Any) -> Problem:
    with pytest.raises(DesignError) as caught:
        estimated(panel, **options)
    (found,) = caught.value.problems
    assert found.where == "design.inference"
    assert "leave `inference` out" in found.mend
    return found


@pytest.fixture
def treating(places: Callable[..., Panel]) -> Callable[..., Panel]:
    """Twelve places of which the first `count` are treated, with weights that differ where `weighted`."""

    def make(count: int, *, weighted: bool = False, comparisons: int = 6) -> Panel:
        data = places(never=comparisons)
        units = data.frame["unit"]
        kept = ~units.str.startswith("T") | units.isin([f"T{i}" for i in range(count)])
        frame = data.frame[kept].reset_index(drop=True)
        if weighted:
            frame = frame.assign(weight=numpy.random.default_rng(1).uniform(1.0, 3.0, len(frame)))
        return dataclasses.replace(data, frame=frame)

    return make


class TestNamedAsTheRuleWouldChoose:
    def test_ferman_and_pinto_where_places_count_differently(self, treating: Callable[..., Panel]) -> None:
        data = treating(1, weighted=True)
        ruled = estimated(data)
        assert ruled.inference["method"] == "placebo"
        assert "Ferman and Pinto (one treated) cannot be had" in ruled.inference["reason"]
        found = refused(data, inference="ferman_pinto")
        assert found.message.startswith("ferman_pinto cannot be had: the estimate of the test (")
        assert "weights or covariates" in found.mend

    def test_randomisation_of_an_event_study_with_weights(self, treating: Callable[..., Panel]) -> None:
        data = treating(3, weighted=True)
        ruled = estimated(data, estimator="event_study")
        assert (ruled.inference["method"], ruled.effect.low) == ("none", None)
        assert "randomisation (at most 5 treated) cannot be had" in ruled.inference["reason"]
        found = refused(data, estimator="event_study", inference="randomisation")
        assert "weights and covariates make places with the same start count differently" in found.message

    def test_wild_bootstrap_with_one_comparison_unit(self, treating: Callable[..., Panel]) -> None:
        data = treating(6, comparisons=1)
        ruled = estimated(data)
        assert (ruled.inference["reason"], ruled.effect.low) == (
            "one comparison cluster: nothing shows how those without it vary", None)  # fmt: skip
        found = refused(data, inference="wild_bootstrap")
        assert "wild_bootstrap cannot be had: one comparison cluster" in found.message
        assert found.mend.startswith("add comparison units")


class TestNamedOtherwise:
    @pytest.mark.parametrize("inference", ["jackknife", "bootstrap"])
    def test_what_the_estimator_of_the_rule_does_not_have(self, treating: Callable[..., Panel], inference: str) -> None:
        data = treating(6)
        with pytest.raises(DesignError, match=f"two_way_fixed_effects has no {inference}: it is that of synthetic_did"):
            DifferenceInDifferences(inference=inference).estimate(data, supplements=False)

    def test_what_can_be_had_is_what_is_named(self, treating: Callable[..., Panel]) -> None:
        data = treating(3)
        for inference in ("randomisation", "placebo", "wild_bootstrap", "cluster_robust", "ferman_pinto"):
            found = estimated(data, inference=inference).inference
            assert found["method"] == inference

    def test_clustered_errors_of_one_treated_unit_are_none_and_not_another_method(
        self, treating: Callable[..., Panel]
    ) -> None:
        found = estimated(treating(1), inference="cluster_robust")
        assert (found.inference["method"], found.effect.low, found.effect.p_value) == ("none", None, None)
        assert "a clustered standard error cannot exist" in found.inference["rule"]

    def test_what_stands_beside_goes_on_where_it_cannot_have_it(self, treating: Callable[..., Panel]) -> None:
        """A named method that the headline has is no reason to refuse the study where a second analysis has it not."""
        design = DifferenceInDifferences(estimator="imputation", inference="randomisation", inference_draws=99)
        found = design.estimate(treating(3))
        assert found.inference["method"] == "randomisation"
        assert len(found.scales) == 2
