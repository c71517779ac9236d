"""The first side is short and plain: at most 350 words, and a reading age of at most 12 (Flesch-Kincaid grade 7)."""

from __future__ import annotations

import dataclasses
import math
import random
from pathlib import Path

import pytest
from conftest import Rendered
from first_side import blocks_of, prose, sentences_alone, summary_of
from test_whole_pages import BASES, remade

from evalkit.notebook import evaluate
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


@pytest.mark.parametrize("name", COMMITTED)
def test_first_side_of_every_committed_study(name, render_one):
    check(render_one(evaluate(ROOT / "evaluations" / f"{name}.yaml")))


@pytest.mark.parametrize("name", sorted(BASES))
def test_answers_of_random_results(name):
    """300 results of each kind, of every size and certainty: the headline with its detail and notes stays plain."""
    draw, seen = random.Random(name), set()  # noqa: S311 - not for secrets
    for _ in range(300):
        low, value, high = sorted(round(draw.uniform(-90, 200) * draw.choice((0.1, 1)), 2) for _ in range(3))
        numbers = (value, draw.choice((low, low, low, -math.inf)), draw.choice((high, high, high, math.inf)))
        study = remade(
            BASES[name], numbers, margin=draw.choice((None, 0.0, 0.5, 5.0, 30.0)),
            better=draw.choice(("lower", "higher", "neither")), against=draw.random() < 0.3,
            level="monitoring" if name == "before_after" else draw.choice(("impact", "interim")),
            simulated=draw.random() < 0.3, kind=draw.choice(("count", "rate")),
        )  # fmt: skip
        told = headline(study)
        text = prose([told.sentence, told.detail, *told.notes])
        seen.add(told.sentence)
        assert grade(text) <= HIGHEST_GRADE, text
    assert len(seen) > (5 if name != "before_after" else 2)


def test_the_measure_can_fail():
    hard = ("The counterfactual extrapolation of preintervention observations demonstrates considerable "
            "heteroscedasticity notwithstanding autoregressive specification.")  # fmt: skip
    assert grade(hard) > 2 * HIGHEST_GRADE
    assert grade("The cat sat on the mat.") < 3


def test_long_words_of_the_author_do_not_count():
    study = BASES["series"]
    asked = dataclasses.replace(study, study={**study.study, "question": "Notwithstanding " * 40})
    assert "Notwithstanding" in Page(asked, None).document()
    assert "question" in (ROOT / "reports" / "templates" / "study.qmd").read_text()
