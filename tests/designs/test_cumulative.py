"""Events averted up to each period: by hand, for every family, and how often the bands hold the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest
from scipy import stats

from evalkit.designs import InterruptedTimeSeries
from evalkit.designs.interrupted_time_series.cumulative import cumulative, noise
from evalkit.designs.interrupted_time_series.segmented_fit import Segmented
from evalkit.errors import DesignError
from evalkit.records import Panel


def model(panel: Panel, **options: object) -> Segmented:
    design = InterruptedTimeSeries(**options).resolve(panel)
    return Segmented(design, panel, design.series(panel))


class TestNumbers:
    @pytest.mark.parametrize(
        "options",
        [{}, {"errors": "newey_west"}, {"errors": "prais_winsten"}, {"errors": "ordinary"}, {"scale": "identity"},
         {"family": "quasi_poisson"}, {"family": "poisson"}, {"family": "negative_binomial"}],
    )  # fmt: skip
    def test_every_model(self, monthly: Callable[..., Panel], options: dict[str, str]) -> None:
        result = InterruptedTimeSeries(**options).estimate(monthly(fall=0.3))
        after = [point for point in result.path if point.period >= "2015-01"]
        sums = numpy.cumsum([point.counterfactual - point.observed for point in after])
        assert [point.value for point in result.cumulative] == pytest.approx(sums)
        assert [point.period for point in result.cumulative] == [point.period for point in after]
        for point in result.cumulative:
            assert point.simultaneous_low <= point.low < point.value < point.high <= point.simultaneous_high
        assert "6,000 draws" in result.inference["cumulative"]

    def test_at_the_end_it_is_close_to_what_was_averted(self, monthly: Callable[..., Panel]) -> None:
        """Residuals after the start nearly cancel where a level is fitted, so value and bounds nearly agree there."""
        result = InterruptedTimeSeries().estimate(monthly())
        end = result.cumulative[-1]
        assert end.value == pytest.approx(result.averted.value, rel=0.03)
        width = result.averted.high - result.averted.low
        assert 0.97 * width < end.high - end.low < 1.2 * width

    def test_early_on_the_noise_of_periods_counts(self, monthly: Callable[..., Panel]) -> None:
        found = model(monthly())
        first = cumulative(found)[0]
        mean = next(point for point in found.result().path if point.period == "2015-01")
        assert first.high - first.low > 1.2 * (mean.high - mean.low)

    def test_rates_with_exposure_are_events(self, monthly: Callable[..., Panel]) -> None:
        counts = monthly()
        frame = counts.frame.assign(value=counts.frame["value"] / 2000 * 1000, exposure=2000.0)
        rate = Panel(frame, counts.outcome.__class__("rate", "Rate", "per 1,000", "rate", "lower", 1000.0), "month")
        found = InterruptedTimeSeries().estimate(rate).cumulative
        same = InterruptedTimeSeries().estimate(counts).cumulative
        assert found[-1].value == pytest.approx(same[-1].value)
        assert found[-1].low == pytest.approx(same[-1].low)

    def test_an_outcome_that_counts_nothing_has_none(self, monthly: Callable[..., Panel]) -> None:
        result = InterruptedTimeSeries().estimate(monthly(kind="continuous"))
        assert result.cumulative == ()
        assert "cumulative" not in result.inference

    def test_gaps_and_exclusions_are_left_out(self, monthly: Callable[..., Panel]) -> None:
        exclude = [{"from": "2015-06", "to": "2015-08", "why": "a strike"}]
        result = InterruptedTimeSeries(exclude=exclude).estimate(monthly())
        assert len(result.cumulative) == 21
        assert "2015-07" not in {point.period for point in result.cumulative}

    @pytest.mark.parametrize(("impact", "acting"), [("pulse", slice(0, 6)), ("delayed", slice(6, 24))])
    def test_nothing_is_averted_where_the_shape_does_not_act(
        self, monthly: Callable[..., Panel], impact: str, acting: slice
    ) -> None:
        result = InterruptedTimeSeries(impact=impact, length=6).estimate(monthly())
        values = numpy.array([[p.value, p.low, p.high] for p in result.cumulative])
        steps = numpy.abs(numpy.diff(values, axis=0, prepend=0.0)).max(axis=1)
        acts = numpy.zeros(24, dtype=bool)
        acts[acting] = True
        assert (steps[acts] > 0.0).all()
        assert steps[~acts] == pytest.approx(numpy.zeros((~acts).sum()))
        assert result.fit["acting_periods"] == acts.sum()
        assert result.horizons[-1].averted == pytest.approx(values[-1, 0])


class TestNoise:
    def test_by_the_models_own_errors(self, monthly: Callable[..., Panel]) -> None:
        series = monthly()
        by_errors = {
            errors: noise(model(series, errors=errors))
            for errors in ("autoregressive", "prais_winsten", "newey_west", "ordinary")
        }
        assert 0.2 < by_errors["autoregressive"].rho < 0.6
        assert by_errors["autoregressive"].weighted
        assert by_errors["prais_winsten"].weighted
        assert 0.2 < by_errors["newey_west"].rho < 0.6
        assert not by_errors["newey_west"].weighted
        assert by_errors["ordinary"].rho == 0.0
        result = InterruptedTimeSeries(errors="newey_west").estimate(series)
        assert "that of the residuals, as estimated" in result.inference["cumulative"]

    def test_of_counts(self, monthly: Callable[..., Panel]) -> None:
        series = monthly()
        found = model(series, family="poisson", errors="newey_west")
        assert noise(found).factor == max(1.0, noise(found).factor)
        dispersion = model(series, family="quasi_poisson", errors="newey_west").fit.extra["pearson_dispersion"]
        quasi = noise(model(series, family="quasi_poisson", errors="ordinary"))
        assert quasi.factor == pytest.approx(dispersion)

    def test_errors_with_a_difference_have_none(self, monthly: Callable[..., Panel]) -> None:
        found = model(monthly(), errors="ordinary")
        found.design = found.design.model_copy(update={"errors": "arima"})
        with pytest.raises(DesignError, match="dies out"):
            noise(found)


class TestCalibration:
    def test_with_season_trend_and_autocorrelation(self, panel: Callable[..., Panel]) -> None:
        """150 series whose course without the programme is known; bands at the end, and for all periods at once."""
        generator, at_end, together, replications = numpy.random.default_rng(20_240_229), 0, 0, 150
        steps = numpy.arange(72)
        after = steps >= 54
        for _ in range(replications):
            errors = numpy.empty(72)
            errors[0] = generator.normal()
            for t in range(1, 72):
                errors[t] = 0.4 * errors[t - 1] + numpy.sqrt(1 - 0.4**2) * generator.normal()
            mean = 500 * numpy.exp(0.1 * numpy.sin(2 * numpy.pi * steps / 12) - 0.002 * steps)
            without = mean * numpy.exp(0.08 * errors)
            seen = numpy.where(after, 0.8 * without, without)
            series = panel([("", 480 + t, value) for t, value in enumerate(seen)], start=480 + 54)
            found = cumulative(model(series, scale="log"))
            truth = numpy.cumsum((without - seen)[after])
            at_end += found[-1].low <= truth[-1] <= found[-1].high
            together += all(
                point.simultaneous_low <= true <= point.simultaneous_high
                for point, true in zip(found, truth, strict=True)
            )
        low, high = stats.binom.ppf([0.0005, 0.9995], replications, 0.95)
        assert low <= at_end <= high
        assert low <= together <= high


def test_a_comparison_series(panel: Callable[..., Panel]) -> None:
    """What the comparison went through is in the counterfactual: a fall that both share averts nothing."""
    generator = numpy.random.default_rng(4)
    shared = numpy.where(numpy.arange(72) >= 48, 0.7, 1.0)
    rows = [(unit, 480 + t, round(400 * shared[t] * numpy.exp(generator.normal(0, 0.03))))
            for unit in ("Town", "Other") for t in range(72)]  # fmt: skip
    both = panel(rows, start={"Town": 480 + 48})
    found = InterruptedTimeSeries(controls=["Other"], season="none").estimate(both).cumulative
    alone = InterruptedTimeSeries(season="none").estimate(panel(rows[:72], start=480 + 48)).cumulative
    assert found[-1].low < 0 < found[-1].high
    assert alone[-1].low > 1000
