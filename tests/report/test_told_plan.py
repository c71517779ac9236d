"""What was asked, which strategies it informs, and the plan with all that became of it."""

import dataclasses

import pytest
from told_rooms import Room, told

from evalkit.report.told import plan, questions, strategies

MEASURE = {"strategy": "Serious Violence Duty", "wording": "Fewer people hurt"}


def test_no_strategy_no_section():
    assert Room(strategies, told()).parts == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "The strategy names no target, no baseline and no date."),
        ({"baseline": "1,551 a month"}, "The strategy names no target and no date."),
        ({"baseline": "1,551 a month", "target": "Half"}, "The strategy names no date."),
    ],
)
def test_what_one_strategy_leaves_open(given, says):
    room = Room(strategies, told(blocks={"strategies": [{**MEASURE, **given}]}))
    assert room.sentences == [says, "A movement in a measure is not by itself what the programme did."]


def test_a_strategy_that_names_everything_has_the_reminder_alone():
    whole = {
        **MEASURE,
        "target": "Half",
        "baseline": "100",
        "deadline": 2030,
        "outcome": "main",
        "source": "Plan, 2024",
    }
    room = Room(strategies, told(blocks={"strategies": [whole]}))
    assert room.sentences == [strategies.REMINDER]
    assert room.rows("strategies")[1] == ["Serious Violence Duty", "“Fewer people hurt”", LABEL, "Half", "100", "2030",
                                          "Plan, 2024"]  # fmt: skip


LABEL = "Car drivers killed or seriously injured"


def test_several_strategies_are_counted():
    several = [MEASURE, {**MEASURE, "target": "Half"}, {**MEASURE, "target": "Half", "deadline": 2030}]
    room = Room(strategies, told(blocks={"strategies": several}))
    assert room.sentences[0] == "Of 3 measures, 1 has no target, 3 have no baseline and 2 have no date."
    rows = room.rows("strategies")
    assert rows[1][2:] == ["No outcome of this study", "Not named", "Not named", "Not named", "Not stated"]
    assert len(rows) == 4


def test_a_plain_label_is_what_readers_see():
    outcomes = {"main": {"label": LABEL, "plain_label": "Drivers badly hurt"}}
    blocks = {"outcomes": outcomes, "strategies": [{**MEASURE, "outcome": "main"}]}
    assert Room(strategies, told(blocks=blocks)).rows("strategies")[1][2] == "Drivers badly hurt"


def test_each_question_is_a_row():
    asked = [{"id": "q1", "text": "Did it fall?", "type": "impact", "population": "Drivers", "intervention": "The law",
              "comparator": "Earlier months", "outcome": "main", "timeframe": "Two years", "decision": "Go on"},
             {"id": "q2", "text": "Was it kept?", "type": "process", "outcome": "Checks at the roadside"}]  # fmt: skip
    head, first, second = Room(questions, told(blocks={"questions": asked})).rows("questions")
    assert head == ["Question", "Kind", "For whom", "What is done", "Set against", "Outcome", "When",
                    "Decision that rests on it"]  # fmt: skip
    assert first == ["q1: Did it fall?", "Impact", "Drivers", "The law", "Earlier months", LABEL, "Two years", "Go on"]
    assert second == ["q2: Was it kept?", "Process", *["Not stated"] * 3, "Checks at the roadside", *["Not stated"] * 2]
    assert Room(questions, told()).parts == []


def test_monitoring_does_not_ask_about_impact():
    blocks = {"questions": [{"id": "q1", "text": "Did it change?", "type": "impact"}], "evaluation_types": ["impact"],
              "choice_of_design": {"learning": "impact"}}  # fmt: skip
    room = Room(questions, told("monitoring", blocks))
    assert room.rows("questions")[1][1] == "Change over time"
    assert "Impact" not in room.text
    assert Room(plan, told("monitoring", blocks)).pairs["Kinds of evaluation"] == "Change over time"
    assert Room(plan, told(blocks=blocks)).pairs["Kinds of evaluation"] == "Impact"


def test_never_fixed():
    room = Room(plan, told())
    assert room.sentences == [plan.NEVER]
    assert room.pairs["Fixed on"] == "Never"
    assert room.pairs["Registered at"] == "Not stated"
    assert room.tables == []


