"""Numbers as a reader says them: changes in percent, differences with their unit, intervals."""

from __future__ import annotations

import math

from evalkit.records import Scale, Verdict

MATTERS = 0.25
"""A departure before the start of this share of the effect matters: the answer would be so far off if it went on.

One rule for every check of the path before, whether it looks at gaps between places or at the bend of a line: such a
departure is a sign against where it is seen, and the check is too weak to tell where it is not ruled out.
"""
SHARE = "share of 1"
"""Unit of an outcome between 0 and 1 that has none of its own; differences are said in percentage points."""


def figure(value: float) -> str:
    """Return a number with about three figures and thousands separated: 1,322, 37.2, 0.075."""
    if not math.isfinite(value):
        return "no limit" if value > 0 else "no lower limit"
    if value == 0.0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(decimals, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def change(value: float, scale: Scale, unit: str = "") -> str:
    """Return a change in words: `21% lower` on the log scale, `3.1 robberies higher` on the identity scale."""
    size, direction = _size(value, scale, unit), "higher" if value > 0 else "lower"
    return "no different" if value == 0.0 else f"{size} {direction}"


def change_between(low: float, high: float, scale: Scale, unit: str = "") -> str:
    """Return an interval of changes in words: `from 30% lower to 12% lower`."""
    return f"from {change(low, scale, unit)} to {change(high, scale, unit)}"


def judged(against: bool, weak: bool = False) -> Verdict:
    """Return the verdict of a check: against; else too weak to tell, where what would matter is not ruled out."""
    return "sign against" if against else "too weak to tell" if weak else "no sign against"


def reaches(low: float | None, high: float | None, size: float) -> bool:
    """Return whether an interval holds values as large as `size`, in either direction; one without bounds does."""
    return low is None or high is None or max(abs(low), abs(high)) >= abs(size)


def left_open(what: str, weak: bool) -> str:
    """Return whether departures that matter are among those that the data cannot rule out, as a sentence to go on with.

    `what`: what departs, in the singular: a gap, a bend.
    """
    if weak:
        return f" That is too weak to tell: a {what} that matters, of a quarter of the effect or more, is among them."
    return f" {what.capitalize()}s that matter, of a quarter of the effect or more, are not among them."


def several(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: `1 unit`, `3 units`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: list[str], most: int = 8) -> str:
    """Return names with commas and `and`, the rest counted; empty text for none."""
    shown = names[:most] + ([f"{len(names) - most} more"] if len(names) > most else [])
    return "".join(shown) if len(shown) < 2 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _size(value: float, scale: Scale, unit: str) -> str:
    """Return the size of a change without its direction."""
    if scale == "identity" and unit == SHARE:
        return f"{figure(100.0 * abs(value))} percentage points"
    if scale == "identity":
        return f"{figure(abs(value))} {unit}".strip()
    percent = 100.0 * abs(math.expm1(value)) if value < 700 else math.inf
    return f"{percent:.1f}%" if percent < 10 else f"{figure(percent) if percent >= 1000 else f'{percent:.0f}'}%"
