"""On which errors bounds under departures rest: said on the page where these may mislead, and only there."""

from __future__ import annotations

import dataclasses

import demo_comparisons
import pytest

from evalkit.designs.difference_in_differences.sensitivity import CLUSTERED, DEALT
from evalkit.report.departures import departure_sentences


@pytest.mark.parametrize("caution", [CLUSTERED, DEALT, ""])
def test_the_page_says_what_the_result_says(caution: str) -> None:
    primary = demo_comparisons.staggered().primary
    usual = departure_sentences(primary)
    rests_on = {"errors": "clustered", "rule": "errors of the event study: clustered", "caution": caution}
    inference = {**(primary.result.inference or {}), "departures": rests_on}
    told = departure_sentences(
        dataclasses.replace(primary, result=dataclasses.replace(primary.result, inference=inference))
    )
    assert told == [*usual, *([caution] if caution else [])]


def test_without_bounds_nothing_is_said() -> None:
    primary = demo_comparisons.staggered().primary
    inference = {"departures": {"caution": DEALT}}
    bare = dataclasses.replace(primary.result, robust_bounds=(), inference=inference)
    assert departure_sentences(dataclasses.replace(primary, result=bare)) == []
