"""A change at each of many dates with one of them marked: pretend starts beside the true one, possible baselines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.errors import EvalkitError
from evalkit.periods import describe_period, parse_period
from evalkit.records import Analysis, Baseline, Placebo
from evalkit.report.changes import as_change, is_percent, level_of
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, Writer, decimals_for, interval_text, number, signed, signed_percent
from evalkit.report.other_data import distinct_baselines
from evalkit.report.period_axis import draw_periods
from evalkit.report.scales import finite, is_finite, step_for, ticks_within
from evalkit.report.words import interval_label


@dataclass(frozen=True)
class Dot:
    """The change at one date: its period as an integer, its words in the table, whether it is the marked one."""

    time: int
    label: str
    change: Change
    marked: bool


@dataclass(frozen=True)
class Dots:
    """All that the chart draws.

    Attributes
    ----------
    dots : tuple of Dot
        By date.
    frequency, unit : str
        Length of a period; what the numbers are in.
    heads : (str, str)
        Heading of the first column of the table, and words for the marked date.
    """

    dots: tuple[Dot, ...]
    frequency: str
    unit: str
    heads: tuple[str, str]

    @property
    def percent(self) -> bool:
        """True when the changes are in percent."""
        return is_percent(self.unit)

    @property
    def marked(self) -> Dot | None:
        """The marked date; None when there is none."""
        return next((dot for dot in self.dots if dot.marked), None)

    @property
    def changes(self) -> list[Change]:
        """The changes, by date."""
        return [dot.change for dot in self.dots]

    @property
    def ends(self) -> tuple[float, float]:
        """Return bottom and top of the scale: zero, every value and the marked interval are on it.

        Other intervals are cut at half as far again as that, so that wide ones at the ends do not press all flat.
        """
        shown = [0.0, *finite(change.value for change in self.changes)]
        if self.marked:
            largest = max(abs(value) for value in shown)
            own = finite((self.marked.change.low, self.marked.change.high))
            shown += [min(max(bound, -3 * largest), 3 * largest) for bound in own]
        reach = 1.5 * max(abs(value) for value in shown) or 1.0
        bounds = [bound for change in self.changes for bound in (change.low, change.high) if bound is not None]
        shown += [min(max(bound, -reach), reach) for bound in bounds]
        low, high = min(shown), max(shown)
        pad = 0.04 * ((high - low) or 1.0)
        return (max(-100.0, low - pad) if self.percent and low >= -100 else low - pad), high + pad

    def notes(self) -> list[str]:
        """Return what a reader must be told about the marks."""
        low, high = self.ends
        name = interval_label(self.dots[0].change.level)
        known = any(change.low is not None for change in self.changes)
        beyond = any(bound is not None and not low <= bound <= high
                     for change in self.changes for bound in (change.low, change.high))  # fmt: skip
        return ([f"Lines: {name}, for each alone."] if known else []) + (
            ["Some intervals go beyond the scale."] if beyond else []
        )

    def write(self, step: float | None = None) -> Writer:
        """Return how a change is written: in percent to one decimal, or with about three figures."""
        if self.percent:
            return lambda x: signed_percent(x, 1 if step is None else _decimals(step))
        largest = max((abs(dot.change.value) for dot in self.dots), default=1.0)
        decimals = decimals_for(largest) if step is None else _decimals(step)
        return lambda x: signed(x, decimals)


def placebo_dots(analysis: Analysis) -> Dots | None:
    """Return the pretend starts and the true one; None where fewer than two pretend starts can be placed in time."""
    dots = list(_dots(analysis, ((p.period, p.period, p, p.true) for p in analysis.result.placebos if p.period)))
    if sum(not dot.marked for dot in dots) < 2:
        return None
    unit = next(p.measure for p in analysis.result.placebos if p.period)
    return Dots(_sorted(dots), analysis.frequency, unit, ("Start", "True start"))


def baseline_dots(analysis: Analysis) -> Dots | None:
    """Return the change against each possible window before, by its first period; None with fewer than three."""
    baselines = distinct_baselines(analysis)
    dots = list(_dots(analysis, ((b.first, b.window, b, b.registered) for b in baselines)))
    if len(dots) < 3:
        return None
    heads = ("Window before", "The window of this study")
    return Dots(_sorted(dots), analysis.frequency, baselines[0].measure, heads)


def dots_table(dots: Dots) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text; the marked date says what it is."""
    write = dots.write()
    head = "Change" if dots.percent else f"Change, {dots.unit}".removesuffix(", ")
    known = any(dot.change.low is not None for dot in dots.dots)
    header = (dots.heads[0], head) + ((interval_label(dots.dots[0].change.level).capitalize(),) if known else ())
    rows = []
    for dot in dots.dots:
        change = dot.change
        label = f"{dot.label} ({dots.heads[1][:1].lower()}{dots.heads[1][1:]})" if dot.marked else dot.label
        row: tuple[str, ...] = (label, Shown(write(change.value), change.value))
        text = "not known" if change.low is None else interval_text(change.low, change.high, _bare(dots))
        rows.append((*row, Shown(text, change.low, change.high)) if known else row)
    return (header, *rows)


