"""Every sentence that a page writes about a result, made from one `Reading`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report import windows, without_result
from evalkit.report.cautions import in_short, inside
from evalkit.report.ladder import Change, Reading, Rung, change_of, read
from evalkit.report.numbers import number, percent
from evalkit.report.unit_words import in_units
from evalkit.report.written_dates import in_words

CANNOT_SAY_WHETHER = "We cannot say whether the programme caused this."
SIMULATED = "Simulated data"
HIGHEST_P = 0.05
"""Where even the smallest p-value that could come out is above this, no result could have counted."""


@dataclass(frozen=True)
class Headline:
    """The answer: one sentence by the ladder, the size with its interval, and what must stand beside it.

    Attributes
    ----------
    sentence, detail : str
    rung : str
        See `evalkit.report.ladder.Rung`.
    notes : tuple of str
        Sentences that follow the detail: what could be found, what was not set in advance.
    """

    sentence: str
    detail: str
    rung: Rung
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Sentence, detail and notes as one paragraph."""
        return " ".join(part for part in (self.sentence, self.detail, *self.notes) if part)


def headline(evaluation: Evaluation, analysis: Analysis | None = None) -> Headline:
    """Return the answer of a study (or of one of its analyses) in words."""
    reading = read(evaluation, analysis)
    if reading.change is None and evaluation.appraisal is not None:
        from evalkit.report.money_words import without_data_words  # the words on money are made from those here

        return Headline(*without_data_words(evaluation), "none")
    if reading.change is None:
        first, why = without_result.sentences(evaluation)
        return Headline(first, "", "none", (why,))
    chosen = analysis or evaluation.primary
    sentence = verdict(reading, chosen, evaluation.study)
    if reading.rung in ("V2", "V3", "V4", "V5", "V6") and not reading.reliable:
        sentence = f"Not reliable: {in_short(reading.against)}. {sentence}"
    if reading.level == "interim" and not reading.monitoring:
        sentence = f"{sentence} {_interim(evaluation)}"
    if reading.simulated:
        sentence = f"{SIMULATED}. {sentence}"
    notes = _notes(reading, chosen)
    if chosen.role == "primary":
        notes += [*harms_seen(evaluation), *harms_unclear(evaluation), *controls_moved(evaluation)]
    return Headline(sentence, _detail(evaluation, reading, chosen), reading.rung, tuple(notes))


def verdict(reading: Reading, analysis: Analysis, study: Mapping[str, Any]) -> str:
    """Return the sentence of the reading's rung, without prefix or suffix."""
    change = reading.change
    assert change is not None
    good, bad = ("reduction", "increase") if reading.better == "lower" else ("increase", "reduction")
    if reading.rung == "V0":
        return f"{size_sentence(analysis, change, study)} {CANNOT_SAY_WHETHER}"
    if reading.rung == "V1":
        return size_sentence(analysis, change, study)
    if reading.rung == "V2":
        return f"Clear evidence of {_article(good)}."
    if reading.rung == "V3":
        return f"No sign of a change large enough to matter.{_small(change)}"
    if reading.rung == "V4":
        return f"Evidence of {_article(good)}; its size is uncertain."
    if reading.rung == "V6":
        clear = reading.margin is not None and _closest(change) > reading.margin
        return f"{'Clear evidence' if clear else 'Evidence'} of {_article(bad)}."
    return f"Too uncertain to say. {_both_fit(change)}"


def size_sentence(analysis: Analysis, change: Change, study: Mapping[str, Any]) -> str:
    """Return how large the change is and against what, as one sentence without its interval."""
    label = plain_label(analysis, study)
    than = windows.compared_with(analysis)
    if windows.sets_windows(analysis):
        after = windows.after_words(analysis)
        when = f" in {after}" if after else ""
        return f"{label}: {phrase(change.value, change, analysis.outcome.kind)}{when}{than}."
    return f"{label}: {phrase(change.value, change, analysis.outcome.kind)}{than}{windows.over(analysis)}."


