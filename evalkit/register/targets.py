"""What a measure of success leaves open, and targets that cannot be met, or not be judged, as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from evalkit.register.measures import Baseline, Measure, Target


@dataclass(frozen=True)
class Flag:
    """One thing that keeps a target from being met or judged.

    Attributes
    ----------
    code : str
        The rule: R19 (a share of a count that is no whole number), R18 (percent or percentage points), R08 (nothing
        that it is a share of), R00 (no number).
    words : str
        What was found, in sentences.
    """

    code: str
    words: str


def flags(measure: Measure) -> list[Flag]:
    """Return what keeps a measure's target from being met or judged as it is written; empty where it has none."""
    target, baseline = measure.target, measure.baseline
    if target is None:
        return []
    if target.value is None:
        return [Flag("R00", "The target has no number.")]
    if target.unit not in ("percent", "points", "not_stated"):
        return []
    if baseline is None or baseline.value is None:
        shown = _shown(abs(Fraction(str(target.value))))
        return [Flag("R08", f"{shown}% of what is not said: no baseline is printed.")]
    if baseline.unit == "percent":
        return _of_a_share(target, baseline) if target.unit == "not_stated" else []
    return _of_a_count(target, baseline) if target.unit == "percent" else []


def gaps(measure: Measure) -> list[str]:
    """Return what a measure does not name of all that it needs: target, baseline, date, source of data."""
    has = {
        "target": measure.target is not None,
        "baseline": measure.baseline is not None,
        "date": measure.deadline is not None,
        "source of data": measure.data_named is not None,
    }
    return [name for name, there in has.items() if not there]


def _of_a_count(target: Target, baseline: Baseline) -> list[Flag]:
    """Return that a share of a count is no whole number of people or things."""
    share, whole = abs(Fraction(str(target.value))), Fraction(str(baseline.value))
    wanted = share * whole / 100
    if wanted.denominator == 1:
        return []
    unit = f" {baseline.unit}" if baseline.unit else ""
    near = [f"{count:,} is {_shown(round(100 * Fraction(count) / whole, 1))}%"
            for count in (floor(wanted), floor(wanted) + 1)]  # fmt: skip
    return [Flag("R19", f"{_shown(share)}% of {_shown(whole)}{unit} is {_shown(wanted)}{unit}. "
                        f"It cannot be met as written: {near[0]}, and {near[1]}.")]  # fmt: skip


def _of_a_share(target: Target, baseline: Baseline) -> list[Flag]:
    """Return what a target may mean when it does not say whether it is percent or percentage points."""
    step, share = Fraction(str(target.value)), Fraction(str(baseline.value))
    relative, points = share * (1 + step / 100), share + step
    return [Flag("R18", f"{_shown(abs(step))}% of {_shown(share)}% leads to {_shown(relative)}%; "
                        f"{_shown(abs(step))} percentage points lead to {_shown(points)}%. "
                        "Which is meant is not stated.")]  # fmt: skip


def _shown(value: Fraction) -> str:
    """Return a number with as many decimals as it needs, at most three."""
    return f"{float(value):,.3f}".rstrip("0").rstrip(".")