def test_a_plan_never_fixed_is_not_said_to_have_a_time_before_or_since():
    block = {"locked_at": None, "data_seen_before_lock": "aggregate_press_figures",
             "amendments": [{**AMENDED, "data_seen": "none"}]}  # fmt: skip
    room = Room(plan, told(blocks={"registration": block}))
    assert "Seen before it was fixed" not in room.pairs
    assert room.pairs["What had been seen"] == (
        "By the authors’ own account, which nothing here can show: published totals had been seen")  # fmt: skip
    titles = [part["title"] for part in room.parts]
    assert titles == ["", "What was changed or done otherwise"]
    assert "What had been seen" not in Room(plan, told()).pairs
    fixed = Room(plan, told(blocks={"registration": {**block, "locked_at": "2026-01-05"}}))
    assert [part["title"] for part in fixed.parts] == ["", "What was changed since"]


@pytest.mark.parametrize("evaluation", [told(analyses=(), failures=()), told("rehearsal")])
def test_a_plan_or_a_rehearsal_is_not_fixed_yet(evaluation):
    room = Room(plan, evaluation)
    assert room.sentences == [plan.NOT_YET]
    assert room.pairs["Fixed on"] == "Not yet"


FIXED = {"locked_at": "2026-01-05", "data_seen_before_lock": "none", "final_look": "2027-01"}


def test_fixed_and_unchanged():
    registry = {"name": "Evaluation Registry", "id": "ER-1", "url": "https://example.org/1"}
    blocks = {"registration": {**FIXED, "registry_url": "https://example.org/1"}, "governance": {"registry": registry}}
    room = Room(plan, told(blocks=blocks))
    assert room.sentences == ["No change of the plan is recorded."]
    assert room.pairs["Fixed on"] == "5 January 2026"
    assert room.pairs["Seen before it was fixed"] == "No data had been seen"
    assert room.pairs["Registered at"] == "Evaluation Registry, ER-1, https://example.org/1"
    assert room.pairs["Last look planned"] == "January 2027"


def test_fixed_too_late():
    room = Room(plan, told(blocks={"registration": {**FIXED, "data_seen_before_lock": "outcome_data"}}))
    assert room.sentences == [plan.LATE, plan.NO_CHANGE]


@pytest.mark.parametrize(
    ("fixed", "says"),
    [("now", plan.SAME), ("NOW", plan.SAME), ("a" * 64, plan.OTHER), ("a" * 12, ""), ("", "")],
)
def test_fingerprints_are_set_beside_one_another_where_both_are_whole(fixed, says):
    base = told()
    now = base.provenance.protocol_sha256
    assert len(now) == plan.LENGTH
    written = now if fixed == "now" else now.upper() if fixed == "NOW" else fixed
    room = Room(plan, told(blocks={"registration": {**FIXED, "protocol_sha256": written or None}}))
    assert [sentence for sentence in room.sentences if "fingerprint" in sentence] == ([says] if says else [])
    assert ("Fingerprint of this study file’s plan" in room.pairs) == (says != plan.SAME)


def test_without_provenance_nothing_is_compared():
    base = told(blocks={"registration": {**FIXED, "protocol_sha256": "a" * 64}})
    room = Room(plan, dataclasses.replace(base, provenance=None))
    assert room.sentences == [plan.NO_CHANGE]


AMENDED = {"date": "2026-02-01", "field": "outcomes", "from": "a", "to": "b", "reason": "A slip."}


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (["none"], "1 change of the plan is recorded, made before the outcome data had been seen."),
        (["outcome_data"], "1 change of the plan is recorded, made after the outcome data had been seen."),
        (["none", "aggregate_press_figures"],
         "2 changes of the plan are recorded, none of them made after the outcome data had been seen."),
        (["none", "outcome_data", "outcome_data"],
         "3 changes of the plan are recorded, 2 of them made after the outcome data had been seen."),
        (["outcome_data"] * 2,
         "2 changes of the plan are recorded, all of them made after the outcome data had been seen."),
    ],
)  # fmt: skip
def test_changes_are_counted(seen, says):
    amendments = [{**AMENDED, "data_seen": one} for one in seen]
    room = Room(plan, told(blocks={"registration": {**FIXED, "amendments": amendments}}))
    assert room.sentences == [says]
    assert len(room.rows("amendments")) == 1 + len(seen)


