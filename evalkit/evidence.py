"""How strong the evidence is: three scales, each with its reasons; never added up.

`design` is the Maryland Scientific Methods Scale in the version of the What Works Centre for Local Economic Growth
(1 before and after alone ... 5 randomised), capped when a key check speaks against it. `data` and `repeating` are
counts of stated conditions, each of which is printed; they are aids to reading, not published scales. `grades` sets
other published scales beside the first, each as far as a computer may say; ratings that people give are not computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.diagnostics.parallel_trends import METHODS
from evalkit.periods import parse_period
from evalkit.records import Analysis, Coverage, Diagnostic, Estimate, Failure

STRENGTH = {"before_after": 1, "interrupted_time_series": 2, "difference_in_differences": 3}
WHY = {
    "before_after": "A change over time alone. Nothing shows what would have happened anyway.",
    "interrupted_time_series": "One series against its own past. No comparison place, so it cannot score higher.",
    "difference_in_differences": "Places with the programme against places without.",
}
LESS = "Places with more of the programme against places with less. No place is without it. So it cannot score higher."
"""Why a comparison that had the programme as well, only less of it, keeps the strength of design at 2."""
BESIDE = {
    "before_after": "A change over time beside that of other areas, from totals of two windows. Nothing shows that "
    "both would have changed alike.",
    "interrupted_time_series": "One series against its own past, beside a comparison series with the same past.",
}
"""Why a design that sets a comparison beside the series scores one higher."""


MARYLAND = "Maryland scale, version of the What Works Centre for Local Economic Growth"
SHERMAN = "Maryland scale as first published (Sherman and others, 1997)"
NESTA = "Nesta Standards of Evidence"
FAR_NARROWER = 0.5
"""An interval of less than this share of the main one's width is far narrower than that."""
ANOTHER_START, OTHER_PLACES, OTHER_ROWS = "another start", "other places", "other rows of the data"
APART = {ANOTHER_START: "with", OTHER_PLACES: "of", OTHER_ROWS: "of"}
"""What makes an analysis one of another change, and the word that links it."""
LOWERED = "Lowered by one: a key check speaks against it."
AT_LOWEST = "A key check speaks against it as well; there is no lower level."


def assess(
    study: Mapping[str, Any],
    analyses: Sequence[Analysis],
    failures: Sequence[Failure],
    coverage: Coverage | None = None,
    fixed: bool = False,
) -> dict[str, Any]:
    """Return the three scales of a study, and its grades.

    Parameters
    ----------
    study : mapping
        The study file with defaults filled in.
    analyses, failures
        What was computed and what could not be.
    coverage : Coverage, optional
        What the data of the main analysis hold, as far as it may be told.
    fixed : bool
        Whether the list of published files fixes the copy of the data, beside what the study file says.

    Returns
    -------
    dict
        `design`, `data`, `repeating`: each {score, of, reason}; `level_cap`: why the design's score was lowered,
        or empty text; `grades`: `scales`, a list of {scale, score, of, upper_bound, reason, status}, and `security`,
        what a rating of how secure the result is would rest on; `narrower`: as `narrower` returns it.
    """
    primary = next(analysis for analysis in analyses if analysis.role == "primary")
    against = [d for d in primary.result.diagnostics if d.key and d.verdict == "sign against"]
    return {
        "design": _design(primary, against),
        "level_cap": " ".join(diagnostic.reading for diagnostic in against),
        "data": _data(study, primary, coverage, fixed),
        "repeating": _repeating(primary, analyses, failures),
        "grades": {"scales": _scales(primary, against), "security": _security(primary, coverage)},
        "narrower": narrower(primary, analyses),
    }


def _design(primary: Analysis, against: Sequence[Diagnostic]) -> dict[str, Any]:
    kind = str(primary.design["kind"])
    beside = kind in BESIDE and _has_comparison(primary.design)
    less = primary.design.get("comparison_is") == "less"
    score = 2 if less else STRENGTH[kind] + (1 if beside else 0)
    reason = LESS if less else BESIDE[kind] if beside else WHY[kind]
    if against and score > 1:
        score -= 1
        reason += f" {LOWERED}"
    return {"score": score, "of": 5, "reason": reason}


