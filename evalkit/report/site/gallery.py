"""The gallery for new users: which design can be used, and one study of each with the file that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.records import Evaluation
from evalkit.report import summary
from evalkit.report.site import index
from evalkit.report.site.about import status_of
from evalkit.report.site.guide import Choice, guide
from evalkit.report.site.library import Library, SitePage
from evalkit.report.site.search import STATUSES


def gallery_page(library: Library) -> SitePage:
    """Return the gallery; where no study's file is at hand there is none."""
    words, made = library.words["gallery"], guide(library.words["guide"])
    shown = {choice.kind: example(library, choice.kind) for choice in made.choices}
    if not any(shown.values()):
        return SitePage("gallery", "", linked=False)
    document = library.page(
        "gallery",
        words["title"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        guide=library.exhibit("guide", guide=made),
        designs=[_design(library, choice, shown[choice.kind]) for choice in made.choices],
        notes=made.notes,
    )
    return SitePage("gallery", document)


def example(library: Library, kind: str) -> tuple[Evaluation, str] | None:
    """Return the study that stands for a design, with its file: the furthest on, real data first, the shortest file.

    None where no study has the design. What came out never counts.
    """
    found = [(study, text) for study in library.ordered if kind_of_design(study) == kind
             and (text := file_of(library.project, study.id)) is not None]  # fmt: skip
    return min(found, key=lambda each: _rank(*each), default=None)


def kind_of_design(evaluation: Evaluation) -> str:
    """Return the design of a study as its file names it."""
    return str((evaluation.study.get("design") or {}).get("kind") or "")


def file_of(project: Path | None, study: str) -> str | None:
    """Return the text of a study's file; None where it cannot be read."""
    if project is None:
        return None
    try:
        return (project / "evaluations" / f"{study}.yaml").read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return None


def _rank(evaluation: Evaluation, text: str) -> tuple[Any, ...]:
    status = status_of(evaluation)
    place = STATUSES.index(status) if status in STATUSES[:-1] else len(STATUSES)  # what was withdrawn comes last
    return evaluation.simulated, place, len(text.splitlines()), evaluation.id


def _design(library: Library, choice: Choice, found: tuple[Evaluation, str] | None) -> dict[str, Any]:
    """Return what the page shows of one design."""
    from markupsafe import Markup

    words = library.words["gallery"]
    shown: str = ""
    if found is not None:
        evaluation, text = found
        title = summary.short_title(evaluation)
        shown = library.exhibit("example", row={
            "id": evaluation.id, "title": title, "badges": summary.badges(evaluation, library.words),
            "answer": index.answer(evaluation), "strips": _strips(evaluation, choice.kind),
            "none": index.nothing_to_draw(evaluation), "caption": words["file"].format(title=title), "text": text,
        })  # fmt: skip
    kind = Markup(choice.kind)  # noqa: S704 - the name of a design of ours, as an id
    return {"kind": kind, "title": choice.title, "can": choice.can, "begin": choice.begin, "shown": shown}


def _strips(evaluation: Evaluation, kind: str) -> Sequence[str]:
    return index.strips(evaluation, f"gallery-{kind}")