def describe_dots(dots: Dots) -> str:
    """Return what the chart shows, in sentences."""
    write, others = dots.write(), [dot for dot in dots.dots if not dot.marked]
    values = [dot.change.value for dot in others]
    first, last = (describe_period(dot.time, dots.frequency) for dot in (dots.dots[0], dots.dots[-1]))
    parts = [f"{len(others)} dots between {first} and {last}, from {write(min(values))} to {write(max(values))}.",
             *_sides(others), _intervals(others)]  # fmt: skip
    if dots.marked:
        change = dots.marked.change
        bounds = f" ({interval_text(change.low, change.high, _bare(dots))})" if change.low is not None else ""
        parts.append(f"{dots.heads[1]}, {dots.marked.label}: {write(change.value)}{bounds}.")
    return " ".join(parts)


def _sides(dots: Sequence[Dot]) -> list[str]:
    """Return how many of the dots lie below and above zero."""
    below, above = (sum(dot.change.value * sign > 0 for dot in dots) for sign in (-1, 1))
    return [f"{number(below)} below zero, {number(above)} above."]


def _intervals(dots: Sequence[Dot]) -> str:
    """Return how many have an interval, and how many of these leave out zero."""
    known = [dot.change for dot in dots if dot.change.low is not None and dot.change.high is not None]
    if not known:
        return "None has an interval."
    clear = sum(change.side != "across" for change in known)
    which = "Each has" if len(known) == len(dots) else f"{number(len(known))} of them have"
    return f"{which} an interval; {number(clear)} of these intervals {'leaves' if clear == 1 else 'leave'} out zero."


def draw_dots(dots: Dots, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: rings for the other dates, a diamond with its interval for the marked one."""
    times = [dot.time for dot in dots.dots]
    low, high = dots.ends
    ticks, step = ticks_within(low, high, 5), step_for(high - low, 5)
    write = dots.write(step)
    left = 12 + max(text_width(write(tick), size.tick) for tick in ticks)
    top, height = (size.tick * 1.6 + 8 if simulated else 2) + size.line + 8, size.height * 0.82
    pad = max(0.6, (times[-1] - times[0]) * 0.015)
    drawing = Drawing(Canvas(size.width, height, left, size.width - 10, top, height - 30,
                             (times[0] - pad, times[-1] + pad), (low, high)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    for tick in ticks:
        zero, pixel = abs(tick) < step / 2, drawing.canvas.down(tick)
        drawing.stroke([(left - 4, pixel), (size.width - 10, pixel)], "ink" if zero else "hair", 1.25 if zero else 1,
                       under=True)  # fmt: skip
        drawing.text(left - 9, pixel + size.tick * 0.35, write(0.0 if zero else tick), size.tick, "muted", anchor="end")
    draw_periods(drawing, dots.dots[0].time, dots.dots[-1].time, dots.frequency, size)
    _mark(drawing, dots, size)
    _dot_marks(drawing, dots)
    return drawing


def _mark(drawing: Drawing, dots: Dots, size: Size) -> None:
    """Add a thin line at the marked date with its words."""
    if dots.marked is None:
        return
    at, dot = drawing.canvas, dots.marked
    cut = at.across(dot.time)
    drawing.stroke([(cut, at.top), (cut, at.bottom)], "ink", 1, under=True)
    leftwards = cut - at.left >= at.right - cut
    room = (cut - at.left if leftwards else at.right - cut) - 4
    words = wrapped(dots.heads[1], size.label, max(room, 90), bold=True, most=1)[0]
    drawing.text(cut + (4 if leftwards else -4), at.top - size.line * 0.35, words, size.label, bold=True,
                 anchor="end" if leftwards else "start")  # fmt: skip


def _dot_marks(drawing: Drawing, dots: Dots) -> None:
    """Add intervals and marks, the marked date last so that it lies on top."""
    at = drawing.canvas
    room = (at.right - at.left) / (at.x[1] - at.x[0])
    radius = min(4.0, max(1.9, room * 0.42))
    width = 0.75 if room > 3 else 0.4
    for dot in sorted(dots.dots, key=lambda dot: dot.marked):
        low, high = dot.change.low, dot.change.high
        paint = "observed" if dot.marked else "muted"
        if low is not None and high is not None:
            ends = [(dot.time, min(max(bound, at.y[0]), at.y[1])) for bound in (low, high)]
            drawing.line(ends, paint, 2.5 if dot.marked else width)
        style = ("diamond", "observed", "paper", 5.6, 0.75) if dot.marked else ("circle", "paper", "muted", radius, 1.1)
        drawing.points.append(Point(dot.time, dot.change.value, *style))


def _dots(analysis: Analysis, rows: Iterable[tuple[str, str, Placebo | Baseline, bool]]) -> Iterable[Dot]:
    """Yield a dot for each row whose date is a period and whose value can be drawn."""
    for period, label, record, marked in rows:
        if not is_finite(record.value):
            continue
        try:
            time = parse_period(period, analysis.frequency)
        except EvalkitError:
            continue
        words = describe_period(time, analysis.frequency) if label == period else label
        change = as_change(record.value, record.low, record.high, record.measure, level_of(analysis))
        yield Dot(time, words, change, marked)


def _sorted(dots: Iterable[Dot]) -> tuple[Dot, ...]:
    return tuple(sorted(dots, key=lambda dot: (dot.time, dot.marked)))


def _bare(dots: Dots) -> Writer:
    """Return how one bound is written: in percent without its sign, as tables of the page do."""
    return (lambda x: signed(x, 1)) if dots.percent else dots.write()


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))
