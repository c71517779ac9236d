"""What a claim's own numbers give, with an interval where counts allow one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

from evalkit.claims.published import PublishedClaim

Method = Literal["exact_rate_ratio", "quasi_poisson", "wilson", "none"]
LEVEL = 0.95
NORMAL = 1.959963984540054
"""Standard deviations of a normal distribution on either side of its middle, at 95%."""
Slip = Literal["follows", "other_sign", "cut", "slip", "no_figure"]


@dataclass(frozen=True)
class Recomputed:
    """A percentage made from a claim's own numbers.

    Attributes
    ----------
    value : float
        A change in percent, or a level in percent for a share.
    low, high : float or None
    method : str
        exact_rate_ratio (Clopper and Pearson, given the sum), quasi_poisson (dispersion as stated), wilson (share);
        none where there is no interval.
    level : bool
        True for a share of people, which is no change.
    """

    value: float
    low: float | None
    high: float | None
    method: Method
    level: bool = False

    @property
    def includes_none(self) -> bool:
        """Whether the interval of a change includes no change."""
        return not self.level and self.low is not None and self.high is not None and self.low <= 0.0 <= self.high


def recomputed(claim: PublishedClaim) -> Recomputed | None:
    """Return what the printed numbers give; None where they give nothing."""
    if claim.shares:
        return Recomputed(float(sum(claim.shares)), None, None, "none", level=True)
    if claim.of is not None and claim.after is not None and not claim.in_percent:
        return _share(int(claim.after), claim.of)
    two_counts = claim.compares == "two_times" and not claim.in_percent
    if not two_counts or not claim.before or claim.after is None:
        return None
    return _ratio(claim.before, claim.after, claim.dispersion)


def _share(events: int, size: int) -> Recomputed:
    from evalkit.estimation.before_after.comparisons import wilson_interval

    low, high = wilson_interval(events / size, size, NORMAL)
    return Recomputed(100.0 * events / size, 100.0 * low, 100.0 * high, "wilson", level=True)


def _ratio(before: float, after: float, dispersion: float | None) -> Recomputed:
    """Return a change of two counts over equal times, with its interval."""
    from evalkit.estimation.before_after.counts import rate_ratio

    value = 100.0 * (after / before - 1.0)
    if not (float(before).is_integer() and float(after).is_integer()):
        return Recomputed(value, None, None, "none")
    if dispersion is not None and after:
        reach = NORMAL * math.sqrt(dispersion * (1.0 / before + 1.0 / after))
        low, high = (100.0 * (after / before * math.exp(sign * reach) - 1.0) for sign in (-1.0, 1.0))
        return Recomputed(value, low, high, "quasi_poisson")
    ratio = rate_ratio(int(before), int(after))
    return Recomputed(value, 100.0 * (ratio.low - 1.0), 100.0 * (ratio.high - 1.0), "exact_rate_ratio")


def decimals_of(percent: float) -> int:
    """Return the decimals that a percentage is printed with."""
    return max(0, -int(Decimal(str(percent)).normalize().as_tuple().exponent))


def follows(before: float, after: float, percent: float | None) -> Slip:
    """Return whether a printed percentage follows from two printed counts, at the precision that it is printed with.

    Halves may be rounded up or to even. `cut`: the digits beyond its own were left off. `other_sign`: a fall is
    printed as a rise, or without its sign.
    """
    if percent is None:
        return "no_figure"
    digits = decimals_of(percent)
    exact = 100 * (Decimal(str(after)) / Decimal(str(before)) - 1)
    near = {rounded(exact, digits, rule) for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    shown = Decimal(str(percent))
    if shown in near:
        return "follows"
    if -shown in near:
        return "other_sign"
    return "cut" if rounded(exact, digits, ROUND_DOWN) == shown else "slip"


def rounded(exact: Decimal, digits: int, rule: str) -> Decimal:
    """Return a number with so many decimals."""
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=rule)


def rounded_change(before: float, after: float, digits: int) -> float:
    """Return the change between two counts in percent, rounded by halves up."""
    exact = 100 * (Decimal(str(after)) / Decimal(str(before)) - 1)
    return float(rounded(exact, digits, ROUND_HALF_UP))
