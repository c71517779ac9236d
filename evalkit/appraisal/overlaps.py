"""The overlap guard: no pound of benefit is counted twice."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evalkit.appraisal.tables import Overlap
from evalkit.appraisal.unit_costs import PricedBenefit

# Every appraisal adds up to a net present social value, so rules about public value hold for each line alone.
WHOLE = frozenset({"value_type:public_value"})


@dataclass(frozen=True)
class Finding:
    """Benefit lines that hold the same money.

    Attributes
    ----------
    action : {'error', 'warn'}
        error: refused; warn: a caution beside the figures.
    index : int
        Benefit that would have to change (the later of the two).
    message : str
        The pair and what both hold.
    """

    action: Literal["error", "warn"]
    index: int
    message: str


def overlapping(lines: Sequence[PricedBenefit], overlaps: Iterable[Overlap]) -> list[Finding]:
    """Return what the table of overlaps says about every pair of benefit lines, and about parts of one figure."""
    rows = tuple(overlaps)
    found = [finding for line in lines for finding in _alone(line, rows)]
    for first, second in itertools.combinations(lines, 2):
        found += _same_figure(first, second)
        for row in rows:
            for one, other in ((first, second), (second, first)):
                if row.line_a in one.tags and row.line_b in other.tags:
                    found += _finding(row, one, other, rows)
                    break
    return found


def _alone(line: PricedBenefit, rows: tuple[Overlap, ...]) -> Iterator[Finding]:
    for row in rows:
        if row.line_a in line.tags and row.line_b in WHOLE and row.action == "warn":
            yield Finding("warn", line.index, f"{named(line)}: {row.why} ({row.id})")


def _finding(row: Overlap, one: PricedBenefit, other: PricedBenefit, rows: tuple[Overlap, ...]) -> Iterator[Finding]:
    if row.action not in ("error", "warn"):
        return
    verb = "count" if row.action == "error" else "may count"
    held = _held(row, rows)
    message = (f"{named(one)} and {named(other)} {verb} the same money twice ({_words(row.component)}, {row.id}): "
               f"{row.why}{f'. {row.line_a} holds {held}' if held else ''}")  # fmt: skip
    yield Finding("error" if row.action == "error" else "warn", max(one.index, other.index), message)


def _held(row: Overlap, rows: tuple[Overlap, ...]) -> str:
    """Return every amount that the table knows inside the first line, not only the one that meets the second."""
    amounts = {(_words(other.component), other.amount, other.price_year): None
               for other in rows if other.line_a == row.line_a and other.amount is not None}  # fmt: skip
    texts = [f"{_pounds(amount)} of {component} ({year} prices)" for component, amount, year in amounts]
    return ", ".join(texts)


def _same_figure(first: PricedBenefit, second: PricedBenefit) -> Iterator[Finding]:
    """Yield a finding when two lines are one figure, or one is a part of the other."""
    one, other = first.benefit.unit_cost, second.benefit.unit_cost
    if not one or not other:
        return
    if one == other and first.edition == second.edition:
        yield Finding("error", second.index, f"{named(first)} and {named(second)} price the same unit cost twice")
    for whole, part in ((one, other), (other, one)):
        # Codes of the database are numbered by part: gmca_cr8_2_6 lies inside gmca_cr8_2.
        if whole.startswith("service:") and re.fullmatch(rf"{re.escape(whole)}(_\d+)+", part):
            message = f"{named(first)} and {named(second)} count the same money twice: {part} is a part of {whole}"
            yield Finding("error", second.index, message)


def named(line: PricedBenefit) -> str:
    """Return a line as a reader finds it in the study file."""
    edition = f", {line.edition} edition" if line.edition else ""
    return f"“{line.benefit.item}” ({line.benefit.unit_cost or 'declared value'}{edition})"


def _words(component: str) -> str:
    return component.replace("other_cjs", "other criminal justice").replace("_", " ")


def _pounds(amount: float | None) -> str:
    assert amount is not None
    return f"£{amount:,.0f}" if amount == int(amount) else f"£{amount:,.2f}"
