"""The change between two windows, by kind of outcome: ratio of counts, difference of shares, difference of means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from evalkit.designs.outcomes import named
from evalkit.errors import DesignError
from evalkit.records import Estimate

if TYPE_CHECKING:
    import numpy
    import pandas

    from evalkit.designs.before_after.halves import Halves
    from evalkit.estimation.before_after.comparisons import Comparison


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
    comparison : mapping or None
        Totals, rates and dispersions of treated and comparison areas, where there are any.
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
    comparison: Mapping[str, Any] | None = None


def change_of_shares(rows: Halves, paired: bool, level: float) -> Change:
    """Return the difference of two proportions.

    Notes
    -----
    Unpaired: Newcombe's hybrid score interval on all trials. Paired, one yes/no value per unit and window: Newcombe's
    paired interval and McNemar's exact test. Paired, shares of several trials: a paired t on the shares of units,
    each unit counting the same. Unpaired shares without their number of trials are means: Welch's t.
    """
    from evalkit.estimation.before_after.comparisons import proportion_difference

    if paired:
        return _paired_shares(rows, level)
    if all(_without_trials(side) for side in (rows.before, rows.after)):
        return change_of_means(rows, False, level)
    before, after = _events(rows.before, rows), _events(rows.after, rows)
    (a, n), (b, m) = ((round(float(part.sum())) for part in side) for side in (before, after))
    return _difference_change(rows, proportion_difference(b, m, a, n, level), a / n, b / m, level)


def _paired_shares(rows: Halves, level: float) -> Change:
    """Return the change of shares of the same units: a fourfold table of yes and no, or a paired t on their shares."""
    from evalkit.estimation.before_after.comparisons import paired_proportion_difference

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
    from evalkit.estimation.before_after.comparisons import mean_difference

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


def change_of_medians(
    rows: Halves, paired: bool, method: Literal["percentile", "bca"], draws: int, seed: int, level: float
) -> Change:
    """Return the difference of two medians with a bootstrap interval.

    Notes
    -----
    The values are the means of units in each window or, for one series, its periods, taken as independent. Paired:
    units are drawn with both their values; unpaired: each window is drawn by itself. No p-value.
    """
    import numpy

    from evalkit.estimation.before_after.comparisons import median_difference

    single = len(rows.panel.units) == 1
    by = "time" if single else "unit"
    sides = [side.groupby(by)["value"].mean() for side in (rows.before, rows.after)]
    before, after = (side.loc[list(rows.both)].to_numpy() if paired else side.to_numpy() for side in sides)
    try:
        found = median_difference(after, before, level, paired=paired, method=method, draws=draws, seed=seed)
    except DesignError as error:
        raise DesignError(error.problems[0].message, error.problems[0].mend, "design.statistic") from None
    taken = "medians; " + ("periods taken as independent" if single else "units taken as independent")
    change = _difference_change(rows, found, float(numpy.median(before)), float(numpy.median(after)), level, taken)
    effect = replace(change.effect, rule="draws")
    return replace(change, effect=effect, absolute=effect)


def _paired_means(rows: Halves, level: float, weighted: bool) -> Change:
    """Return the mean change of units, each unit's windows averaged first (by exposure where `weighted`)."""
    from evalkit.estimation.before_after.comparisons import paired_mean_difference

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
