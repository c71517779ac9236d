"""Whether an outcome counts events, without which nothing can be priced per event."""

from __future__ import annotations

from evalkit.errors import Problem
from evalkit.records import Analysis, OutcomeKind


def counting_problem(kind: OutcomeKind, *, exposure: bool, per: float = 1.0) -> Problem | None:
    """Return why benefits cannot be priced on an outcome; None where its events can be counted.

    A unit cost is pounds per event. A count is a number of events; a rate, proportion or yes/no outcome becomes one
    through its exposure. One point of a rate, or one unit of a continuous outcome, is no event.

    Parameters
    ----------
    kind : {'count', 'rate', 'proportion', 'binary', 'continuous'}
    exposure : bool
        Whether the outcome has an exposure (population, person-time or trials).
    per : float
        A rate is printed per this many units of exposure.
    """
    if kind == "count" or (exposure and kind != "continuous"):
        return None
    where = "economics.benefits"
    if kind == "continuous":
        return Problem("a continuous outcome counts no events, so nothing can be priced per event",
                       "price an outcome that counts events (kind: count, or a rate or proportion with exposure), or "
                       "leave benefits out", where)  # fmt: skip
    words = "yes/no outcome" if kind == "binary" else kind
    behind = {"rate": "population or person-time", "proportion": "trials", "binary": "people"}[kind]
    also = f" and the `per` ({per:,g} here) that it is printed in" if kind == "rate" else ""
    return Problem(f"the outcome is a {words} without exposure, so its events cannot be counted, and one point of it "
                   "is not one event", f"give the outcome its `exposure` (the column of {behind}){also}, or price an "
                   "outcome of kind: count", where)  # fmt: skip


def uncounted(analysis: Analysis, *, exposure: bool) -> Problem | None:
    """Return why benefits cannot be priced with an analysis; None where it counts events.

    Parameters
    ----------
    analysis : Analysis
        One that found or counted events needs no exposure of the study file: its rows gave it one.
    exposure : bool
        Whether the study file gives the outcome an exposure.
    """
    result = analysis.result
    if result.averted is not None or (result.fit or {}).get("observed_total") is not None:
        return None
    return counting_problem(analysis.outcome.kind, exposure=exposure, per=analysis.outcome.per)


def counted_in(analysis: Analysis) -> str:
    """Return the unit of what is priced: that of what was averted, never the label of the rate that was modelled."""
    if analysis.result.averted is not None and analysis.result.averted.unit:
        return analysis.result.averted.unit
    return analysis.outcome.unit if analysis.outcome.kind == "count" else "events"
