"""Shapes, exclusions, other interruptions, seasons, trends and errors of an interrupted time series."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from evalkit.designs import InterruptedTimeSeries
from evalkit.errors import DataError, DesignError
from evalkit.periods import parse_period
from evalkit.records import Diagnostic, Panel, Result

BEFORE, AFTER = 36, 24
STEPS = numpy.arange(BEFORE + AFTER)
FIRST = 480
START = FIRST + BEFORE
LATER = STEPS >= BEFORE

SHAPES: dict[str, tuple[dict[str, Any], numpy.ndarray]] = {
    "level": ({"impact": "level"}, LATER.astype(float)),
    "slope": ({"impact": "slope"}, numpy.maximum(STEPS - BEFORE, 0) / 10.0),
    "level_and_slope": ({}, LATER * (1.0 + (STEPS - BEFORE) / 10.0)),
    "pulse": ({"impact": "pulse", "length": 6}, (LATER & (STEPS < BEFORE + 6)).astype(float)),
    "ramp": ({"impact": {"shape": "ramp", "length": 4}}, numpy.clip((STEPS - BEFORE + 1) / 4, 0, 1)),
    "delayed": ({"impact": "delayed", "length": 5}, (STEPS >= BEFORE + 5).astype(float)),
}
LINE = 100.0 + 0.5 * STEPS


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def of_values(panel: Callable[..., Panel], values: numpy.ndarray, kind: str = "continuous", **options: Any) -> Panel:
    return panel([("A", FIRST + t, value) for t, value in enumerate(values)], kind, start=START, **options)


def design(**options: Any) -> InterruptedTimeSeries:
    return InterruptedTimeSeries.model_validate({"season": "none", "errors": "ordinary", **options})


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_planted_change_is_recovered_without_noise(self, panel: Callable[..., Panel], shape: str) -> None:
        options, form = SHAPES[shape]
        result = design(**options).estimate(of_values(panel, LINE - 20.0 * form))
        acting = {"pulse": LATER & (STEPS < BEFORE + 6), "delayed": STEPS >= BEFORE + 5}.get(shape, LATER)
        assert result.effect.value == pytest.approx(-20.0 * form[acting].mean(), abs=1e-8)
        gaps = [p.fitted - p.counterfactual for p in result.path]
        assert gaps == pytest.approx(list(-20.0 * form), abs=1e-8)
        assert numpy.mean(numpy.array(gaps)[acting]) == pytest.approx(result.effect.value, abs=1e-8)
        assert result.absolute.value == pytest.approx(result.effect.value, abs=1e-8)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_a_planted_change_lies_in_most_intervals(self, panel: Callable[..., Panel], shape: str) -> None:
        """Independent errors: 95% intervals of 200 series hold it in 180 to 199 (a binomial bound of 1 in 1,000)."""
        options, form = SHAPES[shape]
        generator, held = numpy.random.default_rng(11), 0
        acting = {"pulse": LATER & (STEPS < BEFORE + 6), "delayed": STEPS >= BEFORE + 5}.get(shape, LATER)
        from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
        from evalkit.estimation.series.segmented import average_effect_weights

        for _ in range(200):
            data = of_values(panel, LINE - 5.0 * form + generator.normal(0, 3, STEPS.size))
            resolved = design(**options).resolve(data)
            model = Segmented(resolved, data, resolved.series(data))
            effect = model.contrast(average_effect_weights(model.terms))
            held += effect.low <= -5.0 * form[acting].mean() <= effect.high
        assert 180 <= held <= 199

    def test_the_words_say_over_which_periods(self, panel: Callable[..., Panel]) -> None:
        data = of_values(panel, LINE + numpy.random.default_rng(1).normal(0, 1, STEPS.size))
        pulse = design(impact="pulse", length=6).estimate(data)
        assert (
            "Average over the 6 months January 2013 to June 2013, while the change lasts (6 months)" in pulse.estimand
        )
        delayed = design(impact="delayed", length=5).estimate(data)
        assert (
            "Average over the 19 months June 2013 to December 2014, from 5 months after the start" in delayed.estimand
        )
        assert "immediate" not in delayed.fit
        assert "the change growing over the first 4 months" in design(impact="ramp", length=4).estimate(data).estimand
        assert check(pulse, "length_of_extrapolation").statistic == 6

    def test_a_length_that_is_missing_or_idle_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="pulse needs `length`: how many periods it lasts"):
            design(impact="pulse")
        with pytest.raises(ValidationError, match="level has no length"):
            design(impact="level", length=3)
        with pytest.raises(ValidationError, match="given twice"):
            design(impact={"shape": "pulse", "length": 3}, length=3)
        with pytest.raises(ValidationError, match="write impact as one word"):
            design(impact={"shape": "pulse", "periods": 3})

    def test_shapes_that_never_act_are_refused(self, panel: Callable[..., Panel]) -> None:
        data = of_values(panel, LINE + STEPS % 3)
        with pytest.raises(DesignError, match="a delay of 24 months, and there are 24 from the start on"):
            design(impact="delayed", length=24).estimate(data)
        with pytest.raises(DesignError, match="lasting level is never seen"):
            design(impact="ramp", length=25).estimate(data)


class TestProperties:
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(shape=st.sampled_from(list(SHAPES)), factor=st.floats(0.01, 1000.0), seed=st.integers(0, 1000))
    def test_scaling_the_outcome_scales_the_effect(
        self, panel: Callable[..., Panel], shape: str, factor: float, seed: int
    ) -> None:
        options, form = SHAPES[shape]
        values = LINE - 10.0 * form + numpy.random.default_rng(seed).normal(0, 2, STEPS.size)
        one = design(errors="autoregressive", **options).estimate(of_values(panel, values))
        many = design(errors="autoregressive", **options).estimate(of_values(panel, values * factor))
        for name in ("value", "low", "high"):
            assert getattr(many.effect, name) == pytest.approx(getattr(one.effect, name) * factor, rel=1e-6)

    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(shape=st.sampled_from(list(SHAPES)), years=st.integers(-40, 60), seed=st.integers(0, 1000))
    def test_relabelling_time_does_nothing(
        self, panel: Callable[..., Panel], shape: str, years: int, seed: int
    ) -> None:
        options, form = SHAPES[shape]
        values = LINE - 10.0 * form + numpy.random.default_rng(seed).normal(0, 2, STEPS.size)
        moved = panel([("A", FIRST + 12 * years + t, v) for t, v in enumerate(values)], "continuous",
                      start=START + 12 * years)  # fmt: skip
        for season in ("month", {"fourier": 2}):
            chosen = design(**options, season=season)
            here, there = chosen.estimate(of_values(panel, values)).effect, chosen.estimate(moved).effect
            assert (there.value, there.se) == pytest.approx((here.value, here.se), rel=1e-7)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_observed_less_counterfactual_is_the_effect_where_residuals_sum_to_zero(
        self, panel: Callable[..., Panel], shape: str
    ) -> None:
        options, form = SHAPES[shape]
        values = LINE - 10.0 * form + numpy.random.default_rng(5).normal(0, 2, STEPS.size)
        result = design(**options).estimate(of_values(panel, values))
        acting = {"pulse": LATER & (STEPS < BEFORE + 6), "delayed": STEPS >= BEFORE + 5}.get(shape, LATER)
        rows = [p for p, acts in zip(result.path, acting, strict=True) if acts]
        fitted = numpy.mean([p.fitted - p.counterfactual for p in rows])
        observed = numpy.mean([p.observed - p.counterfactual for p in rows])
        assert fitted == pytest.approx(result.effect.value)
        # Least squares makes residuals sum to zero over the periods of a level or a pulse.
        assert (observed == pytest.approx(fitted, abs=1e-9)) == (
            shape in ("level", "level_and_slope", "pulse", "delayed")
        )


class TestLeftOut:
    def values(self) -> numpy.ndarray:
        return LINE - 20.0 * LATER + numpy.random.default_rng(2).normal(0, 1, STEPS.size)

    def test_phase_in_anticipation_and_exclusions_do_not_count(self, panel: Callable[..., Panel]) -> None:
        spoilt = self.values()
        spoilt[BEFORE - 2 : BEFORE + 3] += 500.0
        spoilt[10:13] -= 300.0
        chosen = design(
            impact="level", phase_in=3, anticipation=2,
            exclude=[{"from": "2010-11", "to": "2011-01", "why": "strike"}],
        )  # fmt: skip
        clean, dirty = (chosen.estimate(of_values(panel, values)) for values in (self.values(), spoilt))
        assert dirty.effect.value == pytest.approx(clean.effect.value, abs=1e-8)
        assert (dirty.n_pre_periods, dirty.n_post_periods, dirty.n_observations) == (31, 21, 52)
        assert ("November 2010 to January 2011", "strike") in dirty.dropped
        assert ("January 2013 to March 2013", "the intervention was being phased in") in dirty.dropped
        assert len(dirty.dropped) == 3
        assert "Left out: November 2012 to December 2012, January 2013 to March 2013 and November" in dirty.estimand
        shown = {p.period: p for p in dirty.path}
        assert len(shown) == 60
        assert (shown["2010-11"].counterfactual, shown["2013-02"].fitted) == (None, None)
        assert shown["2010-11"].observed == pytest.approx(spoilt[10])
        assert shown["2013-04"].counterfactual is not None

    def test_time_keeps_counting(self, panel: Callable[..., Panel]) -> None:
        exact = LINE - 20.0 * LATER - 2.0 * numpy.maximum(STEPS - BEFORE, 0)
        result = design(exclude=[{"from": "2013-01", "to": "2013-04", "why": "lockdown"}]).estimate(
            of_values(panel, exact)
        )
        found = {term.term: term.value for term in result.coefficients}
        assert (found["trend"], found["level"], found["slope"]) == pytest.approx((0.5, -20.0, -2.0), abs=1e-8)
        assert result.fit["immediate"]["value"] == pytest.approx(-28.0, abs=1e-8)  # the fifth month is the first used

    def test_phase_in_is_the_window_that_begins_later(self, panel: Callable[..., Panel]) -> None:
        data = of_values(panel, self.values())
        phased = design(phase_in=3).estimate(data)
        windowed = design(after={"from": "2013-04"}).estimate(data)
        assert phased.effect.value == pytest.approx(windowed.effect.value)
        assert phased.effect.se == pytest.approx(windowed.effect.se)
        resolved = design(phase_in=3).resolve(data)
        assert resolved.resolve(data) == resolved
        assert resolved.estimate(data).effect == phased.effect

    def test_an_excluded_hole_is_no_hole(self, panel: Callable[..., Panel]) -> None:
        data = of_values(panel, self.values())
        holed = dataclasses.replace(data, frame=data.frame[data.frame["time"] != FIRST + 11].reset_index(drop=True))
        with pytest.raises(DataError, match="2010-12"):
            design().estimate(holed)
        left = design(exclude=[{"from": "2010-12", "why": "records were lost"}]).estimate(holed)
        assert left.n_pre_periods == 35

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"phase_in": 24}, "phase_in takes 24 months, and there are 24 from the start on"),
            ({"phase_in": 22}, "2 months after the start"),
            ({"anticipation": 36}, "anticipation takes 36 months, and there are 36 before"),
            ({"exclude": [{"from": "2020-03", "why": "lockdown"}]}, "lies outside the data, 2010-01 to 2014-12"),
            ({"exclude": [{"from": "2012-03", "to": "2012-01", "why": "slip"}]}, "ends .2012-01. before it starts"),
            ({"exclude": [{"from": "spring", "why": "slip"}]}, "'spring' is not a month"),
        ],
    )  # fmt: skip
    def test_what_takes_too_much_is_refused(
        self, panel: Callable[..., Panel], options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(DesignError, match=message):
            design(**options).estimate(of_values(panel, self.values()))

    def test_an_exclusion_says_why(self) -> None:
        with pytest.raises(ValidationError, match="why"):
            design(exclude=[{"from": "2012-01"}])


class TestOtherInterruptions:
    def test_they_stay_in_the_counterfactual(self, panel: Callable[..., Panel]) -> None:
        other = 12.0 * (STEPS >= 15)
        later = 7.0 * ((STEPS >= 50) & (STEPS < 53))
        chosen = design(
            impact="level",
            interruptions=[
                {"start": "2011-04", "label": "New recording rules", "impact": "level"},
                {"start": "2014-03", "label": "Flood", "impact": {"shape": "pulse", "length": 3}},
            ],
        )
        result = chosen.estimate(of_values(panel, LINE + other + later - 20.0 * LATER))
        assert result.effect.value == pytest.approx(-20.0, abs=1e-8)
        found = {term.term: term.value for term in result.coefficients}
        assert found["New recording rules: level"] == pytest.approx(12.0, abs=1e-8)
        assert found["Flood: pulse"] == pytest.approx(7.0, abs=1e-8)
        assert [p.counterfactual for p in result.path] == pytest.approx(list(LINE + other + later), abs=1e-7)
        assert "Both lines hold what changed with New recording rules (from April 2011) and Flood" in result.estimand
        assert "Allowed for: New recording rules, Flood." in check(result, "other_changes").reading
        assert check(result, "pre_period_linearity").verdict != "not run"

    @pytest.mark.parametrize(
        ("others", "message"),
        [
            ([{"start": "2020-01", "label": "X"}], "'X' starts in 2020-01, and the data run from 2010-01 to 2014-12"),
            ([{"start": "2013-01", "label": "X"}], "cannot be told apart from the terms before: level, slope"),
            ([{"start": "2010-01", "label": "X", "impact": "level"}], "'X' divides none of the periods"),
            (
                [{"start": "2011-01", "label": "X"}, {"start": "2012-01", "label": "X"}],
                "two terms are named 'X: level'",
            ),
        ],
    )
    def test_bad_ones_are_refused(
        self, panel: Callable[..., Panel], others: list[dict[str, str]], message: str
    ) -> None:
        with pytest.raises(DesignError, match=message):
            design(interruptions=others).estimate(of_values(panel, LINE + STEPS % 5))


class TestSeasonsAndTrends:
    def test_six_pairs_are_month_terms(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        waves = InterruptedTimeSeries.model_validate({"season": {"fourier": 6}}).estimate(data)
        months = InterruptedTimeSeries(season="month").estimate(data)
        assert (waves.effect.value, waves.effect.se) == pytest.approx((months.effect.value, months.effect.se), rel=1e-6)
        for one, other in zip(waves.path_without_season, months.path_without_season, strict=True):
            assert one.observed == pytest.approx(other.observed, rel=1e-6)

    def test_pairs_have_a_default_and_a_limit(self, monthly: Callable[..., Panel], panel: Callable[..., Panel]) -> None:
        data = monthly()
        assert InterruptedTimeSeries(season="fourier").resolve(data).pairs == 2
        assert InterruptedTimeSeries(season="month", pairs=3).resolve(data).pairs is None
        with pytest.raises(DesignError, match="choose between 1 and 6 pairs"):
            InterruptedTimeSeries.model_validate({"season": {"fourier": 7}}).estimate(data)
        yearly = panel([("A", t, 10 + t % 3) for t in range(20)], frequency="year", start=12)
        with pytest.raises(DesignError, match="no season within the year"):
            InterruptedTimeSeries(season="fourier").estimate(yearly)
        with pytest.raises(ValidationError, match="write season as one word"):
            InterruptedTimeSeries.model_validate({"season": {"pairs": 2}})

    def test_weeks_have_waves(self, panel: Callable[..., Panel]) -> None:
        t = numpy.arange(156)
        values = 100.0 + 9.0 * numpy.cos(2 * numpy.pi * (2000 + t) / (365.25 / 7)) - 20.0 * (t >= 104)
        data = panel([("A", 2000 + s, v) for s, v in enumerate(values)], "continuous", "week", start=2104)
        result = design(impact="level", season={"fourier": 1}).estimate(data)
        assert result.effect.value == pytest.approx(-20.0, abs=1e-8)
        observed = [p.observed for p in result.path_without_season]
        assert observed[:104] == pytest.approx([100.0] * 104, abs=0.4)  # a year is not a whole number of weeks

    def test_curved_trends_are_carried_forward(self, panel: Callable[..., Panel]) -> None:
        curve = LINE + 0.02 * STEPS**2
        bent = design(impact="level", trend="quadratic", trend_reason="Growth of traffic").estimate(
            of_values(panel, curve - 20.0 * LATER)
        )
        assert bent.effect.value == pytest.approx(-20.0, abs=1e-7)
        assert "Growth of traffic" in check(bent, "pre_period_linearity").reading
        line = design(impact="level", trend="spline", trend_reason="Growth").estimate(
            of_values(panel, LINE - 20.0 * LATER)
        )
        assert line.effect.value == pytest.approx(-20.0, abs=1e-8)
        after = numpy.diff([p.counterfactual for p in bent.path[BEFORE:]], 2)
        assert after == pytest.approx(numpy.full(22, 0.04), abs=1e-6)

    def test_they_need_a_reason_and_points(self, panel: Callable[..., Panel]) -> None:
        for trend in ("quadratic", "spline"):
            with pytest.raises(ValidationError, match=f"trend: {trend} needs `trend_reason`"):
                design(trend=trend)
        with pytest.raises(DesignError, match="37 knots for 36 periods before the start"):
            design(trend="spline", knots=37, trend_reason="It bends").estimate(of_values(panel, LINE + STEPS % 3))


class TestErrors:
    def test_ols_is_ordinary(self) -> None:
        assert InterruptedTimeSeries.model_validate({"errors": "ols"}).errors == "ordinary"

    def test_what_a_family_cannot_have_is_refused(self, panel: Callable[..., Panel]) -> None:
        for family, errors in (
            ("poisson", "arima"),
            ("negative_binomial", "prais_winsten"),
            ("quasi_poisson", "arima"),
        ):
            with pytest.raises(ValidationError, match=f"errors: {errors} is not available for family: {family}"):
                InterruptedTimeSeries(family=family, errors=errors)
        small = of_values(panel, STEPS % 4, "count")
        with pytest.raises(DesignError, match="which this count with a value under 5 has by default"):
            InterruptedTimeSeries(errors="prais_winsten").estimate(small)

    def test_an_order_is_an_order(self, panel: Callable[..., Panel]) -> None:
        with pytest.raises(ValidationError, match=r"order is \[p, d, q\]"):
            design(errors="arima", order=[0, 0, 0])
        with pytest.raises(ValidationError, match="order has 2 numbers"):
            design(errors="arima", order=[1, 0])
        with pytest.raises(DesignError, match="60 periods"):
            design(errors="arima", order=[40, 0, 20]).estimate(of_values(panel, LINE + STEPS % 7))
        assert design(order=[1, 0, 0]).resolve(of_values(panel, LINE + STEPS % 7)).order is None

    def test_prais_winsten_and_its_checks(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(errors="prais_winsten").estimate(monthly())
        assert "the model allows for it" in check(result, "residual_autocorrelation").reading
        assert result.fit["autocorrelation"] == pytest.approx(0.3, abs=0.15)
        assert "Prais-Winsten" in result.standard_errors

    def test_arima_is_the_regression_with_the_design_terms(self, monthly: Callable[..., Panel]) -> None:
        from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
        from evalkit.estimation.series import arima

        data = monthly()
        for order in ([1, 0, 0], None):
            resolved = InterruptedTimeSeries(errors="arima", order=order, season="none").resolve(data)
            model = Segmented(resolved, data, resolved.series(data))
            values, times = numpy.log(data.frame["value"].to_numpy()), data.frame["time"].to_numpy()
            direct = arima.regression(values, model.terms.matrix, times, resolved.order, ~model.terms.post)
            assert model.fit.coefficients == pytest.approx(direct.coefficients)
            assert model.fit.rule == direct.rule
        assert "AICc" in resolved.estimate(data).standard_errors
        named = InterruptedTimeSeries(errors="arima", order=[1, 0, 0], season="none").estimate(data)
        assert "and the model allows for it" in check(named, "residual_autocorrelation").reading

    def test_overdispersion_is_told_for_every_family(self, monthly: Callable[..., Panel]) -> None:
        counts = check(InterruptedTimeSeries().estimate(monthly()), "overdispersion")
        poisson = check(InterruptedTimeSeries(family="quasi_poisson").estimate(monthly()), "overdispersion")
        assert counts.verdict == "no sign against"
        assert counts.statistic == pytest.approx(poisson.statistic, rel=0.05)
        rate = check(InterruptedTimeSeries().estimate(monthly(kind="rate")), "overdispersion")
        assert (rate.verdict, "no count (rate)" in rate.reading) == ("not run", True)


class TestBadInput:
    @pytest.mark.parametrize("side", ["before the start", "from the start on"])
    @pytest.mark.parametrize("options", [{}, {"family": "poisson"}, {"scale": "identity"}])
    def test_a_side_without_events(self, monthly: Callable[..., Panel], side: str, options: dict[str, Any]) -> None:
        data = monthly()
        first = data.frame["first_time"]
        gone = data.frame["time"] >= first if side == "from the start on" else data.frame["time"] < first
        empty = dataclasses.replace(data, frame=data.frame.assign(value=data.frame["value"].where(~gone, 0.0)))
        with pytest.raises(DesignError, match=f"is 0 in every period {side}"):
            InterruptedTimeSeries(**options).estimate(empty)

    @pytest.mark.parametrize("lost", [numpy.nan, 0.0])
    def test_exposure_missing_in_one_month(self, monthly: Callable[..., Panel], lost: float) -> None:
        data = monthly()
        exposure = numpy.full(84, 1000.0)
        exposure[7] = lost
        holed = dataclasses.replace(data, frame=data.frame.assign(exposure=exposure))
        with pytest.raises(DataError, match="no exposure above zero in 2010-08"):
            InterruptedTimeSeries().estimate(holed)
        kept = InterruptedTimeSeries.model_validate({"exclude": [{"from": "2010-08", "why": "no population"}]})
        assert kept.estimate(holed).n_pre_periods == 59

    def test_few_points_say_what_can_still_be_said(self, monthly: Callable[..., Panel]) -> None:
        after = check(InterruptedTimeSeries().estimate(monthly(before=36, after=6)), "number_of_points").reading
        assert after.endswith("What can still be said: a change of level can still be told; whether it lasts, grows or "
                              "fades cannot.")  # fmt: skip
        before = check(InterruptedTimeSeries().estimate(monthly(before=10, after=20)), "number_of_points").reading
        assert "the line that is carried forward rests on few points" in before

    @pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial", "auto"])
    def test_a_pulse_without_events_has_no_size(self, panel: Callable[..., Panel], family: str) -> None:
        counts = numpy.random.default_rng(6).poisson(20, STEPS.size)
        counts[BEFORE : BEFORE + 4] = 0
        with pytest.raises(DesignError, match="zero counts are told apart perfectly"):
            InterruptedTimeSeries(family=family, impact="pulse", length=4).estimate(of_values(panel, counts, "count"))


class TestDaysOfTheWeek:
    """A weekly pattern, which daily counts of police and ambulances nearly always have."""

    @staticmethod
    def days(panel: Callable[..., Panel], before: int = 140, after: int = 70) -> Panel:
        generator, first = numpy.random.default_rng(3), parse_period("2022-01-03", "day")  # a Monday
        means = numpy.array([30.0, 30, 30, 30, 50, 125, 125])
        counts = generator.poisson(means[numpy.arange(before + after) % 7])
        rows = [("Town", first + t, float(count)) for t, count in enumerate(counts)]
        return panel(rows, "count", start=first + before, frequency="day")

    def test_is_fitted_by_itself_and_narrows_the_interval(self, panel: Callable[..., Panel]) -> None:
        series = self.days(panel)
        assert InterruptedTimeSeries().resolve(series).season == "weekday"
        assert InterruptedTimeSeries().resolve(self.days(panel, before=13)).season == "none"
        with_it = InterruptedTimeSeries().estimate(series)
        without = InterruptedTimeSeries(season="none").estimate(series)
        assert with_it.effect.low < 0.0 < with_it.effect.high
        assert without.effect.se > 3.0 * with_it.effect.se
        names = [term.term for term in with_it.coefficients]
        assert names[2:8] == ["Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        saturday = next(term for term in with_it.coefficients if term.term == "Saturday")
        assert saturday.value == pytest.approx(numpy.log(125 / 30), abs=0.1)
        check = next(found for found in with_it.diagnostics if found.name == "season_fitted")
        assert check.reading.startswith("A pattern by day of the week is fitted, from 20 weeks before the start.")

    def test_belongs_to_daily_data(self, monthly: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="have no season by weekday"):
            InterruptedTimeSeries(season="weekday").estimate(monthly())
