"""Painting: many drawings on one sheet, taken apart again, with the same bytes whoever paints them and beside what."""

import hashlib
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import demo
import demo_comparisons
import demo_money
import plotnine
import pytest
from hypothesis import example, given, settings, strategies

from evalkit.report import exhibits, figures, sources, supplement_figures, tables
from evalkit.report.drawing import Canvas, Drawing, Point
from evalkit.report.money_parts import money_figures
from evalkit.report.pages import Page
from evalkit.report.painting import paint
from evalkit.report.svg import PAINTS, stand_in, tidy

HERE = Path(__file__).resolve().parent


def empty(width: float = 200, height: float = 100) -> Drawing:
    return Drawing(Canvas(width, height, 0, width, 0, height, (0, 10), (0, 5)))


def some(paint_of: str = "observed") -> Drawing:
    """Return a drawing with a mark of every kind."""
    drawing = empty()
    drawing.box(0, 0, 50, 20, "notice")
    drawing.shade([(2, 1, 2), (4, 2, 3), (6, 1, 3)])
    drawing.line([(0, 1), (10, 4)], paint_of, 2)
    drawing.line([(0, 2), (5, 2), (10, 3)], "expected", 2, dashed=True)
    drawing.line([(0, 0), (10, 0)], "hair", 1, under=True)
    drawing.points += [Point(1, 1, shape, "paper", paint_of, 5, 2) for shape in ("circle", "diamond", "circle")]
    drawing.text(10, 20, "Words & more", 13, halo=True)
    return drawing


def all_figures() -> list[figures.Figure]:
    """Return figures of every kind that pages have."""
    priced, staggered, series = demo_money.hot_spots(), demo_comparisons.staggered(), demo.seat_belts()
    made = [exhibits.headline_figure(study) for study in (demo.portsmouth(), series, staggered)]
    made += [exhibits.analyses_figure(series), exhibits.events_figure(staggered)]
    made += [supplement_figures.placebo_figure(series), supplement_figures.departures_figure(staggered)]
    return [figure for figure in [*made, *(figure for _, figure in money_figures(priced))] if figure is not None]


def anew(figure: figures.Figure) -> figures.Figure:
    return replace(figure)


def digest(made: list[sources.Files | sources.Fault]) -> str:
    assert not [fault for fault in made if isinstance(fault, sources.Fault)]
    text = "".join(f"{name}{content}" for files in made for name, content in files.items())
    return hashlib.sha256(text.encode()).hexdigest()


def some_studies() -> list:
    return [demo.castle(), demo.portsmouth(), demo_comparisons.staggered(), demo_money.hot_spots()]


def test_a_figure_has_the_same_bytes_alone_together_and_in_any_order():
    alone = [figure.svgs for figure in map(anew, all_figures())]
    together = [anew(figure) for figure in all_figures()]
    figures.paint_together(together)
    backwards = [anew(figure) for figure in reversed(all_figures())]
    figures.paint_together(backwards)
    assert len(alone) > 8
    assert [figure.svgs for figure in together] == alone
    assert [figure.svgs for figure in reversed(backwards)] == alone


def test_each_drawing_keeps_its_own_marks_and_words():
    one, two, three = paint([some("observed"), empty(), some("deep")])
    assert two == ""
    assert one.replace(PAINTS["observed"], PAINTS["deep"]) == three
    assert PAINTS["deep"] not in one
    assert "Words &amp; more" in one
    assert one.count("<circle") == 2
    assert one.count("stroke-dasharray") == 1


def test_marks_stand_from_back_to_front():
    (body,) = paint([some()])
    paints = [re.search(r"var\(--(\w+)\)", style)[1] for style in re.findall(r'style="([^"]+)"', body)]
    assert paints == ["notice", "hair", "band", "observed", "expected", "paper", "ink"]
    assert re.findall("<circle|<text|<path", body)[-4:] == ["<circle", "<path", "<circle", "<text"]


def test_a_drawing_is_where_the_layout_put_it():
    drawing = empty()
    drawing.stroke([(12.3, 45.6), (78.9, 10.1)], "ink", 1)
    drawing.text(33.3, 44.4, "x", 12)
    drawing.points.append(Point(5, 2.5, "circle", "ink", "ink", 4, 1))
    (body,) = paint([drawing])
    assert 'd="M12.3 45.6L78.9 10.1"' in body
    assert '<text x="33.3" y="44.4"' in body
    assert '<circle cx="100" cy="50"' in body


