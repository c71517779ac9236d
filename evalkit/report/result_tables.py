"""The tables about the result: what happened, the model's terms, what was checked, other analyses."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.periods import words_for
from evalkit.records import Analysis, Diagnostic, Estimate, Evaluation
from evalkit.report import windows
from evalkit.report.ladder import Change, Reading, change_of, read
from evalkit.report.numbers import interval_text, number, signed, signed_percent
from evalkit.report.tables import Column, Table
from evalkit.report.words import interval_label, label_of, periods_words

ROLES = {"primary": "Main", "sensitivity": "Other choice", "falsification": "Pretend", "secondary": "Other outcome"}


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
            _decimal(term.value),
            _plain(term.se),
            interval_text(term.low, term.high, _decimal) if term.low is not None else "not stated",
            p_words(term.p_value),
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
    )


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
        sentences=True,
    )


def analyses_table(evaluation: Evaluation) -> Table:
    """Return every analysis that was run, in the order of the study file."""
    rows = []
    for analysis in evaluation.analyses:
        change = change_of(analysis)
        value, interval = written(change)
        unit = "" if change.percent else f" {analysis.outcome.unit}".rstrip()
        label = windows.each_against([analysis]).get(analysis.id, analysis.label)
        rows.append(
            (label if analysis.role == "primary" else analysis.label, ROLES[analysis.role], f"{value}{unit}", interval)
        )
    interval = interval_label(evaluation.primary.result.effect.level).capitalize()
    return Table(
        "tbl-analyses",
        "All analyses that were computed",
        [Column("Analysis"), Column("Kind"), Column("Estimate", "number"), Column(interval, "number")],
        rows,
        main=0,
    )


def failures_table(evaluation: Evaluation) -> Table | None:
    """Return the analyses that could not be computed, with the reason."""
    if not evaluation.failures:
        return None
    rows = [(failure.label, ROLES[failure.role], failure.reason) for failure in evaluation.failures]
    return Table(
        "tbl-failures",
        "Analyses that could not be computed",
        [Column("Analysis"), Column("Kind"), Column("Reason")],
        rows,
        sentences=True,
    )


def written(change: Change, decimals: int = 1) -> tuple[str, str]:
    """Return a change and its interval as a table prints them: `−45.9%`, `−70.3 to −4.4`."""
    if not change.percent:
        return _sized(change.value), interval_text(change.low, change.high, _sized)
    return (
        signed_percent(change.value, decimals),
        interval_text(change.low, change.high, lambda bound: signed(bound, decimals)),
    )


def p_words(p_value: float | None) -> str:
    """Return a p-value as it is printed: 0.027, under 0.001."""
    if p_value is None:
        return "not stated"
    return "under 0.001" if p_value < 0.001 else number(p_value, 3)


def against(analysis: Analysis) -> list[Diagnostic]:
    """Return the checks with a sign against, key ones first."""
    found = [check for check in analysis.result.diagnostics if check.verdict == "sign against"]
    return sorted(found, key=lambda check: not check.key)


def _result_rows(primary: Analysis, reading: Reading) -> Iterator[tuple[str, str, str]]:
    result = primary.result
    change = reading.change
    assert change is not None
    over = periods_words(result.n_post_periods, primary.frequency) if result.n_post_periods > 1 else ""
    average = "Change" if reading.monitoring else "Average change"
    yield f"{average}{f', {over}' if over else ''} (headline)", *written(change)
    for name, label in (("immediate", "Change at once"), ("end", "Change by the last period")):
        part = (result.fit or {}).get(name)
        if part:
            yield label, *written(Change(part["value"], part["low"], part["high"], percent=True))
    yield from _pair(result.absolute, f"Difference a {words_for(primary.frequency)}{_in(primary)}", change)
    if reading.may_price:
        yield from _pair(result.averted, _averted_label(result.averted, primary), change)
    if result.effect.scale == "log":
        effect = result.effect
        yield "The same on the log scale", _decimal(effect.value), interval_text(effect.low, effect.high, _decimal)


def _pair(estimate: Estimate | None, label: str, change: Change) -> Iterator[tuple[str, str, str]]:
    if estimate is not None and (change.percent or estimate.value != change.value):
        yield label, _sized(estimate.value), interval_text(estimate.low, estimate.high, _sized)


def _averted_label(averted: Estimate | None, primary: Analysis) -> str:
    if averted is None:
        return ""
    return f"Expected less observed, all places and periods{_in(primary)}"


def _left_out(reading: Reading) -> str:
    if reading.reliable or reading.monitoring:
        return ""
    return "Numbers of events are not shown: a key check speaks against the result."


def _in(analysis: Analysis) -> str:
    return f", {analysis.outcome.unit}" if analysis.outcome.unit else ""


def _sized(x: float | None) -> str:
    """Return a difference with its sign and about three figures."""
    text = number(x)
    return f"+{text}" if x is not None and x > 0 and text.strip("0.,") and text[0].isdigit() else text


def _decimal(x: float | None) -> str:
    return number(x, 4)


def _plain(x: float | None) -> str:
    return "not stated" if x is None else number(x, 4)
