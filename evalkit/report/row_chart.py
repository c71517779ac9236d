"""Changes with their intervals, a row each: read from the analyses, laid out, and told in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from evalkit.records import Analysis, Estimate
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.ladder import in_points
from evalkit.report.numbers import Shown, decimals_for, estimate_text, interval_text, signed, signed_percent
from evalkit.report.scales import change_range, finite, is_finite, step_for, ticks_within


@dataclass(frozen=True)
class Row:
    """One analysis: its label, mark (ring or diamond), estimate on the common scale, and the estimate in words.

    `value` is None when the analysis has no estimate on the scale of the others; its words are printed all the same.
    """

    label: str
    shape: str
    strong: bool
    value: float | None
    low: float | None
    high: float | None
    words: str
    outer: tuple[float | None, float | None] = (None, None)
    """Ends of a wider interval, drawn thin: that which holds for several rows at once."""


@dataclass(frozen=True)
class Rows:
    """All rows, whether they are in percent, the confidence level of the intervals, and what a row is."""

    rows: tuple[Row, ...]
    percent: bool
    level: float
    unit: str
    head: str = "Analysis"
    outer: str = ""
    """What the wider intervals are, in words; empty where there are none."""

    @property
    def ends(self) -> tuple[float, float]:
        """Return the ends of the common scale."""
        bounds = finite(bound for row in self.rows if row.value is not None
                        for bound in (row.low, row.high, *row.outer))  # fmt: skip
        values = finite(row.value for row in self.rows)
        low, high = change_range(values, bounds, floor=-100.0 if self.percent else -math.inf)
        if any(row.low == -math.inf for row in self.rows):
            low = max(min(low, -0.5 * high), -100.0 if self.percent else -math.inf)
        if any(row.high == math.inf for row in self.rows):
            high = max(high, -0.5 * low)
        return low, high

    def notes(self, lines_named: bool) -> list[str]:
        """Return what a reader must be told about the marks; `lines_named` when the lines are explained already."""
        low, high = self.ends
        beyond = any(
            _beyond(row.low, low, high) or _beyond(row.high, low, high) for row in self.rows if is_finite(row.value)
        )
        drawn = any(row.low is not None and row.high is not None for row in self.rows)
        lines = f"Thick lines: {self.level * 100:g}% interval of each by itself. Thin lines: {self.outer}."
        lines = lines if self.outer else f"Lines: {self.level * 100:g}% interval."
        notes = [] if lines_named or not drawn else [lines]
        notes += ["An arrow: the interval goes beyond the scale."] if beyond else []
        notes += ["A row without a mark is in another unit."] if any(row.value is None for row in self.rows) else []
        return notes

    def tick(self, value: float, step: float) -> str:
        """Return a tick label: +10%, or +1.5."""
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        return signed_percent(value, decimals) if self.percent else signed(value, decimals)


def read_rows(analyses: Sequence[Analysis], labels: Mapping[str, str],
              mark: Callable[[Analysis], tuple[str, bool]]) -> Rows:  # fmt: skip
    """Return a row per analysis, in percent where the first one is, otherwise in the outcome's own unit."""
    percent = bool(analyses) and _in_percent(analyses[0]) is not None
    rows = []
    for analysis in analyses:
        estimate = _in_percent(analysis)
        if not percent:
            estimate = None if analysis.result.effect.scale == "log" else _in_unit(analysis)
        shape, strong = mark(analysis)
        label = labels.get(analysis.id, analysis.label)
        if estimate is None:
            rows.append(Row(label, shape, strong, None, None, None, _other_words(analysis, not percent)))
        else:
            words = _percent_words(estimate) if percent else _unit_words(estimate)
            rows.append(Row(label, shape, strong, estimate.value, estimate.low, estimate.high, words))
    level = analyses[0].result.effect.level if analyses else 0.95
    return Rows(tuple(rows), percent, level, _in_unit(analyses[0]).unit if analyses else "")


def widened(rows: Rows, wider: Sequence[Analysis | None], words: str) -> Rows:
    """Return rows with a second, wider interval each, where there is one; `words` say what it is."""
    if not words:
        return rows
    ends: list[tuple[float | None, float | None]] = []
    for analysis in wider:
        found = analysis and (_in_percent(analysis) if rows.percent else _in_unit(analysis))
        ends.append((found.low, found.high) if found else (None, None))
    pairs = zip(rows.rows, ends, strict=True)
    return replace(rows, rows=tuple(replace(row, outer=end) for row, end in pairs), outer=words)


