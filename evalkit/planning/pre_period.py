"""What the time before the start tells of the noise of a series: its level, season, autocorrelation and dispersion."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.interrupted_time_series.interruptions import other_interruptions
from evalkit.designs.interrupted_time_series.series import COUNT_FAMILIES, FEWEST_POINTS
from evalkit.designs.outcomes import modelled, to_outcome
from evalkit.designs.windows import first_start
from evalkit.errors import DesignError
from evalkit.periods import PER_YEAR, SEASON_LENGTH, WEEK, as_pandas, season_of

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.interrupted_time_series.design import InterruptedTimeSeries
    from evalkit.estimation.fit import Fit
    from evalkit.estimation.series.segmented import SegmentedDesign
    from evalkit.records import Panel

LARGEST_CORRELATION = 0.9
"""Beyond it a short series cannot tell autocorrelation from a drift, and series are not drawn."""


FEWEST_TO_LEARN = 8
"""Periods before the start without which autocorrelation and variance are little more than guesses."""


@dataclass(frozen=True, eq=False)
class PrePeriod:
    """The series before the start, as simulation needs it.

    Attributes
    ----------
    design : InterruptedTimeSeries
        Resolved on these data.
    panel : Panel
        The series; where the start is yet to come, with stand-ins for its first periods after.
    start : int
        First period that counts as after.
    n_before : int
        Periods before that are used.
    n_after : int or None
        Periods after in the data, None where there are none yet.
    level : float
        Average of the last year (or of all periods, where there is less), in the outcome's own unit.
    autocorrelation : float
    spread : float
        Standard deviation of the errors; of count families the root of variance over mean.
    pattern : dict of int to float
        What each month, quarter or day of the week adds on the model's scale; empty where no such season is fitted.
    """

    design: InterruptedTimeSeries
    panel: Panel
    start: int
    n_before: int
    n_after: int | None
    level: float
    autocorrelation: float
    spread: float
    pattern: dict[int, float]

    @property
    def counts(self) -> bool:
        """Whether the outcome is modelled as a count."""
        return self.design.family in COUNT_FAMILIES

    @property
    def logarithmic(self) -> bool:
        """Whether changes are ratios."""
        return self.design.scale == "log"

    @property
    def dispersion(self) -> float | None:
        """Variance over mean of counts (on the log scale, to first order); None for other outcomes."""
        if self.counts:
            return self.spread**2
        if self.panel.outcome.kind != "count":
            return None
        return self.spread**2 * self.level if self.logarithmic else self.spread**2 / self.level

    def added(self, times: numpy.ndarray) -> numpy.ndarray:
        """Return what the season adds in each period on the model's scale."""
        import numpy

        if not self.pattern:
            return numpy.zeros(len(times))
        season, frequency = self.design.season, self.panel.frequency
        return numpy.array([self.pattern.get(season_of(int(time), season, frequency), 0.0) for time in times])


def learn(design: InterruptedTimeSeries, panel: Panel) -> PrePeriod:
    """Return what the time before the start tells.

    Raises
    ------
    DesignError
        As the design's own, when controls are named, or when the periods before are too few for its terms.
    DataError
        When a period before is missing that is not declared as a gap.
    """
    if design.controls is not None:
        raise DesignError(
            "power with controls is not worked out yet", "leave `controls` out to plan by the series alone",
            "design.controls",
        )  # fmt: skip
    ahead = first_start(panel) is None
    design = design.model_copy(update={"covariates": [], **({"after": None} if ahead else {})})
    whole = _with_a_start(panel) if ahead else panel
    resolved, found = design.resolve(whole), design.series(whole)
    frame = found.frame[found.frame["time"] < found.start]
    if len(frame) < FEWEST_TO_LEARN:
        raise DesignError(
            f"{len(frame)} periods before the start tell too little of how the outcome varies",
            f"bring at least {FEWEST_TO_LEARN}, or plan with before_after", "data",
        )  # fmt: skip
    if frame["value"].nunique() == 1:
        raise DesignError("the outcome is the same in every period before the start, so that its noise is not known",
                          "bring more periods", "outcomes")  # fmt: skip
    resolved = resolved.model_copy(update={"interruptions": _before(resolved, whole, found.start)})
    matrix, names = _terms_before(resolved, whole, found.start, frame["time"].to_numpy())
    fit = _fit(resolved, frame, whole, matrix)
    year = max(1, round(PER_YEAR[panel.frequency]))
    # A count with exposure is modelled as a rate; on the identity scale its noise is taken back to the count's unit.
    size = float(to_outcome(frame, whole)[-year:].mean()) if resolved.scale == "identity" else 1.0
    pattern = _pattern(resolved, panel.frequency, frame["time"].to_numpy(), matrix, names, fit)
    return PrePeriod(
        design=resolved, panel=whole, start=found.start, n_before=len(frame),
        n_after=None if ahead else found.n_after,
        level=float(frame["value"].to_numpy(dtype=float)[-year:].mean()),
        autocorrelation=max(-LARGEST_CORRELATION, min(LARGEST_CORRELATION, fit.extra["rho"])),
        spread=max(1.0, fit.scale) ** 0.5 if resolved.family in COUNT_FAMILIES else fit.extra["sigma"] * size,
        pattern={code: value * size for code, value in pattern.items()},
    )  # fmt: skip


