"""Value for money: what it cost, what the result is worth, and how far each figure can be relied on."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import Appraisal, Estimate, Evaluation, MoneyLine
from evalkit.report.ladder import Reading
from evalkit.report.numbers import Shown, interval_text, number, pounds
from evalkit.report.tables import Column, Table
from evalkit.report.words import interval_label

STATUS = {
    "primary": "Checked at its source",
    "secondary": "Second-hand: check before use",
    "memory": "From memory: check before use",
    "declared": "Declared by the author",
}


def money_tables(evaluation: Evaluation, reading: Reading) -> list[Table]:
    """Return the tables of the appraisal; costs alone where benefits may not be printed."""
    appraisal = evaluation.appraisal
    if appraisal is None:
        return []
    whole = reading.may_price
    tables = [
        _totals(appraisal) if whole else None,
        _by_kind(appraisal, whole=whole),
        _by_year(appraisal, whole=whole),
        _by_payer(appraisal, whole=whole),
        _lines(appraisal, whole=whole),
    ]
    return [table for table in tables if table is not None and table.rows]


def money_summary(evaluation: Evaluation, reading: Reading) -> list[str]:
    """Return the sentences of the card on cost and break-even."""
    appraisal = evaluation.appraisal
    if appraisal is None:
        return []
    sentences = [f"It cost {pounds(appraisal.cost.value)} in {appraisal.price_base or 'stated'} prices."]
    if (reading.may_price or reading.monitoring) and appraisal.break_even and appraisal.break_even.get("sentence"):
        sentences.append(str(appraisal.break_even["sentence"]))
    if reading.may_price and appraisal.ratio is not None and not appraisal.ratio_withheld:
        sentences.append(f"For each £1 of cost the estimate is {_ratio(appraisal.ratio)}.")
    return sentences


def why_not_priced(reading: Reading) -> str:
    """Return the sentence on why benefits are left out; empty when they are not."""
    if reading.monitoring:
        return "Costs alone are shown: a comparison over time cannot say what the programme is worth."
    if not reading.reliable:
        return "Costs alone are shown: a key check speaks against the result, so it is not priced."
    return ""


def doubtful(appraisal: Appraisal, *, whole: bool) -> list[MoneyLine]:
    """Return the lines whose figures were not checked at their source."""
    return [line for line in _shown(appraisal, whole=whole) if line.status != "primary"]


def _totals(appraisal: Appraisal) -> Table:
    rows: list[tuple[str, str, str]] = [("Cost", _pounds(appraisal.cost.value), _range(appraisal.cost))]
    for label, estimate in (("Benefit", appraisal.benefit), ("Benefit less cost", appraisal.net_present_social_value)):
        if estimate is not None:
            rows.append((label, _pounds(estimate.value), _range(estimate)))
    if appraisal.ratio is not None and not appraisal.ratio_withheld:
        ratio = appraisal.ratio
        rows.append(
            (
                "Benefit for each £1 of cost",
                Shown(f"£{number(ratio.value, 2)}", ratio.value),
                Shown(interval_text(ratio.low, ratio.high, _pounds_and_pence), ratio.low, ratio.high),
            )
        )
    caption = f"Cost and benefit, present values in {appraisal.price_base or 'stated'} prices"
    return Table(
        "tbl-money",
        caption,
        [Column("What"), Column("Estimate", "number"), Column(_label(appraisal).capitalize(), "number")],
        rows,
        cards=True,
        note=appraisal.ratio_withheld,
    )


def _label(appraisal: Appraisal) -> str:
    """Return the name of the interval that the benefits have: they are priced at the level of the effect."""
    estimates = (appraisal.benefit, appraisal.net_present_social_value, appraisal.ratio)
    levels = [estimate.level for estimate in estimates if estimate is not None and estimate.low is not None]
    return interval_label(levels[0]) if levels else "interval"


def _by_year(appraisal: Appraisal, *, whole: bool) -> Table:
    columns = [
        Column("Year"),
        Column("Cost", "number"),
        Column("Benefit", "number"),
        Column("Discount factor", "number"),
    ]
    rows = [
        (
            year.year,
            _pounds(year.cost),
            _pounds(year.benefit),
            Shown(number(year.discount_factor, 4), year.discount_factor),
        )
        for year in appraisal.by_year
    ]
    return _money_table("tbl-money-year", "By year, not discounted", columns, rows, whole)


def _by_kind(appraisal: Appraisal, *, whole: bool) -> Table:
    columns = [Column("To whom it is money"), Column("Cost", "number"), Column("Benefit", "number")]
    names = {"fiscal": "Public budgets (fiscal)", "economic": "The economy", "social": "People (social)"}
    rows = [(names.get(kind, kind), _pounds(cost), _pounds(benefit)) for kind, cost, benefit in appraisal.by_kind]
    return _money_table("tbl-money-kind", "Fiscal, economic and social, present values", columns, rows, whole)


def _by_payer(appraisal: Appraisal, *, whole: bool) -> Table:
    columns = [Column("Who pays or gains"), Column("Cost", "number"), Column("Benefit", "number")]
    rows = [(payer, _pounds(cost), _pounds(benefit)) for payer, cost, benefit in appraisal.by_payer]
    return _money_table("tbl-money-payer", "By who pays and who gains, present values", columns, rows, whole)


def _money_table(name: str, caption: str, columns: list[Column], rows: Sequence[Sequence[str]], whole: bool) -> Table:
    """Return a table with or without its column of benefits."""
    kept = [place for place, column in enumerate(columns) if whole or column.label != "Benefit"]
    return Table(name, caption, [columns[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _lines(appraisal: Appraisal, *, whole: bool) -> Table:
    rows = []
    for line in _shown(appraisal, whole=whole):
        source = ", ".join(part for part in (line.source, line.edition and f"edition {line.edition}") if part)
        rows.append(
            (
                line.item,
                f"{line.side.capitalize()}, {line.payer}" if line.payer else line.side.capitalize(),
                _pounds(line.present_value),
                _as_printed(line),
                source or "not stated",
                STATUS.get(line.status, line.status),
            )
        )
    return Table(
        "tbl-money-lines",
        "Every line, with its source",
        [
            Column("Line"),
            Column("Side"),
            Column("Present value"),
            Column("Each, as printed"),
            Column("Source"),
            Column("How far it was checked"),
        ],
        rows,
        cards=True,
    )


def _as_printed(line: MoneyLine) -> str:
    """Return what one event costs in its own prices; of a cost without events, the prices that it is in."""
    printed = line.unit_cost_printed if line.unit_cost_printed is not None else line.unit_cost
    prices = {"": "", "cash": "in the prices of each year"}.get(line.price_year, f"in {line.price_year} prices")
    return " ".join(part for part in ("" if printed is None else pounds(printed), prices) if part) or "not stated"


def _pounds(x: float | None) -> Shown:
    return Shown(pounds(x), x)


def _pounds_and_pence(x: float | None) -> str:
    return f"£{number(x, 2)}"


def _shown(appraisal: Appraisal, *, whole: bool) -> list[MoneyLine]:
    return [line for line in appraisal.lines if whole or line.side == "cost"]


def _range(estimate: Estimate) -> Shown:
    none = estimate.low is None and estimate.high is None
    text = "no interval" if none else interval_text(estimate.low, estimate.high, pounds)
    return Shown(text, estimate.low, estimate.high)


def _ratio(ratio: Estimate) -> str:
    """Return what each pound gives: `£1.67 of benefit (95% interval: £0.65 to £2.67)`."""
    text = f"{_pounds_and_pence(ratio.value)} of benefit"
    if ratio.low is None:
        return text
    return f"{text} ({interval_label(ratio.level)}: {interval_text(ratio.low, ratio.high, _pounds_and_pence)})"