def row_table(rows: Rows) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text."""
    head = (rows.head, "Change" if rows.percent else f"Difference{f', {rows.unit}' if rows.unit else ''}")
    body = []
    for row in rows.rows:
        value, interval = row.words.removesuffix(")").split(" (", 1)
        wider = [Shown(_wider(row, rows.percent) or "none", *row.outer)] if rows.outer else []
        body.append((row.label, Shown(value, row.value), Shown(interval, row.low, row.high), *wider))
    return ((*head, f"{rows.level * 100:g}% interval", *(["Adjusted interval"] if rows.outer else [])), *body)


def _wider(row: Row, percent: bool) -> str:
    """Return the wider interval of a row in words; empty where it has none."""
    if None in row.outer:
        return ""
    return interval_text(*row.outer) if percent else interval_text(*row.outer, lambda x: signed(x, 2))


def describe_rows(rows: Rows) -> str:
    """Return each row in words, in order."""
    count = len(rows.rows)
    one, several = ("One row", f"{count} rows") if rows.head != "Analysis" else (
        "One analysis", f"{count} analyses, one row each")  # fmt: skip
    start = one if count == 1 else several
    told = [(row, _wider(row, rows.percent)) for row in rows.rows]
    return f"{start}. " + "; ".join(
        f"{row.label}: {row.words}{f', adjusted {wider}' if wider else ''}" for row, wider in told) + "."


def draw_rows(rows: Rows, heads: tuple[str, str], size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: labels left (on telephones above), marks on a common scale, numbers right."""
    most = 132.0 if size.slim else 176.0
    figures = [_number_lines(row, size, most) for row in rows.rows]
    numbers = 16 + max(text_width(line, size.label, bold=row.strong)
                       for row, lines in zip(rows.rows, figures, strict=True) for line in lines)  # fmt: skip
    left = 8.0 if size.slim else 276.0
    label_room = size.width - 4 if size.slim else left - 16
    texts = [wrapped(row.label, size.label, label_room, bold=row.strong) for row in rows.rows]
    heights = [size.line * (len(text) + len(lines)) + 18 if size.slim else size.line * max(len(text), len(lines)) + 13
               for text, lines in zip(texts, figures, strict=True)]  # fmt: skip
    heads = (f"← {heads[0]}" if heads[0] else "", f"{heads[1]} →" if heads[1] else "")
    top = (size.tick * 1.6 + 8 if simulated else 0) + size.line + 10
    bottom = top + sum(heights)
    right = max(size.width - numbers, left + 120)
    canvas = Canvas(size.width, bottom + 30, left, right, 0, bottom + 30, rows.ends, (-(bottom + 30), 0))
    drawing = Drawing(canvas)
    if simulated:
        drawing.simulated_mark(size.tick)
    spans, head = [], top - 12
    for text, height in zip(texts, heights, strict=True):
        spans.append((top + size.line * len(text) + 2, top + height - 6) if size.slim else (top, top + height))
        top += height
    _scale(drawing, rows, heads, size, spans, head, bottom)
    for row, text, lines, span in zip(rows.rows, texts, figures, spans, strict=True):
        _row_words(drawing, row, text, lines, size, span)
        _row_marks(drawing, row, (span[0] + span[1]) / 2)
    return drawing


def _number_lines(row: Row, size: Size, room: float) -> list[str]:
    """Return the estimate in one line, or with its interval on a line of its own."""
    if text_width(row.words, size.label, bold=row.strong) <= room:
        return [row.words]
    value, _, interval = row.words.partition(" (")
    return [line for text in (value, f"({interval}") for line in wrapped(text, size.label, room, bold=row.strong)]


def _scale(drawing: Drawing, rows: Rows, heads: tuple[str, str], size: Size, spans: Sequence[tuple[float, float]],
           head: float, bottom: float) -> None:  # fmt: skip
    """Add grid lines, the line at zero, tick labels below and what the two sides mean above."""
    at = drawing.canvas
    widest = max(text_width(rows.tick(end, step_for(at.x[1] - at.x[0], 5)), size.tick) for end in at.x) + 14
    pixels = (at.right - at.left) / (at.x[1] - at.x[0])
    about = next((n for n in range(6, 1, -1) if step_for(at.x[1] - at.x[0], n) * pixels >= widest), 2)
    step = step_for(at.x[1] - at.x[0], about)
    for tick in ticks_within(*at.x, about):
        pixel, zero = at.across(tick), abs(tick) < step / 2
        for begin, end in spans if size.slim else [(spans[0][0], bottom)]:
            drawing.stroke([(pixel, begin), (pixel, end)], "ink" if zero else "hair", 1.25 if zero else 1, under=True)
        words = rows.tick(0.0 if zero else tick, step)
        half = text_width(words, size.tick) / 2
        drawing.text(max(pixel, half), bottom + 20, words, size.tick, "muted", anchor="middle")
    middle = at.across(0)
    inside = _fits(heads[0], size, middle)
    drawing.text(middle - 8 if inside else 0, head, heads[0], size.tick, bold=True, anchor="end" if inside else "start")
    drawing.text(
        max(middle + 8, 0 if inside else text_width(heads[0], size.tick, bold=True) + 16),
        head,
        heads[1],
        size.tick,
        bold=True,
    )


