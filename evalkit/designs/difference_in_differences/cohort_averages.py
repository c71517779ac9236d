"""Effects by cohort and period, and their averages, as plain records with pointwise and simultaneous bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.records import EventTime, GroupTime

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.staggered_fit import Cells
    from evalkit.estimation.staggered.aggregation import Aggregation
    from evalkit.records import Panel


@dataclass(frozen=True, eq=False)
class Bands:
    """Standard errors of several averages, and how many of them bounds lie away.

    Attributes
    ----------
    errors : numpy.ndarray, shape (m,)
        0 where there is none.
    overall : float
        Standard error of the average over all.
    single, together : float
        Critical value for one average, and for all of them at once.
    """

    errors: numpy.ndarray
    overall: float
    single: float
    together: float

    def limits(self, value: float, error: float, sure: bool = True) -> dict[str, float | None]:
        """Return value, standard error and pointwise bounds; none where there is no standard error."""
        if not sure or not error > 0.0:
            return {"value": value, "se": None, "low": None, "high": None}
        reach = self.single * error
        return {"value": value, "se": error, "low": value - reach, "high": value + reach}

    def point(self, time: int, value: float, j: int, sure: bool) -> EventTime:
        """Return the effect at one event time."""
        error = float(self.errors[j])
        if not sure or not error > 0.0:
            return EventTime(time, value)
        one, all_ = self.single * error, self.together * error
        return EventTime(time, value, error, value - one, value + one, value - all_, value + all_)


def band(average: Aggregation, seen: numpy.ndarray, level: float, draws: int, seed: int) -> Bands:
    """Return bounds of averages: pointwise by the normal or t distribution, for all at once by multiplier draws.

    Parameters
    ----------
    average : Aggregation
    seen : numpy.ndarray of bool, shape (m,)
        Which averages have a standard error that sees the noise of treated units; others get none.
    level : float
        Confidence level.
    draws, seed : int
        Of the multiplier bootstrap.

    Notes
    -----
    Standard errors are analytical (influence functions summed by cluster). The simultaneous critical value is the
    `level` quantile of the largest ``|draw| / se`` over the averages (Callaway and Sant'Anna 2021, algorithm 1, with
    the analytical error in place of the draws' quartile distance), never below that of one average.
    """
    import numpy
    from scipy import stats

    from evalkit.estimation.staggered.multiplier_bootstrap import multiplier_draws, simultaneous_critical

    errors = numpy.where(seen, average.standard_errors, 0.0) if seen.size else average.standard_errors
    reference = stats.norm() if average.df is None else stats.t(average.df)
    single = float(reference.ppf((1 + level) / 2))
    together = single
    if errors.size and (errors > 0.0).any():
        sample = multiplier_draws(average.influence, average.cluster, draws, seed=seed)
        together = max(single, simultaneous_critical(sample, errors, level))
    return Bands(numpy.asarray(errors), average.overall_standard_error, single, together)


def averaged(average: Aggregation, panel: Panel, bands: Bands, sure: bool) -> dict[str, Any]:
    """Return an aggregation as plain data: `overall`, `by` and `rule`."""
    by = []
    for j, label in enumerate(average.label):
        words = int(label) if average.kind == "dynamic" else panel.label(int(label))
        value, error = float(average.effect[j]), float(bands.errors[j])
        row: dict[str, Any] = {"label": words, **bands.limits(value, error, sure)}
        if row["se"] is not None:
            reach = bands.together * error
            row |= {"simultaneous_low": value - reach, "simultaneous_high": value + reach}
        by.append(row)
    return {"overall": bands.limits(average.overall, bands.overall, sure), "by": by, "rule": average.rule}


def by_cohort(cells: Cells, panel: Panel, seen: numpy.ndarray, quantile: float, sure: bool) -> tuple[GroupTime, ...]:
    """Return the effects by cohort and period with pointwise bounds; without where `seen` is False."""
    from evalkit.estimation.staggered.group_time_result import clustered_errors

    errors, found = seen * clustered_errors(cells.influence, cells.cluster), []
    for cohort, period, value, error in zip(cells.cohort, cells.period, cells.effect, errors, strict=True):
        bounds: tuple[float | None, ...] = (None, None, None)
        if sure and error > 0.0:
            bounds = (float(error), float(value - quantile * error), float(value + quantile * error))
        found.append(GroupTime(panel.label(int(cohort)), panel.label(int(period)), float(value), *bounds))
    return tuple(found)
