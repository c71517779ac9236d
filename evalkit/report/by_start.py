"""The effect by when places started and by calendar period: charts, other averages, every cohort and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.periods import parse_period, words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report import windows
from evalkit.report.changes import change_cell, on_headline_scale, unit_of
from evalkit.report.dated_chart import Dot, Dots, describe_dots, draw_dots
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, bounded, interval_text
from evalkit.report.result_tables import written
from evalkit.report.row_chart import Row, Rows, describe_rows, draw_rows
from evalkit.report.tables import Column, Table
from evalkit.report.words import interval_label, label_of, less_more

AVERAGES = {
    "simple": "All treated places and periods alike",
    "group": "By start first, then over starts",
    "dynamic": "By time since the start first, then over times",
    "calendar": "By calendar period first, then over periods",
}
"""What each way to average counts alike, in the order of the table."""
NO_CELL_INTERVAL = ("No row has an interval: too few places are behind each. They show where the estimate comes from, "
                    "not how sure any of them is.")  # fmt: skip
FEWEST = 2
"""With fewer starts or periods there is nothing to compare."""


def starts_figure(evaluation: Evaluation) -> Figure | None:
    """Return the average effect by first treated period, a row each; None where the result holds fewer than two."""
    primary = evaluation.primary
    by = _by(primary, "group")
    if len(by) < FEWEST:
        return None
    changes = [_change(primary, one) for one in by]
    labels = [f"Started in {windows.describe(str(one['label']), primary.frequency)}" for one in by]
    rows = Rows((*(_row(*pair) for pair in zip(labels, changes, strict=True)), _headline(primary)),
                changes[0].percent, changes[0].level, unit_of(primary), "Places that")  # fmt: skip
    less, more = less_more(primary.outcome.kind)
    together = "In order of their start. Diamond: all places together, as in the headline"
    table = (("Places", f"Change{_in(primary)}", *_bound_heads(changes, by)),
             *(_cells(primary, label, one, by) for label, one in zip(labels, by, strict=True)))  # fmt: skip
    return assembled(
        "starts", _ran("By when places started, the change", changes),
        sentences(together, *rows.notes(lines_named=False)), source_words(evaluation, primary),
        f"{label_of(primary)}: change by when places started", described(describe_rows(rows), primary.simulated), table,
        lambda size: draw_rows(rows, (f"{less.capitalize()} than expected", more.capitalize()), size,
                               simulated=primary.simulated),
    )  # fmt: skip


def calendar_figure(evaluation: Evaluation) -> Figure | None:
    """Return the average effect by calendar period, over the places treated by then; None with fewer than two."""
    primary = evaluation.primary
    by = _by(primary, "calendar")
    try:
        dots = tuple(Dot(parse_period(str(one["label"]), primary.frequency),
                         windows.describe(str(one["label"]), primary.frequency), _change(primary, one), False)
                     for one in by)  # fmt: skip
    except EvalkitError:
        return None
    if len(dots) < FEWEST:
        return None
    drawn = Dots(dots, primary.frequency, "percent" if dots[0].change.percent else unit_of(primary), ("Period", ""))
    noun = words_for(primary.frequency)
    table = ((noun.capitalize(), f"Change{_in(primary)}", *_bound_heads(drawn.changes, by)),
             *(_cells(primary, dot.label, one, by) for dot, one in zip(dots, by, strict=True)))  # fmt: skip
    return assembled(
        "calendar", _ran(f"By calendar {noun}, the change", drawn.changes),
        sentences(f"Average over the places that had started by that {noun}, against what was expected of them",
                  *drawn.notes()),
        source_words(evaluation, primary), f"{label_of(primary)}: change by calendar {noun}",
        described(describe_dots(drawn), primary.simulated), table,
        lambda size: draw_dots(drawn, size, simulated=primary.simulated),
    )  # fmt: skip


def averages_table(analysis: Analysis) -> Table | None:
    """Return the overall effect by each way to average; None where the result has no such averages."""
    known = analysis.result.aggregations or {}
    rows = [(words, change_cell(_change(analysis, known[kind]["overall"]))) for kind, words in AVERAGES.items()
            if (known.get(kind) or {}).get("overall")]  # fmt: skip
    if len(rows) < FEWEST:
        return None
    note = f"The first one is the headline. In brackets: {_level(analysis)}."
    return Table("tbl-averages", "The same effects, averaged in other ways",
                 [Column("What counts alike"), Column(f"Change{_in(analysis)}", "number")], rows, main=0, cards=True,
                 note=note)  # fmt: skip


def group_time_table(analysis: Analysis) -> Table | None:
    """Return the effect in each group of places that start together, in each period; None without them."""
    cells = analysis.result.group_time
    if not cells:
        return None
    known = any(cell.low is not None for cell in cells)
    rows = []
    for cell in cells:
        start, period = (windows.describe(label, analysis.frequency) for label in (cell.group, cell.period))
        earlier = _earlier(cell.period, cell.group, analysis.frequency)
        change = on_headline_scale(analysis, cell.value, cell.low, cell.high)
        if earlier and cell.value == 0 and cell.low is None:  # the period that the others are held against
            side, size = "before: the one compared with", Shown("0, by definition", cell.value, None, None)
        else:
            side = "before" if earlier else "from it on"
            size = change_cell(change) if known else Shown(written(change)[0], change.value, None, None)
        rows.append((start, period, side, size))
    ends = f"In brackets: {_level(analysis)}, for each alone." if known else NO_CELL_INTERVAL
    return Table("tbl-group-time", "The effect by start and by period",
                 [Column("Places that started in"), Column("Period"), Column("Side of the start"),
                  Column(f"Change{_in(analysis)}", "number")], rows, cards=known,
                 note=f"Before the start there is no effect to find: such rows are a check. {ends}")  # fmt: skip


def by_start_sentences(analysis: Analysis) -> list[str]:
    """Return what the averages by start and by period are, and what a difference between them may mean."""
    if len(_by(analysis, "group")) < FEWEST:
        return []
    return ["Places started at different times. The headline is the average over all treated places and periods; the "
            "effect may differ between those that started early and late, or by how long they have had it.",
            "Groups of fewer than six places have no interval: theirs would be far too narrow. Differences among them "
            "may be chance."]  # fmt: skip


def _by(analysis: Analysis, kind: str) -> Sequence[Mapping[str, Any]]:
    return ((analysis.result.aggregations or {}).get(kind) or {}).get("by") or ()


def _change(analysis: Analysis, one: Mapping[str, Any]) -> Change:
    return on_headline_scale(analysis, one["value"], one.get("low"), one.get("high"))


def _row(label: str, change: Change) -> Row:
    value, interval = written(change)
    words = f"{value} ({interval if change.low is not None else 'no interval'})"
    return Row(label, "ring", False, change.value, change.low, change.high, words)


def _headline(analysis: Analysis) -> Row:
    effect = analysis.result.effect
    change = on_headline_scale(analysis, effect.value, effect.low, effect.high)
    row = _row("All places together", change)
    return Row(row.label, "diamond", True, row.value, row.low, row.high, row.words)


def _bound_heads(changes: Sequence[Change], by: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    name = interval_label(changes[0].level).capitalize()
    return (f"{name}, each alone", f"{name}, all together") if _together(by) else (f"{name}, each alone",)


def _together(by: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether any row has simultaneous bounds; a start of one unit has none beside others that have them."""
    return any(one.get("simultaneous_low") is not None for one in by)


