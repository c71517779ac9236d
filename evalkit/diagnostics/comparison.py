"""Checks of a comparison design: paths before the start, clusters, adoption at different times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.diagnostics.words import (
    MATTERS,
    change,
    change_between,
    figure,
    judged,
    left_open,
    listed,
    reaches,
    several,
)
from evalkit.records import Diagnostic, EventTime, Scale, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEW_CLUSTERS = 30
FEW_TREATED_CLUSTERS = 6
"""Below this the interval is too narrow, and a test of the leads rejects far too often."""

FEWEST_TREATED_CLUSTERS = 4
"""Below this the interval is not to be relied on at all."""

PARALLEL = "Before the start, treated and comparison units moved in parallel, and would have gone on doing so."
ANTICIPATION = "Units did not change before the start because they saw it coming."


def pre_period_leads(
    leads: Sequence[EventTime],
    statistic: float,
    p_value: float,
    scale: Scale,
    unit: str,
    effect: float,
    test: str = "Joint test",
) -> Diagnostic:
    """Return whether treated units already drifted apart from the others before the start.

    Parameters
    ----------
    leads : sequence of EventTime
        Estimates before the start, each against the last period before it, with simultaneous bounds.
    statistic, p_value : float
        Joint test that all leads are zero.
    scale : {'identity', 'log'}
    unit : str
        Unit on the identity scale.
    effect : float
        The estimated effect, to set the size of the leads beside.
    test : str
        Where the p-value comes from, in words.

    Notes
    -----
    Sign against: a simultaneous interval of a lead leaves out zero, or the joint test has p below 0.05 and the
    largest lead is at least a quarter of the effect. Too weak to tell: else, where an interval holds a gap of that
    size (`MATTERS`). No sign against is not evidence of parallel paths either: the reading says how large a drift the
    data cannot rule out.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4, 305-322, on what such checks miss.
    """
    largest = max(leads, key=lambda lead: abs(lead.value))
    unseen = max(max(abs(lead.simultaneous_low or 0.0), abs(lead.simultaneous_high or 0.0)) for lead in leads)
    outside = [lead.time for lead in leads if _leaves_out_zero(lead)]
    against = bool(outside) or (p_value < 0.05 and abs(largest.value) >= MATTERS * abs(effect))
    weak = not against and reaches(-unseen, unseen, MATTERS * effect)
    widest = change_between(-unseen, unseen, scale, unit)
    reading = (
        f"The largest gap in {several(len(leads), 'earlier period')} was {change(largest.value, scale, unit)} "
        f"({-largest.time} before the start; the effect is {change(effect, scale, unit)}). "
        + (f"Gaps at {listed([str(time) for time in outside])} are larger than chance allows. " if outside else "")
        + f"{test}: p = {p_value:.2g}. The data cannot rule out gaps {widest}."
        + ("" if against else left_open("gap", weak))
    )
    return Diagnostic(
        "pre_period_leads", PARALLEL, judged(against, weak), reading,
        statistic=largest.value, low=largest.low, high=largest.high, p_value=p_value, key=True,
        looked_at=f"The gap between treated and comparison units in the periods before the start "
        f"(joint statistic {figure(statistic)})",
        short="places with the programme were already moving differently before it began" if against else "",
    )  # fmt: skip


def leads_of_few(
    leads: Sequence[EventTime],
    gap: float,
    scale: Scale,
    unit: str,
    effect: float,
    treated: int,
    noun: str,
    why: str = "",
) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of leads and of anticipation as not run for want of treated clusters, with the sizes seen.

    Parameters
    ----------
    leads : sequence of EventTime
        Estimates before the start, each against the last period before it.
    gap : float
        Gap in the last period before the start less the average gap of the leads before it.
    scale, unit, effect
        As for `pre_period_leads`.
    treated : int
        Number of treated clusters, fewer than `FEW_TREATED_CLUSTERS`.
    noun : str
        What a cluster is called.
    why : str
        Why there is no test; empty for too few treated clusters.

    Notes
    -----
    A clustered test of the leads rejects far too often with so few: the largest gap is given and not judged.
    """
    largest = max(leads, key=lambda lead: abs(lead.value))
    reason = (
        f"With {several(treated, f'treated {noun}')} the test is not valid (it needs {FEW_TREATED_CLUSTERS} or more), "
        "so it was not made. "
    )
    reason = f"No test of it holds with so few: {why}. " if why else reason
    seen = (
        f"The largest gap in {several(len(leads), 'earlier period')} was {change(largest.value, scale, unit)} "
        f"({-largest.time} before the start; the effect is {change(effect, scale, unit)})."
    )
    last = f"In the last period before the start the gap was {change(gap, scale, unit)} than its earlier average."
    first, second = leads_not_run(reason + seen)
    return replace(first, statistic=largest.value), replace(second, reading=reason + last, statistic=gap)


