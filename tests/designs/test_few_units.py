"""Inference for few units: which is chosen, what it gives beside scipy and enumeration, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import numpy
import pytest
from scipy import stats

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimated import Estimated, of_two_way
from evalkit.designs.difference_in_differences.inference import chosen_inference, few_units
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.diagnostics import parallel_trends
from evalkit.errors import DesignError
from evalkit.estimation.few_units.assignments import assignments_of
from evalkit.estimation.few_units.linear_estimates import linear_statistics, unit_weights
from evalkit.estimation.few_units.reassigned_two_way import two_way_statistics
from evalkit.records import Diagnostic, Panel, Result

Design = DifferenceInDifferences


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def checks(result: Result) -> set[str]:
    return {found.name for found in result.diagnostics}


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def fitted(panel: Panel, inference: str = "auto", **options: Any) -> tuple[Design, Estimated, Result]:
    """Return the design as resolved, the estimate, and its result before any inference for few units."""
    design = Design(**{"estimator": "two_way_fixed_effects", **options}).resolve(panel)
    design = design.model_copy(update={"inference": inference})
    model = TwoWay(design, panel, adoption(panel, design.before, design.after))
    return design, of_two_way(model), model.result()


def judged(panel: Panel, inference: str = "auto", **options: Any) -> Result:
    return few_units(*fitted(panel, inference, **options))


def noise(
    panel: Callable[..., Panel], treated: dict[str, int], units: int = 10, seed: int = 4, **options: Any
) -> Panel:
    """Return places U0, U1, ... by ten years without any effect, in logarithms a random walk with unequal steps."""
    generator = numpy.random.default_rng(seed)
    walks = (generator.normal(0, 0.1, (units, 10)) * numpy.linspace(0.5, 2.0, units)[:, None]).cumsum(axis=1)
    rows = [(f"U{i}", 30 + t, math.exp(4 + walks[i, t])) for i in range(units) for t in range(10)]
    return panel(rows, options.pop("kind", "rate"), "year", treated, **options)


def logs(data: Panel) -> Any:
    return numpy.log(data.frame.pivot(index="unit", columns="time", values="value"))


class TestRule:
    @pytest.mark.parametrize(
        ("estimator", "treated", "clusters", "never", "method"),
        [
            ("two_way_fixed_effects", 1, 500, 499, "ferman_pinto"),
            ("two_way_fixed_effects", 1, 3, 2, "placebo"),
            ("two_way_fixed_effects", 2, 500, 498, "randomisation"),
            ("callaway_santanna", 5, 500, 495, "randomisation"),
            ("two_way_fixed_effects", 6, 49, 43, "wild_bootstrap"),
            ("event_study", 6, 49, 43, "wild_bootstrap"),
            ("callaway_santanna", 6, 49, 43, "randomisation"),
            ("imputation", 6, 49, 43, "randomisation"),
            ("two_way_fixed_effects", 6, 50, 44, "cluster_robust"),
            ("callaway_santanna", 6, 50, 44, "cluster_robust"),
            ("synthetic_did", 1, 39, 38, "placebo"),
            ("synthetic_control", 20, 80, 60, "placebo"),
        ],
    )
    def test_what_is_chosen(self, estimator: str, treated: int, clusters: int, never: int, method: str) -> None:
        choice = chosen_inference(estimator, treated, clusters, never)
        assert choice.method == method
        assert f"of {clusters}" in choice.reason

    @pytest.mark.parametrize(("count", "method"), [(1, "ferman_pinto"), (5, "randomisation"), (6, "wild_bootstrap")])
    def test_what_is_used_and_said(self, panel: Callable[..., Panel], count: int, method: str) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(count)}, units=14)
        result = judged(data)
        assert result.inference["method"] == method
        assert result.inference["rule"] in result.standard_errors
        assert result.inference["reason"] in result.standard_errors
        assert 0.0 < result.inference["smallest_p"] <= 0.05
        assert result.effect.rule in ("inversion", "exact")
        assert result.effect.low < result.effect.value < result.effect.high
        assert judged(data) == result

    def test_many_clusters_stay_as_they_were(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(20)}, units=50)
        design, model, plain = fitted(data)
        result = few_units(design, model, plain)
        assert result.effect == plain.effect
        assert result.inference["method"] == "cluster_robust"
        assert "50 clusters or more" in result.inference["reason"]
        few = noise(panel, {"U0": 35})
        assert judged(few, "cluster_robust").effect.low is None


class TestRandomisation:
    """Against scipy's permutation test of the changes that each estimator compares."""

    def change(self, data: Panel, estimator: str) -> Any:
        table = logs(data).to_numpy()
        before = table[:, :5].mean(axis=1) if estimator == "two_way_fixed_effects" else table[:, 4]
        return table[:, 5:].mean(axis=1) - before

    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    @pytest.mark.parametrize(("method", "count"), [("randomisation", 3), ("randomisation", 4), ("placebo", 3)])
    def test_p_value_is_that_of_scipy(
        self, panel: Callable[..., Panel], estimator: str, method: str, count: int
    ) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(3, 3 + count)})
        change = self.change(data, estimator)
        chosen = numpy.isin(numpy.arange(10), range(3, 3 + count))

        def statistic(a: Any, b: Any, axis: int = -1) -> Any:
            if method == "placebo":
                return numpy.abs(a.mean(axis=axis) - b.mean(axis=axis))
            return numpy.abs(stats.ttest_ind(a, b, axis=axis, equal_var=False).statistic)

        expected = stats.permutation_test(
            (change[chosen], change[~chosen]), statistic, alternative="greater", n_resamples=numpy.inf, vectorized=True
        )
        result = judged(data, method, estimator=estimator)
        assert result.effect.value == pytest.approx(change[chosen].mean() - change[~chosen].mean())
        assert result.effect.p_value == pytest.approx(expected.pvalue)
        assert result.inference["assignments"] == math.comb(10, count)
        assert result.inference["smallest_p"] == pytest.approx(1 / math.comb(10, count))
        assert result.effect.rule == "exact"
        assert result.effect.se is None

    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    def test_among_all_pairs_no_more_are_found_than_the_level_allows(
        self, panel: Callable[..., Panel], estimator: str
    ) -> None:
        p_values = []
        for pair in combinations(range(7), 2):
            result = judged(noise(panel, {f"U{i}": 35 for i in pair}, units=7), estimator=estimator, lags=4)
            p_values.append(result.effect.p_value)
            assert (result.effect.p_value > 0.05) == (result.effect.low <= 0.0 <= result.effect.high)
        assert sorted(p_values) == pytest.approx(numpy.arange(1, 22) / 21)

    def test_staggered_starts_deal_dates_anew(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U1": 33, "U4": 35, "U5": 37})
        result = judged(data)
        assert result.inference["assignments"] == 10 * 9 * 8
        assert "all 720 assignments listed" in result.inference["rule"]

    def test_weights_and_covariates_enter_the_two_way_statistic(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U1": 35, "U4": 35, "U5": 37})
        size = numpy.random.default_rng(1).uniform(1, 3, len(data))
        data = dataclasses.replace(changed(data, size=size, weight=size), covariates=("size",))
        result = judged(data, covariates=["size"], weights="size")
        assert result.inference["method"] == "randomisation"
        assert result.effect.low < result.effect.value < result.effect.high
        other = judged(data, weights="size", estimator="event_study")
        assert "cannot be had (weights and covariates" in other.inference["reason"]
        assert (other.inference["method"], other.effect.low, other.effect.p_value) == ("none", None, None)
        with pytest.raises(DesignError, match="weights and covariates make places"):
            judged(data, "placebo", weights="size", estimator="event_study")

    def test_whole_clusters_change_places(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(4)}, units=16)
        region = data.frame["unit"].map(lambda unit: f"region {int(unit[1:]) // 2}")
        result = judged(changed(data, cluster=region), cluster="region")
        assert result.inference["assignments"] == math.comb(8, 2)
        mixed = data.frame["unit"].map(lambda unit: f"region {int(unit[1:]) // 3}")
        kept = judged(changed(data, cluster=mixed), cluster="region")
        assert (kept.inference["method"], kept.effect.low, kept.effect.p_value) == ("none", None, None)
        assert "start at different times, or not all of them: region 1" in kept.inference["reason"]


class TestLinearEstimates:
    def test_weights_of_the_two_way_regression_give_its_statistics(self) -> None:
        generator = numpy.random.default_rng(6)
        outcome, first = generator.normal(size=(9, 12)).cumsum(axis=1), numpy.array([4, 4, 7, 9] + [12] * 5)

        def estimate(y: Any, codes: Any) -> float:
            return float(two_way_statistics(y, codes, False)(codes[None, :]).values[0])

        dates, weights = unit_weights(estimate, first, 12)
        assert dates.tolist() == [4, 7, 9, 12]
        dealt = assignments_of(first, 300, 1).first_treated
        ours = linear_statistics(outcome, first, weights)(dealt)
        theirs = two_way_statistics(outcome, first)(dealt)
        for effect in (0.0, 0.7):
            assert ours.statistics(effect) == pytest.approx(theirs.statistics(effect), rel=1e-9)

    def test_what_is_not_linear_is_refused(self) -> None:
        first = numpy.array([2, 4, 4, 4])
        with pytest.raises(DesignError, match="no difference in differences that is linear"):
            unit_weights(lambda y, codes: float(numpy.abs(y).sum()), first, 4)
        with pytest.raises(DesignError, match="weights of shape"):
            linear_statistics(numpy.ones((4, 4)), first, numpy.ones((3, 4)))

    def test_an_estimator_given_as_a_function_is_dealt_anew(self, panel: Callable[..., Panel]) -> None:
        """The last change before the start, as Callaway and Sant'Anna's average has it for one start: scipy again."""
        data = noise(panel, {f"U{i}": 35 for i in range(3)})
        design, model, result = fitted(data, estimator="event_study", lags=4)

        def again(outcome: Any, first: Any) -> tuple[float, float]:
            treated, start = first < outcome.shape[1], int(first.min())
            change = outcome[:, start:].mean(axis=1) - outcome[:, start - 1]
            a, b = change[treated], change[~treated]
            return a.mean() - b.mean(), math.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)

        own = design.model_copy(update={"estimator": "callaway_santanna"})
        fast, slow = (
            few_units(own, dataclasses.replace(model, regression=None, again=again, linear=linear), result)
            for linear in (True, False)
        )
        regressed = few_units(design, model, result)
        assert fast.effect.p_value == regressed.effect.p_value == slow.effect.p_value
        assert (fast.effect.low, fast.effect.high) == pytest.approx((regressed.effect.low, regressed.effect.high))
        assert (slow.effect.low, slow.effect.high) == pytest.approx((regressed.effect.low, regressed.effect.high))