def interval_words(change: Change, kind: str) -> str:
    """Return the interval in words: `8% to 21% fewer`, `55% fewer to 36% more`, `no interval`."""
    low, high = change.low, change.high
    if low is None or high is None:
        return "no interval"
    if high < 0:
        return _one_sided(-high, -low, change, less_more(kind)[0])
    if low > 0:
        return _one_sided(low, high, change, less_more(kind)[1])
    if low == 0 == high:
        return "no change"
    if _boundless(change):
        return f"no limits, {' or '.join(less_more(kind))}"
    return f"{_end(low, change, kind)} to {_end(high, change, kind)}"


def interval_label(level: float) -> str:
    """Return the name of an interval: `95% interval`."""
    return f"{percent(100 * level, 0 if math.isclose(100 * level, round(100 * level)) else 1)} interval"


def phrase(value: float, change: Change, kind: str) -> str:
    """Return a change in words: `15% fewer`, `8% higher`, `no change`."""
    if value == 0:
        return "no change"
    less, more = less_more(kind)
    if math.isinf(value):  # nothing was counted before: there is no percentage
        return f"{more}, from none,"
    return f"{amount(value, change)} {less if value < 0 else more}"


def amount(value: float, change: Change) -> str:
    """Return the size of a number of the change, without sign, with as many digits as keep it apart from zero.

    A number close to zero has digits of its own: it does not lend them to the others.
    """
    decimals, size = digits(change), abs(value)
    if 0 < size < 0.5 * 10.0**-decimals:
        decimals = max(decimals, min(4, -math.floor(math.log10(size))))
    written = number(size, decimals)
    if value and not written.strip("0.,"):
        written = f"less than {number(10.0**-decimals, decimals)}"
    if change.points:
        return f"{written} percentage point{'' if written == '1' else 's'}"
    return f"{written}%" if change.percent else written


def digits(change: Change) -> int:
    """Return the decimals that the largest number of the change deserves: none in percent, else about two figures."""
    numbers = [abs(x) for x in (change.value, change.low, change.high) if x is not None and math.isfinite(x) and x]
    largest = max(numbers, default=1.0)
    if largest >= (0.95 if change.percent else 9.95):
        return 0
    return max(1, min(4, (0 if change.percent else 1) - math.floor(math.log10(largest))))


def less_more(kind: str) -> tuple[str, str]:
    """Return the two words of direction: fewer and more for counts, lower and higher otherwise."""
    return ("fewer", "more") if kind == "count" else ("lower", "higher")


def label_of(analysis: Analysis) -> str:
    """Return the outcome's label, with a capital."""
    label = analysis.outcome.label.strip() or analysis.outcome.id
    return label[:1].upper() + label[1:]


def is_share(analysis: Analysis) -> bool:
    """Say whether the outcome is a share of 1 without a unit of its own, which is told in percent and points."""
    return analysis.outcome.kind in ("proportion", "binary") and not analysis.outcome.unit


def plain_label(analysis: Analysis, study: Mapping[str, Any]) -> str:
    """Return the outcome's plain label where the study gives one, otherwise its label; with a capital."""
    declared = (study.get("outcomes") or {}).get(analysis.outcome.id) or {}
    return capital(str(declared.get("plain_label") or "").strip()) or label_of(analysis)


def about(x: float, beside: float = 0.0) -> str:
    """Return a number of people or events to two figures: 5,300; 240; 12; 3.4, or 3 beside one of a hundred or more."""
    size = abs(x)
    if size >= 100:
        step = 10 ** (math.floor(math.log10(size)) - 1)
        return number(round(size / step) * step, 0)
    return number(size, 0 if size >= 10 or (size >= 1 and abs(beside) >= 100) else 1)


def smallest_found(analysis: Analysis) -> str:
    """Return the sentence on the smallest change that the study could have found."""
    found = (analysis.result.fit or {}).get("minimum_detectable")
    own = (analysis.result.power or {}).get("own") or {}
    if analysis.result.effect.low is None:
        return "Without an interval, it cannot say how small a change it could find."
    if own and math.isclose(float((analysis.result.power or {})["target"]), 0.8):
        found = own.get("smallest_change_percent")  # by simulation; the page shows it beside the change that matters
        if found is None:
            return "No change was large enough for it to find four times in five."
    if found is None or not math.isfinite(float(found)):
        return "The smallest change that this study could find is not reported."
    size = percent(abs(float(found)), 1).replace(".0%", "%")
    own = " with this estimator" if (analysis.result.estimator or {}).get("chosen_by") == "rule" else ""
    return f"The smallest change it could find{own}, four times in five, is {size}."


