"""Nothing that is told runs, is lost or bends the page: hostile signs, Welsh letters, labels of 300 characters."""

from pathlib import Path
from typing import Any

import pytest
from told_rooms import told

from evalkit.spec import assurance, blocks, conclusions
from tests.browsers import started

SIGNS = "<script>alert(1)</script> \"quoted\" & 'single' [link](javascript:alert(1)) `code` {{< env HOME >}} $x$ *"
LONG = "Ysbyty Athrofaol Gŵyl y Môr, ŷ Fenni "
HOSTILE = f"{SIGNS} {LONG * 9}"[:300].strip()
LISTS = {
    "strategies": conclusions.StrategyMeasure,
    "questions": blocks.Question,
    "unintended_effects": conclusions.UnintendedEffect,
    "limitations": conclusions.Limitation,
    "recommendations": conclusions.Recommendation,
}


def hostile_study(text: str = HOSTILE) -> dict[str, Any]:
    """Return every block of the rooms with this text in every place that takes text."""
    from test_arrangements import filled

    def swap(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: swap(value) for key, value in part.items()}
        if isinstance(part, list):
            return [swap(value) for value in part]
        return text if isinstance(part, str) and part.startswith("said") else part

    single = {"registration": blocks.Registration, "emmie": conclusions.Emmie, "assurance": assurance.Assurance,
              "ethics": assurance.Ethics, "standards": assurance.Standards, "governance": blocks.Governance,
              "choice_of_design": assurance.ChoiceOfDesign}  # fmt: skip
    made = {name: swap(filled(model, name)) for name, model in single.items()}
    made |= {name: [swap(filled(model, name))] for name, model in LISTS.items()}
    ratio = {"measure": text, "group": text, "compared_with": text, "ratio": 1.8, "low": 1.2, "high": 2.4,
             "level": 0.95, "source": text}  # fmt: skip
    return {**made, "disparities": [ratio]}


@pytest.mark.parametrize("base", ["impact", "monitoring"])
def test_what_is_told_never_runs_and_is_never_lost(base, render_one):
    page = render_one(told(base, hostile_study()))  # parsed as strict HTML5
    assert len(HOSTILE) >= 295
    assert not [script for script in page.all("script") if "alert" in (script.text or "")]
    assert not page.all("img")
    for element in page.tree.iter():
        assert not any(str(attribute).startswith("on") for attribute in element.attrib)
        assert not str(element.get("href", "")).replace(" ", "").lower().startswith(("javascript", "java"))
    words = " ".join(HOSTILE.split())
    for section in ("strategies", "questions", "plan", "fairness", "emmie", "limits", "recommendations", "assurance"):
        text = " ".join("".join(page.find(section).itertext()).split())
        assert words in text or section == "plan", section
        assert HOSTILE.split()[0] in text, section
    assert len(page.all("main")) == 1


@pytest.mark.browser
def test_a_word_of_300_letters_does_not_widen_the_page(render_one, tmp_path: Path):
    evaluation = told(blocks=hostile_study(("Wrthgymdeithasol" * 19)[:300]))
    render_one(evaluation)
    with started() as browser:
        for width in (320, 1280):
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto((tmp_path / "_site" / "studies" / f"{evaluation.id}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
