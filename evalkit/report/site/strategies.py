"""Strategies and their measures of success: what each names, and which studies measure it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.records import Evaluation
from evalkit.report import summary
from evalkit.report.ladder import change_of
from evalkit.report.site import index
from evalkit.report.site.library import Library, SitePage, grouped
from evalkit.report.site.measures_found import Entry, counted, entries_of, registered, result_for, state_of
from evalkit.report.templates import SITE_FOLDER
from evalkit.report.told.strategies import REMINDER
from evalkit.report.words import interval_label, interval_words, size_sentence

PRINTED = ("target", "baseline", "deadline", "source")
"""What a measure of success may name beside its wording."""
NO_RESULT = "No result of this study is shown here."
NOT_MEASURED = "It says that it informs this, and names no outcome of its own that measures it."
"""Its own answer is about something else, and would be read as one on this measure."""
NOT_DRAWN = "Nothing is drawn: the study does not measure this."


@dataclass(frozen=True)
class Measured:
    """What a study says of the outcome that measures a strategy's success."""

    text: str
    strips: list[str]
    by: str
    """The outcome, or that the study names none that measures this."""
    none: str
    """What stands in place of a drawing."""


def strategies_page(library: Library) -> SitePage:
    """Return the page of strategies; with no strategy there is no page.

    Strategies of the project's register have pages of their own, to which this one leads.
    """
    words = library.words["strategies"]
    measures, problems = registered(library)
    entries = [(str(measure["strategy"]), (evaluation, measure))
               for evaluation in library.ordered for measure in evaluation.study.get("strategies") or ()
               if measures is None or measures.named(str(measure["strategy"])) is None]  # fmt: skip
    own = [] if measures is None else [
        (strategy.name, f"{SITE_FOLDER}/{key}.html",
         counted([state_of(found) for found in entries_of(library, strategy).values()], library.words["measures"]))
        for key, strategy in measures.strategies.items()
    ]  # fmt: skip
    found = [
        {"name": name, "measures": [_measure(library, f"{place}-{number}", wording, told)
                                    for number, (wording, told) in enumerate(_by_wording(measures), start=1)]}
        for place, (name, measures) in enumerate(grouped(entries).values(), start=1)
    ]  # fmt: skip
    if not (found or own):
        return SitePage("strategies", "", linked=False, problems=problems)
    document = library.page(
        "strategies",
        library.words["navigation"]["strategies"],
        words["lead"],
        title=library.exhibit("title", title=words["title"]),
        strategies=found,
        registered=own,
        reminder=REMINDER,
    )
    return SitePage("strategies", document, problems=problems)


def measured(evaluation: Evaluation, measure: Mapping[str, Any], name: str, words: Mapping[str, str]) -> Measured:
    """Return what the study found for the outcome that measures this, as far as it names one and has it.

    Parameters
    ----------
    evaluation : Evaluation
    measure : mapping
        One entry of the study's `strategies`.
    name : str
        For the drawing: the only one of its kind on the page.
    words : mapping
        Words of this page.
    """
    outcome = measure.get("outcome")
    if not outcome:
        return Measured(NO_RESULT, [], NOT_MEASURED, NOT_DRAWN)
    by, none = words["measured_by"].format(text=_label(evaluation, str(outcome))), index.nothing_to_draw(evaluation)
    if not evaluation.analyses or evaluation.simulated:
        return Measured(index.answer(evaluation), [], by, none)
    analysis = result_for(evaluation, str(outcome))
    if analysis is None:
        return Measured(words["not_computed"], [], by, none)
    if analysis is evaluation.primary:
        return Measured(index.answer(evaluation), index.strips(evaluation, name), by, none)
    change = change_of(analysis)
    size = size_sentence(analysis, change, evaluation.study).removesuffix(".")
    interval = f"{interval_label(change.level)}: {interval_words(change, analysis.outcome.kind)}"
    kind = "impact" if summary.kind_of(evaluation) == "impact" else "monitoring"
    drawn = [index.strip(f"{name}-0", analysis, change, kind)] if change.percent else []
    return Measured(f"{size} ({interval}).", drawn, by, none)


def _by_wording(entries: Sequence[Entry]) -> Iterable[tuple[str, list[Entry]]]:
    return grouped([(str(measure["wording"]), (evaluation, measure)) for evaluation, measure in entries]).values()


def _measure(library: Library, name: str, wording: str, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return one measure of success: what is printed of it, and the studies that inform it."""
    words = library.words["strategies"]
    printed = {key: dict.fromkeys(str(measure[key]) for _, measure in entries if measure.get(key)) for key in PRINTED}
    found = [(evaluation, measured(evaluation, measure, f"{evaluation.id}-{name}-{place}", words))
             for place, (evaluation, measure) in enumerate(entries)]  # fmt: skip
    return {
        "wording": wording,
        "pairs": [(words[key], "; ".join(texts) or words["none"]) for key, texts in printed.items()],
        "studies": library.exhibit(
            "informs",
            rows=[
                {"id": evaluation.id, "title": summary.short_title(evaluation),
                 "badges": summary.badges(evaluation, library.words), "measured": told, "none": told.none}
                for evaluation, told in found
            ],
        ),
    }  # fmt: skip


def _label(evaluation: Evaluation, outcome: str) -> str:
    declared = (evaluation.study.get("outcomes") or {}).get(outcome) or {}
    return str(declared.get("plain_label") or declared.get("label") or outcome)
