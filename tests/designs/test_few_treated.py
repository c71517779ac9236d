"""Fifty clusters or more of which few are treated, panels with declared gaps, and who is left out and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

import numpy
import pandas
import pytest
from scipy import stats

from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DesignError
from evalkit.records import Panel, Result

BY_START = ("callaway_santanna", "sun_abraham", "imputation")
YEARS = 10


def made(
    panel: Callable[..., Panel], starts: dict[str, int], units: int, missing: Collection[tuple[str, int]] = (),
    seed: int = 5, effect: float = 0.0, **options: Any,
) -> Panel:  # fmt: skip
    """Return units U0, U1, ... from 2000 on, the noise of each year half that of the year before."""
    generator = numpy.random.default_rng(seed)
    noise, level = generator.normal(size=(units, YEARS)), generator.normal(5, 1, units)
    for year in range(1, YEARS):
        noise[:, year] = 0.5 * noise[:, year - 1] + numpy.sqrt(0.75) * noise[:, year]
    rows = [
        (f"U{i}", 30 + t, level[i] + noise[i, t] + effect * (30 + t >= starts.get(f"U{i}", 99)))
        for i in range(units) for t in range(YEARS) if (f"U{i}", 30 + t) not in missing
    ]  # fmt: skip
    gaps = tuple((time, "lost", unit) for unit, time in missing)
    return panel(rows, "continuous", "year", starts, gaps=gaps, **options)


def run(data: Panel, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(data, supplements=False)


def starts(*sizes: int, first: int = 34, step: int = 2) -> dict[str, int]:
    """Return starts of U0, U1, ...: so many units in the first one, so many in the next."""
    when = [first + step * j for j, size in enumerate(sizes) for _ in range(size)]
    return {f"U{i}": time for i, time in enumerate(when)}


def check(result: Result, name: str) -> Any:
    return next(found for found in result.diagnostics if found.name == name)


class TestClusteredWithFewTreated:
    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", *BY_START])
    def test_one_start_is_welchs_test_of_changes(self, estimator: str, panel: Callable[..., Panel]) -> None:
        data = made(panel, starts(8, first=35), 60)
        result = run(data, estimator=estimator)
        wide = data.frame.pivot(index="unit", columns="time", values="value")
        before = wide[[34]] if estimator in ("callaway_santanna", "sun_abraham") else wide.loc[:, 30:34]
        change = wide.loc[:, 35:].mean(axis=1) - before.mean(axis=1)
        treated = change.index.isin([f"U{i}" for i in range(8)])
        welch = stats.ttest_ind(change[treated], change[~treated], equal_var=False)
        low, high = welch.confidence_interval()
        if estimator == "imputation":  # its residuals of periods before and after are centred apart
            assert result.effect.value == pytest.approx(change[treated].mean() - change[~treated].mean(), abs=1e-10)
            assert result.effect.low is not None
            assert result.effect.high is not None
            assert result.effect.high - result.effect.low == pytest.approx(high - low, rel=0.15)
            return
        if estimator == "two_way_fixed_effects":  # CR2 takes its degrees of freedom as if variances were equal
            sizes = numpy.array([8.0, 52.0])
            df = (1.0 / sizes).sum() ** 2 / (1.0 / sizes**2 / (sizes - 1.0)).sum()
            assert result.effect.se == pytest.approx(result.effect.value / welch.statistic, rel=1e-8)
            assert result.effect.df == pytest.approx(df, rel=1e-6)
            return
        assert (result.effect.low, result.effect.high) == pytest.approx((low, high), abs=1e-8)
        assert result.effect.p_value == pytest.approx(welch.pvalue, abs=1e-9)
        assert result.effect.df == pytest.approx(welch.df, rel=1e-7)

    def test_the_rule_says_so(self, panel: Callable[..., Panel]) -> None:
        data = made(panel, starts(3, 3), 60)
        regression, by_start = run(data, estimator="two_way_fixed_effects"), run(data, estimator="callaway_santanna")
        for result, correction, words in (
            (regression, "CR2", "(I-H)^(-1/2)"), (by_start, "by_start", "n/(n-1), n those of the start"),
        ):  # fmt: skip
            assert result.inference is not None
            assert result.inference["method"] == "cluster_robust"
            assert result.inference["correction"] == correction
            assert result.inference["small_sample_factor"] == 1.0
            assert words in result.inference["rule"]
            assert "Satterthwaite" in result.standard_errors

    def test_a_study_that_names_it_keeps_the_plain_one(self, panel: Callable[..., Panel]) -> None:
        result = run(made(panel, starts(3, 3), 60), estimator="callaway_santanna", inference="cluster_robust")
        assert result.effect.rule == "normal"
        assert "correction" not in (result.inference or {})

    def test_twenty_on_both_sides_keep_the_plain_one(self, panel: Callable[..., Panel]) -> None:
        many = run(made(panel, starts(10, 10), 60), estimator="callaway_santanna")
        few_others = run(made(panel, starts(20, 20), 55), estimator="callaway_santanna")
        assert many.effect.rule == "normal"
        assert few_others.effect.rule == "t"

    @pytest.mark.parametrize("estimator", ["callaway_santanna", "sun_abraham"])
    def test_a_start_for_each_is_dealt_out_anew(self, estimator: str, panel: Callable[..., Panel]) -> None:
        result = run(made(panel, starts(1, 1, 1, 1, 1, 1, first=32, step=1), 60, effect=3.0), estimator=estimator)
        assert result.inference is not None
        assert result.inference["method"] == "randomisation"
        assert "each start with one of its own" in result.inference["reason"]
        assert result.effect.low is not None
        assert result.effect.low > 0.0
        assert (result.effect.p_value or 1.0) < 0.01

    def test_imputation_holds_lone_starts_against_each_other(self, panel: Callable[..., Panel]) -> None:
        result = run(made(panel, starts(1, 1, 1, 1, 1, 1, first=32, step=1), 60), estimator="imputation")
        assert result.inference is not None
        assert result.inference["correction"] == "by_start"
        assert result.effect.df is not None
        assert result.effect.df < 12.0

    def test_false_positives(self, panel: Callable[..., Panel]) -> None:
        """Two starts of three among sixty: without the correction 17%."""
        found = [run(made(panel, starts(3, 3), 60, seed=seed), estimator="callaway_santanna") for seed in range(60)]
        assert sum((each.effect.p_value or 1.0) < 0.05 for each in found) <= 8  # 8 or less: 99% where it is 5%


class TestOneNumber:
    @pytest.mark.parametrize("inference", ["cluster_robust", "auto"])
    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study", *BY_START])
    @pytest.mark.parametrize("missing", [(), (("U1", 37), ("U4", 32), ("U30", 39))])
    def test_change_per_unit_and_period_is_the_effect(
        self, estimator: str, inference: str, missing: Any, panel: Callable[..., Panel]
    ) -> None:
        result = run(made(panel, starts(3, 4), 60, missing), estimator=estimator, inference=inference)
        assert result.absolute is not None
        ends = [(each.value, each.low, each.high) for each in (result.effect, result.absolute)]
        assert ends[1] == pytest.approx(ends[0], abs=1e-9)

    @pytest.mark.parametrize("estimator", BY_START)
    def test_weights_that_move(self, estimator: str, panel: Callable[..., Panel]) -> None:
        weight = numpy.random.default_rng(8).uniform(1, 3, 60 * YEARS)
        data = made(panel, starts(12, 12), 60, weight=weight)
        result = run(data, estimator=estimator, inference="cluster_robust")
        assert result.absolute is not None
        assert (result.absolute.value, result.absolute.low) == pytest.approx((result.effect.value, result.effect.low))


class TestLeftOut:
    def test_a_unit_without_its_base_period_is_named_and_not_counted(self, panel: Callable[..., Panel]) -> None:
        data = made(panel, starts(2, 5), 30, [("U0", 33)])
        result = run(data, estimator="callaway_santanna")
        assert dict(result.dropped)["U0"] == "no row in 2003, the period from which all its changes would be taken"
        assert result.n_treated_units == 6
        assert "1 of 7 units with the programme" in check(result, "units_left_out").reading
        kept = run(
            made(panel, {f"U{i}": when for i, when in enumerate([99, 34, *[36] * 5])}, 30), estimator="imputation"
        )
        assert kept.n_treated_units == 6

    def test_its_start_does_not_weigh_for_it(self, panel: Callable[..., Panel]) -> None:
        whole = made(panel, starts(2, 5), 30)
        frame = whole.frame[whole.frame["unit"] != "U0"].reset_index(drop=True)
        without = Panel(frame, whole.outcome, "year")
        gap = made(panel, starts(2, 5), 30, [("U0", 33)])
        options = {"estimator": "callaway_santanna", "inference": "cluster_robust"}
        assert run(gap, **options).effect == run(without, **options).effect

    @pytest.mark.parametrize("estimator", [*BY_START])
    def test_anticipation_leaves_out_a_start_without_a_period_before(
        self, estimator: str, panel: Callable[..., Panel]
    ) -> None:
        data = made(panel, starts(2, 10, first=31, step=5), 40)
        result = run(data, estimator=estimator, anticipation=1)
        reason = "treated from 2001 on, with 1 period of anticipation: no earlier row shows it without treatment"
        assert result.dropped == (("U0", reason), ("U1", reason))
        assert result.n_treated_units == 10

    def test_anticipation_that_leaves_nobody_is_refused(self, panel: Callable[..., Panel]) -> None:
        data = made(panel, starts(2, first=31), 20)
        with pytest.raises(DesignError, match="no treated unit is left: U0: treated from 2001") as error:
            run(data, estimator="callaway_santanna", anticipation=1)
        assert "less anticipation" in error.value.problems[0].mend


class TestGaps:
    @pytest.mark.parametrize("estimator", BY_START)
    def test_few_treated_are_dealt_out_anew_with_the_gaps_in_place(
        self, estimator: str, panel: Callable[..., Panel]
    ) -> None:
        data = made(panel, starts(2, 1), 14, [("U5", 37), ("U9", 33), ("U1", 38)], effect=4.0)
        result = run(data, estimator=estimator)
        assert result.inference is not None
        assert result.inference["method"] == "randomisation"
        assert result.effect.low is not None
        assert result.effect.low > 0.0

    def test_the_reason_is_the_gaps(self, panel: Callable[..., Panel]) -> None:
        result = run(made(panel, starts(2, 1), 14, [("U5", 37)]), estimator="event_study")
        assert result.inference is not None
        assert result.inference["method"] == "none"
        assert "missing periods make places with the same start count differently" in result.inference["reason"]


class TestWholeClusters:
    def clustered(self, panel: Callable[..., Panel], effect: float = 0.0) -> Panel:
        """Return ten clusters of four units with shocks of their own, four of them treated from two years on."""
        shock, when = numpy.random.default_rng(6).normal(size=(10, YEARS)), starts(8, 8)
        data = made(panel, when, 40, effect=effect)
        place = data.frame["unit"].str[1:].astype(int) // 4
        value = data.frame["value"] + shock[place, data.frame["time"] - 30]
        return dataclasses.replace(data, frame=data.frame.assign(cluster="k" + place.astype(str), value=value))

    @pytest.mark.parametrize("estimator", BY_START)
    def test_they_are_dealt_out_whole(self, estimator: str, panel: Callable[..., Panel]) -> None:
        result = run(self.clustered(panel, 5.0), estimator=estimator, cluster="region", inference_draws=199)
        assert result.inference is not None
        assert result.inference["method"] == "randomisation"
        assert "whole clusters dealt out" in result.inference["rule"]
        assert result.effect.low is not None
        assert result.effect.low > 0.0

    def test_units_that_are_all_alike_in_a_cluster_are_one_unit(self, panel: Callable[..., Panel]) -> None:
        """Four copies of each unit: the p-value of the panel of single units, all assignments being listed."""
        single = made(panel, starts(2, 1), 7, effect=1.0)
        copies = [
            single.frame.assign(unit=single.frame["unit"] + letter, cluster=single.frame["unit"]) for letter in "abcd"
        ]
        several = dataclasses.replace(single, frame=pandas.concat(copies, ignore_index=True))
        options = {"estimator": "imputation", "inference": "randomisation"}
        one, four = run(single, **options), run(several, cluster="region", **options)
        assert four.effect.value == pytest.approx(one.effect.value, abs=1e-10)
        assert (four.inference or {})["assignments"] == (one.inference or {})["assignments"] == 105
        assert four.effect.p_value is not None


class TestMessages:
    def test_periods_are_written_as_they_are_in_the_data(self, panel: Callable[..., Panel]) -> None:
        covariate = numpy.random.default_rng(4).normal(size=20 * YEARS)
        data = made(panel, starts(1, 3), 20, columns={"x": covariate}, covariates=("x",))
        with pytest.raises(DesignError, match=r"units first treated in 2004 \(U0\), in 20\d\d: "):
            run(data, estimator="callaway_santanna", covariates=["x"])

    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    def test_every_unit_treated_at_some_time(self, estimator: str, panel: Callable[..., Panel]) -> None:
        result = DifferenceInDifferences(estimator=estimator).estimate(made(panel, starts(6, 6, 6, 6, first=32), 24))
        assert result.effect.low is not None
