"""An event study: the effect at each distance from the first treated period, read, laid out, and told in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.periods import words_for
from evalkit.records import Analysis, EventTime
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.numbers import Shown, Writer, decimals_for, interval_text, signed, signed_percent
from evalkit.report.scales import change_range, finite, is_finite, step_for, ticks_within


@dataclass(frozen=True)
class Events:
    """The points of an event study, in percent where the effect is a log ratio."""

    points: tuple[EventTime, ...]
    reference: int | None
    percent: bool
    level: float
    unit: str
    frequency: str

    @property
    def simultaneous(self) -> bool:
        """True when there is a band for all times at once."""
        return any(is_finite(point.simultaneous_low) for point in self.points)

    @property
    def ends(self) -> tuple[float, float]:
        """Return bottom and top of the scale."""
        bounds = [bound for point in self.points for bound in
                  (point.low, point.high, point.simultaneous_low, point.simultaneous_high)]  # fmt: skip
        return change_range(finite(point.value for point in self.points), finite(bounds))

    def notes(self) -> list[str]:
        """Return what a reader must be told about the marks."""
        level = f"{self.level * 100:g}%"
        low, high = self.ends
        beyond = any(
            bound is not None and not low <= bound <= high for point in self.points for bound in (point.low, point.high)
        )
        both = f"Thick lines: {level} interval for each {words_for(self.frequency)} alone; thin: for all together."
        notes = [both if self.simultaneous else f"Lines: {level} interval for each {words_for(self.frequency)} alone."]
        return notes + (["Some intervals go beyond the scale."] if beyond else [])

    def write(self, step: float | None = None) -> Writer:
        """Return how an effect is written."""
        if self.percent:
            return lambda x: signed_percent(x, 0 if step is None else _decimals(step))
        largest = max((abs(point.value) for point in self.points if is_finite(point.value)), default=1.0)
        decimals = decimals_for(largest) if step is None else _decimals(step)
        return lambda x: signed(x, decimals)


def read_events(analysis: Analysis) -> Events:
    """Return the event study of an analysis.

    Raises
    ------
    ValueError
        When it has none.
    """
    points = sorted(analysis.result.event_study, key=lambda point: point.time)
    points = [point for point in points if is_finite(point.value)]
    if not points:
        raise ValueError(f"analysis {analysis.id!r} has no event study to draw")
    percent = analysis.result.effect.scale == "log"
    times = {point.time for point in points}
    fixed = [point.time for point in points if point.value == 0 and not point.se and point.low in (None, 0)]
    reference = fixed[-1] if fixed else -1 if -1 not in times and min(times) < -1 and max(times) >= 0 else None
    drawn = tuple(_percent(point) if percent else point for point in points)
    effect = analysis.result.effect
    return Events(drawn, reference, percent, effect.level, effect.unit, analysis.frequency)


def event_table(events: Events) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text."""
    write, level = events.write(), f"{events.level * 100:g}% interval"
    noun = words_for(events.frequency, 2).capitalize()
    header = (f"{noun} from the start", "Effect", f"{level}, each alone") + (
        (f"{level}, all together",) if events.simultaneous else ()
    )
    rows = []
    for point in events.points:
        fixed = point.time == events.reference
        row = (
            Shown(signed(point.time), point.time),
            Shown(write(point.value), point.value, unit="percent" if events.percent else events.unit),
            "compared with" if fixed else Shown(interval_text(point.low, point.high, write), point.low, point.high),
        )
        ends = (point.simultaneous_low, point.simultaneous_high)
        both = "" if fixed else Shown(interval_text(*ends, write), *ends)
        rows.append((*row, both) if events.simultaneous else row)
    return (header, *rows)


def describe_events(events: Events) -> str:
    """Return what the chart shows, in sentences."""
    write, noun = events.write(), words_for(events.frequency)
    parts = []
    for words, points in (("before the start", [p for p in events.points if p.time < 0 and p.time != events.reference]),
                          ("from the start on", [p for p in events.points if p.time >= 0])):  # fmt: skip
        if points:
            effects = [point.value for point in points]
            covering = sum(1 for point in points if is_finite(point.low) and (point.low or 0) <= 0 <= (point.high or 0))
            known = sum(1 for point in points if is_finite(point.low) and is_finite(point.high))
            nouns = words_for(events.frequency, len(points))
            parts.append(f"{len(points)} {nouns} {words}: effects from {write(min(effects))} to {write(max(effects))}, "
                         f"{covering} of {known} intervals cover zero.")  # fmt: skip
    if events.reference is not None:
        parts.append(f"All are compared with {noun} {signed(events.reference)}.")
    return " ".join(parts)


