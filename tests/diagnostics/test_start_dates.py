"""Start dates that are coarser than the data speak against, unless the time in doubt is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest

from evalkit.diagnostics.start_dates import WrittenStart, start_dates
from evalkit.flow import evaluate
from evalkit.periods import parse_period
from evalkit.report.ladder import read
from evalkit.report.words import headline
from evalkit.spec.loading import load_spec

WINDOWS = {"before": {"from": "2021-01", "to": "2021-12"}, "after": {"from": "2023-01", "to": "2023-12"}}


def verdict(start: str | int | None, precision: str | None, frequency: str, **design: Any) -> str | None:
    found = start_dates([WrittenStart("A", start, precision)], frequency, design)
    return None if found is None else found.verdict


@pytest.mark.parametrize(
    ("start", "precision", "frequency", "against"),
    [
        ("2022-04", None, "month", False), ("2022-04-12", None, "month", False), ("2022-04", "month", "month", False),
        ("2022-04", "quarter", "month", True), ("2022-04", "year", "month", True), ("2022", None, "month", True),
        ("2022-04-10", "fortnight", "month", False), ("2022-04-25", "fortnight", "month", True),
        ("2022-04", "unknown", "month", True), (None, "unknown", "month", True),
        ("2022-04", "month", "week", True), ("2022-04-12", "day", "day", False), ("2022-04-12", "month", "day", True),
        ("2022-04", "quarter", "quarter", False), ("2022-04", "quarter", "year", False), (2022, "year", "year", False),
        ("2022-04", "year", "financial_year", True), ("2022-04", "month", "financial_year", False),
    ],
)  # fmt: skip
def test_precision_against_the_grain(
    start: str | int | None, precision: str | None, frequency: str, against: bool
) -> None:
    assert verdict(start, precision, frequency) == ("sign against" if against else "no sign against")


@pytest.mark.parametrize(
    ("start", "design", "verdict_of"),
    [
        ("2022-04", {"phase_in": 2}, "no sign against"), ("2022-04", {"phase_in": 1}, "sign against"),
        ("2022-05", {"phase_in": 1}, "sign against"),
        ("2022-05", {"phase_in": 1, "anticipation": 1}, "no sign against"),
        ("2022-06", {"anticipation": 2}, "no sign against"), ("2022-04", WINDOWS, "no sign against"),
        ("2022-04", {**WINDOWS, "after": {"from": "2022-05", "to": "2023-04"}}, "sign against"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_not_in_doubt(start: str, design: Mapping[str, Any], verdict_of: str) -> None:
    assert verdict(start, "quarter", "month", **design) == verdict_of


@pytest.mark.parametrize(
    ("absent", "against"),
    [({"2022-04", "2022-05"}, False), ({"2022-04", "2022-05", "2022-06"}, False), ({"2022-04"}, True),
     ({"2022-05", "2022-06"}, True), (set(), True)],
)  # fmt: skip
def test_a_start_in_a_gap_is_known_where_no_period_with_data_is_in_doubt(absent: set[str], against: bool) -> None:
    start = WrittenStart("A", "2022-04", "quarter", frozenset(parse_period(time, "month") for time in absent))
    found = start_dates([start], "month", {})
    assert found is not None
    assert (found.verdict == "sign against") == against


def test_a_gap_and_what_the_design_leaves_out_add_up() -> None:
    start = WrittenStart("A", "2022-04", "quarter", frozenset({parse_period("2022-05", "month")}))
    for design in ({"phase_in": 1}, {"exclude": [{"from": "2022-04", "to": None, "why": "It began"}]}):
        found = start_dates([start], "month", design)
        assert found is not None
        assert found.verdict == "no sign against"


GAPS: dict[str, tuple[str, set[int], set[int], bool]] = {  # gap, places and months without rows, against?
    "every place": ("{period: {from: 2021-01, to: 2021-02}, why: Not reported}", set(range(8)), {1, 2}, False),
    "that place": ("{period: {from: 2021-01, to: 2021-02}, why: Not reported, unit: E1}", {1}, {1, 2}, False),
    "another place": ("{period: {from: 2021-01, to: 2021-02}, why: Not reported, unit: E5}", {5}, {1, 2}, True),
    "one month of two": ("{period: 2021-01, why: Not reported}", set(range(8)), {1}, True),
}


@pytest.mark.parametrize("case", GAPS)
def test_the_gaps_of_a_study_reach_the_check(write_study: Callable[..., Path], project: Path, case: str) -> None:
    gap, places, months, against = GAPS[case]
    draw = numpy.random.default_rng(4).poisson
    rows = [f"E{place},{year}-{month:02d},{draw(40 + 3 * place)}"
            for place in range(8) for year in (2020, 2021) for month in range(1, 13)
            if not (year == 2021 and month in months and place in places)]  # fmt: skip
    (project / "data" / "rows.csv").write_text("\n".join(["area,month,value", *rows]) + "\n", encoding="utf-8")
    evaluation = evaluate(load_spec(write_study(f"""\
