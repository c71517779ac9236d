"""Panels of 43 places that calibration of inference with few units draws; see calibrate_few_units.py.

43 is the number of territorial police forces of England and Wales. Unequal places have log-normal sizes, the standard
deviation of whose logarithms is 0.7 (the largest is 24 times the smallest). Each unit-period has autoregressive noise:

- mean: normal noise; its variance is 1 in equal places, and falls with size otherwise (1 on average size).
- count: Poisson with a mean in proportion to size, times log-normal noise: 200 in a place of average size with noise of
  0.15 (logarithm; fitted on the log scale), or 3 with noise of 0.5 (zeros occur, so fitted as they are).
- rate: the small counts over exposure.

The treated are drawn at random, or are the largest places, or those whose unit-period outcome varies most on the scale
that is fitted. With an effect, counts fall by 20%.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

UNITS, SPREAD_OF_SIZES, FALL = 43, 0.7, -0.2
LARGE_COUNT, LARGE_NOISE, SMALL_COUNT, SMALL_NOISE = 200.0, 0.15, 3.0, 0.5


class Kind(NamedTuple):
    """What is measured in the places, whether they are of one size, and whether the study knows sizes."""

    outcome: str
    equal: bool
    known: bool = True

    @property
    def sizes(self) -> str:
        """How the table names the sizes."""
        return "equal" if self.equal else "unequal" if self.known else "unequal, unknown"


class Cell(NamedTuple):
    """One kind of panel: who is treated, from when, and how unit-periods vary."""

    treated: int
    periods: int
    starts: tuple[int, ...]
    autocorrelation: float
    kind: Kind
    who: str = "at random"
    synthetic: bool = False

    @property
    def estimator(self) -> str:
        """The estimator that a study of this cell names."""
        if self.synthetic:
            return "synthetic_did"
        return "two_way_fixed_effects" if len(self.starts) == 1 else "callaway_santanna"

    @property
    def adoption(self) -> str:
        """How the table names the starts."""
        return "together" if len(self.starts) == 1 else f"{len(self.starts)} dates"

    @property
    def first_treated(self) -> np.ndarray:
        """Index of the first treated period of each place, treated ones first; the number of periods for others."""
        parts = np.array_split(np.arange(self.treated), len(self.starts))
        own = np.repeat(self.starts, [len(part) for part in parts])
        return np.concatenate([own, np.full(UNITS - self.treated, self.periods)]).astype(np.int64)

    def generator(self, seed: int) -> np.random.Generator:
        """Return this cell's own stream of random numbers, whichever cells run beside it and whatever estimates."""
        name = f"{self.kind.outcome} {self.kind.sizes} {self.who}"
        key = (self.treated, self.periods, *self.starts, round(100 * self.autocorrelation), *name.encode())
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


class Panels(NamedTuple):
    """Panels of a cell.

    Attributes
    ----------
    quiet, changed : ndarray, shape (r, units, periods)
        On the scale that is fitted, without an effect and with one.
    truth : ndarray, shape (r,)
        Average effect over treated unit-periods in `changed`.
    exposure : ndarray, shape (r, units), or None
    events : ndarray, shape (r, units, periods), or None
        Counts of `quiet`.
    """

    quiet: np.ndarray
    changed: np.ndarray
    truth: np.ndarray
    exposure: np.ndarray | None
    events: np.ndarray | None


def sizes_of_places() -> np.ndarray:
    """Return the sizes of 43 unequal places, mean 1, ascending."""
    from scipy import stats

    sizes = np.exp(SPREAD_OF_SIZES * stats.norm.ppf((np.arange(UNITS) + 0.5) / UNITS))
    return np.asarray(sizes / sizes.mean())


