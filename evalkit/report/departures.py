"""How far paths would have to differ from parallel to overturn the result (Rambachan and Roth): chart, table, words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.periods import words_for
from evalkit.records import Analysis
from evalkit.report.changes import joined, on_headline_scale, unit_of
from evalkit.report.ladder import Change, change_of
from evalkit.report.numbers import Shown, Writer, bounded, interval_text, number, percent
from evalkit.report.result_tables import written
from evalkit.report.tables import Column, Table
from evalkit.report.words import amount, interval_label

TARGETS = {"average": "Average of all periods", "first": "First period alone"}
"""What an interval is of, in the order of tables."""
RELATIVE, SMOOTH = "relative_magnitudes", "smoothness"
ANSWER = "The answer itself"
ROWS = {"answer": "Answer", "none": "No departure", "some": "Departure", "crossing": "Departure: no change comes in"}
"""What each row of the table is."""
BEYOND, MOST_SIZES, NEXT_TO = 2, 9, 0.12
"""Sizes drawn beyond those that matter, and in all; a usual size this near to one of these, as a share, is left out."""
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
        At the sizes that are drawn, of those that the result holds.
    breakdown : mapping of str to float
        By target: the smallest m at which the interval includes no effect; for smoothness in the unit of changes.
    unit, frequency : str
    percent : bool
        Whether changes are in percent.
    answer : Change
        The answer itself, with its own interval, to set the others beside.
    undecided : bool
        Whether that interval includes no change, so that there is nothing to undo.
    fitting : float
        The largest size that the scale must hold.
    """

    restriction: str
    bounds: tuple[Bound, ...]
    breakdown: dict[str, float]
    unit: str
    frequency: str
    percent: bool
    answer: Change
    undecided: bool = False
    fitting: float = math.inf

    @property
    def sizes(self) -> list[float]:
        """Return the departures that are drawn, ascending."""
        return sorted({bound.m for bound in self.bounds})

    @property
    def crossing(self) -> float | None:
        """Return the size at which no change comes into the average effect; None where there is none to be marked."""
        at = self.breakdown.get("average")
        return at if at is not None and 0 < at < math.inf and at in self.sizes and not self.undecided else None

    @property
    def relative(self) -> bool:
        """True where m is a multiple of the largest step before."""
        return self.restriction == RELATIVE

    def size(self, m: float) -> str:
        """Return a departure as it is written: `0.45 times`, or `0.8% a month`."""
        if self.relative:
            return f"{_multiple(m)} times"
        return f"{self.amount(m)} a {words_for(self.frequency)}"

    def amount(self, m: float) -> str:
        """Return a departure as a bare number with its unit."""
        if self.relative:
            return _multiple(m)
        if self.percent:
            return percent(m, _decimals(m) if m < 1 else 1 if m < 9.95 else 0)
        return f"{amount(m, Change(m, None, None, False, 0.95))} {self.unit}".strip()


def _decimals(m: float) -> int:
    """Return how many decimals show two figures of a size below 1, as far as they say something."""
    if m <= 0:
        return 0
    decimals = 1 - math.floor(math.log10(m))
    while decimals > 1 and number(m, decimals).endswith("0"):
        decimals -= 1
    return decimals


def _multiple(m: float) -> str:
    """Return a multiple: `0`, `0.0053`, `0.45`, `1`, `1.9`."""
    return number(m, 0 if m == round(m) else _decimals(m) if m < 1 else 1)


def _worth_drawing(sizes: Sequence[float], at: float | None) -> tuple[list[float], float]:
    """Return the sizes to draw, and the largest that the scale must hold.

    Those around the breakdown (without one, the smallest four) are what a chart is for; two beyond them show how wide
    the interval gets, and may run off the scale. Of the sizes between, none next to these, and as many as have room.
    """
    ordered = sorted(set(sizes))
    around = [0.0, at / 2, at, 2 * at] if at and math.isfinite(at) else ordered[:4]
    kept = [m for m in ordered if any(math.isclose(m, one, rel_tol=1e-6, abs_tol=1e-12) for one in around)]
    limit = max(around[-1:] + kept)
    beyond = [m for m in ordered if m > limit * (1 + 1e-6)][:BEYOND]
    between = [m for m in ordered if m < limit and m not in kept
               and all(abs(m - one) > NEXT_TO * max(m, one) for one in kept)]  # fmt: skip
    while len(between) > MOST_SIZES - len(kept) - len(beyond):
        between = between[1::2]
    return sorted([*kept, *between, *beyond]), limit


def read_departures(analysis: Analysis, restriction: str) -> Departures | None:
    """Return the bounds under one restriction; None where the result holds none."""
    rows = [row for row in analysis.result.robust_bounds if row["restriction"] == restriction]
    if not rows:
        return None
    relative = restriction == RELATIVE

    def shown(m: float) -> float:
        return m if relative or not math.isfinite(m) else on_headline_scale(analysis, m).value

    at = (analysis.result.breakdown or {}).get(restriction) or {}
    drawn, fitting = _worth_drawing([float(row["m"]) for row in rows], at.get("average"))
    bounds = tuple(Bound(str(row["target"]), shown(row["m"]),
                         on_headline_scale(analysis, (row["low"] + row["high"]) / 2, row["low"], row["high"]))
                   for row in rows if row["m"] in drawn)  # fmt: skip
    breakdown = {str(target): shown(float(m)) for target, m in at.items()}
    return Departures(restriction, bounds, breakdown, "" if bounds[0].change.percent else unit_of(analysis),
                      analysis.frequency, bounds[0].change.percent, change_of(analysis), _undecided(analysis),
                      shown(fitting))  # fmt: skip


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


def departures_message(departures: Departures) -> str:
    """Return the message of the chart: how large a departure undoes the average effect."""
    at = departures.breakdown.get("average")
    if departures.undecided:
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


def departures_table(departures: Departures) -> tuple[tuple[str, ...], ...]:
    """Return header and rows as text: the answer itself, then a row for each departure; a column for each target.

    The first column names each row, so that the answer and the size at which no change comes in are told in the
    download as well, whose sizes are numbers.
    """
    level = interval_label(departures.bounds[0].change.level)
    targets = [target for target in TARGETS if any(bound.target == target for bound in departures.bounds)]
    first = "Step after, times the largest before" if departures.relative else "Bend allowed"
    rows: list[tuple[str, ...]] = [("Interval", first, *(f"{TARGETS[target]}, {level}" for target in targets))]
    if "average" in targets:
        own = answer_cell(departures)
        rows.append((ROWS["answer"], "", *(own if target == "average" else "" for target in targets)))
    for m in departures.sizes:
        cells = [next((_cell(b.change) for b in departures.bounds if b.m == m and b.target == target), "")
                 for target in targets]  # fmt: skip
        named = "crossing" if m == departures.crossing else "some" if m else "none"
        rows.append((ROWS[named], Shown(departures.amount(m), m), *cells))
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


def answer_cell(departures: Departures) -> Shown:
    """Return the interval of the answer; where there is none, the change alone."""
    answer = departures.answer
    if answer.low is None:
        return Shown(f"{_write(answer)(answer.value)}, no interval", answer.value, answer.value)
    return _cell(answer)


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


def bound_cell(bound: Bound) -> Shown:
    """Return the interval of one bound as the page writes it."""
    return _cell(bound.change)


def _cell(change: Change) -> Shown:
    return Shown(interval_text(change.low, change.high, _write(change)), change.low, change.high)


def _write(change: Change) -> Writer:
    if change.percent:
        return lambda x: bounded(x, 1)
    return lambda x: written(Change(x or 0.0, None, None, False, change.level))[0]
