"""What stands beside a difference in differences: printed bounds, units and dates left out, the other scale."""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from scipy import stats

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimated import Estimated, EventCovariance, of_two_way
from evalkit.designs.difference_in_differences.inference import few_units
from evalkit.designs.difference_in_differences.other_runs import placebo_dates, placebo_units, reported
from evalkit.designs.difference_in_differences.scales import both_scales
from evalkit.designs.difference_in_differences.sensitivity import beside, robustness
from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
from evalkit.designs.difference_in_differences.without_units import leave_out
from evalkit.diagnostics import parallel_trends
from evalkit.records import LeftOut, Panel, Placebo, Result

Design = DifferenceInDifferences
Made = tuple[Design, Estimated, Result]


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def made(panel: Panel, inference: str = "auto", **options: Any) -> Made:
    """Return the design as resolved, the estimate, and its result with the inference that few units need."""
    options = {"estimator": "two_way_fixed_effects", **options}
    design = Design(**options).resolve(panel).model_copy(update={"inference": inference})
    study = TwoWay(design, panel, adoption(panel, design.before, design.after))
    model = of_two_way(study)
    return design, model, few_units(design, model, study.result())


def plain(panel: Panel, **options: Any) -> Result:
    """Return the design's result with its clustered interval, by the regression of another library."""
    options = {"estimator": "two_way_fixed_effects", **options}
    design = Design(**options).resolve(panel).model_copy(update={"inference": "cluster_robust"})
    return TwoWay(design, panel, adoption(panel, design.before, design.after)).result()


def treating(panel: Panel, count: int) -> Panel:
    kept = [f"T{i}" for i in range(count)]
    return changed(panel, first_time=panel.frame["first_time"].where(panel.frame["unit"].isin(kept)))


