"""The figures of a page, with their message as title, their number, their data as CSV and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.evidence import APART, other_changes, other_estimates, same_way
from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report import figures, windows
from evalkit.report.catalogue import words
from evalkit.report.cautions import inside
from evalkit.report.changes import joined
from evalkit.report.downloads import csv_text
from evalkit.report.event_words import events_message
from evalkit.report.figures import sentences
from evalkit.report.ladder import POINTS, Change, Reading, change_of, read
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import number
from evalkit.report.paths import as_drawn, has_series
from evalkit.report.provisional_words import provisional_words
from evalkit.report.tables import Table, table_html, table_text
from evalkit.report.templates import raw_block, render_exhibit
from evalkit.report.unit_words import in_units
from evalkit.report.words import interval_label, interval_words, label_of, phrase, plain_label

if TYPE_CHECKING:
    from markupsafe import Markup

LONG_SERIES = 72
"""With more periods before the start than this, the summary draws the last `SHOWN_BEFORE` of them alone."""
SHOWN_BEFORE = 48
OWN_SECTION = ("secondary", "subgroup")
"""Roles whose analyses stand in a section of their own, not among the other choices of method."""
MOST_NAMED = 2
"""So many rows are named under a title; those of other places are all named where parts of the data are left out."""
MANY_PERIODS = 4
"""A path with more periods than this is drawn as a series; a shorter one as a row with its interval."""


@dataclass
class Exhibits:
    """The exhibits of one page, numbered in the order in which they were added.

    Attributes
    ----------
    id : str
        Of the study: names the folder of its CSV files.
    project : Path or None
        Where templates are looked up first.
    simulated : bool
        Print "Simulated data" on every exhibit.
    provisional : bool
        The newest figures may still be revised: the names of the downloads say so.
    names : dict
        Exhibits that the author's text may refer to, by id.
    files : dict
        CSV files by name.
    downloads : list of (str, str)
        File name and what it holds.
    sections : dict
        Titles of the sections that hold something, by id, as far as they have been made.
    """

    id: str
    project: Path | None
    simulated: bool
    provisional: bool = False
    names: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    downloads: list[tuple[str, str]] = field(default_factory=list)
    sections: dict[str, str] = field(default_factory=dict)

    def figure(self, drawn: figures.Figure | None, name: str, heading: int = 3) -> Markup | str:
        """Return a figure as a block of the page; empty when there is nothing to draw."""
        if drawn is None:
            return ""
        count = sum(known.startswith("fig-") for known in self.names) + 1
        number_text = words(self.project)["figure"]["number"].format(number=count)
        self.names[name] = number_text
        file = self._file(f"{name.removeprefix('fig-')}.csv")
        self.files[file] = csv_text(drawn.table)
        self.downloads.append((file, f"{number_text}: {drawn.title}"))
        head, *rows = drawn.table
        return raw_block(render_exhibit("figure", {
            "figure": drawn, "id": name, "number": number_text, "file": f"{self.id}/{file}", "heading": heading,
            "head": head, "rows": rows, "simulated": self.simulated,
        }, self.project))  # fmt: skip

    def table(self, table: Table | None, *, folded: bool = False) -> Markup | str:
        """Return a table as a block of the page, open or folded away; empty when there is none."""
        if table is None:
            return ""
        if self.simulated:
            table = replace(table, caption=f"Simulated data. {table.caption}")
        self.names[table.name] = f"the table “{table.caption}”"
        file = self._file(f"{table.name.removeprefix('tbl-')}-table.csv")
        self.files[file] = csv_text(table_text(table))
        self.downloads.append((file, table.caption))
        html = table_html(table, self.project)
        return raw_block(
            render_exhibit("folded", {"caption": table.caption, "html": html}, self.project) if folded else html
        )

    def _file(self, name: str) -> str:
        """Return the name of a download; that of simulated or provisional numbers says so, wherever the file goes."""
        name = f"provisional-{name}" if self.provisional else name
        return f"simulated-{name}" if self.simulated else name


def headline_figure(evaluation: Evaluation) -> figures.Figure | None:
    """Return the chart of the summary: the series with what was expected, or the change with its interval."""
    primary = evaluation.primary
    reading = read(evaluation)
    if not has_series(primary, MANY_PERIODS):
        return _change_figure(evaluation, reading, source_words(evaluation, primary))
    return _series(evaluation, _recent(as_drawn(primary)), "headline", message(primary, reading, evaluation.study))


def series_figure(evaluation: Evaluation) -> figures.Figure | None:
    """Return the whole series, where the summary draws its last years alone."""
    primary = as_drawn(evaluation.primary)
    if _recent(primary) is primary:
        return None
    first = windows.named(min(point.period for point in primary.result.path), primary)
    return _series(evaluation, primary, "series", f"The whole series, from {first}")


def _expected_label(analysis: Analysis) -> str:
    """Return what the expected line is."""
    if not windows.sets_windows(analysis):
        return as_compared("Expected without it", analysis)
    return "As in other areas" if (analysis.result.fit or {}).get("compared_with") else "As before"


def _recent(primary: Analysis) -> Analysis:
    """Return the analysis with the last periods before the start alone, where there are very many."""
    path = primary.result.path
    before = list(dict.fromkeys(point.period for point in windows.before_points(primary)))
    if len(before) <= LONG_SERIES or windows.sets_windows(primary):
        return primary
    left_out = set(before[:-SHOWN_BEFORE])
    kept, seasonless = (
        tuple(point for point in points if point.period not in left_out)
        for points in (path, primary.result.path_without_season)
    )
    return replace(primary, result=replace(primary.result, path=kept, path_without_season=seasonless))


def _series(evaluation: Evaluation, drawn: Analysis, name: str, title: str) -> figures.Figure:
    """Return observed against expected of an analysis, labelled with the change that the headline rests on."""
    change = change_of(evaluation.primary)
    kind = drawn.outcome.kind
    lines = [phrase(change.value, change, kind).capitalize(),
             f"({interval_label(change.level)}: {interval_words(change, kind)})"]  # fmt: skip
    start, began = windows.start_words(evaluation.primary), _began(evaluation)
    starts = {unit.start for unit in evaluation.coverage.units if unit.start} if evaluation.coverage else set()
    start = f"first of {number(len(starts))} starts, {start}" if start and len(starts) > 1 else start
    return figures.observed_against_expected(
        drawn, title=title, subtitle=sentences(_subtitle(drawn), _laid_over(evaluation.primary)),
        source=source_words(evaluation, drawn), effect_lines=lines,
        name=name, season_adjusted=drawn.result.path_without_season or None,
        interruption_label=f"{began}\n{start}" if start else began,
        comparison_label=in_units(as_compared("Places without it", drawn), drawn),
        expected_label=_expected_label(drawn),
    )  # fmt: skip


def _laid_over(primary: Analysis) -> str:
    """Return that the shaded band is the whole answer's interval, where its bounds come from a test of one effect."""
    if primary.result.effect.rule != "inversion":
        return ""
    return "Shaded: the interval of the whole answer, laid over each period; it is no interval of one period by itself"


