"""The rules R01 to R20: each a small function that says what it found in a claim, or nothing.

A rule looks at what is stated (counts, periods, words), never at what somebody thinks of the claim. Cut-offs in R09,
R10 and R14 are this project's own.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evalkit.claims.periods_said import said_periods
from evalkit.claims.published import PublishedClaim
from evalkit.claims.recomputing import decimals_of, follows, rounded_change

Severity = Literal["stop", "warn", "note"]
Look = Callable[[PublishedClaim], str]
RESTRICTIONS = (datetime.date(2020, 3, 1), datetime.date(2021, 7, 31))
"""Pandemic restrictions in the United Kingdom, whole months."""
FEW = 10
"""Counts below this are too few for a percentage."""
FEW_PEOPLE = 50
"""A percentage of fewer people than this is printed as a fraction."""
BEST = re.compile(r"\bup to\b(?! (?:now|date|the end|this))|\bas (?:many|much) as\b|\bbiggest\b", re.IGNORECASE)
SAMPLE = re.compile(r"\b(?:a|our) sample\b|\bof those\b|\bsurveyed\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What a rule found: its code, how grave it is, what was found, and what would pass."""

    code: str
    severity: Severity
    found: str
    needed: str


@dataclass(frozen=True)
class Rule:
    """A rule for published claims.

    Attributes
    ----------
    code, title : str
    severity : {'stop', 'warn', 'note'}
        stop: the claim does not hold as one about impact; warn: it is printed beside it.
    needed : str
        What would pass.
    look : callable
        PublishedClaim to what was found, a sentence; empty where nothing was.
    """

    code: str
    title: str
    severity: Severity
    needed: str
    look: Look


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order of the codes."""


def findings(claim: PublishedClaim) -> list[Finding]:
    """Return what the rules find in a claim, by code."""
    return [Finding(rule.code, rule.severity, found, rule.needed)
            for rule in RULES.values() if (found := rule.look(claim))]  # fmt: skip


def _rule(code: str, title: str, severity: Severity, needed: str) -> Callable[[Look], Look]:
    def listed(look: Look) -> Look:
        RULES[code] = Rule(code, title, severity, needed, look)
        return look

    return listed


@_rule("R01", "The printed percentage follows from the printed numbers", "stop",
       "Print the percentage that the numbers give.")  # fmt: skip
def percentage_follows(claim: PublishedClaim) -> str:
    """Say what the counts give where the printed percentage does not follow from them, or shares count some twice."""
    if claim.shares and claim.overlapping:
        return f"The shares add up to {sum(claim.shares):g}%, although they count some twice: {claim.overlapping}."
    counts = claim.compares == "two_times" and not claim.in_percent and claim.counts_from != "elsewhere"
    if not counts or not claim.before or claim.after is None or claim.percent is None:
        return ""
    if follows(claim.before, claim.after, claim.percent) == "follows":
        return ""
    digits = decimals_of(claim.percent)
    given = rounded_change(claim.before, claim.after, digits)
    return f"Printed {abs(claim.percent):g}%; {claim.before:,.0f} to {claim.after:,.0f} is {abs(given):.{digits}f}%."


@_rule("R02", "More than one period stands on each side", "stop", "Print every period of several years.")
def several_periods(claim: PublishedClaim) -> str:
    """Say that one stretch of time is set against one, or that the document does not say which are."""
    if claim.compares != "two_times" or claim.kind in ("statement", "target"):
        return ""
    before, after = said_periods(claim)
    if before is None:
        return "A change is printed, and not which times are compared." if claim.percent is not None else ""
    if before.series:
        return ""
    if before.single:
        return f"One {before.noun} is set against " + (
            f"one {after.noun}." if after and after.single else "another time."
        )
    return "One stretch of time is set against one other."


@_rule("R03", "The time before is no pandemic time", "warn", "Give an earlier time before as well, such as 2019.")
def outside_restrictions(claim: PublishedClaim) -> str:
    """Say that the time before lies, wholly or in part, in the pandemic restrictions."""
    before, _ = said_periods(claim)
    if before is None or before.last < RESTRICTIONS[0] or before.first > RESTRICTIONS[1]:
        return ""
    return "The time before lies in the pandemic restrictions of March 2020 to July 2021."


@_rule("R04", "Nobody was chosen for a high number", "stop", "Compare with people or places chosen in the same way.")
def not_chosen_for_the_outcome(claim: PublishedClaim) -> str:
    """Say that those counted were chosen by the outcome, so that some fall is expected with no effect."""
    if claim.chosen is None:
        return ""
    how = {"spike": "after an unusually high time", "level": "for a high number", "event": "since it had happened to "
           "them", "unknown": "in a way that is not known"}[claim.chosen]  # fmt: skip
    return f"Those counted were chosen {how}: some fall is expected with nothing done."


@_rule("R05", "Both times are equally long and hold the same seasons", "warn",
       "Say both windows; make them equal and whole years.")  # fmt: skip
def equal_windows(claim: PublishedClaim) -> str:
    """Say that the windows are unequal, of other seasons, or not stated."""
    if claim.windows in ("unequal", "other_season", "not_stated"):
        return {"unequal": "The times before and after are not equally long.",
                "other_season": "The times before and after hold other months of the year.",
                "not_stated": "How long people were followed is not stated."}[claim.windows]  # fmt: skip
    before, after = said_periods(claim)
    if before is not None and after is not None and before.months is not None and before.months != after.months:
        return "The times before and after do not hold the same months of the year."
    return ""


@_rule("R06", "It is an outcome, and not what was done", "stop", "Print what changed for people, not what was done.")
def an_outcome(claim: PublishedClaim) -> str:
    """Say that an activity is counted, or that success is claimed without any measure."""
    if claim.kind == "output" or (claim.kind == "cost" and claim.after is not None):
        return "This counts activity, not change."
    if claim.kind == "statement" and claim.role is None:
        return "It claims success and names no measure."
    return ""


@_rule("R07", "The programme does not change how it is recorded", "stop",
       "Use a source that the programme leaves alone.")  # fmt: skip
def recorded_alike(claim: PublishedClaim) -> str:
    """Say that the programme is likely to change how the outcome is recorded."""
    return "The programme changes how this is recorded." if claim.recording == "likely" else ""


@_rule("R08", "Counts or people at risk are printed", "warn", "Print the counts, and the people or time behind them.")
def counts_are_printed(claim: PublishedClaim) -> str:
    """Say that a share or a change is claimed and no count stands beside it."""
    figure = claim.percent is not None or bool(claim.shares) or claim.in_percent
    if claim.kind not in ("outcome", "output", "context") or (claim.kind == "output" and not figure):
        return ""
    counts = (None if claim.in_percent else claim.before, None if claim.in_percent else claim.after, claim.of,
              claim.people, claim.difference)  # fmt: skip
    printed = claim.counts_from == "here" and any(each is not None for each in counts)
    if printed or claim.counts_from == "same_document":
        return ""
    return "No count or population stands beside it, so it cannot be made again."


@_rule("R09", "There are enough events for a percentage", "stop", "Print the counts of several years, no percentage.")
def enough_events(claim: PublishedClaim) -> str:
    """Say that counts are under ten, or are expected to be."""
    counted = claim.compares == "two_times" and not claim.in_percent and claim.of is None
    smallest = min((count for count in (claim.before, claim.after) if count is not None), default=math.inf)
    if counted and smallest < FEW:
        return f"A count of {smallest:,.0f} is too few for a percentage."
    return "Such events are few in an area: chance alone moves them much." if claim.rare else ""


@_rule("R10", "A percentage has people enough behind it", "warn", "Print the fraction, such as 20 of 24.")
def enough_people(claim: PublishedClaim) -> str:
    """Say that a percentage, or a result, is of few people."""
    people = claim.of if claim.of is not None else claim.people
    if people is None or people >= FEW_PEOPLE or claim.kind == "target":
        return ""
    return "It is one person." if people == 1 else f"It is of {people} people."


@_rule("R11", "A sample says how many, from how many, and how chosen", "stop",
       "Say how many were asked, of how many, how chosen, and how many answered.")  # fmt: skip
def the_sample_is_told(claim: PublishedClaim) -> str:
    """Say that part of those concerned were asked or looked at, and not how these were chosen."""
    told = claim.asked or (SAMPLE.search(claim.words) is not None and claim.of is None)
    return "It is of a part, and how that part was chosen and how many answered is not said." if told else ""


@_rule("R12", "Nothing else began in the same places alone", "warn", "Show the answer without these places.")
def nothing_else_began(claim: PublishedClaim) -> str:
    """Say what else began where the programme ran, and not elsewhere."""
    return f"In the same places began: {claim.other_programme}." if claim.other_programme else ""


@_rule("R13", "It is known when it started", "stop", "Give the start date, as exact as the data.")
def start_is_known(claim: PublishedClaim) -> str:
    """Say that the start is missing, or coarser than the data."""
    return "When it started is not known." if claim.start_known is False else ""


@_rule("R14", "The data have no gap", "stop", "Fill the gap, or leave the area out.")
def no_gap(claim: PublishedClaim) -> str:
    """Say which time without data lies in an area with the programme."""
    return f"There are no data for {claim.gap}." if claim.gap else ""


@_rule("R15", "It is not the best of several", "stop", "Print all of them.")
def not_the_best_of_several(claim: PublishedClaim) -> str:
    """Say that the best one of several is quoted."""
    if claim.best_of:
        return f"The best of several is quoted: {claim.best_of}."
    word = BEST.search(claim.words)
    return f"“{word.group()}” quotes the best of several." if word else ""


@_rule("R16", "It is the main outcome of its evaluation", "stop", "Lead with the main outcome.")
def the_main_outcome(claim: PublishedClaim) -> str:
    """Say that another than the main outcome is quoted where that showed no clear change."""
    if claim.role == "secondary" and claim.primary_clear is False:
        return "The main outcome showed no clear change; this one was secondary."
    return "The main outcome showed no clear change." if claim.role and claim.primary_clear is False else ""


@_rule("R17", "A ratio of benefit to cost is the programme's own", "stop", "Cost this programme by itself.")
def its_own_ratio(claim: PublishedClaim) -> str:
    """Say whose ratio it is, where it is another's."""
    return f"This ratio belongs to {claim.ratio_of}." if claim.ratio_of else ""


