"""The effect that is priced, and what an appraisal may say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.appraisal.prices import financial_year
from evalkit.records import Better, Estimate

if TYPE_CHECKING:
    from evalkit.appraisal.economics import Economics


@dataclass(frozen=True)
class AppraisedEffect:
    """The effect that is priced: what an appraisal needs to know of an analysis.

    Attributes
    ----------
    averted : Estimate or None
        Counterfactual minus observed over all treated unit-periods, in the outcome's unit: positive means fewer than
        expected. None when nothing was estimated.
    better : {'lower', 'higher', 'neither'}
        For `higher` benefits come from the increase, minus `averted`.
    relative : Estimate or None
        The effect in percent.
    averted_by_year : mapping or None
        Share of the total that falls in each financial year, summing to one; None: all of it in the base year.
    level : {'monitoring', 'interim', 'impact'}
        Monitoring carries no claim that the programme caused anything, so nothing is priced but the break-even.
    design : str
        Kind of design; `before_after` is monitoring whatever `level` says.
    simulated : bool
        True when the data were made by a random generator.
    unit : str
        What is counted, for the break-even; the unit of `averted` when left out.
    observed : float or None
        Observed total over the treated unit-periods, for the break-even in percent of what was expected.
    years_observed : float or None
        Length of the treated time in years, for a yearly effect that is assumed to go on.
    borrowed : bool
        True when it was not estimated from the study's own data.
    gross : bool
        True when nothing has been taken off yet for what would have happened anyway; additionality must do it.
    key_check : str
        Key checks of the analysis that speak against its result, in words; empty when none does. No ratio may then be
        given, and nothing that rests on one.
    """

    averted: Estimate | None
    better: Better = "lower"
    relative: Estimate | None = None
    averted_by_year: Mapping[str, float] | None = None
    level: str = "impact"
    design: str = ""
    simulated: bool = False
    unit: str = ""
    observed: float | None = None
    years_observed: float | None = None
    borrowed: bool = False
    gross: bool = False
    key_check: str = ""

    @property
    def gained(self) -> Estimate | None:
        """Units of the outcome by which matters are better than expected."""
        if self.averted is None or self.better != "higher":
            return self.averted
        return self.averted.times(-1.0)

    @property
    def expected(self) -> float | None:
        """Total expected without the programme, where it is known and above zero."""
        if self.observed is None or self.averted is None:
            return None
        total = self.observed + self.averted.value
        return total if total > 0 else None

    @property
    def counted(self) -> str:
        """What is counted, in words."""
        return self.unit or (self.averted.unit if self.averted is not None else "") or "events"

    @property
    def monitoring(self) -> bool:
        """True when the design may not say what the programme caused."""
        return self.level == "monitoring" or self.design == "before_after"

    @property
    def claimable(self) -> bool:
        """True when there is an effect and the design may say that the programme caused it."""
        return not self.monitoring and self.averted is not None

    @property
    def may_be_zero(self) -> bool:
        """True when an interval of the effect holds zero, or when there is no interval to tell."""
        if self.averted is None or self.averted.low is None or self.averted.high is None:
            return True
        intervals = [(each.low, each.high) for each in (self.averted, self.relative) if each is not None]
        return any(low <= 0 <= high for low, high in intervals if low is not None and high is not None)


def observed_shares(effect: AppraisedEffect, economics: Economics) -> dict[str, float]:
    """Return the share of the observed effect in each financial year; all of it in the base year when not known."""
    if not effect.averted_by_year:
        return {economics.base_year: 1.0}
    return {financial_year(year): share for year, share in effect.averted_by_year.items()}


def without_data(economics: Economics, level: str) -> AppraisedEffect:
    """Return the effect of an appraisal without data: the borrowed one, or none, for a break-even alone.

    Parameters
    ----------
    economics : Economics
    level : str
        What the study file may claim.

    Notes
    -----
    An effect that was found without a comparison is monitoring, and gives a break-even alone. A gross impact, of which
    nothing is known but how many took part, is priced where `additionality` takes off what would have happened anyway.
    """
    borrowed, design = economics.effect, "appraisal_only"
    if borrowed is None:
        return AppraisedEffect(None, level=level, design=design)
    additional = economics.additionality
    gross = borrowed.compared_with == "nothing"
    taken_off = gross and additional is not None and additional.takes_off_the_counterfactual
    averted = borrowed.averted
    expected = None if borrowed.baseline is None else borrowed.baseline * borrowed.total_years
    return AppraisedEffect(
        averted, borrowed.direction, averted_by_year=borrowed.shares,
        level=level if borrowed.counterfactual or taken_off else "monitoring", design=design, unit=borrowed.unit,
        observed=None if expected is None else expected - averted.value, years_observed=borrowed.total_years,
        borrowed=True, gross=gross,
    )  # fmt: skip
