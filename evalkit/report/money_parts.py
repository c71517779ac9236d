"""Parts of the section on money, in their order; each is empty where the appraisal does not hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.records import Evaluation
from evalkit.report.acceptability_chart import acceptability_figure
from evalkit.report.cheers import cheers_table
from evalkit.report.exhibits import Exhibits
from evalkit.report.figures import Figure
from evalkit.report.money_costs import costs_table, optimism_table, payers_figure
from evalkit.report.money_reading import MoneyReading, read_money, without_own_data
from evalkit.report.money_scenarios import not_made, scenarios_figure
from evalkit.report.money_spread import spread_figure
from evalkit.report.money_tables import (
    by_kind_table,
    by_payer_table,
    by_year_table,
    lines_table,
    notes_table,
    parameters_table,
    returns_table,
    totals_table,
    worth_table,
)
from evalkit.report.money_waterfall import waterfall_figure
from evalkit.report.money_words import (
    NO_THRESHOLD,
    annual_sentence,
    how_sure,
    money_lead,
    other_cautions,
    payback_sentence,
    rests_on,
    unit_sentence,
)
from evalkit.report.tornado import tornado_figure
from evalkit.report.words import SIMULATED

if TYPE_CHECKING:
    from markupsafe import Markup

FIGURES: tuple[tuple[str, Callable[[MoneyReading], Figure | None]], ...] = (
    ("fig-waterfall", waterfall_figure),
    ("fig-payers", payers_figure),
    ("fig-net", spread_figure),
    ("fig-acceptability", acceptability_figure),
    ("fig-tornado", tornado_figure),
    ("fig-choices", scenarios_figure),
)
"""Charts of the section by their names on the page, in their order."""
LONG_TABLE = 4
"""A table of sources with more rows than this is folded."""
Part = dict[str, Any]


def money_figures(evaluation: Evaluation) -> list[tuple[str, Figure | None]]:
    """Return the charts of the section by name; empty where the study has no appraisal."""
    found, first = read_money(evaluation), leading_figure(evaluation)
    ordered = sorted(FIGURES, key=lambda pair: pair[0] != first)
    return [] if found is None else [(name, make(found)) for name, make in ordered]


def leading_figure(evaluation: Evaluation) -> str:
    """Return the chart that leads the page of an appraisal without data of its own; empty for every other study."""
    found = read_money(evaluation) if without_own_data(evaluation) else None
    if found is None:
        return ""
    return "fig-net" if found.priced and len(found.appraisal.distribution) > 1 else "fig-payers"


def money_card(evaluation: Evaluation) -> list[str]:
    """Return the sentences of the card on the first side: break-even first where the result is not clear."""
    found = read_money(evaluation)
    return [] if found is None else money_lead(found)


def money_section(evaluation: Evaluation, exhibits: Exhibits, figures: Mapping[str, Markup | str]) -> Part:
    """Return all that the section prints; empty where the study has no appraisal.

    Parameters
    ----------
    evaluation : Evaluation
    exhibits : Exhibits
        Of the page: numbers tables and keeps their CSV files.
    figures : mapping
        Charts of the page by name, as blocks.
    """
    found = read_money(evaluation)
    if found is None:
        return {}
    return {
        "appraisal": found.appraisal,
        "rests_on": rests_on(found),
        "why_not": found.why_not,
        "break_even": found.break_even,
        "leads": not found.clear,
        "lead": [text for text in money_lead(found) if text != found.break_even],
        "parts": [part for part in _parts(found, exhibits, figures) if part],
        "cautions": other_cautions(found.appraisal),
        "doubtful": len(found.doubtful),
        "threshold": NO_THRESHOLD,
        "checklist": exhibits.table(cheers_table(evaluation, found), folded=True),
    }


def _parts(found: MoneyReading, exhibits: Exhibits, figures: Mapping[str, Markup | str]) -> list[Part]:
    appraisal, table = found.appraisal, exhibits.table
    returned = [unit_sentence(appraisal), payback_sentence(appraisal)] if found.clear else []
    return [
        _part(found, "In sum" if found.priced else "What one event is worth", [],
              [table(totals_table(found)), figures.get("fig-waterfall", ""), table(worth_table(found))]),
        _part(found, "What it cost, and who pays", [annual_sentence(appraisal)],
              [figures.get("fig-payers", ""), table(costs_table(found)), table(optimism_table(found))]),
        _part(found, "Whose money it is" if found.priced else "Whose money it costs", returned,
              [table(by_kind_table(found)), table(returns_table(found)), table(by_payer_table(found)),
               table(by_year_table(found), folded=True)]),
        _part(found, "How sure is that?", how_sure(found),
              [figures.get("fig-net", ""), figures.get("fig-acceptability", "")]),
        _part(found, "What would change it?", not_made(found),
              [figures.get("fig-tornado", ""), figures.get("fig-choices", "")]),
        _part(found, "Where each number comes from", [],
              [table(parameters_table(found), folded=True),
               table(lines_table(found), folded=len(found.lines) > LONG_TABLE),
               table(notes_table(found), folded=True)]),
    ]  # fmt: skip


def _part(found: MoneyReading, title: str, sentences: Sequence[str], blocks: Sequence[Any]) -> Part:
    """Return a part with what it holds; empty when there is neither a sentence nor a block."""
    told, shown = [text for text in sentences if text], [block for block in blocks if block]
    told = [f"{SIMULATED}.", *told] if told and found.simulated else told
    return {"title": title, "sentences": told, "blocks": shown} if told or shown else {}
