"""What the first side of a page holds: status, numbers, scales, what cannot be said, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation, PathPoint
from evalkit.report import windows
from evalkit.report.ladder import Change, Reading
from evalkit.report.numbers import interval_text, number
from evalkit.report.particulars import KINDS
from evalkit.report.result_tables import against
from evalkit.report.words import SIMULATED, digits, interval_label, interval_words, less_more, phrase

SCALES = {"design": "Strength of design", "data": "Quality of data", "repeating": "Chance of repeating"}
Badge = dict[str, str]
CAUTIONS = {
    "number_of_points": "That trend, season and chance can be told apart: there are few periods.",
    "residual_autocorrelation": "That the interval is wide enough: neighbouring periods are linked, and not all of it "
    "is in the model.",
    "overdispersion": "That the interval is wide enough: counts vary more than chance would make them.",
    "season_fitted": "That the season has no part in it.",
    "pre_period_linearity": "That a straight line is the path to carry forward: it bent before.",
    "single_period_comparison": "That these periods are typical: a single one may be unusually high or low.",
    "window_lengths": "That like is set beside like: the windows differ in length or in season.",
    "pandemic_restrictions": "That these are ordinary years: a window lies in pandemic restrictions.",
    "selection_on_high_baseline": "That it would have stayed as it was: the time before was unusual, and some return "
    "was likely.",
    "small_counts": "That a percentage means much: the counts are small.",
    "independent_periods": "That the interval is wide enough: neighbouring periods move together.",
    "pre_period_leads": "That both groups of places were on one path: they drifted apart before the start.",
    "anticipation": "That it began with the start: the last period before it already differed.",
    "number_of_clusters": "That the interval is wide enough: it rests on few places.",
    "treated_clusters": "That the interval is wide enough: few places are treated, and the luck of one weighs much.",
    "staggered_adoption": "That one figure stands for all places: they started at different times.",
}
"""What a reader should hold back on when a check speaks against its assumption, by the check's name."""


def kind_of(evaluation: Evaluation) -> str:
    """Return what a study is to a reader: impact, monitoring or protocol (a plan, or its rehearsal)."""
    if not evaluation.analyses or evaluation.simulated:
        return "protocol"
    return "monitoring" if evaluation.level == "monitoring" else "impact"


def badges(evaluation: Evaluation) -> list[Badge]:
    """Return the badges of the status banner: kind, status, simulated."""
    kind = kind_of(evaluation)
    text = KINDS[evaluation.level]
    if kind == "protocol":
        text = "Rehearsal" if evaluation.simulated else "Protocol"
    found = [{"text": text, "class": f"kind-{kind}"}]
    if evaluation.simulated:
        found.append({"text": SIMULATED, "class": "notice"})
    status = str(evaluation.study.get("status") or "draft")
    found.append({"text": status.capitalize(), "class": "" if status == "final" else "notice"})
    return found


def facts(evaluation: Evaluation) -> list[str]:
    """Return the plain facts of the status banner."""
    found = []
    if evaluation.analyses and not evaluation.simulated:
        last = windows.last_period(evaluation.primary)
        found += [f"Data to {last}"] if last else []
    if evaluation.study.get("version"):
        found.append(f"Version {evaluation.study['version']}")
    return [*found, "Not official statistics"]


def three_numbers(evaluation: Evaluation, reading: Reading) -> list[dict[str, str]]:
    """Return expected, observed and difference, or before, after and change; empty where they are not stored."""
    if not evaluation.analyses or reading.change is None:
        return []
    primary = evaluation.primary
    pair = single_pair(primary)
    if primary.design["kind"] == "before_after":
        return _before_after(primary, reading.change, pair)
    averages = (primary.result.fit or {}).get("averages")
    if averages is None and pair is not None:
        averages = {
            "observed": pair[1].observed,
            "expected": pair[1].counterfactual,
            "expected_low": pair[1].low,
            "expected_high": pair[1].high,
        }
    return _expected_observed(primary, reading, averages) if averages else []


def single_pair(primary: Analysis) -> tuple[PathPoint, PathPoint] | None:
    """Return the only period before and the only one after, where the path has no more."""
    before = [point for point in windows.before_points(primary) if point.observed is not None]
    after = [point for point in windows.after_points(primary) if point.observed is not None]
    return (before[0], after[0]) if len(before) == 1 == len(after) else None


