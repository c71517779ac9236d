"""Tables of the money: totals, who pays and gains, whose money it is, other choices, and every line with its source."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.records import Appraisal, MoneyLine, MoneyReturn
from evalkit.report.money_reading import MoneyReading
from evalkit.report.money_scale import beside_range, money, money_range, pounds_and_pence, whole
from evalkit.report.money_words import interval_of, ratio_terms
from evalkit.report.numbers import Shown, interval_text, number, pounds
from evalkit.report.scales import is_finite
from evalkit.report.tables import Column, Table
from evalkit.report.tornado import amount, range_words, unit_words

STATUS = {
    "primary": "Checked at its source",
    "secondary": "Second-hand: check before use",
    "memory": "From memory: check before use",
    "declared": "Declared by the author",
    "borrowed": "Found elsewhere: see its source",
    "estimated": "Estimated in this study",
}
KINDS = {"fiscal": "Public budgets (fiscal)", "economic": "The economy", "social": "People (social)"}
RETURNS = {"fiscal": "Public money back for each £1 of public money", "cashable": "Of it, to be taken out of budgets"}
NOT_STATED = "not stated"


def totals_table(money_read: MoneyReading) -> Table | None:
    """Return cost, benefit and what is left, with the ratio where one may stand; None where benefits may not."""
    if not money_read.priced:
        return None
    appraisal = money_read.appraisal
    found = (("Cost", appraisal.cost), ("Benefit", appraisal.benefit),
             ("Benefit less cost", appraisal.net_present_social_value))  # fmt: skip
    rows = [(label, Shown(beside_range(one.value, one.low, one.high), one.value), money_range(one.low, one.high))
            for label, one in found if one is not None]  # fmt: skip
    ratio = appraisal.ratio
    if ratio is not None and not appraisal.ratio_withheld:
        ends = Shown(interval_text(ratio.low, ratio.high, pounds_and_pence), ratio.low, ratio.high)
        rows.append(("Benefit for each £1 of cost", Shown(pounds_and_pence(ratio.value), ratio.value), ends))
    stated = "As assumed" if money_read.without_data else "Estimate"
    columns = [Column("What"), Column(stated, "number"), Column(interval_of(appraisal).capitalize(), "number")]
    caption = f"Cost and benefit, present values in {appraisal.price_base or 'stated'} prices"
    note = f"No ratio is given. {appraisal.ratio_withheld}" if appraisal.ratio_withheld else ratio_terms(appraisal)
    return Table("tbl-money", caption, columns, rows, cards=True, note=note)


def by_kind_table(money_read: MoneyReading) -> Table | None:
    """Return the three lines fiscal, economic and social, and what of it can be taken out of budgets."""
    appraisal = money_read.appraisal
    if not appraisal.by_kind:
        return None
    cashable = next((one.benefit for one in appraisal.returns if one.name == "cashable"), None)
    rows = []
    for kind, cost, benefit in appraisal.by_kind:
        out: Shown | str = "does not apply"
        if kind == "fiscal":
            out = NOT_STATED if cashable is None else whole(cashable)
        rows.append((KINDS.get(kind, kind), whole(cost), whole(benefit), out))
    columns = [Column("Whose money it is"), Column("Cost", "number"), Column("Benefit", "number"),
               Column("Of the benefit, cashable", "number")]  # fmt: skip
    note = "Cashable: what can be taken out of budgets. It is not worked out, only stated by those who hold them."
    return _without_benefits("tbl-money-kind", "Fiscal, economic and social, present values", columns, rows,
                             money_read.priced, note)  # fmt: skip


def returns_table(money_read: MoneyReading) -> Table | None:
    """Return what public money brings back, in all and out of budgets; None where no ratio may stand."""
    returns = money_read.appraisal.returns
    if not money_read.clear or not any(one.ratio is not None for one in returns):
        return None
    rows: list[tuple[str, ...]] = [
        (RETURNS.get(one.name, one.name), whole(one.benefit), whole(one.cost), *_ratio(one)) for one in returns
    ]
    if all(one.name != "cashable" for one in returns):
        rows.append((RETURNS["cashable"], *[NOT_STATED] * 4))
    columns = [Column("Return"), *(Column(label, "number") for label in (
        "Benefit", "Public cost", "For each £1", interval_of(money_read.appraisal).capitalize()))]  # fmt: skip
    return Table("tbl-money-returns", "Return to public budgets, present values", columns, rows, cards=True)


def by_year_table(money_read: MoneyReading) -> Table | None:
    """Return costs and benefits of each year."""
    rows = [(year.year, Shown(number(year.averted), year.averted), whole(year.cost), whole(year.benefit),
             Shown(number(year.discount_factor, 4), year.discount_factor), whole(year.cumulative))
            for year in money_read.appraisal.by_year]  # fmt: skip
    known = any(is_finite(year.cumulative) for year in money_read.appraisal.by_year)
    columns = [
        Column("Year"),
        *(
            Column(label, "number")
            for label in (
                "Change that is priced",
                "Cost",
                "Benefit",
                "Discount factor",
                "Benefit less cost so far, discounted",
            )
        ),
    ]
    keep = money_read.priced and known
    kept = [place for place in range(len(columns)) if (place != 1 or money_read.priced) and (place != 5 or keep)]
    return _without_benefits("tbl-money-year", "By year, not discounted", [columns[place] for place in kept],
                             [[row[place] for place in kept] for row in rows], money_read.priced)  # fmt: skip


def by_payer_table(money_read: MoneyReading) -> Table | None:
    """Return who pays and who gains."""
    columns = [Column("Who pays or gains"), Column("Cost", "number"), Column("Benefit", "number")]
    rows = [(payer, whole(cost), whole(benefit)) for payer, cost, benefit in money_read.appraisal.by_payer
            if money_read.priced or cost != 0]  # fmt: skip
    return _without_benefits("tbl-money-payer", "By who pays and who gains, present values", columns, rows,
                             money_read.priced)  # fmt: skip


def lines_table(money_read: MoneyReading) -> Table | None:
    """Return every line with its source and how far that was checked."""
    rows = [(line.item, f"{line.side.capitalize()}, {line.payer}" if line.payer else line.side.capitalize(),
             line.kind, whole(line.present_value), _as_printed(line), _source(line),
             STATUS.get(line.status, line.status))
            for line in money_read.lines]  # fmt: skip
    labels = ("Line", "Side", "Kind", "Present value", "Each, as printed", "Source", "How far it was checked")
    return _filled("tbl-money-lines", "Every line, with its source", labels, rows)


def notes_table(money_read: MoneyReading) -> Table | None:
    """Return what the study file and the reference tables note on the lines, each note once."""
    notes: dict[str, list[str]] = {}
    for line in money_read.lines:
        if line.note:
            notes.setdefault(line.note, []).append(line.item)
    rows = [("; ".join(dict.fromkeys(items)), note) for note, items in notes.items()]
    return _filled("tbl-money-notes", "Notes on the lines", ("Line", "Note"), rows)


def worth_table(money_read: MoneyReading) -> Table | None:
    """Return what one event is worth, where the change is not priced or no ratio may stand: nothing is claimed."""
    lines = [line for line in money_read.appraisal.lines if line.side == "benefit" and line.unit_cost is not None]
    if money_read.clear or not lines:
        return None
    base = money_read.appraisal.price_base or "stated"
    rows = [(line.item, line.payer, line.kind, money(line.unit_cost), _as_printed(line), _source(line),
             STATUS.get(line.status, line.status))
            for line in lines]  # fmt: skip
    labels = ("What", "Who gains", "Kind", f"One event, {base} prices", "As printed", "Source",
              "How far it was checked")  # fmt: skip
    return _filled("tbl-money-worth", "What one event fewer or more would be worth", labels, rows,
                   "Amounts for one event. They do not say how many there were because of the programme.")  # fmt: skip


def parameters_table(money_read: MoneyReading) -> Table | None:
    """Return every number that the appraisal rests on, with its range, where both come from, and how far checked."""
    rows = []
    for one in money_read.appraisal.parameters:
        if not money_read.priced and one.kind == "effect":
            continue
        ends = "" if one.low is None else f"{range_words(one)}; "
        where = f" (range: {one.range_source})" if one.range_source else ""
        rows.append((one.name, f"{amount(one, one.stated)} {unit_words(one)}".strip(), f"{ends}{one.distribution}",
                     f"{one.source or NOT_STATED}{where}", _price_year(money_read.appraisal, one.source),
                     STATUS.get(one.status, one.status or NOT_STATED)))  # fmt: skip
    labels = ("Number", "Value", "Range and distribution", "Source", "Price year and edition", "How far it was checked")
    unsure = [row for row in rows if row[-1] in (STATUS["secondary"], STATUS["memory"])]
    note = f"{number(len(unsure), 0)} of these were not checked at their source." if unsure else ""
    return _filled("tbl-money-parameters", "Every number that this rests on", labels, rows, note)


def _price_year(appraisal: Appraisal, source: str) -> str:
    """Return in which year's prices a source prints, and its edition, from the lines that use it."""
    lines = [line for line in appraisal.lines if source and line.source == source]
    years = dict.fromkeys(line.price_year for line in lines if line.price_year)
    editions = dict.fromkeys(f"edition {line.edition}" for line in lines if line.edition)
    return ", ".join([*years, *editions]) or "does not apply"