def draw_events(events: Events, words: tuple[str, str, str], size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: words for before, after and the period compared with come in `words`."""
    times = [point.time for point in events.points] + ([events.reference] if events.reference is not None else [])
    top = (size.tick * 1.6 + 8 if simulated else 2) + size.line + 10
    low, high = events.ends
    about = 5 if size.slim else 6
    write = events.write(step_for(high - low, about))
    left = 14 + max(text_width(write(tick), size.tick) for tick in ticks_within(low, high, about))
    drawing = Drawing(Canvas(size.width, size.height, left, size.width - 8, top, size.height - 52,
                             (min(times) - 0.6, max(times) + 0.6), (low, high)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    _sides(drawing, words, size)
    for tick in ticks_within(low, high, about):
        zero, pixel = abs(tick) < (high - low) / 1000, drawing.canvas.down(tick)
        drawing.stroke(
            [(left - 4, pixel), (size.width - 8, pixel)], "ink" if zero else "hair", 1.25 if zero else 1, under=True
        )
        drawing.text(left - 9, pixel + size.tick * 0.35, write(0.0 if zero else tick), size.tick, "muted", anchor="end")
    _time_axis(drawing, events, times, size)
    _events(drawing, events, size)
    _reference(drawing, events, words[2], size)
    return drawing


def _sides(drawing: Drawing, words: tuple[str, str, str], size: Size) -> None:
    """Shade the treated side and name both sides of the start."""
    at = drawing.canvas
    cut = at.across(-0.5)
    if cut < at.right:
        drawing.box(max(cut, at.left), at.top, at.right, at.bottom, "wash")
    if at.left < cut < at.right:
        drawing.stroke([(cut, at.top - size.line), (cut, at.bottom)], "ink", 1.5)
    head = at.top - size.line * 0.35
    for text, place, anchor, room in (
        (words[0], cut - 9, "end", cut - at.left),
        (words[1], cut + 9, "start", at.right - cut),
    ):
        lines = wrapped(text, size.label, room - 6, bold=True, most=1) if room > 30 else []
        for line in lines:
            drawing.text(place, head, line, size.label, bold=True, anchor=anchor)


def _time_axis(drawing: Drawing, events: Events, times: Sequence[int], size: Size) -> None:
    """Add whole distances below, and what they count."""
    at = drawing.canvas
    room = (at.right - at.left) / (max(times) - min(times) + 1)
    widest = max(text_width(signed(time), size.tick) for time in times) + 10
    step = 1 if widest <= room else max(1, round(step_for(widest / room * 5, 5)))
    for time in range(min(times), max(times) + 1):
        if time % step == 0:
            drawing.text(at.across(time), at.bottom + 20, signed(time), size.tick, "muted", anchor="middle")
    noun = words_for(events.frequency, 2).capitalize()
    drawing.text(
        (at.left + at.right) / 2,
        at.bottom + 42,
        f"{noun} from the first treated one (0)",
        size.tick,
        "muted",
        anchor="middle",
    )


def _events(drawing: Drawing, events: Events, size: Size) -> None:
    """Add thin simultaneous and thick pointwise intervals, and a mark per time: hollow before, solid after."""
    at = drawing.canvas
    room = (at.right - at.left) / (at.x[1] - at.x[0])
    radius = min(4.5 if not size.slim else 3.6, max(1.6, room * 0.3))
    for point in events.points:
        if point.time == events.reference:
            continue
        paint = "observed" if point.time >= 0 else "muted"
        for low, high, width in (
            (point.simultaneous_low, point.simultaneous_high, 1.0),
            (point.low, point.high, radius * 0.75),
        ):
            if low is not None and high is not None and not math.isnan(low + high):
                ends = [(point.time, min(max(bound, at.y[0]), at.y[1])) for bound in (low, high)]
                drawing.line(ends, paint, width)
        style = ("observed", "paper", 0.75) if point.time >= 0 else ("paper", "muted", 1.5)
        drawing.points.append(Point(point.time, point.value, "circle", *style[:2], radius, style[2]))


def _reference(drawing: Drawing, events: Events, words: str, size: Size) -> None:
    """Mark the period that all others are compared with by a square at zero and its words."""
    if events.reference is None:
        return
    at, time = drawing.canvas, events.reference
    drawing.points.append(Point(time, 0, "square", "paper", "ink", 4.2 if not size.slim else 3.6, 1.5))
    lines = wrapped(words, size.tick, 110, most=2)
    widest = max(text_width(line, size.tick) for line in lines)
    left = at.across(time) - 6 - widest >= at.left or time - at.x[0] > at.x[1] - time
    upwards = at.down(0) - at.top > at.bottom - at.down(0)
    for place, line in enumerate(lines):
        down = at.bottom - 6 - (len(lines) - 1 - place) * size.line if not upwards else at.top + 14 + place * size.line
        drawing.text(
            at.across(time) + (-6 if left else 6),
            down,
            line,
            size.tick,
            "muted",
            anchor="end" if left else "start",
            halo=True,
        )
    drawing.stroke(
        [
            (at.across(time), at.down(0) + (-7 if upwards else 7)),
            (at.across(time), at.bottom - 4 if not upwards else at.top + 4),
        ],
        "muted",
        1,
    )


def _percent(point: EventTime) -> EventTime:
    """Return the same point with log ratios read as percentages."""
    return EventTime(point.time, 100 * math.expm1(min(point.value, 500)), None, _as_percent(point.low),
                     _as_percent(point.high), _as_percent(point.simultaneous_low),
                     _as_percent(point.simultaneous_high))  # fmt: skip


def _as_percent(ratio: float | None) -> float | None:
    if ratio is None:
        return None
    return 100 * math.expm1(ratio) if ratio < 500 else math.inf


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))
