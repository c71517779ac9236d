"""Checks of a comparison design: paths before the start, clusters, adoption at different times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.diagnostics.words import change, change_between, figure, listed, several
from evalkit.records import Diagnostic, EventTime, Scale, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEW_CLUSTERS = 50
FEW_TREATED_CLUSTERS = 6

PARALLEL = "Before the start, treated and comparison units moved in parallel, and would have gone on doing so."
ANTICIPATION = "Units did not change before the start because they saw it coming."


def pre_period_leads(
    leads: Sequence[EventTime], statistic: float, p_value: float, scale: Scale, unit: str, effect: float
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

    Notes
    -----
    Sign against: a simultaneous interval of a lead leaves out zero, or the joint test has p below 0.05 and the
    largest lead is at least a quarter of the effect. No sign against is not evidence of parallel paths: the reading
    says how large a drift the data cannot rule out.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4, 305-322, on what such checks miss.
    """
    largest = max(leads, key=lambda lead: abs(lead.value))
    unseen = max(max(abs(lead.simultaneous_low or 0.0), abs(lead.simultaneous_high or 0.0)) for lead in leads)
    outside = [lead.time for lead in leads if _leaves_out_zero(lead)]
    against = bool(outside) or (p_value < 0.05 and abs(largest.value) >= abs(effect) / 4)
    widest = change_between(-unseen, unseen, scale, unit)
    reading = (
        f"The largest gap in {several(len(leads), 'earlier period')} was {change(largest.value, scale, unit)} "
        f"({-largest.time} before the start; the effect is {change(effect, scale, unit)}). "
        + (f"Gaps at {listed([str(time) for time in outside])} are larger than chance allows. " if outside else "")
        + f"Joint test: p = {p_value:.2g}. The data cannot rule out gaps {widest}."
    )
    return Diagnostic(
        "pre_period_leads", PARALLEL, "sign against" if against else "no sign against", reading,
        statistic=largest.value, low=largest.low, high=largest.high, p_value=p_value, key=True,
        looked_at=f"The gap between treated and comparison units in the periods before the start "
        f"(joint statistic {figure(statistic)})",
    )  # fmt: skip


def leads_not_run(reason: str) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of leads and of anticipation as not run, with the reason."""
    looked_at = "The gap between treated and comparison units in the periods before the start"
    return (
        Diagnostic("pre_period_leads", PARALLEL, "not run", reason, key=True, looked_at=looked_at),
        Diagnostic("anticipation", ANTICIPATION, "not run", reason, looked_at="The last period before the start"),
    )


def anticipation(value: float, low: float, high: float, p_value: float | None, scale: Scale, unit: str) -> Diagnostic:
    """Return whether the last period before the start stands out from the ones before it.

    Parameters
    ----------
    value, low, high : float
        Gap in the last period before the start less the average gap of the leads before it, with its interval.
    p_value : float or None
    scale : {'identity', 'log'}
    unit : str
        Unit on the identity scale.
    """
    against = low > 0.0 or high < 0.0
    return Diagnostic(
        "anticipation", ANTICIPATION, "sign against" if against else "no sign against",
        f"In the last period before the start the gap was {change(value, scale, unit)} than its earlier average "
        f"(interval {change_between(low, high, scale, unit)}).",
        statistic=value, low=low, high=high, p_value=p_value,
        looked_at="The gap in the last period before the start beside the average of the periods before it",
    )  # fmt: skip


def number_of_clusters(clusters: int, noun: str) -> Diagnostic:
    """Return whether there are enough clusters for a clustered standard error to be trusted."""
    few = clusters < FEW_CLUSTERS
    reading = f"There are {several(clusters, noun)}. " + (
        f"With fewer than {FEW_CLUSTERS}, the interval is probably too narrow."
        if few
        else f"With {FEW_CLUSTERS} or more, the interval should be close to right if they are of similar size."
    )
    return Diagnostic(
        "number_of_clusters", "There are enough independent units to tell how sure the estimate is.",
        _verdict(few), reading, statistic=float(clusters), looked_at=f"The number of {noun}s",
    )  # fmt: skip


def treated_clusters(treated: int, noun: str) -> Diagnostic:
    """Return whether enough clusters are treated for a clustered standard error to be trusted."""
    few = treated < FEW_TREATED_CLUSTERS
    reading = f"{several(treated, noun)} {'is' if treated == 1 else 'are'} treated. " + (
        f"With fewer than {FEW_TREATED_CLUSTERS}, the interval is probably much too narrow: "
        "chance in a few treated places passes for an effect."
        if few
        else "That is enough not to doubt the interval for this reason alone."
    )
    return Diagnostic(
        "treated_clusters", "Enough units are treated to tell the programme from the luck of a few places.",
        _verdict(few), reading, statistic=float(treated), looked_at=f"The number of treated {noun}s",
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
        return Diagnostic(
            "staggered_adoption", assumption, "no sign against",
            f"All {several(size, 'treated unit')} start in {start}.", statistic=1.0, looked_at=looked_at,
        )  # fmt: skip
    groups = listed([f"{several(size, 'unit')} in {start}" for start, size in cohorts.items()])
    method = "a two-way regression" if estimator == "two_way_fixed_effects" else "an event-study regression"
    return Diagnostic(
        "staggered_adoption", assumption, "sign against",
        f"Units start at {len(cohorts)} different times ({groups}; {several(never, 'unit')} never treated). "
        f"Then {method} also compares late starters with early ones, and can mislead if the effect differs between "
        "units or grows.",
        statistic=float(len(cohorts)), looked_at=looked_at,
    )  # fmt: skip


def balance_of_levels() -> Diagnostic:
    """Return the check of balance as not run: levels may differ in this design, and no covariate balance is made."""
    return Diagnostic(
        "balance_of_levels", "Treated and comparison units are alike in what makes the outcome move.", "not run",
        "Not looked at: levels may differ in this design, and likeness in other ways was not compared.",
        looked_at="Nothing",
    )  # fmt: skip


def _leaves_out_zero(lead: EventTime) -> bool:
    low, high = lead.simultaneous_low, lead.simultaneous_high
    return low is not None and high is not None and (low > 0.0 or high < 0.0)


def _verdict(against: bool) -> Verdict:
    return "sign against" if against else "no sign against"
