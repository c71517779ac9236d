"""A number with its uncertainty, by one stated rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from evalkit.records.words import Rule, Scale

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty, by one stated rule.

    Attributes
    ----------
    value : float
        The estimate on `scale`.
    label, unit : str
        What it is, in words.
    se, df : float or None
        Standard error and degrees of freedom, null where the rule has none.
    low, high : float or None
        Bounds at confidence `level`; never relabelled at another level.
    p_value : float or None
        Two-sided, against zero on `scale`.
    level : float
        Confidence level of the bounds.
    scale : {'identity', 'log'}
        `log`: the value is a log ratio; `percent` gives the change in percent.
    rule : str
        Where bounds and p-value come from: normal, t, draws, exact, inversion or profile.
    draws : numpy.ndarray or None
        Draws of the estimate (one-dimensional); never written to result.json.
    """

    value: float
    label: str = ""
    unit: str = ""
    se: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    level: float = 0.95
    scale: Scale = "identity"
    rule: Rule = "normal"
    draws: numpy.ndarray | None = field(default=None, repr=False, compare=False, metadata={"stored": False})

    @classmethod
    def from_standard_error(
        cls, value: float, se: float, df: float | None = None, *, level: float = 0.95, **words: Any
    ) -> Estimate:
        """Return value +- quantile x se, with the t quantile when `df` is given and the normal one otherwise."""
        from evalkit.distributions import Reference

        reference = Reference(df)
        quantile = float(reference.ppf((1 + level) / 2))
        p_value = float(2 * reference.sf(abs(value) / se)) if se > 0 else None
        rule: Rule = "normal" if df is None or math.isinf(df) else "t"
        return cls(value, se=se, df=None if rule == "normal" else df, low=value - quantile * se,
                   high=value + quantile * se, p_value=p_value, level=level, rule=rule, **words)  # fmt: skip

    @classmethod
    def from_draws(cls, value: float, draws: numpy.ndarray, *, level: float = 0.95, **words: Any) -> Estimate:
        """Return bounds as equal-tailed quantiles of `draws`; the standard error is their standard deviation."""
        import numpy

        low, high = numpy.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        return cls(value, se=float(numpy.std(draws, ddof=1)), low=float(low), high=float(high), level=level,
                   rule="draws", draws=draws, **words)  # fmt: skip

    def sample(self, size: int, generator: numpy.random.Generator) -> numpy.ndarray:
        """Return `size` draws of the estimate by its own rule.

        Stored draws are reused by resampling. Bounds without a standard error (exact, inversion, profile) give a
        two-piece normal with those bounds as its quantiles.

        Raises
        ------
        ValueError
            When there are neither draws, nor a standard error, nor two finite bounds.
        """
        from evalkit import distributions

        if self.draws is not None:
            return self.draws[generator.integers(0, len(self.draws), size)]
        if self.se is not None and self.rule in ("normal", "t"):
            noise = generator.standard_normal(size) if self.df is None else generator.standard_t(self.df, size)
            drawn: numpy.ndarray = self.value + self.se * noise
            return drawn
        if self.low is None or self.high is None or not math.isfinite(self.low + self.high):
            raise ValueError("the estimate has no finite interval to draw from")
        import numpy

        quantile = float(distributions.norm.ppf((1 + self.level) / 2))
        noise = generator.standard_normal(size)
        spread = numpy.where(noise < 0, self.value - self.low, self.high - self.value) / quantile
        return numpy.asarray(self.value + spread * noise)

    def times(self, factor: float, unit: str | None = None) -> Estimate:
        """Return the estimate multiplied by a number; bounds and draws move with it, p-value stays."""
        return self._moved(lambda x: x * factor, abs(factor), unit)

    def plus(self, shift: float, unit: str | None = None) -> Estimate:
        """Return the estimate with a number added; the p-value (against zero) no longer holds and is dropped."""
        return replace(self._moved(lambda x: x + shift, 1.0, unit), p_value=None)

    def percent(self) -> Estimate:
        """Return the change in percent, 100 (exp(value) - 1), of a log ratio.

        Raises
        ------
        ValueError
            When the estimate is not on the log scale.
        """
        if self.scale != "log":
            raise ValueError("only a log ratio can be read as a percentage change")
        moved = self._moved(lambda x: 100 * _expm1(x), None, "percent")
        return replace(moved, scale="identity", se=None, df=None)

    def _moved(self, change: Any, factor: float | None, unit: str | None) -> Estimate:
        ends = [None if bound is None else change(bound) for bound in (self.low, self.high)]
        low, high = ends
        if low is not None and high is not None and low > high:
            low, high = high, low
        se = None if self.se is None or factor is None else self.se * factor
        draws = None if self.draws is None else change(self.draws)
        return replace(self, value=change(self.value), low=low, high=high, se=se, draws=draws,
                       unit=self.unit if unit is None else unit)  # fmt: skip


def _expm1(value: Any) -> Any:
    if isinstance(value, float | int):
        try:
            return math.expm1(value)
        except OverflowError:
            return math.inf
    import numpy

    return numpy.expm1(value)
