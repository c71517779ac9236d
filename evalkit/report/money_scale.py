"""Money as it stands on an axis, and probabilities as they stand in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evalkit.report.numbers import MINUS, Shown, Writer, interval_text, number, percent, pounds
from evalkit.report.scales import finite

UNITS = ((1e9, "bn"), (1e6, "m"))
"""From so many pounds on, ticks are in billions or millions."""


def money_ticks(low: float, high: float, step: float) -> Writer:
    """Return how the ticks of an axis of pounds are written: all in one unit, with the decimals of their distance.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    step : float
        Distance between two ticks.
    """
    largest = max(abs(low), abs(high))
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


def spoken(x: float | None) -> str:
    """Return pounds as a sentence says them, with three figures: £207,000; £1.5m; £4.50. Tables have them in full."""
    if x is None or not math.isfinite(x) or abs(x) < 1_000:
        return pounds(x)
    step = 10.0 ** (math.floor(math.log10(abs(x))) - 2)
    return pounds(round(x / step) * step)


def money(x: float | None) -> Shown:
    """Return pounds with the number behind them."""
    return Shown(pounds(x), x)


def money_range(low: float | None, high: float | None, *, small: Writer = pounds) -> Shown:
    """Return an interval in pounds; `no interval` where there is none. `small` writes ends below a million."""
    none = low is None and high is None
    return Shown("no interval" if none else interval_text(low, high, _of_one_size(low, high, small)), low, high)


def beside_range(value: float | None, low: float | None, high: float | None, small: Writer = pounds) -> str:
    """Return an amount as the ends of its range beside it are written, so that it never seems known more closely."""
    return small(value) if low is None and high is None else _of_one_size(low, high, small)(value)


def exactly(x: float) -> str:
    """Return a number that is taken as exact, without noughts that would look like figures: 0.004; 0.95; 420."""
    text = number(x)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_one_size(low: float | None, high: float | None, small: Writer = pounds) -> Writer:
    """Return how both ends of a range are written: in one unit, with the decimals that tell them well apart."""
    ends = finite((low, high))
    largest = max((abs(end) for end in ends), default=0.0)
    size, name = next(((size, name) for size, name in UNITS if largest >= 0.9995 * size), (1.0, ""))
    if not name:
        return small
    span = (max(ends) - min(ends)) / size if len(ends) > 1 else 1.0
    decimals = 1 if span >= 0.95 or not span > 0.0 else min(3, math.ceil(-math.log10(span)) + 1)

    def write(x: float | None) -> str:
        if x is None or not math.isfinite(x):
            return number(x)
        written = number(abs(x) / size, decimals)
        zero = not written.strip("0.,")
        bare = written.rstrip("0").rstrip(".") if "." in written else written
        return "£0" if zero else f"{MINUS if x < 0 else ''}£{bare}{name}"

    return write


def whole(x: float | None) -> Shown:
    """Return pounds in full, for accounts that a reader adds up: £1,036,482."""
    known = x is not None and math.isfinite(x)
    sign = MINUS if known and x is not None and round(x) < 0 else ""
    return Shown(f"{sign}£{number(abs(x), 0)}" if known and x is not None else pounds(x), x)


def with_range(value: float | None, low: float | None, high: float | None) -> str:
    """Return an amount and its interval: `£278,000 (−£142,000 to £690,000)`."""
    if low is None and high is None:
        return pounds(value)
    return f"{beside_range(value, low, high)} ({money_range(low, high)})"


def pounds_and_pence(x: float | None) -> str:
    """Return pounds and pence: £1.67; below a penny with one figure: £0.004, and `under £0.001` beyond."""
    size = None if x is None else abs(x)
    decimals = 2
    if size is not None and 0.0 < size < 0.00995:
        if size < 0.0005:
            return f"under {MINUS}£0.001" if x is not None and x < 0 else "under £0.001"
        decimals = 3
    return f"{MINUS if x is not None and x < 0 else ''}£{number(size, decimals)}"


AS_CERTAIN = (0.01, 0.99)
"""Beyond these a probability is told as under or over, never as a number."""


def chance(probability: float) -> str:
    """Return a probability in percent, never as certain: `90%`, `under 1%`, `over 99%`."""
    if probability < AS_CERTAIN[0]:
        return "under 1%"
    return "over 99%" if probability > AS_CERTAIN[1] else percent(100 * probability, 0)
