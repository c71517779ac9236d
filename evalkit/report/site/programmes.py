"""The programme register as a page: each programme with what is printed of it, and what a study of it would need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.errors import Problem
from evalkit.records import Evaluation
from evalkit.register import Document, Programme, Programmes, RegisterError, read_programmes, study_ids, unknown_studies
from evalkit.report import summary
from evalkit.report.downloads import csv_text
from evalkit.report.numbers import number
from evalkit.report.particulars import design_title
from evalkit.report.site.library import Library, SitePage
from evalkit.report.site.search import Finder, cut, list_script, value_of
from evalkit.report.written_dates import in_words

BOXES = ("design", "tier", "document", "start", "study")
"""What the list can be filtered by, in the order of its form."""
ORDERS = {"kind": "by_document", "title": "by_title", "area": "by_area", "started": "by_started"}
"""Ways to order the list, with their words; the first is that of the list without a script."""
TIERS = {"primary": "tier_primary", "secondary": "tier_secondary", "tertiary": "tier_tertiary",
         "enforcement": "tier_enforcement"}  # fmt: skip
HELD = {"primary": "held_primary", "secondary": "held_secondary", "memory": "held_memory"}
LAST = "9999"
"""Where a programme without a printed start stands among those sorted by it."""
FILE = "programmes/programmes.csv"
HEADS = ("id", "programme", "area", "document", "place", "start_as_printed", "precision", "words_of_the_start",
         "start_from_elsewhere", "source_elsewhere", "status_elsewhere", "people", "kind_of_work", "outcomes",
         "activity_counted", "strongest_design", "how", "comparison", "data_needed", "threats", "studies",
         "status", "note")  # fmt: skip


def programmes_page(library: Library) -> SitePage:
    """Return the page of the register; none for a project without one, and its problems where it is wrong."""
    try:
        found = None if library.project is None else read_programmes(library.project)
    except RegisterError as error:
        return SitePage("programmes", "", linked=False, problems=tuple(error.problems))
    if found is None:
        return SitePage("programmes", "", linked=False)
    assert library.project is not None
    problems = unknown_studies(found, study_ids(library.project))
    return _page(library, found.model, tuple(problems))


def _page(library: Library, register: Programmes, problems: tuple[Problem, ...]) -> SitePage:
    words = library.words["programmes"]
    studies = {study.id: study for study in library.evaluations}
    rows = [row(name, programme, register, studies, words, place)
            for place, (name, programme) in enumerate(register.programmes.items(), start=1)]  # fmt: skip
    finder = _finder(library, rows)
    document = library.page(
        "programmes",
        library.words["navigation"]["programmes"],
        words["described"].format(count=number(len(rows), 0), title=words["title"]),
        {"script": finder.policy},
        title=library.exhibit("title", title=words["title"]),
        counted=_counted(register, rows, words),
        documents=[(document.title, _about(document, words)) for document in register.documents.values()],
        finder=library.exhibit("finder", finder=finder, count=len(rows)),
        rows=library.exhibit("programmes", rows=rows),
        file=FILE,
        script=library.exhibit("script", finder=finder),
    )
    return SitePage("programmes", document, files={FILE: csv_text(_table(register))}, problems=problems)


def row(
    name: str, programme: Programme, register: Programmes, studies: Mapping[str, Evaluation], words: Mapping[str, str],
    place: int,
) -> dict[str, Any]:  # fmt: skip
    """Return one programme's row in the words of the site.

    Parameters
    ----------
    name : str
        Its id, which is its anchor.
    programme : Programme
    register : Programmes
    studies : mapping
        The studies that have a page, by id.
    words : mapping
        Group `programmes` of the catalogue.
    place : int
        Its place in the register.
    """
    title = register.documents[programme.document].title
    design = words["none"] if programme.design == "none" else design_title(programme.design)
    tier = words[TIERS[programme.tier]]
    own = [(study, summary.short_title(studies[study]) if study in studies else "") for study in programme.studies]
    dated = words["dated" if programme.start.dates else "undated"]
    facets = {"design": design, "tier": tier, "document": title, "start": dated,
              "study": words["has_study" if own else "no_study"]}  # fmt: skip
    return {
        "id": name, "name": programme.name, "tier": tier, "studies": own, "facets": facets,
        "says": _says(programme, words), "feasible": words["feasible"].format(text=design),
        "facts": [words["area"].format(text=programme.area), words["started"].format(text=_started(programme, words))],
        "pairs": _pairs(programme, register, words),
        "data": {"place": str(place), "title": programme.name, "area": programme.area.casefold(),
                 "started": programme.start.dates[0].date if programme.start.dates else LAST,
                 **{key: value_of(text) for key, text in facets.items()}},
    }  # fmt: skip


def _says(programme: Programme, words: Mapping[str, str]) -> list[str]:
    outcomes = "; ".join(programme.outcomes)
    said = [words["people"].format(text=programme.people),
            words["outcomes"].format(text=outcomes) if outcomes else words["no_outcomes"]]  # fmt: skip
    return said + ([words["process"].format(text="; ".join(programme.process))] if programme.process else [])


def _started(programme: Programme, words: Mapping[str, str]) -> str:
    """Return the printed starts, no finer than they are printed."""
    told = [f"{in_words(phase.date)} ({phase.what})" if phase.what else in_words(phase.date)
            for phase in programme.start.dates]  # fmt: skip
    return "; ".join(told) or words["undated"]


def _pairs(
    programme: Programme, register: Programmes, words: Mapping[str, str]
) -> list[tuple[str, list[str]]]:  # fmt: skip
    """Return what a study would need, as terms with one or several texts; a term without a text is left out."""
    start, document = programme.start, register.documents[programme.document]
    elsewhere, other = start.elsewhere, register.documents.get(start.printed_in or "")
    held = words[HELD[programme.status]]
    pairs: list[tuple[str, list[str]]] = [
        (words["how"], [programme.how] if programme.how else []),
        (words["against"], [programme.comparison or words["no_comparison"]]),
        (words["data"], list(programme.data_needed)),
        (words["threats"], list(programme.threats)),
        (words["wording"], [*(f"“{text}”" for text in start.printed), *([start.note] if start.note else []),
                            *([words["printed_in"].format(text=other.title)] if other else [])]),
        (words["elsewhere"], [f"{elsewhere.date}. {elsewhere.source} ({words[HELD[elsewhere.status]]})"]
         if elsewhere else []),
        (words["note"], [programme.note] if programme.note else []),
        (words["source"], [f"{document.title}: {programme.place} ({held})"]),
    ]  # fmt: skip
    return [(term, texts) for term, texts in pairs if texts]


def _finder(library: Library, rows: list[dict[str, Any]]) -> Finder:
    """Return what the list's script works with: everything that it searches stands in the rows."""
    choices = {}
    for box in BOXES:
        texts = dict.fromkeys(entry["facets"][box] for entry in rows)
        if len(texts) > 1:
            choices[box] = [(value_of(text), cut(text)) for text in texts]
    return Finder(choices, "{}", *list_script(library), words="programmes", orders=ORDERS)


