"""The smallest change that a study could find by how long it watches: sentences, a grid and a chart from its power.

`Result.power` holds `target`, `level`, `replications`, `measure`, `cells` of `before`, `after` and
`smallest_change_percent`, `own` (the study's own lengths), `pre_period` and `words`; nothing is computed here. Where it
says `by: treated`, cells differ by how many places are treated: `power_by_places` has what is particular to that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from evalkit.periods import words_for
from evalkit.records import Analysis
from evalkit.report.drawing import Canvas, Drawing, Point, Size, spread, text_width, wrapped
from evalkit.report.numbers import Shown, number, percent
from evalkit.report.power_by_places import how, own_places, places_table, treated_words
from evalkit.report.scales import is_finite, ticks_within
from evalkit.report.tables import Column, Table
from evalkit.report.words import periods_words

Cell = tuple[int, int, float | None]
"""Periods before, periods after, and the smallest change in percent; None where none was found. By places: 0, and how
many are treated."""


MARKS = {"circle": "circles", "square": "squares", "right": "triangles to the right", "left": "triangles to the left"}
"""Shapes of marks, and their names: each estimator with its test has its own, and what is left shares the last."""


@dataclass(frozen=True)
class Power:
    """All that the chart draws.

    Attributes
    ----------
    cells : tuple of Cell
    own : Cell or None
        The study's own lengths.
    margin : float or None
        Change set in advance as large enough to matter, in percent.
    frequency : str
    target : float
        Share of such studies in which the change is found.
    noun : str
        `fall`, `rise` or `change`: what is looked for.
    by : str
        length, or treated.
    place : str
        What a place is called, where `by` is treated.
    methods : mapping of int to str
        Where `by` is treated: estimator and test of each number of places.
    own_method : str
        Those of the study's own places.
    """

    cells: tuple[Cell, ...]
    own: Cell | None
    margin: float | None
    frequency: str
    target: float
    noun: str = "change"
    by: str = "length"
    place: str = "unit"
    methods: Mapping[int, str] = field(default_factory=dict)
    own_method: str = ""

    @property
    def marks(self) -> dict[str, str]:
        """Return the shape of mark of each method that is drawn, the one of most numbers first."""
        drawn = [self.methods.get(after, "") for _, after, _ in self.drawn]
        ranked = sorted(dict.fromkeys(drawn), key=drawn.count, reverse=True)
        return {method: list(MARKS)[min(at, len(MARKS) - 1)] for at, method in enumerate(ranked)}

    @property
    def by_places(self) -> bool:
        """Whether cells differ by how many places are treated, not by lengths."""
        return self.by == "treated"

    @property
    def subtitle(self) -> str:
        """Return what is drawn, as it follows the name of the outcome."""
        if self.by_places:
            return f"smallest {self.noun} by number of treated {self.place}s, drawn at random{self._key}"
        return f"smallest {self.noun} by {words_for(self.frequency, 2)} before and after"

    @property
    def _key(self) -> str:
        """Return which mark stands for which method; empty where all numbers have the same."""
        if len(self.marks) == 1:
            return ""
        told = "; ".join(f"{MARKS[mark]}: {method}" for method, mark in self.marks.items())
        return f". {told[:1].upper()}{told[1:]}. Marks of different kinds are not to be compared"

    def across(self, after: int) -> float:
        """Return where a cell stands from left to right: numbers of places one step apart."""
        if not self.by_places:
            return float(after)
        numbers = sorted({cell[1] for cell in (*self.cells, *([self.own] if self.own else []))})
        return float(numbers.index(after))

    @property
    def befores(self) -> list[int]:
        """Return the lengths before, ascending."""
        return sorted({before for before, _, _ in self.cells})

    @property
    def afters(self) -> list[int]:
        """Return the lengths after, ascending."""
        return sorted({after for _, after, _ in self.cells})

    @property
    def drawn(self) -> list[Cell]:
        """Return the cells that can be drawn."""
        return [cell for cell in self.cells if is_finite(cell[2])]


def read_power(analysis: Analysis, margin: float | None) -> Power | None:
    """Return what the chart draws; None where the result holds no power."""
    power = analysis.result.power
    if not power or not power.get("cells"):
        return None
    own, by = power.get("own"), str(power.get("by") or "length")
    return Power(tuple(_cell(cell, by) for cell in power["cells"]), _cell(own, by) if own and _whole(own) else None,
                 None if margin is None else abs(margin), analysis.frequency, float(power["target"]),
                 _noun(power), by, str(power.get("noun") or "unit"),
                 {int(cell["treated"]): how(cell) for cell in power["cells"]} if by == "treated" else {},
                 how(own) if own and by == "treated" else "")  # fmt: skip


def power_message(power: Power) -> str:
    """Return the message of the chart, by the study's own lengths where they are known."""
    times = times_in(power.target)
    if power.own is None:
        sizes = [abs(size) for _, _, size in power.drawn if size is not None]
        if not sizes:
            return f"No {power.noun} was large enough to be found {times}"
        return f"From {_size(min(sizes))} to {_size(max(sizes))}: the smallest {power.noun} that could be found {times}"
    before, after, size = power.own
    lengths = f"With {periods_words(before, power.frequency)} before and {number(after, 0)} after"
    if power.by_places:
        lengths = own_places(after, power.place)
    if not is_finite(size):
        return f"{lengths}, no {power.noun} was large enough to be found {times}"
    return f"{lengths}, a {power.noun} of {_size(size)} could be found {times}"


