"""What the data hold, drawn: a row for each place, a stretch of its own shape for each state."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.periods import named_period
from evalkit.records import UnitCoverage
from evalkit.report.coverage_words import Held, coverage_sentences, name_of, row_words
from evalkit.report.drawing import Canvas, Drawing, Size, text_width, wrapped
from evalkit.report.numbers import Shown, number
from evalkit.report.period_axis import draw_periods
from evalkit.report.unit_words import plural

MOST_ROWS = 40
"""So many places that lack something are drawn; the others are counted in words."""
ROWS_WITH_COMPLETE = 12
"""Complete places are drawn below them for comparison, up to so many rows in all."""
KEY = {"c": "complete", "p": "known as a range", "m": "missing", "d": "declared gap", "z": "zeros in a row"}
_BAR, _SAMPLE = 11.0, 26.0


def drawn_units(held: Held) -> list[UnitCoverage]:
    """Return the places that are drawn, those that are not wholly complete first."""
    lacking = held.lacking[:MOST_ROWS]
    whole = [unit for unit in held.units if unit.whole]
    return [*lacking, *whole[: max(0, ROWS_WITH_COMPLETE - len(lacking))]]


def coverage_notes(held: Held) -> list[str]:
    """Return what a reader must be told of places that are not drawn."""
    left = len(held.units) - len(drawn_units(held))
    lacking = max(0, len(held.lacking) - MOST_ROWS)
    notes = []
    if lacking:
        noun, are = (held.noun, "is") if lacking == 1 else (plural(held.noun), "are")
        notes.append(f"{number(lacking, 0)} more {noun} that {are} not complete {are} in the table only.")
    if left - lacking:
        noun = f"complete {held.noun} is" if left - lacking == 1 else f"complete {plural(held.noun)} are"
        notes.append(f"{number(left - lacking, 0)} {'more ' if drawn_units(held)[-1].whole else ''}{noun} not drawn.")
    return notes


def describe_coverage(held: Held) -> str:
    """Return what is held and what is not, for those who do not see the chart."""
    return " ".join([*coverage_sentences(held), *coverage_notes(held)])


def coverage_table(held: Held) -> tuple[tuple[str, ...], ...]:
    """Return header and a row for each place that is drawn or lacks something."""
    shown = [*held.lacking, *(unit for unit in drawn_units(held) if unit.whole)]
    also = [state for state in "pd" if any(unit.count(state) for unit in shown)]
    heads = {"p": "Known as a range", "d": "Declared gap"}
    zeros = ("Zeros in a row",) if held.coverage.zeros else ()
    head = (held.noun.capitalize(), "From", "To", "Complete", "Missing", *zeros, *(heads[state] for state in also))
    rows = [_table_row(held, unit, ["c", "m", *(["z"] if zeros else []), *also]) for unit in shown]
    return (head, *rows)


def draw_coverage(held: Held, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: names left (on telephones above), what is lacking right (there below the name)."""
    units = drawn_units(held)
    left = 2.0 if size.slim else min(0.3 * size.width, max(text_width(name_of(u), size.label) for u in units) + 14)
    numbers = 0.0 if size.slim else min(0.28 * size.width, max(
        text_width(row_words(unit, held.frequency), size.tick) for unit in units) + 12)  # fmt: skip
    keyed = [state for state in KEY if any(unit.count(state) for unit in units)]
    top = size.tick * 1.6 + 8 if simulated else 2.0
    begin = top + _key_height(keyed, size) + 6
    names = [wrapped(name_of(unit), size.label, size.width - 4 if size.slim else left - 12, most=2) for unit in units]
    words = [wrapped(row_words(unit, held.frequency), size.tick, size.width - 4 if size.slim else numbers - 8)
             for unit in units]  # fmt: skip
    heights = [_height(name, said, size) for name, said in zip(names, words, strict=True)]
    bottom = begin + sum(heights) + 4
    canvas = Canvas(size.width, bottom + 30, left, size.width - numbers - 2, begin, bottom,
                    (held.first - 0.5, held.last + 0.5), (0, 1))  # fmt: skip
    drawing = Drawing(canvas)
    if simulated:
        drawing.simulated_mark(size.tick)
    _key(drawing, keyed, size, top)
    for unit, name, said, height in zip(units, names, words, heights, strict=True):
        _row(drawing, held, unit, (name, said), size, (begin, height))
        begin += height
    draw_periods(drawing, held.first, held.last, held.frequency, size)
    return drawing


