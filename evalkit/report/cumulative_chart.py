"""Events so far against what was expected: read from a result, put into words, laid out as a chart.

The records count expected less observed. Where more is better the sign is turned, so that up is always the way that
the outcome calls better, and every heading says which way is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from evalkit.periods import describe_period, parse_period, words_for
from evalkit.records import Analysis
from evalkit.report.cautions import inside
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.ladder import Change
from evalkit.report.numbers import Shown, interval_text, number
from evalkit.report.scales import finite, is_finite, period_ticks, step_for, ticks_within
from evalkit.report.words import about, interval_label, less_more


@dataclass(frozen=True)
class Total:
    """Events up to a period: the sum, its bounds for this period alone, and its bounds for all periods at once."""

    time: int
    value: float
    low: float | None
    high: float | None
    simultaneous_low: float | None
    simultaneous_high: float | None


@dataclass(frozen=True)
class Totals:
    """All that the chart draws, turned so that up is better.

    Attributes
    ----------
    points : tuple of Total
        By period.
    words : str
        What a positive number counts: `Fewer than expected`.
    noun : str
        What is counted: `people`; empty when it is not known.
    frequency : str
    level : float
        Confidence level of the bounds.
    fitted : str
        The total that the first side gives, where it is printed as another number: `4,200 (2,900 to 5,400)`.
    """

    points: tuple[Total, ...]
    words: str
    noun: str
    frequency: str
    level: float
    fitted: str = ""

    @property
    def bands(self) -> tuple[tuple[tuple[int, float, float], ...], ...]:
        """Return the interval for all periods at once and the one for each alone, by period; unknown ones left out."""
        return tuple(
            tuple((point.time, low, high) for point in self.points
                  for low, high in [(getattr(point, f"{name}low"), getattr(point, f"{name}high"))]
                  if low is not None and high is not None and not (math.isnan(low) or math.isnan(high)))
            for name in ("simultaneous_", "")
        )  # fmt: skip

    @property
    def ends(self) -> tuple[float, float]:
        """Return bottom and top of the scale; zero is on it, a bound far beyond the rest is not."""
        together, alone = self.bands
        values = [abs(point.value) for point in self.points]
        near = finite(bound for _, *pair in alone for bound in pair)
        reach = 2.5 * max([*values, *(min(abs(bound), 4 * max(values)) for bound in near)]) or 1.0
        bounds = [min(max(bound, -reach), reach) for band in (together, alone) for _, *pair in band for bound in pair]
        shown = [0.0, *(point.value for point in self.points), *bounds]
        low, high = min(shown), max(shown)
        pad = 0.06 * ((high - low) or 1.0)
        return low - pad, high + pad

    @property
    def beyond(self) -> bool:
        """True when a bound lies beyond the scale."""
        low, high = self.ends
        return any(not low <= bound <= high for band in self.bands for _, *pair in band for bound in pair)

    @property
    def _apart(self) -> str:
        return f", about {self.fitted}" if self.fitted else ""

    def notes(self) -> list[str]:
        """Return what a reader must be told about the marks."""
        level, noun = interval_label(self.level), words_for(self.frequency)
        together, alone = self.bands
        single = f"What was observed is added up, with the chance of each single {noun}"
        notes = [f"{single}; a total in the headline is that of the fitted line{self._apart}."]
        if alone and together:
            notes.insert(0, f"Darker: {level} for each {noun} alone. Lighter: for all at once.")
        elif alone or together:
            notes.insert(0, f"Shaded: {level} for {f'each {noun} alone' if alone else 'all at once'}.")
        else:
            notes = ["There is no interval."]
        return notes + (["The interval goes beyond the scale."] if self.beyond else [])


def _of_the_fitted(analysis: Analysis, last: Total) -> str:
    """Return the total of the fitted line, where as printed it is another than that of what was observed."""
    averted = analysis.result.averted
    if averted is None or averted.low is None or averted.high is None or not math.isfinite(averted.low + averted.high):
        return ""
    if about(averted.value) == about(last.value):
        return ""
    ends = sorted((abs(averted.low), abs(averted.high)))
    between = f" ({about(ends[0], averted.value)} to {about(ends[1])})" if averted.low * averted.high > 0 else ""
    return f"{about(averted.value)}{between}"


def more_is_better(analysis: Analysis) -> bool:
    """Say whether the outcome calls more of it better."""
    return analysis.outcome.better == "higher"


def totals_words(analysis: Analysis) -> str:
    """Return what a positive total counts: `Fewer than expected`, or `More than expected` where more is better."""
    return f"{less_more('count')[more_is_better(analysis)].capitalize()} than expected"


def counted_noun(analysis: Analysis) -> str:
    """Return what totals count: the outcome's unit where it is counted, otherwise that of the events averted."""
    averted = analysis.result.averted
    unit = analysis.outcome.unit if analysis.outcome.kind == "count" else ""
    return inside(unit or (averted.unit if averted else "") or "events")


