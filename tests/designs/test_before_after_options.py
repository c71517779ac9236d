"""Before and after from study files: matched months, comparison areas, selection, medians, choice of baseline."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from pydantic import ValidationError
from scipy import stats

from evalkit import archive, flow
from evalkit.designs import BeforeAfter
from evalkit.designs.before_after.halves import halves
from evalkit.designs.before_after.selection import without_programme
from evalkit.designs.before_after.selection_options import Selection
from evalkit.designs.options import Window
from evalkit.errors import DataError, DesignError, SpecError
from evalkit.records import Analysis, Diagnostic, Panel, Result
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
Run = Callable[..., Analysis]

STUDY = """\
evalkit: 1
title: A study
question: Did it change?
data: {data}
intervention: {intervention}
outcomes:
  crimes: {{label: Crimes, column: {column}, kind: {kind}, better: lower{exposure}}}
design: {{kind: before_after{design}}}
"""


@pytest.fixture
def run(write_study: Write) -> Run:
    """Write a study file, run it from file to result, write it out and read it back."""

    def study(data: str, intervention: str, design: str = "", column: str = "n", kind: str = "count",
              exposure: str = "") -> Analysis:  # fmt: skip
        text = STUDY.format(data=data, intervention=intervention, column=column, kind=kind,
                            exposure=f", exposure: {exposure}" if exposure else "",
                            design=f", {design}" if design else "")  # fmt: skip
        # Made numbers that jump or end in zeros on purpose: what the guards are for is tested where they are.
        made = "{waived: Made for a test, by: The test}"
        text = text.replace("{source: ", f"{{guards: {{zero_runs: {made}, sudden_break: {made}}}, source: ", 1)
        evaluation = flow.evaluate(load_spec(write_study(text)))
        written = archive.to_text(evaluation)
        assert archive.to_text(archive.from_document(json.loads(written))) == written
        assert evaluation.level == "monitoring"
        assert evaluation.primary.result.averted is None
        return evaluation.primary

    return study


def months(values: list[int], start: str) -> str:
    return f"{{source: counts, period: {{start: {start}, frequency: month}}, values: {values}}}"


def table(rows: list[tuple[str, int | str, float]], extra: str = "") -> str:
    values = ", ".join(f"{{period: {time}, area: {unit}, n: {value}}}" for unit, time, value in rows)
    return f"{{source: counts, unit: area, values: [{values}]{extra}}}"


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


FOUR = table([("hot", 2018, 50), ("hot", 2019, 30), ("other", 2018, 60), ("other", 2019, 55)])


class TestSameMonths:
    # January to June 10 a month, July to December 20: nothing changes but the season.
    SEASONS = ([10] * 6 + [20] * 6) * 2 + [10] * 6

    def test_only_shared_months_are_compared(self, run: Run) -> None:
        data = months(self.SEASONS, "2017-01")
        plain = run(data, "{start: 2019-01}", "dispersion: none", column="value").result
        matched = run(data, "{start: 2019-01}", "match: same_months, dispersion: none", column="value").result
        assert plain.relative.value == pytest.approx(100 * (10 / 15 - 1))
        assert matched.relative.value == pytest.approx(0.0)
        assert (matched.n_pre_periods, matched.n_post_periods) == (12, 6)
        left_out = matched.fit["left_out_periods"]
        assert left_out == [f"{year}-{month:02d}" for year in (2017, 2018) for month in range(7, 13)]
        assert "12 months within January 2017 to December 2018 (January to June only)" in matched.estimand

    def test_what_was_left_out_is_said(self, run: Run) -> None:
        result = run(months(self.SEASONS, "2017-01"), "{start: 2019-01}", "match: same_months", column="value").result
        found = check(result, "window_lengths")
        assert found.verdict == "sign against"  # still unequally long, and it says that rates are compared
        assert "rates are compared, not totals" in found.reading
        assert "2017-07 to 2017-12 and 2018-07 to 2018-12" in found.reading
        assert check(result, "selection_on_high_baseline").verdict == "not run"
        expected = [point for point in result.path if point.counterfactual is not None]
        assert [point.period for point in expected] == [f"2019-{month:02d}" for month in range(1, 7)]
        fitted = [point.period for point in result.path if point.fitted is not None]
        assert "2017-07" not in fitted
        assert "2017-06" in fitted

    def test_windows_that_hold_the_same_lose_nothing(self, run: Run) -> None:
        data = months([10 + t % 7 for t in range(24)], "2018-01")
        plain = run(data, "{start: 2019-01}", column="value").result
        matched = run(data, "{start: 2019-01}", "match: same_months", column="value").result
        assert matched.effect == plain.effect
        assert matched.estimand == plain.estimand
        assert "left_out_periods" not in matched.fit

    @pytest.mark.parametrize(
        ("frequency", "first", "before", "after", "words"),
        [("quarter", 192, 4, 2, "January to June only"), ("week", 2506, 52, 26, "weeks 1 to 26 only"),
         ("day", 17897, 365, 31, "31 days of the year only")],
    )  # fmt: skip
    def test_other_frequencies(
        self, panel: Callable[..., Panel], frequency: str, first: int, before: int, after: int, words: str
    ) -> None:
        rows = [("A", first + t, 20 + t % 3) for t in range(before + after)]
        data = panel(rows, frequency=frequency, start=first + before)
        result = BeforeAfter(match="same_months").estimate(data)
        assert words in result.estimand
        assert result.n_pre_periods == result.n_post_periods == after

    def test_refused(self, run: Run) -> None:
        data = months([10 + t % 3 for t in range(12)], "2018-01")
        with pytest.raises(DesignError, match="no month of the year in common"):
            run(data, "{start: 2018-07}", "match: same_months", column="value")
        with pytest.raises(DesignError, match="years, which have no months to match"):
            run(FOUR, "{start: 2019}", "match: same_months")
        with pytest.raises(SpecError, match="one of none, same_months"):
            run(data, "{start: 2018-07}", "match: same_month", column="value")

    def test_a_hole_is_not_hidden_by_matching(self, panel: Callable[..., Panel], month: Callable[[str], int]) -> None:
        rows = [("A", month("2018-01") + t, 20 + t % 3) for t in range(24) if t != 2]
        with pytest.raises(DataError, match="2018-03"):
            BeforeAfter(match="same_months").estimate(panel(rows, start="2019-01"))

    def test_months_that_count_twice_are_told(self, panel: Callable[..., Panel], month: Callable[[str], int]) -> None:
        # March to December twice, January and February once; after: January to June.
        rows = [("A", month("2017-03") + t, 20 + t % 3) for t in range(28)]
        result = BeforeAfter(match="same_months").estimate(panel(rows, start="2019-01"))
        assert "count more often than others" in check(result, "window_lengths").reading


class TestDispersion:
    VALUES = [12, 30, 18, 25, 9, 40, 22, 31, 8, 14, 25, 6, 11, 19, 9, 16]

    def test_negative_binomial_as_glm_nb_of_r(self, run: Run) -> None:
        # R 4: MASS::glm.nb(y ~ post) gives -0.5489773897 with standard error 0.2184507904.
        data = months(self.VALUES, "2018-01")
        result = run(data, "{start: 2018-09}", "dispersion: negative_binomial", column="value").result
        assert result.effect.value == pytest.approx(-0.5489773897, rel=1e-8)
        assert result.effect.se == pytest.approx(0.2184507904, rel=1e-6)
        assert "negative binomial by maximum likelihood" in result.standard_errors
        assert check(result, "overdispersion").verdict == "no sign against"

    def test_quasi_poisson_is_taken_also_where_it_is_calm(self, run: Run) -> None:
        data = months([20 + t % 2 - (t > 5) for t in range(12)], "2018-01")
        calm = run(data, "{start: 2018-07}", column="value").result
        asked = run(data, "{start: 2018-07}", "dispersion: quasi_poisson", column="value").result
        assert calm.effect.rule == "exact"
        assert asked.effect.rule == "t"
        assert asked.standard_errors.startswith("quasi-Poisson, variance 1 times the mean")
        assert asked.inference["dispersion"] == 1.0

    def test_refused(self, run: Run) -> None:
        short = months([20, 22, 18, 15], "2018-01")
        with pytest.raises(DesignError, match="needs three periods or more in each window"):
            run(short, "{start: 2018-03}", "dispersion: negative_binomial", column="value")
        with pytest.raises(DesignError, match="use `pairing: unpaired`"):
            run(FOUR, "{start: 2019}", "dispersion: quasi_poisson")


class TestMedians:
    def values(self, rows: int, seed: int) -> numpy.ndarray:
        return numpy.round(numpy.random.default_rng(seed).lognormal(1.0, 0.6, rows), 3)

    def test_of_one_series(self, run: Run) -> None:
        values = self.values(48, 1)
        data = months([float(value) for value in values], "2016-01")
        options = "statistic: median, draws: 1999, seed: 7"
        result = run(data, "{start: 2018-01}", options, column="value", kind="continuous").result
        assert result.effect.value == pytest.approx(numpy.median(values[24:]) - numpy.median(values[:24]))
        assert result.effect.rule == "draws"
        assert result.effect.p_value is None
        assert result.effect.low < result.effect.value < result.effect.high
        assert "bootstrap of values of each window, percentile, 1,999 draws, seed 7" in result.standard_errors
        assert result.fit["averages"]["basis"] == "at the median"
        assert result.fit["averages"]["before"] == pytest.approx(numpy.median(values[:24]))
        assert len(result.baselines) > 1
        assert result.baselines[0].low is None

    def test_of_pairs(self, panel: Callable[..., Panel]) -> None:
        before, after = self.values(30, 2), self.values(30, 3)
        rows = [(f"p{i:02d}", t, (before, after)[t][i]) for i in range(30) for t in (0, 1)]
        data = panel(rows, "continuous", "number", 1)
        results = [BeforeAfter(statistic="median", bootstrap=how).estimate(data) for how in ("percentile", "bca")]
        assert all(r.effect.value == pytest.approx(numpy.median(after) - numpy.median(before)) for r in results)
        assert "bootstrap of pairs" in results[0].standard_errors
        assert "(BCa)" in results[1].standard_errors
        assert results[0].effect.low != results[1].effect.low

    def test_refused(self, run: Run) -> None:
        data = months([20, 22, 18, 15, 14, 13], "2018-01")
        with pytest.raises(DesignError, match="medians are for continuous"):
            run(data, "{start: 2018-04}", "statistic: median", column="value")
        with pytest.raises(DesignError, match="five values or more"):
            run(data, "{start: 2018-04}", "statistic: median", column="value", kind="continuous")


class TestComparisonAreas:
    def test_four_totals_as_printed(self, run: Run) -> None:
        analysis = run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]")
        result = analysis.result
        assert round(result.effect.value, 3) == -0.424
        assert round(result.effect.se, 3) == 0.297
        assert result.effect.scale == "log"
        assert result.relative.value == pytest.approx(100 * (30 / 50 / (55 / 60) - 1))
        meta = result.fit["meta_analysis"]
        assert meta["log_ratio"] == result.effect.value
        assert meta["se"] == pytest.approx(math.sqrt(meta["variance"]))
        assert meta["dispersion"] is None
        assert check(result, "overdispersion").verdict == "sign against"
        assert "too small" in check(result, "overdispersion").reading
        names = [found.name for found in result.diagnostics]
        assert "no_comparison" not in names
        assert "-40%" in check(result, "parallel_change").reading
        assert (result.n_units, result.n_treated_units) == (2, 1)
        assert analysis.design["comparison"] == ["other"]

    def test_four_totals_have_no_dispersion_to_ask_for(self, run: Run) -> None:
        with pytest.raises(DesignError, match="four totals have no dispersion"):
            run(FOUR, "{starts: {hot: 2019}}", "comparison: [other], dispersion: quasi_poisson")

    def test_ways_to_name_them(self, run: Run) -> None:
        named = run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]")
        never = run(FOUR, "{starts: {hot: 2019}}", "comparison: never_treated")
        one_start = run(FOUR, "{start: 2019}", "comparison: [other]")
        single = run(FOUR, "{starts: {hot: 2019}}", "comparison: other")
        assert named.result.effect == never.result.effect == one_start.result.effect == single.result.effect
        assert named.design == never.design

    def test_path_carries_the_change_of_the_others(self, run: Run) -> None:
        path = run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]").result.path
        assert [(p.unit, p.period, p.observed) for p in path] == [
            ("hot", "2018", 50), ("hot", "2019", 30), ("comparison areas", "2018", 60), ("comparison areas", "2019", 55)
        ]  # fmt: skip
        assert path[1].counterfactual == pytest.approx(50 * 55 / 60)
        assert math.log(path[1].fitted / path[1].counterfactual) == pytest.approx(-0.4238142, abs=1e-7)
        reach = stats.norm.ppf(0.975) * 0.29695424
        assert path[1].low == pytest.approx(30 * math.exp(0.4238142 - reach), rel=1e-6)
        assert path[1].high == pytest.approx(30 * math.exp(0.4238142 + reach), rel=1e-6)

    def test_change_per_area_and_period(self, run: Run) -> None:
        absolute = run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]").result.absolute
        assert absolute.value == pytest.approx(30 - 50 * 55 / 60)
        assert absolute.low < absolute.value < absolute.high

    def test_areas_set_the_dispersion(self, run: Run) -> None:
        # The areas of tests/estimation/test_relative_effect.py, where R gives the dispersions.
        treated, compared = ([40, 12, 25, 60], [28, 10, 12, 45]), ([30, 22, 51], [33, 15, 50])
        rows = [(f"{name}{i}", 2018 + t, group[t][i]) for name, group in (("t", treated), ("c", compared))
                for t in (0, 1) for i in range(len(group[0]))]  # fmt: skip
        start = "{starts: {t0: 2019, t1: 2019, t2: 2019, t3: 2019}}"
        result = run(table(rows), start, "comparison: never_treated").result
        assert result.fit["dispersion_from"] == "areas"
        assert (result.effect.df, result.inference["dispersion"]) == (5, 1.0)
        found = {one["source"]: one for one in result.fit["dispersions"]}
        assert found["areas"]["value"] == pytest.approx(0.5615278888, rel=1e-7)
        assert found["areas_within_cells"]["se"] == pytest.approx(0.6223957289, rel=1e-7)
        assert "periods" not in found
        wide = run(table(rows), start, "comparison: never_treated, dispersion_from: areas_within_cells").result
        assert wide.effect.se == pytest.approx(0.6223957289, rel=1e-7)
        assert "10.3 times" in check(wide, "overdispersion").reading
        poisson = run(table(rows), start, "comparison: never_treated, dispersion: none").result
        assert poisson.effect.df is None
        assert poisson.fit["dispersions"] == []

    def test_periods_set_the_dispersion(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(3)
        rows = [(u, t, n) for u in ("A", "B") for t, n in enumerate(generator.negative_binomial(5, 0.1, 24))]
        data = panel(rows, frequency="number", start={"A": 12})
        result = BeforeAfter(comparison="never_treated").estimate(data)
        cells = [[n for u, t, n in rows if u == unit and (t >= 12) == late] for unit in "AB" for late in (0, 1)]
        ratios = [numpy.var(cell, ddof=1) / numpy.mean(cell) for cell in cells]
        assert result.effect.df == 44
        assert result.inference["dispersion"] == pytest.approx(numpy.mean(ratios))
        assert result.fit["meta_analysis"]["dispersion"] == pytest.approx(numpy.mean(ratios))

    def test_selection_of_units_and_their_words(self, run: Run) -> None:
        rows = [(u, t, 40 + len(u) + t - 2018) for u in ("hot", "other", "third") for t in (2018, 2019)]
        result = run(table(rows), "{starts: {hot: 2019}}", "comparison: [other]").result
        assert result.dropped == (("third", "neither treated nor named under `comparison`"),)

    @pytest.mark.parametrize(
        ("start", "option", "message"),
        [
            ("{starts: {hot: 2019}}", "comparison: [othr]", "did you mean 'other'"),
            ("{starts: {hot: 2019}}", "comparison: never_traeted", "did you mean 'never_treated'"),
            ("{starts: {hot: 2019, other: 2018}}", "comparison: [other]", "other is treated itself"),
            ("{starts: {hot: 2019}}", "comparison: []", "names no unit"),
            ("{start: 2019}", "comparison: never_treated", "every unit is treated"),
            ("{start: 2019}", "comparison: [hot, other]", "every unit is named"),
            ("{starts: {hot: 2019}}", "comparison: [other], pairing: paired", "areas are summed"),
            ("{starts: {hot: 2019}}", "comparison: [other], dispersion: negative_binomial", "quasi-Poisson"),
            ("{starts: {hot: 2019}}", "comparison: [other], dispersion_from: periods", "cannot be estimated from"),
            ("{starts: {hot: 2019}}", "dispersion_from: areas", "belongs to comparison areas"),
        ],
    )
    def test_refused(self, run: Run, start: str, option: str, message: str) -> None:
        with pytest.raises(DesignError, match=message):
            run(FOUR, start, option)

    def test_zero_total_and_other_outcomes_are_refused(self, run: Run) -> None:
        empty = table([("hot", 2018, 50), ("hot", 2019, 0), ("other", 2018, 60), ("other", 2019, 55)])
        with pytest.raises(DesignError, match="one of the four totals"):
            run(empty, "{starts: {hot: 2019}}", "comparison: [other]")
        with pytest.raises(DesignError, match="a ratio of counts"):
            run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]", kind="continuous")

    def test_a_hole_in_a_comparison_area_is_named(self, panel: Callable[..., Panel]) -> None:
        rows = [(u, t, 10 + t) for u in ("A", "B") for t in range(8) if (u, t) != ("B", 2)]
        with pytest.raises(DataError, match="B has no rows for 2"):
            BeforeAfter(comparison="never_treated").estimate(panel(rows, frequency="number", start={"A": 4}))

    def test_a_planted_change_is_recovered_and_resolving_keeps_it(self, places: Callable[..., Panel]) -> None:
        data = places(fall=0.2)
        design = BeforeAfter(comparison="never_treated")
        result = design.estimate(data)
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert result.effect.value == pytest.approx(math.log(0.8), abs=0.05)
        resolved = design.resolve(data)
        assert resolved.dispersion_from == "areas"
        assert resolved.resolve(data) == resolved
        assert BeforeAfter(**json.loads(resolved.model_dump_json(by_alias=True))) == resolved
        assert resolved.estimate(data) == result

    def test_names_units_of_exposure_and_level(self, places: Callable[..., Panel]) -> None:
        data = places(fall=0.2)
        one = BeforeAfter(comparison="never_treated").estimate(data).effect
        more = dataclasses.replace(data, frame=data.frame.assign(exposure=250.0))
        assert BeforeAfter(comparison="never_treated").estimate(more).effect.value == pytest.approx(one.value)
        renamed = dataclasses.replace(data, frame=data.frame.assign(unit="x" + data.frame["unit"]))
        assert BeforeAfter(comparison="never_treated").estimate(renamed).effect == one
        wide = BeforeAfter(comparison="never_treated", level=0.99).estimate(data).effect
        assert wide.low < one.low < one.high < wide.high
        assert wide.level == 0.99

    def test_with_matched_months_and_selection(self, run: Run) -> None:
        """Season moves both groups; January to June alone is compared, in areas that were chosen for their count."""
        season = [10] * 6 + [30] * 6
        rows = [(unit, f"{2017 + t // 12}-{t % 12 + 1:02d}", (season[t % 12] + t % 3) * (2 if unit == "hot" else 1))
                for unit in ("hot", "other") for t in range(30)]  # fmt: skip
        option = "comparison: other, match: same_months, selection: {rule: top_share, share: 0.05, " \
                 "reference: {mean: 60, shape: 0.5}}"  # fmt: skip
        result = run(table(rows), "{starts: {hot: 2019-01}}", option).result
        assert result.effect.value == pytest.approx(0.0, abs=1e-12)
        assert result.fit["comparison"]["change_treated"] == pytest.approx(0.0, abs=1e-9)
        assert (result.n_pre_periods, result.n_post_periods, result.n_observations) == (12, 6, 36)
        assert len(result.fit["left_out_periods"]) == 12
        assert result.selection["unequal_exposure"]["change"] == pytest.approx(-50)
        assert check(result, "regression_to_the_mean").verdict == "no sign against"

    def test_words_claim_no_cause(self, run: Run) -> None:
        result = run(FOUR, "{starts: {hot: 2019}}", "comparison: [other]").result
        words = " ".join([result.estimand, result.standard_errors, *(d.reading for d in result.diagnostics)]).lower()
        assert not [w for w in ("impact", "prevented", "worked", "effective", "thanks to", "due to", "saved")
                    if w in words]  # fmt: skip
        assert result.estimand.endswith("It does not say what the programme did")
        assert result.fit["compared_with"] == "than with the change seen in the comparison area"


BOTH = "reference: [{mean: 1.0, shape: 0.6}, {mean: 0.6, shape: 0.6}]"


class TestSelection:
    """44 young people chosen for a 12-month count; the published fall is 76%, its window not stated."""

    YEAR_AND_HALF = "{source: counts, values: [{period: 1, n: 99, m: 12}, {period: 2, n: 12, m: 6}], " \
                    "period: {column: period, frequency: number}}"  # fmt: skip

    def test_a_share_that_the_data_contradict_is_refused(self, run: Run) -> None:
        data = table([(f"area {n:02d}", year, 10 + 2 * n) for n in range(12) for year in (2018, 2019)])
        option = (
            "selection: {on: outcome, rule: top_share, share: 0.25, reference: all_units}, comparison: never_treated"
        )
        high, low = "{starts: {area 11: 2019, area 09: 2019}}", "{starts: {area 11: 2019, area 03: 2019}}"
        assert run(data, high, option).result.selection["words"].startswith("chosen as the highest 25%")
        with pytest.raises(DesignError, match="area 03: not among the highest 3 of 12 units"):
            run(data, low, option)

    @pytest.mark.parametrize(
        ("threshold", "low", "high", "raw"), [(1, -33, -21, (-66, -60)), (3, -42, -29, (-71, -64))]
    )
    def test_rates_with_no_programme(self, run: Run, threshold: int, low: int, high: int, raw: tuple[int, int]) -> None:
        option = f"selection: {{on: outcome, rule: threshold, threshold: {threshold}, {BOTH}}}"
        result = run(self.YEAR_AND_HALF, "{start: 2}", option, exposure="m").result
        found = result.selection
        assert (round(found["expected_change_low"]), round(found["expected_change_high"])) == (low, high)
        assert round(found["observed_change"]) == -76
        assert found["share_low"] == pytest.approx(100 * found["expected_change_high"] / found["observed_change"])
        assert found["source"] == "Hauer (1997)"
        unequal = found["unequal_exposure"]
        assert unequal["change"] == pytest.approx(-50)
        assert (round(unequal["raw_change_low"]), round(unequal["raw_change_high"])) == raw
        diagnostic = check(result, "regression_to_the_mean")
        assert diagnostic.verdict == "sign against"
        assert diagnostic.key
        assert "no part of the change" in diagnostic.reading

    def test_equal_windows_have_no_unequal_exposure(self, run: Run) -> None:
        data = "{source: counts, values: [{period: 2018, n: 99}, {period: 2019, n: 24}]}"
        result = run(data, "{start: 2019}", f"selection: {{rule: threshold, threshold: 1, {BOTH}}}").result
        assert result.selection["unequal_exposure"] is None
        assert round(result.selection["expected_change_low"]) == -33

    def test_given_their_own_counts(self, panel: Callable[..., Panel]) -> None:
        """Empirical Bayes of 44 people, by hand: the mean of ``(x + shape) mean / (mean + shape)``."""
        counts = [1] * 25 + [2] * 10 + [3] * 5 + [6] * 4
        rows = [(f"p{i:02d}", t, (n, (n * 7 + i) % 3)[t]) for i, n in enumerate(counts) for t in (0, 1)]
        data = panel(rows, frequency="number", start=1)
        selection = {"rule": "threshold", "threshold": 1, "reference": {"mean": 1.0, "shape": 0.6}}
        found = BeforeAfter(selection=selection).estimate(data).selection
        levels = [(n + 0.6) / 1.6 for n in counts]
        assert found["expected_change_low"] == pytest.approx(100 * (sum(levels) / sum(counts) - 1))
        assert found["by_rule_low"] == pytest.approx(-20.8185, abs=1e-3)
        totals = panel([("all", 0, sum(counts)), ("all", 1, 40)], frequency="number", start=1)
        counted = BeforeAfter(selection={**selection, "units": 44}).estimate(totals).selection
        assert counted["expected_change_low"] == pytest.approx(found["expected_change_low"])

    def test_people_who_were_watched_for_different_times(self, panel: Callable[..., Panel]) -> None:
        """Each person's share of the mean goes with the time at risk; the moments are of the average time."""
        counts, months = [1, 2, 4, 1, 3], [12, 6, 12, 3, 12]
        rows = [(f"p{i}", t, (n, i % 2 + 1)[t], months[i]) for i, n in enumerate(counts) for t in (0, 1)]
        selection = {"rule": "threshold", "threshold": 1, "reference": {"mean": 1.0, "shape": 0.6}}
        found = BeforeAfter(selection=selection).estimate(panel(rows, frequency="number", start=1)).selection
        means = [month / 9.0 for month in months]
        levels = [(n + 0.6) * mean / (mean + 0.6) for n, mean in zip(counts, means, strict=True)]
        assert found["expected_change_low"] == pytest.approx(100 * (sum(levels) / sum(counts) - 1))

    @pytest.mark.parametrize("rule", [{"rule": "threshold", "threshold": 3}, {"rule": "top_share", "share": 0.1}])
    def test_an_untouched_population_falls_as_expected(
        self, panel: Callable[..., Panel], rule: dict[str, object]
    ) -> None:
        """4,000 places with nothing done; those chosen are 'treated', the others are the reference."""
        generator = numpy.random.default_rng(8)
        levels = generator.gamma(0.6, 2.0 / 0.6, 4000)
        counts = generator.poisson(levels[:, None], (4000, 2))
        order = numpy.argsort(-(counts[:, 0] + generator.random(4000)))
        chosen = order[:400] if "share" in rule else numpy.flatnonzero(counts[:, 0] >= 3)
        starts = {f"u{i:04d}": 1 for i in chosen}
        rows = [(f"u{i:04d}", t, counts[i, t]) for i in range(4000) for t in (0, 1)]
        data = panel(rows, frequency="number", start=starts)
        found = BeforeAfter(selection={**rule, "reference": "all_units"}).estimate(data).selection
        assert found["references"][0]["shape"] == pytest.approx(0.6, abs=0.08)
        assert found["expected_change_low"] == pytest.approx(found["observed_change"], abs=4)
        assert found["by_rule_low"] == pytest.approx(found["by_count_low"], abs=2)
        without = BeforeAfter(selection=rule).estimate(data).selection
        assert without["expected_change_low"] < found["observed_change"] + 4
        assert without["expected_change_low"] < found["expected_change_low"] < without["expected_change_high"]
        assert "shape 0.25" in without["reference"]

    def test_a_spike_falls_back(self, panel: Callable[..., Panel]) -> None:
        """The highest of 24 months of pure chance, and the month after, 300 times over."""
        generator = numpy.random.default_rng(2)
        options = Selection(rule="spike", highest_of=24, reference="other_periods")
        windows = [Window.model_validate({"from": time, "to": time}) for time in (23, 24)]
        expected, seen = [], []
        for _ in range(300):
            values = generator.poisson(40, 25)
            peak = int(numpy.argmax(values[:24]))
            ordered = [*numpy.delete(values[:24], peak), values[peak], values[24]]
            data = panel([("A", t, n) for t, n in enumerate(ordered)], frequency="number", start=24)
            found = without_programme(data, halves(data, *windows), options)
            expected.append(found["expected_change_low"])
            seen.append(found["observed_change"])
        assert numpy.mean(expected) == pytest.approx(numpy.mean(seen), abs=3)
        assert numpy.mean(expected) < -18

    def test_a_spike_without_reference_is_a_range(self, run: Run) -> None:
        data = months([40 + t % 5 for t in range(11)] + [60, 41, 44], "2018-01")
        windows = "before: 2018-12, after: 2019-01, "
        found = run(data, "{start: 2019-01}", f"{windows}selection: {{rule: spike, highest_of: 12}}", column="value")
        chosen = found.result.selection
        assert chosen["expected_change_low"] < chosen["expected_change_high"] < 0
        assert "pure chance and three times as much" in chosen["reference"]
        assert "the highest of 12 such times" in chosen["words"]
        assert found.design["selection"]["highest_of"] == 12

    def test_moments_and_counts_agree(self, panel: Callable[..., Panel]) -> None:
        table = {0: 812, 1: 96, 2: 31, 3: 12, 5: 8, 9: 3}
        counts = [count for count, people in table.items() for _ in range(people)]
        moments = {"mean": float(numpy.mean(counts)), "variance": float(numpy.var(counts, ddof=1))}
        data = panel([("A", 0, 99), ("A", 1, 60)], frequency="number", start=1)
        found = [BeforeAfter(selection={"rule": "top_share", "share": 0.05, "reference": reference}).estimate(data)
                 for reference in ({"counts": table}, {"counts": counts}, moments)]  # fmt: skip
        changes = [result.selection["expected_change_low"] for result in found]
        assert changes[1:] == pytest.approx(changes[:1] * 2)

    def test_no_fall_seen(self, run: Run) -> None:
        data = "{source: counts, values: [{period: 2018, n: 99}, {period: 2019, n: 110}]}"
        result = run(data, "{start: 2019}", f"selection: {{rule: threshold, threshold: 1, {BOTH}}}").result
        assert result.selection["share_low"] is None
        assert "no fall was seen where one was to be expected" in check(result, "regression_to_the_mean").reading

    def test_little_is_no_sign(self, run: Run) -> None:
        data = "{source: counts, values: [{period: 2018, n: 900}, {period: 2019, n: 300}]}"
        option = "selection: {rule: threshold, threshold: 500, units: 1, reference: {mean: 600, shape: 4}}"
        result = run(data, "{start: 2019}", option).result
        assert check(result, "regression_to_the_mean").verdict == "no sign against"
        assert -1 < result.selection["expected_change_low"] < 0

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ("{rule: threshold}", "needs `threshold`"),
            ("{rule: spike, highest_of: 3, share: 0.1}", "belongs to the rule top_share"),
            ("{rule: threshold, threshold: 1, reference: other_periods}", "belongs to the rule spike"),
            ("{rule: spike, highest_of: 3, reference: all_units}", "does not fit the rule spike"),
            ("{rule: threshold, threshold: 1, reference: []}", "reference is empty"),
            ("{rule: threshold, threshold: 1, reference: {mean: 1}}", "either shape or variance"),
            ("{rule: threshold, threshold: 1, reference: {mean: 2, variance: 1}}", "not below their mean"),
            ("{rule: threshold, threshold: 1, reference: {mean: 2, counts: [1, 2]}}", "not both"),
            ("{rule: threshold, threshold: 1, reference: {counts: [1, -2]}}", "0 or more"),
        ],
    )
    def test_slips_in_the_study_file(self, run: Run, option: str, message: str) -> None:
        with pytest.raises(SpecError, match=message):
            run(self.YEAR_AND_HALF, "{start: 2}", f"selection: {option}", exposure="m")

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ("{rule: threshold, threshold: 1}", "give `units`, or a `reference`"),
            ("{rule: threshold, threshold: 4, units: 44}", "no more than the rule alone asks"),
            ("{rule: threshold, threshold: 1, reference: all_units}", "no units but those"),
            ("{rule: threshold, threshold: 1, reference: {counts: [1, 2]}}", "no reference"),
            ("{rule: spike, highest_of: 3, reference: other_periods}", "0 other times"),
        ],
    )
    def test_what_the_data_cannot_carry(self, run: Run, option: str, message: str) -> None:
        with pytest.raises(DesignError, match=message):
            run(self.YEAR_AND_HALF, "{start: 2}", f"selection: {option}", exposure="m")

    def test_other_refusals(self, run: Run, panel: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="computed for counts"):
            run(months([5, 6, 7, 8], "2018-01"), "{start: 2018-03}", "selection: {rule: spike, highest_of: 3}",
                column="value", kind="continuous")  # fmt: skip
        below = panel([(f"p{i}", t, i) for i in range(5) for t in (0, 1)], frequency="number", start=1)
        with pytest.raises(DesignError, match=r"2 units of 5 had fewer than 2 events .* first p0"):
            BeforeAfter(selection={"rule": "threshold", "threshold": 2}, pairing="unpaired").estimate(below)
        with pytest.raises(ValidationError, match="extra"):
            BeforeAfter(selection={"rule": "threshold", "threshold": 2, "treshold": 3})

    def test_it_is_among_the_assumptions(self) -> None:
        assert any("selection" in words for words in BeforeAfter.assumptions)


