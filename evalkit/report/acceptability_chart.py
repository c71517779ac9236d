"""How likely benefits exceed costs, by what one unit of the outcome is taken to be worth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from evalkit.records import Acceptability
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import AS_CERTAIN, chance, exactly, money, money_ticks
from evalkit.report.money_spread import UNSETTLED
from evalkit.report.money_waterfall import money_source
from evalkit.report.numbers import Shown, percent, pounds
from evalkit.report.scales import step_for, ticks_within


def acceptability_figure(money_read: MoneyReading) -> Figure | None:
    """Return the curve, with the value that the appraisal uses marked; None where none is stored."""
    appraisal = money_read.appraisal
    curve = appraisal.acceptability
    if not money_read.priced or len(curve) < 2 or not any(point.probability for point in curve):
        return None
    unit = appraisal.acceptability_unit or "the outcome"
    priced = appraisal.acceptability_priced
    used = f"the value that this appraisal uses{_working(money_read)}"
    mark = f"Diamond and dashed line: {used}" if priced is not None else ""
    fixed = "The worth of a unit is held fixed here, so a probability on the curve leaves out how sure that worth is"
    return assembled(
        "acceptability", UNSETTLED if money_read.unsettled else acceptability_message(curve, priced),
        sentences(f"Probability that benefits exceed costs, by the worth of one unit of the outcome ({unit})", mark,
                  fixed),
        money_source(money_read), "Probability that benefits exceed costs, by the worth of one unit of the outcome",
        described(_describe(curve, priced), money_read.simulated), _table(curve),
        lambda size: _draw(curve, priced, unit, size, simulated=money_read.simulated),
    )  # fmt: skip


def _working(money_read: MoneyReading) -> str:
    """Return how the worth of a unit is worked out from the table of every number; empty where that is not all."""
    found: list[str] = []
    amounts: list[float] = []
    for one in money_read.appraisal.parameters:
        if one.kind == "unit_cost":
            found.append(pounds(one.stated))
            amounts.append(one.stated)
        elif one.kind in ("events", "multiplier") and found:
            found[-1] += f" × {exactly(one.stated)}"
            amounts[-1] *= one.stated
    share = float((money_read.appraisal.optimism or {}).get("benefits") or 0.0)
    worth, priced = " + ".join(found), money_read.appraisal.acceptability_priced
    if priced is None or not math.isclose(sum(amounts) * (1.0 + share), priced, rel_tol=1e-6):
        return ""  # a line that begins later, or at another rate of discount, is weighed by year as well
    if share and worth:
        worth = f"{f'({worth})' if len(found) > 1 else worth} × {exactly(1.0 + share)} for optimism"
    return f", {worth}" if worth else ""


def probability_at(curve: Sequence[Acceptability], value: float) -> float | None:
    """Return the probability at a value, between the two nearest points of the curve; None beyond its end."""
    for before, after in itertools.pairwise(curve):
        if before.value <= value <= after.value:
            share = (value - before.value) / (after.value - before.value)
            return before.probability + share * (after.probability - before.probability)
    return None


def acceptability_message(curve: Sequence[Acceptability], priced: float | None) -> str:
    """Return the message: the probability at the value used, and from which value on it is more likely than not."""
    even = next((point.value for point in curve if point.probability >= 0.5), None)
    if even is None:
        likely = f"up to {pounds(curve[-1].value)} a unit benefits are never more likely than not to exceed costs"
    else:
        likely = f"benefits are more likely than not to exceed costs from about {pounds(even)} a unit"
    found = None if priced is None else probability_at(curve, priced)
    if priced is None or found is None:
        return likely[:1].upper() + likely[1:]
    about = "about " if AS_CERTAIN[0] <= found <= AS_CERTAIN[1] else ""
    return f"At {pounds(priced)} a unit the probability is {about}{chance(found)}; {likely}"


def _describe(curve: Sequence[Acceptability], priced: float | None) -> str:
    told = dict.fromkeys([curve[0], *(curve[len(curve) * place // 4] for place in (1, 2, 3)), curve[-1]])
    points = "; ".join(f"{pounds(point.value)}: {chance(point.probability)}" for point in told)
    mark = f" The value that this appraisal uses, {pounds(priced)}, is marked." if priced is not None else ""
    return f"A line of {len(curve)} points that {_direction(curve)} from left to right. {points}.{mark}"


def _direction(curve: Sequence[Acceptability]) -> str:
    """Return whether the line rises, falls or does neither all along."""
    steps = [later.probability - earlier.probability for earlier, later in itertools.pairwise(curve)]
    if all(step == 0 for step in steps):
        return "stays level"
    if all(step >= 0 for step in steps):
        return "rises"
    return "falls" if all(step <= 0 for step in steps) else "rises and falls"


def _table(curve: Sequence[Acceptability]) -> tuple[tuple[str, ...], ...]:
    rows = [(money(point.value), Shown(_written(point.probability), point.probability)) for point in curve]
    return (("Worth of one unit", "Probability that benefits exceed costs"), *rows)


def _written(probability: float) -> str:
    """Return a probability with one decimal, never as certain."""
    if 0.0005 <= probability < 0.9995:
        return percent(100 * probability, 1)
    return "under 0.1%" if probability < 0.5 else "over 99.9%"


def _draw(curve: Sequence[Acceptability], priced: float | None, unit: str, size: Size, *, simulated: bool) -> Drawing:
    """Return the curve at one size, with a line at one in two and the value used."""
    top, height = (size.tick * 1.6 + 12 if simulated else 12) + size.line, size.height * 0.72
    left = 12 + text_width("100%", size.tick)
    drawing = Drawing(Canvas(size.width, height, left, size.width - 14, top, height - 50, (0, curve[-1].value), (0, 1)))
    if simulated:
        drawing.simulated_mark(size.tick)
    at = drawing.canvas
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        pixel = at.down(share)
        drawing.stroke([(left - 4, pixel), (at.right, pixel)], "ink" if share in (0.0, 0.5) else "hair", 1, under=True)
        drawing.text(left - 8, pixel + size.tick * 0.35, percent(100 * share), size.tick, "muted", anchor="end")
    about = max(2, min(6, math.floor((at.right - at.left) / (text_width("£20,000", size.tick) + 26))))
    write = money_ticks(*at.x, step_for(at.x[1] - at.x[0], about))
    for tick in ticks_within(*at.x, about):
        words = write(tick)
        half = text_width(words, size.tick) / 2
        drawing.stroke([(at.across(tick), at.bottom), (at.across(tick), at.bottom + 5)], "ink", 1, under=True)
        middle = min(at.across(tick), size.width - half)
        drawing.text(middle, at.bottom + 20, words, size.tick, "muted", anchor="middle")
    drawing.text((left + at.right) / 2, at.bottom + 42, "Worth of one unit of the outcome", size.tick, "muted",
                 anchor="middle")  # fmt: skip
    drawing.line([(point.value, point.probability) for point in curve], "observed", 2.5)
    _mark(drawing, curve, priced, size)
    return drawing


def _mark(drawing: Drawing, curve: Sequence[Acceptability], priced: float | None, size: Size) -> None:
    """Add the value that the appraisal uses."""
    found = None if priced is None else probability_at(curve, priced)
    if priced is None or found is None:
        return
    at, words = drawing.canvas, f"Used here: {pounds(priced)}"
    half = text_width(words, size.tick, bold=True) / 2
    drawing.line([(priced, 0.0), (priced, 1.0)], "ink", 1.25, dashed=True)
    drawing.points.append(Point(priced, found, "diamond", "observed", "paper", 6.0, 0.75))
    drawing.text(min(max(at.across(priced), half), size.width - half), at.top - 8, words, size.tick, bold=True,
                 anchor="middle")  # fmt: skip
