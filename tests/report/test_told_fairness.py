"""Fairness and harm: groups, disparities, what else was looked for; never an empty section."""

import dataclasses
import re

import demo
import pytest
from told_rooms import Room, told

from evalkit.records import Failure
from evalkit.report import words
from evalkit.report.told import fairness

RATIO = {"measure": "Fined, of those stopped", "group": "Under 25", "compared_with": "over 25", "ratio": 1.8,
         "low": 1.4, "high": 2.3, "level": 0.95, "source": "Police returns"}  # fmt: skip


@pytest.mark.parametrize("base", ["impact", "monitoring", "rehearsal"])
def test_nothing_was_studied(base):
    room = Room(fairness, told(base))
    assert room.sentences == [fairness.NO_GROUPS, fairness.NO_DISPARITIES, fairness.NO_LOG]
    assert all(sentence.startswith("Not studied: ") for sentence in room.sentences)
    assert room.tables == []


def test_a_plan_has_the_same_words():
    assert len(Room(fairness, told(analyses=(), failures=())).sentences) == 3


def groups(**blocks):
    base = demo.seat_belts()
    women, men = (
        dataclasses.replace(base.primary, id=name, role="subgroup", label=label, group="sex")
        for name, label in (("women", "Women"), ("men", "Men"))
    )
    declared = [{"id": "women", "label": "Women", "by": "sex", "rationale": "Belts are cut for men."},
                {"id": "men", "label": "Men", "by": "sex"}]  # fmt: skip
    failed = Failure("old", "subgroup", "Over 80", "all values are 0")
    return told(blocks={"subgroups": declared, **blocks}, analyses=(*base.analyses, women, men), failures=(failed,))


def test_groups_are_all_shown_whatever_was_found():
    room = Room(fairness, groups())
    head, women, men, old = room.rows("groups")
    assert head == ["Group", "Outcome", "Change", "Change, unit", "95% interval, low", "95% interval, high",
                    "Why this group"]  # fmt: skip
    assert women == ["Sex: Women", "Car drivers killed or seriously injured", "-15.1", "percent", "-21.5", "-8.3",
                     "Belts are cut for men."]  # fmt: skip
    assert men[-1] == "Not stated"
    assert old[0] == "Over 80"
    assert "Not computed: all values are 0" in room.shown
    assert fairness.NO_GROUPS not in room.sentences


def test_groups_say_whether_they_were_named_in_advance_and_what_is_hidden():
    room = Room(fairness, groups())
    assert "The plan was never fixed in advance, so nothing shows that these groups were." in room.sentences
    assert fairness.SMALL in room.sentences  # and not the rule itself: it is told once
    locked = Room(fairness, groups(registration={"locked_at": "2026-01-05"}, disclosure={"profile": "police"}))
    assert "The plan was fixed on 5 January 2026." in locked.sentences
    assert not any("Counts from 1 to" in sentence for sentence in locked.sentences)
    assert all(sentence.count("..") == 0 for sentence in locked.sentences)
    assert "The rows are not tested against one another." in locked.sentences


def test_groups_that_all_failed_are_still_named():
    failed = Failure("old", "subgroup", "Over 80", "all values are 0")
    room = Room(fairness, told(failures=(failed,)))
    assert room.rows("groups")[0][3] == "Interval"
    assert "Over 80" in room.shown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "Under 25: 1.8 times as often as over 25; the whole interval is above 1."),
        ({"ratio": 0.6, "low": 0.4, "high": 0.8},
         "Under 25: 0.6 times as often as over 25; the whole interval is below 1."),
        ({"ratio": 1.1, "low": 0.9, "high": 1.3},
         "Under 25: 1.1 times as often as over 25; the interval includes 1, so it may be no more and no less often."),
        ({"ratio": 1.0, "low": None, "high": None},
         "Under 25: as often as over 25; no interval is given, so chance cannot be told from difference."),
        ({"ratio": 1.2, "low": 1.0, "high": 1.4},
         "Under 25: 1.2 times as often as over 25; the interval includes 1, so it may be no more and no less often."),
    ],
)  # fmt: skip
def test_a_ratio_in_words(changes, says):
    room = Room(fairness, told(blocks={"disparities": [{**RATIO, **changes}]}))
    assert says in room.shown
    assert "The ratios are as their sources give them." in room.sentences[1]


