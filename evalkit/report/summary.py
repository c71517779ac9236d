"""What the first side of a page holds: status, numbers, scales, what cannot be said, cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from evalkit.periods import describe_period, format_period, words_for
from evalkit.records import Analysis, Diagnostic, Estimate, Evaluation, PathPoint
from evalkit.report import windows
from evalkit.report.carried import slope_caution
from evalkit.report.cautions import caution, inside
from evalkit.report.dates_passed import passed
from evalkit.report.error_model_tables import error_models_caution
from evalkit.report.horizon_tables import LASTING, not_lasting
from evalkit.report.in_brief import in_brief
from evalkit.report.ladder import Change, Reading
from evalkit.report.less_of_it import as_compared
from evalkit.report.money_reading import without_own_data
from evalkit.report.numbers import interval_text, number, percent, signed
from evalkit.report.of_how_many import agreeing, of_how_many, one_level
from evalkit.report.other_data import CHECK, rank_caution
from evalkit.report.result_tables import against
from evalkit.report.unit_words import in_units, noun_of, reason_in_units
from evalkit.report.without_result import BADGES, answer_of
from evalkit.report.words import amount, interval_label, interval_words, is_share, less_more, phrase
from evalkit.report.written_dates import in_words

SCALES = ("design", "data", "repeating")
KNOWN_AS = {"design": "Maryland scale (What Works Centre)"}
"""The published scale that a score is on, by name and version; the others count stated conditions."""
BEFORE_ALL = ("treated_like_the_rest",)
"""Checks whose caution must be on the first page: nothing else there says it."""
Badge = dict[str, str]


def kind_of(evaluation: Evaluation) -> str:
    """Return what a study is to a reader: impact, monitoring, appraisal (no data) or protocol (a plan, a rehearsal)."""
    if without_own_data(evaluation):
        return "appraisal"
    if not evaluation.analyses or evaluation.simulated:
        return "protocol"
    return "monitoring" if evaluation.level == "monitoring" else "impact"


def short_title(evaluation: Evaluation) -> str:
    """Return the title for lists and the head of a page: the short one where there is one."""
    return str(evaluation.study.get("short_title") or "").strip() or evaluation.title


def badges(evaluation: Evaluation, words: Mapping[str, Any]) -> list[Badge]:
    """Return the badges of the status banner, in the words of the site: kind, status, simulated."""
    told = words["badges"]
    kind = kind_of(evaluation)
    text = told["appraisal" if kind == "appraisal" else evaluation.level]
    if kind == "protocol":
        planned = BADGES.get(answer_of(evaluation), "protocol")
        text = told["rehearsal" if evaluation.simulated else planned]
    found = [{"text": text, "class": f"kind-{kind}"}]
    if evaluation.simulated:
        found.append({"text": told["simulated"], "class": "notice"})
    status = str(evaluation.study.get("status") or "draft")
    if not (status == "interim" and text == told.get("interim")):  # the first badge has said it
        found.append({"text": words["status"][status], "class": "" if status == "final" else "notice"})
    if "sunset_date" in (gone := passed(evaluation)):
        found.append({"text": told["past_use"].format(date=gone["sunset_date"]), "class": "notice"})
    return found


def facts(evaluation: Evaluation) -> list[str]:
    """Return the plain facts of the status banner."""
    found = []
    if evaluation.analyses and not evaluation.simulated:
        found += data_end(evaluation)
    if evaluation.study.get("version"):
        found.append(f"Version {evaluation.study['version']}")
    block, gone = evaluation.study.get("governance") or {}, passed(evaluation)
    if block.get("next_update"):
        found.append(f"Next update{' was due' if 'next_update' in gone else ''} {in_words(block['next_update'])}")
    if block.get("sunset_date") and "sunset_date" not in gone:
        found.append(f"Not to be used after {in_words(block['sunset_date'])}")
    return [*found, "Not official statistics"]


def data_end(evaluation: Evaluation) -> list[str]:
    """Return up to when the answer uses data, and up to when there are data where another analysis goes on."""
    primary = evaluation.primary
    ends = {each.id: end for each in evaluation.analyses if (end := windows.last_time(each)) is not None
            and (each.outcome.id, each.frequency) == (primary.outcome.id, primary.frequency)}  # fmt: skip
    used = windows.last_used(primary)
    if primary.id not in ends or used is None:
        return []
    last = windows.named(format_period(used, primary.frequency), primary)
    if primary.period_names:
        return [f"Newest data: {last}"]
    if primary.frequency == "number":  # a number is no date
        return []
    newest = max(ends.values())
    if newest == used:
        return [f"Data to {last}"]
    return [f"Data used to {last}; there are data to {describe_period(newest, primary.frequency)}"]


def three_numbers(evaluation: Evaluation, reading: Reading) -> list[dict[str, str]]:
    """Return expected, observed and difference, or before, after and change; empty where they are not stored."""
    if not evaluation.analyses or reading.change is None:
        return []
    primary = evaluation.primary
    pair = single_pair(primary)
    if windows.sets_windows(primary):
        if (primary.result.fit or {}).get("compared_with"):
            return _as_in_other_areas(primary, reading.change)
        return _before_after(primary, reading.change, pair, of_how_many(evaluation))
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
    before, after = windows.before_points(primary), windows.after_points(primary)
    if not len(before) == 1 == len(after):  # hidden ones count: what is left of several is no pair
        return None
    return None if None in (before[0].observed, after[0].observed) else (before[0], after[0])


def scales(evaluation: Evaluation, words: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the three scales in the words of the site, each with score and short reason; they are never added up.

    `left_off` counts what speaks against and finds no room; the section on grades has every reason in full. None where
    nothing was estimated.
    """
    if not evaluation.evidence:
        return []
    found = []
    for key in SCALES:
        scale: Mapping[str, Any] = evaluation.evidence.get(key) or {}
        why = reason_in_units(str(scale.get("reason") or "Not scored."), noun_of(evaluation))
        reason, left_off = in_brief(why)
        found.append(
            {
                "title": words["scales"][key],
                "known_as": KNOWN_AS.get(key, ""),
                "score": scale.get("score"),
                "of": scale.get("of") or 5,
                "reason": reason,
                "left_off": left_off,
            }
        )
    return found


