"""Difference in differences: the castle-doctrine study, the same by dummies in statsmodels, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DataError, DesignError
from evalkit.records import Diagnostic, Panel, Result


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def clustered(**options: Any) -> DifferenceInDifferences:
    """Return the two-way regression with clustered standard errors, however few the clusters."""
    return two_way(inference="cluster_robust", **options)


def two_way(**options: Any) -> DifferenceInDifferences:
    """Return the design with a two-way regression, unless another estimator is named."""
    return DifferenceInDifferences(**{"estimator": "two_way_fixed_effects", **options})


@pytest.fixture(scope="module")
def castle_rows() -> Any:
    import causaldata

    return causaldata.castle.load_pandas().data.sort_values(["sid", "year"])


@pytest.fixture
def castle(panel: Callable[..., Panel], castle_rows: Any) -> Callable[..., Panel]:
    def make(weighted: bool, kind: str = "rate") -> Panel:
        rows = castle_rows
        units = [f"{int(sid):02d}" for sid in rows["sid"]]
        first = rows[rows["post"] == 1].groupby("sid")["year"].min() - 1970
        values = rows["homicide"] if kind == "rate" else rows["l_homicide"]
        table = list(zip(units, rows["year"].astype(int) - 1970, values, strict=True))
        starts = {f"{int(sid):02d}": int(year) for sid, year in first.items()}
        weight = rows["popwt"].to_numpy() if weighted else 1.0
        return panel(table, kind, "year", starts, weight=weight, unsorted=True)

    return make


class TestCastle:
    """Cheng and Hoekstra's data; three small-sample rules, as pyfixest and linearmodels give them."""

    @pytest.mark.parametrize(
        ("weighted", "small_sample", "value", "se"),
        [
            (True, "effects_nested", 0.0755, 0.0332), (False, "effects_nested", 0.0694, 0.0559),
            (True, "effects_counted", 0.0755, 0.0348), (False, "effects_counted", 0.0694, 0.0586),
            (True, "no_cluster_factor", 0.0755, 0.0345), (False, "no_cluster_factor", 0.0694, 0.0581),
        ],
    )  # fmt: skip
    def test_known_answers(
        self, castle: Callable[..., Panel], weighted: bool, small_sample: str, value: float, se: float
    ) -> None:
        result = two_way(small_sample=small_sample).estimate(castle(weighted))
        assert (round(result.effect.value, 4), round(result.effect.se, 4)) == (value, se)
        assert result.effect.df == 49
        assert small_sample in result.standard_errors

    def test_the_log_of_a_rate_is_the_column_of_logs(self, castle: Callable[..., Panel]) -> None:
        rate, logs = (two_way().estimate(castle(True, kind)) for kind in ("rate", "continuous"))
        assert logs.effect.scale == "identity"
        assert logs.relative is None
        assert rate.effect.value == pytest.approx(logs.effect.value, abs=1e-6)
        assert rate.relative.value == pytest.approx(100 * math.expm1(rate.effect.value))
        assert rate.averted is None

    def test_cohorts_are_said(self, castle: Callable[..., Panel]) -> None:
        result = two_way().estimate(castle(True))
        staggered = check(result, "staggered_adoption")
        assert staggered.verdict == "sign against"
        assert (
            "1 unit in 2006, 13 units in 2007, 4 units in 2008, 2 units in 2009 and 1 unit in 2010" in staggered.reading
        )
        assert "29 units never treated" in staggered.reading
        assert check(result, "number_of_clusters").verdict == "no sign against"
        assert "rule out gaps" in check(result, "pre_period_leads").reading