def test_ratios_keep_the_digits_of_their_source_and_their_own_level():
    room = Room(fairness, told(blocks={"disparities": [RATIO, {**RATIO, "ratio": 0.9, "low": 0.7, "high": 1.125}]}))
    assert room.rows("disparities")[0][4:6] == ["95% interval, low", "95% interval, high"]
    assert "1.8 1.4 to 2.3" in room.shown
    assert "0.9 0.7 to 1.125" in room.shown
    mixed = Room(fairness, told(blocks={"disparities": [RATIO, {**RATIO, "level": 0.9}]}))
    assert "1.4 to 2.3 (95% interval)" in mixed.shown
    assert "1.4 to 2.3 (90% interval)" in mixed.shown
    bare = Room(fairness, told(blocks={"disparities": [{**RATIO, "low": None, "high": None}]}))
    assert "Not given" in bare.shown


@pytest.mark.parametrize("looked", ["found", "not_found", "unclear", "not_looked_for"])
def test_the_log_says_what_was_looked_for(looked):
    entry = {"effect": "More speeding", "looked_for": looked, "evidence": "Counts", "source": "Council"}
    room = Room(fairness, told(blocks={"unintended_effects": [entry]}))
    assert room.rows("unintended")[1] == ["More speeding", fairness.FOUND[looked], "Counts", "Council"]
    assert (fairness.NOT_ABSENT in room.sentences) == (looked == "not_found")
    assert fairness.NO_LOG not in room.sentences


def test_an_outcome_that_could_show_harm_was_looked_at():
    base = demo.seat_belts()
    outcome = dataclasses.replace(base.primary.outcome, label="Cyclists hurt")
    harm = dataclasses.replace(base.primary, id="harm", role="secondary", outcome_role="harm", outcome=outcome)
    room = Room(fairness, told(analyses=(*base.analyses, harm)))
    assert "Followed because they could show harm: Cyclists hurt." in room.sentences
    assert fairness.NO_LOG not in room.sentences


@pytest.mark.parametrize(("ends", "better", "said", "beside"), [
    ((56.0, -8.0, 463.0), "lower", "(95% interval: 8% fewer to 463% more): too uncertain to say whether it got worse.",
     True),
    ((56.0, 8.0, 463.0), "lower", "A possible harm: cyclists hurt: 56% more", True),
    ((-30.0, -40.0, -20.0), "lower", "20% to 40% fewer): it moved, and not for the worse.", False),
    ((-30.0, -40.0, -20.0), "neither", "it moved; the study file does not say which way is worse.", False),
])  # fmt: skip
def test_each_harm_is_told_with_its_interval(ends, better, said, beside):
    base = demo.seat_belts()
    outcome = dataclasses.replace(base.primary.outcome, id="hurt", label="Cyclists hurt", better=better)
    value, low, high = ends
    relative = dataclasses.replace(base.primary.result.relative, value=value, low=low, high=high)
    harm = dataclasses.replace(base.primary, id="harm", role="secondary", outcome_role="harm", outcome=outcome,
                               label=outcome.label,
                               result=dataclasses.replace(base.primary.result, relative=relative))  # fmt: skip
    found = told(analyses=(*base.analyses, harm))
    room = Room(fairness, found)
    assert said in " ".join(room.sentences)
    assert "None of them moved clearly for the worse." not in room.sentences
    assert any("yclists hurt" in note for note in words.headline(found).notes) == beside


def test_evalkit_claims_no_cause_on_a_monitoring_page():
    entry = {"effect": "More speeding", "looked_for": "found"}
    room = Room(fairness, told("monitoring", {"unintended_effects": [entry], "disparities": [RATIO]}))
    assert not re.search(r"\b(?:impact|effect|prevent|work|cut|save|due to|thanks to)", room.text, re.IGNORECASE)