class TestBounds:
    PRINTED = {0.5: (0.0241, 0.0673), 1.0: (0.0171, 0.0720), 1.5: (0.00859, 0.0796), 2.0: (-0.00107, 0.0883)}

    @pytest.fixture
    def medicaid(self) -> EventCovariance:
        path = Path(__file__).parents[1] / "reference" / "staggered_honest_bounds.csv"
        with path.open(newline="") as file:
            numbers = {
                row["quantity"]: float(row["value"]) for row in csv.DictReader(file) if row["case"] == "medicaid"
            }
        covariance = numpy.zeros((7, 7))
        for i in range(7):
            for j in range(i, 7):
                covariance[i, j] = covariance[j, i] = numbers[f"covariance {i} {j}"]
        times = numpy.array([-6, -5, -4, -3, -2, 0, 1])
        return EventCovariance(times, numpy.array([numbers[f"estimate {i}"] for i in range(7)]), covariance, -1)

    def test_the_printed_table_of_the_medicaid_expansions(
        self, places: Callable[..., Panel], medicaid: EventCovariance
    ) -> None:
        """README of the R package HonestDiD, relative magnitudes, first period: to 0.0005."""
        model = dataclasses.replace(made(places())[1], events=medicaid)
        found = robustness(model)
        rows = [row for row in found.bounds if (row["restriction"], row["target"]) == ("relative_magnitudes", "first")]
        shown = {row["m"]: (row["low"], row["high"]) for row in rows}
        assert {m: shown[m] for m in self.PRINTED} == {
            m: pytest.approx(ends, abs=5e-4) for m, ends in self.PRINTED.items()
        }
        assert 1.5 < found.breakdown["relative_magnitudes"]["first"] < 2.0
        assert {row["restriction"] for row in found.bounds} == {"relative_magnitudes", "smoothness"}
        own = {row["m"]: (row["low"], row["high"]) for row in found.bounds
               if (row["restriction"], row["target"]) == ("relative_magnitudes", "average")}  # fmt: skip
        assert list(own) == sorted(row["m"] for row in rows)
        at = found.breakdown["relative_magnitudes"]["average"]
        assert {0.0, 0.5, 1.0, 1.5, 2.0, at / 2, at, 2 * at} == set(own)
        assert own[at][0] <= 0.0 <= own[at][1]
        assert min(map(abs, own[at])) < 1e-5, "no effect only just comes in"
        assert own[at / 2][0] > 0.0, "half as large a departure leaves it out"

    def test_event_study_behind_the_bounds(self, places: Callable[..., Panel]) -> None:
        """One start: leads and lags are those that the result prints, none standing for several."""
        design, model, result = made(places(), leads=9)
        assert model.events.reference == -1
        points = {point.time: point for point in result.event_study if point.se is not None}
        assert model.events.times.tolist() == [-6, -5, -4, -3, -2, 0, 1, 2, 3, 4, 5]
        assert model.events.values == pytest.approx([points[time].value for time in model.events.times])
        assert numpy.sqrt(numpy.diag(model.events.covariance)) == pytest.approx(
            [points[time].se for time in model.events.times]
        )
        short = of_two_way(TwoWay(design.model_copy(update={"leads": 3}), model.panel, model.study)).events
        assert short.times.tolist() == [-4, -3, -2, 0, 1, 2, 3, 4, 5]

    def test_pre_test_power_of_one_lead(self, places: Callable[..., Panel]) -> None:
        """With one lead, the power of its test against a slope is the normal power function."""
        model = made(places())[1]
        events = EventCovariance(numpy.array([-2, 0]), numpy.array([0.1, -0.5]), numpy.diag([0.04, 0.01]), -1)
        found = robustness(dataclasses.replace(model, events=events)).pretest_power
        for row, power in zip(found["powers"], (0.5, 0.8), strict=True):
            away = row["slope"] / 0.2
            critical = stats.norm.ppf(0.975)
            assert row["power"] == pytest.approx(power, abs=1e-4)
            assert stats.norm.sf(critical - away) + stats.norm.cdf(-critical - away) == pytest.approx(power, abs=1e-3)
            assert row["bias"] == pytest.approx(row["slope"])

    def test_a_drift_before_leaves_less(self, places: Callable[..., Panel]) -> None:
        data = places()
        steps = numpy.where(data.frame["first_time"].notna() & (data.frame["time"] >= 34), 1.1, 1.0)
        calm, moved = (robustness(made(each)[1]) for each in (data, changed(data, value=data.frame["value"] * steps)))
        first, second = (found.breakdown["relative_magnitudes"]["first"] for found in (calm, moved))
        assert 0.0 < second < first
        assert moved.check.verdict == ("sign against" if moved.check.statistic <= 1.0 else "no sign against")

    def test_what_cannot_be_bounded_says_why(self, places: Callable[..., Panel]) -> None:
        few = robustness(made(treating(places(), 3))[1])
        assert (few.bounds, few.breakdown, few.pretest_power, few.check.verdict) == ((), None, None, "not run")
        assert "fewer than 6 treated units" in few.check.reading
        short = robustness(made(places(), before={"from": 2005, "to": 2005})[1])
        assert short.check.reading.startswith("No estimate lies before the reference period")
        bare = robustness(dataclasses.replace(made(places())[1], events=None))
        assert "no event study" in bare.check.reading

    @pytest.mark.parametrize(("at", "verdict"), [
        (0.0, "too weak to tell"), (0.4, "sign against"), (1.0, "sign against"), (1.4, "no sign against"),
        (math.inf, "no sign against"),
    ])  # fmt: skip
    def test_verdict(self, at: float, verdict: str) -> None:
        found = parallel_trends.robust_to_departures({"relative_magnitudes": at})
        assert (found.verdict, found.statistic) == (verdict, at)
        assert bool(found.short) == (verdict == "sign against")
        assert found.key == (0.0 < at < 0.5)  # half a step seen before undoes it


