"""Sentences about two printed counts and the percentage beside them."""

from __future__ import annotations

import math

from evalkit.claims.recomputing import decimals_of, follows, rounded_change


def arithmetic(before: float, after: float, percent: float | None) -> str:
    """Say whether the printed percentage follows from the printed counts at the precision it is printed with."""
    counts = f"{as_count(before)} and {as_count(after)}"
    value = sized(100 * (after / before - 1), 1)
    kind = follows(before, after, percent)
    if kind == "no_figure" or percent is None:
        return f"The printed counts ({counts}) give {value}."
    digits = decimals_of(percent)
    if kind == "follows":
        return f"The printed figure follows from the printed counts ({counts})."
    if kind == "other_sign":
        return f"The printed counts ({counts}) give {value}: the printed figure has the other sign."
    if kind == "cut":
        whole = sized(rounded_change(before, after, digits), digits)
        return f"The printed counts ({counts}) give {value}: rounded, that is {whole}, not {sized(percent, digits)}."
    slip, needed = f"The printed figure is an arithmetic slip: {counts} give {value}", needed_count(before, percent)
    if needed == after:
        return f"{slip}, not {sized(percent, digits)}."
    return f"{slip}; {sized(percent, digits)} would need {needed:,} instead of {as_count(after)}."


def needed_count(before: float, percent: float) -> int:
    """Return the count after that a printed percentage would need."""
    return round(before * (1 + percent / 100))


def as_count(count: float) -> str:
    """Return a count with thousands separated."""
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,}"


def sized(percent: float, digits: int) -> str:
    """Return a change in words: `21.2% lower`."""
    return f"{abs(percent):.{digits}f}% {'lower' if percent < 0 else 'higher'}"


def change_words(percent: float) -> str:
    """Return a change with a true minus, whole percents: `−21%`; `no bound` where it is infinite."""
    return f"{'−' if percent < 0 else '+'}{abs(percent):.0f}%" if math.isfinite(percent) else "no bound"
