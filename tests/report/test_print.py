"""Paper: the summary of every study is one side of A4; the rest follows, whole and unfolded, in any width of font."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from first_side import summary_of
from in_browser import page_of, started

pytestmark = pytest.mark.browser
STUDIES = ["portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal", "hot-spots",
           "hot-spots-plan"]  # fmt: skip
FONTS = ("Liberation Sans Narrow", "Liberation Sans", "DejaVu Sans")
"""From narrow to wide: a page has the reader's own font, and must keep its first side with each."""


@pytest.fixture(scope="module")
def browser():
    with started() as found:
        yield found


def letters(text: str) -> str:
    """Return a text without spaces, which a PDF breaks elsewhere, and with ligatures taken apart."""
    import unicodedata

    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def printed(browser, path: Path, font: str = "") -> list[str]:
    """Return the text of each side of paper."""
    from pypdf import PdfReader

    with page_of(browser, path) as page:
        if font:
            page.add_style_tag(content=f':root {{ --sans: "{font}"; }}')
            assert page.evaluate(f"document.fonts.check('16px \"{font}\"')")
        made = page.pdf(prefer_css_page_size=True)
    return [letters(side.extract_text()) for side in PdfReader(io.BytesIO(made)).pages]


@pytest.mark.parametrize("name", STUDIES)
def test_the_summary_is_one_side_in_every_font(browser, project, pages, name):
    words = [letters("".join(element.itertext())) for element in summary_of(pages[name].tree).iter()
             if element.tag in ("h1", "h2", "h3", "dt", "dd")]  # fmt: skip
    first = next(section for section in pages[name].all("section") if "sect" in (section.get("class") or "").split())
    for font in FONTS:
        sides = printed(browser, project / "_site" / "studies" / f"{name}.html", font)
        assert [text for text in words if text not in sides[0]] == [], font
        assert sides[1].startswith(letters("".join(first.find("h2").itertext()))), font


@pytest.mark.parametrize("name", STUDIES)
def test_everything_is_on_paper(browser, project, pages, name):
    """Headings, sentences and folded tables are printed; what serves a screen alone is not."""
    paper = "".join(printed(browser, project / "_site" / "studies" / f"{name}.html"))
    page = pages[name]
    folded = [fold for fold in page.all("details") if fold.get("class") == "folded"]
    assert folded
    for fold in folded:
        for cell in fold.iter("th"):
            assert letters("".join(cell.itertext())) in paper, "".join(cell.itertext())
    for element in (*page.all("h2"), *page.all("h3"), *page.all("dt")):
        words = "".join(element.itertext())
        # A long term stands on several lines of a narrow column, which a PDF gives line by line across both columns.
        for text in words.split() if element.tag == "dt" else [words]:
            assert element.get("id") == "contents-heading" or letters(text) in paper, words
    assert "Skiptomaincontent" not in paper
    assert "Onthispage" not in paper
    assert "asatable" not in paper
    assert not re.search(r"file://|\.html#|#(?:fig|tbl)-", paper)


@pytest.mark.parametrize("name", [*(f"studies/{name}" for name in STUDIES), "index", "reading",
                                  "methods", "accessibility"])  # fmt: skip
def test_nothing_runs_off_the_paper(browser, project, name):
    """At the width of the printed area, no box is wider than the paper."""
    with page_of(browser, project / "_site" / f"{name}.html", 695, height=1047) as page:
        page.emulate_media(media="print")
        wide = page.evaluate("""() => [...document.querySelectorAll("main *")].filter(e => !e.closest("svg")
            && e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 120))""")
    assert wide == []
