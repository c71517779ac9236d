"""Bounds for few treated places: a covariance from treatment dealt out anew, and what the errors behind bounds are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.dealt_departures import dealt_events
from evalkit.designs.difference_in_differences.estimated import Estimated
from evalkit.designs.difference_in_differences.estimators import fitted, studied
from evalkit.designs.difference_in_differences.sensitivity import CLUSTERED, DEALT, robustness
from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.several_effects import reassigned_covariance
from evalkit.estimation.staggered import event_time_weights as closed
from evalkit.records import Panel, Result


def drawn(
    panel: Callable[..., Panel], starts: dict[str, int], places: int = 30, seed: int = 5, effect: float = 0.0,
    **options: Any,
) -> Panel:  # fmt: skip
    """Return places P00, P01, ... by twelve years, with one effect on their logarithms from their starts on."""
    generator = numpy.random.default_rng(seed)
    level, year = generator.normal(6.0, 0.4, places), generator.normal(0.0, 0.1, 12)
    noise = generator.normal(0.0, 0.1, (places, 12))
    names = [f"P{i:02d}" for i in range(places)]
    for i, name in enumerate(names):
        noise[i] += effect * (numpy.arange(30, 42) >= starts.get(name, 99))
    rows = [(names[i], 30 + t, math.exp(level[i] + year[t] + noise[i, t])) for i in range(places) for t in range(12)]
    return panel(rows, options.pop("kind", "rate"), "year", starts, **options)


def made(data: Panel, **options: Any) -> tuple[DifferenceInDifferences, Estimated, Result]:
    design = DifferenceInDifferences(**{"transform": "log", **options}).resolve(data)
    result, model = fitted(design, data, studied(design, data))
    return design, model, result


def check(result: Result) -> Any:
    return next(found for found in result.diagnostics if found.name == "robust_to_departures")


@pytest.mark.parametrize("options", [
    {"estimator": "two_way_fixed_effects", "leads": 3, "lags": 2}, {"estimator": "event_study", "leads": 3, "lags": 2},
    {"estimator": "callaway_santanna"}, {"estimator": "sun_abraham"}, {"estimator": "imputation"},
    {"estimator": "callaway_santanna", "base_period": "varying"},
])  # fmt: skip
def test_one_start_gives_plain_differences(panel: Callable[..., Panel], options: dict[str, Any]) -> None:
    """With one start every event time is a difference of four means, whatever the estimator: by hand, pair by pair."""
    data = drawn(panel, {"P03": 36, "P11": 36})
    design, model, result = made(data, **options)
    found = dealt_events(design, model, result.effect.value)
    assert found.times.tolist() == [*range(-1 - design.leads, -1), *range(6)]
    table = numpy.log(data.frame.pivot(index="unit", columns="time", values="value").to_numpy())
    changes = table - table[:, [5]]
    at = found.times + 6

    def gaps(treated: tuple[int, ...], values: Any) -> Any:
        there = numpy.isin(numpy.arange(30), treated)
        return values[there][:, at].mean(axis=0) - values[~there][:, at].mean(axis=0)

    assert found.values == pytest.approx(gaps((3, 11), changes))
    without = changes.copy()
    without[numpy.ix_([3, 11], range(6, 12))] -= result.effect.value
    every = numpy.array([gaps(pair, without) for pair in combinations(range(30), 2)])
    assert found.covariance == pytest.approx(numpy.cov(every.T, bias=True), rel=1e-6)
    assert "all 435 assignments listed" in found.dealt


def test_staggered_regressions_have_their_own_coefficients(panel: Callable[..., Panel]) -> None:
    """Event times of several starts, none binned, are those of the regression on rows."""
    import pandas

    from evalkit.designs.difference_in_differences.event_time import available, event_columns
    from evalkit.estimation.few_units.cluster_robust import cluster_robust

    data = drawn(panel, {"P01": 34, "P02": 36, "P03": 37})
    design, model, result = made(data, estimator="two_way_fixed_effects")
    found = dealt_events(design, model, result.effect.value)
    columns = event_columns(model.study, *available(model.study))
    codes = [pandas.factorize(model.study.frame[name])[0] for name in ("unit", "time")]
    fit = cluster_robust(model.outcome, columns.matrix, *codes, cluster=codes[0], correction="CR1")
    known = dict(zip(columns.times, fit.coefficients, strict=True))
    assert found.values == pytest.approx([known[int(time)] for time in found.times])


def test_the_interval_under_parallel_paths_keeps_its_size() -> None:
    """One and two treated of 43, an autocorrelated outcome: about 5% find an average effect that is not there."""
    generator, periods, start, units = numpy.random.default_rng(3), 16, 10, 43
    for treated in (1, 2):
        first = numpy.full(units, periods)
        first[:treated] = start
        label, terms = closed.lead_terms(first, periods, -start, periods - start - 1, -1)
        weights = closed.regression_weights(first, periods, label, terms)
        dealt, found, after = assignments_of(first, 400, 1, list_up_to=50).first_treated, [], label >= 0
        for _ in range(500):
            noise = generator.normal(size=(units, periods))
            for t in range(1, periods):
                noise[:, t] += 0.5 * noise[:, t - 1]
            gap = noise[:treated].mean(axis=0) - noise[treated:].mean(axis=0)
            headline = gap[start:].mean() - gap[:start].mean()
            values, covariance = reassigned_covariance(noise, first, weights.weights, weights.paths, dealt, headline)
            spread = math.sqrt(covariance[numpy.ix_(after, after)].mean())
            found.append(abs(values[after].mean()) > 1.96 * spread)
        assert 0.025 <= numpy.mean(found) <= 0.08  # 0.05 and three standard errors of 500 draws, t in place of normal


class TestRefused:
    @pytest.mark.parametrize(("places", "told"), [(15, "13 units never treated tell too little"), (22, "")])
    def test_too_few_others(self, panel: Callable[..., Panel], places: int, told: str) -> None:
        data = drawn(panel, {"P03": 36, "P11": 36}, places)
        design, model, result = made(data, estimator="two_way_fixed_effects")
        if not told:
            assert dealt_events(design, model, result.effect.value).dealt
            return
        with pytest.raises(DesignError, match=told):
            dealt_events(design, model, result.effect.value)

    def test_places_that_do_not_count_alike(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, {"P03": 36, "P11": 36})
        weight = data.frame["unit"].str[1:].astype(float) + 1.0
        data = dataclasses.replace(data, frame=data.frame.assign(weight=weight))
        design, model, result = made(data, estimator="two_way_fixed_effects", weights="weight")
        with pytest.raises(DesignError, match="make places with the same start count differently"):
            dealt_events(design, model, result.effect.value)
        told = check(design.estimate(data))
        assert told.verdict == "not run"
        assert "Dealing treatment out anew cannot take their place: weights, covariates" in told.reading

    def test_counts_of_nothing(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, {"P03": 36, "P11": 36}, kind="count")
        values = numpy.round(data.frame["value"].to_numpy())
        values[5] = 0.0
        data = dataclasses.replace(data, frame=data.frame.assign(value=values))
        design, model, result = made(data, estimator="poisson", transform="auto")
        with pytest.raises(DesignError, match="some counts are 0"):
            dealt_events(design, model, result.effect.value)


class TestOnTheRecord:
    def test_few_treated_have_bounds_and_the_result_says_on_what(self, panel: Callable[..., Panel]) -> None:
        data = drawn(panel, {"P03": 36}, effect=-1.0)
        result = DifferenceInDifferences(estimator="two_way_fixed_effects", transform="log").estimate(data)
        assert result.robust_bounds
        assert result.inference["method"] == "ferman_pinto"
        assert result.inference["departures"]["errors"] == "dealt"
        assert "all 30 assignments listed" in result.inference["departures"]["rule"]
        assert result.inference["departures"]["caution"] == DEALT
        assert check(result).reading.endswith(DEALT)

    @pytest.mark.parametrize(("inference", "caution"), [("auto", CLUSTERED), ("cluster_robust", "")])
    def test_clustered_errors_beside_another_headline(
        self, panel: Callable[..., Panel], inference: str, caution: str
    ) -> None:
        data = drawn(panel, {f"P{i:02d}": 36 for i in range(7)}, effect=-1.0)
        design = DifferenceInDifferences(
            estimator="two_way_fixed_effects", transform="log", inference=inference, inference_draws=99
        )
        result = design.estimate(data)
        rests_on = result.inference["departures"]
        assert (rests_on["errors"], rests_on["caution"]) == ("clustered", caution)
        assert check(result).reading.endswith(CLUSTERED) == bool(caution)

    def test_where_no_departure_is_needed_none_is_smaller(self, panel: Callable[..., Panel]) -> None:
        result = DifferenceInDifferences(estimator="two_way_fixed_effects", transform="log").estimate(
            drawn(panel, {"P03": 36})
        )
        assert {at for by in result.breakdown.values() for at in by.values()} == {0.0}
        assert result.inference["departures"]["caution"] == ""
        assert DEALT not in check(result).reading

    def test_a_clustered_covariance_of_few_is_still_not_read(self, panel: Callable[..., Panel]) -> None:
        model = made(drawn(panel, {"P03": 36, "P11": 36}), estimator="sun_abraham")[1]
        assert robustness(model).bounds == ()
