"""Who checked it: statement, logs, ethics, and editions of standards (E44 to E46)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.exhibits import Exhibits
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.tables import Column, Table
from evalkit.report.told.stated import NOT_STATED, dated, stated, table_of_words

FIGURES: tuple[Drawn, ...] = ()
NO_REVIEW = "No review of the analysis is stated."
NOT_SIGNED = "Nobody has signed these results."
NO_ETHICS = "Nothing is stated."
NO_LOG = "No log of assumptions or decisions is given."
ETHICS = {
    "data_protection_assessment": "Data protection assessment",
    "lawful_basis": "Lawful basis",
    "sharing_agreement": "Data sharing agreement",
    "ethics_review": "Ethics review",
    "safeguarding": "Safeguarding",
    "retention": "How long data are kept",
    "equality_duty": "Equality duty",
}
STANDARDS = {
    "magenta_book": "Magenta Book",
    "green_book": "Green Book",
    "aqua_book": "AQuA Book",
    "code_of_practice": "Code of Practice for Statistics",
    "wcag": "Web Content Accessibility Guidelines",
}
SIZE = {"small": "A little", "moderate": "Moderately", "large": "A lot", "unknown": "Not known"}
"""How far the answer would move if an assumption did not hold."""
RELIABILITY = {"high": "High", "moderate": "Moderate", "low": "Low", "unknown": "Not known"}


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the assurance statement, the signatures, the logs, ethics, and the editions of standards."""
    study = evaluation.study
    return [
        *_statement(study, exhibits),
        *_logs(study.get("assurance") or {}, exhibits),
        *_ethics(study.get("ethics") or {}),
        *part("Editions of standards", pairs=_stated_only(study.get("standards") or {}, STANDARDS)),
    ]


def _statement(study: Mapping[str, Any], exhibits: Exhibits) -> list[Part]:
    """Return what is said of the review, every line of it, and who signed which results."""
    block = study.get("assurance") or {}
    lines = {"statement": "Statement", "reviewer": "Reviewed by", "reviewed_on": "Reviewed on",
             "tests": "What was checked", "use_of_ai": "Use of artificial intelligence"}  # fmt: skip
    said = [(words, (dated if key == "reviewed_on" else stated)(block.get(key))) for key, words in lines.items()]
    said = said if any(block.get(key) for key in lines) else []
    rows = [[str(one["role"]), str(one["name"]), dated(one.get("date")), stated(one.get("results_hash"))]
            for one in (study.get("governance") or {}).get("sign_off") or ()]  # fmt: skip
    columns = [Column("Role"), Column("Name"), Column("Date"), Column("Fingerprint of what was signed", "hash")]
    signed = Table("tbl-signed", "Signed off", columns, rows, cards=True) if rows else None
    return [
        *part("Assurance", [] if said else [NO_REVIEW], said),
        *part("Signatures", [] if rows else [NOT_SIGNED], blocks=[exhibits.table(signed)]),
    ]


def _logs(block: Mapping[str, Any], exhibits: Exhibits) -> list[Part]:
    assumed, decided = block.get("assumptions_log") or (), block.get("decisions_log") or ()
    tables = [
        table_of_words("tbl-assumptions", "Assumptions log",
                       ("Assumption", "If it did not hold, the answer would move", "How reliable it is", "Owner",
                        "Date"), [_assumption(one) for one in assumed]),
        table_of_words("tbl-decisions", "Decisions log", ("Decision", "Date", "By whom", "Why"),
                       [_decision(one) for one in decided]),
    ]  # fmt: skip
    return part("Logs", [] if assumed or decided else [NO_LOG], blocks=[exhibits.table(table) for table in tables])


def _assumption(one: Mapping[str, Any]) -> Sequence[str]:
    return [
        str(one["assumption"]),
        SIZE[str(one.get("effect") or "unknown")],
        RELIABILITY[str(one.get("reliability") or "unknown")],
        stated(one.get("owner"), "No owner named"),
        dated(one.get("date")),
    ]


def _decision(one: Mapping[str, Any]) -> Sequence[str]:
    return [str(one["decision"]), dated(one.get("date")), stated(one.get("who")), stated(one.get("why"))]


def _ethics(block: Mapping[str, Any]) -> list[Part]:
    """Return data protection, ethics and equality: every line, since one that is missing matters."""
    given = [(words, stated(block.get(key), NOT_STATED)) for key, words in ETHICS.items()] if block else []
    return part("Data protection, ethics and equality", [] if given else [NO_ETHICS], given)


def _stated_only(block: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(words, text) for key, words in names.items() if (text := dated(block.get(key), ""))]
