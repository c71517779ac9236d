"""The tables about the result: what happened, the model's terms, what was checked, other analyses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from evalkit.periods import words_for
from evalkit.records import Analysis, Diagnostic, Estimate, Evaluation, Failure
from evalkit.report import windows
from evalkit.report.cautions import inside
from evalkit.report.ladder import POINTS, Change, Reading, change_of, in_points, read
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import Shown, bounded, interval_text, number, signed, signed_percent
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units
from evalkit.report.words import interval_label, is_share, label_of, periods_words

ROLES = {"primary": "Main", "sensitivity": "Other choice", "falsification": "Pretend", "secondary": "Other outcome",
         "subgroup": "Group"}  # fmt: skip


NO_EVENTS = "Numbers of events are not shown: a key check speaks against the result."
OTHER_CAUSES = ("negative_controls", "falsification", "placebo_dates", "regression_to_the_mean")
"""Checks that point at another cause, by name."""
OUTCOME_ROLES = {"negative_control": "Should not move", "harm": "Harm", "process": "Process"}
"""What an analysis of another outcome is to a reader, by the role of that outcome."""


def role_words(analysis: Analysis | Failure) -> str:
    """Return what kind of analysis it is: main, another choice, pretend, or what its outcome is there for."""
    if analysis.role != "secondary":
        return ROLES[analysis.role]
    return OUTCOME_ROLES.get(str(getattr(analysis, "outcome_role", "")), ROLES["secondary"])


def result_table(evaluation: Evaluation) -> Table:
    """Return what happened: the headline first, then its parts and the same in the outcome's unit."""
    primary = evaluation.primary
    reading = read(evaluation)
    interval = interval_label(primary.result.effect.level).capitalize()
    rows = list(_result_rows(primary, reading))
    return Table(
        "tbl-result",
        f"{label_of(primary)}: what happened",
        [Column("Measure"), Column("Estimate", "number"), Column(interval, "number")],
        rows,
        main=0,
        cards=True,
        note=_left_out(reading),
    )


def terms_table(analysis: Analysis) -> Table | None:
    """Return every term of the model on its own scale; None where the design has none."""
    terms = analysis.result.coefficients
    if not terms:
        return None
    scale = "log scale" if analysis.result.effect.scale == "log" else "the outcome's own scale"
    interval = interval_label(analysis.result.effect.level).capitalize()
    rows = [
        (
            term.term.replace("_", " "),
            Shown(_decimal(term.value), term.value),
            Shown(_plain(term.se), term.se),
            Shown(
                interval_text(term.low, term.high, _decimal) if term.low is not None else "not stated",
                term.low,
                term.high,
            ),
            Shown(p_words(term.p_value), term.p_value),
        )
        for term in terms
    ]
    return Table(
        "tbl-terms",
        f"All terms of the model ({scale})",
        [
            Column("Term"),
            Column("Value", "number"),
            Column("Standard error", "number"),
            Column(interval, "number"),
            Column("p-value", "number"),
        ],
        rows,
        cards=True,
    )  # fmt: skip


def checks_table(analysis: Analysis) -> Table | None:
    """Return what was assumed, looked at and seen; None where nothing was checked."""
    checks = analysis.result.diagnostics
    if not checks:
        return None
    rows = [
        (
            check.assumption,
            check.looked_at or check.name.replace("_", " ").capitalize(),
            check.reading,
            check.verdict.capitalize(),
        )
        for check in checks
    ]
    count = number(len(rows), 0)
    words = "One check" if len(rows) == 1 else f"All {count} checks"
    return Table(
        "tbl-checks",
        f"{words} in plain words",
        [Column("What we assumed"), Column("What we looked at"), Column("What we saw"), Column("Reading", "verdict")],
        rows,
        cards=True,
    )


def analyses_table(evaluation: Evaluation) -> Table:
    """Return every analysis that was run, in the order of the study file."""
    level = evaluation.primary.result.effect.level
    rows = []
    for analysis in evaluation.analyses:
        change = change_of(analysis)
        value, interval = written(change, unit=inside(analysis.outcome.unit))
        if change.level != level:
            interval = Shown(f"{interval} ({interval_label(change.level)})", *interval.numbers)
        label = windows.each_against([analysis]).get(analysis.id, analysis.label)
        rows.append((label if analysis.role == "primary" else analysis.label, role_words(analysis), value, interval))
    columns = [
        Column("Analysis"),
        Column("Kind"),
        Column("Estimate", "number"),
        Column(interval_label(level).capitalize(), "number"),
    ]
    return Table("tbl-analyses", "All analyses that were computed", columns, rows, main=0, cards=True)


def failures_table(evaluation: Evaluation) -> Table | None:
    """Return the analyses that could not be computed, with the reason."""
    if not evaluation.failures:
        return None
    rows = [(failure.label, role_words(failure), failure.reason) for failure in evaluation.failures]
    return Table(
        "tbl-failures",
        "Analyses that could not be computed",
        [Column("Analysis"), Column("Kind"), Column("Reason")],
        rows,
        cards=True,
    )


