"""How the net value is spread over the draws, and how likely benefits exceed costs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from evalkit.records import Bin
from evalkit.report.drawing import Band, Canvas, Drawing, Size, text_width
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import beside_range, chance, money_range, money_ticks
from evalkit.report.money_waterfall import money_source
from evalkit.report.numbers import Shown, number, percent
from evalkit.report.scales import step_for, ticks_within
from evalkit.report.words import interval_label

UNSETTLED = "Whether there is a gain at all is not settled: the change that is priced may be none"
"""Title of a chart of chances where the answer includes no change."""


def spread_figure(money_read: MoneyReading) -> Figure | None:
    """Return the distribution of benefits less costs; None where it is not known or may not stand."""
    appraisal = money_read.appraisal
    net, bins = appraisal.net_present_social_value, appraisal.distribution
    if not money_read.priced or net is None or len(bins) < 2 or appraisal.probability_positive is None:
        return None
    drawn = f"{number(appraisal.draws_used, 0)} draws of " if appraisal.draws_used else ""
    as_stated = beside_range(net.value, net.low, net.high)
    ends = f"; {interval_label(net.level)} {money_range(net.low, net.high)}" if net.low is not None else ""
    title = f"Benefits exceed costs with a probability of {chance(appraisal.probability_positive)}"
    return assembled(
        "net", UNSETTLED if money_read.unsettled else title,
        sentences(f"{drawn}benefits less costs{ends}" if drawn else f"Benefits less costs{ends}",
                  "Blue, right of £0: benefits exceed costs. Grey, left of it: they do not",
                  "The first and the last bar hold all draws beyond the scale"),
        money_source(money_read), "Distribution of benefits less costs",
        described(_describe(bins, appraisal.probability_positive, as_stated), money_read.simulated), _table(bins),
        lambda size: _draw(bins, net.value, as_stated, size, simulated=money_read.simulated),
    )  # fmt: skip


def _describe(bins: Sequence[Bin], probability: float, stated: str) -> str:
    highest = max(bins, key=lambda one: one.share)
    return (f"{len(bins)} bars from {money_range(bins[0].low, bins[-1].high)}; the highest stands for "
            f"{money_range(highest.low, highest.high)}. {chance(probability)} of the draws lie right of £0. "
            f"A dashed line marks the stated value, {stated}.")  # fmt: skip


def _table(bins: Sequence[Bin]) -> tuple[tuple[str, ...], ...]:
    rows = [(money_range(one.low, one.high), Shown(percent(100 * one.share, 1), one.share)) for one in bins]
    return (("Benefits less costs", "Share of draws"), *rows)


def _draw(bins: Sequence[Bin], stated: float, as_stated: str, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: a bar for each bin, parted at nought."""
    low, high = min(bins[0].low, 0.0, stated), max(bins[-1].high, 0.0, stated)
    most = max(one.share for one in bins)
    top = (size.tick * 1.6 + 8 if simulated else 2) + 2 * size.line
    height = size.height * 0.62
    drawing = Drawing(Canvas(size.width, height, 12, size.width - 12, top, height - 30, (low, high), (0, most)))
    if simulated:
        drawing.simulated_mark(size.tick)
    _axis(drawing, size)
    for paint, places in (("muted", _left(bins)), ("observed", _right(bins))):
        drawing.bands += [Band(((begin, 0.0, share), (end, 0.0, share)), paint) for begin, end, share in places]
    at = drawing.canvas
    words = f"As stated: {as_stated}"
    half = text_width(words, size.tick, bold=True) / 2
    drawing.line([(stated, 0.0), (stated, at.y_at(top - 4))], "ink", 1.5, dashed=True)
    drawing.text(min(max(at.across(stated), half), size.width - half), top - 10, words, size.tick, bold=True,
                 anchor="middle")  # fmt: skip
    return drawing


def _left(bins: Sequence[Bin]) -> Iterator[tuple[float, float, float]]:
    """Yield begin, end and height of what lies left of nought, with a hair of paper between bars."""
    gap = 0.06 * (bins[0].high - bins[0].low)
    for one in bins:
        if one.low < 0 and one.share:
            yield one.low + gap, min(one.high - gap, 0.0) if one.high > 0 else one.high - gap, one.share


def _right(bins: Sequence[Bin]) -> Iterator[tuple[float, float, float]]:
    gap = 0.06 * (bins[0].high - bins[0].low)
    for one in bins:
        if one.high > 0 and one.share:
            yield max(one.low + gap, 0.0) if one.low < 0 else one.low + gap, one.high - gap, one.share


def _axis(drawing: Drawing, size: Size) -> None:
    """Add amounts below, and the line at nought."""
    at = drawing.canvas
    room = text_width("−£0.25m", size.tick) + 26
    about = max(2, min(7, math.floor((at.right - at.left) / room)))
    write = money_ticks(*at.x, step_for(at.x[1] - at.x[0], about))
    drawing.stroke([(at.left, at.bottom), (at.right, at.bottom)], "ink", 1, under=True)
    for tick in ticks_within(*at.x, about):
        zero, pixel = not round(tick, 6), at.across(tick)
        words = write(0.0 if zero else tick)
        half = text_width(words, size.tick) / 2
        drawing.stroke([(pixel, at.top if zero else at.bottom), (pixel, at.bottom + 5)], "ink", 1.25 if zero else 1)
        drawing.text(min(max(pixel, half), size.width - half), at.bottom + 20, words, size.tick, "muted",
                     anchor="middle")  # fmt: skip
