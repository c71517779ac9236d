"""Whether a key of a study, its result or its appraisal holds something.

A key is a root and a path: `study.programme.why`, `study.questions[].decision`, `result.horizons` (of the main
analysis), `design.comparison` (as resolved), `outcome.exposure`, `analysis.notes`, `check.overdispersion` (looked at),
`role.sensitivity` (an analysis with that role), `appraisal.ratio.low`, `evidence.design.score`, `provenance.data`,
`evaluation.claims`, and `seen.NAME` for what no single key shows (`SEEN`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.records import Evaluation
from evalkit.report.checklists.facts import COUNT_MODELS, has_results
from evalkit.report.exhibits import MANY_PERIODS
from evalkit.report.ladder import read

NOT_SAID = ("unknown", "not_stated")
"""Words with which a study file says that it does not say."""
COMPARED = ("primary", "sensitivity")
"""Roles whose analyses ask the same question in different ways."""
FEWEST_POINTS = 3
"""Points on each side that a series needs (EPOC)."""


def holds(evaluation: Evaluation, key: str) -> bool:
    """Return whether a key is filled; one that the study does not have is not.

    Raises
    ------
    KeyError
        When the root of the key, or what was to be seen, is not known.
    """
    root, _, path = key.partition(".")
    if root == "seen":
        return has_results(evaluation) and SEEN[path](evaluation)
    if root == "told":
        return TOLD[path](evaluation)
    return filled(follow(ROOTS[root](evaluation), path.split(".") if path else []))


def filled(value: Any) -> bool:
    """Return whether a value says something: a default of nothing, zero, or `unknown` does not."""
    if isinstance(value, Mapping):
        return any(filled(part) for part in value.values())
    if isinstance(value, str):
        return bool(value.strip()) and value not in NOT_SAID
    if isinstance(value, Sequence):
        return any(filled(part) for part in value)
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def follow(value: Any, path: list[str]) -> Any:
    """Return what stands at the end of a path; `[]` goes through every member of a list."""
    for place, name in enumerate(path):
        if value is None:
            return None
        each = name.endswith("[]")
        name = name.removesuffix("[]")
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        if each:
            return [follow(member, path[place + 1 :]) for member in value or ()]
    return value


def _of_primary(name: str) -> Callable[[Evaluation], Any]:
    return lambda evaluation: getattr(evaluation.primary, name) if has_results(evaluation) else None


def _outcome(evaluation: Evaluation) -> Any:
    outcomes = evaluation.study.get("outcomes") or {}
    return outcomes.get(evaluation.primary.outcome.id) if has_results(evaluation) else None


def _looked_at(evaluation: Evaluation) -> dict[str, bool]:
    checks = evaluation.primary.result.diagnostics if has_results(evaluation) else ()
    return {check.name: check.verdict != "not run" for check in checks}


def _roles(evaluation: Evaluation) -> dict[str, bool]:
    return {str(analysis.role): True for analysis in evaluation.analyses}


ROOTS: dict[str, Callable[[Evaluation], Any]] = {
    "study": lambda evaluation: evaluation.study,
    "result": _of_primary("result"),
    "design": _of_primary("design"),
    "analysis": lambda evaluation: evaluation.primary if has_results(evaluation) else None,
    "outcome": _outcome,
    "check": _looked_at,
    "role": _roles,
    "appraisal": lambda evaluation: evaluation.appraisal,
    "evidence": lambda evaluation: evaluation.evidence,
    "provenance": lambda evaluation: evaluation.provenance,
    "evaluation": lambda evaluation: evaluation,
}


def _points_each_side(evaluation: Evaluation) -> bool:
    result = evaluation.primary.result
    return min(result.n_pre_periods, result.n_post_periods) >= FEWEST_POINTS


def _whole_series(evaluation: Evaluation) -> bool:
    """Return whether the path is long enough to be drawn itself, and not as one change."""
    return len({point.period for point in evaluation.primary.result.path if point.observed is not None}) > MANY_PERIODS


def _all_shown(evaluation: Evaluation) -> bool:
    """Return whether every analysis that the study file asks for was run, or is named among those that failed."""
    asked = {str(variant.get("id")) for key in ("sensitivity", "falsification")
             for variant in evaluation.study.get(key) or ()}  # fmt: skip
    return asked <= {analysis.id for analysis in evaluation.analyses} | {failure.id for failure in evaluation.failures}


def _with_and_without_covariates(evaluation: Evaluation) -> bool:
    primary = evaluation.primary
    same = [a for a in evaluation.analyses if a.outcome.id == primary.outcome.id and a.role in COMPARED]
    return len({bool(analysis.design.get("covariates")) for analysis in same}) > 1


def _four_names(evaluation: Evaluation) -> bool:
    """Return whether all four are named and the assurer is not the analyst."""
    block = evaluation.study.get("governance") or {}
    people = [block.get(key) for key in ("commissioner", "analyst", "assurer", "approver")]
    names = [str((one.get("name") if isinstance(one, Mapping) else one) or "").strip().casefold() for one in people]
    return all(names) and names[1] != names[2]


def _unpaid(evaluation: Evaluation) -> bool:
    costs = (evaluation.study.get("economics") or {}).get("costs") or ()
    return any(cost.get("kind") in ("in_kind", "volunteer") for cost in costs)


def _sourced(evaluation: Evaluation) -> bool:
    lines = evaluation.appraisal.lines if evaluation.appraisal else ()
    return bool(lines) and all(line.source for line in lines)


SEEN: dict[str, Callable[[Evaluation], bool]] = {
    "points_each_side": _points_each_side,
    "whole_series": _whole_series,
    "all_shown": _all_shown,
    "covariates_in_and_out": _with_and_without_covariates,
    "count_model": lambda evaluation: evaluation.primary.design.get("family") in COUNT_MODELS,
    "no_cause_claimed": lambda evaluation: read(evaluation).monitoring,
    "cannot_say_whether": lambda evaluation: read(evaluation).rung == "V0",
}
"""What can be seen in a result and is no single key of it."""
TOLD: dict[str, Callable[[Evaluation], bool]] = {
    "four_names": _four_names,
    "unpaid_costs": _unpaid,
    "every_line_sourced": _sourced,
}
"""What the study file or the appraisal tells, also without a result."""
