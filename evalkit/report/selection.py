"""How far numbers would have fallen by themselves, and what coverage to expect: sentences from the records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evalkit.records import Analysis
from evalkit.report.numbers import number, percent

CHOSEN = "Chosen for a high number"


def selection_sentences(analysis: Analysis) -> list[str]:
    """Return what selection alone would give, what was seen, and apart from it what unequal windows give.

    Empty where nobody was chosen for the outcome, or nothing is known of it.
    """
    selection = analysis.result.selection
    if not selection:
        return []
    words = str(selection.get("words") or "").strip()
    sentences = [_sentence(f"Those studied were {words}") if words else ""]
    expected = _range(selection.get("expected_change_low"), selection.get("expected_change_high"))
    if expected:
        source = selection.get("source")
        expected = "no change of the rate" if expected == _change(0.0) else f"a rate {expected}"
        sentences.append(f"With no programme at all, {expected} would be expected afterwards"
                         f"{f', by the method of {source}' if source else ''}.")  # fmt: skip
    observed = selection.get("observed_change")
    if observed is not None:
        sentences.append(
            f"The rate that was seen afterwards is {_change(float(observed))}."
            if _rounded(float(observed))
            else "The rate that was seen did not change."
        )
    share = _share(selection, observed)
    sentences += [share] if share else []
    reference = str(selection.get("reference") or "")
    sentences += [_sentence(f"Reference: {reference}")] if reference else []
    return [sentence for sentence in [*sentences, unequal_sentence(selection)] if sentence]


def unequal_sentence(selection: Mapping[str, Any]) -> str:
    """Return what windows of unequal length do to a raw count, apart from selection; empty where they are equal."""
    unequal = selection.get("unequal_exposure")
    if unequal is None or unequal == "":
        return ""
    if isinstance(unequal, str):
        return _sentence(unequal)
    if isinstance(unequal, Mapping):
        return _sentence(str(unequal.get("words") or ""))
    if not float(unequal):
        return ""
    word = "lower" if float(unequal) < 0 else "higher"
    return (f"Apart from this, the two windows are not of the same length: for that reason alone a raw count would be "
            f"{percent(abs(float(unequal)), 0)} {word}.")  # fmt: skip


def coverage_sentences(coverage: Mapping[str, Any] | None) -> list[str]:
    """Return how often intervals like these held the truth in simulated series, in words and in numbers."""
    if not coverage:
        return []
    sentences = [_sentence(str(coverage.get("words") or ""))]
    shares = [(label, coverage.get(key)) for key, label in (("average", "average change"),
                                                            ("immediate", "change at once"))]  # fmt: skip
    told = [f"{label} {percent(float(share), 1)}" for label, share in shares if share is not None]
    if not all(text.rsplit(" ", 1)[-1] in sentences[0] for text in told):  # its own words give them already
        sentences.append(f"Held in simulation: {', '.join(told)}.")
    return [sentence for sentence in sentences if sentence]


def _range(low: Any, high: Any) -> str:
    """Return a range of expected changes: `21% to 33% lower`; `between 5% lower and 3% higher`; empty when unknown."""
    ends = sorted(float(end) for end in (low, high) if end is not None)
    if not ends:
        return ""
    first, last = ends[0], ends[-1]
    if _rounded(first) == _rounded(last):
        return _change(first)
    if last <= 0:
        return f"{percent(abs(last), 0)} to {percent(abs(first), 0)} lower"
    if first >= 0:
        return f"{percent(first, 0)} to {percent(last, 0)} higher"
    return f"between {_change(first)} and {_change(last)}"


def _share(selection: Mapping[str, Any], observed: Any) -> str:
    """Return what share of the fall selection alone would give; empty where it is not known or nothing fell."""
    ends = sorted(float(end) for end in (selection.get("share_low"), selection.get("share_high")) if end is not None)
    if not ends or not all(map(math.isfinite, ends)) or (observed is not None and float(observed) >= 0):
        return ""
    if not _rounded(max(ends[-1], 0.0)):
        return "Selection alone would give none of the fall."
    if ends[0] >= 100:
        return "Selection alone would give all of the fall."
    if _rounded(ends[0]) == _rounded(ends[-1]):
        return f"Selection alone would give about {percent(ends[0], 0)} of the fall."
    most = "all" if ends[-1] >= 100 else percent(ends[-1], 0)
    return f"Selection alone would give {percent(max(ends[0], 0.0), 0)} to {most} of the fall."


def _change(value: float) -> str:
    return f"{percent(abs(value), 0)} {'lower' if value < 0 else 'higher'}" if _rounded(value) else "no change"


def _rounded(value: float) -> str:
    return number(value, 0) if number(abs(value), 0).strip("0") else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."
