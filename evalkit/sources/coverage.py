"""What a panel holds for each unit and period, and which runs of zeros its own level makes unlikely."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.periods import format_period, parse_period
from evalkit.records import Coverage, Panel, UnitCoverage

if TYPE_CHECKING:
    import numpy
    import pandas

UNLIKELY = 0.001
"""A run of zeros less probable than this at the unit's own level is told."""
LARGEST = 1_000_000
"""With more units and periods than this nothing is told of single ones."""


def coverage_of(panel: Panel, used: Collection[int] | None = None) -> Coverage | None:
    r"""Return what the data hold for each unit and period.

    Parameters
    ----------
    panel : Panel
    used : collection of int, optional
        Periods that the study uses; all from the first to the last when left out.

    Returns
    -------
    Coverage or None
        None where units and periods are too many to be told one by one.

    Notes
    -----
    A run of :math:`k` zeros is told when its probability under a Poisson distribution at the unit's own mean,
    :math:`\exp(-\sum_{t} \lambda e_t)` over the run, is below 0.001, with :math:`\lambda` all events of the unit by
    its exposure :math:`e`, the run included. Only counts and rates with an exposure have such runs.
    """
    first, last = panel.times[0], panel.times[-1]
    if (last - first + 1) * len(panel.units) > LARGEST:
        return None
    wanted = set(range(first, last + 1)) if used is None else set(used)
    if panel.cross_sections:  # they need not be adjacent: a period without a row anywhere is no hole of theirs
        wanted &= set(panel.times)
    events = events_of(panel)
    units = []
    for unit, rows in panel.frame.groupby("unit", sort=False, observed=True):
        states = _states(panel, str(unit), set(map(int, rows["time"])), wanted, range(first, last + 1))
        if events is not None:
            states = _with_zeros(states, rows["time"].to_numpy() - first, events.loc[rows.index].to_numpy(),
                                 rows["exposure"].to_numpy())  # fmt: skip
        trimmed = states.lstrip("o")
        begins = first + len(states) - len(trimmed)
        start = rows["first_time"].iloc[0]
        units.append(UnitCoverage(
            str(unit), format_period(begins, panel.frequency), trimmed.rstrip("o"),
            "" if math.isnan(start) else format_period(int(start), panel.frequency)))  # fmt: skip
    return Coverage(panel.frequency, tuple(units), zeros=events is not None)


def with_open_zeros(coverage: Coverage, periods: Collection[str]) -> Coverage:
    """Return a coverage whose runs of zeros lie within periods in which no number is hidden.

    Parameters
    ----------
    coverage : Coverage
    periods : collection of str
        Periods whose numbers may all be seen. A run that touches another one is told as complete.
    """
    if not coverage.zeros:
        return coverage
    units = []
    for unit in coverage.units:
        first, states = parse_period(unit.first, coverage.frequency), list(unit.states)
        for begin, end in runs_of(unit.states, "z"):
            labels = [format_period(first + at, coverage.frequency) for at in range(begin, end)]
            if not all(label in periods for label in labels):
                states[begin:end] = "c" * (end - begin)
        units.append(replace(unit, states="".join(states)))
    return replace(coverage, units=tuple(units))


def without_zeros(coverage: Coverage) -> Coverage:
    """Return a coverage that tells nothing of zeros."""
    return replace(with_open_zeros(coverage, ()), zeros=False)


def _states(panel: Panel, unit: str, there: set[int], wanted: set[int], times: range) -> str:
    """Return one letter a period, runs of zeros not yet looked for."""
    declared = {time for time, _, whose in panel.gaps if whose in (None, unit)}
    letters = []
    for time in times:
        if time not in wanted:
            letters.append("o")
        elif time in there:
            letters.append("p" if (unit, time) in panel.bounded else "c")
        else:
            letters.append("d" if time in declared else "m")
    return "".join(letters)


def events_of(panel: Panel) -> pandas.Series[float] | None:
    """Return the number of events of each row; None where the outcome does not count any."""
    kind, frame = panel.outcome.kind, panel.frame
    if panel.cross_sections or kind not in ("count", "rate"):
        return None
    if kind == "count":
        return frame["value"]
    return frame["value"] * frame["exposure"] / panel.outcome.per if bool((frame["exposure"] != 1.0).any()) else None


def _with_zeros(states: str, places: numpy.ndarray, events: numpy.ndarray, exposure: numpy.ndarray) -> str:
    """Return the letters with `z` for runs of complete zeros that are improbable at the unit's own level."""
    at = dict(zip(places.tolist(), zip(events.tolist(), exposure.tolist(), strict=True), strict=True))
    known = [pair for place, pair in at.items() if states[place] in "cp"]
    total, time = sum(count for count, _ in known), sum(amount for _, amount in known)
    if not total or not time:
        return states
    zero = "".join("z" if state == "c" and at[place][0] == 0 else " " for place, state in enumerate(states))
    letters = list(states)
    for begin, end in runs_of(zero, "z"):
        expected = total / time * sum(at[place][1] for place in range(begin, end))
        if math.exp(-expected) < UNLIKELY:
            letters[begin:end] = "z" * (end - begin)
    return "".join(letters)


def runs_of(states: str, state: str) -> Iterator[tuple[int, int]]:
    """Yield where each run of a state begins and ends (the end not included)."""
    place = 0
    for letter, group in itertools.groupby(states):
        length = len(list(group))
        if letter == state:
            yield place, place + length
        place += length
