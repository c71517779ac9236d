"""The smallest change that a study could find by how many places are treated: what only such power has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.planning.panel_words import ESTIMATORS, TESTS
from evalkit.report.numbers import Shown, number, percent
from evalkit.report.scales import is_finite
from evalkit.report.tables import Column, Table
from evalkit.report.words import capital


def own_places(treated: int, noun: str) -> str:
    """Return the study's own places, as a sentence begins: With its 3 treated units."""
    return f"With its {treated_words(treated)} treated {noun}{'s' * (treated != 1)}"


def treated_words(treated: int) -> str:
    """Return a number of treated places."""
    return number(treated, 0)


def places_table(source: Mapping[str, Any], caption: str) -> Table:
    """Return a row for each number of treated places, those of the study itself first.

    Parameters
    ----------
    source : mapping
        `Result.power`.
    caption : str
    """
    cells, noun = [source["own"], *source["cells"]], str(source.get("noun") or "unit")
    counted = any(cell.get("events_a_year") is not None for cell in cells)
    columns = [
        Column(f"Treated {noun}s"), Column("Estimated and tested by"), Column("Smallest p-value possible", "number"),
        Column("Fall, percent", "number"), Column("Rise, percent", "number"),
        *([Column("Events a year", "number")] if counted else []),
    ]  # fmt: skip
    rows = [_row(cell, counted) for cell in cells]
    problems = dict.fromkeys(
        f"{treated_words(cell['treated'])} treated: {cell['problem'].rstrip('.')}" for cell in cells if cell["problem"]
    )
    notes = [f"Apart from this study's own, treated {noun}s are drawn at random."]
    notes += [f"None found: {'; '.join(problems)}."] if problems else []
    return Table("tbl-power", caption, columns, rows, note=" ".join(notes))


def _row(cell: Mapping[str, Any], counted: bool) -> tuple[Any, ...]:
    """Return one row."""
    name = treated_words(cell["treated"])
    smallest = cell.get("smallest_p")
    row: tuple[Any, ...] = (
        name if cell["drawn"] else f"{name}, this study's own",
        how(cell),
        Shown("no limit" if smallest is None else number(smallest, 4 if smallest < 0.01 else 2), smallest),
        _percent(cell["fall_percent"]),
        _percent(cell["rise_percent"]),
    )
    if not counted:
        return row
    events = cell.get("events_a_year")
    return (*row, Shown("none found" if events is None else number(events, 0), events))


def how(cell: Mapping[str, Any]) -> str:
    """Return by which estimator and test a number of treated places was looked at."""
    estimator, test = cell.get("estimator"), cell.get("inference")
    if not estimator:
        return "not worked out"
    return f"{capital(ESTIMATORS.get(estimator, str(estimator)))}, {TESTS.get(str(test), str(test))}"


def _percent(size: float | None) -> Shown:
    return Shown(percent(size or 0.0, 1), size) if is_finite(size) else Shown("none found", None)
