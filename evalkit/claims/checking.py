"""Published claims: recomputed from the numbers they print, and set beside what the study finds.

A claim is checked against itself first (rule R01: does the printed percentage follow from the printed counts at its
own precision?), then against the other rules as far as its counts, periods and words decide them, and then against the
study's own intervals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.claims.published import PublishedClaim
from evalkit.claims.recomputing import follows
from evalkit.claims.rules import findings
from evalkit.claims.sentences import arithmetic, change_words, needed_count
from evalkit.records import Analysis, Estimate

NUMBER = re.compile(r"(?<![\w.,])(?!(?:19|20)\d\d\b(?![.,]?\d))\d[\d,.]*")
"""A number in the words of a claim that is no year."""
COUNTS = "R08"
"""The rule on counts that are not printed: it says nothing where the study file leaves numbers in the words."""
TOLD = ("R01",)
"""Rules whose finding the verdict says in its own words."""
LEFT_IN_WORDS = "It was not made again: it prints numbers, and the study file gives none of them under `printed`."
ARITHMETIC_ALONE = "That is arithmetic alone."


def check_claim(claim: Mapping[str, Any], analyses: Sequence[Analysis]) -> dict[str, Any]:
    """Return a claim as printed, recomputed, and beside the analysis that it names.

    Parameters
    ----------
    claim : mapping
        One entry of `claims:` with defaults filled in.
    analyses : sequence of Analysis
        The study's analyses.

    Returns
    -------
    dict
        `id`, `text`, `source`, `page`; `printed_percent`; `recomputed_percent`, `low`, `high` (exact interval of the
        ratio of the two printed counts, in percent) or null; `needed` (the count that the printed percentage would
        need); `rules`: list of {code, found, needed}, what the rules find in its counts, periods and words; `ours`:
        list of {label, value, low, high, level, contains} in percent; `verdict`, one sentence or a few.
    """
    printed = claim["printed"]
    checked: dict[str, Any] = {
        **{key: claim.get(key) for key in ("id", "text", "source", "page", "reading")},
        "printed_percent": printed["percent"], "recomputed_percent": None, "low": None, "high": None, "needed": None,
    }  # fmt: skip
    sentences = []
    if printed["before"] and printed["after"] is not None:
        checked |= _recomputed(printed)
        sentences.append(arithmetic(printed["before"], printed["after"], printed["percent"]))
    elif printed["before"] == 0:
        sentences.append("It starts from a count of nought, from which no percentage can be made.")
    looked = [found for found in findings(as_published(claim)) if found.code not in TOLD
              and not (found.code == COUNTS and _left_in_words(claim))]  # fmt: skip
    checked["rules"] = [{"code": found.code, "found": found.found, "needed": found.needed} for found in looked]
    if looked and checked["recomputed_percent"] is not None and follows(
        printed["before"], printed["after"], printed["percent"]) == "follows":  # fmt: skip
        sentences.append(ARITHMETIC_ALONE)
    checked["ours"] = _ours(claim.get("analysis"), analyses, printed["percent"])
    sentences += _beside(checked["ours"])
    checked["verdict"] = " ".join(sentences) or (
        LEFT_IN_WORDS if _left_in_words(claim) else f"It cannot be checked: {_lacks(printed)}.")  # fmt: skip
    return checked


def _left_in_words(claim: Mapping[str, Any]) -> bool:
    """Say whether a claim has a number in its words, and the study file gives none under `printed`."""
    given = any(claim["printed"].get(key) is not None for key in ("before", "after", "percent", "n"))
    return not given and NUMBER.search(str(claim["text"])) is not None


def _lacks(printed: Mapping[str, Any]) -> str:
    """Return what a claim lacks that nothing can be made again of, in the middle of a sentence."""
    counts = [printed[key] for key in ("before", "after") if printed[key] is not None]
    if counts and printed.get("n") is not None:
        return "it prints one share, and no earlier or other one to set it beside"
    if counts:
        return "it prints one count, and nothing to set it beside"
    if printed["percent"] is not None:
        return "it prints a percentage without the counts behind it, and no estimate of this study is set beside it"
    return "it prints no number that could be made again, and this study has no estimate of it"


def as_published(claim: Mapping[str, Any]) -> PublishedClaim:
    """Return a claim of a study file as the rules read one: its numbers, and its words with those on its window.

    Counts are taken for two times over which something is compared; what the study file does not say, no rule sees.
    """
    printed = claim["printed"]
    said = " // ".join(str(part) for part in (claim["text"], printed.get("window")) if part)
    changed = printed["percent"] is not None or None not in (printed["before"], printed["after"])
    return PublishedClaim(about=claim["id"], words=said, before=printed["before"], after=printed["after"],
                          people=printed.get("n"), percent=printed["percent"],
                          compares="two_times" if changed else "nothing")  # fmt: skip


def _recomputed(printed: Mapping[str, Any]) -> dict[str, Any]:
    from evalkit.estimation.before_after.counts import rate_ratio

    before, after = printed["before"], printed["after"]
    found: dict[str, Any] = {"recomputed_percent": 100 * (after / before - 1)}
    if float(before).is_integer() and float(after).is_integer():
        ratio = rate_ratio(int(before), int(after))
        found |= {"low": 100 * (ratio.low - 1), "high": 100 * (ratio.high - 1), "level": 0.95}
    if printed["percent"] is not None:
        found["needed"] = needed_count(before, printed["percent"])
    return found


def _ours(name: str | None, analyses: Sequence[Analysis], percent: float | None) -> list[dict[str, Any]]:
    analysis = next((analysis for analysis in analyses if analysis.id == name), None)
    if analysis is None:
        return []
    rows = []
    immediate = (analysis.result.fit or {}).get("immediate")
    if analysis.result.relative is not None:
        rows.append(_row("on average" if immediate else "", analysis.result.relative, percent))
    if immediate:
        estimate = Estimate(immediate["value"], low=immediate["low"], high=immediate["high"],
                            level=analysis.result.effect.level)  # fmt: skip
        rows.append(_row("at once", estimate, percent))
    return rows


def _row(label: str, estimate: Estimate, percent: float | None) -> dict[str, Any]:
    contains = None
    if percent is not None and estimate.low is not None and estimate.high is not None:
        contains = estimate.low <= percent <= estimate.high
    return {"label": label, "value": estimate.value, "low": estimate.low, "high": estimate.high,
            "level": estimate.level, "contains": contains}  # fmt: skip


def _beside(ours: Sequence[Mapping[str, Any]]) -> list[str]:
    sentences = []
    for row in ours:
        if row["contains"] is None:
            sentences += ["Our estimate has no interval to set it beside."] if row["low"] is None else []
            continue
        place = "inside" if row["contains"] else "outside"
        interval = f"{change_words(row['low'])} to {change_words(row['high'])}"
        level = f"{100 * row['level']:g}%"
        which = f"interval {row['label']}".strip()
        sentences.append(f"It lies {place} our {level} {which} ({change_words(row['value'])}; {interval}).")
    return sentences
