"""Checks as values: when they speak against, when they are not run, and what they never say."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy
import pytest

from evalkit.designs import DESIGNS
from evalkit.diagnostics import (
    comparison,
    comparison_areas,
    composition,
    counts,
    extrapolation,
    parallel_trends,
    placebo,
    series,
    two_scales,
    windows,
)
from evalkit.diagnostics.baselines import choice_of_baseline
from evalkit.diagnostics.lone_starts import lone_starts
from evalkit.diagnostics.regression_to_the_mean import regression_to_the_mean, stated_selection
from evalkit.diagnostics.spillover import spillover_to_neighbours
from evalkit.diagnostics.words import MATTERS
from evalkit.periods import parse_period
from evalkit.records import Baseline, Diagnostic, EventTime, LeftOut, Placebo


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
        assert counts.independent_periods(-0.1, 40).verdict == "too weak to tell"
        assert counts.independent_periods(-0.1, 60).verdict == "no sign against"


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
        calmly = series.residual_autocorrelation(calm, errors, 0.3, 120).verdict
        assert calmly == ("too weak to tell" if errors == "ordinary" else "no sign against")
        assert series.residual_autocorrelation(calm, errors, 0.3, 1200).verdict == "no sign against"
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

    def test_points_and_other_changes(self) -> None:
        assert series.number_of_points(12, 12, "month").verdict == "no sign against"
        assert series.number_of_points(50, 11, "month").verdict == "sign against"
        assert "2 covariates" in series.other_changes(2).reading


class TestLine:
    def of(self, *bend: float) -> Diagnostic:
        return extrapolation.pre_period_linearity(extrapolation.Bend(*bend), "log", "", -0.2)

    def test_a_bend_that_matters(self) -> None:
        found = self.of(0.1, 0.05, 0.15, 0.001)
        assert found.verdict == "sign against"
        assert "cannot rule out bends from 5.1% higher to 16% higher" in found.reading

    def test_a_bend_that_does_not(self) -> None:
        found = self.of(0.01, 0.005, 0.015, 0.001)
        assert found.verdict == "no sign against"
        assert "too weak" not in found.reading

    def test_data_that_are_too_weak_to_tell_say_so(self) -> None:
        found = self.of(0.1, -0.05, 0.25, 0.2)
        assert found.verdict == "too weak to tell"
        assert "cannot rule out bends from 4.9% lower to 28% higher" in found.reading
        assert "too weak to tell" in found.reading

    @pytest.mark.parametrize(
        ("before", "after", "frequency", "verdict"),
        [
            (169, 23, "month", "no sign against"), (169, 24, "month", "no sign against"),
            (169, 25, "month", "sign against"), (40, 20, "month", "no sign against"),
            (40, 21, "month", "sign against"), (20, 2, "year", "no sign against"), (20, 3, "year", "sign against"),
            (40, 8, "quarter", "no sign against"), (40, 9, "quarter", "sign against"),
            (400, 104, "week", "no sign against"), (400, 105, "week", "sign against"),
            (40, 20, "number", "no sign against"), (40, 21, "number", "sign against"),
        ],
    )  # fmt: skip
    def test_far(self, before: int, after: int, frequency: str, verdict: str) -> None:
        found = extrapolation.length_of_extrapolation(
            before, after, frequency, extrapolation.Bend(0.0, -0.1, 0.1, 1.0), -0.2
        )
        assert found.verdict == verdict
        assert not found.key
        assert ("can be ruled out" in found.reading) == (verdict == "sign against")

    @pytest.mark.parametrize(
        "bend", [None, extrapolation.Bend(0.0, -0.2, 0.2, 1.0), extrapolation.Bend(-0.15, -0.3, 0.0, 0.05)]
    )
    def test_far_with_a_bend_as_large_as_the_effect_is_key(self, bend: extrapolation.Bend | None) -> None:
        found = extrapolation.length_of_extrapolation(24, 36, "month", bend, -0.2)
        assert found.key
        assert "cannot be ruled out" in found.reading
        assert not extrapolation.length_of_extrapolation(169, 23, "month", bend, -0.2).key


@pytest.mark.parametrize(("expected", "side"), [(17.1, "above"), (17.0, ""), (5.0, ""), (4.9, "below")])
def test_an_expected_value_beyond_all_recorded_ones(expected: float, side: str) -> None:
    assert extrapolation.beyond(expected, [13, 5, 17, 12]) == side


def test_a_line_carried_beyond_all_recorded_values_and_too_far() -> None:
    found = extrapolation.length_of_extrapolation(24, 36, "month", None, -0.2, "below")
    assert (found.verdict, found.key) == ("sign against", True)
    assert "on average, below all that was recorded before" in found.reading
    assert "too weak" not in found.reading


def test_thresholds_are_those_of_the_methods_page() -> None:
    text = (Path(__file__).resolve().parents[2] / "METHODS.md").read_text(encoding="utf-8")
    text = text.partition("## Design: interrupted_time_series")[2].partition("## Design: appraisal_only")[0]
    rules = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, flags=re.MULTILINE))
    assert f"more than {extrapolation.LONG_IN_YEARS} years" in rules["length_of_extrapolation"]
    assert extrapolation.LONGEST_SHARE == 0.5
    assert "more than half the time before" in rules["length_of_extrapolation"]
    assert "lies above the highest or below the lowest value recorded before" in rules["length_of_extrapolation"]
    assert MATTERS == 0.25
    assert "a quarter of the effect or more" in rules["pre_period_linearity"]
    assert all("holds a gap of a quarter of the effect" in rules[name] for name in ("pre_period_leads", "anticipation"))
    few = f"fewer than {comparison.FEW_TREATED_CLUSTERS} treated clusters"
    assert few in rules["treated_clusters"]
    assert "with one treated cluster" in rules["pre_period_leads"]  # with more, leads are tested by reassignment
    assert rules["treated_clusters"].endswith(f"with fewer than {comparison.FEWEST_TREATED_CLUSTERS}")


class TestRestrictionsInSeries:
    def test_each_side_is_counted(self) -> None:
        first, last = months("2019-01", "2021-12")
        found = windows.restrictions_in_series(range(first, first + 15), range(first + 15, last + 1), "month")
        assert found.verdict == "sign against"
        assert not found.key
        assert "1 of the 15 months before the start and 16 of the 21 months from the start on overlap " in found.reading

    def test_one_period(self) -> None:
        first, last = months("2019-01", "2020-03")
        found = windows.restrictions_in_series(range(first, first + 6), range(first + 6, last + 1), "month")
        assert found.reading.startswith("1 of the 9 months from the start on overlaps")

    def test_none_and_no_dates(self) -> None:
        assert windows.restrictions_in_series(range(480, 490), range(490, 500), "month").verdict == "no sign against"
        assert windows.restrictions_in_series(range(5), range(5, 9), "number").verdict == "not run"


class TestComparison:
    def leads(self, *values: float, reach: float = 0.1) -> list[EventTime]:
        return [
            EventTime(-k - 2, v, reach / 3, v - reach / 1.5, v + reach / 1.5, v - reach, v + reach)
            for k, v in enumerate(values)
        ]

    def test_leads(self) -> None:
        def of(leads: list[EventTime], p_value: float) -> comparison.Diagnostic:
            return comparison.pre_period_leads(leads, 1.0, p_value, "log", "", -0.2)

        assert of(self.leads(0.01, -0.02, reach=0.025), 0.4).verdict == "no sign against"
        assert of(self.leads(0.02, -0.03), 0.4).verdict == "too weak to tell"
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

    @pytest.mark.parametrize(("count", "verdict"), [(29, "sign against"), (30, "no sign against")])
    def test_clusters(self, count: int, verdict: str) -> None:
        assert comparison.number_of_clusters(count, "unit").verdict == verdict

    @pytest.mark.parametrize(
        ("count", "verdict", "key"),
        [
            (1, "sign against", True), (3, "sign against", True), (4, "sign against", False),
            (5, "sign against", False), (6, "no sign against", False),
        ],
    )  # fmt: skip
    def test_treated_clusters(self, count: int, verdict: str, key: bool) -> None:
        found = comparison.treated_clusters(count, "unit")
        assert (found.verdict, found.key) == (verdict, key)
        assert found.statistic == count

    def test_one_treated_place_and_many_groups_in_plain_words(self) -> None:
        assert comparison.treated_clusters(1, "unit").short == "only 1 place had the programme"
        assert comparison.treated_clusters(3, "cluster").short == "only 3 groups of places had the programme"
        assert comparison.staggered_adoption({"2006": 1}, "event_study", 4).reading == (
            "The only treated unit starts in 2006."
        )

    def test_leads_of_few_are_sized_and_not_judged(self) -> None:
        leads, last = comparison.leads_of_few(self.leads(0.15, -0.3), -0.1, "log", "", -0.2, 3, "unit")
        assert leads.verdict == last.verdict == "not run"
        assert "3 treated units" in leads.reading
        assert "26% lower (3 before the start" in leads.reading
        assert "9.5% lower than its earlier average" in last.reading
        assert leads.p_value is None

    def test_staggering(self) -> None:
        assert comparison.staggered_adoption({"2006": 3}, "event_study", 4).verdict == "no sign against"
        assert "event-study" in comparison.staggered_adoption({"2006": 3, "2007": 1}, "event_study", 4).reading


def test_infinite_changes_can_be_said() -> None:
    assert "higher" in comparison.anticipation(math.inf, 0.0, math.inf, None, "log", "").reading


NEVER = {"no_comparison", "parallel_change", "other_changes", "balance_of_levels", "unit_trends"}
"""Checks that cannot be run, and so never speak against."""

DRIFT = [EventTime(-2, 0.5, 0.1, 0.3, 0.7, 0.2, 0.8)]
STRONG = series.Remains(0.6, 0.6, 1, 0.001, 12)
YEAR, HALF = months("2019-01", "2019-12"), months("2020-01", "2020-06")
SHOWN = [Baseline(str(year), str(year), str(year), value, value - 5, value + 5, "percent", year == 2019)
         for year, value in ((2017, 2.0), (2018, 3.0), (2019, -8.0))]  # fmt: skip


def selected(**changes: object) -> dict[str, object]:
    return {
        "words": "chosen for 1 event or more in 2019", "reference": "a population", "expected_change_low": -33.0,
        "expected_change_high": -21.0, "observed_change": -76.0, "share_low": 28.0, "share_high": 43.0,
        "unequal_exposure": None,
    } | changes  # fmt: skip


AGAINST: dict[str, list[Diagnostic]] = {
    "pre_period_leads": [comparison.pre_period_leads(DRIFT, 9.0, 0.001, "log", "", -0.2)],
    "anticipation": [comparison.anticipation(-0.1, -0.15, -0.05, 0.001, "log", "")],
    "number_of_clusters": [comparison.number_of_clusters(29, noun) for noun in ("unit", "cluster")],
    "treated_clusters": [comparison.treated_clusters(n, noun) for n in (1, 5) for noun in ("unit", "cluster")],
    "always_treated": [comparison.always_treated(["Vermont"], 40, 0.2), comparison.always_treated(["a", "b"], 3, None)],
    "staggered_adoption": [comparison.staggered_adoption({"2006": 3, "2007": 1}, "two_way_fixed_effects", 4)],
    "pandemic_restrictions": [
        windows.pandemic_restrictions(YEAR, HALF, "month"),
        windows.restrictions_in_series(range(*YEAR), range(*HALF), "month"),
    ],
    "number_of_points": [series.number_of_points(50, 11, "financial_year")],
    "residual_autocorrelation": [
        series.residual_autocorrelation(STRONG, errors, 0.3, 120, "financial_year")
        for errors in ("autoregressive", "newey_west", "ordinary")
    ],
    "overdispersion": [counts.overdispersion(4.0, None, ""), comparison_areas.four_totals()],
    "placebo_dates": [
        placebo.placebo_dates(40, 100, 50, True, "month"),
        parallel_trends.placebo_dates([Placebo("period", "", str(n), 9.0) for n in range(12)], 8.0, True),
    ],
    "composition": [
        composition.composition_of_rows([composition.Shift("age", 0.4, 0.1, 0.7, False)], {"treated": (50, 40)}),
        composition.composition_of_units({"a": 2}, ["a"], 9, 12),
    ],
    "no_result_could_count": [parallel_trends.no_result_could_count(0.1, "placebo")],
    "treated_like_the_rest": [
        parallel_trends.treated_like_the_rest(
            numpy.vstack([numpy.tile([0.0, 50.0], 6), numpy.tile([0.0, 1.0], (20, 6))]),
            numpy.arange(21) == 0,
            None,
        )
    ],
    "lone_starts": [
        lone_starts([("2008", "T2")], 3, "unit", clustered=True),
        lone_starts([("2008", "T2"), ("2009", "T3")], 2, "cluster", clustered=False),
    ],
    "units_left_out": [comparison.units_left_out([("Leeds", "treated from the first period on")], [], 4)],
    "spillover_to_neighbours": [
        spillover_to_neighbours(3, 9, (8.0, 1.0, 15.0), "percent", -12.0, False, "two-way fixed effects")
    ],
    "robust_to_departures": [parallel_trends.robust_to_departures({"relative_magnitudes": 0.4})],
    "scale_of_the_outcome": [two_scales.scale_of_the_outcome(-9.0, 4.0, "log", True, False)],
    "leave_out": [placebo.leave_out([LeftOut("2019", -2.0, -8.0, 4.0, "percent")], -15.0, -20.0, -10.0)],
    "choice_of_baseline": [choice_of_baseline(SHOWN, [True] * 3, 0)],
    "regression_to_the_mean": [
        regression_to_the_mean(selected()),
        regression_to_the_mean(selected(observed_change=8.0, share_low=None, share_high=None)),
        regression_to_the_mean(selected(observed_change=-20.0, share_low=105.0, share_high=165.0)),
    ],
    "season_fitted": [
        series.season_fitted("month", "month", 20, 10), series.season_fitted("none", "month", 24, 10)
    ],
    "pre_period_linearity": [
        extrapolation.pre_period_linearity(extrapolation.Bend(0.1, 0.05, 0.15, 0.001), "log", "", -0.2)
    ],
    "length_of_extrapolation": [extrapolation.length_of_extrapolation(24, 36, "month", None, -0.2)],
    "single_period_comparison": [
        windows.single_period_comparison(*sides, "financial_year") for sides in ((1, 1), (1, 12), (12, 1))
    ],
    "window_lengths": [
        windows.window_lengths(YEAR, HALF, (12, 6), "month"),
        windows.window_lengths(months("2019-07", "2019-12"), HALF, (6, 6), "month"),
        windows.window_lengths(months("2018-01", "2019-06"), months("2020-01", "2021-06"), (18, 18), "month"),
        windows.window_lengths(YEAR, HALF, (6, 5), "month", (range(588, 594), range(600, 605)), [594, 605]),
        windows.window_lengths(YEAR, HALF, (3, 3), "month", ([588, 589, 600], [601, 602, 612]), [594]),
    ],
    "selection_on_high_baseline": [
        windows.selection_on_high_baseline(50, [40.0, 41.0, 39.0], [1.0] * 3, "lower", "month"),
        windows.selection_on_high_baseline(30, [40.0, 41.0, 39.0], [1.0] * 3, "higher", "month"),
    ],
    "small_counts": [counts.small_counts(37, 9)],
    "independent_periods": [counts.independent_periods(0.5, 40, "financial_year")],
}  # fmt: skip
"""Every check that a design lists, speaking against, in each of its wordings."""


class TestSelectionReading:
    def test_share_of_the_fall(self) -> None:
        reading = AGAINST["regression_to_the_mean"][0].reading
        assert "would be expected to change by -33% to -21%. It changed by -76%" in reading
        assert "choosing alone would give 28% to 43% of that" in reading

    def test_all_of_the_fall(self) -> None:
        assert "would give all of it" in AGAINST["regression_to_the_mean"][2].reading
        partly = regression_to_the_mean(selected(observed_change=-30.0, share_low=70.0, share_high=110.0))
        assert "would give 70% to all of that" in partly.reading

    def test_little(self) -> None:
        little = selected(expected_change_low=-3.0, expected_change_high=-2.6, share_low=3.4, share_high=3.9)
        assert regression_to_the_mean(little).verdict == "no sign against"
        assert "would be expected to change by -3%. " in regression_to_the_mean(little).reading

    def test_nothing_to_expect_reads_as_nothing(self) -> None:
        rise = selected(expected_change_low=2.0, expected_change_high=5.0, share_low=-29.0, share_high=-12.0)
        assert "choosing alone would give none of that" in regression_to_the_mean(rise).reading
        none = selected(expected_change_low=-0.4, expected_change_high=0.0, observed_change=3.0, share_low=None,
                        share_high=None)  # fmt: skip
        assert "expected to change by 0%. It changed by +3%. Reference" in regression_to_the_mean(none).reading


class TestStatedSelection:
    @pytest.mark.parametrize(("how", "alone", "verdict", "key"), [
        ("spike", True, "sign against", True), ("level", True, "sign against", True),
        ("unknown", True, "not run", False), ("spike", False, "sign against", False),
        ("level", False, "not run", False), ("unknown", False, "not run", False),
    ])  # fmt: skip
    def test_verdict(self, how: str, alone: bool, verdict: str, key: bool) -> None:
        found = stated_selection(how, alone)
        assert (found.verdict, found.key) == (verdict, key)
        assert bool(found.short) == (verdict == "sign against")

    def test_words(self) -> None:
        assert stated_selection("level", True).reading == (
            "The study says that those treated were chosen for high numbers. Some fall is then expected with nothing "
            "done: `design.selection` tells it."
        )


class TestShort:
    def test_every_check_that_can_speak_against_is_here(self) -> None:
        listed = {name for design in DESIGNS.values() for name in getattr(design, "checks", ())}
        assert set(AGAINST) == listed - NEVER

    @pytest.mark.parametrize("name", AGAINST)
    def test_a_sign_against_has_a_short_plain_sentence(self, name: str) -> None:
        for found in AGAINST[name]:
            assert (found.name, found.verdict) == (name, "sign against")
            assert found.short
            assert found.short[0].islower()
            assert not found.short.endswith(".")
            assert len(found.short.split()) <= 14, found.short
            assert not any(word in found.short for word in (" p =", "%", "correlat", "coefficient", "lag ", "cluster"))

    def test_no_sign_has_none(self) -> None:
        calm = (
            counts.small_counts(37, 20), counts.overdispersion(1.0, None, ""),
            comparison.number_of_clusters(50, "unit"), comparison.treated_clusters(9, "unit"),
            series.number_of_points(50, 50, "month"),
            extrapolation.length_of_extrapolation(169, 23, "month", None, -0.2),
            windows.single_period_comparison(3, 3, "month"),
        )  # fmt: skip
        assert [found.short for found in calm] == [""] * len(calm)

    def test_wordings(self) -> None:
        assert [found.short for found in AGAINST["single_period_comparison"]] == [
            "one financial year is set against one financial year",
            "one financial year is set against 12 financial years",
            "one financial year is set against 12 financial years",
        ]
        assert AGAINST["selection_on_high_baseline"][1].short == "the time before was unusually low"
        ordinary = AGAINST["residual_autocorrelation"][2]
        assert ordinary.short == "neighbouring financial years are linked and the interval ignores it"


@pytest.mark.parametrize(("at", "verdict", "key"), [
    (0.0, "too weak to tell", False), (0.49, "sign against", True), (0.5, "sign against", False),
    (1.1, "no sign against", False),
])  # fmt: skip
def test_a_result_that_half_a_step_undoes_is_not_reliable(at: float, verdict: str, key: bool) -> None:
    found = parallel_trends.robust_to_departures({"relative_magnitudes": at})
    assert (found.verdict, found.key) == (verdict, key)
