"""Simulated files in place of data that are not there: of the study's shape, read as the study reads, and marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas
import pytest

from evalkit import flow, registration
from evalkit.errors import DataError, SpecError
from evalkit.rehearsal import Wishes, absent_data, rehearse
from evalkit.spec.loading import SIMULATED, Spec, load_spec
from tests.flow.plans import PLAN

Write = Callable[..., Path]
HEAD = """\
evalkit: 1
title: To come
question: Does it change?
"""
SERIES = (
    HEAD
    + """\
data: {source: csv, path: data/series.csv, period: {column: month, frequency: month}}
intervention: {start: 2026-01}
outcomes: {incidents: {label: Incidents, kind: count, better: lower}}
design: {kind: interrupted_time_series, season: none}
"""
)
ROWS = HEAD + """\
data:
  source: csv
  path: data/incidents.csv
  separator: semicolon
  unit: force
  period: {column: date, frequency: quarter}
  filter: {status: {not: withdrawn}, force: [Avon, Kent, Essex, Surrey]}
intervention: {starts: {Avon: 2025-Q1, Kent: 2025-Q3}}
outcomes:
  knife: {label: Knife crime, kind: rate, count: rows, filter: {kind: knife}, exposure: people, per: 100000,
          better: lower}
  burglary: {label: Burglary, kind: count, count: rows, filter: {kind: [burglary, "house, broken"]},
             role: negative_control}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects}
subgroups:
  - {id: young, label: Young, by: age, data: {filter: {age: {from: 10, to: 25}}}}
"""  # fmt: skip
TABLES = (
    HEAD
    + """\
data:
  source: excel
  path: data/counts.xlsx
  sheet: Counts
  header_row: 3
  unit: area
  period: {column: year, frequency: year}
  exposures: {people: {path: data/people.csv, column: count, unit: area, period: year, filter: {sex: all}}}
  neighbours: data/pairs.csv
intervention: {table: data/starts.csv}
outcomes: {offences: {label: Offences, kind: rate, exposure: people, per: 1000, better: lower}}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects, covariates: [income], weights: size,
         exclude_neighbours_of: treated}
