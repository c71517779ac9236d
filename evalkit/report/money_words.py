"""The sentences on money: what leads, what the figures rest on, how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.records import Appraisal, Estimate, Evaluation
from evalkit.report.changes import joined
from evalkit.report.money_reading import MoneyReading, read_money
from evalkit.report.money_scale import beside_range, chance, exactly, money_range, pounds_and_pence, spoken
from evalkit.report.numbers import interval_text, number, percent, signed_percent
from evalkit.report.scales import is_finite
from evalkit.report.words import interval_label

NO_THRESHOLD = (
    "No threshold is set on a ratio, and nothing here is graded by one: HM Treasury's review of the Green Book (2025) "
    "does not endorse them."
)
TOLD_APART = 0.01
"""The mean of the draws stands beside the stated net value where they differ by more than this share of it."""
_SAID_FIRST = ("The effect was not estimated here", "The effect is assumed to go on",
               "Benefits are adjusted for additionality", "Deadweight is taken off",
               "A key check speaks against")  # fmt: skip
"""Cautions that `rests_on`, or the reason why benefits are not shown, says in its own words."""


def money_lead(money: MoneyReading) -> list[str]:
    """Return the sentences that lead: break-even and range where the result is not clear, else cost and ratio first."""
    appraisal = money.appraisal
    cost = cost_sentence(appraisal, planned=money.without_data)
    if money.clear:
        told = [cost, money.break_even]
        ratio = ratio_sentence(appraisal, planned=money.without_data)
        return [text for text in (*told, ratio) if text]
    return [text for text in (money.break_even, cost, net_range(money)) if text]


def without_data_words(evaluation: Evaluation) -> tuple[str, str]:
    """Return sentence and detail of an appraisal without data of its own: what it rests on, then break-even and range.

    Raises
    ------
    ValueError
        When the study has no appraisal.
    """
    money = read_money(evaluation)
    if money is None:
        raise ValueError("the study has no appraisal to put into words")
    borrowed = money.appraisal.borrowed
    first = "Nothing was estimated here: the change that is priced was found elsewhere." if borrowed else (
        "Nothing was estimated here: no change is assumed.")  # fmt: skip
    shown = [money.break_even or cost_sentence(money.appraisal, planned=True), net_range(money)]
    return first, " ".join(text for text in shown if text)


def cost_sentence(appraisal: Appraisal, *, planned: bool = False) -> str:
    """Return what it cost, or would cost where it is priced without data; not known where any part of it is not."""
    prices = f"in {appraisal.price_base or 'stated'} prices"
    if not is_finite(appraisal.cost.value):
        known = any(is_finite(line.present_value) for line in appraisal.lines if line.side == "cost")
        return "What it cost is not known in full." if known else "What it cost is not known."
    ranged = appraisal.cost.low is not None and appraisal.cost.high is not None
    ends = money_range(appraisal.cost.low, appraisal.cost.high, small=spoken)
    beside = f" ({interval_label(appraisal.cost.level)}: {ends})"
    return (
        f"It {'would cost' if planned else 'cost'} "
        f"{beside_range(appraisal.cost.value, appraisal.cost.low, appraisal.cost.high, spoken)} {prices}"
        f"{beside if ranged else ''}."
    )


def ratio_sentence(appraisal: Appraisal, *, planned: bool = False) -> str:
    """Return what each pound gives, with interval, probability, edition and prices; empty where no ratio may stand.

    Parameters
    ----------
    appraisal : Appraisal
    planned : bool
        Nothing was estimated here: the ratio is what the assumed change would give.
    """
    ratio = appraisal.ratio
    if ratio is None or appraisal.ratio_withheld:
        return ""
    text = f"{pounds_and_pence(ratio.value)} of benefit"
    if ratio.low is not None:
        text += f" ({interval_label(ratio.level)}: {interval_text(ratio.low, ratio.high, pounds_and_pence)})"
    found = [f"For each £1 of cost the {'assumed change would give' if planned else 'estimate is'} {text}."]
    return " ".join([*found, ratio_terms(appraisal)]).strip()


def ratio_terms(appraisal: Appraisal) -> str:
    """Return what stands beside every ratio: probability of a gain, editions of unit costs, price base, base year."""
    likely = ""
    if appraisal.probability_positive is not None:
        likely = f"The probability that benefits exceed costs is {chance(appraisal.probability_positive)}. "
    editions = dict.fromkeys(line.edition for line in appraisal.lines if line.side == "benefit" and line.edition)
    found = [f"unit costs of crime: {joined(editions)} edition{'s' if len(editions) > 1 else ''}" if editions
             else "", f"{appraisal.price_base} prices" if appraisal.price_base else "",
             f"discounted to {appraisal.base_year}" if appraisal.base_year else ""]  # fmt: skip
    text = ", ".join(part for part in found if part)
    return f"{likely}{text[:1].upper()}{text[1:]}." if text else likely.strip()


def net_range(money: MoneyReading) -> str:
    """Return between which amounts benefits less costs may lie; empty where it is not known or may not stand."""
    net = money.appraisal.net_present_social_value
    if not money.priced or net is None or net.low is None or net.high is None:
        return ""
    ends = money_range(net.low, net.high, small=spoken)
    return f"Benefits less costs may lie anywhere from {ends} ({interval_label(net.level)})."


def rests_on(money: MoneyReading) -> list[str]:
    """Return what was borrowed, assumed to go on, adjusted or multiplied; these come before any figure.

    Whatever enters the worth of one unit stands wherever a break-even does, whether benefits are shown or not.
    """
    appraisal = money.appraisal
    found = [_borrowed(appraisal.borrowed)]
    valued = money.priced or bool(money.break_even)
    if valued or money.without_data:
        found += [_persistence(appraisal.persistence), _additionality(appraisal.additionality)]
    found.append(optimism_sentence(appraisal, benefits=valued, amounts=money.priced))
    return [text for text in (*found, *(_counts(appraisal) if valued else ())) if text]


def _counts(appraisal: Appraisal) -> list[str]:
    """Return how many events are priced for each one that is counted, where that is not one."""
    return [f"“{one.name}”: {exactly(one.stated)}." for one in appraisal.parameters
            if one.kind in ("events", "multiplier") and one.stated != 1.0]  # fmt: skip


def other_cautions(appraisal: Appraisal) -> list[str]:
    """Return the cautions that `rests_on` does not say already."""
    return [text for text in appraisal.cautions if not text.startswith(_SAID_FIRST)]


def how_sure(money: MoneyReading) -> list[str]:
    """Return how sure a gain is, the mean of the draws where it differs, and what certainty would be worth."""
    appraisal, found = money.appraisal, []
    if not money.priced:
        return []
    if appraisal.probability_positive is not None:
        drawn = f", over {number(appraisal.draws_used, 0)} draws" if appraisal.draws_used else ""
        likely = f"The probability that benefits exceed costs is {chance(appraisal.probability_positive)}"
        of = " of everything that is given a range; what is taken as exact is not in it" if drawn else ""
        found.append(f"{likely}{drawn}{of}.")
        if money.unsettled:
            found.append("The interval of the change itself includes none. So this chance rests on the middle of a "
                         "range in which there may be no gain to price.")  # fmt: skip
    return [*found, *(text for text in (expected_net_sentence(appraisal), information_sentence(appraisal)) if text)]


def expected_net_sentence(appraisal: Appraisal) -> str:
    """Return the mean of the draws where it differs from the stated net value by more than one per cent of it."""
    net, mean = appraisal.net_present_social_value, appraisal.expected_net
    if net is None or mean is None or abs(mean - net.value) <= TOLD_APART * abs(net.value):
        return ""
    return (f"Over all draws benefits less costs are {spoken(mean)} on average, beside {spoken(net.value)} at stated "
            "figures: some ranges reach further on one side than on the other.")  # fmt: skip


def information_sentence(appraisal: Appraisal) -> str:
    """Return what it would be worth to be certain before deciding; empty where it is not known."""
    worth = appraisal.information_value
    if worth is None:
        return ""
    if worth < 1:
        return "Before deciding, more certainty would be worth next to nothing: no draw changes which choice is better."
    return (f"Before deciding, it would be worth up to {spoken(worth)} to be certain "
            "(expected value of perfect information).")  # fmt: skip


def optimism_sentence(appraisal: Appraisal, *, benefits: bool, amounts: bool = True) -> str:
    """Return by how much costs and benefits were adjusted for optimism; empty where they were not.

    Parameters
    ----------
    appraisal : Appraisal
    benefits : bool
        Benefits enter what is printed, if only through the break-even.
    amounts : bool
        Benefits may be printed in pounds.
    """
    made = appraisal.optimism
    if not made:
        return ""
    found = []
    if made.get("costs"):
        shares = "; ".join(f"{joined(items)} {words}" for words, items in _by_words(made["costs"]).items())
        moved = f" from {spoken(made.get('cost_before'))} to {spoken(appraisal.cost.value)}"
        found.append(f"Costs are adjusted for optimism{moved}: {shares}.")
    if benefits and made.get("benefits"):
        after = None if appraisal.benefit is None else appraisal.benefit.value
        known = amounts and is_finite(made.get("benefit_before")) and is_finite(after)
        moved = f" from {spoken(made.get('benefit_before'))} to {spoken(after)}" if known else ""
        found.append(f"Benefits are adjusted for optimism{moved}: {made.get('benefits_words')}.")
    return " ".join(found)


def _by_words(adjusted: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the items that are adjusted alike, together."""
    found: dict[str, list[str]] = {}
    for one in adjusted:
        found.setdefault(str(one["words"]), []).append(str(one["item"]))
    return found


