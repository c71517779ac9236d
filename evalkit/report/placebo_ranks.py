"""The treated place among places where nothing began: a chart of all of them, its rank, and what the rank can say."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from evalkit.records import Analysis, Evaluation
from evalkit.report.changes import as_change, change_cell, level_of, on_headline_scale
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, interval_text, number, signed, signed_percent
from evalkit.report.result_tables import p_words, written
from evalkit.report.scales import change_range, step_for, ticks_within
from evalkit.report.words import capital, interval_label, label_of, less_more

FEWEST = 5
"""With fewer other places the table says more than a drawing."""
MOST_ROWS = 60
"""With more other places, or sets of them, the table has those with the largest changes."""
HIGHEST_PILE = 230.0
LONGEST_NAME = 24
SMALL = 2.6
"""Rings smaller than this would be pale: such marks are filled."""


@dataclass(frozen=True)
class Place:
    """One place: its name, the change that the method finds there, and whether it is the treated one."""

    name: str
    change: Change
    true: bool


def places_of(analysis: Analysis) -> list[Place]:
    """Return the places that were tried, the treated one last; empty where none were."""
    found = [Place(placebo.unit, as_change(placebo.value, placebo.low, placebo.high, placebo.measure,
                                           level_of(analysis)), placebo.true)
             for placebo in analysis.result.placebos if placebo.unit and math.isfinite(placebo.value)]  # fmt: skip
    return sorted(found, key=lambda place: (place.true, place.change.value))


def rank_message(places: Sequence[Place]) -> str:
    """Return the message of the chart: at how many other places the change is as large as at the treated one."""
    true, others = places[-1], places[:-1]
    as_large = sum(abs(place.change.value) >= abs(true.change.value) for place in others)
    what = "other places" if _alone(true) else "other sets of places"
    of = f"{number(len(others), 0)} {what}"
    if as_large == 0:
        return f"In none of {of} is the change as large as in {_called(true)}"
    return f"In {number(as_large, 0)} of {of} the change is at least as large as in {_called(true)}"


def places_sentences(analysis: Analysis) -> list[str]:
    """Return how the treated stand among others: rank and p-value, the smallest possible, the normal interval."""
    inference = analysis.result.inference or {}
    rank, of = inference.get("rank"), inference.get("assignments")
    found = []
    if rank is not None and of:
        found.append(f"The method was used again with other places in place of the treated. Among all "
                     f"{number(of, 0)}, the true one among them, the true result is number {number(rank, 0)}, so its "
                     f"p-value is {p_words(analysis.result.effect.p_value)}.")  # fmt: skip
    elif places_of(analysis):
        found.append("The method was used again with each other place in place of the treated one.")
    smallest = inference.get("smallest_p")
    if found and smallest is not None and rank is not None:
        found.append(f"With so many to compare with, it could not have been under {p_words(smallest)}.")
    low, high = inference.get("normal_low"), inference.get("normal_high")
    if low is not None and high is not None:
        effect = analysis.result.effect
        ranked, normal = (on_headline_scale(analysis, effect.value, *ends)
                          for ends in ((effect.low, effect.high), (low, high)))  # fmt: skip
        found.append(f"The {interval_label(effect.level)} of the headline comes from those ranks: "
                     f"{_ends(ranked)}. If such changes were spread as a bell curve it would be "
                     f"{_ends(normal)}.")  # fmt: skip
    return found


def places_figure(evaluation: Evaluation) -> Figure | None:
    """Return the change in every place as a mark on one scale, the treated one named; None with too few places."""
    primary = evaluation.primary
    places = places_of(primary)
    if len(places) <= FEWEST or not places[-1].true:
        return None
    less, more = less_more(primary.outcome.kind)
    largest = sorted(places[:-1], key=lambda place: -abs(place.change.value))[:MOST_ROWS]
    listed = [place for place in reversed(places) if place.true or place in largest]
    table = (("Place", "Change"), *((f"{place.name} (true)" if place.true else place.name, _value(place.change))
                                    for place in listed))  # fmt: skip
    cut = f"The table has the {number(MOST_ROWS, 0)} largest changes" if len(places) > MOST_ROWS + 1 else ""
    what = "places" if _alone(places[-1]) else "sets of places, as many as were treated,"
    ranked = (primary.result.inference or {}).get("rank") is not None
    note = "The p-value ranks each change against how well that place was fitted before" if (
        ranked and "ratio_rank" in (primary.result.fit or {})) else ""  # fmt: skip
    return assembled("places", rank_message(places),
                     sentences(f"Round marks: {what} where nothing began. Diamond: the true one", note, cut),
                     source_words(evaluation, primary), f"{label_of(primary)}: change in {len(places)} places",
                     described(_describe(places), primary.simulated), table,
                     lambda size: _draw(primary, places, (f"{less.capitalize()} than expected", more.capitalize()),
                                        size))  # fmt: skip


def _describe(places: Sequence[Place]) -> str:
    true, others = places[-1], places[:-1]
    own = change_cell(true.change) if true.change.low is not None else _value(true.change)
    ends = f"{_value(others[0].change)} and {_value(others[-1].change)}"
    return f"{len(others)} round marks between {ends}. Diamond, {true.name}: {own}."


def _ends(change: Change) -> str:
    """Return the bounds with their unit."""
    if change.percent:
        return interval_text(change.low, change.high, lambda x: signed_percent(x, 1))
    return written(change)[1]


def _value(change: Change) -> Shown:
    return written(change)[0]


def _draw(analysis: Analysis, places: Sequence[Place], heads: tuple[str, str], size: Size) -> Drawing:
    """Return the chart at one size: marks piled up where they lie close, and the intervals of the headline below."""
    lines = _intervals(analysis)
    shown = [place.change.value for place in places]
    ends = [end for _, change in lines for end in (change.low, change.high) if end is not None and math.isfinite(end)]
    low, high = change_range(shown, ends)
    width = size.width - 24
    radius, piles = _fitted([(value - low) / (high - low) * width for value in shown], 4.6 if size.slim else 5.4)
    top = (size.tick * 1.6 + 8 if analysis.simulated else 2) + size.line + 10
    name = size.line + 8
    floor = top + name + (max(piles) + 1) * (2 * radius + 1) + 6
    bottom = floor + len(lines) * (size.line + 20) + 14
    drawing = Drawing(Canvas(size.width, bottom + 30, 12, size.width - 12, top, bottom, (low, high), (0, bottom - top)))
    if analysis.simulated:
        drawing.simulated_mark(size.tick)
    _scale(drawing, places[0].change.percent, heads, size)
    at = drawing.canvas
    for place, pile in zip(places, piles, strict=True):
        y = at.y_at(floor - radius - pile * (2 * radius + 1))
        if place.true:
            drawing.points.append(Point(place.change.value, y, "diamond", "observed", "paper", 6.4, 0.75))
            _named(drawing, place, floor - pile * (2 * radius + 1) - max(2 * radius + 1, 12) - 6, size)
        else:
            fill, size_of, edge = ("paper", radius - 0.8, 1.6) if radius >= SMALL else ("muted", radius, 0.1)
            drawing.points.append(Point(place.change.value, y, "circle", fill, "muted", size_of, edge))
    for place_down, (words, change) in enumerate(lines):
        _interval(drawing, words, change, floor + 20 + place_down * (size.line + 20), size)
    return drawing


def _intervals(analysis: Analysis) -> list[tuple[str, Change]]:
    """Return the intervals to draw below: that of the headline, and the normal one where it is stored."""
    effect, inference = analysis.result.effect, analysis.result.inference or {}
    found = []
    name = interval_label(effect.level)
    if effect.low is not None and effect.high is not None:
        by = "from ranks" if inference.get("rank") is not None else "of the headline"
        found.append((f"{name} {by}", on_headline_scale(analysis, effect.value, effect.low, effect.high)))
    if inference.get("normal_low") is not None:
        found.append((f"{name} from a bell curve", on_headline_scale(
            analysis, effect.value, inference["normal_low"], inference["normal_high"])))  # fmt: skip
    return found


def _fitted(pixels: Sequence[float], radius: float) -> tuple[float, list[int]]:
    """Return how large a mark may be so that the highest pile stays low, and how high each one stands."""
    while True:
        piles = _piled(pixels, 2 * radius + 1)
        if radius <= 1 or (max(piles) + 1) * (2 * radius + 1) <= HIGHEST_PILE:
            return radius, piles
        radius *= 0.8


def _alone(true: Place) -> bool:
    """Say whether one place was treated, so that others were tried one at a time."""
    return " and " not in true.name


def _called(true: Place) -> str:
    """Return the name of the treated place; several with a long name are called by what they are."""
    return true.name if _alone(true) or len(true.name) <= LONGEST_NAME else "the treated places"


def _piled(pixels: Sequence[float], room: float) -> list[int]:
    """Return how high each mark stands on those it would otherwise cover; the last one, the true one, comes last.

    Marks come from left to right, apart from the last: so only those shortly before can be in the way.
    """
    piles: list[int] = []
    for place, pixel in enumerate(pixels):
        first = 0 if place == len(pixels) - 1 else bisect_left(pixels, pixel - room, 0, place)
        taken = {piles[other] for other in range(first, place) if abs(pixels[other] - pixel) < room}
        piles.append(next(level for level in count() if level not in taken))
    return piles


def _scale(drawing: Drawing, as_percent: bool, heads: tuple[str, str], size: Size) -> None:
    at, about = drawing.canvas, 4 if size.slim else 7
    step = step_for(at.x[1] - at.x[0], about)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    for tick in ticks_within(*at.x, about):
        zero, pixel = abs(tick) < step / 2, at.across(tick)
        drawing.stroke([(pixel, at.top), (pixel, at.bottom)], "ink" if zero else "hair", 1.25 if zero else 1,
                       under=True)  # fmt: skip
        words = "0" if zero else signed_percent(tick, decimals) if as_percent else signed(tick, decimals)
        half = text_width(words, size.tick) / 2
        drawing.text(min(max(pixel, half), size.width - half), at.bottom + 20, words, size.tick, "muted",
                     anchor="middle")  # fmt: skip
    head, middle = at.top - size.line * 0.45, at.across(0)
    first = f"← {heads[0]}"
    if at.left < middle < at.right:
        if text_width(first, size.tick, bold=True) <= middle - 8:
            drawing.text(middle - 8, head, first, size.tick, bold=True, anchor="end")
        if text_width(f"{heads[1]} →", size.tick, bold=True) <= size.width - middle - 8:
            drawing.text(middle + 8, head, f"{heads[1]} →", size.tick, bold=True)


def _named(drawing: Drawing, place: Place, down: float, size: Size) -> None:
    """Add the name of the treated place above its mark, kept on the canvas."""
    called = place.name if _called(place) == place.name else capital(_called(place))
    words = wrapped(called, size.label, size.width * 0.6, bold=True, most=1)[0]
    half = text_width(words, size.label, bold=True) / 2
    middle = min(max(drawing.canvas.across(place.change.value), half), size.width - half)
    drawing.text(middle, down, words, size.label, "observed", bold=True, anchor="middle", halo=True)


def _interval(drawing: Drawing, words: str, change: Change, down: float, size: Size) -> None:
    """Add one interval as a line with its words above it."""
    at = drawing.canvas
    if change.low is None or change.high is None:
        return
    low, high = (min(max(end, at.x[0]), at.x[1]) for end in (change.low, change.high))
    half = text_width(words, size.tick) / 2
    middle = min(max((at.across(low) + at.across(high)) / 2, half), size.width - half)
    drawing.text(middle, down, words, size.tick, "muted", anchor="middle", halo=True)
    y = at.y_at(down + 9)
    drawing.line([(low, y), (high, y)], "observed", 3)
    for end, edge, shape in ((change.low, at.x[0], "left"), (change.high, at.x[1], "right")):
        if not at.x[0] <= end <= at.x[1]:
            drawing.points.append(Point(edge, y, shape, "observed", "observed", 4.5, 0.5))
