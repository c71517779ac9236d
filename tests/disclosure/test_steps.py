"""Effects period by period and at pretend dates: differences of them are single counts."""

import math

import pytest

from evalkit.disclosure.steps import WORDS
from evalkit.flow import evaluate
from evalkit.records import Result
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import PANEL, SERIES, Study

STAGGERED = "{kind: difference_in_differences, estimator: callaway_santanna}"


def results(small_study: Study, design: str, profile: str, small: dict[str, int] | None = None) -> tuple[Result, str]:
    primary = evaluate(load_spec(small_study(design, profile, small=small))).primary
    return primary.result, " ".join(primary.notes)


@pytest.mark.parametrize("profile", ["{profile: police}", "{profile: hes}"])
@pytest.mark.parametrize("design", [PANEL, STAGGERED, SERIES])
def test_with_a_hidden_count_none_of_them_is_shown_and_the_page_says_why(small_study, design, profile) -> None:
    bare, _ = results(small_study, design, "")
    assert any(each.kind == "period" for each in bare.placebos) or bare.event_study
    found, notes = results(small_study, design, profile)
    assert found.event_study == ()
    assert not any(each.kind == "period" for each in found.placebos)
    assert found.group_time == ()
    assert not set(found.aggregations or {}) & {"dynamic", "calendar"}
    assert WORDS.strip() in notes


@pytest.mark.parametrize("design", [PANEL, STAGGERED])
def test_without_a_hidden_count_all_of_them_stay(small_study, design) -> None:
    bare, _ = results(small_study, design, "", {})
    found, notes = results(small_study, design, "{profile: police}", {})
    assert found.event_study == bare.event_study != ()
    assert found.placebos == bare.placebos
    assert WORDS.strip() not in notes


@pytest.mark.parametrize("design", [PANEL, STAGGERED])
def test_counts_that_are_rounded_are_not_told_by_them_more_exactly(small_study, design) -> None:
    """A multiple of what rounding moves in one period says no more of a count than the rounded count does."""
    bare, _ = results(small_study, design, "", {})
    found, _ = results(small_study, design, "{profile: hes}", {})
    steps = [each.value for each in found.event_study]
    assert len(steps) == len(bare.event_study) > 0
    apart = [abs(one - other) for one in steps for other in steps if not math.isclose(one, other, abs_tol=1e-9)]
    assert found.effect.scale == "log"
    assert min(apart) >= math.log1p(5 / 34)  # 34 is the largest count of the treated place: rounding moves it by 5
    for value in steps:
        assert value / min(apart) == pytest.approx(round(value / min(apart)), abs=1e-6)
    moved = max(abs(one - each.value) for one, each in zip(steps, bare.event_study, strict=True))
    assert moved <= min(apart) / 2 + 1e-9
