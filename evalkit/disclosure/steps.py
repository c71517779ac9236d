"""Effects period by period and at pretend dates: each is made of few counts, so differences of them are counts.

On the scale of amounts two pretend dates a period apart differ by the gap of one period, and a gap times the number of
places is a difference of whole numbers: with enough digits both counts follow. So none of it is shown where a count is
hidden, and all of it is coarser than the rounding where counts are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any, TypeVar

from evalkit.disclosure.cells import Counted
from evalkit.disclosure.rule import DisclosureRule
from evalkit.records import EventTime, Placebo, Result

BY_PERIOD = ("dynamic", "calendar")
"""Averages of effects that go period by period."""
WORDS = " Effects period by period and at pretend dates are not shown: they would give hidden counts away."
Row = TypeVar("Row", EventTime, Placebo)
_LABELS = ("time", "p_value", "true")
"""Numbers of a row that are no effect."""


def without_steps(
    result: Result, counted: Counted, rule: DisclosureRule, hidden: Collection[tuple[str, str]]
) -> Result:
    """Return a result whose effects by period give no count away.

    Parameters
    ----------
    result : Result
    counted : Counted
        The events behind the path.
    rule : DisclosureRule
    hidden : collection of (str, str)
        Group and period of every count that is hidden.

    Returns
    -------
    Result
        With a hidden count: without event study, pretend dates and effects of single starts and periods. With counts
        that are rounded: the first two to the step that rounding makes in one period, the last left out.
    """
    rounds = rule.round_to is not None and counted.rounds
    if not hidden and not rounds:
        return result
    averages = {name: value for name, value in (result.aggregations or {}).items() if name not in BY_PERIOD}
    result = replace(result, group_time=(), aggregations=averages or None)
    if hidden:
        others = tuple(each for each in result.placebos if each.kind != "period")
        return replace(result, event_study=(), placebos=others)
    amount, share = _steps(result, counted, rule)
    step = share if result.effect.scale == "log" else amount
    placebos = tuple(_coarse(each, 100.0 * share if "percent" in each.measure else step) if each.kind == "period"
                     else each for each in result.placebos)  # fmt: skip
    return replace(result, event_study=tuple(_coarse(each, step) for each in result.event_study), placebos=placebos)


def dropped(before: Result, after: Result) -> bool:
    """Say whether effects that were there are not shown, so that the page says why."""
    return len(after.event_study) < len(before.event_study) or len(after.placebos) < len(before.placebos)


def _steps(result: Result, counted: Counted, rule: DisclosureRule) -> tuple[float, float]:
    """Return by how much rounding moves the effect of one period at most: in the outcome's unit, and in logarithms."""
    observed = {(point.unit, point.period): point.observed for point in result.path if point.observed}
    known = [(cell.events, observed[key]) for key, cell in counted.cells.items() if cell.events and key in observed]
    if not known or not rule.round_to:
        return 0.0, 0.0
    return (max(rule.round_to * value / events for events, value in known),
            max(math.log1p(rule.round_to / events) for events, _ in known))  # fmt: skip


def _coarse(row: Row, step: float) -> Row:
    """Return a row whose effect, bounds and error are whole multiples of a step."""
    if not step:
        return row
    found: dict[str, Any] = {each.name: getattr(row, each.name) for each in fields(row)}
    moved: dict[str, Any] = {name: round(value / step) * step for name, value in found.items()
                             if isinstance(value, float) and name not in _LABELS and math.isfinite(value)}  # fmt: skip
    return replace(row, **moved)
