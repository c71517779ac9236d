"""A change that comes from carrying a slope on is said so on the first side, before the other cautions."""

from __future__ import annotations

import dataclasses
from typing import Any

import demo
import pytest

from evalkit.records import Analysis, Evaluation
from evalkit.report.carried import slope_caution
from evalkit.report.ladder import read
from evalkit.report.summary import cannot_say

BEYOND = {"before": 12, "after": 6, "beyond": "above"}
LINE = ("That the expected value is right: it rests on a line made from 12 months and carried 6 on, to values above "
        "all that was recorded before.")  # fmt: skip


def study(carried: dict[str, Any] | None = None, *others: Analysis, **changes: Any) -> Evaluation:
    """Return the seat-belt study, with its line carried so far and with these analyses beside it."""
    base = demo.seat_belts()
    fit = {key: value for key, value in (base.primary.result.fit or {}).items() if key != "carried"}
    result = dataclasses.replace(base.primary.result, fit=fit | ({"carried": carried} if carried else {}), **changes)
    return dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result), *others))


def flat(*change: float | None, role: str = "sensitivity", **design: Any) -> Analysis:
    """Return the same analysis without a slope."""
    primary = demo.seat_belts().primary
    result = dataclasses.replace(primary.result, relative=demo.percent(*change))
    options = {**primary.design, "trend": "none", **design}
    return dataclasses.replace(primary, id="flat", role=role, design=options, result=result)


def test_a_line_carried_beyond_all_that_was_recorded_comes_before_other_cautions() -> None:
    found = study(BEYOND)
    assert slope_caution(found) == LINE
    bare = dataclasses.replace(found, study={**found.study, "narrative": {}})
    assert cannot_say(bare, read(bare))[1] == LINE  # after what the design itself cannot say
    assert cannot_say(bare, read(bare), full=True)[1] == LINE
    assert "below all that" in slope_caution(study({**BEYOND, "beyond": "below"}))


def test_nothing_is_said_where_the_line_stays_within() -> None:
    assert slope_caution(study()) == ""
    assert slope_caution(demo.castle()) == ""


def test_the_change_without_a_slope_is_given_where_it_was_computed() -> None:
    words = "That the slope does not matter: beside the level before, with no slope, it is 4% fewer (95% interval: 20% "
    assert slope_caution(study(BEYOND, flat(-4, -20, 15))) == f"{words}fewer to 15% more)."
    assert slope_caution(study(None, flat(-4, -20, 15))) == f"{words}fewer to 15% more)."
    assert "with no slope, it is 4% fewer (no interval)." in slope_caution(study(BEYOND, flat(-4, None, None)))


def test_a_change_that_stands_without_a_slope_does_not_come_from_it() -> None:
    assert slope_caution(study(None, flat(-12, -20, -3))) == ""
    assert "12% more" in slope_caution(study(None, flat(12, 3, 20)))
    uncertain = study(None, flat(-12, -20, -3), relative=demo.percent(-8, -21, 4))
    assert slope_caution(uncertain) == ""


@pytest.mark.parametrize("other", [
    flat(-4, -20, 15, trend="linear"), flat(-4, -20, 15, kind="before_after"),
    flat(-4, -20, 15, exclude=[{"from": "1974-01", "to": "1974-12"}]), flat(-4, -20, 15, role="secondary"),
    dataclasses.replace(flat(-4, -20, 15), first_treated="1980-01"),
])  # fmt: skip
def test_another_analysis_that_differs_in_more_is_not_taken(other: Analysis) -> None:
    assert slope_caution(study(BEYOND, other)) == LINE
