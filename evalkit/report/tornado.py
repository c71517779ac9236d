"""What the net value hangs on: both ends of each number's range, the widest first, all else as stated."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import MoneyParameter
from evalkit.report.bar_chart import Bar, Bars, Piece, describe_bars, draw_bars
from evalkit.report.changes import joined
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import beside_range, exactly, money, money_range
from evalkit.report.money_waterfall import money_source
from evalkit.report.numbers import Shown, interval_text, number, percent, pounds
from evalkit.report.scales import is_finite

MOST_BARS = 12
"""With more ranged numbers than this, the widest are drawn; the table has all."""


def tornado_figure(money_read: MoneyReading) -> Figure | None:
    """Return the tornado; None where no number has a range, or net values may not stand."""
    net = money_read.appraisal.net_present_social_value
    ranged = ranged_numbers(money_read)
    if not ranged or net is None:
        return None
    note = exact_note(money_read)
    line = (net.value, f"As stated: {pounds(net.value)}")
    bars = Bars(tuple(_bar(one, net.value) for one in ranged[:MOST_BARS]), line)
    marks = "“low” and “high”: the lower and the higher end of that number's own range, all else as stated"
    left_out = len(ranged) - MOST_BARS
    more = f"The {number(left_out, 0)} narrowest are in the table alone" if left_out > 0 else ""
    return assembled(
        "tornado", tornado_message(ranged, exact=bool(note)), sentences(f"Benefits less costs. {marks}", more, note),
        money_source(money_read), "Net value at both ends of each number's range",
        described(describe_bars(bars), money_read.simulated), parameter_effects(money_read),
        lambda size: draw_bars(bars, size, simulated=money_read.simulated),
    )  # fmt: skip


def ranged_numbers(money_read: MoneyReading) -> list[MoneyParameter]:
    """Return the numbers that have a range and a net value at both ends of it, the widest first."""
    if not money_read.priced:
        return []
    found = [one for one in money_read.appraisal.parameters if is_finite(one.net_low) and is_finite(one.net_high)]
    return sorted(found, key=lambda one: -abs((one.net_high or 0.0) - (one.net_low or 0.0)))


def tornado_message(ranged: Sequence[MoneyParameter], *, exact: bool) -> str:
    """Return the message: what moves the net value most, and how far; `exact` when other numbers have no range."""
    first = ranged[0]
    low, high = sorted(end for end in (first.net_low, first.net_high) if end is not None)
    name = f"how large the change is ({first.name[:1].lower()}{first.name[1:]})" if first.kind == "effect" else (
        f"“{first.name}”")  # fmt: skip
    if len(ranged) == 1:
        return f"Only {name} is given a range: the net value is {money_range(low, high)} over it"
    return f"{'Of what has a range, the' if exact else 'The'} net value hangs most on {name}: {money_range(low, high)}"


def exact_note(money_read: MoneyReading) -> str:
    """Return which numbers are taken as exact, so that nobody takes a missing bar for certainty."""
    exact = [one for one in money_read.appraisal.parameters if one.low is None]
    names = [f"“{one.name}”" for one in exact if one.kind in ("effect", "cost", "unit_cost", "multiplier")]
    others = len(exact) - len(names)
    if others:  # named in the table: a chart has no room for every rate and share
        which = "adjustment or rate" if others == 1 else "adjustments and rates"
        names.append(f"{number(others, 0)} {which} of the table of every number")
    return f"Without a range, and so without a bar: {joined(names)}" if names else ""


def amount(parameter: MoneyParameter, value: float | None) -> str:
    """Return a value of a parameter in its own unit: pounds, with the figures of its range, or percent."""
    if value is None:
        return "not known"
    if parameter.unit.startswith("%"):
        return percent(value, 0 if value == round(value) else 1)
    if parameter.unit.startswith("£"):
        return beside_range(value, parameter.low, parameter.high)
    return exactly(value) if parameter.low is None else number(value)


def range_words(parameter: MoneyParameter) -> str:
    """Return the range of a parameter in its own unit."""
    if parameter.low is None and parameter.high is None:
        return "taken as exact"
    if parameter.unit.startswith("£"):
        return str(money_range(parameter.low, parameter.high))
    return interval_text(parameter.low, parameter.high, number)


def unit_words(parameter: MoneyParameter) -> str:
    """Return the unit without the sign of pounds or percent that stands with the number."""
    return parameter.unit.removeprefix("£").removeprefix("%").strip(" ,")


def parameter_effects(money_read: MoneyReading) -> tuple[tuple[str, ...], ...]:
    """Return range, net value at both ends, switching value and value of information of every number."""
    head = ("Number", "As stated", "Its range", "Net value over the range",
            "Switching value (benefits equal costs)", "Worth of knowing it alone")  # fmt: skip
    widest = ranged_numbers(money_read)
    others = [one for one in money_read.appraisal.parameters if one not in widest]
    return (head, *(_row(one) for one in (*widest, *others)))


def _row(one: MoneyParameter) -> tuple[str, ...]:
    ends = Shown(range_words(one), one.low, one.high)
    net = money_range(one.net_low, one.net_high) if one.net_low is not None else Shown("no range", None, None)
    known = Shown("no range", None) if one.information is None else money(one.information)
    unit = unit_words(one)
    return (f"{one.name} ({unit})" if unit and unit not in one.name else one.name,
            Shown(amount(one, one.stated), one.stated), ends, net,
            Shown("none" if one.switching is None else amount(one, one.switching), one.switching), known)  # fmt: skip


def _bar(one: MoneyParameter, stated: float) -> Bar:
    low, high = one.net_low or 0.0, one.net_high or 0.0
    return Bar(one.name, (Piece(stated, low, "muted", "low"), Piece(stated, high, "observed", "high")),
               str(money_range(*sorted((low, high)))), range_words(one))  # fmt: skip
