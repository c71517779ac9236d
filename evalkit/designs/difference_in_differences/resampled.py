"""The tests of few units, run on an estimate: wild bootstrap, randomisation, Ferman and Pinto, placebos in space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.reassigned import clusters_of, of_units
from evalkit.designs.difference_in_differences.start_weights import bare_estimate, weights_by_date
from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Again, Estimated
    from evalkit.estimation.few_units.randomisation import RandomisationTest, Statistic
    from evalkit.records import Rule

SAME = 1e-6
"""How far the estimate of a test may be from the headline, as a share of the outcome's spread."""
MOST_LISTED = 13
"""With as many clusters or fewer all sets of signs are listed."""
FEWEST_SIGNS = 8
"""With fewer clusters signs give too few p-values, and Webb's six points are drawn."""
SLOW_DRAWS = 499
"""Assignments for an estimator that runs anew for each of them."""
DRAWS = 1999


@dataclass(frozen=True)
class Tested:
    """What a test of few units found.

    Attributes
    ----------
    low, high : float or None
        Interval by inversion, infinite where no effect is rejected; None where the estimator has none.
    p_value : float or None
    smallest_p : float or None
        The smallest that could have come out.
    rule : str
        The rule in words.
    kind : {'inversion', 'exact', 't'}
        exact where every assignment or set of signs was listed; t where there is a standard error.
    assignments : int or None
        Number of assignments compared, the observed one counted.
    draws : int or None
        Of a bootstrap.
    seed : int or None
        None where nothing was drawn.
    se, df : float or None
        The clustered standard error where it can be had, and the degrees of freedom of its t reference.
    correction : str or None
        Of a clustered standard error for few clusters: CR2 or by_start.
    """

    low: float | None
    high: float | None
    p_value: float | None
    smallest_p: float | None
    rule: str
    kind: Rule
    assignments: int | None = None
    draws: int | None = None
    seed: int | None = None
    se: float | None = None
    df: float | None = None
    correction: str | None = None


def resampled(design: DifferenceInDifferences, model: Estimated, value: float, method: str) -> Tested:
    """Return what a method finds for the headline.

    Parameters
    ----------
    design : DifferenceInDifferences
    model : Estimated
    value : float
        The headline on the modelled scale.
    method : str
        wild_bootstrap, randomisation, ferman_pinto, conley_taber or placebo.

    Raises
    ------
    DesignError
        When the method cannot be had for this estimator or these units; the message says why.

    Notes
    -----
    randomisation compares estimates over standard errors that allow unequal variances; with one treated place, or where
    one place alone carries the treatment, and for `placebo`, estimates themselves.
    """
    if method == "wild_bootstrap":
        return _wild(design, model)
    wide = wide_panel(model)
    if method == "conley_taber":
        return _conley_taber(design, model, wide, value)
    if method == "ferman_pinto":
        return _ferman_pinto(design, model, wide, value)
    statistic: Statistic = "coefficient" if method == "placebo" or wide.treated.sum() == 1 else "studentised"
    try:
        test = _randomised(design, model, wide, statistic)
    except DesignError:
        if statistic == "coefficient":
            raise
        test = _randomised(design, model, wide, "coefficient")
    if math.isfinite(test.coefficient):
        _require_same(test.coefficient, value, wide)
    bare = math.isnan(test.low)
    return Tested(
        low=None if bare else test.low, high=None if bare else test.high, p_value=test.p_value,
        smallest_p=test.smallest_p, rule=test.rule, kind="exact" if test.listed else "inversion",
        assignments=test.assignments, seed=test.seed,
    )  # fmt: skip


def draws_of(design: DifferenceInDifferences) -> int:
    """Return the number of draws that the study file names, or the usual one."""
    return design.inference_draws or DRAWS


def _wild(design: DifferenceInDifferences, model: Estimated) -> Tested:
    """Return the wild cluster bootstrap of the headline's coefficient."""
    import pandas

    from evalkit.estimation.few_units.wild_bootstrap import wild_bootstrap

    if model.regression is None:
        raise DesignError(
            f"{design.estimator} has no linear regression that could be bootstrapped",
            "choose randomisation or cluster_robust",
            "design.inference",
        )
    codes, count = _cluster_codes(model), model.all_clusters
    found = wild_bootstrap(
        model.outcome,
        model.regression.columns,
        pandas.factorize(model.study.frame["unit"])[0],
        pandas.factorize(model.study.frame["time"], sort=True)[0],
        weights=model.weights,
        cluster=codes,
        contrast=model.regression.contrast,
        distribution="webb" if count < FEWEST_SIGNS else "rademacher",
        draws=max(draws_of(design), 2**count if FEWEST_SIGNS <= count <= MOST_LISTED else 0),
        seed=design.seed,
        level=design.level,
        small_sample=design.small_sample,
        trend=model.regression.trend,
    )
    return Tested(
        low=found.low, high=found.high, p_value=found.p_value, smallest_p=found.smallest_p, rule=found.rule,
        kind="exact" if found.listed else "inversion", draws=found.draws, seed=found.seed, se=found.standard_error,
    )  # fmt: skip


