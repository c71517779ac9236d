"""What a check that speaks against its assumption means for a reader, in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.records import Diagnostic

CAUTIONS = {
    "number_of_points": "That trend, season and chance can be told apart: there are few periods.",
    "residual_autocorrelation": "That the interval is wide enough: neighbouring periods are linked, and not all of it "
    "is in the model.",
    "overdispersion": "That the interval is wide enough: counts vary more than chance would make them.",
    "season_fitted": "That the season has no part in it: there are few whole years to take it from.",
    "pre_period_linearity": "That a straight line is the path to carry forward: the line bent before the start.",
    "length_of_extrapolation": "That the earlier path would have gone on for so long: the line before is carried "
    "forward too far.",
    "single_period_comparison": "That these periods are typical: a single one may be unusually high or low.",
    "window_lengths": "That like is set beside like: the windows differ in length or in season.",
    "pandemic_restrictions": "That these are ordinary years: a window lies in pandemic restrictions.",
    "selection_on_high_baseline": "That it would have stayed as it was: the time before was unusual, and some return "
    "was likely.",
    "small_counts": "That a percentage means much: the counts are small.",
    "independent_periods": "That the interval is wide enough: neighbouring periods move together.",
    "pre_period_leads": "That both groups of places were on one path: the groups drifted apart before the start.",
    "anticipation": "That it began with the start: the last period before the start already differed.",
    "number_of_clusters": "That the interval is wide enough: the study rests on few places.",
    "negative_controls": "That nothing else changed: an outcome that should not have moved did.",
    "falsification": "That the method finds nothing where there is nothing: at a pretend start it found a change.",
    "treated_clusters": "How sure the estimate is: few places are treated, and the luck of one weighs much.",
    "parallel_change": "That both kinds of areas would have changed alike: totals of two windows cannot show it.",
    "placebo_dates": "That the date stands out: at earlier dates, where nothing began, the method finds such changes "
    "too.",
    "error_models": "That it holds whatever is assumed of the errors: other error models read the interval otherwise.",
    "leave_out": "That it rests on the whole of the data: without one part of them the answer is another.",
    "regression_to_the_mean": "That it would have stayed as it was: what was chosen for a high number falls by itself.",
    "choice_of_baseline": "That the choice of the time before does not matter: against other times the change differs.",
    "no_result_could_count": "That a result could have been told from chance: with so few places none could.",
    "treated_like_the_rest": "That any place could as well have been treated: those treated are larger or vary more.",
    "robust_to_departures": "That it holds where paths drift: a drift no larger than earlier ones would undo it.",
    "scale_of_the_outcome": "That percent and amounts say the same: on the other scale the change is another.",
    "composition": "That like is set beside like: who is in the data changed differently where it began.",
    "units_left_out": "That it speaks for every place with the programme: some had to be left out.",
    "lone_starts": "How sure the effect of each start is: some starts rest on one place, with its own luck.",
    "spillover_to_neighbours": "That places nearby were untouched: there, too, something changed when it began.",
    "always_treated": "That only places without it are compared with: some had the programme all along.",
    "start_dates": "That before is told from after: it is not known exactly when it began.",
    "staggered_adoption": "That one figure stands for all places: places started at different times.",
}
"""What a reader should hold back on when a check speaks against its assumption, by the check's name."""


def caution(check: Diagnostic) -> str:
    """Return what a reader should hold back on, as a sentence that goes on from "We cannot say"."""
    known = CAUTIONS.get(check.name)
    if check.name == "treated_like_the_rest" and check.short:  # which of the two, larger or more variable, it saw
        return f"That any place could as well have been treated: {check.short}."
    return known or f"That {inside(check.assumption)}: a check speaks against it."


def in_short(checks: Iterable[Diagnostic]) -> str:
    """Return in a few plain words what the checks saw; statistics stay in the table of checks.

    Each check speaks in its own `short` words, or in the reason that its caution gives.
    """
    return "; ".join(dict.fromkeys(_in_short(check) for check in checks))


def _in_short(check: Diagnostic) -> str:
    own = str(getattr(check, "short", "")).strip().rstrip(".")
    reason = CAUTIONS.get(check.name, "").partition(": ")[2].rstrip(".")
    return own or reason or f"a key check speaks against this: {inside(check.assumption)}"


def inside(text: str) -> str:
    """Return a text as it goes on inside a sentence: no full stop, no capital unless the first word needs it.

    A first word that is an abbreviation keeps its capitals: A&E visits, NHS costs, GPs.
    """
    text = text.strip().rstrip(".")
    first = text.split(" ", 1)[0].rstrip(":,")
    plain = len(first) > 1 and first.isalpha() and first[1:].islower()
    return text[:1].lower() + text[1:] if plain or text.startswith("A ") else text
