"""The site in a real browser: nothing loaded from elsewhere, no script needed, no sideways scroll."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

STUDIES = ("portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal")
LINKED = ["index.html", "programmes.html", "claims.html", "strategies.html", "gallery.html", "reading.html",
          "methods.html", "accessibility.html"]  # fmt: skip
"""What every page leads to, in this order."""
PAGES = (*LINKED, *(f"studies/{study}.html" for study in STUDIES))

pytestmark = pytest.mark.browser


def opened(
    browser: Browser, site: Path, name: str, width: int = 1280, scheme: str = "light", script: bool = False
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script, locale="en-GB"
    )
    page = context.new_page()
    elsewhere: list[str] = []

    def only_here(route: Route) -> None:
        address = route.request.url
        if address.startswith(site.as_uri()) or address.startswith("data:"):
            route.continue_()
        else:
            elsewhere.append(address)
            route.abort()

    page.route("**/*", only_here)
    page.goto((site / name).as_uri())
    assert elsewhere == []
    return page


def words(page: Page) -> str:
    return page.locator("main").inner_text()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 1280])
def test_no_sideways_scroll_and_one_heading(browser: Browser, site: Path, name: str, width: int) -> None:
    page = opened(browser, site, name, width, script=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en-GB"
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_has_words_and_a_table(browser: Browser, site: Path, name: str) -> None:
    page = opened(browser, site, name, script=True)
    for drawing in page.locator("svg[role=img]").all():
        label = drawing.get_attribute("aria-labelledby") or ""
        assert label
        assert all(page.locator(f"[id='{part}']").count() == 1 for part in label.split())
    assert page.locator("figure.fig").count() == page.locator("figure.fig table").count()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    page.context.close()


def test_the_index_leads_to_every_study(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "index.html")
    for study in STUDIES:
        link = page.locator(f"a[href$='studies/{study}.html']").first
        assert link.count() == 1
        assert (site / "studies" / f"{study}.html").is_file()
    page.context.close()


def test_portsmouth_says_what_two_months_cannot(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "studies/portsmouth-robberies.html")
    text = words(page)
    for expected in ("45.9%", "21.2%", "Monitoring", "would need 27", "arithmetic slip",
                     "We cannot say whether the programme caused this."):  # fmt: skip
        assert expected in text, expected
    assert "Two single months" in text
    assert "−70" in text
    assert "+36" in text
    page.context.close()


def test_seat_belts_shows_both_and_says_which_is_the_headline(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "studies/seat-belts.html")
    text = words(page)
    for expected in ("15%", "21", "23%", "Our headline is the average"):
        assert expected in text, expected
    page.context.close()


def test_castle_doctrine_never_reads_as_a_fall(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "studies/castle-doctrine.html")
    text = words(page)
    assert "increase" in text
    assert "8%" in text
    assert "reduction" not in page.locator(".answer").inner_text()
    assert "G/(G" in text.replace(" ", "")
    page.context.close()


def test_the_rehearsal_is_marked_on_every_exhibit(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "studies/ae-navigators-rehearsal.html", script=True)
    for figure in page.locator("figure.fig").all():
        assert "simulated" in (figure.text_content() or "").lower()
    for table in page.locator("table").all():
        assert "simulated" in (table.locator("caption").text_content() or "").lower()
    assert "simulated" in page.locator(".status").inner_text().lower()
    page.context.close()


def test_the_index_shows_no_result_of_a_rehearsal(browser: Browser, site: Path) -> None:
    page = opened(browser, site, "index.html")
    row = page.locator("li.study", has=page.locator("a[href$='ae-navigators-rehearsal.html']"))
    assert "%" not in row.inner_text()
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_dark_mode_changes_the_ground(browser: Browser, site: Path, name: str) -> None:
    light, dark = (opened(browser, site, name, scheme=scheme, script=True) for scheme in ("light", "dark"))
    colour = "getComputedStyle(document.body).backgroundColor"
    assert light.evaluate(colour) != dark.evaluate(colour)
    light.context.close()
    dark.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_the_same_without_script(browser: Browser, site: Path, name: str) -> None:
    without, with_it = (opened(browser, site, name, script=script) for script in (False, True))
    with_it.locator("#find").evaluate_all("forms => forms.forEach(form => form.remove())")
    assert words(without) == words(with_it)
    without.context.close()
    with_it.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_leads_to_the_pages_around(browser: Browser, site: Path, name: str) -> None:
    page = opened(browser, site, name)
    links = page.locator("nav[aria-label=Site] a, .foot a")
    targets = [link.get_attribute("href") or "" for link in links.all()]
    assert [target.removeprefix("../") for target in targets] == LINKED
    assert all(((site / name).parent / target).resolve().is_file() for target in targets)
    current = page.locator("nav a[aria-current=page], .foot a[aria-current=page]")
    assert current.count() == (name in LINKED)
    page.context.close()
