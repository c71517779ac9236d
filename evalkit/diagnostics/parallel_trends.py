"""Checks of a comparison design that survive few units, and of how far its parallel paths carry the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evalkit.diagnostics import comparison
from evalkit.diagnostics.words import figure, judged, listed, several
from evalkit.records import Diagnostic, Verdict

if TYPE_CHECKING:
    import numpy

    from evalkit.records import LeftOut, Placebo

COUNTS = 0.05
"""A test whose smallest p-value is above this could not have told any effect from none."""
FEWEST_BEFORE = 4
"""Fewer periods before the start say little about how much a place varies."""
EXTREME = 0.05
"""Share of assignments with treated places as large or as variable, below which they are not like the others."""
FEWEST_PLACEBOS = 10
OFTEN = 0.1
ONE_COMPARISON = "one comparison cluster: nothing shows how those without it vary"
METHODS = {
    "wild_bootstrap": "a wild bootstrap of whole clusters",
    "randomisation": "a comparison with others that could have been treated",
    "ferman_pinto": "the spread of changes in places without treatment (Ferman and Pinto)",
    "conley_taber": "the spread of changes in places without treatment (Conley and Taber)",
    "placebo": "a comparison with others in place of the treated",
    "cluster_robust": "a clustered standard error",
}


def number_of_clusters(clusters: int, noun: str, method: str) -> Diagnostic:
    """Return whether there are enough clusters for the inference that was used.

    Parameters
    ----------
    clusters : int
    noun : str
        What a cluster is called.
    method : str
        Inference that was used; any but cluster_robust allows for few clusters. none: there is no interval.
    """
    plain = comparison.number_of_clusters(clusters, noun)
    if method == "none":
        reading = f"There are {several(clusters, noun)}, and no interval that could rest on their number."
        return replace(plain, verdict="not run", reading=reading, short="")
    if method not in METHODS or method == "cluster_robust":
        return plain
    reading = f"There are {several(clusters, noun)}. The interval rests on {METHODS[method]}, which allows for few."
    return replace(plain, verdict="no sign against", reading=reading, short="")


def treated_clusters(
    treated: int, noun: str, method: str, level: float = 0.95, smallest_p: float | None = None
) -> Diagnostic:
    """Return whether enough clusters are treated for the inference that was used.

    Parameters
    ----------
    treated : int
    noun : str
        What a cluster is called.
    method : str
        randomisation, ferman_pinto, conley_taber and placebo allow for few treated; other methods do not.
    level : float
        Confidence level of the interval.
    smallest_p : float or None
        The smallest p-value that could have come out. Above 0.05 there are too few, whatever the method allows for.
    """
    plain = comparison.treated_clusters(treated, noun)
    if method not in ("randomisation", "ferman_pinto", "conley_taber", "placebo"):
        return plain
    if smallest_p is not None and smallest_p > COUNTS:
        reading = (
            f"{several(treated, noun)} {'is' if treated == 1 else 'are'} treated. There are too few to choose from: "
            f"{METHODS[method]} cannot give a p-value below {smallest_p:.2g}."
        )
        return replace(plain, verdict="sign against", reading=reading,
                       short="too few places to tell any effect from none", key=False)  # fmt: skip
    reading = (
        f"{several(treated, noun)} {'is' if treated == 1 else 'are'} treated. The {level:.0%} interval rests on "
        f"{METHODS[method]}, which allows for few treated."
    )
    return replace(plain, verdict="no sign against", reading=reading, short="", key=False)


def one_comparison(treated: int, clusters: int, noun: str) -> tuple[Diagnostic, Diagnostic]:
    """Return the checks of clusters where one alone is without the programme, so that there is no interval.

    Parameters
    ----------
    treated, clusters : int
    noun : str
        What a cluster is called.
    """
    reading = (
        f"{several(treated, noun)} {'is' if treated == 1 else 'are'} treated and 1 is not. What is particular to that "
        "one cannot be told from the programme, so there is no interval."
    )
    sides = replace(
        comparison.treated_clusters(treated, noun), verdict="sign against", reading=reading, key=True,
        short="only 1 place did without the programme" if noun == "unit" else "only 1 group of places did without it",
    )  # fmt: skip
    return number_of_clusters(clusters, noun, "none"), sides


def no_result_could_count(smallest_p: float, method: str) -> Diagnostic:
    """Return that no effect, however large, could have been told from none.

    Parameters
    ----------
    smallest_p : float
        The smallest p-value that could have come out, above 0.05.
    method : str
        Inference that was used.
    """
    return Diagnostic(
        "no_result_could_count", "The study could have told a large effect from none.", "sign against",
        f"The smallest p-value that could have come out is {smallest_p:.2g}: {METHODS.get(method, method)} has too few "
        "cases to compare with, so that no result could have counted, however large the effect.",
        statistic=smallest_p, key=True, looked_at="The smallest p-value that the test can give",
        short="too few places to tell any effect from none",
    )  # fmt: skip


def treated_like_the_rest(
    before: numpy.ndarray, treated: numpy.ndarray, sizes: numpy.ndarray | None, draws: int = 1999, seed: int = 0
) -> Diagnostic:
    """Return whether treated places are larger or more variable than the others, on which reassignment rests.

    Parameters
    ----------
    before : numpy.ndarray, shape (places, periods)
        Outcome before the first start, on the modelled scale.
    treated : numpy.ndarray of bool, shape (places,)
    sizes : numpy.ndarray, shape (places,), or None
        Sizes, where known.
    draws, seed : int
        Of the assignments that the treated are compared with.

    Notes
    -----
    Sign against: by `sets_as_high`, at most 5% of sets of as many places are as high.
    """
    shares = sets_as_high(before, treated, sizes, draws, seed)
    found = [word for word, share in shares.items() if share <= EXTREME]
    as_much = {"larger": "as large", "more variable": "as variable"}
    shown = listed([f"{_of_hundred(share)} would be {as_much.get(word, word)}" for word, share in shares.items()])
    reading = f"Of 100 draws of as many places, {shown} before the start as the treated. " + (
        f"Treated places are {listed(found)} than the others. The interval takes any place to have been as likely to "
        "be treated, and for such places may be too narrow."
        if found
        else "The interval takes any place to have been as likely to be treated; nothing here speaks against that."
    )
    return Diagnostic(
        "treated_like_the_rest", "Any of the places could as well have been treated.",
        "sign against" if found else "no sign against", reading, statistic=min(shares.values()),
        looked_at="Size and variability of treated places before the start, among sets of other places",
        short=f"places with the programme are {listed(found)} than the others" if found else "",
    )  # fmt: skip


def _of_hundred(share: float) -> str:
    """Return how many of a hundred draws a share is, none too small to be said: `fewer than 1`, `about 8`, `all`."""
    of = round(100.0 * share)
    return "fewer than 1" if of < 1 else "all" if of > 99 else f"about {of}"


def sets_as_high(
    before: numpy.ndarray, treated: numpy.ndarray, sizes: numpy.ndarray | None, draws: int = 1999, seed: int = 0
) -> dict[str, float]:
    """Return the share of sets of as many places that are as variable, and as large, as the treated ones.

    Parameters
    ----------
    before, treated, sizes, draws, seed
        As `treated_like_the_rest`.

    Returns
    -------
    dict
        `more variable`, and `larger` where sizes are known.

    Notes
    -----
    The mean log standard deviation over time (each place and period's mean taken out) and the mean log size of treated
    places, among those of drawn sets of as many places, the treated ones counted.
    """
    import numpy

    left = before - before.mean(axis=1, keepdims=True)
    left = left - left.mean(axis=0)
    spread = numpy.sqrt(numpy.mean(left**2, axis=1))
    measures = {"more variable": numpy.log(numpy.maximum(spread, 1e-12 * max(float(spread.max()), 1e-300)))}
    if sizes is not None:
        measures["larger"] = numpy.log(sizes)
    generator = numpy.random.Generator(numpy.random.PCG64(seed))
    places, count = treated.size, int(treated.sum())
    sets = numpy.argsort(generator.random((draws, places)), axis=1)[:, :count]
    return {
        word: (1.0 + float((values[sets].mean(axis=1) >= values[treated].mean() - 1e-12).sum())) / (1.0 + draws)
        for word, values in measures.items()
    }


ROBUST = "A departure from parallel paths no larger than the one seen before the start would not take the result away."


HALF_A_STEP = 0.5
"""Departures below this share of the largest step before are so usual that a result which they undo is not reliable."""


def robust_to_departures(breakdown: Mapping[str, float], target: str = "average") -> Diagnostic:
    """Return how large a departure from parallel paths the result carries.

    Parameters
    ----------
    breakdown : mapping of str to float
        Smallest departure at which the interval includes no effect, for `relative_magnitudes` and, where it can be had,
        `smoothness`; infinite where none brings it in, and 0 where it is in from the start.
    target : str
        What the interval is of.

    Notes
    -----
    Sign against: a step after the start as large as the largest one before it, or a smaller one, brings no effect into
    an interval that leaves it out if paths are parallel; a key check where less than half such a step does. Too weak to
    tell: the interval holds no effect anyway.
    Rambachan and Roth (2023), Review of Economic Studies 90, 2555-2591.
    """
    at = breakdown["relative_magnitudes"]
    whole = "the average effect" if target == "average" else "the effect in the first treated period"
    looked_at = "Intervals that allow steps after the start as large as M times the largest step before it"
    if at == 0.0:
        reading = (
            f"By the errors behind these bounds, which need not be those of the answer, the interval of {whole} "
            "includes no effect even if paths are parallel. That is too weak to tell how large a departure the result "
            "carries."
        )
        return Diagnostic("robust_to_departures", ROBUST, "too weak to tell", reading, statistic=at,
                          looked_at=looked_at)  # fmt: skip
    weak = at <= 1.0
    size = "of any size that was tried" if at == float("inf") else f"up to {figure(at)} times the largest step before"
    reading = f"The interval of {whole} lies clear of no effect for steps after the start {size}. " + (
        "A step as large as one already seen would bring it in." if weak else "That is more than was seen before."
    )
    return Diagnostic(
        "robust_to_departures", ROBUST, "sign against" if weak else "no sign against", reading, statistic=at,
        looked_at=looked_at, key=at < HALF_A_STEP,
        short=("a drift half as large as one seen before could explain it" if at < HALF_A_STEP else
               "a drift no larger than one seen before could explain it") if weak else "",
    )  # fmt: skip


def nothing_to_undo(check: Diagnostic) -> Diagnostic:
    """Return the check of departures for a study whose own interval already includes no effect.

    Its bounds may rest on other errors than the headline's interval, and lie clear of no effect where that includes it.
    Then no departure is needed to take the result away, and there is no verdict.
    """
    reading = "The interval of the answer already includes no effect, so there is nothing that a departure could undo."
    return replace(check, verdict="not run", reading=reading, short="")


def robustness_not_run(reason: str) -> Diagnostic:
    """Return that bounds could not be had, with the reason, a sentence."""
    return Diagnostic("robust_to_departures", ROBUST, "not run", reason, looked_at="Nothing")


NOBODY = "No single unit, and no single start, makes the result."


def leave_one_out_not_run(reason: str) -> Diagnostic:
    """Return that no unit could be left out, with the reason, a sentence."""
    return Diagnostic("leave_out", NOBODY, "not run", reason, looked_at="Nothing")


def leave_one_out(
    found: Sequence[LeftOut], value: float, low: float | None, high: float | None, treated_alone: bool = False
) -> Diagnostic:
    """Return whether one unit, or all units with one start, make the result.

    Parameters
    ----------
    found : sequence of LeftOut
        At least one with a value.
    value, low, high : float
        The headline in the same measure.
    treated_alone : bool
        Whether only treated units were left out, as there are too many others.

    Notes
    -----
    Sign against: without one of them the estimate lies outside the headline's interval, or the headline lies clear of
    no effect and the estimate turns to the other side. Not run, and no verdict, where the headline has no interval. The
    statistic is the largest move.
    """
    seen = [(one, one.value) for one in found if one.value is not None]
    farthest, moved = max(seen, key=lambda pair: abs(pair[1] - value))
    unit = "%" if farthest.measure == "percent" else f" {farthest.measure}".rstrip()
    clear = low is not None and high is not None and (low > 0.0 or high < 0.0)
    outside = [one.left_out for one, at in seen if low is not None and high is not None and not low <= at <= high]
    turned = [one.left_out for one, at in seen if clear and at * value < 0.0]
    driving = list(dict.fromkeys([*outside, *turned]))
    smallest, largest = min(at for _, at in seen), max(at for _, at in seen)
    failed = [one.left_out for one in found if one.value is None]
    reading = (
        f"Left out one at a time ({several(len(seen), 'case')}), units and starts give estimates between "
        f"{_signed(smallest)}{unit} and {_signed(largest)}{unit} ({_signed(value)}{unit} with all). It moves most "
        f"without {farthest.left_out}, to {_signed(moved)}{unit}."
    )
    if driving:
        reading += f" It leaves the headline's interval, or changes direction, without {listed(driving)}."
    reading += f" Without {listed(failed)} nothing can be estimated." if failed else ""
    reading += " There are too many units to leave each out: only treated ones were." if treated_alone else ""
    bounded = low is not None and high is not None
    reading += "" if bounded else " The headline has no interval that these could be held against."
    verdict: Verdict = "sign against" if driving else "no sign against" if bounded else "not run"
    return Diagnostic(
        "leave_out", NOBODY, verdict, reading, statistic=moved - value,
        looked_at="The estimate without each unit, and without all units of each start",
        short="one place makes much of the result" if driving else "",
    )  # fmt: skip


EARLIER = "At earlier dates, when nothing began, the method finds nothing as large."


def placebo_dates_not_run(reason: str) -> Diagnostic:
    """Return that no earlier date could be tried, with the reason, a sentence."""
    return Diagnostic("placebo_dates", EARLIER, "not run", reason, looked_at="Nothing")


def _signed(value: float) -> str:
    """Return a number with its sign, a true minus."""
    return f"{'+' if value > 0.0 else chr(0x2212) if value < 0.0 else ''}{figure(abs(value))}"


def placebo_dates(found: Sequence[Placebo], value: float, clear: bool) -> Diagnostic:
    """Return how many earlier dates give an estimate as large as the true one.

    Parameters
    ----------
    found : sequence of Placebo
        At earlier dates, before the true start.
    value : float
        The headline in the same measure.
    clear : bool
        Whether the headline's interval lies clear of no effect.

    Notes
    -----
    Sign against: the headline is clear, and an estimate as large comes out at 10% or more of at least 10 dates, or, of
    fewer dates, at half or more of at least two. Too weak to tell: else, with fewer than 10 dates or a headline that
    is not clear. The share is a description: neighbouring dates share most of their
    data.
    """
    larger = sum(abs(one.value) >= abs(value) for one in found)
    often = (
        larger >= OFTEN * len(found) if len(found) >= FEWEST_PLACEBOS else len(found) >= 2 and 2 * larger >= len(found)
    )
    against = clear and often and larger > 0
    few = len(found) < FEWEST_PLACEBOS
    widest = max(found, key=lambda one: abs(one.value))
    unit = "%" if widest.measure == "percent" else f" {widest.measure}".rstrip()
    reading = (
        f"At {larger} of {several(len(found), 'earlier date')} the estimate is as large as the true one "
        f"({value:+.3g}{unit}); the largest is {widest.value:+.3g}{unit}, from {widest.period}. Neighbouring dates "
        "share most of their data."
    )
    if not against and (few or not clear):
        why = f"{several(len(found), 'date')} can be tried" if few else "at the true date none is told from none"
        reading += f" That is too weak to tell: {why}."
    return Diagnostic(
        "placebo_dates", EARLIER, judged(against, few or not clear), reading,
        statistic=larger / len(found), looked_at="The same estimate at earlier dates, on data before the true start",
        short="the method finds as much at dates when nothing began" if against else "",
    )  # fmt: skip
