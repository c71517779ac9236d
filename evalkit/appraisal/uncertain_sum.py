"""Sums of amounts times uncertain factors: everything that is asked of a net present value under uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True, eq=False)
class Parameter:
    """One uncertain number in a sum.

    Attributes
    ----------
    key : str
        Unique within the sum.
    stated : float
        The value as it is stated: the estimate of the effect, or 1 for a factor.
    mean : float
        Expected value; of the draws where the distribution is that of an estimate.
    low, high : float or None
        Ends of its interval at the level of the effect; None where it has none.
    draws : numpy.ndarray, shape (draws,), or None
    exact : bool
        True where it is taken as exact; without draws and not exact nothing that holds it can be drawn.
    """

    key: str
    stated: float = 1.0
    mean: float = 1.0
    low: float | None = None
    high: float | None = None
    draws: numpy.ndarray | None = field(default=None, repr=False)
    exact: bool = True


@dataclass(frozen=True)
class Term:
    """An amount times the parameters that it names, each at most once."""

    amount: float
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class UncertainSum:
    """A sum of terms whose parameters are drawn independently of one another.

    Notes
    -----
    ``S = sum over terms of amount * product of its parameters``. With independent parameters S is linear in each one,
    the others held at their means: ``E[S | p] = a + b p``. Sensitivity, switching values and the value of information
    on one parameter follow from a and b without further simulation.
    """

    terms: tuple[Term, ...]
    parameters: Mapping[str, Parameter]

    @property
    def stated(self) -> float:
        """The sum at stated values."""
        return self.at({key: one.stated for key, one in self.parameters.items()})

    @property
    def mean(self) -> float:
        """The expected sum."""
        return self.at({key: one.mean for key, one in self.parameters.items()})

    def at(self, values: Mapping[str, float]) -> float:
        """Return the sum at values of the parameters."""
        return math.fsum(term.amount * math.prod(values[key] for key in term.parameters) for term in self.terms)

    @cached_property
    def draws(self) -> numpy.ndarray | None:
        """Draws of the sum, shape (draws,); None where nothing in it is uncertain, or something cannot be drawn.

        Terms with the same uncertain parameters share their product, so that the time goes with the number of
        parameters and not with the number of years and parts.
        """
        amounts: dict[tuple[str, ...], float] = {}
        for term in self.terms:
            moving = tuple(sorted(key for key in term.parameters if not self.parameters[key].exact))
            fixed = math.prod(self.parameters[key].stated for key in term.parameters if self.parameters[key].exact)
            amounts[moving] = amounts.get(moving, 0.0) + term.amount * fixed
        used = {key: self.parameters[key].draws for keys in amounts for key in keys}
        drawn = {key: values for key, values in used.items() if values is not None}
        if not used or len(drawn) < len(used):
            return None
        return _summed(amounts, drawn)

    def line(self, key: str, *, stated: bool = False) -> tuple[float, float]:
        """Return a and b of the sum ``a + b p`` in one parameter, the others at their means.

        Parameters
        ----------
        key : str
        stated : bool
            Hold the others at their stated values instead.
        """
        values = {name: one.stated if stated else one.mean for name, one in self.parameters.items()}
        a = math.fsum(term.amount * math.prod(values[name] for name in term.parameters)
                      for term in self.terms if key not in term.parameters)  # fmt: skip
        b = math.fsum(term.amount * math.prod(values[name] for name in term.parameters if name != key)
                      for term in self.terms if key in term.parameters)  # fmt: skip
        return a, b


def less(gains: UncertainSum, costs: UncertainSum) -> UncertainSum:
    """Return gains less costs, drawn together."""
    taken = tuple(Term(-term.amount, term.parameters) for term in costs.terms)
    return UncertainSum(gains.terms + taken, {**gains.parameters, **costs.parameters})


def _summed(amounts: Mapping[tuple[str, ...], float], drawn: Mapping[str, numpy.ndarray]) -> numpy.ndarray:
    """Return the sum over products of draws, each product made once and in place."""
    import numpy

    fixed = amounts.get((), 0.0)
    total: numpy.ndarray | None = None
    for key, amount in amounts.items():
        if not key:
            continue
        product = amount * drawn[key[0]]
        for name in key[1:]:
            product *= drawn[name]
        total = product if total is None else numpy.add(total, product, out=total)
    assert total is not None
    total += fixed
    return total