class TestAgainstDummies:
    def dummies(self, data: Panel, columns: numpy.ndarray) -> Any:
        import pandas
        import statsmodels.api as sm

        frame = data.frame
        effects = pandas.get_dummies(frame[["unit", "time"]].astype(str), drop_first=True, dtype=float)
        matrix = sm.add_constant(numpy.column_stack([columns, effects.to_numpy()]))
        groups = pandas.factorize(frame["unit"])[0]
        return sm.OLS(numpy.log(frame["value"]), matrix).fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}, use_t=True
        )

    def test_two_way(self, places: Callable[..., Panel]) -> None:
        data = places(staggered=True)
        treated = (data.frame["time"] >= data.frame["first_time"]).to_numpy(dtype=float)
        fit = self.dummies(data, treated[:, None])
        effect = clustered(small_sample="effects_counted").estimate(data).effect
        assert effect.value == pytest.approx(fit.params["x1"])
        assert effect.se == pytest.approx(fit.bse["x1"])
        assert (effect.low, effect.high) == pytest.approx(tuple(fit.conf_int().loc["x1"]))

    def test_event_study(self, places: Callable[..., Panel]) -> None:
        data = places(staggered=True)
        since = (data.frame["time"] - data.frame["first_time"]).clip(-3, 2).to_numpy()
        columns = numpy.column_stack([(since == k).astype(float) for k in (-3, -2, 0, 1, 2)])
        fit = self.dummies(data, columns)
        design = clustered(estimator="event_study", leads=3, lags=2, small_sample="effects_counted")
        result = design.estimate(data)
        shown = [point for point in result.event_study if point.se is not None]
        assert [point.time for point in result.event_study] == [-3, -2, -1, 0, 1, 2]
        assert [point.value for point in shown] == pytest.approx(list(fit.params[1:6]))
        assert [point.se for point in shown] == pytest.approx(list(fit.bse[1:6]))
        assert all(p.simultaneous_low < p.low < p.high < p.simultaneous_high for p in shown)
        shares = columns[:, 2:].sum(axis=0) / columns[:, 2:].sum()
        assert result.effect.value == pytest.approx(float(shares @ fit.params[3:6]))
        contrast = numpy.zeros(len(fit.params))
        contrast[3:6] = shares
        assert result.effect.se == pytest.approx(fit.t_test(contrast).sd.item())

    def test_covariates(self, places: Callable[..., Panel]) -> None:
        data = places()
        size = numpy.random.default_rng(5).normal(size=len(data))
        data = changed(data, size=size, value=numpy.round(data.frame["value"] * numpy.exp(0.2 * size)))
        data = dataclasses.replace(data, covariates=("size",))
        treated = (data.frame["time"] >= data.frame["first_time"]).to_numpy(dtype=float)
        fit = self.dummies(data, numpy.column_stack([treated, size]))
        result = clustered(covariates=["size"], small_sample="effects_counted").estimate(data)
        assert [term.value for term in result.coefficients] == pytest.approx([fit.params["x1"], fit.params["x2"]])
        assert result.effect.se == pytest.approx(fit.bse["x1"])


class TestPeople:
    def test_averted_takes_the_effect_out_of_what_was_seen(self, places: Callable[..., Panel]) -> None:
        data = places()
        result = clustered().estimate(data)
        seen = data.frame.loc[data.frame["time"] >= data.frame["first_time"], "value"].sum()
        for end, averted in (("value", "value"), ("high", "low"), ("low", "high")):
            expected = seen * math.expm1(-getattr(result.effect, end))
            assert getattr(result.averted, averted) == pytest.approx(expected)
        assert result.absolute.value == pytest.approx(-result.averted.value / 36)
        assert result.averted.p_value == result.effect.p_value
        low, high = numpy.quantile(result.averted.draws, [0.025, 0.975])
        assert (low, high) == pytest.approx((result.averted.low, result.averted.high), rel=0.03)
        averages = result.fit["averages"]
        assert averages["expected"] - averages["observed"] == pytest.approx(-result.absolute.value)

    def test_rate_with_exposure_counts_events(self, places: Callable[..., Panel]) -> None:
        count = changed(places(per=1000.0), exposure=20_000.0)
        rate = changed(count, value=count.frame["value"] / 20)
        rate = dataclasses.replace(rate, outcome=dataclasses.replace(count.outcome, kind="rate"))
        first, second = (clustered().estimate(data) for data in (count, rate))
        assert first.averted.value == pytest.approx(second.averted.value)
        assert first.absolute.value == pytest.approx(20 * second.absolute.value)
        plain = dataclasses.replace(rate, frame=rate.frame.assign(exposure=1.0))
        assert clustered().estimate(plain).averted is None

    def test_identity_scale(self, places: Callable[..., Panel]) -> None:
        data = places(fall=0.1)
        result = clustered(transform="identity").estimate(data)
        assert result.averted.value == pytest.approx(-36 * result.effect.value)
        assert result.averted.low == pytest.approx(-36 * result.effect.high)
        seen = data.frame.loc[data.frame["time"] >= data.frame["first_time"], "value"].mean()
        assert result.relative.value == pytest.approx(100 * result.effect.value / (seen - result.effect.value))
        after = [p for p in result.path if p.counterfactual is not None]
        assert numpy.mean([p.observed - p.counterfactual for p in after]) == pytest.approx(result.effect.value)

    def test_path_has_two_groups(self, places: Callable[..., Panel]) -> None:
        data = places()
        result = clustered().estimate(data)
        comparison = [point for point in result.path if point.unit == "comparison"]
        never = data.frame[data.frame["first_time"].isna()].groupby("time")["value"].mean()
        assert [point.observed for point in comparison] == pytest.approx(list(never))
        assert all(point.counterfactual is None for point in comparison)
        treated = [point for point in result.path if point.unit == "treated"]
        assert [point.counterfactual is None for point in treated] == [True] * 6 + [False] * 6
        assert all(p.low < p.counterfactual < p.high for p in treated[6:])

    def test_event_study_path_holds_each_periods_effect(self, places: Callable[..., Panel]) -> None:
        result = clustered(estimator="event_study").estimate(places())
        treated = [point for point in result.path if point.counterfactual is not None]
        lags = [point.value for point in result.event_study if point.time >= 0]
        moved = [math.log(p.observed / p.counterfactual) - lag for p, lag in zip(treated, lags, strict=True)]
        assert moved == pytest.approx([moved[0]] * len(lags))
        seen, expected = (sum(getattr(p, name) for p in treated) for name in ("observed", "counterfactual"))
        assert math.log(seen / expected) == pytest.approx(result.effect.value)
        assert result.effect.value == pytest.approx(numpy.mean(lags))

    def test_event_study_without_a_reference_of_minus_one(self, places: Callable[..., Panel]) -> None:
        design = clustered(before={"to": 2004}, after={"from": 2006})
        result = design.estimate(places())
        assert next(point.time for point in result.event_study if point.se is None) == -2
        assert result.n_observations == 12 * 11


