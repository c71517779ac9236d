"""What a page says first where nothing was estimated."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from evalkit import flow
from evalkit.designs import TheoryOnly
from evalkit.report import summary, without_result
from evalkit.report.catalogue import words
from evalkit.report.fragment import terminal_summary
from evalkit.report.pages import Page
from evalkit.report.site import index
from evalkit.report.words import headline
from evalkit.spec.loading import load_spec

STUDY = """evalkit: 1
title: A network
question: Does it help?
level: monitoring
design: {design}
"""
WHY = "Nothing is counted."


def studied(folder: Path, design: str):
    path = folder / "network.yaml"
    path.write_text(STUDY.replace("{design}", design), encoding="utf-8")
    return flow.evaluate(load_spec(path))


def test_an_answer_needs_a_reason():
    with pytest.raises(ValidationError, match="needs `why`"):
        TheoryOnly(answer="not_evaluable")
    with pytest.raises(ValidationError, match="needs `why`"):
        TheoryOnly(answer="not_evaluable", why="  ")
    assert TheoryOnly().answer == "not_yet"


@pytest.mark.parametrize("answer", [name for name in without_result.ANSWERS if name != "not_yet"])
def test_every_answer_is_told_with_its_reason(answer: str, tmp_path: Path):
    study = studied(tmp_path, f"{{kind: theory_only, answer: {answer}, why: {WHY}}}")
    told = f"{without_result.ANSWERS[answer]} {WHY}"
    assert headline(study).text == told
    assert index.answer(study) == told
    assert told.split(".")[0] in " ".join(terminal_summary(study))
    assert summary.badges(study, words(None))[0]["text"] == words(None)["badges"][without_result.BADGES[answer]]


def test_a_plan_stays_a_plan(tmp_path: Path):
    study = studied(tmp_path, "{kind: theory_only}")
    assert headline(study).text == "Not studied yet. There is a plan and no result."
    assert summary.badges(study, words(None))[0]["text"] == "Protocol"


def test_what_was_written_of_sections_that_hold_nothing_is_printed_among_the_notes(tmp_path: Path):
    told = "{result: We looked and found none., money: It is unpaid.}"
    study = studied(tmp_path, f"{{kind: theory_only}}\nnarrative: {told}")
    document = Page(study, None).document()
    notes = document.partition("{#notes")[2]
    for title, text in (("result", "We looked and found none."), ("money", "It is unpaid.")):
        assert words(None)["sections"][title] in notes
        assert text in notes
        assert document.count(text) == 1


def test_without_a_result_nothing_is_scored_in_one_sentence(tmp_path: Path):
    document = Page(studied(tmp_path, "{kind: theory_only}"), None).document()
    assert document.count(words(None)["study"]["none_scored"]) == 1
    assert '<div class="scales">' not in document
