"""The wild cluster bootstrap: a test and an interval for a coefficient with few clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import DesignError
from evalkit.estimation.few_units.inversion import ShiftedStatistics, interval_by_inversion
from evalkit.estimation.few_units.two_way_basis import TwoWayBasis, two_way_basis
from evalkit.estimation.inputs import Array, as_matrix, as_vector, require_choice, require_level
from evalkit.estimation.within import SmallSample, cluster_factor

Distribution = Literal["rademacher", "webb"]

FARTHEST = 24
"""Doublings of a standard error at which effects are supposed, to see how small a p-value can be."""
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True, eq=False)
class WildBootstrap:
    """A coefficient tested by the wild cluster bootstrap.

    Attributes
    ----------
    coefficient, standard_error, statistic : float
        The estimate, its CR1 standard error and their ratio.
    p_value : float
        Two-sided, of no effect.
    low, high : float
        Interval by test inversion; infinite where no effect however large is rejected.
    level : float
        Confidence level.
    draws : int
        Number of sets of signs or weights, the observed one not counted unless all are listed.
    listed : bool
        Whether all sets of signs were listed.
    smallest_p : float
        The smallest p-value that could have come out: the least of any effect, however large; see `wild_bootstrap`.
    clusters : int
        Number of clusters.
    factor : float
        Small-sample factor in the standard error.
    distribution : str
        rademacher or webb.
    seed : int or None
        Of the draws; None where all were listed.
    statistics : ndarray, shape (draws,)
        Bootstrap t statistics for no effect.
    rule : str
        The rule in words.
    """

    coefficient: float
    standard_error: float
    statistic: float
    p_value: float
    low: float
    high: float
    level: float
    draws: int
    listed: bool
    smallest_p: float
    clusters: int
    factor: float
    distribution: str
    seed: int | None
    statistics: Array
    rule: str


def wild_bootstrap(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    contrast: ArrayLike | None = None,
    distribution: Distribution = "rademacher",
    draws: int = 999,
    seed: int = 0,
    level: float = 0.95,
    small_sample: SmallSample = "effects_nested",
    trend: ArrayLike | None = None,
) -> WildBootstrap:
    """Return the wild cluster bootstrap test of a coefficient of a regression with unit and period effects.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Outcome.
    regressors : array_like, shape (n, k)
        Regressors that vary within units and periods; no constant.
    unit, period : array_like of int, shape (n,)
        Codes. A unit may have several observations in a period.
    weights : array_like, shape (n,), or None
        Weights, above zero.
    cluster : array_like of int, shape (n,), or None
        Groups within which errors may be related. None: the unit.
    contrast : array_like, shape (k,), or None
        Which combination of coefficients is tested. None: the first coefficient.
    distribution : {"rademacher", "webb"}
        Of the clusters' weights: signs, or Webb's six points (for about ten clusters or fewer).
    draws : int
        Number of draws. All 2^G sets of signs are listed instead where they are no more than this.
    seed : int
        Seed of numpy's PCG64 generator.
    level : float
        Confidence level.
    small_sample : {"effects_nested", "effects_counted", "no_cluster_factor"}
        Factor of the standard errors; it moves the printed one but not the p-value or the interval.
    trend : array_like, shape (n,), or None
        Periods as numbers, where each unit has a straight line of its own in them.

    Returns
    -------
    WildBootstrap

    Raises
    ------
    DesignError
        As `cluster_robust.cluster_robust`; if draws is not above zero, or the contrast is zero.

    Notes
    -----
    Bootstrap-t with the null imposed (WCR). For a supposed effect d the residuals u(d) are those of the regression in
    which the coefficient is d; a draw takes ``y* = fitted(d) + v_g u(d)`` with one v_g per cluster, and its statistic
    is ``(b* - d) / se*``, se* the CR1 standard error of the draw. ``p(d)`` is the share of draws, the observed one (all
    v equal to 1) counted, with ``|t*| >= |t|``: with all sets of signs listed this is exact enumeration; else it is
    ``(1 + extreme) / (1 + draws)``. The interval is every d with ``p(d) > 1 - level`` (its hull). A draw in which all
    clusters have one v ties with what was observed, whatever the effect: with all signs listed p is ``2 / 2^G`` or
    more, with Webb's six points about ``6 / 6^G`` or more; with few clusters on a side others are as extreme however
    large the effect. `smallest_p` is therefore the least ``p(d)`` of effects up to 2^23 standard errors away, which is
    what a study that found an effect of that size would print. Below it no result could come out. Scores of
    draws are linear in v and d, so that draws, clusters and supposed effects are three small matrices and no
    regression is run twice.

    With few treated clusters the test hardly ever rejects (MacKinnon and Webb): use randomisation inference there.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90, 414-427. Roodman, Nielsen, MacKinnon and
    Webb (2019), Stata Journal 19, 4-60. Webb (2023), Canadian Journal of Economics 56, 839-858. MacKinnon and Webb
    (2017), Journal of Applied Econometrics 32, 233-254. Checked against the package wildboottest and by running every
    regression.
    """
    require_choice(distribution, Distribution, "the distribution")
    require_level(level)
    if draws < 1:
        raise DesignError(f"{draws} draws", mend="ask for at least 1; 999 is usual")
    design = two_way_basis(outcome, _rotated(regressors, contrast), unit, period, weights, cluster, trend)
    groups = int(design.clusters.max()) + 1
    factor, words = cluster_factor(
        design.regressors.shape[1], design.units, design.periods, design.clusters, small_sample, trend is not None
    )
    signs, listed = _cluster_weights(groups, distribution, draws, seed)
    estimate, shifted = _statistics(design, signs, factor)
    error = float(np.sqrt(shifted.squares[0]))
    scale = float(np.linalg.norm(design.outcome) / np.linalg.norm(design.regressors[:, 0]))
    if not error > 1e-12 * scale:  # a perfect fit leaves rounding
        raise DesignError(
            f"the residuals give the coefficient no standard error with {groups} clusters", mend="bring more clusters"
        )
    low, high = interval_by_inversion(lambda d: shifted.p_values(d - estimate), estimate, error, level)
    at_zero = shifted.statistics(-estimate)
    far = error * 2.0 ** np.arange(FARTHEST)
    smallest = float(shifted.p_values(np.concatenate([-estimate, -far, far], axis=None)).min())
    count = len(signs) if listed else draws
    how = f"all {count} sets of signs" if listed else f"{draws} draws, seed {seed}"
    return WildBootstrap(
        coefficient=estimate,
        standard_error=error,
        statistic=estimate / error,
        p_value=float(shifted.p_values(np.array([-estimate]))[0]),
        low=low,
        high=high,
        level=level,
        draws=count,
        listed=listed,
        smallest_p=smallest,
        clusters=groups,
        factor=factor,
        distribution=distribution,
        seed=None if listed else seed,
        statistics=at_zero if listed else at_zero[1:],
        rule=f"wild cluster bootstrap-t, null imposed, {distribution.capitalize()} weights, {groups} clusters, {how}; "
        f"interval by test inversion; standard error CR1 with factor {words}",
    )


def wild_statistics(
    outcome: ArrayLike,
    regressors: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    weights: ArrayLike | None = None,
    distribution: Distribution = "rademacher",
    draws: int = 999,
    seed: int = 0,
) -> tuple[float, ShiftedStatistics]:
    """Return the first coefficient, and its bootstrap statistics as functions of a supposed effect less it.

    What `wild_bootstrap` makes p-values and intervals of, by itself: for planning, where neither search is wanted.
    Parameters and errors are those of `wild_bootstrap`; clusters are the units. The statistics have no small-sample
    factor, which moves no p-value.
    """
    design = two_way_basis(outcome, regressors, unit, period, weights, None)
    signs, _ = _cluster_weights(int(design.clusters.max()) + 1, distribution, draws, seed)
    return _statistics(design, signs, 1.0)


def _rotated(regressors: ArrayLike, contrast: ArrayLike | None) -> Array:
    """Return regressors of which the first has the contrast as its coefficient."""
    matrix = as_matrix(regressors, "regressors")
    if contrast is None:
        return matrix
    weights = as_vector(contrast, "contrast", matrix.shape[1])
    largest = int(np.argmax(np.abs(weights)))
    if weights[largest] == 0.0:
        raise DesignError("the contrast is zero: there is nothing to test", mend="give one coefficient a weight")
    others = np.delete(np.arange(weights.size), largest)
    pivot = matrix[:, largest] / weights[largest]
    return np.column_stack([pivot, matrix[:, others] - np.outer(pivot, weights[others])])


def _cluster_weights(groups: int, distribution: str, draws: int, seed: int) -> tuple[Array, bool]:
    """Return one row of weights a draw, the first all ones, and whether they are all that there are."""
    if distribution == "rademacher" and groups < 31 and 2**groups <= draws:
        bits = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
        return np.asarray(1.0 - 2.0 * bits, dtype=np.float64), True
    generator = np.random.Generator(np.random.PCG64(seed))
    points = np.array([-1.0, 1.0]) if distribution == "rademacher" else WEBB
    drawn = points[generator.integers(0, points.size, (draws, groups))]
    return np.vstack([np.ones((1, groups), dtype=np.float64), drawn]).astype(np.float64), False


def _statistics(design: TwoWayBasis, signs: Array, factor: float) -> tuple[float, ShiftedStatistics]:
    """Return the estimate, and the draws as functions of the supposed effect less the estimate."""
    others = np.linalg.qr(design.regressors[:, 1:])[0]
    treatment = design.regressors[:, 0] - others @ (others.T @ design.regressors[:, 0])
    left = design.outcome - others @ (others.T @ design.outcome)
    total = float(treatment @ treatment)
    estimate = float(treatment @ left) / total
    both = np.column_stack([left - estimate * treatment, treatment])
    groups = signs.shape[1]
    sums = np.stack([np.bincount(design.clusters, treatment * column, groups) for column in both.T])
    products = design.cluster_products(both, np.column_stack([design.period_basis, others]))
    if not design.nested:  # unit effects that reach over clusters carry residuals from one to another
        products = np.concatenate([products, design.unit_products(both)], axis=2)
    scores = [
        signs
        @ (np.diag(own) - products[:, 1] @ products[:, index].T - np.outer(sums[1], own) / total).T
        * (np.sqrt(factor) / total)
        for index, own in enumerate(sums)
    ]
    return estimate, ShiftedStatistics(
        values=signs @ sums[0] / total,
        slopes=signs @ sums[1] / total,
        squares=np.sum(scores[0] ** 2, axis=1),
        products=np.sum(scores[0] * scores[1], axis=1),
        slope_squares=np.sum(scores[1] ** 2, axis=1),
    )
