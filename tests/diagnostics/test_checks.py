"""Checks as values: when they speak against, when they are not run, and what they never say."""

from __future__ import annotations

import math

import numpy
import pytest

from evalkit.diagnostics import comparison, counts, series, windows
from evalkit.periods import parse_period
from evalkit.records import EventTime


def months(first: str, last: str) -> tuple[int, int]:
    return parse_period(first, "month"), parse_period(last, "month")


class TestWindows:
    @pytest.mark.parametrize(
        ("before", "after", "counted", "verdict", "said"),
        [
            (("2019-01", "2019-12"), ("2020-01", "2020-12"), (12, 12), "no sign against", "whole years"),
            (("2018-01", "2019-12"), ("2020-01", "2020-12"), (24, 12), "sign against", "not totals"),
            (("2019-12", "2019-12"), ("2022-12", "2022-12"), (1, 1), "no sign against", "same months"),
            (("2019-12", "2019-12"), ("2022-11", "2022-11"), (1, 1), "sign against", "season"),
            (("2019-07", "2019-12"), ("2020-01", "2020-06"), (6, 6), "sign against", "season"),
            (("2018-01", "2019-06"), ("2020-01", "2021-06"), (18, 18), "sign against", "count twice"),
        ],
    )
    def test_lengths(
        self, before: tuple[str, str], after: tuple[str, str], counted: tuple[int, int], verdict: str, said: str
    ) -> None:
        found = windows.window_lengths(months(*before), months(*after), counted, "month")
        assert found.verdict == verdict
        assert said in found.reading

    @pytest.mark.parametrize("frequency", ["day", "week", "quarter", "year", "financial_year"])
    def test_lengths_at_any_frequency(self, frequency: str) -> None:
        year = {"day": 365, "week": 52, "quarter": 4, "year": 1, "financial_year": 1}[frequency]
        starts = {"day": "2015-04-01", "week": "2015-04-01", "quarter": "2015-Q2", "year": "2015"}
        first = parse_period(starts.get(frequency, "2015-16"), frequency)
        found = windows.window_lengths(
            (first, first + year - 1), (first + year, first + 2 * year - 1), (year, year), frequency
        )
        assert found.verdict == "no sign against"

    @pytest.mark.parametrize(
        ("before", "after", "touched"),
        [
            (("2019-01", "2020-02"), ("2021-08", "2022-07"), None),
            (("2019-04", "2020-03"), ("2022-01", "2022-12"), "The window before overlaps"),
            (("2018-01", "2018-12"), ("2021-07", "2022-06"), "The window after overlaps"),
            (("2020-04", "2020-12"), ("2021-01", "2021-06"), "The window before and the window after overlap "),
        ],
    )
    def test_restrictions(self, before: tuple[str, str], after: tuple[str, str], touched: str | None) -> None:
        found = windows.pandemic_restrictions(months(*before), months(*after), "month")
        assert found.verdict == ("sign against" if touched else "no sign against")
        assert (touched or "Neither") in found.reading

    def test_periods_without_dates(self) -> None:
        assert windows.window_lengths((0, 3), (4, 7), (4, 4), "number").verdict == "not run"
        assert windows.pandemic_restrictions((0, 3), (4, 7), "number").verdict == "not run"

    def test_baseline(self) -> None:
        def of(window: float, earlier: list[float], better: str = "lower") -> windows.Diagnostic:
            return windows.selection_on_high_baseline(window, earlier, [1.0] * len(earlier), better, "month")

        assert of(50, [40, 41, 39]).verdict == "sign against"
        assert "-20%" in of(50, [40, 41, 39]).reading
        assert of(42, [40, 41, 39]).verdict == "no sign against"
        assert of(30, [40, 41, 39]).verdict == "no sign against"
        assert of(30, [40, 41, 39], "higher").verdict == "sign against"
        assert of(50, []).verdict == of(50, [40, 41]).verdict == of(50, [0, 0, 0]).verdict == "not run"
        assert of(50, [40, 41, 39]).key


class TestCounts:
    def test_small(self) -> None:
        assert counts.small_counts(37, 9).verdict == "sign against"
        assert counts.small_counts(37, 20).verdict == "no sign against"
        assert "between 26 and 49" in counts.small_counts(37, 20).reading
        assert counts.small_counts(0, 20).verdict == "sign against"

    def test_dispersion(self) -> None:
        assert counts.overdispersion(4.0, None, "").verdict == "sign against"
        assert "2.0 times too narrow" in counts.overdispersion(4.0, None, "").reading
        assert counts.overdispersion(4.0, None, "The interval is widened for it").verdict == "no sign against"
        assert counts.overdispersion(1.1, None, "").verdict == "no sign against"

    def test_independence(self) -> None:
        assert counts.independent_periods(None, 5).verdict == "not run"
        assert counts.independent_periods(0.5, 40).verdict == "sign against"
        assert counts.independent_periods(-0.1, 40).verdict == "no sign against"


