"""The accessibility statement: what is aimed for, how it is tested, what is not good enough, whom to tell."""

from __future__ import annotations

from evalkit.report.catalogue import STATEMENT, read_settings
from evalkit.report.site.library import Library, SitePage

COMPLAINTS = (
    ("britain", "advisory_service", "https://www.equalityadvisoryservice.com/"),
    ("northern_ireland", "commission", "https://www.equalityni.org/"),
)
"""Who takes complaints about a public body's answer, by part of the United Kingdom, and where they are found."""


def accessibility_page(library: Library) -> SitePage:
    """Return the accessibility statement.

    Pages are made without a clock, and nobody's status is known here: what a public body has to state besides is what
    `_quarto.yml` sets, and what it does not set is not stated.

    References
    ----------
    Public Sector Bodies (Websites and Mobile Applications) (No. 2) Accessibility Regulations 2018 (SI 2018/952),
    whose regulation on the statement, in the words of the Regulations that it replaced (SI 2018/852, regulation 7(4)),
    asks for (a) what is not accessible and why, (b) accessible alternatives, (c) a way to tell the body of a failure
    and to ask for what is left out, (d) a link to the enforcement procedure. Who enforces it, and who takes complaints,
    is as the Memorandum of Understanding of 10 October 2019 between the Government Digital Service, the Equality
    Advisory and Support Service and both commissions has it. The three reasons (failures, disproportionate burden, out
    of scope), who runs the site and its tests are parts of the sample statement that GOV.UK publishes.
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
        complaints=[(words[where], words[who], address) for where, who, address in COMPLAINTS],
        contact=words["contact"].format(text=contact) if contact else words["no_contact"],
    )
    return SitePage("accessibility", document)
