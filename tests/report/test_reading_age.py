"""The first side is short and plain: at most 350 words, and a reading age of at most 12 (Flesch-Kincaid grade 7)."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import demo_money
import pytest
from conftest import Rendered
from first_side import blocks_of, prose, sentences_alone, summary_of
from test_whole_pages import BASES, remade
from whole_page import spoken

from evalkit.evidence import assess
from evalkit.notebook import evaluate
from evalkit.records import Diagnostic, Estimate, Evaluation
from evalkit.report import painting
from evalkit.report.pages import Page
from evalkit.report.words import headline

ROOT = Path(__file__).resolve().parents[2]
HIGHEST_GRADE = 7.0
MOST_WORDS = 350
COMMITTED = sorted(path.stem for path in (ROOT / "evaluations").glob("*.yaml"))
AROUND = ("fig", "site", "skip", "foot", "body", "status")


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade; textstat 0.7.4 needs no word list from elsewhere."""
    import textstat

    return float(textstat.flesch_kincaid_grade(text))


def check(page: Rendered) -> None:
    """Fail where the first side of a page is long or hard; sentences count by themselves as well."""
    blocks = blocks_of(summary_of(page.tree))
    assert len(blocks) > 10
    assert grade(prose(blocks)) <= HIGHEST_GRADE, prose(blocks)
    assert grade(prose(sentences_alone(blocks))) <= HIGHEST_GRADE, sentences_alone(blocks)
    assert 100 < len(page.text(without=AROUND).split()) <= MOST_WORDS


def test_first_side_of_every_page(pages):
    studies = [name for name, page in pages.items() if 'class="summary"' in page.source]
    assert len(studies) >= 6
    for name in studies:
        check(pages[name])


REACH = [{"step": "Young people named by schools", "number": 900},
         {"step": "Young people engaged", "number": 301}]  # fmt: skip
FILLED = {
    "process": {"reach": REACH}, "recommendations": [{"text": "Fund one more year, then look again.", "owner": "PCC"}],
    "narrative": {"cannot_say": ["That patrols alone did it.", "That it lasts."]},
    "governance": {"next_update": "2025-06", "commissioner": "M. Barber, PCC",
                   "analyst": "A. Analyst", "assurer": "B. Assurer", "approved_by": "C. Approver"},
}  # fmt: skip


def every_block(base: Evaluation) -> Evaluation:
    """Return a study with all that its first side can hold: numbers, counted reasons, a harm, checks, reach, money."""
    averages = {"observed": 61.39, "expected": 69.34, "expected_low": 60.6, "expected_high": 78.3}
    against = Diagnostic("negative_controls", "Nothing else changed.", "sign against", "It moved.")
    twice = Diagnostic("treated_like_the_rest", "Alike.", "sign against", "Unlike.")
    old = base.primary.result
    new = replace(old, absolute=Estimate(-7.95, low=-17.0, high=1.0), diagnostics=(against, twice), n_pre_periods=24,
                  n_units=16, n_treated_units=6,
                  fit={**(old.fit or {}), "averages": averages, "minimum_detectable": 16.4})  # fmt: skip
    primary = replace(base.primary, result=new)
    measure = replace(primary.outcome, id="harm", label="Stop and search", better="lower")
    up = replace(new, relative=Estimate(37.0, unit="percent", low=20.0, high=58.0),
                 effect=replace(new.effect, value=0.31, low=0.18, high=0.46))  # fmt: skip
    harm = replace(primary, id="harm", role="secondary", outcome_role="harm", outcome=measure, result=up)
    other = replace(primary, id="other", role="sensitivity", label="Other choices", result=up)
    second = replace(harm, id="second", outcome_role="", outcome=replace(measure, id="second"))
    control = replace(harm, id="control", outcome_role="negative_control", outcome=replace(measure, id="control"))
    analyses = (primary, harm, second, other, control)
    study = {**base.study, **FILLED, "governance": {**base.study["governance"], **FILLED["governance"]}}
    study["outcomes"] = {**study["outcomes"], **{name: study["outcomes"]["main"] | {"label": "Stop and search"}
                                                for name in ("harm", "second", "control")}}  # fmt: skip
    return replace(base, study=study, analyses=analyses, evidence=assess(study, analyses, ()))


@pytest.mark.parametrize("base", [demo_money.hot_spots, demo_money.unclear])
def test_first_side_of_a_study_with_every_block(base, render_one):
    study = every_block(base())
    page = render_one(study)
    check(page)
    first = " ".join(blocks_of(summary_of(page.tree)))
    both = ("A possible harm", "Should not have moved")
    for words in (*both, "equal costs at", " more.", "Against: ", "Young people engaged: 301."):
        assert words in first, words
    whole = " ".join("".join(page.find("grades").itertext()).split())
    for key in ("data", "repeating"):  # what the first side leaves off stands here, every word
        assert study.evidence[key]["reason"] in whole


@pytest.mark.parametrize("name", COMMITTED)
def test_first_side_of_every_committed_study(name, render_one):
    check(render_one(evaluate(ROOT / "evaluations" / f"{name}.yaml")))


def first_side_as_written(evaluation) -> list[str]:
    """Return the lines of the first side before any engine prints them: the headline and all that stands round it."""
    document = Page(evaluation, None).document()
    return [line.lstrip("# ").split(" {#")[0] for line in spoken(document[: document.index("::: {.body}")])]


@pytest.mark.parametrize("name", sorted(BASES))
def test_first_side_of_random_results(name, monkeypatch):
    """300 results of each kind, of every size and certainty, with the answer that the ladder gives each of them."""
    monkeypatch.setattr(painting, "paint", lambda drawings: [""] * len(drawings))
    monkeypatch.setattr(Page, "_section", lambda page, section: {})
    draw, seen = random.Random(name), set()
    for _ in range(300):
        low, value, high = sorted(round(draw.uniform(-90, 200) * draw.choice((0.1, 1)), 2) for _ in range(3))
        numbers = (value, draw.choice((low, low, low, -math.inf)), draw.choice((high, high, high, math.inf)))
        study = remade(
            BASES[name], numbers, margin=draw.choice((None, 0.0, 0.5, 5.0, 30.0)),
            better=draw.choice(("lower", "higher", "neither")), against=draw.random() < 0.3,
            level="monitoring" if name == "before_after" else draw.choice(("impact", "interim")),
            simulated=draw.random() < 0.3, kind=draw.choice(("count", "rate")),
        )  # fmt: skip
        told, lines = headline(study), first_side_as_written(study)
        assert told.sentence in " ".join(lines)
        assert grade(prose(lines)) <= HIGHEST_GRADE, prose(lines)
        seen.add(told.rung)
    assert seen >= ({"V0"} if name == "before_after" else {"V1", "V2", "V3", "V4", "V5", "V6"})


def test_the_measure_can_fail():
    hard = ("The counterfactual extrapolation of preintervention observations demonstrates considerable "
            "heteroscedasticity notwithstanding autoregressive specification.")  # fmt: skip
    assert grade(hard) > 2 * HIGHEST_GRADE
    assert grade("The cat sat on the mat.") < 3
