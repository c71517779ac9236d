"""The first side: badges, bounds that nothing can pass, outcomes that should not move."""

from dataclasses import replace

import demo
import pytest

from evalkit.report import summary
from evalkit.report.catalogue import words
from evalkit.report.ladder import Change
from evalkit.report.words import headline, interval_words


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (Change(-100.0, -100.0, -64.0, True), "count", "at least 64% fewer"),
        (Change(-100.0, -100.0, -64.0, True), "rate", "at least 64% lower"),
        (Change(-100.0, -100.0, -100.0, True), "count", "100% fewer"),
        (Change(-90.0, -99.0, -64.0, True), "count", "64% to 99% fewer"),
        (Change(120.0, 20.0, 140.0, True), "count", "20% to 140% more"),
        (Change(-90.0, -120.0, -64.0, False), "count", "64 to 120 fewer"),
    ],
)
def test_a_fall_of_all_there_was_is_no_bound(change, kind, said):
    assert interval_words(change, kind) == said


def test_interim_is_said_once():
    study = demo.seat_belts()
    study = replace(study, study={**study.study, "status": "interim", "level": "interim"})
    told = [badge["text"] for badge in summary.badges(study, words(None))]
    assert sum("nterim" in text for text in told) == 1
    final = replace(study, study={**study.study, "status": "registered"})
    assert [badge["text"] for badge in summary.badges(final, words(None))][-1] == "Registered"


def moved(name: str, low: float, high: float, role: str = "negative_control"):
    """Return another outcome of the seat belts with an interval."""
    study = demo.seat_belts()
    relative = demo.percent((low + high) / 2, low, high)
    outcome = replace(study.primary.outcome, id=name, label=name.capitalize())
    return replace(study.primary, id=name, role="secondary", outcome=outcome, outcome_role=role,
                   result=replace(study.primary.result, relative=relative, path=()))  # fmt: skip


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([moved("trains", -20.0, -4.0)],
         "Should not have moved: trains: 12% fewer (4% to 20%)."),
        ([moved("trains", -20.0, -4.0), moved("planes", 1.0, 9.0)], "(4% to 20%). So did 1 more."),
        ([moved("trains", -20.0, 4.0)], ""),
        ([moved("trains", -20.0, -4.0, "secondary")], ""),
    ],
)  # fmt: skip
def test_what_should_not_move_and_did_stands_beside_the_answer(others, said):
    study = demo.seat_belts()
    notes = " ".join(headline(replace(study, analyses=(*study.analyses, *others))).notes)
    assert said in notes
    assert bool(said) == ("not have moved" in notes)
