"""Rows that the study file leaves out by date or place: newest periods that may still change, breaks in recording."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evalkit.errors import DataError, Problem
from evalkit.periods import format_period, spell_periods, words_for
from evalkit.sources.columns import Data, Intervention
from evalkit.sources.dates import time_in
from evalkit.sources.inputs import did_you_mean, listed
from evalkit.sources.request import Request

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.sources.guards.blocks import RecordingBreak


def kept_periods(request: Request, keys: pandas.DataFrame) -> numpy.ndarray:
    """Return which rows stay: not among the newest periods that settle, nor beyond a break that is excluded.

    Parameters
    ----------
    request : Request
        Notes say what was left out.
    keys : pandas.DataFrame
        `unit` and `time` of each row.

    Raises
    ------
    DataError
        When a break is no period of the data, names no unit of theirs, or cannot be excluded.
    """
    import numpy

    problems = list(break_problems(request.data, list(keys["unit"].cat.categories)))
    if problems:
        raise DataError(problems)
    kept = numpy.ones(len(keys), dtype="bool")
    times = keys["time"].to_numpy()
    for each in request.data.breaks:
        if each.handling == "exclude":
            kept &= _beside(request, each, keys)
    if request.data.settling and kept.any():
        last = int(times[kept].max())
        newest = range(last - request.data.settling + 1, last + 1)
        kept &= times <= last - request.data.settling
        frequency = request.data.frequency
        request.notes.append(
            f"The newest {words_for(frequency, len(newest))} {spell_periods(newest, frequency)} "
            f"{'is' if len(newest) == 1 else 'are'} left out: they may still change."
            if len(newest) > 1 else
            f"The newest {words_for(frequency)}, {spell_periods(newest, frequency)}, is left out: it may still change."
        )  # fmt: skip
    return kept


def units_left_out(data: Data) -> frozenset[str]:
    """Return the units that a declared break in recording leaves out altogether."""
    wanted = [each.units for each in data.breaks if each.handling == "exclude" and each.units != "all"]
    return frozenset(unit for units in wanted for unit in units)


def break_problems(data: Data, units: list[str]) -> Iterator[Problem]:
    """Yield breaks whose date is no period of the data, or that name no unit of theirs."""
    for at, each in enumerate(data.breaks):
        if time_in(each.date, data.frequency) is None:
            yield Problem(f"{each.date!r} is not a period of these data", "write it as the data's periods",
                          f"data.breaks.{at}.date")  # fmt: skip
        for name in [] if each.units == "all" else each.units:
            if name not in units:
                yield Problem(f"{name!r} is not among the units of the data", did_you_mean(name, units),
                              f"data.breaks.{at}.units")  # fmt: skip


def _beside(request: Request, each: RecordingBreak, keys: pandas.DataFrame) -> numpy.ndarray:
    """Return the rows that an excluded break keeps: other units, or the side of it on which the start lies."""
    if each.units != "all":
        request.notes.append(f"{listed(each.units)} left out for a break in recording ({each.date}: {each.what}).")
        stay: numpy.ndarray = (~keys["unit"].isin(each.units)).to_numpy()
        return stay
    time, times = time_in(each.date, request.data.frequency), keys["time"].to_numpy()
    assert time is not None
    start = _first_start(request.intervention, request.data.frequency)
    if start is None:
        raise DataError("a break of all places can be excluded only where the study file gives the starts",
                        "name the first or last period in `data.filter` instead", "data.breaks")  # fmt: skip
    later = time <= start
    shown = format_period(time, request.data.frequency)
    side = f"before {shown}" if later else f"from {shown} on"
    request.notes.append(f"Rows {side} left out for a break in recording ({each.what}).")
    kept: numpy.ndarray = times >= time if later else times < time
    return kept


def _first_start(intervention: Intervention | None, frequency: str) -> int | None:
    """Return the earliest start that the study file itself gives."""
    if intervention is None:
        return None
    written = [intervention.start] if intervention.starts is None else list(intervention.starts.values())
    times = [time for value in written if value is not None and (time := time_in(value, frequency)) is not None]
    return min(times) if times else None


def indicator_names(data: Data) -> list[str]:
    """Return the column of each break that enters the model as an indicator, in the order of the study file."""
    return [name for name, _ in _indicators(data)]


def _indicators(data: Data) -> Iterator[tuple[str, RecordingBreak]]:
    wanted = [each for each in data.breaks if each.handling == "indicator"]
    for number, each in enumerate(wanted, start=1):
        yield f"recording_break_{number}", each


def with_indicators(data: Data, frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return a panel's table with a column for each break that is an indicator: 1 from it on in its units."""
    for name, each in _indicators(data):
        time = time_in(each.date, data.frequency)
        here = frame["time"] >= (math.inf if time is None else time)
        if each.units != "all":
            here &= frame["unit"].isin(each.units)
        frame = frame.assign(**{name: here.astype("float64")})
    return frame
