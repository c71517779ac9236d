"""All guards on the data of one analysis, in order: what they saw, or every reason to stop at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import DataError
from evalkit.records import GuardFinding
from evalkit.sources.dates import time_in
from evalkit.sources.guards.newest_periods import newest_below
from evalkit.sources.guards.places import boundary_change, coverage_gap
from evalkit.sources.guards.rules import Looked, settled
from evalkit.sources.guards.schema import drifted
from evalkit.sources.guards.sudden_break import sudden_breaks
from evalkit.sources.guards.zero_runs import improbable_runs, zero_runs

if TYPE_CHECKING:
    from evalkit.records import Panel
    from evalkit.sources.columns import Data


def hold(
    panel: Panel, data: Data, used: Collection[int], *, drift: Iterable[Looked] = (), events: Iterable[Any] = (),
    steps: bool = True, careful: bool = False,
) -> tuple[GuardFinding, ...]:  # fmt: skip
    """Return what the guards found; one that is neither met nor waived stops the study.

    Parameters
    ----------
    panel : Panel
    data : Data
        The study's `data` block.
    used : collection of int
        Periods that the study uses.
    drift : iterable of Looked
        What `schema.drifted` saw, for the main analysis.
    events : iterable of dates
        Other dates that the study declares: breaks in the notes, shocks, interruptions.
    steps : bool
        Look for sudden steps; not for a pretend start, where the true one is a step of its own.
    careful : bool
        Tell no statistic: small numbers of the study are hidden.

    Raises
    ------
    DataError
        With the unit and dates of everything that was found, all guards at once.
    """
    runs = improbable_runs(panel, used)
    boundary, moved = boundary_change(panel, used, runs or ())
    rest = None if runs is None else [run for run in runs if run.unit not in moved]
    looked = [*drift, coverage_gap(panel, data), boundary, zero_runs(panel, rest)]
    stopped = {run.unit for run in rest or ()} | moved  # one cause, one message
    if steps:
        looked.append(newest_below(panel, used))
        looked.append(sudden_breaks(panel, used, declared_times(panel, data, events), stopped))
    findings, problems = [], []
    for each in (each for each in looked if each is not None):
        finding, found = settled(_told(each, careful), getattr(data.guards, each.guard, None))
        findings += [finding] if finding else []
        problems += found
    if problems:
        raise DataError(problems)
    return tuple(findings)


def as_released(
    findings: Iterable[GuardFinding], shape: Mapping[str, Any] | None, *, careful: bool = False
) -> tuple[GuardFinding, ...]:  # fmt: skip
    """Return findings as a run finds them once the data of this shape are those of the last release.

    So a result that is released is, to the byte, the one that the next run on the same inputs would write.
    """
    if shape is None:
        return tuple(findings)
    met = {each.guard: settled(_told(each, careful), None)[0] for each in drifted(shape, shape, released=True)}
    return tuple(each if each.found == "waived" else met.get(each.guard) or each for each in findings)


def _told(looked: Looked, careful: bool) -> Looked:
    """Return what a guard saw without its statistic, where small numbers are hidden."""
    return replace(looked, note="") if careful and looked.ran else looked


def require_expected(panel: Panel, data: Data) -> None:
    """Check that what the study expects is there, before a design asks for whole windows in words of its own.

    Raises
    ------
    DataError
        With each place that is not there and each stretch of periods that a place lacks.
    """
    looked = coverage_gap(panel, data)
    if looked is not None:
        _, problems = settled(looked, data.guards.coverage_gap)
        if problems:
            raise DataError(problems)


def declared_times(panel: Panel, data: Data, events: Iterable[Any] = ()) -> Mapping[str, set[int]]:
    """Return the periods in which the study itself declares that something changed, by unit; "" is every unit."""
    found: dict[str, set[int]] = {"": set()}
    for each in data.breaks:
        time = time_in(each.date, panel.frequency)
        for unit in [""] if each.units == "all" else each.units:
            if time is not None:
                found.setdefault(unit, set()).add(time)
    found[""] |= {time for date in events if (time := time_in(date, panel.frequency)) is not None}
    return found
