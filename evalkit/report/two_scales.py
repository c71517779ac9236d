"""The change in percent beside the change in amounts: what each takes as given, and whether they say the same."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import Analysis, ScaleEstimate
from evalkit.report.cautions import inside
from evalkit.report.changes import change_cell, level_of
from evalkit.report.ladder import Change
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import Shown
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units
from evalkit.report.words import interval_label

GIVEN = {
    "proportional": "Alike in percent: without it, both groups would have changed by the same share",
    "additive": "Alike in amounts: without it, both groups would have changed by the same number",
}
"""What paths parallel on each scale mean, in words for a reader."""


def scales_table(analysis: Analysis) -> Table | None:
    """Return the change on either scale, each in percent and in amounts; None where the result has not both."""
    scales = analysis.result.scales
    if len(scales) < 2:
        return None
    unit = next((scale.unit for scale in scales if scale.unit), "")
    rows = [(as_compared(_given(scales, place), analysis), _percent(analysis, scale), _amount(analysis, scale))
            for place, scale in enumerate(scales)]  # fmt: skip
    main = next((place for place, scale in enumerate(scales) if scale.headline), None)
    return Table("tbl-scales", "The change in percent and in amounts",
                 [Column("What is taken as given"), Column("Change in percent", "number"),
                  Column(in_units("Change a place and period", analysis) + (f", {inside(unit)}" if unit else ""),
                         "number")], rows, main=main,
                 cards=True, note=f"In brackets: {interval_label(level_of(analysis))}.")  # fmt: skip


def scales_sentences(analysis: Analysis) -> list[str]:
    """Return why there are two numbers; empty where the result has not both."""
    if len(analysis.result.scales) < 2:
        return []
    several = len(analysis.result.scales) > 2
    others = "the others show, also by another estimator," if several else "the other one shows"
    return [in_units("Where places differ in size, paths cannot be parallel both in percent and in amounts. The row in "
                     f"bold is the headline; {others} what hangs on that choice.", analysis)]  # fmt: skip


def _given(scales: Sequence[ScaleEstimate], place: int) -> str:
    """Return what a row takes as given; a second one on a scale is by another estimator, which is said."""
    words = GIVEN.get(scales[place].scale, scales[place].scale)
    if any(scale.scale == scales[place].scale for scale in scales[:place]):
        return f"{words}. By {scales[place].estimator.replace('_', ' ')}: against all periods before, not only the last"
    return words


def _percent(analysis: Analysis, scale: ScaleEstimate) -> str:
    if scale.problem or scale.percent is None:
        return _missing(scale)
    return change_cell(_made(scale.percent, scale.percent_low, scale.percent_high, True, level_of(analysis)))


def _amount(analysis: Analysis, scale: ScaleEstimate) -> str:
    if scale.problem or scale.absolute is None:
        return _missing(scale)
    return change_cell(_made(scale.absolute, scale.absolute_low, scale.absolute_high, False, level_of(analysis)))


def _missing(scale: ScaleEstimate) -> Shown:
    return Shown(f"not estimated: {scale.problem}" if scale.problem else "not known", None, None, None)


def _made(value: float, low: float | None, high: float | None, percent: bool, level: float) -> Change:
    if low is None or high is None:
        return Change(value, None, None, percent, level)
    return Change(value, min(low, high), max(low, high), percent, level)