def harms_seen(evaluation: Evaluation, *, apart: bool = False) -> list[str]:
    """Return each outcome with role harm whose whole interval lies on the bad side, with size and interval.

    Bad news stands where good news stands: beside the answer, not further down. `apart`: it stands elsewhere on the
    page, where nothing above has said against what and at which level.
    """
    found = []
    for analysis in evaluation.analyses:
        change, better = read(evaluation, analysis).change, analysis.outcome.better
        bad = {"lower": "above", "higher": "below"}.get(better, "")
        if analysis.role == "secondary" and analysis.outcome_role == "harm" and change and change.side == bad:
            found.append(f"A possible harm: {moved_words(evaluation, analysis, change, apart=apart)}.")
    return found


def harms_unclear(evaluation: Evaluation, *, apart: bool = False) -> list[str]:
    """Return each outcome with role harm whose interval includes no change: that shows no harm, and no lack of it."""
    found = [(analysis, change) for analysis in evaluation.analyses
             if analysis.role == "secondary" and analysis.outcome_role == "harm"
             and (change := read(evaluation, analysis).change) and change.side == "across"]  # fmt: skip
    return [f"{capital(moved_words(evaluation, *one, apart=apart))}: too uncertain to say whether it got worse."
            for one in found]  # fmt: skip


def controls_moved(evaluation: Evaluation) -> list[str]:
    """Return the first outcome that should not move and did, with size and interval, and how many more there are.

    It doubts the answer itself, so it stands beside it.
    """
    moved = [(analysis, change) for analysis in evaluation.analyses
             if analysis.role == "secondary" and analysis.outcome_role == "negative_control"
             and (change := read(evaluation, analysis).change) and change.side != "across"]  # fmt: skip
    if not moved:
        return []
    more = len(moved) - 1
    others = f" So did {number(more)} more." if more else ""
    return [f"Should not have moved: {moved_words(evaluation, *moved[0])}.{others}"]


def moved_words(evaluation: Evaluation, analysis: Analysis, change: Change, *, apart: bool = False) -> str:
    """Return another outcome's size and interval, as it goes on after a colon.

    The answer above has said over what, against what, and at which level, so these are told only where they differ.
    """
    size = size_sentence(analysis, change, evaluation.study).removesuffix(".")
    if apart:
        return f"{inside(size)} ({interval_label(change.level)}: {interval_words(change, analysis.outcome.kind)})"
    same = windows.compared_with(analysis) == windows.compared_with(evaluation.primary)
    for known in (windows.over(analysis), windows.compared_with(analysis) if same else ""):
        size = size.removesuffix(known)
    level = "" if change.level == change_of(evaluation.primary).level else f"{interval_label(change.level)}: "
    kind = analysis.outcome.kind
    ends = interval_words(change, kind).removesuffix(f" {less_more(kind)[change.side == 'above']}")  # said before it
    return f"{inside(size)} ({level}{ends})"


def _detail(evaluation: Evaluation, reading: Reading, analysis: Analysis) -> str:
    change = reading.change
    assert change is not None
    kind = analysis.outcome.kind
    interval = "there is no interval" if change.low is None else (
        f"{interval_label(change.level)}: {interval_words(change, kind)}")  # fmt: skip
    if reading.rung == "V0":
        return f"{capital(interval)}."  # the sentence above it has said that no cause can be told
    if reading.rung == "V1":
        return f"{capital(interval)}. No direction was named as better, so there is no verdict."
    size = size_sentence(analysis, change, evaluation.study).removesuffix(".")
    beside = (_points(analysis, change), _people(reading, analysis))
    return " ".join(part for part in (f"{size} ({interval}).", *beside) if part)


def _points(analysis: Analysis, change: Change) -> str:
    """Return a change of a share in percentage points, where the headline gives it in percent of the share."""
    absolute = analysis.result.absolute
    if absolute is None or not change.percent or not is_share(analysis):
        return ""
    word = less_more(analysis.outcome.kind)[0 if absolute.value < 0 else 1]
    points = number(abs(100 * absolute.value), 1)
    return f"That is in percent of the share itself; in percentage points it is {points} {word}."


