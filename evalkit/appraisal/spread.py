"""How uncertain a stated figure is: a distribution of what it may have to be multiplied by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from evalkit.records import Block

if TYPE_CHECKING:
    import numpy

Share = Annotated[float, Field(ge=0)]
BOUNDED = ("pert", "triangular")
MOST_SHARE, MOST_DEVIATION = 20.0, 2.0
"""Above these a share of the stated value is taken for a slip: a percentage, or an amount."""


class Spread(Block):
    """Uncertainty of one figure, as shares of the stated value, so that it holds for every year and every part of it.

    Notes
    -----
    PERT and triangular: the stated value is the most likely one, `low` and `high` are the least and the most that it
    can be (0.8: a fifth less). Gamma and lognormal: the stated value is the mean, `standard_deviation` is a share of
    it. With f the factor:

    - PERT: ``f = low + (high - low) B``, B beta with ``1 + 4 (1 - low)/(high - low)`` and
      ``1 + 4 (high - 1)/(high - low)``; mean ``(low + 4 + high) / 6``.
    - triangular: mode 1; mean ``(low + 1 + high) / 3``.
    - gamma: shape ``1 / s^2``, scale ``s^2``; lognormal: ``log f`` normal with variance ``log(1 + s^2)``; mean 1 both.

    References
    ----------
    Vose (2008), Risk Analysis, 3rd edition, on the modified PERT distribution with shape 4. Briggs, Claxton and
    Sculpher (2006), Decision Modelling for Health Economic Evaluation, on gamma and lognormal distributions of costs.
    """

    shape: Literal["pert", "triangular", "gamma", "lognormal"]
    low: Share | None = Field(None, description="pert, triangular: least share of the stated value, 1 or less")
    high: Share | None = Field(None, description="pert, triangular: largest share of the stated value, 1 or more")
    standard_deviation: Annotated[float, Field(gt=0)] | None = Field(
        None, description="gamma, lognormal: standard deviation as a share of the stated value"
    )
    source: Annotated[str, Field(min_length=1, description="Where the range comes from")]

    @model_validator(mode="after")
    def _complete(self) -> Spread:
        if self.shape in BOUNDED:
            if self.low is None or self.high is None or self.standard_deviation is not None:
                raise ValueError(f"{self.shape} needs `low` and `high`, as shares of the stated value, and no more")
            if self.high > MOST_SHARE:
                raise ValueError(
                    f"high: {self.high:g} is {self.high:g} times the stated value; write 1.2 for a fifth more"
                )
            if not self.low <= 1.0 <= self.high or self.low == self.high:
                raise ValueError(
                    f"low: {self.low:g} and high: {self.high:g} are shares of the stated value and must have it "
                    "between them; write low: 0.8 for a fifth less"
                )
        elif self.standard_deviation is None or self.low is not None or self.high is not None:
            raise ValueError(
                f"{self.shape} needs `standard_deviation`, as a share of the stated value such as 0.2, and no more"
            )
        if self.standard_deviation is not None and self.standard_deviation > MOST_DEVIATION:
            raise ValueError(
                f"standard_deviation: {self.standard_deviation:g} is a share of the stated value; write "
                f"{self.standard_deviation / 100:g} for {self.standard_deviation:g}%"
            )
        return self

    @property
    def mean(self) -> float:
        """Expected factor."""
        if self.shape == "pert":
            return (self._low + 4.0 + self._high) / 6.0
        return (self._low + 1.0 + self._high) / 3.0 if self.shape == "triangular" else 1.0

    @property
    def words(self) -> str:
        """The distribution as a reader should see it."""
        if self.shape in BOUNDED:
            name = "PERT" if self.shape == "pert" else "triangular"
            return f"{name}, {100 * (self._low - 1):+.0f}% to {100 * (self._high - 1):+.0f}%".replace("-", "−")
        return f"{self.shape}, standard deviation {100 * (self.standard_deviation or 0.0):.0f}%"

    def sample(self, size: int, generator: numpy.random.Generator) -> numpy.ndarray:
        """Return draws of the factor, shape (size,)."""
        low, width = self._low, self._high - self._low
        if self.shape == "pert":
            alpha, beta = self._beta
            drawn: numpy.ndarray = low + width * generator.beta(alpha, beta, size)
            return drawn
        if self.shape == "triangular":
            return generator.triangular(self._low, 1.0, self._high, size)
        spread = self.standard_deviation or 0.0
        if self.shape == "gamma":
            return generator.gamma(1.0 / spread**2, spread**2, size)
        variance = math.log1p(spread**2)
        return generator.lognormal(-variance / 2.0, math.sqrt(variance), size)

    def quantiles(self, probabilities: tuple[float, ...]) -> tuple[float, ...]:
        """Return quantiles of the factor."""
        return tuple(float(value) for value in self._distribution().ppf(probabilities))

    def _distribution(self) -> Any:
        """Return the same distribution as scipy has it."""
        from scipy import stats

        low, width = self._low, self._high - self._low
        if self.shape == "pert":
            return stats.beta(*self._beta, loc=low, scale=width)
        if self.shape == "triangular":
            return stats.triang((1.0 - low) / width, loc=low, scale=width)
        spread = self.standard_deviation or 0.0
        if self.shape == "gamma":
            return stats.gamma(1.0 / spread**2, scale=spread**2)
        variance = math.log1p(spread**2)
        return stats.lognorm(math.sqrt(variance), scale=math.exp(-variance / 2.0))

    @property
    def _low(self) -> float:
        return 1.0 if self.low is None else self.low

    @property
    def _high(self) -> float:
        return 1.0 if self.high is None else self.high

    @property
    def _beta(self) -> tuple[float, float]:
        width = self._high - self._low
        return 1.0 + 4.0 * (1.0 - self._low) / width, 1.0 + 4.0 * (self._high - 1.0) / width