class TestAdoption:
    def test_units_that_start_after_the_data_are_compared_with(self, places: Callable[..., Panel]) -> None:
        data = places()
        later = data.frame["first_time"].where(data.frame["unit"] != "T5", 60.0)
        result = clustered().estimate(changed(data, first_time=later))
        assert result.n_treated_units == 5
        assert "(1 of them treated after the data end)" in result.estimand

    def test_not_yet_treated_are_enough(self, places: Callable[..., Panel]) -> None:
        result = clustered(after={"to": 2007}).estimate(places(staggered=True, never=0))
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert "not yet treated" in result.estimand
        whole = clustered().estimate(places(staggered=True, never=0))
        assert check(whole, "treated_clusters").verdict == "no sign against"

    def test_clusters_that_are_not_units(self, places: Callable[..., Panel]) -> None:
        data = places()
        region = data.frame["unit"].map(lambda unit: f"region {int(unit[1:]) // 2}{unit[0]}")
        result = clustered(cluster="region").estimate(changed(data, cluster=region))
        assert result.fit["clusters"] == 6
        assert result.effect.df == 5
        assert "clustered by region" in result.standard_errors
        assert "6 clusters" in check(result, "number_of_clusters").reading
        assert check(result, "treated_clusters").verdict == "sign against"

    def test_repeated_cross_sections(self, places: Callable[..., Panel]) -> None:
        data = places()
        twice = dataclasses.replace(data, frame=data.frame.loc[data.frame.index.repeat(2)].reset_index(drop=True))
        first, second = (clustered().estimate(each).effect for each in (data, twice))
        assert first.value == pytest.approx(second.value)
        assert first.se == pytest.approx(second.se, rel=0.1)

    def test_a_drift_before_is_seen(self, places: Callable[..., Panel]) -> None:
        data = places()
        drift = numpy.where(data.frame["first_time"].notna(), numpy.exp(0.05 * (data.frame["time"] - 36)), 1.0)
        result = clustered().estimate(changed(data, value=data.frame["value"] * drift))
        assert check(result, "pre_period_leads").verdict == "sign against"
        assert check(result, "anticipation").verdict == "sign against"
        calm = clustered().estimate(data)
        assert check(calm, "pre_period_leads").key
        assert check(calm, "number_of_clusters").verdict == "sign against"

    def test_one_period_before_shows_no_leads(self, places: Callable[..., Panel]) -> None:
        result = clustered(before={"from": 2005, "to": 2005}).estimate(places())
        assert check(result, "pre_period_leads").verdict == "not run"
        assert result.event_study[0].time == -1


