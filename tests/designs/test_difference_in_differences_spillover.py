"""Neighbours of treated units: who leaves the comparison, and what the programme did next door."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.roll_out import neighbours_left_out
from evalkit.designs.difference_in_differences.spillover import next_door, spillover_check
from evalkit.diagnostics.spillover import spillover_to_neighbours
from evalkit.errors import DesignError
from evalkit.records import Diagnostic, Panel

PAIRS = (("C0", "T0"), ("C1", "T0"), ("C1", "T2"), ("C2", "T1"), ("C3", "C4"), ("C5", "T3"), ("T0", "T1"))


def beside(panel: Panel, next_to: float = 0.0, **options: Any) -> Panel:
    """Return the panel with its neighbours, those of treated units raised by `next_to` from the start next door."""
    starts = {"C0": 36, "C1": 36, "C2": 37, "C5": 36}
    since = panel.frame["unit"].map(starts).fillna(99)
    values = panel.frame["value"] * numpy.exp(next_to * (panel.frame["time"] >= since))
    frame = panel.frame.assign(value=values, **options)
    return dataclasses.replace(panel, frame=frame, neighbours=PAIRS)


def check(panel: Panel, **options: Any) -> Diagnostic:
    design = DifferenceInDifferences(**options).resolve(panel)
    return spillover_check(design, panel, design.estimate(panel, supplements=False))


class TestLeftOut:
    def test_of_all_treated_units(self, places: Callable[..., Panel]) -> None:
        data = beside(places(staggered=True))
        result = DifferenceInDifferences(exclude_neighbours_of="treated").estimate(data, supplements=False)
        assert dict(result.dropped) == {
            "C0": "neighbour of T0", "C1": "neighbour of T0 and T2", "C2": "neighbour of T1", "C5": "neighbour of T3",
        }  # fmt: skip
        assert result.n_units == 8
        found = next(check for check in result.diagnostics if check.name == "units_left_out")
        assert found.verdict == "no sign against"
        assert "C2 (neighbour of T1)" in found.reading

    def test_of_units_by_name(self, places: Callable[..., Panel]) -> None:
        study = adoption(beside(places()), None, None)
        assert neighbours_left_out(study, PAIRS, ["T2", "C3"]) == {"C1": "neighbour of T2", "C4": "neighbour of C3"}
        assert neighbours_left_out(study, PAIRS, []) == {}

    def test_of_units_that_the_estimate_leaves_out_too(self, places: Callable[..., Panel]) -> None:
        data = beside(places())
        early = data.frame["first_time"].where(data.frame["unit"] != "T3", 20.0)
        study = adoption(dataclasses.replace(data, frame=data.frame.assign(first_time=early)), None, None)
        assert "C5" in neighbours_left_out(study, PAIRS, "treated")

    @pytest.mark.parametrize(("pairs", "wanted", "words"), [
        ((), "treated", "there is no table of neighbours"), (PAIRS, ["t1"], "no such units in the data: t1"),
    ])  # fmt: skip
    def test_what_is_refused(self, places: Callable[..., Panel], pairs: Any, wanted: Any, words: str) -> None:
        with pytest.raises(DesignError, match=words) as caught:
            neighbours_left_out(adoption(places(), None, None), pairs, wanted)
        assert caught.value.problems[0].mend

    def test_nobody_is_left(self, places: Callable[..., Panel]) -> None:
        data = dataclasses.replace(places(), neighbours=tuple((f"C{i}", "T0") for i in range(6)))
        with pytest.raises(DesignError, match="no comparison unit is left without C0, C1"):
            DifferenceInDifferences(exclude_neighbours_of="treated").estimate(data, supplements=False)


class TestNextDoor:
    def test_who_starts_when(self, places: Callable[..., Panel]) -> None:
        """T0 and T3 start in 36, T1 and T4 in 37, T2 and T5 in 38."""
        study = adoption(beside(places(staggered=True)), None, None)
        starts, rest = next_door(study, PAIRS, set())
        assert starts == {"C0": 36, "C1": 36, "C2": 37, "C5": 36}
        assert rest == ["C3", "C4"]
        assert next_door(study, PAIRS, {"C0", "C3"}) == ({"C1": 36, "C2": 37, "C5": 36}, ["C4"])

    def test_next_to_one_that_always_had_it_is_in_neither_group(self, places: Callable[..., Panel]) -> None:
        data = beside(places())
        early = data.frame["first_time"].where(data.frame["unit"] != "T3", 20.0)
        study = adoption(dataclasses.replace(data, frame=data.frame.assign(first_time=early)), None, None)
        starts, rest = next_door(study, PAIRS, set())
        assert "C5" not in {*starts, *rest}

    @pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "callaway_santanna", "imputation"])
    def test_a_rise_next_door_is_found(self, places: Callable[..., Panel], estimator: str) -> None:
        data = beside(places(staggered=True, never=16), next_to=0.15)
        found = check(data, estimator=estimator)
        assert found.verdict == "sign against"
        assert found.statistic == pytest.approx(100 * math.expm1(0.15), abs=4.0)
        assert found.low > 0.0
        assert "the 4 places next to places with it changed by +" in found.reading
        assert "beside the 12 places that adjoin none" in found.reading
        assert "as they would if what it drove away went next door" in found.reading
        assert "makes the effect look larger" in found.reading
        assert len(found.short.split()) <= 14

    def test_nothing_next_door(self, places: Callable[..., Panel]) -> None:
        found = check(beside(places(staggered=True, never=16)), estimator="callaway_santanna")
        assert found.verdict == "no sign against"
        assert "The interval includes no change." in found.reading

    def test_the_treated_ones_do_not_enter(self, places: Callable[..., Panel]) -> None:
        data = beside(places(never=16), next_to=0.1)
        treated = data.frame["first_time"].notna()
        other = dataclasses.replace(data, frame=data.frame.assign(value=data.frame["value"].where(~treated, 77.0)
                                                                  + data.frame["time"] * treated))  # fmt: skip
        first, second = (check(each, estimator="two_way_fixed_effects") for each in (data, other))
        assert (first.statistic, first.low, first.high) == (second.statistic, second.low, second.high)

    def test_left_out_neighbours_are_looked_at_all_the_same(self, places: Callable[..., Panel]) -> None:
        data = beside(places(never=16), next_to=0.15)
        found = check(data, exclude_neighbours_of="treated", estimator="two_way_fixed_effects")
        assert found.verdict == "sign against"
        assert "They are left out of the comparison." in found.reading


class TestNotRun:
    def test_without_a_table(self, places: Callable[..., Panel]) -> None:
        found = check(places())
        assert found.verdict == "not run"
        assert "`data: {neighbours: FILE}`" in found.reading

    def test_without_neighbours_or_others(self, places: Callable[..., Panel]) -> None:
        data = places()
        alone = check(dataclasses.replace(data, neighbours=(("C0", "C1"),)))
        assert (alone.verdict, alone.reading) == ("not run", "No place without the programme adjoins one with it.")
        crowded = check(dataclasses.replace(data, neighbours=tuple((f"C{i}", "T0") for i in range(6))))
        assert crowded.verdict == "not run"
        assert "none is left to compare with" in crowded.reading

    def test_without_an_interval_there_is_no_verdict(self) -> None:
        found = spillover_to_neighbours(1, 1, (3.2, None, None), "percent", -10.0, left_out=False, how="x")
        assert found.verdict == "not run"
        assert "the 1 place next to places with it changed by +3.2%, beside the 1 place that adjoins none" in (
            found.reading
        )
