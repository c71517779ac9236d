"""Fairness and harm: groups, disparities, and what else was looked for (E36 to E38)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from evalkit.records import Analysis, Evaluation, Failure
from evalkit.report.changes import joined
from evalkit.report.exhibits import Exhibits
from evalkit.report.ladder import change_of, read
from evalkit.report.numbers import Shown
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.result_tables import written
from evalkit.report.tables import Column, Table
from evalkit.report.told.stated import NOT_STATED, dated, stated, table_of_words
from evalkit.report.words import capital, harms_seen, harms_unclear, interval_label, label_of, moved_words

Ran = TypeVar("Ran", Analysis, Failure)
FIGURES: tuple[Drawn, ...] = ()
NO_GROUPS = "Not studied: whether the change was the same for all groups of people or places."
SMALL = "The rule for small numbers stands under “Where this comes from”."
NO_DISPARITIES = "Not studied: how often this happens to one group beside another."
NO_LOG = "Not studied: whether anything else got better or worse."
FOUND = {
    "found": "Looked for and found",
    "not_found": "Looked for and not found",
    "unclear": "Looked for; not clear",
    "not_looked_for": "Not looked for",
}
"""Whether an unintended consequence was looked for, in words."""
NOT_ABSENT = "“Not found” means that it was not seen. It does not show that it is not there."


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return groups, disparities and unintended consequences, each with its table or with the words "not studied"."""
    return [
        *_groups(evaluation, exhibits),
        *_disparities(evaluation, exhibits),
        *_consequences(evaluation, exhibits),
    ]


def _groups(evaluation: Evaluation, exhibits: Exhibits) -> list[Part]:
    """Return the change in each group that the study file names, computed or not."""
    rows = [*map(_group, _in_groups(evaluation.analyses)), *map(_not_computed, _in_groups(evaluation.failures))]
    if not rows:
        return part("By group", [NO_GROUPS])
    declared = {one["id"]: one for one in evaluation.study.get("subgroups") or ()}
    fixed = (evaluation.study.get("registration") or {}).get("locked_at")
    when = f"The plan was fixed on {dated(fixed)}." if fixed else (
        "The plan was never fixed in advance, so nothing shows that these groups were.")  # fmt: skip
    told = [
        "Each group that the study file names is in the table, whatever was found for it. Groups are to be named in "
        "advance.",
        when,
        "The rows are not tested against one another.",
        SMALL,
    ]
    cells = [[*row, stated((declared.get(name) or {}).get("rationale"))] for name, row in rows]
    return part("By group", told, blocks=[exhibits.table(_groups_table(cells, _in_groups(evaluation.analyses)))])


def _groups_table(rows: list[list[str]], found: Sequence[Analysis]) -> Table:
    levels = sorted({change_of(analysis).level for analysis in found})
    head = capital(interval_label(levels[0])) if len(levels) == 1 else "Interval"
    columns = [Column("Group"), Column("Outcome"), Column("Change", "number"), Column(head, "number"),
               Column("Why this group")]  # fmt: skip
    return Table("tbl-groups", "Change by group", columns, rows, cards=True)


def _in_groups(ran: Sequence[Ran]) -> list[Ran]:
    return [one for one in ran if one.role == "subgroup"]


def _group(analysis: Analysis) -> tuple[str, list[str]]:
    label = f"{capital(analysis.group)}: {analysis.label}" if analysis.group else analysis.label
    return analysis.id, [label, label_of(analysis), *written(change_of(analysis), unit=analysis.outcome.unit)]


def _not_computed(failure: Failure) -> tuple[str, list[str]]:
    return failure.id, [failure.label, NOT_STATED, f"Not computed: {failure.reason}", "None"]


