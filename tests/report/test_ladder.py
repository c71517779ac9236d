"""The ladder: every rung by its condition, and no sentence that disagrees with the interval."""

import dataclasses
import math
import re

import demo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.records import Diagnostic, Estimate, Evaluation
from evalkit.report.exhibits import message
from evalkit.report.fragment import terminal_summary
from evalkit.report.ladder import read
from evalkit.report.site.index import answer
from evalkit.report.words import CANNOT_SAY_WHETHER, headline, interval_words

BASE = demo.seat_belts()


def evaluation(
    value: float,
    low: float | None,
    high: float | None,
    *,
    margin: float | None = 5.0,
    better: str = "lower",
    level: str = "impact",
    kind: str = "count",
    against: bool = False,
    simulated: bool = False,
    **study,
) -> Evaluation:
    base, primary = BASE, BASE.primary
    checks = (
        (Diagnostic("leads", "Alike before.", "sign against", "They differed before.", key=True),) if against else ()
    )
    result = dataclasses.replace(
        primary.result,
        relative=demo.percent(value, low, high),
        diagnostics=checks,
        power=None,
        averted=Estimate(
            -10 * value, low=None if high is None else -10 * high, high=None if low is None else -10 * low
        ),
    )
    outcome = dataclasses.replace(primary.outcome, better=better, kind=kind)
    analysis = dataclasses.replace(primary, result=result, outcome=outcome, simulated=simulated)
    declared = {"label": outcome.label, "minimum_important_change": margin}
    return dataclasses.replace(
        base,
        analyses=(analysis,),
        failures=(),
        study={**base.study, "level": level, "outcomes": {"main": declared}, **study},
    )


RUNGS = [
    ("V2", "Clear evidence of a reduction.", (-15, -21, -8), {}),
    ("V2", "Clear evidence of an increase.", (15, 8, 21), {"better": "higher"}),
    ("V3", "No sign of a change large enough to matter.", (0, -4, 4), {}),
    (
        "V3",
        "The data point to a small reduction, smaller than the change set in advance as important.",
        (-3, -4, -2),
        {},
    ),
    ("V3", "The data point to a small increase", (3, 2, 4), {}),
    ("V4", "Evidence of a reduction; its size is uncertain.", (-10, -20, -2), {}),
    ("V4", "Evidence of a reduction; its size is uncertain.", (-10, -20, -5), {}),
    ("V4", "Evidence of a reduction; its size is uncertain.", (-10, -20, -8), {"margin": None}),
    ("V5", "A fall as large as 21% or a rise as large as 4% would fit the data.", (-8, -21, 4), {}),
    ("V5", "Too uncertain to say.", (-8, -21, 0), {}),
    ("V5", "Too uncertain to say. There is no interval", (-8, None, None), {}),
    ("V5", "a rise of any size", (-8, -21, math.inf), {}),
    ("V6", "Evidence of an increase.", (8, 1, 15), {}),
    ("V6", "Evidence of an increase.", (8, 1, 15), {"margin": None}),
    ("V6", "Clear evidence of an increase.", (12, 8, 15), {}),
    ("V6", "Evidence of a reduction.", (-8, -15, -1), {"better": "higher"}),
    ("V1", "15% fewer than expected", (-15, -21, -8), {"better": "neither"}),
    ("V0", "We cannot say whether the programme caused this.", (-15, -21, -8), {"level": "monitoring"}),
]


@pytest.mark.parametrize(("rung", "words", "numbers", "options"), RUNGS)
def test_rung(rung, words, numbers, options):
    found = headline(evaluation(*numbers, **options))
    assert found.rung == rung
    assert words in found.sentence


def test_bad_news_is_worded_like_good_news():
    good, bad = headline(evaluation(-12, -15, -8)), headline(evaluation(12, 8, 15))
    assert good.sentence.replace("a reduction", "X") == bad.sentence.replace("an increase", "X")


def test_unreliable_prefix_and_no_events():
    found = headline(evaluation(-15, -21, -8, against=True))
    assert found.sentence.startswith("Not reliable: a key check speaks against this: alike before. ")
    assert "That is about" not in found.detail
    assert not read(evaluation(-15, -21, -8, against=True)).may_price


def test_interim_names_the_final_look():
    found = headline(evaluation(-15, -21, -8, level="interim", registration={"final_look": "2027-03-31"}))
    assert found.sentence.endswith("Interim: the planned final look is 31 March 2027.")
    month = headline(evaluation(-15, -21, -8, level="interim", registration={"final_look": "2024-06"}))
    assert month.sentence.endswith("Interim: the planned final look is June 2024.")
    assert "no date" in headline(evaluation(-15, -21, -8, level="interim")).sentence


