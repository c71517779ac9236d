"""The ladder of verdicts: one object decides, and every sentence of a page is made from it.

`read` turns an evaluation into a `Reading`. Nothing else compares an interval with zero or with the smallest
change that matters, so no two sentences of a page can disagree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from evalkit.records import Analysis, Better, Diagnostic, Estimate, Evaluation, OutcomeKind

Rung = Literal["V0", "V1", "V2", "V3", "V4", "V5", "V6", "none"]
"""V0 monitoring, V1 no direction, V2 clear and good, V3 nothing that matters, V4 good and of uncertain size,
V5 too uncertain, V6 the bad direction; none: the study has no result."""

POINTS = "percentage points"
Side = Literal["below", "above", "across"]
"""Where an interval lies: wholly below zero, wholly above, or across (an interval that touches zero is across)."""


@dataclass(frozen=True)
class Change:
    """A change as it is printed.

    Attributes
    ----------
    value : float
        In percent, or in the outcome's own unit.
    low, high : float or None
        Bounds, `low` at most `high`; both None when there is no interval. May be infinite.
    percent : bool
    level : float
        Confidence level of the bounds.
    points : bool
        True where the numbers are percentage points: a difference of two shares.
    """

    value: float
    low: float | None
    high: float | None
    percent: bool
    level: float = 0.95
    points: bool = False

    @property
    def side(self) -> Side:
        """Where the interval lies; across when there is none."""
        if self.low is None or self.high is None:
            return "across"
        return "below" if self.high < 0 else "above" if self.low > 0 else "across"


@dataclass(frozen=True)
class Reading:
    """What may be said about one analysis.

    Attributes
    ----------
    rung : str
        Step of the ladder.
    change : Change or None
        The number that the rung was decided on; None when the study has no result.
    better, kind : str
        Of the outcome.
    margin : float or None
        Smallest change that matters, in the unit of `change`; None when none was set.
    level : str
        monitoring, interim or impact.
    against : tuple of Diagnostic
        Key checks with a sign against: the headline is not reliable.
    simulated : bool
    """

    rung: Rung
    change: Change | None
    better: Better
    kind: OutcomeKind
    margin: float | None
    level: str
    against: tuple[Diagnostic, ...] = ()
    simulated: bool = False

    @property
    def monitoring(self) -> bool:
        """True when the page may not speak of causes."""
        return self.level == "monitoring"

    @property
    def reliable(self) -> bool:
        """False when a key check speaks against the headline of a study that claims more than monitoring."""
        return self.monitoring or not self.against

    @property
    def may_price(self) -> bool:
        """True when numbers that rest on the result (events averted, value for money) may be printed."""
        return self.change is not None and self.reliable and not self.monitoring


def read(evaluation: Evaluation, analysis: Analysis | None = None) -> Reading:
    """Return what may be said about an analysis (the primary one when none is given).

    Parameters
    ----------
    evaluation : Evaluation
    analysis : Analysis, optional

    Returns
    -------
    Reading
        With rung `none` when the study has no analyses.
    """
    if not evaluation.analyses:
        return Reading("none", None, "neither", "continuous", None, evaluation.level)
    chosen = in_family(analysis or evaluation.primary)
    change = change_of(chosen)
    margin = smallest_change_that_matters(evaluation.study, chosen)
    reading = Reading("V5", change, chosen.outcome.better, chosen.outcome.kind, margin, evaluation.level,
                      key_signs(chosen), chosen.simulated)  # fmt: skip
    return replace(reading, rung=rung_of(reading))


def rung_of(reading: Reading) -> Rung:
    """Return the first rung whose condition holds, from top to bottom; exactly one does."""
    if reading.change is None:
        return "none"
    if reading.monitoring:
        return "V0"
    if reading.better == "neither":
        return "V1"
    low, high = reading.change.low, reading.change.high
    if low is None or high is None:
        return "V5"
    worst, best = (-high, -low) if reading.better == "lower" else (low, high)
    margin = reading.margin
    if margin is None:
        return "V4" if worst > 0 else "V6" if best < 0 else "V5"
    if worst > margin:
        return "V2"
    if worst >= -margin and best <= margin:
        return "V3"
    if worst > 0:
        return "V4"
    return "V6" if best < 0 else "V5"


def change_of(analysis: Analysis) -> Change:
    """Return the change that the headline rests on: in percent where there is one, else in the outcome's unit."""
    result = analysis.result
    if result.relative is not None:
        return _change(result.relative, percent=True)
    if result.effect.scale == "log":
        return _change(result.effect.percent(), percent=True)
    return _change(result.absolute or result.effect, percent=False)


def in_family(analysis: Analysis) -> Analysis:
    """Return a secondary outcome with the interval that holds for all of its family at once; others as they are."""
    family = analysis.family
    if family is None or family.effect is None:
        return analysis
    result = replace(analysis.result, effect=family.effect, relative=family.relative, absolute=family.absolute,
                     averted=None)  # fmt: skip
    return replace(analysis, result=result)


def smallest_change_that_matters(study: Mapping[str, Any], analysis: Analysis) -> float | None:
    """Return the size set in advance as important (percent, or the outcome's unit where there is no percentage)."""
    declared = (study.get("outcomes") or {}).get(analysis.outcome.id) or {}
    margin = declared.get("minimum_important_change")
    return None if margin is None else abs(float(margin))


def key_signs(analysis: Analysis) -> tuple[Diagnostic, ...]:
    """Return the key checks that speak against the analysis."""
    return tuple(check for check in analysis.result.diagnostics if check.key and check.verdict == "sign against")


def _change(estimate: Estimate, *, percent: bool) -> Change:
    low, high = estimate.low, estimate.high
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return Change(estimate.value, None, None, percent, estimate.level, in_points(estimate))
    return Change(estimate.value, min(low, high), max(low, high), percent, estimate.level, in_points(estimate))


def in_points(estimate: Estimate | None) -> bool:
    """Say whether an estimate is given in percentage points, as the difference of two shares may be."""
    return estimate is not None and estimate.unit == POINTS
