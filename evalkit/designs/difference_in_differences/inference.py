"""Which inference survives how few units, and the headline with the interval that it gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.few_treated import clustered_for_few, few_on_a_side
from evalkit.designs.difference_in_differences.headline import with_bounds
from evalkit.designs.difference_in_differences.lone_starts import all_alone
from evalkit.designs.difference_in_differences.resampled import Tested, resampled
from evalkit.designs.difference_in_differences.simulated import place_sizes
from evalkit.designs.difference_in_differences.wide_panel import wide_panel
from evalkit.diagnostics import parallel_trends
from evalkit.diagnostics.parallel_trends import ONE_COMPARISON
from evalkit.diagnostics.words import listed, several
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.records import Diagnostic, Result

FEW_TREATED = 5
"""At most as many clusters on a side: only who else could have been treated tells how sure the estimate is."""
FEW_CLUSTERS = 50
"""Below this a clustered standard error is bootstrapped, where there is a regression to bootstrap."""
FEWEST_FOR_FERMAN_PINTO = 3
BOOTSTRAPPED = ("two_way_fixed_effects", "event_study")
"""Estimators that are a linear regression with unit and period effects."""
WITHOUT_LONE = ("callaway_santanna", "sun_abraham", "poisson")
"""Estimators whose clustered error leaves out what is particular to a cluster with a start to itself."""
SYNTHETIC = ("synthetic_control", "synthetic_did")
REASSIGNING = ("randomisation", "ferman_pinto", "conley_taber", "placebo")
FORMULAE = ("cluster_robust", "classical", "robust")
"""Inference that the fitted result has already."""


@dataclass(frozen=True)
class Choice:
    """A way of inference and why it is the one.

    Attributes
    ----------
    method : str
        cluster_robust, wild_bootstrap, randomisation, ferman_pinto or placebo; classical or robust for repeated
        cross-sections.
    reason : str
        In words; the same whether the study file names the method or leaves it to the rule.
    """

    method: str
    reason: str


def chosen_inference(
    estimator: str, treated: int, clusters: int, never: int, *, cross_sections: bool = False, lone: bool = False,
    together: bool = False,
) -> Choice:  # fmt: skip
    """Return the inference of the printed rule.

    Parameters
    ----------
    estimator : str
        Value of the option.
    treated, clusters, never : int
        Number of clusters with a treated unit, of all clusters, and of those never treated in these data.
    cross_sections : bool
        Whether rows are observations of their own, so that two clusters can still have errors of single rows.
    lone : bool
        Whether every start has one cluster to itself, and the estimator's clustered error does not see its noise.
    together : bool
        Whether all that are treated start together, so that those never treated are the only comparison.

    Returns
    -------
    Choice

    Notes
    -----
    Synthetic methods have placebos. One treated cluster: Ferman and Pinto, or, with fewer than three never treated,
    placebos. At most five, or, where all start together, two to five never treated (to those who deal treatment out it
    is the same which side is small), or fewer than 50 clusters with an estimator that has no regression to bootstrap:
    randomisation; so too where every start has one cluster to itself, since effects by such a start have no clustered
    error. Fewer than 50 with a regression: wild bootstrap. Else cluster-robust. Two clusters of repeated
    cross-sections: classical.
    """
    count = f"{several(treated, 'treated cluster')} of {clusters:,}"
    if estimator in SYNTHETIC:
        return Choice("placebo", f"{count} and a synthetic method: placebos in space")
    if cross_sections and clusters == 2:
        return Choice("classical", f"{count} and rows that are others in each period: classical (nothing to cluster)")
    if treated == 1 and never >= FEWEST_FOR_FERMAN_PINTO:
        return Choice("ferman_pinto", f"{count}: Ferman and Pinto (one treated)")
    if treated == 1:
        return Choice("placebo", f"{count}, {never} never treated: placebos in space (too few for Ferman and Pinto)")
    if treated <= FEW_TREATED:
        return Choice("randomisation", f"{count}: randomisation (at most {FEW_TREATED} treated)")
    if together and 2 <= never <= FEW_TREATED:
        return Choice("randomisation", f"{count}: randomisation (at most {FEW_TREATED} not treated)")
    if lone and estimator in WITHOUT_LONE:
        return Choice("randomisation", f"{count}, each start with one of its own: randomisation (no clustered error)")
    if clusters >= FEW_CLUSTERS:
        return Choice("cluster_robust", f"{count}: cluster-robust ({FEW_CLUSTERS} clusters or more)")
    if estimator in BOOTSTRAPPED:
        return Choice("wild_bootstrap", f"{count}: wild bootstrap (fewer than {FEW_CLUSTERS} clusters)")
    return Choice("randomisation", f"{count}: randomisation (fewer than {FEW_CLUSTERS}, no regression to bootstrap)")


def few_units(design: DifferenceInDifferences, model: Estimated, result: Result) -> Result:
    """Return a result whose headline has the interval and the p-value of the inference that few units need.

    Parameters
    ----------
    design : DifferenceInDifferences
        With inference (auto follows `chosen_inference`), inference_draws, seed, level, estimator, small_sample.
    model : Estimated
        What the result was made from.
    result : Result
        With cluster-robust inference, or, with one treated cluster, none.

    Returns
    -------
    Result
        effect, relative, absolute, averted, the counterfactual's bounds and the coefficient of treatment by the new
        rule; `inference` with method, rule, reason, assignments, smallest_p, draws, seed; checks of clusters that read
        what was used, and `no_result_could_count` where the smallest p-value that could come out is above 0.05. Where
        the rule chose a method that cannot be had, the next of the rule takes its place, and `inference` says why.

    Raises
    ------
    DesignError
        When a method that the study file names cannot be had on these data: it is never replaced. (cluster_robust with
        one treated cluster is none in its place: the estimate stands without interval, and `inference` says so.)
    """
    chosen = chosen_inference(
        design.estimator, model.treated_clusters, model.all_clusters, model.others,
        cross_sections=model.panel.cross_sections, lone=all_alone(model.study, model.clusters),
        together=len(model.study.cohorts) == 1,
    )  # fmt: skip
    asked = design.inference
    choice = chosen if asked in ("auto", chosen.method) else Choice(asked, "as the study file names it")
    named = choice is not chosen or "inference" not in design.left_open
    if model.own_inference:
        own = (result.inference or {}).get("smallest_p")
        checks = [_judged(check, choice.method, model.noun, design.level, own) for check in result.diagnostics]
        return _noted(replace(result, diagnostics=(*checks, *_alike(model))), choice)
    if asked == "cluster_robust" and "inference" not in design.left_open:
        _require_clusters(model)
    if design.cluster_correction != "none" and (result.inference or {}).get("method") == "cluster_robust":
        return _as_named(design, model, result, choice)
    if choice.method == "cluster_robust" and _corrects(design, model, result):
        return _corrected(design, model, result, choice)
    if choice.method in FORMULAE:
        return _noted(result, choice)
    if model.one_comparison and not named:
        return _noted(_alone(model, result), Choice("none", ONE_COMPARISON))
    try:
        if model.one_comparison and choice.method == "wild_bootstrap":
            raise DesignError(ONE_COMPARISON, "add comparison units")
        tested = resampled(design, model, result.effect.value, choice.method)
    except DesignError as error:
        if named:
            raise _refused(choice.method, error) from None
        return _fallen_back(design, model, result, choice, error.problems[0].message)
    return _with(design, model, result, choice, tested)


def _require_clusters(model: Estimated) -> None:
    """Raise where a regression has as many coefficients as clusters, or more, and the study file wants them clustered.

    The covariance of the coefficients then has not full rank, and some of their sums seem to be known without error.
    """
    count = 0 if model.regression is None else model.regression.columns.shape[1]
    if count < model.all_clusters:
        return
    names = sorted(str(name) for name in model.clusters.unique())
    raise DesignError(
        f"{several(count, 'coefficient')} and {several(model.all_clusters, model.noun)} ({listed(names)}): a clustered "
        "covariance of as many coefficients as clusters cannot be relied on",
        "use fewer leads, lags or covariates, finer clusters, or `inference: auto`",
        "design.inference",
    )


def _refused(method: str, error: DesignError) -> DesignError:
    """Return why the inference that the study file names cannot be had on these data, with the ways out."""
    found = error.problems[0]
    mend = f"{found.mend}, or leave" if found.mend else "leave"
    return DesignError(
        f"{method} cannot be had: {found.message}",
        f"{mend} `inference` out: the rule then says what it takes in its place, and why",
        "design.inference",
    )


def _fallen_back(design: DifferenceInDifferences, model: Estimated, result: Result, choice: Choice, why: str) -> Result:
    """Return the result with placebos where Ferman and Pinto's test cannot be had; else without interval, or as it was.

    With at most five treated clusters a clustered interval would reject a true null far too often (benchmarks/few_units
    has by how much), so the estimate then stands alone; with more the clustered interval stays, and the reason beside.
    """
    if choice.method == "ferman_pinto":
        other = Choice("placebo", f"{choice.reason} cannot be had ({why}), so placebos in space")
        try:
            return _with(design, model, result, other, resampled(design, model, result.effect.value, "placebo"))
        except DesignError as error:
            why = error.problems[0].message
    if model.treated_clusters > FEW_TREATED and model.regression is not None and choice.method == "randomisation":
        other = Choice("wild_bootstrap", f"{choice.reason} cannot be had ({why}), so wild bootstrap")
        try:
            found = resampled(design, model, result.effect.value, "wild_bootstrap")
            return _with(design, model, result, other, found)
        except DesignError as error:
            why = error.problems[0].message
    if model.treated_clusters <= FEW_TREATED:
        return _without(model, result, f"{choice.reason} cannot be had ({why}), and a clustered interval of so few "
                        "treated would be far too narrow: there is none")  # fmt: skip
    before = (result.inference or {}).get("method", "cluster_robust")
    other = Choice(str(before), f"{choice.reason} cannot be had: {why}")
    return _corrected(design, model, result, other) if _corrects(design, model, result) else _noted(result, other)


def _as_named(design: DifferenceInDifferences, model: Estimated, result: Result, choice: Choice) -> Result:
    """Return the result with the correction for few clusters that the study file names, which is never replaced."""
    try:
        return _with(design, model, result, choice, clustered_for_few(design, model, result.effect.value))
    except DesignError as error:
        raise _refused(f"cluster_robust with cluster_correction: {design.cluster_correction}", error) from None


def _corrects(design: DifferenceInDifferences, model: Estimated, result: Result) -> bool:
    """Return whether a clustered interval is corrected: few clusters on a side, and the rule chose it.

    A study that names cluster_robust keeps the plain one, on which published numbers rest.
    """
    there = (result.inference or {}).get("method") == "cluster_robust"
    return there and "inference" in design.left_open and few_on_a_side(model)


def _corrected(design: DifferenceInDifferences, model: Estimated, result: Result, choice: Choice) -> Result:
    """Return the result with the clustered interval for few clusters on a side.

    Where it cannot be had, regressions are bootstrapped, and what is left is dealt out anew; else there is no interval.
    """
    try:
        tested = clustered_for_few(design, model, result.effect.value)
        return _with(design, model, result, choice, tested)
    except DesignError as error:
        why = error.problems[0].message
    method = "randomisation" if model.regression is None else "wild_bootstrap"
    other = Choice(method, f"{choice.reason}; its correction for few cannot be had ({why}): {method.replace('_', ' ')}")
    try:
        return _with(design, model, result, other, resampled(design, model, result.effect.value, method))
    except DesignError as error:
        return _without(model, result, f"{other.reason} cannot be had ({error.problems[0].message}), and a clustered "
                        "interval without correction would be too narrow: there is none")  # fmt: skip


def _without(model: Estimated, result: Result, reason: str) -> Result:
    """Return the result without interval and p-value, and why."""
    bare = Tested(None, None, None, None, reason, result.effect.rule)
    moved = replace(with_bounds(model, result, bare), standard_errors=f"none: {reason}")
    inference = {**(result.inference or {}), "method": "none", "rule": reason, "small_sample_factor": None}
    return _noted(replace(_uncounted(moved, model), inference=inference), Choice("none", reason))


def _with(design: DifferenceInDifferences, model: Estimated, result: Result, choice: Choice, tested: Tested) -> Result:
    """Return the result with what a test found."""
    moved = with_bounds(model, result, tested)
    inference = {
        **(result.inference or {}), "method": choice.method, "rule": tested.rule, "reason": choice.reason,
        "assignments": tested.assignments, "draws": tested.draws, "smallest_p": tested.smallest_p, "seed": tested.seed,
    }  # fmt: skip
    if tested.correction:
        inference |= {"correction": tested.correction, "degrees_of_freedom": tested.df, "small_sample_factor": 1.0}
    moved = replace(moved, inference=inference, standard_errors=f"{tested.rule}. Chosen: {choice.reason}")
    checks = [_judged(check, choice.method, model.noun, design.level, tested.smallest_p)
              for check in result.diagnostics]  # fmt: skip
    if tested.smallest_p is not None and tested.smallest_p > parallel_trends.COUNTS:
        checks.append(parallel_trends.no_result_could_count(tested.smallest_p, choice.method))
    if choice.method in REASSIGNING:
        checks.extend(_alike(model))
    return replace(moved, diagnostics=tuple(checks))


def _alike(model: Estimated) -> list[Diagnostic]:
    """Return the check whether treated places are like the others before the start; none where it cannot be made."""
    wide = wide_panel(model)
    start = int(wide.first_treated.min())
    if start < parallel_trends.FEWEST_BEFORE:
        return []
    sizes = place_sizes(model, wide)  # Not wide.sizes: of counts as they are these fall with the number of events.
    free = ~wide.fixed
    sizes = None if sizes is None else sizes[free]
    return [parallel_trends.treated_like_the_rest(wide.outcome[free, :start], wide.treated[free], sizes)]


def _judged(check: Diagnostic, method: str, noun: str, level: float, smallest_p: float | None) -> Diagnostic:
    """Return a check of the number of clusters as the inference that was used has it; others as they are."""
    if check.name == "number_of_clusters" and check.statistic is not None:
        return parallel_trends.number_of_clusters(int(check.statistic), noun, method)
    if check.name == "treated_clusters" and check.statistic is not None and method in REASSIGNING:
        return parallel_trends.treated_clusters(int(check.statistic), noun, method, level, smallest_p)
    return check


def _alone(model: Estimated, result: Result) -> Result:
    """Return the result with checks of clusters that say that there is no interval, one cluster being alone."""
    checks = parallel_trends.one_comparison(model.treated_clusters, model.all_clusters, model.noun)
    new = {check.name: check for check in checks}
    return replace(result, diagnostics=tuple(new.get(check.name, check) for check in result.diagnostics))


def _uncounted(result: Result, model: Estimated) -> Result:
    """Return the result with a check of the number of clusters that has no interval to judge."""
    check = parallel_trends.number_of_clusters(model.all_clusters, model.noun, "none")
    return replace(result, diagnostics=tuple(check if each.name == check.name else each for each in result.diagnostics))


def _noted(result: Result, choice: Choice) -> Result:
    """Return the result with the reason of its inference beside it."""
    inference: dict[str, Any] = {"assignments": None, "smallest_p": None, **(result.inference or {})}
    own = inference.get("smallest_p")
    checks = result.diagnostics
    if isinstance(own, float) and own > parallel_trends.COUNTS:
        checks = (*checks, parallel_trends.no_result_could_count(own, choice.method))
    return replace(result, inference={**inference, "reason": choice.reason}, diagnostics=checks)
