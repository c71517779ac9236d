"""Debian's chromium, one for all tests of a process: playwright refuses to start a second time beside itself."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

CHROMIUM = os.environ.get("EVALKIT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update"]  # fmt: skip


@cache
def _browser() -> Any:
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "no chromium: apt-get install chromium"
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    atexit.register(playwright.stop)
    return browser


@contextmanager
def started() -> Iterator[Any]:
    """Give a running browser, a new one where the last was lost; what a test opened in it is closed."""
    if not _browser().is_connected():
        _browser.cache_clear()
    browser = _browser()
    before = list(browser.contexts)
    yield browser
    for context in browser.contexts:
        if context not in before:
            context.close()


def comes_true(page: Any, found: Callable[[], bool]) -> None:
    """Check what a page's script does a moment later, asked from here: a page that forbids `eval` can't ask itself."""
    for _ in range(100):
        if found():
            return
        page.wait_for_timeout(50)
    assert found(), page.url
