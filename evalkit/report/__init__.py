"""Pages: from results that are already computed to Quarto documents, and from those to a site.

Nothing here computes: every number is read from an `Evaluation`, as result.json holds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.report.engines import RenderedSite, render
    from evalkit.report.fragment import page_html, terminal_summary
    from evalkit.report.sources import write_sources
    from evalkit.report.words import Headline, headline

__all__ = ["Headline", "RenderedSite", "headline", "page_html", "render", "terminal_summary", "write_sources"]

_HOMES = {"Headline": "words", "headline": "words", "RenderedSite": "engines", "render": "engines",
          "page_html": "fragment", "terminal_summary": "fragment", "write_sources": "sources"}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Return a public name, importing its module at first use: charts and tables are slow to import."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
