"""Parts of the page's sections on what stands beside the headline: each is empty where the result does not hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evalkit.records import Evaluation
from evalkit.report.by_start import averages_table, by_start_sentences, group_time_table
from evalkit.report.compared import compared_sentences, compared_table
from evalkit.report.departures import breakdown_table, departure_sentences
from evalkit.report.donors import donor_sentences, donors_message, time_weights_table
from evalkit.report.error_model_tables import error_models_sentence, error_models_table, error_rules_table
from evalkit.report.event_words import events_sentences, pretest_table
from evalkit.report.exhibits import Exhibits
from evalkit.report.horizon_tables import horizons_sentences, horizons_table
from evalkit.report.inference_words import inference_pairs
from evalkit.report.ladder import smallest_change_that_matters
from evalkit.report.left_out import (
    dropped_sentence,
    dropped_table,
    elsewhere_sentence,
    places_left_out,
    places_sentence,
)
from evalkit.report.other_data import (
    baselines_sentence,
    baselines_table,
    leave_out_sentence,
    leave_out_table,
    rank_of,
    rank_sentences,
    unit_placebos_table,
)
from evalkit.report.particulars import MOST_LEFT_OUT
from evalkit.report.placebo_ranks import places_sentences
from evalkit.report.power_chart import against_margin, power_message, power_table, read_power
from evalkit.report.selection import CHOSEN, selection_sentences
from evalkit.report.two_scales import scales_sentences, scales_table
from evalkit.report.two_way_pairs import pair_sentences
from evalkit.report.words import SIMULATED

if TYPE_CHECKING:
    from markupsafe import Markup

Figures = Mapping[str, "Markup | str"]
LONG_TABLE = 4
"""A table with more rows than this is folded under the sentence that sums it up."""
_SENTENCE_END = re.compile(r"(?<=[a-z%)0-9]\.) (?=[A-Z])")
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
        _part(evaluation, "Places where nothing began", places_sentences(primary),
              [figures.get("fig-places") or exhibits.table(unit_placebos_table(primary))]),
        _part(evaluation, "What the two-way estimate is made of", pair_sentences(primary),
              [figures.get("fig-pairs", "")]),
        _part(evaluation, "Without one place" if places_left_out(primary) else "Without some of the data",
              [places_sentence(primary) or leave_out_sentence(primary), elsewhere_sentence(evaluation)],
              [exhibits.table(leave_out_table(primary), folded=len(primary.result.leave_out) > LONG_TABLE)]),
    ]  # fmt: skip
    return [part for part in parts if part]


def composition(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return who makes up the comparison, and who is not in the result at all, by name."""
    if not evaluation.analyses:
        return []
    primary = evaluation.primary
    drawn = figures.get("fig-donors", "")
    alone = "" if drawn else donors_message(primary)
    few = len(primary.result.dropped) <= MOST_LEFT_OUT  # the facts of the design name them already
    who = compared_table(evaluation)
    parts = [
        _part(evaluation, "Who they are compared with", compared_sentences(evaluation),
              [exhibits.table(who, folded=who is not None and len(who.rows) > LONG_TABLE)]),
        _part(evaluation, "Who makes up the comparison", [*donor_sentences(primary), f"{alone}." if alone else ""],
              [drawn, exhibits.table(time_weights_table(primary), folded=True)]),
        {} if few else _part(evaluation, "Left out", [dropped_sentence(primary)],
                             [exhibits.table(dropped_table(primary), folded=True)]),
    ]  # fmt: skip
    return [part for part in parts if part]


def in_other_ways(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the effect by start and by calendar period, and in percent beside amounts."""
    if not evaluation.analyses:
        return []
    primary = evaluation.primary
    parts = [
        _part(evaluation, "By when places started", by_start_sentences(primary),
              [figures.get("fig-starts", ""), figures.get("fig-calendar", ""),
               exhibits.table(averages_table(primary), folded=True),
               exhibits.table(group_time_table(primary), folded=True)]),
        _part(evaluation, "In percent and in amounts", scales_sentences(primary),
              [exhibits.table(scales_table(primary))]),
    ]  # fmt: skip
    return [part for part in parts if part]


def events(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the effect by time since the start, and how far paths would have to differ to overturn the result."""
    if not evaluation.analyses:
        return []
    primary = evaluation.primary
    parts = [
        _part(evaluation, "Effect by time since the start", events_sentences(primary),
              [figures.get("fig-events", ""), exhibits.table(pretest_table(primary), folded=True)]),
        _part(evaluation, "How much would paths have to differ to overturn this?", departure_sentences(primary),
              [figures.get("fig-departures", ""), figures.get("fig-bends", ""),
               exhibits.table(breakdown_table(primary), folded=True)]),
    ]  # fmt: skip
    return [part for part in parts if part]


def inference(evaluation: Evaluation) -> Part:
    """Return how the interval was made, for a callout: terms with their words in `pairs`; empty if it is not told."""
    pairs = inference_pairs(evaluation.primary) if evaluation.analyses else []
    if not pairs:
        return {}
    return {"title": "How sure, and by which rule", "pairs": pairs, "simulated": evaluation.simulated}


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
    said = _SENTENCE_END.split(str(stored.get("words") or ""))  # one by one, so that a page can list them
    words = ["" if drawn else f"{power_message(found)}.", against_margin(found), *said]
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
