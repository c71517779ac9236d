"""Rounding of what is no count itself: levels of a before/after comparison, and that behind what could be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isclose
from typing import Any

from evalkit.diagnostics.words import figure
from evalkit.disclosure.cells import Counted
from evalkit.disclosure.rule import DisclosureRule
from evalkit.records import Analysis, Diagnostic, Estimate, PathPoint, Result

CLOSE = 1e-6
TOTALS = "small_counts"
"""Name of the check that reads the totals of both windows."""


def with_rounded_windows(result: Result, analysis: Analysis, counted: Counted, rule: DisclosureRule) -> Result:
    """Return a before/after result whose levels are made of rounded totals.

    Parameters
    ----------
    result : Result
        As it may be seen but for its levels.
    analysis : Analysis
        As it was computed.
    counted : Counted
    rule : DisclosureRule
        One that rounds.

    Returns
    -------
    Result
        Averages, lines of the path and totals are scaled to rounded totals; the change by unit and period goes, since
        with the change in percent it would give the exact totals. The change in percent and its interval are a ratio
        and stay (rates and results of models are exempt); small totals were withheld before this.
    """
    before, after = (_factor(analysis, counted, rule, side=side) for side in ("before", "after"))
    compared = "comparison" in (result.fit or {})
    path = tuple(_rescaled(point, before, after, compared=compared) for point in result.path)
    checks = tuple(_without_totals(check) if check.name == TOTALS else check for check in result.diagnostics)
    return replace(result, path=path, absolute=None, diagnostics=checks, fit=_fit(result.fit, before, after, rule))


def with_rounded_power(result: Result, counted: Counted, rule: DisclosureRule) -> Result:
    """Return a result whose level before the start, in what the design could find, is made of a rounded total.

    Parameters
    ----------
    result : Result
    counted : Counted
    rule : DisclosureRule
        One that rounds.
    """
    described = (result.power or {}).get("pre_period") or {}
    level, cells = described.get("level"), list(counted.cells.values())
    total = sum(cell.events or 0.0 for cell in cells if cell.before and cell.group == cells[0].group)
    if not level or not total or result.power is None:
        return result
    rounded = level * rule.rounded(total) / total
    power = {**result.power, "pre_period": {**described, "level": rounded}}
    if words := power.get("words"):
        power["words"] = words.replace(f" {level:,.4g} ", f" {rounded:,.4g} ").replace(figure(level), figure(rounded))
    return replace(result, power=power)


def with_rounded_bounds(result: Result, exact: Mapping[str, Any] | None, rule: DisclosureRule) -> Result:
    """Return a result whose bounds are not what was observed itself, to the unit.

    Parameters
    ----------
    result : Result
    exact : mapping or None
        The `fit` as computed, with the exact total and average of what was observed.
    rule : DisclosureRule
        One that rounds.

    Notes
    -----
    Where nothing at all may have been expected, as many as were observed may have been added: that bound is the total.
    """
    total = (exact or {}).get("observed_total")
    average = ((exact or {}).get("averages") or {}).get("observed")
    if not total:
        return result
    factor = rule.rounded(total) / total
    return replace(result, averted=_bounded(result.averted, total, factor),
                   absolute=_bounded(result.absolute, average, factor))  # fmt: skip


def _bounded(estimate: Estimate | None, seen: float | None, factor: float) -> Estimate | None:
    """Return an estimate with the bounds scaled that are as large as what was observed."""
    if estimate is None or not seen:
        return estimate
    ends = (None if end is None else end * factor if isclose(abs(end), seen, rel_tol=CLOSE) else end
            for end in (estimate.low, estimate.high))  # fmt: skip
    low, high = ends
    return replace(estimate, low=low, high=high)


def _factor(analysis: Analysis, counted: Counted, rule: DisclosureRule, *, side: str) -> float:
    """Return the rounded total of a window over the exact one, for the treated places."""
    first = analysis.result.path[0].unit
    keys = {(point.unit, point.period) for point in analysis.result.path if point.unit == first
            and point.fitted is not None and (point.counterfactual is None) is (side == "before")}  # fmt: skip
    total = sum(counted.cells[key].events or 0.0 for key in keys)
    return rule.rounded(total) / total if total else 1.0


def _rescaled(point: PathPoint, before: float, after: float, *, compared: bool) -> PathPoint:
    """Return a point whose lines are at the rounded levels.

    What is carried on is the level before, or, with comparison areas, the level after over the relative change.
    """
    if point.fitted is None:
        return point
    if point.counterfactual is None:
        return replace(point, fitted=point.fitted * before)
    carried = after if compared else before
    lines: dict[str, Any] = {name: None if (value := getattr(point, name)) is None else value * carried
             for name in ("counterfactual", "low", "high")}  # fmt: skip
    return replace(point, fitted=point.fitted * after, **lines)


def _fit(fit: Mapping[str, Any] | None, before: float, after: float, rule: DisclosureRule) -> Mapping[str, Any] | None:
    """Return what stands beside the change with rounded totals in place of exact ones."""
    if fit is None:
        return None
    found = dict(fit)
    if averages := found.get("averages"):
        found["averages"] = {**averages, "before": averages["before"] * before, "after": averages["after"] * after}
    if comparison := found.get("comparison"):
        totals = {name: rule.rounded(total) for name, total in comparison["totals"].items()}
        found["comparison"] = {**comparison, "totals": totals}
    return found


def _without_totals(check: Diagnostic) -> Diagnostic:
    """Return the check of how many events there are with its verdict, and without their numbers."""
    few = "There are few events." if check.verdict == "sign against" else "There are enough events."
    reading = f"{few} Their totals are shown rounded."
    return replace(check, reading=reading, statistic=None)