def dealt_sizes(cell: Cell, generator: np.random.Generator, replications: int) -> np.ndarray:
    """Return the size of each place in each panel, treated places first."""
    sizes = np.ones(UNITS) if cell.kind.equal else sizes_of_places()
    if cell.who == "at random":
        return generator.permuted(np.tile(sizes, (replications, 1)), axis=1)
    up = cell.who == "the largest" or cell.kind.outcome == "small count"  # A small count varies as its mean does.
    ordered = sizes[::-1] if up else sizes
    own = generator.permuted(np.tile(ordered[: cell.treated], (replications, 1)), axis=1)
    others = generator.permuted(np.tile(ordered[cell.treated :], (replications, 1)), axis=1)
    return np.hstack([own, others])


def noise(generator: np.random.Generator, shape: tuple[int, int, int], rho: float) -> np.ndarray:
    """Return stationary autoregressive noise with variance 1 along the last axis."""
    from evalkit.estimation.series.simulated_series import autoregressive_errors

    return autoregressive_errors(generator, shape[0] * shape[1], shape[2], rho).reshape(shape)


def draw(cell: Cell, replications: int, generator: np.random.Generator) -> Panels:
    """Return panels of a cell."""
    sizes = dealt_sizes(cell, generator, replications)
    errors = noise(generator, (replications, UNITS, cell.periods), cell.autocorrelation)
    if cell.kind.outcome == "mean":
        outcome = errors / np.sqrt(sizes)[:, :, None]
        return Panels(outcome, outcome, np.zeros(replications), sizes if cell.kind.known else None, None)
    return _counts(cell, sizes, errors, generator)


def _counts(cell: Cell, sizes: np.ndarray, errors: np.ndarray, generator: np.random.Generator) -> Panels:
    """Return counts, those with an effect drawn anew in treated unit-periods alone."""
    large = cell.kind.outcome == "count"
    level, sd = (LARGE_COUNT, LARGE_NOISE) if large else (SMALL_COUNT, SMALL_NOISE)
    mean = level * sizes[:, :, None] * np.exp(sd * errors - sd**2 / 2.0)
    events = generator.poisson(mean).astype(np.float64)
    changed, codes = events.copy(), cell.first_treated[: cell.treated]
    treated = np.arange(cell.periods) >= codes[:, None]
    changed[:, : cell.treated] = np.where(
        treated, generator.poisson((1.0 + FALL) * mean[:, : cell.treated]), events[:, : cell.treated]
    )
    if large:
        if min(events.min(), changed.min()) <= 0.0:
            raise ValueError("a count of none has no logarithm: the study itself would leave the log scale")
        return Panels(np.log(events), np.log(changed), np.full(len(events), np.log1p(FALL)), None, events)
    expected = SMALL_COUNT * (np.ones_like(sizes) if cell.kind.outcome == "rate" else sizes)[:, : cell.treated]
    weights = treated.sum(axis=1) / treated.sum()
    truth = FALL * expected @ weights
    if cell.kind.outcome == "rate":
        return Panels(events / sizes[:, :, None], changed / sizes[:, :, None], truth, sizes, events)
    return Panels(events, changed, truth, None, events)


def as_panel(cell: Cell, panels: Panels, row: int, changed: bool = False) -> Any:
    """Return one of the panels as a study holds it (`evalkit.records.Panel`)."""
    import pandas as pd

    from evalkit.periods import as_pandas
    from evalkit.records import Measure, Panel

    kind = cell.kind.outcome
    outcome = (panels.changed if changed else panels.quiet)[row]
    values = {"mean": outcome, "count": np.exp(outcome), "small count": outcome}.get(kind)
    exposure = np.ones(UNITS) if panels.exposure is None else panels.exposure[row]
    if values is None:
        values = outcome * exposure[:, None]
    rows = [
        (f"place {i:02d}", t, values[i, t], exposure[i], float(first) if first < cell.periods else np.nan)
        for i, first in enumerate(cell.first_treated) for t in range(cell.periods)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["unit", "time", "value", "exposure", "first_time"])
    if kind != "mean":
        frame["value"] = frame["value"].round()
    frame["time"] += 480
    frame["first_time"] += 480.0
    frame["period"] = as_pandas(frame["time"], "month")
    measure = Measure("outcome", "Outcome", kind="continuous" if kind == "mean" else "count")
    return Panel(frame, measure, "month")
