"""Where and when: the timeline of starts, what else happened there, and why these places (E9 to E11)."""

from __future__ import annotations

from typing import Any

from evalkit.records import Evaluation
from evalkit.report.arrangements import CHOSEN
from evalkit.report.exhibits import Exhibits
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.less_of_it import has_less
from evalkit.report.numbers import number
from evalkit.report.parts import Drawn, Figures, Part, part
from evalkit.report.rollout_chart import MOST_PLACES, Chart, draw_rollout, read_chart
from evalkit.report.rollout_reading import Event, Place, Rollout, read_rollout
from evalkit.report.tables import Column, Table
from evalkit.report.unit_words import in_units, plural

UNSAID = "Not stated"
EXACT = {"day": "To the day", "fortnight": "To the fortnight", "month": "To the month", "quarter": "To the quarter",
         "year": "To the year", "financial_year": "To the financial year", "number": "To the period",
         "unknown": "Not known"}  # fmt: skip
CLEAR = 6
"""Up to so many places are named in the description of the chart."""


def rollout_figure(evaluation: Evaluation) -> Figure | None:
    """Return when places started and what else happened; None where there is a single start and nothing else."""
    rollout = read_rollout(evaluation)
    chart = read_chart(rollout)
    if chart is None:
        return None
    marked = evaluation.simulated
    given = (evaluation.study.get("rollout") or {}).get("units")
    source = "Source: the study file." if given or rollout.events else "Source: the data and the study file."
    return assembled("rollout", _message(rollout), sentences(*_notes(rollout, chart)), source,
                     in_units("When places started, and what else happened", rollout.noun),
                     described(_described(rollout, chart), marked),
                     _rows(rollout), lambda size: draw_rollout(chart, size, simulated=marked))  # fmt: skip


FIGURES: tuple[Drawn, ...] = (("fig-rollout", rollout_figure, 4),)


def parts(evaluation: Evaluation, exhibits: Exhibits, figures: Figures) -> list[Part]:
    """Return the parts of the section."""
    rollout = read_rollout(evaluation)
    drawn = figures.get("fig-rollout", "")
    block: dict[str, Any] = evaluation.study.get("rollout") or {}
    if not evaluation.analyses and not block:
        return []
    table = None if drawn else _places_table(rollout, bool(block.get("units")))
    less = has_less(evaluation.study["design"])
    return [
        *part("Starts", _starts(rollout, bool(drawn or table), less), blocks=[drawn, exhibits.table(table)]),
        *part("What else happened", [_beside(rollout, evaluation)], blocks=[exhibits.table(_calendar(rollout))]),
        *part(f"Why these {plural(rollout.noun)}", _selection(evaluation), _chosen(block, rollout.noun)),
    ]


def _message(rollout: Rollout) -> str:
    """Return the finding of the chart: from when to when places started."""
    known = [place.start for place in rollout.started if place.start]
    first, last = min(known, key=lambda start: start.begin), max(known, key=lambda start: start.begin)
    count = len(rollout.started)
    if count == 1:
        return f"{rollout.started[0].name}, from {first.words}"
    who = f"{number(len(known), 0)} of {number(count, 0)}" if len(known) < count else \
        "Both" if count == 2 else f"All {number(count, 0)}"  # fmt: skip
    same = len({(start.begin, start.end) for start in known}) == 1
    if same or first.words == last.words:
        at = "on" if first.precision == "day" else "in"
        return f"{who} {plural(rollout.noun)} start {'together, ' if same else ''}{at} {first.words}"
    return f"{who} {plural(rollout.noun)} start between {first.words} and {last.words}"