def leads_not_run(reason: str) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of leads and of anticipation as not run, with the reason."""
    looked_at = "The gap between treated and comparison units in the periods before the start"
    return (
        Diagnostic("pre_period_leads", PARALLEL, "not run", reason, key=True, looked_at=looked_at),
        Diagnostic("anticipation", ANTICIPATION, "not run", reason, looked_at="The last period before the start"),
    )


def anticipation(
    value: float,
    low: float,
    high: float,
    p_value: float | None,
    scale: Scale,
    unit: str,
    effect: float | None = None,
) -> Diagnostic:
    """Return whether the last period before the start stands out from the ones before it.

    Parameters
    ----------
    value, low, high : float
        Gap in the last period before the start less the average gap of the leads before it, with its interval.
    p_value : float or None
    scale : {'identity', 'log'}
    unit : str
        Unit on the identity scale.
    effect : float or None
        The estimated effect, to set the interval beside.

    Notes
    -----
    Sign against: the interval lies clear of no gap. Too weak to tell: else, where it holds a gap of a quarter of the
    effect (`MATTERS`).
    """
    against = low > 0.0 or high < 0.0
    weak = not against and effect is not None and reaches(low, high, MATTERS * effect)
    return Diagnostic(
        "anticipation", ANTICIPATION, judged(against, weak),
        f"In the last period before the start the gap was {change(value, scale, unit)} than its earlier average "
        f"(the data cannot rule out gaps {change_between(low, high, scale, unit)})."
        + ("" if against or effect is None else left_open("gap", weak)),
        statistic=value, low=low, high=high, p_value=p_value,
        looked_at="The gap in the last period before the start beside the average of the periods before it",
        short="the gap was already changing just before the programme began" if against else "",
    )  # fmt: skip


def number_of_clusters(clusters: int, noun: str) -> Diagnostic:
    """Return whether there are enough clusters for a clustered standard error to be trusted."""
    few = clusters < FEW_CLUSTERS
    reading = f"There are {several(clusters, noun)}. " + (
        f"With fewer than {FEW_CLUSTERS}, a clustered interval is often too narrow, more so if they differ in size."
        if few
        else f"With {FEW_CLUSTERS} or more, the interval should be close to right if they are of similar size."
    )
    return Diagnostic(
        "number_of_clusters", "There are enough independent units to tell how sure the estimate is.",
        _verdict(few), reading, statistic=float(clusters), looked_at=f"The number of {noun}s",
        short=f"only {_places(clusters, noun)} are compared, which makes it look too sure" if few else "",
    )  # fmt: skip


def treated_clusters(treated: int, noun: str) -> Diagnostic:
    """Return whether enough clusters are treated for a clustered standard error to be trusted.

    Notes
    -----
    Sign against below `FEW_TREATED_CLUSTERS`; key below `FEWEST_TREATED_CLUSTERS`. Simulated size of the nominal 5%
    test without any effect: 2 treated 27 to 30%, 3 15 to 20%, 4 12 to 14%, 6 6 to 9%. With one treated cluster there is
    no standard error at all.
    """
    few = treated < FEW_TREATED_CLUSTERS
    reading = f"{several(treated, noun)} {'is' if treated == 1 else 'are'} treated. "
    if treated == 1:
        reading += "What is particular to it cannot be told from the programme, so there is no interval."
    elif few:
        reading += (
            f"With fewer than {FEW_TREATED_CLUSTERS}, the interval is probably much too narrow: "
            "chance in a few treated places passes for an effect."
        )
    else:
        reading += "That is enough not to doubt the interval for this reason alone."
    return Diagnostic(
        "treated_clusters", "Enough units are treated to tell the programme from the luck of a few places.",
        _verdict(few), reading, statistic=float(treated), key=treated < FEWEST_TREATED_CLUSTERS,
        looked_at=f"The number of treated {noun}s",
        short=f"only {_places(treated, noun)} had the programme" if few else "",
    )  # fmt: skip


def staggered_adoption(cohorts: Mapping[str, int], estimator: str, never: int) -> Diagnostic:
    """Return whether units start at different times, which a two-way regression can get wrong.

    Parameters
    ----------
    cohorts : mapping of str to int
        Number of units by first treated period.
    estimator : str
        two_way_fixed_effects or event_study.
    never : int
        Number of units that are not treated in these data.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277. Sun and Abraham (2021), Journal of Econometrics 225,
    175-199.
    """
    assumption = "One effect stands for all units and times, or all units start at the same time."
    looked_at = "When each unit starts"
    if len(cohorts) == 1:
        start, size = next(iter(cohorts.items()))
        who = "The only treated unit starts" if size == 1 else f"All {size:,} treated units start"
        reading = f"{who} in {start}."
        return Diagnostic(
            "staggered_adoption", assumption, "no sign against", reading, statistic=1.0, looked_at=looked_at
        )
    groups = listed([f"{several(size, 'unit')} in {start}" for start, size in cohorts.items()])
    method = "a two-way regression" if estimator == "two_way_fixed_effects" else "an event-study regression"
    return Diagnostic(
        "staggered_adoption", assumption, "sign against",
        f"Units start at {len(cohorts)} different times ({groups}; {several(never, 'unit')} never treated). "
        f"Then {method} also compares late starters with early ones, and can mislead if the effect differs between "
        "units or grows.",
        statistic=float(len(cohorts)), looked_at=looked_at,
        short="places began at different times, which this method can misread",
    )  # fmt: skip


def units_left_out(
    treated: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]], all_treated: int
) -> Diagnostic:
    """Return whether the estimate speaks for every unit that had the programme, and who was left out.

    Parameters
    ----------
    treated, others : sequence of (str, str)
        Units left out, with and without the programme, each with the reason.
    all_treated : int
        Number of units with the programme within the data, those left out counted.

    Notes
    -----
    Sign against: a unit with the programme was left out. Comparison units that the study leaves out are named.
    """
    parts, one = [], len(treated) == 1
    if treated:
        parts.append(
            f"{len(treated):,} of {several(all_treated, 'unit')} with the programme {'is' if one else 'are'} not in "
            f"the estimate: {_with_reasons(treated)}. What the programme did there is not known from this study."
        )
    if others:
        parts.append(f"Left out of the comparison: {_with_reasons(others)}.")
    return Diagnostic(
        "units_left_out", "The estimate speaks for every unit that had the programme.", _verdict(bool(treated)),
        " ".join(parts) or "Every unit of the data is in the estimate.", statistic=float(len(treated)),
        looked_at="Who is in the data and not in the estimate",
        short=f"{'a place' if one else 'places'} with the programme had to be left out" if treated else "",
    )  # fmt: skip


def _with_reasons(pairs: Sequence[tuple[str, str]]) -> str:
    """Return units with their reasons, units that share one named together."""
    together: dict[str, list[str]] = {}
    for unit, reason in pairs:
        together.setdefault(reason.removeprefix("left out of the comparison: "), []).append(unit)
    return "; ".join(f"{listed(units)} ({reason})" for reason, units in together.items())


def always_treated(units: Sequence[str], never: int, weight: float | None) -> Diagnostic:
    """Return what it takes for granted that units treated in all periods are among those compared with.

    Parameters
    ----------
    units : sequence of str
        Treated in all of their periods, kept.
    never : int
        Number of units that are not treated in these data.
    weight : float or None
        Share of the two-way estimate that compares with them; None where it is not known.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225, 254-277.
    """
    one = len(units) == 1
    share = "" if weight is None else f" {weight:.0%} of the estimate compares with {'it' if one else 'them'}."
    return Diagnostic(
        "always_treated", "Where the programme was there all along, its effect did not change.", "sign against",
        f"{listed(list(units))} {'has' if one else 'have'} the programme in every period, and "
        f"{'is' if one else 'are'} kept: rows without a change help to tell common changes and the part of covariates. "
        f"They stand among those compared with, beside {several(never, 'unit')} without the programme.{share} If "
        "the effect there still grew or faded, the estimate takes that for what would have been.",
        statistic=weight, looked_at="Who has the programme in every period",
        short="it also compares with places that had the programme all along",
    )  # fmt: skip


def unit_trends(why: str) -> Diagnostic:
    """Return what unit trends take for granted: nothing in the data can tell a drift from an effect that grows.

    Parameters
    ----------
    why : str
        The reason that the study file gives.

    References
    ----------
    Wolfers (2006), American Economic Review 96, 1802-1820. Meer and West (2016), Journal of Human Resources 51,
    500-522.
    """
    said = why if why.endswith((".", "!", "?")) else f"{why}."
    return Diagnostic(
        "unit_trends", "Each unit would have gone on along a straight line of its own.", "not run",
        f"A straight line of each unit's own is taken out. The reason given: {said} Periods after the start help to "
        "fit these lines. So a change that grows or fades is partly taken for a trend, and the estimate misses it.",
        looked_at="Nothing: the data cannot tell a drift from an effect that grows",
    )  # fmt: skip


def balance_of_levels() -> Diagnostic:
    """Return the check of balance as not run: levels may differ in this design, and no covariate balance is made."""
    return Diagnostic(
        "balance_of_levels", "Treated and comparison units are alike in what makes the outcome move.", "not run",
        "Not looked at: levels may differ in this design, and likeness in other ways was not compared.",
        looked_at="Nothing",
    )  # fmt: skip


def _places(count: int, noun: str) -> str:
    """Return a number of clusters as a first page says it."""
    return several(count, "place") if noun == "unit" else several(count, "group of places", "groups of places")


def _leaves_out_zero(lead: EventTime) -> bool:
    low, high = lead.simultaneous_low, lead.simultaneous_high
    return low is not None and high is not None and (low > 0.0 or high < 0.0)


def _verdict(against: bool) -> Verdict:
    return "sign against" if against else "no sign against"
