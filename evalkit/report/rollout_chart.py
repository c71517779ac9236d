"""When places started and what else happened there, drawn: a row for each place on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width, wrapped
from evalkit.report.period_axis import draw_periods
from evalkit.report.rollout_reading import Event, Place, Rollout, by_start, by_year

MOST_PLACES, MOST_ROWS = 25, 40
"""More places than this are drawn by start; more starts than this by year."""
EVERYWHERE = "Everywhere"


@dataclass(frozen=True)
class Chart:
    """What is drawn: rows, what happened in all places, shocks, and the ends of the axis."""

    frequency: str
    rows: tuple[Place, ...]
    left_out: int
    everywhere: tuple[Event, ...]
    local: tuple[Event, ...]
    shocks: tuple[Event, ...]
    ends: tuple[int, int]
    window: tuple[int, int] | None

    @property
    def axis(self) -> str:
        """Unit of the axis."""
        return "number" if self.frequency == "number" else "day"

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything else that is drawn: other programmes by letter, then shocks."""
        others = sorted((*self.everywhere, *self.local), key=lambda event: (len(event.sign), event.sign))
        return (*others, *self.shocks)

    def span(self, event: Event) -> tuple[float, float]:
        """Return where an event begins and ends, cut at the ends of the axis; one without an end goes on."""
        begin = event.begin.begin if event.begin else self.ends[0]
        end = event.end.end if event.end else self.ends[1]
        return max(begin, self.ends[0]) - 0.5, min(end, self.ends[1]) - 0.5


def read_chart(rollout: Rollout) -> Chart | None:
    """Return what there is to draw; None with a single start and nothing else, or without any date."""
    rows = rollout.started
    if len(rows) > MOST_PLACES:
        rows = by_start(rows, rollout.frequency)
    if len(rows) > MOST_ROWS:
        rows = by_year(rows, rollout.frequency)
    dated = [event for event in rollout.events if event.begin or event.end]
    starts = [place.start for place in rows if place.start]
    if not starts:
        return None
    marks = [*starts, *(place.stop for place in rows if place.stop)]
    first, last = (min(mark.begin for mark in marks), max(mark.end for mark in marks))
    if rollout.window:
        first, last = min(first, rollout.window[0]), max(last, rollout.window[1])
    elif dated:
        first = min([first, *(event.begin.begin for event in dated if event.begin)])
        last = max([last, *(event.end.end for event in dated if event.end)])
    inside = [event for event in dated if (event.begin is None or event.begin.begin < last)
              and (event.end is None or event.end.end > first)]  # fmt: skip
    if len(rollout.started) < 2 and not inside:  # one dot is a sentence
        return None
    shown = rows[:MOST_ROWS]
    return Chart(
        rollout.frequency, tuple(shown), sum(place.count for place in rows[MOST_ROWS:]),
        tuple(event for event in inside if not event.shock and event.places is None),
        tuple(event for event in inside if not event.shock and any(event.touches(row) for row in shown)
              and event.places is not None),
        tuple(event for event in inside if event.shock), (first, last), rollout.window)  # fmt: skip


