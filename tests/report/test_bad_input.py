"""Bad input: whatever a study file says or a result lacks, there is a page; it is valid, and says what is missing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import demo
import pytest
from in_browser import UNFOLD, page_of, started
from test_arrangements import value
from test_whole_pages import UNSPEAKABLE

from evalkit import report
from evalkit.notebook import evaluate
from evalkit.records import Estimate, Evaluation, Measure
from evalkit.spec.study import Study

SIGNS = ('<script>alert(1)</script><b class="planted" onclick="alert(2)">bold</b><img src=x onerror=alert(3)> "twice" '
         "'once' `code` {{ 7*7 }} {% raw %} {{< env HOME >}} ${x} $y$ [link](javascript:alert(4)) ::: *star* <!-- -- "
         "]]> &amp; &#60;i&#62; \\n שלום עולם ‮ŵŷ Ŵŷ Llŷr")  # fmt: skip
NOT_WORDS = {"evalkit", "status", "level", "evaluation_types", "design", "data", "intervention", "outcomes",
             "sensitivity", "falsification", "subgroups", "multiplicity", "economics", "release", "disclosure",
             "claims", "narrative", "version"}  # fmt: skip
"""Blocks that are no words, or of which the page prints what a computation made."""


def swapped(part: Any, text: str) -> Any:
    """Return a block with this text in each place that takes a text."""
    if isinstance(part, dict):
        return {key: swapped(inner, text) for key, inner in part.items()}
    if isinstance(part, list):
        return [swapped(inner, text) for inner in part]
    return text if isinstance(part, str) and part.startswith("said") else part


def every_text(base: Evaluation, text: str) -> Evaluation:
    """Return an evaluation with this text in every text field of its study file, and in every label of its result."""
    blocks = {name: swapped(value(field.annotation, name.replace("_", "")), text)
              for name, field in Study.model_fields.items() if name not in NOT_WORDS}  # fmt: skip
    outcomes = {key: {**declared, "label": text, "plain_label": text, "unit": text}
                for key, declared in base.study["outcomes"].items()}  # fmt: skip
    data = {**(base.study.get("data") or {"source": "csv"}), "publisher": text, "name": text, "licence": text,
            "address": text}  # fmt: skip
    disparity = {"measure": text, "group": text, "compared_with": text, "ratio": 1.8, "low": 1.2, "high": 2.4,
                 "level": 0.95, "source": text}  # fmt: skip
    narrative = dict.fromkeys(("background", "result", "cannot_say", "cost", "reached", "next", "changed", text), text)
    study = {**base.study, **blocks, "version": text, "outcomes": outcomes, "data": data, "disparities": [disparity],
             "narrative": narrative}  # fmt: skip
    analyses = tuple(
        dataclasses.replace(
            analysis, label=text, notes=(text,),
            outcome=dataclasses.replace(analysis.outcome, label=text, unit=text),
            result=dataclasses.replace(analysis.result, diagnostics=tuple(
                dataclasses.replace(check, reading=text, assumption=text) for check in analysis.result.diagnostics)),
        ) for analysis in base.analyses
    )  # fmt: skip
    return dataclasses.replace(base, study=study, analyses=analyses)


BASES = {"impact": demo.seat_belts, "monitoring": demo.portsmouth, "places": demo.castle, "rehearsal": demo.rehearsal}


def no_element_is_the_authors(page: Any) -> None:
    assert not page.all("script")
    assert not page.all("img")
    for element in page.tree.iter():
        assert "planted" not in (element.get("class") or "").split()
        assert not any(str(attribute).lower().startswith("on") for attribute in element.attrib)
        assert not str(element.get("href", "")).replace(" ", "").lower().startswith(("javascript", "data:"))


@pytest.mark.parametrize("base", BASES)
def test_signs_in_every_text_field_are_only_words(base, render_one):
    """html5lib reads the page strictly: a tag that is not closed, or closed twice, would raise."""
    page = render_one(every_text(BASES[base](), SIGNS))
    no_element_is_the_authors(page)
    text = page.text()
    for words in ("<script>alert(1)</script>", "{{ 7*7 }}", "{{< env HOME >}}", "{% raw %}", "שלום עולם", "ŵŷ Ŵŷ Llŷr"):
        assert text.count(words) > 20, words
    assert "49" not in "".join(page.find("title").itertext())
    assert page.find("words") in list(page.all("main")[0].iter())


@pytest.mark.browser
def test_signs_do_nothing_in_a_browser(render_one, tmp_path: Path):
    evaluation = every_text(demo.seat_belts(), SIGNS)
    render_one(evaluation)
    report.render(tmp_path, tmp_path / "_site", "bundled", ["index"])
    with started() as browser:  # a dialog, an error or a request elsewhere fails in `page_of`
        for name in (f"studies/{evaluation.id}", "index"):
            for width in (320, 1280):
                with page_of(browser, tmp_path / "_site" / f"{name}.html", width) as page:
                    page.evaluate(UNFOLD)
                    assert page.evaluate("document.querySelectorAll('.planted').length") == 0
                    assert page.evaluate("document.documentElement.scrollWidth") <= width
                    assert page.evaluate("document.images.length") == 0
                    assert page.evaluate("document.scripts.length") == (2 if name == "index" else 0)


@pytest.mark.parametrize("letters", [200, 300])
def test_labels_of_200_letters(letters, render_one):
    label = ("Troseddau treisgar â gofnodwyd gan yr heddlu yng Ngŵyl y Môr " * 6)[:letters].strip()
    page = render_one(every_text(demo.castle(), label))
    assert label in page.text()
    assert page.all("svg") or page.all("{http://www.w3.org/2000/svg}svg")


def not_sayable(text: str) -> list[str]:
    """Return what a computer writes where a number or a word is missing; a chart has a label "True start"."""
    return UNSPEAKABLE.findall(text.replace("True start", ""))


def without_numbers(base: Evaluation, **changes: Any) -> Evaluation:
    """Return an evaluation whose only analysis has other numbers."""
    result = dataclasses.replace(base.primary.result, **{"fit": None, **changes})
    return dataclasses.replace(
        base, analyses=(dataclasses.replace(base.primary, result=result),), failures=(), claims=()
    )


INFINITE = Estimate(-15.0, "Change", "percent", low=-math.inf, high=math.inf)
SPARSE = {
    "no relative or absolute change": lambda: without_numbers(demo.seat_belts(), relative=None, absolute=None,
                                                              averted=None, coefficients=(), diagnostics=()),
    "one period": lambda: without_numbers(demo.seat_belts(), path=demo.seat_belts().primary.result.path[-1:],
                                          path_without_season=(), n_pre_periods=0, n_post_periods=1),
    "no path": lambda: without_numbers(demo.seat_belts(), path=(), path_without_season=()),
    "infinite interval": lambda: without_numbers(demo.seat_belts(), relative=INFINITE, averted=INFINITE,
                                                 absolute=INFINITE),
    "half an interval": lambda: without_numbers(
        demo.seat_belts(), relative=Estimate(-15.0, "Change", "percent", low=-21.0, high=math.inf)),
    "no interval": lambda: without_numbers(
        demo.seat_belts(), relative=Estimate(-15.0, "Change", "percent"), absolute=None, averted=None,
        effect=Estimate(-0.16, "Change")),
    "monitoring without an interval": lambda: without_numbers(
        demo.portsmouth(), relative=Estimate(-45.9, "Change", "percent"), effect=Estimate(-0.6, "Change")),
}  # fmt: skip
MISSING = {"no interval": "no interval", "monitoring without an interval": "no interval",
           "infinite interval": "No change, however large, can be ruled out."}  # fmt: skip


@pytest.mark.parametrize("name", SPARSE)
def test_a_result_that_lacks_something_has_a_page(name, render_one):
    page = render_one(SPARSE[name]())
    text = page.text(without=("hash", "author"))
    assert not_sayable(text) == []
    assert MISSING.get(name, "") in text
    assert len(page.source) < 500_000
    for figure in page.all("figure"):
        assert len("".join(figure.itertext()).split()) > 5


FIVE_HUNDRED = """
evalkit: 1
title: Five hundred places
question: Did visits fall in half of five hundred places?
data: {source: simulated, units: 500, treated: 250, periods: 8, period: {start: 2016, frequency: year},
       baseline: 60, effect: -15, treated_from: 2021, seed: 3}
