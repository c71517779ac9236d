"""What must hold of every drawing that is laid out by hand: words inside the canvas, and none over another."""

import itertools

from evalkit.report.drawing import Drawing, text_width

ROUNDING = 0.6
"""Pixels by which widths may differ from their sums."""


def boxes(drawing: Drawing) -> list[tuple[str, float, float, float, float]]:
    """Return each text with the pixels that it takes at most: left, top, right, bottom."""
    found = []
    for label in drawing.labels:
        width = text_width(label.words, label.size, bold=label.bold)
        x, y = drawing.canvas.across(label.x), drawing.canvas.down(label.y)
        left = x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
        found.append((label.words, left, y - 0.74 * label.size, left + width, y + 0.2 * label.size))
    return found


def faults(drawing: Drawing) -> list[str]:
    """Return every text that leaves the canvas or meets another one, every mark outside, and small text."""
    texts, at = boxes(drawing), drawing.canvas
    out = [words for words, left, top, right, low in texts if left < -ROUNDING or top < -ROUNDING
           or right > at.width + ROUNDING or low > at.height + ROUNDING]  # fmt: skip
    over = [f"{one[0]} / {other[0]}" for one, other in itertools.combinations(texts, 2)
            if one[1] < other[3] - ROUNDING and other[1] < one[3] - ROUNDING
            and one[2] < other[4] - ROUNDING and other[2] < one[4] - ROUNDING]  # fmt: skip
    least = 10 * at.width / (288 if at.width < 400 else 576)
    small = [label.words for label in drawing.labels if label.size < least]
    beyond = [f"mark at {at.across(x):.0f}, {at.down(y):.0f}" for x, y in _positions(drawing)
              if not (-2 <= at.across(x) <= at.width + 2 and -2 <= at.down(y) <= at.height + 2)]  # fmt: skip
    return [f"outside: {words}" for words in out] + over + [f"small: {words}" for words in small] + beyond


def _positions(drawing: Drawing) -> list[tuple[float, float]]:
    lines = [position for line in drawing.lines for position in line.positions]
    shades = [(x, y) for band in [*drawing.areas, *drawing.bands] for x, *ends in band.places for y in ends]
    return [*lines, *shades, *((point.x, point.y) for point in drawing.points)]