def read_totals(analysis: Analysis) -> Totals:
    """Return the running total of an analysis, by period.

    Raises
    ------
    ValueError
        When it has none: an empty chart is never drawn.
    """
    points = [Total(parse_period(point.period, analysis.frequency), point.value, point.low, point.high,
                    point.simultaneous_low, point.simultaneous_high)
              for point in analysis.result.cumulative if is_finite(point.value)]  # fmt: skip
    if not points:
        raise ValueError(f"analysis {analysis.id!r} has no running total to draw")
    if more_is_better(analysis):
        points = [_turned(point) for point in points]
    points.sort(key=lambda point: point.time)
    return Totals(tuple(points), totals_words(analysis), counted_noun(analysis), analysis.frequency,
                  analysis.result.effect.level, _of_the_fitted(analysis, points[-1]))  # fmt: skip


def totals_message(analysis: Analysis) -> str:
    """Return the message of the chart: `By December 1984, about 5,300 fewer people than expected (2,800 to 7,900)`."""
    points = [point for point in analysis.result.cumulative if is_finite(point.value)]
    last = max(points, key=lambda point: parse_period(point.period, analysis.frequency))
    by = f"By {describe_period(parse_period(last.period, analysis.frequency), analysis.frequency)}"
    noun = counted_noun(analysis)
    if last.value == 0 and last.low is None:
        return f"{by}, as many {noun} as expected, with no interval"
    size = f"about {about(last.value)} {_word(-last.value)} {noun} than expected"
    if last.low is None or last.high is None or math.isnan(last.low) or math.isnan(last.high):
        return f"{by}, {size}, with no interval"
    change = Change(-last.value, -last.high, -last.low, percent=False)
    if change.side == "across":
        return f"{by}, the total cannot be told from none ({_end(-last.low)} to {_end(-last.high)})"
    near, far = sorted((abs(last.low), abs(last.high)))
    ends = f"{about(near)} or more" if math.isinf(far) else f"{about(near)} to {about(far)}"
    return f"{by}, {size} ({ends})"


