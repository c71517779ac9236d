"""Pages of studies that wait for published data: what is asked, and which command fetches the files."""

from __future__ import annotations

from typing import Any

from evalkit.fetching.awaited import Awaited, Waiting, waiting
from evalkit.report.site.library import Library, SitePage

FOLDER = "studies"
"""Where such a page stands: the place of the study's own page, which takes it once the data are there."""
ROOT = "../"


def waiting_studies(library: Library) -> list[Waiting]:
    """Return the studies of the project that have no page and wait for data."""
    if library.project is None:
        return []
    shown = {evaluation.id for evaluation in library.evaluations} | {name for name, _ in library.failures}
    files = sorted((library.project / "evaluations").glob("*.y*ml"))
    found = [waiting(file) for file in files if file.stem not in shown]
    return [one for one in found if one is not None]


def waiting_pages(library: Library) -> list[SitePage]:
    """Return a page for each study that waits for data; none where none does."""
    return [_page(library, one) for one in waiting_studies(library)]


def links(library: Library) -> list[dict[str, str]]:
    """Return title and address of each such page, for the list of studies."""
    return [{"title": _title(one), "address": f"{FOLDER}/{one.id}.html"} for one in waiting_studies(library)]


def _title(one: Waiting) -> str:
    return one.study.short_title or one.study.title


def _page(library: Library, one: Waiting) -> SitePage:
    words, study = library.words["waiting"], one.study
    document = library.page(
        "waiting", _title(one), words["lead"], {}, ROOT,
        title=library.exhibit("title", title=_title(one)),
        question=study.question,
        design=study.design.title,
        command=_code(one.command),
        build=_code("evalkit build"),
        mirror=_code(f"{one.command} --mirror FOLDER"),
        sources=[_source(words, each) for each in one.sources],
    )  # fmt: skip
    return SitePage(f"{FOLDER}/{one.id}", document, linked=False)


def _source(words: Any, one: Awaited) -> dict[str, Any]:
    """Return one source in words: what it is, whose, under which licence, what else is known of it."""
    source = one.source
    pairs = [(words["publisher"], source.publisher), (words["licence"], source.licence),
             (words["found"], source.page or source.address),
             (words["address"], "" if source.address else words["unknown"]), (words["note"], source.note)]  # fmt: skip
    return {"title": source.title, "pairs": [pair for pair in pairs if pair[1]]}


def _code(text: str) -> Any:
    """Return a command as code; ids of sources are small letters, digits and -."""
    from markupsafe import Markup

    return Markup(f"`{text}`")  # noqa: S704 - words of ours and ids that the catalogue has checked
