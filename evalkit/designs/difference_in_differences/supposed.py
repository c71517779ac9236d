"""Randomisation for estimators that are not linear in the outcome: supposed effects are taken out and fitted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.wide_panel import WidePanel
    from evalkit.estimation.few_units.randomisation import RandomisationTest


def supposed(
    design: DifferenceInDifferences, model: Estimated, wide: WidePanel, studentised: bool, draws: int
) -> RandomisationTest:
    """Return the randomisation test of an estimator that brings `supposing`.

    Parameters
    ----------
    design : DifferenceInDifferences
        With estimator, seed and level.
    model : Estimated
        With `again` and `supposing`.
    wide : WidePanel
    studentised : bool
        Whether estimates are divided by their standard errors.
    draws : int
        Of assignments; all are listed where they are no more.

    Raises
    ------
    DesignError
        As `evalkit.estimation.few_units.supposed_effects.supposed_effect_test`.
    """
    import numpy

    from evalkit.estimation.few_units.assignments import assignments_of
    from evalkit.estimation.few_units.supposed_effects import supposed_effect_test

    supposing, again = model.supposing, model.again
    assert supposing is not None
    assert again is not None
    found = again(wide.outcome, wide.first_treated)
    centre = float(found[0] if isinstance(found, tuple) else found)
    drawn = assignments_of(wide.first_treated, draws, design.seed, draws).first_treated
    spread = supposing(drawn[1:], centre, False)
    spread = spread[numpy.isfinite(spread)]
    return supposed_effect_test(
        lambda assignments, effect: supposing(assignments, effect, studentised), wide.first_treated, centre,
        float(numpy.std(spread)) if spread.size else 0.0, draws, design.seed, design.level, list_up_to=draws,
        words=f"{design.estimator} estimates{' over their standard errors' if studentised else ''}",
    )  # fmt: skip
