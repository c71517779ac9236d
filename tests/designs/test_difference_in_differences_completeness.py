"""Synthetic methods with their placebos and variances, leads of imputation, starts of one place, reassigned options."""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimators import fitted
from evalkit.designs.difference_in_differences.lone_starts import seen_cells
from evalkit.errors import DesignError
from evalkit.records import Diagnostic, Panel, Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def bare(panel: Panel, **options: Any) -> Result:
    """Return the result without what stands beside it."""
    return DifferenceInDifferences(**options).estimate(panel, supplements=False)


def check(result: Result, name: str) -> Diagnostic:
    return next(found for found in result.diagnostics if found.name == name)


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


@pytest.fixture(scope="module")
def packs() -> list[tuple[str, int, float]]:
    """Packs of cigarettes a head in 39 states, 1970 to 2000, from CausalPy's data file."""
    package = importlib.util.find_spec("causalpy")  # found, not imported: what it depends on is not installed
    assert package is not None, "install requirements-test-data.lock"
    assert package.submodule_search_locations is not None
    source = Path(package.submodule_search_locations[0]) / "data" / "california_prop99.csv"
    with source.open(newline="") as file:
        years = list(csv.DictReader(file))
    states = sorted(set(years[0]) - {"Year"})
    return [(state, int(row["Year"]) - 1970, round(float(row[state]), 1)) for state in states for row in years]


@pytest.fixture
def states(panel: Callable[..., Panel], packs: Any) -> Callable[..., Panel]:
    def make(*treated: str) -> Panel:
        return panel(packs, "continuous", "year", dict.fromkeys(treated, 19))

    return make


