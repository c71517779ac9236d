"""What the study file says, as pairs of a term and its text: programme, design, people, inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.designs import DESIGNS
from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report import windows
from evalkit.report.arrangements import SEEN, kind_words, small_numbers
from evalkit.report.inference_words import estimator_pairs, given_by_estimator
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import number
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units
from evalkit.report.words import capital
from evalkit.report.written_dates import in_words

PROGRAMME = {
    "name": "Name",
    "why": "Why",
    "what_procedures": "What is done",
    "what_materials": "What is used",
    "who_provides": "Who provides it",
    "how": "How",
    "where": "Where",
    "when_how_much": "When and how much",
    "target_population": "For whom",
    "eligibility": "Who may take part",
    "tailoring": "Fitted to the person",
    "modifications": "Changes on the way",
    "fidelity_planned": "How delivery is followed",
    "fidelity_actual": "How it was delivered",
    "funder": "Who funds it",
    "delivery_body": "Who runs it",
}
PEOPLE = {"commissioner": "Commissioner", "analyst": "Analyst", "assurer": "Assurer", "approver": "Approved"}
MOST_LEFT_OUT = 3
"""Up to so many units left out stand among the facts of the design; more stand in a table."""
MEASUREMENT = {"likely": "Likely", "possible": "Possibly", "unlikely": "Unlikely"}

Pairs = list[tuple[str, str]]


def programme(study: Mapping[str, Any]) -> Pairs:
    """Return the programme after TIDieR, what is given alone."""
    return _given(study.get("programme") or {}, PROGRAMME)


def people(study: Mapping[str, Any]) -> Pairs:
    """Return the four names of a study; those not given are to be named."""
    block = study.get("governance") or {}
    signed = {str(each.get("role", "")).casefold(): each for each in block.get("sign_off") or ()}
    return [(label, _person(block.get(key), signed.get(key)) or "To be named") for key, label in PEOPLE.items()]


UNSAID = "No. It is not stated what had been seen before."


def registered(study: Mapping[str, Any]) -> str:
    """Return when the plan was fixed, in a sentence."""
    block = study.get("registration") or {}
    seen = SEEN.get(str(block.get("data_seen_before_lock")), "")
    if not block.get("locked_at"):
        return f"No. By the authors’ own account, {seen}." if seen else UNSAID
    return f"Fixed on {in_words(block['locked_at'])}" + (f"; {seen} by then." if seen else ".")


def design_pairs(evaluation: Evaluation) -> Pairs:
    """Return how the study was designed, in words."""
    study = evaluation.study
    if not evaluation.analyses:
        return [("Design", design_title(str(study["design"]["kind"]))), *_chosen(evaluation)]
    primary = evaluation.primary
    result = primary.result
    pairs = [
        ("Design", f"{design_title(str(primary.design['kind']))}: {_sizes(primary)}"),
        ("What we estimate", capital(result.estimand)),
        ("What it is based on", _based_on(primary)),
        *_chosen(evaluation),
    ]
    declared = (study.get("outcomes") or {}).get(primary.outcome.id) or {}
    margin = declared.get("minimum_important_change")
    matters = "Not set in advance" if margin is None else f"A change of {number(abs(float(margin)))}%"
    pairs += [
        ("Large enough to matter", matters),
        ("Rate", _rate(declared, primary)),
        ("Could the programme change the recording?", MEASUREMENT.get(str(declared.get("measurement_affected")), "")),
        ("Better is", {"neither": "neither lower nor higher"}.get(primary.outcome.better, primary.outcome.better)),
        ("Plan fixed in advance", registered(study)),
    ]
    if len(result.dropped) <= MOST_LEFT_OUT:  # more of them stand in a table of their own
        pairs += [("Left out", f"{unit}: {reason}") for unit, reason in result.dropped]
    pairs += estimator_pairs(primary)
    return [(term, text) for term, text in pairs if text]


def _rate(declared: Mapping[str, Any], primary: Analysis) -> str:
    """Return that counts are compared as rates and printed as counts; empty where no exposure is named, or rates are.

    The result holds no population, so a rate could not be printed without computing it here.
    """
    if not declared.get("exposure") or primary.outcome.kind != "count":
        return ""
    if ((primary.result.fit or {}).get("averages") or {}).get("per"):
        return ""
    per = number(float(declared.get("per") or 1))
    return (f"Each count is set against its exposure, “{declared['exposure']}”, before places and times are compared. "
            f"Numbers on this page are counts again: no rate{f' per {per}' if per != '1' else ''} is printed.")


def _chosen(evaluation: Evaluation) -> Pairs:
    """Return why this design was chosen and not a stronger one, what is given alone."""
    block = evaluation.study.get("choice_of_design") or {}
    pairs = _given(block, {"why": "Why this design", "stronger_rejected": "A stronger design, and why not",
                           "proportionality": "Effort beside what is at stake"})  # fmt: skip
    learning = block.get("learning")
    return [*pairs, *([("Kind of study", kind_words(str(learning), evaluation))] if learning else [])]


def assumptions(evaluation: Evaluation) -> list[str]:
    """Return what the estimator that ran takes as given, in its own words, or else what the design does."""
    stated = given_by_estimator(evaluation.primary) if evaluation.analyses else []
    if stated:
        return stated
    options = evaluation.study["design"]
    design = DESIGNS.get(str(options["kind"]))
    taken = next((texts for option, texts in getattr(design, "assumptions_with", {}).items() if options.get(option)),
                 getattr(design, "assumptions", ()))  # fmt: skip
    return [as_compared(text, options) for text in taken]


def options_table(evaluation: Evaluation) -> Table:
    """Return every option of the design as it was used, defaults included, with what it means."""
    design = evaluation.primary.design if evaluation.analyses else evaluation.study["design"]
    fields = getattr(DESIGNS.get(str(design["kind"])), "model_fields", {})
    rows = []
    for option in sorted(design, key=lambda option: (option != "kind", option)):
        meaning = (getattr(fields.get(option), "description", None) or "").replace("`", "")
        if option == "kind":
            meaning = design_title(str(design["kind"]))
        rows.append((option, _option(design[option]), meaning))
    return Table(
        "tbl-options",
        "Every option of the design as it was used, defaults included",
        [Column("Option"), Column("Value"), Column("What it means")],
        rows,
        cards=True,
    )


def design_title(kind: str) -> str:
    """Return the name of a design for a reader."""
    return str(getattr(DESIGNS.get(kind), "title", kind.replace("_", " ").capitalize()))


def inputs_table(evaluation: Evaluation) -> Table | None:
    """Return what went in, each with its fingerprint."""
    source = evaluation.provenance
    if source is None:
        return None
    rows = [
        ("Study file", f"{evaluation.id}.yaml", source.spec_sha256),
        ("Plan", "question, data, outcomes and design alone", source.protocol_sha256),
    ]
    for item in source.data:
        frequency = evaluation.primary.frequency if evaluation.analyses else "year"
        ends = [windows.describe(end, frequency) for end in (item.first, item.last) if end]
        size = f"{number(item.rows, 0)} rows" if item.rows else ""
        what = "Lock of the plan" if item.name.startswith("protocols/") else "Data"
        rows.append((what, ", ".join(part for part in (item.name, size, " to ".join(ends)) if part), item.sha256))
    rows.append(("Code", "evalkit, the sources of the calculation", source.code_version))
    return Table(
        "tbl-inputs",
        "Fingerprints (sha256)",
        [Column("What"), Column("Which"), Column("Fingerprint", "hash")],
        rows,
        cards=True,
    )


def origin_pairs(evaluation: Evaluation) -> Pairs:
    """Return who owns the data and what was used to compute."""
    data = evaluation.study.get("data") or {}
    source = evaluation.provenance
    origins = "; ".join(dict.fromkeys(analysis.origin for analysis in evaluation.analyses if analysis.origin))
    packages = ", ".join(f"{name} {version}" for name, version in sorted(source.packages.items())) if source else ""
    rule = small_numbers(evaluation.study)  # told once, below, and not among what was done as well
    done = dict.fromkeys(note for analysis in evaluation.analyses for note in analysis.notes)
    notes = " ".join(note for note in done if note.removeprefix("Small numbers:").strip() not in rule)
    drawn = any("seed" in analysis.design for analysis in evaluation.analyses)
    pairs = [
        ("Data owner", str(data.get("publisher") or "Not stated")),
        ("Data", origins),
        ("Licence", str(data.get("licence") or "")),
        ("What was done to the data", notes),
        ("Software", packages),
        ("Random draws", f"Seed {source.seed}" if source and drawn else ""),
        ("Note on the data", str(data.get("note") or "")),
        ("Small numbers", rule),
    ]
    return [(term, text) for term, text in pairs if text]


def _sizes(primary: Analysis) -> str:
    result = primary.result
    before, after = result.n_pre_periods, result.n_post_periods
    noun = words_for(primary.frequency, before)
    text = f"{number(before, 0)} {noun} before, {number(after, 0)} after"
    if result.n_units > 1:
        treated = as_compared(f"{number(result.n_treated_units, 0)} with the programme", primary)
        text = f"{in_units(f'{number(result.n_units, 0)} places', primary)}, {treated}; {text}"
    return text


def _based_on(primary: Analysis) -> str:
    count = primary.result.n_observations
    return f"{number(count, 0)} observations" if count else ""


def _given(block: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    return [(label, _text(block[key])) for key, label in names.items() if block.get(key)]


def _text(value: Any) -> str:
    return "; ".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _person(value: Any, signed: Mapping[str, Any] | None = None) -> str:
    """Return a name with its role, and the day on which it was signed, where a signature names no other person."""
    parts = [str(value[key]) for key in ("name", "role") if value.get(key)] if isinstance(value, Mapping) else []
    named = ", ".join(dict.fromkeys(parts)) if isinstance(value, Mapping) else str(value or "")
    if signed is None:
        return named
    return f"{named or signed['name']} (signed {in_words(signed['date'])})"


def _option(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.get("from") == value.get("to") is not None:
            return str(value["from"])
        ends = [f"from {value['from']}" if value.get("from") else "", f"to {value['to']}" if value.get("to") else ""]
        return " ".join(end for end in ends if end) if {*value} <= {"from", "to"} else ", ".join(_window(value))
    if isinstance(value, list | tuple):
        return ", ".join(_option(item) for item in value)
    return str(value)


def _window(value: Mapping[str, Any]) -> Iterator[str]:
    for key, part in value.items():
        if part is not None:
            yield f"{key} {part}"