def written(change: Change, decimals: int = 1, unit: str = "") -> tuple[Shown, Shown]:
    """Return a change and its interval as a table prints them: `−45.9%`, `−70.3 to −4.4`."""
    if not change.percent:
        own = POINTS if change.points else unit
        value, interval = sized_pair(change.value, change.low, change.high, own)
        return Shown(f"{value} {own}".rstrip(), change.value, unit=own), interval
    low = -math.inf if change.high == math.inf and change.low is not None and change.low <= -100 else change.low
    bounds = interval_text(low, change.high, lambda end: bounded(end, decimals))
    size = Shown(signed_percent(change.value, decimals), change.value, unit="percent")
    return size, Shown(bounds, change.low, change.high)


def p_words(p_value: float | None) -> str:
    """Return a p-value as it is printed: 0.027, under 0.001."""
    if p_value is None:
        return "not stated"
    return "under 0.001" if p_value < 0.001 else number(p_value, 3)


def against(analysis: Analysis) -> list[Diagnostic]:
    """Return the checks with a sign against: key ones first, then those that point at another cause."""
    found = [check for check in analysis.result.diagnostics if check.verdict == "sign against"]
    return sorted(found, key=lambda check: (not check.key, check.name not in OTHER_CAUSES))


def _result_rows(primary: Analysis, reading: Reading) -> Iterator[tuple[str, Shown, Shown]]:
    result = primary.result
    change = reading.change
    assert change is not None
    acting = windows.acting_periods(primary)
    over = periods_words(acting, primary.frequency) if acting > 1 else ""
    average = "Change" if reading.monitoring else "Average change"
    yield f"{average}{f', {over}' if over else ''} (headline)", *written(change)
    for name, label in (("immediate", "Change at once"), ("end", "Change by the last period")):
        part = (result.fit or {}).get(name)
        if part:
            yield label, *written(Change(part["value"], part["low"], part["high"], True, result.effect.level))
    unit = inside(primary.outcome.unit)
    if is_share(primary) and result.absolute is not None and not in_points(result.absolute):
        yield "Difference, percentage points", *_points(result.absolute)
    else:
        each = f"Difference a {words_for(primary.frequency)}{_where(primary)}{_in(primary)}"
        yield from _pair(result.absolute, each, change, unit)
    if reading.may_price:
        yield from _pair(result.averted, _averted_label(result.averted, primary), change, unit)
    if result.effect.scale == "log":
        effect = result.effect
        interval = Shown(interval_text(effect.low, effect.high, _decimal), effect.low, effect.high)
        yield "The same on the log scale", Shown(_decimal(effect.value), effect.value, unit="log ratio"), interval


def _points(absolute: Estimate) -> tuple[Shown, Shown]:
    """Return a difference of shares and its interval, both in percentage points."""
    value = 100 * absolute.value
    low, high = (None if end is None else 100 * end for end in (absolute.low, absolute.high))
    ends = Shown(interval_text(low, high, lambda end: signed(end, 1)), low, high)
    return Shown(signed(value, 1), value, unit="percentage points"), ends


def _where(primary: Analysis) -> str:
    several = primary.result.n_treated_units > 1 and primary.outcome.kind == "count"
    return in_units(" in each place", primary) if several else ""


def _pair(
    estimate: Estimate | None, label: str, change: Change, unit: str
) -> Iterator[tuple[str, Shown, Shown]]:  # fmt: skip
    if estimate is not None and (change.percent or estimate.value != change.value):
        yield label, *sized_pair(estimate.value, estimate.low, estimate.high, unit)


def sized_pair(value: float, low: float | None, high: float | None, unit: str = "") -> tuple[Shown, Shown]:
    """Return a difference in the outcome's own unit and its interval as a table prints them: `+5,307`, `…`."""
    return Shown(_sized(value), value, unit=unit), Shown(interval_text(low, high, _sized), low, high)


def _averted_label(averted: Estimate | None, primary: Analysis) -> str:
    if averted is None:
        return ""
    # The record compares two lines; what was observed month by month is added up under the horizons.
    lines = as_compared("Expected without it less fitted with it", primary)
    return f"{lines}, {in_units('all places and periods', primary)}{_in(primary)}"


def _left_out(reading: Reading) -> str:
    if reading.reliable or reading.monitoring:
        return ""
    return NO_EVENTS


def _in(analysis: Analysis) -> str:
    return f", {inside(analysis.outcome.unit)}" if analysis.outcome.unit else ""


def _sized(x: float | None) -> str:
    """Return a difference with its sign and about three figures."""
    text = number(x)
    return f"+{text}" if x is not None and x > 0 and text.strip("0.,") and text[0].isdigit() else text


def _decimal(x: float | None) -> str:
    return number(x, 4)


def _plain(x: float | None) -> str:
    return "not stated" if x is None else number(x, 4)
