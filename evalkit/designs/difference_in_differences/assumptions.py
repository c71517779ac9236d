"""What each estimator of a difference in differences assumes, in words for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences

ALONE = "The programme in one unit does not change the outcome in another."
STEADY = "Who is in each unit, and how the outcome is measured, changed no differently where the programme began."
SHARED = (
    "Without the programme, treated and comparison units would have changed alike on the chosen scale, or alike once "
    "weighted to run alike before the start.",
    "Units did not change before the start because they saw it coming.",
    ALONE,
    STEADY,
)
"""What all estimators share; a result holds those of the estimator that ran."""

_PARALLEL = {
    "two_way_fixed_effects": "Without the programme, treated and comparison units would have changed alike on average "
    "from the whole time before to the whole time after{scale}{given}.",
    "event_study": "Without the programme, treated and comparison units would have changed alike from the last period "
    "before the start to each later one{scale}{given}.",
    "callaway_santanna": "Without the programme, units of each start would have changed as {others} did, from the last "
    "period before their start{early} to each later one{scale}{given}. Paths further back are not relied on.",
    "sun_abraham": "Without the programme, units of each start would have changed as units never treated (or treated "
    "last) did, from the last period before their start{early} to each later one{scale}{given}. Paths further back are "
    "not relied on.",
    "imputation": "Without the programme, all units would have changed alike in every period, before the start{early} "
    "as well as after{scale}{given}: all untreated periods are used to say what would have been.",
    "poisson": "Without the programme, expected numbers in treated and comparison units would have changed by the same "
    "percentage{given}.",
    "synthetic_control": "A fixed weighted average of comparison units, chosen to fit the treated ones before the "
    "start, would have gone on running as they would have without the programme{scale}.",
    "synthetic_did": "A fixed weighted average of comparison units, chosen to run parallel to the treated ones in the "
    "periods before the start that count, would have gone on running parallel{scale}.",
}
_ONE_EFFECT = (
    "One effect stands for all: where units start at different times and effects differ, a two-way regression can "
    "mislead."
)
_OWN = {
    "two_way_fixed_effects": (_ONE_EFFECT,),
    "event_study": (
        "Effects depend on the time since the start alone: where units start at different times and effects differ by "
        "start, an event-study regression can mislead.",
    ),
    "callaway_santanna": (),
    "sun_abraham": (),
    "imputation": (),
    "poisson": ("Numbers may vary more than by chance alone, but their expected values follow the model.",),
    "synthetic_control": (
        "The treated units lie among the others before the start: no extrapolation beyond the comparison units is "
        "needed to fit them.",
        "The time before is long enough for a good fit to be no accident.",
    ),
    "synthetic_did": (
        "The time before is long enough, and there are enough comparison units, for the weights to follow lasting "
        "likeness and not noise.",
    ),
}


def assumptions_of(design: DifferenceInDifferences) -> tuple[str, ...]:
    """Return the assumptions of a design's estimator, that of parallel paths first.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved: estimator, comparison, transform, anticipation and covariates decide the words.

    Returns
    -------
    tuple of str
        Sentences.
    """
    scale = ", in percent" if design.transform == "log" else ", in amounts"
    given = " among units alike in the covariates" if design.covariates else ""
    months = design.anticipation
    early = f" and the {months} {'period' if months == 1 else 'periods'} before it" if months else ""
    others = "units not treated by then" if design.comparison == "not_yet_treated" else "the comparison units"
    if design.unit_trends:
        given += ", but for a straight line of each unit's own"
    parallel = _PARALLEL[design.estimator].format(scale=scale, given=given, early=early, others=others)
    foresight = (
        f"Units did not change more than {months} {'period' if months == 1 else 'periods'} before the start because "
        "they saw it coming."
        if months
        else "Units did not change before the start because they saw it coming."
    )
    if design.comparison_is == "less":  # More is set against less: nothing is known of a place without any.
        parallel = parallel.replace("ithout the programme", "ith no more of the programme than the comparison had")
    return (parallel, foresight, ALONE, *_OWN[design.estimator], STEADY)