def treating(panel: Panel, count: int) -> Panel:
    """Return the panel with the first `count` of its six treated units treated."""
    kept = [f"T{i}" for i in range(count)]
    return changed(panel, first_time=panel.frame["first_time"].where(panel.frame["unit"].isin(kept)))


class TestFewTreated:
    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "event_study"])
    @pytest.mark.parametrize("transform", ["log", "identity"])
    def test_one_has_an_estimate_and_no_interval(
        self, places: Callable[..., Panel], estimator: str, transform: str
    ) -> None:
        result = clustered(estimator=estimator, transform=transform).estimate(treating(places(), 1))
        for estimate in (result.effect, result.relative, result.absolute, result.averted):
            assert estimate is not None
            assert math.isfinite(estimate.value)
            assert (estimate.se, estimate.df, estimate.low, estimate.high, estimate.p_value) == (None,) * 5
            assert estimate.draws is None
        assert all(point.low is None and point.high is None for point in result.path)
        assert any(point.counterfactual is not None for point in result.path)
        assert all(point.se is point.low is point.simultaneous_low is None for point in result.event_study)
        assert len(result.event_study) > 5
        assert all(term.se is term.low is term.p_value is None for term in result.coefficients)
        assert result.fit["averages"]["expected_low"] is None
        assert result.fit["minimum_detectable"] is None

    def test_one_says_why_and_what_to_do(self, places: Callable[..., Panel]) -> None:
        result = clustered().estimate(treating(places(), 1))
        assert result.standard_errors.startswith("one treated unit: a clustered standard error cannot exist")
        assert "interrupted_time_series" in result.standard_errors
        assert result.inference["method"] == "none"
        assert "1 treated unit over 6 treated unit-periods" in result.estimand
        assert "It is its change" in result.estimand
        assert check(result, "staggered_adoption").reading == "The only treated unit starts in 2006."

    def test_the_estimate_is_the_one_that_a_regression_gives(self, places: Callable[..., Panel]) -> None:
        data = treating(places(), 1)
        means = data.frame.assign(y=numpy.log(data.frame["value"]), after=data.frame["time"] >= 36)
        change = means.groupby(["unit", "after"])["y"].mean().unstack().diff(axis=1)[True]
        expected = change["T0"] - change.drop("T0").mean()
        result = clustered().estimate(data)
        assert result.effect.value == pytest.approx(expected)
        seen = data.frame.loc[data.frame["time"] >= data.frame["first_time"], "value"].sum()
        assert result.averted.value == pytest.approx(seen * math.expm1(-expected))
        assert result.relative.value == pytest.approx(100 * math.expm1(expected))

    def test_several_units_in_one_treated_cluster(self, places: Callable[..., Panel]) -> None:
        data = places()
        region = data.frame["unit"].map(lambda unit: "north" if unit[0] == "T" else unit)
        result = clustered(cluster="region").estimate(changed(data, cluster=region))
        assert result.effect.low is None
        assert "one treated cluster" in result.standard_errors

    @pytest.mark.parametrize("staggered", [False, True])
    def test_one_comparison_unit_has_no_interval_unless_starts_differ(
        self, places: Callable[..., Panel], staggered: bool
    ) -> None:
        data = places(staggered=staggered)
        untreated = sorted(set(data.units) - set(data.treated_units))
        kept = data.frame[data.frame["unit"].isin([*data.treated_units, untreated[0]])].reset_index(drop=True)
        result = clustered().estimate(dataclasses.replace(data, frame=kept))
        # Late starters are set beside early ones, so a standard error exists when starts differ.
        assert (result.effect.low is None) == (not staggered)
        assert result.standard_errors.startswith("one comparison unit") == (not staggered)

    def test_estimates_without_bounds_go_on(self, places: Callable[..., Panel]) -> None:
        effect = clustered().estimate(treating(places(), 1)).effect
        for moved in (effect.times(-2.0), effect.plus(1.0), effect.percent()):
            assert (moved.low, moved.high) == (None, None)
        with pytest.raises(ValueError, match="no finite interval"):
            effect.sample(10, numpy.random.default_rng(1))

    @pytest.mark.parametrize(("count", "verdict", "key"), [
        (1, "sign against", True), (2, "sign against", True), (3, "sign against", True), (4, "sign against", False),
        (5, "sign against", False), (6, "no sign against", False),
    ])  # fmt: skip
    def test_checks(self, places: Callable[..., Panel], count: int, verdict: str, key: bool) -> None:
        result = clustered().estimate(treating(places(), count))
        found = check(result, "treated_clusters")
        assert (found.verdict, found.key, found.statistic) == (verdict, key, count)
        assert (result.effect.low is None) == (count == 1)
        for name in ("pre_period_leads", "anticipation"):
            assert (check(result, name).verdict == "not run") == (count == 1)
        leads = check(result, "pre_period_leads")
        assert "The largest gap in" in leads.reading
        assert ("the test is not valid" in leads.reading) == (count == 1)
        assert (leads.p_value is None) == (count == 1)


