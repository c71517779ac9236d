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
    mend : str
    key : str
        Key of the benefit that would have to change.
    """

    action: Literal["error", "warn"]
    index: int
    message: str
    mend: str = "keep one of the two"
    key: str = "unit_cost"


def overlapping(lines: Sequence[PricedBenefit], overlaps: Iterable[Overlap]) -> list[Finding]:
    """Return what the table of overlaps says about every pair of benefit lines, and about parts of one figure."""
    rows = tuple(overlaps)
    found = [finding for line in lines for finding in _alone(line, rows)]
    for first, second in itertools.combinations(lines, 2):
        found += _same_figure(first, second)
        for row in _meeting(first, second, rows):
            ways = ((first, second), (second, first))
            one, other = next(way for way in ways if row.line_a in way[0].tags and row.line_b in way[1].tags)
            found += _finding(row, one, other, rows)
    return [*found, *_shares_of_a_mix(lines), *_declared_beside_crime(lines)]


def _meeting(first: PricedBenefit, second: PricedBenefit, rows: Iterable[Overlap]) -> list[Overlap]:
    """Return the rows that meet a pair, one per component: what is refused before what is doubted.

    Among those the row that names the offence itself goes before one that holds for every offence.
    """
    met = [row for row in rows if row.action in ("error", "warn")
           and ((row.line_a in first.tags and row.line_b in second.tags)
                or (row.line_a in second.tags and row.line_b in first.tags))]  # fmt: skip
    refused = [row for row in met if row.action == "error"]
    chosen: dict[str, Overlap] = {}
    for row in sorted(refused or met, key=lambda row: "crime:any" in (row.line_a, row.line_b)):
        chosen.setdefault(row.component, row)
    return list(chosen.values())


def _shares_of_a_mix(lines: Sequence[PricedBenefit]) -> Iterator[Finding]:
    """Yield a finding when several offences are priced on one outcome more than once for each unit of it.

    An offence is one or the other, so `events_per_outcome` of the offences are shares of a mix. Parts of one figure
    (fiscal, economic, social) count once.
    """
    mix: dict[str, list[PricedBenefit]] = {}
    for line in lines:
        if line.offence:
            mix.setdefault(line.offence, []).append(line)
    total = sum(max(line.benefit.events_per_outcome for line in each) for each in mix.values())
    if len(mix) > 1 and total > 1 + 1e-9:
        several = [line for each in mix.values() for line in each]
        names = " and ".join(f"{named(line)} at {line.benefit.events_per_outcome:g}" for line in several)
        yield Finding("error", max(line.index for line in several),
                      f"{names} price one unit of the outcome as {total:g} offences, and an offence is only one",
                      "give each its share of the offences as events_per_outcome, adding up to at most 1, or keep one "
                      "of them", "events_per_outcome")  # fmt: skip


def _declared_beside_crime(lines: Sequence[PricedBenefit]) -> Iterator[Finding]:
    """Yield what must be said of a declared value beside a unit cost of crime, of which no table knows the parts."""
    crimes = [line for line in lines if line.crime]
    for line in lines:
        if line.benefit.unit_cost is not None:
            continue
        reason = line.benefit.not_in_unit_cost
        if not crimes:
            if reason:
                yield Finding("error", line.index, "no unit cost of crime stands beside this value", "leave it out",
                              "not_in_unit_cost")  # fmt: skip
            continue
        beside = " and ".join(named(crime) for crime in crimes)
        if reason:
            yield Finding("warn", line.index,
                          f"{named(line)} is added to {beside}; the study file says why it is not in it already: "
                          f"{reason}")  # fmt: skip
        elif line.public:
            yield Finding("error", line.index,
                          f"{named(line)} may count money of public services that {beside} holds already (police, "
                          "courts, prisons, health services)", "say why it does not in not_in_unit_cost, or leave "
                          "this line out", "not_in_unit_cost")  # fmt: skip
        else:
            yield Finding("warn", line.index,
                          f"{named(line)} is added to {beside}, which holds harm, lost output and property already: "
                          "no table says whether it counts some of this twice")  # fmt: skip


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
