"""Numbers that an appraisal takes as exact: what was lent, adjusted and assumed, and the rates of discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.records import MoneyParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evalkit.appraisal.assess import Assessment

DECLARED = "study file"


def exact_numbers(whole: Assessment) -> Iterator[MoneyParameter]:
    """Yield what enters costs, benefits or the break-even without any range, so that each can be rebuilt by hand.

    Parameters
    ----------
    whole : Assessment

    Yields
    ------
    MoneyParameter
        Of kind `adjustment` or `rate`; shares in percent. A share of nought, which changes nothing, is left out.
    """
    yield from _lent(whole)
    yield from _additionality(whole)
    yield from _optimism(whole)
    yield from _persistence(whole)
    yield from _discounting(whole)


def _lent(whole: Assessment) -> Iterator[MoneyParameter]:
    """Yield the numbers by which an effect of another study is carried here."""
    lent = whole.economics.effect
    if lent is None:
        return
    if lent.baseline is not None:
        yield _row("Expected without the programme", lent.baseline, f"{lent.unit} a year", lent.source)
    yield _row("Taken off for carrying the effect here", 100.0 * lent.transfer_discount, "%", lent.transfer_reason)
    for year, share in lent.years.items():
        yield _row(f"Share of the full effect in {year}", 100.0 * share, "%", DECLARED)


def _additionality(whole: Assessment) -> Iterator[MoneyParameter]:
    made = whole.economics.additionality
    if made is None:
        return
    for name in ("deadweight", "leakage", "displacement", "substitution"):
        if getattr(made, name):
            yield _row(f"Additionality: {name}", 100.0 * getattr(made, name), "%", made.source)
    if made.multiplier != 1.0:
        yield _row("Additionality: multiplier", made.multiplier, "times", made.source)
    other = made.reference_case
    if other is None:
        return
    for name in ("share", "leakage", "displacement", "substitution"):
        if getattr(other, name):
            yield _row(f"Additionality: {name} of the reference case", 100.0 * getattr(other, name), "%", made.source)
    if other.multiplier != 1.0:
        yield _row("Additionality: multiplier of the reference case", other.multiplier, "times", made.source)


def _optimism(whole: Assessment) -> Iterator[MoneyParameter]:
    for entry in whole.costs:
        own = entry.optimism
        if own.share:
            name = f"Optimism: {entry.cost.item} ({entry.cost.payer})"
            yield _row(name, 100.0 * own.share, "%", own.source or DECLARED, own.status)
    own = whole.benefit_optimism
    if own.share and whole.benefits:
        yield _row("Optimism: benefits", 100.0 * own.share, "%", own.source or DECLARED, own.status)


def _persistence(whole: Assessment) -> Iterator[MoneyParameter]:
    lasting = whole.economics.persistence
    if lasting is None:
        return
    yield _row("Years for which the effect is assumed to go on", float(lasting.years), "years", lasting.source)
    yield _row("Effect kept from one of these years to the next", 100.0 * lasting.keeps, "%", lasting.source)


def _discounting(whole: Assessment) -> Iterator[MoneyParameter]:
    """Yield the rate of each band of the schedules that are used; a band that no year reaches is left out."""
    terms, health = whole.terms, any(line.benefit.discount == "health" for line in whole.lines)
    years = {year for entry in whole.costs for year in entry.by_year} | set(whole.shares)
    last = max((int(year[:4]) - int(terms.base_year[:4]) for year in years), default=0)
    schedules = ([] if isinstance(terms.rate, float) else [terms.rate]) + (["health"] if health else [])
    if isinstance(terms.rate, float):
        yield _row("Discount rate", 100.0 * terms.rate, "% a year", DECLARED, "declared", "rate")
    for schedule in schedules:
        for band in terms.reference.discounting:
            if band.first <= max(last, 1):
                name = "Discount rate" if schedule == terms.rate else "Discount rate, effects on health"
                since = f" from year {band.first}" if band.first > 1 else ""
                yield _row(f"{name}{since}", 100.0 * band.rate(schedule), "% a year", "Green Book schedule",
                           "primary", "rate")  # fmt: skip


def _row(name: str, value: float, unit: str, source: str, status: str = "declared", kind: str = "adjustment"
         ) -> MoneyParameter:  # fmt: skip
    return MoneyParameter(name, kind, value, unit, source=source, status=status)