class TestOtherEstimators:
    def test_what_is_not_linear_has_a_p_value_and_no_interval(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(3)}, units=9)
        design, model, result = fitted(data)

        def gap(outcome: Any, first: Any) -> float:
            treated = first < outcome.shape[1]
            middle = [numpy.median(outcome[:, 5:], axis=1)[who].mean() for who in (treated, ~treated)]
            return float(abs(middle[0] - middle[1]) ** 3)

        own = design.model_copy(update={"estimator": "callaway_santanna"})
        found = few_units(own, dataclasses.replace(model, regression=None, again=gap), result)
        table = logs(data).to_numpy()
        every = [
            gap(table, numpy.where(numpy.isin(numpy.arange(9), chosen), 5, 10)) for chosen in combinations(range(9), 3)
        ]
        assert found.effect.p_value == pytest.approx(numpy.mean(numpy.array(every) >= every[0] * (1 - 1e-9)))
        assert (found.effect.low, found.effect.high) == (None, None)
        assert all(point.low is None for point in found.path)
        assert (found.averted, found.absolute.low, found.relative.low) == (None, None, None)

    def test_own_inference_is_left_alone(self, panel: Callable[..., Panel]) -> None:
        design, model, result = fitted(noise(panel, {"U4": 35}))
        own = design.model_copy(update={"estimator": "synthetic_did"})
        given = dataclasses.replace(result, inference={"method": "placebo", "smallest_p": 0.1})
        found = few_units(own, dataclasses.replace(model, own_inference=True), given)
        assert found.effect == result.effect
        assert found.inference["method"] == "placebo"
        assert check(found, "no_result_could_count").statistic == 0.1
        assert "cannot give a p-value below 0.1" in check(found, "treated_clusters").reading

    def test_rows_that_are_missing_weigh_nothing(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(3)})
        frame = data.frame.drop(index=[3, 57]).reset_index(drop=True)
        holed = dataclasses.replace(data, frame=frame, gaps=((33, "lost", "U0"), (37, "lost", "U5")))
        result = judged(holed)
        assert result.inference["method"] == "randomisation"
        assert result.effect.low < result.effect.value < result.effect.high
        one = judged(
            dataclasses.replace(holed, frame=frame.assign(first_time=frame["first_time"].where(frame["unit"] == "U1")))
        )
        assert one.inference["method"] == "placebo"


