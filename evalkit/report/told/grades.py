"""Grades of evidence, each with its scale, its reason and how far the scale was checked (E47)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.catalogue import words
from evalkit.report.exhibits import Exhibits
from evalkit.report.ladder import smallest_change_that_matters
from evalkit.report.numbers import number, percent
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.power_chart import power_message, read_power
from evalkit.report.tables import Column, Table
from evalkit.report.texts import plain
from evalkit.report.unit_words import noun_of, reason_in_units
from evalkit.report.words import SIMULATED

FIGURES: tuple[Drawn, ...] = ()
CAPTION = "Each grade, with its reason"
APART = "The scales ask different things. They are never added up, and none says whether the programme did good."
STATUS = {
    "primary": "the scale was read at its publisher",
    "memory": "recalled and not checked against the scale",
}
"""How far a scale was checked, in words."""
NO_PADLOCKS = (
    "Not computed. The padlock ratings of the Education Endowment Foundation and the Youth Endowment Fund need two "
    "reviewers from outside; a computed one would be provisional."
)

COUNTED = ("data", "repeating")
"""Scales that count stated conditions."""
FIXED = {
    "none": "Yes",
    "aggregate_press_figures": "Published totals had been seen",
    "outcome_data": "No: the data had been seen",
}
"""Whether the plan was fixed before the data were seen, by what had been seen."""


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the grades as a table, and what a rating by reviewers would rest on."""
    if not evaluation.analyses:
        return part("", ["Not graded: there is no result yet."])
    grades: Mapping[str, Any] = evaluation.evidence.get("grades") or {}
    if not grades:
        unknown = "Not graded: the result holds no grades. Run the study again."
        return [*part("", [unknown]), *_counted(evaluation, exhibits)]
    mark = [f"{SIMULATED}."] if evaluation.simulated else []
    rests_on = _security(evaluation, grades["security"])
    return [
        *part("", [*mark, APART], blocks=[exhibits.table(grades_table(grades, noun_of(evaluation)))]),
        *_counted(evaluation, exhibits),
        *part("What reviewers would look at", [*mark, NO_PADLOCKS], rests_on),
    ]


def grades_table(grades: Mapping[str, Any], noun: str) -> Table:
    """Return every grade of a result, with its reason."""
    rows = [(str(one["scale"]), score_words(one), reason_in_units(str(one["reason"]), noun),
             STATUS[str(one["status"])].capitalize()) for one in grades["scales"]]  # fmt: skip
    heads = [Column("Scale"), Column("Grade"), Column("Why"), Column("How far we checked the scale")]
    return Table("tbl-grades", CAPTION, heads, rows, cards=True)


def _counted(evaluation: Evaluation, exhibits: Exhibits) -> list[Part]:
    """Return the two counts of conditions with every condition for and against; the first side has a part of them."""
    titles = words(exhibits.project)["scales"]
    pairs = [(f"{titles[key]}: {score_words(one)}" if one.get("score") is not None else titles[key], str(one["reason"]))
             for key in COUNTED if (one := evaluation.evidence.get(key)) and one.get("reason")]  # fmt: skip
    return part("Conditions that were counted", [], pairs) if pairs else []


def score_words(grade: Mapping[str, Any]) -> str:
    """Return a grade in words: `2 of 5`, `At most 3 of 5`."""
    text = f"{number(grade['score'], 0)} of {number(grade['of'], 0)}"
    return f"At most {text}" if grade.get("upper_bound") else text


def _security(evaluation: Evaluation, security: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a rating of how secure the result is would rest on; what is not known says so."""
    primary = evaluation.primary
    power = read_power(primary, smallest_change_that_matters(evaluation.study, primary))
    return [
        ("Smallest change that could be found", f"{power_message(power)}." if power else "Not known"),
        ("Missing values", _missing(security)),
        ("Left out of the result", number(security["left_out"], 0) if security["left_out"] else "Nothing is named"),
        ("Plan fixed before the data were seen", _fixed(evaluation)),
        ("Likeness before the start", plain(str(security["before"] or "Not looked at"), primary.frequency)),
        ("Threats to the result", "See the checks and the limits on this page; reviewers weigh them."),
    ]


def _missing(security: Mapping[str, Any]) -> str:
    if security["missing_share"] is None:
        return "Not known"
    places = f"of {number(security['wanted'], 0)} values that the study wanted"
    if not security["missing"]:
        return f"None {places}"
    return f"{number(security['missing'], 0)} {places} ({percent(100 * security['missing_share'], 1)})"


def _fixed(evaluation: Evaluation) -> str:
    block = evaluation.study.get("registration") or {}
    if not block.get("locked_at"):
        return "No: never fixed in advance"
    return FIXED.get(str(block.get("data_seen_before_lock")), "Not stated what had been seen")
