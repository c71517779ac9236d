"""How a path is drawn where single months may not be seen: by quarter, or as the lines of the model alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isclose
from typing import Any

from evalkit.disclosure.cells import Cell, Counted
from evalkit.disclosure.rule import DisclosureRule
from evalkit.disclosure.secondary import hidden_together
from evalkit.periods import format_period, parse_period
from evalkit.records import Analysis, PathPoint

Key = tuple[str, str]
Parts = Sequence[Sequence[Cell]]
MONTHS = 3
FEWEST_QUARTERS = 4
"""Shown quarters of a line below which a drawing by quarter says nothing."""
CLOSE = 1e-6


@dataclass(frozen=True)
class Piece:
    """Months of one line of the path that stand or fall together: a whole quarter, or what is left of one."""

    group: str
    quarter: int
    cells: tuple[Cell, ...]
    points: tuple[PathPoint, ...]
    whole: bool

    @property
    def numbers(self) -> tuple[float, ...]:
        """The numbers that the rule looks at, summed over the months; none where one is not known."""
        each = [cell.numbers for cell in self.cells]
        return tuple(map(sum, zip(*each, strict=True))) if all(each) else ()

    def hidden_by(self, rule: DisclosureRule) -> bool:
        """Say whether it may not be shown by itself."""
        return not self.numbers or any(rule.hides(number) for number in self.numbers)


@dataclass(frozen=True)
class Drawn:
    """How the path of an analysis is drawn.

    Attributes
    ----------
    by : str
        `period`, `quarter` or `lines` (of the model, without what was observed).
    words : str
        Why, in sentences for a reader; empty where every period is shown.
    path : tuple of PathPoint
        Where `by` is quarter: to be drawn in place of the path.
    hidden : mapping
        Group and period of what is hidden in that drawing, and why. Where months are not shown, which of them are
        small is not told either: it would narrow what the months of a quarter can be.
    """

    by: str
    words: str = ""
    path: tuple[PathPoint, ...] = ()
    hidden: Mapping[Key, str] = field(default_factory=dict)


def drawn(
    analysis: Analysis, counted: Counted, rule: DisclosureRule, keys: Mapping[Key, str], parts: Parts, *, paired: bool
) -> Drawn:
    """Return how the path of an analysis is drawn.

    Parameters
    ----------
    analysis : Analysis
        As it was computed.
    counted : Counted
    rule : DisclosureRule
    keys : mapping
        Group and period of each count that is hidden, and why.
    parts : sequence of sequence of Cell
        Cells whose totals readers know.
    paired : bool
        Whether a quarter that is hidden in one line must be hidden in the others.

    Notes
    -----
    Where any month of the path is hidden for being small, all months are, and whole calendar quarters are drawn: a
    month could be had from its quarter and the two others. A quarter with months before and after the start, or that a
    total of another window parts, is left out; so are incomplete ones at the ends. What totals less the quarters leave
    over is taken as known, and protected like any count. With fewer than four quarters, or more than half of them
    hidden, the model's lines stand alone; where there are none, the months stay, with holes.
    """
    line_keys = {(point.unit, point.period) for point in analysis.result.path}
    hidden = {key for key in line_keys if key in keys}
    if not hidden:
        return Drawn("period", hidden=keys)
    if analysis.frequency == "month" and any(keys[key] == "small" for key in hidden):
        pieces = _pieces(analysis, counted, parts)
        gone = _hidden_pieces(pieces, rule, keys, parts, paired)
        path = _by_quarter(analysis, pieces, gone, counted, rule)
        if path:
            hidden_quarters = {(pieces[at].group, format_period(pieces[at].quarter, "quarter")):
                               "small" if pieces[at].hidden_by(rule) else "total"
                               for at in gone if pieces[at].whole}  # fmt: skip
            return Drawn("quarter", _quarter_words(analysis, path), path, hidden_quarters)
        if any(point.fitted is not None for point in analysis.result.path):
            return Drawn("lines", "Counts are not shown, since they are small: the lines are those of the model.")
    return Drawn("period", _missing_words(len({period for _, period in hidden}),
                                          len({period for _, period in line_keys}), analysis.frequency),
                 hidden=keys)  # fmt: skip


def _missing_words(gone: int, of: int, frequency: str) -> str:
    noun = {"number": "period"}.get(frequency, frequency.replace("_", " ")) + "s"
    return f"{gone:,} of {of:,} {noun} {'is' if gone == 1 else 'are'} not shown: small numbers."


def _quarter_words(analysis: Analysis, path: Sequence[PathPoint]) -> str:
    every = {point.period for point in path}
    gone = {point.period for point in path if point.observed is None}
    words = "Shown by quarter, since single months hold small numbers."
    if gone:
        words += f" {_missing_words(len(gone), len(every), 'quarter')}"
    if _uneven(analysis):
        words += " The expected line differs from the observed one by the average effect."
    return words


def _pieces(analysis: Analysis, counted: Counted, parts: Parts) -> list[Piece]:
    """Return the months of every line in pieces: whole quarters where no known total parts them."""
    held = [{(cell.group, cell.period) for cell in part} for part in parts]
    found: dict[tuple[Any, ...], list[tuple[Cell, PathPoint]]] = {}
    for point in analysis.result.path:
        key = (point.unit, point.period)
        quarter = parse_period(point.period, "month") // MONTHS
        sides = tuple(at for at, part in enumerate(held) if key in part)
        mark = (point.unit, quarter, counted.cells[key].before, point.fitted is not None, sides)
        found.setdefault(mark, []).append((counted.cells[key], point))
    factors = _factors(analysis, counted)
    return [Piece(group, quarter, tuple(cell for cell, _ in pairs), tuple(point for _, point in pairs),
                  len(pairs) == MONTHS and group in factors and all(point.observed is not None for _, point in pairs))
            for (group, quarter, *_), pairs in found.items()]  # fmt: skip


def _factors(analysis: Analysis, counted: Counted) -> dict[str, float]:
    """Return by line what takes its totals to what is shown; lines are left out whose points are other averages.

    A count may be shown as the mean of several places: then one factor must do for all months. All else is shown as
    it is. A mean of the rates of places of different size would tell more than the sum of their events does.
    """
    found = {}
    for group in {point.unit for point in analysis.result.path}:
        pairs = [(point.observed, counted.cells[group, point.period]) for point in analysis.result.path
                 if point.unit == group and point.observed is not None]  # fmt: skip
        known = [(seen, cell.total / cell.base) for seen, cell in pairs if cell.total is not None and cell.base]
        factor = next((seen / value for seen, value in known if value), 1.0)
        alike = all(isclose(seen, value * factor, rel_tol=CLOSE, abs_tol=CLOSE) for seen, value in known)
        is_count = analysis.outcome.kind == "count"
        if pairs and len(known) == len(pairs) and alike and (is_count or isclose(factor, 1.0, rel_tol=CLOSE)):
            found[group] = factor
    return found


def _hidden_pieces(
    pieces: Sequence[Piece], rule: DisclosureRule, keys: Mapping[Key, str], parts: Parts, paired: bool
) -> set[int]:
    """Return the positions of pieces that are not shown."""
    declared = {key for key, why in keys.items() if why == "declared"}
    hidden = {at for at, piece in enumerate(pieces) if not piece.whole or piece.hidden_by(rule)
              or any((cell.group, cell.period) in declared for cell in piece.cells)}  # fmt: skip
    sets = []
    for part in parts:
        inside = {(cell.group, cell.period) for cell in part}
        sets.append([at for at, piece in enumerate(pieces)
                     if piece.numbers and (piece.group, piece.cells[0].period) in inside])  # fmt: skip
    before = -1
    while len(hidden) > before:
        before = len(hidden)
        for places in sets:
            hidden |= hidden_among([pieces[at].numbers for at in places], places, rule, hidden)
        if paired:
            gone = {pieces[at].quarter for at in hidden}
            hidden |= {at for at, piece in enumerate(pieces) if piece.quarter in gone}
    return hidden


def hidden_among(
    numbers: Sequence[tuple[float, ...]], places: Sequence[int], rule: DisclosureRule, hidden: Iterable[int]
) -> set[int]:
    """Return which of some places must be hidden, each of their numbers looked at by itself.

    Parameters
    ----------
    numbers : sequence of tuple of float
        One tuple for each place, all of the same length.
    places : sequence of int
    rule : DisclosureRule
    hidden : iterable of int
        Places that are hidden already.
    """
    gone = set(hidden)
    also = [at for at, place in enumerate(places) if place in gone]
    found: set[int] = set()
    for events in zip(*numbers, strict=True):
        together = hidden_together(events, rule, also)
        found |= set(places) if together is None else {places[at] for at in together}
    return found


def _by_quarter(
    analysis: Analysis, pieces: Sequence[Piece], hidden: set[int], counted: Counted, rule: DisclosureRule
) -> tuple[PathPoint, ...]:
    """Return the path by quarter; empty where too few of them can be shown."""
    whole = [at for at, piece in enumerate(pieces) if piece.whole]
    for group in dict.fromkeys(point.unit for point in analysis.result.path):
        mine = [at for at in whole if pieces[at].group == group]
        shown = [at for at in mine if at not in hidden]
        if len(shown) < FEWEST_QUARTERS or 2 * len(shown) < len(mine):
            return ()
    factors, expect = _factors(analysis, counted), _expected(analysis)
    points = []
    for at in whole:
        observed = None if at in hidden else _observed(pieces[at], factors[pieces[at].group], analysis, counted, rule)
        bare = PathPoint(pieces[at].group, format_period(pieces[at].quarter, "quarter"), observed)
        points.append(_with_lines(bare, pieces[at], analysis) if pieces[at].points[0].fitted is not None
                      else expect(bare, pieces[at].points))  # fmt: skip
    return tuple(points)


def _observed(piece: Piece, factor: float, analysis: Analysis, counted: Counted, rule: DisclosureRule) -> float:
    """Return a quarter as it is shown: counts are summed; rates, shares and means are taken over all its months."""
    total = sum(cell.total or 0.0 for cell in piece.cells)
    found = total * factor / (1.0 if _is_count(analysis) else sum(cell.base or 0.0 for cell in piece.cells))
    events = piece.numbers[0]
    return found * rule.rounded(events) / events if rule.round_to and counted.rounds and events else found


def _with_lines(bare: PathPoint, piece: Piece, analysis: Analysis) -> PathPoint:
    """Return a quarter with the lines of the model. Bounds are summed too: a sum's interval is never wider."""
    bases = [cell.base or 0.0 for cell in piece.cells]
    weights = [1.0 if _is_count(analysis) else base / sum(bases) for base in bases]
    lines = {name: [getattr(point, name) for point in piece.points] for name in LINES}
    found: dict[str, Any] = {
        name: None if None in values else sum(w * v for w, v in zip(weights, values, strict=True))
        for name, values in lines.items()
    }
    return replace(bare, **found)


