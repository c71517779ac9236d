"""A place without a start: an error where it would be counted as never treated, a note where nothing is estimated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from evalkit.errors import SpecError
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
STUDY = """\
evalkit: 1
title: A roll-out
question: Did it change?
data: {{source: csv, path: data/rows.csv, unit: area, period: {{column: year, frequency: year}}}}
intervention: {{starts: {{{starts}}}}}
outcomes:
  incidents: {{label: Incidents, column: value, kind: count, better: lower}}
design: {{kind: difference_in_differences, estimator: two_way_fixed_effects{exclude}}}
rollout: {{units: [{units}]}}
"""
THEORY = """\
evalkit: 1
title: A theory
question: How should it work?
design: {kind: theory_only}
rollout:
  units: [{id: North, start: 2022, source: Plan}, {id: South, source: Plan}, {id: East, date_precision: unknown}%s]
"""
SERIES = """\
evalkit: 1
title: One place
question: Did it change?
data: {source: csv, path: data/one.csv, period: {column: year, frequency: year}}
intervention: {start: 2012}
outcomes:
  incidents: {label: Incidents, column: value, kind: count, better: lower}
design: {kind: before_after}
rollout: {units: [{id: here}]}
"""


@pytest.fixture
def study(write_study: Write, project: Path) -> Callable[..., Path]:
    rows = [f"E{area},{year},{20 + area}" for area in range(1, 6) for year in range(2010, 2016)]
    (project / "data" / "rows.csv").write_text("\n".join(["area,year,value", *rows]) + "\n", encoding="utf-8")

    def write(starts: str, units: str, exclude: str = "") -> Path:
        return write_study(STUDY.format(starts=starts, units=units, exclude=exclude))

    return write


def test_an_undated_place_is_an_error_where_places_are_compared_by_their_starts(study: Callable[..., Path]) -> None:
    path = study("E1: 2013", "{id: E1, start: 2013}, {id: E2}, {id: third, name: E3, date_precision: unknown}")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert [problem.where for problem in caught.value.problems] == ["rollout.units.1", "rollout.units.2"]
    assert "'E2' has no start, and would be counted as never treated; find out when it began, or write never; until " \
           "then leave it out by name (design.exclude)" in str(caught.value)  # fmt: skip
    load_spec(path, planned=True)  # a plan may be written before the dates are known; it is not locked so


def test_a_place_with_nothing_behind_its_name_among_the_starts_is_undated_too(study: Callable[..., Path]) -> None:
    with pytest.raises(SpecError, match=r"intervention\.starts\.E2: 'E2' has no start"):
        load_spec(study("E1: 2013, E2: null", "{id: E1, start: 2013}"))


@pytest.mark.parametrize(
    ("starts", "units", "exclude"),
    [
        ("E1: 2013", "{id: E1, start: 2013}, {id: E2, start: never}", ""),
        ("E1: 2013, E2: never", "{id: E1, start: 2013}, {id: E2}", ""),
        ("E1: 2013", "{id: E1, start: 2013}, {id: E2}", ", exclude: {E2: No date is printed}"),
        ("E1: 2013", "{id: E1, start: 2013}, {id: two, name: E2}", ", exclude: {E2: No date is printed}"),
        ("E1: 2013, E2: null", "{id: E1, start: 2013}", ", exclude: {E2: No date is printed}"),
    ],
)
def test_never_and_left_out_are_no_errors(study: Callable[..., Path], starts: str, units: str, exclude: str) -> None:
    load_spec(study(starts, units, exclude))


def noted(path: Path) -> str:
    found = CliRunner().invoke(app, ["check", str(path)])
    assert found.exit_code == 0, found.output
    return " ".join(found.output.split())


def test_check_names_the_undated_places_of_a_theory(write_study: Write) -> None:
    said = noted(write_study(THEORY % ""))
    assert "has 2 units of the roll-out without a start: South, East (no source either). Before cannot be told" in said
    assert "rollout.units, or `start: never`." in said
    assert "North" not in said


def test_check_says_nothing_where_every_place_is_dated(write_study: Write) -> None:
    text = THEORY % ", {id: West, start: never}"
    text = text.replace("{id: South, ", "{id: South, start: 2023-01, ")
    assert "without a start" not in noted(write_study(text.replace("date_precision: unknown", "start: 2021")))


def test_one_place_that_is_dated_elsewhere_is_noted_and_no_error(write_study: Write, project: Path) -> None:
    rows = [f"{year},{20 + year % 3}" for year in range(2008, 2016)]
    (project / "data" / "one.csv").write_text("\n".join(["year,value", *rows]) + "\n", encoding="utf-8")
    assert "has 1 unit of the roll-out without a start: here (no source either)" in noted(write_study(SERIES))
