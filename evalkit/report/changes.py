"""Changes that stand beside the headline, as tables, sentences and charts need them: one way to read and write them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evalkit.records import Analysis
from evalkit.report.cautions import inside
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown
from evalkit.report.result_tables import written
from evalkit.report.words import interval_label, interval_words, phrase

LOG_RATIO = "log ratio"
MOST_LOG = 500.0
"""Above this a log ratio has no percentage that a computer can hold."""


def as_change(value: float, low: float | None, high: float | None, unit: str, level: float = 0.95) -> Change:
    """Return a number of a record as a change: its bounds in order, or none where one is missing.

    Parameters
    ----------
    value, low, high : float or None
        In percent where `unit` says so, otherwise in the outcome's unit.
    unit : str
        `percent` marks a percentage; a `log ratio` is read as one.
    level : float
        Confidence level of the bounds.
    """
    if unit.strip().casefold() == LOG_RATIO:
        return as_change(to_percent(value), _known_percent(low), _known_percent(high), "percent", level)
    percent = is_percent(unit)
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return Change(value, None, None, percent, level)
    return Change(value, min(low, high), max(low, high), percent, level)


def on_headline_scale(analysis: Analysis, value: float, low: float | None = None, high: float | None = None) -> Change:
    """Return a number on the scale of the headline as a change: log ratios in percent, others in the outcome's unit.

    Parameters
    ----------
    analysis : Analysis
    value, low, high : float or None
        As the model estimates them.
    """
    effect = analysis.result.effect
    if effect.scale == "log":
        return as_change(value, low, high, LOG_RATIO, effect.level)
    return as_change(value, low, high, "", effect.level)


def to_percent(ratio: float) -> float:
    """Return a log ratio as a change in percent; infinite where it is too large to be told."""
    return 100 * math.expm1(ratio) if ratio < MOST_LOG else math.inf


def _known_percent(ratio: float | None) -> float | None:
    return None if ratio is None else to_percent(ratio)


def unit_of(analysis: Analysis) -> str:
    """Return what changes on the scale of the headline are in, as it stands in a heading; empty when unknown."""
    effect = analysis.result.effect
    return "%" if effect.scale == "log" else inside(effect.unit or analysis.outcome.unit)


def is_percent(unit: str) -> bool:
    """Say whether a record's unit or measure is a percentage; an outcome in percent has points, and longer words."""
    return unit.strip().casefold() == "percent"


def change_cell(change: Change, unit: str = "") -> Shown:
    """Return a change with its interval in one cell: `−21.1% (−29.5 to −11.7)`; a spreadsheet gets three numbers."""
    value, interval = written(change, unit="" if change.percent else inside(unit))
    bounds = interval if change.low is not None else "no interval"
    return Shown(f"{value} ({bounds})", change.value, change.low, change.high,
                 unit="percent" if change.percent else inside(unit))  # fmt: skip


def change_words(change: Change, kind: str, than: str = "") -> str:
    """Return a change with its interval in words: `15% fewer than expected (95% interval: 8% to 21% fewer)`."""
    words = phrase(change.value, change, kind) + (than if change.value else "")
    bounds = "no interval"
    if change.low is not None:
        bounds = f"{interval_label(change.level)}: {interval_words(change, kind)}"
    return f"{words} ({bounds})"


def level_of(analysis: Analysis) -> float:
    """Return the confidence level of an analysis's intervals."""
    return analysis.result.effect.level


def joined(texts: Iterable[str]) -> str:
    """Return texts as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    found = list(texts)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""
