"""The data: sources, what is there and what is missing, breaks, rules that they were held against (E12 to E16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.disclosure import rule_of
from evalkit.periods import words_for
from evalkit.records import Evaluation
from evalkit.report.coverage_chart import coverage_notes, coverage_table, describe_coverage, draw_coverage
from evalkit.report.coverage_words import Held, coverage_message, coverage_sentences, read_coverage
from evalkit.report.exhibits import Exhibits, source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.provisional_words import provisional_words
from evalkit.report.tables import Column, Table
from evalkit.report.told.stated import dated
from evalkit.report.unit_words import noun_of, plural
from evalkit.report.words import SIMULATED

ACCESS = {"open": "Open to everyone", "controlled": "Controlled: by agreement with the owner",
          "synthetic": "Made up, after the pattern of real data"}  # fmt: skip
HANDLING = {"indicator_and_sensitivity": "A term in the model, and an analysis without it",
            "start_of_series": "The series starts after it", "split": "The series is split there",
            "none": "Nothing in the main analysis",
            "exclude": "What is beyond it is left out", "indicator": "A term in the model"}  # fmt: skip
ASKED = {"breaks": "changes in how the data are recorded", "quality_rules": "rules that the data were held against"}
"""What a reader looks for, by the key that tells it."""
UNSAID = "Not stated"


def _coverage(evaluation: Evaluation) -> Held | None:
    names = evaluation.primary.period_names if evaluation.analyses else {}
    return read_coverage(evaluation.coverage, names, noun_of(evaluation))


def coverage_figure(evaluation: Evaluation) -> Figure | None:
    """Return what the data hold for each place and period; None where everything is there, or nothing is told."""
    held = _coverage(evaluation)
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
    known = {"breaks": _declared(study), "quality_rules": _held_against(evaluation)}
    left += [words for key, words in ASKED.items() if not known[key]]
    return [
        *part("Where the data come from", pairs=[(what, said) for what, said in asked if said]),
        *part("What the data hold", _held(evaluation), blocks=[figures.get("fig-coverage", "")]),
        *part("", blocks=[exhibits.table(_breaks(study))]),
        *part("", blocks=[exhibits.table(_rules(evaluation))]),
        *part("", [f"{UNSAID}: {'; '.join(left)}."] if left else []),
        *part("", blocks=[exhibits.table(_dictionary(notes), folded=True)]),
    ]  # fmt: skip


def _alternative(held: Held) -> str:
    if held.alone:
        return "What the series holds, period by period"
    return f"What the data hold for {len(held.units)} {plural(held.noun)}, period by period"


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
        ("What to know of them", data.get("note")),
        ("Who may have them", ACCESS.get(str(notes.get("access")))),
        ("Licence", data.get("licence")),
        ("Address", notes.get("url")),
        ("When they were fetched", dated(notes.get("retrieved"), "")),
        ("How long after a period they appear", notes.get("lag")),
        ("Which figures are provisional", _provisional(evaluation, notes)),
        ("Which newest figures are left out", _settling(evaluation)),
        ("How counts are rounded", _rounded(evaluation)),
        ("Which files are late", _late(data)),
        ("Fingerprint (sha256)", _fingerprints(evaluation)),
    ]
    quiet = ("What to know of them", "Which newest figures are left out", "How counts are rounded",
             "Which files are late")  # nothing, if none  # fmt: skip
    return [(what, "" if said is None else str(said)) for what, said in rows if said or what not in quiet]


def _provisional(evaluation: Evaluation, notes: Mapping[str, Any]) -> str:
    """Return which figures are provisional: by date, and in the authors' own words."""
    since = provisional_words(evaluation)
    said = [f"Those {since}" if since else "", str(notes.get("provisional") or "")]
    return ". ".join(each for each in said if each)


def _settling(evaluation: Evaluation) -> str:
    """Return how many of the newest periods are left out, since they may still change."""
    count = int((evaluation.study.get("data") or {}).get("settling") or 0)
    if not count:
        return ""
    frequency = evaluation.primary.frequency if evaluation.analyses else "month"
    newest = f"{number(count, 0)} {words_for(frequency, count)}"
    return f"The newest {newest if count > 1 else words_for(frequency)}, which may still change"


def _rounded(evaluation: Evaluation) -> str:
    """Return to what the data's owner rounds the counts of each outcome for which that is stated."""
    stated = {name: each["rounded_to"] for name, each in (evaluation.study.get("outcomes") or {}).items()
              if each.get("rounded_to")}  # fmt: skip
    told = [f"to a multiple of {multiple}" + (f" ({evaluation.study['outcomes'][name]['label']})" if len(stated) > 1
            else "") for name, multiple in stated.items()]  # fmt: skip
    return f"Their owner rounds {'; '.join(told)}" if told else ""


def _late(data: Mapping[str, Any]) -> str:
    """Return the files that were announced and are not there yet."""
    told = [f"{each['file']} (announced for {dated(each['expected'])})" + (f": {each['note']}" if each.get("note")
            else "") for each in data.get("late") or ()]  # fmt: skip
    return "; ".join(told)


