"""Grades of evidence: each scale by its rule, capped with its reason; what reviewers would look at is printed."""

from __future__ import annotations

import dataclasses
from typing import Any

import demo
import demo_money
import pytest

from evalkit import evidence
from evalkit.records import Coverage, Diagnostic, Evaluation, UnitCoverage
from evalkit.report.exhibits import Exhibits
from evalkit.report.numbers import number
from evalkit.report.told import grades

AGAINST = Diagnostic("drift", "Nothing drifts.", "sign against", "The groups drifted apart.", key=True)
STUDY = {"outcomes": {"main": {}}, "data": {"source": "package"}}


def graded(evaluation: Evaluation, coverage: Coverage | None = None, **design: Any) -> Evaluation:
    """Return the evaluation with the grades that it would have, its main design changed."""
    primary = dataclasses.replace(evaluation.primary, design={**evaluation.primary.design, **design})
    changed = dataclasses.replace(evaluation, analyses=(primary, *evaluation.analyses[1:]))
    found = evidence.assess(changed.study | STUDY, changed.analyses, changed.failures, coverage)
    return dataclasses.replace(changed, evidence=found)


def data_score(base: Evaluation, coverage: Coverage | None = None, *, listed: bool = False, **main: Any
               ) -> tuple[int, str]:  # fmt: skip
    """Return score and reason of the data of a study that reads a file, changed in its main outcome."""
    study = {**base.study, "data": {"source": "csv"}, "outcomes": {"main": main, base.primary.outcome.id: main}}
    analyses = tuple(dataclasses.replace(one, simulated=False) for one in base.analyses)
    found = evidence.assess(study, analyses, (), coverage, listed)["data"]
    return found["score"], found["reason"]


def test_a_hash_in_the_list_of_published_files_fixes_the_copy() -> None:
    score, reason = data_score(demo.seat_belts())
    assert "no copy of the data is fixed" in reason
    listed = data_score(demo.seat_belts(), listed=True)
    assert listed[0] == score + 1
    assert "a fixed copy of the data" in listed[1].partition("Against")[0]


def test_hidden_and_rounded_counts_cost_a_point() -> None:
    base = demo.seat_belts()
    whole, hidden = (Coverage("month", (UnitCoverage("", "2019-01", states),)) for states in ("cccc", "ccpc"))
    best = data_score(base, whole)
    assert "no gaps, and nothing hidden or rounded" in best[1].partition("Against")[0]
    for found, said in ((data_score(base, hidden), "some counts are hidden"),
                        (data_score(base, whole, rounded_to=5), "counts are rounded to 5")):  # fmt: skip
        assert found[0] == best[0] - 1
        assert said in found[1].partition("Against")[2]


def with_checks(evaluation: Evaluation, *checks: Diagnostic) -> Evaluation:
    result = dataclasses.replace(evaluation.primary.result, diagnostics=checks)
    primary = dataclasses.replace(evaluation.primary, result=result)
    return dataclasses.replace(evaluation, analyses=(primary, *evaluation.analyses[1:]))


