"""How large the change was soon after the start and later: sentences and a table, from the horizons of a result."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation, Horizon
from evalkit.report import windows
from evalkit.report.changes import as_change, change_cell, change_words, level_of
from evalkit.report.cumulative_chart import counted_noun, more_is_better, totals_words
from evalkit.report.ladder import Change, change_of, read
from evalkit.report.numbers import Shown, interval_text, number
from evalkit.report.result_tables import NO_EVENTS
from evalkit.report.tables import Column, Table
from evalkit.report.words import capital, interval_label

THAN = " than expected"
LASTING = "That it lasts"


def horizons_table(evaluation: Evaluation) -> Table | None:
    """Return change in the month, average so far and total so far, a row for each horizon; None without horizons."""
    if not evaluation.analyses or not evaluation.primary.result.horizons:
        return None
    primary, reading = evaluation.primary, read(evaluation)
    horizons = primary.result.horizons
    counted = any(horizon.averted is not None for horizon in horizons)
    totals = counted and reading.may_price
    if unvarying(horizons):
        return _totals_table(primary) if totals else None
    columns = [Column("After"), Column(f"Change in that {words_for(primary.frequency)} alone", "number"),
               Column("Average change up to then", "number")]  # fmt: skip
    if totals:
        noun = counted_noun(primary)
        columns.append(Column(f"{totals_words(primary)} up to then{f', {noun}' if noun else ''}", "number"))
    rows = [_row(primary, horizon, totals=totals) for horizon in horizons]
    notes = [f"In brackets: {interval_label(level_of(primary))}, for each number alone."]
    notes += ["That of a total holds the chance of single periods as well."] if totals else []
    notes += [NO_EVENTS] if counted and not totals and not reading.monitoring else []
    return Table("tbl-horizons", "How large the change was, and when", columns, rows, cards=True,
                 note=" ".join(notes))  # fmt: skip


def horizons_sentences(analysis: Analysis) -> list[str]:
    """Return the average up to the first horizon and the change in the last period, each with its interval."""
    horizons = analysis.result.horizons
    if not horizons:
        return []
    first, last = horizons[0], horizons[-1]
    kind = analysis.outcome.kind
    if unvarying(horizons):
        return [f"The model has one change for every {words_for(analysis.frequency)}: "
                f"{change_words(_average(analysis, first), kind, THAN)}. It cannot tell whether the change grew or "
                "faded."]  # fmt: skip
    sentences = [f"Over {_over(first)}: {change_words(_average(analysis, first), kind, THAN)}, on average."]
    alone, when = _alone(analysis, last), windows.describe(last.period, analysis.frequency)
    if ended(last):
        return [*sentences, f"In {when} alone there is none: the model lets the change end before."]
    sentences.append(f"In {when} alone: {change_words(alone, kind, THAN)}.")
    if faded(analysis):
        sentences.append("So it cannot be said whether the change was still there by then.")
    return sentences


def unvarying(horizons: Sequence[Horizon]) -> bool:
    """Say whether the change is the same at every horizon, alone and on average: a model with one change for all."""
    shown = {tuple(None if x is None else f"{x:.6g}" for x in each)
             for one in horizons for each in ((one.change, one.change_low, one.change_high),
                                              (one.average, one.average_low, one.average_high))}  # fmt: skip
    return len(horizons) > 1 and len(shown) == 1


def _totals_table(primary: Analysis) -> Table:
    """Return the total so far by horizon, where the change itself is the same at each."""
    noun = counted_noun(primary)
    rows = [(f"{capital(horizon.label)}: {windows.describe(horizon.period, primary.frequency)}",
             _total(primary, horizon)) for horizon in primary.result.horizons]  # fmt: skip
    label = f"{totals_words(primary)} up to then{f', {noun}' if noun else ''}"
    return Table("tbl-horizons", "How many it was, and by when", [Column("After"), Column(label, "number")], rows,
                 cards=True, note=f"In brackets: {interval_label(level_of(primary))}, for each number alone, with the "
                                  "chance of single periods.")  # fmt: skip


def faded(analysis: Analysis) -> bool:
    """Say whether the average lies clear of no change and the change in the last period does not.

    This is no finding that it went away: only that the last period alone cannot show that it stayed.
    """
    horizons = analysis.result.horizons
    if not horizons or change_of(analysis).side == "across" or ended(horizons[-1]):
        return False
    return _alone(analysis, horizons[-1]).side == "across"


def ended(horizon: Horizon) -> bool:
    """Say whether the model holds that nothing is left of the change in the last period: a pulse that is over."""
    return horizon.change == 0 and horizon.change_low is None


def not_lasting(analysis: Analysis) -> str:
    """Return the caution on how long the change lasted; empty where the last period shows it still."""
    if not faded(analysis):
        return ""
    last = analysis.result.horizons[-1]
    words = change_words(_alone(analysis, last), analysis.outcome.kind)
    return f"{LASTING}: in {windows.describe(last.period, analysis.frequency)} alone it was {words}."


def _row(primary: Analysis, horizon: Horizon, *, totals: bool) -> tuple[str, ...]:
    when = windows.describe(horizon.period, primary.frequency)
    alone = Shown("none, by the model", 0.0, None, None) if ended(horizon) else (
        change_cell(_alone(primary, horizon), horizon.unit))  # fmt: skip
    row = (f"{capital(horizon.label)}: {when}", alone,
           change_cell(_average(primary, horizon), horizon.unit))  # fmt: skip
    return (*row, _total(primary, horizon)) if totals else row


def _total(primary: Analysis, horizon: Horizon) -> Shown:
    """Return events up to a horizon with their interval, counted the way that is better for the outcome."""
    if horizon.averted is None:
        return Shown("not known", None)
    value, low, high = horizon.averted, horizon.averted_low, horizon.averted_high
    if more_is_better(primary):
        value, low, high = -value, None if high is None else -high, None if low is None else -low
    bounded = interval_text(low, high, number) if low is not None and high is not None else "no interval"
    return Shown(f"{number(value)} ({bounded})", value, low, high)


def _alone(analysis: Analysis, horizon: Horizon) -> Change:
    return as_change(horizon.change, horizon.change_low, horizon.change_high, horizon.unit, level_of(analysis))


def _average(analysis: Analysis, horizon: Horizon) -> Change:
    return as_change(horizon.average, horizon.average_low, horizon.average_high, horizon.unit, level_of(analysis))


def _over(horizon: Horizon) -> str:
    """Return the time that an average runs over: `the first 3 months`; a last horizon is called by its own name."""
    label = horizon.label.strip()
    if label.casefold().startswith("the end"):
        return f"the whole time{label[len('the end') :]}"
    return f"the first {label}" if label[:1].isdigit() and not label.startswith("1 ") else label