def scales(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return the three scales, each with its score and reason; they are never added up."""
    found = []
    for key, title in SCALES.items():
        scale: Mapping[str, Any] = evaluation.evidence.get(key) or {}
        found.append(
            {
                "title": title,
                "score": scale.get("score"),
                "of": scale.get("of") or 5,
                "reason": scale.get("reason") or "Not scored.",
            }
        )
    return found


def cannot_say(evaluation: Evaluation, reading: Reading, *, full: bool = False) -> list[str]:
    """Return what the study cannot say: in the author's words and by the checks, or else by its design.

    Parameters
    ----------
    evaluation : Evaluation
    reading : Reading
    full : bool
        Give what the checks saw as well.
    """
    said = (evaluation.study.get("narrative") or {}).get("cannot_say") or []
    author = [said] if isinstance(said, str) else [str(text) for text in said]
    checks = against(evaluation.primary) if evaluation.analyses else []
    signs = [CAUTIONS.get(check.name, f"That {_lower(check.assumption)}: a check speaks against it.")
             for check in checks]  # fmt: skip
    if full:
        signs = [f"{sign} {check.reading}" for sign, check in zip(signs, checks, strict=True)]
    own = [] if author and not evaluation.simulated else [_of_design(evaluation, reading)]
    return _in_turn([*own, *author], signs)


def _of_design(evaluation: Evaluation, reading: Reading) -> str:
    if not evaluation.analyses:
        return "Anything about results: there are none yet."
    if evaluation.simulated:
        return "Anything about the real world: the data were made by a random generator."
    if reading.monitoring:
        return "What would have been seen anyway. Nothing is compared with but an earlier time."
    start = windows.start_words(evaluation.primary)
    if evaluation.primary.design["kind"] == "interrupted_time_series":
        when = f" in {start}" if start else ""
        return f"That the programme alone did this. Anything else that began{when} is counted with it."
    return (
        "That both groups of places would have moved alike without the programme. "
        "Earlier periods can speak against it; they cannot show it."
    )


def _lower(sentence: str) -> str:
    """Return a sentence as it goes on inside another one: no capital (but for abbreviations), no full stop."""
    text = sentence.strip().rstrip(".")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _in_turn(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return one of each in turn, until both are used up."""
    longest = max(len(first), len(second))
    return [text for place in range(longest) for texts in (first, second) for text in texts[place : place + 1]]


def _before_after(primary: Analysis, change: Change, pair: tuple[PathPoint, PathPoint] | None) -> list[dict[str, str]]:
    averages = (primary.result.fit or {}).get("averages") or {}
    numbers = (pair[0].observed, pair[1].observed) if pair else (averages.get("before"), averages.get("after"))
    if None in numbers:
        return []
    unit = primary.outcome.unit
    return [
        {
            "label": "Before",
            "big": number(numbers[0]),
            "range": _joined(unit, windows.before_words(primary)),
            "class": "expected",
        },
        {
            "label": "After",
            "big": number(numbers[1]),
            "range": _joined(unit, windows.after_words(primary)),
            "class": "observed",
        },
        _difference(phrase(change.value, change, primary.outcome.kind), change, primary),
    ]


def _expected_observed(primary: Analysis, reading: Reading, averages: Mapping[str, Any]) -> list[dict[str, str]]:
    each = _joined(primary.outcome.unit, f"a {words_for(primary.frequency)}", " ")
    low, high = averages.get("expected_low"), averages.get("expected_high")
    interval = f" ({interval_text(low, high, number)})" if low is not None and high is not None else ""
    expected, observed = (number(_rounded(averages[key])) for key in ("expected", "observed"))
    fitted = number(_rounded(averages.get("fitted") or averages["observed"]))
    # The difference is that of the fitted line, so that the three numbers add up for the reader who checks.
    label, counted = ("Observed", each) if fitted == observed else (
        "Observed (fitted)", f"{each}; {observed} as recorded")  # fmt: skip
    return [
        {"label": "Expected without it", "big": expected, "range": f"{each}{interval}", "class": "expected"},
        {"label": label, "big": fitted, "range": counted, "class": "observed"},
        _absolute_difference(primary, reading, each),
    ]


def _absolute_difference(primary: Analysis, reading: Reading, each: str) -> dict[str, str]:
    """Return the difference in the outcome's own unit; in percent where there is none."""
    absolute, change, kind = primary.result.absolute, reading.change, primary.outcome.kind
    assert change is not None
    if absolute is None or absolute.low is None or absolute.high is None:
        return _difference(phrase(change.value, change, kind), change, primary)
    low, high = sorted((absolute.low, absolute.high))
    own = Change(absolute.value, low, high, percent=False, level=absolute.level)
    size = number(_rounded(abs(absolute.value)), digits(own) if abs(absolute.value) < 10 else 0)
    words = f"{size} {less_more(kind)[0 if absolute.value < 0 else 1]}" if absolute.value else "no change"
    interval = f"{interval_label(own.level)}: {interval_words(own, kind)}"
    return {"label": "Difference", "big": words, "range": f"{each} ({interval})", "class": "difference"}


def _difference(words: str, change: Change, primary: Analysis) -> dict[str, str]:
    interval = interval_words(change, primary.outcome.kind)
    return {
        "label": "Change" if primary.design["kind"] == "before_after" else "Difference",
        "big": words,
        "range": f"{interval_label(change.level)}: {interval}",
        "class": "difference",
    }


def _joined(first: str, second: str, between: str = ", ") -> str:
    return between.join(part for part in (first, second) if part)


def _rounded(value: float) -> float:
    """Return the number without the decimals that its size does not deserve."""
    return round(value) if abs(value) >= 100 else value
