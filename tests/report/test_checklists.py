"""Reporting checklists: every item can be reported and not, links lead to the page, counts are those of the tables."""

from __future__ import annotations

import dataclasses
import functools
import re
from pathlib import Path
from typing import Any

import demo
import demo_comparisons
import demo_money
import pytest
import test_arrangements
from demo_keys import another, bare, checked, fill, monitored, priced, said, with_result

from evalkit.notebook import evaluate, load_spec
from evalkit.records import Analysis, Appraisal, Estimate, Evaluation, Provenance, Result
from evalkit.report.checklists import facts, keys, section
from evalkit.report.checklists.standards import FOLDER, STATUS, Item, Place, items, standards
from evalkit.report.checklists.state import FIRST_SIDE, state_of
from evalkit.report.pages import SECTIONS, Page
from evalkit.report.tables import Linked
from evalkit.spec.study import Study

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>alert(1)</script> \"quoted\" & 'single' [link](javascript:alert(1)) `code` ŵŷ *"
FILES = [standard.name for standard in standards()] + ["exhibits"]
ITEMS = [(name, item) for name in FILES for item in items(name)]
PLACED = [(name, item, place) for name, item in ITEMS for place in item.places]
COMMITTED = ["portsmouth-robberies", "seat-belts", "castle-doctrine", "ae-navigators-rehearsal"]
MADE = {f"made-{study.id}": study for study in [*demo.everything(), demo_money.hot_spots(), demo_money.borrowed()]} | {
    f"comparisons-{name}": study for name, study in demo_comparisons.everything().items()
}


BLOCKS = ("programme", "theory_of_change", "governance", "rollout", "registration", "questions", "choice_of_design",
          "data_notes", "process", "unintended_effects", "disparities", "emmie", "limitations", "recommendations",
          "strategies", "assurance", "ethics", "standards")  # fmt: skip
"""Blocks of words of the study file."""


def named(entry: tuple[Any, ...]) -> str:
    return "-".join(str(getattr(part, "code", getattr(part, "keys", part))) for part in entry)


ALWAYS = {"design.kind", "result.effect", "seen.all_shown", "appraisal.cost", "appraisal.ratio_withheld"}
"""Keys that every result, or every appraisal, has: their items are not reported where the anchor is not on the page."""


HELD = ("M18",)
"""Items that hold wherever they apply, because the page is made so: they are reported, or they do not apply."""


class TestStandards:
    def test_every_file_is_named(self):
        assert {path.stem for path in FOLDER.glob("*.csv")} == {"standards", *FILES}

    @pytest.mark.parametrize("name", FILES)
    def test_codes_are_unique_and_items_whole(self, name):
        codes = [item.code for item in items(name)]
        assert len(codes) == len(set(codes)) > 0
        for item in items(name):
            assert item.asks
            assert item.status in STATUS
            assert item.places or item.otherwise, item.code
            assert set(item.needs) <= set(facts.FACTS)
            for place in item.places:
                assert all(place.keys), item.code
                assert all(place.anchors), item.code

    def test_numbers_of_items(self):
        sizes = {name: len(items(name)) for name in FILES}
        assert sizes["tidier"] == 12
        assert sizes["series"] == 2 + 7 + 12
        assert sizes["panel"] == 15
        assert sizes["before_after"] == 5
        assert sizes["magenta"] == 18
        assert sizes["emmie"] == 5
        assert sizes["aqua"] == 7
        assert sizes["green"] == 9
        assert sizes["disclosure"] == 6
        assert sizes["ethics"] == 8
        codes = [item.code for item in items("exhibits")]
        every = {f"E{number}" for number in range(1, 55)}
        assert set(codes) | set(section.EVERY_PAGE) == every
        assert not set(codes) & set(section.EVERY_PAGE)

    def test_anchors_are_sections_or_exhibits(self):
        text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "evalkit" / "report").rglob("*.py"))
        for _, item, place in PLACED:
            for anchor in place.anchors:
                known = anchor in SECTIONS or anchor in FIRST_SIDE or f'"{anchor}"' in text
                assert known, (item.code, anchor)

    def test_keys_are_those_of_the_study_file_and_the_records(self):
        roots = {"result": Result, "analysis": Analysis, "appraisal": Appraisal, "provenance": Provenance,
                 "evaluation": Evaluation}  # fmt: skip
        schema = Study.model_json_schema()
        for key in {key for _, _, place in PLACED for key in place.keys}:
            root, _, path = key.partition(".")
            names = [name.removesuffix("[]") for name in path.split(".")]
            if root == "study":
                assert in_schema(schema, schema, names), key
            elif root in roots:
                assert names[0] in {field.name for field in dataclasses.fields(roots[root])}, key
            elif root == "check":
                assert path in CHECKS, key

    def test_options_are_those_of_a_design(self):
        from evalkit.designs import DESIGNS

        options = {name for design in DESIGNS.values() for name in design.model_fields}
        for key in {key for _, _, place in PLACED for key in place.keys if key.startswith("design.")}:
            assert key.removeprefix("design.") in options, key