class TestLeaveOut:
    def test_each_unit_and_each_start(self, places: Callable[..., Panel]) -> None:
        """Against the regression of linearmodels on what is left; the interval too."""
        data = places(staggered=True)
        design, model, result = made(data, "cluster_robust")
        found, check = leave_out(design, model, result)
        by = {one.left_out: one for one in found}
        starts = {f"all units that start in {2006 + i}" for i in range(3)}
        assert set(by) == {*data.units, *starts}
        for words, gone in (("T1", ["T1"]), ("C3", ["C3"]), ("all units that start in 2007", ["T1", "T4"])):
            frame = data.frame[~data.frame["unit"].isin(gone)].reset_index(drop=True)
            expected = plain(dataclasses.replace(data, frame=frame)).relative
            one = by[words]
            assert (one.value, one.low, one.high) == pytest.approx((expected.value, expected.low, expected.high))
            assert (one.measure, one.problem) == ("percent", "")
        moves = [one.value - result.relative.value for one in found]
        assert abs(check.statistic) == pytest.approx(max(abs(move) for move in moves))

    def test_other_estimators_run_anew(self, places: Callable[..., Panel]) -> None:
        data = places()
        design, model, result = made(data, "cluster_robust", estimator="event_study")
        found, _ = leave_out(design, model, result)
        frame = data.frame[data.frame["unit"] != "T2"].reset_index(drop=True)
        expected = plain(dataclasses.replace(data, frame=frame), estimator="event_study").relative
        one = next(one for one in found if one.left_out == "T2")
        assert (one.value, one.low) == pytest.approx((expected.value, expected.low))

    def test_without_the_only_treated_one(self, places: Callable[..., Panel]) -> None:
        design, model, result = made(treating(places(), 1))
        found, check = leave_out(design, model, result)
        only = next(one for one in found if one.left_out == "T0")
        assert (only.value, only.problem) == (None, "no treated unit is left")
        assert all(one.low is None for one in found)
        assert "Without T0 nothing can be estimated" in check.reading

    def test_one_place_that_makes_the_result(self, places: Callable[..., Panel]) -> None:
        data = places(fall=0.0)
        odd = numpy.where((data.frame["unit"] == "T0") & (data.frame["time"] >= 36), 0.05, 1.0)
        design, model, result = made(changed(data, value=data.frame["value"] * odd), "cluster_robust")
        found, _ = leave_out(design, model, result)
        check = parallel_trends.leave_one_out(found, *reported(result)[:3])
        assert max(found, key=lambda one: one.value).left_out == "T0"
        assert "It moves most without T0" in check.reading

    def test_verdict(self) -> None:
        calm = [LeftOut("A", -14.0, measure="percent"), LeftOut("B", -16.0, measure="percent")]
        assert parallel_trends.leave_one_out(calm, -15.0, -20.0, -10.0).verdict == "no sign against"
        odd = parallel_trends.leave_one_out([*calm, LeftOut("C", 2.0, measure="percent")], -15.0, -20.0, -10.0)
        assert (odd.verdict, odd.name) == ("sign against", "leave_out")
        assert odd.reading.endswith("without C.")


class TestPlacebos:
    def test_earlier_dates_see_only_what_was_before(self, places: Callable[..., Panel]) -> None:
        data = places()
        design, model, result = made(data, "cluster_robust")
        found, _ = placebo_dates(design, model, result)
        assert [(one.period, one.true) for one in found] == [
            ("2002", False), ("2003", False), ("2004", False), ("2006", True),
        ]  # fmt: skip
        frame = data.frame[data.frame["time"] < 36].reset_index(drop=True)
        pretend = frame.assign(first_time=frame["first_time"].where(frame["first_time"].isna(), 33.0))
        expected = plain(dataclasses.replace(data, frame=pretend)).relative
        assert (found[1].value, found[1].low) == pytest.approx((expected.value, expected.low))
        assert found[-1].value == result.relative.value
        after = changed(data, value=data.frame["value"] * numpy.where(data.frame["time"] >= 36, 3.0, 1.0))
        assert placebo_dates(*made(after, "cluster_robust"))[0][:3] == found[:3]

    def test_staggered_starts_pretend_to_start_together(self, places: Callable[..., Panel]) -> None:
        found, check = placebo_dates(*made(places(staggered=True)))
        assert [one.period for one in found] == ["2002", "2003", "2004", "2006"]
        assert all(abs(one.value) < 5 for one in found[:3])
        assert check.verdict == "too weak to tell"
        assert "That is too weak to tell: 3 dates can be tried." in check.reading

    def test_too_short_a_time_before(self, places: Callable[..., Panel]) -> None:
        found, check = placebo_dates(*made(places(), before={"from": 2003, "to": 2005}))
        assert (found, check.verdict) == ((), "not run")

    @pytest.mark.parametrize(("values", "clear", "verdict"), [
        ([1.0, 2.0, 1.0], True, "too weak to tell"), ([9.0, -8.0, 1.0], True, "sign against"),
        ([9.0, -8.0, 1.0], False, "too weak to tell"), ([9.0], True, "too weak to tell"),
        ([1.0] * 9 + [9.0], True, "sign against"), ([1.0] * 10 + [9.0], True, "no sign against"),
    ])  # fmt: skip
    def test_verdict_on_dates(self, values: list[float], clear: bool, verdict: str) -> None:
        dates = [Placebo("period", "", str(2000 + i), value, measure="percent") for i, value in enumerate(values)]
        assert parallel_trends.placebo_dates(dates, -7.0, clear).verdict == verdict

    def test_other_places_leave_the_treated_one_out(self, places: Callable[..., Panel]) -> None:
        data = treating(places(), 1)
        design, model, result = made(data)
        found = placebo_units(design, model, reported(result))
        rest = data.frame[data.frame["unit"] != "T0"].reset_index(drop=True)
        for unit in ("C0", "T3"):
            pretend = numpy.where(rest["unit"] == unit, 36.0, math.nan)
            expected = plain(dataclasses.replace(data, frame=rest.assign(first_time=pretend))).relative.value
            assert next(one for one in found if one.unit == unit).value == pytest.approx(expected)
        assert [one.true for one in found] == [False] * 11 + [True]
        assert found[-1].unit == "T0"
        assert placebo_units(*(lambda d, m, r: (d, m, reported(r)))(*made(places()))) == ()