LINES = ("fitted", "counterfactual", "low", "high")


def _is_count(analysis: Analysis) -> bool:
    return analysis.outcome.kind == "count"


def _uneven(analysis: Analysis) -> bool:
    """Say whether the expected line is made of what was observed by effects that differ between periods."""
    pairs = [(point.observed, point.counterfactual) for point in analysis.result.path
             if point.fitted is None and point.observed is not None and point.counterfactual is not None]  # fmt: skip
    in_percent = analysis.result.effect.scale == "log"
    effects = [expected / seen if in_percent else expected - seen for seen, expected in pairs if seen or not in_percent]
    return bool(effects) and max(effects) - min(effects) > CLOSE * max(map(abs, effects))


def _expected(analysis: Analysis) -> Callable[[PathPoint, Sequence[PathPoint]], PathPoint]:
    """Return how a quarter gets its expected value where the model has no line of its own.

    Notes
    -----
    The expected value of a month is what was observed with its effect taken out, so the sum over a quarter tells no
    more than the sum of what was observed, as long as effects are all alike. Where they differ it would tell more: so
    every quarter gets the average effect, as a ratio on the log scale, as an amount otherwise.
    """
    points = [point for point in analysis.result.path if point.counterfactual is not None]
    seen = sum(point.observed or 0.0 for point in points)
    sums = {name: sum(getattr(point, name) for point in points) for name in LINES[1:]
            if points and all(getattr(point, name) is not None for point in points)}  # fmt: skip
    size = MONTHS if _is_count(analysis) else 1

    def expect(bare: PathPoint, months: Sequence[PathPoint]) -> PathPoint:
        if bare.observed is None or any(point.counterfactual is None for point in months):
            return bare
        if analysis.result.effect.scale == "log":
            return replace(bare, **{name: bare.observed * total / seen for name, total in sums.items() if seen})
        return replace(bare, **{name: bare.observed + size * (total - seen) / len(points)
                                for name, total in sums.items()})  # fmt: skip

    return expect
