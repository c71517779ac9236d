"""What a model is fitted to: the outcome, or the outcome over its exposure, and the way back to events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics.words import SHARE
from evalkit.errors import DesignError, Problem
from evalkit.records import Measure, Panel

if TYPE_CHECKING:
    import numpy
    import pandas

EVENTS = ("count", "rate", "proportion", "binary")
"""Kinds of outcome whose total over units and periods is a number of events."""


def named(outcome: Measure) -> str:
    """Return what one value counts, as it stands inside a sentence: its unit, else its label without the capital.

    A label that opens with an abbreviation keeps it; one that opens with a name loses its capital, so give `unit`.
    """
    label = outcome.label
    return outcome.unit or (label if label[1:2].isupper() else label[:1].lower() + label[1:])


def has_exposure(panel: Panel) -> bool:
    """Return whether an exposure was declared: any exposure that is not 1."""
    return bool((panel.frame["exposure"] != 1.0).any())


def modelled(frame: pandas.DataFrame, panel: Panel) -> numpy.ndarray:
    """Return the outcome as it is modelled: a count with exposure as a rate per `per`, all else as it is."""
    import numpy

    values = frame["value"].to_numpy(dtype=float)
    if panel.outcome.kind == "count" and has_exposure(panel):
        values = values / frame["exposure"].to_numpy(dtype=float) * panel.outcome.per
    return numpy.asarray(values)


def to_outcome(frame: pandas.DataFrame, panel: Panel) -> numpy.ndarray:
    """Return the factor by row that takes the modelled outcome back to the outcome's own unit."""
    import numpy

    if panel.outcome.kind == "count" and has_exposure(panel):
        return numpy.asarray(frame["exposure"].to_numpy(dtype=float) / panel.outcome.per)
    return numpy.ones(len(frame))


def to_events(frame: pandas.DataFrame, panel: Panel) -> numpy.ndarray | None:
    """Return the factor by row that takes the modelled outcome to a number of events; None where it is none.

    A count is a number of events. A rate, proportion or yes/no outcome becomes one through its exposure, and
    cannot where no exposure was declared. A continuous outcome is no number of events, and the rows of a repeated
    cross-section are a sample, of which a sum says nothing about all.
    """
    import numpy

    kind = panel.outcome.kind
    if panel.cross_sections:
        return None
    if kind == "count":
        return to_outcome(frame, panel)
    if kind not in EVENTS or not has_exposure(panel):
        return None
    per = panel.outcome.per if kind == "rate" else 1.0
    return numpy.asarray(frame["exposure"].to_numpy(dtype=float) / per)


def events_seen(frame: pandas.DataFrame, panel: Panel, rows: numpy.ndarray) -> float | None:
    """Return how many events were observed in some rows; None where the outcome has no total.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of the panel.
    panel : Panel
    rows : numpy.ndarray of bool, shape (n,)
        Which of them are summed.
    """
    factor = to_events(frame, panel)
    return None if factor is None else float((modelled(frame, panel) * factor)[rows].sum())


def modelled_unit(panel: Panel) -> str:
    """Return the unit of the modelled outcome in words."""
    outcome = panel.outcome
    if outcome.kind == "count" and has_exposure(panel):
        return f"{named(outcome)} per {outcome.per:,g} of exposure"
    if outcome.kind in ("proportion", "binary") and not outcome.unit:
        return SHARE
    return named(outcome)


def require_positive(frame: pandas.DataFrame, values: numpy.ndarray, panel: Panel, option: str) -> None:
    """Raise unless every value is above zero, so that it has a logarithm.

    Raises
    ------
    DesignError
        Naming up to ten units and periods.
    """
    wrong = frame.loc[values <= 0.0, ["unit", "time"]]
    if wrong.empty:
        return
    shown = [f"{unit or 'the series'} in {panel.label(int(time))}" for unit, time in wrong.head(10).to_numpy()]
    more = f" and {len(wrong) - 10} more" if len(wrong) > 10 else ""
    raise DesignError(
        f"zero or negative values have no logarithm: {', '.join(shown)}{more}",
        "use `identity`, join periods or units, or choose a count family where the design has one",
        f"design.{option}",
    )


def require_columns(panel: Panel, columns: list[str], option: str) -> None:
    """Raise unless the panel holds these columns, as numbers without holes.

    Raises
    ------
    DesignError
        Naming every column that is missing, is no number, or has empty cells.
    """
    from pandas.api.types import is_numeric_dtype

    problems, where = [], f"design.{option}"
    for column in columns:
        if column not in panel.frame:
            have = ", ".join(panel.covariates) or "none"
            problems.append(Problem(f"there is no column {column!r} in the panel (it has: {have})", "", where))
        elif not is_numeric_dtype(panel.frame[column]):
            problems.append(Problem(f"column {column!r} holds text", "give numbers", where))
        elif panel.frame[column].isna().any():
            rows = panel.frame.loc[panel.frame[column].isna(), ["unit", "time"]]
            unit, time = rows.iloc[0]
            place = f"{unit or 'the series'} in {panel.label(int(time))}"
            problems.append(
                Problem(f"column {column!r} is empty in {len(rows)} rows, first {place}", "fill them or drop it", where)
            )
    if problems:
        raise DesignError(problems)


def require_single_rows(panel: Panel, title: str) -> None:
    """Raise when a unit has several rows in one period (repeated cross-sections).

    Raises
    ------
    DesignError
        Naming the first such unit and period.
    """
    twice = panel.frame.duplicated(["unit", "time"])
    if twice.any():
        unit, time = panel.frame.loc[twice, ["unit", "time"]].iloc[0]
        raise DesignError(
            f"{unit or 'the series'} has several rows in {panel.label(int(time))}, and {title} needs one",
            "the data say `sampling: repeated_cross_section`: leave it out, so that the rows of a unit and period are "
            "brought together, or use difference_in_differences"
            if panel.cross_sections
            else "sum the rows of a unit and period, or use difference_in_differences",
            "data.sampling" if panel.cross_sections else "data",
        )
