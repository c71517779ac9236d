"""How it was delivered: who was reached, in natural frequencies; nothing drawn where a number is not known."""

import dataclasses

import demo
import layouts
import pytest

from evalkit.report.drawing import SLIM, WIDE
from evalkit.report.reach_chart import draw_reach, reach_rows, read_reach, words_of
from evalkit.report.told import delivery

LONG = "Llŷn <i>a</i> & " + "a step with a name that is very long " * 5


def steps(*given):
    return {"reach": [{"step": step, "number": count, "note": None, "source": None} for step, count in given]}


REACHES = {
    "whole": steps(("Eligible", 219), ("Approached", 150), ("Took part", 94), ("Completed", 61)),
    "unknown": steps(("Eligible", 219), ("Approached", None), ("Took part", 94)),
    "few": steps(("Eligible", 24), ("Took part", 20)),
    "none": steps(("Eligible", 500), ("Took part", 0)),
    "zero base": steps(("Eligible", 0), ("Took part", 0)),
    "long": steps((LONG, 1_000_000), (LONG, 2), ("x" * 120, None), ("End", 1)),
}  # fmt: skip


def study(process, base=None):
    base = base or demo.seat_belts()
    return dataclasses.replace(base, study={**base.study, "process": process})


@pytest.mark.parametrize("size", [WIDE, SLIM])
@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("name", REACHES)
def test_no_word_leaves_the_canvas_or_meets_another(name, size, simulated):
    assert layouts.faults(draw_reach(read_reach(REACHES[name]), size, simulated=simulated)) == []


def test_bars_are_in_proportion_and_unknown_numbers_draw_nothing():
    drawing = draw_reach(read_reach(REACHES["unknown"]), WIDE, simulated=False)
    widths = [drawing.canvas.across(b.places[1][0]) - drawing.canvas.across(b.places[0][0]) for b in drawing.areas]
    assert len(widths) == 2
    assert widths[1] / widths[0] == pytest.approx(94 / 219)
    assert words_of(read_reach(REACHES["unknown"])) == ["219", "not known", "94 (43% of “Eligible”)"]
    assert not draw_reach(read_reach(REACHES["zero base"]), WIDE, simulated=False).areas


def test_shares_are_of_the_first_step_and_of_the_one_before():
    whole = read_reach(REACHES["whole"])
    assert words_of(whole)[1:] == ["150 (68% of “Eligible”)", "94 (43% of “Eligible”, 63% of “Approached”)",
                                   "61 (28% of “Eligible”, of 94 in “Took part”)"]  # fmt: skip
    rows = reach_rows(whole)
    assert rows[1][:4] == ("Eligible", "219", "Does not apply", "Does not apply")
    assert rows[3][:4] == ("Took part", "94", "43%", "63%")
    assert rows[3][2].numbers == (pytest.approx(42.922374),)
    assert reach_rows(read_reach(REACHES["unknown"]))[3][:4] == ("Took part", "94", "43%", "Not known")


@pytest.mark.parametrize(("name", "message"), [
    ("whole", "About 28 of every 100 in “Eligible” are in “Completed”"),
    ("unknown", "About 43 of every 100 in “Eligible” are in “Took part”"),
    ("few", "20 of 24 in “Eligible” are in “Took part”"),
    ("none", "0 of every 100 in “Eligible” are in “Took part”"),
    ("long", "Fewer than 1 of every 100"),
])  # fmt: skip
def test_the_message_is_a_natural_frequency(name, message):
    figure = delivery.reach_figure(study(REACHES[name]))
    assert figure.title.startswith(message)
    assert "%" not in figure.title


def test_sentences_count_people_and_name_what_is_not_known():
    assert delivery._reached(read_reach(REACHES["whole"]))[0] == (
        "Of 219 in “Eligible”, 150 are in “Approached”.")  # fmt: skip
    assert delivery._reached(read_reach(REACHES["unknown"])) == [
        "Of 219 in “Eligible”, 94 are in “Took part”.", "Not known: the number in “Approached”."]  # fmt: skip


def test_no_chart_with_fewer_than_two_numbers():
    assert delivery.reach_figure(study(steps(("Eligible", 5)))) is None
    assert delivery.reach_figure(study(steps(("Eligible", 5), ("Took part", None)))) is None
    assert delivery.reach_figure(study({})) is None
    assert delivery.reach_figure(demo.castle()) is None


def test_the_page_holds_reach_dose_fidelity_and_findings(render_one):
    process = {
        **REACHES["unknown"],
        "dose": [{"item": "Sessions", "planned": "12", "delivered": "7 on average"}],
        "fidelity": [{"item": "Met within a day", "planned": "All", "source": "Log"}],
        "findings": [{"theme": "Referral", "text": "Night staff <b>referred</b> few.", "strength": "weak"}],
    }
    page = render_one(study(process, demo.rehearsal()))
    text = page.text()
    for words in ("Of 219 in “Eligible”, 94 are in “Took part”.", "Planned beside delivered: 2 items",
                  "Sessions How much 12 7 on average Not stated", "Met within a day As planned All Not stated Log",
                  "Referral Night staff <b>referred</b> few. Weak Not stated",
                  "Simulated data. What was learnt about delivery: 1 finding"):  # fmt: skip
        assert words in text
    assert "Not studied: who was reached" not in text
    assert page.find("fig-reach") is not None


def test_what_was_not_studied_is_said(render_one):
    said = "Not studied: who was reached, how much was delivered, and what was learnt"
    assert said in render_one(demo.castle()).text()
    text = render_one(study({"dose": [{"item": "Sessions"}]})).text()
    assert "Not studied: what was learnt about delivery." in text
    assert "Not stated: who was reached" in text or "Who was reached Not stated." in text
