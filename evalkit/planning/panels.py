"""Power of a difference in differences by how many places are treated, by simulation from the time before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evalkit.designs.outcomes import named
from evalkit.errors import DesignError
from evalkit.planning.places import Places, learn
from evalkit.planning.planned_tests import nulls
from evalkit.planning.rolls import SYNTHETIC, Roll, roll_of, smallest_p

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.records import Panel

TARGET = 0.8
NUMBERS = (1, 2, 3, 5, 10)
"""Numbers of treated places that are looked at, beside half of all and the study's own."""
FEWER = 5
"""Synthetic methods run anew in each panel: one panel in so many of those asked for."""


def power(
    design: DifferenceInDifferences,
    panel: Panel,
    replications: int,
    seed: int,
    after: int | None = None,
    treated: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Return the mapping of `evalkit.planning.power` for a difference in differences.

    Parameters
    ----------
    design, panel, replications, seed
        As `evalkit.planning.power`.
    after : int or None
        Periods watched from the last start on; see `evalkit.planning.places.learn`.
    treated : sequence of int or None
        Numbers of treated places to look at; None: those of `NUMBERS`, half of all, and the study's own.

    Raises
    ------
    DesignError, DataError
        As `evalkit.planning.power`.
    """
    places = learn(design, panel, after)
    own = places.dates.size
    numbers = _numbers(places, treated)
    cells = [_cell(places, number, False, replications, seed) for number in numbers]
    found = _cell(places, own, True, replications, seed)
    from evalkit.planning.panel_words import words

    described = {
        "periods": places.learnt, "units": int(places.first_treated.size),
        "level": _level(places, True), "unit": named(places.panel.outcome),
        "autocorrelation": places.noise.autocorrelation, "lasting": places.noise.lasting,
        "lasting_share": places.noise.share, "dispersion": None, "season": "none",
    }  # fmt: skip
    answer = {
        "target": TARGET, "level": places.design.level, "replications": replications, "seed": seed, "by": "treated",
        "noun": places.noun, "measure": f"{_kind(places)}, {_of_what(places)}", "cells": cells, "own": found,
        "planned": places.ahead, "pre_period": described,
    }  # fmt: skip
    return {**answer, "words": words(places, answer)}


def _numbers(places: Places, treated: Sequence[int] | None) -> list[int]:
    """Return the numbers of treated places, ascending.

    Raises
    ------
    DesignError
        When a number that was asked for is none, or leaves fewer than two to compare with.
    """
    count = int(places.first_treated.size)
    if treated is None:
        return sorted({n for n in (*NUMBERS, count // 2, places.dates.size) if 1 <= n <= count - 2})
    wrong = [n for n in treated if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= count - 2]
    if wrong or not treated:
        raise DesignError(f"{', '.join(map(str, wrong)) or 'none'} of {count} {places.noun}s treated",
                          f"ask for whole numbers from 1 to {count - 2}")  # fmt: skip
    return sorted(set(treated))


def _cell(places: Places, treated: int, own: bool, replications: int, seed: int) -> dict[str, Any]:
    """Return the smallest effect that is found with so many treated places, or why there is none."""
    from evalkit.estimation.few_units.planned_power import fewest_comparisons, smallest_effect

    made: dict[str, Any] = {
        "treated": treated, "units": int(places.first_treated.size), "before": places.before,
        "after": places.periods - places.before, "drawn": not own, "estimator": None, "inference": None,
        "smallest_p": None, "replications": 0, "smallest_change": None, "smallest_change_percent": None,
        "fall_percent": None, "rise_percent": None, "events_a_year": None, "error_percent": None, "problem": "",
    }  # fmt: skip
    try:
        roll = roll_of(places, treated)
        least = smallest_p(places, roll)
        made |= {"estimator": roll.estimator, "inference": roll.method, "smallest_p": least or None}
        if least > 1.0 - places.design.level + 1e-12:
            needed = fewest_comparisons(treated, 1.0 - places.design.level, roll.estimator in SYNTHETIC)
            return made | {
                "problem": f"the smallest p-value that could come out is {least:.3g}, so that no effect "
                f"however large can be found: it takes {needed} comparison {places.noun}s"
            }
        count = max(60, replications // FEWER) if roll.estimator in SYNTHETIC else replications
        found = smallest_effect(nulls(places, roll, own, count, seed), TARGET)
    except DesignError as problem:
        return made | {"problem": problem.problems[0].message}
    made["replications"] = count
    if not math.isfinite(found.value):
        return made | {"problem": "no effect however large would be found so often"}
    return made | _in_words(places, roll, own, found.value, found.error)


def _in_words(places: Places, roll: Roll, own: bool, value: float, error: float) -> dict[str, Any]:
    """Return a change on the modelled scale as a fall and a rise in percent, and in events a year."""
    level = _level(places, own)
    if places.logarithmic:
        fall, rise = -100.0 * math.expm1(-value), 100.0 * math.expm1(value)
        slope = 100.0 * math.exp(value if _kind(places) == "rise" else -value)
    elif level > 0.0:
        fall = rise = 100.0 * value / level
        slope = 100.0 / level
    else:
        return {"smallest_change": value, "error": error}
    size = rise if _kind(places) == "rise" else fall
    impossible = fall > 100.0 and _kind(places) == "fall" and places.panel.outcome.kind != "continuous"
    if impossible:
        return {"smallest_change": value, "problem": "not even a fall to nothing would be found so often"}
    events = None
    if places.events is not None:
        yearly = places.events[places.treated].sum() if own else places.events.mean() * roll.treated
        events = float(yearly) * size / 100.0
    return {"smallest_change": value, "smallest_change_percent": size, "fall_percent": fall, "rise_percent": rise,
            "error_percent": slope * error, "events_a_year": events}  # fmt: skip


def _level(places: Places, own: bool) -> float:
    """Return the mean outcome in the last year before: of the study's own treated places, or of all."""
    return float(places.observed[places.treated].mean() if own else places.observed.mean())


def _kind(places: Places) -> str:
    """Return which change is looked for."""
    return "rise" if places.panel.outcome.better == "higher" else "fall"


def _of_what(places: Places) -> str:
    """Return what a percentage is of."""
    if places.logarithmic:
        return "percent of what would be expected without it"
    return "percent of the average before"