def checks() -> set[str]:
    from evalkit.designs import DESIGNS

    named = {check for design in DESIGNS.values() for check in getattr(design, "checks", ())}
    return named | {"negative_controls", "falsification"}


CHECKS = checks()


def in_schema(schema: dict[str, Any], node: dict[str, Any], names: list[str]) -> bool:
    """Return whether a path of keys is in a JSON Schema, through references, choices and lists."""
    if "$ref" in node:
        return in_schema(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]], names)
    if not names:
        return True
    options = [*node.get("anyOf", ()), *node.get("oneOf", ()), *([node["items"]] if "items" in node else [])]
    if any(in_schema(schema, option, names) for option in options):
        return True
    if isinstance(node.get("additionalProperties"), dict | bool) and "properties" not in node:
        return bool(node["additionalProperties"])
    inner = node.get("properties", {}).get(names[0])
    return inner is not None and in_schema(schema, inner, names[1:])


class TestRules:
    @pytest.mark.parametrize("entry", PLACED, ids=named)
    def test_each_place_is_enough_and_each_of_its_keys_is_needed(self, entry):
        name, item, place = entry
        whole = functools.reduce(fill, place.keys, start(name, item))
        alone = dataclasses.replace(item, places=(place,))
        found = state_of(alone, whole, place.anchors)
        assert found.kind == "reported"
        assert found.anchor in place.anchors
        if not set(place.anchors) & set(FIRST_SIDE):
            assert state_of(alone, whole, {"downloads"}).kind == "not reported"
        for key in () if item.code in HELD else place.keys:
            lacking = functools.reduce(fill, [other for other in place.keys if other != key], start(name, item))
            if key not in ALWAYS and not any(implied(other, key) for other in place.keys if other != key):
                assert state_of(alone, lacking, place.anchors).kind != "reported", key

    @pytest.mark.parametrize("entry", ITEMS, ids=named)
    def test_nothing_is_reported_where_nothing_is_said(self, entry):
        name, item = entry
        everywhere = {*SECTIONS, *(anchor for place in item.places for anchor in place.anchors)}
        found = state_of(item, start(name, item), everywhere)
        if {key for place in item.places for key in place.keys} & ALWAYS:
            found = state_of(item, start(name, item), ())
        assert found.kind == ("reported" if item.code in HELD else "not reported" if item.places else "otherwise")
        if item.code in HELD:
            assert state_of(item, bare(), everywhere).kind == "not applicable"

    @pytest.mark.parametrize("entry", [entry for entry in ITEMS if entry[1].needs], ids=named)
    def test_what_does_not_apply_says_why(self, entry):
        _, item = entry
        whole = functools.reduce(fill, item.places[0].keys, bare())
        for need in item.needs:
            if not facts.FACTS[need].holds(whole):
                found = state_of(dataclasses.replace(item, needs=(need,)), whole, SECTIONS)
                assert found.kind == "not applicable"
                assert found.why == facts.FACTS[need].lacking

    @pytest.mark.parametrize("name", facts.FACTS)
    def test_every_fact_can_hold_and_not(self, name):
        held = bare((name,)) if name != "no_ratio" else priced(bare())
        assert facts.FACTS[name].holds(held)
        other = bare() if name != "no_ratio" else priced(bare(), ratio=Estimate(2.0))
        other = other if name != "claims_cause" else monitored(bare())
        assert not facts.FACTS[name].holds(other)

    def test_words_that_say_nothing_are_no_answer(self):
        for value in ("", "  ", "unknown", "not_stated", None, [], {}, {"a": None, "b": {"c": []}}, 0, float("nan")):
            assert not keys.filled(value), value
        for value in ("a", ["a"], {"a": {"b": "c"}}, 2, -0.5, float("inf")):
            assert keys.filled(value), value

    def test_a_check_that_was_not_run_is_no_answer(self):
        item = Item("x", "x", (Place(("check.overdispersion",), ("checks",)),), (), "")
        kinds = {verdict: state_of(item, checked(bare(), "overdispersion", verdict), SECTIONS).kind
                 for verdict in ("not run", "sign against", "no sign against")}  # fmt: skip
        assert list(kinds.values()) == ["not reported", "reported", "reported"]

    def test_the_assurer_is_not_the_analyst(self):
        people = dict.fromkeys(("commissioner", "analyst", "assurer", "approver"), "Ann")
        assert not keys.holds(said(bare(), "governance", people), "told.four_names")
        assert not keys.holds(said(bare(), "governance", {**people, "assurer": {"name": " ann"}}), "told.four_names")
        assert keys.holds(said(bare(), "governance", {**people, "assurer": "Bob"}), "told.four_names")

    def test_all_that_was_asked_for_is_shown(self):
        asked = said(with_result(bare()), "sensitivity", [{"id": "other"}])
        assert not keys.holds(asked, "seen.all_shown")
        assert keys.holds(another(asked, "sensitivity"), "seen.all_shown") is False
        told = dataclasses.replace(asked.primary, id="other", role="sensitivity")
        assert keys.holds(dataclasses.replace(asked, analyses=(*asked.analyses, told)), "seen.all_shown")


