"""Returns to those who pay: fiscal and cashable, when it pays back, what one unit of the outcome costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.appraisal.uncertainty import quotient_interval
from evalkit.records import Estimate, MoneyReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.appraisal.assess import Assessment
    from evalkit.records import MoneyYear


def money_returns(whole: Assessment, withheld: bool) -> tuple[MoneyReturn, ...]:
    """Return the fiscal return, and the cashable one where the study file says what can be taken out of budgets.

    Parameters
    ----------
    whole : Assessment
    withheld : bool
        Whether ratios are withheld; amounts then stand without them.

    Notes
    -----
    Both set public money that comes back against public money spent: costs of kind economic or social are left out.
    """
    if whole.benefit is None:
        return ()
    found = [_return(whole, "fiscal", withheld)]
    if any(entry.cashable_worth is not None for entry in whole.benefits):
        found.append(_return(whole, "cashable", withheld))
    return tuple(found)


def _return(whole: Assessment, name: str, withheld: bool) -> MoneyReturn:
    cost = whole.cost_of(lambda entry: entry.cost.borne == "fiscal")
    if name == "fiscal":
        benefit = whole.benefit_of(lambda entry: entry.present_worth if entry.part.kind == "fiscal" else 0.0)
    else:
        benefit = whole.benefit_of(lambda entry: entry.cashable_worth or 0.0)
    gained, paid = benefit.stated, cost.stated
    if withheld or not paid > 0.0 or benefit.draws is None:
        return MoneyReturn(name, gained, paid)
    level = whole.effect.gained.level if whole.effect.gained is not None else 0.95
    low, high = quotient_interval(benefit.draws, paid if cost.draws is None else cost.draws, level)
    return MoneyReturn(name, gained, paid, gained / paid, low, high)


def payback(years: Sequence[MoneyYear], withheld: bool, *, assumed: bool = False) -> dict[str, Any] | None:
    """Return the first year in which discounted benefits have made up for costs; None where that may not be said.

    Parameters
    ----------
    years : sequence of MoneyYear
        With cumulative sums.
    withheld : bool
        Whether ratios are withheld.
    assumed : bool
        Whether the effect was found elsewhere, so that nothing here is an estimate.
    """
    sums = [year.cumulative for year in years]
    if withheld or not sums or any(total is None or total != total for total in sums):
        return None
    back = next((place for place, total in enumerate(sums) if total is not None and total >= 0.0), None)
    if back is None:
        words = "Benefits would not" if assumed else "Benefits do not"
        words += f" make up for costs by {years[-1].year}, the last year counted."
        return {"year": None, "years": None, "sentence": words}
    words = "At the estimated effect, benefits have"
    if assumed:
        words = "At the change that is assumed, benefits would have"
    words += f" made up for costs by the end of {years[back].year}."
    return {"year": years[back].year, "years": back, "sentence": words}


def cost_per_outcome(whole: Assessment, withheld: bool) -> Estimate | None:
    """Return the present value of costs per unit of the outcome, not discounted; None where that would mislead.

    Notes
    -----
    Over all years in which the effect is counted, after adjustment for additionality. The interval is that of the
    quotient over draws, infinite where the effect is not above zero.
    """
    gained = whole.effect.gained
    if withheld or gained is None or not gained.value > 0.0 or not whole.known:
        return None
    import numpy

    additional = 1.0 if whole.economics.additionality is None else whole.economics.additionality.factor
    units = sum(whole.shares.values()) * additional
    cost, drawn = whole.cost.stated, whole.parameters["effect"].draws
    words: dict[str, Any] = {"label": "Cost per unit of the outcome", "unit": f"£ per one of {gained.unit or 'them'}"}
    if drawn is None or not units > 0.0:
        return None
    paid = numpy.full(drawn.shape, cost) if whole.cost.draws is None else whole.cost.draws
    low, high = quotient_interval(paid, drawn * units, gained.level)
    return Estimate(cost / (gained.value * units), low=low, high=high, level=gained.level, rule="draws", **words)


def equivalent_annual(present_value: float, factors: Sequence[float]) -> float:
    """Return the level yearly sum with this present value.

    Parameters
    ----------
    present_value : float
    factors : sequence of float
        Discount factors of the years in which the sum is paid.

    Notes
    -----
    ``present value / sum of factors``: at one rate, the payment of an annuity that is paid at the start of each year.
    """
    return present_value / sum(factors)
