"""Where the comparison had less of the programme and not none, no sentence says that it was without it."""

from __future__ import annotations

import re
from dataclasses import replace

import demo_comparisons
import pytest

from evalkit import evidence
from evalkit.designs.difference_in_differences.assumptions import assumptions_of
from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
from evalkit.records import Coverage, Diagnostic, UnitCoverage
from evalkit.report import compared
from evalkit.report.in_brief import in_brief

AGAINST = Diagnostic("drift", "Nothing drifts.", "sign against", "The groups drifted apart.", key=True)
STUDY = {"outcomes": {"main": {}}, "data": {"source": "package"}}
TOLD_OTHERWISE = (
    "No place is without it.",  # the reason on the scale says itself that there is none
    "Change without it",  # a place that is left out of the data
    "Without the programme, both groups of places would have changed alike. It cannot be seen, only doubted.",
    "against never started",  # a group of starts, by its name
)
WITHOUT = re.compile(r"ithout (?:it|the programme)\b|ever (?:had|have|has) the programme|never started")


def study(name: str, **design):
    made = demo_comparisons.everything()[name]
    result = replace(made.primary.result, n_units=5, n_treated_units=2, weights=made.primary.result.weights)
    own = {**made.primary.design, "comparison": "never_treated", **design}
    units = (*(UnitCoverage(place, "2000", "ooo", "2001") for place in ("Ashby", "Borth")),
             *(UnitCoverage(place, "2000", "ooo") for place in ("Garth", "Hythe", "Ilford")))  # fmt: skip
    primary = replace(made.primary, design=own, result=result, simulated=False)
    told = {**made.study, "design": {**made.study["design"], **design}}
    return replace(made, study=told, analyses=(primary,), coverage=Coverage("year", units))


def graded(made, *checks: Diagnostic):
    primary = replace(made.primary, result=replace(made.primary.result, diagnostics=checks))
    found = evidence.assess(made.study | STUDY, (primary,), (), None)
    return replace(made, analyses=(primary,), evidence=found)


def words_of(page) -> str:
    return page.text(without=("style", "script"))


@pytest.mark.parametrize("name", ["staggered", "synthetic"])
def test_no_sentence_says_that_the_comparison_was_without_it(name, render_one):
    page = words_of(render_one(graded(study(name, comparison_is="less"))))
    for said in TOLD_OTHERWISE:
        page = page.replace(said, "")
    found = [page[max(0, one.start() - 60) : one.end() + 30] for one in WITHOUT.finditer(page)]
    assert not found
    assert "with less of it" in page


def test_words_stay_where_the_comparison_had_none(render_one):
    page = words_of(render_one(graded(study("staggered"))))
    assert "Expected without it" in page
    assert "less of it" not in page


def test_places_are_named_as_what_they_are():
    made = study("staggered", comparison_is="less")
    assert compared.compared_table(made).columns[0].label == "Place with less of the programme"
    assert "have less of the programme" in " ".join(compared.compared_sentences(made))


def test_strength_of_design_is_kept_at_2_with_the_reason():
    none, less = graded(study("staggered")), graded(study("staggered", comparison_is="less"))
    assert none.evidence["design"]["score"] == 3
    assert less.evidence["design"] == {"score": 2, "of": 5, "reason": evidence.LESS}
    assert in_brief(evidence.LESS)[0].endswith("No place is without it.")
    grades = {one["scale"]: one for one in less.evidence["grades"]["scales"]}
    assert grades[evidence.NESTA]["score"] == 2
    assert "only less of it" in grades[evidence.NESTA]["reason"]
    assert graded(study("staggered", comparison_is="less"), AGAINST).evidence["design"]["score"] == 1


@pytest.mark.parametrize("estimator", ["two_way_fixed_effects", "callaway_santanna", "poisson", "synthetic_control"])
def test_what_is_taken_as_given_speaks_of_no_more_of_it(estimator):
    def given(comparison_is: str) -> str:
        return assumptions_of(DifferenceInDifferences(estimator=estimator, comparison_is=comparison_is))[0]

    assert "ithout the programme" in given("none")
    assert "ithout the programme" not in given("less")
    assert "ith no more of the programme than the comparison had" in given("less")