def annual_sentence(appraisal: Appraisal) -> str:
    """Return the level yearly sum that stands for the costs; empty where it is not known."""
    yearly = appraisal.equivalent_annual_cost
    if yearly is None or not is_finite(yearly):
        return ""
    return f"Spread evenly over the years of spending, that is {spoken(yearly)} a year (equivalent annual cost)."


def unit_sentence(appraisal: Appraisal) -> str:
    """Return what one unit of the outcome costs, with its interval; empty where it would mislead."""
    each = appraisal.cost_per_outcome
    if each is None:
        return ""
    ends = money_range(each.low, each.high, small=spoken)
    ranged = f" ({interval_label(each.level)}: {ends})" if each.low is not None else ""
    counted = appraisal.acceptability_unit or "as counted"
    value = beside_range(each.value, each.low, each.high, spoken)
    return f"Cost for one unit of the outcome ({counted}): {value}{ranged}."


def payback_sentence(appraisal: Appraisal) -> str:
    """Return by when benefits have made up for costs; empty where that may not be said."""
    return str((appraisal.payback or {}).get("sentence") or "")


def interval_of(appraisal: Appraisal) -> str:
    """Return the name of the interval that the benefits have: they are priced at the level of the effect."""
    estimates: tuple[Estimate | None, ...] = (appraisal.benefit, appraisal.net_present_social_value, appraisal.ratio)
    levels = [estimate.level for estimate in estimates if estimate is not None and estimate.low is not None]
    return interval_label(levels[0]) if levels else "interval"


