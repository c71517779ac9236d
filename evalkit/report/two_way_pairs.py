"""What a two-way estimate is made of (Goodman-Bacon): the comparisons behind it, drawn by weight, and told in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.records import Analysis, Evaluation
from evalkit.report import windows
from evalkit.report.changes import on_headline_scale, unit_of
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, number, percent, signed, signed_percent
from evalkit.report.result_tables import written
from evalkit.report.scales import change_range, step_for, ticks_within
from evalkit.report.words import capital, label_of

KINDS = {
    "treated_vs_never": "with places that never start",
    "earlier_vs_later": "with places that start later, before they do",
    "later_vs_earlier": "with places that had started already",
    "treated_vs_always": "with places treated all along",
}
"""Who places that start are compared with, by kind of pair."""
UNDER_TREATMENT = ("later_vs_earlier", "treated_vs_always")
"""Kinds whose comparison places are under treatment themselves: their own effect is taken for what would have been."""
SHAPES = {"treated_vs_never": "circle", "earlier_vs_later": "square"}


@dataclass(frozen=True)
class Pair:
    """One comparison of two groups of places: words, kind, estimate as it is shown, and its share of the whole."""

    label: str
    kind: str
    change: Change
    weight: float

    @property
    def under_treatment(self) -> bool:
        """True where the comparison places are under treatment themselves."""
        return self.kind in UNDER_TREATMENT


def pairs_of(analysis: Analysis) -> list[Pair]:
    """Return the comparisons behind a two-way estimate, the heaviest first; empty where none are stored."""
    stored = (analysis.result.decomposition or {}).get("pairs") or ()
    made = []
    for pair in stored:
        started = windows.describe(str(pair["treated"]), analysis.frequency)
        other = str(pair["comparison"])
        alone = {"treated_vs_never": "never started", "treated_vs_always": "treated all along"}
        against = alone.get(pair["kind"]) or f"started in {windows.describe(other, analysis.frequency)}"
        made.append(Pair(f"Started in {started}, against {against}", str(pair["kind"]),
                         on_headline_scale(analysis, pair["estimate"]), float(pair["weight"])))  # fmt: skip
    return sorted(made, key=lambda pair: -pair.weight)


def share_under_treatment(analysis: Analysis) -> float | None:
    """Return the share of the estimate that rests on places under treatment as comparison; None where not stored."""
    share = (analysis.result.decomposition or {}).get("under_treatment_weight")
    return None if share is None else float(share)


def pairs_message(analysis: Analysis) -> str:
    """Return the message of the chart: how much rests on comparisons with places that had started already."""
    share = share_under_treatment(analysis)
    if share is None:
        return "The comparisons that the two-way estimate is made of"
    return f"{_share(share)} of the two-way estimate compares places with others already under way"


def pair_sentences(analysis: Analysis) -> list[str]:
    """Return what the estimate is an average of, and why comparisons with places under way can mislead."""
    pairs, share = pairs_of(analysis), share_under_treatment(analysis)
    if not pairs:
        return []
    found = [f"With starts at different times, the two-way estimate is a weighted average of {number(len(pairs), 0)} "
             "comparisons of two groups of places each."]  # fmt: skip
    if share:
        found.append(f"{_share(share)} of the weight lies on comparisons with places that had started already. There, "
                     "a change of the effect over time is taken for a change of what would have been seen anyway, and "
                     "can even turn the sign of the average.")  # fmt: skip
    wrong, right = ([pair.change for pair in pairs if pair.under_treatment is kind] for kind in (True, False))
    if wrong and right:
        found.append(f"Those comparisons give {_range(wrong)}; the others give {_range(right)}.")
    return found


def pairs_figure(evaluation: Evaluation) -> Figure | None:
    """Return the comparisons by weight and estimate; None where there are fewer than two."""
    primary = evaluation.primary
    pairs = pairs_of(primary)
    if len(pairs) < 2:
        return None
    header = ("Comparison", "Kind", f"Estimate, {unit_of(primary)}".removesuffix(", ").removesuffix(", %"), "Weight")
    table = (header, *((pair.label, KINDS.get(pair.kind, pair.kind), written(pair.change)[0],
                        Shown(percent(100 * pair.weight, 1), pair.weight)) for pair in pairs))  # fmt: skip
    marks = [text for kinds, text in (
        (("treated_vs_never",), "Circles: against places that never start"),
        (("earlier_vs_later",), "squares: against places that start later"),
        (UNDER_TREATMENT, "filled diamonds: against places already under way"),
    ) if any(pair.kind in kinds for pair in pairs)]  # fmt: skip
    line = "The dashed line is the two-way estimate"
    return assembled("pairs", pairs_message(primary), sentences(capital("; ".join(marks)), line),
                     source_words(evaluation, primary), f"{label_of(primary)}: comparisons behind the estimate",
                     described(_describe(pairs), primary.simulated), table,
                     lambda size: _draw(primary, pairs, size))  # fmt: skip


def _describe(pairs: Sequence[Pair]) -> str:
    heaviest = pairs[0]
    return (
        f"{len(pairs)} comparisons. The heaviest: {heaviest.label}, weight {percent(100 * heaviest.weight, 0)}, "
        f"estimate {written(heaviest.change)[0]}. All estimates: {_range([pair.change for pair in pairs])}."
    )


def _draw(analysis: Analysis, pairs: Sequence[Pair], size: Size) -> Drawing:
    """Return the chart at one size: weight across, estimate upwards."""
    own = on_headline_scale(analysis, (analysis.result.decomposition or {}).get("estimate", 0.0))
    low, high = change_range([own.value, *(pair.change.value for pair in pairs)], [])
    most = max(pair.weight for pair in pairs) * 108
    step = step_for(high - low, 5)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def write(x: float) -> str:
        return signed_percent(x, decimals) if own.percent else signed(x, decimals)

    left = 12 + max(text_width(write(tick), size.tick) for tick in ticks_within(low, high, 5))
    top, height = (size.tick * 1.6 + 12 if analysis.simulated else 10), size.height * 0.8
    drawing = Drawing(Canvas(size.width, height, left, size.width - 12, top, height - 52, (0, most), (low, high)))
    if analysis.simulated:
        drawing.simulated_mark(size.tick)
    for tick in ticks_within(low, high, 5):
        zero, pixel = abs(tick) < step / 2, drawing.canvas.down(tick)
        drawing.stroke([(left - 4, pixel), (size.width - 12, pixel)], "ink" if zero else "hair", 1.25 if zero else 1,
                       under=True)  # fmt: skip
        drawing.text(left - 9, pixel + size.tick * 0.35, write(0.0 if zero else tick), size.tick, "muted", anchor="end")
    _weights_axis(drawing, most, size)
    drawing.line([(0, own.value), (most, own.value)], "expected", 2, dashed=True)
    for pair in pairs:
        shape = SHAPES.get(pair.kind, "diamond")
        fill, edge = ("ink", "paper") if pair.under_treatment else ("paper", "observed")
        drawing.points.append(Point(100 * pair.weight, pair.change.value, shape, fill, edge, 5.4,
                                    0.75 if pair.under_treatment else 2.0))  # fmt: skip
    return drawing


def _weights_axis(drawing: Drawing, most: float, size: Size) -> None:
    """Add shares below, and what they are shares of."""
    at, about = drawing.canvas, 4 if size.slim else 7
    decimals = max(0, -math.floor(math.log10(step_for(most, about)) + 1e-9))
    drawing.stroke([(at.left, at.bottom), (at.right, at.bottom)], "muted", 1, under=True)
    for tick in ticks_within(0, most, about):
        words = percent(tick, decimals)
        middle = min(at.across(tick), size.width - text_width(words, size.tick) / 2)
        drawing.text(middle, at.bottom + 20, words, size.tick, "muted", anchor="middle")
    drawing.text((at.left + at.right) / 2, at.bottom + 42, "Weight in the two-way estimate", size.tick, "muted",
                 anchor="middle")  # fmt: skip


def _share(share: float) -> str:
    if share == 0:
        return "None"
    return percent(100 * share, 0) if share >= 0.01 else "Under 1%"


def _range(changes: Sequence[Change]) -> str:
    least, most = (end(changes, key=lambda change: change.value) for end in (min, max))
    first, last = written(least)[0], written(most)[0]
    return first if first == last else f"{first} to {last}"