def _scales(primary: Analysis, against: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    """Return the design's grade on each published scale, the first version of the Maryland scale where it differs."""
    design = _design(primary, against)
    cap = " ".join(diagnostic.reading for diagnostic in against)
    lowest = AT_LOWEST if against and LOWERED not in design["reason"] else ""
    why = " ".join(part for part in (design["reason"], lowest, cap) if part)
    found = [_grade(MARYLAND, design["score"], why, "primary")]
    if primary.design["kind"] == "before_after" and not _has_comparison(primary.design):
        first = "That version puts a change over time alone at level 2, where the other puts it at level 1."
        lowered = f"{first} {LOWERED}" if against else first
        found.append(_grade(SHERMAN, 1 if against else 2, lowered, "memory"))
    return [*found, _nesta(primary, against)]


def _nesta(primary: Analysis, against: Sequence[Diagnostic]) -> dict[str, Any]:
    """Return the highest level of the Nesta scale that the design could carry.

    Totals of two windows in other areas are no comparison in that sense: nothing shows that both would have changed
    alike.
    """
    kind = str(primary.design["kind"])
    beside = kind == "difference_in_differences" or (kind in BESIDE and kind != "before_after"
                                                     and _has_comparison(primary.design))  # fmt: skip
    less = primary.design.get("comparison_is") == "less"
    if less:
        reason = "Others were followed over the same time, but they had the programme as well, only less of it."
    elif beside and not against:
        reason = "Others were followed over the same time; a design without them could not go above 2."
    elif beside:
        reason = "Others were followed over the same time, but a key check speaks against the comparison."
    else:
        reason = "It can show a change. Without others followed over the same time it cannot show why."
    reason += " Levels 4 and 5 (seen again by others, ready to be given everywhere) are for people to judge."
    return {**_grade(NESTA, 3 if beside and not less and not against else 2, reason, "memory"), "upper_bound": True}


def _grade(scale: str, score: int, reason: str, status: str) -> dict[str, Any]:
    return {"scale": scale, "score": score, "of": 5, "upper_bound": False, "reason": reason, "status": status}


def _security(primary: Analysis, coverage: Coverage | None) -> dict[str, Any]:
    """Return the counts that a rating of how secure a result is would rest on; none where it is not known.

    `missing` of `wanted` unit-periods within the study's windows have no value, declared gaps among them; `before` is
    what the check of the time before the start saw.
    """
    looked = [check for check in primary.result.diagnostics
              if check.name in ("pre_period_leads", "pre_period_linearity") and check.verdict != "not run"]  # fmt: skip
    known: dict[str, Any] = {"before": looked[0].reading if looked else "", "left_out": len(primary.result.dropped)}
    if coverage is None:
        return {**known, "wanted": None, "missing": None, "missing_share": None}
    wanted = sum(unit.used for unit in coverage.units)
    missing = sum(unit.count("m") + unit.count("d") for unit in coverage.units)
    return {**known, "wanted": wanted, "missing": missing, "missing_share": missing / wanted if wanted else None}


def _has_comparison(design: Mapping[str, Any]) -> bool:
    """Return whether comparison areas, or a comparison series (not one that enters as covariate), stand beside."""
    controls = design.get("controls") or {}
    return bool(design.get("comparison")) or controls.get("as") == "comparison"


def _data(study: Mapping[str, Any], primary: Analysis, coverage: Coverage | None, listed: bool) -> dict[str, Any]:
    if primary.simulated:
        return {"score": None, "of": 5, "reason": "Simulated data: nothing to score."}
    outcome = study["outcomes"][primary.outcome.id]
    result, data = primary.result, study["data"]
    recording = {"unlikely": "", "possible": "recording may change with the programme",
                 "likely": "recording is likely to change with the programme"}  # fmt: skip
    affected = recording.get(outcome.get("measurement_affected"), "not stated whether recording changed")
    fixed = data["source"] in ("package", "counts") or bool(data.get("sha256")) or listed
    inferred = bool(data.get("inferred"))
    copied = "counts worked out, not printed" if inferred else "no copy of the data is fixed"
    hidden = coverage is not None and any(unit.count("p") for unit in coverage.units)
    multiple = outcome.get("rounded_to")
    holes = [why for why, there in (("gaps in the series", data.get("gaps")), ("some counts are hidden", hidden),
                                    (f"counts are rounded to {multiple}", multiple)) if there]  # fmt: skip
    return _counted([
        ("12 or more periods before", "fewer than 12 periods before", result.n_pre_periods >= 12),
        ("no gaps, and nothing hidden or rounded", ", ".join(holes), not holes),
        ("a named publisher", "no publisher named", bool(data.get("publisher"))),
        ("a fixed copy of the data", copied, fixed and not inferred),
        ("recording unlikely to change with the programme", affected, not affected),
    ])  # fmt: skip


def _repeating(primary: Analysis, analyses: Sequence[Analysis], failures: Sequence[Failure]) -> dict[str, Any]:
    """Return what speaks for and against the same answer next time.

    Other analyses count where their estimate differs: one that changes the standard error alone repeats nothing. Nor
    does one count as sure whose interval is far narrower than the main one: it is another rule, not more data. One
    period set against one cannot show what would come again, whatever its interval.
    """
    if primary.simulated:
        return {"score": None, "of": 5, "reason": "Simulated data: nothing to score."}
    effect, checks = primary.result.effect, primary.result.diagnostics
    for check in checks:
        if check.name == "single_period_comparison" and check.verdict == "sign against":
            return {"score": 0, "of": 5, "reason": f"Against: {check.short}, which cannot show what would come again."}
    others = other_estimates(primary, analyses)
    same, total = same_way(primary, analyses, failures)
    narrow = {one["id"] for one in narrower(primary, others)}
    counting = total - len(narrow)
    sure = sum(_clear_of_no_change(a.result.effect) and a.id not in narrow for a in others)
    apart = other_changes(primary, analyses)
    elsewhere = list(apart.values())
    turned = sum(a.id in apart and (a.result.effect.value < 0) != (effect.value < 0) for a in analyses)
    aside = _not_counted([(elsewhere.count(one), f"{link} {one}") for one, link in APART.items()], turned)
    slim = _not_counted([(len(narrow), "far narrower than the main one")])
    untouched = {d.verdict for d in checks if d.name in ("negative_controls", "falsification")}
    still = "nothing that should not move was looked at" if untouched <= {"not run"} else (
        "something that should not move did" if "sign against" in untouched else
        "what should not move was looked at too weakly to tell")  # fmt: skip
    nothing = "the study file asks for no other analysis" if all(a is primary for a in analyses if a.role in (
        "primary", "sensitivity")) else f"no other estimate of this change was asked for{aside}"  # fmt: skip
    only = total == 1
    points = ("the only other estimate points another way" if only
              else f"{same} of {total} other estimates point the same way")  # fmt: skip
    that_counts = " that counts" if narrow else ""
    counted = "no other interval counts" if counting == 0 else (
        f"the interval of the only other estimate{that_counts} does not lie clear of no change" if counting == 1
        else f"the interval of {sure} of {counting} other estimates lies clear of no change")  # fmt: skip
    return _counted([
        ("the interval lies clear of no change",
         "there is no interval" if effect.low is None else "the interval includes no change",
         _clear_of_no_change(effect)),
        (f"every other estimate points the same way{aside}",
         points + aside if total else nothing, total > 0 and same == total),
        (f"the interval of every other estimate{that_counts} lies clear of no change{slim}",
         counted + slim if total else nothing, counting > 0 and sure == counting),
        ("what should not move did not", still, untouched == {"no sign against"}),
        ("seen in another study", "other studies are not counted in", False),
    ])  # fmt: skip


def _not_counted(kinds: Sequence[tuple[int, str]], turned: int = 0) -> str:
    """Return what a condition does not count, and how many of these point another way; empty without any."""
    told = " and ".join(f"{count} {which}" for count, which in kinds if count)
    one = sum(count for count, _ in kinds) == 1
    which = "which points" if one else f"{turned} of which point{'s' if turned == 1 else ''}"
    told += f", {which} another way," if turned else ""
    return f" ({told} {'is' if one else 'are'} not counted)" if told else ""


def other_estimates(primary: Analysis, analyses: Sequence[Analysis]) -> list[Analysis]:
    """Return the other choices of method for the same change whose estimate is not the main one.

    A second standard error repeats nothing, and what `other_changes` names is another change.

    Parameters
    ----------
    primary : Analysis
    analyses : sequence of Analysis
        Those with role sensitivity are looked at.
    """
    main, elsewhere = primary.result.effect.value, other_changes(primary, analyses)
    return [a for a in analyses if a.role == "sensitivity" and a.id not in elsewhere
            and not math.isclose(a.result.effect.value, main)]  # fmt: skip


def other_changes(primary: Analysis, analyses: Sequence[Analysis]) -> dict[str, str]:
    """Return the analyses of another change than the main one, by id, each with what sets it apart (of `APART`).

    Another start: another event, since their time from the start on and that of the main one do not meet. A start that
    is moved by some periods still looks at what came after the main one, and is another choice of method. Other places
    or rows: they show what hangs on a part of the data, as leaving it out does, and repeat nothing.

    Parameters
    ----------
    primary : Analysis
    analyses : sequence of Analysis
        Those with role sensitivity are looked at.
    """
    rows = {"places": OTHER_PLACES, "rows": OTHER_ROWS}
    found = {a.id: ANOTHER_START if _apart(a, primary) else rows.get(a.other_rows, "")
             for a in analyses if a.role == "sensitivity"}  # fmt: skip
    return {name: why for name, why in found.items() if why}


def _apart(other: Analysis, primary: Analysis) -> bool:
    """Return whether two analyses have different starts, and one of them begins after the other has ended.

    Where an end is not known (no path is shown), it is taken to be open.
    """
    if other.frequency != primary.frequency or other.first_treated == primary.first_treated:
        return False
    if not (other.first_treated and primary.first_treated):
        return False
    (first, last), (start, end) = _time_after(other), _time_after(primary)
    return first > end or start > last


def _time_after(analysis: Analysis) -> tuple[float, float]:
    """Return the first treated period and the last that is looked at, counted; infinite where that is unknown."""
    window = analysis.design.get("after")
    stated = window.get("to") if isinstance(window, Mapping) else None
    periods = [stated] if stated else list({point.period for point in analysis.result.path})
    start, *ends = (parse_period(period, analysis.frequency) for period in (analysis.first_treated, *periods))
    return start, max(ends, default=math.inf)


def same_way(primary: Analysis, analyses: Sequence[Analysis], failures: Sequence[Failure]) -> tuple[int, int]:
    """Return how many other estimates point the same way as the main one, and of how many; lost ones count among all.

    Parameters
    ----------
    primary : Analysis
    analyses : sequence of Analysis
    failures : sequence of Failure
        What could not be computed.
    """
    others, main = other_estimates(primary, analyses), primary.result.effect.value
    lost = sum(failure.role == "sensitivity" for failure in failures)
    same = sum((other.result.effect.value < 0) == (main < 0) for other in others)
    return same, len(others) + lost


def narrower(primary: Analysis, analyses: Sequence[Analysis]) -> list[dict[str, Any]]:
    """Return the other choices whose interval is far narrower than the main one, with what it rests on instead.

    Parameters
    ----------
    primary : Analysis
    analyses : sequence of Analysis
        Those with role sensitivity are looked at.

    Returns
    -------
    list of dict
        `id`, `label`, `share` (of the main interval's width, below 0.5) and `because`: what differs, in words that go
        on from "The main answer " ; empty where nothing that is recorded differs.
    """
    found, elsewhere = [], other_changes(primary, analyses)
    for other in analyses:
        same_change = other.role == "sensitivity" and other.id not in elsewhere
        share = _width_beside(other, primary) if same_change else None
        if share is not None and share < FAR_NARROWER:
            found.append({"id": other.id, "label": other.label, "share": share, "because": _because(other, primary)})
    return found


def _width_beside(other: Analysis, primary: Analysis) -> float | None:
    """Return the width of an interval as a share of the main one, on a scale that both have; None without one."""
    for own, main in ((other.result.effect, primary.result.effect), (other.result.relative, primary.result.relative)):
        if own is None or main is None or (own.scale, own.unit) != (main.scale, main.unit):
            continue
        ends = (own.low, own.high, main.low, main.high)
        if any(end is None or not math.isfinite(end) for end in ends) or main.high == main.low:
            return None
        return (own.high - own.low) / (main.high - main.low)  # type: ignore[operator]
    return None


def _because(other: Analysis, primary: Analysis) -> str:
    """Return on what the main interval rests and on what the other does; periods, where the rules are the same."""
    methods = [str((one.result.inference or {}).get("method") or "") for one in (primary, other)]
    if methods[0] != methods[1] and all(methods):
        first, second = (METHODS.get(method, method.replace("_", " ")) for method in methods)
        return f"rests on {first}, this one on {second}"
    names = [str((one.result.estimator or {}).get("name") or "") for one in (primary, other)]
    if names[0] != names[1] and all(names):
        return f"is by {names[0].replace('_', ' ')}, this one by {names[1].replace('_', ' ')}"
    periods = [one.result.n_pre_periods + one.result.n_post_periods for one in (primary, other)]
    if periods[1] > periods[0]:
        return f"uses {periods[0]} periods, this one {periods[1]}"
    if other.result.standard_errors != primary.result.standard_errors:
        return "takes its standard errors by another rule"
    return ""


def _clear_of_no_change(estimate: Estimate) -> bool:
    low, high = estimate.low, estimate.high
    return low is not None and high is not None and (low > 0 or high < 0)


MOST_WORDS = {"sentences": 16, "conditions": 10}
"""So many words of a reason stand on the first side; a first sentence, or a first condition, is never cut."""


def in_brief(reason: str) -> tuple[str, int]:
    """Return a scale's reason as short as the first side needs it, and how many conditions against were left off.

    Of conditions, those against are told: the score says how many hold. Of sentences, the first ones are told, and
    always that a check lowered the score.
    """
    if not reason.startswith(("For: ", "Against: ")):
        lowered = LOWERED if reason.endswith(LOWERED) else ""
        sentences = [f"{text}." for text in reason.removesuffix(LOWERED).strip().removesuffix(".").split(". ")]
        return " ".join(part for part in (*_within(sentences, MOST_WORDS["sentences"]), lowered) if part), 0
    _, _, lacking = reason.rpartition("Against: ")
    if "Against: " not in reason:
        return "Every condition is met.", 0
    conditions = lacking.removesuffix(".").split("; ")
    told = _within(conditions, MOST_WORDS["conditions"])
    return f"Against: {'; '.join(told)}.", len(conditions) - len(told)


def _within(texts: Sequence[str], most: int) -> list[str]:
    """Return the first texts that together keep to the limit, at least one."""
    told: list[str] = []
    for text in texts:
        if told and len(" ".join([*told, text]).split()) > most:
            break
        told.append(text)
    return told


def _counted(checks: Sequence[tuple[str, str, bool]]) -> dict[str, Any]:
    """Return how many conditions hold, and each in words: those that hold, then those that do not."""
    met = [holds for holds, _, is_met in checks if is_met]
    lacking = list(dict.fromkeys(lacks for _, lacks, is_met in checks if not is_met))
    parts = [f"{word}: {'; '.join(names)}." for word, names in (("For", met), ("Against", lacking)) if names]
    return {"score": len(met), "of": len(checks), "reason": " ".join(parts)}
