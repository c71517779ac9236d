"""The clustered interval where few clusters are on one side: CR2, or one variance for each start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.resampled import Tested
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError
from evalkit.records import Estimate

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.staggered_fit import Staggered
    from evalkit.estimation.few_units.cluster_robust import Correction

FEW_ON_A_SIDE = 20
"""With fewer treated clusters, or fewer that are never treated, sums of squares without a correction are too small."""
CORRECTIONS: dict[str, Correction] = {"none": "CR2", "bias_reduced": "CR2", "jackknife": "CR3"}
"""By the option `cluster_correction`; where the study file names none, that of the printed rule."""
MOST_ROWS = 50_000
"""Above this CR2, which holds every period as a column and turns each cluster's rows, would take long."""


@dataclass(frozen=True, eq=False)
class ByStart:
    """What each cluster adds to the error of the headline.

    Attributes
    ----------
    contributions : numpy.ndarray, shape (clusters,)
    start : numpy.ndarray, shape (clusters,)
        First treated period; infinity for clusters never treated in these data.
    share : numpy.ndarray, shape (clusters,)
        Share of the start in treated unit-periods; 1 for clusters never treated.
    """

    contributions: numpy.ndarray
    start: numpy.ndarray
    share: numpy.ndarray


def few_on_a_side(model: Estimated) -> bool:
    """Return whether fewer than twenty clusters are treated, or fewer than twenty are not."""
    treated = model.treated_clusters
    return min(treated, model.all_clusters - treated) < FEW_ON_A_SIDE


def clustered_for_few(design: DifferenceInDifferences, model: Estimated, value: float) -> Tested:
    """Return the clustered interval with a correction for few clusters on a side.

    Parameters
    ----------
    design : DifferenceInDifferences
    model : Estimated
    value : float
        The headline on the modelled scale.

    Raises
    ------
    DesignError
        When one cluster alone carries a term, every treated cluster has a start to itself, or the panel is too large.

    Notes
    -----
    Regressions: CR2, or as `cluster_correction` names it CR3, with Satterthwaite's degrees of freedom
    (`few_units.cluster_robust`). Estimators by start:
    `few_units.sums_by_start.error_by_start`.
    """
    named, correction = CORRECTIONS[design.cluster_correction], "by_start"
    if model.regression is not None:
        error, df, rule = _of_regression(model, named)
        correction = named
    else:
        error, df, rule = _of_starts(model)
    found = Estimate.from_standard_error(value, error, df, level=design.level)
    return Tested(found.low, found.high, found.p_value, None, rule, "t", se=error, df=df, correction=correction)


def _of_regression(model: Estimated, correction: Correction) -> tuple[float, float, str]:
    """Return standard error, degrees of freedom and rule of a regression's headline."""
    import pandas

    from evalkit.estimation.few_units.cluster_robust import cluster_robust, cluster_robust_contrasts

    assert model.regression is not None
    frame = model.study.frame
    if len(frame) > MOST_ROWS:
        raise DesignError(f"{correction} of {len(frame):,} rows", "choose wild_bootstrap", "design.inference")
    fit = cluster_robust(
        model.outcome, model.regression.columns, pandas.factorize(frame["unit"])[0],
        pandas.factorize(frame["time"])[0], weights=model.weights, cluster=pandas.factorize(model.clusters)[0],
        correction=correction, trend=model.regression.trend,
    )  # fmt: skip
    found = cluster_robust_contrasts(fit, model.regression.contrast[None, :])
    assert found.df is not None
    df = float(found.df[0])
    return float(found.se[0]), df, f"{fit.rule} ({df:.1f})"


def _of_starts(model: Estimated) -> tuple[float, float, str]:
    """Return standard error, degrees of freedom and rule of an average of effects by start."""
    from evalkit.estimation.few_units.sums_by_start import error_by_start

    if model.by_start is None:
        raise DesignError("the estimator has no contributions by start", "choose randomisation", "design.inference")
    found = error_by_start(model.by_start.contributions, model.by_start.start, model.by_start.share)
    lone = f", {several(found.lone, f'{model.noun}')} alone in a start with the others' variance" if found.lone else ""
    rule = (
        f"influence functions summed by {several(model.all_clusters, model.noun)}, squares about the mean by "
        f"start ({found.starts} groups with those not treated) times n/(n-1), n those of the start{lone}; t with "
        f"Satterthwaite's degrees of freedom ({found.degrees_of_freedom:.1f})"
    )
    return found.standard_error, found.degrees_of_freedom, rule


def contributions_by_start(model: Staggered) -> ByStart | None:
    """Return what each cluster adds to the error of the headline; None where no standard error can be had.

    Notes
    -----
    Clusters with units of several starts are a group of their own. Where imputation holds effects against averages over
    all starts, all treated clusters are one group.
    """
    import numpy

    from evalkit.estimation.staggered.staggered_panel import sums_by

    if not model.sure:
        return None
    simple, starts = model.averages["simple"], model.study.starts
    codes = simple.cluster
    sums = sums_by(simple.overall_influence[:, None], codes)[:, 0] / numpy.sqrt(model.cells.factor)
    unit = numpy.array([float(starts.get(name, numpy.inf)) for name in model.cells.names])
    low, high = numpy.full(sums.size, numpy.inf), numpy.full(sums.size, -numpy.inf)
    numpy.minimum.at(low, codes, unit)
    numpy.maximum.at(high, codes, unit)
    start = numpy.where(low == high, low, -1.0)
    if model.together:
        start = numpy.where(numpy.isinf(start), numpy.inf, 0.0)
    share = _shares(model)
    return ByStart(sums, start, numpy.array([share.get(when, 1.0) for when in start]))


def _shares(model: Staggered) -> dict[float, float]:
    """Return the share of each start in treated unit-periods, weighted as the headline is."""
    treated = model.study.treated_rows
    rows = model.frame.loc[treated, ["unit"]].assign(weight=model.carried()[treated])
    sums = rows.groupby(rows["unit"].map(model.study.starts).astype(float))["weight"].sum()
    return dict(zip(sums.index.tolist(), (sums / sums.sum()).tolist(), strict=True))