def reached(study: Mapping[str, Any]) -> str:
    """Return who was reached, by the widest and the narrowest group that the study file counts; else empty.

    The author's labels stand as they were written, so they are set before their numbers and not into a sentence.
    """
    steps = [step for step in (study.get("process") or {}).get("reach") or () if step.get("number")]
    if len(steps) < 2:
        return ""
    widest, narrowest = steps[0], steps[-1]
    return " ".join(f"{str(step['step']).strip().rstrip('.')}: {number(step['number'])}."
                    for step in (widest, narrowest))  # fmt: skip


def next_step(study: Mapping[str, Any]) -> str:
    """Return the first recommendation with who is to do it; else empty."""
    first = next(iter(study.get("recommendations") or ()), None)
    if first is None:
        return ""
    owner = f" ({first['owner']})" if first.get("owner") else ""
    return f"{str(first['text']).strip().rstrip('.')}{owner}."


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
    signs = _signs(evaluation, full=full) if evaluation.analyses else []
    if any(text.strip().startswith(LASTING) for text in author):
        signs = [sign for sign in signs if not sign.startswith(LASTING)]
    own = [] if author and not evaluation.simulated else [_of_design(evaluation, reading)]
    return _in_turn([*own, *author], signs)


def _signs(evaluation: Evaluation, *, full: bool) -> list[str]:
    """Return the cautions: of checks, and of what stands beside the headline where no check of it says so already.

    First comes that the treated are unlike the rest, which no headline tells; then that the answer hangs on a slope;
    then key checks, which a headline tells; then what other errors and other dates give; then the other checks; then
    how long it lasted.
    """
    primary = evaluation.primary
    checks = against(primary)
    told = {check.name for check in checks}
    beside = {"error_models": error_models_caution(primary), CHECK: rank_caution(primary)}
    own = [text for name, text in beside.items() if text and name not in told]
    first = [_caution(check, full=full) for check in checks if check.name in BEFORE_ALL]
    key = [_caution(check, full=full) for check in checks if check.key and check.name not in BEFORE_ALL]
    others = [_caution(check, full=full) for check in checks if not check.key and check.name not in BEFORE_ALL]
    lasting = not_lasting(primary)
    if primary.simulated:  # its numbers would stand unmarked, and it says nothing of the world that could be doubted
        return [*first, *key, *others]
    first += [text for text in (slope_caution(evaluation),) if text]
    return [*first, *key, *own, *others, *([lasting] if lasting else [])]


