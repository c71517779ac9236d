"""The chart of paths that are not quite parallel: the answer first, the crossing marked, nothing cut in silence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import demo_comparisons
import pytest
from hypothesis import given, settings
from hypothesis import strategies as draw

from evalkit.report import departures_chart as chart
from evalkit.report.departures import MOST_SIZES, RELATIVE, ROWS, SMOOTH, Departures, departures_table, read_departures
from evalkit.report.drawing import SLIM, WIDE, Drawing

BASE = demo_comparisons.staggered()
USUAL = {RELATIVE: (0.5, 1.0, 1.5, 2.0), SMOOTH: tuple(0.02 * place for place in range(10))}


def made(restriction: str = RELATIVE, at: float = 0.1, width: float = 1.6, usual: tuple[float, ...] = ()) -> Departures:
    """Return bounds that grow with the departure, by `width` a unit, and include no change from `at` on."""
    anchor = at if 0 < at < math.inf else 0.05
    sizes = sorted({*(usual or USUAL[restriction]), 0.0, anchor / 2, anchor, 2 * anchor})
    rows: list[dict[str, Any]] = [
        {"restriction": restriction, "target": target, "m": m, "low": -0.16 - part * width * m,
         "high": -0.16 + part * width * m} for target, part in (("first", 0.4), ("average", 1.0)) for m in sizes
    ]  # fmt: skip
    result = replace(
        BASE.primary.result,
        robust_bounds=tuple(rows),
        breakdown={restriction: {"average": at, "first": 2 * at}},
    )
    found = read_departures(replace(BASE.primary, result=result), restriction)
    assert found is not None
    return found


def words(drawing: Drawing) -> list[str]:
    return [label.words for label in drawing.labels]


@pytest.mark.parametrize("restriction", [RELATIVE, SMOOTH])
@pytest.mark.parametrize("size", [WIDE, SLIM])
def test_the_answer_is_the_first_mark_and_the_crossing_is_on_the_axis(restriction: str, size: Any) -> None:
    found = made(restriction)
    drawing = chart._draw(found, size, simulated=False)
    told = words(drawing)
    assert found.crossing is not None
    assert {"Answer", found.amount(found.crossing), chart.CROSSING} <= set(told)
    (answer,) = [point for point in drawing.points if point.shape == "diamond"]
    assert answer.x == min(point.x for point in drawing.points)
    assert answer.y == found.answer.value
    bound = next(b for b in found.bounds if b.m == found.crossing and b.target == "average")
    assert min(abs(bound.change.low or 0.0), abs(bound.change.high or 0.0)) < 1e-9
    assert drawing.canvas.y[0] <= (bound.change.low or 0.0) < (bound.change.high or 0.0) <= drawing.canvas.y[1]


def test_what_is_drawn_stands_in_table_and_words() -> None:
    found = made()
    rows = departures_table(found)
    assert [row[0] for row in rows[1:4]] == [ROWS["answer"], ROWS["none"], ROWS["some"]]
    assert [row[0] for row in rows].count(ROWS["crossing"]) == 1
    assert [row[1] for row in rows[2:]] == [found.amount(m) for m in found.sizes]
    told = chart.describe_departures(found)
    assert told.startswith(f"The answer itself: {rows[1][2]}.")
    assert "0.1: " in told
    assert "(no change comes in here)" in told


def test_no_departure_is_not_the_answer_and_the_chart_says_why() -> None:
    assert chart.at_nothing(made()).startswith("0 is not the answer: paths are parallel there too, but each year")
    assert chart.at_nothing(made(SMOOTH)).startswith("0% is not the answer: the drift of the years before is drawn on")


def test_nothing_is_marked_where_there_is_no_crossing() -> None:
    for at in (0.0, math.inf):
        found = made(at=at)
        assert found.crossing is None
        assert chart.CROSSING not in words(chart._draw(found, WIDE, simulated=False))
        assert len([row for row in departures_table(found) if row[0] == ROWS["crossing"]]) == 0


@pytest.mark.parametrize("restriction", [RELATIVE, SMOOTH])
@given(at=draw.floats(0.001, 5.0), width=draw.floats(0.05, 40.0))
@settings(max_examples=60, deadline=None)
def test_what_matters_fits_and_what_does_not_ends_in_an_arrow(restriction: str, at: float, width: float) -> None:
    found = made(restriction, at, width)
    assert found.crossing is not None
    assert len(found.sizes) <= MOST_SIZES
    drawing = chart._draw(found, SLIM, simulated=False)
    low, high = drawing.canvas.y
    cut = 0
    for bound in found.bounds:
        ends = (bound.change.low, bound.change.high)
        fits = [end is not None and low <= end <= high for end in ends]
        if bound.m <= 2 * found.crossing:
            assert all(fits)
        cut += fits.count(False)
    arrows = [line for line in drawing.lines if len(line.positions) == 3]
    assert len(arrows) == cut
    assert ("beyond the scale" in chart.describe_departures(found)) == (cut > 0)
