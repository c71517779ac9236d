"""The axis of periods below a chart: a label where there is room, and a tick for each."""

from __future__ import annotations

from evalkit.report.drawing import Drawing, Size, text_width
from evalkit.report.scales import period_ticks


def draw_periods(drawing: Drawing, first: int, last: int, frequency: str, size: Size) -> None:
    """Add the axis at the bottom of the data region, its labels inside the drawing."""
    at = drawing.canvas
    pixels = (at.right - at.left) / (at.x[1] - at.x[0])
    labels, marks = period_ticks(first, last, frequency, pixels, size.tick)
    drawing.stroke([(at.left, at.bottom), (at.right, at.bottom)], "muted", 1, under=True)
    for mark in [*marks, *(label.mark for label in labels if label.mark is not None)]:
        if at.x[0] <= mark <= at.x[1]:
            drawing.stroke([(at.across(mark), at.bottom), (at.across(mark), at.bottom + 5)], "muted", 1, under=True)
    end = -float("inf")
    for label in labels:
        half = text_width(label.words, size.tick) / 2
        middle = min(max(at.across(label.at), half), size.width - half)
        if middle - half > end:  # one that was pushed in from the edge may meet its neighbour
            drawing.text(middle, at.bottom + 20, label.words, size.tick, "muted", anchor="middle")
            end = middle + half + 4
