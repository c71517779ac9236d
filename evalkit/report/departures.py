"""How far paths would have to differ from parallel to overturn the result (Rambachan and Roth): chart, table, words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report.changes import joined, on_headline_scale, unit_of
from evalkit.report.drawing import Canvas, Drawing, Point, Size, text_width
from evalkit.report.exhibits import source_words
from evalkit.report.figures import Figure, assembled, described, sentences
from evalkit.report.ladder import Change, change_of
from evalkit.report.numbers import Shown, Writer, bounded, interval_text, number, percent, signed, signed_percent
from evalkit.report.result_tables import written
from evalkit.report.scales import finite, step_for, ticks_within
from evalkit.report.tables import Column, Table
from evalkit.report.words import amount, interval_label, label_of

TARGETS = {"average": "Average of all periods", "first": "First period alone"}
"""What an interval is of, in the order of tables."""
RELATIVE, SMOOTH = "relative_magnitudes", "smoothness"
BY_OTHERS = "By the errors behind these bounds"
"""They need not be those of the answer, so that both are told apart where they disagree."""


@dataclass(frozen=True)
class Bound:
    """The interval of one target if departures are as large as `m`, both as a page shows them."""

    target: str
    m: float
    change: Change


@dataclass(frozen=True)
class Departures:
    """All bounds under one restriction.

    Attributes
    ----------
    restriction : str
        relative_magnitudes (m times the largest step before) or smoothness (m in the unit of changes).
    bounds : tuple of Bound
    breakdown : mapping of str to float
        By target: the smallest m at which the interval includes no effect; for smoothness in the unit of changes.
    unit, frequency : str
    percent : bool
        Whether changes are in percent.
    """

    restriction: str
    bounds: tuple[Bound, ...]
    breakdown: dict[str, float]
    unit: str
    frequency: str
    percent: bool

    @property
    def relative(self) -> bool:
        """True where m is a multiple of the largest step before."""
        return self.restriction == RELATIVE

    def size(self, m: float) -> str:
        """Return a departure as it is written: `0.45 times`, or `0.8% a month`."""
        if self.relative:
            return f"{number(m, 0 if m == round(m) else 2 if m < 1 else 1)} times"
        return f"{self.amount(m)} a {words_for(self.frequency)}"

    def amount(self, m: float) -> str:
        """Return a departure as a bare number with its unit."""
        if self.relative:
            return number(m, 1 if m else 0)
        if self.percent:
            return percent(m, 1 if 0 < m < 9.95 else 0)
        return f"{amount(m, Change(m, None, None, False, 0.95))} {self.unit}".strip()


def read_departures(analysis: Analysis, restriction: str) -> Departures | None:
    """Return the bounds under one restriction; None where the result holds none."""
    rows = [row for row in analysis.result.robust_bounds if row["restriction"] == restriction]
    if not rows:
        return None
    relative = restriction == RELATIVE

    def shown(m: float) -> float:
        return m if relative or not math.isfinite(m) else on_headline_scale(analysis, m).value

    bounds = tuple(Bound(str(row["target"]), shown(row["m"]),
                         on_headline_scale(analysis, (row["low"] + row["high"]) / 2, row["low"], row["high"]))
                   for row in rows)  # fmt: skip
    breakdown = {str(target): shown(float(m))
                 for target, m in ((analysis.result.breakdown or {}).get(restriction) or {}).items()}  # fmt: skip
    return Departures(restriction, bounds, breakdown, "" if bounds[0].change.percent else unit_of(analysis),
                      analysis.frequency, bounds[0].change.percent)  # fmt: skip


def departure_sentences(analysis: Analysis) -> list[str]:
    """Return what is asked, and at which departure the average and the first period would no longer hold."""
    relative, smooth = (read_departures(analysis, name) for name in (RELATIVE, SMOOTH))
    if relative is None:
        return []
    noun = words_for(analysis.frequency)
    found = ["The estimate takes both groups of places to have been on parallel paths. Suppose that the gap between "
             "them would have moved by itself."]  # fmt: skip
    if _undecided(analysis):
        undone = ("The interval of the answer includes no change already, so there is nothing to undo. The bounds "
                  "below rest on errors of their own; they cannot make the answer surer.")  # fmt: skip
        return [*found, undone, *_caution(analysis)]
    found += [_relative_words(relative, target, noun) for target in TARGETS if target in relative.breakdown]
    if smooth is not None and smooth.breakdown:
        told = joined(f"{_limit(smooth, target)} for the {words[:1].lower()}{words[1:]}"
                      for target, words in TARGETS.items() if target in smooth.breakdown)  # fmt: skip
        found.append(f"Suppose instead that a steady drift goes on and bends. The interval lies clear of no change as "
                     f"long as the slope changes from one {noun} to the next by {told}.")  # fmt: skip
    return [*found, *_caution(analysis)]


def _undecided(analysis: Analysis) -> bool:
    """Say whether the interval of the answer includes no change, so that no departure is needed to undo it."""
    change = change_of(analysis)
    return change.low is not None and change.side == "across"


def _caution(analysis: Analysis) -> list[str]:
    """Return how the errors behind the bounds may mislead, as the result says it; nothing where they serve."""
    rests_on = (analysis.result.inference or {}).get("departures") or {}
    return [str(rests_on["caution"])] if rests_on.get("caution") else []


def departures_message(departures: Departures, *, undecided: bool = False) -> str:
    """Return the message of the chart: how large a departure undoes the average effect.

    `undecided`: the interval of the answer includes no change, so that there is nothing to undo.
    """
    at = departures.breakdown.get("average")
    if undecided:
        return "The answer includes no change already: these bounds take nothing from it"
    if at is None:
        return "The effect if paths are not quite parallel"
    if at == 0:
        return f"{BY_OTHERS}, the average effect includes no change even if " + (
            "paths are parallel" if departures.relative else "the drift is straight")  # fmt: skip
    if math.isinf(at):
        return "No departure of any size brings no change into the average effect"
    if departures.relative:
        return f"Steps {departures.size(at)} as large as the largest before would undo the average effect"
    return f"A bend of {departures.size(at)} would undo the average effect"


def departures_figure(evaluation: Evaluation) -> Figure | None:
    """Return intervals by how large a step relative to those before is allowed; None where there are none."""
    return _figure(evaluation, RELATIVE, "departures")


def bends_figure(evaluation: Evaluation) -> Figure | None:
    """Return intervals by how much a drift may bend; None where there are none."""
    return _figure(evaluation, SMOOTH, "bends")


def departures_table(departures: Departures) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text: a row for each departure, a column for each target."""
    level = interval_label(departures.bounds[0].change.level)
    targets = [target for target in TARGETS if any(bound.target == target for bound in departures.bounds)]
    first = "Step after, times the largest before" if departures.relative else "Bend allowed"
    rows: list[tuple[str, ...]] = [(first, *(f"{TARGETS[target]}, {level}" for target in targets))]
    for m in sorted({bound.m for bound in departures.bounds}):
        cells = [next((_cell(b.change) for b in departures.bounds if b.m == m and b.target == target), "")
                 for target in targets]  # fmt: skip
        rows.append((Shown(departures.amount(m), m), *cells))
    return tuple(rows)