def _people(reading: Reading, analysis: Analysis) -> str:
    """Return the number of events, where it rests on a reliable result and says the same as the headline."""
    averted = analysis.result.averted
    change = reading.change
    if not reading.may_price or averted is None or averted.low is None or averted.high is None or change is None:
        return ""
    if reading.rung not in ("V2", "V4", "V6") or not math.isfinite(averted.low + averted.high):
        return ""
    fewer = averted.low > 0
    if (change.side == "below") != fewer or (change.side == "above") != (averted.high < 0):
        return ""
    ends = sorted((abs(averted.low), abs(averted.high)))
    # What is averted is counted, also where the outcome itself is a rate: then its own unit says what.
    unit = analysis.outcome.unit if analysis.outcome.kind == "count" else ""
    named = f"{less_more('count')[0 if fewer else 1]} {inside(unit or averted.unit or 'events')}"
    low, high = (about(end, averted.value) for end in ends)
    return f"That is about {about(averted.value)} {named} in all ({low} to {high})."


def _notes(reading: Reading, analysis: Analysis) -> list[str]:
    notes = [text for text in (could_not_count(analysis),) if text and not reading.monitoring]
    if reading.rung in ("V3", "V5") and not notes:
        notes.append(smallest_found(analysis))
    if reading.margin is None and reading.level == "impact" and reading.better != "neither":
        notes.append("No smallest change that matters was set in advance.")
    return notes


def could_not_count(analysis: Analysis) -> str:
    """Return that no result could have counted, for the first page; empty where one could."""
    smallest = (analysis.result.inference or {}).get("smallest_p")
    if smallest is None or smallest <= HIGHEST_P:
        return ""
    return in_units("No result could have counted: with so few places the p-value could not have been under "
                    f"{number(smallest, 3)}, however large the effect.", analysis)  # fmt: skip


def _interim(evaluation: Evaluation) -> str:
    look = (evaluation.study.get("registration") or {}).get("final_look")
    if not look:
        return "Interim: no date of a final look is set."
    return f"Interim: the planned final look is {in_words(look)}."


def _small(change: Change) -> str:
    if change.side == "across":
        return ""
    noun = "reduction" if change.side == "below" else "increase"
    return f" The data point to a small {noun}, smaller than the change set in advance as important."


def _both_fit(change: Change) -> str:
    if change.low is None or change.high is None:
        return "There is no interval, so chance cannot be told from change."
    if _boundless(change):
        return "No change, however large, can be ruled out."
    fall = f"a fall {_as_large_as(change.low, change)}" if change.low < 0 else "no change"
    rise = f"a rise {_as_large_as(change.high, change)}" if change.high > 0 else "no change"
    return f"{capital(fall)} {'or' if fall != rise else 'and'} {rise} would fit the data."


def _boundless(change: Change) -> bool:
    """Say whether the interval holds every change that there could be."""
    lowest = -100.0 if change.percent else -math.inf
    return change.low is not None and change.high is not None and change.low <= lowest and math.isinf(change.high)


def _as_large_as(value: float, change: Change) -> str:
    return f"as large as {amount(value, change)}" if math.isfinite(value) else "of any size"


def _closest(change: Change) -> float:
    """Return the distance of the nearer bound from zero."""
    assert change.low is not None
    assert change.high is not None
    return min(abs(change.low), abs(change.high))


def _one_sided(near: float, far: float, change: Change, word: str) -> str:
    if change.percent and word in (less_more("count")[0], less_more("rate")[0]) and far >= 100:
        # no fall can be larger than all there was: the bound says nothing
        return f"{'' if near >= 100 else 'at least '}{amount(near, change)} {word}"
    if math.isinf(far):
        return f"at least {amount(near, change)} {word}"
    first = amount(near, replace(change, points=False))  # the unit is said once
    return f"{first} to {amount(far, change)} {word}"


def _end(bound: float, change: Change, kind: str) -> str:
    if math.isinf(bound):
        return f"{less_more(kind)[0 if bound < 0 else 1]} without limit"
    return phrase(bound, change, kind)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def capital(text: str) -> str:
    """Return a text with a capital."""
    return text[:1].upper() + text[1:]


def periods_words(count: int, frequency: str) -> str:
    """Return a number of periods: `23 months`, `1 year`."""
    return f"{number(count, 0)} {words_for(frequency, count)}"