class TestSeries:
    @pytest.fixture
    def persistent(self) -> numpy.ndarray:
        generator, values = numpy.random.default_rng(1), [0.0]
        for _ in range(119):
            values.append(0.7 * values[-1] + generator.normal())
        return numpy.array(values)

    def test_what_remains(self, persistent: numpy.ndarray) -> None:
        found = series.what_remains(persistent, numpy.arange(120), 12, 0)
        assert found is not None
        assert found.first == pytest.approx(0.7, abs=0.2)
        assert (found.lag, found.lags) == (1, 12)
        assert found.p_value < 1e-6
        assert series.what_remains(persistent[:4], numpy.arange(4), 12, 1) is None
        assert series.what_remains(persistent[:40], numpy.arange(40) * 2, 12, 0) is None

    @pytest.mark.parametrize("errors", ["autoregressive", "newey_west", "ordinary"])
    def test_autocorrelation(self, persistent: numpy.ndarray, errors: str) -> None:
        strong = series.what_remains(persistent, numpy.arange(120), 12, 0)
        calm = series.what_remains(numpy.random.default_rng(2).normal(size=120), numpy.arange(120), 12, 0)
        assert series.residual_autocorrelation(strong, errors, 0.3, 120).verdict == "sign against"
        assert series.residual_autocorrelation(calm, errors, 0.3, 120).verdict == "no sign against"
        missing = series.residual_autocorrelation(None, errors, 0.3, 120)
        assert missing.verdict == "not run"
        assert missing.key == (errors == "ordinary")

    def test_season(self) -> None:
        assert series.season_fitted("month", "month", 24, 10).verdict == "no sign against"
        assert series.season_fitted("month", "month", 20, 10).verdict == "sign against"
        assert series.season_fitted("none", "month", 24, 12).verdict == "no sign against"
        assert series.season_fitted("none", "month", 24, 10).verdict == "sign against"
        assert series.season_fitted("none", "year", 24, 10).verdict == "not run"
        assert series.season_fitted("month", "week", 104, 10).verdict == "no sign against"

    def test_bend(self) -> None:
        assert series.pre_period_linearity(0.1, 0.05, 0.15, 0.001, "log", "", -0.2).verdict == "sign against"
        assert series.pre_period_linearity(0.01, 0.005, 0.015, 0.001, "log", "", -0.2).verdict == "no sign against"
        assert series.pre_period_linearity(0.1, -0.05, 0.25, 0.2, "log", "", -0.2).verdict == "no sign against"

    def test_points_and_other_changes(self) -> None:
        assert series.number_of_points(12, 12, "month").verdict == "no sign against"
        assert series.number_of_points(50, 11, "month").verdict == "sign against"
        assert "2 covariates" in series.other_changes(2).reading


class TestComparison:
    def leads(self, *values: float, reach: float = 0.1) -> list[EventTime]:
        return [
            EventTime(-k - 2, v, reach / 3, v - reach / 1.5, v + reach / 1.5, v - reach, v + reach)
            for k, v in enumerate(values)
        ]

    def test_leads(self) -> None:
        def of(leads: list[EventTime], p_value: float) -> comparison.Diagnostic:
            return comparison.pre_period_leads(leads, 1.0, p_value, "log", "", -0.2)

        assert of(self.leads(0.02, -0.03), 0.4).verdict == "no sign against"
        assert of(self.leads(0.15, -0.03), 0.4).verdict == "sign against"
        assert of(self.leads(0.06, -0.03), 0.01).verdict == "sign against"
        small = of(self.leads(0.01, -0.01, reach=0.02), 0.01)
        assert small.verdict == "no sign against"  # Told from zero by the test, and too small to matter.
        assert "p = 0.01" in small.reading
        assert "rule out gaps" in small.reading
        assert small.key

    def test_anticipation(self) -> None:
        assert comparison.anticipation(-0.1, -0.15, -0.05, 0.001, "log", "").verdict == "sign against"
        assert comparison.anticipation(-0.1, -0.25, 0.05, 0.2, "log", "").verdict == "no sign against"
        assert {found.verdict for found in comparison.leads_not_run("One period.")} == {"not run"}

    @pytest.mark.parametrize(("count", "verdict"), [(49, "sign against"), (50, "no sign against")])
    def test_clusters(self, count: int, verdict: str) -> None:
        assert comparison.number_of_clusters(count, "unit").verdict == verdict

    @pytest.mark.parametrize(("count", "verdict"), [(1, "sign against"), (5, "sign against"), (6, "no sign against")])
    def test_treated_clusters(self, count: int, verdict: str) -> None:
        found = comparison.treated_clusters(count, "unit")
        assert found.verdict == verdict
        assert found.statistic == count

    def test_staggering(self) -> None:
        assert comparison.staggered_adoption({"2006": 3}, "event_study", 4).verdict == "no sign against"
        assert "event-study" in comparison.staggered_adoption({"2006": 3, "2007": 1}, "event_study", 4).reading


def test_infinite_changes_can_be_said() -> None:
    assert "higher" in comparison.anticipation(math.inf, 0.0, math.inf, None, "log", "").reading
