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
    cashable : float or None
        Present value that can be taken out of budgets, of a fiscal benefit for which the study file says so.
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
    cashable: float | None = None


@dataclass(frozen=True)
class MoneyYear:
    """Costs and benefits of one year.

    Attributes
    ----------
    year : str
    cost, benefit : float or None
        Undiscounted, in the price base.
    discount_factor : float
        Of the standard schedule; lines at the health rate have their own.
    averted : float or None
        Units of the outcome by which matters were better in this year.
    cumulative : float or None
        Benefits less costs up to this year, discounted.
    """

    year: str
    cost: float | None
    benefit: float | None
    discount_factor: float
    averted: float | None = None
    cumulative: float | None = None


@dataclass(frozen=True)
class PayerYear:
    """What one payer pays for one item in one year: pounds of the price base, undiscounted, optimism included."""

    payer: str
    item: str
    kind: str
    year: str
    amount: float | None


@dataclass(frozen=True)
class MoneyParameter:
    """One number that an appraisal rests on, and how much hangs on it.

    Attributes
    ----------
    name : str
        In words.
    kind : {'effect', 'cost', 'unit_cost', 'events', 'multiplier', 'adjustment', 'rate'}
    stated : float
        In `unit`.
    unit : str
    low, high : float or None
        Ends of its interval at the level of the effect; None where it is taken as exact.
    distribution : str
        In words; `taken as exact` where nothing is declared.
    source, status : str
        Where the figure comes from, and how far it was checked.
    range_source : str
        Where the range comes from.
    net_low, net_high : float or None
        Net present social value at `low` and at `high`, all else at stated values.
    switching : float or None
        Value of the parameter at which benefits equal costs, all else at stated values; None where there is none.
    information : float or None
        Expected value of perfect information on this number alone, in pounds.
    """

    name: str
    kind: str
    stated: float
    unit: str
    low: float | None = None
    high: float | None = None
    distribution: str = "taken as exact"
    source: str = ""
    status: str = ""
    range_source: str = ""
    net_low: float | None = None
    net_high: float | None = None
    switching: float | None = None
    information: float | None = None


@dataclass(frozen=True)
class MoneyScenario:
    """The same sums under one other choice of policy or method; never a draw.

    Attributes
    ----------
    name : str
    cost, benefit, net : float or None
        Present values; None where no effect may be claimed or a cost is not known.
    net_low, net_high : float or None
    probability_positive : float or None
    ratio : float or None
        None where the appraisal withholds its ratio.
    reason : str
        Why it could not be worked out; empty when it was.
    """

    name: str
    cost: float | None
    benefit: float | None
    net: float | None
    net_low: float | None = None
    net_high: float | None = None
    probability_positive: float | None = None
    ratio: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class MoneyReturn:
    """What one kind of benefit returns for what it costs.

    Attributes
    ----------
    name : str
        `fiscal` (public money back for public money spent) or `cashable` (what can be taken out of budgets).
    benefit, cost : float or None
        Present values.
    ratio, low, high : float or None
        None where the appraisal withholds its ratio.
    """

    name: str
    benefit: float | None
    cost: float | None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Acceptability:
    """Probability that benefits exceed costs when one unit of the outcome is worth so many pounds."""

    value: float
    probability: float


@dataclass(frozen=True)
class Bin:
    """Share of the draws of the net present social value between two amounts."""

    low: float
    high: float
    share: float


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
    expected_net : float or None
        Mean of the draws of the net present social value; differs from the stated one where ranges are lopsided.
    information_value : float or None
        Expected value of perfect information on everything uncertain together.
    parameters : tuple of MoneyParameter
        The effect first, then costs, unit costs and multipliers, then adjustments and rates of discount.
    scenarios : tuple of MoneyScenario
        As stated first; those that could not be worked out last, each with its reason.
    returns : tuple of MoneyReturn
    acceptability : tuple of Acceptability
    acceptability_unit : str
    acceptability_priced : float or None
        What one unit of the outcome is priced at, on the axis of the curve; None where none is priced.
    distribution : tuple of Bin
    costs_by_payer : tuple of PayerYear
    payback : mapping or None
        {year, years, sentence}: the first year whose cumulative discounted net is not negative.
    cost_per_outcome : Estimate or None
        Present value of costs per unit of the outcome averted or gained.
    equivalent_annual_cost : float or None
        The level yearly sum with the same present value over the years in which money is spent.
    optimism, additionality, persistence, borrowed : mapping or None
        What was adjusted, by how much, with source and status, in words.
    draws_used, seed : int or None
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
    expected_net: float | None = None
    information_value: float | None = None
    parameters: tuple[MoneyParameter, ...] = ()
    scenarios: tuple[MoneyScenario, ...] = ()
    returns: tuple[MoneyReturn, ...] = ()
    acceptability: tuple[Acceptability, ...] = ()
    acceptability_unit: str = ""
    acceptability_priced: float | None = None
    distribution: tuple[Bin, ...] = ()
    costs_by_payer: tuple[PayerYear, ...] = ()
    payback: Mapping[str, Any] | None = None
    cost_per_outcome: Estimate | None = None
    equivalent_annual_cost: float | None = None
    optimism: Mapping[str, Any] | None = None
    additionality: Mapping[str, Any] | None = None
    persistence: Mapping[str, Any] | None = None
    borrowed: Mapping[str, Any] | None = None
    draws_used: int | None = None
    seed: int | None = None
    draws: numpy.ndarray | None = field(default=None, repr=False, compare=False, metadata={"stored": False})
