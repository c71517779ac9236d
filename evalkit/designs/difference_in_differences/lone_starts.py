"""Starts that one cluster has to itself: which effects have a standard error that sees the noise of treated units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics.words import listed

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.estimation.staggered.aggregation import Aggregation


def lone_cohorts(study: Adoption, clusters: pandas.Series) -> dict[int, str]:
    """Return the starts that one cluster has to itself, each with its units.

    Notes
    -----
    A clustered standard error squares sums of residuals by cluster. Where an effect is fitted to one cluster's rows
    alone these sum to zero: it leaves out what is particular to the cluster.
    """
    frame = study.frame.assign(cluster=clusters.to_numpy())
    found = {}
    for start in study.cohorts:
        units = [unit for unit, first in study.starts.items() if first == start]
        if frame.loc[frame["unit"].isin(units), "cluster"].nunique() == 1:
            found[start] = listed(units)
    return found


def all_alone(study: Adoption, clusters: pandas.Series) -> bool:
    """Return whether several clusters are treated, and every start has one cluster to itself."""
    return len(study.cohorts) > 1 and len(lone_cohorts(study, clusters)) == len(study.cohorts)


def seen_cells(
    cohort: numpy.ndarray, period: numpy.ndarray, lone: dict[int, str], by_event_time: bool
) -> numpy.ndarray:
    """Return which effects by start and period have a standard error that sees the noise of treated units.

    Parameters
    ----------
    cohort, period : numpy.ndarray, shape (m,)
    lone : dict
        As `lone_cohorts` returns it.
    by_event_time : bool
        Whether effects are held against averages over all starts at the same time since them, as imputation can: then
        two starts at that time are enough.

    Returns
    -------
    numpy.ndarray of bool, shape (m,)
    """
    import numpy

    alone = numpy.isin(cohort, list(lone))
    if not by_event_time:
        return ~alone
    since = period - cohort
    return numpy.array([not own or bool((since == time).sum() > 1) for own, time in zip(alone, since, strict=True)])


def seen_averages(
    average: Aggregation, cohort: numpy.ndarray, period: numpy.ndarray, seen: numpy.ndarray
) -> numpy.ndarray:
    """Return which averages rest on some effect whose standard error sees the noise of treated units.

    Parameters
    ----------
    average : Aggregation
    cohort, period, seen : numpy.ndarray, shape (m,)
        Effects by start and period, and what `seen_cells` says of them.

    Returns
    -------
    numpy.ndarray of bool, shape (k,)
    """
    import numpy

    after = period >= cohort
    by = {"group": cohort, "dynamic": period - cohort, "calendar": period}.get(average.kind)
    if by is None:
        return numpy.zeros(0, dtype=bool)
    counted = seen if average.kind == "dynamic" else seen & after
    return numpy.isin(average.label, by[counted])