def _borrowed(effect: Mapping[str, Any] | None) -> str:
    """Return where a borrowed effect comes from, how large it is there, and what was taken off."""
    if not effect:
        return ""
    value, low, high = (_borrowed_amount(effect, key) for key in ("value", "low", "high"))
    label = interval_label(float(effect.get("level") or 0.95))
    ends = f"{label}: {low} to {high}" if low and high else "no interval is given"
    unit = effect.get("unit") or "events"
    if effect.get("measure") == "percent":
        size = f"{value} of {number(effect.get('baseline'))} {unit} a year ({ends})"
    else:
        size = f"{value} {'more' if effect.get('better') == 'higher' else 'fewer'} {unit} a year ({ends})"
    taken = percent(100 * float(effect.get("transfer_discount") or 0.0))
    compared = "" if effect.get("compared_with") == "counterfactual" else (
        " The source did not compare with what would have happened anyway.")  # fmt: skip
    source, why = _inside(effect.get("source")), _inside(effect.get("transfer_reason"))
    return (f"Nothing was estimated here. The change is taken from {source}: {size}. {taken} is taken off for carrying "
            f"it here: {why}.{compared}")  # fmt: skip


def _borrowed_amount(effect: Mapping[str, Any], key: str) -> str:
    """Return a number of the source as printed there; empty where it prints none."""
    value = effect.get(key)
    if value is None:
        return ""
    decimals = 0 if float(value) == round(float(value)) else 1
    write = signed_percent if effect.get("measure") == "percent" else number
    return write(float(value), decimals)


def _persistence(lasting: Mapping[str, Any] | None) -> str:
    if not lasting:
        return ""
    years = int(lasting["years"])
    span = "one more year" if years == 1 else f"{number(years, 0)} more years"
    kept, priced = percent(100 * float(lasting["keeps"])), number(float(lasting["share_of_observed"]), 2)
    return (f"The change is assumed to go on for {span} after the data end, each keeping {kept} of the year before "
            f"({_inside(lasting['source'])}); the data do not show it. In all, {priced} times what was observed is "
            "counted.")  # fmt: skip


def _additionality(made: Mapping[str, Any] | None) -> str:
    if not made:
        return ""
    why = made.get("override_reason")
    reason = f" Why deadweight is taken off as well: {_inside(why)}." if why else ""
    return (f"Benefits are multiplied by {number(float(made['factor']), 3)} for additionality: {made['words']} "
            f"({_inside(made['source'])}).{reason}")  # fmt: skip


def _inside(text: Any) -> str:
    """Return a text of the author's as it stands inside a sentence."""
    return str(text or "not stated").strip().rstrip(".")