def _notes(rollout: Rollout, chart: Chart) -> list[str]:
    """Return what a reader must be told of the marks that are there."""
    rows = [(place, place.start) for place in chart.rows]
    grouped = any(place.count > 1 for place in chart.rows)
    notes = ["A row for each start" if grouped else f"A row for each {rollout.noun}, by start"]
    if any(start and start.exact and place.precision != "unknown" for place, start in rows):
        notes.append("Filled mark: the start")
    if any(start and not start.exact for _, start in rows):
        notes.append("Framed bar: the start lies somewhere within it")
    if any(start is None or place.precision == "unknown" for place, start in rows):
        notes.append("Ring: the date is not exact, or not known")
    if any(place.stop for place in chart.rows):
        notes.append("Upright line: the stop")
    if chart.everywhere or chart.local:
        notes.append("Letters: other programmes")
    if chart.shocks:
        notes.append("Shaded, with a number: shocks to the numbers everywhere")
    if chart.left_out:
        which = f"{rollout.noun} is" if chart.left_out == 1 else f"{plural(rollout.noun)} are"
        notes.append(f"{number(chart.left_out, 0)} more {which} in the table only")
    return notes


def _described(rollout: Rollout, chart: Chart) -> str:
    """Return the chart in words: starts in order, then everything else."""
    shown = [f"{place.name}, {place.words}" for place in chart.rows[:CLEAR]]
    more = sum(place.count for place in chart.rows[CLEAR:])
    which = rollout.noun if more == 1 else plural(rollout.noun)
    rest = f"{number(more, 0)} more {which} in the table" if more else ""
    starts = "; ".join([*shown, *([rest] if rest else [])])
    events = "; ".join(_event_words(event) for event in chart.events)
    return f"{_message(rollout)}. {starts}." + (f" What else happened: {events}." if events else "")


def _event_words(event: Event) -> str:
    return f"{event.name} ({event.when}, {_in_words(event)})"


def _in_words(event: Event) -> str:
    return "everywhere" if event.places is None else f"in {', '.join(event.places)}"


def _where(event: Event) -> str:
    return "Everywhere" if event.places is None else ", ".join(event.places)


def _rows(rollout: Rollout) -> tuple[tuple[str, ...], ...]:
    """Return header and a row for each place, by start."""
    known = [*rollout.started, *(place for place in rollout.places if not place.started)]
    head = (rollout.noun.capitalize(), "Start", "How exact", "Stop", "Dose", "Source")
    rows = (head, *(_place_row(place) for place in known))
    told = any(place.until or place.dose or place.source for place in known)
    return rows if told else tuple(row[:3] for row in rows)


def _place_row(place: Place) -> tuple[str, ...]:
    if not place.started:
        start, exact = "Never", "Does not apply"
    else:
        start = place.start.words if place.start else place.said or UNSAID
        known = "unknown" if place.precision == "unknown" or place.start is None else place.start.precision
        exact = EXACT[known]
    until = place.stop.words if place.stop else place.until or "None stated"
    return place.name, start, exact, until, place.dose or UNSAID, place.source or UNSAID


def _places_table(rollout: Rollout, given: bool) -> Table | None:
    """Return the places where no chart shows them."""
    if not given:
        return None
    head, *rows = _rows(rollout)
    return Table("tbl-places", f"Each {rollout.noun} with its start", [Column(cell) for cell in head], rows, cards=True)


def _starts(rollout: Rollout, shown: bool, less: bool = False) -> list[str]:
    """Return what the chart does not say: one start alone, places without one, starts that cannot be read."""
    told = rollout.started
    words = []
    if not shown and len(told) == 1 and (told[0].start or told[0].said):
        words.append(f"{told[0].name}: {told[0].words}.")
    undated = [place.name for place in told if place.start is None]
    if undated:
        named = ", ".join(undated[:CLEAR]) + (f" and {number(len(undated) - CLEAR, 0)} more" if undated[CLEAR:] else "")
        words.append(f"No start date that can be read: {named}.")
    count = rollout.without
    if count and told:
        never = ("has" if count == 1 else "have") + " less of the programme" if less else "never started"
        words.append(f"{number(count, 0)} {rollout.noun if count == 1 else plural(rollout.noun)} in the data {never}.")
    if len(told) > MOST_PLACES:
        many = f"With so many {plural(rollout.noun)}"
        words.append(f"{many}, those that start at the same time share a row of the chart.")
    return words or ([] if shown else [f"{UNSAID}."])