def against_margin(power: Power) -> str:
    """Return the smallest change that could be found beside the one that matters, in a sentence; empty without own."""
    if power.own is None:
        return ""
    if power.margin is None:
        return "No smallest change that matters was set in advance to hold this against."
    matters = f"The change set in advance as large enough to matter is {_size(power.margin)}"
    size, study = power.own[2], "a study like this" if power.by_places else "a study of this length"
    if size is None or not math.isfinite(size) or abs(size) > power.margin:
        return f"{matters}: {study} would miss a {power.noun} of that size {missed(power.target)}."
    return f"{matters}: {study} {'could find it' if power.by_places else 'is long enough to find it'}."


def times_in(share: float) -> str:
    """Return how often in words: `four times in five`, `nine times in ten`, `in 85% of such studies`."""
    known = {0.8: "four times in five", 0.9: "nine times in ten", 0.5: "every other time"}
    return next((words for value, words in known.items() if math.isclose(value, share)),
                f"in {percent(100 * share, 0)} of such studies")  # fmt: skip


def missed(share: float) -> str:
    """Return how often a smaller change is missed, in words: `more than one time in five`."""
    known = {0.8: "one time in five", 0.9: "one time in ten", 0.5: "every other time"}
    words = next((words for value, words in known.items() if math.isclose(value, share)),
                 f"in {percent(100 * (1 - share), 0)} of such studies")  # fmt: skip
    return f"more than {words}"


def power_table(power: Power, source: Mapping[str, Any]) -> Table:
    """Return the grid: a row for each length before, a column for each length after; or a row a number treated."""
    if power.by_places:
        return places_table(source, f"The smallest {power.noun} that could be found {times_in(power.target)}")
    found = {(before, after): size for before, after, size in power.cells}
    columns = [Column("Before"), *(Column(f"{periods_words(after, power.frequency)} after, percent", "number")
                                   for after in power.afters)]  # fmt: skip
    rows = [(periods_words(before, power.frequency),
             *(_grid_cell(found, before, after) for after in power.afters)) for before in power.befores]  # fmt: skip
    problems = dict.fromkeys(str(cell["problem"]) for cell in source.get("cells") or () if cell.get("problem"))
    note = f"None found: {'; '.join(problem.rstrip('.') for problem in problems)}." if problems else ""
    return Table("tbl-power", f"The smallest {power.noun} that could be found {times_in(power.target)}", columns, rows,
                 note=note)  # fmt: skip


def power_rows(power: Power) -> tuple[tuple[str, ...], ...]:
    """Return header and rows of what is drawn, one row a cell, the study's own lengths first."""
    if power.by_places:
        drawn = [treated_words(after) for _, after, _ in power.cells]
        own = [f"{treated_words(power.own[1])}, this study's own"] if power.own else []
        sizes = [*([power.own[2]] if power.own else []), *(size for _, _, size in power.cells)]
        ways = [power.methods.get(after, "") for _, after, _ in power.cells]
        ways = [power.own_method, *ways] if power.own else ways
        return ((f"Treated {power.place}s", "Estimated and tested by", f"Smallest {power.noun}, percent"),
                *((name, way, _shown(size)) for name, way, size in zip([*own, *drawn], ways, sizes, strict=True))
                )  # fmt: skip
    noun = words_for(power.frequency, 2)
    rows = [(f"{noun.capitalize()} before", f"{noun.capitalize()} after", f"Smallest {power.noun}, percent")]
    for before, after, size in ([power.own] if power.own else []) + list(power.cells):
        rows.append((Shown(number(before, 0), before), Shown(number(after, 0), after), _shown(size)))
    return tuple(rows)


