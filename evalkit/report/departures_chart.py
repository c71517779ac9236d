"""The chart of the effect if paths are not quite parallel: the answer, then its bounds by size of the departure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.periods import words_for
from evalkit.records import Evaluation
from evalkit.report.departures import (
    ANSWER,
    RELATIVE,
    SMOOTH,
    TARGETS,
    Bound,
    Departures,
    answer_cell,
    bound_cell,
    departures_message,
    departures_table,
    read_departures,
)
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.numbers import number, signed, signed_percent
from evalkit.report.scales import finite, step_for, ticks_within
from evalkit.report.words import label_of

TICKS = 5
ANSWER_AT, APART_AT = -0.35, 0.4
"""Where the answer stands, and the line that parts it from the departures, which stand at 1, 2 and so on."""
CROSSING = "No change comes in here"
"""Words at the size from which on the interval of the average includes no change."""


def departures_figure(evaluation: Evaluation) -> Figure | None:
    """Return intervals by how large a step relative to those before is allowed; None where there are none."""
    return _figure(evaluation, RELATIVE, "departures")


def bends_figure(evaluation: Evaluation) -> Figure | None:
    """Return intervals by how much a drift may bend; None where there are none."""
    return _figure(evaluation, SMOOTH, "bends")


def _figure(evaluation: Evaluation, restriction: str, name: str) -> Figure | None:
    primary = evaluation.primary
    departures = read_departures(primary, restriction)
    if departures is None:
        return None
    what = "Interval if steps after the start are up to so many times the largest one before" if departures.relative \
        else "Interval if a drift goes on and its slope changes by up to so much"  # fmt: skip
    marks = "First mark: the answer itself. Thick lines: average of all periods. Thin lines with rings: first period " \
        "alone"  # fmt: skip
    beyond = "An arrow: the line runs on beyond the scale" if _cut(departures) else ""
    subtitle = sentences(f"{what}. {marks}", at_nothing(departures), beyond)
    return assembled(name, departures_message(departures), subtitle, source_words(evaluation, primary),
                     f"{label_of(primary)}: effect if paths are not quite parallel",
                     described(describe_departures(departures), primary.simulated), departures_table(departures),
                     lambda size: _draw(departures, size, simulated=primary.simulated))  # fmt: skip


def at_nothing(departures: Departures) -> str:
    """Return why the interval without any departure is not the answer's; empty where it is not drawn."""
    if 0.0 not in departures.sizes:
        return ""
    if departures.relative:
        return (f"0 is not the answer: paths are parallel there too, but each {words_for(departures.frequency)} counts "
                "alike, against the last one before, by the errors of these bounds")  # fmt: skip
    return (f"{departures.amount(0.0)} is not the answer: the drift of the {words_for(departures.frequency, 2)} before "
            "is drawn on in a straight line and taken off")  # fmt: skip


def describe_departures(departures: Departures) -> str:
    """Return what the chart shows, in sentences."""
    parts = [f"{ANSWER}: {answer_cell(departures)}."]
    for target, words in TARGETS.items():
        own = sorted((bound for bound in departures.bounds if bound.target == target), key=lambda bound: bound.m)
        if own:
            marked = [b for b in own[1:-1] if target == "average" and b.m == departures.crossing]
            told = [f"{departures.amount(b.m)}: {bound_cell(b)}" + (" (no change comes in here)" if b in marked else "")
                    for b in (own[0], *marked, *(own[-1:] if len(own) > 1 else []))]  # fmt: skip
            parts.append(f"{words}, {len(own)} intervals that grow with the departure: {'; '.join(told)}.")
    cut = _cut(departures)
    if cut:
        count = "One line runs" if len(cut) == 1 else f"{number(len(cut))} lines run"
        parts.append(f"{count} on beyond the scale, from {departures.amount(min(bound.m for bound in cut))} on.")
    return " ".join(parts)


def _ends(departures: Departures) -> tuple[float, float]:
    """Return bottom and top: the answer and every interval up to the size that must fit; larger ones may run on."""
    held = [end for bound in departures.bounds if bound.m <= departures.fitting * (1 + 1e-6)
            for end in (bound.change.low, bound.change.high)]  # fmt: skip
    answer = departures.answer
    shown = finite([*held, answer.value, answer.low, answer.high])
    low, high = min(0.0, *shown), max(0.0, *shown)
    pad = 0.06 * (high - low or 1.0)
    return (max(-100.0, low - pad) if departures.percent else low - pad), high + pad


def _cut(departures: Departures) -> list[Bound]:
    """Return the intervals that do not fit the scale."""
    low, high = _ends(departures)
    return [bound for bound in departures.bounds
            if any(end is not None and not low <= end <= high for end in (bound.change.low, bound.change.high))
            ]  # fmt: skip