@_rule("R18", "Percent and percentage points are told apart", "stop", "Say which of the two is meant.")
def percent_or_points(claim: PublishedClaim) -> str:
    """Say what both readings give where a percentage changes."""
    if not claim.in_percent or claim.before is None:
        return ""
    if claim.percent is None:
        return "Percentages changed, and no unit of the change is given." if claim.after is not None else ""
    relative, points = claim.before * (1 + claim.percent / 100), claim.before + claim.percent
    return f"{abs(claim.percent):g}% of {claim.before:g} gives {relative:.3g}; {abs(claim.percent):g} points give " \
        f"{points:.3g}."  # fmt: skip


@_rule("R19", "Whole people or events can give it", "warn", "Give the whole number that is meant.")
def whole_numbers(claim: PublishedClaim) -> str:
    """Say that no whole number of people gives the percentage, or that a target is a part of a person."""
    if claim.percent is None or claim.in_percent:
        return ""
    if claim.kind == "target" and claim.before is not None:
        people = abs(claim.percent) / 100 * claim.before
        return "" if math.isclose(people, round(people), abs_tol=1e-9) else (
            f"{abs(claim.percent):g}% of {claim.before:,.0f} is {people:.1f}, which is no whole number.")  # fmt: skip
    if claim.of is None:
        return ""
    size, digits = abs(claim.percent), decimals_of(claim.percent)
    near = round(size / 100 * claim.of)
    if any(round(100 * people / claim.of, digits) == size for people in (near - 1, near, near + 1)):
        return ""
    return f"No whole number of {claim.of:,} people is {abs(claim.percent):g}%."


@_rule("R20", "Everybody who could take part is compared", "stop", "Compare all who could have taken part.")
def everybody_eligible(claim: PublishedClaim) -> str:
    """Say that those who engaged are compared with those who did not."""
    return "Those who engaged are set against those who did not; they differ." if claim.compares == "uptake" else ""