def _caution(check: Diagnostic, *, full: bool) -> str:
    return f"{caution(check)} {check.reading}" if full else caution(check)


def _of_design(evaluation: Evaluation, reading: Reading) -> str:
    if without_own_data(evaluation):
        return "Whether the change would be the same here. Nothing was estimated here: the sums show what would follow."
    if not evaluation.analyses:
        return "Anything about results: there are none yet."
    if evaluation.simulated:
        return "Anything about the real world: the data were made by a random generator."
    if reading.monitoring and (evaluation.primary.result.fit or {}).get("compared_with"):
        return (
            "What would have been seen anyway. Totals before and after cannot show that both kinds of areas would have "
            "changed alike."
        )
    if reading.monitoring:
        return "What would have been seen anyway. Nothing is compared with but an earlier time."
    start = windows.start_words(evaluation.primary)
    if evaluation.primary.result.n_units == evaluation.primary.result.n_treated_units:  # nobody to compare with
        when = f" in {start}" if start else ""
        return f"That the programme alone did this. Anything else that began{when} is counted with it."
    alike = ("That both groups of places would have moved alike without the programme. "
             "Earlier periods can speak against it; they cannot show it.")  # fmt: skip
    return in_units(as_compared(alike, evaluation.primary), evaluation.primary)


