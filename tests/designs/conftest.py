"""Panels for tests of designs, made without any source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import pandas
import pytest

from evalkit.periods import as_pandas, parse_period
from evalkit.records import Measure, Panel

Rows = Sequence[tuple[Any, ...]]


def build(
    rows: Rows,
    kind: str = "count",
    frequency: str = "month",
    start: int | str | Mapping[str, int] | None = None,
    **options: Any,
) -> Panel:
    """Return a panel from rows (unit, time, value[, exposure]); `start` is one first treated period or one per unit."""
    frame = pandas.DataFrame(list(rows)).set_axis(["unit", "time", "value", "exposure"][: len(rows[0])], axis=1)
    frame["unit"] = frame["unit"].astype(str)
    frame["value"] = frame["value"].astype(float)
    frame["exposure"] = frame["exposure"].astype(float) if "exposure" in frame else 1.0
    frame["period"] = as_pandas(frame["time"], frequency)
    if isinstance(start, str):
        start = parse_period(start, frequency)
    if isinstance(start, Mapping):
        frame["first_time"] = frame["unit"].map(start).astype(float)
    else:
        frame["first_time"] = numpy.nan if start is None else float(start)
    frame["weight"] = options.pop("weight", 1.0)
    frame["cluster"] = options.pop("cluster", frame["unit"])
    for name, values in options.pop("columns", {}).items():
        frame[name] = values
    measure = Measure(
        "outcome", "Incidents", "incidents", kind, options.pop("better", "lower"), options.pop("per", 1.0)
    )
    if not options.pop("unsorted", False):
        frame = frame.sort_values(["unit", "time"]).reset_index(drop=True)
    return Panel(frame, measure, frequency, **options)


@pytest.fixture
def panel() -> Callable[..., Panel]:
    return build


@pytest.fixture
def month() -> Callable[[str], int]:
    return lambda text: parse_period(text, "month")


@pytest.fixture
def monthly(panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """One monthly series from January 2010, 60 months before and 24 after, with season, trend and a planted fall."""

    def make(
        seed: int = 1, before: int = 60, after: int = 24, fall: float = 0.2, kind: str = "count", **options: Any
    ) -> Panel:
        generator = numpy.random.default_rng(seed)
        first, steps = parse_period("2010-01", "month"), numpy.arange(before + after)
        noise = numpy.zeros(steps.size)
        for t in range(1, steps.size):
            noise[t] = 0.4 * noise[t - 1] + generator.normal(0, 0.04)
        log_mean = numpy.log(400) + 0.1 * numpy.sin(2 * numpy.pi * steps / 12) - 0.001 * steps
        values = numpy.round(numpy.exp(log_mean + noise + numpy.log(1 - fall) * (steps >= before)))
        rows = [("Town", first + t, values[t]) for t in range(steps.size)]
        return panel(rows, kind, start=first + before, **options)

    return make


@pytest.fixture
def places(panel: Callable[..., Panel]) -> Callable[..., Panel]:
    """Twelve places by twelve years, six of them treated from 2006 on (or staggered), with a planted fall."""

    def make(
        seed: int = 2, fall: float = 0.2, staggered: bool = False, never: int = 6, kind: str = "count", **options: Any
    ) -> Panel:
        generator = numpy.random.default_rng(seed)
        starts = {f"T{i}": 36 + (i % 3 if staggered else 0) for i in range(6)}
        units = [*starts, *(f"C{i}" for i in range(never))]
        level, year = dict(zip(units, generator.normal(6, 0.5, len(units)), strict=True)), generator.normal(0, 0.1, 12)
        rows = []
        for unit in units:
            for time in range(30, 42):
                gone = numpy.log(1 - fall) * (time >= starts.get(unit, 99))
                value = numpy.exp(level[unit] + year[time - 30] + gone + generator.normal(0, 0.03))
                rows.append((unit, time, numpy.round(value)))
        return panel(rows, kind, "year", starts, **options)

    return make
