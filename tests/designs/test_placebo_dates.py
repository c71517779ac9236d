"""Earlier dates and stretches left out: against studies made by hand, and what their checks say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy
import pytest

from evalkit.designs import InterruptedTimeSeries
from evalkit.designs.interrupted_time_series import placebo_dates as module
from evalkit.diagnostics import placebo
from evalkit.periods import parse_period
from evalkit.records import Diagnostic, LeftOut, Panel, Result


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def as_if(panel: Panel, start: str, last: str) -> Panel:
    """Return the panel of a study that started at another date and whose data end earlier."""
    frame = panel.frame[panel.frame["time"] <= parse_period(last, "month")].copy()
    frame["first_time"] = float(parse_period(start, "month"))
    return replace(panel, frame=frame.reset_index(drop=True))


class TestDates:
    @pytest.mark.parametrize(
        ("start", "last"), [("2011-03", "2013-02"), ("2012-06", "2014-05"), ("2014-01", "2014-12")]
    )
    @pytest.mark.parametrize("options", [{"errors": "newey_west", "lags": 3}, {"errors": "ordinary"},
                                         {"family": "poisson", "lags": 3}])  # fmt: skip
    def test_a_study_at_that_date_finds_the_same(
        self, monthly: Callable[..., Panel], start: str, last: str, options: dict[str, object]
    ) -> None:
        """Twenty-four months after, or what is left before the true start in January 2015."""
        panel = monthly()
        found = next(one for one in InterruptedTimeSeries(season="month", **options).estimate(panel).placebos
                     if one.period == start)  # fmt: skip
        own = InterruptedTimeSeries(season="month", **options).estimate(as_if(panel, start, last))
        assert found.value == pytest.approx(own.relative.value, abs=1e-7)
        assert (found.low, found.high) == pytest.approx((own.relative.low, own.relative.high), abs=1e-6)
        assert found.p_value == pytest.approx(own.effect.p_value, abs=1e-8)
        assert (found.kind, found.measure, found.true) == ("period", "percent", False)

    @pytest.mark.parametrize(
        "options",
        [{}, {"errors": "prais_winsten"}, {"errors": "newey_west"}, {"family": "quasi_poisson"},
         {"family": "negative_binomial"}, {"impact": "ramp", "length": 6}, {"impact": "pulse", "length": 6},
         {"phase_in": 3}, {"anticipation": 2}, {"impact": "delayed", "length": 3}, {"trend": "none"}],
    )  # fmt: skip
    def test_the_true_date_is_the_headline(self, monthly: Callable[..., Panel], options: dict[str, object]) -> None:
        result = InterruptedTimeSeries(**options).estimate(monthly())
        true = result.placebos[-1]
        assert [one for one in result.placebos if one.true] == [true]
        assert true.value == pytest.approx(result.relative.value, abs=1e-6)
        assert len(result.placebos) > 20

    def test_data_from_the_true_start_on_do_not_matter(self, monthly: Callable[..., Panel]) -> None:
        panel, design = monthly(), InterruptedTimeSeries(errors="ordinary")
        late = panel.frame["time"] >= parse_period("2015-01", "month")
        moved = replace(panel, frame=panel.frame.assign(value=panel.frame["value"].where(~late, 700.0)))
        pair = [design.estimate(each).placebos[:-1] for each in (panel, moved)]
        assert [one.value for one in pair[0]] == pytest.approx([one.value for one in pair[1]], abs=1e-9)

    def test_a_planted_change_stands_out_and_none_does_not(self, monthly: Callable[..., Panel]) -> None:
        planted = check(InterruptedTimeSeries(impact="level").estimate(monthly(fall=0.3)), "placebo_dates")
        assert planted.verdict == "no sign against"
        assert planted.reading.startswith("At 0 of ")
        none = check(InterruptedTimeSeries(impact="level").estimate(monthly(fall=0.0, seed=3)), "placebo_dates")
        assert none.statistic > planted.statistic
        assert planted.p_value is None

    def test_a_change_in_the_years_before_shows(self, panel: Callable[..., Panel]) -> None:
        """A series that wanders finds changes everywhere: one more is no surprise."""
        walk = 400 * numpy.exp(numpy.random.default_rng(12).normal(0, 0.06, 96).cumsum())
        rows = [("", 480 + t, round(value)) for t, value in enumerate(walk)]
        design = InterruptedTimeSeries(errors="ordinary", season="none")
        found = {}
        for start in range(540, 556):
            result = design.estimate(panel(rows, start=start))
            found[start] = check(result, "placebo_dates")
        against = [one for one in found.values() if one.verdict == "sign against"]
        assert against
        assert all("not independent" in one.reading for one in against)

    def test_no_more_than_a_thousand(self, monkeypatch: pytest.MonkeyPatch, monthly: Callable[..., Panel]) -> None:
        monkeypatch.setattr(module, "MOST_DATES", 10)
        found = InterruptedTimeSeries(season="none").estimate(monthly()).placebos
        assert len(found) <= 11
        assert (found[0].period, found[-2].period) == ("2010-04", "2014-10")

    def test_in_the_outcomes_unit_on_its_own_scale(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(scale="identity").estimate(monthly())
        assert result.placebos[-1].measure == "incidents"
        assert result.placebos[-1].value == pytest.approx(result.effect.value)

    def test_too_few_periods(self, panel: Callable[..., Panel]) -> None:
        rows = [("", 10 + t, value) for t, value in enumerate([30, 32, 29, 33, 20, 21, 19, 22])]
        result = InterruptedTimeSeries(trend="none", impact="level").estimate(panel(rows, frequency="year", start=14))
        assert result.placebos == ()
        assert check(result, "placebo_dates").verdict == "not run"

    def test_a_comparison_series(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(4)
        rows = [(unit, 480 + t, round(400 * numpy.exp(generator.normal(0, 0.05))))
                for unit in ("Town", "Other") for t in range(72)]  # fmt: skip
        both = panel(rows, start={"Town": 480 + 54})
        for errors in ("autoregressive", "newey_west"):
            result = InterruptedTimeSeries(controls=["Other"], season="none", errors=errors).estimate(both)
            assert result.placebos[-1].value == pytest.approx(result.relative.value, abs=1e-6)
            assert len(result.placebos) > 40


class TestWords:
    def test_dates(self) -> None:
        found = placebo.placebo_dates(3, 96, 9, True, "month")
        assert found.reading == (
            "At 3 of 96 earlier dates the same method finds a change at least as large for its standard error (share "
            "with the true date 0.041); at 9 its interval lies clear of no change, where chance alone would give "
            "about 5. Neighbouring dates share most of their months, so they are not independent."
        )
        assert (found.verdict, found.statistic) == ("no sign against", pytest.approx(4 / 97))
        assert placebo.placebo_dates(10, 96, 30, True).verdict == "sign against"
        assert placebo.placebo_dates(60, 96, 4, False).verdict == "too weak to tell"
        assert "no change is told from none" in placebo.placebo_dates(60, 96, 4, False).reading
        assert placebo.placebo_dates(3, 9, 3, True).verdict == "not run"

    def test_stretches(self) -> None:
        left = [LeftOut("2010", -12.0, -20.0, -4.0, "percent"), LeftOut("2011", 3.0, -6.0, 12.0, "percent"),
                LeftOut("2012", problem="too few")]  # fmt: skip
        found = placebo.leave_out(left, -10.0, -18.0, -2.0)
        assert found.verdict == "sign against"
        assert found.reading == (
            "Without any one of 2 stretches the estimate lies between -12% and +3% (-10% with all). It moves most "
            "without 2011, to +3%. It leaves the headline's interval, or changes direction, without 2011. 1 stretch "
            "could not be left out."
        )
        assert placebo.leave_out(left[:1], -10.0, -18.0, -2.0).verdict == "no sign against"


class TestLeaveOut:
    def test_each_year_is_a_study_with_that_year_excluded(self, monthly: Callable[..., Panel]) -> None:
        panel = monthly()
        found = InterruptedTimeSeries().estimate(panel).leave_out
        assert [one.left_out for one in found] == ["2010", "2011", "2012", "2013", "2014"]
        for one in (found[0], found[2]):
            exclude = [{"from": f"{one.left_out}-01", "to": f"{one.left_out}-12", "why": "tried without"}]
            own = InterruptedTimeSeries(exclude=exclude).estimate(panel)
            assert (one.value, one.low, one.high) == pytest.approx(
                (own.relative.value, own.relative.low, own.relative.high), abs=1e-6
            )

    def test_the_year_of_the_start_loses_its_periods_before_alone(self, monthly: Callable[..., Panel]) -> None:
        panel = monthly()
        later = replace(panel, frame=panel.frame.assign(first_time=float(parse_period("2015-05", "month"))))
        found = InterruptedTimeSeries().estimate(later).leave_out
        assert found[-1].left_out == "2015"
        assert not found[-1].problem

    def test_pandemic_restrictions(self, panel: Callable[..., Panel]) -> None:
        first, generator = parse_period("2015-01", "month"), numpy.random.default_rng(3)
        shut = range(parse_period("2020-03", "month"), parse_period("2021-08", "month"))
        rows = [("", first + t, round(400 * (0.5 if first + t in shut else 1.0) * generator.normal(1, 0.03)))
                for t in range(108)]  # fmt: skip
        result = InterruptedTimeSeries(season="none", impact="level").estimate(panel(rows, start="2020-03"))
        shock = next(one for one in result.leave_out if "pandemic" in one.left_out)
        assert shock.left_out == "the pandemic restrictions of March 2020 to July 2021 (17 months)"
        assert abs(shock.value) < 6 < abs(result.relative.value)
        assert check(result, "leave_out").verdict == "sign against"
        assert "pandemic restrictions" in check(result, "leave_out").reading

    def test_whole_years_are_named_as_the_data_name_them(self, panel: Callable[..., Panel]) -> None:
        values = 300 + numpy.random.default_rng(1).integers(-30, 30, 16)
        rows = [("", 30 + t, value) for t, value in enumerate(values)]
        result = InterruptedTimeSeries(impact="level").estimate(panel(rows, frequency="financial_year", start=40))
        assert result.leave_out[0].left_out == "1999/00"
        assert len(result.leave_out) == 10

    def test_numbered_periods_carry_no_years(self, panel: Callable[..., Panel]) -> None:
        values = 300 + numpy.random.default_rng(1).integers(-30, 30, 30)
        result = InterruptedTimeSeries().estimate(
            panel([("", t, value) for t, value in enumerate(values)], frequency="number", start=20)
        )
        assert result.leave_out == ()
        assert check(result, "leave_out").verdict == "not run"

    def test_what_cannot_be_left_out_says_why(self, panel: Callable[..., Panel]) -> None:
        values = 300 + numpy.random.default_rng(1).integers(-30, 30, 24)
        rows = [("", parse_period("2010-01", "month") + t, value) for t, value in enumerate(values)]
        result = InterruptedTimeSeries(season="none").estimate(panel(rows, start="2011-01"))
        assert [one.left_out for one in result.leave_out] == ["2010"]
        assert result.leave_out[0].problem == "fewer than 3 periods on a side would be left"
        assert check(result, "leave_out").verdict == "not run"

    def test_arima_is_left_out_by_first_order_errors(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(errors="arima", order=[1, 0, 0]).estimate(monthly())
        assert all(one.value is not None for one in result.leave_out)