def _counted(register: Programmes, rows: list[dict[str, Any]], words: Mapping[str, str]) -> str:
    dated = sum(bool(programme.start.dates) for programme in register.programmes.values())
    counts = {"programmes": len(rows), "documents": len(register.documents), "dated": dated,
              "studied": sum(bool(entry["studies"]) for entry in rows)}  # fmt: skip
    return words["counted"].format(**{key: number(count, 0) for key, count in counts.items()})


def _about(document: Document, words: Mapping[str, str]) -> str:
    """Return who published a document, about what time, and what of it could not be read."""
    gaps = f" {words['gaps'].format(text=document.gaps)}" if document.gaps else ""
    return f"{document.publisher}; {document.period}.{gaps}"


def _table(register: Programmes) -> list[list[str]]:
    """Return the whole register as a table, for people who want it in a program of their own."""
    rows = [list(HEADS)]
    for name, one in register.programmes.items():
        start, other = one.start, one.start.elsewhere
        phases = "; ".join(f"{phase.date} ({phase.what})" if phase.what else phase.date for phase in start.dates)
        rows.append([
            name, one.name, one.area, register.documents[one.document].title, one.place, phases, start.precision,
            " // ".join(start.printed), other.date if other else "", other.source if other else "",
            other.status if other else "", one.people, one.tier, "; ".join(one.outcomes), "; ".join(one.process),
            one.design, one.how or "", one.comparison or "", "; ".join(one.data_needed), " ".join(one.threats),
            "; ".join(one.studies), one.status, "; ".join(text for text in (start.note, one.note) if text),
        ])  # fmt: skip
    return rows
