"""The 28 items of CHEERS 2022, filled from the study file and the appraisal; what neither says is not stated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evalkit.records import Appraisal, Evaluation
from evalkit.report.changes import joined
from evalkit.report.less_of_it import as_compared
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_tables import parameters_table
from evalkit.report.money_words import information_sentence, money_lead, net_range
from evalkit.report.numbers import number
from evalkit.report.particulars import design_title, registered
from evalkit.report.tables import Column, Linked, Table

NOT_STATED = "not stated"
LONGEST_LINK = 30
"""Words of a cell that may be a link as a whole."""
SOURCE = ("Items after Husereau, D., Drummond, M., Augustovski, F. and others (2022), Consolidated Health Economic "
          "Evaluation Reporting Standards 2022 (CHEERS 2022) statement, BMC Medicine 20, 23, "
          "doi.org/10.1186/s12916-021-02204-0; in our own words.")  # fmt: skip
ITEMS = (
    "Title: an economic study, of what",
    "Summary",
    "Background, question and the decision it is for",
    "Plan of the economic analysis",
    "Who was studied",
    "Setting and place",
    "What is compared",
    "Whose costs and gains count",
    "Over which years",
    "Discount rate",
    "Which outcomes",
    "How outcomes were measured",
    "How outcomes were valued",
    "How costs were measured and valued",
    "Currency, price year, conversion",
    "Model, and why",
    "Methods of analysis, and what they take as given",
    "Differences between groups of people",
    "Who gains and who pays",
    "How uncertainty is described",
    "Part that those concerned had in the study",
    "Every number, its range and source",
    "Main results",
    "What uncertainty changes",
    "What the part of those concerned changed",
    "Findings, limits, where else it may hold",
    "Who paid for the study",
    "Interests of the authors",
)
"""What each item asks for, in order, in our own words."""


def cheers_table(evaluation: Evaluation, money_read: MoneyReading) -> Table:
    """Return the 28 items with what this study says to each."""
    study, appraisal = evaluation.study, money_read.appraisal
    told = [
        *_front(evaluation),
        *_setting(study, appraisal),
        *_outcomes(evaluation, money_read),
        *_methods(evaluation, money_read),
        *_results(study, money_read),
    ]
    paired = enumerate(zip(ITEMS, told, strict=True), start=1)
    anchors = _anchors(evaluation)
    rows = [(f"{place}. {item}", _leading(text, anchors.get(place, "")) if text else NOT_STATED)
            for place, (item, text) in paired]  # fmt: skip
    silent = sum(text == NOT_STATED for _, text in rows)
    note = f"{number(silent, 0)} of 28 items are not stated in the study file. {SOURCE}"
    return Table("tbl-cheers", "Reporting checklist CHEERS 2022", [Column("Item"), Column("In this study")], rows,
                 cards=True, note=note)  # fmt: skip


def _anchors(evaluation: Evaluation) -> dict[int, str]:
    """Return where on the page each item stands; those whose cell says it, or that stand nowhere else, are left out."""
    study = evaluation.study
    asked = "questions" if study.get("questions") else ""
    programme = study.get("programme") or {}
    setting = {place: "glance" if programme.get(key) else asked
               for place, key in ((5, "target_population"), (6, "where"))}  # fmt: skip
    return {
        1: "answer", 4: "plan", **setting, 7: asked or "design",
        **dict.fromkeys((8, 9, 10, 15, 16, 19, 20), "money"),
        11: "result" if evaluation.analyses else "money", 12: "data" if evaluation.analyses else "money",
        17: "method" if evaluation.analyses else "design", 28: "responsible",
    }  # fmt: skip


def _leading(text: str, anchor: str) -> str:
    """Return a cell that leads to a place of the page; a long one stays as it is, since nobody can read such a link."""
    if isinstance(text, Linked) or not anchor or len(text.split()) > LONGEST_LINK:
        return text
    return Linked(text, anchor)


def _front(evaluation: Evaluation) -> list[str]:
    """Return items 1 to 4."""
    study = evaluation.study
    decision = _asked(study, "decision")
    background = "the section “Background”" if (study.get("narrative") or {}).get("background") else ""
    context = [str(study.get("question") or ""), f"Decision: {decision}." if decision else "",
               f"See {background}." if background else ""]  # fmt: skip
    plan = registered(study) if (study.get("registration") or {}).get("locked_at") else ""
    said = " ".join(part for part in context if part)
    return [evaluation.title, Linked("The first side of this page.", "answer"), said, plan]


def _setting(study: Mapping[str, Any], appraisal: Appraisal) -> list[str]:
    """Return items 5 to 10."""
    programme, economics = study.get("programme") or {}, study.get("economics") or {}
    years = [year.year for year in appraisal.by_year]
    span = "" if not years else years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
    compared = _asked(study, "comparator")
    if not compared and str(study["design"]["kind"]) == "difference_in_differences":
        told = "The programme, set against what other places say would have been seen without it."
        compared = as_compared(told, study["design"])
    return [
        str(programme.get("target_population") or _asked(study, "population")),
        str(programme.get("where") or ""),
        compared,
        joined(str(view) for view in economics.get("perspective") or ()),
        span,
        appraisal.discounting,
    ]


def _outcomes(evaluation: Evaluation, money_read: MoneyReading) -> list[str]:
    """Return items 11 to 15."""
    study, appraisal = evaluation.study, money_read.appraisal
    borrowed = appraisal.borrowed or {}
    labels = [str(one.get("label") or key) for key, one in (study.get("outcomes") or {}).items()]
    owner = (study.get("data") or {}).get("publisher")
    origins = dict.fromkeys(analysis.origin for analysis in evaluation.analyses if analysis.origin)
    measured = "; ".join(str(part) for part in (owner, *origins) if part)
    if borrowed:
        labels, measured = [str(borrowed.get("unit"))], f"Not measured here: taken from {borrowed.get('source')}"
    gains = [line for line in appraisal.lines if line.side == "benefit"]
    index = f"; index: {appraisal.deflator}" if appraisal.deflator else ""
    return [
        joined(labels),
        measured,
        _sources(gains) or ("No outcome is valued." if not gains else ""),
        _sources([line for line in appraisal.lines if line.side == "cost"]),
        f"Pounds, {appraisal.price_base} prices{index}" if appraisal.price_base else "",
    ]


def _methods(evaluation: Evaluation, money_read: MoneyReading) -> list[str]:
    """Return items 16 to 22."""
    study, appraisal = evaluation.study, money_read.appraisal
    design = design_title(str(study["design"]["kind"]))
    rule = evaluation.primary.result.standard_errors.rstrip(".") if evaluation.analyses else ""
    ranged = [one for one in appraisal.parameters if one.low is not None]
    drawn = f"; {number(appraisal.draws_used, 0)} draws" if appraisal.draws_used else ""
    spread = "" if not ranged else (
        f"{number(len(ranged), 0)} of {number(len(appraisal.parameters), 0)} numbers have a range{drawn}; other "
        "choices of policy and method are set side by side.")  # fmt: skip
    grouped = "subgroup" in {*(one.role for one in evaluation.analyses), *(one.role for one in evaluation.failures)}
    groups = Linked("The table of change by group.", "tbl-groups") if grouped else ""
    numbers = Linked("The table of every number, in this section.", "tbl-money-parameters")
    weights = "; incomes weighed in one of the choices" if (study.get("economics") or {}).get("income_weights") else ""
    return [
        "A sum of products: change in the outcome, times value, by year, less costs. No other model.",
        f"{design}{f': {rule}' if rule else ''}",
        groups,
        f"By who pays and who gains{weights}." if appraisal.by_payer else "",
        spread,
        "",
        numbers if parameters_table(money_read) else "",
    ]


def _results(study: Mapping[str, Any], money_read: MoneyReading) -> list[str]:
    """Return items 23 to 28."""
    changes = [net_range(money_read), information_sentence(money_read.appraisal) if money_read.priced else ""]
    return [
        Linked("The first sentences of this section.", "money") if money_lead(money_read) else "",
        Linked("How sure it is, and what would change it, in this section.", "money") if any(changes) else "",
        "",
        Linked("The section “What we cannot say, in full”.", "limits"),
        "",  # who asked for a study, or paid for the programme, need not have paid for the study
        str((study.get("governance") or {}).get("conflicts") or ""),
    ]


def _asked(study: Mapping[str, Any], part: str) -> str:
    """Return a part of the study's questions, value for money first."""
    questions: Sequence[Mapping[str, Any]] = study.get("questions") or ()
    ordered = sorted(questions, key=lambda one: one.get("type") != "value_for_money")
    return next((str(one[part]) for one in ordered if one.get(part)), "")


def _sources(lines: Iterable[Any]) -> str:
    """Return the sources of lines, each once, with its edition."""
    named = [(line.source, line.edition and f"edition {line.edition}") for line in lines]
    return "; ".join(dict.fromkeys(", ".join(part for part in parts if part) for parts in named if any(parts)))
