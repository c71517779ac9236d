"""Published claims as a page: as printed, made again, what is left of each, and what would be needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.claims import Checked, ClaimsError, PublishedClaims, read_claims
from evalkit.claims.table import HEADS, METHODS, all_checked, as_text, counts_of, number_words, row_of
from evalkit.report.downloads import csv_text
from evalkit.report.numbers import number
from evalkit.report.site.library import Library, SitePage

FILE = "claims/claims.csv"
JOINED = " // "


def claims_page(library: Library) -> SitePage:
    """Return the page of published claims; none for a project without any, and its problems where they are wrong."""
    try:
        found = None if library.project is None else read_claims(library.project)
    except ClaimsError as error:
        return SitePage("claims", "", linked=False, problems=tuple(error.problems))
    if found is None:
        return SitePage("claims", "", linked=False)
    return _page(library, found)


def _page(library: Library, register: PublishedClaims) -> SitePage:
    words, every = library.words["published"], all_checked(register)
    told = {name: number(count, 0) for name, count in counts_of(every).items()}
    groups = [(source, [one for one in every if one.claim.document == name])
              for name, source in register.documents.items()]  # fmt: skip
    document = library.page(
        "claims", words["title"], words["described"].format(count=told["all"], title=words["title"]),
        title=library.exhibit("title", title=words["title"]), counted=words["counted"].format(**told), file=FILE,
        groups=[{"id": f"document{place}", "title": source.title, "publisher": source.publisher,
                 "rows": library.exhibit("claims", rows=[_row(one, words) for one in group])}
                for place, (source, group) in enumerate(groups, start=1) if group],
    )  # fmt: skip
    return SitePage("claims", document, files={FILE: csv_text([list(HEADS), *(as_text(row_of(one)) for one in every)])})


def _row(one: Checked, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return one claim in the words of the site."""
    claim, numbers = one.claim, one.numbers
    method = METHODS[numbers.method] if numbers is not None else ""
    made = number_words(numbers) + (f" ({words['interval'].format(method=method)})" if method else "")
    pairs = [
        (words["recomputed"], [made] if made else []),
        (words["against"], [f"{found.found} ({found.code})" for found in one.findings]),
        (words["needed"], list(one.needed)),
        (words["note"], [claim.note] if claim.note else []),
        (words["source"], [f"{claim.place} ({words[f'held_{claim.status}']})"]),
    ]
    badge = words["made_here"] if claim.made_here else words["verdicts"][one.verdict]
    return {
        "id": one.id, "about": claim.about, "badge": badge, "says": one.sentence,
        "words": f"“{' … '.join(claim.words.split(JOINED))}”", "pairs": [pair for pair in pairs if pair[1]],
    }  # fmt: skip
