"""Units left out and earlier dates, quickly: against the whole design run again on what is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.estimators import fitted
from evalkit.designs.difference_in_differences.long_differences import with_long_differences
from evalkit.designs.difference_in_differences.other_runs import placebo_dates, reported, run_again
from evalkit.designs.difference_in_differences.without_units import leave_out
from evalkit.records import Panel

Places = Callable[..., Panel]
ESTIMATORS = ("two_way_fixed_effects", "event_study", "callaway_santanna", "sun_abraham", "imputation", "poisson",
              "synthetic_did")  # fmt: skip


def made(panel: Panel, estimator: str, **options: Any) -> tuple[Any, Any, Any]:
    """Return the design as resolved, the estimate, and its result, clustered where the estimator can be."""
    inference = "placebo" if estimator.startswith("synthetic") else "cluster_robust"
    design = DifferenceInDifferences(estimator=estimator, inference=inference, **options).resolve(panel)
    result, model = fitted(design, panel, adoption(panel, design.before, design.after))
    return design, model, result


def without(panel: Panel, *gone: str) -> Panel:
    frame = panel.frame[~panel.frame["unit"].isin(gone)].reset_index(drop=True)
    return dataclasses.replace(panel, frame=frame)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("weighted", [False, True])
def test_left_out_as_the_whole_design(places: Places, estimator: str, weighted: bool) -> None:
    data, options = places(staggered=True, never=14), {}
    if weighted:
        if estimator in ("synthetic_did", "poisson"):
            options = {"level": 0.9}
        else:
            sizes = {unit: 1.0 + place % 5 for place, unit in enumerate(data.units)}
            data = dataclasses.replace(data, frame=data.frame.assign(weight=data.frame["unit"].map(sizes)))
            options = {"weights": "weight"}
    design, model, result = made(data, estimator, **options)
    found = {one.left_out: one for one in leave_out(design, model, result)[0]}
    for words, gone in (("T1", ["T1"]), ("C3", ["C3"]), ("all units that start in 2007", ["T1", "T4"])):
        expected = run_again(design, without(data, *gone))
        assert found[words].value == pytest.approx(expected.value, abs=1e-6)
        if found[words].low is not None:
            assert (found[words].low, found[words].high) == pytest.approx((expected.low, expected.high), abs=1e-5)
    assert (found["T1"].low is None) == (estimator == "synthetic_did")
    assert result.effect.value == made(data, estimator, **options)[2].effect.value


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_earlier_dates_as_the_whole_design(places: Places, estimator: str) -> None:
    data = places(staggered=True, never=14)
    design, model, result = made(data, estimator)
    found, _ = placebo_dates(design, model, result)
    assert [one.period for one in found] == ["2002", "2003", "2004", "2006"]
    frame = data.frame[data.frame["time"] < 36].reset_index(drop=True)
    for one, date in zip(found, (32, 33, 34), strict=False):
        start = numpy.where(frame["first_time"].notna(), float(date), numpy.nan)
        pretend = dataclasses.replace(data, frame=frame.assign(first_time=start))
        expected = run_again(design, pretend, leads=None, lags=None)
        assert one.value == pytest.approx(expected.value, abs=1e-6)
        if one.low is not None:
            assert (one.low, one.high) == pytest.approx((expected.low, expected.high), abs=1e-5)


def test_where_all_are_treated_the_last_are_the_comparison(places: Places) -> None:
    """Before the first start those that start last are untreated: the estimate is that with them never treated."""
    data = places(staggered=True, never=0)
    found, check = placebo_dates(*made(data, "two_way_fixed_effects"))
    frame = data.frame[data.frame["time"] < 36].reset_index(drop=True)
    start = numpy.where(frame["first_time"] < 38, 33.0, numpy.nan)
    pretend = dataclasses.replace(data, frame=frame.assign(first_time=start))
    expected = DifferenceInDifferences(estimator="two_way_fixed_effects", inference="cluster_robust")
    assert found[1].value == pytest.approx(reported(expected.estimate(pretend, supplements=False)).value)
    assert check.verdict != "not run"


def test_too_short_a_time_before_says_so(places: Places) -> None:
    _, check = placebo_dates(*made(places(), "two_way_fixed_effects", before={"from": 2003, "to": 2005}))
    assert check.reading == "No earlier date has 2 periods on either side before the first start."


@pytest.mark.parametrize("options", [
    {"estimator": "callaway_santanna", "base_period": "varying"}, {"estimator": "imputation"},
    {"estimator": "poisson"}, {"estimator": "sun_abraham"},
])  # fmt: skip
def test_every_estimator_has_an_event_study_for_bounds(places: Places, options: dict[str, str]) -> None:
    data = places(staggered=True)
    estimator = options.pop("estimator")
    design, model, _ = made(data, estimator, **options)
    bounded, words = with_long_differences(design, model)
    whole = made(data, "callaway_santanna", base_period="universal", transform="log")[1].events
    assert bounded.events.reference == -1
    assert bounded.events.times.min() >= -1 - design.leads
    if estimator != "sun_abraham":
        places_of = [whole.times.tolist().index(time) for time in bounded.events.times]
        assert bounded.events.values == pytest.approx(whole.values[places_of])
        assert words.startswith("The bounds are of effects by start and period")
    else:
        assert words == ""


def test_synthetic_methods_have_none(places: Places) -> None:
    design, model, _ = made(places(never=14), "synthetic_did")
    assert with_long_differences(design, model)[0].events is None
