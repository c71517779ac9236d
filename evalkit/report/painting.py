"""Drawings in, the bodies of their SVGs out: the only door to plotnine.

A plot of plotnine takes some 150 ms to set up, however little is on it, and a page has up to thirty drawings. So all of
them are painted on one sheet, a single plot in pixels, over one another: the colour of each mark says to which drawing
it belongs (`stand_in`), and `tidy` takes them apart again. What a drawing looks like does not depend on what else is on
the sheet. Text is not painted: `text_element` writes it where the layout put it, so no font has a say.

Importing this module imports plotnine, which takes a second or two: import it inside functions.
"""

from __future__ import annotations

import io
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib

if "matplotlib.pyplot" not in sys.modules:  # a session that draws already keeps its own way of showing figures
    matplotlib.use("svg")

import matplotlib.pyplot
import numpy
import pandas
import plotnine
from matplotlib.collections import LineCollection

from evalkit.report.drawing import Band, Canvas, Drawing, Line, Point, Position
from evalkit.report.svg import stand_in, text_element, tidy

_p9: Any = plotnine  # some of its functions have no types
SHEET = 4096.0
"""Width and height of the sheet in pixels; what lies beyond is painted all the same."""
_UNIT = 1.7724538509055159
"""plotnine multiplies widths and sizes by the square root of pi."""
_SHAPES = {"circle": "o", "square": "s", "diamond": "D", "left": "<", "right": ">"}
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "evalkit",
    "path.simplify": False,
    "lines.dashed_pattern": (2.8, 2.0),
}
Rows = list[dict[str, Any]]
Painted = tuple[int, Drawing]
"""A drawing and its number on the sheet."""


class geom_strokes(plotnine.geom_path):  # noqa: N801 - geoms of plotnine are named so
    """Lines of any number of positions, all as one collection: `geom_path` makes an artist of each, one by one."""

    def draw_panel(self, data: pandas.DataFrame, panel_params: Any, coord: Any, ax: Any) -> None:
        """Paint every group as a line, in the order in which the groups stand."""
        data = coord.transform(data, panel_params, munch=True)
        ends = data.drop_duplicates("group")
        runs = numpy.split(data[["x", "y"]].to_numpy(), numpy.flatnonzero(data["group"].diff())[1:])
        ax.add_collection(LineCollection(
            runs, colors=list(ends["color"]), capstyle="butt",
            linewidths=list(ends["size"] * _UNIT), linestyles=list(ends["linetype"]), zorder=self.params["zorder"],
        ))  # fmt: skip