def _in_turn(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return one of each in turn, until both are used up."""
    longest = max(len(first), len(second))
    return [text for place in range(longest) for texts in (first, second) for text in texts[place : place + 1]]


def _before_after(
    primary: Analysis, change: Change, pair: tuple[PathPoint, PathPoint] | None, of: tuple[str, str] = ("", "")
) -> list[dict[str, str]]:
    averages = (primary.result.fit or {}).get("averages") or {}
    numbers, unit = (averages.get("before"), averages.get("after")), ""
    if None not in numbers:  # rates where there is exposure, means over the windows otherwise
        unit = " ".join(part for part in (_unit(primary, averages), str(averages.get("basis") or "")) if part)
    elif pair is not None:
        numbers, unit = (pair[0].observed, pair[1].observed), _unit(primary, {})
    if None in numbers:
        return []
    return [
        {
            "label": "Before",
            "big": _as_share(numbers[0]) if is_share(primary) else number(_rounded(numbers[0])),
            "range": _joined(of[0] or unit, windows.before_words(primary)),
            "class": "expected",
        },
        {
            "label": "After",
            "big": _as_share(numbers[1]) if is_share(primary) else number(_rounded(numbers[1])),
            "range": _joined(of[1] or unit, windows.after_words(primary)),
            "class": "observed",
        },
        _difference(phrase(change.value, change, primary.outcome.kind), change, primary),
    ]


def _as_in_other_areas(primary: Analysis, change: Change) -> list[dict[str, str]]:
    """Return what the time after would hold had it changed as the comparison areas did, what it holds, and the change.

    Empty where each period has a level of its own: one number cannot stand for them.
    """
    level = one_level(primary)
    if level is None:
        return []
    expected, fitted, low, high = level
    write = _as_share if is_share(primary) else number
    unit = "" if is_share(primary) else _joined(_unit(primary, {}), f"a {words_for(primary.frequency)}", " ")
    known = low is not None and high is not None
    interval = f" ({interval_text(_rounded(low), _rounded(high), write)})" if known else ""
    return [
        {"label": "Expected as in other areas", "big": write(_rounded(expected)), "range": f"{unit}{interval}".strip(),
         "class": "expected"},
        {"label": "Observed", "big": write(_rounded(fitted)), "range": windows.after_words(primary),
         "class": "observed"},
        _difference(phrase(change.value, change, primary.outcome.kind), change, primary),
    ]  # fmt: skip


def _expected_observed(primary: Analysis, reading: Reading, averages: Mapping[str, Any]) -> list[dict[str, str]]:
    each, shared = _each(primary), is_share(primary)
    decimals, note = agreeing(primary, averages)
    write = partial(_as_share if shared else _whole_or, decimals=decimals)
    low, high = averages.get("expected_low"), averages.get("expected_high")
    ends = write if shared else number  # the interval keeps the digits of its own size
    known = low is not None and high is not None
    interval = f" ({interval_text(_rounded(low), _rounded(high), ends)})" if known else ""
    expected, observed = (write(averages[key]) for key in ("expected", "observed"))
    fitted = write(averages.get("fitted") or averages["observed"])
    # The difference is that of the fitted line, so that the three numbers add up for the reader who checks.
    label, beside = ("Observed", "") if fitted == observed else ("Observed (fitted)", f"{observed} as recorded")
    without = as_compared("Expected without it", primary)
    return [
        {"label": without, "big": expected, "range": f"{each}{interval}", "class": "expected"},
        {"label": label, "big": fitted, "range": beside, "class": "observed"},
        _absolute_difference(primary, reading, note, decimals),
    ]


def _whole_or(x: float | None, *, decimals: int) -> str:
    """Return a number with so many decimals; a whole one stays whole."""
    return number(x, 0 if x is not None and x == round(x) else decimals)


def _absolute_difference(primary: Analysis, reading: Reading, note: str, decimals: int) -> dict[str, str]:
    """Return the difference in the unit that stands beside the other two, with decimals that agree; else in percent."""
    absolute, change, kind = primary.result.absolute, reading.change, primary.outcome.kind
    assert change is not None
    if absolute is None or absolute.low is None or absolute.high is None:
        return _difference(phrase(change.value, change, kind), change, primary)
    low, high = sorted((absolute.low, absolute.high))
    if is_share(primary):
        return _points(absolute, primary, note, decimals)
    own = Change(absolute.value, low, high, percent=False, level=absolute.level)
    beside = number(abs(own.value), decimals)
    size = beside if beside.strip("0.,") else amount(own.value, own)
    words = f"{size} {less_more(kind)[0 if own.value < 0 else 1]}" if own.value else "no change"
    interval = f"{interval_label(own.level)}: {interval_words(own, kind)}"
    return {"label": "Difference", "big": words, "range": f"{interval}{note}", "class": "difference"}


def _points(absolute: Estimate, primary: Analysis, note: str, decimals: int) -> dict[str, str]:
    """Return the difference of two shares, in percentage points."""
    low, high = sorted((100 * (absolute.low or 0.0), 100 * (absolute.high or 0.0)))
    word = less_more(primary.outcome.kind)[0 if absolute.value < 0 else 1]
    ends = interval_text(low, high, lambda end: signed(end, 1))
    return {
        "label": "Difference",
        "big": f"{number(abs(100 * absolute.value), decimals)} percentage points {word}",
        "range": f"{interval_label(absolute.level)}: {ends} points{note}",
        "class": "difference",
    }


def _as_share(x: float | None, *, decimals: int = 1) -> str:
    """Return a share of 1 in percent: 30.3%."""
    return percent(None if x is None else 100 * x, decimals)


def _each(primary: Analysis) -> str:
    """Return what an average counts: `people a month`; over several places, `visits a month in each place`."""
    places = primary.result.n_treated_units
    if is_share(primary):
        return in_units(f"average of {number(places)} places", primary) if places > 1 else "average of all periods"
    words = _joined(_unit(primary, {}), f"a {words_for(primary.frequency)}", " ")
    if places < 2:
        return words
    if primary.outcome.kind == "count":
        return f"{words}{in_units(' in each place', primary)}"
    return f"{words}{in_units(f', average of {number(places)} places', primary)}"


def _unit(primary: Analysis, averages: Mapping[str, Any]) -> str:
    """Return the unit as it stands after a number: what the averages count, where they say so."""
    return inside(str(averages.get("noun") or averages.get("unit") or primary.outcome.unit))


def _difference(words: str, change: Change, primary: Analysis) -> dict[str, str]:
    interval = interval_words(change, primary.outcome.kind)
    return {
        "label": "Change" if windows.sets_windows(primary) else "Difference",
        "big": words,
        "range": interval if change.low is None else f"{interval_label(change.level)}: {interval}",
        "class": "difference",
    }


def _joined(first: str, second: str, between: str = ", ") -> str:
    return between.join(part for part in (first, second) if part)


def _rounded(value: float | None) -> float | None:
    """Return the number without the decimals that its size does not deserve."""
    return round(value) if value is not None and math.isfinite(value) and abs(value) >= 100 else value
