"""The change between two windows, by kind of outcome: ratio of counts, difference of shares, difference of means."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from evalkit.designs.outcomes import named
from evalkit.errors import DesignError
from evalkit.records import Estimate

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.halves import Halves
    from evalkit.estimation.comparisons import Comparison
    from evalkit.estimation.counts import RateRatio


@dataclass(frozen=True)
class Change:
    """A change between two windows.

    Attributes
    ----------
    effect : Estimate
        Log ratio for counts, difference for all else.
    relative, absolute : Estimate or None
    rule : str
        Rule of interval and p-value in words.
    level_before, level_after : float
        Mean before and after, per unit of exposure for counts.
    level_low, level_high : float or None
        Limits of the level before, given what was seen after.
    dispersion : float or None
        Variance over mean of the counts of single periods, where it could be estimated.
    dispersed : bool
        Whether the interval allows for it.
    """

    effect: Estimate
    relative: Estimate | None
    absolute: Estimate
    rule: str
    level_before: float
    level_after: float
    level_low: float | None
    level_high: float | None
    dispersion: float | None = None
    dispersed: bool = False


def change_of_counts(
    rows: Halves, paired: bool, method: Literal["exact", "mid_p"], dispersion: str, level: float
) -> Change:
    """Return the ratio of rates after over before, on the log scale.

    Notes
    -----
    Units pooled: the exact (or mid-p) conditional ratio of totals; with three or more periods on each side and
    `dispersion: auto`, the quasi-Poisson interval instead when counts vary more than chance (dispersion above 1) and
    that interval is the wider one. Units paired: conditional Poisson with unit effects, variance between units.
    The change per unit and period follows from the ratio r given the total N:
    ``N (r - 1) / (E_before + r E_after)`` per unit of exposure, which rises with r, so its limits are those of r.
    """
    from evalkit.estimation.counts import paired_counts, rate_ratio

    sides = rows.before, rows.after
    counts = [float(side["value"].sum()) for side in sides]
    exposures = [float(side["exposure"].sum()) for side in sides]
    _require_exposure(exposures)
    found, phi = None, None
    if paired:
        by_unit = [
            side.groupby("unit")[["value", "exposure"]].sum().loc[list(rows.both)].to_numpy().T for side in sides
        ]
        (first, exposure_first), (second, exposure_second) = by_unit
        found = _mended(paired_counts, first, second, exposure_first, exposure_second, level)
    else:
        exact = rate_ratio(counts[0], counts[1], exposures[0], exposures[1], level, method)
        found, phi = _dispersed(rows, exact, level) if dispersion == "auto" else (exact, None)
    return _ratio_change(rows, found, counts, exposures, phi, level)


def _dispersed(rows: Halves, exact: RateRatio, level: float) -> tuple[RateRatio, float | None]:
    """Return the ratio whose interval is the wider one, and the dispersion when it can be estimated."""
    from evalkit.estimation.counts import dispersion_rate_ratio

    by_period = [side.groupby("time")[["value", "exposure"]].sum().to_numpy().T for side in (rows.before, rows.after)]
    (first, exposure_first), (second, exposure_second) = by_period
    if min(first.size, second.size) < 3 or min(first.sum(), second.sum()) == 0.0:
        return exact, None
    wide = dispersion_rate_ratio(first, second, exposure_first, exposure_second, level)
    phi = float(wide.dispersion or 1.0)
    wider = math.log(wide.high / wide.low) > math.log(exact.high / exact.low)
    return (wide, phi) if phi > 1.0 and wider else (exact, phi)


def _ratio_change(
    rows: Halves, found: RateRatio, counts: list[float], exposures: list[float], phi: float | None, level: float
) -> Change:
    """Return a ratio as a change, with the difference per unit and period that it implies."""
    outcome, total = rows.panel.outcome, sum(counts)
    rule: Any = "t" if found.se is not None else "exact"
    effect = Estimate(
        _log(found.value), label=f"{outcome.label}: change", unit="log ratio", se=found.se, df=found.df,
        low=_log(found.low), high=_log(found.high), p_value=found.p_value, level=level, scale="log", rule=rule,
    )  # fmt: skip

    def before_given(ratio: float) -> float:
        return 0.0 if math.isinf(ratio) else total / (exposures[0] + ratio * exposures[1])

    def difference(ratio: float) -> float:
        per_row = exposures[1] / len(rows.after)
        if math.isinf(ratio):
            return total / exposures[1] * per_row
        return (ratio - 1.0) * before_given(ratio) * per_row

    absolute = Estimate(
        difference(found.value), label=f"{outcome.label}: change per unit and period",
        unit=named(outcome), low=difference(found.low), high=difference(found.high),
        p_value=found.p_value, level=level, rule=rule,
    )  # fmt: skip
    words = found.rule
    if found.method == "dispersion":
        words = f"counts of single periods vary more than chance: {found.rule}"
    elif phi is not None:
        words = f"{found.rule}; counts of single periods vary {phi:.3g} times as much as chance (never below 1)"
    return Change(
        effect, effect.percent(), absolute, words, before_given(found.value), counts[1] / exposures[1],
        before_given(found.high), before_given(found.low), phi, found.method in ("dispersion", "paired"),
    )  # fmt: skip


def change_of_shares(rows: Halves, paired: bool, level: float) -> Change:
    """Return the difference of two proportions.

    Notes
    -----
    Unpaired: Newcombe's hybrid score interval on all trials. Paired, one yes/no value per unit and window: Newcombe's
    paired interval and McNemar's exact test. Paired, shares of several trials: a paired t on the shares of units,
    each unit counting the same. Unpaired shares without their number of trials are means: Welch's t.
    """
    from evalkit.estimation.comparisons import proportion_difference

    if paired:
        return _paired_shares(rows, level)
    if all(_without_trials(side) for side in (rows.before, rows.after)):
        return change_of_means(rows, False, level)
    before, after = _events(rows.before, rows), _events(rows.after, rows)
    (a, n), (b, m) = ((round(float(part.sum())) for part in side) for side in (before, after))
    return _difference_change(rows, proportion_difference(b, m, a, n, level), a / n, b / m, level)


def _paired_shares(rows: Halves, level: float) -> Change:
    """Return the change of shares of the same units: a fourfold table of yes and no, or a paired t on their shares."""
    from evalkit.estimation.comparisons import paired_proportion_difference

    sides = rows.before, rows.after
    if not all(len(side) == len(rows.both) and _yes_or_no(side) for side in sides):
        return _paired_means(rows, level, weighted=True)
    first, second = (side.set_index("unit")["value"].loc[list(rows.both)].to_numpy() for side in sides)
    both, only, reference_only, neither = (
        int(((second == y) & (first == x)).sum()) for y, x in ((1, 1), (1, 0), (0, 1), (0, 0))
    )
    found = paired_proportion_difference(both, only, reference_only, neither, level)
    # McNemar's p-value may disagree with Newcombe's interval near the border: one rule decides, the other is in words.
    found = replace(found, p_value=None, rule=f"{found.rule}: {found.p_value:.2g}")
    return _difference_change(rows, found, float(first.mean()), float(second.mean()), level)


def _yes_or_no(side: pandas.DataFrame) -> bool:
    """Return whether every row is one yes or no."""
    return bool((side["exposure"] == 1.0).all() and side["value"].isin([0.0, 1.0]).all())


def _without_trials(side: pandas.DataFrame) -> bool:
    """Return whether shares came without their number of trials."""
    return bool((side["exposure"] == 1.0).all() and not side["value"].isin([0.0, 1.0]).all())


def change_of_means(rows: Halves, paired: bool, level: float) -> Change:
    """Return the difference of two means.

    Notes
    -----
    Paired: a paired t on the means of units, each unit counting the same. Unpaired: Welch's t on the means of units,
    or, for one series, on its periods, taken as independent.

    Raises
    ------
    DesignError
        When a window holds a single value, which gives no standard error.
    """
    from evalkit.estimation.comparisons import mean_difference

    if paired:
        return _paired_means(rows, level, weighted=False)
    single = len(rows.panel.units) == 1
    by = "time" if single else "unit"
    before, after = (side.groupby(by)["value"].mean().to_numpy() for side in (rows.before, rows.after))
    if min(before.size, after.size) < 2:
        raise DesignError(
            f"one {'period' if single else 'unit'} in a window ({rows.words[0]}; {rows.words[1]}): the change of a "
            "single mean has no standard error, so nothing can be said about how sure it is",
            "use windows of several periods, bring the values of single units, or, for a rate, give its cases as "
            "`kind: count` with `exposure`",
            "design",
        )
    found = mean_difference(after, before, level)
    taken = "periods taken as independent" if single else "units taken as independent"
    return _difference_change(rows, found, float(before.mean()), float(after.mean()), level, taken)


def _paired_means(rows: Halves, level: float, weighted: bool) -> Change:
    """Return the mean change of units, each unit's windows averaged first (by exposure where `weighted`)."""
    from evalkit.estimation.comparisons import paired_mean_difference

    means = []
    for side in (rows.before, rows.after):
        share = side["exposure"] if weighted else side["exposure"] * 0.0 + 1.0
        sums = side.assign(share=share, product=side["value"] * share).groupby("unit")[["product", "share"]].sum()
        means.append((sums["product"] / sums["share"]).loc[list(rows.both)].to_numpy())
    before, after = means
    found = paired_mean_difference(after, before, level)
    return _difference_change(
        rows, found, float(before.mean()), float(after.mean()), level, "each unit counts the same"
    )