def _draw(departures: Departures, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: the answer and departures across, intervals upwards, no change as a line."""
    low, high = _ends(departures)
    step = step_for(high - low, TICKS)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def write(x: float) -> str:
        return signed_percent(x, decimals) if departures.percent else signed(x, decimals)

    left = 12 + max(text_width(write(tick), size.tick) for tick in ticks_within(low, high, TICKS))
    top, height = (size.tick * 1.6 + 12 if simulated else 10) + size.line, size.height * 0.8 + size.line
    sizes = departures.sizes
    drawing = Drawing(Canvas(size.width, height, left, size.width - 10, top, height - 52, (-1.1, len(sizes) + 0.6),
                             (low, high)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    for tick in ticks_within(low, high, TICKS):
        zero, pixel = abs(tick) < step / 2, drawing.canvas.down(tick)
        drawing.stroke([(left - 4, pixel), (size.width - 10, pixel)], "ink" if zero else "hair", 1.25 if zero else 1,
                       under=True)  # fmt: skip
        drawing.text(left - 9, pixel + size.tick * 0.35, write(0.0 if zero else tick), size.tick, "muted", anchor="end")
    _sizes_axis(drawing, departures, sizes, size)
    _answer(drawing, departures)
    for bound in departures.bounds:
        _interval(drawing, bound, sizes.index(bound.m) + 1)
    return drawing


def _sizes_axis(drawing: Drawing, departures: Departures, sizes: Sequence[float], size: Size) -> None:
    """Add the answer and the departures below, as many as there is room for, what they are, and the crossing."""
    at = drawing.canvas
    crossing = sizes.index(departures.crossing) + 1 if departures.crossing is not None else None
    words = ["Answer", *(departures.amount(m) for m in sizes)]
    taken: list[tuple[float, float]] = []
    for place in sorted(range(len(words)), key=lambda place: (place not in (0, crossing), place)):
        bold = place in (0, crossing)
        half = text_width(words[place], size.tick, bold=bold) / 2 + 2
        middle = at.across(place or ANSWER_AT)
        if all(middle + half <= begin or end <= middle - half for begin, end in taken):
            drawing.text(middle, at.bottom + 20, words[place], size.tick, "ink" if bold else "muted", bold=bold,
                         anchor="middle")  # fmt: skip
            taken.append((middle - half, middle + half))
    noun = words_for(departures.frequency)
    title = "Step after, times the largest before" if departures.relative else f"Change of slope, {noun} to {noun}"
    drawing.text((at.across(APART_AT) + at.right) / 2, at.bottom + 42, title, size.tick, "muted", anchor="middle")
    drawing.stroke([(at.across(APART_AT), at.top), (at.across(APART_AT), at.bottom + 26)], "hair", 1, under=True)
    if crossing is not None:
        half, x = text_width(CROSSING, size.tick, bold=True) / 2, at.across(crossing)
        drawing.line([(crossing, at.y[0]), (crossing, at.y[1])], "ink", 1.25, dashed=True, under=True)
        drawing.text(min(max(x, half), size.width - half), at.top - 6, CROSSING, size.tick, bold=True, anchor="middle")


def _answer(drawing: Drawing, departures: Departures) -> None:
    """Add the answer with its own interval, as the first mark."""
    answer = departures.answer
    if answer.low is not None and answer.high is not None:
        drawing.line([(ANSWER_AT, end) for end in _within(drawing, answer.low, answer.high)], "ink", 5.0)
    drawing.points.append(Point(ANSWER_AT, answer.value, "diamond", "paper", "ink", 6.0, 1.75))


def _interval(drawing: Drawing, bound: Bound, place: int) -> None:
    """Add one interval: thick for the average, thin with rings at its ends for the first period; arrows run on."""
    at, average = drawing.canvas, bound.target == "average"
    low, high = bound.change.low, bound.change.high
    if low is None or high is None:
        return
    x, paint = place + (-0.13 if average else 0.13), "observed" if average else "muted"
    drawing.line([(x, end) for end in _within(drawing, low, high)], paint, 5.0 if average else 1.75)
    for end, edge, back in ((low, at.bottom, -7.0), (high, at.top, 7.0)):
        if at.y[0] <= end <= at.y[1]:
            if not average:
                drawing.points.append(Point(x, end, "circle", "paper", "muted", 3.6, 1.5))
            continue
        middle, wide = at.across(x), 6.0 if average else 4.0
        drawing.stroke([(middle - wide, edge + back), (middle, edge), (middle + wide, edge + back)], paint,
                       2.5 if average else 1.5)  # fmt: skip


def _within(drawing: Drawing, low: float, high: float) -> list[float]:
    bottom, top = drawing.canvas.y
    return [min(max(end, bottom), top) for end in (low, high)]
