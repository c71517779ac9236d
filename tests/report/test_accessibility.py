"""Every page in a real browser: axe-core finds nothing, the keyboard reaches everything, nothing is lost when enlarged.

Light and dark, at 320 and 1280 pixels, with everything unfolded that can be folded.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import pytest
from in_browser import SCHEMES, UNFOLD, WIDTHS, page_of, pages_of, started

pytestmark = pytest.mark.browser
STUDIES = ["portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal", "hot-spots",
           "hot-spots-plan"]  # fmt: skip
AROUND = ["index", "reading", "methods", "accessibility"]
EVERY = [*AROUND, *(f"studies/{name}" for name in STUDIES)]
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Rules of WCAG 2.0 to 2.2 at levels A and AA, as axe-core names them."""
TEXT_SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
"""What WCAG 1.4.12 lets every reader set."""


@pytest.fixture(scope="module")
def browser():
    with started() as found:
        yield found


def file_of(project: Path, name: str) -> Path:
    return project / "_site" / f"{name}.html"


def findings(page, *tags: str) -> list[str]:
    """Return what axe-core finds against rules with these tags: rule, place, what is wrong."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": list(tags)}, "resultTypes": ["violations"]}
    return [f"{rule['id']} at {node['target']}: {node['failureSummary']}"
            for rule in Axe().run(page, options=options).response["violations"] for node in rule["nodes"]]  # fmt: skip


def test_these_are_all_pages(project):
    site = project / "_site"
    assert {path.relative_to(site).with_suffix("").as_posix() for path in pages_of(project)} == set(EVERY)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_violation(browser, project, name, width):
    with page_of(browser, file_of(project, name), width) as page:
        page.evaluate(UNFOLD)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert findings(page, *STANDARD) == [], scheme


def test_best_practice_is_told(browser, project):
    """Findings beyond the standard are printed, as a warning, and stop nobody."""
    told = []
    for name in EVERY:
        with page_of(browser, file_of(project, name)) as page:
            told += [f"{name}: {finding}" for finding in findings(page, "best-practice")]
    if told:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.warn("\n".join(["axe-core advises:", *told]), stacklevel=1)


def test_the_rules_can_find_something(browser, project):
    """Faults that are planted are found: without this, a run that looks at nothing would pass."""
    with page_of(browser, file_of(project, "studies/seat-belts")) as page:
        page.evaluate("""() => {
            document.documentElement.removeAttribute("lang");
            const added = document.createElement("div");
            added.innerHTML = '<img src="x.png"><p style="color:#ccc;background:#fff">pale</p>'
                + '<a href="#main" style="position:absolute;width:9px;height:9px;top:0;left:0">.</a>'
                + '<a href="#main" style="position:absolute;width:9px;height:9px;top:0;left:10px">.</a>';
            document.getElementById("main").prepend(added);
        }""")
        found = {finding.split(" at ")[0] for finding in findings(page, *STANDARD)}
    assert {"html-has-lang", "image-alt", "color-contrast", "target-size"} <= found


CONTRAST = """() => {
    const channel = (value) => (value /= 255) <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4;
    const light = (colour) => {
        const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number);
        return .2126 * channel(red) + .7152 * channel(green) + .0722 * channel(blue);
    };
    const ratio = (one, other) => { const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
        return (high + .05) / (low + .05); };
    const ground = (element) => { for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (!/, 0\\)|transparent/.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
    return [...document.querySelectorAll("svg text, svg tspan")].filter(text => text.getClientRects().length)
        .map(text => [text.textContent, ratio(getComputedStyle(text).fill, ground(text.closest("svg")))]);
}"""
"""axe-core says of text in a drawing that it cannot tell the ground: this takes the ground of the page behind it."""


@pytest.mark.parametrize("name", EVERY)
def test_text_in_drawings_has_contrast(browser, project, name):
    for width in WIDTHS:
        with page_of(browser, file_of(project, name), width) as page:
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                measured = page.evaluate(CONTRAST)
                assert measured or name not in ("studies/seat-belts", "reading", "index")
                assert [text for text, ratio in measured if ratio < 4.5] == [], (scheme, width)


REACHABLE = """() => [...document.querySelectorAll(
    "a[href], summary, button, input, select, textarea, [tabindex='0']")].filter(e => e.checkVisibility())
    .map((e, place) => { e.dataset.reached = place; return e.outerHTML.slice(0, 90); })"""
REACHED = """() => { const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
    return { place: at.dataset.reached === undefined ? null : Number(at.dataset.reached),
             outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
             seen: box.width > 0 && box.right > 0 && box.left < innerWidth
                 && box.bottom > 0 && box.top < innerHeight }; }"""


@pytest.mark.parametrize("name", EVERY)
def test_keyboard_reaches_everything_in_order(browser, project, name):
    """Tab alone visits every link, fold, region that scrolls and control, in the order of reading, visibly."""
    with page_of(browser, file_of(project, name), reduced_motion="reduce") as page:
        page.evaluate(UNFOLD)
        wanted = page.evaluate(REACHABLE)
        assert len(wanted) >= 5
        for place, element in enumerate(wanted):
            page.keyboard.press("Tab")
            reached = page.evaluate(REACHED)
            assert reached["place"] == place, element
            assert reached["outline"], element
            assert reached["seen"], element
        page.keyboard.press("Tab")  # out of the page: nothing traps
        assert page.evaluate(REACHED)["place"] in (None, 0)


@pytest.mark.parametrize("name", EVERY)
def test_regions_that_scroll_take_the_keyboard(browser, project, name):
    for width in WIDTHS:
        with page_of(browser, file_of(project, name), width) as page:
            page.evaluate(UNFOLD)
            held = page.evaluate("""() => [...document.querySelectorAll("body *")].filter(e =>
                /auto|scroll/.test(getComputedStyle(e).overflowX + getComputedStyle(e).overflowY)
                && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
                && e.tabIndex < 0 && !e.querySelector("a, button")).map(e => e.outerHTML.slice(0, 120))""")
            assert held == []


@pytest.mark.parametrize("name", STUDIES)
def test_contents_lead_to_every_section_in_its_order(pages, name):
    """Its links stand in short groups with a heading each, and none of the sections is left out."""
    page = pages[name]
    contents = next(nav for nav in page.all("nav") if nav.get("class") == "contents")
    sections = [part.get("id") for part in page.all("section") if "sect" in (part.get("class") or "").split()]
    assert [f"#{section}" for section in sections] == [link.get("href") for link in contents.iter("a")]
    for group in contents.iter("ol"):
        assert "".join(page.find(group.get("aria-labelledby")).itertext()).strip()
        assert 1 <= len(list(group.iter("a"))) <= 9


def test_folds_open_and_the_skip_link_skips(browser, project):
    with page_of(browser, file_of(project, "studies/seat-belts")) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.getElementById('main').contains(document.activeElement)")
        page.focus("details summary")
        page.keyboard.press("Enter")
        assert page.evaluate("document.querySelector('details').open")
        page.keyboard.press("Space")
        assert not page.evaluate("document.querySelector('details').open")


SMALL = """() => [...document.querySelectorAll("a[href], summary, button, input, select")].filter(e =>
    e.checkVisibility() && !e.classList.contains("skip")).filter(e => {
        const box = e.getBoundingClientRect();
        const inText = ["P", "LI", "DD", "TD", "TH", "CODE"].includes(e.parentElement.tagName)
            && getComputedStyle(e).display === "inline";
        return !inText && box.height < 23.99;
    }).map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", EVERY)
