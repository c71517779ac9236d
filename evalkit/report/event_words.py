"""What an event study can tell before the start and what it cannot: its title, sentences and the power of its test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.periods import words_for
from evalkit.records import Analysis, EventTime
from evalkit.report.changes import on_headline_scale
from evalkit.report.event_chart import read_events
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, number, percent
from evalkit.report.result_tables import written
from evalkit.report.scales import is_finite
from evalkit.report.tables import Column, Table
from evalkit.report.words import amount

CHECK = "pre_period_leads"
"""Name of the check that judges all periods before the start together."""
LIMIT = ("Earlier periods can speak against the assumption that both groups would have changed alike. They cannot show "
         "that they would: a drift may begin with the programme, or be too small to be seen.")  # fmt: skip
FOUR_IN_FIVE = 0.8


BINNED = ("two_way_fixed_effects", "event_study")
"""Estimators whose first and last estimate by time since the start take in all periods beyond."""


def events_message(analysis: Analysis) -> str:
    """Return the message of the chart: how many differences stand out before the start, and from it on."""
    before, after = _sides(analysis)
    known = [point for point in before if _bounded(point)]
    later = [point for point in after if _bounded(point)]
    if not known:
        return "The difference by time since the start"
    out, still = (sum(map(_apart, points)) for points in (known, later))
    told = f"Before the start, {number(out, 0)} of {number(len(known), 0)} intervals are clear of no difference"
    if not later:
        return told
    when = "from the start on"
    if _beyond(analysis) and not _binned(analysis):
        when = f"in the first {number(len(after), 0)} {words_for(analysis.frequency, len(after))} from it on"
    return f"{told}; {when}, {number(still, 0)} of {number(len(later), 0)}"


def events_sentences(analysis: Analysis) -> list[str]:
    """Return the earlier periods judged together, what a test of them could have found, and what they cannot tell."""
    if not analysis.result.event_study:
        return []
    before, after = _sides(analysis)
    check = next((check for check in analysis.result.diagnostics if check.name == CHECK), None)
    sentences = []
    if check is not None and before:
        told = "The earlier periods together" if check.verdict != "not run" else "The earlier periods were not tested"
        sentences.append(f"{told}: {check.reading[:1].lower()}{check.reading[1:]}"
                         if check.reading[1:2].islower() else f"{told}: {check.reading}")  # fmt: skip
    if not any(map(_bounded, (*before, *after))):
        sentences.append("No interval is known for single periods, so the marks show where the estimate comes from and "
                         "not how sure each is.")  # fmt: skip
    return [*sentences, _edges(analysis), *_power_sentences(analysis), LIMIT if before else ""]


def _beyond(analysis: Analysis) -> bool:
    """Say whether there are later periods than those that the chart shows one by one."""
    last = max((point.time for point in read_events(analysis).points), default=0)
    return last >= 0 and last + 1 < analysis.result.n_post_periods


def _binned(analysis: Analysis) -> bool:
    """Say whether the first and the last estimate stand for all periods beyond them too, as in a regression."""
    return str((analysis.result.estimator or {}).get("name") or analysis.design.get("estimator")) in BINNED


def _edges(analysis: Analysis) -> str:
    """Return what the first and the last mark stand for, where there are periods beyond them."""
    if not _beyond(analysis):
        return ""
    if _binned(analysis):
        return "The first and the last mark stand for all periods beyond them as well."
    return "Each mark stands for one period alone. Later periods are in the average, and have no mark here."


def pretest_table(analysis: Analysis) -> Table | None:
    """Return the drifts that a test of the earlier periods finds, and what they do to the effect; None without them."""
    powers = (analysis.result.pretest_power or {}).get("powers") or []
    if not powers:
        return None
    noun = words_for(analysis.frequency)
    rows = [(Shown(percent(100 * one["power"], 0), one["power"]), _size(analysis, one["slope"]),
             _size(analysis, one["bias"]), _size(analysis, one["bias_not_rejected"])) for one in powers]  # fmt: skip
    columns = [Column("How often the test finds it"), Column(f"Drift a {noun}", "number"),
               Column("What it does to the average effect", "number"),
               Column("The same where the test misses it", "number")]  # fmt: skip
    rule = str((analysis.result.pretest_power or {}).get("rule") or "")
    note = f"The test {rule}. Without any effect of the programme; a drift the other way does the opposite."
    return Table("tbl-pretest", "What a test of the earlier periods could have found", columns, rows, cards=True,
                 note=note if rule else "")  # fmt: skip


def _power_sentences(analysis: Analysis) -> list[str]:
    """Return what drift the test finds four times in five, and what that drift does to the effect."""
    powers = (analysis.result.pretest_power or {}).get("powers") or []
    found: Mapping[str, Any] | None = next(
        (one for one in powers if abs(one["power"] - FOUR_IN_FIVE) < 0.01), powers[-1] if powers else None
    )
    if found is None:
        return []
    drift, bias, missed = (_amount(analysis, found[key]) for key in ("slope", "bias", "bias_not_rejected"))
    often = "four times in five" if abs(found["power"] - FOUR_IN_FIVE) < 0.01 else (
        f"{percent(100 * found['power'], 0)} of the time")  # fmt: skip
    return [f"A test of them finds a steady drift of {drift} a {words_for(analysis.frequency)} {often}. Such a drift "
            f"alone, with no effect at all, would give an average difference of {bias}, and of {missed} in the studies "
            "whose test misses it."]  # fmt: skip


def _sides(analysis: Analysis) -> tuple[list[EventTime], list[EventTime]]:
    """Return the points before the start, without the period compared with, and those from it on."""
    events = read_events(analysis)
    before = [point for point in events.points if point.time < 0 and point.time != events.reference]
    return before, [point for point in events.points if point.time >= 0]


def _bounded(point: EventTime) -> bool:
    return is_finite(point.low) and is_finite(point.high)


def _apart(point: EventTime) -> bool:
    return _bounded(point) and not (point.low or 0.0) <= 0.0 <= (point.high or 0.0)


def _size(analysis: Analysis, value: float) -> Shown:
    return written(on_headline_scale(analysis, value))[0]


def _amount(analysis: Analysis, value: float) -> str:
    """Return a drift or a difference without its sign, in percent with one decimal."""
    change = on_headline_scale(analysis, value)
    if change.percent:
        return percent(abs(change.value), 1)
    return amount(change.value, Change(change.value, None, None, False, change.level))
