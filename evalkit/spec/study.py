"""The study file as a model: every key that may be written, with its default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from evalkit.appraisal.economics import Economics
from evalkit.designs import AnyDesign
from evalkit.records import Block
from evalkit.sources import AnySource
from evalkit.sources.columns import Intervention, Outcome
from evalkit.sources.leaving_out import indicator_names
from evalkit.spec.assurance import Assurance, ChoiceOfDesign, DataNotes, Ethics, Standards
from evalkit.spec.blocks import (
    Claim,
    Disclosure,
    Governance,
    Multiplicity,
    Programme,
    Question,
    Registration,
    Rollout,
    Subgroup,
    TheoryOfChange,
    Variant,
)
from evalkit.spec.conclusions import (
    Disparity,
    Emmie,
    Limitation,
    Recommendation,
    StrategyMeasure,
    UnintendedEffect,
)
from evalkit.spec.delivery import Process
from evalkit.spec.releasing import Releasing
from evalkit.spec.texts import Text

SCHEMA_VERSION = 1


class Study(Block):
    """One evaluation: the question, the data, the intervention, the outcomes and the design."""

    evalkit: Literal[1] = Field(description="Version of the study file's shape")
    title: Text = Field(max_length=300)
    question: Text
    short_title: str | None = None
    status: Literal["draft", "registered", "interim", "final", "withdrawn"] = "draft"
    level: Literal["monitoring", "interim", "impact"] | None = Field(
        None, description="Caps the wording; left out: monitoring for before_after, impact otherwise"
    )
    version: str | None = None
    evaluation_types: list[Literal["impact", "process", "value_for_money"]] = []
    design: AnyDesign
    data: AnySource | None = None
    intervention: Intervention | None = None
    outcomes: dict[str, Outcome] = {}
    sensitivity: list[Variant] = []
    falsification: list[Variant] = []
    subgroups: list[Subgroup] = Field([], description="The same analysis for groups of people or places, named before")
    multiplicity: Multiplicity | None = None
    programme: Programme | None = None
    theory_of_change: TheoryOfChange | None = None
    questions: list[Question] = []
    choice_of_design: ChoiceOfDesign | None = None
    rollout: Rollout | None = None
    data_notes: DataNotes | None = None
    process: Process | None = None
    unintended_effects: list[UnintendedEffect] = []
    disparities: list[Disparity] = []
    emmie: Emmie | None = None
    limitations: list[Limitation] = Field([], description="Ranked: the first matters most")
    recommendations: list[Recommendation] = []
    strategies: list[StrategyMeasure] = Field([], description="Measures of success that this study informs")
    area: str | None = Field(None, description="Where, for the list of studies, such as Thames Valley")
    governance: Governance | None = None
    registration: Registration | None = None
    economics: Economics | None = None
    assurance: Assurance | None = None
    ethics: Ethics | None = None
    standards: Standards | None = None
    claims: list[Claim] = []
    narrative: dict[str, str | list[str]] = Field(default={}, description="Markdown by section")
    disclosure: Disclosure | None = None
    release: Releasing | None = Field(None, description="What counts as a move since the last release")

    @property
    def stated_level(self) -> str:
        """Level as written, or its default for the design."""
        return self.level or ("monitoring" if self.design.kind == "before_after" else "impact")

    @property
    def needed_data(self) -> AnySource:
        """The data block, with the columns that the design's own options name."""
        assert self.data is not None
        named = dict(self.design_columns())
        covariates = [column for key, column in named.items() if key.startswith("covariates")]
        changes = {
            "weight": named.get("weights", self.data.weight), "cluster": named.get("cluster", self.data.cluster),
            "covariates": list(dict.fromkeys([*self.data.covariates, *covariates])),
        }  # fmt: skip
        return self.data.model_copy(update=changes).asking(self.outcomes, self.intervention)

    @property
    def needed_design(self) -> AnyDesign:
        """The design, with weights and clusters that the data block names, so that it can say what it used."""
        named = {"weights": self.data and self.data.weight, "cluster": self.data and self.data.cluster}
        changes: dict[str, Any] = {key: column for key, column in named.items()
                                   if column and getattr(self.design, key, column) is None}  # fmt: skip
        breaks = indicator_names(self.data) if self.data is not None else []
        if breaks and hasattr(self.design, "covariates"):
            changes["covariates"] = [*(self.design.covariates or ()), *breaks]
        return self.design.model_copy(update=changes)

    def design_columns(self) -> Iterator[tuple[str, str]]:
        """Yield each option of the design that names a column, and the column."""
        for key in ("weights", "cluster"):
            column = getattr(self.design, key, None)
            if isinstance(column, str):
                yield key, column
        for index, column in enumerate(getattr(self.design, "covariates", None) or []):
            yield f"covariates.{index}", column

    @property
    def primary_outcome(self) -> str:
        """Id of the primary outcome."""
        return next(name for name, outcome in self.outcomes.items() if outcome.role == "primary")
