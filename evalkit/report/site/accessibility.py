"""The accessibility statement: what is aimed for, how it is tested, what is not good enough, whom to tell."""

from __future__ import annotations

from evalkit.report.catalogue import STATEMENT, read_settings
from evalkit.report.site.library import Library, SitePage


def accessibility_page(library: Library) -> SitePage:
    """Return the accessibility statement.

    Pages are made without a clock, and nobody's status is known here: what a public body has to state besides is what
    `_quarto.yml` sets, and what it does not set is not stated.
    """
    words = library.words["accessibility"]
    settings = read_settings(library.project)
    contact, stated = settings.contact, dict(settings.accessibility)
    document = library.page(
        "accessibility",
        words["title"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        can=[words[name] for name in sorted(words) if name.startswith("how_")],
        cannot=[words[name] for name in sorted(words) if name.startswith("limit_")],
        stated={name: stated.get(name) or words["not_stated"].format(setting=f"accessibility: {name}")
                for name in STATEMENT},
        contact=words["contact"].format(text=contact) if contact else words["no_contact"],
    )
    return SitePage("accessibility", document)
