"""The neighbours of treated units as if they had been treated: what the programme did next door."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from evalkit.designs.difference_in_differences.adoption import adoption
from evalkit.designs.difference_in_differences.other_runs import Reported, reported
from evalkit.designs.difference_in_differences.roll_out import adjoining_units, treated_units
from evalkit.diagnostics import spillover
from evalkit.errors import DataError, DesignError

if TYPE_CHECKING:
    from evalkit.designs.difference_in_differences.adoption import Adoption
    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.records import Diagnostic, Panel, Result

NO_TABLE = (
    "No table says which places adjoin one another, so it was not looked at whether places next to the programme "
    "changed with it. It needs a file with a row per pair of neighbours, named as `data: {neighbours: FILE}`."
)


def spillover_check(design: DifferenceInDifferences, panel: Panel, result: Result) -> Diagnostic:
    """Return the check whether neighbours of treated units changed when the programme began next door.

    Parameters
    ----------
    design : DifferenceInDifferences
        As resolved.
    panel : Panel
        With `neighbours`; without them the check is not run and says what it needs.
    result : Result
        The headline.

    Notes
    -----
    Treated units are left out. Units not treated in these data that adjoin a treated one count as treated from the
    earliest start among those that they adjoin; the others that adjoin none are the comparison. Units that adjoin one
    treated from the first period on are in neither group, and units that the study excludes by name in none. The
    estimator is the headline's, or, where it cannot be had for these units, that of the printed rule; inference is by
    the rule, or as the study file names it.
    """
    if not panel.neighbours:
        return spillover.spillover_not_run(NO_TABLE)
    study = adoption(panel, design.before, design.after, lambda found: found.comparison)  # the estimate below asks
    starts, rest = next_door(study, panel.neighbours, set(design.exclude))
    if not starts:
        return spillover.spillover_not_run("No place without the programme adjoins one with it.")
    if not rest:
        return spillover.spillover_not_run("Every place without the programme adjoins one with it: none is left to "
                                           "compare with.")  # fmt: skip
    try:
        seen, how = _estimated(design, panel, starts, rest)
    except (DesignError, DataError) as error:
        message = error.problems[0].message
        return spillover.spillover_not_run(f"It cannot be estimated for the neighbours: {message}.")
    whole = reported(result)
    gone = {unit for unit, _ in result.dropped}
    return spillover.spillover_to_neighbours(
        len(starts), len(rest), (seen.value, seen.low, seen.high), seen.measure, whole.value,
        all(unit in gone for unit in starts), how,
    )  # fmt: skip


def next_door(
    study: Adoption, pairs: tuple[tuple[str, str], ...], excluded: set[str]
) -> tuple[dict[str, int], list[str]]:
    """Return the untreated neighbours of treated units with the start next door, and the units that adjoin none.

    Parameters
    ----------
    study : Adoption
    pairs : tuple of (str, str)
        Units that adjoin one another.
    excluded : set of str
        Units in neither group.
    """
    treated, early = treated_units(study), {unit for unit, _ in study.dropped}
    starts, rest = {}, []
    for unit in study.comparison:
        beside = set(adjoining_units(unit, pairs)) & treated
        if unit in excluded or beside & early:
            continue
        if beside:
            starts[unit] = min(study.starts[other] for other in beside)
        else:
            rest.append(unit)
    return starts, rest


def _estimated(
    design: DifferenceInDifferences, panel: Panel, starts: dict[str, int], rest: list[str]
) -> tuple[Reported, str]:
    """Return the estimate for neighbours, and estimator and inference in words."""
    frame = panel.frame[panel.frame["unit"].isin([*starts, *rest])].reset_index(drop=True)
    frame = frame.assign(first_time=[float(starts.get(unit, math.nan)) for unit in frame["unit"]])
    pretend = dataclasses.replace(panel, frame=frame, neighbours=())
    inference = "auto" if "inference" in design.left_open else design.inference
    whoever: dict[str, Any] = {"comparison": "auto", "exclude": {}, "exclude_neighbours_of": []}
    other = design.model_copy(update={**whoever, "leads": None, "lags": None, "inference": inference})
    try:
        found = other.estimate(pretend, supplements=False)
    except DesignError:
        other = other.model_copy(update={"estimator": "auto", "inference": "auto"})
        found = other.estimate(pretend, supplements=False)
    name, method = (found.estimator or {})["name"], (found.inference or {})["method"]
    return reported(found), f"{name}, {method}".replace("_", " ")
