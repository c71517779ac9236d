"""Which periods a result is about, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.periods import describe_label, parse_period, words_for
from evalkit.records import Analysis, PathPoint
from evalkit.report.numbers import number
from evalkit.report.unit_words import in_units


def sets_windows(analysis: Analysis) -> bool:
    """Say whether a result sets one stretch of time against an earlier one, with no path that was expected.

    Such a result holds the averages of both stretches or what other areas did. Of two single periods it holds no
    averages, since the path has their two numbers: then both stretches are stated to the period, or the path is short.
    """
    fit, path = analysis.result.fit or {}, analysis.result.path
    if "compared_with" in fit or "before" in (fit.get("averages") or {}):
        return True
    if fit.get("averages"):
        return False
    stated = (analysis.design.get("before"), analysis.design.get("after"))
    if all(isinstance(window, Mapping) and window.get("from") and window.get("to") for window in stated):
        return True
    expected = {point.unit for point in path if point.counterfactual is not None}
    return 0 < len({point.period for point in path}) <= 2 and expected == {point.unit for point in path}


def before_words(analysis: Analysis) -> str:
    """Return the periods before the start: `December 2019`, `January 2017 to December 2018`; empty when unknown."""
    return _span([point.period for point in before_points(analysis)], analysis)


def after_words(analysis: Analysis) -> str:
    """Return the periods after the start, in words; empty when unknown."""
    return _span([point.period for point in after_points(analysis)], analysis)


def before_points(analysis: Analysis) -> list[PathPoint]:
    """Return the points of the path that are set against later ones: those of the design's window, or all before."""
    window = analysis.design.get("before") if sets_windows(analysis) else None
    if window:
        return _within(window, analysis)
    return [point for point in analysis.result.path if not _after(point, analysis)]


def after_points(analysis: Analysis) -> list[PathPoint]:
    """Return the points of the path after the start: those of the design's window, or all."""
    window = analysis.design.get("after") if sets_windows(analysis) else None
    if window:
        return _within(window, analysis)
    return [point for point in analysis.result.path if _after(point, analysis)]


def last_period(analysis: Analysis) -> str:
    """Return the last period of the path in words; empty when there is no path."""
    labels = _sorted([point.period for point in analysis.result.path], analysis.frequency)
    return named(labels[-1], analysis) if labels else ""


def last_time(analysis: Analysis) -> int | None:
    """Return the last period of the path as an integer; None where there is no path, or its periods are none."""
    try:
        return max((parse_period(point.period, analysis.frequency) for point in analysis.result.path), default=None)
    except EvalkitError:
        return None


def last_used(analysis: Analysis) -> int | None:
    """Return the last period that the answer uses; the path goes on where `after` ends before the data do."""
    last, after = last_time(analysis), analysis.design.get("after")
    end = after.get("to") if isinstance(after, Mapping) else None
    if last is None or end is None:
        return last
    try:
        return min(last, parse_period(end, analysis.frequency))
    except EvalkitError:
        return last


def start_words(analysis: Analysis) -> str:
    """Return the first treated period in words; empty when there is none or when units start at different times."""
    return named(analysis.first_treated, analysis) if analysis.first_treated else ""


def compared_with(analysis: Analysis) -> str:
    """Return the other side of the comparison: ` than expected`, ` than in December 2019`, or other areas."""
    if not sets_windows(analysis):
        return " than expected"
    areas = (analysis.result.fit or {}).get("compared_with")
    if areas:
        return f" {areas}"
    before = before_words(analysis)
    return f" than in {before}" if before else " than in the earlier period"


def each_against(analyses: Iterable[Analysis]) -> dict[str, str]:
    """Return the windows of each before-and-after analysis in words, by its id: `May 2022 against May 2019`."""
    kinds = (analysis for analysis in analyses if sets_windows(analysis))
    words = {analysis.id: (after_words(analysis), before_words(analysis)) for analysis in kinds}
    return {name: f"{after[:1].upper()}{after[1:]} against {before}"
            for name, (after, before) in words.items() if after and before}  # fmt: skip


def acting_periods(analysis: Analysis) -> int:
    """Return over how many periods the effect is averaged: those of a pulse, or all from the start on."""
    return int((analysis.result.fit or {}).get("acting_periods", analysis.result.n_post_periods))


def over(analysis: Analysis) -> str:
    """Return what the average runs over: ` over 23 months`, ` on average over 21 places`."""
    result = analysis.result
    if result.n_treated_units > 1:
        return in_units(f", on average over {number(result.n_treated_units, 0)} places", analysis)
    count = acting_periods(analysis)
    return f" over {number(count, 0)} {words_for(analysis.frequency, count)}" if count > 1 else ""


def describe(label: str, frequency: str) -> str:
    """Return a period label in words, or as it stands when it is no period."""
    try:
        return describe_label(label, frequency)
    except EvalkitError:
        return label


def named(label: str, analysis: Analysis) -> str:
    """Return a period label by the name that the study gives it, or in words."""
    return analysis.period_names.get(label) or describe(label, analysis.frequency)


def _after(point: PathPoint, analysis: Analysis) -> bool:
    """Say whether a point lies after the start: it has an expected value, or its period is not before the start."""
    if sets_windows(analysis) or not analysis.first_treated:
        return point.counterfactual is not None
    try:
        return parse_period(point.period, analysis.frequency) >= parse_period(
            analysis.first_treated, analysis.frequency
        )
    except EvalkitError:
        return point.counterfactual is not None


def _within(window: Mapping[str, Any], analysis: Analysis) -> list[PathPoint]:
    """Return the points from the first to the last period of a window; an end that is left out is open."""
    def time_of(text: str) -> int:
        return parse_period(text, analysis.frequency)

    ends = window.get("from"), window.get("to")
    try:
        first, last = (end if end is None else time_of(end) for end in ends)
        timed = [(time_of(point.period), point) for point in analysis.result.path]
    except EvalkitError:
        return []
    return [point for time, point in timed if (first is None or time >= first) and (last is None or time <= last)]


def _span(labels: list[str], analysis: Analysis) -> str:
    ordered = _sorted(labels, analysis.frequency)
    if not ordered:
        return ""
    first, last = named(ordered[0], analysis), named(ordered[-1], analysis)
    return first if first == last else f"{first} to {last}"


def _sorted(labels: list[str], frequency: str) -> list[str]:
    unique = list(dict.fromkeys(labels))
    try:
        return sorted(unique, key=lambda label: parse_period(label, frequency))
    except EvalkitError:
        return unique
