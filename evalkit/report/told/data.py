"""The data: sources, what is there and what is missing, breaks, rules that they were held against (E12 to E16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.disclosure import rule_of
from evalkit.records import Evaluation
from evalkit.report.coverage_chart import coverage_notes, coverage_table, describe_coverage, draw_coverage
from evalkit.report.coverage_words import Held, coverage_message, coverage_sentences, read_coverage
from evalkit.report.exhibits import Exhibits, source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.tables import Column, Table
from evalkit.report.words import SIMULATED

ACCESS = {"open": "Open to everyone", "controlled": "Controlled: by agreement with the owner",
          "synthetic": "Made up, after the pattern of real data"}  # fmt: skip
HANDLING = {"indicator_and_sensitivity": "A term in the model, and an analysis without it",
            "start_of_series": "The series starts after it", "split": "The series is split there",
            "none": "Nothing was done about it"}  # fmt: skip
ASKED = {"breaks": "changes in how the data are recorded", "quality_rules": "rules that the data were held against"}
"""What a reader looks for, by the key that tells it."""
UNSAID = "Not stated"


def coverage_figure(evaluation: Evaluation) -> Figure | None:
    """Return what the data hold for each place and period; None where everything is there, or nothing is told."""
    held = read_coverage(evaluation.coverage)
    if held is None or not held.lacking:
        return None
    marked, alternative = evaluation.simulated, _alternative(held)
    subtitle = sentences("What the data of the main analysis hold, those that lack something first", *_scope(held))
    return assembled("coverage", coverage_message(held), subtitle, source_words(evaluation, evaluation.primary),
                     alternative, described(describe_coverage(held), marked), coverage_table(held),
                     lambda size: draw_coverage(held, size, simulated=marked))  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-coverage", coverage_figure, 4),)


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    study = evaluation.study
    notes: Mapping[str, Any] = study.get("data_notes") or {}
    if not study.get("data") and not notes:
        return []
    asked = _sources(evaluation, notes)
    left = [what[0].lower() + what[1:] for what, said in asked if not said]
    left += [words for key, words in ASKED.items() if not notes.get(key)]
    return [
        *part("Where the data come from", pairs=[(what, said) for what, said in asked if said]),
        *part("What the data hold", _held(evaluation), blocks=[figures.get("fig-coverage", "")]),
        *part("", blocks=[exhibits.table(_breaks(notes))]),
        *part("", blocks=[exhibits.table(_rules(notes))]),
        *part("", [f"{UNSAID}: {'; '.join(left)}."] if left else []),
        *part("", blocks=[exhibits.table(_dictionary(notes), folded=True)]),
    ]  # fmt: skip


def _alternative(held: Held) -> str:
    if held.alone:
        return "What the series holds, period by period"
    return f"What the data hold for {len(held.units)} places, period by period"


def _scope(held: Held) -> list[str]:
    notes = coverage_notes(held)
    return [*notes, "Nothing is drawn where the study does not use a period"] if any(
        unit.count("o") for unit in held.units) else notes  # fmt: skip


def _sources(evaluation: Evaluation, notes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is known of the data, a pair for each thing that a reader asks; empty where nothing is stated."""
    data = evaluation.study.get("data") or {}
    origins = "; ".join(dict.fromkeys(analysis.origin for analysis in evaluation.analyses if analysis.origin))
    rows = [
        ("What they are", notes.get("title") or origins),
        ("Who publishes them", data.get("publisher")),
        ("Who may have them", ACCESS.get(str(notes.get("access")))),
        ("Licence", data.get("licence")),
        ("Address", notes.get("url")),
        ("When they were fetched", notes.get("retrieved")),
        ("How long after a period they appear", notes.get("lag")),
        ("Which figures are provisional", notes.get("provisional")),
        ("Fingerprint (sha256)", _fingerprints(evaluation)),
    ]
    return [(what, "" if said is None else str(said)) for what, said in rows]


def _fingerprints(evaluation: Evaluation) -> str:
    """Return the fingerprint of each file that was read, reference tables of prices aside."""
    inputs = [] if evaluation.provenance is None else [
        item for item in evaluation.provenance.data if not item.name.startswith("reference/")]  # fmt: skip
    if len(inputs) == 1:
        return inputs[0].sha256
    return "; ".join(f"{item.name}: {item.sha256}" for item in inputs)


def _held(evaluation: Evaluation) -> list[str]:
    """Return what is there and what is not, in sentences."""
    held = read_coverage(evaluation.coverage)
    if held is None:
        alone = (evaluation.study.get("data") or {}).get("person_level")
        return ["Rows are single people, so what is missing is not told one by one."] if alone else []
    rule = rule_of(evaluation.study.get("disclosure"))
    careful = rule is not None and not rule.national
    return [
        f"{SIMULATED}." if evaluation.simulated else "",
        *coverage_sentences(held),
        "A run of zeros is told only where no small number beside it is hidden." if careful else "",
    ]


def _breaks(notes: Mapping[str, Any]) -> Table | None:
    """Return each change in recording, and what was done about it."""
    rows = [(str(each["date"]), str(each["what"]), HANDLING.get(str(each.get("handling")), HANDLING["none"]))
            for each in notes.get("breaks") or ()]  # fmt: skip
    heads = [Column("When"), Column("What changed"), Column("What was done about it")]
    caption = f"Changes in how the data are recorded: {number(len(rows), 0)}"
    return Table("tbl-breaks", caption, heads, rows, cards=True) if rows else None


def _rules(notes: Mapping[str, Any]) -> Table | None:
    """Return each rule with what was found, and who waived it."""
    rows = [
        (str(each["rule"]), _found(each), str(each.get("note") or UNSAID)) for each in notes.get("quality_rules") or ()
    ]
    heads = [Column("Rule"), Column("What was found"), Column("Note")]
    return Table("tbl-rules", _tally(notes), heads, rows, cards=True) if rows else None


def _tally(notes: Mapping[str, Any]) -> str:
    """Return how many rules were met, not met and waived."""
    found = [str(each.get("found")) for each in notes.get("quality_rules") or ()]
    said = [f"{number(found.count(key), 0)} {words}" for key, words in
            (("met", "met"), ("not_met", "not met"), ("waived", "waived")) if key in found]  # fmt: skip
    return f"Rules that the data were held against: {', '.join(said)}"


def _found(rule: Mapping[str, Any]) -> str:
    if rule.get("found") != "waived":
        return {"met": "Met", "not_met": "Not met"}.get(str(rule.get("found")), UNSAID)
    return f"Waived by {rule['who']}" if rule.get("who") else "Waived; who waived it is not stated"


def _dictionary(notes: Mapping[str, Any]) -> Table | None:
    """Return what each field means."""
    rows = [tuple(str(each.get(key) or UNSAID) for key in ("field", "meaning", "unit", "source"))
            for each in notes.get("dictionary") or ()]  # fmt: skip
    heads = [Column("Field"), Column("Meaning"), Column("Unit"), Column("Source")]
    return Table("tbl-fields", "What each field of the data means", heads, rows, cards=True) if rows else None