def test_targets_are_large_enough(browser, project, name):
    """What is pressed is at least 24 pixels high, but links within a sentence, whose lines set their height."""
    for width in WIDTHS:
        with page_of(browser, file_of(project, name), width) as page:
            page.evaluate(UNFOLD)
            assert page.evaluate(SMALL) == [], width


LOST = """() => {
    const wide = document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : [];
    const cut = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg") && e.checkVisibility()
        && /hidden|clip/.test(getComputedStyle(e).overflow) && e.clientWidth > 1
        && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1));
    return [...wide, ...cut.map(e => e.outerHTML.slice(0, 120))];
}"""
"""What is cut off, or makes the page scroll sideways."""


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_lost_when_spaced_or_enlarged(browser, project, name):
    """Text spacing of WCAG 1.4.12, the page at four times (320 px) and twice its size, text alone at twice."""
    for width in WIDTHS:
        with page_of(browser, file_of(project, name), width) as page:
            page.evaluate(UNFOLD)
            assert page.evaluate(LOST) == [], width
            page.add_style_tag(content=TEXT_SPACING)
            assert page.evaluate(LOST) == [], f"spaced, {width}"
    with page_of(browser, file_of(project, name)) as page:
        page.evaluate(UNFOLD)
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "16px"
        settings = page.context.new_cdp_session(page)  # as a reader sets it in the browser
        settings.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        assert page.evaluate(LOST) == [], "text at 200%"
    with page_of(browser, file_of(project, name), 640, height=450, device_scale_factor=2) as page:
        page.evaluate(UNFOLD)
        assert page.evaluate(LOST) == [], "page at 200%"


def test_motion_and_forced_colours(browser, project):
    path = file_of(project, "studies/seat-belts")
    with page_of(browser, path, reduced_motion="reduce") as page:
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
        assert page.evaluate("document.getAnimations().length") == 0
    with page_of(browser, path, forced_colors="active") as page:
        filled, empty = (page.evaluate(f"getComputedStyle(document.querySelector('{place}')).backgroundColor")
                         for place in (".pips .on", ".pips i:not(.on)"))  # fmt: skip
        assert filled != empty
        page.keyboard.press("Tab")
        assert page.evaluate(REACHED)["outline"]


WITHOUT_CONTROLS = "() => { document.getElementById('find')?.remove(); return document.body.innerText; }"


@pytest.mark.parametrize("name", EVERY)
def test_same_words_without_script(browser, project, name):
    """A page reads the same whether scripts run or not, apart from the controls that need them."""
    path = file_of(project, name)
    with page_of(browser, path) as page:
        with_script = page.evaluate(WITHOUT_CONTROLS).split()
    with page_of(browser, path, script=False) as page:
        without = page.inner_text("body").split()
    assert with_script == without
    assert len(without) > 40


def test_the_contrast_of_a_drawing_can_fail(browser, project):
    with page_of(browser, file_of(project, "studies/seat-belts")) as page:
        page.add_style_tag(content="svg text { fill: #bbb !important; }")
        assert all(math.isfinite(ratio) and ratio < 4.5 for _, ratio in page.evaluate(CONTRAST))
