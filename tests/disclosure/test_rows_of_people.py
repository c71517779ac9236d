"""Repeated cross-sections: rows are people, so those who have it, have not, and all of a month are looked at."""

import re
from pathlib import Path

import pytest

from evalkit.archive import to_text
from evalkit.errors import EvalkitError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec

TEXT = """\
evalkit: 1
title: Rows of people
question: Did it change?
data: {source: csv, path: data/rows.csv, unit: area, period: month, sampling: repeated_cross_section,
  guards: {zero_runs: {waived: Made, by: Test}, sudden_break: {waived: Made, by: Test},
  newest_periods: {waived: Made, by: Test}}}
intervention: {starts: {A: 2021-01}}
outcomes:
  hurt: {label: Was hurt, column: %s, kind: %s, better: lower}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
disclosure: {profile: %s}
"""
TIMES = [f"{year}-{month:02}" for year in (2020, 2021) for month in range(1, 13)]
ROWS = 61
SMALL = {("A", "2020-05"): 3, ("A", "2021-08"): 2}
SHARES = [f"{hurt / ROWS:.12f}"[2:10] for hurt in SMALL.values()]


@pytest.fixture
def rows(project: Path) -> Path:
    """Write 61 people in each of four areas and 24 months, of whom a third was hurt; in two months few were."""
    lines = ["area,month,hurt,score"]
    for place, area in enumerate("ABCD"):
        for at, time in enumerate(TIMES):
            hurt = SMALL.get((area, time), 18 + (5 * at + 3 * place) % 7)
            lines += [f"{area},{time},{int(row < hurt)},{row % 9}" for row in range(ROWS)]
    (project / "data" / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return project / "evaluations" / "rows.yaml"


def test_shares_of_few_are_nowhere_in_the_record(rows: Path) -> None:
    rows.write_text(TEXT % ("hurt", "binary", "none"), encoding="utf-8")
    plain = to_text(evaluate(load_spec(rows)))
    assert [share for share in SHARES if share not in plain] == []
    rows.write_text(TEXT % ("hurt", "binary", "hes"), encoding="utf-8")
    found = evaluate(load_spec(rows))
    text = to_text(found)
    assert [share for share in SHARES if share in text] == []
    rule = found.primary.result.disclosure
    assert rule is not None
    assert rule["drawn_by"] == "quarter"
    first = next(point for point in rule["path"] if point["unit"] == "treated")
    assert first["observed"] == pytest.approx(sum(18 + 5 * at % 7 for at in range(3)) / (3 * ROWS))
    assert not re.search(r'"why": "small"', text)


def test_means_of_enough_people_are_shown(rows: Path) -> None:
    rows.write_text(TEXT % ("score", "continuous", "hes"), encoding="utf-8")
    found = evaluate(load_spec(rows)).primary.result
    assert found.disclosure is not None
    assert found.disclosure["drawn_by"] == "period"
    assert all(point.observed is not None for point in found.path)


def test_counts_of_rows_that_are_people_are_refused_by_name(rows: Path) -> None:
    rows.write_text(TEXT % ("score", "rate", "hes"), encoding="utf-8")
    with pytest.raises(EvalkitError, match="how many events or people stand behind each number is not known"):
        evaluate(load_spec(rows))
