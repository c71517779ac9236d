"""Published claims: recomputed from the numbers they print, and set beside what the study finds.

A claim is checked against itself first (rule R01: does the printed percentage follow from the printed counts at its
own precision?) and then against the study's own intervals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from evalkit.records import Analysis, Estimate


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
        need); `ours`: list of {label, value, low, high, level, contains} in percent; `verdict`, one sentence.
    """
    printed = claim["printed"]
    checked: dict[str, Any] = {
        **{key: claim.get(key) for key in ("id", "text", "source", "page", "reading")},
        "printed_percent": printed["percent"], "recomputed_percent": None, "low": None, "high": None, "needed": None,
    }  # fmt: skip
    sentences = []
    if printed["before"] and printed["after"] is not None:
        checked |= _recomputed(printed)
        sentences.append(_arithmetic(printed, checked))
    elif printed["before"] == 0:
        sentences.append("It starts from a count of nought, from which no percentage can be made.")
    checked["ours"] = _ours(claim.get("analysis"), analyses, printed["percent"])
    sentences += _beside(checked["ours"])
    checked["verdict"] = " ".join(sentences) or (
        "It cannot be checked: it prints no counts and this study has no estimate of it."
    )
    return checked


def _recomputed(printed: Mapping[str, Any]) -> dict[str, Any]:
    from evalkit.estimation.before_after.counts import rate_ratio

    before, after = printed["before"], printed["after"]
    found: dict[str, Any] = {"recomputed_percent": 100 * (after / before - 1)}
    if float(before).is_integer() and float(after).is_integer():
        ratio = rate_ratio(int(before), int(after))
        found |= {"low": 100 * (ratio.low - 1), "high": 100 * (ratio.high - 1), "level": 0.95}
    if printed["percent"] is not None:
        found["needed"] = round(before * (1 + printed["percent"] / 100))
    return found


def _arithmetic(printed: Mapping[str, Any], checked: Mapping[str, Any]) -> str:
    """Say whether the printed percentage follows from the printed counts at the precision it is printed with."""
    before, after, percent = printed["before"], printed["after"], printed["percent"]
    counts = f"{_number(before)} and {_number(after)}"
    value = _sized(checked["recomputed_percent"], 1)
    if percent is None:
        return f"The printed counts ({counts}) give {value}."
    digits = max(0, -int(Decimal(str(percent)).normalize().as_tuple().exponent))
    exact = 100 * (Decimal(str(after)) / Decimal(str(before)) - 1)
    near = {_rounded(exact, digits, rule) for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    shown = Decimal(str(percent))
    if shown in near:
        return f"The printed figure follows from the printed counts ({counts})."
    if -shown in near:
        return f"The printed counts ({counts}) give {value}: the printed figure has the other sign."
    if _rounded(exact, digits, ROUND_DOWN) == shown:
        whole = _sized(float(_rounded(exact, digits, ROUND_HALF_UP)), digits)
        return f"The printed counts ({counts}) give {value}: rounded, that is {whole}, not {_sized(percent, digits)}."
    slip = f"The printed figure is an arithmetic slip: {counts} give {value}"
    if checked["needed"] == after:
        return f"{slip}, not {_sized(percent, digits)}."
    return f"{slip}; {_sized(percent, digits)} would need {checked['needed']:,} instead of {_number(after)}."


def _number(count: float) -> str:
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,}"


def _rounded(exact: Decimal, digits: int, rule: str) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=rule)


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
        interval = f"{_signed(row['low'])} to {_signed(row['high'])}"
        level = f"{100 * row['level']:g}%"
        which = f"interval {row['label']}".strip()
        sentences.append(f"It lies {place} our {level} {which} ({_signed(row['value'])}; {interval}).")
    return sentences


def _sized(percent: float, digits: int) -> str:
    return f"{abs(percent):.{digits}f}% {'lower' if percent < 0 else 'higher'}"


def _signed(percent: float) -> str:
    return f"{'−' if percent < 0 else '+'}{abs(percent):.0f}%" if math.isfinite(percent) else "no bound"