class TestScale:
    def test_both_scales_in_percent(self, places: Callable[..., Panel]) -> None:
        data = places()
        design, model, result = made(data)
        rows, check = both_scales(design, model, result)
        assert [(row.scale, row.headline, row.estimator) for row in rows] == [
            ("proportional", True, "two_way_fixed_effects"), ("additive", False, "two_way_fixed_effects")]  # fmt: skip
        assert rows[0].percent == result.relative.value
        assert (rows[0].absolute_low, rows[0].absolute_high) == (result.absolute.low, result.absolute.high)
        other = plain(data, transform="identity").relative.value
        assert check.statistic == pytest.approx(other - result.relative.value)
        assert rows[1].percent == pytest.approx(other)
        assert rows[1].percent_low < rows[1].percent < rows[1].percent_high
        back = both_scales(*made(data, transform="identity"))[1]
        assert back.statistic == pytest.approx(result.relative.value - other)
        assert (check.verdict, back.verdict) == ("no sign against", "no sign against")

    def test_a_direction_that_hangs_on_the_scale(self, panel: Callable[..., Panel]) -> None:
        """Comparison places double from 100; treated ones go from 10 to 30: less in amounts, more in percent."""
        generator = numpy.random.default_rng(1)
        rows = [
            (f"{'T' if i < 6 else 'C'}{i}", 30 + t, level * (1 + (growth - 1) * (t >= 5)) * generator.normal(1, 0.02))
            for i in range(12) for level, growth in [(10, 3) if i < 6 else (100, 2)] for t in range(10)
        ]  # fmt: skip
        data = panel(rows, "rate", "year", {f"T{i}": 35 for i in range(6)})
        check = both_scales(*made(data))[1]
        assert check.verdict == "sign against"
        assert check.short

    def test_zeros_have_no_logarithm_and_are_counted(self, places: Callable[..., Panel]) -> None:
        data = places()
        values = data.frame["value"].to_numpy().copy()
        values[3] = 0.0
        rows, check = both_scales(*made(changed(data, value=values)))
        assert [(row.scale, row.estimator) for row in rows] == [
            ("additive", "two_way_fixed_effects"), ("proportional", "poisson")]  # fmt: skip
        assert rows[1].percent == pytest.approx(-20.0, abs=6.0)
        assert check.verdict == "no sign against"

    # pyfixest itself uses a call that pandas has deprecated; the warning is not ours to mend.
    @pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
    def test_few_events_give_one_ratio(self, places: Callable[..., Panel]) -> None:
        """A start and period without any event has no ratio of its own: one for all, as pyfixest has it."""
        import pyfixest

        data = treating(places(), 1)
        thin = numpy.random.default_rng(8).poisson(data.frame["value"] / 200.0).astype(float)
        thin[((data.frame["unit"] == "T0") & (data.frame["time"] == 38)).to_numpy()] = 0.0
        data = changed(data, value=thin)
        rows, _ = both_scales(*made(data, inference="cluster_robust"))
        assert (rows[1].scale, rows[1].estimator, rows[1].inference) == ("proportional", "poisson", "none")
        assert "one Poisson ratio for all treated rows" in rows[1].rule
        frame = data.frame.assign(treated=(data.frame["time"] >= data.frame["first_time"]).astype(float))
        frame = frame[["value", "treated", "unit", "time"]]
        fit = pyfixest.fepois("value ~ treated | unit + time", data=frame, vcov="iid")
        assert rows[1].percent == pytest.approx(100.0 * math.expm1(float(fit.coef().iloc[0])), abs=1e-4)
        seen = frame.loc[frame["treated"] == 1.0, "value"].mean()
        assert rows[1].absolute == pytest.approx(seen * (1.0 - math.exp(-float(fit.coef().iloc[0]))), abs=1e-5)

    def test_a_rate_with_zeros_needs_an_exposure(self, places: Callable[..., Panel]) -> None:
        data = places(kind="rate")
        values = data.frame["value"].to_numpy().copy()
        values[3] = 0.0
        bare = changed(data, value=values)
        rows, check = both_scales(*made(bare))
        assert rows[1].percent is None
        assert "without an exposure" in rows[1].problem
        assert check.verdict == "not run"
        (_, counted), _ = both_scales(*made(changed(bare, exposure=2000.0)))
        assert (counted.estimator, counted.absolute) == ("poisson", None)
        assert counted.percent == pytest.approx(-20.0, abs=6.0)