def _height(name: Sequence[str], said: Sequence[str], size: Size) -> float:
    if size.slim:
        return size.line * (len(name) + len(said)) + _BAR + 18
    return max(size.line * max(len(name), len(said)), _BAR) + 8


def _row(drawing: Drawing, held: Held, unit: UnitCoverage, texts: tuple[Sequence[str], Sequence[str]], size: Size,
         place: tuple[float, float]) -> None:  # fmt: skip
    """Add one place: its name, its stretches, and what it lacks."""
    at, (name, said), (top, height) = drawing.canvas, texts, place
    middle = top + height - 12 - _BAR / 2 if size.slim else top + height / 2
    begin = top if size.slim else middle - size.line * len(name) / 2
    for line, words in enumerate(name):
        drawing.text(0, begin + size.line * (line + 0.78), words, size.label)
    below = top + size.line * len(name) if size.slim else middle - size.line * len(said) / 2
    for line, words in enumerate(said):
        drawing.text(0 if size.slim else size.width, below + size.line * (line + 0.78), words, size.tick, "muted",
                     anchor="start" if size.slim else "end")  # fmt: skip
    for state, first, last in held.runs(unit):
        draw_state(drawing, state, (at.across(first - 0.5), at.across(last + 0.5)), middle)


def draw_state(drawing: Drawing, state: str, ends: tuple[float, float], middle: float) -> None:
    """Add a stretch of one state, whose shape alone tells which: a full bar, half a bar, a frame, dashes, a floor."""
    at, (left, right) = drawing.canvas, ends
    right = max(right, left + 1.5)
    high, low = middle - _BAR / 2, middle + _BAR / 2
    if state == "c":
        drawing.box(left, high, right, low, "observed")
    elif state == "p":
        drawing.box(left, middle, right, low, "observed")
    elif state == "m":
        inner = min(0.5, (right - left) / 4)
        corners = [(left + inner, high), (right - inner, high), (right - inner, low), (left + inner, low)]
        drawing.stroke([*corners, corners[0]], "ink", 1.2)
    elif state == "d":
        drawing.line([(at.x_at(left), at.y_at(middle)), (at.x_at(right), at.y_at(middle))], "muted", 2.5,
                     dashed=right - left > 16)  # fmt: skip
    elif state == "z":
        drawing.stroke([(left, low - 1.5), (right, low - 1.5)], "ink", 3)


def _key_rows(keyed: Sequence[str], size: Size) -> list[tuple[str, float, int]]:
    """Return where each sample of the key begins: its state, pixel from the left, and line."""
    placed, x, line = [], 0.0, 0
    for state in keyed:
        width = _SAMPLE + 6 + text_width(KEY[state], size.tick) + 18
        if x and x + width - 18 > size.width:
            x, line = 0.0, line + 1
        placed.append((state, x, line))
        x += width
    return placed


def _key_height(keyed: Sequence[str], size: Size) -> float:
    return (_key_rows(keyed, size)[-1][2] + 1) * (size.line + 4)


def _key(drawing: Drawing, keyed: Sequence[str], size: Size, top: float) -> None:
    """Add the key: a sample of each shape with its word."""
    for state, x, line in _key_rows(keyed, size):
        middle = top + (size.line + 4) * (line + 0.5)
        draw_state(drawing, state, (x, x + _SAMPLE), middle)
        drawing.text(x + _SAMPLE + 6, middle + size.tick * 0.36, KEY[state], size.tick)


def _table_row(held: Held, unit: UnitCoverage, states: Sequence[str]) -> tuple[str, ...]:
    first = held.begins(unit)
    ends = [named_period(time, held.frequency, held.names) for time in (first, first + len(unit.states) - 1)]
    return (name_of(unit), *ends, *(Shown(number(unit.count(s), 0), unit.count(s)) for s in states))
