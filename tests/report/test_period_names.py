"""Numbered periods are told by the names that the study gives them; data that go on are not passed over."""

from __future__ import annotations

from dataclasses import replace

import demo
import pytest

from evalkit.records import Coverage, Evaluation, PathPoint, UnitCoverage
from evalkit.report import rollout_reading, summary, windows, words
from evalkit.report.coverage_words import coverage_sentences, read_coverage
from evalkit.report.ladder import read
from evalkit.report.paths import path_table, read_paths

NAMES = {"1": "the year to March 2019", "2": "the year to June 2023"}


@pytest.fixture
def numbered() -> Evaluation:
    """One numbered period against another."""
    made = demo.portsmouth()
    path = (PathPoint("series", "1", observed=610.0, fitted=610.0),
            PathPoint("series", "2", 433.0, fitted=433.0, counterfactual=610.0))  # fmt: skip
    primary = replace(made.primary, result=replace(made.primary.result, path=path), frequency="number",
                      first_treated="2", period_names=NAMES, design={"kind": "before_after"})  # fmt: skip
    return replace(made, analyses=(primary,), coverage=Coverage("number", (UnitCoverage("", "1", "cc", "2"),)))


def test_the_first_side_has_names_and_no_numbers_of_periods(numbered: Evaluation) -> None:
    answer = words.headline(numbered).text
    assert " in the year to June 2023 than in the year to March 2019" in answer
    assert summary.facts(numbered)[0] == "Newest data: the year to June 2023"
    assert [one["range"] for one in summary.three_numbers(numbered, read(numbered))][:2] == [
        f"robberies, {name}" for name in NAMES.values()]  # fmt: skip
    assert windows.each_against(numbered.analyses) == {
        "primary": "The year to June 2023 against the year to March 2019"}  # fmt: skip
    bare = replace(numbered, analyses=(replace(numbered.primary, period_names={}),))
    assert "in period 2 than in period 1" in words.headline(bare).text


def test_tables_and_coverage_have_names(numbered: Evaluation) -> None:
    paths = read_paths(numbered.primary, numbered.primary.result.path)
    assert {row[0] for row in path_table(paths, paths)[1:]} == set(NAMES.values())
    held = read_coverage(numbered.coverage, NAMES)
    assert held is not None
    (said,) = coverage_sentences(held)
    assert said == "The series has both periods that the study uses, " + " and ".join(NAMES.values()) + "."


def test_a_start_between_two_named_periods_is_not_put_into_one(numbered: Evaluation) -> None:
    found = rollout_reading.read_rollout(numbered)
    assert [place.start.words for place in found.started if place.start] == ["some time up to the year to June 2023"]


def test_data_that_another_analysis_goes_on_to_are_told() -> None:
    made = demo.seat_belts()
    assert summary.facts(made)[0] == "Data to December 1984"
    point = replace(made.primary.result.path[-1], period="1986-02")
    longer = replace(made.primary, id="longer", role="sensitivity",
                     result=replace(made.primary.result, path=(*made.primary.result.path, point)))  # fmt: skip
    told = summary.facts(replace(made, analyses=(made.primary, longer)))[0]
    assert told == "Data used to December 1984; there are data to February 1986"
    apart = replace(longer, outcome=replace(longer.outcome, id="other"))
    assert summary.facts(replace(made, analyses=(made.primary, apart)))[0] == "Data to December 1984"


def test_a_path_that_goes_on_after_what_is_estimated_is_not_used_so_far() -> None:
    made = demo.seat_belts()
    primary = replace(made.primary, design={**made.primary.design, "after": {"to": "1984-06"}})
    told = summary.facts(replace(made, analyses=(primary, *made.analyses[1:])))[0]
    assert told == "Data used to June 1984; there are data to December 1984"