def totals_table(totals: Totals) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text."""
    level = interval_label(totals.level)
    noun = f", {totals.noun}" if totals.noun else ""
    together, alone = totals.bands
    header = ["Up to", f"{totals.words} so far{noun}"]
    header += [f"{level}, this {words_for(totals.frequency)} alone"] if alone else []
    header += [f"{level}, all at once"] if together else []
    rows = []
    for point in totals.points:
        row = [describe_period(point.time, totals.frequency), Shown(_sized(point.value), point.value)]
        row += [_interval(point.low, point.high)] if alone else []
        row += [_interval(point.simultaneous_low, point.simultaneous_high)] if together else []
        rows.append(tuple(row))
    return (tuple(header), *rows)


def describe_totals(totals: Totals) -> str:
    """Return what the chart shows, in sentences, every number from the records."""
    first, last = totals.points[0], totals.points[-1]
    noun = f" {totals.noun}" if totals.noun else ""
    when = describe_period(last.time, totals.frequency)
    parts = [f"{totals.words}, added up from {describe_period(first.time, totals.frequency)} to {when}."]
    parts.append(f"At the end: {_sized(last.value)}{noun}.")
    if last.low is not None and last.high is not None:
        parts.append(f"Interval for that {words_for(totals.frequency)} alone: {_text(last.low, last.high)}.")
    if last.simultaneous_low is not None and last.simultaneous_high is not None:
        parts.append(f"For all at once: {_text(last.simultaneous_low, last.simultaneous_high)}.")
    if totals.fitted:
        parts.append(f"The headline counts expected less fitted, about {totals.fitted}; this counts what was observed.")
    return " ".join(parts)


def draw_totals(totals: Totals, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: two shaded intervals, the total as a line, and the line of no difference."""
    times = [point.time for point in totals.points]
    low, high = totals.ends
    ticks = ticks_within(low, high, 5)
    step = step_for(high - low, 5)
    left = 12 + max(text_width(_tick(tick, step), size.tick) for tick in ticks)
    top = (size.tick * 1.6 + 8 if simulated else 2) + size.line + 10
    drawing = Drawing(Canvas(size.width, size.height * 0.86, left, size.width - (8 if size.slim else 150), top,
                             size.height * 0.86 - 30, (times[0] - 0.7, times[-1] + 0.5), (low, high)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    _axes(drawing, totals, size, ticks, step)
    _bands(drawing, totals)
    line = [(times[0] - 0.7, 0.0), *((point.time, point.value) for point in totals.points)]
    drawing.line(line, "observed", 2.5)
    end = totals.points[-1]
    drawing.points.append(Point(end.time, end.value, "circle", "observed", "paper", 4.6, 0.75))
    if not size.slim:
        _end_label(drawing, totals, size)
    return drawing


def _axes(drawing: Drawing, totals: Totals, size: Size, ticks: list[float], step: float) -> None:
    at = drawing.canvas
    noun = f", {totals.noun}" if totals.noun else ""
    head = wrapped(f"↑ {totals.words}{noun}", size.tick, size.width - 8, bold=True, most=1)[0]
    drawing.text(0, at.top - size.line * 0.45, head, size.tick, bold=True)
    for tick in ticks:
        zero, pixel = abs(tick) < step / 2, at.down(tick)
        drawing.stroke([(at.left - 4, pixel), (at.right, pixel)], "ink" if zero else "hair", 1.5 if zero else 1,
                       under=not zero)  # fmt: skip
        drawing.text(at.left - 9, pixel + size.tick * 0.35, _tick(0.0 if zero else tick, step), size.tick, "muted",
                     anchor="end")  # fmt: skip
    first, last = totals.points[0].time, totals.points[-1].time
    labels, marks = period_ticks(first, last, totals.frequency, (at.right - at.left) / (last - first + 1), size.tick)
    drawing.stroke([(at.left, at.bottom), (at.right, at.bottom)], "muted", 1, under=True)
    for mark in [*marks, *(label.mark for label in labels if label.mark is not None)]:
        if mark >= at.x[0]:
            drawing.stroke([(at.across(mark), at.bottom), (at.across(mark), at.bottom + 5)], "muted", 1, under=True)
    for label in labels:
        half = text_width(label.words, size.tick) / 2
        middle = min(max(at.across(label.at), half), size.width - half)
        drawing.text(middle, at.bottom + 20, label.words, size.tick, "muted", anchor="middle")


def _bands(drawing: Drawing, totals: Totals) -> None:
    """Add the interval for all periods at once in the light shade, that for each alone in the deep one, with edges.

    The edges carry the meaning again where a shade alone would be too faint: dashed for all at once.
    """
    low, high = drawing.canvas.y
    for band, paint, dashed in zip(totals.bands, ("band", "deep"), (True, False), strict=True):
        clipped: list[tuple[float, float, float]] = [
            (time, min(max(a, low), high), min(max(b, low), high)) for time, a, b in band
        ]
        ends = clipped if len(clipped) != 1 else [(clipped[0][0] + aside, *clipped[0][1:]) for aside in (-0.3, 0.3)]
        drawing.shade(ends, paint)
        for place in (1, 2):
            drawing.line([(row[0], row[place]) for row in ends], "expected", 1, dashed=dashed)


def _end_label(drawing: Drawing, totals: Totals, size: Size) -> None:
    """Add the last total and its interval at the end of the line, kept inside the drawing."""
    at, end = drawing.canvas, totals.points[-1]
    lines = [(_sized(end.value), True)]
    if end.low is not None and end.high is not None:
        lines += [(text, False) for text in wrapped(f"({_text(end.low, end.high)})", size.label, 136)]
    top = min(max(at.down(end.value) - size.line * len(lines) / 2, at.top), at.bottom - size.line * len(lines))
    for place, (text, bold) in enumerate(lines):
        drawing.text(at.right + 11, top + size.line * (place + 0.8), text, size.label, "observed" if bold else "ink",
                     bold=bold)  # fmt: skip


def _turned(point: Total) -> Total:
    """Return the point with the sign of every number turned, its bounds still in order."""

    def minus(x: float | None) -> float | None:
        return None if x is None else -x

    return replace(point, value=-point.value, low=minus(point.high), high=minus(point.low),
                   simultaneous_low=minus(point.simultaneous_high),
                   simultaneous_high=minus(point.simultaneous_low))  # fmt: skip


def _word(difference: float) -> str:
    return less_more("count")[difference > 0]


def _end(difference: float) -> str:
    """Return one bound of observed less expected in words: `1,200 fewer`, `300 more`, `more without limit`."""
    if difference == 0:
        return "none"
    return (
        f"{_word(difference)} without limit" if math.isinf(difference) else f"{about(difference)} {_word(difference)}"
    )


def _sized(value: float | None) -> str:
    return number(value, 0 if value is None or abs(value) >= 10 else 1)


def _interval(low: float | None, high: float | None) -> str:
    return Shown("" if low is None and high is None else _text(low, high), low, high)


def _text(low: float | None, high: float | None) -> str:
    return interval_text(low, high, _sized)


def _tick(value: float, step: float) -> str:
    return number(value, max(0, -math.floor(math.log10(step) + 1e-9)))
