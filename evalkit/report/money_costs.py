"""What it cost: by payer, item and year, before and after optimism, and who pays most."""

from __future__ import annotations

import math
from collections.abc import Iterable

from evalkit.report.bar_chart import Bar, Bars, Piece, describe_bars, draw_bars
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import money, whole
from evalkit.report.money_waterfall import money_source
from evalkit.report.numbers import Shown, percent, pounds
from evalkit.report.scales import is_finite
from evalkit.report.tables import Column, Table

COST_KINDS = {"set_up": "set-up", "running": "running", "capital": "capital", "in_kind": "in kind",
              "volunteer": "volunteer time"}  # fmt: skip
MOST_YEARS = 6
"""With more years than this, a row holds one item in one year, so that the table does not run off the page."""


def payers_figure(money_read: MoneyReading) -> Figure | None:
    """Return a bar for each payer; None with one payer alone, or where a cost is not known."""
    paid = [(payer, cost) for payer, cost, _ in money_read.appraisal.by_payer if cost != 0]
    if len(paid) < 2 or not all(is_finite(cost) for _, cost in paid):
        return None
    paid.sort(key=lambda pair: -(pair[1] or 0.0))
    total = sum(cost or 0.0 for _, cost in paid)
    bars = Bars(tuple(Bar(payer, (Piece(0.0, cost or 0.0, "muted"),), pounds(cost),
                          percent(100 * (cost or 0.0) / total)) for payer, cost in paid))  # fmt: skip
    prices = money_read.appraisal.price_base or "stated"
    rows = [(payer, money(cost), Shown(percent(100 * (cost or 0.0) / total), (cost or 0.0) / total))
            for payer, cost in paid]  # fmt: skip
    return assembled(
        "payers", f"Largest share of the cost, {paid[0][0]}: {pounds(paid[0][1])} of {pounds(total)}",
        sentences(f"Present value of what each pays, in {prices} prices, with time and premises given without payment"),
        money_source(money_read), "Costs by who pays", described(describe_bars(bars), money_read.simulated),
        (("Who pays", "Present value", "Share of all costs"), *rows),
        lambda size: draw_bars(bars, size, simulated=money_read.simulated),
    )  # fmt: skip


def costs_table(money_read: MoneyReading) -> Table | None:
    """Return what each payer pays for each item in each year; None where it is not stored."""
    entries = money_read.appraisal.costs_by_payer
    if not entries:
        return None
    years = sorted({entry.year for entry in entries})
    caption = f"Costs by payer and year, {money_read.appraisal.price_base or 'stated'} prices, not discounted"
    if len(years) > MOST_YEARS:
        rows = [(entry.item, entry.payer, COST_KINDS.get(entry.kind, entry.kind), entry.year, whole(entry.amount))
                for entry in entries]  # fmt: skip
        columns = [*map(Column, ("Item", "Who pays", "Kind", "Year")), Column("Amount", "number")]
        return Table("tbl-money-costs", caption, columns, rows, cards=True)
    lines: dict[tuple[str, str, str], dict[str, float | None]] = {}
    for entry in entries:
        own = lines.setdefault((entry.item, entry.payer, COST_KINDS.get(entry.kind, entry.kind)), {})
        own[entry.year] = entry.amount
    found = [(*line, *(whole(own[year]) if year in own else Shown("", None) for year in years),
              whole(_sum(own.values()))) for line, own in lines.items()]  # fmt: skip
    totals = [_sum(own.get(year, 0.0) for own in lines.values()) for year in years]
    everything = ("All costs", "all", "all", *map(whole, totals), whole(_sum(totals)))
    columns = [*map(Column, ("Item", "Who pays", "Kind")), *(Column(year, "number") for year in (*years, "All years"))]
    note = "Optimism included." if money_read.appraisal.optimism else ""
    return Table("tbl-money-costs", caption, columns, [*found, everything], main=len(found), cards=True,
                 note=note)  # fmt: skip


def optimism_table(money_read: MoneyReading) -> Table | None:
    """Return costs and benefits before and after the adjustment for optimism; None where nothing was adjusted."""
    made, appraisal = money_read.appraisal.optimism, money_read.appraisal
    if not made:
        return None
    rows = [("Costs", whole(made.get("cost_before")), whole(appraisal.cost.value))]
    if money_read.priced and appraisal.benefit is not None:
        rows.append(("Benefits", whole(made.get("benefit_before")), whole(appraisal.benefit.value)))
    columns = [Column("What"), Column("Before", "number"), Column("After", "number")]
    return Table("tbl-money-optimism", "Before and after the adjustment for optimism, present values", columns, rows,
                 cards=True)  # fmt: skip


def _sum(amounts: Iterable[float | None]) -> float | None:
    """Return a sum; None where an amount is not known."""
    values = [math.nan if amount is None else amount for amount in amounts]
    total = math.fsum(values)
    return None if math.isnan(total) else total