def _fits(words: str, size: Size, zero: float) -> bool:
    return text_width(words, size.tick, bold=True) <= zero - 8


def _row_words(drawing: Drawing, row: Row, text: Sequence[str], lines: Sequence[str], size: Size,
               span: tuple[float, float]) -> None:  # fmt: skip
    """Add label and number of one row."""
    middle = (span[0] + span[1]) / 2
    begin = span[0] - 2 - size.line * len(text) if size.slim else middle - size.line * len(text) / 2
    for place, line in enumerate(text):
        drawing.text(0, begin + size.line * (place + 0.78), line, size.label, bold=row.strong)
    for place, line in enumerate(lines):
        down = middle + size.line * (place - (len(lines) - 1) / 2) + size.label * 0.36
        drawing.text(size.width, down, line, size.label, bold=row.strong, anchor="end")


def _row_marks(drawing: Drawing, row: Row, middle: float) -> None:
    """Add interval, arrows and mark of one row."""
    at = drawing.canvas
    if row.value is None or not math.isfinite(row.value):
        return
    paint = "observed" if row.shape == "diamond" else "muted"
    thin = (_clipped(row.outer[0], *at.x, -1), _clipped(row.outer[1], *at.x, 1))
    if thin[0] is not None and thin[1] is not None:
        drawing.line([(thin[0], at.y_at(middle)), (thin[1], at.y_at(middle))], paint, 1.0)
    low, high = (_clipped(row.low, *at.x, -1), _clipped(row.high, *at.x, 1))
    if low is not None and high is not None:
        drawing.line([(low, at.y_at(middle)), (high, at.y_at(middle))], paint, 2.5)
    for bound, end, shape in ((row.low, low, "left"), (row.high, high, "right")):
        if end is not None and _beyond(bound, *at.x):
            drawing.points.append(Point(end, at.y_at(middle), shape, paint, paint, 4.5, 0.5))
    if row.shape == "diamond":
        drawing.points.append(Point(row.value, at.y_at(middle), "diamond", "observed", "paper", 5.6, 0.75))
    else:
        drawing.points.append(Point(row.value, at.y_at(middle), "circle", "paper", "muted", 4.6, 2.0))


def _in_percent(analysis: Analysis) -> Estimate | None:
    """Return the change in percent: the stored one, or a log ratio read as a percentage."""
    if analysis.result.relative is not None:
        return analysis.result.relative
    return analysis.result.effect.percent() if analysis.result.effect.scale == "log" else None


def _in_unit(analysis: Analysis) -> Estimate:
    """Return the change in the outcome's own unit; of a share in percentage points where it is given in them."""
    absolute = analysis.result.absolute
    return absolute if absolute is not None and in_points(absolute) else analysis.result.effect


def _percent_words(estimate: Estimate) -> str:
    return estimate_text(estimate.value, estimate.low, estimate.high)


def _unit_words(estimate: Estimate) -> str:
    """Return a difference and its interval with as many decimals as its size deserves."""
    sizes = [abs(number) for number in finite((estimate.value, estimate.low, estimate.high)) if number]
    decimals = max(0, decimals_for(max(sizes, default=1.0)) - 1)
    interval = interval_text(estimate.low, estimate.high, lambda x: signed(x, decimals))
    return f"{signed(estimate.value, decimals)} ({interval})"


def _other_words(analysis: Analysis, percent: bool) -> str:
    """Return the estimate of an analysis that is not on the scale of the others."""
    estimate = _in_percent(analysis) if percent else None
    if estimate is not None:
        return _percent_words(estimate)
    effect = analysis.result.effect
    return _unit_words(effect).replace(" (", f" {effect.unit} (", 1) if effect.unit else _unit_words(effect)


def _beyond(bound: float | None, low: float, high: float) -> bool:
    return bound is not None and not low <= bound <= high


def _clipped(bound: float | None, low: float, high: float, side: int) -> float | None:
    """Return where an interval ends on the scale; None when the bound is not known."""
    if bound is None or math.isnan(bound):
        return None
    return min(max(bound, low), high) if math.isfinite(bound) else (low if side < 0 else high)