intervention: {start: 2021}
outcomes: {visits: {label: Visits, column: value, kind: count, better: lower, minimum_important_change: 5}}
design: {kind: difference_in_differences, transform: log}
"""


def test_500_units_have_a_page(render_one, tmp_path):
    file = tmp_path / "many.yaml"
    file.write_text(FIVE_HUNDRED, encoding="utf-8")
    page = render_one(evaluate(file))
    assert "500" in page.text()
    assert "fewer than expected" in page.text()
    assert len(page.source) < 500_000


def test_a_study_with_nothing_but_a_question(render_one):
    base = demo.seat_belts()
    bare = {key: base.study[key] for key in ("title", "question", "level", "status", "design", "outcomes")}
    page = render_one(demo.seat_belts(study=bare, analyses=(), failures=(), evidence={}, provenance=None))
    text = page.text()
    assert "Not studied yet." in text
    assert "Not stated" in text
    assert 'id="glance"' not in page.source
    assert not_sayable(text) == []


UNFINISHED = (
    "", "   ", "**bold", "```\ncode that never ends", "::: {.summary}", "[a link](", "<div><p>open",
    "- one\n    -\n\n-",
    "| a |\n|--|", "---\ntitle: x\n---", "{{ title }} {% if %}", "\x0b\x0c", "# Heading", "$$\\frac{1}{2}", "^[note",
    "![picture](https://example.org/x.png)", "[^1]\n\n[^1]:",
)  # fmt: skip


@pytest.mark.parametrize("written", UNFINISHED)
def test_an_unfinished_narrative(written, render_one):
    named = ("background", "cannot_say", "cost", "reached", "changed", "next", "design", "own")
    narrative = dict.fromkeys(named, written)
    page = render_one(demo.seat_belts(study={**demo.seat_belts().study, "narrative": narrative, "programme": None}))
    no_element_is_the_authors(page)
    assert len(page.all("main")) == 1
    assert page.find("words") in list(page.all("main")[0].iter())
    assert 'id="glance"' not in page.source


def test_a_reference_to_nothing_is_told_with_its_place(tmp_path):
    study = {**demo.seat_belts().study, "narrative": {"background": "See @fig-nowhere."}}
    [fault] = report.write_sources([demo.seat_belts(study=study)], tmp_path).faults
    [problem] = fault.problems
    assert (fault.id, problem.where) == ("seat-belts", "narrative.background")
    assert "@fig-nowhere is not on this page" in problem.message
    assert "@fig-headline" in problem.mend
    report.render(tmp_path, tmp_path / "_site", "bundled", ["index"])
    assert "@fig-nowhere" in (tmp_path / "_site" / "index.html").read_text(encoding="utf-8")


def test_the_outcome_without_words(render_one):
    outcome = Measure("main", "", "", "count", "lower")
    base = demo.seat_belts()
    analyses = tuple(dataclasses.replace(analysis, outcome=outcome) for analysis in base.analyses)
    page = render_one(demo.seat_belts(analyses=analyses))
    assert "Main: 15% fewer" in page.text() or "Car drivers" in page.text()
