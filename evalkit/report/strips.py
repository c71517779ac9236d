"""Two small drawings made by hand: the strip of the list of studies, and the square of every hundred."""

from __future__ import annotations

import math

from evalkit.report.drawing import text_width, wrapped
from evalkit.report.numbers import count, estimate_text, interval_text, signed_percent
from evalkit.report.svg import PAINTS, clean, coordinate, escape, frame, text_element

_WIDTH, _EDGE, _REACH = 340.0, 4.0, 80.0


def interval_strip(value: float, low: float | None, high: float | None, kind: str, *, name: str, note: str = "",
                   axis: bool = True, simulated: bool = False) -> str:  # fmt: skip
    """Return one change in percent with its interval on the scale that all studies share, −80% to +80%.

    Parameters
    ----------
    value, low, high : float or None
        In percent. What lies beyond the scale, and an infinite bound, ends in an arrow; a bound of None is not drawn.
    kind : str
        `impact` draws a diamond, everything else a ring.
    name : str
        The only one of its kind on the page.
    note : str
        A few words beside the number.
    axis : bool
        Whether the tick labels stand below; one set is enough for strips that stand on top of each other.
    simulated : bool
        Print "Simulated data" inside the drawing.
    """
    words = estimate_text(value, low, high)
    bold, rest = words.split(" ", 1)
    top, body = (21.0, _chip()) if simulated else (0.0, "")
    below = text_width(bold, 15, bold=True) + text_width(f" {rest} {note}", 15) > _WIDTH - _EDGE
    beside = "" if below or not note else f' <tspan style="fill:{PAINTS["muted"]}">{escape(clean(note))}</tspan>'
    body += (f'<text x="4" y="{coordinate(top + 14)}" font-size="15" style="fill:{PAINTS["ink"]}">'
             f'<tspan font-weight="700">{bold}</tspan> {rest}{beside}</text>')  # fmt: skip
    for line in wrapped(note, 13, _WIDTH - _EDGE, most=3) if below else []:
        body += text_element(_EDGE, top + 32, line, 13, "muted")
        top += 18
    body += _ticks(top, axis) + _interval(value, low, high, kind == "impact", top + 34)
    title = f"{'Simulated data: ' if simulated else ''}change {words}"
    return frame(body, _WIDTH, top + (74 if axis else 50), name=name, style="strip", title=title,
                 description=f"{title}{f', {note}' if note else ''}. The scale runs from {signed_percent(-_REACH)} "
                             f"to {signed_percent(_REACH)}.")  # fmt: skip