def _fingerprints(evaluation: Evaluation) -> str:
    """Return the fingerprint of each file that was read, reference tables of prices aside."""
    inputs = [] if evaluation.provenance is None else [
        item for item in evaluation.provenance.data if not item.name.startswith("reference/")]  # fmt: skip
    told = [f"{item.sha256}{' (fixed by data/sources.yaml)' if item.fixed else ''}" for item in inputs]
    if len(told) == 1:
        return told[0]
    return "; ".join(f"{item.name}: {text}" for item, text in zip(inputs, told, strict=True))


def _held(evaluation: Evaluation) -> list[str]:
    """Return what is there and what is not, in sentences."""
    held = _coverage(evaluation)
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


def _declared(study: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return every change in recording: those that the data block declares, then those of the notes alone."""
    data = (study.get("data") or {}).get("breaks") or ()
    dates = {str(each["date"]) for each in data}
    notes = [each for each in (study.get("data_notes") or {}).get("breaks") or () if str(each["date"]) not in dates]
    return [*data, *notes]


def _breaks(study: Mapping[str, Any]) -> Table | None:
    """Return each change in recording, where, and what was done about it."""
    rows = [(dated(each["date"]), str(each["what"]) + _where(each.get("units")), _done(each, study))
            for each in _declared(study)]  # fmt: skip
    heads = [Column("When"), Column("What changed"), Column("What was done about it")]
    caption = f"Changes in how the data are recorded: {number(len(rows), 0)}"
    return Table("tbl-breaks", caption, heads, rows, cards=True) if rows else None


def _done(each: Mapping[str, Any], study: Mapping[str, Any]) -> str:
    """Return what was done about a change in recording, and whether another analysis does something about it."""
    done = HANDLING.get(str(each.get("handling")), HANDLING["none"])
    others = [other for other in study.get("sensitivity") or () if _handles(other, each)]
    if done != HANDLING["none"] or not others:
        return done
    return f"{done}; {'one other handles it' if len(others) == 1 else f'{number(len(others), 0)} others handle it'}"


def _handles(other: Mapping[str, Any], each: Mapping[str, Any]) -> bool:
    """Say whether another analysis does something about a change in recording: one of its date, in its places."""
    places = {str(unit) for unit in _listed(each.get("units"))}
    return any(
        str(one.get("date")) == str(each["date"]) and (one.get("handling") or "none") != "none"
        and (not places or places & {str(unit) for unit in _listed(one.get("units"))})
        for one in (other.get("data") or {}).get("breaks") or ()
    )  # fmt: skip


def _listed(units: Any) -> Sequence[Any]:
    """Return the places of a break; none where it is everywhere."""
    return () if units in (None, "all") else units


def _where(units: Any) -> str:
    """Return the places of a break; empty where it is everywhere, or the places are not said."""
    return "" if units in (None, "all") else f" ({', '.join(map(str, units))})"


def _held_against(evaluation: Evaluation) -> list[Mapping[str, Any]]:
    """Return every rule with what was found: the authors' own, then those that evalkit held the data against."""
    notes: Mapping[str, Any] = evaluation.study.get("data_notes") or {}
    own = list(notes.get("quality_rules") or ())
    return own + [{"rule": each.rule, "found": each.found, "note": each.note, "who": each.who}
                  for each in evaluation.guards]  # fmt: skip


def _rules(evaluation: Evaluation) -> Table | None:
    """Return each rule with what was found, and who waived it."""
    rules = _held_against(evaluation)
    rows = [(str(each["rule"]), _found(each), str(each.get("note") or UNSAID)) for each in rules]
    heads = [Column("Rule"), Column("What was found"), Column("Note")]
    return Table("tbl-rules", _tally(rules), heads, rows, cards=True) if rows else None


def _tally(rules: Sequence[Mapping[str, Any]]) -> str:
    """Return how many rules were met, not met and waived."""
    found = [str(each.get("found")) for each in rules]
    said = [f"{number(found.count(key), 0)} {words}" for key, words in
            (("met", "met"), ("not_met", "not met"), ("waived", "waived"), ("not_run", "not looked for"))
            if key in found]  # fmt: skip
    return f"Rules that the data were held against: {', '.join(said)}"


def _found(rule: Mapping[str, Any]) -> str:
    if rule.get("found") != "waived":
        words = {"met": "Met", "not_met": "Not met", "not_run": "Not looked for"}
        return words.get(str(rule.get("found")), UNSAID)
    return f"Waived by {rule['who']}" if rule.get("who") else "Waived; who waived it is not stated"


def _dictionary(notes: Mapping[str, Any]) -> Table | None:
    """Return what each field means."""
    rows = [tuple(str(each.get(key) or UNSAID) for key in ("field", "meaning", "unit", "source"))
            for each in notes.get("dictionary") or ()]  # fmt: skip
    heads = [Column("Field"), Column("Meaning"), Column("Unit"), Column("Source")]
    return Table("tbl-fields", "What each field of the data means", heads, rows, cards=True) if rows else None
