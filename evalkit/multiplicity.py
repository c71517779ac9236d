"""Several secondary outcomes: each p-value and interval once more, as one of a family.

A study with five secondary outcomes finds one at the 5% level in more than one study of five where nothing happened.
So each is shown twice: by itself, and adjusted for how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.errors import DataError, DesignError
from evalkit.records import Analysis, Family, Result

if TYPE_CHECKING:
    from evalkit.spec.study import Study

Again = Callable[[Analysis, float], Result]
"""Estimates an analysis once more at another confidence level."""


def adjusted(analyses: Sequence[Analysis], study: Study, again: Again) -> list[Analysis]:
    """Return the analyses; those of the family of secondary outcomes with their adjusted p-value and interval.

    Parameters
    ----------
    analyses : sequence of Analysis
    study : Study
        `multiplicity` names the method and the family; left out, it is Holm's over all outcomes with role secondary.
    again : callable
        Estimates one of them once more at another confidence level, since a bound is never relabelled.

    Returns
    -------
    list of Analysis
        In the same order. A family of one, and `method: none`, change nothing.

    Notes
    -----
    Adjusted p-values are Holm's: with p sorted upwards, p*_(i) = max over j <= i of min(1, (k - j + 1) p_(j)).
    Adjusted intervals are simultaneous (Bonferroni): each at level 1 - (1 - level) / k, estimated anew by its own
    rule. They are a little wider than what Holm's procedure would allow, and hold for all k at once.

    Outcomes with role harm stand outside the family: a harm is not to be hidden by how many other outcomes there are.

    References
    ----------
    Holm, S. (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    wanted = study.multiplicity
    if wanted is not None and wanted.method == "none":
        return list(analyses)
    named = set(wanted.family) if wanted is not None and wanted.family else None
    family = [analysis for analysis in analyses if _belongs(analysis, named)]
    if len(family) < 2:
        return list(analyses)
    p_values = holm([analysis.result.effect.p_value for analysis in family])
    told = {analysis.id: _told(analysis, len(family), p_value, again)
            for analysis, p_value in zip(family, p_values, strict=True)}  # fmt: skip
    return [replace(analysis, family=told.get(analysis.id)) for analysis in analyses]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p-values in the order given; one that is not known counts as a test and stays unknown."""
    count = len(p_values)
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    found: list[float | None] = [None] * count
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (count - rank) * p))
        found[place] = highest
    return found


def _belongs(analysis: Analysis, named: set[str] | None) -> bool:
    if analysis.role != "secondary":
        return False
    return analysis.outcome_role == "secondary" if named is None else analysis.id in named


def _told(analysis: Analysis, count: int, p_value: float | None, again: Again) -> Family:
    """Return the analysis as one of a family; without bounds where they cannot be had at the higher level."""
    level = 1 - (1 - analysis.result.effect.level) / count
    try:
        wider = again(analysis, level)
    except (DataError, DesignError):
        return Family(count, p_value, level)
    return Family(count, p_value, level, wider.effect, wider.relative, wider.absolute)
