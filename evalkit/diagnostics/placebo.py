"""Checks that run the method again: at earlier dates, and without one stretch of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics.words import judged, listed, several
from evalkit.periods import words_for
from evalkit.records import Diagnostic, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalkit.records.supplement import LeftOut

EARLIER = "Before the start, when nothing began, the method finds no change as clear as this one."
DATES = "The same method at every earlier date with enough periods on both sides"
FEWEST_DATES = 10
"""Fewer earlier dates than this say little about how often the method finds a change."""
OFTEN = 0.1
"""Share of earlier dates from which on a change as clear is no rare thing."""

INDEPENDENT = 6
"""Earlier dates so many periods apart are taken for independent when those that lie clear of no change are counted."""
RARE = 0.05
"""A number of such dates that comes up no more often than this by chance speaks against the interval."""

STRETCH = "No single stretch of the data makes the result."
STRETCHES = "The estimate without each calendar year before the start, and without known shocks"


def placebo_dates_not_run(reason: str) -> Diagnostic:
    """Return that earlier dates could not be tried.

    Parameters
    ----------
    reason : str
        A sentence.
    """
    return Diagnostic("placebo_dates", EARLIER, "not run", reason, looked_at=DATES)


def placebo_dates(
    larger: int, dates: int, clear: int, found: bool, frequency: str = "number", level: float = 0.95
) -> Diagnostic:
    """Return how many earlier dates show a change as large for its standard error as the true one.

    Parameters
    ----------
    larger : int
        Earlier dates at which value over standard error is at least as large in size.
    dates : int
        Earlier dates.
    clear : int
        Earlier dates whose interval lies clear of no change.
    found : bool
        Whether the interval at the true date lies clear of no change.
    frequency : str
        Length of a period.
    level : float
        Confidence level of the intervals.

    Notes
    -----
    The share is ``(1 + larger) / (1 + dates)``, which is the statistic. Sign against, of at least 10 earlier dates and
    where a change is found at the true date: one as clear at 10% or more of them, or intervals that lie clear of no
    change at more of them than `chance_of_clear` lets pass for chance, since such intervals are too short. Where none
    is found at the true date, there is nothing to doubt in this way, and what earlier dates show is too weak to tell a
    change from none. There is no p-value: neighbouring dates share nearly
    all their data, so that the share is a description and not a test.

    References
    ----------
    Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119, 249-275. Abadie, Diamond and
    Hainmueller (2010), Journal of the American Statistical Association 105, 493-505, on ranks of placebos.
    """
    share = (1 + larger) / (1 + dates)
    few = dates < FEWEST_DATES
    often = larger >= OFTEN * dates
    unlikely = clear > (1.0 - level) * dates and chance_of_clear(clear, dates, level) <= RARE
    against = found and not few and (often or unlikely)
    reading = (
        f"At {larger} of {several(dates, 'earlier date')} the same method finds a change at least as large for its "
        f"standard error (share with the true date {share:.2g}); at {clear} its interval lies clear of no change, "
        f"where chance alone would give about {(1.0 - level) * dates:.0f}. Neighbouring dates share most of their "
        f"{words_for(frequency, 2)}, so they are not independent."
    )
    if unlikely:
        reading += " That is more than chance gives: intervals of this method may be too short for this series."
    if few:
        reading = f"{several(dates, 'earlier date')} can be tried, too few to rank the true one among them."
    elif not found:
        reading += " At the true date no change is told from none, so this is too weak to tell."
    verdict: Verdict = "not run" if few else judged(against, not found)
    return Diagnostic(
        "placebo_dates", EARLIER, verdict, reading, statistic=share, looked_at=DATES,
        short=("the method finds changes as clear at earlier dates, when nothing began" if often
               else "the method finds changes too often at earlier dates") if against else "",
    )  # fmt: skip


def chance_of_clear(clear: int, dates: int, level: float = 0.95) -> float:
    """Return how often chance alone gives as large a share of dates whose interval lies clear of no change.

    Parameters
    ----------
    clear, dates : int
        Such dates, and all dates.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    float
        Upper tail of the binomial distribution, in its continuous form, of ``dates / 6`` independent dates.

    Notes
    -----
    Estimates at neighbouring dates share their data, so that as many dates as there are would make chance seem rare.
    In 155 simulated monthly series without any change (36 to 140 months before, 12 to 36 after, autocorrelation 0.2 to
    0.5) a tail of 5% or less came up in 0 to 2% of series with one date in six taken for independent, and in 2 to 6%
    with one in three.
    """
    from scipy.special import betainc

    free = max(dates / INDEPENDENT, 1.0)
    seen = clear * free / dates
    return float(betainc(seen, free - seen + 1.0, 1.0 - level)) if clear else 1.0


def leave_out_not_run(reason: str) -> Diagnostic:
    """Return that nothing could be left out.

    Parameters
    ----------
    reason : str
        A sentence.
    """
    return Diagnostic("leave_out", STRETCH, "not run", reason, looked_at=STRETCHES)


def leave_out(found: Sequence[LeftOut], value: float, low: float | None, high: float | None) -> Diagnostic:
    """Return whether leaving out one stretch of the data moves the result.

    Parameters
    ----------
    found : sequence of LeftOut
        At least one with a value.
    value, low, high : float
        The headline in the same measure.

    Notes
    -----
    Sign against: without one stretch the estimate lies outside the headline's interval, or the headline lies clear of
    no change and the estimate turns to the other side. The statistic is the largest move.
    """
    seen = [(one, one.value) for one in found if one.value is not None]
    farthest, moved = max(seen, key=lambda pair: abs(pair[1] - value))
    unit = _unit(farthest.measure)
    clear = low is not None and high is not None and (low > 0.0 or high < 0.0)
    outside = [one.left_out for one, at in seen if low is not None and high is not None and not low <= at <= high]
    turned = [one.left_out for one, at in seen if clear and at * value < 0.0]
    driving = list(dict.fromkeys([*outside, *turned]))
    smallest, largest = min(at for _, at in seen), max(at for _, at in seen)
    stretches = several(len(seen), "stretch", "stretches")
    whole = f"({value:+.3g}{unit} with all)"
    reading = f"Without {farthest.left_out} the estimate is {moved:+.3g}{unit} {whole}."
    if len(seen) > 1:
        reading = (
            f"Without any one of {stretches} the estimate lies between {smallest:+.3g}{unit} and {largest:+.3g}{unit} "
            f"{whole}. It moves most without {farthest.left_out}, to {moved:+.3g}{unit}."
        )
    if driving:
        reading += f" It leaves the headline's interval, or changes direction, without {listed(driving)}."
    failed = len(found) - len(seen)
    reading += f" {several(failed, 'stretch', 'stretches')} could not be left out." if failed else ""
    return Diagnostic(
        "leave_out", STRETCH, "sign against" if driving else "no sign against", reading, statistic=moved - value,
        looked_at=STRETCHES, short="one stretch of the data makes much of the result" if driving else "",
    )  # fmt: skip


def _unit(measure: str) -> str:
    return "%" if measure == "percent" else f" {measure}".rstrip()
