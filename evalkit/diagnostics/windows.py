"""Checks of two windows set against each other: how long, which season, which years, and what came before them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from evalkit.diagnostics.words import figure, several
from evalkit.periods import first_date, spell_periods, words_for
from evalkit.records import Better, Diagnostic, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

RESTRICTIONS = (datetime.date(2020, 3, 1), datetime.date(2021, 7, 31))
"""Pandemic restrictions in the United Kingdom, whole months."""

PANDEMIC = "pandemic_restrictions"
SHORT = "part of the time compared lies in pandemic restrictions"

FEWEST_EARLIER = 3
HIGH_BASELINE = 1.1
"""A window before that lies this far above earlier periods looks chosen, or unlucky, for its height."""

Window = tuple[int, int]


def no_comparison(untreated: int) -> Diagnostic:
    """Return that nothing can be said about other reasons for the change.

    Parameters
    ----------
    untreated : int
        Units in the data that were never treated and are not used.
    """
    spare = (
        f" The data hold {several(untreated, 'unit')} without the programme: difference_in_differences can use them."
        if untreated
        else ""
    )
    return Diagnostic(
        "no_comparison", "Nothing else changed the outcome between the two windows.", "not run",
        "This comparison cannot tell us whether the programme caused the change: no other place is set beside it."
        f"{spare}",
        looked_at="Nothing: there is no comparison in this analysis",
    )  # fmt: skip


def single_period_comparison(before: int, after: int, frequency: str) -> Diagnostic:
    """Return whether one period is set against one, or against several.

    Parameters
    ----------
    before, after : int
        Number of periods in each window.
    frequency : str
        Length of a period.
    """
    single = min(before, after) == 1
    reading = f"{_count(before, frequency)} before and {_count(after, frequency)} after. " + (
        "A single one may have been unusually high or low: plot every period there is before trusting the change."
        if single
        else "No window is a single period."
    )
    return Diagnostic(
        "single_period_comparison", "The periods compared are typical of their time.", _verdict(single), reading,
        statistic=float(min(before, after)), key=True, looked_at="The number of periods in each window",
        short=_set_against(before, after, frequency) if single else "",
    )  # fmt: skip


def window_lengths(
    before: Window,
    after: Window,
    counts: tuple[int, int],
    frequency: str,
    kept: tuple[Sequence[int], Sequence[int]] | None = None,
    left_out: Sequence[int] = (),
) -> Diagnostic:
    """Return whether the windows are equally long and cover the same seasons.

    Parameters
    ----------
    before, after : (int, int)
        First and last period of each window.
    counts : (int, int)
        Number of periods with data in each.
    frequency : str
        Length of a period.
    kept : (sequence of int, sequence of int) or None
        Periods that are compared, where some are left out.
    left_out : sequence of int
        Periods within the windows that are not compared, since the other window lacks their time of the year.
    """
    name, assumption = "window_lengths", "Both windows are equally long and cover the same seasons."
    looked_at = "The length of each window and the months it covers"
    if frequency == "number":
        reading = "The periods carry no dates, so seasons cannot be compared."
        return Diagnostic(name, assumption, "not run", reading, looked_at=looked_at)
    if left_out and kept is not None:
        return _matched_lengths(counts, frequency, kept, left_out)
    unequal = counts[0] != counts[1]
    months = _months(before, frequency), _months(after, frequency)
    seasons = months[0] != months[1]
    reading = f"{_count(counts[0], frequency)} before and {_count(counts[1], frequency)} after"
    reading += ", so rates are compared, not totals. " if unequal else ". "
    if seasons:
        reading += "They do not cover the same months of the year, so part of the change may be the season."
    elif len(months[0]) == 12:
        reading += (
            "Both cover whole years." if _whole_years(counts, frequency) else "Both cover every month of the year."
        )
    else:
        reading += "Both cover the same months of the year."
    uneven = not seasons and len(months[0]) == 12 and not _whole_years(counts, frequency)
    reading += " They are not whole years, so some months count twice." if uneven else ""
    short = ""
    if unequal:
        short = "the two times compared are not equally long"
    elif seasons or uneven:
        short = "the two times compared do not cover the same months of the year"
    return Diagnostic(
        name, assumption, _verdict(unequal or seasons or uneven), reading, looked_at=looked_at, short=short
    )


def _matched_lengths(
    counts: tuple[int, int], frequency: str, kept: tuple[Sequence[int], Sequence[int]], left_out: Sequence[int]
) -> Diagnostic:
    """Return how long the windows are once they hold the same times of the year."""
    unequal = counts[0] != counts[1]
    starts = [[(first_date(time, frequency).month, first_date(time, frequency).day) for time in side] for side in kept]
    # Weeks drift by days from year to year, so only months and quarters are counted one by one.
    uneven = frequency in ("month", "quarter") and any(
        len({side.count(place) for place in side}) > 1 for side in starts
    )
    reading = f"{_count(counts[0], frequency)} before and {_count(counts[1], frequency)} after"
    reading += ", so rates are compared, not totals. " if unequal else ". "
    reading += (
        f"Both hold the same times of the year: {_count(len(left_out), frequency)} that only one of the windows has "
        f"{'is' if len(left_out) == 1 else 'are'} left out ({spell_periods(left_out, frequency)})."
    )
    reading += " Some of those kept count more often than others in a window." if uneven else ""
    short = "the two times compared are not equally long" if unequal else ""
    return Diagnostic(
        "window_lengths", "Both windows are equally long and cover the same seasons.", _verdict(unequal or uneven),
        reading, statistic=float(len(left_out)), looked_at="The length of each window and the months it covers",
        short=short or ("some months count more often than others in the times compared" if uneven else ""),
    )  # fmt: skip


def pandemic_restrictions(before: Window, after: Window, frequency: str, left_out: Sequence[int] = ()) -> Diagnostic:
    """Return whether a window overlaps the pandemic restrictions of March 2020 to July 2021.

    Parameters
    ----------
    before, after : (int, int)
        First and last period of each window.
    frequency : str
        Length of a period.
    left_out : sequence of int
        Periods within the windows that are not compared.
    """
    assumption, looked_at = "Neither window lies in pandemic restrictions.", "The dates of both windows"
    if frequency == "number":
        return Diagnostic(PANDEMIC, assumption, "not run", "The periods carry no dates.", looked_at=looked_at)
    omitted = set(left_out)
    touched = [
        word
        for word, window in (("before", before), ("after", after))
        if any(
            _overlaps((time, time), frequency, RESTRICTIONS)
            for time in range(window[0], window[1] + 1)
            if time not in omitted
        )
    ]
    reading = (
        f"The window {' and the window '.join(touched)} overlap{'s' if len(touched) == 1 else ''} the pandemic "
        "restrictions of March 2020 to July 2021, when much of daily life and of crime was unlike other years."
        if touched
        else "Neither window overlaps the pandemic restrictions of March 2020 to July 2021."
    )
    return Diagnostic(
        PANDEMIC, assumption, _verdict(bool(touched)), reading, looked_at=looked_at, short=SHORT if touched else ""
    )


def restrictions_in_series(before: Sequence[int], after: Sequence[int], frequency: str) -> Diagnostic:
    """Return how many of the periods before and after lie in the pandemic restrictions of March 2020 to July 2021.

    Parameters
    ----------
    before, after : sequence of int
        Periods that are used before the start, and from it on.
    frequency : str
        Length of a period.
    """
    assumption, looked_at = "The time that is used is like other years.", "The dates before and after the start"
    if frequency == "number":
        return Diagnostic(PANDEMIC, assumption, "not run", "The periods carry no dates.", looked_at=looked_at)
    sides = ("before the start", before), ("from the start on", after)
    counted = [
        (word, len(times), sum(_overlaps((time, time), frequency, RESTRICTIONS) for time in times))
        for word, times in sides
    ]
    parts = [f"{inside} of the {_count(size, frequency)} {word}" for word, size, inside in counted if inside]
    reading = "No period overlaps the pandemic restrictions of March 2020 to July 2021."
    if parts:
        one = len(parts) == 1 and parts[0].startswith("1 ")
        reading = (
            f"{' and '.join(parts)} overlap{'s' if one else ''} the pandemic restrictions of March 2020 to July 2021, "
            "when much of daily life and of crime was unlike other years."
        )
    inside = sum(held for _, _, held in counted)
    return Diagnostic(
        PANDEMIC, assumption, _verdict(bool(inside)), reading, statistic=float(inside), looked_at=looked_at,
        short=SHORT if inside else "",
    )  # fmt: skip


def selection_on_high_baseline(
    window: float, earlier: Sequence[float], exposures: Sequence[float], better: Better, frequency: str
) -> Diagnostic:
    """Return whether the window before stands out from the periods that are not in it and lie before the start.

    Parameters
    ----------
    window : float
        Mean of the window before, per unit of exposure.
    earlier : sequence of float
        Value of each other period before the start, per unit of exposure.
    exposures : sequence of float
        Exposure of each of them.
    better : str
        Which way is better; a low baseline is looked for where higher is better.
    frequency : str

    Notes
    -----
    Sign against: the window lies 10% or more on the bad side of the exposure-weighted mean of the other periods.
    The rule looks at size and not at a test: a baseline that is high by chance falls back all the same.
    """
    name, looked_at = "selection_on_high_baseline", "The window before beside other periods before the start"
    assumption = (
        "The start was not chosen because the outcome was unusually bad just before (it would fall back anyway)."
    )
    if len(earlier) < FEWEST_EARLIER:
        held = _count(len(earlier), frequency) if earlier else f"no {words_for(frequency)}"
        reading = f"The data hold {held} before the start outside the window: too little to see what is usual."
        return Diagnostic(name, assumption, "not run", reading, key=True, looked_at=looked_at)
    usual = sum(e * w for e, w in zip(earlier, exposures, strict=True)) / sum(exposures)
    if usual <= 0.0 or window <= 0.0:
        reading = "The earlier average or the baseline is not above zero, so their ratio says nothing."
        return Diagnostic(name, assumption, "not run", reading, key=True, looked_at=looked_at)
    ratio = window / usual
    against = ratio <= 1 / HIGH_BASELINE if better == "higher" else ratio >= HIGH_BASELINE
    percent, side = abs(100 * (ratio - 1)), "above" if ratio >= 1 else "below"
    reading = (
        f"The window before averaged {figure(window)}; the other {_count(len(earlier), frequency)} before the start "
        f"averaged {figure(usual)}: it was {percent:.0f}% {side} them. "
    )
    back = 100 * (1 / ratio - 1)
    reading += (
        f"Going back to that average alone would be a change of {back:+.0f}%."
        if against
        else "That is not unusually bad."
    )
    short = f"the time before was unusually {'low' if better == 'higher' else 'high'}" if against else ""
    return Diagnostic(
        name, assumption, _verdict(against), reading, statistic=ratio, key=True, looked_at=looked_at, short=short
    )


def _set_against(before: int, after: int, frequency: str) -> str:
    """Return a comparison with a single period in words: `one month is set against 12 months`."""
    noun, longer = words_for(frequency), max(before, after)
    return f"one {noun} is set against {f'one {noun}' if longer == 1 else _count(longer, frequency)}"


def _months(window: Window, frequency: str) -> set[int]:
    """Return the calendar months that a window touches."""
    start, end = first_date(window[0], frequency), first_date(window[1] + 1, frequency) - datetime.timedelta(days=1)
    last = (end.year - start.year) * 12 + end.month - start.month
    return {(start.month - 1 + step) % 12 + 1 for step in range(min(last, 11) + 1)}


def _whole_years(counts: tuple[int, int], frequency: str) -> bool:
    """Return whether both numbers of periods are whole years."""
    per_year = {"month": 12, "quarter": 4, "year": 1, "financial_year": 1}.get(frequency)
    if per_year is None:
        days = {"day": 1, "week": 7}[frequency]
        return all(min(count * days % 365.25, -count * days % 365.25) <= 7 for count in counts)
    return all(count % per_year == 0 for count in counts)


def _overlaps(window: Window, frequency: str, dates: tuple[datetime.date, datetime.date]) -> bool:
    return first_date(window[0], frequency) <= dates[1] and first_date(window[1] + 1, frequency) > dates[0]


def _count(count: int, frequency: str) -> str:
    return f"{count} {words_for(frequency, count)}"


def _verdict(against: bool) -> Verdict:
    return "sign against" if against else "no sign against"