"""
)


@pytest.fixture
def planned(write_study: Write) -> Callable[..., Spec]:
    def loaded(text: str) -> Spec:
        return load_spec(write_study(text), planned=True)

    return loaded


@pytest.fixture
def rehearsed(planned, monkeypatch) -> Callable[..., Spec]:
    """Rehearse a study, and load it again as `--simulated` does."""

    def loaded(text: str, **wishes) -> Spec:
        spec = planned(text)
        rehearse(spec, Wishes(**wishes))
        monkeypatch.setenv(SIMULATED, "1")
        return load_spec(spec.path)

    return loaded


def made(spec: Spec, path: str) -> pandas.DataFrame:
    return pandas.read_csv(spec.folders.rehearsal / path)


def test_the_places_periods_and_starts_of_the_study_file(rehearsed):
    spec = rehearsed(PLAN)
    frame = made(spec, "data/attendances.csv")
    assert list(frame.columns) == ["hospital", "month", "age", "attendances", "falls", "simulated"]
    assert set(frame["hospital"]) == {"North", "South", "East", "West"}
    assert (frame["month"].min(), frame["month"].max()) == ("2023-01", "2028-02")
    assert set(frame["simulated"]) == {1}
    evaluation = flow.evaluate(spec)
    assert evaluation.simulated
    assert evaluation.failures == ()
    assert evaluation.primary.first_treated == "2026-01"
    assert evaluation.primary.result.n_treated_units == 2


def test_a_series(rehearsed):
    evaluation = flow.evaluate(rehearsed(SERIES, first="2020-01", last="2027-12"))
    assert evaluation.simulated
    assert evaluation.primary.result.n_observations == 96


def test_expected_coverage_says_which_places_and_periods(rehearsed):
    expected = "  expected_coverage: {from: 2024-01, to: 2027-06, units: [North, South, East, West, Mid]}\n"
    spec = rehearsed(PLAN.replace("  unit: hospital\n", f"  unit: hospital\n{expected}"))
    frame = made(spec, "data/attendances.csv")
    assert set(frame["hospital"]) == {"North", "South", "East", "West", "Mid"}
    assert (frame["month"].min(), frame["month"].max()) == ("2024-01", "2027-06")


def test_a_copy_of_simulated_data_stays_marked(rehearsed, project, monkeypatch):
    spec = rehearsed(SERIES)
    source = spec.folders.rehearsal / "data" / "series.csv"
    (project / "data" / "series.csv").write_bytes(source.read_bytes())
    monkeypatch.delenv(SIMULATED)
    assert flow.evaluate(load_spec(spec.path)).simulated


def test_the_planted_effect_is_found_and_a_negative_control_has_none(rehearsed):
    spec = rehearsed(PLAN, effect=-30.0, comparison=8, seed=5)
    evaluation = flow.evaluate(spec)
    assert evaluation.primary.result.relative.value == pytest.approx(-30, abs=6)
    assert evaluation.analysis("falls").result.relative.value == pytest.approx(0, abs=6)


def test_rows_that_are_counted_in_every_group_of_the_filters(rehearsed):
    spec = rehearsed(ROWS, baseline=20.0)
    frame = pandas.read_csv(spec.folders.rehearsal / "data/incidents.csv", sep=";")
    assert set(frame["kind"]) == {"knife", "burglary", "house, broken"}
    assert "withdrawn" in set(frame["status"])
    evaluation = flow.evaluate(spec)
    assert evaluation.failures == ()
    assert {analysis.id for analysis in evaluation.analyses} == {"primary", "burglary", "young"}
    assert all(analysis.simulated for analysis in evaluation.analyses)


def test_workbooks_and_tables_beside_the_data(rehearsed, project):
    starts = "unit,start\n" + "".join(f"A{at},{2020 + at % 3}\n" for at in range(9))
    (project / "data" / "starts.csv").write_text(starts, encoding="utf-8")
    spec = rehearsed(TABLES)
    assert set(absent_data(spec)) == {"data/counts.xlsx", "data/people.csv", "data/pairs.csv"}
    evaluation = flow.evaluate(spec)
    assert evaluation.simulated
    assert evaluation.primary.result.n_treated_units > 0


def test_the_same_seed_gives_the_same_bytes(planned):
    spec = planned(PLAN)

    def content(seed: int) -> bytes:
        return (rehearse(spec, Wishes(seed=seed)) / "data" / "attendances.csv").read_bytes()

    assert content(1) == content(1)
    assert content(1) != content(2)


def test_real_data_come_first_and_never_mix_with_simulated_tables(rehearsed, project):
    text = TABLES.replace("source: excel", "source: csv").replace("counts.xlsx", "counts.csv")
    text = text.replace("  sheet: Counts\n", "").replace("  header_row: 3\n", "")
    (project / "data" / "starts.csv").write_text("unit,start\nA,2020\n", encoding="utf-8")
    spec = rehearsed(text)
    source = spec.folders.rehearsal / "data" / "counts.csv"
    (project / "data" / "counts.csv").write_bytes(source.read_bytes())
    with pytest.raises(SpecError, match=r"people\.csv does not exist"):
        load_spec(spec.path)


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("path: data/attendances.csv", f"path: data/attendances.csv\n  sha256: {'a' * 64}", SpecError, "yet to come"),
        ("North: 2026-01, South: 2026-03", "North: never, South: never", DataError, ""),
    ],
)
def test_what_cannot_be_rehearsed(planned, old, new, error, says):
    spec = planned(PLAN.replace(old, new))
    if error is DataError:
        assert rehearse(spec)  # nothing is ever treated: that is for the run to say
        return
    with pytest.raises(error, match=says):
        rehearse(spec)


def test_the_plan_is_the_same_on_simulated_data(rehearsed, planned):
    spec = rehearsed(PLAN)
    assert registration.plan_of(spec) == registration.plan_of(planned(PLAN))
    assert registration.plan_of(replace(spec, folders=planned(PLAN).folders)) == registration.plan_of(spec)