@pytest.fixture(scope="module")
def peers() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with (REFERENCE / "staggered_few_units.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["case"], {})[row["quantity"]] = float(row["value"])
    return found


class TestSyntheticDid:
    def test_california_with_its_placebos_by_state(self, states: Callable[..., Panel], peers: Any) -> None:
        """Arkhangelsky et al. (2021): -15.6; diff-diff's 38 placebos, by an approximate solver."""
        result = bare(states("California"), estimator="synthetic_did")
        assert f"{result.effect.value:.1f}" == "-15.6"
        assert result.placebos[-1].unit == "California"
        assert result.placebos[-1].true
        assert result.placebos[-1].value == result.effect.value
        placebos = [one for one in result.placebos if not one.true]
        assert len({one.unit for one in placebos}) == 38
        expected = [peers["diff-diff synthetic California"][f"placebo {j}"] for j in range(1, 39)]
        assert sorted(one.value for one in placebos) == pytest.approx(expected, abs=0.06)
        larger = [one for one in placebos if abs(one.value) >= abs(result.effect.value)]
        assert (len(larger) + 1, len(placebos) + 1) == (result.inference["rank"], result.inference["assignments"])

    @pytest.mark.parametrize(("variance", "within"), [("jackknife", 5e-4), ("bootstrap", 0.1)])
    def test_several_states_by_jackknife_and_bootstrap(
        self, variance: str, within: float, states: Callable[..., Panel], peers: Any
    ) -> None:
        """diff-diff; its bootstrap and ours draw other units."""
        result = bare(states("California", "Nevada", "Utah"), estimator="synthetic_did", inference=variance, draws=600)
        expected = peers["diff-diff synthetic several"]
        assert result.effect.value == pytest.approx(expected["effect"], abs=0.01)
        assert result.effect.se == pytest.approx(expected[f"se {variance}"], rel=within)
        reach = 1.959963984540054 * result.effect.se
        assert (result.effect.low, result.effect.high) == pytest.approx(
            (result.effect.value - reach, result.effect.value + reach)
        )
        assert result.inference["method"] == variance
        assert result.inference["reason"] == "as the study file names it"
        assert result.placebos == ()

    def test_one_treated_state_has_no_jackknife(self, states: Callable[..., Panel]) -> None:
        for variance in ("jackknife", "bootstrap"):
            with pytest.raises(DesignError, match=r"alone: California \(1989\)"):
                bare(states("California"), estimator="synthetic_did", inference=variance)

    def test_what_cannot_be_carried_is_named(self, states: Callable[..., Panel]) -> None:
        data = states("California", "Utah")
        early = data.frame["first_time"].where(data.frame["unit"] != "Utah", 1.0)
        with pytest.raises(DesignError, match="needs 2 periods before the start, and there are fewer for Utah"):
            bare(changed(data, first_time=early), estimator="synthetic_did")
        with pytest.raises(DesignError, match=r"Utah \(1971\).*choose synthetic_did"):
            bare(changed(data, first_time=early), estimator="synthetic_control")
        few = data.frame[data.frame["unit"].isin(["California", "Utah", "Ohio"])].reset_index(drop=True)
        with pytest.raises(DesignError, match="two donors or more that are never treated, and there are: Ohio"):
            bare(dataclasses.replace(data, frame=few), estimator="synthetic_did")

    def test_left_out_units_are_fitted_without_placebos(self, states: Callable[..., Panel]) -> None:
        result = DifferenceInDifferences(estimator="synthetic_did").estimate(states("California"))
        without = {row.left_out: row for row in result.leave_out}
        assert without["California"].problem
        assert sum(row.value is not None for row in without.values()) == 38
        unused = [unit for unit in without if unit not in dict(result.weights) and unit != "California"]
        assert numpy.std([without[unit].value for unit in unused]) < 2.0


class TestImputation:
    def test_leads_are_judged(self, places: Callable[..., Panel]) -> None:
        data = places(staggered=True)
        options = {"estimator": "imputation", "inference": "cluster_robust"}
        calm = bare(data, **options)
        leads = [point for point in calm.event_study if point.time < 0]
        assert [point.time for point in leads] == [-5, -4, -3, -2, -1]
        assert all(point.low < point.value < point.high for point in leads)
        assert check(calm, "pre_period_leads").verdict != "not run"
        drift = numpy.where(data.frame["first_time"].notna(), numpy.exp(0.05 * (data.frame["time"] - 36)), 1.0)
        steep = bare(changed(data, value=data.frame["value"] * drift), **options)
        assert check(steep, "pre_period_leads").verdict == "sign against"
        assert check(steep, "anticipation").verdict == "sign against"

    def test_the_test_of_the_leads_is_that_of_one_regression(self, places: Callable[..., Panel]) -> None:
        """A joint F test of leads among untreated rows, by statsmodels with terms for units and periods.

        It is what leads are tested with before few treated units are thought of.
        """
        import pandas
        import statsmodels.api as sm

        data = places(staggered=True)
        options = {"inference": "cluster_robust", "small_sample": "effects_counted"}
        design = DifferenceInDifferences(estimator="imputation", leads=3, **options).resolve(data)
        result = fitted(design, data, adoption(data, None, None))[0]
        frame = data.frame[~(data.frame["time"] >= data.frame["first_time"])]
        since = (frame["time"] - frame["first_time"]).to_numpy()
        leads = numpy.column_stack([(since == -k).astype(float) for k in (3, 2, 1)])
        effects = pandas.get_dummies(frame[["unit", "time"]].astype(str), drop_first=True, dtype=float)
        fit = sm.OLS(numpy.log(frame["value"]), sm.add_constant(numpy.column_stack([leads, effects]))).fit(
            cov_type="cluster", cov_kwds={"groups": pandas.factorize(frame["unit"])[0]}, use_t=True
        )
        shown = [point for point in result.event_study if point.time < 0]
        assert [point.value for point in shown] == pytest.approx(list(fit.params[1:4]))
        assert [point.se for point in shown] == pytest.approx(list(fit.bse[1:4]))
        joint = fit.f_test(numpy.eye(3, len(fit.params), k=1))
        assert check(result, "pre_period_leads").p_value == pytest.approx(float(joint.pvalue))
        contrast = numpy.zeros(len(fit.params))
        contrast[1:4] = (-1 / 3, -1 / 3, 1.0)  # the lead just before, less the two others and the zero before them
        gap = fit.t_test(contrast)
        assert check(result, "anticipation").statistic == pytest.approx(float(gap.effect.item()))
        assert check(result, "anticipation").p_value == pytest.approx(float(gap.pvalue.item()))

    def test_leads_need_an_earlier_period(self, places: Callable[..., Panel]) -> None:
        result = bare(places(), estimator="imputation", before={"from": 2005, "to": 2005}, inference="cluster_robust")
        assert check(result, "pre_period_leads").verdict == "not run"
        assert "too few before the start" in check(result, "pre_period_leads").reading
        assert result.event_study[0].time == 0


def with_starts(panel: Panel, starts: dict[str, int]) -> Panel:
    """Return the panel with other starts; its other treated units are left out."""
    frame = panel.frame[panel.frame["unit"].isin([*starts, *(f"C{i}" for i in range(6))])].reset_index(drop=True)
    return dataclasses.replace(panel, frame=frame.assign(first_time=frame["unit"].map(starts).astype(float)))


class TestLoneStarts:
    STARTS = {"T0": 36, "T3": 36, "T1": 37, "T4": 37, "T2": 38}

    @pytest.mark.parametrize("estimator", ["callaway_santanna", "sun_abraham", "poisson"])
    def test_its_own_effects_stand_without_interval(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = with_starts(places(staggered=True), self.STARTS)
        result = bare(data, estimator=estimator, inference="cluster_robust")
        assert all(row.se is None for row in result.group_time), "starts of one and of two have no interval"
        assert all(row["se"] is None for kind in ("group", "calendar") for row in result.aggregations[kind]["by"])
        found = check(result, "lone_starts")
        assert (found.verdict, found.statistic, found.key) == ("sign against", 1.0, False)
        assert "1 start of 3 has one unit each: T2 (2008)" in found.reading
        assert "leaves that noise out" in found.reading
        assert result.effect.low is not None

    @pytest.mark.parametrize("estimator", ["callaway_santanna", "sun_abraham", "poisson"])
    def test_where_all_are_lone_a_clustered_error_cannot_exist(
        self, estimator: str, places: Callable[..., Panel]
    ) -> None:
        data = with_starts(places(staggered=True), {"T0": 36, "T1": 37, "T2": 38})
        result = bare(data, estimator=estimator, inference="cluster_robust")
        assert (result.effect.low, result.effect.se) == (None, None)
        assert result.inference["method"] == "none"
        assert "every start has one treated unit (T0, T1 and T2)" in result.standard_errors
        assert check(result, "lone_starts").key
        auto = bare(data, estimator=estimator)
        assert auto.inference["method"] == "randomisation"
        assert auto.effect.low < auto.effect.value < auto.effect.high
        assert not check(auto, "lone_starts").key
        assert all(row.low is None for row in auto.group_time)

    def test_imputation_holds_it_against_the_others(self, places: Callable[..., Panel]) -> None:
        data = with_starts(places(staggered=True), self.STARTS)
        result = bare(data, estimator="imputation", inference="cluster_robust")
        assert "averages by event time" in result.standard_errors
        assert result.effect.low < result.effect.value < result.effect.high
        cohort, period = numpy.array([36, 36, 36, 38]), numpy.array([38, 40, 41, 40])
        alone = {36: "T0", 38: "T2"}  # two years after the start is seen in both, later ones in one
        assert seen_cells(cohort, period, alone, True).tolist() == [True, False, False, True]
        assert not seen_cells(cohort, period, alone, False).any()

    def test_no_start_is_lone(self, places: Callable[..., Panel]) -> None:
        result = bare(places(staggered=True), estimator="callaway_santanna", inference="cluster_robust")
        assert check(result, "lone_starts").verdict == "no sign against"


@pytest.fixture
def with_columns(places: Callable[..., Panel]) -> Callable[..., Panel]:
    """Places with a covariate that moves the outcome, and weights."""

    def make(weighted: bool = False, kind: str = "count", **options: Any) -> Panel:
        data = places(staggered=True, kind=kind, **options)
        size = numpy.random.default_rng(5).normal(size=len(data))
        weight = data.frame["unit"].map({unit: 1.0 + 0.1 * i for i, unit in enumerate(data.units)})
        moved = changed(data, size=size, value=data.frame["value"] * numpy.exp(0.1 * size),
                        weight=weight if weighted else 1.0)  # fmt: skip
        return dataclasses.replace(moved, covariates=("size",))

    return make


class TestReassigned:
    @pytest.mark.parametrize(
        "options",
        [
            {"estimator": "callaway_santanna", "method": "outcome_regression"},
            {"estimator": "callaway_santanna", "method": "outcome_regression", "base_period": "varying"},
            {"estimator": "callaway_santanna", "method": "outcome_regression", "comparison": "not_yet_treated"},
            {"estimator": "sun_abraham"},
            {"estimator": "imputation"},
            {"estimator": "poisson"},
        ],
    )
    @pytest.mark.parametrize("weighted", [False, True])
    def test_units_keep_covariates_and_weights(
        self, options: Any, weighted: bool, with_columns: Callable[..., Panel]
    ) -> None:
        result = bare(with_columns(weighted), covariates=["size"], inference_draws=199, **options)
        assert result.inference["method"] == "randomisation"
        assert result.effect.low < result.effect.value < result.effect.high
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert result.effect.p_value <= 0.05
        clustered = bare(with_columns(weighted), covariates=["size"], inference="cluster_robust", **options)
        assert clustered.effect.value == result.effect.value

    def test_without_an_effect_every_p_value_is_as_likely(self, with_columns: Callable[..., Panel]) -> None:
        """The covariate moves the outcome, nothing else does: 15 panels, of which 10% are below 0.1."""
        small = 0
        for seed in range(15):
            data = with_columns(seed=seed, fall=0.0)
            options = {"estimator": "imputation", "covariates": ["size"], "inference_draws": 99}
            small += bare(data, **options).effect.p_value <= 0.1
        assert small <= 5

    def test_poisson_keeps_exposure_with_the_unit(self, with_columns: Callable[..., Panel]) -> None:
        data = with_columns()
        people = 1000.0 + 500.0 * numpy.random.default_rng(9).random(len(data))
        exposed = changed(data, exposure=people, value=numpy.round(data.frame["value"] * people / 1000.0))
        result = bare(exposed, estimator="poisson", inference_draws=199)
        assert result.inference["method"] == "randomisation"
        assert result.effect.low < math.log(0.8) < result.effect.high
        assert "taken out and fitted anew" in result.inference["rule"]
        low, high = 100 * math.expm1(result.effect.low), 100 * math.expm1(result.effect.high)
        assert (result.relative.low, result.relative.high) == pytest.approx((low, high))

    def test_clusters_larger_than_units_are_dealt_out_whole(self, with_columns: Callable[..., Panel]) -> None:
        data = with_columns()
        region = data.frame["unit"].map(lambda unit: f"{unit[0]}{int(unit[1:]) % 3}")
        result = bare(changed(data, cluster=region), cluster="region", estimator="imputation", covariates=["size"])
        assert result.inference["method"] == "randomisation"
        assert "whole clusters dealt out" in result.inference["rule"]
