"""The numbers behind a change: of how many a share is, the one level of the time after, decimals that agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evalkit.records import Analysis, Evaluation
from evalkit.report.numbers import decimals_for, number
from evalkit.report.words import is_share

WHOLE = 0.01
"""A share times its whole that is this close to a whole number is the count that the share was made of."""


def of_how_many(evaluation: Evaluation) -> tuple[str, str]:
    """Return the counts behind the shares before and after: `43 of 43` and `11 of 43`; else empty texts.

    Parameters
    ----------
    evaluation : Evaluation
        A share with one value on each side, whose numbers stand in the study file with how many each is of.

    Returns
    -------
    tuple of str
        Before and after. Both are empty where the study file has other data, or where a share is no share of a count.
    """
    primary, data = evaluation.primary, evaluation.study.get("data") or {}
    declared = (evaluation.study.get("outcomes") or {}).get(primary.outcome.id) or {}
    whole = declared.get("exposure")
    points = [point for point in primary.result.path if point.observed is not None]
    if primary.outcome.kind != "proportion" or data.get("source") != "counts" or not whole or len(points) != 2:
        return "", ""
    key = str((data.get("period") or {}).get("column") or "period")
    rows = {str(row.get(key)): row for row in data.get("values") or ()}
    told = [_counted(point.observed or 0.0, rows.get(point.period), str(whole)) for point in points]
    return (told[0], told[1]) if all(told) else ("", "")


def one_level(analysis: Analysis) -> tuple[float, float, float | None, float | None] | None:
    """Return expected, observed and the expected one's bounds after the start, where all periods share them; else None.

    A before and after holds one level for the whole time after; no other design does.
    """
    after = [point for point in analysis.result.path if point.counterfactual is not None]
    every = [(one.counterfactual, one.fitted, one.low, one.high) for one in after]
    levels = {tuple(None if x is None else float(f"{x:.6g}") for x in level) for level in every}
    if len(levels) != 1:
        return None
    expected, fitted, low, high = next(iter(levels))
    return None if expected is None or fitted is None else (expected, fitted, low, high)


def agreeing(primary: Analysis, averages: Mapping[str, Any]) -> tuple[int, str]:
    """Return decimals at which expected and difference make what was observed as printed; else that they are rounded.

    The digits that the larger number deserves come first (of a share in percent: one), then one fewer where the
    difference keeps a figure, then one more.

    Parameters
    ----------
    primary : Analysis
    averages : mapping
        `expected`, `observed` and, where a line was fitted, `fitted`.
    """
    shared = is_share(primary)
    scale = 100.0 if shared else 1.0
    expected, fitted = scale * averages["expected"], scale * (averages.get("fitted") or averages["observed"])
    largest = max(abs(expected), abs(fitted))
    base = 1 if shared else 0 if largest >= 100 else decimals_for(largest)
    if primary.result.absolute is None:
        return base, ""
    difference = scale * primary.result.absolute.value
    if not math.isfinite(expected + fitted + difference):
        return base, ""
    for decimals in (base, base - 1, base + 1):
        if decimals < 0:
            continue
        before, after, moved = (Decimal(f"{x:.{decimals}f}") for x in (expected, fitted, difference))
        kept = bool(moved) and (decimals >= base or abs(moved) >= 5 * Decimal(10) ** -decimals)
        if before + moved == after and kept and bool(after) == bool(fitted):
            return decimals, ""
    return base, "; rounded" if abs(expected + difference - fitted) < 2 * 10.0**-base else ""


def _counted(share: float, row: Mapping[str, Any] | None, whole: str) -> str:
    """Return a share as a count of its whole; empty where there is none."""
    of = (row or {}).get(whole)
    if not isinstance(of, int | float) or abs(share * of - round(share * of)) > WHOLE:
        return ""
    return f"{number(round(share * of), 0)} of {number(of, 0)}"
