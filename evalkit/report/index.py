"""The list of studies: one row each, by kind and then by the alphabet, never by size of the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.records import Analysis, Evaluation
from evalkit.report import figures, summary, windows
from evalkit.report.ladder import Change, change_of, read
from evalkit.report.money_reading import without_own_data
from evalkit.report.numbers import number
from evalkit.report.pages import front_matter, ordered
from evalkit.report.templates import page_environment, raw_block, render_exhibit
from evalkit.report.words import CANNOT_SAY_WHETHER, headline, interval_label, interval_words, size_sentence

FILTERS = {"impact": "Impact", "monitoring": "Monitoring", "appraisal": "Appraisals",
           "protocol": "Protocols", "simulated": "Simulated"}  # fmt: skip
STRIPS = 3
"""Most strips in one row."""


def index_document(
    evaluations: Sequence[Evaluation], project: Path | None, failures: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the list of studies as a Quarto document."""
    rows = [row(evaluation) for evaluation in ordered(evaluations)]
    counts = {key: sum(key in entry["filters"] for entry in rows) for key in FILTERS}
    filters = [{"id": key, "text": FILTERS[key], "count": number(count)} for key, count in counts.items() if count]
    studies = raw_block(
        render_exhibit(
            "studies",
            {
                "rows": rows,
                "filters": filters,
                "total": number(len(rows)),
            },
            project,
        )
    )
    title = "What was seen, and how sure are we?"
    return (
        page_environment(project)
        .get_template("index.qmd")
        .render(
            {
                "front": front_matter(project, "All studies", f"{number(len(rows))} studies: {title}", ""),
                "title": raw_block(render_exhibit("title", {"title": title}, project)),
                "legend": raw_block(render_exhibit("legend", {"strip": _example()}, project)),
                "studies": studies,
                "count": len(rows),
                "failures": failures,
            }
        )
    )


def row(evaluation: Evaluation) -> dict[str, Any]:
    """Return one study's row: badges, answer, strips."""
    kind = summary.kind_of(evaluation)
    score = (evaluation.evidence.get("design") or {}).get("score")
    facts = [] if score is None else [f"Strength of design {number(score)} of 5"]
    facts += [fact for fact in summary.facts(evaluation) if fact != "Not official statistics"]
    if evaluation.simulated:
        facts = [*([] if score is None else [f"Design planned: {number(score)} of 5"]), "No real data"]
    return {
        "id": evaluation.id,
        "title": summary.short_title(evaluation),
        "badges": summary.badges(evaluation),
        "answer": answer(evaluation),
        "facts": facts,
        "strips": strips(evaluation),
        "simulated": evaluation.simulated,
        "none": nothing_to_draw(evaluation),
        "filters": [kind, *(["simulated"] if evaluation.simulated else [])],
    }


def answer(evaluation: Evaluation) -> str:
    """Return the answer of a study in one or two sentences; none for a study on simulated data."""
    if evaluation.simulated:
        return "A rehearsal on simulated data. It tries out the method and says nothing about the programme."
    if without_own_data(evaluation):
        return headline(evaluation).text
    if not evaluation.analyses:
        return "A plan. It has no result yet."
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


def strips(evaluation: Evaluation) -> list[str]:
    """Return the drawings of a row: the main change, or each window of a before-and-after study."""
    if not evaluation.analyses or evaluation.simulated:
        return []
    primary = evaluation.primary
    several = [a for a in evaluation.analyses if windows.sets_windows(a) and a.role != "falsification"]
    chosen: list[Analysis] = several[:STRIPS] if windows.sets_windows(primary) else [primary]
    drawn = [(analysis, change_of(analysis)) for analysis in chosen]
    shown = [(analysis, change) for analysis, change in drawn if change.percent]
    kind = "impact" if summary.kind_of(evaluation) == "impact" else "monitoring"
    return [
        _strip(evaluation.id, place, analysis, change, kind, len(shown))
        for place, (analysis, change) in enumerate(shown)
    ]


def nothing_to_draw(evaluation: Evaluation) -> str:
    """Return why a row has no drawing."""
    if evaluation.simulated:
        return "No result is shown here, so that none can be quoted."
    if without_own_data(evaluation):
        return "No change was estimated here."
    return "The change is not in percent: see the page." if evaluation.analyses else "Not studied yet."


def _strip(study: str, place: int, analysis: Analysis, change: Change, kind: str, of: int) -> str:
    note = windows.each_against([analysis]).get(analysis.id, analysis.label)
    return figures.interval_strip(
        change.value,
        change.low,
        change.high,
        kind,
        name=f"{study}-{place}",
        note=note if of > 1 else "",
        axis=place == of - 1,
    )


def _example() -> str:
    """Return the strip of the legend; its numbers are an example and say so."""
    return figures.interval_strip(-20.0, -45.0, 10.0, "impact", name="example", note="an example")
