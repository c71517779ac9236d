"""The list of studies: one row each, by kind and then by the alphabet, never by size of the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Analysis, Evaluation
from evalkit.report import figures, summary, windows
from evalkit.report.ladder import Change, change_of, read
from evalkit.report.money_reading import without_own_data
from evalkit.report.numbers import number
from evalkit.report.site import search, waiting
from evalkit.report.site.about import area_of, outcomes_of, programme_of
from evalkit.report.site.library import Library, SitePage
from evalkit.report.told import changes
from evalkit.report.without_result import answer_of, sentences
from evalkit.report.words import (
    CANNOT_SAY_WHETHER,
    headline,
    interval_label,
    interval_words,
    size_sentence,
)

FILTERS = ("impact", "monitoring", "appraisal", "protocol", "simulated")
STRIPS = 3
"""Most strips in one row."""


def index_page(library: Library) -> SitePage:
    """Return the list of studies."""
    words, evaluations = library.words["index"], library.ordered
    rows = [row(evaluation, library.words) for evaluation in evaluations]
    counts = {key: sum(key in entry["filters"] for entry in rows) for key in FILTERS}
    filters = [{"id": key, "text": words[key], "count": number(count)} for key, count in counts.items() if count]
    finder = search.finder(library, evaluations)
    for entry, evaluation in zip(rows, evaluations, strict=True):
        entry["data"] = finder.of_row(evaluation)
    title = words["title"]
    document = library.page(
        "index",
        library.words["navigation"]["index"],
        words["described"].format(count=number(len(rows)), title=title),
        {"script": finder.policy},
        title=library.exhibit("title", title=title),
        legend=library.exhibit("legend", strip=_example()),
        finder=library.exhibit("finder", finder=finder, count=len(rows)),
        studies=library.exhibit("studies", rows=rows, filters=filters, total=number(len(rows))),
        script=library.exhibit("script", finder=finder),
        failures=library.failures,
        waiting=waiting.links(library),
    )
    return SitePage("index", document)


def row(evaluation: Evaluation, site: Mapping[str, Any]) -> dict[str, Any]:
    """Return one study's row in the words of the site: badges, answer, facts, strips."""
    words, kind = site["index"], summary.kind_of(evaluation)
    facts = [fact for fact in summary.facts(evaluation) if fact != "Not official statistics"]
    scale = evaluation.evidence.get("design") or {}
    score = scale.get("score")
    if score is not None:
        told = words["planned" if evaluation.simulated else "strength"]
        facts.insert(0, told.format(score=number(score), of=number(scale.get("of") or 5)))
    if evaluation.simulated:
        facts = [*facts[: score is not None], words["no_data"]]
    return {
        "id": evaluation.id,
        "title": summary.short_title(evaluation),
        "badges": [*summary.badges(evaluation, site), *_moved(evaluation, site)],
        "answer": answer(evaluation),
        "facts": [*facts, *_about(evaluation, words)],
        "strips": strips(evaluation),
        "simulated": evaluation.simulated,
        "none": nothing_to_draw(evaluation),
        "filters": [kind, *(["simulated"] if evaluation.simulated else [])],
    }


def _moved(evaluation: Evaluation, site: Mapping[str, Any]) -> list[summary.Badge]:
    """Return the mark of a study whose headline moved further than it tolerates, since or at its last release."""
    mark = changes.flag(evaluation)
    return [{"text": site["badges"][mark], "class": "notice"}] if mark else []


def _about(evaluation: Evaluation, words: Mapping[str, str]) -> list[str]:
    """Return programme, area and outcomes, as far as the study file names them."""
    outcomes = outcomes_of(evaluation)
    named = (("programme", programme_of(evaluation)), ("area", area_of(evaluation)),
             ("outcome" if len(outcomes) < 2 else "several_outcomes", "; ".join(outcomes)))  # fmt: skip
    return [words[key].format(text=text) for key, text in named if text]


def answer(evaluation: Evaluation) -> str:
    """Return the answer of a study in one or two sentences; none for a study on simulated data."""
    if evaluation.simulated:
        return "A rehearsal on simulated data. It tries out the method and says nothing about the programme."
    if without_own_data(evaluation):
        return headline(evaluation).text
    if not evaluation.analyses:
        return "A plan. It has no result yet." if answer_of(evaluation) == "not_yet" else headline(evaluation).text
    reading, primary = read(evaluation), evaluation.primary
    change = reading.change
    assert change is not None
    size = size_sentence(primary, change, evaluation.study).removesuffix(".")
    interval = f"{interval_label(change.level)}: {interval_words(change, primary.outcome.kind)}"
    if reading.monitoring:
        return f"{size} ({interval}). {CANNOT_SAY_WHETHER}"
    if reading.rung == "V1":
        return f"{size} ({interval})."
    return f"{headline(evaluation).sentence} {size} ({interval})."


def strips(evaluation: Evaluation, name: str = "") -> list[str]:
    """Return the drawings of a row: the main change, or each window of a before-and-after study.

    Parameters
    ----------
    evaluation : Evaluation
    name : str
        The only one of its kind on the page; the study's id when left out.
    """
    if not evaluation.analyses or evaluation.simulated:
        return []
    primary = evaluation.primary
    several = [a for a in evaluation.analyses if windows.sets_windows(a) and a.role != "falsification"]
    chosen: list[Analysis] = several[:STRIPS] if windows.sets_windows(primary) else [primary]
    drawn = [(analysis, change_of(analysis)) for analysis in chosen]
    shown = [(analysis, change) for analysis, change in drawn if change.percent]
    kind = "impact" if summary.kind_of(evaluation) == "impact" else "monitoring"
    return [
        strip(f"{name or evaluation.id}-{place}", analysis, change, kind,
              beside=len(shown) > 1, axis=place == len(shown) - 1)
        for place, (analysis, change) in enumerate(shown)
    ]  # fmt: skip


def nothing_to_draw(evaluation: Evaluation) -> str:
    """Return why a row has no drawing."""
    if evaluation.simulated:
        return "No result is shown here, so that none can be quoted."
    if without_own_data(evaluation):
        return "No change was estimated here."
    return "The change is not in percent: see the page." if evaluation.analyses else sentences(evaluation)[0]


def strip(name: str, analysis: Analysis, change: Change, kind: str, *, beside: bool = False, axis: bool = True) -> str:
    """Return the drawing of one change in percent; `beside` names its windows or its label."""
    note = windows.each_against([analysis]).get(analysis.id, analysis.label) if beside else ""
    return figures.interval_strip(change.value, change.low, change.high, kind, name=name, note=note, axis=axis)


def _example() -> str:
    """Return the strip of the legend; its numbers are an example and say so."""
    return figures.interval_strip(-20.0, -45.0, 10.0, "impact", name="example", note="an example")