evalkit: 1
title: A roll-out with a hole
question: Did it change?
data: {{source: csv, path: data/rows.csv, unit: area, period: {{column: month, frequency: month}}, gaps: [{gap}]}}
intervention: {{starts: {{E1: 2021-01, E2: 2021-03}}}}
outcomes:
  incidents: {{label: Incidents, column: value, kind: count, better: lower}}
design: {{kind: difference_in_differences, estimator: imputation}}
rollout:
  units: [{{id: E1, name: First, start: 2021-01, date_precision: quarter}}, {{id: E2, start: 2021-03}}]
""")))  # fmt: skip
    found = next(check for check in evaluation.primary.result.diagnostics if check.name == "start_dates")
    assert (found.verdict == "sign against") == against


def test_nothing_dated_is_no_check_and_numbers_are_not_run() -> None:
    assert verdict(None, None, "month") is None
    assert verdict(3, None, "number") == "not run"


def test_every_start_in_doubt_is_named_with_its_reason() -> None:
    starts = [WrittenStart("Leeds", "2022-04", "quarter"), WrittenStart("York", "2022-05"),
              WrittenStart("Hull", None, "unknown")]  # fmt: skip
    found = start_dates(starts, "month", {})
    assert found is not None
    assert found.reading.startswith("2 starts of 3 are not known to the month: Leeds (in any month from April 2022 to "
                                    "June 2022) and Hull (no date is known).")  # fmt: skip
    assert (found.key, found.short) == (True, "start dates are not known to the month")


DESIGNS = {
    "interrupted_time_series": "season: none", "before_after": "before: {from: 2019-01, to: 2020-12}",
}  # fmt: skip


@pytest.mark.parametrize("kind", DESIGNS)
@pytest.mark.parametrize(("precision", "key"), [("quarter", True), ("month", False)])
def test_one_series(write_study: Callable[..., Path], kind: str, precision: str, key: bool) -> None:
    path = write_study()
    text = path.read_text(encoding="utf-8").replace("kind: interrupted_time_series, season: none",
                                                    f"kind: {kind}, {DESIGNS[kind]}")  # fmt: skip
    text += f"rollout: {{units: [{{id: here, start: 2021-01, date_precision: {precision}}}]}}\n"
    evaluation = evaluate(load_spec(write_study(text)))
    signs = [check.name for check in read(evaluation).against]
    assert ("start_dates" in signs) == key
    if kind == "interrupted_time_series":
        said = headline(evaluation).sentence
        assert ("start dates are not known to the month" in said) == key
        assert said.startswith("Not reliable: ") or not key


@pytest.mark.parametrize(("precision", "key"), [("unknown", True), ("month", False)])
def test_places(write_study: Callable[..., Path], project: Path, precision: str, key: bool) -> None:
    draw = numpy.random.default_rng(3).poisson
    rows = [f"E{place},{year}-{month:02d},{draw(40 + 3 * place)}"
            for place in range(8) for year in (2020, 2021) for month in range(1, 13)]  # fmt: skip
    (project / "data" / "rows.csv").write_text("\n".join(["area,month,value", *rows]) + "\n", encoding="utf-8")
    evaluation = evaluate(
        load_spec(
            write_study(f"""\
evalkit: 1
title: A roll-out
question: Did it change?
data: {{source: csv, path: data/rows.csv, unit: area, period: {{column: month, frequency: month}}}}
intervention: {{starts: {{E1: 2021-01, E2: 2021-01}}}}
outcomes:
  incidents: {{label: Incidents, column: value, kind: count, better: lower}}
  harms: {{label: Harms, column: value, kind: count, better: lower, role: secondary}}
sensitivity: [{{id: later, label: Another inference, design: {{inference: cluster_robust}}}}]
design: {{kind: difference_in_differences, estimator: two_way_fixed_effects}}
rollout:
  units: [{{id: E1, start: 2021-01, date_precision: {precision}}}, {{id: E2, start: 2021-01}}, {{id: E3, start: never}}]
""")
        )
    )
    found = next(check for check in evaluation.primary.result.diagnostics if check.name == "start_dates")
    assert (found.verdict == "sign against") == key
    assert found.key
    assert ("E1" in found.reading) == key
    assert "E2" not in found.reading
    dated = {each.id: [check.verdict for check in each.result.diagnostics if check.name == "start_dates"]
             for each in evaluation.analyses}  # fmt: skip
    assert dated.pop("later") == []  # it stands beside the primary one, which says it
    assert list(dated.values()) == [[found.verdict]] * 2
    other = next(each for each in evaluation.analyses if each.role == "secondary")
    assert read(evaluation, other).reliable != key
