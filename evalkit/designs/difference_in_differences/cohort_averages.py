"""Effects by cohort and period, and their averages, as plain records with pointwise and simultaneous bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS
from evalkit.records import EventTime, GroupTime

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy
    import pandas

    from evalkit.estimation.staggered.aggregation import Aggregation, Kind
    from evalkit.records import Panel


@dataclass(frozen=True, eq=False)
class Cells:
    """Effects by cohort and period, whatever the estimator.

    Attributes
    ----------
    cohort, period, effect : numpy.ndarray, shape (m,)
    influence : numpy.ndarray, shape (units, m)
    cluster : numpy.ndarray of int, shape (units,)
    df : float or None
    factor : float
        The small-sample factor of which `influence` holds the root.
    names : tuple of str
        The units.
    weights : numpy.ndarray, shape (m,), or None
        Share of each effect in the headline, 0 before the start; None where the headline is no such sum.
    rule : str
    alone : tuple of str
        Units alone in their cohort.
    dropped : tuple of (str, str)
    average : callable
        From a kind to its `Aggregation`.
    """

    cohort: numpy.ndarray
    period: numpy.ndarray
    effect: numpy.ndarray
    influence: numpy.ndarray
    cluster: numpy.ndarray
    df: float | None
    factor: float
    names: tuple[str, ...]
    weights: numpy.ndarray | None
    rule: str
    alone: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]
    average: Callable[[Kind], Aggregation]


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
        Which averages have a standard error that sees the noise of treated units, and enough of them behind; others
        get none.
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

    from evalkit.distributions import Reference
    from evalkit.estimation.staggered.multiplier_bootstrap import multiplier_draws, simultaneous_critical

    errors = numpy.where(seen, average.standard_errors, 0.0) if seen.size else average.standard_errors
    reference = Reference(average.df)
    single = float(reference.ppf((1 + level) / 2))
    together = single
    if errors.size and (errors > 0.0).any():
        sample = multiplier_draws(average.influence, average.cluster, draws, seed=seed)
        together = max(single, simultaneous_critical(sample, errors, level))
    return Bands(numpy.asarray(errors), average.overall_standard_error, single, together)


def clusters_by_start(unit: pandas.Series, cluster: pandas.Series, starts: Mapping[str, int]) -> dict[float, set[Any]]:
    """Return the clusters with units of each start, from the unit and the cluster of each row."""
    return {float(start): set(group) for start, group in cluster.groupby(unit.map(starts))}


def enough_in_start(cells: Cells, clusters: Mapping[float, set[Any]]) -> numpy.ndarray:
    """Return which effects by start and period have as many clusters behind them as a clustered error needs."""
    import numpy

    return numpy.array([len(clusters.get(float(start), ())) >= FEW_TREATED_CLUSTERS for start in cells.cohort])


def enough_behind(kind: Kind, labels: numpy.ndarray, cells: Cells, clusters: Mapping[float, set[Any]]) -> numpy.ndarray:
    """Return which averages have six treated clusters or more behind them, as a clustered error needs.

    Parameters
    ----------
    kind : {'simple', 'group', 'dynamic', 'calendar'}
    labels : numpy.ndarray, shape (k,)
        Start, time since it or period.
    cells : Cells
    clusters : mapping of float to set
        As `clusters_by_start` returns it.

    Returns
    -------
    numpy.ndarray of bool, shape (k,)

    Notes
    -----
    Simulated coverage of clustered 95% intervals of starts of 2 to 4 units is 70 to 80%: residuals sum to zero within a
    start, which takes half of the variance of two units away.
    """
    import numpy

    by = {"group": cells.cohort, "dynamic": cells.period - cells.cohort, "calendar": cells.period}.get(kind)
    if by is None:
        return numpy.zeros(0, dtype=bool)
    counted = numpy.ones(by.size, dtype=bool) if kind == "dynamic" else cells.period >= cells.cohort
    starts = [numpy.unique(cells.cohort[counted & (by == label)]) for label in labels]
    behind = [set().union(*(clusters.get(float(start), set()) for start in found)) for found in starts]
    return numpy.array([len(found) >= FEW_TREATED_CLUSTERS for found in behind], dtype=bool)


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
