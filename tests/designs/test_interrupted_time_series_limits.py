"""Interrupted time series: what an option reaches for and the data do not hold, and how its checks judge it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from pydantic import ValidationError
from scipy import stats

from evalkit.designs import InterruptedTimeSeries
from evalkit.diagnostics import placebo
from evalkit.errors import DesignError
from evalkit.records import Panel

Made = Callable[..., Panel]


class TestShapes:
    @pytest.mark.parametrize(("impact", "length", "words"), [
        ("pulse", 25, "a pulse of 25 months, and there are 24 from the start on: its end is never seen"),
        ("ramp", 25, "a ramp of 25 months, and there are 24 from the start on: its lasting level is never seen"),
        ("delayed", 24, "a delay of 24 months, and there are 24 from the start on: it acts in no period of the data"),
    ])  # fmt: skip
    def test_that_the_data_do_not_reach(self, monthly: Made, impact: str, length: int, words: str) -> None:
        with pytest.raises(DesignError) as caught:
            InterruptedTimeSeries(impact=impact, length=length).estimate(monthly())
        problem = caught.value.problems[0]
        assert (problem.message, problem.where) == (words, "design.impact")
        InterruptedTimeSeries(impact=impact, length=length - 1).estimate(monthly(), supplements=False)

    @pytest.mark.parametrize(("option", "words"), [
        ({"impact": {"shap": "ramp", "length": 3}}, "did you mean 'shape'"), ({"season": {"forier": 2}}, "'fourier'"),
    ])  # fmt: skip
    def test_mistyped_key(self, option: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            InterruptedTimeSeries.model_validate(option)

    @pytest.mark.parametrize(("options", "where"), [
        ({"season": "fourier", "pairs": 9}, "design.season"), ({"errors": "arima", "order": (0, 3, 0)}, "design.order"),
    ])  # fmt: skip
    def test_estimator_names_the_option(self, monthly: Made, options: dict[str, Any], where: str) -> None:
        with pytest.raises(DesignError) as caught:
            InterruptedTimeSeries(**options).estimate(monthly())
        assert caught.value.problems[0].where == where


def test_horizons_beyond_the_data_are_named(monthly: Made) -> None:
    result = InterruptedTimeSeries(horizons=[6, 24, 36]).estimate(monthly())
    assert [one.label for one in result.horizons] == ["6 months", "the end (24 months)"]
    assert result.dropped == (("the effect by 36 months", "the data reach 24 months from the start on"),)
    usual = InterruptedTimeSeries().estimate(monthly(after=5), supplements=False)
    assert usual.dropped == ()


class TestEarlierDates:
    def test_chance_is_a_binomial_tail_of_every_sixth_date(self) -> None:
        for clear, dates in ((6, 60), (18, 60), (12, 72)):
            expected = stats.binom.sf(clear // 6 - 1, dates // 6, 0.05)
            assert placebo.chance_of_clear(clear, dates) == pytest.approx(expected)
        assert placebo.chance_of_clear(0, 60) == 1.0
        assert placebo.chance_of_clear(3, 4) == pytest.approx(stats.beta.cdf(0.05, 0.75, 1.25))

    def test_too_many_clear_dates_speak_against(self) -> None:
        """22 of 75, where chance gives 4."""
        many = placebo.placebo_dates(0, 75, 22, True, "month")
        assert many.verdict == "sign against"
        assert "may be too short" in many.reading
        assert many.short == "the method finds changes too often at earlier dates"
        assert placebo.placebo_dates(0, 75, 22, False, "month").verdict == "too weak to tell"
        assert placebo.placebo_dates(0, 75, 8, True, "month").verdict == "no sign against"
        assert placebo.placebo_dates(0, 9, 9, True, "month").verdict == "not run"

    def test_a_wandering_series_is_found_out_more_often_than_a_still_one(self, panel: Made) -> None:
        generator = numpy.random.default_rng(4)
        signs = {"still": 0, "wandering": 0}
        for _ in range(6):
            steps = generator.normal(0, 0.05, 84)
            for kind, noise in (("still", steps), ("wandering", steps.cumsum())):
                rows = [("", 480 + t, 100 * numpy.exp(x)) for t, x in enumerate(noise)]
                design = InterruptedTimeSeries(errors="ordinary", season="none", scale="log", impact="level")
                check = design.estimate(panel(rows, "rate", start=480 + 60)).diagnostics
                found = next(one for one in check if one.name == "placebo_dates")
                signs[kind] += "may be too short" in found.reading
        assert signs["still"] <= 1
        assert signs["wandering"] >= 5


class TestStretches:
    def test_a_year_of_three_is_not_left_out(self, monthly: Made) -> None:
        result = InterruptedTimeSeries(season="none").estimate(monthly(before=36))
        assert {one.problem for one in result.leave_out} == {"more than 25% of the periods before would be gone"}
        check = next(one for one in result.diagnostics if one.name == "leave_out")
        assert check.verdict == "not run"
        assert "25% of the periods before" in check.reading

    def test_a_year_of_four_is(self, monthly: Made) -> None:
        result = InterruptedTimeSeries(season="none").estimate(monthly(before=48))
        assert [one.left_out for one in result.leave_out if one.value is not None] == ["2010", "2011", "2012", "2013"]
