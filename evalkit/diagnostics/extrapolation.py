"""Checks of the line before the start: is it straight, and how far is it carried forward."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from evalkit.diagnostics.words import MATTERS, change, change_between, judged, left_open, reaches
from evalkit.periods import PER_YEAR, words_for
from evalkit.records import Diagnostic, Scale

LONG_IN_YEARS = 2
"""A line that is carried further than this is carried far, however long it was before."""

LONGEST_SHARE = 0.5
"""The same for a line that is carried further than this share of its own length."""

Beyond = Literal["", "above", "below"]
"""On which side of all that was recorded before the expected values lie; empty where on neither."""

STRAIGHT = "The path before is straight, apart from the season, and would have gone on so."
LOOKED_AT = "A curve in place of a straight line before the start"


class Bend(NamedTuple):
    """How far a curve fitted to the periods before lies above its own middle at their ends, beyond a straight line.

    Attributes
    ----------
    value, low, high : float
        With its interval, on the model's scale.
    p_value : float or None
    """

    value: float
    low: float
    high: float
    p_value: float | None

    @property
    def reach(self) -> float:
        """Return the size of the largest bend that the data cannot rule out."""
        return max(abs(self.low), abs(self.high))


def pre_period_linearity(bend: Bend, scale: Scale, unit: str, effect: float, *, compared: bool = False) -> Diagnostic:
    """Return whether the path before bends, which a straight line carried forward would not follow.

    Parameters
    ----------
    bend : Bend
    scale : {'identity', 'log'}
    unit : str
        Unit on the identity scale.
    effect : float
        The estimated effect, to set the size beside.
    compared : bool
        Whether the bend is that beyond the bend of a comparison series.

    Notes
    -----
    Sign against: the interval leaves out zero and the bend is at least a quarter of the effect. Too weak to tell:
    else, where the interval holds a bend of that size. The reading gives the bends that the data cannot rule out.
    """
    against = (bend.low > 0.0 or bend.high < 0.0) and abs(bend.value) >= MATTERS * abs(effect)
    weak = not against and reaches(bend.low, bend.high, MATTERS * effect)
    said = " A straight line carried forward is doubtful." if against else left_open("bend", weak)
    line = "the curve of the comparison series" if compared else "a straight line"
    reading = (
        f"A curve through the periods before has ends that lie {change(bend.value, scale, unit)} than its middle, "
        f"beyond {line} (the effect is {change(effect, scale, unit)}). "
        f"The data cannot rule out bends {change_between(bend.low, bend.high, scale, unit)}.{said}"
    )
    return Diagnostic(
        "pre_period_linearity", STRAIGHT, judged(against, weak), reading,
        statistic=bend.value, low=bend.low, high=bend.high, p_value=bend.p_value, looked_at=LOOKED_AT,
        short="the path before was not a straight line" if against else "",
    )  # fmt: skip


def linearity_not_run(reason: str) -> Diagnostic:
    """Return that the path before was not looked at, with the reason."""
    return Diagnostic("pre_period_linearity", STRAIGHT, "not run", reason, looked_at=LOOKED_AT)


EXPECTED_LIE = " The values expected lie, on average, "
"""What begins the sentence on values expected beyond all that was recorded, which may have to be left out."""


def beyond(expected: float, recorded: Iterable[float]) -> Beyond:
    """Return on which side of all recorded values an expected one lies; empty where on neither."""
    values = list(recorded)
    return "above" if expected > max(values) else "below" if expected < min(values) else ""


def length_of_extrapolation(
    before: int, after: int, frequency: str, bend: Bend | None, effect: float, side: Beyond = ""
) -> Diagnostic:
    """Return whether the line before is carried forward further than it can be trusted.

    Parameters
    ----------
    before : int
        Length of the time before, in periods.
    after : int
        Periods from the last one before to the last one after.
    frequency : str
        Length of a period. Without dates, only the share of the time before counts.
    bend : Bend or None
        None when no curve could be fitted.
    effect : float
        The estimated effect on the scale of the bend.
    side : {'', 'above', 'below'}
        Where the average expected value lies beyond everything recorded before.

    Notes
    -----
    Sign against: after is longer than two years, or than half the time before. Too weak to tell: else, where the
    average expected value lies beyond all recorded ones: what the series does there was never seen. Key when
    against, and a bend before as large as the effect cannot be ruled out: its interval reaches the size of the
    effect, or there is none.
    """
    dated = frequency != "number"
    far = dated and after > LONG_IN_YEARS * PER_YEAR[frequency]
    further = after > LONGEST_SHARE * before
    against = far or further
    reading = (
        f"The line before, {before} {words_for(frequency, before)} from its first period to its last, is carried "
        f"{after} forward. "
    )
    limits = ["more than two years"] * far + ["more than half its own length"] * further
    unruled = bend is None or bend.reach >= abs(effect)
    if not against:
        reading += f"That is no more than {'two years and ' if dated else ''}half its own length."
    else:
        reading += f"That is {' and '.join(limits)}: a slight bend would pass for an effect or hide one. "
        reading += (
            "A bend before as large as the effect cannot be ruled out."
            if unruled
            else "A bend before as large as the effect can be ruled out."
        )
    if side:
        reading += f"{EXPECTED_LIE}{side} all that was recorded before"
        reading += ": nothing recorded shows the series there."
        reading += "" if against else " That is too weak to tell whether the line would have gone on."
    return Diagnostic(
        "length_of_extrapolation", "The line before would have gone on for all of the time after.",
        judged(against, bool(side)), reading, statistic=float(after), key=against and unruled,
        looked_at="How far the line before is carried forward, beside its own length and any bend in it",
        short="the line before is carried forward too far" if against else "",
    )  # fmt: skip