class TestBeside:
    def test_everything_stands_beside_the_headline(self, places: Callable[..., Panel]) -> None:
        design, model, result = made(places())
        found = beside(design, model, result)
        assert found.effect == result.effect
        assert len(found.robust_bounds) == 2 * (4 + 10) + 2 * (4 + 3)  # usual sizes, and 0 and those around breakdowns
        assert set(found.breakdown) == {"relative_magnitudes", "smoothness"}
        assert len(found.pretest_power["powers"]) == 2
        assert len(found.leave_out) == 12
        assert {one.kind for one in found.placebos} == {"period"}
        names = [check.name for check in found.diagnostics]
        assert {"robust_to_departures", "leave_out", "placebo_dates", "scale_of_the_outcome"} <= set(names)
        assert len(names) == len(set(names))
        for check in found.diagnostics:
            assert check.reading.endswith(".")
            assert check.looked_at
            assert len(check.short.split()) <= 14

    def test_one_treated_place_has_places_beside_it(self, places: Callable[..., Panel]) -> None:
        found = beside(*made(treating(places(), 1)))
        assert {one.kind for one in found.placebos} == {"period", "unit"}
        assert (found.robust_bounds, found.breakdown) == ((), None)

    def test_an_estimator_with_its_own_inference_runs_bare(self, places: Callable[..., Panel]) -> None:
        data = treating(places(), 1)
        design, model, result = made(data)

        def again(outcome: Any, first: Any) -> float:
            treated, start = first < outcome.shape[1], int(first.min())
            change = outcome[:, start:].mean(axis=1) - outcome[:, :start].mean(axis=1)
            return float(change[treated].mean() - change[~treated].mean())

        own = design.model_copy(update={"estimator": "synthetic_did"})
        bare = dataclasses.replace(model, regression=None, again=again, own_inference=True)
        found, two_way = beside(own, bare, result), beside(design, model, result)
        ours, theirs = ({one.left_out: one.value for one in each.leave_out} for each in (found, two_way))
        assert ours.pop("T0") is theirs.pop("T0") is None
        assert ours == pytest.approx(theirs)
        dates = [[one.value for one in each.placebos if one.kind == "period"] for each in (found, two_way)]
        assert dates[0] == pytest.approx(dates[1])
