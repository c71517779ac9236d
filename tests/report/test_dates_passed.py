"""Dates that have passed are said where the study's own dates show it; a page knows no date of today."""

from dataclasses import replace

import demo
import pytest

from evalkit.report import arrangements, dates_passed, summary
from evalkit.report.catalogue import words


def governed(simulated: bool = False, **block):
    study = demo.seat_belts()
    signed = block.pop("signed", None)
    sign_off = [{"role": "approver", "name": "C. Approver", "date": signed}] if signed else []
    made = replace(study, study={**study.study, "governance": {**block, "sign_off": sign_off}})
    primary = replace(made.primary, simulated=simulated)
    return replace(made, analyses=(primary,))


def told(study) -> str:
    return " | ".join([*(badge["text"] for badge in summary.badges(study, words(None))), *summary.facts(study)])


@pytest.mark.parametrize(
    ("block", "said", "unsaid"),
    [
        ({"sunset_date": "1984-11"}, "Past its date: not to be used after November 1984", " | Not to be used after"),
        ({"sunset_date": "1984-12"}, "Past its date: not to be used after December 1984", " | Not to be used after"),
        ({"sunset_date": "1985-01"}, "Not to be used after January 1985", "Past its date"),
        ({"sunset_date": "2030"}, "Not to be used after 2030", "Past its date"),
        ({"sunset_date": "2030", "signed": "2031-02-01"}, "Past its date: not to be used after 2030", ""),
        ({"next_update": "1984-06"}, "Next update was due June 1984", "Past its date"),
        ({"next_update": "1985-06"}, "Next update June 1985", "was due"),
        ({}, "Not official statistics", "Past its date"),
    ],
)
def test_what_the_banner_says(block, said, unsaid):
    text = told(governed(**block))
    assert said in text
    assert not unsaid or unsaid not in text


def test_made_data_have_no_date():
    assert dates_passed.passed(governed(simulated=True, sunset_date="1984-11")) == {}


def test_the_page_says_that_it_does_not_know_the_day():
    pairs = dict(arrangements.responsible({"governance": {"sunset_date": "2030-01"}}))
    assert pairs["Not to be used after"] == "January 2030"
    assert pairs["Today’s date"] == dates_passed.NOT_TODAY
    assert "Today’s date" not in dict(arrangements.responsible({"governance": {"contact": "x"}}))


def test_periods_that_are_numbered_are_no_date_of_the_data():
    dated = demo.portsmouth()
    primary = replace(dated.primary, frequency="number")
    numbered = replace(dated, analyses=(primary, *dated.analyses[1:]))
    assert any(fact.startswith("Data ") for fact in summary.facts(dated))
    assert not any(fact.startswith("Data ") for fact in summary.facts(numbered))
