"""An evaluation that holds nothing, and ones that hold one more key of the study file, the result or the appraisal."""

from __future__ import annotations

import dataclasses
from typing import Any

import demo

from evalkit.records import (
    Analysis,
    Appraisal,
    Coefficient,
    Coverage,
    CumulativePoint,
    Diagnostic,
    ErrorModel,
    Estimate,
    Evaluation,
    EventTime,
    GroupTime,
    GuardFinding,
    Horizon,
    LeftOut,
    Measure,
    MoneyLine,
    MoneyYear,
    PathPoint,
    Placebo,
    Releases,
    Result,
    ScaleEstimate,
)

SAID = [{"said": "said"}]
KINDS = {"before_after": "before_after", "series": "interrupted_time_series", "panel": "difference_in_differences"}


def bare(needs: tuple[str, ...] = ()) -> Evaluation:
    """Return an evaluation that says nothing but what `needs` names."""
    kind = next((KINDS[name] for name in needs if name in KINDS), "theory_only")
    if "staggered" in needs:
        kind = "difference_in_differences"
    study: dict[str, Any] = {"title": "", "question": "", "level": "impact", "design": {"kind": kind}}
    made = Evaluation("x", study, ())
    if set(needs) & {"results", "counts", "count_model", "small_counts", "hidden", "claims_cause", "measures"}:
        made = with_result(made)
    for name in needs:
        made = NEEDED.get(name, lambda evaluation: evaluation)(made)
    return made


def with_result(evaluation: Evaluation) -> Evaluation:
    if evaluation.analyses:
        return evaluation
    result = Result("", "", Estimate(-0.1))
    outcome = Measure("main", "", "", "continuous", "lower")
    design = {"kind": evaluation.study["design"]["kind"]}
    if design["kind"] == "theory_only":
        design["kind"] = "interrupted_time_series"
    return dataclasses.replace(evaluation, analyses=(Analysis("primary", "primary", "", outcome, design, result),))


def primary(evaluation: Evaluation, **changes: Any) -> Evaluation:
    evaluation = with_result(evaluation)
    changed = dataclasses.replace(evaluation.primary, **changes)
    return dataclasses.replace(evaluation, analyses=(changed, *evaluation.analyses[1:]))


def result(evaluation: Evaluation, **changes: Any) -> Evaluation:
    evaluation = with_result(evaluation)
    return primary(evaluation, result=dataclasses.replace(evaluation.primary.result, **changes))


def said(evaluation: Evaluation, path: str, value: Any = None) -> Evaluation:
    """Return the evaluation with one key of its study file filled."""
    names = path.split(".")
    filled: Any = SAID if value is None else value
    for name in reversed(names):
        each, name = name.endswith("[]"), name.removesuffix("[]")
        filled = {name: [filled] if each else filled}
    return dataclasses.replace(evaluation, study=merged(evaluation.study, filled))


def merged(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **{key: merged(first.get(key), value) for key, value in second.items()}}
    if isinstance(first, list) and isinstance(second, list) and first and second:
        return [merged(first[0], second[0])]
    return second


def counted(evaluation: Evaluation, kind: str = "count") -> Evaluation:
    evaluation = with_result(evaluation)
    return primary(evaluation, outcome=dataclasses.replace(evaluation.primary.outcome, kind=kind))


def designed(evaluation: Evaluation, **options: Any) -> Evaluation:
    evaluation = with_result(evaluation)
    return primary(evaluation, design={**evaluation.primary.design, **options})


def priced(evaluation: Evaluation, **changes: Any) -> Evaluation:
    held = evaluation.appraisal or Appraisal(Estimate(float("nan")), None, None)
    return dataclasses.replace(evaluation, appraisal=dataclasses.replace(held, **changes))


def another(evaluation: Evaluation, role: str, **changes: Any) -> Evaluation:
    evaluation = with_result(evaluation)
    other = dataclasses.replace(evaluation.primary, id=role, role=role, **changes)
    return dataclasses.replace(evaluation, analyses=(*evaluation.analyses, other))


def checked(evaluation: Evaluation, name: str, verdict: str = "no sign against") -> Evaluation:
    evaluation = with_result(evaluation)
    check = Diagnostic(name, "", verdict, "")
    return result(evaluation, diagnostics=(*evaluation.primary.result.diagnostics, check))


NEEDED = {
    "counts": counted,
    "small_counts": counted,
    "count_model": lambda evaluation: designed(evaluation, family="poisson"),
    "phase_in": lambda evaluation: said(evaluation, "rollout.phase_in_months", 2),
    "staggered": lambda evaluation: said(evaluation, "intervention.starts", {"A": "2020", "B": "2021"}),
    "economics": priced,
    "ratio": lambda evaluation: priced(evaluation, ratio=Estimate(2.0)),
    "no_ratio": priced,
    "small_numbers": lambda evaluation: said(evaluation, "disclosure.profile", "police"),
    "hidden": lambda evaluation: result(evaluation, disclosure={"hidden": [{"period": "2020"}]}),
    "measures": lambda evaluation: dataclasses.replace(evaluation, study={**evaluation.study, "level": "monitoring"}),
    "claims": lambda evaluation: said(evaluation, "claims", [{"id": "a"}]),
}

