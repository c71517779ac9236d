"""What the study file says of questions, rollout, plan, people and claims, as pairs of a term and its text.

Every key of `evalkit.spec.blocks` is printed here or in `particulars`, so that nothing an author writes is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.disclosure import rule_of
from evalkit.records import Evaluation
from evalkit.report.numbers import interval_text, number, signed_percent
from evalkit.report.words import interval_label

Pairs = list[tuple[str, str]]
QUESTION = {"population": "for", "intervention": "what", "comparator": "set against", "outcome": "outcome",
            "timeframe": "when", "decision": "decision that rests on it"}  # fmt: skip
TYPES = {"impact": "Impact", "process": "Process", "value_for_money": "Value for money"}
CHOSEN = {
    "spike": "Yes: after an unusually high period, so some return was likely without it",
    "level": "Yes: places with high numbers were chosen, so some return was likely without it",
    "not_selected": "No",
    "unknown": "Not known",
}
"""Whether the places were chosen by the outcome, in words."""
DIRECTION = {"decrease": "expected to lower the numbers", "increase": "expected to raise the numbers",
             "unclear": "direction not clear"}  # fmt: skip
SEEN = {"none": "no data had been seen", "aggregate_press_figures": "published totals had been seen",
        "outcome_data": "the data had been seen"}  # fmt: skip


def questions(study: Mapping[str, Any]) -> Pairs:
    """Return each question with its parts."""
    return [(f"{TYPES.get(str(question.get('type')), 'Question')} ({question['id']})", _asked(question))
            for question in study.get("questions") or ()]  # fmt: skip


def rollout(study: Mapping[str, Any]) -> Pairs:
    """Return which places, chosen how, from when, and what else happened there."""
    block = study.get("rollout") or {}
    pairs = [
        ("Kind of place", _text(block.get("unit_type"))),
        ("How places were chosen", _text(block.get("assignment"))),
        ("Chosen by the outcome", CHOSEN.get(str(block.get("selected_on_outcome")), "")),
        ("Known beforehand", _months(block.get("anticipation_months"), "before the start")),
        ("Brought in over", _months(block.get("phase_in_months"), "")),
        ("Places", "; ".join(_place(unit) for unit in block.get("units") or ())),
        ("What else happened", "; ".join(_other(other) for other in block.get("co_interventions") or ())),
    ]
    return _given(pairs)


def registration(study: Mapping[str, Any]) -> Pairs:
    """Return where the plan is registered and every change of it since it was fixed."""
    block = study.get("registration") or {}
    pairs = [
        ("Registered at", _text(block.get("registry_url"))),
        ("Fingerprint of the plan", _text(block.get("protocol_sha256"))),
        ("Last look planned", _text(block.get("final_look"))),
        ("Kinds of evaluation", ", ".join(TYPES.get(kind, kind) for kind in study.get("evaluation_types") or ())),
    ]
    return _given([*pairs, *(("Change of the plan", _amended(change)) for change in block.get("amendments") or ())])


def responsible(study: Mapping[str, Any]) -> Pairs:
    """Return what is said of independence, contact and the next update."""
    block = study.get("governance") or {}
    names = {"independence": "Independence", "conflicts": "Conflicts of interest", "contact": "Contact",
             "next_update": "Next update"}  # fmt: skip
    return _given([(label, _text(block.get(key))) for key, label in names.items()])


def small_numbers(study: Mapping[str, Any]) -> str:
    """Return the rule for small numbers in words."""
    rule = rule_of(study.get("disclosure"))
    if rule is None:
        return "No rule was set"
    also = "; ".join(f"{group}, {period}" for group, period in rule.also)
    return f"Rule: {rule.profile}. {rule.words}" + (f" Also hidden: {also}." if also else "")


def claims(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield each claim as checked, with what the study file says of it beside."""
    written = {entry.get("id"): entry for entry in evaluation.study.get("claims") or ()}
    for checked in evaluation.claims:
        declared = written.get(checked.get("id")) or {}
        yield {"problems": declared.get("problems"), "printed": declared.get("printed"), **checked}