def of_every_hundred(value: float, low: float | None, high: float | None, *, name: str = "hundred",
                     simulated: bool = False) -> str:  # fmt: skip
    """Return a square of 100 cells: of every 100 expected, how many happened, with the interval.

    Parameters
    ----------
    value, low, high : float or None
        The change in percent against what was expected.
    name, simulated
        As in `interval_strip`.

    Returns
    -------
    str
        An `<svg>` element, 212 px wide. Solid cells happened whatever the interval, shaded ones lie inside it, empty
        ones did not happen; rows below the square are more than expected. Empty text when the interval is not known
        or the change is more than double: then the drawing would say too little.
    """
    if low is None or high is None or not all(map(math.isfinite, (value, low))) or value > 100 or math.isnan(high):
        return ""
    happened, least = _hundred(value), _hundred(low)
    most = _hundred(high) if high < 100 else 200
    cells = max(100, math.ceil(most / 10) * 10)
    offset = 26.0 if simulated else 0.0
    body = (_chip() if simulated else "") + "".join(
        _cell(place, least, most, offset) for place in range(max(100, most))
    )
    body += f'<path d="{_step(happened, offset)}" style="fill:none;stroke:{PAINTS["ink"]};stroke-width:2.5"/>'
    covered = interval_text(least, most if math.isfinite(high) else high, count)
    title = f"Of every 100 expected, {count(happened)} happened"
    description = (f"{'Simulated data. ' if simulated else ''}A square of 100 cells"
                   f"{' and more rows below it' if cells > 100 else ''}. {least} are solid, {most - least} are shaded "
                   f"because the interval covers them ({covered}), "
                   f"{max(0, 100 - most)} are empty. A line after cell {happened} marks the estimate.")  # fmt: skip
    return frame(body, 212, offset + _row_top(cells // 10 - 1) + 20, name=name, style="cells", title=title,
                 description=description)  # fmt: skip


def _hundred(change: float) -> int:
    return max(0, round(100 + change))


def _row_top(row: int) -> float:
    """Return where a row of cells begins; rows of more than a hundred stand a little apart."""
    return 1 + 21 * row + (8 if row >= 10 else 0)


def _cell(place: int, least: int, most: int, offset: float) -> str:
    style = f"fill:{PAINTS['observed']}" if place < least else \
        f"fill:{PAINTS['band']};stroke:{PAINTS['expected']};stroke-width:1.25" if place < most else \
        f"fill:none;stroke:{PAINTS['muted']};stroke-width:1.25;stroke-dasharray:2 2"  # fmt: skip
    x, y = 1 + 21 * (place % 10), coordinate(offset + _row_top(place // 10))
    return f'<rect x="{x}" y="{y}" width="16" height="16" rx="2" style="{style}"/>'


def _step(happened: int, offset: float) -> str:
    """Return the line that parts the cells up to the estimate from those after it."""
    row, column = divmod(happened, 10)
    below = offset + _row_top(row) + 18.5
    above = offset + (_row_top(row - 1) + 18.5 if row else -1.5)
    if column == 0:
        return f"M-1 {coordinate(above)}H208"
    return f"M-1 {coordinate(below)}H{coordinate(21 * column - 1.5)}V{coordinate(above)}H208"


def _chip() -> str:
    width = coordinate(text_width("Simulated data", 13, bold=True) + 12)
    box = f'<rect x="0" y="0" width="{width}" height="19" rx="2" style="fill:{PAINTS["notice"]}"/>'
    return box + text_element(6, 14, "Simulated data", 13, "ink", bold=True)


def _across(change: float) -> float:
    return _EDGE + (change + _REACH) / (2 * _REACH) * (_WIDTH - 2 * _EDGE)


def _ticks(top: float, axis: bool) -> str:
    parts = []
    for change in range(-80, 81, 20):
        zero, x = change == 0, coordinate(_across(change))
        style = f"stroke:{PAINTS['ink' if zero else 'hair']};stroke-width:{1.25 if zero else 1}"
        parts.append(f'<path d="M{x} {coordinate(top + 22)}V{coordinate(top + 46)}" style="{style}"/>')
        if axis and change % 40 == 0:
            anchor = {-80: "start", 80: "end"}.get(change, "middle")
            x_text = {-80: 0.0, 80: _WIDTH}.get(change, _across(change))
            parts.append(
                text_element(x_text, top + 68, signed_percent(change) if change else "0", 13, "muted", anchor=anchor)
            )
    return "".join(parts)


def _interval(value: float, low: float | None, high: float | None, impact: bool, down: float) -> str:
    """Return the line of the interval, arrows where it goes beyond the scale, and the mark."""
    paint, y = PAINTS["observed" if impact else "muted"], coordinate(down)
    parts = []
    ends = [None if bound is None or math.isnan(bound) else min(max(bound, -_REACH), _REACH) for bound in (low, high)]
    if ends[0] is not None and ends[1] is not None:
        line = f"M{coordinate(_across(ends[0]))} {y}H{coordinate(_across(ends[1]))}"
        parts.append(f'<path d="{line}" style="fill:none;stroke:{paint};stroke-width:2.5"/>')
    for bound, aside in ((low, -1), (high, 1)):
        if bound is not None and abs(bound) > _REACH and bound * aside > 0:
            parts.append(_arrow(_across(aside * _REACH), down, aside, paint))
    if abs(value) > _REACH:
        return "".join(parts)
    x = coordinate(_across(value))
    if impact:
        side = _across(value)
        above, below = coordinate(down - 8), coordinate(down + 8)
        d = f"M{coordinate(side - 8)} {y}L{x} {above} {coordinate(side + 8)} {y} {x} {below}Z"
        return "".join(parts) + f'<path d="{d}" style="fill:{paint};stroke:{PAINTS["paper"]};stroke-width:.75"/>'
    return (
        "".join(parts)
        + f'<circle cx="{x}" cy="{y}" r="5" style="fill:{PAINTS["paper"]};stroke:{paint};stroke-width:2"/>'
    )


def _arrow(x: float, down: float, aside: int, paint: str) -> str:
    inner = coordinate(x - 9 * aside)
    return (f'<path d="M{inner} {coordinate(down - 6)}L{coordinate(x + 2 * aside)} {coordinate(down)} {inner} '
            f'{coordinate(down + 6)}Z" style="fill:{paint}"/>')  # fmt: skip
