"""Before and after: published counts, dispersion, pairs, shares, means, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy
import pytest
from scipy import stats

from evalkit.designs import BeforeAfter
from evalkit.errors import DataError, DesignError
from evalkit.records import Diagnostic, Panel, Result


def percent(result: Result) -> list[float]:
    assert result.relative is not None
    return [round(number, 1) for number in (result.relative.value, result.relative.low, result.relative.high)]


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


@pytest.fixture
def portsmouth(panel: Callable[..., Panel], month: Callable[[str], int]) -> Panel:
    counts = {"2019-12": 37, "2020-01": 33, "2022-12": 20, "2023-01": 26}
    return panel([("Portsmouth", month(text), count) for text, count in counts.items()], start="2022-12")


class TestCounts:
    def test_two_single_months_as_r_poisson_test(self, portsmouth: Panel) -> None:
        assert percent(BeforeAfter(before="2019-12", after="2022-12").estimate(portsmouth)) == [-45.9, -70.3, -4.4]
        assert percent(BeforeAfter(before="2020-01", after="2023-01").estimate(portsmouth)) == [-21.2, -54.7, 35.8]

    def test_two_single_months_carry_their_signs(self, portsmouth: Panel) -> None:
        result = BeforeAfter(before="2019-12", after="2022-12").estimate(portsmouth)
        assert result.averted is None
        assert result.effect.rule == "exact"
        assert check(result, "single_period_comparison").verdict == "sign against"
        assert check(result, "overdispersion").verdict == "not run"
        assert check(result, "no_comparison").verdict == "not run"
        assert result.absolute.value == pytest.approx(-17)
        assert [point.observed for point in result.path] == [37, 33, 20, 26]
        assert [point.counterfactual for point in result.path] == [None, None, 37, None]

    def test_mid_p_is_shorter_than_exact(self, portsmouth: Panel) -> None:
        windows = {"before": "2019-12", "after": "2022-12"}
        exact, mid = (
            BeforeAfter(method=method, **windows).estimate(portsmouth).effect for method in ("exact", "mid_p")
        )
        assert exact.low < mid.low < mid.high < exact.high

    def test_longer_window_after_is_handled_by_its_exposure(self, portsmouth: Panel) -> None:
        result = BeforeAfter(before="2019-12", after={"from": "2022-12", "to": "2023-01"}).estimate(portsmouth)
        assert result.relative.value == pytest.approx(100 * (23 / 37 - 1))
        assert check(result, "window_lengths").verdict == "sign against"
        assert result.path[2].counterfactual == pytest.approx(37)

    def test_no_events_after(self, panel: Callable[..., Panel]) -> None:
        result = BeforeAfter().estimate(panel([("A", 1, 5), ("A", 2, 0)], frequency="number", start=2))
        assert result.effect.value == result.effect.low == -math.inf
        assert result.relative.value == -100
        assert math.isfinite(result.relative.high)
        assert result.absolute.value == pytest.approx(-5)

    def test_no_events_before(self, panel: Callable[..., Panel]) -> None:
        result = BeforeAfter().estimate(panel([("A", 1, 0), ("A", 2, 5)], frequency="number", start=2))
        assert result.effect.value == result.effect.high == math.inf
        assert result.absolute.value == pytest.approx(5)
        assert math.isfinite(result.path[1].low)

    def test_no_events_at_all_is_refused(self, panel: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="both counts are zero"):
            BeforeAfter().estimate(panel([("A", 1, 0), ("A", 2, 0)], frequency="number", start=2))

    def test_difference_agrees_with_the_ratio(self, panel: Callable[..., Panel]) -> None:
        for after in (30, 50, 51, 75):
            result = BeforeAfter().estimate(panel([("A", 1, 50), ("A", 2, after)], frequency="number", start=2))
            assert result.absolute.value == pytest.approx(after - 50)
            assert (result.absolute.high < 0) == (result.effect.high < 0)
            assert (result.absolute.low > 0) == (result.effect.low > 0)


class TestAverages:
    """What the page prints beside the percentage agrees with it."""

    def agree(self, result: Result) -> None:
        found = result.fit["averages"]
        assert 100 * (found["after"] / found["before"] - 1) == pytest.approx(result.relative.value)

    def test_counts_with_exposure_are_rates(self, panel: Callable[..., Panel]) -> None:
        rows = [("A", t, 20 + t, 50_000.0 + 2_000 * t) for t in range(24)]
        result = BeforeAfter().estimate(panel(rows, start=12, per=1000.0))
        found = result.fit["averages"]
        self.agree(result)
        assert found["before"] == pytest.approx(1000 * sum(range(20, 32)) / sum(range(50_000, 74_000, 2_000)))
        assert (found["per"], found["noun"], found["unit"]) == (1000.0, "incidents", "incidents per 1,000")
        assert found["basis"] == "per 1,000 in an average month"

    def test_a_rate_per_one_is_brought_to_a_readable_size(self, panel: Callable[..., Panel]) -> None:
        rows = [("A", t, 20 + t, 50_000.0 + 2_000 * t) for t in range(24)]
        found = BeforeAfter().estimate(panel(rows, start=12)).fit["averages"]
        assert found["per"] == 10_000
        assert 1 <= found["before"] < 10
        trials = BeforeAfter().estimate(panel([("A", t, 20 + t, 4.0 + t) for t in range(24)], start=12))
        assert trials.fit["averages"]["per"] == 1

    def test_single_periods_with_exposure(self, panel: Callable[..., Panel]) -> None:
        result = BeforeAfter().estimate(panel([("A", 0, 37, 9_000.0), ("A", 1, 20, 12_000.0)], start=1, per=1000.0))
        self.agree(result)
        assert result.fit["averages"]["basis"] == "per 1,000 in the month"

    def test_unequal_windows_without_exposure(self, panel: Callable[..., Panel]) -> None:
        result = BeforeAfter().estimate(panel([("A", t, 20 + t) for t in range(20)], start=12))
        self.agree(result)
        assert result.fit["averages"]["basis"] == "a month"
        assert result.fit["averages"]["per"] is None

    def test_other_numbers_of_units(self, panel: Callable[..., Panel]) -> None:
        rows = [("a", 0, 20), ("b", 0, 24), ("c", 1, 21), ("d", 1, 18), ("e", 1, 30)]
        result = BeforeAfter(before=0, after=1).estimate(panel(rows, frequency="number"))
        self.agree(result)
        assert result.fit["averages"]["basis"] == "a unit and period"

    def test_two_plain_numbers_need_no_average(self, portsmouth: Panel) -> None:
        assert BeforeAfter(before="2019-12", after="2022-12").estimate(portsmouth).fit is None

    def test_the_estimand_starts_with_the_outcome(self, portsmouth: Panel) -> None:
        result = BeforeAfter(before="2019-12", after="2022-12").estimate(portsmouth)
        assert result.estimand.startswith("Incidents: change from December 2019 to December 2022.")
        assert result.effect.label == "Incidents: change"


class TestDispersion:
    @pytest.fixture
    def restless(self, panel: Callable[..., Panel]) -> Panel:
        generator = numpy.random.default_rng(5)
        rows = [("A", t, n) for t, n in enumerate(generator.negative_binomial(4, 0.1, 24))]
        return panel(rows, frequency="number", start=12)

    def test_interval_is_widened_and_says_so(self, restless: Panel) -> None:
        wide, narrow = (BeforeAfter(dispersion=choice).estimate(restless) for choice in ("auto", "none"))
        assert wide.effect.value == pytest.approx(narrow.effect.value)
        assert wide.effect.low < narrow.effect.low < narrow.effect.high < wide.effect.high
        assert "vary more than chance" in wide.standard_errors
        assert wide.effect.df == 22
        assert check(narrow, "overdispersion").verdict == "not run"
        assert check(wide, "overdispersion").verdict == "no sign against"

    def test_same_as_a_quasi_poisson_regression(self, restless: Panel) -> None:
        import statsmodels.api as sm

        counts = restless.frame["value"].to_numpy()
        matrix = sm.add_constant((numpy.arange(24) >= 12).astype(float))
        fit = sm.GLM(counts, matrix, family=sm.families.Poisson()).fit(scale="X2")
        result = BeforeAfter().estimate(restless)
        assert result.effect.value == pytest.approx(fit.params[1])
        assert result.effect.se == pytest.approx(fit.bse[1])
        assert result.inference["dispersion"] == pytest.approx(fit.scale)

    def test_calm_counts_keep_the_exact_interval(self, panel: Callable[..., Panel]) -> None:
        rows = [("A", t, 20 + t % 2 - (t > 5)) for t in range(12)]
        result = BeforeAfter().estimate(panel(rows, frequency="number", start=6))
        assert result.effect.rule == "exact"
        assert "never below 1" in result.standard_errors


class TestPairs:
    def test_people_are_their_own_controls(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(6)
        rows = [(f"p{i}", t, generator.poisson((4, 2)[t])) for i in range(44) for t in (0, 1)]
        data = panel(rows, frequency="number", start=1)
        result = BeforeAfter().estimate(data)
        before, after = (data.frame.loc[data.frame["time"] == t, "value"].to_numpy() for t in (0, 1))
        assert BeforeAfter().resolve(data).pairing == "paired"
        assert result.effect.value == pytest.approx(math.log(after.sum() / before.sum()))
        assert result.effect.low < math.log(0.5) < result.effect.high
        assert "variance between" in result.standard_errors
        assert BeforeAfter(pairing="unpaired").estimate(data).effect.rule == "exact"

    def test_units_that_all_change_alike_are_refused_with_the_mend(self, panel: Callable[..., Panel]) -> None:
        rows = [(f"p{i}", t, 10 - 5 * t) for i in range(4) for t in (0, 1)]
        with pytest.raises(DesignError, match="pairing: unpaired"):
            BeforeAfter().estimate(panel(rows, frequency="number", start=1))

    def test_a_unit_without_a_window_is_named(self, panel: Callable[..., Panel]) -> None:
        rows = [(f"p{i}", t, 10 + i) for i in range(4) for t in (0, 1) if (i, t) != (2, 1)]
        with pytest.raises(DataError, match="p2 has no rows for period 1"):
            BeforeAfter().estimate(panel(rows, frequency="number", start=1))

    def test_pairs_of_one_are_refused(self, portsmouth: Panel) -> None:
        with pytest.raises(DesignError, match="pairs need at least two"):
            BeforeAfter(pairing="paired").estimate(portsmouth)

    def test_units_never_treated_are_left_out_by_name(self, panel: Callable[..., Panel]) -> None:
        rows = [(unit, t, 30 + t) for unit in ("A", "B") for t in (0, 1)]
        result = BeforeAfter().estimate(panel(rows, frequency="number", start={"A": 1}))
        assert [unit for unit, _ in result.dropped] == ["B"]
        assert result.n_units == 1
        assert "difference_in_differences" in check(result, "no_comparison").reading


class TestShares:
    def test_newcombe_on_trials(self, panel: Callable[..., Panel]) -> None:
        # Newcombe (1998) Table II, row (a): 56/70 less 48/80 gives 0.0524 to 0.3339.
        rows = [("A", 0, 48 / 80, 80), ("A", 1, 56 / 70, 70)]
        effect = BeforeAfter().estimate(panel(rows, "proportion", "number", 1)).effect
        assert (round(effect.low, 4), round(effect.high, 4)) == (0.0524, 0.3339)

    def test_yes_or_no_of_the_same_people_is_mcnemar(self, panel: Callable[..., Panel]) -> None:
        pairs = [(1, 1)] * 20 + [(1, 0)] * 12 + [(0, 1)] * 2 + [(0, 0)] * 16
        rows = [(f"p{i:02d}", t, pair[t]) for i, pair in enumerate(pairs) for t in (0, 1)]
        result = BeforeAfter().estimate(panel(rows, "binary", "number", 1))
        assert result.effect.value == pytest.approx(-0.2)
        assert result.effect.p_value is None  # it may disagree with the interval, which is Newcombe's
        assert f"McNemar's exact p-value: {stats.binomtest(2, 14).pvalue:.2g}" in result.standard_errors
        assert result.absolute.unit == "percentage points"
        assert result.relative is None

    def test_shares_of_several_places_are_paired_means(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(8)
        rows = [(f"h{i}", t, generator.binomial(50, 0.4 - 0.1 * t) / 50, 50) for i in range(8) for t in (0, 1)]
        data = panel(rows, "proportion", "number", 1)
        before, after = (data.frame.loc[data.frame["time"] == t, "value"].to_numpy() for t in (0, 1))
        result = BeforeAfter().estimate(data)
        assert result.effect.p_value == pytest.approx(stats.ttest_rel(after, before).pvalue)

    def test_a_share_that_is_no_whole_number_of_events_is_refused(self, panel: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="no whole number of events"):
            BeforeAfter().estimate(panel([("A", 0, 0.333, 50), ("A", 1, 0.2, 50)], "proportion", "number", 1))


class TestMeans:
    def test_one_series_is_welch_over_periods(self, panel: Callable[..., Panel]) -> None:
        values = numpy.random.default_rng(9).normal(10, 2, 20)
        data = panel([("A", t, v) for t, v in enumerate(values)], "continuous", "number", 12)
        expected = stats.ttest_ind(values[12:], values[:12], equal_var=False)
        interval = expected.confidence_interval(0.95)
        effect = BeforeAfter().estimate(data).effect
        assert (effect.low, effect.high) == pytest.approx((interval.low, interval.high))

    def test_several_units_are_paired(self, panel: Callable[..., Panel]) -> None:
        values = numpy.random.default_rng(10).normal(10, 2, (9, 4))
        data = panel([(f"u{i}", t, values[i, t]) for i in range(9) for t in range(4)], "continuous", "number", 2)
        expected = stats.ttest_rel(values[:, 2:].mean(axis=1), values[:, :2].mean(axis=1))
        assert BeforeAfter().estimate(data).effect.p_value == pytest.approx(expected.pvalue)

    def test_other_people_after_than_before(self, panel: Callable[..., Panel]) -> None:
        values = numpy.random.default_rng(11).normal(10, 2, 30)
        data = panel([(f"u{i}", i % 2, v) for i, v in enumerate(values)], "continuous", "number")
        result = BeforeAfter(before=0, after=1).estimate(data)
        expected = stats.ttest_ind(values[1::2], values[::2], equal_var=False)
        assert result.effect.p_value == pytest.approx(expected.pvalue)

    def test_single_periods_have_no_uncertainty(self, panel: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="no standard error"):
            BeforeAfter().estimate(panel([("A", 0, 3.5), ("A", 1, 2.5)], "continuous", "number", 1))


class TestWindows:
    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            ("2018-01", None, "no rows for January 2018"),
            ({"from": "2020-01", "to": "2019-12"}, None, "ends .* before it starts"),
            ("2022-12", "2019-12", "not before the window after"),
            ("December", None, "not a month"),
            (None, {"from": "2019-12"}, "not before the window after"),
            ({"from": "2019-12", "to": "2022-12"}, "2023-01", "treatment starts in 2022-12"),
        ],
    )
    def test_windows_that_cannot_be(self, portsmouth: Panel, before: object, after: object, message: str) -> None:
        with pytest.raises(DesignError, match=message):
            BeforeAfter(before=before, after=after).estimate(portsmouth)

    def test_a_hole_in_a_window_is_named(self, portsmouth: Panel) -> None:
        window = {"from": "2019-12", "to": "2022-11"}
        with pytest.raises(DataError, match="2020-02 to 2022-11"):
            BeforeAfter(before=window).estimate(portsmouth)
        with pytest.raises(DataError, match="2020-02 to 2022-11"):
            BeforeAfter(before=window).resolve(portsmouth)

    def test_start_outside_the_data(self, panel: Callable[..., Panel]) -> None:
        rows = [("A", t, 10) for t in range(4)]
        with pytest.raises(DesignError, match="no period before"):
            BeforeAfter().estimate(panel(rows, frequency="number", start=0))
        with pytest.raises(DesignError, match="no period after"):
            BeforeAfter().estimate(panel(rows, frequency="number", start=9))
        with pytest.raises(DesignError, match="no unit is treated"):
            BeforeAfter().estimate(panel(rows, frequency="number"))

    def test_units_that_start_at_different_times_need_windows(self, panel: Callable[..., Panel]) -> None:
        rows = [(unit, t, 10 + t * (unit == "A")) for unit in ("A", "B") for t in range(6)]
        data = panel(rows, frequency="number", start={"A": 2, "B": 3})
        with pytest.raises(DesignError, match="2 different times"):
            BeforeAfter().estimate(data)
        assert BeforeAfter(before={"to": 1}, after={"from": 3}).estimate(data).n_units == 2


class TestBaseline:
    def test_a_spike_before_is_seen(self, panel: Callable[..., Panel], month: Callable[[str], int]) -> None:
        rows = [("A", month("2017-01") + t, 60 if 24 <= t < 36 else 40) for t in range(48)]
        data = panel(rows, start="2020-01")
        spike = BeforeAfter(before={"from": "2019-01", "to": "2019-12"}).estimate(data)
        calm = BeforeAfter(before={"from": "2018-01", "to": "2018-12"}).estimate(data)
        assert check(spike, "selection_on_high_baseline").verdict == "sign against"
        assert "-33%" in check(spike, "selection_on_high_baseline").reading
        assert check(calm, "selection_on_high_baseline").verdict == "no sign against"
        assert check(spike, "pandemic_restrictions").verdict == "sign against"