def draw_rollout(chart: Chart, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: names and dates left (on telephones above), a key of letters below."""
    left = 4.0 if size.slim else 0.34 * size.width
    room = size.width - 6 if size.slim else left - 16
    heads = _lanes([_box(chart, event, left, size) for event in chart.shocks])
    top = size.tick * 1.6 + 8 if simulated else 2.0
    studied = chart.window is not None and chart.window != chart.ends
    begin = top + (size.line + 2 if studied else 0) + (max(heads, default=-1) + 1) * (size.tick + 5) + 6
    rows = list(_rows(chart, size, left, room))
    bottom = begin + sum(row.height for row in rows) + 4
    key = [(event.sign, wrapped(_key_words(event), size.tick, size.width - 34)) for event in chart.events]
    height = bottom + 34 + sum(len(lines) * size.line + 3 for _, lines in key)
    canvas = Canvas(size.width, height, left, size.width - 8, begin, bottom,
                    (chart.ends[0] - 0.5, chart.ends[1] - 0.5), (0, 1))  # fmt: skip
    drawing = Drawing(canvas)
    if simulated:
        drawing.simulated_mark(size.tick)
    tops = [begin + sum(row.height for row in rows[:at]) for at in range(len(rows))]
    spans = [(top_of + row.texts + 2, top_of + row.height) for top_of, row in zip(tops, rows, strict=True)]
    for event, lane in zip(chart.shocks, heads, strict=True):
        _shock(drawing, chart, event, size, begin - 6 - (size.tick + 5) * lane, spans)
    if studied:
        _studied(drawing, chart, size, top)
    for row, top_of in zip(rows, tops, strict=True):
        _row(drawing, chart, row, size, top_of)
    draw_periods(drawing, chart.ends[0], chart.ends[1] - 1, chart.axis, size)
    _key(drawing, key, size, bottom + 34)
    return drawing


@dataclass(frozen=True)
class _Row:
    """One row with its texts in lines, and the lane of each thing that happened there besides."""

    place: Place | None
    name: tuple[str, ...]
    under: tuple[str, ...]
    events: tuple[Event, ...]
    lanes: tuple[int, ...]
    height: float
    texts: float


def _rows(chart: Chart, size: Size, left: float, room: float) -> Sequence[_Row]:
    """Return the rows from top to bottom, what happened everywhere first."""
    first: list[tuple[Place | None, tuple[Event, ...]]] = [(None, chart.everywhere)] if chart.everywhere else []
    rows = []
    for place, events in [*first, *((p, tuple(e for e in chart.local if e.touches(p))) for p in chart.rows)]:
        lanes = _lanes([_box(chart, event, left, size) for event in events])
        name = wrapped(place.name if place else EVERYWHERE, size.label, room, most=3)
        under = wrapped(place.words, size.tick, room) if place and (place.start or place.until) else []
        texts = size.line * (len(name) + len(under))
        marks = (size.tick + 7) * (max(lanes, default=-1) + 1) + (16 if place else 0)
        height = texts + marks + 14 if size.slim else max(texts, marks) + 10
        rows.append(_Row(place, tuple(name), tuple(under), events, tuple(lanes), height, texts if size.slim else 0.0))
    return rows


def _box(chart: Chart, event: Event, left: float, size: Size) -> tuple[float, float]:
    """Return the pixels that an event and its letter take."""
    scale = (size.width - 8 - left) / (chart.ends[1] - chart.ends[0])
    begin, end = (left + (at - chart.ends[0] + 0.5) * scale for at in chart.span(event))
    return begin, max(end, begin + _sign_room(event, size))


def _sign_room(event: Event, size: Size) -> float:
    return text_width(event.sign, size.tick, bold=True) + 8


def _lanes(boxes: Sequence[tuple[float, float]]) -> list[int]:
    """Return the lane of each box, the lowest in which it meets no other."""
    taken: list[list[tuple[float, float]]] = []
    found = []
    for begin, end in boxes:
        lane = next((at for at, others in enumerate(taken)
                     if all(end <= low or begin >= high for low, high in others)), len(taken))  # fmt: skip
        if lane == len(taken):
            taken.append([])
        taken[lane].append((begin, end))
        found.append(lane)
    return found


def _shock(drawing: Drawing, chart: Chart, event: Event, size: Size, down: float,
           rows: Sequence[tuple[float, float]]) -> None:  # fmt: skip
    """Add a shaded stretch over all rows, with its number above; on telephones it spares the words of each row."""
    at = drawing.canvas
    begin, end = map(at.across, chart.span(event))
    for top, low in rows if size.slim else [(down + 2, at.bottom)]:
        drawing.box(begin, max(top, at.top), end, low, "wash")
        for edge in (begin, end):
            drawing.stroke([(edge, top), (edge, low)], "muted", 0.8, under=True)
    room = _sign_room(event, size)
    drawing.text(min(begin + 4, size.width - room), down, event.sign, size.tick, bold=True)


def _studied(drawing: Drawing, chart: Chart, size: Size, top: float) -> None:
    """Add a line over the time that the data cover, with its word."""
    at = drawing.canvas
    assert chart.window is not None
    begin, end = (at.across(edge - 0.5) for edge in chart.window)
    words = "Data studied"
    half = text_width(words, size.tick) / 2
    middle = min(max((begin + end) / 2, half), size.width - half)
    drawing.text(middle, top + size.tick, words, size.tick, "muted", anchor="middle")
    drawing.stroke([(begin, top + size.line + 3), (begin, top + size.line), (end, top + size.line),
                    (end, top + size.line + 3)], "ink", 1.25)  # fmt: skip


def _row(drawing: Drawing, chart: Chart, row: _Row, size: Size, top: float) -> None:
    """Add one row: its words, what else happened there, and its start."""
    at = drawing.canvas
    for line, words in enumerate((*row.name, *row.under)):
        head = line < len(row.name)
        drawing.text(0, top + 3 + size.line * (line + 0.78), words, size.label if head else size.tick,
                     "ink" if head else "muted")  # fmt: skip
    down = top + row.texts + 5
    for event, lane in zip(row.events, row.lanes, strict=True):
        _event(drawing, chart, event, size, down + lane * (size.tick + 7))
    down += (size.tick + 7) * (max(row.lanes, default=-1) + 1)
    if row.place is not None:
        _start(drawing, chart, row.place, size, down + 7)
    drawing.stroke([(0, top + row.height), (at.right, top + row.height)], "hair", 1, under=True)


def _event(drawing: Drawing, chart: Chart, event: Event, size: Size, top: float) -> None:
    """Add a framed box with its letter for something else that happened."""
    at, low = drawing.canvas, top + size.tick + 4
    begin, end = map(at.across, chart.span(event))
    drawing.box(begin, top, end, low, "hair")
    drawing.stroke([(begin, top), (end, top), (end, low), (begin, low), (begin, top)], "muted", 0.8, under=True)
    left = min(begin + 4, size.width - _sign_room(event, size) + 4)
    drawing.text(left, low - 4, event.sign, size.tick, bold=True)


def _start(drawing: Drawing, chart: Chart, place: Place, size: Size, down: float) -> None:
    """Add the start of a place by how exactly it is known, the time from then on, and its stop."""
    at, y = drawing.canvas, drawing.canvas.y_at(down)
    start = place.start
    if start is None:
        drawing.points.append(Point(at.x_at(at.left + 6), y, "circle", "paper", "observed", 5, 2))
        drawing.text(at.left + 17, down + size.tick * 0.36, "start not known", size.tick, "muted", halo=True)
        return
    until = place.stop.begin - 0.5 if place.stop else at.x[1]
    begin = start.begin if start.exact else start.end - 0.5
    drawing.line([(begin, y), (max(until, begin), y)], "observed", 3)
    if place.stop:
        pixel = at.across(until)
        drawing.stroke([(pixel, down - 7), (pixel, down + 7)], "observed", 3)
    if not start.exact:
        left, right = at.across(start.begin - 0.5), at.across(start.end - 0.5)
        drawing.box(left, down - 6, right, down + 6, "band")
        drawing.stroke([(left, down - 6), (right, down - 6), (right, down + 6), (left, down + 6), (left, down - 6)],
                       "expected", 1)  # fmt: skip
    elif place.precision == "unknown":
        drawing.points.append(Point(start.begin, y, "circle", "paper", "observed", 5, 2))
    else:
        drawing.points.append(Point(start.begin, y, "circle", "observed", "paper", 5.5, 0.75))


def _key_words(event: Event) -> str:
    where = "" if event.shock or event.places is None else f"; {', '.join(event.places)}"
    return f"{event.name}: {event.when}{where}"


def _key(drawing: Drawing, key: Sequence[tuple[str, Sequence[str]]], size: Size, top: float) -> None:
    """Add what each letter and number stands for."""
    for sign, lines in key:
        drawing.text(0, top + size.line * 0.78, sign, size.tick, bold=True)
        for line, words in enumerate(lines):
            drawing.text(30, top + size.line * (line + 0.78), words, size.tick)
        top += len(lines) * size.line + 3
