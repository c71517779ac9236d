"""What a study file may say of assurance, ethics, editions of standards, and its data beside what is seen in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evalkit.records import Block
from evalkit.spec.texts import Date, Text, Texts


class SignOff(Block):
    """One signature."""

    role: Text
    name: Text
    date: Date
    results_hash: str | None = Field(None, description="Fingerprint of the result.json that was signed")


class Registry(Block):
    """Where the study is registered."""

    name: Text
    id: str | None = None
    url: str | None = None


class LoggedAssumption(Block):
    """One line of the assumptions log."""

    assumption: Text
    effect: Literal["small", "moderate", "large", "unknown"] = Field(
        "unknown", description="How far the answer would move if it did not hold"
    )
    reliability: Literal["high", "moderate", "low", "unknown"] = "unknown"
    owner: str | None = None
    date: Date | None = None


class LoggedDecision(Block):
    """One line of the decisions log, such as a rule that was waived."""

    date: Date
    decision: Text
    who: Text
    why: Text


class Assurance(Block):
    """Who checked the analysis, and what they saw."""

    statement: str | None = None
    tests: Texts = Field([], description="What was checked, and with what result")
    reviewer: str | None = None
    reviewed_on: Date | None = None
    use_of_ai: str | None = None
    assumptions_log: list[LoggedAssumption] = []
    decisions_log: list[LoggedDecision] = []


class Ethics(Block):
    """Data protection, ethics and equality."""

    data_protection_assessment: str | None = Field(None, description="Reference and date, or why none is needed")
    lawful_basis: str | None = None
    sharing_agreement: str | None = None
    ethics_review: str | None = None
    safeguarding: str | None = None
    retention: str | None = None
    equality_duty: str | None = None


class Deviation(Block):
    """Something done otherwise than planned, without an amendment beforehand."""

    date: Date
    what: Text
    why: Text
    data_seen: Literal["none", "aggregate_press_figures", "outcome_data"] = "outcome_data"


class ChoiceOfDesign(Block):
    """Why this design and not a stronger one."""

    why: str | None = None
    stronger_rejected: str | None = Field(None, description="The stronger design, and why it could not be had")
    proportionality: str | None = None
    learning: Literal["test_and_learn", "impact"] | None = None


class Standards(Block):
    """Editions of the standards that the study says it follows."""

    magenta_book: Date | None = None
    green_book: Date | None = None
    aqua_book: Date | None = None
    code_of_practice: Date | None = None
    wcag: str | None = None


class QualityRule(Block):
    """One rule that the data were held against."""

    rule: Text
    found: Literal["met", "not_met", "waived"]
    note: str | None = None
    who: str | None = Field(None, description="Who waived it")


class Break(Block):
    """A change in how the data are recorded."""

    date: Date
    what: Text
    handling: Literal["indicator_and_sensitivity", "start_of_series", "split", "none"] = "none"


class DictionaryEntry(Block):
    """One field of the data: what it means."""

    field: Text
    meaning: Text
    unit: str | None = None
    source: str | None = None


class DataNotes(Block):
    """What the page prints of the data beside what evalkit itself sees in them."""

    title: str | None = None
    url: str | None = Field(None, description="Printed, never fetched")
    retrieved: Date | None = None
    lag: str | None = Field(None, description="How long after a period its figures are published")
    provisional: str | None = Field(None, description="Which figures are provisional")
    access: Literal["open", "controlled", "synthetic"] | None = None
    breaks: list[Break] = []
    quality_rules: list[QualityRule] = []
    dictionary: list[DictionaryEntry] = []
