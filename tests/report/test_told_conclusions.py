"""The five boxes, the limits in their order, and what should be done."""

import dataclasses
import re

import demo
import demo_money
import pytest
from told_rooms import Room, told

from evalkit.report.told import emmie, limits, recommendations
from evalkit.report.words import headline

CAUSAL = re.compile(r"\b(?:impacts?|effects?|effective|prevent(?:ed|s)?|work(?:ed|s)|cuts?|saved?|due to|thanks to)\b",
                    re.IGNORECASE)  # fmt: skip


def boxes(evaluation):
    """Return the boxes as a reader sees them, by their heading."""
    room = Room(emmie, evaluation)
    markup = re.sub(r"^`{3,}.*$", "", str(room.parts[0]["blocks"][0]), flags=re.MULTILINE)
    parts = re.split(r"<h4>(.*?)</h4>", markup)[1:]
    words = [" ".join(re.sub(r"<[^>]+>", " ", html).split()) for html in parts[1::2]]
    return dict(zip(parts[::2], words, strict=True))


def test_five_boxes_always():
    found = boxes(told(analyses=(), failures=()))
    assert list(found) == ["Effect", "Mechanism", "Moderators", "Implementation", "Economics"]
    assert all(words.endswith("Not studied") for words in found.values())


def test_the_result_fills_the_first_box_where_the_authors_do_not():
    answer = headline(demo.seat_belts())
    found = boxes(told())
    assert f"Not scored {answer.sentence} How large, and how sure: see the first side." in found["Effect"]
    assert answer.detail not in found["Effect"]  # it stands beside the answer, once
    assert found["Mechanism"] == "How could it bring that about? Not studied"
    assert "The authors write:" not in found["Effect"]


def test_the_first_box_of_a_result_that_is_not_reliable_says_so():
    base = demo.seat_belts()
    check = dataclasses.replace(base.primary.result.diagnostics[1], key=True)
    result = dataclasses.replace(base.primary.result, diagnostics=(check,))
    words = boxes(told(analyses=(dataclasses.replace(base.primary, result=result),)))["Effect"]
    assert "Not reliable:" in words


def test_the_authors_fill_their_boxes_and_score_them():
    block = {
        "effect": {"text": "Fewer hurt.", "quality": 3, "source": "Review, 2025"},
        "mechanism": {"text": "A belt."},
        "moderators": {"text": "Drivers alone.", "quality": 0},
    }
    found = boxes(told(blocks={"emmie": block}))
    assert found["Effect"] == (
        "What difference did it make? 3 of 4 The authors write: Fewer hurt. Source: Review, 2025"
    )
    assert found["Mechanism"] == "How could it bring that about? Not scored The authors write: A belt."
    assert "0 of 4" in found["Moderators"]
    assert found["Economics"].endswith("Not studied")


def test_monitoring_calls_the_first_box_a_change_and_claims_no_cause():
    evaluation = told("monitoring")
    found = boxes(evaluation)
    assert next(iter(found)) == "Change"
    assert "We cannot say whether the programme caused this." in found["Change"]
    assert not CAUSAL.findall(Room(emmie, evaluation).text)
    own = boxes(told("monitoring", {"emmie": {"effect": {"text": "It prevented robberies.", "quality": 1}}}))
    assert "The authors write: It prevented robberies." in own["Change"]


def test_money_fills_the_last_box():
    evaluation = demo_money.hot_spots()
    words = boxes(evaluation)["Economics"]
    assert "Not studied" not in words
    assert "£" in words
    without_data = boxes(demo_money.borrowed())
    assert without_data["Effect"].endswith("Not studied")
    assert "£" in without_data["Economics"]


def test_simulated_boxes_say_so():
    found = boxes(told("rehearsal"))
    assert "Simulated data." in found["Effect"]
    assert "Simulated data." in found["Economics"]
    assert "Simulated data" not in found["Mechanism"]


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ("too_good", "Makes the programme look better than it is"),
        ("too_bad", "Makes the programme look worse than it is"),
        ("either", "May move the answer either way"),
        ("unknown", "Which way is not known"),
    ],
)
@pytest.mark.parametrize(("size", "far"), [("small", "Small"), ("large", "Large"), ("unknown", "Not known")])
def test_a_limit_has_its_direction_and_size_in_words(direction, words, size, far):
    given = [{"text": "Fuel prices rose.", "direction": direction, "size": size}]
    room = Room(limits, told(blocks={"limitations": given}))
    assert room.rows("limits")[1] == ["1. Fuel prices rose.", words, far]
    assert room.sentences == []


def test_limits_are_ranked_and_stand_after_what_cannot_be_said(render_one):
    given = [{"text": f"Limit {letter}.", "size": "moderate"} for letter in "zab"]
    evaluation = told(blocks={"limitations": given})
    room = Room(limits, evaluation)
    assert [row[0] for row in room.rows("limits")[1:]] == ["1. Limit z.", "2. Limit a.", "3. Limit b."]
    assert room.sentences == [limits.ORDER]
    assert Room(limits, told()).parts == []
    text = render_one(evaluation).text()
    assert text.index("That everyone gained.", text.index("What we cannot say, in full", 5_000)) < text.index(
        "Limit z."
    )


def test_recommendations_stand_in_the_order_of_their_authors():
    given = [{"text": "Go on.", "owner": "Council", "by": "2027-01", "rests_on": "Figure 1", "confidence": "moderate"},
             {"text": "Count again."}]  # fmt: skip
    room = Room(recommendations, told(blocks={"recommendations": given}))
    assert room.sentences == [recommendations.ORDER]
    assert room.rows("recommendations")[1:] == [
        ["1. Go on.", "Council", "January 2027", "Figure 1", "Moderate"],
        ["2. Count again.", "No owner named", "No date named", "Not stated", "Not stated"],
    ]


def test_no_recommendation():
    assert Room(recommendations, told()).sentences == ["No recommendation is made."]
    assert Room(recommendations, told("monitoring")).sentences == ["No recommendation is made."]
    assert Room(recommendations, told(analyses=(), failures=())).parts == []


def test_recommendations_in_the_authors_own_text_are_not_denied(render_one):
    evaluation = told(blocks={"narrative": {"recommendations": "Go on with it."}})
    assert Room(recommendations, evaluation).parts == []
    text = render_one(evaluation).text()
    assert "The authors write: Go on with it." in text
    assert "No recommendation is made." not in text