def breakdown_table(analysis: Analysis) -> Table | None:
    """Return the smallest departures that bring in no effect, by restriction and target; None without them.

    Nor is there one where the answer includes no change already: nothing need be brought in.
    """
    if _undecided(analysis):
        return None
    rows = []
    for name in (RELATIVE, SMOOTH):
        found = read_departures(analysis, name)
        for target, words in TARGETS.items() if found else ():
            at = found.breakdown.get(target) if found else None
            if found is None or at is None:
                continue
            what = "Steps, against the largest before" if found.relative else "Bend of a drift"
            told = "none: by these errors it is in anyway" if at == 0 else "no size does" if math.isinf(at) else (
                found.size(at))  # fmt: skip
            rows.append((f"{what}: {words.lower()}", Shown(told, at)))
    if not rows:
        return None
    return Table(
        "tbl-breakdown",
        "How large a departure from parallel paths brings in no effect",
        [Column("Departure, and effect"), Column("From this size on", "number")],
        rows,
        cards=True,
        note="Rambachan and Roth (2023). Intervals for each size are in the charts and their tables.",
    )


def _relative_words(departures: Departures, target: str, noun: str) -> str:
    at = departures.breakdown[target]
    who = "The interval of the average effect" if target == "average" else "That of the effect in the first period"
    if at == 0:
        return f"{BY_OTHERS}, {who[:1].lower()}{who[1:]} includes no change even with parallel paths. The answer " \
            "rests on errors of its own; how much drift it would carry cannot be told."  # fmt: skip
    if math.isinf(at):
        return f"{who} lies clear of no change for steps of any size that were tried."
    seen = "less than was seen before" if at < 1 else "as much as was seen before" if at == 1 else (
        "more than was seen before")  # fmt: skip
    return (f"{who} lies clear of no change as long as its steps from one {noun} to the next are under "
            f"{departures.size(at)} the largest one before the start, which is {seen}.")  # fmt: skip


def _limit(departures: Departures, target: str) -> str:
    """Return up to which change of slope an interval lies clear of no effect."""
    at = departures.breakdown[target]
    return "nothing at all" if at == 0 else "any amount" if math.isinf(at) else f"under {departures.amount(at)}"


def _cell(change: Change) -> Shown:
    return Shown(interval_text(change.low, change.high, _write(change)), change.low, change.high)


def _write(change: Change) -> Writer:
    if change.percent:
        return lambda x: bounded(x, 1)
    return lambda x: written(Change(x or 0.0, None, None, False, change.level))[0]


