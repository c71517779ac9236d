"""Observed against expected over time, laid out: points not joined, a dashed expectation, labels at the lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from evalkit.report.drawing import Canvas, Drawing, Point, Position, Size, spread, text_width, wrapped
from evalkit.report.paths import Paths, Track
from evalkit.report.scales import TICKS, finite, level_range, period_ticks, step_for, ticks_within, value_writer


@dataclass(frozen=True)
class Wording:
    """Labels of the chart, already worded. A second line of `interruption` follows a line break."""

    interruption: str
    expected: str
    observed: str
    comparison: str
    effect: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tag:
    """The label of one line of the chart: its lines of text (words, bold or not, colour), and where its line ends."""

    lines: tuple[tuple[str, bool, str], ...]
    paint: str
    end: float
    dashed: bool = False

    def width(self, size: Size) -> float:
        """Return the width of its longest line in pixels."""
        return max(text_width(text, size.label, bold=bold) for text, bold, _ in self.lines)


@dataclass(frozen=True)
class Plan:
    """Where everything goes: the canvas, the labels above the data and the one below, the lines of the date."""

    canvas: Canvas
    above: tuple[Tag, ...]
    below: Tag | None
    interruption: tuple[tuple[str, bool], ...]
    interruption_top: float


def draw_paths(paths: Paths, wording: Wording, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size."""
    tags = _tags(paths, wording, size)
    plan = _plan(paths, wording, size, tags if size.slim else [], simulated)
    drawing = Drawing(plan.canvas)
    if simulated:
        drawing.simulated_mark(size.tick)
    _left_out(drawing, paths, size)
    _value_axis(drawing, paths, size)
    _period_axis(drawing, paths, size)
    _intervals_and_lines(drawing, paths)
    _interruption(drawing, paths, plan, size)
    _marks(drawing, paths, size)
    if size.slim:
        _labels_above_and_below(drawing, paths, plan, size)
    else:
        _labels_at_right(drawing, tags, size)
    return drawing


def _tags(paths: Paths, wording: Wording, size: Size) -> list[Tag]:
    """Return the labels of the lines, top to bottom by where the lines end."""
    expected = [value for track in paths.treated for _, value in paths.expected(track)[-1:]]
    shaded = any(paths.band(track) for track in paths.treated)
    fitted = any(track.series("fitted") for track in paths.treated) and not size.slim
    partly = any(0 < len(paths.band(track)) < len(paths.expected(track)) for track in paths.treated)
    where_any = " where there is one" if partly else ""  # few places had begun: no interval that could be relied on
    note = f"({paths.level * 100:g}% interval shaded{where_any})" if shaded else "(dashed)"
    ends = [finite(_end(paths, track) for track in group) for group in (paths.treated, paths.comparison)]
    effect = [(text, place == 0, "ink") for place, text in enumerate(wording.effect)]
    drafts = (
        ("expected", expected, [(wording.expected, True, "expected"), (note, False, "expected")]),
        (
            "observed",
            ends[0],
            [(wording.observed, True, "observed"), ("(fitted line)" if fitted else "", False, "ink"), *effect],
        ),
        ("muted", ends[1], [(wording.comparison, False, "muted")]),
    )
    room = size.width * 0.78 if size.slim else 136.0
    found = [
        Tag(_lines(texts, size, room), paint, fmean(where), paint == "expected")
        for paint, where, texts in drafts
        if where
    ]
    return sorted(found, key=lambda tag: -tag.end)


def _lines(texts: Sequence[tuple[str, bool, str]], size: Size, room: float) -> tuple[tuple[str, bool, str], ...]:
    return tuple((line, bold, paint) for text, bold, paint in texts
                 for line in wrapped(text, size.label, room, bold=bold, most=4))  # fmt: skip