def _beside(rollout: Rollout, evaluation: Evaluation) -> str:
    """Return which other programme began inside the time studied where this one did, and nowhere to compare with."""
    if not rollout.events:
        return "No other programme and no shock is stated."
    found = [event for event in rollout.events if _with_it_alone(rollout, event)]
    if not found:
        return ""
    names = "; ".join(f"{event.name} ({_in_words(event)})" for event in found)
    several = len(found) > 1
    begun = f"{'Other programmes' if several else 'Another programme'} began inside the time studied"
    if _comparison(rollout, evaluation):
        apart = ("No analysis of these data can tell them apart." if any(_everywhere(rollout, event) for event in found)
                 else "The two cannot be told apart there. Only an analysis without these places could show how far "
                 "that matters.")  # fmt: skip
        return f"{begun}, in places that have this programme and in none that is compared with: {names}. {apart}"
    return f"{begun}, and there is no place to compare with: {names}. The two cannot be told apart."


def _everywhere(rollout: Rollout, event: Event) -> bool:
    """Say whether another programme was in every place that has this one."""
    named = {name.casefold() for name in event.places or ()}
    return all(named & {name.casefold() for name in place.names} for place in rollout.places if place.started)


def _with_it_alone(rollout: Rollout, event: Event) -> bool:
    """Say whether another programme began inside the time studied in places with this programme alone."""
    if event.shock or event.begin is None:
        return False
    if rollout.window and not rollout.window[0] <= event.begin.begin < rollout.window[1]:
        return False
    named = {name.casefold() for name in event.places or ()}
    others = {name.casefold() for name in rollout.compared}
    if event.places is None:
        return not others
    return not named & others and (not others or any(event.touches(place) for place in rollout.started))


def _comparison(rollout: Rollout, evaluation: Evaluation) -> bool:
    primary = evaluation.primary.result if evaluation.analyses else None
    return bool(rollout.compared) or (primary is not None and primary.n_units > primary.n_treated_units)


def _calendar(rollout: Rollout) -> Table | None:
    """Return other programmes and shocks, each with its time, its place and what was expected or done."""
    rows = []
    for event in sorted(rollout.events, key=lambda each: (each.begin is None, each.begin.begin if each.begin else 0)):
        begin, end = (mark.words if mark else said or UNSAID
                      for mark, said in zip((event.begin, event.end), event.said, strict=True))  # fmt: skip
        kind = "Shock" if event.shock else "Other programme"
        rows.append((event.name, kind, begin, end, _where(event), event.note))
    heads = ["What", "Kind", "From", "To", "Where", "What was expected, or done about it"]
    columns = [Column(head) for head in heads]
    return Table("tbl-calendar", "Other programmes and shocks, by time", columns, rows, cards=True) if rows else None


def _chosen(block: dict[str, Any], noun: str) -> list[tuple[str, str]]:
    """Return how places were chosen; what is left out says so."""
    pairs = [
        (f"Kind of {noun}", str(block.get("unit_type") or "")),
        (f"How {plural(noun)} were chosen", str(block.get("assignment") or UNSAID)),
        ("Chosen by the outcome", in_units(CHOSEN.get(str(block.get("selected_on_outcome")), UNSAID), noun)),
        ("Known beforehand", _months(block.get("anticipation_months"), " before the start")),
        ("Brought in over", _months(block.get("phase_in_months"), "")),
    ]
    return [(term, text) for term, text in pairs if text]


def _selection(evaluation: Evaluation) -> list[str]:
    """Return where the page says what such a choice does by itself."""
    if evaluation.analyses and evaluation.primary.result.selection:
        return ["What such a choice does to the numbers by itself stands under “What happened”."]
    return []


def _months(count: Any, words: str) -> str:
    return f"{number(count, 0)} {'month' if count == 1 else 'months'}{words}" if count else ""