class TestBaselines:
    def yearly(self, run: Run, levels: list[int]) -> Analysis:
        # Twelve months of one level a year; the last is the year after.
        values = [level + (t % 3 - 1) for level in levels for t in range(12)]
        option = f"before: {{from: {2020 - 1}-01, to: 2019-12}}"
        return run(months(values, f"{2021 - len(levels)}-01"), "{start: 2020-01}", option, column="value")

    def test_every_window_before_the_start(self, run: Run) -> None:
        result = self.yearly(run, [90, 100, 110, 92]).result
        windows = {one.window: one for one in result.baselines}
        assert len(result.baselines) == 25  # 36 months hold 25 windows of twelve
        assert round(windows["2018"].value) == -8
        assert round(windows["2017"].value) == 2
        registered = [one for one in result.baselines if one.registered]
        assert [one.window for one in registered] == ["2019"]
        assert (registered[0].value, registered[0].low) == (result.relative.value, result.relative.low)
        assert all(one.low < one.value < one.high for one in result.baselines)
        assert [one.last for one in result.baselines] == sorted(one.last for one in result.baselines)

    def test_the_reading_names_the_years(self, run: Run) -> None:
        found = check(self.yearly(run, [90, 100, 110, 92]).result, "choice_of_baseline")
        assert found.verdict == "sign against"
        assert "+2% against 2017, -8% against 2018" in found.reading
        assert "-16% against 2019, the window of this study" in found.reading
        steady = check(self.yearly(run, [100, 101, 100, 50]).result, "choice_of_baseline")
        assert steady.verdict == "no sign against"

    def test_each_is_what_a_study_of_that_window_gives(self, panel: Callable[..., Panel]) -> None:
        generator = numpy.random.default_rng(4)
        for units, options in ((1, {}), (5, {}), (5, {"pairing": "unpaired", "dispersion": "negative_binomial"}),
                               (6, {"comparison": ("u3", "u4", "u5")})):  # fmt: skip
            rows = [(f"u{i}", t, n, 1.0 + i) for i in range(units)
                    for t, n in enumerate(generator.negative_binomial(8, 0.2, 30))]  # fmt: skip
            data = panel(rows, frequency="number", start=24)
            result = BeforeAfter(before={"from": 18, "to": 23}, **options).estimate(data)
            assert len(result.baselines) == 19
            for one in result.baselines[::6]:
                alone = BeforeAfter(before={"from": int(one.first), "to": int(one.last)}, **options).estimate(data)
                same = alone.relative
                assert (one.value, one.low, one.high) == pytest.approx((same.value, same.low, same.high), rel=1e-9)

    def test_means_and_shares(self, panel: Callable[..., Panel]) -> None:
        values = numpy.random.default_rng(5).normal(10, 2, 30)
        data = panel([("A", t, v) for t, v in enumerate(values)], "continuous", "number", 24)
        result = BeforeAfter(before={"from": 18, "to": 23}).estimate(data)
        first = result.baselines[0]
        assert first.value == pytest.approx(values[24:].mean() - values[:6].mean())
        assert first.measure == "incidents"
        shares = panel([("A", t, 0.1 * (t % 5), 10) for t in range(12)], "proportion", "number", 8)
        found = BeforeAfter(before={"from": 6, "to": 7}).estimate(shares).baselines
        assert found[0].measure == "percentage points"
        assert found[0].value == pytest.approx(100 * (0.2 - 0.05))

    def test_all_before_is_one_window_so_windows_as_long_as_after(self, run: Run) -> None:
        values = [100 + t % 5 for t in range(30)]
        result = run(months(values, "2017-01"), "{start: 2019-01}", column="value").result
        lengths = {one.window for one in result.baselines}
        assert {"2017", "2018", "January 2017 to June 2017"} <= lengths
        assert sum(one.registered for one in result.baselines) == 1

    def test_at_most_so_many(self, panel: Callable[..., Panel]) -> None:
        data = panel([("A", t, 20 + t % 7) for t in range(400)], start=390)
        result = BeforeAfter(before={"from": "2002-01", "to": "2002-06"}).estimate(data)
        assert len(result.baselines) <= 121
        assert {str(year) for year in range(1970, 2002)} <= {one.window for one in result.baselines}
        assert sum(one.registered for one in result.baselines) == 1

    def test_windows_with_holes_are_counted(self, panel: Callable[..., Panel]) -> None:
        data = panel([("A", t, 20 + t % 7) for t in range(20) if t != 3], frequency="number", start=16)
        result = BeforeAfter(before={"from": 12, "to": 15}).estimate(data)
        assert len(result.baselines) == 9
        assert "4 windows could not be used" in check(result, "choice_of_baseline").reading

    def test_other_people_after_have_none(self, panel: Callable[..., Panel]) -> None:
        rows = [("a", 0, 20), ("b", 0, 24), ("c", 1, 21), ("d", 1, 18)]
        result = BeforeAfter(before=0, after=1).estimate(panel(rows, frequency="number"))
        assert result.baselines == ()
        assert check(result, "choice_of_baseline").verdict == "not run"

    def test_seasons_are_told_apart(self, run: Run) -> None:
        values = [100 + 30 * (t % 12 > 5) + t % 2 for t in range(42)]
        result = run(months(values, "2016-01"), "{start: 2019-01}", "before: {from: 2018-01, to: 2018-06}",
                     column="value").result  # fmt: skip
        reading = check(result, "choice_of_baseline").reading
        assert "lie at another time of the year" in reading
        assert "2 windows at the same time of the year" in reading


class TestTimeAtRisk:
    def test_people_with_months_of_their_own(self, run: Run) -> None:
        """As a Poisson model with a level for each person and errors clustered by person (R, see test_counts.py)."""
        before, after = [5, 3, 8, 2, 6, 4, 7, 1, 9, 3], [2, 3, 4, 0, 5, 1, 6, 2, 3, 1]
        months = [12, 12, 12, 6, 12, 9, 12, 12, 10, 12], [6, 12, 9, 6, 12, 3, 12, 8, 6, 12]
        rows = ", ".join(
            f"{{period: {t + 1}, area: p{i}, n: {(before, after)[t][i]}, m: {months[t][i]}}}"
            for i in range(10) for t in (0, 1)
        )  # fmt: skip
        data = f"{{source: counts, unit: area, values: [{rows}], period: {{column: period, frequency: number}}}}"
        result = run(data, "{start: 2}", exposure="m").result
        assert result.effect.value == pytest.approx(-0.310200279549, rel=1e-8)
        assert result.effect.se == pytest.approx(0.113859812698, rel=1e-9)
        assert result.effect.df == 9
