"""An estimate of a difference in differences, as inference for few units and analyses of sensitivity read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from evalkit.diagnostics.comparison import FEW_TREATED_CLUSTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.few_treated import ByStart
    from evalkit.designs.difference_in_differences.two_way_fit import TwoWay
    from evalkit.records import Panel, Scale

    Again: TypeAlias = Callable[[numpy.ndarray, numpy.ndarray], float | tuple[float, float]]
    Supposing: TypeAlias = Callable[[numpy.ndarray, float, bool], numpy.ndarray]


@dataclass(frozen=True, eq=False)
class Regression:
    """A regression with unit and period effects whose weighted sum of coefficients is the headline.

    Attributes
    ----------
    columns : numpy.ndarray, shape (n, k)
        Regressors, indicators of treatment first, in the rows of the frame.
    contrast : numpy.ndarray, shape (k,)
        Weight of each coefficient in the headline.
    trend : numpy.ndarray, shape (n,), or None
        Periods as numbers, where each unit has a straight line of its own in them.
    """

    columns: numpy.ndarray
    contrast: numpy.ndarray
    trend: numpy.ndarray | None = None


@dataclass(frozen=True, eq=False)
class EventCovariance:
    """Event-study estimates with their covariance, all of them differences from one reference period.

    Attributes
    ----------
    times : numpy.ndarray of int, shape (m,)
        Event times without the reference, none of which stands for several.
    values : numpy.ndarray, shape (m,)
    covariance : numpy.ndarray, shape (m, m)
    reference : int
    dealt : str
        Where the covariance is that over reassignments of treatment, its rule in words; empty where it is clustered.
    """

    times: numpy.ndarray
    values: numpy.ndarray
    covariance: numpy.ndarray
    reference: int
    dealt: str = ""


@dataclass(frozen=True, eq=False)
class Estimated:
    """One estimate with what it was made from.

    Attributes
    ----------
    panel : Panel
    study : Adoption
        Its frame gives the rows of everything below.
    scale : {'identity', 'log'}
    unit : str
        Of the modelled outcome.
    observed : numpy.ndarray, shape (n,)
        The modelled outcome before any logarithm.
    outcome : numpy.ndarray, shape (n,)
        On the modelled scale.
    weights : numpy.ndarray, shape (n,), or None
        None where all rows weigh the same.
    clusters : pandas.Series, shape (n,)
    noun : str
        What a cluster is called: unit or cluster.
    covariates : tuple of str
    regression : Regression or None
        None where the estimator has no linear regression that could be bootstrapped.
    again : callable or None
        From an outcome, shape (units, periods), and first treated periods, shape (units,), as indices, to the headline
        on them, or the headline and its standard error. For estimators that are no two-way regression.
    by_cluster : callable or None
        The same where clusters are larger than units: outcomes and starts are those of units, in the order of the wide
        panel of units, and standard errors are clustered.
    supposing : callable or None
        For estimators that are not linear in the outcome: from assignments, a supposed effect, and whether statistics
        are studentised, to the statistics of what is left once that effect is taken out of what was treated.
    linear : bool
        Whether `again` is linear in the outcome and treats units with the same start alike.
    events : EventCovariance or None
        None where there is no event study with a covariance that could be relied on.
    by_start : ByStart or None
        What each cluster adds to the error of a headline that is an average of effects by start.
    own_inference : bool
        Whether the estimator brings inference of its own, as synthetic methods bring placebos.
    """

    panel: Panel
    study: Adoption
    scale: Scale
    unit: str
    observed: numpy.ndarray
    outcome: numpy.ndarray
    weights: numpy.ndarray | None
    clusters: pandas.Series
    noun: str
    covariates: tuple[str, ...] = ()
    regression: Regression | None = None
    again: Again | None = None
    by_cluster: Again | None = None
    supposing: Supposing | None = None
    linear: bool = False
    events: EventCovariance | None = None
    by_start: ByStart | None = None
    own_inference: bool = False

    @property
    def treated_clusters(self) -> int:
        """Number of clusters with a treated unit."""
        return int(self.clusters[self.study.frame["unit"].isin(list(self.study.starts))].nunique())

    @property
    def trends(self) -> bool:
        """Whether a straight line of each unit's own is taken out."""
        return self.regression is not None and self.regression.trend is not None

    @property
    def others(self) -> int:
        """Number of clusters with a unit whose treatment does not begin in these data."""
        return int(self.clusters[~self.study.frame["unit"].isin(list(self.study.starts))].nunique())

    @property
    def one_comparison(self) -> bool:
        """Whether one cluster alone is on the side without treatment, all others starting together."""
        return self.others == 1 and len(self.study.cohorts) == 1

    @property
    def all_clusters(self) -> int:
        """Number of clusters."""
        return int(self.clusters.nunique())

    @cached_property
    def codes(self) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """Codes of unit, period and cluster by row: read from text once, however often parts of the rows are used."""
        import pandas

        unit, time = (pandas.factorize(self.study.frame[name])[0] for name in ("unit", "time"))
        return unit, time, pandas.factorize(self.clusters)[0]


