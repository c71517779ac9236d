"""How sure a net benefit is: from draws, or from a normal distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy


def probability_positive(draws: numpy.ndarray) -> float:
    """Return the share of draws of the net benefit that lie above zero."""
    return float((draws > 0).mean())


def value_of_perfect_information(draws: numpy.ndarray) -> float:
    """Return what it would be worth to know the net benefit before deciding, from its draws.

    Notes
    -----
    ``E[max(net, 0)] - max(E[net], 0)``: with perfect information a programme that loses is not run.
    """
    return float(draws.clip(min=0).mean() - max(float(draws.mean()), 0.0))


def normal_probability_positive(mean: float, sd: float) -> float:
    """Return the probability that a normal net benefit lies above zero."""
    return 0.5 * math.erfc(-mean / sd / math.sqrt(2))


def normal_value_of_perfect_information(mean: float, sd: float) -> float:
    """Return what perfect information is worth when the net benefit is normal.

    Notes
    -----
    ``sd phi(z) - |mean| Phi(-|z|)`` with ``z = mean / sd``.
    """
    z = abs(mean) / sd
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return sd * density - abs(mean) * 0.5 * math.erfc(z / math.sqrt(2))
