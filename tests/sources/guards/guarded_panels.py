"""Panels with known faults, for the tests of the guards."""

import numpy
import pandas

from evalkit.periods import parse_period
from evalkit.records import Measure, Panel

FORCES = (
    "Avon and Somerset", "Bedfordshire", "Cheshire", "Cleveland", "Dorset", "Durham", "Essex", "Greater Manchester",
    "Kent", "Lancashire", "Merseyside", "Norfolk", "Northumbria", "South Yorkshire", "Sussex", "Thames Valley",
    "West Midlands", "West Yorkshire",
)  # fmt: skip
"""Police forces, at the size of whose robberies a month `forces` draws."""
LEVELS = (120, 60, 40, 45, 30, 20, 150, 480, 110, 90, 160, 25, 80, 120, 90, 110, 620, 300)


def panel(series: dict[str, list[float]], start: str | None, first: str = "2017-01", treated: tuple[str, ...] = (),
          kind: str = "count") -> Panel:  # fmt: skip
    """Return a panel of months; None in a series leaves the row out."""
    begin = parse_period(first, "month")
    starts = {unit: float(parse_period(start, "month")) if start and unit in treated else numpy.nan for unit in series}
    rows = [(unit, begin + at, float(value), 1.0, starts[unit]) for unit, values in series.items()
            for at, value in enumerate(values) if value is not None]  # fmt: skip
    frame = pandas.DataFrame(rows, columns=["unit", "time", "value", "exposure", "first_time"])
    return Panel(frame, Measure("incidents", "Incidents", kind=kind), "month")


def forces(seed: int = 1, months: int = 48) -> dict[str, list[float]]:
    """Return counts a month by force: season, dispersion, and what moves all of them."""
    random = numpy.random.default_rng(seed)
    shared = random.normal(0, 0.05, months)
    season = 0.1 * numpy.sin(2 * numpy.pi * numpy.arange(months) / 12)
    found = {}
    for name, level in zip(FORCES, LEVELS, strict=True):
        means = level * numpy.exp(shared + season) * random.gamma(200, 1 / 200, months)
        found[name] = [float(count) for count in random.poisson(means)]
    return found


def counts(random: numpy.random.Generator, months: int, level: float, *, dispersion: float = 0.0,
           correlation: float = 0.0, season: float = 0.0, tail: int | None = None) -> list[float]:  # fmt: skip
    """Return counts of one series without any break: trend, season, dispersion, autocorrelation, heavy tails."""
    time, wander = numpy.arange(months), numpy.zeros(months)
    for at in range(1, months if correlation else 0):
        wander[at] = correlation * wander[at - 1] + random.normal(0, 0.1 * (1 - correlation**2) ** 0.5)
    if tail:
        wander += 0.1 * random.standard_t(tail, months)
    means = level * numpy.exp(wander + season * numpy.sin(2 * numpy.pi * time / 12) - 0.003 * time)
    means = random.gamma(1 / dispersion, means * dispersion) if dispersion else means
    return [float(count) for count in random.poisson(means)]


def used(of: Panel) -> set[int]:
    """Return every period of a panel."""
    return set(range(of.times[0], of.times[-1] + 1))