def analyses_figure(evaluation: Evaluation) -> figures.Figure | None:
    """Return all analyses with their intervals, in the order of the study file; None when there is one alone."""
    analyses = [a for a in evaluation.analyses if a.role not in OWN_SECTION
                and change_of(a).percent == change_of(evaluation.primary).percent]  # fmt: skip
    alone = not has_series(evaluation.primary, MANY_PERIODS)
    if len(analyses) < 2 or (alone and analyses == _in_change_figure(evaluation)):
        return None
    less, more = _heads(evaluation.primary)
    figure = figures.forest(
        analyses, title=_agreement(evaluation, analyses), source=source_words(evaluation, evaluation.primary),
        subtitle="In the order of the study file, not by size",
        heads=(less, more), name="analyses",
    )  # fmt: skip
    return replace(figure, subtitle=sentences(figure.subtitle, _not_counted(evaluation, analyses)))


def events_figure(evaluation: Evaluation) -> figures.Figure | None:
    """Return the event study of the main analysis; None where the design has none."""
    primary = evaluation.primary
    if not primary.result.event_study:
        return None
    return figures.event_study(
        primary, title=events_message(primary), name="events",
        subtitle=f"{label_of(primary)}, by {words_for(primary.frequency)} before and after the start",
        source=source_words(evaluation, primary),
    )  # fmt: skip


def hundred(evaluation: Evaluation, project: Path | None) -> Markup | str:
    """Return the square of every hundred; empty for monitoring, and where there is no percentage."""
    reading = read(evaluation)
    change = reading.change
    if change is None or not change.percent or reading.monitoring or not reading.reliable:
        return ""
    svg = figures.of_every_hundred(change.value, change.low, change.high, simulated=evaluation.simulated)
    if not svg:
        return ""
    ends = [number(max(0.0, 100 + bound), 0) for bound in (change.low, change.high) if bound is not None]
    return raw_block(render_exhibit("hundred", {
        "svg": svg, "happened": number(100 + change.value, 0), "ends": ends, "simulated": evaluation.simulated,
    }, project))  # fmt: skip


def message(analysis: Analysis, reading: Reading, study: Mapping[str, Any]) -> str:
    """Return the message of the headline chart, from the same reading as the headline."""
    label = plain_label(analysis, study)
    change = reading.change
    assert change is not None
    if reading.rung == "V3":
        return f"{label}: no change large enough to matter"
    bounded = change.low is not None and change.high is not None
    if bounded and change.side == "across":
        return f"{label}: not clearly more or less{windows.compared_with(analysis)}"
    if reading.rung == "V0":
        return f"{label}: {phrase(change.value, change, analysis.outcome.kind)}{windows.compared_with(analysis)}"
    if not bounded:
        return f"{label}: {phrase(change.value, change, analysis.outcome.kind)}, with no interval"
    return f"{label}: {_direction(analysis, change)}{windows.compared_with(analysis)}"