def terms_at(
    design: InterruptedTimeSeries, frequency: str, start: int, times: numpy.ndarray, *, others: tuple[object, ...] = ()
) -> SegmentedDesign:
    """Return the design's terms in some periods, its change beginning at `start`.

    Raises
    ------
    DesignError
        When the terms cannot be told apart there, or a season occurs after the start and not before.
    """
    from evalkit.estimation.series.seasons import waves
    from evalkit.estimation.series.segmented import segmented_design

    season: object = None
    if design.season == "fourier":
        season = waves(times, PER_YEAR[frequency], design.pairs or 1)
    elif design.season not in ("none", "auto"):
        season = [season_of(int(time), design.season, frequency) for time in times]
        before = {code for code, time in zip(season, times, strict=True) if time < start}
        if not set(season) <= before:
            raise DesignError(f"not every {design.season} occurs before the start", "watch for a year or more before")
    return segmented_design(
        times, start, season, design.trend, design.impact, None,  # type: ignore[arg-type]
        length=design.length, knots=design.knots, interruptions=others,  # type: ignore[arg-type]
    )  # fmt: skip


def season_for(design: InterruptedTimeSeries, asked: str, frequency: str, before: int) -> str:
    """Return the season for a number of periods before: what was asked for, or by the rule of `auto`."""
    if asked != "auto":
        return design.season
    if frequency == "day":
        return "weekday" if before >= 2 * WEEK else "none"
    length = SEASON_LENGTH.get(frequency)
    return frequency if length and before >= 2 * length else "none"


def _with_a_start(panel: Panel) -> Panel:
    """Return the panel with a start after its last period, and stand-ins for the first periods from there on."""
    import pandas

    frame = panel.frame
    last = int(frame["time"].max())
    if len(panel.units) > 1:
        raise DesignError(
            f"there are {len(panel.units)} units, and planning an interrupted time series takes one series",
            "keep one unit by `data.filter`, or leave out `data.unit` so that rows are summed", "design.kind",
        )  # fmt: skip
    if len(frame) < FEWEST_POINTS:
        raise DesignError(f"{len(frame)} periods before the start", f"bring at least {FEWEST_POINTS}", "data")
    ahead = frame.tail(FEWEST_POINTS).copy()
    ahead["time"] = range(last + 1, last + 1 + FEWEST_POINTS)
    ahead["period"] = as_pandas(ahead["time"], panel.frequency)
    both = pandas.concat([frame, ahead], ignore_index=True)
    both["first_time"] = float(last + 1)
    return dataclasses.replace(panel, frame=both)


def _before(design: InterruptedTimeSeries, panel: Panel, start: int) -> list[object]:
    """Return the other interruptions that lie before the start, which are no noise."""
    starts = other_interruptions(panel, design.interruptions)
    return [kept for kept, other in zip(design.interruptions, starts, strict=True) if other.start < start]


def _terms_before(
    design: InterruptedTimeSeries, panel: Panel, start: int, times: numpy.ndarray
) -> tuple[numpy.ndarray, list[str]]:
    """Return the terms in the periods before the start, without those of the change."""
    import numpy

    after = numpy.arange(start, start + 2 * max(1, round(PER_YEAR[panel.frequency])) + (design.length or 0) + 2)
    others = tuple(other_interruptions(panel, design.interruptions))
    terms = terms_at(design, panel.frequency, start, numpy.concatenate([times, after]), others=others)
    rows = terms.matrix[: len(times)]
    kept = ~terms.effect & numpy.any(rows != 0.0, axis=0)
    return rows[:, kept], [name for name, keep in zip(terms.names, kept, strict=True) if keep]


def _fit(design: InterruptedTimeSeries, frame: pandas.DataFrame, panel: Panel, matrix: numpy.ndarray) -> Fit:
    """Return the regression of the periods before on the design's terms, with autoregressive errors."""
    import numpy

    from evalkit.estimation.series import autoregressive, autoregressive_counts

    times = frame["time"].to_numpy()
    if design.family in COUNT_FAMILIES:
        counts = frame["value"].to_numpy(dtype=float)
        return autoregressive_counts.quasi_likelihood(counts, matrix, to_outcome(frame, panel), times)
    values = modelled(frame, panel)
    if design.scale == "log" and float(values.min()) <= 0.0:
        raise DesignError("a value before the start is zero or below and has no logarithm", "use `scale: identity`",
                          "design.scale")  # fmt: skip
    return autoregressive.restricted_likelihood(numpy.log(values) if design.scale == "log" else values, matrix, times)


def _pattern(
    design: InterruptedTimeSeries, frequency: str, times: numpy.ndarray, matrix: numpy.ndarray, names: list[str],
    fit: Fit,
) -> dict[int, float]:  # fmt: skip
    """Return what each month, quarter or day of the week adds, averaging zero over them."""
    columns = [at for at, name in enumerate(names) if name.startswith("season ")]
    if design.season not in ("month", "quarter", "weekday") or not columns:
        return {}
    added = matrix[:, columns] @ fit.coefficients[columns]
    found = {season_of(int(time), design.season, frequency): float(value)
             for time, value in zip(times, added, strict=True)}  # fmt: skip
    middle = sum(found.values()) / len(found)
    return {code: value - middle for code, value in found.items()}
