"""Finding a study in a real browser: search, order and filters, alone and together, from the keyboard, and by link."""

import json
import re

import demo
import pytest

from evalkit import report
from evalkit.report.site import search
from tests.browsers import comes_true, started

pytestmark = pytest.mark.browser


def titled(evaluation, title, **study):
    return demo.portsmouth(id=evaluation, study={**demo.portsmouth().study, "title": title, **study})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the site of five studies that differ in programme, area, outcome and status."""
    project = tmp_path_factory.mktemp("found")
    outcome = {"label": "Robberies", "kind": "count", "better": "lower", "role": "primary"}
    studies = [
        demo.castle(study={**demo.castle().study, "status": "final"}),
        titled("apple", "Âpple patrols", area="Ynys Môn", programme={"name": "Patrols"}, outcomes={"main": outcome}),
        titled("berry", "Berry <patrols>", area="Gwent", programme={"name": "PATROLS"}, outcomes={"main": outcome},
               narrative={"background": "A zeppelin was seen."}),
        titled("cherry", "Cherry lights", area="Gwent", programme={"name": "Lights"}),
        demo.rehearsal(),
    ]  # fmt: skip
    report.write_sources(studies, project)
    report.render(project, project / "_site", "bundled", ["index"])
    return project / "_site"


@pytest.fixture(scope="module")
def browser():
    with started() as found:
        yield found


@pytest.fixture
def page(browser, folder):
    """Return the list of studies, opened from its folder; an error of its script fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    errors, requests = [], []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto((folder / "index.html").as_uri())
    yield opened
    assert errors == []
    assert all(address.startswith("file:") for address in requests)
    context.close()


def shown(page):
    rows = [row.get_attribute("id").removeprefix("study-") for row in page.query_selector_all(".study")
            if row.is_visible()]  # fmt: skip
    assert page.inner_text("#find-shown") == f"Studies shown: {len(rows)} of 5"
    return rows


ALL = ["castle-doctrine", "berry", "cherry", "apple", "ae-navigators-rehearsal"]


def test_every_row_is_there_at_first(page):
    assert sorted(shown(page)) == sorted(ALL)


def test_search_reads_titles_answers_and_pages(page):
    for typed, found in (("patrols", ["berry", "apple"]), ("APPLE", ["apple"]), ("ynys mon", ["apple"]),
                         ("evidence increase", ["castle-doctrine"]), ("<patrols>", ["berry"]),
                         ("nobody wrote this", [])):  # fmt: skip
        page.fill("#find-search", typed)
        assert sorted(shown(page)) == sorted(found), typed
    page.fill("#find-search", "zeppelin")
    assert shown(page) == ["berry"]
    assert [mark.is_visible() for mark in page.query_selector_all(".found")].count(True) == 1
    page.fill("#find-search", "berry")
    assert not any(mark.is_visible() for mark in page.query_selector_all(".found"))


def test_filters_combine_and_clear(page):
    page.select_option("#find-programme", "patrols")
    assert sorted(shown(page)) == ["apple", "berry"]
    page.select_option("#find-area", "gwent")
    assert shown(page) == ["berry"]
    page.select_option("#find-status", "final")
    assert shown(page) == []
    page.click("button[type=reset]")
    comes_true(page, lambda: "?" not in page.url)
    assert len(shown(page)) == 5
    page.click("a[href='#monitoring']")
    page.select_option("#find-area", "gwent")
    comes_true(page, lambda: page.url.endswith("#monitoring"))
    assert sorted(shown(page)) == ["berry", "cherry"]
    page.click("a[href='#impact']")
    assert shown(page) == []


def test_orders_never_look_at_the_result(page):
    page.select_option("#find-order", "title")
    assert shown(page) == ["ae-navigators-rehearsal", "apple", "berry", "castle-doctrine", "cherry"]
    page.select_option("#find-order", "data")
    assert shown(page)[-2:] == ["castle-doctrine", "ae-navigators-rehearsal"]  # 2010, and no real data
    page.select_option("#find-order", "status")
    assert shown(page)[0] == "castle-doctrine"
    options = page.evaluate("[...document.querySelectorAll('#find-order option')].map(e => e.value)")
    assert options == ["kind", "title", "data", "status"]


def test_state_is_in_the_address_and_comes_back(page, folder):
    page.fill("#find-search", "patrols & co")
    page.fill("#find-search", "patrols")
    page.select_option("#find-area", "ynys-môn")
    page.select_option("#find-order", "title")
    address = page.url
    assert address.startswith((folder / "index.html").as_uri() + "?")
    page.goto("about:blank")
    page.goto(address)
    assert shown(page) == ["apple"]
    assert [page.input_value(name) for name in ("#find-search", "#find-area", "#find-order")] == [
        "patrols", "ynys-môn", "title"]  # fmt: skip
    page.goto((folder / "index.html").as_uri() + "?area=nowhere&order=size&search=")
    assert len(shown(page)) == 5


def test_keyboard_alone(page):
    page.focus("#find-search")
    page.keyboard.type("lights")
    assert shown(page) == ["cherry"]
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.name || document.activeElement.type || ''"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert names[:6] == ["programme", "area", "outcome", "status", "order", "reset"]
    page.focus("button[type=reset]")
    page.keyboard.press("Enter")
    comes_true(page, lambda: page.input_value("#find-search") == "")
    assert len(shown(page)) == 5


def test_controls_are_labelled_and_the_count_is_told(page):
    assert page.get_attribute("#find-shown", "aria-live") == "polite"
    for field in page.query_selector_all("#find input, #find select"):
        assert page.query_selector(f"label[for='{field.get_attribute('id')}']").inner_text()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    heights = page.evaluate("[...document.querySelectorAll('#find input, #find select, #find button')]"
                            ".map(e => e.getBoundingClientRect().height)")  # fmt: skip
    assert min(heights) >= 24


def test_without_script_there_is_no_control_and_the_list_is_whole(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert not page.is_visible("#find")
    assert len([row for row in page.query_selector_all(".study") if row.is_visible()]) == 5
    context.close()


def test_a_browser_runs_this_script_and_no_other(browser, folder):
    context = browser.new_context()
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    page.evaluate("(() => { const added = document.createElement('script'); added.textContent = 'window.ran = 1';"
                  " document.body.append(added); })()")  # fmt: skip
    assert page.evaluate("window.ran") is None
    assert page.is_visible("#find")
    context.close()


def test_what_stands_in_the_page_is_small_and_holds_no_number(folder):
    source = (folder / "index.html").read_text(encoding="utf-8")
    [text] = re.findall(r'<script type="application/json" id="find-words">(.*?)</script>', source, re.DOTALL)
    assert "<" not in text
    words = json.loads(text)
    assert set(words) == {f"study-{name}" for name in ALL}
    assert all(re.fullmatch(r"[^\d\s<>]+( [^\d\s<>]+)*", told) for told in words.values())
    assert "zeppelin" in words["study-berry"].split()
    assert " on" not in {attribute[:3] for attribute in re.findall(r"\son\w+=", source)}


def test_words_are_cut_and_led_by_the_title():
    long = demo.portsmouth(study={**demo.portsmouth().study, "narrative": {"background": " ".join(
        f"word{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}{chr(97 + n // 676)}" for n in range(5000))}})  # fmt: skip
    words = search.words_of(long)
    assert len(words) <= search.MOST_LETTERS
    assert words.startswith("violent crime taskforce")
    assert "prevented" in search.words_of(demo.portsmouth())
    assert "increase" not in search.words_of(demo.rehearsal())
    assert "reduction" not in search.words_of(demo.rehearsal()).split()