MOST_LAGS = 24
"""Periods after the start that analyses of sensitivity read."""


def of_two_way(model: TwoWay) -> Estimated:
    """Return a two-way regression as inference and analyses of sensitivity read it.

    Parameters
    ----------
    model : TwoWay
        With estimator two_way_fixed_effects or event_study.

    Notes
    -----
    `events` is an event study with a column for every event time, none holding those beyond it, of which the leads of
    the design and at most 24 lags are kept. There is none with fewer than six treated clusters, where a clustered
    covariance cannot exist, or where these data cannot carry it.
    """
    import numpy

    from evalkit.designs.difference_in_differences.event_time import event_columns

    design, frame = model.design, model.frame
    treated = model.study.treated_rows * (1.0 if model.weights is None else model.weights)
    columns, covariates = frame[["treated"]].to_numpy(), frame[design.covariates].to_numpy(dtype=float)
    if design.estimator == "event_study":
        columns = event_columns(model.study, design.leads or 1, design.lags or 0, model.trends is not None).matrix
    contrast = numpy.concatenate([columns.T @ (treated / treated.sum()), numpy.zeros(covariates.shape[1])])
    return Estimated(
        panel=model.panel,
        study=model.study,
        scale=model.scale,
        unit=model.unit,
        observed=model.observed,
        outcome=model.outcome,
        weights=model.weights,
        clusters=model.clusters,
        noun=model.noun,
        covariates=tuple(design.covariates),
        regression=Regression(numpy.column_stack([columns, covariates]), contrast, model.trends),
        events=_events(model) if model.treated_clusters >= FEW_TREATED_CLUSTERS and model.sure else None,
    )


def _events(model: TwoWay) -> EventCovariance | None:
    """Return the estimates of every event time in reach, or None where these data cannot carry them."""
    import numpy
    import pandas

    from evalkit.designs.difference_in_differences.event_time import available, event_columns
    from evalkit.errors import DesignError
    from evalkit.estimation.few_units.cluster_robust import cluster_robust

    if model.trends is not None:  # The straight lines that bounds would allow for are taken out already.
        return None
    columns = event_columns(model.study, *available(model.study))
    try:
        fit = cluster_robust(
            model.outcome,
            numpy.column_stack([columns.matrix, model.frame[model.design.covariates].to_numpy(dtype=float)]),
            pandas.factorize(model.frame["unit"])[0],
            pandas.factorize(model.frame["time"])[0],
            weights=model.weights,
            cluster=pandas.factorize(model.clusters)[0],
            correction="CR1",
            small_sample=model.design.small_sample,
        )
    except DesignError:
        return None
    times = numpy.array(columns.times)
    kept = numpy.flatnonzero((times >= columns.reference - (model.design.leads or 1)) & (times <= MOST_LAGS))
    return EventCovariance(
        times[kept], fit.coefficients[kept], fit.covariance[numpy.ix_(kept, kept)], columns.reference
    )
