"""How numbers are written for a reader: a true minus sign, thousands commas, few digits."""

from __future__ import annotations

import math
from collections.abc import Callable

MINUS = "\u2212"
UNKNOWN = "not known"
WITHOUT_LIMIT = "no limit"

Writer = Callable[[float | None], str]


class Shown(str):
    """A text as a reader sees it, and the numbers behind it as a spreadsheet reads them.

    Attributes
    ----------
    numbers : tuple of float or None
        One for an estimate, two for an interval, three for an estimate with its interval; None where there is none.
    unit : str
        Of the numbers, where it differs from row to row.
    """

    __slots__ = ("numbers", "unit")
    numbers: tuple[float | None, ...]
    unit: str

    def __new__(cls, text: str, *numbers: float | None, unit: str = "") -> Shown:
        """Return the text with its numbers."""
        shown = super().__new__(cls, text)
        shown.numbers, shown.unit = numbers, unit
        return shown


def count(x: float | None) -> str:
    """Return a whole number with thousands commas: 1,204; −37; `not known` for None; `no limit` for infinity."""
    return _written(x, 0)


def number(x: float | None, decimals: int | None = None) -> str:
    """Return a number with the digits that its size deserves: 1,204; 85.3; 4.37; 0.031; whole numbers stay whole.

    Parameters
    ----------
    x : float or None
    decimals : int, optional
        Fixed number of decimals. Left out, about three figures are kept and thousands are never cut.
    """
    if decimals is None:
        decimals = 0 if x is None or not math.isfinite(x) or x == int(x) else decimals_for(abs(x))
    return _written(x, decimals)


def signed(x: float | None, decimals: int = 0) -> str:
    """Return a difference with its sign: +8, −15, 0."""
    text = _written(x, decimals)
    return f"+{text}" if x is not None and 0 < x < math.inf and text.strip("0.,") else text


MOST_PERCENT = 1_000.0
"""A bound in percent beyond it says that there is none that helps."""


def bounded(x: float | None, decimals: int = 0) -> str:
    """Return a bound of a change in percent with its sign; one of thousands of percent is `over +1,000`."""
    if x is not None and MOST_PERCENT < x < math.inf:
        return f"over {signed(MOST_PERCENT)}"
    return signed(x, decimals)


def percent(x: float | None, decimals: int = 0) -> str:
    """Return a percentage given as a number of percent: 15%, −15%."""
    return _with_sign(_written(x, decimals), x)


def signed_percent(x: float | None, decimals: int = 0) -> str:
    """Return a change in percent with its sign: +8%, −15%, 0%."""
    return _with_sign(signed(x, decimals), x)


def interval_text(low: float | None, high: float | None, write: Writer = signed) -> str:
    """Return an interval in words: `−70 to −4`; `−70 or more`; `−4 or less`; `no limits`; `interval not known`.

    Parameters
    ----------
    low, high : float or None
        Bounds, in any order of the same unit; infinite bounds have words of their own.
    write : function
        How one bound is written: `signed` (default), `percent`, `count`, `number`, `pounds` ...

    Returns
    -------
    str
        One bound of None, which means that no such bound was derived, is said to be not known.
    """
    if _not_a_number(low) or _not_a_number(high) or (None in (low, high) and not _any_finite(low, high)):
        return "interval not known"
    below = low is not None and math.isinf(low)
    above = high is not None and math.isinf(high)
    if below and above:
        return "no limits"
    if above:
        return f"{write(low)} or more"
    return f"{write(high)} or less" if below else f"{write(low)} to {write(high)}"


def estimate_text(value: float | None, low: float | None, high: float | None) -> str:
    """Return a change in percent and its interval: `−46% (−70 to −4)`."""
    return f"{signed_percent(value)} ({interval_text(low, high)})"


def pounds(x: float | None) -> str:
    """Return money: £1.6bn, £385m, £3.4m, £295,069, £1,204, £4.50, −£12m."""
    if x is None or not math.isfinite(x):
        return _written(x, 0)
    size = abs(x)
    if size >= 999_500_000:
        text = _trimmed(size / 1e9, 1 if size < 99.95e9 else 0) + "bn"
    elif size >= 999_500:
        text = _trimmed(size / 1e6, 1 if size < 9.95e6 else 0) + "m"
    else:
        text = f"{size:,.2f}" if size < 10 and size != int(size) else f"{size:,.0f}"
    return f"{MINUS}£{text}" if x < 0 and text.strip("0.") else f"£{text}"


def _written(x: float | None, decimals: int) -> str:
    """Return a number at so many decimals, never as minus zero."""
    if x is None or math.isnan(x):
        return UNKNOWN
    if math.isinf(x):
        return WITHOUT_LIMIT
    text = f"{x:,.{decimals}f}"
    if text.startswith("-"):
        return f"{MINUS}{text[1:]}" if text.strip("-0.,") else text[1:]
    return text


def _with_sign(text: str, x: float | None) -> str:
    return text if x is None or not math.isfinite(x) else f"{text}%"


def _trimmed(size: float, decimals: int) -> str:
    text = f"{size:,.{decimals}f}"
    return text.removesuffix(".0")


def decimals_for(size: float) -> int:
    """Return how many decimals keep about three figures; none from 100 upwards."""
    return max(0, min(6, 2 - math.floor(math.log10(size)))) if size > 0 else 0


def _not_a_number(x: float | None) -> bool:
    return x is not None and math.isnan(x)


def _any_finite(*bounds: float | None) -> bool:
    return any(bound is not None and math.isfinite(bound) for bound in bounds)