def _direction(analysis: Analysis, change: Change) -> str:
    words = ("fewer", "more") if analysis.outcome.kind == "count" else ("lower", "higher")
    return words[0 if change.side == "below" else 1]


def _change_figure(evaluation: Evaluation, reading: Reading, source: str) -> figures.Figure:
    analyses = _in_change_figure(evaluation)
    unit = "percent" if reading.change is None or not reading.change.points else POINTS
    return figures.before_and_after(
        analyses, labels=_row_labels(evaluation, analyses), source=source,
        title=message(evaluation.primary, reading, evaluation.study),
        level=evaluation.level, subtitle=f"Change in {unit}", heads=_heads(evaluation.primary), name="headline",
    )  # fmt: skip


def _row_labels(evaluation: Evaluation, analyses: list[Analysis]) -> Mapping[str, str]:
    """Return what each row is called: its windows, and more where several rows have the same ones."""
    labels = windows.each_against(analyses)
    if len(set(labels.values())) == len(analyses):
        return labels
    several = len({analysis.outcome.id for analysis in analyses}) > 1
    return {
        each.id: each.label if each.role == "sensitivity"
        else ", ".join([*([plain_label(each, evaluation.study)] if several else []), labels.get(each.id, each.label)])
        for each in analyses
    }  # fmt: skip


def _in_change_figure(evaluation: Evaluation) -> list[Analysis]:
    """Return the analyses that are drawn together where no path is long enough to be drawn itself."""
    analyses = [a for a in evaluation.analyses if windows.sets_windows(a)] or [evaluation.primary]
    return [a for a in analyses if change_of(a).percent == change_of(evaluation.primary).percent]


def _heads(primary: Analysis) -> tuple[str, str]:
    less, more = ("Fewer", "More") if primary.outcome.kind == "count" else ("Lower", "Higher")
    return f"{less} than {'before' if primary.design['kind'] == 'before_after' else 'expected'}", more


def _agreement(evaluation: Evaluation, analyses: list[Analysis]) -> str:
    """Return how many other choices of method point the same way, counted as the scale on repeating counts them.

    Other outcomes and pretend ones are not among them, nor is another standard error of the main estimate.
    """
    same, total = same_way(evaluation.primary, evaluation.analyses, evaluation.failures)
    if not total or not any(analysis.role == "sensitivity" for analysis in analyses):
        return "The main analysis beside the other ones"
    if total == 1:
        return f"The other choice of method points {'the same' if same else 'another'} way"
    return f"{number(same)} of {number(total)} other choices of method point the same way"


def _not_counted(evaluation: Evaluation, analyses: list[Analysis]) -> str:
    """Return which rows the title does not count: those of another change, and those with the main estimate."""
    primary, shown = evaluation.primary, [analysis for analysis in analyses if analysis.role == "sensitivity"]
    elsewhere, counted = other_changes(primary, shown), other_estimates(primary, shown)
    same = len(shown) - len(elsewhere) - len(counted)
    named = {why: [f"“{a.label}”" for a in shown if elsewhere.get(a.id) == why] for why in APART}
    told = [*(f"{joined(labels) if len(labels) <= MOST_NAMED else number(len(labels))}, {APART[why]} {why}"
              for why, labels in named.items() if labels),
            *([f"{number(same)} with the main estimate itself"] if same else [])]  # fmt: skip
    return f"Not counted: {joined(told)}" if told else ""


def _subtitle(primary: Analysis) -> str:
    unit = inside(primary.outcome.unit)
    named = f", {unit}" if unit and unit.casefold() not in primary.outcome.label.casefold() else ""
    return f"{label_of(primary)}{named}, by {words_for(primary.frequency)}{_average_of(primary)}"


def _average_of(primary: Analysis) -> str:
    """Return over how many places the lines are averages: `, average of 4 places`."""
    treated = primary.result.n_treated_units
    others = primary.result.n_units - treated
    if treated < 2 or windows.sets_windows(primary):
        return ""
    beside = as_compared(f" (and of {number(others)} without it)", primary) if others > 1 else ""
    return in_units(f", average of {number(treated)} places{beside}", primary)


def _began(evaluation: Evaluation) -> str:
    named = (evaluation.study.get("intervention") or {}).get("label") or evaluation.study.get("short_title")
    programme = (evaluation.study.get("programme") or {}).get("name")
    text = str(named or programme or "Start")
    return text if len(text) <= 40 else "Start"


def source_words(evaluation: Evaluation, analysis: Analysis) -> str:
    """Return where the numbers of an analysis come from, as a line under a figure."""
    owner = (evaluation.study.get("data") or {}).get("publisher")
    since = provisional_words(evaluation)
    parts = [str(part) for part in (owner, analysis.origin, since and f"provisional {since}") if part]
    return f"Source: {'; '.join(parts)}." if parts else "Source: not stated."
