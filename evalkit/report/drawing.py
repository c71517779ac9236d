"""What a chart holds, before it is painted: a canvas in pixels and data units, and marks placed on it.

Charts are laid out here by plain arithmetic, so that a label can be kept off the marks and off other labels; painting
them is left to `evalkit.report.figures`, the only door to plotnine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evalkit.report.svg import clean

Position = tuple[float, float]


@dataclass(frozen=True)
class Size:
    """How large a drawing and its text are, in pixels.

    Text is at least 10 px at the narrowest width at which the page shows the drawing: 576 px of screen for the wide
    one, 288 px for the slim one.
    """

    name: str
    width: float
    height: float
    tick: float
    label: float

    @property
    def slim(self) -> bool:
        """True for the drawing that telephones show."""
        return self.name == "slim"

    @property
    def line(self) -> float:
        """Distance between two lines of a label."""
        return round(self.label * 1.22)


WIDE = Size("wide", 760, 440, 13.5, 14)
SLIM = Size("slim", 344, 400, 12.3, 13)


@dataclass(frozen=True)
class Canvas:
    """The straight relation between data units and pixels (counted from the left and from the top).

    Attributes
    ----------
    width, height : float
        Of the whole drawing.
    left, right, top, bottom : float
        Pixels at which the data region begins and ends.
    x, y : (float, float)
        Data at left and right, and at bottom and top, of the data region.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x: Position
    y: Position

    def across(self, x: float) -> float:
        """Return the pixel of a value of x."""
        return self.left + (x - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)

    def down(self, y: float) -> float:
        """Return the pixel of a value of y."""
        return self.bottom - (y - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)

    def x_at(self, pixel: float) -> float:
        """Return the value of x at a pixel."""
        return self.x[0] + (pixel - self.left) / (self.right - self.left) * (self.x[1] - self.x[0])

    def y_at(self, pixel: float) -> float:
        """Return the value of y at a pixel."""
        return self.y[0] + (self.bottom - pixel) / (self.bottom - self.top) * (self.y[1] - self.y[0])


@dataclass(frozen=True)
class Point:
    """One mark: a circle, square, diamond, or triangle that points left or right."""

    x: float
    y: float
    shape: str
    fill: str
    outline: str
    radius: float
    stroke: float


@dataclass(frozen=True)
class Line:
    """One line through positions in data units; `under` puts it behind intervals and marks."""

    positions: tuple[Position, ...]
    paint: str
    width: float
    dashed: bool = False
    under: bool = False


@dataclass(frozen=True)
class Band:
    """A shaded interval along x: (x, low, high) for each place."""

    places: tuple[tuple[float, float, float], ...]
    paint: str = "band"


@dataclass(frozen=True)
class Label:
    """One line of text at a place in data units."""

    x: float
    y: float
    words: str
    size: float
    paint: str
    bold: bool
    anchor: str
    halo: bool


@dataclass
class Drawing:
    """A canvas and the marks on it, in the order in which they are painted within each kind."""

    canvas: Canvas
    points: list[Point] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    areas: list[Band] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def line(self, positions: Iterable[tuple[float, ...]], paint: str, width: float, *, dashed: bool = False,
             under: bool = False) -> None:  # fmt: skip
        """Add a line through positions in data units; fewer than two draw nothing."""
        kept = tuple((x, y) for x, y in positions)
        if len(kept) > 1:
            self.lines.append(Line(kept, paint, width, dashed, under))

    def stroke(self, pixels: Iterable[Position], paint: str, width: float, *, under: bool = False) -> None:
        """Add a line through positions in pixels."""
        at = self.canvas
        self.line([(at.x_at(x), at.y_at(y)) for x, y in pixels], paint, width, under=under)

    def shade(self, places: Iterable[tuple[float, ...]], paint: str = "band") -> None:
        """Add a shaded interval through (x, low, high) in data units; fewer than two places draw nothing."""
        kept = tuple((x, low, high) for x, low, high in places)
        if len(kept) > 1:
            self.bands.append(Band(kept, paint))

    def box(self, left: float, top: float, right: float, bottom: float, paint: str) -> None:
        """Add a filled rectangle in pixels, behind everything else."""
        at = self.canvas
        ends = (at.y_at(bottom), at.y_at(top))
        self.areas.append(Band(((at.x_at(left), *ends), (at.x_at(right), *ends)), paint))

    def text(self, x: float, y: float, words: str, size: float, paint: str = "ink", *, bold: bool = False,
             anchor: str = "start", halo: bool = False) -> None:  # fmt: skip
        """Add one line of text whose baseline begins, has its middle or ends at a pixel."""
        if clean(words):
            place = (self.canvas.x_at(x), self.canvas.y_at(y))
            self.labels.append(Label(*place, clean(words), size, paint, bold, anchor, halo))

    def simulated_mark(self, size: float) -> None:
        """Add the words that must stand inside every drawing of invented numbers, at its top left."""
        width = text_width("Simulated data", size, bold=True) + 12
        self.box(0, 0, width, size * 1.6, "notice")
        self.text(6, size * 1.17, "Simulated data", size, bold=True)


_NARROW, _SLENDER, _WIDE = frozenset("ijl'|!.,:;I/"), frozenset('frt()[]-"* '), frozenset("mwMW@%")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is at most, in pixels, in the usual fonts without serifs, the wide ones among them."""
    width = 0.0
    for sign in text:
        if sign in _NARROW:
            width += 0.29
        elif sign in _SLENDER:
            width += 0.36
        elif sign in _WIDE:
            width += 0.9
        elif unicodedata.east_asian_width(sign) in "WF":
            width += 1.0
        else:
            width += 0.7 if sign.isupper() else 0.575
    return width * size * (1.22 if bold else 1.1)


def wrapped(text: str, size: float, room: float, *, bold: bool = False, most: int = 99) -> list[str]:
    """Return a text in lines that fit a width in pixels; what exceeds `most` lines ends in an ellipsis."""
    lines: list[str] = []
    for word in clean(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, bold=bold) <= room:
            lines[-1] = joined
        else:
            lines += _broken(word, size, room, bold)
    if len(lines) > most:
        return [*lines[: most - 1], _shortened(lines[most - 1], size, room, bold)]
    return lines


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Return where labels begin, top to bottom, so that none overlaps and each is near the place it wants.

    Parameters
    ----------
    wanted : sequence of float
        Pixel at which each label would like to begin, ascending.
    heights : sequence of float
        Room that each takes.
    low, high : float
        Pixels between which they stay, as far as there is room.
    """
    placed: list[float] = []
    for at, height in zip(wanted, heights, strict=True):
        floor = placed[-1] + heights[len(placed) - 1] if placed else low
        placed.append(max(floor, min(at, high - height)))
    ceiling = high
    for place in reversed(range(len(placed))):
        placed[place] = max(low, min(placed[place], ceiling - heights[place]))
        ceiling = placed[place]
    return placed


def _broken(word: str, size: float, room: float, bold: bool) -> list[str]:
    """Return one word in pieces that fit."""
    pieces = [""]
    for sign in word:
        if pieces[-1] and text_width(pieces[-1] + sign, size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def _shortened(line: str, size: float, room: float, bold: bool) -> str:
    while line and text_width(f"{line}…", size, bold=bold) > room:
        line = line[:-1]
    return f"{line.rstrip()}…"
