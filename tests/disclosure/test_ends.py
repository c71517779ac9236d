"""What was recorded at least and at most is not told by an expected value that is said to lie beyond it."""

import json

import pytest

from evalkit import archive
from evalkit.flow import evaluate
from evalkit.records import Evaluation
from evalkit.report.carried import slope_caution
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import SERIES, TIMES, Study

FALLING = {time: max(2, 60 - at) + 3 * (at % 2) for at, time in enumerate(TIMES)}
"""The line goes on below all that was recorded; from 2021-01 on nothing else falls."""
SERIES_SEEN = {time: count if time < "2021" else 30 for time, count in FALLING.items()}
HIDDEN = {**SERIES_SEEN, "2021-05": 2}


def evaluated(small_study: Study, disclosure: str, counts: dict[str, int], design: str = SERIES) -> Evaluation:
    return evaluate(load_spec(small_study(design, disclosure, small=counts)))


@pytest.mark.parametrize("profile", ["{profile: police}", "{profile: hes}"])
def test_with_a_hidden_count_nobody_learns_on_which_side_of_the_recorded_the_line_lies(small_study, profile) -> None:
    bare = evaluated(small_study, "", HIDDEN)
    assert bare.primary.result.fit is not None
    assert bare.primary.result.fit["carried"]["beyond"] == "below"
    assert "below all that was recorded before" in slope_caution(bare)
    found = evaluated(small_study, profile, HIDDEN)
    assert found.primary.result.disclosure is not None
    assert "carried" not in (found.primary.result.fit or {})
    assert slope_caution(found) == ""
    check = next(each for each in found.primary.result.diagnostics if each.name == "length_of_extrapolation")
    assert "is not said: counts are hidden or rounded." in check.reading
    text = json.dumps(archive.to_document(found))
    assert "below all that was recorded" not in text
    level = evaluated(small_study, profile, {**dict.fromkeys(TIMES, 30), "2020-03": 33, "2021-05": 2})
    other = next(each for each in level.primary.result.diagnostics if each.name == "length_of_extrapolation")
    assert (other.verdict, other.reading) == (check.verdict, check.reading)  # silence tells nothing either


def test_counts_that_are_rounded_are_not_told_by_it(small_study) -> None:
    assert "carried" in (evaluated(small_study, "{profile: police}", SERIES_SEEN).primary.result.fit or {})
    assert "carried" not in (evaluated(small_study, "{profile: hes}", SERIES_SEEN).primary.result.fit or {})


def test_a_design_without_a_slope_says_what_it_said(small_study) -> None:
    flat = "{kind: interrupted_time_series, season: none, trend: none, impact: level}"
    checks = [evaluated(small_study, profile, HIDDEN, flat).primary.result.diagnostics
              for profile in ("", "{profile: police}")]  # fmt: skip
    bare, found = (next(each for each in some if each.name == "length_of_extrapolation") for some in checks)
    assert (found.verdict, found.reading) == (bare.verdict, bare.reading)
