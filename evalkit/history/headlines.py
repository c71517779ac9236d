"""The number that a study is quoted by, read from its result, and whether it moved further than is tolerated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evalkit.periods import parse_period
from evalkit.records import Headline
from evalkit.spec.releasing import TOLERANCE

_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


def primary_of(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the primary analysis of a result; None where it has none."""
    return next((analysis for analysis in document["analyses"] if analysis["role"] == "primary"), None)


def headline_of(analysis: Mapping[str, Any]) -> Headline:
    """Return what an analysis of result.json is quoted by: its change in percent, or else its effect."""
    effect, relative = analysis["effect"], analysis.get("relative")
    shown = relative or effect
    value, low, high = (_number(shown[name]) for name in ("value", "low", "high"))
    return Headline(value, low, high, "percent" if relative else effect["unit"], effect["level"], _last(analysis))


def tolerance_of(document: Mapping[str, Any]) -> float:
    """Return by how much the headline of a study may move unremarked, as a share of its standard error."""
    block = document["study"].get("release") or {}
    return float(block.get("tolerance", TOLERANCE))


def beyond(then: Mapping[str, Any], now: Mapping[str, Any], tolerance: float) -> bool:
    """Say whether an effect moved further than tolerated: by the standard error then, or a quarter of the interval.

    One that cannot be set beside the other, since it is on another scale or in another unit, did.
    """
    old, new = then["effect"], now["effect"]
    before, after = _number(old["value"]), _number(new["value"])
    if (old["scale"], old["unit"]) != (new["scale"], new["unit"]) or (before is None) != (after is None):
        return True
    if before is None or after is None or before == after:
        return False
    return abs(after - before) > tolerance * (_spread(old) or 0.0)


def _spread(effect: Mapping[str, Any]) -> float | None:
    if effect["se"]:
        return float(effect["se"])
    low, high = _number(effect["low"]), _number(effect["high"])
    if low is None or high is None or not math.isfinite(high - low):
        return None
    return (high - low) / 4


def _number(value: Any) -> float | None:
    return None if value is None else float(_INFINITE.get(value, value))


def _last(analysis: Mapping[str, Any]) -> str:
    """Return the last period of the data that an analysis shows."""
    periods, frequency = [point["period"] for point in analysis.get("path") or ()], analysis.get("frequency")
    return max(periods, key=lambda period: parse_period(period, frequency), default="") if frequency else ""
