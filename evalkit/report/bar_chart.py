"""Bars on one scale of pounds, a row each: labels left (on telephones above), amounts right."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.report.drawing import Band, Canvas, Drawing, Size, text_width, wrapped
from evalkit.report.money_scale import money_ticks, padded
from evalkit.report.scales import step_for, ticks_within


@dataclass(frozen=True)
class Piece:
    """A stretch of a bar from `start` to `end` in pounds, with a word beyond its end."""

    start: float
    end: float
    paint: str = "observed"
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One row: its label, its stretches, and the amount in words.

    Attributes
    ----------
    label, words : str
    pieces : tuple of Piece
    under : str
        A second, quieter line of the label.
    strong : bool
        Printed bold.
    interval : (float, float) or None
        Drawn as a thin line over the bar.
    """

    label: str
    pieces: tuple[Piece, ...]
    words: str
    under: str = ""
    strong: bool = False
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Bars:
    """All rows.

    Attributes
    ----------
    bars : tuple of Bar
    line : (float, str) or None
        A dashed line from top to bottom, with its words above.
    stepped : bool
        The end of each row is joined to the next one, as in a waterfall.
    """

    bars: tuple[Bar, ...]
    line: tuple[float, str] | None = None
    stepped: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """Return the ends of the scale: zero and everything drawn is on it."""
        values = [end for bar in self.bars for piece in bar.pieces for end in (piece.start, piece.end)]
        values += [end for bar in self.bars for end in bar.interval or ()]
        return padded([*values, *([self.line[0]] if self.line else [])])


@dataclass(frozen=True)
class _Row:
    """Where the texts and the bar of one row stand, in pixels."""

    bar: Bar
    label: tuple[str, ...]
    under: tuple[str, ...]
    words: tuple[str, ...]
    top: float
    height: float
    middle: float


