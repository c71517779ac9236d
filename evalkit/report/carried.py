"""Where the change of a series comes from carrying a slope on: the caution that the first side gives."""

from __future__ import annotations

from evalkit.periods import words_for
from evalkit.records import Analysis, Evaluation
from evalkit.report.ladder import change_of
from evalkit.report.numbers import number
from evalkit.report.words import interval_label, interval_words, phrase

SERIES = "interrupted_time_series"
AS_THE_MAIN_ONE = ("before", "after", "exclude", "controls", "interruptions", "anticipation", "phase_in")
"""Options of a design that must be those of the main analysis for nothing but the slope to be taken away."""


def slope_caution(evaluation: Evaluation) -> str:
    """Return the caution that the answer hangs on a slope that is carried on; empty where it does not.

    Parameters
    ----------
    evaluation : Evaluation
        With at least one analysis.

    Notes
    -----
    Said where the values expected lie, on average, beyond all that was recorded before, or where the interval lies
    clear of no change and that of the same analysis without a slope (a sensitivity analysis of the study file) does
    not, or not on the same side.
    """
    primary, flat = evaluation.primary, without_slope(evaluation)
    carried = (primary.result.fit or {}).get("carried")
    if flat is not None:
        change, beside = change_of(primary), change_of(flat)
        if carried or (change.side != "across" and beside.side != change.side):
            kind = primary.outcome.kind
            size = "no change" if beside.value == 0 else phrase(beside.value, beside, kind)
            interval = "no interval" if beside.low is None else (
                f"{interval_label(beside.level)}: {interval_words(beside, kind)}")  # fmt: skip
            return f"That the slope does not matter: beside the level before, with no slope, it is {size} ({interval})."
    if not carried:
        return ""
    before, after = int(carried["before"]), int(carried["after"])
    made = f"{number(before, 0)} {words_for(primary.frequency, before)}"
    return (f"That the expected value is right: it rests on a line made from {made} and carried {number(after, 0)} on, "
            f"to values {carried['beyond']} all that was recorded before.")  # fmt: skip


def without_slope(evaluation: Evaluation) -> Analysis | None:
    """Return the sensitivity analysis that differs from the main one by having no slope; None where there is none."""
    primary = evaluation.primary
    if primary.design.get("kind") != SERIES or primary.design.get("trend") == "none":
        return None
    return next((other for other in evaluation.analyses if other.role == "sensitivity" and _flat(other, primary)), None)


def _flat(other: Analysis, primary: Analysis) -> bool:
    same = (other.outcome.id == primary.outcome.id and other.first_treated == primary.first_treated
            and all(other.design.get(name) == primary.design.get(name) for name in AS_THE_MAIN_ONE))  # fmt: skip
    return same and other.design.get("kind") == SERIES and other.design.get("trend") == "none"
