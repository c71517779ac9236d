"""The effect taken out again: what treated rows would have been without it, in sums and averages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalkit.records import Estimate, Scale

if TYPE_CHECKING:
    import numpy

DRAWS = 20_000


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
    """

    indicators: numpy.ndarray
    effects: numpy.ndarray
    draws: numpy.ndarray | None
    scale: Scale
    single: Estimate | None
    level: float

    def added(self, observed: numpy.ndarray, weights: numpy.ndarray, **words: Any) -> Estimate:
        """Return the weighted sum over rows of counterfactual less observed.

        Notes
        -----
        Row i with effect b has counterfactual ``observed_i exp(-b)`` on the log scale and ``observed_i - b`` on the
        identity scale, so the sum is ``sum_k A_k g(b_k)``, g(b) = exp(-b) - 1 or -b. Observed values are taken as
        given. With one effect the sum moves one way with it, so its bounds are the sums at the effect's bounds; with
        several, bounds are quantiles of draws.
        """
        amounts = self._amounts(weights * observed if self.scale == "log" else weights)
        value = float(self._removed(self.effects) @ amounts)
        if self.draws is None:
            return Estimate(value, level=self.level, **words)
        if self.single is None:
            moved = amounts.nonzero()[0]  # a sum over one period carries few of many effects
            found = self._removed(self.draws[:, moved]) @ amounts[moved]
            return Estimate.from_draws(value, found, level=self.level, **words)
        ends = [self._removed(bound) * float(amounts[0]) for bound in (self.single.low, self.single.high)]
        return Estimate(
            value, low=float(min(ends)), high=float(max(ends)), p_value=self.single.p_value, level=self.level,
            rule=self.single.rule, draws=self._removed(self.draws[:, 0]) * float(amounts[0]), **words,
        )  # fmt: skip

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