class TestOneTreated:
    def test_the_interval_holds_what_the_test_does_not_reject(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U4": 35})
        result = judged(data)
        assert result.inference["method"] == "ferman_pinto"
        for end, outside in ((result.effect.low, -0.01), (result.effect.high, 0.01)):
            for shift, kept in ((outside, False), (-outside, True)):
                moved = data.frame["value"] * numpy.where(
                    (data.frame["unit"] == "U4") & (data.frame["time"] >= 35), math.exp(-end - shift), 1.0
                )
                assert (judged(changed(data, value=moved)).effect.p_value > 0.05) == kept

    def test_a_null_is_rejected_about_as_often_as_it_should(self, panel: Callable[..., Panel]) -> None:
        p_values = [judged(noise(panel, {f"U{i}": 35}, units=20)).effect.p_value for i in range(20)]
        rejected = numpy.mean(numpy.array(p_values) <= 0.2)
        assert 0.05 < rejected < 0.35  # tests of size 0.2 on one panel: each place in turn

    def test_sizes_follow_events(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(2)
        means = numpy.geomspace(10, 1000, 10)
        rows = [(f"U{i}", 30 + t, 1 + generator.poisson(means[i])) for i in range(10) for t in range(10)]
        data = panel(rows, "count", "year", {"U0": 35})
        _, model, _ = fitted(data)
        wide = wide_panel(model)
        order = [int(name[1:]) for name in wide.names]
        early = data.frame[data.frame["time"] < 35].groupby("unit")["value"].sum()
        assert wide.sizes == pytest.approx([early[f"U{i}"] for i in order])
        small, large = (judged(panel(rows, "count", "year", {f"U{i}": 35})) for i in (0, 9))
        assert small.effect.high - small.effect.low > 1.5 * (large.effect.high - large.effect.low)

    def test_all_that_follows_has_the_same_interval(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U4": 35}, kind="count")
        result = judged(data)
        effect, seen = result.effect, data.frame.query("unit == 'U4' and time >= 35")["value"]
        assert (result.relative.low, result.relative.high) == pytest.approx(
            (100 * math.expm1(effect.low), 100 * math.expm1(effect.high))
        )
        ends = [seen.sum() * math.expm1(-end) for end in (effect.high, effect.low)]
        assert (result.averted.low, result.averted.high) == pytest.approx(tuple(ends))
        assert (result.absolute.low, result.absolute.high) == pytest.approx((-ends[1] / 5, -ends[0] / 5))
        last = [point for point in result.path if point.counterfactual is not None][-1]
        assert (last.low, last.high) == pytest.approx(
            tuple(last.observed * math.exp(-e) for e in (effect.high, effect.low))
        )
        assert result.coefficients[0].low == effect.low
        assert all(e.draws is None and e.rule == "inversion" for e in (effect, result.averted, result.absolute))

    def test_identity_scale(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U4": 35}, kind="count")
        result = judged(data, transform="identity")
        effect = result.effect
        assert (result.averted.low, result.averted.high) == pytest.approx((-5 * effect.high, -5 * effect.low))
        assert (result.absolute.low, result.absolute.high) == pytest.approx((effect.low, effect.high))
        seen = data.frame.query("unit == 'U4' and time >= 35")["value"].mean()
        assert result.relative.high == pytest.approx(100 * effect.high / (seen - effect.high))

    def test_weighted_headlines_get_placebos(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {"U4": 35}, units=12)
        size = data.frame["unit"].map(lambda unit: 1.0 + int(unit[1:]))
        result = judged(changed(data, weight=size), weights="size")
        assert result.inference["method"] == "placebo"
        assert "is not the headline" in result.inference["reason"]
        assert result.inference["smallest_p"] == pytest.approx(1 / 12)
        assert (result.effect.low, result.effect.high) == (-math.inf, math.inf)
        assert (result.averted is None, result.absolute.low, result.fit["minimum_detectable"]) == (
            True,
            -math.inf,
            None,
        )

    def test_no_result_could_count(self, panel: Callable[..., Panel]) -> None:
        result = judged(noise(panel, {"U4": 35}, units=12), "placebo")
        found = check(result, "no_result_could_count")
        assert (found.verdict, found.key, found.statistic) == ("sign against", True, pytest.approx(1 / 12))
        assert "no_result_could_count" not in checks(judged(noise(panel, {"U4": 35}, units=20), "placebo"))

    def test_one_comparison_unit_stays_without_an_interval(self, panel: Callable[..., Panel]) -> None:
        result = judged(noise(panel, {f"U{i}": 35 for i in range(9)}))
        assert (result.effect.low, result.inference["method"]) == (None, "none")


class TestWildBootstrap:
    def test_p_value_by_running_every_regression(self, panel: Callable[..., Panel]) -> None:
        """All 256 sets of signs of 8 places, null imposed, with indicators and plain least squares."""
        data = noise(panel, {f"U{i}": 33 + i % 2 for i in range(4)}, units=8)
        result = judged(data, "wild_bootstrap")
        y = logs(data).to_numpy().ravel()
        unit, time = numpy.divmod(numpy.arange(80), 10)
        starts = numpy.array([3, 4, 3, 4, 99, 99, 99, 99])
        treatment = (time >= starts[unit]).astype(float)
        effects = numpy.column_stack([unit[:, None] == numpy.arange(8), time[:, None] == numpy.arange(1, 10)]) * 1.0
        outside = numpy.eye(80) - effects @ numpy.linalg.pinv(effects)
        d = outside @ treatment

        def t_statistic(outcome: Any) -> float:
            left = outside @ outcome
            value = d @ left / (d @ d)
            scores = numpy.bincount(unit, d * (left - value * d))
            return float(value / math.sqrt(scores @ scores))

        null = outside @ y
        draws = [t_statistic(numpy.array(signs)[unit] * null) for signs in product((-1, 1), repeat=8)]
        share = numpy.mean(numpy.abs(draws) >= abs(t_statistic(y)) * (1 - 1e-9))
        assert result.effect.p_value == pytest.approx(share)
        assert result.inference["smallest_p"] == 2 / 256
        assert result.effect.se == pytest.approx(fitted(data)[2].effect.se)
        assert result.inference["small_sample_factor"] == fitted(data)[2].inference["small_sample_factor"]

    def test_names_and_order_of_rows_do_not_move_it(self, panel: Callable[..., Panel]) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(7)}, units=16)
        first = judged(data)
        assert first.inference["draws"] == 1999
        names = {unit: f"place {len(data.units) - rank:02d}" for rank, unit in enumerate(data.units)}
        renamed = changed(data, unit=data.frame["unit"].map(names), cluster=data.frame["unit"].map(names))
        shuffled = dataclasses.replace(data, frame=data.frame.sample(frac=1, random_state=1).reset_index(drop=True))
        for other in (renamed, shuffled):
            second = judged(other).effect
            assert (second.low, second.high, second.p_value) == pytest.approx(
                (first.effect.low, first.effect.high, first.effect.p_value), rel=1e-9
            )

    def test_what_has_no_regression_is_refused(self, panel: Callable[..., Panel]) -> None:
        design, model, result = fitted(noise(panel, {f"U{i}": 35 for i in range(4)}), "wild_bootstrap")
        bare = dataclasses.replace(model, regression=None)
        with pytest.raises(DesignError, match="no linear regression that could be bootstrapped"):
            few_units(design, bare, result)
        other = design.model_copy(update={"inference": "ferman_pinto"})
        staggered = fitted(noise(panel, {"U1": 33, "U2": 35, "U3": 36}), "ferman_pinto")
        assert other.inference == "ferman_pinto"
        with pytest.raises(DesignError, match="treated places start at different times"):
            few_units(*staggered)


class TestChecks:
    @pytest.mark.parametrize("count", [1, 3, 8])
    def test_few_clusters_are_no_sign_against_by_themselves(self, panel: Callable[..., Panel], count: int) -> None:
        data = noise(panel, {f"U{i}": 35 for i in range(count)}, units=20)
        result, plain = judged(data), fitted(data)[2]
        assert check(plain, "number_of_clusters").verdict == "sign against"
        for name in ("number_of_clusters", "treated_clusters"):
            found = check(result, name)
            assert (found.verdict, found.key, found.short) == ("no sign against", False, "")
            assert found.statistic == check(plain, name).statistic
        assert "passed" not in check(result, "treated_clusters").reading

    def test_few_treated_under_a_bootstrap_still_are(self, panel: Callable[..., Panel]) -> None:
        result = judged(noise(panel, {f"U{i}": 35 for i in range(3)}), "wild_bootstrap")
        assert check(result, "treated_clusters").verdict == "sign against"

    def test_most_variable_places_are_told(self, panel: Callable[..., Panel]) -> None:
        most, ordinary = ({f"U{i}": 36 for i in chosen} for chosen in ((17, 18, 19), (3, 10, 16)))
        found = check(judged(noise(panel, most, units=20)), "treated_like_the_rest")
        assert found.verdict == "sign against"
        assert "more variable" in found.short
        assert check(judged(noise(panel, ordinary, units=20)), "treated_like_the_rest").verdict == "no sign against"

    def test_largest_places_are_told(self) -> None:
        before = numpy.random.default_rng(3).normal(size=(30, 12))
        treated = numpy.arange(30) >= 28
        sizes = numpy.geomspace(1, 1000, 30)
        assert parallel_trends.treated_like_the_rest(before, treated, sizes).short.endswith("larger than the others")
        assert parallel_trends.treated_like_the_rest(before, treated, None).verdict == "no sign against"


class TestFewOnTheOtherSide:
    def flat(self, panel: Callable[..., Panel], treated: int, units: int, effect: float, seed: int = 2) -> Panel:
        """Return places by ten years with noise of one, the first of them changed by an effect from 2005 on."""
        values = numpy.random.default_rng(seed).normal(20.0, 1.0, (units, 10))
        values[:treated, 5:] += effect
        rows = [(f"U{i:02d}", 30 + t, values[i, t]) for i in range(units) for t in range(10)]
        return panel(rows, "continuous", "year", {f"U{i:02d}": 35 for i in range(treated)})

    @pytest.mark.parametrize("few", [2, 3, 5])
    def test_few_compared_with_are_as_few_treated(self, panel: Callable[..., Panel], few: int) -> None:
        """Either side may be called treated: estimates turn their sign, and p is the same (so false positives are)."""
        mirror, usual = self.flat(panel, 14 - few, 14, 0.0), self.flat(panel, 14 - few, 14, 0.0)
        others = {f"U{i:02d}": 35 for i in range(14 - few, 14)}
        usual = changed(usual, first_time=usual.frame["unit"].map(others).astype(float))
        design = Design(estimator="two_way_fixed_effects")
        first, second = (design.estimate(data, supplements=False) for data in (mirror, usual))
        assert first.inference["method"] == second.inference["method"] == "randomisation"
        assert f"at most 5 {'not ' if 14 - few > 5 else ''}treated" in first.inference["reason"]
        assert first.effect.value == pytest.approx(-second.effect.value)
        assert first.effect.p_value == pytest.approx(second.effect.p_value)
        assert first.inference["smallest_p"] == pytest.approx(1 / math.comb(14, few))

    def test_a_large_effect_on_all_but_two_is_found(self, panel: Callable[..., Panel]) -> None:
        result = Design(estimator="two_way_fixed_effects").estimate(self.flat(panel, 41, 43, -8.0), supplements=False)
        assert result.inference["assignments"] == 903
        assert result.effect.p_value <= 0.05
        assert math.isfinite(result.effect.low + result.effect.high)

    def test_starts_that_differ_have_late_starters_to_compare_with(self) -> None:
        asked = {"treated": 40, "clusters": 43, "never": 3}
        assert chosen_inference("two_way_fixed_effects", **asked).method == "wild_bootstrap"
        assert chosen_inference("two_way_fixed_effects", **asked, together=True).method == "randomisation"
        assert chosen_inference("two_way_fixed_effects", 42, 43, 1, together=True).method == "wild_bootstrap"

    @pytest.mark.parametrize(("treated", "units"), [(3, 6), (4, 8), (5, 10)])
    def test_half_treated_tie_with_the_other_half(self, panel: Callable[..., Panel], treated: int, units: int) -> None:
        data = self.flat(panel, treated, units, -50.0)
        result = Design(estimator="two_way_fixed_effects").estimate(data, supplements=False)
        floor = 2 / math.comb(units, treated)
        assert result.inference["smallest_p"] == pytest.approx(floor)
        assert result.effect.p_value == pytest.approx(floor)
        assert ("no_result_could_count" in checks(result)) is (floor > 0.05)
        if floor > 0.05:
            assert check(result, "treated_clusters").verdict == "sign against"
            assert check(result, "pre_period_leads").verdict == "not run"
            assert "smallest attainable p 0.1" in result.inference["rule"]

    def test_one_to_compare_with_leaves_no_interval_anywhere(self, panel: Callable[..., Panel]) -> None:
        result = Design().estimate(self.flat(panel, 42, 43, -2.0))
        assert (result.effect.low, result.inference["method"]) == (None, "none")
        assert "leave `inference` out" not in result.inference["rule"]
        assert all(point.low is None and point.simultaneous_low is None for point in result.event_study)
        for name in ("pre_period_leads", "anticipation", "leave_out", "number_of_clusters"):
            assert check(result, name).verdict == "not run"
        assert "42 units are treated and 1 is not" in check(result, "treated_clusters").reading
        assert "close to right" not in check(result, "number_of_clusters").reading

    def test_a_bootstrap_of_three_clusters_says_what_it_could_have_found(self, panel: Callable[..., Panel]) -> None:
        """One treated of three, by hand: draws of Webb's points are as extreme as any effect if both others have one
        point v, and the treated has its sign and no less of it: 12 of 216, before draws are counted."""
        for seed in range(6):
            data = self.flat(panel, 4, 12, -50.0)
            data = changed(data, cluster=data.frame["unit"].str[1:].astype(int) // 4)
            result = judged(data, "wild_bootstrap", cluster="cluster", seed=seed)
            assert "Webb weights, 3 clusters" in result.inference["rule"]
            floor = result.inference["smallest_p"]
            assert floor == pytest.approx(12 / 216, abs=4 * math.sqrt(0.0556 * 0.9444 / 2000))
            assert floor <= result.effect.p_value <= floor + 0.01
            assert ("no_result_could_count" in checks(result)) is (floor > 0.05)
            assert math.isinf(result.effect.low) is math.isinf(result.effect.high) is (floor > 0.05)
