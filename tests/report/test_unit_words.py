"""A study that is not of places says what its units are: groups of people, schools, wards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import demo
import pytest
from conftest import Rendered

from evalkit.evidence import WHY
from evalkit.records import Coverage, Evaluation, UnitCoverage
from evalkit.report import summary, words
from evalkit.report.coverage_words import coverage_sentences, read_coverage
from evalkit.report.unit_words import in_units, plural
from evalkit.spec.reading import read_yaml

ROOT = Path(__file__).resolve().parents[2]


def grouped(made: Evaluation) -> Evaluation:
    analyses = tuple(replace(each, unit_label="group") for each in made.analyses)
    return replace(made, analyses=analyses)


@pytest.mark.parametrize(("one", "several"), [
    ("group", "groups"), ("city", "cities"), ("class", "classes"), ("school day", "school days"),
    ("young person", "young people"), ("ward", "wards"),
])  # fmt: skip
def test_plurals(one: str, several: str) -> None:
    assert plural(one) == several
    assert in_units("Places without it, average of 4 places. Each place.", one) == (
        f"{several[:1].upper()}{several[1:]} without it, average of 4 {several}. Each {one}.")  # fmt: skip
    assert in_units("What took place.", "") == "What took place."


def test_the_first_side_names_the_units() -> None:
    made, plain = grouped(demo.castle()), demo.castle()
    assert "on average over 21 groups" in words.headline(made).text
    assert "place" not in words.headline(made).text
    assert words.headline(made).text == words.headline(plain).text.replace("places", "groups")
    reason = WHY["difference_in_differences"]
    made = replace(made, evidence={**made.evidence, "design": {"score": 3, "of": 5, "reason": reason}})
    scale = summary.scales(made, {"scales": {"design": "a", "data": "b", "repeating": "c"}})[0]
    assert scale["reason"] == "Groups with the programme against groups without."
    assert in_units("That both groups of places would", "group") == "That both sets of groups would"


def test_data_and_starts_name_the_units() -> None:
    units = tuple(UnitCoverage(name, "2019-01", "ccc") for name in "AB")
    held = read_coverage(Coverage("month", units), noun="group")
    assert held is not None
    (said,) = coverage_sentences(held)
    assert said.startswith("All 2 groups have all 3 months that the study uses")


def test_a_page_of_groups_has_groups_in_its_figures_and_its_roll_out(render_one) -> None:
    page: Rendered = render_one(grouped(demo.castle()))
    text = page.text()
    for said in ("groups without it", "Why these groups"):
        assert said.lower() in text.lower(), said
    answer = "".join(page.find("answer").itertext())
    assert "place" not in answer.lower()


def test_the_study_of_groups_of_referred_people_says_so() -> None:
    path = ROOT / "evaluations" / "intact.yaml"
    assert read_yaml(path.read_bytes(), path.name).data["data"]["unit_label"] == "group"
