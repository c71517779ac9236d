"""A page for each strategy of the register: its measures of success, and what there is to judge them with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.register import Measure, Strategy, flags, gaps
from evalkit.report import summary
from evalkit.report.changes import joined
from evalkit.report.downloads import csv_text
from evalkit.report.site.library import Library, SitePage
from evalkit.report.site.measures_found import Entry, State, counted, entries_of, registered, state_of
from evalkit.report.site.strategies import measured
from evalkit.report.tables import Column, Linked, Table, table_html, table_text
from evalkit.report.templates import SITE_FOLDER, raw_block
from evalkit.report.told.strategies import REMINDER
from evalkit.report.words import capital

DIRECTIONS = {"decrease": "decrease", "increase": "increase", "none": "neither"}
KINDS = {"outcome": "kind_outcome", "output": "kind_output", "input": "kind_input", "process": "kind_process",
         "pending": "kind_pending"}  # fmt: skip
CHECKED = {"primary": "checked_primary", "secondary": "checked_secondary", "memory": "checked_memory"}
STATE_WORDS: dict[State, str] = {
    "evidence": "evidence", "monitoring": "monitoring", "plan": "plan", "nothing": "nothing",
}  # fmt: skip
ROOT = "../"
"""From a page of a strategy to the folder of the site."""


def strategy_pages(library: Library) -> list[SitePage]:
    """Return a page for each strategy of the register; none without one."""
    measures, _ = registered(library)
    return [] if measures is None else [_page(library, key, one) for key, one in measures.strategies.items()]


def _page(library: Library, key: str, strategy: Strategy) -> SitePage:
    words, entries = library.words["measures"], entries_of(library, strategy)
    states = {name: state_of(found) for name, found in entries.items()}
    table = _table(strategy, states, words)
    name, file = f"{SITE_FOLDER}/{key}", f"{SITE_FOLDER}/{key}-measures.csv"
    document = library.page(
        "strategy", strategy.name, words["lead"].format(publisher=strategy.publisher), {"is-strategies": "yes"}, ROOT,
        title=library.exhibit("title", title=strategy.name),
        lead=words["lead"].format(publisher=strategy.publisher),
        counted=counted(list(states.values()), words),
        reminder=REMINDER,
        notes=[text for text in (strategy.note, f"{strategy.publisher}; {strategy.period}; {strategy.place}.") if text],
        table=raw_block(table_html(table, library.project)),
        file=file.removeprefix(f"{SITE_FOLDER}/"),
        measures=[_measure(library, strategy.place, one, measure, entries[one], states[one])
                  for one, measure in strategy.measures.items()],
    )  # fmt: skip
    return SitePage(name, document, linked=False, files={file: csv_text(table_text(table))})


def _table(strategy: Strategy, states: Mapping[str, State], words: Mapping[str, str]) -> Table:
    """Return all measures in one table, each leading to its own part."""
    heads = [words[name] for name in ("measure", "direction", "kind", "state", "open")]
    rows = [[measure.wording, words[DIRECTIONS[measure.direction]], words[KINDS[measure.kind]],
             Linked(words[STATE_WORDS[states[name]]], name), capital(joined(gaps(measure))) or words["whole"]]
            for name, measure in strategy.measures.items()]  # fmt: skip
    return Table("tbl-measures", words["measures"], [Column(head) for head in heads], rows, cards=True)


def _measure(
    library: Library, place: str, name: str, measure: Measure, entries: Sequence[Entry], state: State
) -> dict[str, Any]:  # fmt: skip
    """Return one measure: what is printed of it, what it leaves open, and the studies that inform it."""
    from markupsafe import Markup

    words = library.words["measures"]
    return {
        "id": Markup(name),  # noqa: S704 - small letters, digits and -, as the register holds
        "wording": measure.wording,
        "pairs": _pairs(measure, state, library.words, place),
        "studies": _studies(library, name, entries) if entries else words["no_studies"],
    }


def _pairs(measure: Measure, state: State, site: Mapping[str, Any], place: str) -> list[tuple[str, str]]:
    """Return one measure as terms and texts; a term without a text is left out."""
    words, printed = site["measures"], site["strategies"]
    target, baseline, none = measure.target, measure.baseline, printed["none"]
    lacking = gaps(measure)
    missing = [words["names_no"].format(text=joined(f"no {each}" for each in lacking))] if lacking else []
    pairs = [
        (words["state"], words[STATE_WORDS[state]]),
        (words["direction"], words[DIRECTIONS[measure.direction]]),
        (words["kind"], words[KINDS[measure.kind]]),
        (printed["target"], capital(target.text) if target else none),
        (printed["baseline"], baseline.text if baseline else none),
        (printed["deadline"], str(measure.deadline) if measure.deadline else none),
        (words["data_named"], capital(measure.data_named or none)),
        (words["cannot"], " ".join(flag.words for flag in flags(measure))),
        (words["open"], " ".join([*missing, *measure.missing]) or words["whole"]),
        (printed["source"], words[CHECKED[measure.status]].format(text=place)),
    ]
    told = [*pairs, ("", measure.note)] if measure.note else pairs
    return [(term or site["programmes"]["note"], text) for term, text in told if text]


def _studies(library: Library, name: str, entries: Sequence[Entry]) -> Any:
    """Return the studies that inform a measure, each with its answer on the outcome that measures it."""
    return library.exhibit("informs", root=ROOT, rows=[
        _informing(library, evaluation, entry, f"{evaluation.id}-{name}-{place}")
        for place, (evaluation, entry) in enumerate(entries)
    ])  # fmt: skip


def _informing(library: Library, evaluation: Evaluation, entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    told = measured(evaluation, entry, name, library.words["strategies"])
    return {"id": evaluation.id, "title": summary.short_title(evaluation),
            "badges": summary.badges(evaluation, library.words), "measured": told, "none": told.none}  # fmt: skip
