"""The same series under several assumptions about its errors: a table, a sentence on whether they agree, a caution."""

from __future__ import annotations

from evalkit.records import Analysis, ErrorModel
from evalkit.report.changes import as_change, change_cell, joined, level_of
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, number
from evalkit.report.tables import Column, Table
from evalkit.report.words import capital, interval_label, less_more

NOT_FITTED = "could not be fitted"


def error_models_table(analysis: Analysis) -> Table | None:
    """Return a row for each error model, the main one marked and bold; None where there are none."""
    models = analysis.result.error_models
    if not models:
        return None
    at_once = any(model.immediate is not None for model in models)
    linked = any(model.autocorrelation is not None for model in models)
    columns = [Column("Assumption about the errors"), Column("Average change", "number")]
    columns += [Column("Change at once", "number")] if at_once else []
    columns += [Column("Autocorrelation", "number")] if linked else []
    rows = []
    for model in models:
        row: tuple[str, ...] = (_named(model), _average_cell(analysis, model))
        row += (_immediate_cell(analysis, model),) if at_once else ()
        row += (_linked(model.autocorrelation),) if linked else ()
        rows.append(row)
    main = next((place for place, model in enumerate(models) if model.registered), None)
    problems = [f"{capital(model.label)} {NOT_FITTED}: {model.problem.rstrip('.')}."
                for model in models if model.problem]  # fmt: skip
    note = " ".join([f"In brackets: {interval_label(level_of(analysis))}.", *problems])
    return Table("tbl-errors", f"The same series under {number(len(models))} assumptions about its errors", columns,
                 rows, main=main, cards=True, note=note)  # fmt: skip


def error_rules_table(analysis: Analysis) -> Table | None:
    """Return the standard-error rule of each error model in words; None where none is stated."""
    rows = [(_named(model), capital(model.rule)) for model in analysis.result.error_models if model.rule]
    if not rows:
        return None
    columns = [Column("Assumption about the errors"), Column("Rule of its interval")]
    return Table("tbl-error-rules", "How each interval is made", columns, rows, cards=True)


def error_models_sentence(analysis: Analysis) -> str:
    """Return whether the error models lie clear of no change alike; empty with fewer than two."""
    fitted = _fitted(analysis)
    bounded = [(model, change) for model, change in fitted if change.low is not None]
    if len(bounded) < 2:
        return "There is no second error model to set beside it." if analysis.result.error_models else ""
    sides = {change.side for _, change in bounded}
    count = "Both intervals" if len(bounded) == 2 else f"All {number(len(bounded))} intervals"
    if sides == {"across"}:
        return f"{count} of the average change take in no change."
    if len(sides) == 1:
        word = less_more(analysis.outcome.kind)[0 if sides == {"below"} else 1]
        return f"{count} of the average change lie clear of no change, on the same side: {word}."
    if "across" not in sides:
        return "The error models differ on the direction of the average change."
    leaving = [model for model, change in bounded if change.side != "across"]
    taking = [model for model, change in bounded if change.side == "across"]
    return (f"The error models differ: the interval lies clear of no change under "
            f"{joined(map(_plain, leaving))}, and not under {joined(map(_plain, taking))}.")  # fmt: skip


def error_models_caution(analysis: Analysis) -> str:
    """Return the caution where another error model reads the average change otherwise; empty where they agree."""
    fitted = _fitted(analysis)
    registered = next((change for model, change in fitted if model.registered), None)
    if registered is None or registered.low is None:
        return ""
    others = [(model, change) for model, change in fitted if not model.registered and change.low is not None]
    apart = [model for model, change in others if change.side != registered.side]
    if not apart:
        return ""
    names = joined(_plain(model) for model in apart)
    if registered.side == "across":
        return f"That it rests on the data alone: under {names} the interval lies clear of no change; here it does not."
    sides = {change.side for model, change in others if model in apart}
    reads = "is read otherwise" if len(sides) > 1 else (
        "does not lie clear of no change" if sides == {"across"} else "lies on the other side")  # fmt: skip
    return f"That it holds whatever is assumed of the errors: under {names} the interval {reads}."


def _fitted(analysis: Analysis) -> list[tuple[ErrorModel, Change]]:
    """Return the models that were fitted, each with its average change."""
    return [(model, as_change(model.average, model.average_low, model.average_high, model.unit, level_of(analysis)))
            for model in analysis.result.error_models
            if not model.problem and model.average is not None]  # fmt: skip


def _named(model: ErrorModel) -> str:
    return f"{capital(model.label)} (main)" if model.registered else capital(model.label)


def _plain(model: ErrorModel) -> str:
    """Return the name of a model inside a sentence; names of people keep their capitals."""
    first = model.label.split(" ", 1)[0]
    return model.label if "-" in first and first[:1].isupper() else model.label[:1].lower() + model.label[1:]


def _average_cell(analysis: Analysis, model: ErrorModel) -> Shown:
    if model.problem or model.average is None:
        return Shown(NOT_FITTED, None, None, None)
    change = as_change(model.average, model.average_low, model.average_high, model.unit, level_of(analysis))
    return change_cell(change, model.unit)


def _immediate_cell(analysis: Analysis, model: ErrorModel) -> Shown:
    if model.problem or model.immediate is None:
        return Shown(NOT_FITTED if model.problem else "not in the model", None, None, None)
    change = as_change(model.immediate, model.immediate_low, model.immediate_high, model.unit, level_of(analysis))
    return change_cell(change, model.unit)


def _linked(autocorrelation: float | None) -> Shown:
    return Shown("not stated" if autocorrelation is None else number(autocorrelation, 2), autocorrelation)
