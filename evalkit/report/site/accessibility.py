"""The accessibility statement: what is aimed for, how it is tested, what is not good enough, whom to tell."""

from __future__ import annotations

from evalkit.report.catalogue import read_settings
from evalkit.report.site.library import Library, SitePage


def accessibility_page(library: Library) -> SitePage:
    """Return the accessibility statement. It has no date, since pages are made without a clock."""
    words = library.words["accessibility"]
    contact = read_settings(library.project).contact
    document = library.page(
        "accessibility",
        words["title"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        can=[words[name] for name in sorted(words) if name.startswith("how_")],
        cannot=[words[name] for name in sorted(words) if name.startswith("limit_")],
        contact=words["contact"].format(text=contact) if contact else words["no_contact"],
    )
    return SitePage("accessibility", document)