FIELDS: dict[str, Any] = {
    "estimand": "The change.", "standard_errors": "Exact.", "estimator": {"name": "imputation"},
    "averted": Estimate(3.0), "n_pre_periods": 5, "n_post_periods": 5, "n_units": 2,
    "path": tuple(PathPoint("a", str(year), 1.0) for year in range(2000, 2009)),
    "horizons": (Horizon("1", 1, "2020", 1.0, None, None, None, 1.0, None, None, None, None, None, None, ""),),
    "cumulative": (CumulativePoint("2020", 1.0),), "error_models": (ErrorModel("a", "a", True),),
    "placebos": (Placebo("period", "", "2019", 1.0),), "leave_out": (LeftOut("a"),),
    "event_study": (EventTime(0, 1.0),), "coefficients": (Coefficient("level", 1.0),),
    "group_time": (GroupTime("2020", "2020", 1.0),), "scales": (ScaleEstimate("additive", "a", "log", True),),
    "decomposition": {"pairs": [{"weight": 1}]}, "robust_bounds": ({"m": 1},), "breakdown": {"smoothness": 1},
    "weights": (("a", 1.0),), "dropped": (("a", "late"),), "power": {"cells": [1]}, "selection": {"words": "high"},
    "inference": {"method": "exact"}, "disclosure": {"words": "hidden", "hidden": [{"period": "2020"}]},
}  # fmt: skip


def fill_result(evaluation: Evaluation, path: str) -> Evaluation:
    first, _, last = path.partition(".")
    if first == "effect":
        effect = with_result(evaluation).primary.result.effect
        return result(evaluation, effect=dataclasses.replace(effect, **{last: -0.2}) if last else effect)
    held = getattr(with_result(evaluation).primary.result, first)
    value = {**(held or {}), last: FIELDS[first][last]} if last else FIELDS[first]
    return result(evaluation, **{first: value})


def fill_money(evaluation: Evaluation, path: str) -> Evaluation:
    first, _, last = path.partition(".")
    values: dict[str, Any] = {
        "by_year": (MoneyYear("2020-21", 1.0, 1.0, 1.0),), "price_base": "2024-25", "base_year": "2024-25",
        "discounting": "3.5%", "unpriced": ("harm",), "break_even": {"value": 3.0}, "optimism": {"words": "10%"},
        "ratio_withheld": "unclear", **dict.fromkeys(("ratio", "cost", "cost_per_outcome"), Estimate(2.0)),
    }  # fmt: skip
    if not last:
        return priced(evaluation, **{first: values[first]})
    held = getattr(evaluation.appraisal, first) if evaluation.appraisal else None
    return priced(evaluation, **{first: dataclasses.replace(held or Estimate(2.0), **{last: 1.5})})


def monitored(evaluation: Evaluation) -> Evaluation:
    evaluation = result(evaluation, relative=Estimate(-10.0, unit="percent"))
    return dataclasses.replace(evaluation, study={**evaluation.study, "level": "monitoring"})


BUILD: dict[str, Any] = {
    "seen.points_each_side": lambda e: result(e, n_pre_periods=3, n_post_periods=3),
    "seen.whole_series": lambda e: result(e, path=FIELDS["path"]),
    "seen.all_shown": with_result,
    "seen.covariates_in_and_out": lambda e: another(designed(e, covariates=[]), "sensitivity",
                                                    design={"kind": "x", "covariates": ["a"]}),
    "seen.count_model": lambda e: designed(e, family="poisson"),
    "seen.no_cause_claimed": monitored,
    "seen.cannot_say_whether": monitored,
    "told.four_names": lambda e: said(e, "governance", {name: name for name in ("commissioner", "analyst", "approver")}
                                      | {"assurer": {"name": "another"}}),
    "told.unpaid_costs": lambda e: said(e, "economics.costs", [{"kind": "volunteer"}]),
    "told.every_line_sourced": lambda e: priced(e, lines=(MoneyLine("a", "cost", "b", 1.0, source="c"),)),
    "study.intervention.starts": lambda e: said(e, "intervention.starts", {"A": "2020", "B": "2021"}),
    "design.kind": with_result,
    "evaluation.coverage": lambda e: dataclasses.replace(e, coverage=Coverage("month", ())),
    "evaluation.guards": lambda e: dataclasses.replace(e, guards=(GuardFinding("zero_runs", "No run.", "met"),)),
    "evaluation.releases": lambda e: dataclasses.replace(e, releases=Releases("a" * 64, (), None)),
    "evaluation.releases.move": lambda e: dataclasses.replace(e, releases=Releases("a" * 64, (), {"before": 1})),
    "evaluation.claims": lambda e: dataclasses.replace(e, claims=({"id": "a"},)),
    "analysis.first_treated": lambda e: primary(e, first_treated="2020-01"),
    "analysis.notes": lambda e: primary(e, notes=("12 rows were dropped.",)),
}  # fmt: skip


def fill(evaluation: Evaluation, key: str) -> Evaluation:
    """Return the evaluation with one key filled, by nothing but that key where it can be so."""
    root, _, path = key.partition(".")
    if key in BUILD:
        made = BUILD[key](evaluation)
    elif root == "study":
        made = said(evaluation, path)
    elif root == "result":
        made = fill_result(evaluation, path)
    elif root == "design":
        made = designed(evaluation, **{path: "said"})
    elif root == "outcome":
        made = said(with_result(evaluation), f"outcomes.main.{path}")
    elif root == "check":
        made = checked(evaluation, path)
    elif root == "role":
        made = another(evaluation, path)
    elif root == "appraisal":
        made = fill_money(evaluation, path)
    elif root == "evidence":
        made = dataclasses.replace(evaluation, evidence=merged(dict(evaluation.evidence), nested(path)))
    else:
        made = dataclasses.replace(evaluation, provenance=demo.PROVENANCE)
    return made


def nested(path: str) -> dict[str, Any]:
    made: Any = 2
    for name in reversed(path.split(".")):
        made = {name: made}
    return made