def test_observed_total(places: Callable[..., Panel]) -> None:
    data = places()
    seen = data.frame.loc[data.frame["time"] >= data.frame["first_time"], "value"].sum()
    assert clustered().estimate(data).fit["observed_total"] == pytest.approx(seen)
    exposed = clustered().estimate(changed(data, exposure=20_000.0))
    assert exposed.fit["observed_total"] == pytest.approx(seen)
    assert clustered().estimate(places(kind="rate")).fit["observed_total"] is None


def test_restrictions_before_and_after_the_first_start(panel: Callable[..., Panel]) -> None:
    noise = numpy.random.default_rng(3).normal(0, 2, (4, 10))
    rows = [(unit, 45 + t, 100 + noise[u, t]) for u, unit in enumerate("ABCD") for t in range(10)]
    result = clustered().estimate(panel(rows, frequency="year", start={"A": 51, "B": 52}))
    found = check(result, "pandemic_restrictions")
    assert (found.verdict, found.key) == ("sign against", False)
    assert "1 of the 6 years before the start and 1 of the 4 years from the start on overlap " in found.reading


class TestRefusals:
    def test_who_is_treated(self, places: Callable[..., Panel], panel: Callable[..., Panel]) -> None:
        design, data = clustered(), places()
        with pytest.raises(DesignError, match="there is one unit"):
            design.estimate(panel([("A", t, 5 + t) for t in range(6)], frequency="number", start=3))
        with pytest.raises(DesignError, match="no unit is treated"):
            design.estimate(changed(data, first_time=math.nan))
        with pytest.raises(DesignError, match="after the last period"):
            design.estimate(changed(data, first_time=data.frame["first_time"] + 50))
        with pytest.raises(DesignError, match="nobody to compare with"):
            design.estimate(changed(data, first_time=36.0))
        with pytest.raises(DesignError, match="from the first period on, so without a period before: T0, T1"):
            design.estimate(changed(data, first_time=data.frame["first_time"] - 6))
        one = data.frame[data.frame["time"] == 36]
        with pytest.raises(DesignError, match="there is one period"):
            design.estimate(dataclasses.replace(data, frame=one))

    def test_values(self, places: Callable[..., Panel]) -> None:
        data = places()
        values = data.frame["value"].to_numpy().copy()
        values[[0, 13]] = 0.0
        with pytest.raises(DesignError, match="C0 in 2000, C1 in 2001"):
            clustered(transform="log").estimate(changed(data, value=values))
        assert clustered().resolve(changed(data, value=values)).transform == "identity"
        with pytest.raises(DesignError, match="same in every unit and period"):
            clustered().estimate(changed(data, value=7.0))
        with pytest.raises(DesignError, match="weights that are zero"):
            clustered().estimate(changed(data, weight=numpy.where(data.frame["unit"] == "C1", 0.0, 2.0)))
        with pytest.raises(DesignError, match="no column 'income'"):
            clustered(covariates=["income"]).estimate(data)

    def test_holes(self, places: Callable[..., Panel]) -> None:
        data = places()
        frame = data.frame[~((data.frame["unit"] == "C2") & data.frame["time"].isin([33, 34]))]
        with pytest.raises(DataError, match="C2 has no rows for 2003 to 2004"):
            clustered().estimate(dataclasses.replace(data, frame=frame))
        frame = data.frame[~((data.frame["unit"] == "C2") & (data.frame["time"] < 36))]
        design = clustered(before={"to": 2005}, after={"from": 2006})
        with pytest.raises(DesignError, match="C2"):
            design.estimate(dataclasses.replace(data, frame=frame))

    def test_windows(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError, match="does not end before"):
            clustered(before={"to": 2007}, after={"from": 2006}).estimate(places())