def scales(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    return {one["scale"]: one for one in evaluation.evidence["grades"]["scales"]}


def printed(evaluation: Evaluation) -> tuple[str, dict[str, str], str]:
    """Return sentences, pairs and blocks of the section."""
    made = grades.parts(evaluation, Exhibits(evaluation.id, None, evaluation.simulated), {})
    sentences = " ".join(text for one in made for text in one["sentences"])
    return sentences, dict(pair for one in made for pair in one["pairs"]), "".join(
        str(block) for one in made for block in one["blocks"])  # fmt: skip


AREAS = {"units": ["a"]}
SERIES = {"as": "comparison", "units": ["a"]}


@pytest.mark.parametrize(
    ("study", "design", "checks", "maryland", "sherman", "nesta"),
    [
        (demo.portsmouth, {}, (), 1, 2, 2),
        (demo.portsmouth, {}, (AGAINST,), 1, 1, 2),
        (demo.portsmouth, {"comparison": AREAS}, (), 2, None, 2),
        (demo.seat_belts, {}, (), 2, None, 2),
        (demo.seat_belts, {}, (AGAINST,), 1, None, 2),
        (demo.seat_belts, {"controls": SERIES}, (), 3, None, 3),
        (demo.seat_belts, {"controls": SERIES}, (AGAINST,), 2, None, 2),
        (demo.castle, {}, (), 3, None, 3),
        (demo.castle, {}, (AGAINST,), 2, None, 2),
    ],
)
def test_every_design_by_every_scale(study, design, checks, maryland, sherman, nesta):
    found = graded(with_checks(study(), *checks), **design)
    by_scale = scales(found)
    assert by_scale[evidence.MARYLAND]["score"] == maryland == found.evidence["design"]["score"]
    assert by_scale.get(evidence.SHERMAN, {}).get("score") == sherman
    assert (by_scale[evidence.NESTA]["score"], by_scale[evidence.NESTA]["upper_bound"]) == (nesta, True)
    assert ("key check" in by_scale[evidence.MARYLAND]["reason"]) == bool(checks)
    assert (AGAINST.reading in by_scale[evidence.MARYLAND]["reason"]) == bool(checks)
    assert by_scale[evidence.MARYLAND]["status"] == "primary"
    assert by_scale[evidence.NESTA]["status"] == "memory"


def test_a_level_that_cannot_go_lower_is_not_called_lowered():
    reason = scales(graded(with_checks(demo.portsmouth(), AGAINST)))[evidence.MARYLAND]["reason"]
    assert evidence.AT_LOWEST in reason
    assert evidence.LOWERED not in reason


def test_the_table_names_the_version_the_bound_and_how_far_it_was_checked():
    _, _, table = printed(graded(demo.portsmouth()))
    for words in ("version of the What Works Centre for Local Economic Growth", "Sherman and others, 1997", "2 of 5",
                  "At most 2 of 5", "Recalled and not checked against the scale", "for people to judge"):  # fmt: skip
        assert words in table
    _, _, table = printed(graded(demo.castle()))
    assert "Sherman" not in table
    assert "At most 3 of 5" in table


def test_no_padlocks_are_computed():
    sentences, pairs, table = printed(graded(demo.seat_belts()))
    assert "Not computed." in sentences
    assert "two reviewers from outside" in sentences
    assert "adlock" not in table
    assert pairs["Smallest change that could be found"].startswith("With ")
    assert pairs["Missing values"] == "Not known"
    assert pairs["Plan fixed before the data were seen"] == "No: never fixed in advance"


def test_missing_values_are_counted_within_the_windows():
    coverage = Coverage("month", (UnitCoverage("a", "2020-01", "ccmmoo"), UnitCoverage("b", "2020-01", "ccdpzo")))
    found = graded(demo.seat_belts(), coverage)
    security = found.evidence["grades"]["security"]
    assert (security["wanted"], security["missing"]) == (9, 3)
    assert security["missing_share"] == pytest.approx(3 / 9)
    assert printed(found)[1]["Missing values"] == "3 of 9 values that the study wanted (33.3%)"
    whole = graded(demo.seat_belts(), Coverage("month", (UnitCoverage("a", "2020-01", "cccc"),)))
    assert printed(whole)[1]["Missing values"] == "None of 4 values that the study wanted"


def test_no_coverage_within_the_windows_has_no_share():
    found = graded(demo.seat_belts(), Coverage("month", (UnitCoverage("a", "2020-01", "oo"),)))
    assert printed(found)[1]["Missing values"] == "Not known"


@pytest.mark.parametrize(
    ("seen", "words"),
    [("none", "Yes"), ("outcome_data", "No: the data had been seen"), ("aggregate_press_figures", "Published totals"),
     (None, "Not stated what had been seen")],
)  # fmt: skip
def test_when_the_plan_was_fixed(seen, words):
    base = demo.seat_belts()
    block = {"locked_at": "2024-01-02", "data_seen_before_lock": seen}
    found = graded(demo.seat_belts(study={**base.study, "registration": block}))
    assert printed(found)[1]["Plan fixed before the data were seen"].startswith(words)


def test_likeness_before_the_start_is_what_the_check_saw():
    seen = Diagnostic("pre_period_leads", "Alike.", "no sign against", "The largest gap was 2%.")
    assert printed(graded(with_checks(demo.castle(), seen)))[1]["Likeness before the start"] == seen.reading
    for checks in ((), (dataclasses.replace(seen, verdict="not run"),)):
        assert printed(graded(with_checks(demo.castle(), *checks)))[1]["Likeness before the start"] == "Not looked at"


def test_units_left_out_are_counted():
    base = demo.castle()
    result = dataclasses.replace(base.primary.result, dropped=(("A", "late"), ("B", "late")))
    found = graded(dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result),)))
    assert printed(found)[1]["Left out of the result"] == number(2, 0)


def test_simulated_and_missing_grades_say_so():
    sentences, _, table = printed(graded(demo.rehearsal()))
    assert sentences.startswith("Simulated data.")
    assert "Simulated data." in table
    assert "Run the study again" in printed(demo.seat_belts(evidence={}))[0]
    assert "no result yet" in printed(demo_money.borrowed())[0]


def test_monitoring_claims_no_cause():
    from test_pages import CAUSAL

    sentences, pairs, table = printed(graded(demo.portsmouth()))
    text = f"{sentences} {' '.join(pairs.values())} {table}".replace("What Works Centre", "")
    assert not CAUSAL.findall(text)


def test_the_grades_stand_on_the_page(render_one):
    page = render_one(graded(demo.portsmouth()))
    section = page.find("grades")
    assert "Grades of evidence" in "".join(section.itertext())
    assert page.find("tbl-grades") is not None


@pytest.mark.parametrize(
    ("reason", "brief"),
    [
        ("For: no gaps; a named publisher. Against: no fixed copy of the data (no sha256); recording may change.",
         ("Against: no fixed copy of the data (no sha256).", 1)),
        ("For: no gaps. Against: gaps; few periods.", ("Against: gaps; few periods.", 0)),
        ("For: no gaps; a named publisher.", ("Every condition is met.", 0)),
        ("Simulated data: nothing to score.", ("Simulated data: nothing to score.", 0)),
        (f"{evidence.BESIDE['before_after']} {evidence.LOWERED}",
         ("A change over time beside that of other areas, from totals of two windows. " + evidence.LOWERED, 0)),
    ],
)  # fmt: skip
def test_the_first_side_has_what_speaks_against_in_brief(reason, brief):
    assert evidence.in_brief(reason) == brief


def test_no_reason_of_a_design_is_long_on_the_first_side():
    for reason in (*evidence.WHY.values(), *evidence.BESIDE.values()):
        assert len(evidence.in_brief(reason)[0].split()) <= 18
        assert evidence.in_brief(f"{reason} {evidence.LOWERED}")[0].endswith(evidence.LOWERED)


def test_every_condition_stands_in_the_section():
    found = graded(demo.seat_belts())
    pairs = printed(found)[1]
    assert found.evidence["data"]["reason"] in pairs.values()
    assert found.evidence["repeating"]["reason"] in pairs.values()
    assert f"Quality of data: {found.evidence['data']['score']} of 5" in pairs