def draw_bars(bars: Bars, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size."""
    begin = (size.tick * 1.6 + 8 if simulated else 2) + (size.line + 8 if bars.line else 2)
    rows = list(_rows(bars, size, begin))
    bottom = rows[-1].top + rows[-1].height
    notes = max((text_width(piece.note, size.tick) + 8 for bar in bars.bars for piece in bar.pieces if piece.note),
                default=0.0)  # fmt: skip
    left, right = (8.0, size.width - 8) if size.slim else (_label_room(size) + 16, size.width - _words_room(bars, size))
    canvas = Canvas(size.width, bottom + 30, left + notes, right - notes, begin, bottom, bars.ends, (0, 1))
    drawing = Drawing(canvas)
    if simulated:
        drawing.simulated_mark(size.tick)
    _scale(drawing, rows, size)
    for row in rows:
        _texts(drawing, row, size)
        _pieces(drawing, row, size)
    if bars.stepped and not size.slim:  # there it would run through the labels
        _steps(drawing, rows)
    if bars.line:
        _reference(drawing, bars.line, size, rows)
    return drawing


def describe_bars(bars: Bars) -> str:
    """Return each row in words, in order."""
    count = len(bars.bars)
    return (
        f"{count} bar{'s' if count > 1 else ''}. " + "; ".join(f"{bar.label}: {bar.words}" for bar in bars.bars) + "."
    )


def _label_room(size: Size) -> float:
    return size.width if size.slim else 0.36 * size.width


def _words_room(bars: Bars, size: Size) -> float:
    """Return the room for amounts at the right: as wide as the widest, up to a quarter of the drawing."""
    widest = max(text_width(bar.words, size.label, bold=bar.strong) for bar in bars.bars)
    return min(widest, 0.25 * size.width) + 12


def _rows(bars: Bars, size: Size, top: float) -> Iterator[_Row]:
    room, amounts = _label_room(size), size.width if size.slim else _words_room(bars, size) - 8
    for bar in bars.bars:
        label = tuple(wrapped(bar.label, size.label, room, bold=bar.strong))
        under = tuple(wrapped(bar.under, size.tick, room))
        words = tuple(wrapped(bar.words, size.label, amounts, bold=bar.strong))
        lines = len(label) + len(under)
        if size.slim:
            lines += 0 if _beside(bar, size) else len(words)
            height = size.line * lines + 40
            yield _Row(bar, label, under, words, top, height, top + size.line * lines + 22)
        else:
            height = size.line * max(lines, len(words), 1) + 12 + (8 if bar.interval else 0)
            yield _Row(bar, label, under, words, top, height, top + height / 2)
        top += height


def _beside(bar: Bar, size: Size) -> bool:
    """Say whether on telephones the amount fits beside the second line of the label."""
    room = text_width(bar.under, size.tick) + text_width(bar.words, size.label, bold=bar.strong) + 16
    return bool(bar.under) and room <= size.width


def _scale(drawing: Drawing, rows: Sequence[_Row], size: Size) -> None:
    """Add grid lines, behind the bars alone on telephones, and amounts below."""
    at, about = drawing.canvas, 6
    while about > 2:
        write, ticks = money_ticks(*at.x, step_for(at.x[1] - at.x[0], about)), ticks_within(*at.x, about)
        widest = max((text_width(write(tick), size.tick) for tick in ticks), default=0.0) + 14
        if len(ticks) < 2 or at.across(ticks[1]) - at.across(ticks[0]) >= widest:
            break
        about -= 1
    write, last = money_ticks(*at.x, step_for(at.x[1] - at.x[0], about)), at.bottom
    for tick in ticks_within(*at.x, about):
        pixel, zero = at.across(tick), not round(tick, 6)
        spans = [(row.middle - 13, row.middle + 13) for row in rows] if size.slim else [(at.top, last)]
        for begin, end in spans:
            drawing.stroke([(pixel, begin), (pixel, end)], "ink" if zero else "hair", 1.25 if zero else 1, under=True)
        words = write(0.0 if zero else tick)
        half = text_width(words, size.tick) / 2
        drawing.text(min(max(pixel, half), size.width - half), last + 20, words, size.tick, "muted", anchor="middle")


def _texts(drawing: Drawing, row: _Row, size: Size) -> None:
    lines = len(row.label) + len(row.under)
    begin = row.top + 6 if size.slim else row.middle - size.line * lines / 2
    for place, line in enumerate(row.label):
        drawing.text(0, begin + size.line * (place + 0.78), line, size.label, bold=row.bar.strong)
    for place, line in enumerate(row.under, start=len(row.label)):
        drawing.text(0, begin + size.line * (place + 0.78), line, size.tick, "muted")
    for place, line in enumerate(row.words):
        if size.slim and _beside(row.bar, size):
            down = begin + size.line * (lines - 0.22)
            drawing.text(size.width, down, line, size.label, bold=row.bar.strong, anchor="end")
        elif size.slim:
            drawing.text(0, begin + size.line * (lines + place + 0.78), line, size.label, bold=row.bar.strong)
        else:
            down = row.middle + size.line * (place - (len(row.words) - 1) / 2) + size.label * 0.36
            drawing.text(size.width, down, line, size.label, bold=row.bar.strong, anchor="end")


def _pieces(drawing: Drawing, row: _Row, size: Size) -> None:
    """Add the stretches of a bar, the words beyond their ends, and the interval over it."""
    at, half = drawing.canvas, 8.0
    span = (at.y_at(row.middle + half), at.y_at(row.middle - half))
    for piece in row.bar.pieces:
        begin, end = sorted((at.across(piece.start), at.across(piece.end)))
        end = max(end, begin + 1.5)  # an amount near nought is still seen
        drawing.bands.append(Band(((at.x_at(begin), *span), (at.x_at(end), *span)), piece.paint))
        if piece.note:
            forward = piece.end >= piece.start
            beyond, down = end + 5 if forward else begin - 5, row.middle + size.tick * 0.36
            drawing.text(beyond, down, piece.note, size.tick, "muted", anchor="start" if forward else "end", halo=True)
    if row.bar.interval:
        low = row.middle + half + 5
        drawing.line([(end, at.y_at(low)) for end in row.bar.interval], "ink", 2.0)
        for pixel in map(at.across, row.bar.interval):
            drawing.stroke([(pixel, low - 4), (pixel, low + 4)], "ink", 2.0)


def _steps(drawing: Drawing, rows: Sequence[_Row]) -> None:
    """Add a thin line from the end of each bar to the row below."""
    at = drawing.canvas
    for row, below in itertools.pairwise(rows):
        pixel = at.across(row.bar.pieces[-1].end)
        drawing.stroke([(pixel, row.middle + 8), (pixel, below.middle - 8)], "muted", 1, under=True)


def _reference(drawing: Drawing, line: tuple[float, str], size: Size, rows: Sequence[_Row]) -> None:
    """Add the dashed line, on telephones beside the bars alone, and its words above."""
    at = drawing.canvas
    pixel, half = at.across(line[0]), text_width(line[1], size.tick, bold=True) / 2
    spans = [(row.middle - 13, row.middle + 13) for row in rows] if size.slim else [(at.top - 2, at.bottom)]
    for begin, end in spans:
        drawing.line([(line[0], at.y_at(begin)), (line[0], at.y_at(end))], "ink", 1.25, dashed=True)
    drawing.text(min(max(pixel, half), size.width - half), at.top - 8, line[1], size.tick, bold=True, anchor="middle")
