"""A before/after study with comparison areas: what the page says it is set against."""

from pathlib import Path

import pytest

from evalkit.flow import evaluate
from evalkit.records import Evaluation
from evalkit.report import summary
from evalkit.report.exhibits import headline_figure
from evalkit.report.ladder import read
from evalkit.report.words import headline
from evalkit.spec.loading import load_spec

STUDY = """\
evalkit: 1
title: Patrols
question: Did burglary change by more than elsewhere?
data: {source: csv, path: data/rows.csv, unit: area, period: {column: month, frequency: month}}
intervention: {starts: {North: 2022-01}}
outcomes:
  burglaries: {label: Burglaries, column: burglaries, kind: count, better: lower}
design: {kind: before_after, comparison: never_treated}
"""


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    rows = ["area,month,burglaries"]
    for area, before, after in (("North", 50, 30), ("West", 60, 55)):
        rows += [f"{area},2021-{month:02d},{before + month % 3}" for month in range(1, 13)]
        rows += [f"{area},2022-{month:02d},{after + month % 3}" for month in range(1, 13)]
    for name, text in (("data/rows.csv", "\n".join(rows) + "\n"), ("evaluations/patrols.yaml", STUDY)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    return evaluate(load_spec(tmp_path / "evaluations" / "patrols.yaml"))


def test_the_headline_is_set_against_the_other_areas(evaluation: Evaluation) -> None:
    text = headline(evaluation).text
    assert "fewer in January 2022 to December 2022 than with the change seen in the comparison area." in text
    assert "than in January 2021" not in text


def test_what_cannot_be_said_names_the_other_areas(evaluation: Evaluation) -> None:
    first = summary.cannot_say(evaluation, read(evaluation))[0]
    assert "cannot show that both kinds of areas would have changed alike" in first
    assert "Nothing is compared with but an earlier time" not in first


def test_the_chart_names_the_expected_line(evaluation: Evaluation) -> None:
    figure = headline_figure(evaluation)
    assert figure is not None
    assert "As in other" in figure.wide_svg  # the label breaks here
    assert "As before" not in figure.wide_svg


def test_the_design_scores_as_one_with_a_comparison(evaluation: Evaluation) -> None:
    assert evaluation.evidence["design"]["score"] == 2
    assert evaluation.evidence["design"]["reason"].startswith("A change over time beside that of other areas")
