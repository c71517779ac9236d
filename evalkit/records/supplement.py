"""What stands beside an effect: when it was seen, what other errors, dates and baselines give, what could be found.

All fields are plain, so that result.json holds them as they are. Changes are in percent where the model is on the log
scale or the outcome counts events, else in the outcome's unit: `unit` says which.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Horizon:
    """The effect by a stated time after the start.

    Attributes
    ----------
    label : str
        In words: `3 months`, `the end (23 months)`.
    periods : int
        Periods from the start on that it covers, the last one included.
    period : str
        That last period.
    change, change_low, change_high, change_p_value : float or None
        In that one period.
    average, average_low, average_high, average_p_value : float or None
        Over all periods up to it.
    averted, averted_low, averted_high : float or None
        Expected less observed over those periods, with the noise of single periods in the bounds; null where the
        outcome counts no events.
    unit : str
        Of change and average.
    """

    label: str
    periods: int
    period: str
    change: float
    change_low: float | None
    change_high: float | None
    change_p_value: float | None
    average: float
    average_low: float | None
    average_high: float | None
    average_p_value: float | None
    averted: float | None
    averted_low: float | None
    averted_high: float | None
    unit: str


@dataclass(frozen=True)
class CumulativePoint:
    """Expected less observed from the start up to a period, with pointwise bounds and bounds for all periods at once.

    The bounds hold the uncertainty of the coefficients and the noise of the periods themselves.
    """

    period: str
    value: float
    low: float | None = None
    high: float | None = None
    simultaneous_low: float | None = None
    simultaneous_high: float | None = None


@dataclass(frozen=True)
class ErrorModel:
    """The same series with another assumption about its errors.

    Attributes
    ----------
    name, label : str
        Value of the option `errors`, and the same in words.
    registered : bool
        Whether it is the one that the study names, behind its headline.
    average, average_low, average_high, average_p_value : float or None
    immediate, immediate_low, immediate_high, immediate_p_value : float or None
        Null where the model has no change at the start.
    unit : str
    autocorrelation : float or None
        As the model estimates it.
    rule : str
        Its standard-error rule in words.
    problem : str
        Why it could not be fitted; empty when it was.
    """

    name: str
    label: str
    registered: bool
    average: float | None = None
    average_low: float | None = None
    average_high: float | None = None
    average_p_value: float | None = None
    immediate: float | None = None
    immediate_low: float | None = None
    immediate_high: float | None = None
    immediate_p_value: float | None = None
    unit: str = ""
    autocorrelation: float | None = None
    rule: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Placebo:
    """The effect that the same method finds at a date, or in a unit, where nothing began.

    Attributes
    ----------
    kind : str
        `period` (a pretend start before the true one) or `unit`.
    unit, period : str
        Which one; the other is empty.
    value, low, high, p_value : float or None
        In `measure`.
    measure : str
    true : bool
        Whether this is the true start or unit, estimated in the same way for the comparison.
    """

    kind: str
    unit: str
    period: str
    value: float
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    measure: str = ""
    true: bool = False


@dataclass(frozen=True)
class LeftOut:
    """The effect without some of the data.

    Attributes
    ----------
    left_out : str
        What, in words: a stretch of periods with its reason, a unit.
    value, low, high : float or None
        In `measure`.
    measure : str
    problem : str
        Why it could not be estimated; empty when it was.
    """

    left_out: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    measure: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Baseline:
    """The change against one possible window before.

    Attributes
    ----------
    window : str
        In words.
    first, last : str
        Its periods.
    value, low, high : float or None
        In `measure`.
    measure : str
    registered : bool
        Whether it is the window that the study names.
    """

    window: str
    first: str
    last: str
    value: float
    low: float | None = None
    high: float | None = None
    measure: str = ""
    registered: bool = False


@dataclass(frozen=True)
class GroupTime:
    """The effect in units that start together, in one period, on the scale of the headline.

    Attributes
    ----------
    group, period : str
        First treated period of the units, and the period of the effect (before it: a check, no effect).
    value, se, low, high : float or None
        Null bounds where the inference of the headline gives none by period.
    """

    group: str
    period: str
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ScaleEstimate:
    """The effect if paths without the programme would have been parallel on one scale: in percent, or in amounts.

    Attributes
    ----------
    scale : str
        `proportional` (parallel in percent) or `additive` (parallel in amounts).
    estimator : str
        Value of the option that was fitted on this scale.
    transform : str
        log or identity, as fitted; a poisson estimate is fitted to the counts themselves.
    headline : bool
        Whether it is the one behind the headline.
    percent, percent_low, percent_high : float or None
        Change in percent of what was expected.
    absolute, absolute_low, absolute_high : float or None
        Change per unit and period, in `unit`.
    unit : str
    inference : str
        Method of its interval; none where there is none.
    rule : str
        Why this estimator on this scale, and its interval in words.
    problem : str
        Why it could not be estimated; empty when it was.
    """

    scale: str
    estimator: str
    transform: str
    headline: bool
    percent: float | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    absolute: float | None = None
    absolute_low: float | None = None
    absolute_high: float | None = None
    unit: str = ""
    inference: str = ""
    rule: str = ""
    problem: str = ""
