"""The reporting checklists, each item with a link to where it stands, or "not reported" (E50), and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.cautions import inside
from evalkit.report.checklists.facts import applies_to, lacking
from evalkit.report.checklists.standards import STATUS, Item, Standard, items, standards
from evalkit.report.checklists.state import FIRST_SIDE, State, state_of
from evalkit.report.exhibits import Exhibits
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.tables import Column, Linked, Table
from evalkit.report.words import capital

FIGURES: tuple[Drawn, ...] = ()
RULE = (
    "An item is reported where the study file or the result holds it and this page prints it. It says nothing about "
    "how good it is. Items are in our own words; the standard itself is what counts. Read at the publisher means that "
    "the publisher's own page was read, often no more than its opening."
)
EVERY_PAGE = ("E50", "E53", "E54")
"""Exhibits that every page has: these checklists, the words used, the downloads."""
LEFT_OUT = "What this page does not show"
HEADS = (Column("Item"), Column("What is asked"), Column("Where"))
CHECKED = Column("How far we checked the item")


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return a part for each checklist that applies, and one on every exhibit that is left out, with its rule."""
    known = [(standard, lacking(evaluation, standard.applies)) for standard in standards()]
    anchors = anchors_of(exhibits)
    found = part("", [RULE, _not_used(known)])
    for standard in (standard for standard, why in known if not why):
        states = [(item, state_of(item, evaluation, anchors)) for item in standard.items]
        sentence = f"{standard.title}: {counted([state for _, state in states])} {applies_to(standard.applies)}."
        found += part(standard.title, [sentence],
                      blocks=[exhibits.table(checklist_table(standard, states, anchors), folded=True)])  # fmt: skip
    return [*found, *_cheers(evaluation, exhibits), *_left_out(evaluation, exhibits, anchors)]


def anchors_of(exhibits: Exhibits) -> dict[str, str]:
    """Return the ids that a page has so far, each with what a link to it says."""
    return {**exhibits.names, **exhibits.sections, **FIRST_SIDE}


def counted(states: list[State]) -> str:
    """Return how many items there are in each state, as in `9 of 11 items reported; 2 do not apply`."""
    kinds = Counter[str](state.kind for state in states)
    asked = kinds["reported"] + kinds["not reported"]
    items_word = "item" if asked == 1 else "items"
    told = [f"{number(kinds['reported'], 0)} of {number(asked, 0)} {items_word} reported"]
    for kind, one, several in (("not applicable", "does not apply", "do not apply"),
                               ("otherwise", "is not for a page to show", "are not for a page to show")):  # fmt: skip
        if kinds[kind]:
            told.append(f"{number(kinds[kind], 0)} {one if kinds[kind] == 1 else several}")
    return f"{'; '.join(told)}."


def checklist_table(standard: Standard, states: list[tuple[Item, State]], anchors: Mapping[str, str]) -> Table:
    """Return the items of a standard with where each stands; how far they were checked, once where all are alike."""
    rows = [(item.code, item.asks, _where(state, anchors), STATUS[item.status]) for item, state in states]
    name = f"tbl-list-{standard.name.replace('_', '-')}"
    note = f"{standard.edition}. Source: {standard.source}."
    if len({item.status for item, _ in states}) > 1:
        return Table(name, f"Checklist: {standard.title}", [*HEADS, CHECKED], rows, cards=True, note=note)
    note += f" {CHECKED.label}: {inside(rows[0][-1])}."
    return Table(name, f"Checklist: {standard.title}", HEADS, [row[:-1] for row in rows], cards=True, note=note)


def left_out_table(evaluation: Evaluation, anchors: Mapping[str, str]) -> Table | None:
    """Return every exhibit that has nothing behind it, with the rule by which it is left out; None where all are."""
    rows = []
    for item in items("exhibits"):
        state = state_of(item, evaluation, anchors)
        if state.kind != "reported":
            why = f"Not applicable: {state.why}." if state.kind == "not applicable" else item.otherwise
            rows.append((item.code, item.asks, why))
    heads = [Column("Exhibit"), Column("What it would show"), Column("Why it is not here")]
    return Table("tbl-not-shown", LEFT_OUT, heads, rows, cards=True) if rows else None


def _where(state: State, anchors: Mapping[str, str]) -> str:
    if state.kind == "reported":
        return Linked(capital(anchors[state.anchor]), state.anchor)
    if state.kind == "not applicable":
        return f"Not applicable: {state.why}"
    return state.why if state.kind == "otherwise" else "Not reported"


def _not_used(known: list[tuple[Standard, str]]) -> str:
    """Return which checklists do not apply, each with the reason."""
    gone = [f"{standard.title} ({why})" for standard, why in known if why]
    return f"Checklists that do not apply here: {'; '.join(gone)}." if gone else ""


def _cheers(evaluation: Evaluation, exhibits: Exhibits) -> list[Part]:
    """Return how many items of CHEERS are stated, with a link to their table among what is said of money."""
    from evalkit.report.cheers import NOT_STATED, cheers_table
    from evalkit.report.money_reading import read_money

    reading = read_money(evaluation)
    if reading is None or "tbl-cheers" not in exhibits.names:
        return []
    rows = cheers_table(evaluation, reading).rows
    stated = sum(text != NOT_STATED for _, text in rows)
    sentence = f"CHEERS 2022: {number(stated, 0)} of {number(len(rows), 0)} items stated. {applies_to(('economics',))}."
    link = _link("The items of CHEERS 2022, under value for money", "tbl-cheers")
    return part("CHEERS 2022", [sentence], blocks=[link])


def _left_out(evaluation: Evaluation, exhibits: Exhibits, anchors: Mapping[str, str]) -> list[Part]:
    table = left_out_table(evaluation, anchors)
    total = len(items("exhibits")) + len(EVERY_PAGE)
    count = 0 if table is None else len(table.rows)
    sentence = (f"{number(count, 0)} of {number(total, 0)} exhibits that a page can have are not on this one, each by "
                "the rule in the table.")  # fmt: skip
    return part(LEFT_OUT, [sentence], blocks=[exhibits.table(table, folded=True)]) if table else []


def _link(words: str, anchor: str) -> Any:
    """Return a link to a place on the page, as Markdown."""
    from markupsafe import Markup

    return Markup(f"[{words}](#{anchor})\n")  # noqa: S704 - both are fixed texts of this module
