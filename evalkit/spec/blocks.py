"""The blocks of a study file that hold words: programme, theory of change, governance, claims and others.

Every field is printed as written. Field names follow TIDieR (programme) and the AQuA Book (governance).
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from evalkit.disclosure.rule import PROFILES
from evalkit.records import Block
from evalkit.spec.assurance import Deviation, Registry, SignOff
from evalkit.spec.texts import Date, Text, Texts

NARRATIVE = (
    "background", "glance", "theory", "strategies", "questions", "plan", "rollout", "data", "delivery", "design",
    "result", "others", "checks", "analyses", "events", "claims", "fairness", "money", "emmie", "limits",
    "recommendations", "method", "notes", "responsible", "assurance", "grades", "changes", "checklists", "provenance",
    "downloads", "words", "cannot_say", "cost", "reached", "changed", "next",
)  # fmt: skip
"""Sections of the page that the author's text may stand in; a name of the author's own goes under the notes."""


class Person(Block):
    """Someone with a part in the study."""

    name: Text
    role: str | None = None


class Governance(Block):
    """Who asked, who did it, who checked it, who agreed."""

    commissioner: Person | Text | None = None
    analyst: Person | Text | None = None
    assurer: Person | Text | None = None
    approver: Person | Text | None = None
    independence: str | None = None
    conflicts: str | None = None
    registry: Registry | None = None
    contact: str | None = None
    next_update: Date | None = None
    sunset_date: Date | None = Field(None, description="After this date the analysis should no longer be used")
    pre_release_access: Texts = Field([], description="Who sees the figures before they are published")
    sign_off: list[SignOff] = []


class Programme(Block):
    """What was done, after TIDieR (template for intervention description and replication)."""

    name: Text
    why: str | None = None
    what_materials: Texts = []
    what_procedures: Texts = []
    who_provides: str | None = None
    how: str | None = None
    where: str | None = None
    when_how_much: str | None = None
    tailoring: str | None = None
    modifications: Texts = []
    fidelity_planned: Texts = []
    fidelity_actual: str | None = None
    target_population: str | None = None
    eligibility: str | None = None
    funder: str | None = None
    delivery_body: str | None = None


class OutcomeChain(Block):
    """Outcomes by when they are expected."""

    short: Texts = []
    medium: Texts = []
    long: Texts = []


class TheoryOfChange(Block):
    """Why it should work."""

    problem: str | None = None
    inputs: Texts = []
    activities: Texts = []
    outputs: Texts = []
    outcomes: OutcomeChain = OutcomeChain()
    assumptions: Texts = []
    external_factors: Texts = []
    unintended: Texts = []


class Question(Block):
    """One question of the study."""

    id: Text
    type: Literal["impact", "process", "value_for_money"] = "impact"
    text: Text
    population: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    outcome: str | None = None
    timeframe: str | None = None
    decision: str | None = None


class RolloutUnit(Block):
    """One place, with its start date and where that date comes from."""

    id: Text
    name: str | None = None
    start: Date | None = None
    date_precision: Literal["day", "fortnight", "month", "quarter", "year", "unknown"] = "month"
    stop: Date | None = None
    dose: str | None = None
    source: str | None = None


class CoIntervention(Block):
    """Something else that happened at about the same time."""

    name: Text
    from_: Date | None = Field(None, alias="from")
    to: Date | None = None
    units: Texts | Literal["all"] = "all"
    expected_direction: Literal["decrease", "increase", "unclear"] = "unclear"


class Shock(Block):
    """Something that moved the numbers everywhere for a time, such as pandemic restrictions."""

    name: Text
    from_: Date | None = Field(None, alias="from")
    to: Date | None = None
    handling: Literal["exclude_from_pre_period", "indicator", "sensitivity", "none"] = "none"


class Rollout(Block):
    """Which places, chosen how, from when."""

    unit_type: str | None = None
    assignment: str | None = None
    selected_on_outcome: Literal["spike", "level", "not_selected", "unknown"] | None = None
    anticipation_months: int = Field(0, ge=0)
    phase_in_months: int = Field(0, ge=0)
    units: list[RolloutUnit] = []
    co_interventions: list[CoIntervention] = []
    shocks: list[Shock] = []


class Amendment(Block):
    """A change of the protocol after it was locked."""

    date: Date
    field: Text
    from_: str | int | float | None = Field(None, alias="from")
    to: str | int | float | None = None
    reason: Text
    data_seen: Literal["none", "aggregate_press_figures", "outcome_data"] = "outcome_data"


class Registration(Block):
    """When the plan was fixed, and what had been seen by then."""

    data_seen_before_lock: Literal["none", "aggregate_press_figures", "outcome_data"] | None = None
    locked_at: Date | None = None
    protocol_sha256: str | None = None
    registry_url: str | None = None
    final_look: Date | None = Field(None, description="Date of the last look at the data that is planned")
    amendments: list[Amendment] = []
    deviations: list[Deviation] = Field([], description="Done otherwise than planned, without an amendment")


class Printed(Block):
    """Numbers as a document prints them."""

    before: float | None = None
    after: float | None = None
    percent: float | None = None
    window: str | None = None
    n: int | None = None


class Claim(Block):
    """A published claim, to be set beside what this study finds."""

    id: Text
    text: Text
    source: Text
    page: str | int | None = None
    printed: Printed = Printed()
    analysis: str | None = Field(None, description="Id of the analysis that the claim is compared with")
    reading: str | None = Field(None, description="The author's own words on why the figures agree or differ")
    problems: Texts = []


class HiddenCell(Block):
    """One count that the study hides by itself."""

    group: str = Field(description="Line of the path, as result.json names it: treated, comparison, series")
    period: Date


class Disclosure(Block):
    """Small numbers: which rule applies."""

    profile: Literal["none", "police", "hes", "custom"] = "none"
    min_cell: int | None = Field(None, ge=2, description="Smallest count that is shown; stricter than the profile only")
    round_to: int | None = Field(None, ge=2, description="Other counts are rounded to the nearest multiple of it")
    zeros: bool = Field(True, description="Whether 0 is shown")
    national: bool = Field(False, description="The counts are national totals, which profile hes leaves as published")
    also_hidden: list[HiddenCell] = []

    @model_validator(mode="after")
    def _one_rule(self) -> Disclosure:
        if self.profile == "none" and self.model_fields_set - {"profile"}:
            raise ValueError("`profile: none` hides nothing: name a profile, or leave the other keys out")
        if self.profile == "custom" and self.min_cell is None:
            raise ValueError("`profile: custom` needs `min_cell`, the smallest count that is shown")
        if self.national and self.profile != "hes":
            raise ValueError("`national` belongs to profile hes")
        profile = PROFILES.get(self.profile)
        if profile and self.min_cell is not None and self.min_cell < profile.smallest:
            raise ValueError(f"`min_cell` {self.min_cell} is looser than profile {self.profile}: {profile.smallest} is "
                             "the smallest count that it shows")  # fmt: skip
        if profile and profile.round_to and self.round_to and self.round_to % profile.round_to:
            raise ValueError(f"profile {self.profile} rounds to {profile.round_to}: give a multiple of it")
        return self


class Multiplicity(Block):
    """What is done about there being several secondary outcomes."""

    method: Literal["holm", "none"] = "holm"
    family: Texts = Field([], description="Ids of the outcomes; left out: every outcome with role secondary")
    why: str | None = Field(None, description="With `none`: why each may be read by itself")

    @model_validator(mode="after")
    def _reasoned(self) -> Multiplicity:
        if self.method == "none" and not self.why:
            raise ValueError("`method: none` needs `why`: the more outcomes there are, the more find something by "
                             "chance")  # fmt: skip
        return self


class Variant(Block):
    """One more analysis: any keys of the study, merged over it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Text
    label: Text


class Subgroup(Variant):
    """The same analysis for one group, named before its outcomes were seen."""

    by: Text = Field(description="What the group is one of, such as sex, age group, ethnic group")
    rationale: str | None = None