def test_simulated_is_said_first():
    assert headline(evaluation(-15, -21, -8, simulated=True)).sentence.startswith("Simulated data. ")


def test_null_says_what_could_have_been_found():
    assert "not reported" in " ".join(headline(evaluation(-8, -21, 4)).notes)
    base = evaluation(-8, -21, 4)
    result = dataclasses.replace(base.primary.result, fit={"minimum_detectable": -12.0})
    found = dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result),))
    assert "four times in five, is 12%" in " ".join(headline(found).notes)


def test_missing_margin_is_said():
    assert "No smallest change that matters" in headline(evaluation(-15, -21, -8, margin=None)).text


def test_monitoring_says_once_that_no_cause_can_be_told():
    found = headline(demo.portsmouth())
    assert found.sentence.endswith(CANNOT_SAY_WHETHER)
    assert found.detail == "95% interval: 4% to 70% fewer."
    assert found.text.count("whether") == 1


def test_no_result():
    assert headline(demo.seat_belts(analyses=())).rung == "none"


sizes = st.floats(-99, 400, allow_nan=False).map(lambda x: round(x, 4))


@st.composite
def random_evaluations(draw):
    low, value, high = sorted(draw(st.tuples(sizes, sizes, sizes)))
    return evaluation(
        value,
        draw(st.sampled_from([low, low, low, -math.inf])),
        draw(st.sampled_from([high, high, high, math.inf])),
        margin=draw(st.sampled_from([None, 0.0, 0.5, 5.0, 30.0])),
        better=draw(st.sampled_from(["lower", "higher", "neither"])),
        level=draw(st.sampled_from(["monitoring", "interim", "impact"])),
        kind=draw(st.sampled_from(["count", "rate"])),
        against=draw(st.booleans()),
        simulated=draw(st.booleans()),
    )


@settings(max_examples=1500, deadline=None)
@given(random_evaluations())
def test_no_two_sentences_disagree(study):
    change = read(study).change
    told = headline(study)
    interval = interval_words(change, study.primary.outcome.kind)
    below, above = change.high < 0, change.low > 0
    said_less = bool(re.search(r"(?:fewer|lower)", interval))
    said_more = bool(re.search(r"(?:more|higher)", interval))
    assert said_less == (change.low < 0)
    assert said_more == (change.high > 0)
    sentences = [
        told.sentence,
        told.detail,
        message(study.primary, read(study), study.study),
        " ".join(terminal_summary(study)[:6]),
    ]
    if not study.simulated:
        sentences.append(answer(study))
    for sentence in sentences:
        if re.search(r"evidence of (?:a|an) reduction|small reduction|: (?:fewer|lower) than", sentence, re.IGNORECASE):
            assert below, sentence
        if re.search(r"evidence of (?:a|an) increase|small increase|: (?:more|higher) than", sentence, re.IGNORECASE):
            assert above, sentence
        if "Too uncertain" in sentence or "not clearly" in sentence:
            assert not below, sentence
            assert not above, sentence
        assert not re.search(r"(?<!statistically )significant", sentence)
    assert (interval in told.detail) or change.low is None
    if "That is about" in told.detail:
        assert (
            "fewer" in told.detail.split("That is about")[1] or "lower" in told.detail.split("That is about")[1]
        ) == below
    assert not (below and above)


@settings(max_examples=300, deadline=None)
@given(random_evaluations())
def test_printed_numbers_are_never_zero_unless_they_are(study):
    change = read(study).change
    words = interval_words(change, study.primary.outcome.kind)
    for number in re.findall(r"(?<![\d.,])0(?:\.0+)?%", words):
        raise AssertionError(f"{number} in {words!r} for {change}")


@pytest.mark.parametrize(("low", "high", "said"), [(-40.0, 8.0, "not clearly more or less than in December 2019"),
                                                   (-40.0, -8.0, "21% fewer than in December 2019")])
def test_a_chart_of_monitoring_claims_no_direction_where_the_interval_includes_no_change(low, high, said):
    base = demo.portsmouth()
    result = dataclasses.replace(base.primary.result, relative=demo.percent(-21.0, low, high))
    found = dataclasses.replace(base, analyses=(dataclasses.replace(base.primary, result=result),))
    assert message(found.primary, read(found), found.study).endswith(f": {said}")
