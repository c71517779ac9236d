"""Data that are written in a study file: each analysis that has its own is named in the provenance, with its hash."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.archive import to_document
from evalkit.flow import evaluate, input_hashes
from evalkit.gathering import inputs_of
from evalkit.spec.loading import load_spec

Write = Callable[..., Path]
SIMULATED = """\
evalkit: 1
title: A rehearsal
question: Did it change?
data: {source: simulated, units: 12, treated: 4, periods: 24, period: {start: 2020-01, frequency: month}, seed: 1}
intervention: {start: 2021-01}
outcomes:
  incidents: {label: Incidents, column: value, kind: count, better: lower}
design: {kind: difference_in_differences, estimator: two_way_fixed_effects, inference: cluster_robust}
sensitivity:
  - {id: planted, label: With an effect, data: {effect: -20}}
  - {id: louder, label: With more noise, data: {dispersion: 3}}
  - {id: louder-again, label: The same data in numbers, data: {dispersion: 3}, design: {transform: identity}}
  - {id: numbers, label: In numbers, design: {transform: identity}}
"""
COUNTS = """\
evalkit: 1
title: A series
question: Did it change?
data: {source: counts, period: {start: 2018-01, frequency: month}, values: [%s]}
intervention: {start: 2018-07}
outcomes:
  incidents: {label: Incidents, column: value, kind: count, better: lower}
design: {kind: before_after}
sensitivity: [{id: corrected, label: As corrected, data: {values: [%s]}}]
"""


@pytest.fixture
def rehearsal(write_study: Write) -> Path:
    return write_study(SIMULATED)


def test_each_analysis_with_simulated_data_of_its_own_has_an_input_of_its_own(rehearsal: Path) -> None:
    found = {item["name"]: item for item in to_document(evaluate(load_spec(rehearsal)))["provenance"]["data"]}
    assert list(found) == ["data", "data (louder)", "data (planted)"]
    assert len({item["sha256"] for item in found.values()}) == 3
    assert all((item["rows"], item["first"], item["last"]) == (288, "2020-01", "2021-12") for item in found.values())


def test_the_main_analysis_keeps_its_hash_whatever_the_others_are_made_from(rehearsal: Path) -> None:
    with_others = input_hashes(load_spec(rehearsal))
    rehearsal.write_text(SIMULATED.partition("sensitivity:")[0], encoding="utf-8")
    assert input_hashes(load_spec(rehearsal)) == {"data": with_others["data"]}


def test_a_change_of_one_is_a_change_of_that_one(rehearsal: Path) -> None:
    before = input_hashes(load_spec(rehearsal))
    rehearsal.write_text(SIMULATED.replace("effect: -20", "effect: -10"), encoding="utf-8")
    after = input_hashes(load_spec(rehearsal))
    assert [name for name in before if before[name] != after[name]] == ["data (planted)"]


def test_counts_that_an_analysis_writes_itself(write_study: Write) -> None:
    values = [10, 12, 11, 9, 13, 10, 8, 7, 9, 8, 7, 6]
    spec = load_spec(write_study(COUNTS % (", ".join(map(str, values)), ", ".join(map(str, [11, *values[1:]])))))
    assert [item.name for item in inputs_of(spec)] == ["data.values", "data.values (corrected)"]
    data = json.loads(json.dumps(to_document(evaluate(spec))))["provenance"]["data"]
    assert [item["rows"] for item in data] == [12, 12]
