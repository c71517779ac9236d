"""An appraisal on its way: entries of the ledger, and sums of costs and benefits with everything uncertain in them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.appraisal.checks import priced_benefits
from evalkit.appraisal.distribution import IncomeWeights
from evalkit.appraisal.economics import Economics
from evalkit.appraisal.effect import AppraisedEffect, observed_shares
from evalkit.appraisal.ledger import (
    BenefitEntry,
    CostEntry,
    Terms,
    benefit_entries,
    cost_entries,
    effect_by_year,
)
from evalkit.appraisal.optimism import Adjustment, benefit_bias, cost_biases
from evalkit.appraisal.spread import Spread
from evalkit.appraisal.tables import Reference
from evalkit.appraisal.uncertain_sum import Parameter, Term, UncertainSum, less
from evalkit.appraisal.unit_costs import PricedBenefit

if TYPE_CHECKING:
    import numpy

EFFECT = "effect"


@dataclass(frozen=True, eq=False)
class Assessment:
    """Costs and benefits of one set of choices.

    Attributes
    ----------
    economics : Economics
    effect : AppraisedEffect
    terms : Terms
    shares : mapping
        Effect of each financial year as a share of the whole observed effect.
    lines : sequence of PricedBenefit
    costs : sequence of CostEntry
    benefits : sequence of BenefitEntry
    kept : float
        What additionality and optimism leave of a benefit.
    benefit_optimism : Adjustment
    parameters : mapping of str to Parameter
    """

    economics: Economics
    effect: AppraisedEffect
    terms: Terms
    shares: Mapping[str, float]
    lines: Sequence[PricedBenefit]
    costs: Sequence[CostEntry]
    benefits: Sequence[BenefitEntry]
    kept: float
    benefit_optimism: Adjustment
    parameters: Mapping[str, Parameter]
    _bounds: dict[int, tuple[float | None, float | None]] = field(default_factory=dict, repr=False)

    @property
    def known(self) -> bool:
        """True when every cost is known."""
        return all(entry.cost.known for entry in self.costs)

    @property
    def priced(self) -> bool:
        """True when there are benefits and an effect that may be claimed."""
        return bool(self.benefits) and self.effect.claimable

    @property
    def worth(self) -> float:
        """Present value per unit of the observed outcome, all lines together, at stated values."""
        return sum(entry.present_worth for entry in self.benefits)

    @cached_property
    def cost(self) -> UncertainSum:
        """Present value of all costs."""
        return self.cost_of(lambda entry: True)

    @cached_property
    def benefit(self) -> UncertainSum | None:
        """Present value of all benefits; None where none may be claimed."""
        return self.benefit_of(lambda entry: entry.present_worth) if self.priced else None

    @cached_property
    def net(self) -> UncertainSum | None:
        """Net present social value; None where a cost is not known or no effect may be claimed."""
        return None if self.benefit is None or not self.known else less(self.benefit, self.cost)

    def per_pound(self, index: int) -> tuple[float | None, float | None]:
        """Return the interval of a benefit line whose present worth per unit of the outcome is one pound."""
        if index not in self._bounds:
            self._bounds[index] = self._bound(index)
        return self._bounds[index]

    def _bound(self, index: int) -> tuple[float | None, float | None]:
        import numpy

        one = UncertainSum((Term(1.0, _keys(index)),), self.parameters)
        if not self.priced or self.effect.gained is None or one.draws is None:
            return None, None
        level = self.effect.gained.level
        low, high = numpy.quantile(one.draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
        return float(low), float(high)

    def cost_of(self, chosen: Callable[[CostEntry], bool]) -> UncertainSum:
        """Return the present value of the costs that are chosen."""
        terms = [
            Term(entry.present_value, (f"cost.{index}",)) for index, entry in enumerate(self.costs) if chosen(entry)
        ]
        return UncertainSum(tuple(terms), self.parameters)

    def benefit_of(self, worth: Callable[[BenefitEntry], float]) -> UncertainSum:
        """Return the sum over benefits of a worth per unit of the outcome, times the effect."""
        return UncertainSum(
            tuple(Term(worth(entry), _keys(entry.line.index)) for entry in self.benefits),
            self.parameters,
        )


def assess(
    economics: Economics,
    effect: AppraisedEffect,
    reference: Reference,
    parameters: Mapping[str, Parameter],
    weights: IncomeWeights | None = None,
) -> Assessment:
    """Return the costs and benefits of a block, with the effect and everything uncertain in them.

    Parameters
    ----------
    economics : Economics
        Without problems, see `evalkit.appraisal.checks.find_problems`.
    effect : AppraisedEffect
    reference : Reference
    parameters : mapping
        As `parameters` returns them; the same for every scenario, so that scenarios share their draws.
    weights : IncomeWeights, optional
        Weights of payers and gainers by income.
    """
    terms = Terms.of(economics, reference)
    shares = effect_by_year(observed_shares(effect, economics), economics.persistence, effect.years_observed)
    bias = benefit_bias(economics, reference)
    factor = 1.0 if economics.additionality is None else economics.additionality.factor
    kept = factor * (1.0 + bias.share)
    lines, _ = priced_benefits(economics, reference)
    costs = cost_entries(economics.costs, terms, cost_biases(economics, reference))
    benefits = benefit_entries(lines, shares, terms, kept)
    if weights is not None:
        costs = [entry.weighted(weights.weight(entry.cost.payer)) for entry in costs]
        benefits = [entry.weighted(weights.weight(entry.part.gainer)) for entry in benefits]
    return Assessment(economics, effect, terms, shares, lines, costs, benefits, kept, bias, parameters)


def parameters(economics: Economics, effect: AppraisedEffect, seed: int) -> dict[str, Parameter]:
    """Return everything that the sums of a block depend on, with draws of what is uncertain.

    Notes
    -----
    Each parameter has a stream of random numbers of its own, seeded by `seed` and its key: adding a parameter moves no
    draw of another, and scenarios are compared on common random numbers.
    """
    size, level = economics.draws, 0.95 if effect.gained is None else effect.gained.level
    found = {EFFECT: _effect_parameter(effect, size, seed)}
    spreads: list[tuple[str, Spread | None]] = [
        (f"cost.{index}", cost.uncertainty) for index, cost in enumerate(economics.costs)
    ]
    for index, benefit in enumerate(economics.benefits):
        spreads += [
            (f"unit_cost.{index}", benefit.uncertainty),
            (f"multiplier.{index}", benefit.multiplier_uncertainty),
        ]
    for key, spread in spreads:
        found[key] = Parameter(key) if spread is None else _factor(key, spread, size, level, seed)
    return found


def _effect_parameter(effect: AppraisedEffect, size: int, seed: int) -> Parameter:
    """Return the effect, drawn by the rule of its own interval."""
    import numpy

    gained = effect.gained
    if gained is None:
        return Parameter(EFFECT, float("nan"), float("nan"), exact=False)
    try:
        drawn = gained.sample(size, numpy.random.Generator(numpy.random.PCG64(seed)))
    except ValueError:  # no finite interval to draw from
        return Parameter(EFFECT, gained.value, gained.value, exact=False)
    return Parameter(EFFECT, gained.value, float(drawn.mean()), gained.low, gained.high, drawn, exact=False)


def _factor(key: str, spread: Spread, size: int, level: float, seed: int) -> Parameter:
    low, high = spread.quantiles(((1.0 - level) / 2.0, (1.0 + level) / 2.0))
    return Parameter(key, 1.0, spread.mean, low, high, spread.sample(size, generator(seed, key)), exact=False)


def generator(seed: int, key: str) -> numpy.random.Generator:
    """Return the stream of random numbers of one parameter."""
    import numpy

    return numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence([seed, zlib.crc32(key.encode())])))


def _keys(index: int) -> tuple[str, str, str]:
    """Return the parameters by which a benefit is multiplied."""
    return EFFECT, f"unit_cost.{index}", f"multiplier.{index}"
