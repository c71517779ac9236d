"""How sure a net benefit is, and what it would be worth to be surer: from draws, or from a normal distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from evalkit.records import Acceptability, Bin

if TYPE_CHECKING:
    import numpy

    from evalkit.appraisal.uncertain_sum import UncertainSum

BINS = 40
TAIL = 0.005
"""Share of the draws on each side that the two end bins of the distribution hold at least."""
STEPS = 40


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


def value_of_information(net: UncertainSum, key: str) -> float | None:
    """Return what it would be worth to know one parameter before deciding; None where it is not drawn.

    Notes
    -----
    ``E_p[max(a + b p, 0)] - max(E[a + b p], 0)`` with ``a + b p`` the expected net benefit given p: exact for a sum
    that is linear in each of its independent parameters, so that no inner simulation is needed.

    References
    ----------
    Briggs, Claxton and Sculpher (2006), Decision Modelling for Health Economic Evaluation, chapter 6.
    """
    drawn = net.parameters[key].draws
    if drawn is None:
        return None
    a, b = net.line(key)
    return value_of_perfect_information(a + b * drawn)


def switching_value(net: UncertainSum, key: str) -> float | None:
    """Return the value of a parameter at which the net benefit is nought, all else as stated; None where there is none.

    Notes
    -----
    ``-a / b``; a value below zero is none, since neither effects that turn round nor negative prices are meant.
    """
    a, b = net.line(key, stated=True)
    if not b or math.isnan(a) or math.isnan(b):
        return None
    value = -a / b
    return value if value >= 0.0 else None


def acceptability(gained: numpy.ndarray, cost: numpy.ndarray | float, top: float) -> tuple[Acceptability, ...]:
    """Return the probability that benefits exceed costs at values of one unit of the outcome from 0 to `top`.

    Parameters
    ----------
    gained : numpy.ndarray, shape (draws,)
        Units of the outcome averted or gained, each weighted by the discount factor of its year.
    cost : numpy.ndarray, shape (draws,), or float
        Present value of costs.
    top : float
        Pounds.

    References
    ----------
    Fenwick, Claxton and Sculpher (2001), Health Economics 10, 779-787, on acceptability curves.
    """
    import numpy

    values = numpy.linspace(0.0, top, STEPS + 1)
    return tuple(Acceptability(float(value), float((value * gained > cost).mean())) for value in values)


def round_up(value: float) -> float:
    """Return the next number of the kind 1, 2 or 5 times a power of ten, for the end of an axis."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= value * (1 - 1e-12))


def distribution(draws: numpy.ndarray) -> tuple[Bin, ...]:
    """Return shares of draws in bins of equal width; the first and the last hold the tails as well."""
    import numpy

    ends = numpy.quantile(draws, [TAIL, 1.0 - TAIL])
    if not ends[1] > ends[0]:
        return (Bin(float(ends[0]), float(ends[1]), 1.0),)
    edges = numpy.linspace(ends[0], ends[1], BINS + 1)
    counts, _ = numpy.histogram(numpy.clip(draws, ends[0], ends[1]), edges)
    shares = counts / draws.size
    return tuple(Bin(float(low), float(high), float(share))
                 for low, high, share in zip(edges[:-1], edges[1:], shares, strict=True))  # fmt: skip


def quotient_interval(top: numpy.ndarray, bottom: numpy.ndarray | float, level: float) -> tuple[float, float]:
    """Return the equal-tailed interval of a quotient over draws; where its bottom is not above zero it is infinite.

    Parameters
    ----------
    top : numpy.ndarray, shape (draws,)
    bottom : numpy.ndarray, shape (draws,), or float
    level : float
    """
    import numpy

    below = numpy.broadcast_to(numpy.asarray(bottom, dtype=float), top.shape)
    values: numpy.ndarray = numpy.full(top.shape, numpy.inf)
    numpy.divide(top, below, out=values, where=below > 0.0)
    # Between two draws of which one is infinite there is nothing to interpolate.
    method: Literal["linear", "inverted_cdf"] = "linear" if numpy.isfinite(values).all() else "inverted_cdf"
    low, high = numpy.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], method=method)
    return float(low), float(high)