def _end(paths: Paths, track: Track) -> float | None:
    """Return where a group's observed path ends: on its fitted line, otherwise amid its last points."""
    fitted, observed = track.series("fitted"), track.series("observed")
    if fitted:
        return fitted[-1][1]
    after = [value for time, value in observed if paths.after(time)] or [value for _, value in observed]
    return fmean(after[-max(1, len(after) // 6) :]) if after else None


def _plan(paths: Paths, wording: Wording, size: Size, tags: list[Tag], simulated: bool) -> Plan:
    """Return the layout; of the labels above and below, what has no room below the data goes above it."""
    lines = [tag for tag in tags if tag.paint != "muted"]
    others = [tag for tag in tags if tag.paint == "muted"]
    below = lines[-1] if len(lines) > 1 else None
    plan = _planned(paths, wording, size, (*lines[: 1 if below else None], *others), below, simulated)
    if below and not _has_room(paths, plan.canvas, below, size):
        return _planned(paths, wording, size, (*lines, *others), None, simulated)
    return plan


def _has_room(paths: Paths, at: Canvas, tag: Tag, size: Size) -> bool:
    """Say whether a label fits under the marks and near its own line, which comparison places would part it from."""
    floor = _label_floor(paths, at, tag, size)
    near = floor - at.down(tag.end) < 110 and not paths.comparison
    return near and floor + size.line * len(tag.lines) <= at.bottom


def _planned(paths: Paths, wording: Wording, size: Size, above: tuple[Tag, ...], below: Tag | None,
             simulated: bool) -> Plan:  # fmt: skip
    top = size.tick * 1.6 + 8 if simulated else 2.0
    top += sum(size.line * len(tag.lines) for tag in above) + (6 if above else 0)
    times, values = paths.times, paths.values()
    low, high = level_range(values)
    write = value_writer(paths.measure, values, step_for(high - low, TICKS))
    left = 12 + max(text_width(write(tick), size.tick) for tick in ticks_within(low, high, TICKS))
    right = size.width - (8 if size.slim else 150)
    cut = left + (right - left) * ((paths.start or times[0]) - times[0]) / (times[-1] - times[0] + 1)
    room = min(320.0, max(cut - left, right - cut) - 10)
    heads = [(line, place == 0) for place, text in enumerate(wording.interruption.split("\n"))
             for line in wrapped(text, size.label, room, bold=place == 0, most=3)]  # fmt: skip
    heads = heads[:5] if paths.start is not None else []
    canvas = Canvas(size.width, size.height, left, right, top + size.line * len(heads) + 8, size.height - 30,
                    (times[0] - 0.5, times[-1] + 0.5), (low, high))  # fmt: skip
    return Plan(canvas, above, below, tuple(heads), top)


def _left_out(drawing: Drawing, paths: Paths, size: Size) -> None:
    """Shade the stretches that are not used, with a word each where there is room beside the last one."""
    at, taken = drawing.canvas, -1e9
    words = "Left out"
    half = text_width(words, size.tick) / 2
    for first, last in paths.left_out:
        left, right = (max(at.left, min(at.across(end), at.right)) for end in (first - 0.5, last + 0.5))
        if right <= left:
            continue
        drawing.box(left, at.top, right, at.bottom, "hair")
        middle = min(max((left + right) / 2, at.left + half), size.width - half)
        cut = at.across(paths.start - 0.5) if paths.start is not None else -1e9
        middle = cut + half + 5 if abs(middle - cut) < half + 4 else middle  # off the line of the start
        if middle - half > taken + 4:
            drawing.text(middle, at.bottom - 8, words, size.tick, "muted", anchor="middle", halo=True)
            taken = middle + half


def _value_axis(drawing: Drawing, paths: Paths, size: Size) -> None:
    """Add grid lines, each with its number on top of it at the left."""
    at = drawing.canvas
    ticks = ticks_within(*at.y, TICKS)
    write = value_writer(paths.measure, paths.values(), step_for(at.y[1] - at.y[0], TICKS))
    if len(ticks) > 1 and at.down(ticks[0]) - at.down(ticks[1]) < 2.2 * size.tick:
        ticks = ticks[::2]
    for tick in ticks:
        pixel = at.down(tick)
        if pixel < at.bottom - 1:
            drawing.stroke([(0, pixel), (at.right, pixel)], "hair", 1, under=True)
        drawing.text(0, pixel - 5, write(tick), size.tick, "muted")


def _period_axis(drawing: Drawing, paths: Paths, size: Size) -> None:
    """Add the axis, its ticks and its labels."""
    at, times = drawing.canvas, paths.times
    pixels = (at.right - at.left) / (times[-1] - times[0] + 1)
    ticks, marks = period_ticks(times[0], times[-1], paths.frequency, pixels, size.tick)
    drawing.stroke([(0, at.bottom), (at.right, at.bottom)], "muted", 1, under=True)
    for mark in [*marks, *(tick.mark for tick in ticks if tick.mark is not None)]:
        drawing.stroke([(at.across(mark), at.bottom), (at.across(mark), at.bottom + 5)], "muted", 1, under=True)
    for tick in ticks:
        middle, half = at.across(tick.at), text_width(tick.words, size.tick) / 2
        if middle + half > size.width:
            drawing.text(size.width, at.bottom + 20, tick.words, size.tick, "muted", anchor="end")
        else:
            drawing.text(middle, at.bottom + 20, tick.words, size.tick, "muted", anchor="middle")


def _intervals_and_lines(drawing: Drawing, paths: Paths) -> None:
    """Add shaded interval, fitted line before and after, and the dashed expected line."""
    low, high = drawing.canvas.y
    width = 3.0 if len(paths.times) <= 100 else 2.0
    for track in paths.treated:
        band = [(time, max(a, low), min(b, high)) for time, a, b in paths.band(track)]
        drawing.shade(_widened(band))
        fitted = track.series("fitted")
        drawing.line([pair for pair in fitted if not paths.after(pair[0])], "observed", width)
        drawing.line(_widened([pair for pair in fitted if paths.after(pair[0])]), "observed", width)
        expected = paths.expected(track)
        drawing.line(
            [*_last_before(paths, track, len(expected)), *_widened(expected)], "expected", width - 0.5, dashed=True
        )


def _last_before(paths: Paths, track: Track, after: int) -> list[Position]:
    """Return where the expected line sets out: the last fitted value before, or the last point when one follows."""
    fitted = [pair for pair in track.series("fitted") if not paths.after(pair[0])]
    observed = [pair for pair in track.series("observed") if not paths.after(pair[0])]
    return [*fitted[-1:]] if fitted else [*observed[-1:]] if after == 1 else []


def _widened(rows: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Return rows of one period only as two, to both sides of it, so that they can be seen."""
    return [(rows[0][0] + aside, *rows[0][1:]) for aside in (-0.38, 0.38)] if len(rows) == 1 else list(rows)


def _marks(drawing: Drawing, paths: Paths, size: Size) -> None:
    """Add one mark per observation: hollow before, solid after, hollow squares for comparison places."""
    at, times = drawing.canvas, paths.times
    pixels = (at.right - at.left) / (times[-1] - times[0] + 1)
    most = 3.2 if size.slim else 4.0
    radius = min(most, max(1.5, 0.9 + pixels * 0.42))
    edge, rim = (1.25, 0.75) if radius > 2.2 else (0.9, 0.3)
    for track in paths.comparison:
        drawing.points += [Point(time, value, "square", "paper", "muted", radius * 0.95, edge)
                           for time, value in track.series("observed")]  # fmt: skip
    styles = {False: ("paper", "muted", radius, edge), True: ("observed", "paper", radius, rim)}
    for track in paths.treated:
        drawing.points += [Point(time, value, "circle", *styles[paths.after(time)])
                           for time, value in track.series("observed")]  # fmt: skip


def _interruption(drawing: Drawing, paths: Paths, plan: Plan, size: Size) -> None:
    """Add the line where treatment begins, with its label on the side that has more room."""
    if paths.start is None:
        return
    at = drawing.canvas
    cut = at.across(paths.start - 0.5)
    drawing.stroke([(cut, plan.interruption_top), (cut, at.bottom)], "ink", 1.5)
    leftwards = cut - at.left >= at.right - cut
    for place, (line, bold) in enumerate(plan.interruption):
        down = plan.interruption_top + size.line * (place + 0.8)
        drawing.text(cut - 9 if leftwards else cut + 9, down, line, size.label, bold=bold, halo=True,
                     anchor="end" if leftwards else "start")  # fmt: skip


def _labels_at_right(drawing: Drawing, tags: list[Tag], size: Size) -> None:
    """Add each line's label beside its end, moved apart where they would overlap."""
    at = drawing.canvas
    heights = [size.line * len(tag.lines) + 8 for tag in tags]
    begins = spread([at.down(tag.end) - size.line * 0.75 for tag in tags], heights, 0, at.bottom + 10)
    for tag, begin in zip(tags, begins, strict=True):
        for place, (text, bold, paint) in enumerate(tag.lines):
            drawing.text(at.right + 11, begin + size.line * (place + 0.85), text, size.label, paint, bold=bold)


def _labels_above_and_below(drawing: Drawing, paths: Paths, plan: Plan, size: Size) -> None:
    """Add labels for a narrow drawing: above the data, joined to their line or with a sample of it, and below."""
    at = drawing.canvas
    baseline = plan.interruption_top - 6 - size.line * sum(len(tag.lines) for tag in plan.above)
    left = max(34.0, size.width - 2 - max((tag.width(size) for tag in plan.above), default=0))
    for tag in plan.above:
        _sample(drawing, tag, left - 8, baseline + size.line * 0.5)
        for text, bold, paint in tag.lines:
            drawing.text(left, baseline + size.line * 0.8, text, size.label, paint, bold=bold)
            baseline += size.line
    if plan.below:
        begin = _label_floor(paths, at, plan.below, size)
        for place, (text, bold, paint) in enumerate(plan.below.lines):
            down = begin + size.line * (place + 0.8)
            drawing.text(size.width - 2, down, text, size.label, paint, bold=bold, anchor="end", halo=True)


def _sample(drawing: Drawing, tag: Tag, right: float, down: float) -> None:
    """Add a short piece of the line, or the mark, that a label above the data speaks of."""
    at = drawing.canvas
    if tag.paint == "muted":
        corners = [
            (right - 7, down - 3),
            (right, down - 3),
            (right, down + 4),
            (right - 7, down + 4),
            (right - 7, down - 3),
        ]
        drawing.stroke(corners, "muted", 1.25)
    else:
        ends = [(at.x_at(right - 26), at.y_at(down)), (at.x_at(right), at.y_at(down))]
        drawing.line(ends, tag.paint, 2.5, dashed=tag.dashed)


def _label_floor(paths: Paths, at: Canvas, tag: Tag, size: Size) -> float:
    """Return the pixel below every mark that the label would otherwise cover."""
    left = size.width - 2 - tag.width(size)
    marks: Iterable[Position] = (
        (time, value)
        for track in paths.tracks
        for pairs in (track.series("observed"), track.series("fitted"), paths.expected(track))
        for time, value in pairs
    )
    return max((at.down(value) for time, value in marks if at.across(time) >= left - 6), default=at.top) + 8
