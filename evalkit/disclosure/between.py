"""Between releases: what a reader learns by taking one release from the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.disclosure.rule import DisclosureRule
from evalkit.errors import Problem
from evalkit.periods import format_period, parse_period

Key = tuple[str, str]
MONTHS = 3
ASK = "ask the owner of the data before releasing it"
LITTLE = "it changed by so little since the last release that the difference gives the events away"


def small_changes(now: Mapping[str, Any], released: Mapping[str, Any], rule: DisclosureRule) -> list[Problem]:
    """Return the counts that the difference between two releases would give away.

    Parameters
    ----------
    now, released : mapping
        Documents of result.json, both as they may be seen.
    rule : DisclosureRule

    Returns
    -------
    list of Problem
        One for each count, by analysis, group and period: it changed by so little that the events that were added or
        taken away are a small number; or it was hidden and is shown, or the other way round, while totals beside it
        were released. A rate without known events counts as changed by little whenever it changes.
    """
    if rule.national:
        return []
    before = {analysis["id"]: analysis for analysis in released.get("analyses", ())}
    problems: list[Problem] = []
    for analysis in now.get("analyses", ()):
        if analysis["id"] in before:
            problems += _of_path(analysis, before[analysis["id"]], rule)
            problems += _of_total(analysis, before[analysis["id"]], rule)
    return problems


def _of_path(now: Mapping[str, Any], then: Mapping[str, Any], rule: DisclosureRule) -> Iterator[Problem]:
    if _by_quarter(now) is not _by_quarter(then):
        yield from _of_months_and_quarters(now, then, rule)
        return
    earlier = _seen(then)
    for key, seen in _seen(now).items():
        if key not in earlier or seen == earlier[key]:
            continue
        old, where, mend = earlier[key], _where(now, key), _mend(now, key)
        if old is None:
            yield Problem("it was hidden in the last release and is shown in this one", mend, where)
        elif seen is None:
            yield Problem("it was shown in the last release and is hidden in this one, beside totals of both",
                          ASK, where)  # fmt: skip
        elif rule.round_to is None and _little(abs(seen - old), now, rule):
            yield Problem(LITTLE, mend, where)


def _of_months_and_quarters(now: Mapping[str, Any], then: Mapping[str, Any], rule: DisclosureRule) -> Iterator[Problem]:
    """Yield what can be had from quarters in one release and their months in the other."""
    coarse, fine = (now, then) if _by_quarter(now) else (then, now)
    months: dict[Key, list[float | None]] = {}
    for (unit, period), seen in _seen(fine).items():
        quarter = format_period(parse_period(period, "quarter"), "quarter")
        months.setdefault((unit, quarter), []).append(seen)
    quarters = _seen(coarse)
    for key, each in months.items():
        if key not in quarters and coarse is then:
            continue  # months that no quarter of the last release holds
        whole, shown = quarters.get(key), [seen for seen in each if seen is not None]
        if not shown:
            continue
        same = now["measure"]["kind"] == "count" and len(shown) == MONTHS and whole is not None and (
            abs(whole - sum(shown)) <= 2 * (rule.round_to or 0)
        )  # fmt: skip
        if not same:  # most months are not revised, so what changed is the one that the others leave
            mend = _mend(now, key) if coarse is now and whole is not None and len(shown) < MONTHS else ASK
            yield Problem("single months of it are shown in one release, and it is shown as a quarter, or hidden, in "
                          "the other: together they give a month away", mend, _where(now, key))  # fmt: skip


def _by_quarter(analysis: Mapping[str, Any]) -> bool:
    return bool((analysis.get("disclosure") or {}).get("drawn_by") == "quarter")


def _seen(analysis: Mapping[str, Any]) -> dict[Key, float | None]:
    """Return what is shown of a path, by group and period: the quarters where it is drawn by quarter."""
    path = analysis["disclosure"]["path"] if _by_quarter(analysis) else analysis["path"]
    return {(point["unit"], point["period"]): point["observed"] for point in path}


def _where(now: Mapping[str, Any], key: Key) -> str:
    return f"{now['id']}: {key[0]} in {key[1]}"


def _mend(now: Mapping[str, Any], key: Key) -> str:
    """Return how to hide a count; a quarter is hidden by its first month."""
    unit, period = key
    if "Q" in period and now.get("frequency") == "month":
        period = format_period(MONTHS * parse_period(period, "quarter"), "month")
    return f"hide it in this one too: `disclosure: {{also_hidden: [{{group: {unit}, period: '{period}'}}]}}`"


def _of_total(now: Mapping[str, Any], then: Mapping[str, Any], rule: DisclosureRule) -> Iterator[Problem]:
    total, earlier = ((analysis.get("fit") or {}).get("observed_total") for analysis in (now, then))
    same_periods = now.get("n_post_periods") == then.get("n_post_periods")
    if total is None or earlier is None or total == earlier or not same_periods or rule.round_to is not None:
        return
    if rule.hides(abs(total - earlier)):
        yield Problem("the total changed by so little since the last release that the difference gives the events away",
                      "wait until more has changed, or use a profile that rounds",
                      f"{now['id']}: observed_total")  # fmt: skip


def _little(change: float, now: Mapping[str, Any], rule: DisclosureRule) -> bool:
    return now["measure"]["kind"] != "count" or rule.hides(change)
