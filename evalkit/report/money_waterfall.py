"""From the parts of the benefit up to their total, and from there down by the costs to what is left."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import Estimate, MoneyLine
from evalkit.report.bar_chart import Bar, Bars, Piece, describe_bars, draw_bars
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import money, money_range, with_range
from evalkit.report.numbers import number, pounds
from evalkit.report.scales import is_finite
from evalkit.report.words import interval_label

MOST_PARTS = 7
"""With more lines on one side than this, the smallest are drawn together; the table has all."""


def waterfall_figure(money_read: MoneyReading) -> Figure | None:
    """Return the waterfall; None where no ratio may stand, since it would then be taken for a saving."""
    appraisal = money_read.appraisal
    benefit, net = appraisal.benefit, appraisal.net_present_social_value
    if not money_read.clear or benefit is None or net is None or not is_finite(net.value):
        return None
    gains, costs = _lines(appraisal.lines, "benefit"), _lines(appraisal.lines, "cost")
    if not gains or not costs:
        return None
    bars = waterfall_bars(gains, costs, benefit, net)
    marks = "Blue: benefits. Grey: costs. Black: totals, with their interval as a thin line"
    return assembled(
        "waterfall", f"Benefits of {pounds(benefit.value)}, costs of {pounds(appraisal.cost.value)}: "
        f"net {with_range(net.value, net.low, net.high)}",
        sentences(f"Present values in {appraisal.price_base or 'stated'} prices", marks), money_source(money_read),
        "Parts of the benefit added up, and costs taken off", described(describe_bars(bars), money_read.simulated),
        _table(gains, costs, benefit, appraisal.cost, net),
        lambda size: draw_bars(bars, size, simulated=money_read.simulated),
    )  # fmt: skip


def waterfall_bars(gains: Sequence[MoneyLine], costs: Sequence[MoneyLine], benefit: Estimate, net: Estimate) -> Bars:
    """Return the bars: each part of the benefit begins where the one before ends, then costs lead down to the net."""
    return Bars((*_climb(gains), _total("Benefits", benefit), *_fall(costs, benefit.value), _total("Net", net)),
                stepped=True)  # fmt: skip


def money_source(money_read: MoneyReading) -> str:
    """Return where the amounts of a chart come from, as a line under it."""
    prices = money_read.appraisal.price_base or "stated"
    return f"Source: this appraisal, {prices} prices; each figure has its own source in the table of every line."


def _lines(lines: Sequence[MoneyLine], side: str) -> list[MoneyLine]:
    return [line for line in lines if line.side == side and is_finite(line.present_value) and line.present_value]


def _amounts(lines: Sequence[MoneyLine]) -> list[tuple[str, str, float]]:
    """Return label, second line and amount of what is drawn: the smallest together where there are very many."""
    rows = [(line.item, f"{line.payer}, {line.kind}" if line.payer else line.kind, float(line.present_value or 0.0))
            for line in lines]  # fmt: skip
    if len(rows) <= MOST_PARTS:
        return rows
    kept = sorted(rows, key=lambda row: -abs(row[2]))[: MOST_PARTS - 1]
    rest = [row for row in rows if row not in kept]
    together = f"{number(len(rest), 0)} smaller lines together"
    return [*(row for row in rows if row in kept), (together, "", sum(row[2] for row in rest))]


def _climb(lines: Sequence[MoneyLine]) -> list[Bar]:
    found, total = [], 0.0
    for label, under, amount in _amounts(lines):
        found.append(Bar(label, (Piece(total, total + amount),), pounds(amount), under))
        total += amount
    return found


def _fall(lines: Sequence[MoneyLine], total: float) -> list[Bar]:
    found = []
    for label, under, amount in _amounts(lines):
        found.append(Bar(label, (Piece(total, total - amount, "muted"),), pounds(-amount), under))
        total -= amount
    return found


def _total(label: str, estimate: Estimate) -> Bar:
    ends = None if estimate.low is None or estimate.high is None else (estimate.low, estimate.high)
    under = "" if ends is None else f"{interval_label(estimate.level)}: {money_range(*ends)}"
    return Bar(label, (Piece(0.0, estimate.value, "ink"),), pounds(estimate.value), under, strong=True, interval=ends)


def _table(gains: Sequence[MoneyLine], costs: Sequence[MoneyLine], benefit: Estimate, cost: Estimate,
           net: Estimate) -> tuple[tuple[str, ...], ...]:  # fmt: skip
    """Return every line and total, costs with a minus sign."""
    label = interval_label(benefit.level)
    rows: list[tuple[str, ...]] = [("Part", "Who pays or gains", "Kind", "Present value", label)]
    rows += [(line.item, line.payer, line.kind, money(line.present_value), money_range(line.low, line.high))
             for line in gains]  # fmt: skip
    rows.append(("Benefits", "all", "all", money(benefit.value), money_range(benefit.low, benefit.high)))
    rows += [(line.item, line.payer, line.kind, money(-(line.present_value or 0.0)), money_range(None, None))
             for line in costs]  # fmt: skip
    ends = (None, None) if cost.low is None or cost.high is None else (-cost.high, -cost.low)
    rows.append(("Costs", "all", "all", money(-cost.value), money_range(*ends)))
    return (*rows, ("Net", "all", "all", money(net.value), money_range(net.low, net.high)))
