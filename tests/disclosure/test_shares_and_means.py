"""Shares and means: those who have it, those who have not and all of them are looked at; nothing is rounded."""

import math
from pathlib import Path

import pytest

from evalkit.errors import EvalkitError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec

TEXT = """\
evalkit: 1
title: Shares
question: Did it change?
data: {source: csv, path: data/shares.csv, period: month,
  guards: {zero_runs: {waived: Made, by: Test}, sudden_break: {waived: Made, by: Test},
  newest_periods: {waived: Made, by: Test}}}
intervention: {start: 2021-01}
outcomes:
  main: {label: Outcome, column: %s, kind: %s%s, better: lower}
design: {kind: interrupted_time_series, season: none%s}
disclosure: {profile: %s}
"""
TIMES = [f"{year}-{month:02}" for year in (2019, 2020, 2021) for month in range(1, 13)]
FEW_WITH, FEW_WITHOUT, FEW = "2019-03", "2019-08", "2020-02"


def study(project: Path, column: str, kind: str, profile: str, exposure: str = ", exposure: people") -> Path:
    """Write months of 60 people, of whom about a third have it; few have it, few have not, few are there at all."""
    lines = ["month,share,score,people"]
    for at, time in enumerate(TIMES):
        people = 6 if time == FEW else 60
        having = {FEW_WITH: 3, FEW_WITHOUT: 56, FEW: 0}.get(time, 20 + at % 5)
        score = 10 + math.sin(at) + (0.123456 if time == FEW else 0)
        lines.append(f"{time},{having / people},{score},{people}")
    (project / "data" / "shares.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = project / "evaluations" / "shares.yaml"
    scale = ", family: gaussian"
    path.write_text(TEXT % (column, kind, exposure, scale, profile), encoding="utf-8")
    return path


@pytest.mark.parametrize("profile", ["police", "hes"])
def test_shares_of_few_people_are_hidden_and_others_stay_as_they_are(project: Path, profile: str) -> None:
    found = evaluate(load_spec(study(project, "share", "proportion", profile))).primary.result
    assert found.disclosure is not None
    assert found.disclosure["drawn_by"] == "quarter"
    assert all(point.observed is None for point in found.path)
    seen = {point["period"]: point["observed"] for point in found.disclosure["path"]}
    assert seen["2019-Q1"] == pytest.approx((20 + 21 + 3) / 180)
    assert seen["2020-Q2"] == pytest.approx((20 + 21 + 22) / 180)
    assert seen["2020-Q1"] == pytest.approx((20 + 12 % 5 + 0 + 20 + 14 % 5) / 126)


def test_means_of_few_people_are_hidden(project: Path) -> None:
    found = evaluate(load_spec(study(project, "score", "continuous", "hes"))).primary.result
    assert found.disclosure is not None
    quarters = {point["period"]: point["observed"] for point in found.disclosure["path"]}
    expected = (60 * (10 + math.sin(12)) + 6 * (10.123456 + math.sin(13)) + 60 * (10 + math.sin(14))) / 126
    assert quarters["2020-Q1"] == pytest.approx(expected)


def test_shares_of_an_unknown_number_are_refused(project: Path) -> None:
    with pytest.raises(EvalkitError, match="no `exposure` says of how many"):
        evaluate(load_spec(study(project, "share", "proportion", "police", exposure="")))
