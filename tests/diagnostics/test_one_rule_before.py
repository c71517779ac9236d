"""One rule for the path before the start: the same departure is judged alike, however it is looked at."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as draw

from evalkit.diagnostics import comparison, extrapolation
from evalkit.diagnostics.words import MATTERS
from evalkit.records import Diagnostic, EventTime


def judged(value: float, reach: float, effect: float) -> dict[str, Diagnostic]:
    """Return every check of the path before that saw one departure, with an interval around it that holds none."""
    low, high = value - reach, value + reach
    lead = EventTime(-2, value, reach / 2, low, high, -max(abs(low), abs(high)), max(abs(low), abs(high)))
    return {
        "leads": comparison.pre_period_leads([lead], 1.0, 0.4, "log", "", effect),
        "anticipation": comparison.anticipation(value, low, high, 0.4, "log", "", effect),
        "bend": extrapolation.pre_period_linearity(extrapolation.Bend(value, low, high, 0.4), "log", "", effect),
    }


@given(value=draw.floats(-0.5, 0.5), beyond=draw.floats(0.001, 1.0), effect=draw.floats(0.01, 2.0),
       sign=draw.sampled_from([-1, 1]))  # fmt: skip
def test_gaps_and_bends_are_judged_alike(value: float, beyond: float, effect: float, sign: int) -> None:
    reach = abs(value) + beyond
    largest = abs(value) + reach
    found = judged(value, reach, sign * effect)
    weak = largest >= MATTERS * effect
    assert {check.verdict for check in found.values()} == {"too weak to tell" if weak else "no sign against"}
    size = "of a quarter of the effect or more"
    for name, check in found.items():
        noun = "bend" if name == "bend" else "gap"
        assert "cannot rule out" in check.reading
        assert (f"a {noun} that matters, {size}, is among them" in check.reading) == weak
        assert (f"{noun.capitalize()}s that matter, {size}, are not among them" in check.reading) != weak


@pytest.mark.parametrize("share", [0.99, 0.5, 0.26])
def test_a_gap_just_smaller_than_the_effect_is_not_called_harmless(share: float) -> None:
    effect = math.log(0.71)
    for check in judged(0.0, share * abs(effect), effect).values():
        assert check.verdict == "too weak to tell"
