"""Pages in a real browser: no sideways scroll at 320 px, no request, one side of A4 for the summary."""

import os
import re
import struct
from pathlib import Path

import pytest
from in_browser import SCHEMES, WIDTHS, page_of, pages_of, started

pytestmark = pytest.mark.browser
NAMES = ["index", *(f"studies/{name}" for name in
                    ("portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal", "hot-spots",
                     "hot-spots-plan"))]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with started() as found:
        yield found


def opened(browser, project: Path, name: str, width: int, *, script: bool = True, scheme: str = "light"):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=script, color_scheme=scheme
    )
    page = context.new_page()
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto((project / "_site" / f"{name}.html").as_uri())
    return page


def test_no_sideways_scroll_and_no_request(browser, project):
    for path in pages_of(project):
        for width in WIDTHS:
            with page_of(browser, path, width) as page:  # fails at any request elsewhere
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)
                assert page.evaluate("performance.getEntriesByType('resource').every(e => /^file:/.test(e.name))")


def test_screenshots(browser, project, tmp_path):
    """Pictures of the list and of each study, in a folder that EVALKIT_SCREENSHOTS names: for people to look at."""
    kept = os.environ.get("EVALKIT_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES if kept else NAMES[:1]:
        for width in WIDTHS:
            with page_of(browser, project / "_site" / f"{name}.html", width) as page:
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    made = folder / f"{Path(name).name}-{scheme}-{width}.png"
                    page.screenshot(path=made, full_page=True)
                    assert struct.unpack(">II", made.read_bytes()[16:24])[0] == width


@pytest.mark.parametrize("name", NAMES[1:])
def test_summary_is_one_side_of_paper(browser, project, name):
    page = opened(browser, project, name, 1280)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1047})
    height = page.evaluate("document.querySelector('.summary').getBoundingClientRect().bottom + window.scrollY")
    assert height <= 1047
    page.context.close()


def test_filters_work_without_script(browser, project):
    page = opened(browser, project, "index", 1280, script=False)
    page.click("a[href='#monitoring']")
    shown = [row.get_attribute("id") for row in page.query_selector_all(".study") if row.is_visible()]
    assert shown == ["study-portsmouth-robberies"]
    page.context.close()


def test_small_targets_and_focus(browser, project):
    page = opened(browser, project, "studies/seat-belts", 360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    heights = page.evaluate(
        "[...document.querySelectorAll('nav a, summary, .get a')].map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24
    page.context.close()


def test_text_in_drawings_is_never_too_small(browser, project):
    page = opened(browser, project, "studies/seat-belts", 360)
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg.slim text')].map(e => parseFloat(getComputedStyle(e).fontSize)"
        " * e.closest('svg').getBoundingClientRect().width / e.closest('svg').viewBox.baseVal.width)"
    )
    assert sizes
    assert min(sizes) >= 10
    assert re.search("slim", page.content())
    page.context.close()
