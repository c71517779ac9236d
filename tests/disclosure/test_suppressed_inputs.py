"""Cells that came suppressed are bounded: all at their lowest and all at their highest value."""

import math
from pathlib import Path
from typing import Any

import pytest

from evalkit.disclosure import hiding
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import TIMES, WINDOWS, Study


def with_stars(path: Path, stars: int) -> Path:
    """Put `*` in the first months after the start, and say what it stands for."""
    table = path.parent.parent / "data" / "small.csv"
    text = table.read_text(encoding="utf-8")
    lines = text.splitlines()
    for at, line in enumerate(lines):
        place, time, _, *rest = line.split(",")
        if time in TIMES[36 : 36 + stars]:
            lines[at] = ",".join([place, time, "*", *rest])
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = path.read_text(encoding="utf-8").replace("better: lower", 'better: lower, suppressed: {"*": [1, 7]}')
    path.write_text(study, encoding="utf-8")
    return path


def test_both_bounds_are_run_and_come_out_as_by_hand(small_study: Study) -> None:
    path = with_stars(small_study(WINDOWS, "", small={}), 3)
    found = evaluate(load_spec(path))
    assert [analysis.id for analysis in found.analyses] == ["primary", "suppressed-lowest", "suppressed-highest"]
    rows = [line.split(",") for line in (path.parent.parent / "data" / "small.csv").read_text().splitlines()[1:]]
    before = sum(int(row[2]) for row in rows if row[1] < "2021") / 36
    known = sum(int(row[2]) for row in rows if row[1] >= "2021" and row[2] != "*")
    for analysis, each in zip(found.analyses, (4, 1, 7), strict=True):
        expected = math.log((known + 3 * each) / 12 / before)
        assert analysis.result.effect.value == pytest.approx(expected, rel=1e-9)
        assert analysis.role == ("primary" if each == 4 else "sensitivity")
    assert any('3 cells "*" were taken as 1.' in note for note in found.analyses[1].notes)


def test_they_are_hidden_like_other_small_counts(small_study: Study) -> None:
    found = evaluate(load_spec(with_stars(small_study(WINDOWS, "{profile: custom, min_cell: 8}", small={}), 3)))
    gone = {point.period for point in found.primary.result.path if point.observed is None}
    assert gone >= {"2021-01", "2021-02", "2021-03"}


def test_bounds_stand_where_they_differ_by_less_than_may_be_seen(small_study: Study) -> None:
    """What they differ by is evalkit's own: 3 for one cell, and no count of the data."""
    found = evaluate(load_spec(with_stars(small_study(WINDOWS, "{profile: police}", small={}), 1)))
    assert [analysis.id for analysis in found.analyses] == ["primary", "suppressed-lowest", "suppressed-highest"]
    assert found.failures == ()
    changes = [analysis.result.effect.value for analysis in found.analyses]
    assert changes[1] < changes[0] < changes[2]
    assert all(analysis.result.path == () for analysis in found.analyses[1:])


def test_a_count_that_is_read_otherwise_is_no_bound_and_stays_withheld(small_study: Study) -> None:
    """A variation that reads one more cell as a range would give that cell away."""
    more = ('sensitivity: [{id: other, label: Other, outcomes: {incidents: {suppressed: {"*": [1, 7], "77": [74, 74]}}'
            "}}]\n")  # fmt: skip
    path = with_stars(small_study(WINDOWS, "{profile: police}", small={"2021-05": 77}, more=more), 1)
    found = evaluate(load_spec(path))
    assert [failure.id for failure in found.failures] == ["other"]


def test_small_counts_are_not_protected_by_values_that_evalkit_put_in(
    small_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three cells taken as 4 and one true 4 add up to 16: who knows the three knows the fourth."""
    hidden, real = [], hiding._hidden_keys

    def watched(*given: Any, **named: Any) -> Any:
        hidden.append({period for _, period in real(*given, **named)})
        return real(*given, **named)

    monkeypatch.setattr(hiding, "_hidden_keys", watched)
    path = with_stars(small_study(WINDOWS, "{profile: custom, min_cell: 8}", small={"2021-05": 4}), 3)
    evaluate(load_spec(path))
    assert hidden[0] > {"2021-01", "2021-02", "2021-03", "2021-05"}