def _figure(evaluation: Evaluation, restriction: str, name: str) -> Figure | None:
    primary = evaluation.primary
    departures = read_departures(primary, restriction)
    if departures is None:
        return None
    what = "Interval if steps after the start are up to so many times the largest one before" if departures.relative \
        else "Interval if a drift goes on and its slope changes by up to so much"  # fmt: skip
    marks = "Thick lines: average of all periods. Thin lines with rings: first period alone"
    beyond = "An open end goes beyond the scale" if _cut(departures) else ""
    message = departures_message(departures, undecided=_undecided(primary))
    return assembled(name, message, sentences(f"{what}. {marks}", beyond),
                     source_words(evaluation, primary), f"{label_of(primary)}: effect if paths are not quite parallel",
                     described(_describe(departures), primary.simulated), departures_table(departures),
                     lambda size: _draw(departures, size, simulated=primary.simulated))  # fmt: skip


def _describe(departures: Departures) -> str:
    parts = []
    for target, words in TARGETS.items():
        own = [bound for bound in departures.bounds if bound.target == target]
        if own:
            ends = [f"{departures.amount(bound.m)}: {_cell(bound.change)}" for bound in (own[0], own[-1])]
            parts.append(f"{words}, {len(own)} intervals that grow with the departure, from {ends[0]} to {ends[1]}.")
    return " ".join(parts)


def _ends(departures: Departures) -> tuple[float, float]:
    """Return bottom and top: what is near the smallest departures and the first period; the rest is cut."""
    smallest = min(bound.m for bound in departures.bounds)

    def largest(bounds: Iterable[Bound]) -> float:
        return max((abs(end) for bound in bounds for end in finite((bound.change.low, bound.change.high))), default=0.0)

    reach = max(2.5 * largest(bound for bound in departures.bounds if bound.target == "first"),
                1.2 * largest(bound for bound in departures.bounds if bound.m == smallest)) or 1.0  # fmt: skip
    shown = [min(max(end, -reach), reach) for bound in departures.bounds
             for end in finite((bound.change.low, bound.change.high))]  # fmt: skip
    low, high = min(0.0, *shown), max(0.0, *shown)
    pad = 0.04 * (high - low)
    return (max(-100.0, low - pad) if departures.percent else low - pad), high + pad


def _cut(departures: Departures) -> bool:
    low, high = _ends(departures)
    return any(end is not None and not low <= end <= high
               for bound in departures.bounds for end in (bound.change.low, bound.change.high))  # fmt: skip


def _draw(departures: Departures, size: Size, *, simulated: bool) -> Drawing:
    """Return the chart at one size: departures across, intervals upwards, no change as a line."""
    low, high = _ends(departures)
    sizes = sorted({bound.m for bound in departures.bounds})
    about = 5
    step = step_for(high - low, about)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def write(x: float) -> str:
        return signed_percent(x, decimals) if departures.percent else signed(x, decimals)

    left = 12 + max(text_width(write(tick), size.tick) for tick in ticks_within(low, high, about))
    top, height = (size.tick * 1.6 + 12 if simulated else 10), size.height * 0.8
    drawing = Drawing(Canvas(size.width, height, left, size.width - 10, top, height - 52, (-0.6, len(sizes) - 0.4),
                             (low, high)))  # fmt: skip
    if simulated:
        drawing.simulated_mark(size.tick)
    for tick in ticks_within(low, high, about):
        zero, pixel = abs(tick) < step / 2, drawing.canvas.down(tick)
        drawing.stroke([(left - 4, pixel), (size.width - 10, pixel)], "ink" if zero else "hair", 1.25 if zero else 1,
                       under=True)  # fmt: skip
        drawing.text(left - 9, pixel + size.tick * 0.35, write(0.0 if zero else tick), size.tick, "muted", anchor="end")
    _sizes_axis(drawing, departures, sizes, size)
    for bound in departures.bounds:
        _interval(drawing, bound, sizes.index(bound.m))
    return drawing


def _sizes_axis(drawing: Drawing, departures: Departures, sizes: Sequence[float], size: Size) -> None:
    """Add the departures below, as many as there is room for, and what they are."""
    at = drawing.canvas
    words = [departures.amount(m) for m in sizes]
    room = (at.right - at.left) / len(sizes)
    every = max(1, math.ceil((max(text_width(text, size.tick) for text in words) + 8) / room))
    for place, text in enumerate(words):
        if place % every == 0:
            drawing.text(at.across(place), at.bottom + 20, text, size.tick, "muted", anchor="middle")
    noun = words_for(departures.frequency)
    title = "Step after, times the largest before" if departures.relative else f"Change of slope, {noun} to {noun}"
    drawing.text((at.left + at.right) / 2, at.bottom + 42, title, size.tick, "muted", anchor="middle")


def _interval(drawing: Drawing, bound: Bound, place: int) -> None:
    """Add one interval: thick for the average, thin with rings at its ends for the first period."""
    at, average = drawing.canvas, bound.target == "average"
    low, high = bound.change.low, bound.change.high
    if low is None or high is None:
        return
    x = place + (-0.13 if average else 0.13)
    ends = [(x, min(max(end, at.y[0]), at.y[1])) for end in (low, high)]
    drawing.line(ends, "observed" if average else "muted", 5.0 if average else 1.75)
    if not average:
        on_scale = [end for end in (low, high) if at.y[0] <= end <= at.y[1]]
        drawing.points += [Point(x, end, "circle", "paper", "muted", 3.6, 1.5) for end in on_scale]