def start(name: str, item: Item) -> Evaluation:
    """Return an evaluation that says nothing but that the standard and the item apply."""
    applies = next((standard.applies for standard in standards() if standard.name == name), ())
    return bare((*applies, *item.needs))


def implied(other: str, key: str) -> bool:
    """Return whether filling one key fills another: provenance and shapes of a result come whole."""
    roots = {name.partition(".")[0] for name in (other, key)}
    return roots == {"provenance"} or (key.startswith("design.") and other == "seen.count_model")


@functools.cache
def committed(name: str) -> Evaluation:
    return evaluate(load_spec(ROOT / "evaluations" / f"{name}.yaml"))


def empty() -> Evaluation:
    study = demo.study("A", "", "impact", "theory_only", {"label": "A", "kind": "count", "better": "lower"})
    return Evaluation("empty", {**study, "design": {"kind": "theory_only"}, "outcomes": {}}, ())


def shown(evaluation: Evaluation) -> tuple[Page, str]:
    page = Page(evaluation, None)
    return page, page.document()


@functools.cache
def page_of(name: str) -> tuple[Page, str]:
    return shown(MADE[name] if name in MADE else committed(name))


def tables_of(page: Page) -> dict[str, list[list[str]]]:
    """Return the rows of each checklist as its CSV file has them."""
    import csv
    import io

    return {name: list(csv.reader(io.StringIO(text.lstrip("\ufeff")))) for name, text in page.exhibits.files.items()
            if "list-" in name or "not-shown" in name}  # fmt: skip


