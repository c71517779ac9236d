"""Who makes up the comparison: weights of donors and of earlier periods, and how well they fit before the start."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report import windows
from evalkit.report.changes import joined, on_headline_scale, unit_of
from evalkit.report.drawing import Band, Canvas, Drawing, Size, text_width, wrapped
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change
from evalkit.report.less_of_it import as_compared
from evalkit.report.numbers import Shown, number, percent
from evalkit.report.scales import step_for, ticks_within
from evalkit.report.tables import Column, Table
from evalkit.report.words import amount, label_of

MOST_BARS = 15
"""With more donors than this, the heaviest are drawn; the table has all."""
SMALLEST_TOLD = 0.001


def donors_figure(evaluation: Evaluation) -> Figure | None:
    """Return a bar for each place in the comparison; None where the comparison has no weights."""
    primary = evaluation.primary
    weights = primary.result.weights
    if len(weights) < 2:
        return None
    drawn = weights[:MOST_BARS]
    left = len(weights) - len(drawn)
    more = f"The {number(left, 0)} lightest are in the table alone" if left else ""
    return assembled(
        "donors", donors_message(primary),
        sentences("Share of each place in the weighted average that stands for what would have been", more),
        source_words(evaluation, primary), f"{label_of(primary)}: places that make up the comparison",
        described(_describe(primary), primary.simulated),
        (("Place", "Weight"), *((name, _share(weight)) for name, weight in weights)),
        lambda size: _draw(drawn, size, simulated=primary.simulated),
    )  # fmt: skip


def donors_message(analysis: Analysis) -> str:
    """Return the message of the chart: how many places the comparison is made of, and the heaviest."""
    weights = analysis.result.weights
    if not weights:
        return ""
    name, most = weights[0]
    return f"The comparison is made of {number(len(weights), 0)} places; {name} counts most, {percent(100 * most, 0)}"


def donor_sentences(analysis: Analysis) -> list[str]:
    """Return how the comparison was made, how well it fits before the start, and what limits it; empty without one."""
    weights, fit = analysis.result.weights, analysis.result.fit or {}
    if not weights:
        return []
    available = analysis.result.n_units - analysis.result.n_treated_units
    others = available - len(weights)
    found = [as_compared("What would have been seen is read off a weighted average of places without the programme, "
                         "chosen so that it runs as the treated ones did before the start.", analysis)]  # fmt: skip
    if others > 0:
        none = "has" if others == 1 else "have"
        found.append(f"{number(others, 0)} of the {number(available, 0)} places that could be in it {none} no weight.")
    if len(weights) == 1:
        found.append(f"It is {weights[0][0]} alone.")
    return [*found, *_fit_sentences(analysis, fit.get("pre_rmse")), *_limits(fit), *_time_sentences(analysis)]


def time_weights_table(analysis: Analysis) -> Table | None:
    """Return the weight of each earlier period, in order of time; None where all count alike."""
    weights = sorted(analysis.result.time_weights, key=lambda pair: pair[0])
    if not weights:
        return None
    noun = words_for(analysis.frequency).capitalize()
    rows = [(windows.describe(label, analysis.frequency), _share(weight)) for label, weight in weights]
    return Table("tbl-time-weights", f"{noun}s before the start that the later ones are set against",
                 [Column(noun), Column("Weight", "number")], rows, cards=True,
                 note=f"A {noun.lower()} that is not in the table has no weight.")  # fmt: skip


def _time_sentences(analysis: Analysis) -> list[str]:
    weights = analysis.result.time_weights
    if not weights:
        return []
    noun = words_for(analysis.frequency, len(weights))
    heaviest = [f"{windows.describe(label, analysis.frequency)} ({_share(weight)})" for label, weight in weights[:2]]
    return [f"Later periods are set against {number(len(weights), 0)} {noun} before the start, weighted: "
            f"{joined(heaviest)} count{'s' if len(heaviest) == 1 else ''} most."]  # fmt: skip


def _fit_sentences(analysis: Analysis, error: float | None) -> list[str]:
    """Return how far treated and comparison lie apart before the start; empty where it is not stored."""
    if error is None:
        return []
    noun, change = words_for(analysis.frequency), on_headline_scale(analysis, error)
    if error == 0:
        return ["Before the start the two agree exactly."]
    bare = Change(change.value, None, None, change.percent, change.level)
    size = percent(change.value, 1) if change.percent else f"{amount(change.value, bare)} {unit_of(analysis)}".rstrip()
    return [f"Before the start the two differ by {size} in a typical {noun} (root mean square), after any constant gap "
            "is set aside." if analysis.result.time_weights else
            f"Before the start the two differ by {size} in a typical {noun} (root mean square)."]  # fmt: skip


def _limits(fit: object) -> list[str]:
    """Return what the facts of the fit say against the comparison."""
    facts = fit if isinstance(fit, dict) else {}
    found = []
    if facts.get("inside") is False:
        found.append("No mix of the other places matches the treated one exactly before the start, so part of the "
                     "later gap may be a gap that was there already.")  # fmt: skip
    if facts.get("unique") is False:
        found.append("Other weights fit as well, so the names here are one choice among several; the fit is the same.")
    return found


def _share(weight: float) -> Shown:
    text = percent(100 * weight, 1) if weight >= SMALLEST_TOLD else "under 0.1%"
    return Shown(text, weight)


def _describe(analysis: Analysis) -> str:
    weights = analysis.result.weights
    first = joined(f"{name} {_share(weight)}" for name, weight in weights[:3])
    return f"{len(weights)} bars, the longest first: {first}."


def _draw(weights: Sequence[tuple[str, float]], size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: a bar for each place, the heaviest first."""
    room = size.width * (0.36 if size.slim else 0.3)
    names = [wrapped(name, size.label, room, most=2) for name, _ in weights]
    left = 14 + max(text_width(line, size.label) for lines in names for line in lines)
    heights = [size.line * len(lines) + 10 for lines in names]
    top = size.tick * 1.6 + 10 if simulated else 4.0
    bottom, most = top + sum(heights), max(weight for _, weight in weights) * 100
    right = size.width - 12 - text_width("25.2%", size.label)
    drawing = Drawing(Canvas(size.width, bottom + 30, left, right, top, bottom, (0, most), (0, 1)))
    if simulated:
        drawing.simulated_mark(size.tick)
    _shares_axis(drawing, most, size)
    at = drawing.canvas
    for (_, weight), lines, height in zip(weights, names, heights, strict=True):
        middle, half = top + height / 2, min(9.0, height / 2 - 4)
        end = at.across(100 * weight)
        span = (at.y_at(middle + half), at.y_at(middle - half))
        drawing.bands.append(Band(((0, *span), (at.x_at(max(end, left + 1)), *span)), "muted"))
        drawing.text(end + 6, middle + size.label * 0.36, _share(weight), size.label)
        for place, line in enumerate(lines):
            down = middle + size.line * (place - (len(lines) - 1) / 2) + size.label * 0.36
            drawing.text(left - 8, down, line, size.label, anchor="end")
        top += height
    return drawing


def _shares_axis(drawing: Drawing, most: float, size: Size) -> None:
    at, about = drawing.canvas, 3 if size.slim else 6
    decimals = 0 if step_for(most, about) >= 1 else 1
    for tick in ticks_within(0, most, about):
        pixel = at.across(tick)
        drawing.stroke([(pixel, at.top), (pixel, at.bottom)], "ink" if tick == 0 else "hair", 1.25 if tick == 0 else 1,
                       under=True)  # fmt: skip
        drawing.text(pixel, at.bottom + 20, percent(tick, decimals), size.tick, "muted",
                     anchor="start" if tick == 0 else "middle")  # fmt: skip
