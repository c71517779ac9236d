"""Small counts are planted, and every byte that leaves is searched for them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.archive import to_text
from evalkit.disclosure import without_numbers
from evalkit.errors import EvalkitError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import PANEL, SERIES, SMALL, WINDOWS, Study

POPULATION = 700_001.0
"""A number that makes every rate unlike any other: 3 in 700,001 is 0.42857081632 per 100,000."""
SENTINELS = {count: f"{count / POPULATION * 100_000:.12f}"[2:10] for count in SMALL.values()}
"""The first digits of the rate of each small count, as result.json and downloads would hold them."""
PRINTED = {f"{count / POPULATION * 100_000:.{digits}f}" for count in SMALL.values() for digits in (3, 4)}
"""The same as a page would print them."""
DESIGNS = [(SERIES, "{profile: police}"), (PANEL, "{profile: police}"), (WINDOWS, "{profile: police}"),
           (SERIES, "{profile: hes}"), (PANEL, "{profile: hes}"),
           (SERIES, "{profile: custom, min_cell: 6}"), (PANEL, "{profile: custom, min_cell: 6, round_to: 3}"),
           (WINDOWS, "{profile: custom, min_cell: 6}")]  # fmt: skip


def evalkit(project: Path, *arguments: str) -> str:
    """Return what a verb prints, once it has done its work."""
    done = subprocess.run([sys.executable, "-m", "evalkit", *arguments], cwd=project, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def written(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*"))
                     if path.is_file())  # fmt: skip


def test_the_search_finds_what_is_not_hidden(small_study: Study) -> None:
    text = to_text(evaluate(load_spec(small_study(SERIES, "", population=POPULATION))))
    assert all(sentinel in text for sentinel in SENTINELS.values())


@pytest.mark.parametrize(("design", "disclosure"), DESIGNS)
def test_no_sentinel_is_in_any_byte(small_study: Study, design: str, disclosure: str) -> None:
    project = small_study(design, disclosure, population=POPULATION).parent.parent
    seen = evalkit(project, "run", "small") + evalkit(project, "report", "small", "--engine", "bundled")
    found = [folder for folder in ("results", "_site", "studies") if (project / folder).is_dir()]
    text = seen + "".join(written(project / folder) for folder in found)
    assert "_site" in found
    assert "incidents" in text.lower()
    assert [sentinel for sentinel in SENTINELS.values() if sentinel in text] == []
    assert [rate for rate in sorted(PRINTED) if re.search(rf"(?<![0-9]){re.escape(rate)}(?![0-9])", text)] == []


@pytest.mark.parametrize(("design", "disclosure"), DESIGNS)
def test_no_small_count_is_in_the_path(small_study: Study, design: str, disclosure: str) -> None:
    found = evaluate(load_spec(small_study(design, disclosure))).primary.result
    shown = {(point.unit, point.period): point for point in found.path}
    first = found.path[0].unit
    for period in SMALL:
        assert shown[first, period].observed is None
    assert all(point.observed is None or point.observed >= 8 for point in found.path)
    assert found.disclosure is not None
    assert found.disclosure["drawn_by"] == "quarter"
    assert not {cell["period"] for cell in found.disclosure["hidden"]} & set(SMALL)
    assert found.path_without_season == ()
    assert found.cumulative == ()


@pytest.mark.parametrize("profile", ["hes", "police"])
def test_without_small_counts_nothing_is_hidden(small_study: Study, profile: str) -> None:
    found = evaluate(load_spec(small_study(SERIES, f"{{profile: {profile}}}", small={}))).primary.result
    assert found.disclosure is not None
    assert found.disclosure["hidden"] == []
    seen = [point.observed for point in found.path]
    assert all(value is not None and (profile == "police" or value % 5 == 0) for value in seen)


def test_the_effect_stays_as_it_was(small_study: Study) -> None:
    plain = evaluate(load_spec(small_study(SERIES, ""))).primary.result
    hidden = evaluate(load_spec(small_study(SERIES, "{profile: hes}"))).primary.result
    assert hidden.effect == plain.effect
    assert hidden.averted == plain.averted
    assert [point.fitted for point in hidden.path] == [point.fitted for point in plain.path]
    assert plain.disclosure is None


def test_the_difference_of_a_panel_is_hidden_in_both_lines(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(PANEL, "{profile: police}"))).primary.result
    gone = {group: {point.period for point in found.path if point.unit == group and point.observed is None}
            for group in ("treated", "comparison")}  # fmt: skip
    assert gone["treated"] == gone["comparison"] >= set(SMALL)
    assert all(point.counterfactual is None for point in found.path if point.observed is None)


def test_totals_that_are_small_are_refused_without_their_number(small_study: Study) -> None:
    counts = {f"2021-{month:02}": (1 if month < 4 else 0) for month in range(1, 13)}
    with pytest.raises(EvalkitError, match="so few that the effect would give them away") as caught:
        evaluate(load_spec(small_study(WINDOWS, "{profile: police}", small=counts)))
    assert caught.value.problems[0].sentence() == without_numbers(caught.value.problems[0].sentence())


def test_a_variation_that_leaves_out_one_small_month_is_withheld(small_study: Study) -> None:
    more = ("sensitivity:\n"
            "  - {id: shorter, label: Shorter, design: {after: {from: 2021-01, to: 2021-11}}}\n"
            "  - {id: half, label: Half, design: {after: {from: 2021-01, to: 2021-06}}}\n")  # fmt: skip
    path = small_study(WINDOWS, "{profile: police}", small={"2021-12": 3}, more=more)
    found = evaluate(load_spec(path))
    assert [failure.id for failure in found.failures] == ["shorter"]
    assert "difference" in found.failures[0].reason
    assert [analysis.id for analysis in found.analyses] == ["primary", "half"]
    assert found.analyses[1].result.path == ()


def test_a_record_is_read_back_with_its_rule(small_study: Study, project: Path) -> None:
    small_study(SERIES, "{profile: police}")
    evalkit(project, "run", "small")
    document = json.loads((project / "results" / "small" / "result.json").read_text(encoding="utf-8"))
    block = document["analyses"][0]["disclosure"]
    assert block["profile"] == "police"
    assert "Counts from 1 to 4 are hidden (0 is shown)" in block["words"]


def test_other_windows_before_are_not_told_where_one_holds_a_small_count(small_study: Study) -> None:
    windows = "{kind: before_after, before: {from: 2020-01, to: 2020-12}}"
    found = evaluate(load_spec(small_study(windows, "{profile: police}"))).primary.result
    (check,) = [check for check in found.diagnostics if check.name == "choice_of_baseline"]
    assert (check.statistic, check.low, check.high) == (None, None, None)
    assert "is not shown" in check.reading
    assert [baseline.registered for baseline in found.baselines] == [True]
    gone = {point.period for point in found.path if point.observed is None and point.period < "2020"}
    assert "2019-03" in gone
    assert len(gone) > 1


def test_a_national_total_stays_as_published(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(WINDOWS, "{profile: hes, national: true}"))).primary.result
    assert {point.period: point.observed for point in found.path}["2019-03"] == 3
    assert found.disclosure is not None
    assert "national totals" in found.disclosure["words"]
    path = small_study(PANEL, "{profile: hes, national: true}")
    with pytest.raises(EvalkitError, match="8 units are not one national total"):
        evaluate(load_spec(path))
