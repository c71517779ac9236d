"""Before/after comparisons of hospital data: rounded totals beside a change in percent of the counts themselves."""

import json
import re

import pytest

from evalkit.archive import to_text
from evalkit.errors import EvalkitError
from evalkit.flow import evaluate
from evalkit.report.exhibits import headline_figure
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import WINDOWS, Study, usual
from tests.disclosure.designs import write_design

HES = "{profile: hes}"
BEFORE, AFTER = (sum(usual(0, month) for month in months) for months in (range(36), range(36, 48)))


def test_levels_are_made_of_rounded_totals_and_the_percentage_of_exact_ones(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(WINDOWS, HES, small={}))).primary.result
    plain = evaluate(load_spec(small_study(WINDOWS, "", small={}))).primary.result
    assert BEFORE % 5 != 0
    assert AFTER % 5 != 0
    before, after = (5 * round(total / 5) for total in (BEFORE, AFTER))
    assert found.fit is not None
    assert found.fit["averages"]["before"] == pytest.approx(before / 36)
    assert found.fit["averages"]["after"] == pytest.approx(after / 12)
    assert found.relative == plain.relative
    assert found.relative is not None
    assert found.relative.value == pytest.approx(100 * (AFTER / 12 / (BEFORE / 36) - 1))
    assert found.absolute is None
    assert {round(point.fitted or 0, 9) for point in found.path} == {round(before / 36, 9), round(after / 12, 9)}
    assert {round(point.counterfactual or 0, 9) for point in found.path[36:]} == {round(before / 36, 9)}


def test_no_exact_total_or_level_is_in_the_record(small_study: Study) -> None:
    text = to_text(evaluate(load_spec(small_study(WINDOWS, HES, small={}))))
    exact = [str(BEFORE), str(AFTER), f"{BEFORE / 36:.6f}", f"{AFTER / 12:.6f}"]
    plain = to_text(evaluate(load_spec(small_study(WINDOWS, "", small={}))))
    assert any(number in plain for number in exact)
    assert [number for number in exact if re.search(rf"(?<![0-9.]){re.escape(number)}", text)] == []


def test_comparison_areas_are_rounded_too(project: object) -> None:
    path = write_design(project, "comparison_areas", HES)  # type: ignore[arg-type]
    found = evaluate(load_spec(path)).primary.result
    assert found.fit is not None
    totals = found.fit["comparison"]["totals"]
    assert all(total % 5 == 0 for total in totals.values())
    plain = evaluate(load_spec(write_design(project, "comparison_areas", "{profile: none}"))).primary.result  # type: ignore[arg-type]
    assert plain.fit is not None
    exact = plain.fit["comparison"]["totals"]
    assert totals != exact
    assert all(abs(totals[name] - exact[name]) <= 2.5 for name in exact)
    assert found.effect == plain.effect


@pytest.mark.parametrize("last", [1, 7])
def test_a_window_with_1_to_7_events_shows_no_percentage_either(small_study: Study, last: int) -> None:
    small = {f"2021-{month:02}": 0 for month in range(1, 12)} | {"2021-12": last}
    with pytest.raises(EvalkitError, match="so few that the effect would give them away"):
        evaluate(load_spec(small_study(WINDOWS, HES, small=small)))


def test_the_page_has_its_chart_and_the_check_of_totals_no_number(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(WINDOWS, HES, small={})))
    assert headline_figure(found) is not None
    (check,) = [check for check in found.primary.result.diagnostics if check.name == "small_counts"]
    assert check.reading == "There are enough events. Their totals are shown rounded."
    assert check.statistic is None
    assert str(BEFORE) not in json.dumps(check.reading)