def _disparities(evaluation: Evaluation, exhibits: Exhibits) -> list[Part]:
    """Return how often something happens to one group beside another, as the sources give it."""
    given = list(evaluation.study.get("disparities") or ())
    if not given:
        return part("How groups are treated", [NO_DISPARITIES])
    levels = sorted({float(one.get("level") or 0.95) for one in given})
    head = capital(interval_label(levels[0])) if len(levels) == 1 else "Interval"
    columns = [Column("Measure"), Column("Group"), Column("Set against"), Column("Ratio", "number"),
               Column(head, "number"), Column("In words"), Column("Source")]  # fmt: skip
    rows = [_disparity(one, len(levels) > 1) for one in given]
    table = Table("tbl-disparities", "How often it happens to one group beside another", columns, rows, cards=True)
    told = ["The ratios are as their sources give them. A ratio of 1 means equally often. A ratio does not say why."]
    return part("How groups are treated", told, blocks=[exhibits.table(table)])


def _disparity(one: Mapping[str, Any], levels_differ: bool) -> list[str]:
    low, high = one.get("low"), one.get("high")
    shown = "Not given" if low is None or high is None else f"{_as_given(low)} to {_as_given(high)}"
    label = interval_label(float(one.get("level") or 0.95))
    named = f"{shown} ({label})" if levels_differ and low is not None else shown
    return [
        str(one["measure"]),
        str(one["group"]),
        str(one["compared_with"]),
        Shown(_as_given(one["ratio"]), one["ratio"]),
        Shown(named, low, high),
        _in_words(one),
        stated(one.get("source")),
    ]


def _in_words(one: Mapping[str, Any]) -> str:
    """Return a ratio as a sentence: how many times as often, and whether the interval leaves room for no difference."""
    ratio, low, high = one["ratio"], one.get("low"), one.get("high")
    often = "As often as" if ratio == 1 else f"{_as_given(ratio)} times as often as"
    if low is None or high is None:
        doubt = "no interval is given, so chance cannot be told from difference"
    elif low <= 1 <= high:
        doubt = "the interval includes 1, so it may be no more and no less often"
    else:
        doubt = f"the whole interval is {'above' if low > 1 else 'below'} 1"
    return f"{one['group']}: {often.lower()} {one['compared_with']}; {doubt}."


def _as_given(x: float) -> str:
    """Return a number with the digits that its source gives."""
    return f"{x:,.10g}"


def _consequences(evaluation: Evaluation, exhibits: Exhibits) -> list[Part]:
    """Return the log of unintended consequences, and which outcomes were followed because they could show harm."""
    title = "What else was looked for"
    log = list(evaluation.study.get("unintended_effects") or ())
    rows = [[str(one["effect"]), FOUND[str(one["looked_for"])], stated(one.get("evidence")), stated(one.get("source"))]
            for one in log]  # fmt: skip
    heads = ("Unintended consequence", "Looked for?", "What was seen", "Source")
    table = table_of_words("tbl-unintended", "Unintended consequences", heads, rows)
    harms = dict.fromkeys(label_of(one) for one in evaluation.analyses if one.outcome_role == "harm")
    followed = f"Followed because they could show harm: {joined(harms)}." if harms else ""
    doubt = NOT_ABSENT if any(one["looked_for"] == "not_found" for one in log) else ""
    seen = [*harms_seen(evaluation, apart=True), *harms_unclear(evaluation, apart=True), *_not_worse(evaluation)]
    return part(title, [followed, *seen, doubt, "" if log or harms else NO_LOG], blocks=[exhibits.table(table)])


def _not_worse(evaluation: Evaluation) -> list[str]:
    """Return each outcome followed for harm that moved clearly, and not for the worse as far as the study file says."""
    found = []
    for analysis in evaluation.analyses:
        change, better = read(evaluation, analysis).change, analysis.outcome.better
        if analysis.outcome_role != "harm" or analysis.role != "secondary" or change is None:
            continue
        if change.side == "across" or change.side == {"lower": "above", "higher": "below"}.get(better):
            continue
        told = "it moved, and not for the worse" if better != "neither" else (
            "it moved; the study file does not say which way is worse")  # fmt: skip
        found.append(f"{capital(moved_words(evaluation, analysis, change, apart=True))}: {told}.")
    return found