def _ratio(one: MoneyReturn) -> tuple[str, str]:
    if one.ratio is None:
        return "not given", "not given"
    return (Shown(pounds_and_pence(one.ratio), one.ratio),
            Shown(interval_text(one.low, one.high, pounds_and_pence), one.low, one.high))  # fmt: skip


def _source(line: MoneyLine) -> str:
    return ", ".join(part for part in (line.source, line.edition and f"edition {line.edition}") if part) or NOT_STATED


def _as_printed(line: MoneyLine) -> str:
    """Return what one event costs in its own prices; of a cost without events, the prices that it is in."""
    printed = line.unit_cost_printed if line.unit_cost_printed is not None else line.unit_cost
    prices = {"": "", "cash": "in the prices of each year"}.get(line.price_year, f"in {line.price_year} prices")
    return " ".join(part for part in ("" if printed is None else pounds(printed), prices) if part) or NOT_STATED


def _without_benefits(name: str, caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], whole: bool,
                      note: str = "") -> Table | None:  # fmt: skip
    """Return a table with or without its columns of benefits."""
    kept = [place for place, column in enumerate(columns) if whole or "benefit" not in column.label.lower()]
    if not rows:
        return None
    return Table(name, caption, [columns[place] for place in kept], [[row[place] for place in kept] for row in rows],
                 cards=True, note=note if whole else "")  # fmt: skip


def _filled(name: str, caption: str, labels: Sequence[str], rows: Sequence[Sequence[str]],
            note: str = "") -> Table | None:  # fmt: skip
    """Return a table without the columns that hold nothing; None without a row."""
    kept = [place for place in range(len(labels)) if any(row[place] for row in rows)]
    if not rows:
        return None
    return Table(name, caption, [Column(labels[place]) for place in kept],
                 [[row[place] for place in kept] for row in rows], cards=True, note=note)  # fmt: skip