def test_changes_and_departures_are_tables():
    departed = {"date": "2026-03-01", "what": "One month left out", "why": "It was missing.", "data_seen": "none"}
    block = {**FIXED, "amendments": [{**AMENDED, "data_seen": "none"}], "deviations": [departed]}
    room = Room(plan, told(blocks={"registration": block}))
    assert room.rows("amendments")[1] == ["1 February 2026", "outcomes", "a", "b", "A slip.", "No data had been seen"]
    assert room.rows("deviations")[1] == [
        "1 March 2026",
        "One month left out",
        "It was missing.",
        "No data had been seen",
    ]
    assert room.sentences[1] == (
        "1 thing done otherwise than planned is recorded, made before the outcome data had been seen."
    )
    assert plan.NO_CHANGE not in room.sentences


def test_what_changed_from_nothing_or_to_zero():
    amended = {"date": 2026, "field": "lags", "from": None, "to": 0, "reason": "Too few months."}
    room = Room(plan, told(blocks={"registration": {**FIXED, "amendments": [amended]}}))
    assert room.rows("amendments")[1] == [
        "2026",
        "lags",
        "Not stated",
        "0",
        "Too few months.",
        "The data had been seen",
    ]


LOCKED = {"state": "as_locked", "locked_at": "2026-01-05", "locked_sha256": "b" * 64, "now_sha256": "b" * 64,
          "data_seen": "none", "changes": []}  # fmt: skip
CHANGE = {"field": "outcomes.main.minimum_important_change", "from": "10", "to": None, "amended": ["2026-02-01"]}


def locked(state, **block):
    registration = {**FIXED, "protocol_sha256": "b" * 64, **block}
    return Room(plan, told(blocks={"registration": registration}, protocol={**LOCKED, **state}))


def test_a_lock_that_holds():
    room = locked({})
    assert room.sentences == [plan.SAME, plan.NO_CHANGE]
    assert room.pairs["The plan now"] == "As it was fixed"
    assert room.pairs["Fingerprint of the plan"] == "b" * 64
    assert "Fingerprint of this study file’s plan" not in room.pairs


def test_what_is_not_as_it_was_fixed_stands_with_its_record():
    room = locked({"state": "amended", "now_sha256": "c" * 64, "changes": [CHANGE]}, amendments=[AMENDED])
    assert room.pairs["The plan now"] == "Changed since, with a record of each change"
    assert room.pairs["Fingerprint of this study file’s plan"] == "c" * 64
    assert room.sentences[0] == "1 part of the plan is not as it was fixed. Each change is on record."
    assert room.rows("not-as-fixed")[1] == [
        "outcomes.main.minimum_important_change", "10", "Not there", "1 February 2026"]
    assert plan.SAME not in room.sentences
    assert plan.OTHER not in room.sentences


def test_a_change_without_a_record_is_said():
    changes = [{**CHANGE, "amended": []}, {**CHANGE, "field": "design.level", "to": "5"}]
    room = locked({"state": "not_as_locked", "now_sha256": "c" * 64, "changes": changes})
    assert plan.OTHER in room.sentences
    assert "2 parts of the plan are not as they were fixed. Not every change is on record." in room.sentences
    assert room.rows("not-as-fixed")[1][-1] == "None"


def test_a_date_that_nothing_shows_is_said_to_be_no_more_than_stated():
    nothing = {"state": "stated", "locked_at": None, "locked_sha256": None, "data_seen": None}
    room = Room(plan, told(blocks={"registration": FIXED}, protocol={**LOCKED, **nothing}))
    assert room.sentences == [plan.STATED, plan.NO_CHANGE]
    assert "The plan now" not in room.pairs


def test_without_a_lock_the_page_says_never():
    nothing = {"state": "not_locked", "locked_at": None, "locked_sha256": None, "data_seen": None}
    room = Room(plan, told(protocol={**LOCKED, **nothing}))
    assert room.sentences == [plan.NEVER]