def _difference_change(
    rows: Halves, found: Comparison, before: float, after: float, level: float, words: str = ""
) -> Change:
    """Return a difference as a change in the outcome's unit."""
    outcome = rows.panel.outcome
    shares = outcome.kind in ("proportion", "binary")
    unit = "share" if shares else named(outcome)
    rule: Literal["inversion", "t"] = "inversion" if found.se is None else "t"
    effect = Estimate(
        found.value, label=f"{outcome.label}: change", unit=unit, se=found.se, df=found.df, low=found.low,
        high=found.high, p_value=found.p_value, level=level, rule=rule,
    )  # fmt: skip
    absolute = effect.times(100.0, "percentage points") if shares else effect
    return Change(
        effect, None, absolute, f"{found.rule}; {words}" if words else found.rule, before, after,
        after - found.high, after - found.low,
    )  # fmt: skip


def _events(side: pandas.DataFrame, rows: Halves) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return whole numbers of events and of trials by row, from shares and their exposure."""
    import numpy

    trials = side["exposure"].to_numpy(dtype=float)
    events = side["value"].to_numpy(dtype=float) * trials
    off = numpy.abs(events - numpy.round(events)) > 1e-6 * numpy.maximum(trials, 1.0)
    off |= (events < 0.0) | (events > trials) | (numpy.abs(trials - numpy.round(trials)) > 1e-6)
    if off.any():
        row = side.iloc[int(numpy.flatnonzero(off)[0])]
        raise DesignError(
            f"{row['unit'] or 'the series'} in {rows.panel.label(int(row['time']))} has the share {row['value']:g} of "
            f"{row['exposure']:g}, which is no whole number of events among whole trials",
            "give shares between 0 and 1 with their number of trials as `exposure`, or use `kind: continuous`",
            "outcomes",
        )
    return numpy.round(events), numpy.round(trials)


def _mended(paired: Any, *arguments: Any) -> RateRatio:
    """Return the paired ratio; where it cannot be had, say which option goes on without pairs."""
    try:
        found: RateRatio = paired(*arguments)
    except DesignError as error:
        raise DesignError(error.problems[0].message, "use `pairing: unpaired`", "design.pairing") from None
    return found


def _require_exposure(exposures: list[float]) -> None:
    if not min(exposures) > 0.0:
        raise DesignError(
            "the exposure of a window is zero", "correct the exposure, or choose another window", "outcomes"
        )


def _log(ratio: float) -> float:
    """Return the logarithm, minus infinity of zero."""
    return math.log(ratio) if ratio > 0.0 else -math.inf
