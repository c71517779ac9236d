"""Every page around the studies, in the order in which the head of a page names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evalkit.report.site.accessibility import accessibility_page
from evalkit.report.site.claims import claims_page
from evalkit.report.site.compare import compare_page
from evalkit.report.site.gallery import gallery_page
from evalkit.report.site.index import index_page
from evalkit.report.site.library import Library, SitePage
from evalkit.report.site.measures import strategy_pages
from evalkit.report.site.methods import methods_page
from evalkit.report.site.programmes import programmes_page
from evalkit.report.site.reading import reading_page
from evalkit.report.site.strategies import strategies_page
from evalkit.report.site.waiting import waiting_pages

PAGES: dict[str, Callable[[Library], SitePage]] = {
    "index": index_page,
    "programmes": programmes_page,
    "claims": claims_page,
    "strategies": strategies_page,
    "compare": compare_page,
    "gallery": gallery_page,
    "reading": reading_page,
    "methods": methods_page,
    "accessibility": accessibility_page,
}
MADE = "generated-by: evalkit"
"""Stands in the front matter of every document that evalkit writes."""


def site_pages(library: Library) -> list[SitePage]:
    """Return the pages around the studies.

    A document that a project writes itself under one of these names (an accessibility statement of its own, say) is
    linked and left as it is; only the list of studies is always ours.
    """
    made = [SitePage(name, "", own=True) if name != "index" and _own(library.project, name) else make(library)
            for name, make in PAGES.items()]  # fmt: skip
    own = [SitePage(page.name, "", linked=False, own=True) if _own(library.project, page.name) else page
           for page in strategy_pages(library)]  # fmt: skip
    return [*made, *own, *waiting_pages(library)]


def _own(project: Path | None, name: str) -> bool:
    """Say whether a project has written this document itself."""
    file = None if project is None else project / f"{name}.qmd"
    return file is not None and file.is_file() and MADE not in file.read_text(encoding="utf-8").splitlines()[:20]
