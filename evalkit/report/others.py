"""Other outcomes: every secondary one, by itself and as one of several (E28)."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import Analysis, Evaluation
from evalkit.report import figures as drawn_figures
from evalkit.report.exhibits import Exhibits, source_words
from evalkit.report.ladder import change_of, in_family
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.result_tables import p_words, role_words, written
from evalkit.report.tables import Column, Table
from evalkit.report.words import SIMULATED, headline, interval_label, plain_label

OUTSIDE = ("harm", "process", "negative_control")
"""Roles of outcomes that stand outside the family: no harm is hidden by how many other outcomes there are."""


def others(evaluation: Evaluation) -> list[Analysis]:
    """Return the analyses of other outcomes, in the order of the study file."""
    return [analysis for analysis in evaluation.analyses if analysis.role == "secondary"]


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section; none where the study has one outcome."""
    found = others(evaluation)
    if not found:
        return []
    told = [*([f"{SIMULATED}."] if evaluation.simulated else []), *_several(evaluation, found)]
    return part("", told, (), [figures.get("fig-others", ""), exhibits.table(others_table(evaluation))])


def others_figure(evaluation: Evaluation) -> drawn_figures.Figure | None:
    """Return the main and all other outcomes in percent, a row each; None where fewer than two others are."""
    found = [analysis for analysis in others(evaluation) if change_of(analysis).percent]
    if len(found) < 2 or not change_of(evaluation.primary).percent:
        return None
    labels = {analysis.id: f"{plain_label(analysis, evaluation.study)} ({role_words(analysis).lower()})"
              for analysis in [evaluation.primary, *found]}  # fmt: skip
    family = _family(found)
    return drawn_figures.forest(
        [evaluation.primary, *found], title=_message(evaluation, found), labels=labels, name="others",
        subtitle="Change in percent; in the order of the study file, not by size",
        source=source_words(evaluation, evaluation.primary), heads=("Less", "More"),
        outer={each.id: in_family(each) for each in family},
        outer_words=f"adjusted for there being {number(len(family))}" if family else "",
    )  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-others", others_figure, 4),)


def others_table(evaluation: Evaluation) -> Table:
    """Return every other outcome: change and interval by itself, adjusted, p-values, and the reading by the ladder."""
    found = others(evaluation)
    adjusted = bool(_family(found))
    rows = []
    for analysis in found:
        value, interval = written(change_of(analysis), unit=analysis.outcome.unit)
        own = [plain_label(analysis, evaluation.study), role_words(analysis), value, interval,
               p_words(analysis.result.effect.p_value)]  # fmt: skip
        family = _in_family(analysis) if adjusted else []
        rows.append([*own, *family, headline(evaluation, analysis).sentence])
    label = interval_label(found[0].result.effect.level).capitalize()
    more = [Column("Adjusted interval", "number"), Column("Adjusted p-value", "number")] if adjusted else []
    columns = [Column("Outcome"), Column("Kind"), Column("Change", "number"), Column(label, "number"),
               Column("p-value", "number"), *more, Column("Reading")]  # fmt: skip
    return Table("tbl-others", "All other outcomes", columns, rows, cards=True)


def _in_family(analysis: Analysis) -> list[str]:
    """Return the adjusted interval and p-value as cells."""
    if analysis.family is None:
        return ["not in it", "not in it"]
    wider = written(change_of(in_family(analysis)), unit=analysis.outcome.unit)[1]
    return [wider if analysis.family.effect else "none", p_words(analysis.family.p_value)]


def _family(found: Sequence[Analysis]) -> list[Analysis]:
    return [analysis for analysis in found if analysis.family is not None]


def _several(evaluation: Evaluation, found: Sequence[Analysis]) -> list[str]:
    """Return what is done about there being several, in sentences."""
    family, block = _family(found), evaluation.study.get("multiplicity") or {}
    if block.get("method") == "none":
        return [f"Each outcome is read by itself, without adjustment for how many there are: {block['why']}"]
    if not family:
        return ["One secondary outcome was named, so nothing is adjusted."] if len(found) == 1 else []
    first = family[0].family
    assert first is not None
    told = [
        f"{number(len(family))} secondary outcomes were named. The more there are, the more often one of them seems to "
        f"move by chance. So each is shown by itself and adjusted: p-values by Holm's procedure, and "
        f"{interval_label(first.level)}s, which hold for all of them at once. The reading rests on the adjusted ones."
    ]
    if any(each.outcome_role in OUTSIDE for each in found):
        told.append("Harms, process measures and outcomes that should not move stand outside this: they are read by "
                    "themselves.")  # fmt: skip
    return told


def _message(evaluation: Evaluation, found: Sequence[Analysis]) -> str:
    """Return how many of the secondary outcomes moved clearly, once adjusted."""
    secondary = [each for each in found if each.outcome_role == "secondary"]
    if not secondary:
        return "The main outcome beside the others"
    moved = sum(change_of(in_family(each)).side != "across" for each in secondary)
    count = number(len(secondary))
    if len(secondary) == 1:
        return f"The one secondary outcome {'moved clearly' if moved else 'did not move clearly'}"
    kept = ", once adjusted for their number" if _family(found) else ""
    if moved == 0:
        return f"None of the {count} secondary outcomes moved clearly{kept}"
    return f"{number(moved)} of {count} secondary outcomes moved clearly{kept}"
