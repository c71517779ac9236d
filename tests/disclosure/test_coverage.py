"""What is told of single places must not give a small number away."""

from pathlib import Path

import pytest

from evalkit.archive import to_document
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import PANEL, SERIES, SMALL, TIMES, Study, usual

ZEROS = {"2018-05": 0, "2018-06": 0, "2018-07": 0}
"""Three months without an event in a place that has about 29 a month: told, where zeros are shown."""


def states(path: Path) -> str:
    coverage = evaluate(load_spec(path)).coverage
    assert coverage is not None
    return next(unit.states for unit in coverage.units if unit.unit in ("A", ""))


def told(*zeros: str) -> str:
    return "".join("z" if time in zeros else "c" for time in TIMES)


@pytest.mark.parametrize("design", [SERIES, PANEL])
@pytest.mark.parametrize("profile", ["", "{profile: police}", "{profile: hes}"])
def test_zeros_are_told_where_the_rule_shows_them(small_study: Study, design: str, profile: str) -> None:
    assert states(small_study(design, profile, small=ZEROS)) == told(*ZEROS)


@pytest.mark.parametrize("design", [SERIES, PANEL])
def test_zeros_are_not_told_where_they_are_hidden(small_study: Study, design: str) -> None:
    path = small_study(design, "{profile: custom, min_cell: 5, zeros: false}", small=ZEROS)
    assert states(path) == told()
    coverage = evaluate(load_spec(path)).coverage
    assert coverage is not None
    assert not coverage.zeros


@pytest.mark.parametrize("design", [SERIES, PANEL])
def test_a_small_count_leaves_no_trace(small_study: Study, design: str) -> None:
    """The same letters, whether a count is small or usual."""
    usual_counts = {time: usual(0, TIMES.index(time)) for time in SMALL}
    found = [to_document(evaluate(load_spec(small_study(design, "{profile: police}", small=small))))["coverage"]
             for small in (SMALL, usual_counts, dict.fromkeys(SMALL, 1))]  # fmt: skip
    assert found[0] == found[1] == found[2]


def test_a_zero_beside_a_number_that_the_study_hides_is_not_told(small_study: Study) -> None:
    more = "{profile: custom, min_cell: 5, also_hidden: [{group: %s, period: 2018-06}]}"
    path = small_study(SERIES, "{profile: police}", small=ZEROS)
    group = evaluate(load_spec(path)).primary.result.path[0].unit
    assert states(small_study(SERIES, more % f'"{group}"', small=ZEROS)) == told()
