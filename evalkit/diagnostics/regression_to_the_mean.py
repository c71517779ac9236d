"""Check of a study of those chosen for a high outcome: how much of the fall choosing alone would give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit.records import Diagnostic

NOTEWORTHY_SHARE = 20.0
NOTEWORTHY_FALL = 5.0
"""Percent: where no fall was seen, an expected fall from this size on is a sign against the comparison as it stands."""


def regression_to_the_mean(selection: Mapping[str, Any]) -> Diagnostic:
    """Return what share of the fall selection alone would be expected to give.

    Parameters
    ----------
    selection : mapping
        `words`, `reference`, `expected_change_low`, `expected_change_high`, `observed_change`, `share_low`,
        `share_high`, `unequal_exposure`.

    Notes
    -----
    Sign against: the far end of the range is 20% or more of the fall that was seen, or, where none was seen, a fall
    of 5% or more.
    """
    low, high = selection["expected_change_low"], selection["expected_change_high"]
    share = selection["share_high"]
    against = share >= NOTEWORTHY_SHARE if share is not None else low <= -NOTEWORTHY_FALL
    reading = (
        f"Those studied were {selection['words']}. With nothing done, their rate would be expected to change by "
        f"{_between(low, high)}. It changed by {_signed(selection['observed_change'])}"
    )
    if share is None and low >= -0.5:
        reading += ". "
    elif share is None:
        reading += ", so no fall was seen where one was to be expected. "
    elif share < 0.5:
        reading += ": choosing alone would give none of that. "
    elif selection["share_low"] >= 100.0:
        reading += ": choosing alone would give all of it. "
    else:
        reading += f": choosing alone would give {_shares(selection['share_low'], share)} of that. "
    reading += f"Reference: {selection['reference']}."
    unequal = selection["unequal_exposure"]
    reading += f" {unequal['words']}" if unequal else ""
    return Diagnostic(
        "regression_to_the_mean",
        "Those studied would not have come down by themselves after being chosen for a high outcome.",
        "sign against" if against else "no sign against", reading, statistic=(low + high) / 2.0, low=low, high=high,
        key=True, looked_at="What the selection rule alone would give, by empirical Bayes",
        short="they were chosen for a high outcome, which tends to fall back by itself" if against else "",
    )  # fmt: skip


HOW = {
    "spike": "The study says that those treated were chosen after an unusually high time",
    "level": "The study says that those treated were chosen for high numbers",
    "unknown": "The study says that it is not known whether those treated were chosen by the outcome",
}


def stated_selection(how: str, over_time_alone: bool) -> Diagnostic:
    """Return what it means that the study says how those treated were chosen, where no rule of selection is given.

    Parameters
    ----------
    how : str
        spike, level or unknown.
    over_time_alone : bool
        Whether the estimate is a change over time alone (before/after without comparison areas).

    Notes
    -----
    Sign against, and key: chosen by the outcome, and nothing but time to compare with. Sign against: chosen after a
    spike, with a path before the start or a comparison, which hold part of it. Not run where it is not known, and
    where those chosen for lasting high numbers are followed over a path or beside others: neither the path nor the
    comparison was asked how much of a fall that choice alone would give.
    """
    if how == "unknown":
        verdict, tail = "not run", "Ask who chose them, and how."
    elif over_time_alone:
        verdict, tail = "sign against", "Some fall is then expected with nothing done: `design.selection` tells it."
    elif how == "spike":
        verdict, tail = "sign against", "The high time lies in the periods before: end `design.before` ahead of it."
    else:
        verdict, tail = "not run", ("Some fall is then expected with nothing done. The path before the start, or the "
                                    "comparison, holds part of it; how much was not worked out.")  # fmt: skip
    against = verdict == "sign against"
    return Diagnostic(
        "regression_to_the_mean",
        "Those studied would not have come down by themselves after being chosen for a high outcome.",
        verdict, f"{HOW[how]}. {tail}", key=against and over_time_alone,  # type: ignore[arg-type]
        looked_at="What the study says of how they were chosen",
        short="they were chosen for a high outcome, which tends to fall back by itself" if against else "",
    )  # fmt: skip


def _between(low: float, high: float) -> str:
    first, last = _signed(low), _signed(high)
    return first if first == last else f"{first} to {last}"


def _signed(change: float) -> str:
    return f"{change:+.0f}%" if abs(change) >= 0.5 else "0%"


def _shares(low: float, high: float) -> str:
    first, last = f"{max(low, 0.0):.0f}%", f"{min(high, 100.0):.0f}%"
    last = "all" if high >= 100.0 else last
    return first if first == last else f"{first} to {last}"
