"""Debian's chromium, driven by playwright: how tests of pages open one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browsers import CHROMIUM, started

__all__ = ["CHROMIUM", "SCHEMES", "UNFOLD", "WIDTHS", "page_of", "pages_of", "started"]

WIDTHS = (320, 1280)
SCHEMES = ("light", "dark")
UNFOLD = "document.querySelectorAll('details').forEach(folded => { folded.open = true; })"
"""Opens what is folded, so that nothing on a page escapes being looked at."""


@contextmanager
def page_of(browser: Any, path: Path, width: int = 1280, *, height: int = 900, script: bool = True,
            **options: Any) -> Iterator[Any]:  # fmt: skip
    """Give a file of the site as an open page; a request elsewhere, a dialog or an error of a script fails the test.

    Parameters
    ----------
    browser : Browser
    path : Path
        Of the page.
    width, height : int
        Of the window, in pixels.
    script : bool
        Whether scripts may run.
    **options
        Of playwright's `new_context`: color_scheme, forced_colors, reduced_motion.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script, **options)
    page, seen = context.new_page(), []
    page.on("request", lambda request: seen.append(request.url) if not request.url.startswith("file:") else None)
    page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.goto(path.as_uri())
    try:
        yield page
    finally:
        context.close()
    assert seen == [], path.name


def pages_of(project: Path) -> list[Path]:
    """Return every page of a rendered site."""
    found = sorted((project / "_site").rglob("*.html"))
    assert {"index.html", "reading.html", "methods.html", "accessibility.html"} <= {path.name for path in found}
    return found
