"""Figures of what stands beside the headline: the running total, pretend dates, other baselines, what could be found.

Each returns None where the result does not hold what it would draw; which design ran is never asked.
"""

from __future__ import annotations

from evalkit.records import Analysis, Evaluation
from evalkit.report.by_start import calendar_figure, starts_figure
from evalkit.report.cumulative_chart import describe_totals, draw_totals, read_totals, totals_message, totals_table
from evalkit.report.dated_chart import Dots, baseline_dots, describe_dots, dots_table, draw_dots, placebo_dots
from evalkit.report.departures_chart import bends_figure, departures_figure
from evalkit.report.donors import donors_figure
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import change_of, read, smallest_change_that_matters
from evalkit.report.other_data import baselines_message, rank_message, rank_of
from evalkit.report.placebo_ranks import places_figure
from evalkit.report.power_chart import describe_power, draw_power, power_message, power_rows, read_power
from evalkit.report.scales import is_finite
from evalkit.report.two_way_pairs import pairs_figure
from evalkit.report.words import label_of

__all__ = ["baseline_figure", "bends_figure", "calendar_figure", "departures_figure", "donors_figure", "pairs_figure",
           "placebo_figure", "places_figure", "power_figure", "starts_figure", "totals_figure"]  # fmt: skip


def totals_figure(evaluation: Evaluation) -> Figure | None:
    """Return the running total of expected less observed; None where numbers of events may not be printed."""
    primary = evaluation.primary
    if not read(evaluation).may_price or not any(is_finite(point.value) for point in primary.result.cumulative):
        return None
    totals = read_totals(primary)
    subtitle = f"{label_of(primary)}, {totals.words[:1].lower()}{totals.words[1:]}, added up since the start"
    return assembled("totals", totals_message(primary), sentences(subtitle, *totals.notes()),
                     source_words(evaluation, primary), f"{label_of(primary)}: running total since the start",
                     described(describe_totals(totals), primary.simulated), totals_table(totals),
                     lambda size: draw_totals(totals, size, simulated=primary.simulated))  # fmt: skip


def placebo_figure(evaluation: Evaluation) -> Figure | None:
    """Return the change at pretend starts beside that at the true one; None where there are none."""
    primary = evaluation.primary
    dots, rank = placebo_dots(primary), rank_of(primary)
    if dots is None:
        return None
    title = rank_message(rank) if rank else "The change that the same method finds at pretend starts"
    marks = "Rings: pretend starts, before anything began. Diamond: the true start"
    by = "Ranked by the change over its standard error, since windows near both ends are short"
    ranked = [by] if rank and rank.clear and not rank.few else []
    return _dated(evaluation, dots, "pretend", title,
                  ["What the same method finds if the start is set elsewhere", marks, *dots.notes(),
                   *ranked, *_held_still(primary, dots)])  # fmt: skip


def _held_still(primary: Analysis, dots: Dots) -> list[str]:
    """Return why the interval of the true start is not that of the headline, where it is printed as another."""
    headline, true = change_of(primary), next((dot.change for dot in dots.dots if dot.marked), None)
    if true is None or dots.percent != headline.percent:
        return []
    ends = [(true.low, headline.low), (true.high, headline.high)]
    alike = all(one is None or other is None or f"{one:.1f}" == f"{other:.1f}" for one, other in ends)
    what = "what the model says of chance is held as it is in the main answer, whose own interval is a little different"
    return [] if alike else [f"At every date, the true one too, {what}"]


def baseline_figure(evaluation: Evaluation) -> Figure | None:
    """Return the change against each possible window before; None with fewer than three windows."""
    dots = baseline_dots(evaluation.primary)
    if dots is None:
        return None
    first = "Each mark is the change against one window before, at its first period. Windows overlap"
    return _dated(evaluation, dots, "baselines", baselines_message(evaluation.primary),
                  [first, "Diamond: the window of this study", *dots.notes()])  # fmt: skip


def power_figure(evaluation: Evaluation) -> Figure | None:
    """Return the smallest change that could be found, by lengths before and after; None where none is stored."""
    primary = evaluation.primary
    power = read_power(primary, smallest_change_that_matters(evaluation.study, primary))
    if power is None or not power.drawn:
        return None
    subtitle = f"{label_of(primary)}: {power.subtitle}"
    return assembled("power", power_message(power), sentences(subtitle), source_words(evaluation, primary),
                     "The smallest change that could be found", described(describe_power(power), primary.simulated),
                     power_rows(power), lambda size: draw_power(power, size, simulated=primary.simulated))  # fmt: skip


def _dated(evaluation: Evaluation, dots: Dots, name: str, title: str, subtitle: list[str]) -> Figure:
    primary = evaluation.primary
    alternative = f"{label_of(primary)}: change at {len(dots.dots)} dates"
    return assembled(name, title, sentences(*subtitle), source_words(evaluation, primary), alternative,
                     described(describe_dots(dots), primary.simulated), dots_table(dots),
                     lambda size: draw_dots(dots, size, simulated=primary.simulated))  # fmt: skip
