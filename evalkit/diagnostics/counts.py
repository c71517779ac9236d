"""Checks of counts: are they many enough, do they vary more than chance, do neighbouring periods move together."""

from __future__ import annotations

import math

from evalkit.diagnostics.words import figure, judged
from evalkit.periods import words_for
from evalkit.records import Diagnostic

SMALL = 10
CLEAR_DISPERSION = 1.5
CLEAR_CORRELATION = 0.2

NAME = "overdispersion"
ASSUMPTION = (
    "Counts vary from period to period by no more than chance (Poisson variation), or the interval allows for it."
)
LOOKED_AT = "How much counts vary between periods, beside how much chance alone would make them vary"


def small_counts(before: float, after: float) -> Diagnostic:
    """Return whether totals are so small that a percentage says little.

    Notes
    -----
    Sign against: a total under 10. The reading gives the range in which chance alone puts the total before, 19 times
    in 20 (Poisson quantiles at 2.5% and 97.5%).
    """
    from evalkit.distributions import poisson

    low, high = (float(poisson.ppf(share, before)) for share in (0.025, 0.975)) if before > 0 else (0.0, 0.0)
    smallest = min(before, after)
    reading = f"{figure(before)} before and {figure(after)} after. "
    if before > 0:
        reading += (
            f"With nothing changed, chance alone puts a count of {figure(before)} between {low:,.0f} and {high:,.0f}."
        )
    if smallest < SMALL:
        reading += f" With a count under {SMALL}, say the counts, not the percentage."
    return Diagnostic(
        "small_counts", "There are enough events for a change in percent to mean something.",
        "sign against" if smallest < SMALL else "no sign against", reading, statistic=smallest,
        looked_at="The total in each window",
        short="there are few events, so chance alone makes large changes" if smallest < SMALL else "",
    )  # fmt: skip


def dispersion_not_run(reason: str) -> Diagnostic:
    """Return that dispersion could not be looked at, and that the interval rests on Poisson variation."""
    return Diagnostic(
        NAME, ASSUMPTION, "not run",
        f"{reason} The interval assumes that counts vary as pure chance does (Poisson); real counts often vary more, "
        "and then it is too narrow.",
        looked_at=LOOKED_AT,
    )  # fmt: skip


def overdispersion_between_units() -> Diagnostic:
    """Return that the interval rests on how much units differ, and not on how counts vary by chance."""
    return Diagnostic(
        NAME, ASSUMPTION, "no sign against",
        "The interval comes from how much the change differs between units, whatever the variation of their counts.",
        looked_at=LOOKED_AT,
    )  # fmt: skip


def overdispersion(dispersion: float, p_value: float | None, allowed: str) -> Diagnostic:
    """Return how much more counts vary than chance, and whether the interval allows for it.

    Parameters
    ----------
    dispersion : float
        Variance over mean; 1 is chance alone.
    p_value : float or None
        Of a dispersion as large under chance alone.
    allowed : str
        What the interval does about it, in words; empty when it does nothing.

    Notes
    -----
    Sign against: dispersion of 1.5 or more and an interval that does not allow for it. Where it does, the verdict is
    no sign against the interval, and the reading still gives the size.
    """
    against = dispersion >= CLEAR_DISPERSION and not allowed
    reading = f"Counts vary {figure(dispersion)} times as much as chance alone would make them. "
    if allowed:
        reading += f"{allowed}."
    elif against:
        reading += f"The interval does not allow for it and is about {math.sqrt(dispersion):.1f} times too narrow."
    else:
        reading += "That is close to chance alone."
    return Diagnostic(
        NAME, ASSUMPTION, "sign against" if against else "no sign against", reading, statistic=dispersion,
        p_value=p_value, looked_at=LOOKED_AT,
        short="counts vary more than chance and the interval ignores it" if against else "",
    )  # fmt: skip


def independent_periods(autocorrelation: float | None, periods: int, frequency: str = "number") -> Diagnostic:
    """Return whether neighbouring periods move together, which an interval from single periods takes as not so.

    Parameters
    ----------
    autocorrelation : float or None
        Correlation of neighbouring periods around the mean of their window; None when there are too few.
    periods : int
        Number of periods in both windows.
    frequency : str
        Length of a period.

    Notes
    -----
    Sign against: 0.2 or more. The interval is then too narrow by about ``sqrt((1 + r) / (1 - r))``. In short series
    the correlation is estimated too low. Too weak to tell: else, where 0.2 lies within 1.96 / sqrt(periods) above it.
    """
    name, assumption = (
        "independent_periods",
        "One period does not tell what the next will be, apart from the two means.",
    )
    looked_at = "The correlation of neighbouring periods within the windows"
    if autocorrelation is None:
        reading = f"{periods} periods are too few to see whether neighbours move together; the interval assumes not."
        return Diagnostic(name, assumption, "not run", reading, looked_at=looked_at)
    against = autocorrelation >= CLEAR_CORRELATION
    weak = autocorrelation + 1.96 / math.sqrt(periods) >= CLEAR_CORRELATION
    reading = f"Neighbouring periods correlate by {autocorrelation:.2f} within the windows. "
    if against:
        factor = math.sqrt((1 + autocorrelation) / max(1 - autocorrelation, 0.01))
        reading += f"The interval takes them as independent and is about {factor:.1f} times too narrow."
    else:
        reading += "That is little."
        reading += f" {periods} periods are too weak to tell: they cannot rule out more." if weak else ""
    return Diagnostic(
        name, assumption, judged(against, weak), reading, statistic=autocorrelation,
        looked_at=looked_at,
        short=f"neighbouring {words_for(frequency, 2)} are linked and the interval ignores it" if against else "",
    )  # fmt: skip