def test_what_is_infinite_ends_at_the_edge_and_what_is_no_number_is_left_out():
    drawing = empty()
    drawing.line([(5, 1), (math.inf, 1)], "ink", 1)
    drawing.line([(5, -math.inf), (5, math.inf)], "ink", 1)
    drawing.line([(5, 2), (6, 2), (math.nan, 2)], "ink", 1)
    (body,) = paint([drawing])
    assert 'd="M100 80L200 80"' in body
    assert 'd="M100 100L100 0"' in body
    assert 'd="M100 60L120 60"' in body
    assert "nan" not in body


def test_a_page_is_painted_at_one_go(monkeypatch):
    painted = []
    draw = plotnine.ggplot.draw
    monkeypatch.setattr(plotnine.ggplot, "draw", lambda plot, **more: painted.append(plot) or draw(plot, **more))
    page = Page(demo_money.hot_spots(), None)
    assert len([name for name in page.exhibits.names if name.startswith("fig-")]) > 3
    assert len(painted) == 1


def test_a_colour_of_no_drawing_on_the_sheet_is_refused():
    sheet = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0 L 1 1" style="fill: none; stroke: {}"/></svg>'
    assert tidy(sheet.format(stand_in("ink", 1)), 2)[1]
    for colour in (stand_in("ink", 2), "#000000", "#0001ff", "red"):
        with pytest.raises(ValueError, match="no variable of the page"):
            tidy(sheet.format(colour), 2)


def test_pages_have_the_same_bytes_from_one_process_and_from_two(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MANY_PAGES", 2)
    here = sources.made_files(some_studies(), tmp_path, processes=1)
    assert sources.made_files(some_studies(), tmp_path, processes=2) == here


def test_pages_have_the_same_bytes_in_processes_that_begin_afresh(tmp_path):
    code = (
        f"import multiprocessing, sys, pathlib; sys.path.insert(0, {str(HERE)!r}); import test_painting as t\n"
        "multiprocessing.set_start_method('spawn'); t.sources.MANY_PAGES = 2\n"
        f"print(t.digest(t.sources.made_files(t.some_studies(), pathlib.Path({str(tmp_path)!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                          env={**os.environ, "PYTHONHASHSEED": "7"})  # fmt: skip
    assert done.stdout.strip() == digest(sources.made_files(some_studies(), tmp_path, processes=1))


def test_pages_are_made_here_when_a_process_is_ended_from_outside(tmp_path, monkeypatch):
    here, study_files = os.getpid(), sources.study_files

    def ended(evaluation, project):
        if os.getpid() != here:
            os._exit(9)
        return study_files(evaluation, project)

    monkeypatch.setattr(sources, "MANY_PAGES", 2)
    expected = sources.made_files(some_studies()[:3], tmp_path, processes=1)
    monkeypatch.setattr(sources, "study_files", ended)
    assert sources.made_files(some_studies()[:3], tmp_path) == expected


@given(strategies.from_regex(tables._AS_IT_IS, fullmatch=True))
@example("nan")
@example("None")
@example("-1,234.50")
@example("1e5")
@example("True")
@settings(max_examples=200, deadline=None)
def test_cells_that_are_not_given_to_great_tables_are_as_it_would_write_them(text):
    assert tables._formatted([text]) == [text]


def test_cells_are_formatted_once(monkeypatch):
    nasty = ["1,234", "<b>&\"'", "", "  x  y ", "nan", "None", "−20%", "**md**", "$a$", "a\x07b", "é🙂 Ŵ"]
    table = tables.Table("tbl-x", "X", [tables.Column("A"), tables.Column("B")], [(cell, cell) for cell in nasty])
    monkeypatch.setattr(tables, "_KNOWN", {})
    html = tables.table_html(table)
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html
    monkeypatch.setattr(tables, "_MOST_KNOWN", 4)  # forgets all, and formats anew
    assert tables.table_html(table) == html
    monkeypatch.setattr(tables, "_MOST_KNOWN", 1000)
    monkeypatch.delattr(tables, "_formatted")
    assert tables.table_html(table) == html
