"""Data that no difference in differences can carry: each refusal names units and the mend, for every estimator."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from pydantic import ValidationError

from evalkit import flow
from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DataError, DesignError, Problem
from evalkit.records import Panel, Result
from evalkit.spec.loading import load_spec

REGRESSIONS = ("two_way_fixed_effects", "event_study")
BY_COHORT = ("callaway_santanna", "sun_abraham", "imputation", "poisson")
SYNTHETIC = ("synthetic_control", "synthetic_did")
EVERY = (*REGRESSIONS, *BY_COHORT, *SYNTHETIC)


def changed(panel: Panel, **columns: Any) -> Panel:
    return dataclasses.replace(panel, frame=panel.frame.assign(**columns))


def treating(panel: Panel, *units: str) -> Panel:
    """Return the panel with these of its units treated alone."""
    return changed(panel, first_time=panel.frame["first_time"].where(panel.frame["unit"].isin(units)))


def bare(panel: Panel, **options: Any) -> Result:
    return DifferenceInDifferences(**options).estimate(panel, supplements=False)


def refused(panel: Panel, kind: type[Exception] = DesignError, **options: Any) -> Problem:
    """Return the first problem that an estimator finds with a panel; it says how to mend it."""
    with pytest.raises(kind) as caught:
        bare(panel, **options)
    found = caught.value.problems[0]  # type: ignore[attr-defined]
    assert found.mend
    return found


def contradicted(**options: Any) -> str:
    """Return what is said of options that no data could carry together, before any data are read."""
    with pytest.raises(ValidationError) as caught:
        DifferenceInDifferences(**options)
    return str(caught.value)


@pytest.mark.parametrize("estimator", EVERY)
class TestWhoIsTreated:
    def test_all_units_at_once(self, estimator: str, places: Callable[..., Panel]) -> None:
        found = refused(places(never=0), estimator=estimator)
        assert "every unit is treated from 2006 on" in found.message
        assert "never treated" in found.mend

    def test_nobody_treated_with_a_period_before(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = places()
        found = refused(changed(data, first_time=data.frame["first_time"] - 6), estimator=estimator)
        assert "T0, T1, T2, T3, T4, T5" in found.message

    def test_who_has_no_period_before_is_left_out_by_name(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = treating(places(), "T0", "T1")
        early = data.frame["first_time"].where(data.frame["unit"] != "T1", 29.0)
        kept = {"always_treated": "leave_out"} if estimator in ("two_way_fixed_effects", "event_study") else {}
        result = bare(changed(data, first_time=early), estimator=estimator, **kept)
        assert [unit for unit, _ in result.dropped] == ["T1"]
        assert "treated from 1999 on" in result.dropped[0][1]
        assert (result.n_treated_units, result.n_units) == (1, 11)
        check = next(check for check in result.diagnostics if check.name == "units_left_out")
        assert check.verdict == "sign against"
        assert "1 of 2 units with the programme is not in the estimate: T1" in check.reading
        without = data.frame[data.frame["unit"] != "T1"].reset_index(drop=True)
        alone = bare(dataclasses.replace(data, frame=without), estimator=estimator)
        assert result.effect.value == pytest.approx(alone.effect.value, rel=1e-9)

    def test_a_treated_unit_is_no_comparison(self, estimator: str, places: Callable[..., Panel]) -> None:
        found = refused(treating(places(), "T0"), estimator=estimator, exclude={"T0": "odd"})
        assert "T0" in found.message

    def test_a_name_that_is_not_there(self, estimator: str, places: Callable[..., Panel]) -> None:
        found = refused(treating(places(), "T0"), estimator=estimator, comparison=["C1", "c2", "C3"])
        assert "c2" in found.message
        assert "did you mean 'C2'?" in found.mend


@pytest.mark.parametrize("estimator", EVERY)
class TestNobodyNeverTreated:
    def test_it_is_said_or_periods_are_left_out(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = places(staggered=True, never=0)
        if estimator in SYNTHETIC:
            found = refused(data, estimator=estimator)
            assert "never treated" in found.message
            assert "T0" in found.message
            return
        result = bare(data, estimator=estimator, inference="cluster_robust", leads=1, lags=1)
        assert math.isfinite(result.effect.value)
        if estimator in BY_COHORT:
            assert [period for period, _ in result.dropped] == ["2008", "2009", "2010", "2011"]
            found = refused(data, estimator=estimator, comparison="never_treated")
            assert "every unit is treated" in found.message


STUDY = """\
evalkit: 1
title: Switching off
question: Did it change where it began?
data: {{source: csv, path: data/rows.csv, unit: unit, period: {{column: year, frequency: year}}}}
intervention: {{treated_column: treated}}
outcomes: {{n: {{label: Incidents, kind: count, better: lower}}}}
design: {{kind: difference_in_differences, estimator: {estimator}}}
"""


@pytest.mark.parametrize("estimator", EVERY)
def test_treatment_that_switches_off(estimator: str, write_study: Callable[..., Path]) -> None:
    study = write_study(STUDY.format(estimator=estimator))
    (study.parents[1] / "data").mkdir(exist_ok=True)
    rows = [f"{unit},{year},{5 + year % 3},{int(unit == 'Kent' and year in (2004, 2005))}"
            for unit in ("Kent", "Surrey", "Sussex") for year in range(2000, 2009)]  # fmt: skip
    (study.parents[1] / "data" / "rows.csv").write_text("\n".join(["unit,year,n,treated", *rows]))
    with pytest.raises(DataError) as caught:
        flow.evaluate(load_spec(study))
    found = caught.value.problems[0]
    assert "Kent 2006 is 0 after it was 1 in 2004" in found.message
    assert "leave the unit out" in found.mend


@pytest.mark.parametrize("estimator", EVERY)
class TestRows:
    def test_a_donor_with_missing_years(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = treating(places(), "T0")
        frame = data.frame[~((data.frame["unit"] == "C2") & data.frame["time"].isin([33, 34]))]
        found = refused(dataclasses.replace(data, frame=frame), DataError, estimator=estimator)
        assert "C2 has no rows for 2003 to 2004" in found.message
        assert "declare gaps" in found.mend

    def test_a_donor_with_a_declared_gap(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = treating(places(), "T0", "T1")
        frame = data.frame[~((data.frame["unit"] == "C2") & (data.frame["time"] == 33))].reset_index(drop=True)
        data = dataclasses.replace(data, frame=frame, gaps=((33, "a strike", "C2"),))
        if estimator in SYNTHETIC:
            found = refused(data, estimator=estimator)
            assert "C2" in found.message
        else:
            assert math.isfinite(bare(data, estimator=estimator, inference="cluster_robust").effect.value)

    def test_several_rows_of_a_unit_and_period(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = treating(places(), "T0", "T1")
        frame = data.frame.loc[[*data.frame.index, 5]].reset_index(drop=True)
        data = dataclasses.replace(data, frame=frame)
        if estimator in REGRESSIONS:
            assert math.isfinite(bare(data, estimator=estimator, inference="cluster_robust").effect.value)
        else:
            assert str(data.frame["unit"].iloc[5]) in refused(data, estimator=estimator).message

    def test_covariates_that_repeat_one_another(self, estimator: str, places: Callable[..., Panel]) -> None:
        if estimator in SYNTHETIC:
            assert "covariates" in contradicted(estimator=estimator, covariates=["size", "twice"])
            return
        data = places(staggered=estimator in BY_COHORT)
        size = numpy.random.default_rng(3).normal(size=len(data))
        data = dataclasses.replace(changed(data, size=size, twice=2.0 * size), covariates=("size", "twice"))
        found = refused(data, estimator=estimator, covariates=["size", "twice"], inference="auto")
        assert "covariates" in found.message or "twice" in found.message

    def test_a_covariate_that_is_not_there(self, estimator: str, places: Callable[..., Panel]) -> None:
        if estimator in SYNTHETIC:
            assert "takes neither covariates" in contradicted(estimator=estimator, covariates=["income"])
            return
        with pytest.raises(DesignError, match=r"no column 'income'"):
            bare(treating(places(), "T0"), estimator=estimator, covariates=["income"])


class TestClusters:
    def regional(self, places: Callable[..., Panel], staggered: bool = False) -> Panel:
        data = places(staggered=staggered)
        region = data.frame["unit"].map(lambda unit: f"region {unit[0]}{int(unit[1:]) // 3}")
        return changed(data, cluster=region)

    def test_fewer_clusters_than_coefficients(self, places: Callable[..., Panel]) -> None:
        found = refused(self.regional(places), estimator="event_study", cluster="region", inference="cluster_robust")
        assert "10 coefficients" in found.message
        assert "4 clusters (region C0, region C1, region T0 and region T1)" in found.message
        assert "leads" in found.mend

    def test_fewer_clusters_than_covariates(self, places: Callable[..., Panel]) -> None:
        data, names = self.regional(places), [f"x{j}" for j in range(4)]
        extra = numpy.random.default_rng(2).normal(size=(len(data), 4))
        data = dataclasses.replace(changed(data, **dict(zip(names, extra.T, strict=True))), covariates=tuple(names))
        found = refused(data, estimator="two_way_fixed_effects", covariates=names, cluster="region",
                        inference="cluster_robust")  # fmt: skip
        assert "5 coefficients" in found.message

    def test_enough_clusters_are_not_refused(self, places: Callable[..., Panel]) -> None:
        design = {"estimator": "event_study", "cluster": "region", "inference": "cluster_robust"}
        assert bare(self.regional(places), leads=1, lags=1, **design).inference["method"] == "cluster_robust"

    @pytest.mark.parametrize("estimator", EVERY)
    def test_one_cluster(self, places: Callable[..., Panel], estimator: str) -> None:
        found = refused(changed(treating(places(), "T0"), cluster="England"), estimator=estimator, cluster="nation")
        assert "cluster" in found.message

    @pytest.mark.parametrize("estimator", SYNTHETIC)
    def test_synthetic_methods_have_no_clustered_inference(self, places: Callable[..., Panel], estimator: str) -> None:
        assert "inference of its own" in contradicted(estimator=estimator, inference="cluster_robust")
        found = refused(self.regional(lambda **_: treating(places(), "T0")), estimator=estimator, cluster="region")
        assert "clusters" in found.message


def test_a_comparison_unit_that_covariates_leave_without_weight_is_named(panel: Callable[..., Panel]) -> None:
    generator = numpy.random.default_rng(1)
    sizes = {f"P{i:02d}": float(generator.normal(2.0 if i < 60 else 0.0, 1.0)) for i in range(200)} | {"P199": 4.5}
    rows = [(unit, t, float(generator.normal(100.0, 5.0))) for unit in sizes for t in range(6)]
    data = panel(rows, "continuous", "year", {f"P{i:02d}": 4 for i in range(60)})
    data = dataclasses.replace(changed(data, size=data.frame["unit"].map(sizes)), covariates=("size",))
    result = bare(data, estimator="callaway_santanna", covariates=["size"], inference="cluster_robust")
    assert [unit for unit, _ in result.dropped] == ["P199"]
    assert "would almost surely have been treated" in dict(result.dropped)["P199"]


class TestAnticipation:
    @pytest.mark.parametrize("estimator", [*REGRESSIONS, *SYNTHETIC])
    def test_who_would_take_it_for_untreated_time(self, estimator: str) -> None:
        found = contradicted(estimator=estimator, anticipation=1)
        assert f"{estimator} has no `anticipation`" in found
        assert "choose callaway_santanna" in found


class TestLeavingOutWhatIsIncomplete:
    """A unit that the study leaves out may lack periods: it is in no estimate."""

    @staticmethod
    def holed(data: Panel) -> Panel:
        return dataclasses.replace(data, frame=data.frame[
            ~((data.frame["unit"] == "C2") & (data.frame["time"] >= 33))].reset_index(drop=True))  # fmt: skip

    @pytest.mark.parametrize("estimator", EVERY)
    def test_by_name(self, estimator: str, places: Callable[..., Panel]) -> None:
        data = treating(places(), "T0", "T1")
        whole = data.frame[data.frame["unit"] != "C2"].reset_index(drop=True)
        options = {"estimator": estimator, "inference": "cluster_robust" if estimator not in SYNTHETIC else "placebo"}
        left = bare(self.holed(data), exclude={"C2": "no data from 2003"}, **options)
        assert left.effect.value == bare(dataclasses.replace(data, frame=whole), **options).effect.value
        assert dict(left.dropped)["C2"] == "left out of the comparison: no data from 2003"

    def test_as_a_neighbour(self, places: Callable[..., Panel]) -> None:
        data = dataclasses.replace(self.holed(treating(places(), "T0", "T1")), neighbours=(("C2", "T0"),))
        found = DifferenceInDifferences(exclude_neighbours_of="treated").estimate(data)
        assert dict(found.dropped)["C2"] == "neighbour of T0"

    def test_the_refusal_names_the_ways_out(self, places: Callable[..., Panel]) -> None:
        found = refused(self.holed(treating(places(), "T0")), DataError)
        assert "`design.exclude: {C2: WHY}` or `data.filter: {COLUMN OF UNITS: {not: C2}}`" in found.mend

    def test_all_slips_of_names_at_once(self, places: Callable[..., Panel]) -> None:
        with pytest.raises(DesignError) as caught:
            bare(treating(places(), "T0"), exclude={"c2": "x", "T0": "y"}, comparison=["C3", "C33"])
        told = [problem.sentence() for problem in caught.value.problems]
        assert any("these are treated: T0" in each for each in told)
        assert any("no such untreated unit in the data: c2" in each and "did you mean 'C2'?" in each for each in told)
        assert any("no such untreated unit in the data: C33" in each for each in told)


def test_too_few_donors_for_placebos_name_another_inference(places: Callable[..., Panel]) -> None:
    found = refused(places(never=4), estimator="synthetic_did", inference="placebo")
    assert "`inference: jackknife` or `bootstrap`" in found.mend
    assert found.where == "design.inference"


def test_weights_of_a_synthetic_method_are_named_by_their_own_key(places: Callable[..., Panel]) -> None:
    data = treating(places(), "T0")
    weighted = changed(data, weight=1.0 + (data.frame["unit"] == "C1"))
    found = refused(weighted, estimator="synthetic_control", weights="population")
    assert "takes neither covariates nor weights" in found.message
    assert found.where == "design.weights"


def test_everyone_treated_at_once_points_to_the_starts(write_study: Callable[..., Path]) -> None:
    study = write_study(
        STUDY.format(estimator="two_way_fixed_effects").replace(
            "intervention: {treated_column: treated}", "intervention:\n  label: It begins\n  starts: {A: 2004, B: 2004}"
        )
    )
    (study.parents[1] / "data").mkdir(exist_ok=True)
    rows = [f"{unit},{year},{5 + year % 3}" for unit in "AB" for year in range(2000, 2009)]
    (study.parents[1] / "data" / "rows.csv").write_text("\n".join(["unit,year,n", *rows]))
    with pytest.raises(DesignError) as caught:
        flow.evaluate(load_spec(study))
    found = caught.value.problems[0]
    assert "every unit is treated from 2004 on" in found.message
    assert (found.line, found.source_line.strip()) == (7, "starts: {A: 2004, B: 2004}")
