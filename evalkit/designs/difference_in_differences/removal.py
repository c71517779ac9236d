"""The effect taken out again: what treated rows would have been without it, in sums and averages.

On the log scale all of it agrees with the headline b in percent: over all treated rows the total that was expected is
the total that was seen over exp(b). Several effects by period, each with noise, would sum to another number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalkit.records import Estimate, Scale

if TYPE_CHECKING:
    import numpy

DRAWS = 20_000
ALIKE = 1e-9
"""How far weights of effects may be apart, as a share of their sum, to be the same."""


@dataclass(frozen=True, eq=False)
class Removal:
    """Estimated effects by column of indicators, ready to be taken out of observed values.

    Attributes
    ----------
    indicators : numpy.ndarray, shape (n, k)
        Which effect a row carries; at most one per row.
    effects : numpy.ndarray, shape (k,)
    draws : numpy.ndarray, shape (draws, k), or None
        None where nothing is known of how sure the effects are: sums then stand without bounds.
    scale : {'identity', 'log'}
    single : Estimate or None
        The effect, when k is 1: then bounds of sums follow from its bounds without draws.
    level : float
    headline : Estimate or None
        The average of several effects by `shares`, for sums that are a multiple of it; on the log scale the number
        that sums over all treated rows follow, see `headed`.
    shares : numpy.ndarray, shape (k,), or None
        Weight of each effect in the headline; they sum to one.
    seed : int
        Of the headline's draws.
    """

    indicators: numpy.ndarray
    effects: numpy.ndarray
    draws: numpy.ndarray | None
    scale: Scale
    single: Estimate | None
    level: float
    headline: Estimate | None = None
    shares: numpy.ndarray | None = None
    seed: int = 0

    def headed(self, headline: Estimate, amounts: numpy.ndarray, seed: int) -> Removal:
        """Return the effects moved by one number, so that what they take out of all rows is what the headline does.

        Parameters
        ----------
        headline : Estimate
        amounts : numpy.ndarray, shape (n,)
            Observed values by row, as they enter the total.
        seed : int

        Notes
        -----
        With A_k the amount under effect b_k and b the headline, effects become ``b_k + m``, where
        ``sum_k A_k exp(-b_k - m) = exp(-b) sum_k A_k``. On the identity scale, and of one effect, nothing moves.
        """
        import numpy

        if self.scale != "log" or len(self.effects) == 1:
            return self
        whole = self._amounts(amounts)
        left = float(whole @ numpy.exp(-self.effects))
        if not (left > 0.0 and whole.sum() > 0.0):
            return replace(self, headline=headline, seed=seed)
        move = headline.value + math.log(left / float(whole.sum()))
        draws = None if self.draws is None else self.draws + move
        return replace(self, effects=self.effects + move, draws=draws, headline=headline, seed=seed)

    def total(self, observed: numpy.ndarray, weights: numpy.ndarray, **words: Any) -> Estimate:
        """Return the weighted sum over all treated rows of counterfactual less observed.

        Notes
        -----
        On the log scale ``A (exp(-b) - 1)``, A the weighted sum of observed values and b the headline, so that amounts
        and percentages have one sign and one interval. On the identity scale as `added`.
        """
        import numpy

        if self.scale != "log" or self.headline is None or len(self.effects) == 1:
            return self.added(observed, weights, **words)
        amount = float(self._amounts(weights * observed).sum())
        drawn = None
        if self.headline.low is not None and self.draws is not None:
            drawn = self.headline.sample(len(self.draws), numpy.random.default_rng(self.seed))
        return self._of_one(self.headline, amount, drawn, words)

    def added(self, observed: numpy.ndarray, weights: numpy.ndarray, **words: Any) -> Estimate:
        """Return the weighted sum over rows of counterfactual less observed.

        Notes
        -----
        Row i with effect b has counterfactual ``observed_i exp(-b)`` on the log scale and ``observed_i - b`` on the
        identity scale, so the sum is ``sum_k A_k g(b_k)``, g(b) = exp(-b) - 1 or -b. Observed values are taken as
        given. With one effect the sum moves one way with it, so its bounds are the sums at the effect's bounds; so too
        where the sum is a multiple of the headline (identity scale, effects weighing alike in both), since one number
        has one interval. Else, with several effects, bounds are quantiles of draws.
        """
        amounts = self._amounts(weights * observed if self.scale == "log" else weights)
        value = float(self._removed(self.effects) @ amounts)
        if self.draws is None:
            return Estimate(value, level=self.level, **words)
        if self.single is None and (factor := self._multiple(amounts)) is not None:
            assert self.headline is not None
            return replace(self.headline.times(-factor), **words)
        if self.single is None:
            moved = amounts.nonzero()[0]  # a sum over one period carries few of many effects
            found = self._removed(self.draws[:, moved]) @ amounts[moved]
            return Estimate.from_draws(value, found, level=self.level, **words)
        return self._of_one(self.single, float(amounts[0]), self.draws[:, 0], words)

    def _of_one(self, effect: Estimate, amount: float, draws: numpy.ndarray | None, words: dict[str, Any]) -> Estimate:
        """Return what one effect takes out of an amount: bounds are those of the effect, as it moves one way."""
        value = float(self._removed(effect.value) * amount)
        if draws is None:
            return Estimate(value, level=self.level, **words)
        ends = [float(self._removed(bound) * amount) for bound in (effect.low, effect.high)]
        return Estimate(
            value, low=min(ends), high=max(ends), p_value=effect.p_value, level=self.level, rule=effect.rule,
            draws=self._removed(draws) * amount, **words,
        )  # fmt: skip

    def _multiple(self, amounts: numpy.ndarray) -> float | None:
        """Return how many times the headline these amounts of effects are; None where they weigh otherwise."""
        import numpy

        if self.scale == "log" or self.headline is None or self.shares is None:
            return None
        factor = float(amounts.sum() / self.shares.sum())
        alike = numpy.allclose(amounts, factor * self.shares, rtol=0.0, atol=ALIKE * abs(factor))
        return factor if alike else None

    @cached_property
    def _carried(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        """The rows that carry an effect, and which one each carries."""
        rows, columns = self.indicators.nonzero()
        return rows, columns

    def _amounts(self, values: numpy.ndarray) -> numpy.ndarray:
        """Return the sum of values over the rows of each effect, shape (k,)."""
        import numpy

        rows, columns = self._carried
        parts = self.indicators[rows, columns] * values[rows]
        return numpy.bincount(columns, parts, len(self.effects))

    def _removed(self, effect: Any) -> Any:
        """Return counterfactual less observed: relative to observed on the log scale, as it is otherwise."""
        import numpy

        return numpy.expm1(-numpy.asarray(effect)) if self.scale == "log" else -numpy.asarray(effect)


def relative_to(effect: Estimate, observed_mean: float) -> Estimate | None:
    """Return an effect in percent of the mean counterfactual, or None where that mean may not be above zero.

    An effect without bounds gives a percentage without bounds.

    Notes
    -----
    ``100 d / (m - d)``, m the mean of observed values taken as given, d the effect on the identity scale. It rises
    with d while ``m - d`` is above zero, so the bounds are those of d, transformed.
    """
    highest = effect.value if effect.high is None else max(effect.value, effect.high)
    if observed_mean - highest <= 0.0:
        return None
    value, low, high = (None if number is None else 100.0 * number / (observed_mean - number)
                        for number in (effect.value, effect.low, effect.high))  # fmt: skip
    assert value is not None
    return Estimate(value, label=effect.label, unit="percent", low=low, high=high, p_value=effect.p_value,
                    level=effect.level, rule=effect.rule)  # fmt: skip
