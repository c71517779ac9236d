"""What it cost and what the effect is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from evalkit.records.estimate import Estimate

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class MoneyLine:
    """One line of costs or benefits.

    Attributes
    ----------
    item, side, payer : str
        What; `cost` or `benefit`; who pays or who gains.
    present_value : float or None
        In pounds of the price base, discounted to the base year. Positive on both sides. Not a number, or null once
        read back, when it is not known or may not be claimed.
    low, high : float or None
        Interval of a benefit that rests on the estimated effect, at the level of the effect.
    unit_cost, unit_cost_printed : float or None
        Per event in the price base; as printed in its own price year.
    price_year, edition, source, status, note : str
        Where the figure comes from. Status: primary, secondary, memory (see data/README.md) or declared.
    kind : str
        fiscal, economic or social.
    """

    item: str
    side: Literal["cost", "benefit"]
    payer: str
    present_value: float | None
    low: float | None = None
    high: float | None = None
    unit_cost: float | None = None
    unit_cost_printed: float | None = None
    price_year: str = ""
    edition: str = ""
    source: str = ""
    status: str = "declared"
    kind: str = "social"
    note: str = ""


@dataclass(frozen=True)
class MoneyYear:
    """Costs and benefits of one year: undiscounted in the price base, and the discount factor."""

    year: str
    cost: float | None
    benefit: float | None
    discount_factor: float


@dataclass(frozen=True)
class Appraisal:
    """What it cost, what the effect is worth, and how sure that is.

    Attributes
    ----------
    cost, benefit, net_present_social_value : Estimate
        Present values in pounds of the price base.
    ratio : Estimate or None
        Benefits over costs; null when `ratio_withheld` says why there is none.
    ratio_withheld : str
    probability_positive : float or None
        Share of draws in which benefits exceed costs.
    break_even : mapping or None
        The effect at which benefits equal costs: {value, unit, percent, sentence}.
    by_year : tuple of MoneyYear
    by_payer : tuple of (str, float, float)
        Payer or gainer, cost, benefit (present values).
    by_kind : tuple of (str, float, float)
        Fiscal, economic and social, always these three: kind, cost, benefit (present values).
    lines : tuple of MoneyLine
    price_base, base_year, discounting, deflator : str
    unpriced : tuple of str
        Effects that are named and not priced.
    cautions : tuple of str
        Sentences that must stand beside the figures.
    draws : numpy.ndarray or None
        Draws of the net present social value; never written to result.json.
    """

    cost: Estimate
    benefit: Estimate | None
    net_present_social_value: Estimate | None
    ratio: Estimate | None = None
    ratio_withheld: str = ""
    probability_positive: float | None = None
    break_even: Mapping[str, Any] | None = None
    by_year: tuple[MoneyYear, ...] = ()
    by_payer: tuple[tuple[str, float | None, float | None], ...] = ()
    by_kind: tuple[tuple[str, float | None, float | None], ...] = ()
    lines: tuple[MoneyLine, ...] = ()
    price_base: str = ""
    base_year: str = ""
    discounting: str = ""
    deflator: str = ""
    analysis: str = ""
    unpriced: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    draws: numpy.ndarray | None = field(default=None, repr=False, compare=False, metadata={"stored": False})