def _cluster_codes(model: Estimated) -> numpy.ndarray:
    """Return codes of clusters in an order of their outcomes, so that neither names nor order of rows moves a draw."""
    import numpy
    import pandas

    codes, names = pandas.factorize(model.clusters)
    table = pandas.DataFrame({"code": codes, "time": model.study.frame["time"].to_numpy(), "y": model.outcome})
    means = table.groupby(["code", "time"])["y"].mean().unstack().fillna(-numpy.inf).to_numpy()
    order = numpy.lexsort(list(means.T[::-1]))
    ranks = numpy.empty(len(names), dtype=numpy.int64)
    ranks[order] = numpy.arange(len(names))
    return numpy.asarray(ranks[codes])


def _randomised(
    design: DifferenceInDifferences, model: Estimated, wide: WidePanel, statistic: Statistic
) -> RandomisationTest:
    """Return the randomisation test of the headline."""
    from evalkit.estimation.few_units.linear_estimates import linear_statistics
    from evalkit.estimation.few_units.randomisation import looped_statistics, randomisation_test, two_way_randomisation

    draws, studentised = draws_of(design), statistic == "studentised"
    words = "estimates over standard errors that allow unequal variances" if studentised else "estimates"
    if design.estimator == "two_way_fixed_effects":
        return two_way_randomisation(
            wide.outcome, wide.first_treated, statistic, wide.covariates, wide.weights, draws, design.seed,
            design.level, trends=wide.times if model.trends else None, fixed=wide.fixed,
        )  # fmt: skip
    if wide.fixed.any():
        raise DesignError(
            f"treatment cannot be dealt out anew with units treated in all periods kept by {design.estimator}",
            "choose `always_treated: leave_out`, cluster_robust, or two_way_fixed_effects",
            "design.always_treated",
        )
    if model.regression is not None or (model.linear and wide.weights is None):
        sums = linear_statistics(wide.outcome, wide.first_treated, weights_by_date(model, wide, design), studentised)
        return randomisation_test(sums, wide.first_treated, draws, design.seed, design.level, words=words)
    fewer = min(draws, SLOW_DRAWS)
    if model.supposing is not None:
        from evalkit.designs.difference_in_differences.supposed import supposed

        return supposed(design, model, wide, studentised, fewer)
    again = _required_again(design, model, studentised)
    units, place = _units(model, wide)
    looped = looped_statistics(units.outcome, units.first_treated, again)
    both = isinstance(again(units.outcome, units.first_treated), tuple)
    named = f"{design.estimator} estimates{' over their standard errors' if both else ''}"
    named += "" if model.noun == "unit" else ", whole clusters dealt out"
    estimator = looped if _is_linear(again, units) else _each(again, units)
    return randomisation_test(
        lambda assignments: estimator(assignments[:, place]),
        wide.first_treated, fewer, design.seed, design.level, list_up_to=fewer, words=named,
    )  # fmt: skip


def _units(model: Estimated, wide: WidePanel) -> tuple[WidePanel, numpy.ndarray]:
    """Return the panel of units, and the place of the panel of clusters in which each of them is."""
    import numpy

    if model.noun == "unit":
        return wide, numpy.arange(len(wide.names))
    units, position = wide_panel(of_units(model)), {name: j for j, name in enumerate(wide.names)}
    return units, numpy.array([position[name] for name in clusters_of(model, units.names)])


def _is_linear(again: Again, wide: WidePanel) -> bool:
    """Return whether the estimate of what happened is linear in a supposed effect, so that an interval can be had."""
    import numpy

    from evalkit.estimation.few_units.randomisation import LINEAR
    from evalkit.estimation.few_units.reassigned_two_way import treatment_paths

    step = float(numpy.std(wide.outcome)) or 1.0
    shifted = step * treatment_paths(wide.first_treated, wide.outcome.shape[1])
    try:
        below, at, above = (bare_estimate(again(wide.outcome + k * shifted, wide.first_treated)) for k in (-1, 0, 1))
    except DesignError:  # such as counts, which cannot be shifted
        return False
    return abs(below - 2.0 * at + above) <= LINEAR * step


def _each(again: Again, wide: WidePanel) -> Callable[[numpy.ndarray], numpy.ndarray]:
    """Return the estimator for many assignments, one by one; over its standard error where it has one."""
    import numpy

    def statistic(codes: numpy.ndarray) -> float:
        found = again(wide.outcome, codes)
        return found[0] / found[1] if isinstance(found, tuple) else float(found)

    return lambda assignments: numpy.array([statistic(codes) for codes in assignments])


def _required_again(design: DifferenceInDifferences, model: Estimated, studentised: bool) -> Again:
    """Return the estimator on other assignments, without its standard error where estimates are compared."""
    again = model.again or model.by_cluster
    if again is None:
        raise DesignError(
            f"{design.estimator} with clusters larger than units cannot be run for other assignments",
            "leave `cluster` out, or choose cluster_robust",
            "design.inference",
        )
    return again if studentised else lambda outcome, first_treated: bare_estimate(again(outcome, first_treated))


