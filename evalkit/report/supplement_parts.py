"""Parts of the page's sections on what stands beside the headline: each is empty where the result does not hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evalkit.records import Evaluation
from evalkit.report.error_model_tables import error_models_sentence, error_models_table, error_rules_table
from evalkit.report.exhibits import Exhibits
from evalkit.report.horizon_tables import horizons_sentences, horizons_table
from evalkit.report.ladder import smallest_change_that_matters
from evalkit.report.other_data import (
    baselines_sentence,
    baselines_table,
    leave_out_sentence,
    leave_out_table,
    rank_of,
    rank_sentences,
    unit_placebos_table,
)
from evalkit.report.power_chart import against_margin, power_message, power_table, read_power
from evalkit.report.selection import CHOSEN, selection_sentences
from evalkit.report.words import SIMULATED

if TYPE_CHECKING:
    from markupsafe import Markup

Figures = Mapping[str, "Markup | str"]
LONG_TABLE = 4
"""A table with more rows than this is folded under the sentence that sums it up."""
Part = dict[str, Any]
"""`title`, `sentences`, and blocks of the page in `blocks`."""


def later(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> Part:
    """Return how large the change was soon and later, and the running total; empty without either."""
    if not evaluation.analyses:
        return {}
    table = exhibits.table(horizons_table(evaluation))
    return _part(evaluation, "Soon after the start, and later", horizons_sentences(evaluation.primary),
                 [table, figures.get("fig-totals", "")])  # fmt: skip


def robustness(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts on other error models, other windows before, pretend dates and places, and data left out."""
    if not evaluation.analyses:
        return []
    primary, rank = evaluation.primary, rank_of(evaluation.primary)
    baselines = figures.get("fig-baselines") or exhibits.table(baselines_table(primary))
    parts = [
        _part(evaluation, "Other assumptions about the errors", [error_models_sentence(primary)],
              [exhibits.table(error_models_table(primary)),
               exhibits.table(error_rules_table(primary), folded=True)]),
        _part(evaluation, "Other windows before", [baselines_sentence(primary)], [baselines]),
        _part(evaluation, "Pretend dates", rank_sentences(primary, rank) if rank else [],
              [figures.get("fig-pretend", "")]),
        _part(evaluation, "Places where nothing began", [], [exhibits.table(unit_placebos_table(primary))]),
        _part(evaluation, "Without some of the data", [leave_out_sentence(primary)],
              [exhibits.table(leave_out_table(primary), folded=len(primary.result.leave_out) > LONG_TABLE)]),
    ]  # fmt: skip
    return [part for part in parts if part]


def power(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> Part:
    """Return the smallest change that could be found, beside the change that matters; empty where none is stored."""
    if not evaluation.analyses:
        return {}
    primary = evaluation.primary
    found = read_power(primary, smallest_change_that_matters(evaluation.study, primary))
    if found is None:
        return {}
    stored = primary.result.power or {}
    drawn = figures.get("fig-power", "")
    words = ["" if drawn else f"{power_message(found)}.", against_margin(found), str(stored.get("words") or "")]
    grid = exhibits.table(power_table(found, stored), folded=bool(drawn))
    return _part(evaluation, "How small a change could be found", words, [drawn, grid])


def selection(evaluation: Evaluation) -> Part:
    """Return what selection alone would give, for a callout; empty where nobody was chosen for the outcome."""
    if not evaluation.analyses:
        return {}
    return _part(evaluation, CHOSEN, selection_sentences(evaluation.primary), [])


def _part(evaluation: Evaluation, title: str, sentences: list[str], blocks: list[Any]) -> Part:
    """Return a part with what it holds; empty when there is neither a sentence nor a block."""
    told, shown = [text for text in sentences if text], [block for block in blocks if block]
    told = [f"{SIMULATED}.", *told] if told and evaluation.simulated else told
    return {"title": title, "sentences": told, "blocks": shown} if told or shown else {}
