"""Checks of one series: enough points, what the errors keep of the past, season, and what else began."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evalkit.diagnostics import counts
from evalkit.diagnostics.words import judged, several
from evalkit.periods import PER_YEAR, SEASON_LENGTH, WEEK, words_for
from evalkit.records import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

FEW_POINTS = 12
SHORT_FOR_NEWEY_WEST = 100
CLEAR_CORRELATION = 0.2
REMAINING_CORRELATION = 0.15
MODELLED = ("autoregressive", "prais_winsten", "arima")
"""Errors whose model holds an autocorrelation."""
SEASON = "the time of year may pass for a change"


class Remains(NamedTuple):
    """What residuals keep of their own past.

    Attributes
    ----------
    first : float
        Correlation of neighbouring residuals.
    largest, lag : float, int
        The largest correlation in size up to the highest lag looked at, and its lag.
    p_value : float
        Of Ljung and Box's test over those lags.
    lags : int
    """

    first: float
    largest: float
    lag: int
    p_value: float
    lags: int


def number_of_points(before: int, after: int, frequency: str) -> Diagnostic:
    """Return whether both sides have the 12 points from which a trend and its errors can be told apart."""
    few = min(before, after) < FEW_POINTS
    reading = f"{before} {words_for(frequency, before)} before and {after} after. " + (
        f"With fewer than {FEW_POINTS} on a side, trend, season and chance are hard to tell apart. "
        f"{_still(before, after)}"
        if few
        else f"Both sides have {FEW_POINTS} or more."
    )
    return Diagnostic(
        "number_of_points", "There are enough periods to tell trend, season and chance apart.",
        "sign against" if few else "no sign against", reading, statistic=float(min(before, after)),
        looked_at="The number of periods before and after",
        short=f"there are few {words_for(frequency, 2)} before or after the start" if few else "",
    )  # fmt: skip


def _still(before: int, after: int) -> str:
    """Return what a series with few points on a side can still say."""
    if before < FEW_POINTS and after < FEW_POINTS:
        rest = "at most a large and sudden change; neither the trend that it is set against nor its course"
    elif before < FEW_POINTS:
        rest = "a sudden change can still be told; the line that is carried forward rests on few points"
    else:
        rest = "a change of level can still be told; whether it lasts, grows or fades cannot"
    return f"What can still be said: {rest}."


def what_remains(residuals: numpy.ndarray, positions: numpy.ndarray, season: int, fitted: int) -> Remains | None:
    """Return the autocorrelation that is left in standardised residuals, None when there are too few.

    Parameters
    ----------
    residuals : numpy.ndarray, shape (n,)
        White if the model holds.
    positions : numpy.ndarray of int, shape (n,)
    season : int
        Periods in a year, 0 where there is no season; lags up to one year are looked at, at most a quarter of n.
    fitted : int
        Autocorrelation parameters in the model.
    """
    import numpy

    from evalkit.estimation.residuals import lag_one_autocorrelation, ljung_box

    lags = min(season or 10, residuals.size // 4)
    if lags <= fitted or numpy.ptp(residuals) == 0.0 or not (numpy.diff(positions) == 1).any():
        return None
    centred = residuals - residuals.mean()
    each = [float(centred[lag:] @ centred[:-lag] / (centred @ centred)) for lag in range(1, lags + 1)]
    largest = int(numpy.argmax(numpy.abs(each)))
    test = ljung_box(residuals, lags, fitted)
    return Remains(lag_one_autocorrelation(residuals, positions), each[largest], largest + 1, test.p_value, lags)


def residual_autocorrelation(
    remains: Remains | None, errors: str, modelled: float | None, points: int, frequency: str = "number"
) -> Diagnostic:
    """Return what autocorrelation is modelled, what remains, and what it does to the interval.

    Parameters
    ----------
    remains : Remains or None
    errors : str
        autoregressive, prais_winsten, arima, newey_west or ordinary.
    modelled : float or None
        Autocorrelation in the model (the first three).
    points : int
    frequency : str
        Length of a period.

    Notes
    -----
    Sign against. autoregressive, prais_winsten, arima: a remaining correlation of 0.15 or more in size that the test
    does not put down to chance (p below 0.05). newey_west: neighbours correlate by 0.5 or more, too much for a few
    lags in a short series. Under 100 periods the reading adds that such standard errors are often too small
    (METHODS.md, coverage by simulation).
    ordinary: neighbours correlate by 0.2 or more. Key where errors are ordinary, since nothing allows for it then.
    Too weak to tell, else: newey_west under 100 periods; ordinary, where 0.2 lies within 1.96 / sqrt(points) of the
    correlation. A model that holds an autocorrelation is calibrated with what such series leave.
    """
    name = "residual_autocorrelation"
    assumption = "What one period leaves unexplained says nothing about the next, or the interval allows for it."
    looked_at = "The correlation of what the model leaves unexplained with its own past"
    if remains is None:
        reading = f"{points} periods are too few to look at it."
        return Diagnostic(name, assumption, "not run", reading, key=errors == "ordinary", looked_at=looked_at)
    test = f"p = {remains.p_value:.2g} over {remains.lags} lags"
    if errors in MODELLED:
        against = abs(remains.largest) >= REMAINING_CORRELATION and remains.p_value < 0.05
        reading = (
            "The model allows for how neighbouring periods are linked. "
            if modelled is None
            else f"Neighbouring periods of the whole series correlate by {modelled:.2f}, and the model allows for it. "
        )
        weak = False
        reading += "Some remains: " if against else "Little remains: "
        reading += f"{remains.largest:+.2f} at lag {remains.lag} is the largest ({test})."
        reading += " The interval may be a little too narrow." if against else ""
    elif errors == "newey_west":
        against = remains.first >= 0.5
        reading = f"Neighbouring periods correlate by {remains.first:.2f} ({test}); the standard errors allow for it. "
        reading += "For so strong a correlation they are probably too small. " if against else ""
        weak = points < SHORT_FOR_NEWEY_WEST
        reading += "In a series this short they are often too small." if weak else ""
    else:
        against = abs(remains.first) >= CLEAR_CORRELATION
        reading = f"Neighbouring periods correlate by {remains.first:.2f} ({test}). "
        factor = math.sqrt((1 + remains.first) / max(1 - remains.first, 0.01))
        narrow = "too narrow" if factor > 1 else "too wide"
        size = max(factor, 1 / factor)
        weak = abs(remains.first) + 1.96 / math.sqrt(points) >= CLEAR_CORRELATION
        little = f"That is little. {points} periods are too weak to tell: more may hide." if weak else "That is little."
        reading += f"The interval ignores it and is about {size:.1f} times {narrow}." if against else little
    return Diagnostic(
        name, assumption, judged(against, weak), reading.strip(),
        statistic=remains.largest if errors in MODELLED else remains.first, p_value=remains.p_value,
        key=errors == "ordinary", looked_at=looked_at, short=_linked(errors, frequency) if against else "",
    )  # fmt: skip


def _linked(errors: str, frequency: str) -> str:
    """Return in plain words that an interval does not allow, or not enough, for linked periods."""
    rest = "and the interval ignores it" if errors == "ordinary" else "more than the interval allows for"
    return f"neighbouring {words_for(frequency, 2)} are linked {rest}"


def season_fitted(season: str, frequency: str, before: int, after: int, pairs: int | None = None) -> Diagnostic:
    """Return whether the season of the year can pass for a change.

    Parameters
    ----------
    season : str
        none, month, quarter, weekday or fourier, as fitted.
    frequency : str
        Length of a period.
    before, after : int
        Number of periods on each side.
    pairs : int or None
        Pairs of sine and cosine of fourier.
    """
    name, assumption = "season_fitted", "The season of the year does not pass for a change."
    looked_at = "Whether the model holds a season, and how many years before it rests on"
    length = PER_YEAR[frequency] if season == "fourier" else SEASON_LENGTH.get(frequency)
    if frequency in ("year", "financial_year", "number"):
        reading = "The periods have no season: they are whole years or carry no dates."
        return Diagnostic(name, assumption, "not run", reading, looked_at=looked_at)
    if season == "weekday":
        return _week_fitted(name, before, looked_at)
    if season != "none":
        years = before / length if length else None
        rests = "" if years is None else f", from {years:.1f} years before the start"
        few = years is not None and before < 2 * round(length or 0)
        pattern = f"A pattern by {season} is"
        if season == "fourier":
            pattern = f"A yearly pattern of {several(pairs or 1, 'pair')} of waves is"
        reading = f"{pattern} fitted{rests}." + (
            " Fewer than two years cannot tell the season from chance." if few else ""
        )
        return Diagnostic(
            name, assumption, "sign against" if few else "no sign against", reading, looked_at=looked_at,
            short=SEASON if few else "",
        )  # fmt: skip
    whole = length is not None and before % length == 0 and after % length == 0
    reading = "No season is fitted. " + (
        "Both sides cover whole years, so it weighs little."
        if whole
        else "The sides do not cover whole years, so part of the change may be the season."
    )
    return Diagnostic(
        name, assumption, "no sign against" if whole else "sign against", reading, looked_at=looked_at,
        short="" if whole else SEASON,
    )  # fmt: skip


def _week_fitted(name: str, before: int, looked_at: str) -> Diagnostic:
    """Return that days of the week are fitted, and that the season of the year is not."""
    reading = (
        f"A pattern by day of the week is fitted, from {before / WEEK:.0f} weeks before the start. The season of the "
        "year is not in the model, so part of the change may be the season."
    )
    return Diagnostic(
        name, "The season does not pass for a change.", "sign against", reading, looked_at=looked_at, short=SEASON
    )


def other_changes(
    covariates: int, controls: Sequence[str] = (), role: str = "", others: Sequence[str] = ()
) -> Diagnostic:
    """Return that other changes at the same time cannot be seen in one series, and what takes up part of them.

    Parameters
    ----------
    covariates : int
        Number of columns in the model.
    controls : sequence of str
        Comparison units.
    role : str
        comparison, covariates or average: how they enter.
    others : sequence of str
        Other changes that are allowed for.
    """
    units = several(len(controls), "comparison unit")
    reading = "No comparison series: anything else that began at the same time is counted with the programme."
    looked_at = "Nothing: there is one series"
    if controls and role == "comparison":
        reading = (
            f"What changed alike in {units} is taken out. Anything else that began at the same time in this place "
            "alone is counted with the programme."
        )
        looked_at = "Nothing beyond the comparison series, whose change is taken out"
    elif controls:
        reading = (
            f"What {units} share{'s' if len(controls) == 1 else ''} with this place, period by period, is taken out. "
            "Anything else that began at the same time in this place alone is counted with the programme."
        )
        looked_at = "Nothing beyond the comparison series, which are terms of the model"
    if others:
        reading += f" Allowed for: {', '.join(others)}."
    if covariates:
        held = several(covariates, "covariate")
        reading += f" {held[:1].upper()}{held[1:]} in the model can take up part of it."
    return Diagnostic(
        "other_changes", "Nothing else that moves the outcome changed at the same time.", "not run", reading,
        looked_at=looked_at,
    )  # fmt: skip


def no_counts(kind: str, reason: str = "") -> Diagnostic:
    """Return that chance alone has no known size for this outcome, so that it cannot be set beside what was seen."""
    why = reason or f"The outcome is no count ({kind}), so how much chance alone would move it is not known."
    return Diagnostic(
        counts.NAME, counts.ASSUMPTION, "not run", f"{why} The interval comes from how the periods scatter.",
        looked_at=counts.LOOKED_AT,
    )  # fmt: skip
