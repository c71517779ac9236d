"""Which estimator a study gets when it names none: a printed rule, with what it passed over and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.assumptions import assumptions_of
from evalkit.designs.difference_in_differences.carried import incomplete_units, larger_clusters, repeated_rows
from evalkit.diagnostics.words import listed, several

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.records import Panel

FEW_TREATED = 5
LONG_BEFORE = 10
"""Periods before the start from which weights on donors can be told."""
FEWEST_SETS = 19
"""Sets of donors in place of the treated, with which placebos can give a p-value of 0.05: 1 of 20."""
SYNTHETIC_INFERENCE = ("auto", "placebo", "jackknife", "bootstrap")
"""What `inference` may say with a synthetic method."""
RULE = (
    f"Units that start at different times: callaway_santanna. At most {FEW_TREATED} treated units that start together, "
    f"with {LONG_BEFORE} periods before or more, more donors than treated units and so many that placebos can give a "
    f"p-value of 0.05 ({FEWEST_SETS} for one, 7 for two, 6 for three, 7 for four or five): synthetic_did with "
    "placebos. Otherwise two_way_fixed_effects with an event study. Where one of these cannot "
    "carry the study's options or data, the next that can."
)
"""The rule in words, as results and METHODS.md print it."""


@dataclass(frozen=True)
class Chosen:
    """An estimator and why it is the one.

    Attributes
    ----------
    name : str
        Value of the option.
    reason : str
        What the data show, and which estimators were passed over for which reason; no full stop.
    """

    name: str
    reason: str


def chosen_estimator(design: DifferenceInDifferences, panel: Panel, found: Compared, carried: str = "") -> Chosen:
    """Return the estimator of the printed rule (`RULE`).

    Parameters
    ----------
    design : DifferenceInDifferences
        Its options are what an estimator must be able to carry: covariates, weights, cluster, anticipation, inference.
    panel : Panel
    found : Compared
        The rows with the comparison units that the study wants.
    carried : str
        An estimator that has run on these rows, so that it need not be tried.

    Returns
    -------
    Chosen
        two_way_fixed_effects where nothing else can be had: it carries every option but `anticipation`, which
        `estimators.fitted` then refuses.
    """
    study = found.study
    passed: list[str] = []
    facts = _facts(study)
    for name in _candidates(design, study):
        obstacle = ""
        if name != carried and name in _OBSTACLES:
            wanted = design.always_treated == "keep" and "estimator" in design.left_open
            kept = "which keeps no units treated in all periods" if wanted else ""
            kept = "which takes no unit trends" if design.unit_trends else kept
            obstacle = kept or _OBSTACLES[name](design, panel, found)
        if not obstacle:
            return Chosen(name, "; ".join([facts, *passed]))
        passed.append(f"not {name}, {obstacle}")
    return Chosen("two_way_fixed_effects", "; ".join([facts, *passed]))


def estimator_block(design: DifferenceInDifferences, panel: Panel, found: Compared) -> dict[str, Any]:
    """Return `Result.estimator`: name, chosen_by, rule, reason and assumptions of the estimator that runs.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    panel : Panel
    found : Compared
        The rows with the comparison units that the study wants.
    """
    asked = design.model_copy(update={"inference": "auto"}) if "inference" in design.left_open else design
    ruled = chosen_estimator(asked, panel, found, carried=design.estimator)
    by_rule = "estimator" in design.left_open
    reason = ruled.reason
    if not by_rule:
        reason = "The study file names it"
        if ruled.name != design.estimator:
            reason += f"; left out, it would be {ruled.name} ({ruled.reason})"
    return {
        "name": design.estimator, "chosen_by": "rule" if by_rule else "study", "rule": RULE, "reason": reason,
        "assumptions": list(assumptions_of(design)),
    }  # fmt: skip


def _candidates(design: DifferenceInDifferences, study: Adoption) -> list[str]:
    """Return the estimators of the rule for these starts, the first one wanted most."""
    if len(study.cohorts) > 1 or design.anticipation:
        return ["callaway_santanna", "imputation", "two_way_fixed_effects"]
    before = sum(time < min(study.starts.values()) for time in study.times)
    treated, donors = len(study.starts), len(study.comparison)
    if treated <= FEW_TREATED and before >= LONG_BEFORE and donors > treated:
        return ["synthetic_did", "two_way_fixed_effects"]
    return ["two_way_fixed_effects"]


def _facts(study: Adoption) -> str:
    """Return what decides the rule, counted."""
    first = min(study.starts.values())
    before = sum(time < first for time in study.times)
    treated = several(len(study.starts), "treated unit")
    if len(study.cohorts) > 1:
        return f"{treated} with {len(study.cohorts)} different starts"
    together = "" if len(study.starts) == 1 else " that start together"
    donors = several(len(study.comparison), "comparison unit")
    return f"{treated}{together}, {several(before, 'period')} before, {donors}"


def _no_synthetic(design: DifferenceInDifferences, panel: Panel, found: Compared) -> str:
    """Return why synthetic difference in differences cannot be had; empty where it can."""
    frame, donors = found.study.frame, len(found.study.comparison)
    if design.inference in ("auto", "placebo") and comb(donors, len(found.study.starts)) < FEWEST_SETS:
        return f"whose placebos among {donors} donors can give no p-value of 0.05"
    weights = frame.get("weight")
    if design.covariates:
        return "which takes no covariates"
    if weights is not None and bool((weights != weights.iloc[0]).any()):
        return "which takes no weights"
    if larger_clusters(frame):
        return "which takes no clusters larger than units"
    if design.inference not in SYNTHETIC_INFERENCE:
        return f"whose inference is by placebos, and the study file asks for {design.inference}"
    return _no_table(found, whole=True)


def _no_effects_by_start(design: DifferenceInDifferences, panel: Panel, found: Compared) -> str:
    """Return why effects by start and period cannot be estimated; empty where they can."""
    from evalkit.designs.difference_in_differences.estimators import try_by_cohort

    gap = _no_table(found, whole=False)
    if gap or not (design.covariates or incomplete_units(found)):
        return gap
    return try_by_cohort(design.model_copy(update={"estimator": "callaway_santanna"}), panel, found)


def _no_imputation(design: DifferenceInDifferences, panel: Panel, found: Compared) -> str:
    """Return why imputation cannot be had; empty where it can."""
    from evalkit.designs.difference_in_differences.estimators import try_by_cohort

    gap = _no_table(found, whole=False)
    return gap or try_by_cohort(design.model_copy(update={"estimator": "imputation"}), panel, found)


def _no_table(found: Compared, *, whole: bool) -> str:
    """Return why the rows are no table of units by periods; empty where they are."""
    if "observation" in found.study.frame or repeated_rows(found.study.frame):
        return "which needs one row per unit and period"
    lacking = incomplete_units(found) if whole else []
    return f"which needs every unit in every period (gaps in {listed(lacking)})" if lacking else ""


_OBSTACLES: dict[str, Callable[[DifferenceInDifferences, Panel, Compared], str]] = {
    "callaway_santanna": _no_effects_by_start,
    "imputation": _no_imputation,
    "synthetic_did": _no_synthetic,
}
"""Why an estimator cannot carry a study, by name; two_way_fixed_effects carries them all."""
