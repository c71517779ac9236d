"""The theory of change: a drawing that stays readable, and the list that says the same in full."""

import dataclasses
from xml.etree import ElementTree

import demo
import layouts
import pytest

from evalkit.report.drawing import SLIM, WIDE
from evalkit.report.theory_chart import draw_theory, read_theory, theory_figure, theory_list

LONG = "A text that goes on, <b>with</b> signs & Welsh letters ŵ ŷ, " * 6
FULL = {
    "problem": "People come back to A&E.", "inputs": ["Two navigators", "A room"], "activities": ["Meeting", "A plan"],
    "outputs": ["People met"], "outcomes": {"short": ["Feels safer"], "medium": ["In work"], "long": ["Fewer visits"]},
    "assumptions": ["Staff refer"], "external_factors": ["Summer"], "unintended": ["Labels"],
}  # fmt: skip
THEORIES = {
    "full": FULL,
    "long": {**FULL, "activities": [LONG, "x" * 200], "problem": LONG, "assumptions": [LONG]},
    "many": {**FULL, "inputs": [f"Thing {at} that goes in" for at in range(20)]},
    "two steps": {"problem": "One", "outputs": ["Two"]},
    "no problem": {"inputs": ["One"], "activities": ["Two"], "outcomes": {"long": ["Three"]}},
    "outcomes alone": {"outcomes": {"short": ["One"], "medium": ["Two"], "long": ["Three"]}},
    "one column": {"problem": "One", "outcomes": {"short": ["One"], "long": ["Three"]}},
}


def study(theory):
    return {"theory_of_change": theory}


@pytest.mark.parametrize("size", [WIDE, SLIM])
@pytest.mark.parametrize("name", THEORIES)
def test_no_word_leaves_the_canvas_or_meets_another(name, size):
    assert layouts.faults(draw_theory(read_theory(study(THEORIES[name])), size)) == []


@pytest.mark.parametrize("size", [WIDE, SLIM])
@pytest.mark.parametrize("name", THEORIES)
def test_words_stand_in_their_boxes_and_arrows_join_the_steps(name, size):
    theory = read_theory(study(THEORIES[name]))
    drawing = draw_theory(theory, size)
    frames = [[(drawing.canvas.across(x), drawing.canvas.down(y)) for x, *ends in band.places for y in ends]
              for band in drawing.areas]  # fmt: skip
    edges = [(min(x for x, _ in f), min(y for _, y in f), max(x for x, _ in f), max(y for _, y in f)) for f in frames]
    assert len(edges) == sum(len(step.drawn) for step in (*theory.chain, *theory.beside))
    for words, left, top, right, low in layouts.boxes(drawing):
        if words in {line for step in (*theory.chain, *theory.beside) for line in step.heading.split(" ")}:
            continue
        inside = [e for e in edges if e[0] <= left and e[2] >= right and e[1] <= top and e[3] >= low]
        heading = any(words in step.heading for step in (*theory.chain, *theory.beside))
        assert inside or heading, words
    heads = [line for line in drawing.lines if len(line.positions) == 3]
    assert len(heads) == len(theory.chain) - 1


def test_long_texts_and_full_columns_are_numbered_short_forms():
    few = read_theory(study(FULL))
    assert all(step.texts == step.drawn for step in (*few.chain, *few.beside))
    long = {step.heading: step for step in read_theory(study(THEORIES["long"])).chain}
    drawn = long["What is done"].drawn
    assert drawn[0].startswith("1. A text that goes on")
    assert drawn[0].endswith("…")
    assert all(len(text) <= 64 for text in drawn)
    assert drawn[1].startswith("2. xxx")
    many = {step.heading: step for step in read_theory(study(THEORIES["many"])).chain}
    assert many["What goes in"].drawn[19] == "20. Thing 19 that goes in"


def test_figure_title_says_what_was_planned_and_the_description_says_it_all():
    evaluation = demo.castle(study={**demo.castle().study, **study(FULL)})
    figure = theory_figure(evaluation)
    assert "planned, not what was found" in figure.subtitle
    assert "short forms" not in figure.subtitle
    said = figure.alt_description
    assert said.startswith("7 steps. 1. The problem: People come back to A&E.")
    for words in ("Arrow to 2. What goes in: Two navigators; A room", "Arrow to 7. Expected in the end: Fewer visits",
                  "Below the chain: What has to hold: Staff refer"):  # fmt: skip
        assert words in said
    for svg in (figure.wide_svg, figure.slim_svg):
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.find("title").text
        assert root.find("desc").text == said
    rows = [row[2] for row in figure.table[1:]]
    assert rows == [text for _, texts in theory_list(evaluation.study) for text in texts]
    assert theory_figure(demo.castle()) is None
    assert theory_figure(demo.castle(study={**demo.castle().study, **study({"problem": "One alone"})})) is None


def test_the_page_has_the_drawing_and_the_list_with_the_same_numbers(render_one):
    base = demo.portsmouth()
    page = render_one(dataclasses.replace(base, study={**base.study, **study(THEORIES["long"])}))
    section = page.find("theory")
    source = "".join(section.itertext())
    assert " ".join(LONG.split()) in " ".join(source.split())
    assert "Numbered texts are short forms" in source
    places = list(section.iter("ol"))
    assert places
    assert [len(list(element.iter("li"))) for element in places] == [2, 2]
    figure = [element.get("id") for element in section.iter("figure")]
    assert figure == ["fig-theory"]
    assert "<b>with</b>" not in page.source
