"""Counts of which some start has none in a period: named, with what was expected there and the ways out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy
import pytest

from evalkit.designs import DifferenceInDifferences
from evalkit.errors import DesignError
from evalkit.records import Panel


@pytest.fixture
def thin(places: Callable[..., Panel]) -> Callable[..., Panel]:
    """Return about three events a place and year, none of them in some places' years."""

    def make(**empty: tuple[int, ...]) -> Panel:
        data = places(staggered=True)
        values = numpy.random.default_rng(8).poisson(data.frame["value"] / 150.0) + 1.0
        for unit, years in empty.items():
            there = (data.frame["unit"] == unit) & data.frame["time"].isin([year - 1970 for year in years])
            values[there.to_numpy()] = 0.0
        return dataclasses.replace(data, frame=data.frame.assign(value=values))

    return make


def test_units_periods_and_what_was_expected_are_named(thin: Callable[..., Panel]) -> None:
    data = thin(T0=(2009, 2010), T3=(2009, 2010), T2=(2011,), T5=(2011,))
    with pytest.raises(DesignError) as caught:
        DifferenceInDifferences(estimator="poisson").estimate(data, supplements=False)
    (found,) = caught.value.problems
    assert "no event was seen in 3 combinations of start and period" in found.message
    assert "T0 and T3 (start 2006) in 2009 and 2010 (" in found.message
    assert "T2 and T5 (start 2008) in 2011 (" in found.message
    assert found.message.count(" expected)") == 2
    for way in ("longer periods", "one start", "window after", "two_way_fixed_effects with `transform: identity`"):
        assert way in found.mend
    assert found.where == "design.estimator"


def test_one_place_of_a_start_may_have_none(thin: Callable[..., Panel]) -> None:
    result = DifferenceInDifferences(estimator="poisson").estimate(thin(T0=(2009,)), supplements=False)
    assert numpy.isfinite(result.effect.value)


def test_the_way_out_that_is_named_puts_the_ratio_beside(thin: Callable[..., Panel]) -> None:
    data = thin(T0=(2009,), T3=(2009,))
    result = DifferenceInDifferences(
        estimator="two_way_fixed_effects", transform="identity", inference="cluster_robust"
    ).estimate(data)
    other = next(row for row in result.scales if row.scale == "proportional")
    assert "one Poisson ratio for all treated rows" in other.rule
    assert other.percent is not None