def describe_power(power: Power) -> str:
    """Return what the chart shows, in sentences."""
    parts = []
    for before in power.befores:
        sizes = [(after, size) for b, after, size in power.drawn if b == before and size is not None]
        if sizes and power.by_places:
            for method in power.marks:
                told = ", ".join(f"{_size(size)} with {number(after, 0)}" for after, size in sizes
                                 if power.methods.get(after, "") == method)  # fmt: skip
                by = f", by {method[:1].lower()}{method[1:]}" if len(power.marks) > 1 else ""
                parts.append(f"Treated {power.place}s drawn at random{by}: {told}.")
        elif sizes:
            told = ", ".join(f"{_size(size)} with {number(after, 0)} after" for after, size in sizes)
            parts.append(f"{periods_words(before, power.frequency)} before: {told}.")
    if power.margin is not None:
        parts.append(f"A dashed line marks {_size(power.margin)}, the change that matters.")
    if power.own is not None and is_finite(power.own[2]):
        parts.append(f"A diamond marks this study: {_size(power.own[2])}.")
    return " ".join(parts)


def draw_power(power: Power, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: a line for each length before, over the lengths after; or one over places."""
    drawn = [*power.drawn, *([power.own] if power.own and is_finite(power.own[2]) else [])]
    afters = sorted({after for _, after, _ in power.drawn})
    alone = drawn[-1:] if drawn and not (afters and afters[0] <= drawn[-1][1] <= afters[-1]) else []  # the own one
    afters = sorted({*afters, *(after for _, after, _ in alone)})
    top_value = 1.08 * max([abs(share or 0.0) for _, _, share in drawn] + [power.margin or 0.0])
    ticks = ticks_within(0, top_value, 5)
    if len(ticks) > 1 and any(abs(share or 0.0) > ticks[-1] for _, _, share in alone):
        ticks = [*ticks, ticks[-1] + ticks[1] - ticks[0]]  # it does not hang above the scale
        top_value = max(top_value, ticks[-1])
    left = 12 + max(text_width(f"{number(tick)}%", size.tick) for tick in ticks)
    top, height = (size.tick * 1.6 + 8 if simulated else 2) + size.line + 8, size.height * 0.82
    ends = [power.across(cell[1]) for cell in drawn]
    pad = max(0.5, (max(ends) - min(ends)) * 0.04)
    right = size.width - (96 if size.slim else 150)
    drawing = Drawing(Canvas(size.width, height, left, right, top, height - 50,
                             (min(ends) - pad, max(ends) + pad),
                             (0.0, top_value)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    _axes(drawing, power, size, ticks, afters)
    _lines(drawing, power, size)
    return drawing


def _axes(drawing: Drawing, power: Power, size: Size, ticks: list[float], afters: list[int]) -> None:
    at = drawing.canvas
    drawing.text(0, at.top - size.line * 0.4, f"Smallest {power.noun}", size.tick, bold=True)
    for tick in ticks:
        pixel, zero = at.down(tick), tick == 0
        drawing.stroke([(at.left - 4, pixel), (at.right, pixel)], "ink" if zero else "hair", 1, under=True)
        drawing.text(at.left - 9, pixel + size.tick * 0.35, f"{number(tick)}%", size.tick, "muted", anchor="end")
    last = -math.inf
    for after in afters:
        words, middle = number(after, 0), at.across(power.across(after))
        half = text_width(words, size.tick) / 2 + 5
        if middle - half >= last:
            drawing.text(middle, at.bottom + 20, words, size.tick, "muted", anchor="middle")
            last = middle + half
    below = f"{words_for(power.frequency, 2).capitalize()} after the start"
    below = f"Treated {power.place}s" if power.by_places else below
    drawing.text((at.left + at.right) / 2, at.bottom + 42, below, size.tick, "muted", anchor="middle")


def _lines(drawing: Drawing, power: Power, size: Size) -> None:
    """Add a line and marks for each length before, the change that matters, and the study's own lengths."""
    at = drawing.canvas
    tags: list[tuple[float, str, str]] = []
    for before in power.befores:
        row = sorted((power.across(after), abs(share)) for b, after, share in power.drawn
                     if b == before and share is not None)  # fmt: skip
        if row:
            for mark, run in _runs(power, row):
                drawing.line(run, "muted", 1.75)
                drawing.points += [Point(after, share, mark, "paper", "muted", 3.4, 1.4) for after, share in run]
            line = "Drawn at random" if power.by_places else f"{number(before, 0)} before"
            tags.append((at.down(row[-1][1]), line, "muted"))
    if power.margin is not None:
        drawing.line([(at.x[0], power.margin), (at.x[1], power.margin)], "ink", 1.5, dashed=True)
        tags.append((at.down(power.margin), "Matters" if size.slim else "Large enough to matter", "ink"))
    if power.own is not None and is_finite(power.own[2]):
        own, where = abs(power.own[2] or 0.0), power.across(power.own[1])
        drawing.points.append(Point(where, own, "diamond", "observed", "paper", 6.2, 0.75))
        _own_label(drawing, power, size, (at.across(where), at.down(own)))
    tags.sort()
    room = size.width - at.right - 11
    lines = [wrapped(words, size.label, room, bold=paint != "muted", most=2) for _, words, paint in tags]
    heights = [size.line * len(line) + 2.0 for line in lines]
    begins = spread([down - size.line * 0.6 for down, _, _ in tags], heights, 0, at.bottom + 2)
    for (_, _, paint), text, begin in zip(tags, lines, begins, strict=True):
        for place, line in enumerate(text):
            drawing.text(at.right + 11, begin + size.line * (place + 0.85), line, size.label, paint,
                         bold=paint != "muted")  # fmt: skip


def _runs(power: Power, row: Sequence[tuple[float, float]]) -> list[tuple[str, list[tuple[float, float]]]]:
    """Return neighbouring points of one method, which alone a line may join, with the shape of their marks."""
    if not power.by_places:
        return [("circle", list(row))]
    methods = {power.across(after): power.methods.get(after, "") for _, after, _ in power.drawn}
    return [(power.marks[method], list(run)) for method, run in groupby(row, lambda point: methods[point[0]])]


def _own_label(drawing: Drawing, power: Power, size: Size, point: tuple[float, float]) -> None:
    """Add the words at the study's own point on the side that the lines leave free."""
    at, words = drawing.canvas, "This study"
    width, (x, y) = text_width(words, size.label, bold=True), point
    lines = [[(at.across(power.across(after)), at.down(abs(share))) for b, after, share in power.drawn
              if b == before and share is not None] for before in power.befores]  # fmt: skip
    if power.margin is not None:
        lines.append([(at.left, at.down(power.margin)), (at.right, at.down(power.margin))])
    ways = [(side, down) for down in (1.1, -0.5, 1.9, -1.3) for side in (1, -1)]

    def crossed(way: tuple[int, float]) -> int:
        """Return at how many of nine places along the words a line runs through them, or they leave the chart."""
        side, down = way
        begin, base = x + side * 11 - (width if side < 0 else 0.0), y + down * size.label
        if begin < at.left or begin + width > at.right or base > at.bottom or base - size.label < at.top:
            return 10 * len(lines) + 10
        places = [begin + width * part / 8 for part in range(9)]
        heights = [_height_of(line, place) for line in lines for place in places]
        return sum(height is not None and base - size.label - 2 < height < base + 4 for height in heights)

    side, down = min(ways, key=crossed)
    drawing.text(x + side * 11, y + down * size.label, words, size.label, "observed", bold=True,
                 anchor="start" if side > 0 else "end", halo=True)  # fmt: skip


def _height_of(line: Sequence[tuple[float, float]], x: float) -> float | None:
    """Return how far down a line of points is at x; None beside it."""
    for (x0, y0), (x1, y1) in pairwise(sorted(line)):
        if x0 <= x <= x1:
            return y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None


def _cell(cell: Mapping[str, Any], by: str) -> Cell:
    size = cell.get("smallest_change_percent")
    if by == "treated":
        return 0, int(cell["treated"]), None if size is None else float(size)
    return int(cell["before"]), int(cell["after"]), None if size is None else float(size)


def _noun(power: Mapping[str, Any]) -> str:
    """Return what is looked for: the first word of the measure where it names a direction."""
    first = str(power.get("measure") or "").partition(",")[0].strip()
    return first if first in ("fall", "rise") else "change"


def _whole(own: Mapping[str, Any]) -> bool:
    return own.get("before") is not None and own.get("after") is not None


def _grid_cell(found: Mapping[tuple[int, int], float | None], before: int, after: int) -> Shown:
    return _shown(found[before, after]) if (before, after) in found else Shown("not looked at", None)


def _shown(size: float | None) -> Shown:
    return Shown(_size(size), size) if is_finite(size) else Shown("none found", None)


def _size(size: float | None) -> str:
    """Return the size of a change in percent, without its sign."""
    shown = abs(size or 0.0)
    return percent(shown, 0 if shown == round(shown) else 1)
