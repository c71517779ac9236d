"""The same sums under other choices of policy and method, side by side: never drawn at random, never mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalkit.records import MoneyScenario
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import beside_range, chance, money, money_range, money_ticks, pounds_and_pence
from evalkit.report.money_waterfall import money_source
from evalkit.report.money_words import interval_of
from evalkit.report.numbers import Shown, number
from evalkit.report.row_chart import Row, Rows, describe_rows, draw_rows
from evalkit.report.scales import is_finite


class MoneyRows(Rows):
    """Rows on a scale of pounds."""

    def tick(self, value: float, step: float) -> str:
        """Return a tick label: £200,000; £1.5m."""
        return money_ticks(*self.ends, step)(value)


def scenarios_figure(money_read: MoneyReading) -> Figure | None:
    """Return the net value under each choice; None where there is one alone, or net values may not stand."""
    drawn = [one for one in money_read.appraisal.scenarios if is_finite(one.net)]
    if not money_read.priced or len(drawn) < 2:
        return None
    rows = MoneyRows(tuple(_row(one, strong=place == 0) for place, one in enumerate(drawn)), False,
                     _level(money_read), "", "Choice")  # fmt: skip
    return assembled(
        "choices", scenarios_message(drawn),
        sentences("Benefits less costs under other choices of policy and method",
                  _lines(money_read), "Diamond: as stated in the study file"),
        money_source(money_read), "Net value under other choices", described(describe_rows(rows), money_read.simulated),
        _table(money_read),
        lambda size: draw_rows(rows, ("Net cost", "Net benefit"), size, simulated=money_read.simulated),
    )  # fmt: skip


def not_made(money_read: MoneyReading) -> list[str]:
    """Return the choices that could not be worked out, each with its reason; empty where net values may not stand."""
    return [f"Not worked out: {one.name[:1].lower()}{one.name[1:]}; {one.reason}."
            for one in money_read.appraisal.scenarios if one.reason and money_read.priced]  # fmt: skip


def scenarios_message(drawn: Sequence[MoneyScenario]) -> str:
    """Return the message: over which amounts the choices range, and how many of them leave the sign open."""
    values = [one.net or 0.0 for one in drawn]
    span = f"Net value {money_range(min(values), max(values))} under {number(len(values), 0)} choices"
    known = [(one.net_low, one.net_high) for one in drawn if one.net_low is not None and one.net_high is not None]
    if len(known) < len(values):
        return f"{span}, with no interval"
    across = sum(low <= 0 <= high for low, high in known)
    if across in (0, len(values)):
        return f"{span}; {'every' if across else 'no'} interval includes £0"
    return f"{span}; {'one interval includes' if across == 1 else f'{number(across, 0)} intervals include'} £0"


def _lines(money_read: MoneyReading) -> str:
    """Return what the lines are; empty where there are none."""
    words = interval_of(money_read.appraisal)
    return "" if words == "interval" else f"Lines: {words}"


def _level(money_read: MoneyReading) -> float:
    net = money_read.appraisal.net_present_social_value
    return 0.95 if net is None else net.level


def _row(one: MoneyScenario, *, strong: bool) -> Row:
    ends = money_range(one.net_low, one.net_high)
    return Row(one.name, "diamond" if strong else "ring", strong, one.net, one.net_low, one.net_high,
               f"{beside_range(one.net, one.net_low, one.net_high)} ({ends})")  # fmt: skip


def _table(money_read: MoneyReading) -> tuple[tuple[str, ...], ...]:
    """Return cost, benefit, net, probability and, where it may stand, the ratio under each choice."""
    head = ["Choice", "Cost", "Benefit", "Benefit less cost", interval_of(money_read.appraisal).capitalize(),
            "Probability that benefits exceed costs"]  # fmt: skip
    rows = []
    for one in (each for each in money_read.appraisal.scenarios if not each.reason):
        likely = Shown("not known" if one.probability_positive is None else chance(one.probability_positive),
                       one.probability_positive)  # fmt: skip
        cells = [one.name, money(one.cost), money(one.benefit), money(one.net), money_range(one.net_low, one.net_high),
                 likely]  # fmt: skip
        ratio = math.nan if one.ratio is None else one.ratio
        cells += [Shown(pounds_and_pence(ratio), ratio)] if money_read.clear else []
        rows.append(tuple(cells))
    return ((*head, *(["Benefit for each £1"] if money_read.clear else [])), *rows)
