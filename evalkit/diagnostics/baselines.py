"""Check of the choice of baseline: the change against every other window that could have been taken."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.diagnostics.words import figure, several
from evalkit.records import Baseline, Diagnostic

NAMED = 3


def choice_of_baseline(baselines: Sequence[Baseline], alike: Sequence[bool], unused: int) -> Diagnostic:
    """Return how far the change hangs on the window that was chosen as the one before.

    Parameters
    ----------
    baselines : sequence of Baseline
        Oldest first, the registered one among them.
    alike : sequence of bool
        Whether each lies at the same time of the year as the registered one, or both hold whole years.
    unused : int
        Windows that could not be used (holes, or no event).

    Notes
    -----
    Sign against: against another window the change has the other direction, or is less than half as large. Windows at
    the same time of the year decide, where there are any: the others differ by season too.
    """
    name, assumption = "choice_of_baseline", "The change does not hang on which time before is taken."
    looked_at = "The change against every other time before the start that is as long, and against calendar years"
    registered = next((one for one in baselines if one.registered), None)
    others = [one for one in baselines if not one.registered]
    left = f" {several(unused, 'window')} could not be used." if unused else ""
    if registered is None or not others:
        reading = f"There is no other time before the start to set it against.{left}"
        return Diagnostic(name, assumption, "not run", reading, looked_at=looked_at)
    lowest, highest = (pick(others, key=lambda one: one.value) for pick in (min, max))
    same = [one for one, like in zip(baselines, alike, strict=True) if like and not one.registered]
    looked = same or others
    weaker = [one for one in looked if one.value * registered.value <= 0.0
              or abs(one.value) < abs(registered.value) / 2.0]  # fmt: skip
    reading = (
        f"The change is {_change(registered)} against {registered.window}, the window of this study. Against "
        f"{several(len(others), 'other window')} (they overlap) it runs from {_change(lowest)} ({lowest.window}) to "
        f"{_change(highest)} ({highest.window}). "
    )
    years = [one for one in others if one.window.isdigit()][-NAMED:]
    if years:
        reading += f"Calendar years: {', '.join(f'{_change(one)} against {one.window}' for one in years)}. "
    if len(same) < len(others):
        reading += f"{len(others) - len(same)} of them lie at another time of the year, so they differ by season too. "
    which = f"{several(len(looked), 'window')}{' at the same time of the year' if 0 < len(same) < len(others) else ''}"
    reading += (
        f"Of {which}, {len(weaker)} give the other direction or less than half the size."
        if weaker
        else f"Direction and at least half the size hold against {which}."
    )
    return Diagnostic(
        name, assumption, "sign against" if weaker else "no sign against", reading + left,
        statistic=registered.value, low=lowest.value, high=highest.value, looked_at=looked_at,
        short="the change hangs on which time before is taken" if weaker else "",
    )  # fmt: skip


def _change(one: Baseline) -> str:
    """Return a change with its sign and unit: `-8%`, `+0.4 days`."""
    if one.measure == "percent":
        return f"{one.value:+.0f}%"
    sign = "-" if one.value < 0 else "+"
    return f"{sign}{figure(abs(one.value))} {one.measure}".strip()
