"""Numbers that stand in the study file cannot be hidden: it is published beside the page."""

import json
from pathlib import Path

import pytest

from evalkit.errors import SpecError
from evalkit.flow import evaluate
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import WINDOWS, Study

COUNTS = """\
evalkit: 1
title: Two numbers
question: Did it change?
data: {source: counts, period: {start: 2020, frequency: year}, values: [30, 3]}
intervention: {start: 2021}
outcomes: {incidents: {label: Incidents, kind: count, better: lower}}
design: {kind: before_after}
disclosure: {profile: %s}
"""


def test_numbers_written_there_are_refused(project: Path) -> None:
    path = project / "evaluations" / "two.yaml"
    path.write_text(COUNTS % "police", encoding="utf-8")
    with pytest.raises(SpecError, match="published with the page, so none of them can be hidden"):
        load_spec(path)
    path.write_text(COUNTS % "none", encoding="utf-8")
    assert evaluate(load_spec(path)).primary.result.disclosure is None


@pytest.mark.parametrize("reference", ["{counts: [1, 4, 30]}", "[{mean: 9, variance: 20}, {counts: {1: 5, 30: 2}}]"])
def test_counts_of_single_places_there_are_refused(small_study: Study, reference: str) -> None:
    design = WINDOWS.replace("}", f", selection: {{rule: top_share, share: 0.5, reference: {reference}}}}}")
    with pytest.raises(SpecError, match="counts of single places stand in this file"):
        load_spec(small_study(design, "{profile: hes}"))
    load_spec(small_study(design, ""))


def test_rounding_goes_with_before_and_after(small_study: Study) -> None:
    found = evaluate(load_spec(small_study(WINDOWS, "{profile: custom, min_cell: 6, round_to: 3}")))
    assert found.primary.result.disclosure is not None
    assert found.primary.result.disclosure["rounded_to"] == 3
    assert json.dumps(found.study["disclosure"])