def paint(drawings: Sequence[Drawing]) -> list[str]:
    """Return the body of each drawing: its marks by kind, from back to front, and its text on top."""
    written = io.StringIO()
    with matplotlib.rc_context(_SETTINGS):
        figure = _plot(list(enumerate(drawings))).draw()
        figure.set_layout_engine()  # none: the drawings are laid out already, and the sheet is the whole figure
        figure.axes[0].set_position((0, 0, 1, 1))
        figure.savefig(written, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator")))
        matplotlib.pyplot.close(figure)
    marks = tidy(written.getvalue(), len(drawings))
    return [body + _text(drawing) for body, drawing in zip(marks, drawings, strict=True)]


def _plot(sheet: Sequence[Painted]) -> Any:
    """Return the plot: scales that fill the whole sheet, and every aesthetic as it is in the data."""
    parts = [
        *_shades(sheet, lambda drawing: drawing.areas),
        *_strokes(sheet, lambda drawing: [line for line in drawing.lines if line.under]),
        *_shades(sheet, lambda drawing: drawing.bands),
        *_strokes(sheet, lambda drawing: [line for line in drawing.lines if not line.under]),
        *_points(sheet),
        _p9.scale_color_identity(),
        _p9.scale_fill_identity(),
        _p9.scale_size_identity(),
        _p9.scale_shape_identity(),
        _p9.scale_stroke_identity(),
        _p9.scale_linetype_identity(),
        _p9.scale_x_continuous(breaks=[]),
        _p9.scale_y_continuous(breaks=[]),
        _p9.coord_cartesian(xlim=(0, SHEET), ylim=(0, SHEET), expand=False),
        _p9.theme_void(),
        _p9.theme(figure_size=(SHEET / 72, SHEET / 72), plot_margin=0, legend_position="none"),
    ]
    return _p9.ggplot() + parts


def _shades(sheet: Sequence[Painted], bands: Callable[[Drawing], Iterable[Band]]) -> list[Any]:
    """Return the layer of shaded intervals, each along its upper bound and back along the lower one."""
    rows: Rows = []
    runs = itertools.count()
    for number, drawing in sheet:
        for band in bands(drawing):
            places, run = sorted(band.places, key=lambda place: place[0]), next(runs)
            around = [(x, high) for x, _, high in places] + [(x, low) for x, low, _ in reversed(places)]
            rows += [{"x": x, "y": y, "run": run, "fill": stand_in(band.paint, number)}
                     for x, y in _pixels(drawing.canvas, around)]  # fmt: skip
    return _layer(_p9.geom_polygon, rows, group="run", fill="fill")


def _strokes(sheet: Sequence[Painted], lines: Callable[[Drawing], Iterable[Line]]) -> list[Any]:
    """Return the layer of lines: of each drawing the solid ones, then the dashed ones."""
    rows: Rows = []
    runs = itertools.count()
    for number, drawing in sheet:
        for line in sorted(lines(drawing), key=lambda line: line.dashed):
            run, kind = next(runs), "dashed" if line.dashed else "solid"
            rows += [{"x": x, "y": y, "run": run, "colour": stand_in(line.paint, number), "width": line.width / _UNIT,
                      "kind": kind} for x, y in _pixels(drawing.canvas, line.positions)]  # fmt: skip
    return _layer(geom_strokes, rows, group="run", color="colour", size="width", linetype="kind")


def _points(sheet: Sequence[Painted]) -> list[Any]:
    """Return the layers of marks: the first run of one shape in every drawing, then the second ones, and so on.

    plotnine paints a layer shape by shape; in layers by run, marks of a drawing keep the order in which they stand.
    """
    layers: dict[int, Rows] = {}
    for number, drawing in sheet:
        runs = itertools.groupby(drawing.points, key=lambda point: point.shape)
        for place, (shape, points) in enumerate(runs):
            layers.setdefault(place, []).extend(
                _mark(point, at, shape, number) for point in points
                for at in _pixels(drawing.canvas, [(point.x, point.y)])
            )  # fmt: skip
    aesthetics = {"fill": "fill", "color": "colour", "size": "extent", "stroke": "edge", "shape": "shape"}
    return [layer for rows in layers.values() for layer in _layer(_p9.geom_point, rows, **aesthetics)]


def _mark(point: Point, at: Position, shape: str, number: int) -> dict[str, Any]:
    edge = point.stroke / _UNIT
    return {"x": at[0], "y": at[1], "fill": stand_in(point.fill, number), "colour": stand_in(point.outline, number),
            "extent": 2 * point.radius / _UNIT - edge, "edge": edge, "shape": _SHAPES[shape]}  # fmt: skip


def _layer(geom: Any, rows: Rows, **aesthetics: str) -> list[Any]:
    """Return a layer as a list; an empty list when nothing is on it."""
    return [geom(_p9.aes("x", "y", **aesthetics), pandas.DataFrame(rows))] if rows else []


def _pixels(at: Canvas, positions: Iterable[Position]) -> list[Position]:
    """Return positions on the sheet, whose y counts from below; what is infinite ends at the edge of the drawing."""
    return [(_within(at.across(x), at.width), SHEET - _within(at.down(y), at.height))
            for x, y in positions if not math.isnan(x) and not math.isnan(y)]  # fmt: skip


def _within(pixel: float, most: float) -> float:
    return pixel if math.isfinite(pixel) else min(max(pixel, 0.0), most)


def _text(drawing: Drawing) -> str:
    """Return the labels of a drawing, each where the layout put it."""
    at = drawing.canvas
    return "".join(
        text_element(at.across(label.x), at.down(label.y), label.words, label.size, label.paint, bold=label.bold,
                     anchor=label.anchor, halo=label.halo)
        for label in drawing.labels
    )  # fmt: skip