def claim(claim: Mapping[str, Any]) -> Pairs:
    """Return one published claim: as printed, recomputed, beside our own numbers, and how it reads."""
    page = f"page {claim['page']}" if claim.get("page") else ""
    source = ", ".join(str(part) for part in (claim.get("source"), page) if part)
    printed = claim.get("printed") or {}
    people = f"{number(printed['n'])} people or cases" if printed.get("n") is not None else ""
    pairs = [
        ("As published", f"“{claim['text']}” ({source})" if source else f"“{claim['text']}”"),
        ("What it covers", ", ".join(part for part in (_text(printed.get("window")), people) if part)),
    ]
    if claim.get("recomputed_percent") is not None:
        pairs.append(("Recomputed from its own counts", _with_interval(claim["recomputed_percent"], claim)))
    for ours in claim.get("ours") or ():
        which = f"Our estimate, {ours['label']}" if ours["label"] else "Our estimate"
        pairs.append((which, _with_interval(ours["value"], ours)))
    verdict = claim.get("verdict") or claim.get("verdict_sentence")
    pairs += [("Reading", _text(verdict)), ("What is wrong with it", _text(claim.get("problems"))),
              ("Why they differ", _text(claim.get("reading")))]  # fmt: skip
    return _given(pairs)


def _with_interval(value: float, row: Mapping[str, Any]) -> str:
    """Return a change in percent and its interval, which is called by its own level where that is stored."""
    text = signed_percent(value, 1)
    if row.get("low") is None and row.get("high") is None:
        return text
    name = interval_label(float(row["level"])) if row.get("level") else "interval"
    return f"{text} ({name}: {interval_text(row.get('low'), row.get('high'))})"


def _asked(question: Mapping[str, Any]) -> str:
    parts = [f"{words}: {question[key]}" for key, words in QUESTION.items() if question.get(key)]
    text = str(question["text"])
    return f"{text} ({'; '.join(parts)})" if parts else text


def _place(unit: Mapping[str, Any]) -> str:
    """Return one place: its name, when it began and stopped, how exact that is, and who says so."""
    name = str(unit.get("name") or unit["id"])
    named = name if name == str(unit["id"]) else f"{name} ({unit['id']})"
    precision = str(unit.get("date_precision") or "month")
    exact = "" if precision == "month" else "date not known" if precision == "unknown" else f"to the {precision}"
    parts = [f"from {unit['start']}" if unit.get("start") else "no start given", exact,
             f"until {unit['stop']}" if unit.get("stop") else "", _text(unit.get("dose")),
             f"source: {unit['source']}" if unit.get("source") else ""]  # fmt: skip
    return f"{named}: {', '.join(part for part in parts if part)}"


def _other(other: Mapping[str, Any]) -> str:
    """Return something else that happened: when, where, and which way it might have moved the numbers."""
    units = other.get("units")
    where = "everywhere" if units in (None, "all") else f"in {_text(units)}"
    ends = [f"from {other['from']}" if other.get("from") else "", f"to {other['to']}" if other.get("to") else ""]
    direction = DIRECTION.get(str(other.get("expected_direction")), DIRECTION["unclear"])
    parts = [" ".join(end for end in ends if end), where, direction]
    return f"{other['name']} ({', '.join(part for part in parts if part)})"


def _amended(change: Mapping[str, Any]) -> str:
    moved = f" from {change['from']}" if change.get("from") is not None else ""
    moved += f" to {change['to']}" if change.get("to") is not None else ""
    seen = SEEN.get(str(change.get("data_seen")), "")
    return f"{change['date']}: {change['field']}{moved}. {change['reason']}{f' ({seen})' if seen else ''}"


def _months(count: Any, words: str) -> str:
    return f"{number(count)} {'month' if count == 1 else 'months'} {words}".strip() if count else ""


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _given(pairs: Pairs) -> Pairs:
    return [(term, text) for term, text in pairs if text]
