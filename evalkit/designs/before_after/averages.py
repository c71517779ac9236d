"""The two averages of a before/after comparison as a page prints them: with their unit and what they are taken over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import has_exposure, named
from evalkit.periods import words_for

if TYPE_CHECKING:
    from evalkit.designs.before_after.halves import Halves

MOST_PER = 1_000_000.0


def averages(rows: Halves, level_before: float, level_after: float, basis: str = "on average") -> dict[str, Any] | None:
    """Return the averages before and after under `averages`, so that their ratio is the change that is printed.

    Parameters
    ----------
    rows : Halves
    level_before, level_after : float
        Means (or medians) of an outcome that is no count.
    basis : str
        What they are, in words that follow the number.

    Returns
    -------
    dict or None
        `before`, `after`; `noun` (what is counted); `unit` (the noun with its denominator, such as `robberies per
        1,000`); `basis` (denominator and time, to stand behind the noun: `a month`, `per 1,000 in an average month`);
        `per` (null where there is no denominator). None where two single periods are set against each other as they
        are: then the path holds the two numbers.

    Notes
    -----
    Counts with exposure: ``per`` x sum of counts / sum of exposure over the rows of a window. Counts without: the sum
    over the number of periods, or over unit-periods where the windows do not hold the same number of units.
    """
    kind, outcome = rows.panel.outcome.kind, rows.panel.outcome
    single = max(rows.periods) == 1
    if kind == "count" and has_exposure(rows.panel):
        return {"averages": _rates(rows, single)}
    if kind == "count" and _units_differ(rows):
        before, after = (float(side["value"].mean()) for side in (rows.before, rows.after))
        return {"averages": _with(before, after, named(outcome), f"a unit and {words_for(rows.panel.frequency)}")}
    if single:
        return None
    if kind == "count":
        before, after = (float(side["value"].sum()) / side["time"].nunique() for side in (rows.before, rows.after))
        return {"averages": _with(before, after, named(outcome), f"a {words_for(rows.panel.frequency)}")}
    return {"averages": _with(level_before, level_after, named(outcome), basis)}


def _rates(rows: Halves, single: bool) -> dict[str, Any]:
    """Return the rates of both windows per so many units of exposure."""
    rates = [float(side["value"].sum() / side["exposure"].sum()) for side in (rows.before, rows.after)]
    per = _readable(rows.panel.outcome.per, rates)
    noun = words_for(rows.panel.frequency)
    found = _with(rates[0] * per, rates[1] * per, named(rows.panel.outcome),
                  f"per {per:,g} in {f'the {noun}' if single else f'an average {noun}'}")  # fmt: skip
    return found | {"unit": f"{found['noun']} per {per:,g}", "per": per}


def _readable(per: float, rates: list[float]) -> float:
    """Return the outcome's own `per`; where none was chosen, the power of ten that brings rates to 1 or more."""
    lowest = min((rate for rate in rates if rate > 0.0), default=1.0)
    return per if per != 1.0 or lowest >= 1.0 else min(10.0 ** math.ceil(-math.log10(lowest)), MOST_PER)


def _units_differ(rows: Halves) -> bool:
    """Return whether the windows hold different numbers of units, so that totals by period cannot be compared."""
    before, after = (len(side) / side["time"].nunique() for side in (rows.before, rows.after))
    return before != after


def _with(before: float, after: float, noun: str, basis: str) -> dict[str, Any]:
    return {"before": before, "after": after, "noun": noun, "unit": noun, "basis": basis, "per": None}
