"""What the study file says of people, small numbers and claims, as pairs of a term and its text.

Every key of `evalkit.spec.blocks` is printed here, in `particulars` or in a room of `told`, so that nothing an author
writes is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.disclosure import rule_of
from evalkit.records import Evaluation
from evalkit.report.dates_passed import DATES, NOT_TODAY
from evalkit.report.numbers import interval_text, number, signed_percent
from evalkit.report.words import interval_label
from evalkit.report.written_dates import in_words

Pairs = list[tuple[str, str]]
TYPES = {"impact": "Impact", "process": "Process", "value_for_money": "Value for money",
         "test_and_learn": "Test and learn"}  # fmt: skip
"""Kinds of questions, of evaluations and of studies, in words."""
CHOSEN = {
    "spike": "Yes: after an unusually high period, so some return was likely without it",
    "level": "Yes: places with high numbers were chosen, so some return was likely without it",
    "not_selected": "No",
    "unknown": "Not known",
}
"""Whether the places were chosen by the outcome, in words."""
SEEN = {"none": "no data had been seen", "aggregate_press_figures": "published totals had been seen",
        "outcome_data": "the data had been seen"}  # fmt: skip


def kind_words(kind: str, evaluation: Evaluation) -> str:
    """Return a kind of question or of evaluation; where the page may not speak of causes, impact is asked as change."""
    return "Change over time" if kind == "impact" and evaluation.level == "monitoring" else TYPES.get(kind, kind)


def responsible(study: Mapping[str, Any]) -> Pairs:
    """Return what is said of independence, contact, early access, the next update, and how long it may be used."""
    block = study.get("governance") or {}
    names = {"independence": "Independence", "conflicts": "Conflicts of interest", "contact": "Contact",
             "pre_release_access": "Sees the figures before they are published", "next_update": "Next update",
             "sunset_date": "Not to be used after"}  # fmt: skip
    dated = [key for key in DATES if block.get(key)]
    pairs = [(label, in_words(block[key]) if key in dated else _text(block.get(key))) for key, label in names.items()]
    return _given([*pairs, ("Today’s date", NOT_TODAY if dated else "")])


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
    ruled = [f"{rule['found']} ({rule['code']})" for rule in claim.get("rules") or ()]
    needed = dict.fromkeys(rule["needed"] for rule in claim.get("rules") or ())
    pairs += [("Reading", _text(verdict)), ("What speaks against it", " ".join(ruled)),
              ("What would be needed", " ".join(needed)), ("What is wrong with it", _text(claim.get("problems"))),
              ("Why they differ", _text(claim.get("reading")))]  # fmt: skip
    return _given(pairs)


def _with_interval(value: float, row: Mapping[str, Any]) -> str:
    """Return a change in percent and its interval, which is called by its own level where that is stored."""
    text = signed_percent(value, 1)
    if row.get("low") is None and row.get("high") is None:
        return text
    name = interval_label(float(row["level"])) if row.get("level") else "interval"
    return f"{text} ({name}: {interval_text(row.get('low'), row.get('high'))})"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _given(pairs: Pairs) -> Pairs:
    return [(term, text) for term, text in pairs if text]
