"""Between releases: what a reader learns by taking one release from the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.disclosure.rule import DisclosureRule
from evalkit.errors import Problem


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
    earlier = {(point["unit"], point["period"]): point["observed"] for point in then["path"]}
    for point in now["path"]:
        key, seen = (point["unit"], point["period"]), point["observed"]
        if key not in earlier or seen == earlier[key]:
            continue
        old = earlier[key]
        where = f"{now['id']}: {key[0]} in {key[1]}"
        mend = f"hide it in this one too: `disclosure: {{also_hidden: [{{group: {key[0]}, period: '{key[1]}'}}]}}`"
        if old is None:
            yield Problem("it was hidden in the last release and is shown in this one", mend, where)
        elif seen is None:
            yield Problem("it was shown in the last release and is hidden in this one, beside totals of both",
                          "ask the owner of the data before releasing it", where)  # fmt: skip
        elif rule.round_to is None and _little(abs(seen - old), now, rule):
            yield Problem("it changed by so little since the last release that the difference gives the events away",
                          mend, where)  # fmt: skip


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