class TestPages:
    @pytest.mark.parametrize("name", [*MADE, *COMMITTED])
    def test_links_lead_to_the_page_and_counts_are_those_of_the_tables(self, name):
        page, text = page_of(name)
        evaluation = page.evaluation
        ids = set(re.findall(r'(?:id="|\{#)([\w-]+)', text))
        linked = re.findall(r'<td[^>]*><a href="#([^"]+)">', text)
        assert linked
        assert set(linked) <= ids
        found = tables_of(page)
        told = {part["title"]: " ".join(part["sentences"])
                for part in section.parts(evaluation, page.exhibits, {}) if part["title"]}  # fmt: skip
        for standard in standards():
            prefix = "simulated-" if evaluation.simulated else ""
            rows = found.get(f"{prefix}list-{standard.name.replace('_', '-')}-table.csv")
            assert (rows is None) == bool(facts.lacking(evaluation, standard.applies))
            if rows is None:
                assert standard.title not in told
                continue
            where = [row[2] for row in rows[1:]]
            asked = [words for words, item in zip(where, standard.items, strict=True)
                     if not words.startswith("Not applicable") and item.places]  # fmt: skip
            reported = [words for words in asked if words != "Not reported"]
            assert f"{standard.title}: {len(reported)} of {len(asked)} item" in told[standard.title]
        rows = found[f"{'simulated-' if evaluation.simulated else ''}not-shown-table.csv"]
        assert f"{len(rows) - 1} of 54 exhibits" in told[section.LEFT_OUT]

    @pytest.mark.parametrize("name", [*MADE, *COMMITTED])
    def test_an_exhibit_is_either_shown_or_said_to_be_left_out(self, name):
        page, _ = page_of(name)
        evaluation = page.evaluation
        anchors = section.anchors_of(page.exhibits)
        table = section.left_out_table(evaluation, anchors)
        gone = {row[0] for row in table.rows}
        for item in items("exhibits"):
            assert (state_of(item, evaluation, anchors).kind == "reported") != (item.code in gone)
        assert all(row[2] for row in table.rows)

    def test_what_real_studies_report(self):
        belts, castle = states("seat-belts"), states("castle-doctrine")
        assert belts["series", "EPOC 2"] == "reported"
        assert belts["series", "I6"] == "reported"
        assert belts["series", "Risk 2"] == "not reported"
        assert belts["series", "I8"] == "not applicable"
        assert belts["magenta", "M12"] == "not reported"
        assert castle["panel", "DD3"] == "not reported"  # with weights there is no such decomposition
        assert castle["panel", "DD5"] == "reported"
        assert castle["panel", "DD15"] == "reported"
        assert castle["panel", "DD10"] == "not reported"

    def test_an_empty_study_reports_nothing(self):
        page, text = shown(empty())
        assert 'href="#' not in text[text.index("{#checklists}") : text.index("{#downloads}")]
        for name, rows in tables_of(page).items():
            assert not [row for row in rows[1:] if "list-" in name and not_an_answer(row) is False], name
        told = [" ".join(part["sentences"]) for part in section.parts(empty(), page.exhibits, {})]
        assert [words for words in told if re.search(r": [1-9]\d* of \d+ items? reported", words)] == []

    def test_hostile_text_stays_text(self, render_one):
        base = demo.seat_belts()
        study = {**base.study, "title": HOSTILE, "programme": {"name": HOSTILE, "why": HOSTILE},
                 "governance": {"analyst": HOSTILE, "assurer": HOSTILE, "commissioner": HOSTILE, "approver": HOSTILE},
                 "outcomes": {"main": {**base.study["outcomes"]["main"], "label": HOSTILE}}}  # fmt: skip
        page = render_one(demo.seat_belts(study=study))
        assert "<script>alert" not in page.source
        ids = {element.get("id") for element in page.tree.iter()}
        for link in page.all("a"):
            assert "javascript" not in link.get("href")
            assert not link.get("href").startswith("#") or link.get("href")[1:] in ids

    def test_what_is_reported_is_printed_where_the_link_leads(self):
        """Every text of the study file that an item rests on alone stands in the section that it is said to be in."""
        study = dict(demo.seat_belts().study)
        for name in BLOCKS:
            study[name] = test_arrangements.value(Study.model_fields[name].annotation, name.replace("_", ""))
        _, text = shown(demo.seat_belts(study=study))
        found = dict(re.findall(r"\n## .*? \{#(\w+)\}\n(.*?)(?=\n## |\Z)", text.replace("\\", ""), re.DOTALL))
        looked_at = 0
        for _, item, place in PLACED:
            key = place.keys[0]
            names = key.removeprefix("study.").split(".")
            if len(place.keys) > 1 or not key.startswith("study.") or names[0] not in BLOCKS:
                continue
            words = test_arrangements.said({names[-1]: keys.follow(study, names)})
            anchor = next(anchor for anchor in place.anchors if anchor in found)
            assert not words or any(word in found[anchor] for word in words), (item.code, key)
            looked_at += bool(words)
        assert looked_at > 40

    def test_cheers_is_counted_from_its_own_table(self):
        study = demo_money.hot_spots()
        page, text = shown(study)
        told = next(part for part in section.parts(study, page.exhibits, {}) if part["title"] == "CHEERS 2022")
        note = re.search(r"(\d+) of 28 items are not stated in the study file", text)
        assert told["sentences"][0].startswith(f"CHEERS 2022: {28 - int(note[1])} of 28 items stated. For studies")
        assert "(#tbl-cheers)" in str(told["blocks"][0])


def states(name: str) -> dict[tuple[str, str], str]:
    page, _ = page_of(name)
    anchors = section.anchors_of(page.exhibits)
    return {(file, item.code): state_of(item, committed(name), anchors).kind for file, item in ITEMS}


def not_an_answer(row: list[str]) -> bool:
    """Return whether a row reports nothing: not reported, not applicable, or seen to elsewhere."""
    known = {item.otherwise for _, item in ITEMS if not item.places}
    return row[2] == "Not reported" or row[2].startswith("Not applicable") or row[2] in known


def test_a_linked_cell_is_text_in_files_and_escaped_on_pages():
    from evalkit.report.tables import Column, Table, table_html, table_text

    table = Table("tbl-x", "X", [Column("A"), Column("B")], [("a", Linked("<b>&", 'x" onclick="y'))])
    html = table_html(table)
    assert '<a href="#x&#34; onclick=&#34;y">&lt;b&gt;&amp;</a>' in html
    assert table_text(table) == [["A", "B"], ["a", "<b>&"]]


def test_counts_in_words():
    from evalkit.report.checklists.state import State

    states = [State("reported", "a"), State("not reported"), State("not applicable", why="b")]
    assert section.counted(states) == "1 of 2 items reported; 1 does not apply."
    assert section.counted([*states, *states[2:], State("otherwise")]) == (
        "1 of 2 items reported; 2 do not apply; 1 is not for a page to show."
    )
    assert section.counted(states[:1]) == "1 of 1 item reported."


def test_no_word_that_claims_a_cause():
    from test_pages import CAUSAL

    for standard in standards():
        assert not CAUSAL.search(f"{standard.title} {standard.edition}")
    for _, item in ITEMS:
        assert not CAUSAL.search(f"{item.asks} {item.otherwise}"), item.code
    for fact in facts.FACTS.values():
        assert not CAUSAL.search(f"{fact.rule} {fact.lacking}")
