"""Shares of a before-and-after study are told in percent, and their change in percentage points, once."""

from pathlib import Path

import pytest

from evalkit import flow
from evalkit.report import result_tables, summary
from evalkit.report.ladder import read
from evalkit.report.row_chart import read_rows, row_table
from evalkit.report.words import headline
from evalkit.spec.loading import load_spec

STUDY = """evalkit: 1
title: A made survey
question: How many felt safe?
data:
  source: counts
  values: [{period: 2021, safe: 0.5, asked: 40}, {period: 2022, safe: 0.25, asked: 40}]
intervention: {start: 2022}
outcomes:
  safe: {label: Feels unsafe, column: safe, exposure: asked, kind: proportion, better: lower}
design: {kind: before_after, before: 2021, after: 2022}
"""


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory):
    path: Path = tmp_path_factory.mktemp("survey") / "survey.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return flow.evaluate(load_spec(path))


def test_the_headline_has_its_unit_once(survey):
    answer = headline(survey)
    assert answer.sentence.startswith("Feels unsafe: 25 percentage points lower in 2022 than in 2021.")
    assert answer.detail.count("percentage points lower.") == answer.detail.count("percentage points") == 1


def test_tiles_are_in_percent(survey):
    before, after, change = summary.three_numbers(survey, read(survey))
    assert (before["big"], after["big"]) == ("50.0%", "25.0%")
    assert change["big"] == "25 percentage points lower"


def test_no_number_is_multiplied_twice(survey):
    rows = result_tables.result_table(survey).rows
    values = [row[1].numbers[0] for row in rows]
    assert values == [pytest.approx(-25.0)]
    table = row_table(read_rows(survey.analyses, {}, lambda _: ("circle", False)))
    assert table[0][1] == "Difference, percentage points"
    assert table[1][1].numbers[0] == pytest.approx(-25.0)
