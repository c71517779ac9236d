"""How strong the evidence is: three scales, each with its reasons; never added up.

`design` is the Maryland Scientific Methods Scale in the version of the What Works Centre for Local Economic Growth
(1 before and after alone ... 5 randomised), capped when a key check speaks against it. `data` and `repeating` are
counts of stated conditions, each of which is printed; they are aids to reading, not published scales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Analysis, Diagnostic, Failure

STRENGTH = {"before_after": 1, "interrupted_time_series": 2, "difference_in_differences": 3}
WHY = {
    "before_after": "A change over time alone. Nothing shows what would have happened anyway.",
    "interrupted_time_series": "One series against its own past. No comparison place, so it cannot score higher.",
    "difference_in_differences": "Places with the programme against places without.",
}


def assess(study: Mapping[str, Any], analyses: Sequence[Analysis], failures: Sequence[Failure]) -> dict[str, Any]:
    """Return the three scales of a study.

    Parameters
    ----------
    study : mapping
        The study file with defaults filled in.
    analyses, failures
        What was computed and what could not be.

    Returns
    -------
    dict
        `design`, `data`, `repeating`: each {score, of, reason}; `level_cap`: why the design's score was lowered,
        or empty text.
    """
    primary = next(analysis for analysis in analyses if analysis.role == "primary")
    against = [d for d in primary.result.diagnostics if d.key and d.verdict == "sign against"]
    return {
        "design": _design(primary, against),
        "level_cap": " ".join(diagnostic.reading for diagnostic in against),
        "data": _data(study, primary),
        "repeating": _repeating(primary, analyses, failures, against),
    }


def _design(primary: Analysis, against: Sequence[Diagnostic]) -> dict[str, Any]:
    kind = str(primary.design["kind"])
    score = STRENGTH[kind]
    reason = WHY[kind]
    if against and score > 1:
        score -= 1
        reason += " Lowered by one: a key check speaks against it."
    return {"score": score, "of": 5, "reason": reason}


def _data(study: Mapping[str, Any], primary: Analysis) -> dict[str, Any]:
    if primary.simulated:
        return {"score": None, "of": 5, "reason": "Simulated data: there is nothing to score."}
    outcome = study["outcomes"][primary.outcome.id]
    result, data = primary.result, study["data"]
    checks = {
        "a run of 12 or more periods before": result.n_pre_periods >= 12,
        "no declared gaps": not data.get("gaps"),
        "a named publisher": bool(data.get("publisher")),
        "a fixed copy of the data": data["source"] in ("package", "counts") or bool(data.get("sha256")),
        "recording unlikely to change with the programme": outcome.get("measurement_affected") == "unlikely",
    }
    return _counted(checks)


def _repeating(
    primary: Analysis, analyses: Sequence[Analysis], failures: Sequence[Failure], against: Sequence[Diagnostic]
) -> dict[str, Any]:
    if primary.simulated:
        return {"score": None, "of": 5, "reason": "Simulated data: there is nothing to score."}
    effect = primary.result.effect
    others = [analysis for analysis in analyses if analysis.role == "sensitivity"]
    same = [a for a in others if (a.result.effect.value < 0) == (effect.value < 0)]
    excludes = effect.low is not None and effect.high is not None and (effect.low > 0 or effect.high < 0)
    agree = f"{len(same)} of {len(others)} other analyses point the same way"
    checks = {
        "an interval that leaves out no change": excludes,
        agree: bool(others) and len(same) == len(others) and not any(f.role == "sensitivity" for f in failures),
        "no key check against": not against,
        "more than one period on each side": min(primary.result.n_pre_periods, primary.result.n_post_periods) > 1,
        "seen again in another study": False,
    }
    return _counted(checks)


def _counted(checks: Mapping[str, bool]) -> dict[str, Any]:
    met = [name for name, holds in checks.items() if holds]
    lacking = [name for name, holds in checks.items() if not holds]
    reason = f"There is {_listed(met)}." if met else ""
    if lacking:
        reason = f"{reason} Not so: {_listed(lacking)}.".strip()
    return {"score": len(met), "of": len(checks), "reason": reason}


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names)
