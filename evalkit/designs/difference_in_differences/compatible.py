"""Options that do not go together, whatever the data: told when a study file is read, and again once rules are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.carried import SYNTHETIC, WITH_ANTICIPATION
from evalkit.designs.difference_in_differences.choice import SYNTHETIC_INFERENCE
from evalkit.designs.difference_in_differences.cross_sections import BY_ROW, ESTIMATORS, REASSIGNING
from evalkit.diagnostics.words import listed
from evalkit.errors import DesignError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences

BY_START = ("callaway_santanna", "sun_abraham", "imputation", "poisson")
VARIANCES = ("jackknife", "bootstrap")
"""Inference that synthetic difference in differences alone has."""
READ_BY = {
    "method": ("callaway_santanna",),
    "base_period": ("callaway_santanna",),
    "leave_own_out": ("imputation",),
    "cluster_correction": ("two_way_fixed_effects", "event_study"),
    "always_treated": ("two_way_fixed_effects", "event_study"),
    "unit_trends": ("two_way_fixed_effects", "event_study"),
    "small_sample": ("two_way_fixed_effects", "event_study", "sun_abraham", "imputation", "poisson"),
}
"""Options that some estimators alone read, and which."""


def option_problems(design: DifferenceInDifferences) -> list[Problem]:
    """Return everything in which the options of a study file contradict one another, each with its key.

    Parameters
    ----------
    design : DifferenceInDifferences
        As written. What it leaves to a rule (`auto`) contradicts nothing here; see `require_compatible`.

    Returns
    -------
    list of Problem
        `where` is a key of the design.
    """
    return [*_impossible(design), *_unread(design), *_nobody(design)]


def require_compatible(design: DifferenceInDifferences) -> None:
    """Raise where options do not go together once estimator and inference are settled.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved, by the study file or by a printed rule.

    Raises
    ------
    DesignError
        With every contradiction, in the words of `option_problems`. Options that the estimator of a rule does not read
        are none.
    """
    by_rule = "inference" in design.left_open  # What a rule chose falls back by that rule.
    found = [problem for problem in _impossible(design) if not (by_rule and problem.where == "design.inference")]
    if found:
        raise DesignError(found)


def inference_problem(estimator: str, inference: str, covariates: bool) -> Problem | None:
    """Return why an estimator cannot have this inference on any data; None where it can, or either is left open.

    Parameters
    ----------
    estimator, inference : str
        Values of the options.
    covariates : bool
        Whether there are any.
    """
    if "auto" in (estimator, inference):
        return None
    found = _of_synthetic(estimator, inference) if estimator in SYNTHETIC else _of_others(
        estimator, inference, covariates)  # fmt: skip
    return Problem(*found, "design.inference") if found else None


def _of_synthetic(estimator: str, inference: str) -> tuple[str, str] | None:
    """Return message and mend where a synthetic method does not have this inference."""
    if inference not in SYNTHETIC_INFERENCE:
        also = f", name {' or '.join(VARIANCES)}" if estimator == "synthetic_did" else ""
        return (
            f"{estimator} has inference of its own, and {inference} is none of it",
            f"leave `inference` out (placebos){also}, or choose another estimator",
        )
    if estimator == "synthetic_control" and inference in VARIANCES:
        return (
            f"synthetic_control has placebos, not {inference}",
            "leave `inference` out: placebos can be had for any number of treated units",
        )
    return None


def _of_others(estimator: str, inference: str, covariates: bool) -> tuple[str, str] | None:
    """Return message and mend where a regression, or an estimator by start, does not have this inference."""
    if inference in VARIANCES:
        return (
            f"{estimator} has no {inference}: it is that of synthetic_did",
            "leave `inference` out, or choose `estimator: synthetic_did`",
        )
    if inference in BY_ROW and estimator not in ESTIMATORS:
        return (
            f"{estimator} has no {inference} errors, which take every row as independent of every other",
            f"leave `inference` out, or, for repeated cross-sections, choose {' or '.join(ESTIMATORS)}",
        )
    if inference == "wild_bootstrap" and estimator in BY_START:
        return (
            f"{estimator} has no linear regression that could be bootstrapped",
            "choose randomisation or cluster_robust",
        )
    if inference == "conley_taber" and (estimator != "two_way_fixed_effects" or covariates):
        return (
            f"conley_taber is a test of two_way_fixed_effects without covariates, not of {estimator}"
            + (" with covariates" if covariates else ""),
            "leave `inference` out, or choose two_way_fixed_effects without covariates",
        )
    if inference == "ferman_pinto" and estimator == "poisson":
        return (
            "ferman_pinto compares changes of outcomes, and poisson estimates ratios of events",
            "choose placebo, randomisation or cluster_robust",
        )
    if inference == "ferman_pinto" and estimator in BY_START and covariates:
        return (
            f"ferman_pinto compares one change of each unit, and covariates make {estimator} more than that",
            "leave covariates out, choose placebo or randomisation, or choose two_way_fixed_effects",
        )
    return None


def _impossible(design: DifferenceInDifferences) -> Iterator[Problem]:
    """Yield what no data could carry."""
    estimator = design.estimator
    if design.anticipation and estimator not in ("auto", *WITH_ANTICIPATION):
        yield Problem(
            f"{estimator} has no `anticipation`: it would count these periods as untreated",
            f"choose {listed(list(WITH_ANTICIPATION))}, or let the window before end earlier",
            "design.anticipation",
        )
    if design.covariates and estimator in SYNTHETIC:
        yield Problem(
            f"{estimator} takes neither covariates nor weights",
            "leave them out, or choose another estimator",
            "design.covariates",
        )
    problem = inference_problem(estimator, design.inference, bool(design.covariates))
    if problem is not None:
        yield problem
    elif design.unit_trends:
        yield from _with_trends(design)
    if design.cluster_correction != "none" and design.inference != "cluster_robust":
        yield Problem(
            f"{design.cluster_correction} is a correction of cluster_robust errors, and `inference` is "
            f"{design.inference}",
            "name `inference: cluster_robust`, or leave `cluster_correction` out",
            "design.cluster_correction",
        )


def _with_trends(design: DifferenceInDifferences) -> Iterator[Problem]:
    """Yield inference that a regression with unit trends does not have."""
    if design.inference == "conley_taber":
        yield Problem(
            "conley_taber has no unit trends",
            "leave `inference` out, or `unit_trends`",
            "design.inference",
        )
    if design.inference in BY_ROW:
        yield Problem(
            f"unit trends are for panels, and {design.inference} errors for repeated cross-sections",
            "leave `inference` out, or `unit_trends`",
            "design.inference",
        )
    if design.estimator == "event_study" and design.inference in REASSIGNING:
        yield Problem(
            f"an event study with unit trends has no {design.inference}: weights of outcomes by start leave trends in",
            "leave `inference` out, or choose cluster_robust, wild_bootstrap, or two_way_fixed_effects",
            "design.inference",
        )


def _unread(design: DifferenceInDifferences) -> Iterator[Problem]:
    """Yield options other than their default that the named estimator does not read."""
    estimator = design.estimator
    if estimator == "auto":
        return
    for name, readers in READ_BY.items():
        value, usual = getattr(design, name), type(design).model_fields[name].default
        if value != usual and estimator not in readers:
            yield Problem(
                f"{estimator} does not read `{name}`, so {_written(value)} would change nothing",
                f"leave it out ({_written(usual)}); it is for {listed(list(readers))}",
                f"design.{name}",
            )
    if estimator == "poisson" and design.transform == "log":
        yield Problem(
            "poisson fits the counts themselves, also where they are 0, and its ratios are on the log scale already",
            "leave `transform` out, or choose an estimator of logarithms",
            "design.transform",
        )


def _nobody(design: DifferenceInDifferences) -> Iterator[Problem]:
    """Yield named comparison units of which none is left."""
    named = design.comparison
    if isinstance(named, str) or set(named) - set(design.exclude):
        return
    what = f"`exclude` takes out all of them: {listed(list(named))}" if named else "none is named"
    yield Problem(f"no comparison unit is left: {what}", "keep some, or leave `comparison` out", "design.comparison")


def _written(value: object) -> str:
    """Return a value as the study file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