def _ferman_pinto(design: DifferenceInDifferences, model: Estimated, wide: WidePanel, value: float) -> Tested:
    """Return the test of Ferman and Pinto on the change that the headline compares."""
    import numpy

    from evalkit.estimation.few_units.ferman_pinto import ferman_pinto

    change = changes(design, model, wide)
    found = ferman_pinto(
        numpy.column_stack([numpy.zeros(change.size), change]), numpy.where(wide.treated, 1, 2), wide.sizes,
        draws_of(design), design.seed, design.level,
    )  # fmt: skip
    _require_same(found.coefficient, value, wide)
    return Tested(
        low=found.low, high=found.high, p_value=found.p_value, smallest_p=found.smallest_p, rule=found.rule,
        kind="inversion", draws=found.draws, seed=found.seed,
    )  # fmt: skip


def _conley_taber(design: DifferenceInDifferences, model: Estimated, wide: WidePanel, value: float) -> Tested:
    """Return the test of Conley and Taber: residuals of units never treated stand for those of the treated."""
    from evalkit.estimation.few_units.conley_taber import conley_taber

    if wide.weights is not None or wide.fixed.any():
        raise DesignError(
            "it has no weights, missing periods or units treated in all periods",
            "leave them out, or choose randomisation",
            "design.inference",
        )
    found = conley_taber(wide.outcome, wide.first_treated, draws_of(design), design.seed, design.level)
    _require_same(found.coefficient, value, wide)
    return Tested(
        low=found.low, high=found.high, p_value=found.p_value, smallest_p=found.smallest_p, rule=found.rule,
        kind="exact" if found.listed else "inversion", draws=found.draws, seed=found.seed,
    )  # fmt: skip


def changes(design: DifferenceInDifferences, model: Estimated, wide: WidePanel) -> numpy.ndarray:
    """Return the change of each place that the headline compares, for one start.

    Returns
    -------
    numpy.ndarray, shape (places,)
        Without weights the headline is the mean of treated places less the mean of the others. Of a two-way regression
        it is the mean after less the mean before, of the outcome less what covariates explain.

    Raises
    ------
    DesignError
        When treated places start at different times.
    """
    import numpy

    starts = numpy.unique(wide.first_treated[wide.treated])
    if starts.size > 1:
        raise DesignError("treated places start at different times", "choose randomisation", "design.inference")
    if design.estimator == "two_way_fixed_effects":
        left, start = wide.outcome - _explained(model, wide), int(starts[0])
        if model.trends:
            return _less_trends(left, wide, start)
        return numpy.asarray(left[:, start:].mean(axis=1) - left[:, :start].mean(axis=1))
    return numpy.asarray(wide.outcome @ weights_by_date(model, wide, design)[0] * wide.treated.sum())


def _less_trends(outcome: numpy.ndarray, wide: WidePanel, start: int) -> numpy.ndarray:
    """Return the step at the start of each place's outcome, beside a level and a straight line."""
    import numpy

    lines = numpy.column_stack([numpy.ones(outcome.shape[1]), wide.times])
    step = (numpy.arange(outcome.shape[1]) >= start).astype(float)
    left = step - lines @ numpy.linalg.lstsq(lines, step, rcond=None)[0]
    return numpy.asarray(outcome @ left / (left @ left))


def _explained(model: Estimated, wide: WidePanel) -> numpy.ndarray | float:
    """Return what covariates explain of the outcome, by place and period."""
    if wide.covariates is None or model.regression is None:
        return 0.0
    import pandas

    from evalkit.estimation.few_units.cluster_robust import cluster_robust
    from evalkit.estimation.regression import two_way

    frame = model.study.frame
    codes = pandas.factorize(frame["unit"])[0], pandas.factorize(frame["time"], sort=True)[0]
    if model.regression.trend is not None:
        whole = cluster_robust(
            model.outcome, model.regression.columns, *codes, weights=model.weights, correction="CR1",
            trend=model.regression.trend,
        )  # fmt: skip
        return wide.covariates @ whole.coefficients[-wide.covariates.shape[2] :]
    fit = two_way(model.outcome, model.regression.columns, *codes, weights=model.weights, covariance="classical")
    return wide.covariates @ fit.coefficients[-wide.covariates.shape[2] :]


def _require_same(found: float, value: float, wide: WidePanel) -> None:
    """Raise unless a test is about the headline's own number."""
    import numpy

    if not abs(found - value) <= SAME * max(float(numpy.std(wide.outcome)), abs(value)):
        raise DesignError(
            f"the estimate of the test ({found:.6g}) is not the headline ({value:.6g}): weights or covariates make "
            "places count differently",
            "leave weights or covariates out, or choose another `inference`",
            "design.inference",
        )
