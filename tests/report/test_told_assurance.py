"""Who checked it, what was assumed and decided, data protection, editions of standards, early access."""

import pytest
from told_rooms import Room, told

from evalkit.report import arrangements, particulars
from evalkit.report.dates_passed import NOT_TODAY
from evalkit.report.told import assurance


@pytest.mark.parametrize("base", ["impact", "monitoring"])
def test_nothing_is_stated(base):
    room = Room(assurance, told(base))
    assert room.sentences == [assurance.NO_REVIEW, assurance.NOT_SIGNED, assurance.NO_LOG, assurance.NO_ETHICS]
    assert room.pairs == {}
    assert "Editions of standards" not in room.titles


def test_the_statement_in_full():
    block = {"statement": "Made again by another.", "tests": ["All numbers", "Another start"], "reviewer": "B. Porter",
             "reviewed_on": "2026-04-02", "use_of_ai": "None."}  # fmt: skip
    pairs = Room(assurance, told(blocks={"assurance": block})).pairs
    assert pairs["Statement"] == "Made again by another."
    assert pairs["Reviewed by"] == "B. Porter"
    assert pairs["Reviewed on"] == "2 April 2026"
    assert pairs["What was checked"] == "All numbers; Another start"
    assert pairs["Use of artificial intelligence"] == "None."


def test_what_a_statement_leaves_out_is_said():
    pairs = Room(assurance, told(blocks={"assurance": {"statement": "Made again by another."}})).pairs
    assert pairs["Reviewed by"] == "Not stated"


def test_signatures_name_what_was_signed():
    signed = [{"role": "Analyst", "name": "A. Nurse", "date": "2026-04-01", "results_hash": "b" * 64},
              {"role": "Approver", "name": "C. Clerk", "date": 2026}]  # fmt: skip
    room = Room(assurance, told(blocks={"governance": {"sign_off": signed}}))
    assert room.rows("signed")[1:] == [["Analyst", "A. Nurse", "1 April 2026", "b" * 64],
                                       ["Approver", "C. Clerk", "2026", "Not stated"]]  # fmt: skip
    assert assurance.NOT_SIGNED not in room.sentences


@pytest.mark.parametrize(
    ("effect", "words"),
    [("small", "A little"), ("moderate", "Moderately"), ("large", "A lot"), ("unknown", "Not known")],
)
@pytest.mark.parametrize(("reliability", "sure"), [("high", "High"), ("low", "Low"), ("unknown", "Not known")])
def test_assumptions_are_logged_in_words(effect, words, reliability, sure):
    logged = {"assumption": "Counted alike", "effect": effect, "reliability": reliability}
    room = Room(assurance, told(blocks={"assurance": {"assumptions_log": [logged]}}))
    assert room.rows("assumptions")[1] == ["Counted alike", words, sure, "No owner named", "Not stated"]
    assert assurance.NO_LOG not in room.sentences


def test_decisions_are_logged():
    logged = {"date": "2026-02-02", "decision": "Rule R09 waived", "who": "C. Clerk", "why": "Counts are large"}
    room = Room(assurance, told(blocks={"assurance": {"decisions_log": [logged]}}))
    assert room.rows("decisions")[1] == ["Rule R09 waived", "2 February 2026", "C. Clerk", "Counts are large"]


def test_ethics_names_what_is_missing():
    pairs = Room(assurance, told(blocks={"ethics": {"lawful_basis": "Public task"}})).pairs
    assert pairs["Lawful basis"] == "Public task"
    assert [term for term in assurance.ETHICS.values() if pairs[term] == "Not stated"] == [
        term for key, term in assurance.ETHICS.items() if key != "lawful_basis"
    ]


def test_editions_of_standards_are_those_that_are_named():
    room = Room(assurance, told(blocks={"standards": {"magenta_book": 2026, "wcag": "2.2 AA", "green_book": None}}))
    assert room.titles[-1] == "Editions of standards"
    assert [room.pairs.get(term) for term in assurance.STANDARDS.values()] == ["2026", None, None, None, "2.2 AA"]


def test_who_sees_it_early_and_how_long_it_may_be_used():
    block = {"pre_release_access": ["Chief constable", "Mayor"], "sunset_date": 2028, "next_update": "2027-04"}
    assert arrangements.responsible({"governance": block}) == [
        ("Sees the figures before they are published", "Chief constable; Mayor"),
        ("Next update", "April 2027"),
        ("Not to be used after", "2028"),
        ("Today’s date", NOT_TODAY),
    ]


@pytest.mark.parametrize(
    ("base", "learning", "words"),
    [("impact", "impact", "Impact"), ("impact", "test_and_learn", "Test and learn"),
     ("monitoring", "impact", "Change over time"), ("monitoring", "test_and_learn", "Test and learn")],
)  # fmt: skip
def test_why_this_design(base, learning, words):
    block = {"why": "It began everywhere.", "stronger_rejected": "No other place counts.", "proportionality": "A week.",
             "learning": learning}  # fmt: skip
    pairs = dict(particulars.design_pairs(told(base, {"choice_of_design": block})))
    assert pairs["Why this design"] == "It began everywhere."
    assert pairs["A stronger design, and why not"] == "No other place counts."
    assert pairs["Effort beside what is at stake"] == "A week."
    assert pairs["Kind of study"] == words


def test_why_this_design_before_there_is_a_result():
    evaluation = told(blocks={"choice_of_design": {"why": "It began everywhere."}}, analyses=(), failures=())
    assert ("Why this design", "It began everywhere.") in particulars.design_pairs(evaluation)
