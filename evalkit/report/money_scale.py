"""Money as it stands on an axis, and probabilities as they stand in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evalkit.report.numbers import MINUS, Shown, Writer, interval_text, number, percent, pounds
from evalkit.report.scales import finite, step_for

UNITS = ((1e9, "bn"), (1e6, "m"))
"""From so many pounds on, ticks are in billions or millions."""


def money_ticks(low: float, high: float, about: int) -> Writer:
    """Return how the ticks of an axis of pounds are written: all in one unit, with the decimals of their distance.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    about : int
        About how many ticks it has.
    """
    largest, step = max(abs(low), abs(high)), step_for(high - low, about)
    size, name = next(((size, name) for size, name in UNITS if largest >= size), (1.0, ""))
    decimals = max(0, -math.floor(math.log10(step / size) + 1e-9))

    def write(x: float | None) -> str:
        if x is None or abs(x) < step / 2:
            return "£0"
        return f"{MINUS if x < 0 else ''}£{number(abs(x) / size, decimals)}{name}"

    return write


def padded(values: Iterable[float | None], share: float = 0.03) -> tuple[float, float]:
    """Return the ends of an axis that holds zero and every value, with some room beside them."""
    shown = [0.0, *finite(values)]
    low, high = min(shown), max(shown)
    room = share * ((high - low) or 1.0)
    return (low - room if low < 0 else 0.0), high + room


def money(x: float | None) -> Shown:
    """Return pounds with the number behind them."""
    return Shown(pounds(x), x)


def money_range(low: float | None, high: float | None) -> Shown:
    """Return an interval in pounds; `no interval` where there is none."""
    none = low is None and high is None
    return Shown("no interval" if none else interval_text(low, high, pounds), low, high)


def with_range(value: float | None, low: float | None, high: float | None) -> str:
    """Return an amount and its interval: `£278,000 (−£142,000 to £690,000)`."""
    return pounds(value) if low is None and high is None else f"{pounds(value)} ({money_range(low, high)})"


def pounds_and_pence(x: float | None) -> str:
    """Return pounds and pence: £1.67."""
    return f"{MINUS if x is not None and x < 0 else ''}£{number(None if x is None else abs(x), 2)}"


def chance(probability: float) -> str:
    """Return a probability in percent, never as certain: `90%`, `under 1%`, `over 99%`."""
    if probability < 0.01:
        return "under 1%"
    return "over 99%" if probability > 0.99 else percent(100 * probability, 0)
