"""The effect at stated horizons: the same numbers as the headline and its parts, in the data's own periods."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy
import pytest

from evalkit.designs import InterruptedTimeSeries
from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
from evalkit.estimation.fit import contrast
from evalkit.records import Panel, Result


def model(panel: Panel, **options: object) -> Segmented:
    design = InterruptedTimeSeries(**options).resolve(panel)
    return Segmented(design, panel, design.series(panel))


def labels(result: Result) -> list[str]:
    return [horizon.label for horizon in result.horizons]


class TestWhich:
    @pytest.mark.parametrize(
        ("frequency", "first", "wanted"),
        [
            ("month", 480, ["3 months", "6 months", "12 months", "the end (24 months)"]),
            ("quarter", 160, ["1 quarter", "2 quarters", "4 quarters", "the end (24 quarters)"]),
            ("week", 2000, ["13 weeks", "the end (24 weeks)"]),
            ("day", 14000, ["the end (24 days)"]),
            ("year", 10, ["1 year", "2 years", "3 years", "the end (24 years)"]),
            ("financial_year", 10, ["1 financial year", "2 financial years", "3 financial years",
                                    "the end (24 financial years)"]),
            ("number", 0, ["3 periods", "6 periods", "12 periods", "the end (24 periods)"]),
        ],
    )  # fmt: skip
    def test_periods_of_the_data(
        self, panel: Callable[..., Panel], frequency: str, first: int, wanted: list[str]
    ) -> None:
        values = 300 + numpy.random.default_rng(1).integers(-30, 30, 64)
        rows = [("", first + t, value) for t, value in enumerate(values)]
        series = panel(rows, frequency=frequency, start=first + 40)
        assert labels(InterruptedTimeSeries(season="none").estimate(series)) == wanted

    def test_those_that_the_study_names(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(horizons=[18, 1, 99]).estimate(monthly())
        assert labels(result) == ["1 month", "18 months", "the end (24 months)"]
        assert [horizon.period for horizon in result.horizons] == ["2015-01", "2016-06", "2016-12"]

    def test_phase_in_counts_from_its_end(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(phase_in=4).estimate(monthly())
        assert labels(result)[-1] == "the end (20 months)"
        assert result.horizons[0].period == "2015-07"

    def test_a_delayed_change_has_no_horizon_before_it_acts(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(impact="delayed", length=6).estimate(monthly())
        assert labels(result) == ["12 months", "the end (24 months)"]

    def test_a_pulse_that_has_ended_leaves_no_change(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(impact="pulse", length=4).estimate(monthly())
        twelve = next(horizon for horizon in result.horizons if horizon.periods == 12)
        assert (twelve.change, twelve.change_low, twelve.change_p_value) == (0.0, None, None)
        assert twelve.average == pytest.approx(result.relative.value)


class TestNumbers:
    def test_the_end_is_the_headline(self, monthly: Callable[..., Panel]) -> None:
        for options in ({}, {"scale": "identity"}, {"family": "quasi_poisson"}, {"errors": "newey_west"}):
            result = InterruptedTimeSeries(**options).estimate(monthly())
            last = result.horizons[-1]
            assert last.unit == "percent"
            assert (last.average, last.average_low, last.average_high) == pytest.approx(
                (result.relative.value, result.relative.low, result.relative.high), abs=1e-9
            )
            assert last.average_p_value == pytest.approx(result.effect.p_value)

    def test_the_last_period_is_the_change_at_the_end(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries().estimate(monthly())
        last = result.horizons[-1]
        at_end = result.fit["end"]
        assert (last.change, last.change_low, last.change_high) == pytest.approx(
            (at_end["value"], at_end["low"], at_end["high"])
        )

    def test_the_sixth_month_by_hand(self, monthly: Callable[..., Panel]) -> None:
        found = model(monthly())
        names = found.terms.names
        weights = numpy.zeros(len(names))
        weights[names.index("level")], weights[names.index("slope")] = 1.0, 5.0
        sixth = contrast(found.fit, weights)
        weights[names.index("slope")] = 2.5
        average = contrast(found.fit, weights)
        six = next(horizon for horizon in found.result().horizons if horizon.periods == 6)
        assert six.change == pytest.approx(100 * math.expm1(sixth.value))
        assert six.average == pytest.approx(100 * math.expm1(average.value))

    def test_averted_is_expected_less_observed(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries().estimate(monthly())
        first = result.horizons[0]
        after = [point for point in result.path if point.period >= "2015-01"][:3]
        assert first.averted == pytest.approx(sum(point.counterfactual - point.observed for point in after))
        assert first.averted_low < first.averted < first.averted_high

    def test_an_outcome_that_counts_nothing_is_in_its_own_unit(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(scale="identity").estimate(monthly(kind="continuous"))
        last = result.horizons[-1]
        assert last.unit == "incidents"
        assert last.average == pytest.approx(result.effect.value)
        assert last.averted is None

    def test_an_expectation_near_zero_has_no_percentage(self, panel: Callable[..., Panel]) -> None:
        falling = [60 - t + (t * 7919 % 13) - 6 for t in range(60)]
        values = [max(value, 0) for value in falling]
        series = panel([("", 480 + t, value) for t, value in enumerate(values)], start=480 + 48)
        result = InterruptedTimeSeries(scale="identity", season="none", errors="ordinary").estimate(series)
        assert {horizon.unit for horizon in result.horizons} == {"incidents"}
