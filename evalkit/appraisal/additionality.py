"""Additionality: how much of an impact would not have happened anyway, or only moved from somewhere else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from evalkit.errors import Problem
from evalkit.records import Block

Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]


class ReferenceCase(Block):
    """What would have happened without the programme, as a share of the gross impact, with its own adjustments."""

    share: Share = Field(description="Impact without the programme, as a share of the gross impact")
    leakage: Share = 0.0
    displacement: Share = 0.0
    substitution: Share = 0.0
    multiplier: Annotated[float, Field(gt=0)] = 1.0


class Additionality(Block):
    """Adjustments of a gross impact to a net one.

    Notes
    -----
    ``net = gross (1 - L)(1 - D)(1 - S) M - reference (1 - L*)(1 - D*)(1 - S*) M*``: leakage L to people outside the
    target group, displacement D of the outcome to elsewhere, substitution S of one activity or person for another,
    multiplier M of knock-on effects; the reference case is what would have happened anyway. `deadweight` is the short
    form: a reference case with that share of the gross impact and the same adjustments.

    References
    ----------
    Homes and Communities Agency, Additionality Guide, 4th edition (2014).
    """

    deadweight: Share = Field(0.0, description="Share that would have happened anyway; for gross impacts only")
    leakage: Share = Field(0.0, description="Share that goes to people outside the target group")
    displacement: Share = Field(0.0, description="Share that only moved here from elsewhere")
    substitution: Share = Field(0.0, description="Share in which one activity only replaced another")
    multiplier: Annotated[float, Field(gt=0)] = Field(1.0, description="Knock-on effects: total over direct impact")
    reference_case: ReferenceCase | None = Field(None, description="In full, in place of `deadweight`")
    source: Text = Field(description="Where these shares come from")
    override_reason: Text | None = Field(
        None, description="Why deadweight is taken off an effect that already has a counterfactual"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Additionality:
        if self.deadweight and self.reference_case is not None:
            raise ValueError("`deadweight` and `reference_case` say the same twice: give one of them")
        return self

    @property
    def factor(self) -> float:
        """Net impact per unit of gross impact."""
        own = _kept(self.leakage, self.displacement, self.substitution, self.multiplier)
        other = self.reference_case
        if other is None:
            return own * (1.0 - self.deadweight)
        return own - other.share * _kept(other.leakage, other.displacement, other.substitution, other.multiplier)

    @property
    def takes_off_the_counterfactual(self) -> bool:
        """True when something is taken off for what would have happened anyway."""
        return bool(self.deadweight or (self.reference_case and self.reference_case.share))

    @property
    def words(self) -> str:
        """The adjustments as a reader should see them."""
        parts = [
            f"{name} {100 * share:g}%"
            for name, share in (("deadweight", self.deadweight), ("leakage", self.leakage),
                                ("displacement", self.displacement), ("substitution", self.substitution))
            if share
        ]  # fmt: skip
        if self.multiplier != 1.0:
            parts.append(f"multiplier {self.multiplier:g}")
        if self.reference_case is not None:
            parts.append(f"a reference case of {100 * self.reference_case.share:g}%")
        return ", ".join(parts) or "none"


def counterfactual_problems(additionality: Additionality | None, counterfactual: bool) -> list[Problem]:
    """Return the problem of taking deadweight off an effect that is already one against a counterfactual.

    Parameters
    ----------
    additionality : Additionality or None
    counterfactual : bool
        Whether the effect compares what happened with what would have happened.
    """
    if additionality is None or not counterfactual or additionality.override_reason:
        return []
    if not additionality.takes_off_the_counterfactual:
        return []
    return [
        Problem(
            "deadweight is taken off an effect that is already counted against what would have happened anyway, so it "
            "would be taken off twice",
            "leave out `deadweight` and `reference_case`, or say why in `override_reason`",
            "economics.additionality",
        )
    ]


def _kept(leakage: float, displacement: float, substitution: float, multiplier: float) -> float:
    return (1.0 - leakage) * (1.0 - displacement) * (1.0 - substitution) * multiplier