def _cells(analysis: Analysis, label: str, one: Mapping[str, Any], by: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return a row of the table behind a chart: value, pointwise bounds and, where any row has them, simultaneous."""
    alone, unknown = _change(analysis, one), Shown("not known", None, None)
    value, interval = written(alone)
    row = (label, value, interval if alone.low is not None else unknown)
    if not _together(by):
        return row
    if one.get("simultaneous_low") is None:
        return (*row, unknown)
    both = on_headline_scale(analysis, one["value"], one["simultaneous_low"], one["simultaneous_high"])
    return (*row, Shown(interval_text(both.low, both.high, _bound(both)), both.low, both.high))


def _bound(change: Change) -> Any:
    if change.percent:
        return lambda x: bounded(x, 1)
    return lambda x: written(Change(x, None, None, False, change.level))[0]


def _ran(what: str, changes: Sequence[Change]) -> str:
    """Return between which ends the changes lie; without numbers where some have no interval to be read beside."""
    if any(change.low is None or change.high is None for change in changes):
        return f"{what} (without an interval where fewer than six places are behind it)"
    least, most = (end(changes, key=lambda change: change.value) for end in (min, max))
    first, last = written(least, decimals=0)[0], written(most, decimals=0)[0]
    return f"{what} is {first}" if first == last else f"{what} runs from {first} to {last}"


def _earlier(period: str, start: str, frequency: str) -> bool:
    try:
        return parse_period(period, frequency) < parse_period(start, frequency)
    except EvalkitError:
        return False


def _in(analysis: Analysis) -> str:
    unit = unit_of(analysis)
    return f", {unit}" if unit and unit != "%" else ""


def _level(analysis: Analysis) -> str:
    return interval_label(analysis.result.effect.level)
