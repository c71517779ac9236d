"""Secondary suppression: further counts are hidden where a total would give a hidden one away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evalkit.disclosure.rule import DisclosureRule


def hidden_together(events: Sequence[float], rule: DisclosureRule, also: Iterable[int] = ()) -> set[int] | None:
    r"""Return which counts of a set with a known total must be hidden.

    Parameters
    ----------
    events : sequence of float
        Counts that add up to a total that readers know.
    rule : DisclosureRule
    also : iterable of int
        Positions that are hidden for another reason.

    Returns
    -------
    set of int or None
        Positions that are hidden. None when no set of them protects every small count: the total itself gives one
        away.

    Notes
    -----
    Readers are taken to know the total, every count that is shown (to the unit, also where it is rounded), the rule,
    and which counts are small. With hidden sum :math:`T`, :math:`p` small counts (:math:`l` to :math:`k`) and
    :math:`s` others (above :math:`k`), a small count lies between
    :math:`\max(l, T - (p - 1) k)` without others, else :math:`l`, and
    :math:`\min(k, T - (p - 1) l - s (k + 1))`. Counts are added, smallest first, until that is all of
    :math:`l` to :math:`k`; zeros are never added, since their place is known to be free of risk. Where all are
    hidden and the range is narrower, two possible values are the least that is accepted.
    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (protection levels of a cell).
    """
    small = {at for at, count in enumerate(events) if rule.hides(count)}
    others = {at for at in also if at not in small}
    if not small:
        return others
    spare = sorted((at for at, count in enumerate(events) if at not in small | others and count > 0),
                   key=lambda at: (events[at], at))  # fmt: skip
    while _width(events, small, others, rule) < _full(rule):
        if not spare:
            return small | others if _width(events, small, others, rule) >= 1 else None
        others.add(spare.pop(0))
    return small | others


def _full(rule: DisclosureRule) -> float:
    return float(rule.smallest - 1 - _least(rule))


def _least(rule: DisclosureRule) -> int:
    return 1 if rule.zeros else 0


def _width(events: Sequence[float], small: set[int], others: set[int], rule: DisclosureRule) -> float:
    """Return the difference between the largest and the smallest value that a hidden small count could have."""
    least, most = _least(rule), rule.smallest - 1
    total = sum(events[at] for at in small | others)
    low = least if others else max(least, total - (len(small) - 1) * most)
    high = min(most, total - (len(small) - 1) * least - len(others) * rule.smallest)
    return max(0.0, high - low)
