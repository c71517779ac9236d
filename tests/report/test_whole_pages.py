"""Thousands of random results: no two sentences of a page contradict one another, the interval, or the level."""

from __future__ import annotations

import dataclasses
import math
import re

import demo
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_page import lines_of

from evalkit.records import Diagnostic, Estimate, Evaluation
from evalkit.report.ladder import read
from evalkit.report.words import CANNOT_SAY_WHETHER, headline

CAUSAL = re.compile(
    r"\b(prevent(?:s|ed|ing)?|sav(?:es|ed|ing)|(?<!What )works|worked(?! out)|effective|due to|thanks to|"
    r"because of the programme|led to|(?<!other )caus(?:es|ed|ing)|reduc(?:es|ed|ing)|achiev(?:es|ed)|impact|"
    r"success(?:ful)?|averted)\b",
    re.IGNORECASE,
)
EXEMPT = (CANNOT_SAY_WHETHER, "This comparison cannot tell us whether the programme caused the change",
          "Said beside the answer: we cannot tell whether the programme caused this")  # fmt: skip
UNSPEAKABLE = re.compile(
    r"(?<![\w-])(?:nan|None(?! (?:is|of|was))|inf|Infinity|-inf)(?![\w-])|\{\{|\}\}|\bTrue\b|\bFalse\b"
)
LESS, MORE = ("reduction", "fewer", "lower"), ("increase", "more", "higher")

sizes = st.floats(-99, 400, allow_nan=False).map(lambda x: round(x, 4))


def remade(base: Evaluation, numbers, *, margin, better, level, against, simulated, kind) -> Evaluation:
    """Return an evaluation whose primary analysis has other numbers, the same ones in every block that has them."""
    value, low, high = numbers
    primary = base.primary
    key = (Diagnostic("leads", "Alike before.", "sign against", "They differed before.", key=True),) if against else ()
    others = tuple(check for check in primary.result.diagnostics if not check.key)
    size = 40.0

    def scaled(by: float) -> Estimate:
        ends = sorted(by * end / 100 for end in (low, high))
        return Estimate(by * value / 100, low=ends[0], high=ends[1])

    fit = {key: part for key, part in (primary.result.fit or {}).items() if key != "averages"}
    result = dataclasses.replace(
        primary.result, relative=demo.percent(value, low, high), diagnostics=(*others, *key), power=None, fit=fit,
        absolute=scaled(size) if primary.result.absolute else None,
        averted=scaled(-23 * size) if primary.result.averted else None,
        horizons=(), cumulative=(), error_models=(), placebos=(), leave_out=(), scales=(), baselines=(),
    )  # fmt: skip
    outcome = dataclasses.replace(primary.outcome, better=better, kind=kind)
    analysis = dataclasses.replace(primary, result=result, outcome=outcome, simulated=simulated)
    declared = {**base.study["outcomes"].get(outcome.id, {}), "label": outcome.label,
                "minimum_important_change": margin}  # fmt: skip
    study = {**base.study, "level": level, "claims": [], "narrative": {}, "programme": None, "outcomes": {
        **base.study["outcomes"], outcome.id: declared}}  # fmt: skip
    return dataclasses.replace(base, analyses=(analysis,), failures=(), claims=(), study=study, appraisal=None)


BASES = {"series": demo.seat_belts(), "before_after": demo.portsmouth(), "places": demo.castle()}


@st.composite
def evaluations(draw, name):
    low, value, high = sorted(draw(st.tuples(sizes, sizes, sizes)))
    level = "monitoring" if name == "before_after" else draw(st.sampled_from(["interim", "impact", "impact"]))
    numbers = (value, draw(st.sampled_from([low, low, low, -math.inf])),
               draw(st.sampled_from([high, high, high, math.inf])))  # fmt: skip
    return remade(
        BASES[name], numbers, margin=draw(st.sampled_from([None, 0.0, 0.5, 5.0, 30.0])),
        better=draw(st.sampled_from(["lower", "higher", "neither"])), level=level, against=draw(st.booleans()),
        simulated=draw(st.booleans()), kind=draw(st.sampled_from(["count", "rate"])),
    )  # fmt: skip


def said(lines: list[str]) -> list[str]:
    return [sentence for line in lines for sentence in re.split(r"(?<=[.?!]) ", line)]


@pytest.mark.parametrize("name", sorted(BASES))
@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_sentence_of_a_page_contradicts_another(monkeypatch, name, data):
    study = data.draw(evaluations(name))
    lines = lines_of(study, monkeypatch)
    reading, told = read(study), headline(study)
    change = reading.change
    below, above = change.side == "below", change.side == "above"
    sentences = said(lines)
    page = "\n".join(lines)
    assert told.sentence.split(". ")[0] in page
    for sentence in sentences:
        assert not UNSPEAKABLE.search(sentence), sentence
        assert not re.search(r"(?<!statistically )\bsignifican", sentence, re.IGNORECASE), sentence
        evidence = re.search(r"[Ee]vidence of an? (reduction|increase)", sentence)
        if evidence:
            assert {"reduction": below, "increase": above}[evidence.group(1)], sentence
            assert reading.rung in ("V2", "V4", "V6"), sentence
        if "Too uncertain to say" in sentence or "not clearly more or less" in sentence:
            assert not below, sentence
            assert not above, sentence
        if "No sign of a change large enough to matter" in sentence:
            assert reading.rung == "V3", sentence
    if reading.level == "monitoring":
        for sentence in sentences:
            if sentence not in EXEMPT:
                assert not CAUSAL.search(sentence), sentence
    if not reading.may_price:
        assert "That is about" not in page
    if reading.simulated:
        assert "Simulated data" in page
    intervals = set(re.findall(r"95% interval: ([^).;]*)", page.replace("\n", " ")))
    assert intervals


@pytest.mark.parametrize("name", sorted(BASES))
def test_the_scan_can_fail(monkeypatch, name):
    """The words that the property looks for are on pages that deserve them."""
    sure = remade(BASES[name], (-15, -21, -8), margin=5.0, better="lower", against=False, simulated=False, kind="count",
                  level="monitoring" if name == "before_after" else "impact")  # fmt: skip
    page = "\n".join(lines_of(sure, monkeypatch))
    assert ("Clear evidence of a reduction" in page) == (name != "before_after")
    assert (CANNOT_SAY_WHETHER in page) == (name == "before_after")
