"""What choosing by a high outcome alone would give: the fall that is expected when nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evalkit.designs.before_after.selection_options import Reference, Selection
from evalkit.diagnostics.words import figure, listed, several
from evalkit.errors import DesignError
from evalkit.periods import words_for

if TYPE_CHECKING:
    import pandas

    from evalkit.designs.before_after.halves import Halves
    from evalkit.estimation.before_after.empirical_bayes import PoissonGamma
    from evalkit.records import Panel

WHERE = "design.selection"
PLAUSIBLE_SHAPES = (0.25, 4.0)
PLAUSIBLE_DISPERSIONS = (1.0, 3.0)
SHAPE_REASON = (
    "no reference was given, so a range of populations is taken: from units whose own levels differ by twice their "
    "mean (shape 0.25) to units whose levels differ by half of it (shape 4), each with the mean that fits those chosen"
)
DISPERSION_REASON = (
    "no reference was given, so counts of such times are taken to vary between as much as pure chance and three times "
    "as much, around the level that fits the highest of them"
)


@dataclass(frozen=True)
class Expected:
    """The relative change of the rate that is expected with nothing done.

    Attributes
    ----------
    by_rule, by_count : float or None
        For units chosen by the rule from the reference; for units with the counts that these had.
    mean, shape : float or None
        Of the reference; shape is None where levels are equal, or where a dispersion takes its place.
    """

    by_rule: float | None
    by_count: float | None
    mean: float
    shape: float | None


def without_programme(panel: Panel, rows: Halves, selection: Selection) -> dict[str, Any]:
    """Return how far the outcome would be expected to fall by itself, beside how far it fell.

    Parameters
    ----------
    panel : Panel
        All units of the data, for `reference: all_units`.
    rows : Halves
        Of those that were chosen.
    selection : Selection

    Returns
    -------
    dict
        `rule`, `words`, `reference` (in words), `references` (mean and shape of each); `expected_change_low` and
        `expected_change_high` in percent of the rate (given the counts of those chosen where their number is known,
        else by the rule), both ways under `by_count_low`, `by_rule_low` and so on (null where it cannot be told);
        `observed_change`; `share_low`, `share_high`
        (expected over observed in percent; null where no fall was seen); `unequal_exposure` (null where the windows
        are equally long): what the raw count would fall because the time after is shorter; `source`.

    Raises
    ------
    DesignError
        When the outcome is no count, or the rule does not fit what was seen.

    References
    ----------
    Hauer (1997), Observational Before-After Studies in Road Safety, chapter 11.
    """
    if rows.panel.outcome.kind != "count":
        raise DesignError(
            f"the outcome is a {rows.panel.outcome.kind}, and what selection alone gives is computed for counts",
            "give events as `kind: count`, or leave `selection` out",
            WHERE,
        )
    before, after = (_sums(side) for side in (rows.before, rows.after))
    if before[0] <= 0.0:
        raise DesignError("there is no event in the window before, so nothing was chosen for being high",
                          "check the window, or leave `selection` out", WHERE)  # fmt: skip
    found, reference = _spike(rows, selection) if selection.rule == "spike" else _chosen(panel, rows, selection)
    ranges = {
        name: _range([100.0 * value for one in found if (value := getattr(one, name)) is not None])
        for name in ("by_rule", "by_count")
    }
    low, high = ranges["by_count"] or ranges["by_rule"] or (0.0, 0.0)
    observed = 100.0 * ((after[0] / after[1]) / (before[0] / before[1]) - 1.0)
    shares = _range([100.0 * value / observed for value in (low, high)]) if observed < 0.0 else None
    return {
        "rule": selection.rule,
        "words": _rule_words(rows, selection),
        "reference": reference,
        "references": [{"mean": one.mean, "shape": one.shape} for one in found],
        "expected_change_low": low,
        "expected_change_high": high,
        **{
            f"{name}_{end}": None if ends is None else ends[place]
            for name, ends in ranges.items()
            for place, end in enumerate(("low", "high"))
        },
        "observed_change": observed,
        "share_low": None if shares is None else shares[0],
        "share_high": None if shares is None else shares[1],
        "unequal_exposure": _unequal(before, after, (low, high)),
        "source": "Hauer (1997)",
    }


def _chosen(panel: Panel, rows: Halves, selection: Selection) -> tuple[list[Expected], str]:
    """Return what is expected of units chosen from a population, and the reference in words."""
    units = _units_chosen(rows, selection)
    sums = rows.before.groupby("unit")[["value", "exposure"]].sum()
    _require_threshold(sums, selection)
    if selection.reference is None:
        if units is None:
            raise DesignError("without a reference, the number of people or places chosen has to be known",
                              "give `units`, or a `reference`", WHERE)  # fmt: skip
        average = float(sums["value"].sum()) / units
        return [_from_shape(shape, average, selection) for shape in PLAUSIBLE_SHAPES], SHAPE_REASON
    populations, typical, words = _references(panel, rows, selection)
    if selection.reference == "all_units" and selection.rule == "top_share":
        _require_top_share(panel, rows, selection)
    return [_from_population(p, sums, typical, units, selection) for p in populations], words


def _require_top_share(panel: Panel, rows: Halves, selection: Selection) -> None:
    """Raise when the data show that a unit studied was not among the highest share."""
    import math

    window = panel.frame[panel.frame["time"].isin(rows.before["time"])]
    sums = window.groupby("unit")[["value", "exposure"]].sum()
    rates = (sums["value"] / sums["exposure"]).sort_values(ascending=False)
    places = max(1, math.ceil(float(selection.share or 0.0) * len(rates) - 1e-9))
    lowest = float(rates.iloc[places - 1])
    outside = [str(unit) for unit in rates.index if unit in set(rows.panel.units) and rates[unit] < lowest]
    if outside:
        raise DesignError(
            f"{listed(outside)}: not among the highest {places} of {len(rates)} units in {rows.words[0]}, so the share "
            f"{selection.share:g} is not how those studied were chosen",
            "mend the share, or leave `selection` out", WHERE,
        )  # fmt: skip


def _from_population(
    population: PoissonGamma, sums: pandas.DataFrame, typical: float | None, units: int | None, selection: Selection
) -> Expected:
    """Return what is expected of chosen units, by the rule and given their counts."""
    import math

    from evalkit.estimation.before_after.empirical_bayes import expected_change, expected_levels

    by_rule, by_count = expected_change(_average(selection, population), population), None
    counts, exposure = sums["value"].to_numpy(), sums["exposure"].to_numpy()
    if units is not None and len(sums) == 1:
        by_count = expected_change(float(counts.sum()) / units, population)
    elif units is not None:
        levels, _ = expected_levels(counts, population, exposure / (typical or float(exposure.mean())))
        by_count = float(levels.sum() / counts.sum()) - 1.0
    shape = None if math.isinf(population.shape) else population.shape
    return Expected(by_rule, by_count, population.mean, shape)


def _from_shape(shape: float, average: float, selection: Selection) -> Expected:
    """Return what is expected when only the average of those chosen is known, and a shape is supposed."""
    from evalkit.estimation.before_after.empirical_bayes import PoissonGamma, expected_change, mean_behind

    def average_at(mean: float) -> float:
        try:
            return _average(selection, PoissonGamma(mean, shape))
        except DesignError:  # hardly anyone reaches the threshold: those who do, just reach it
            return float(selection.threshold or 0)

    try:
        population = PoissonGamma(mean_behind(average, average_at), shape)
    except DesignError as error:
        raise DesignError(error.problems[0].message, error.problems[0].mend, WHERE) from None
    change = expected_change(average, population)
    return Expected(change, change, population.mean, shape)


def _average(selection: Selection, population: PoissonGamma) -> float:
    """Return the average count of units chosen by the rule."""
    from evalkit.estimation.before_after.empirical_bayes import average_from, average_of_top

    if selection.rule == "threshold":
        return average_from(int(selection.threshold or 1), population)
    return average_of_top(float(selection.share or 0.5), population)


def _references(panel: Panel, rows: Halves, selection: Selection) -> tuple[list[PoissonGamma], float | None, str]:
    """Return the populations, the exposure that their mean is of (None: that of those chosen), and their words."""
    from evalkit.estimation.before_after.empirical_bayes import population_of

    if selection.reference == "all_units":
        frame = panel.frame[panel.frame["time"].isin(rows.times[0])]
        sums = frame.groupby("unit")[["value", "exposure"]].sum()
        if len(sums) <= len(rows.panel.units):
            raise DesignError("the data hold no units but those that were chosen, which are not the whole population",
                              "bring the others too, or give the mean and shape of the population", WHERE)  # fmt: skip
        population = _located(population_of, sums["value"].to_numpy(), sums["exposure"].to_numpy())
        return [population], float(sums["exposure"].mean()), f"all {len(sums):,} units of the data, chosen or not"
    given = selection.reference if isinstance(selection.reference, list) else [selection.reference]
    populations = [_population(one) for one in given if isinstance(one, Reference)]
    words = "; ".join(_population_words(one) for one in populations)
    return populations, None, f"counts of the whole population as the study gives them: {words}"


def _population(reference: Reference) -> PoissonGamma:
    """Return the population of moments or counts."""
    from evalkit.estimation.before_after.empirical_bayes import PoissonGamma, population_of

    if reference.counts is not None:
        table = reference.counts
        counts = [c for c, n in table.items() for _ in range(n)] if isinstance(table, dict) else list(table)
        found: PoissonGamma = _located(population_of, counts)
        return found
    mean = float(reference.mean or 0.0)
    if reference.shape is not None:
        return PoissonGamma(mean, reference.shape)
    excess = float(reference.variance or 0.0) - mean
    return PoissonGamma(mean, mean**2 / excess if excess > 0.0 else float("inf"))


def _spike(rows: Halves, selection: Selection) -> tuple[list[Expected], str]:
    """Return what is expected after the highest of several times, around a level that stays."""
    from evalkit.estimation.before_after.empirical_bayes import average_highest, mean_behind

    of, seen = int(selection.highest_of or 2), float(rows.before["value"].sum())
    if selection.reference is None:
        found = []
        for dispersion in PLAUSIBLE_DISPERSIONS:
            mean = _located(mean_behind, seen, lambda m, d=dispersion: average_highest(of, m, d))
            found.append(Expected(mean / seen - 1.0, mean / seen - 1.0, mean, None))
        return found, DISPERSION_REASON
    if selection.reference == "other_periods":
        moments, words = [_other_periods(rows)], "the other times before the start in the data, as long as the window"
    else:
        given = selection.reference if isinstance(selection.reference, list) else [selection.reference]
        populations = [_population(one) for one in given if isinstance(one, Reference)]
        moments = [(one.mean, one.variance / one.mean) for one in populations]
        words = "counts of such times as the study gives them: "
        words += "; ".join(_population_words(one) for one in populations)
    return [
        Expected(mean / average_highest(of, mean, dispersion) - 1.0, mean / seen - 1.0, mean, None)
        for mean, dispersion in moments
    ], words


def _other_periods(rows: Halves) -> tuple[float, float]:
    """Return mean and dispersion of the counts of other times before the start, as long as the window before.

    Neighbouring times do not overlap: they are counted back from the window before, and on from it to the start.
    """
    import numpy

    frame, (first, last) = rows.panel.frame, rows.spans[0]
    length, sums = last - first + 1, rows.panel.frame.groupby("time")[["value", "exposure"]].sum()
    earliest, end = int(frame["time"].min()), rows.spans[1].first
    begins = [*range(first - length, earliest - 1, -length), *range(last + 1, end - length + 1, length)]
    exposure = float(rows.before["exposure"].sum())
    rates = []
    for begin in begins:
        part = sums.loc[(sums.index >= begin) & (sums.index < begin + length)]
        if len(part) == len(rows.times[0]) == length:
            rates.append(float(part["value"].sum() / part["exposure"].sum()) * exposure)
    if len(rates) < 3 or sum(rates) <= 0.0:
        raise DesignError(
            f"the data hold {several(len(rates), 'other time')} before the start as long as the window before "
            f"({several(length, words_for(rows.panel.frequency))}): too few to see what is usual",
            "bring earlier data, use a shorter window, or give a `reference`",
            WHERE,
        )
    mean = float(numpy.mean(rates))
    return mean, max(1.0, float(numpy.var(rates, ddof=1)) / mean)


def _units_chosen(rows: Halves, selection: Selection) -> int | None:
    """Return how many were chosen: as written, or the units of the data where there are several."""
    have = len(rows.panel.units)
    if selection.units is not None and have > 1 and selection.units != have:
        raise DesignError(f"`units` says {selection.units}, and the data hold {have} that were chosen",
                          "leave `units` out: the data tell it", f"{WHERE}.units")  # fmt: skip
    return selection.units if selection.units is not None else (have if have > 1 else None)


def _require_threshold(sums: pandas.DataFrame, selection: Selection) -> None:
    """Raise where a unit of the data lies below the threshold by which it is said to be chosen."""
    if selection.rule != "threshold" or len(sums) < 2:
        return
    below = sums.index[sums["value"] < float(selection.threshold or 1)]
    if len(below):
        raise DesignError(
            f"{several(len(below), 'unit')} of {len(sums)} had fewer than {selection.threshold} events in the window "
            f"before, first {below[0]}, so they were not chosen by that",
            "correct the threshold, or let `before` be the time that was looked at when choosing",
            f"{WHERE}.threshold",
        )


def _unequal(before: tuple[float, float], after: tuple[float, float], rate: tuple[float, float]) -> Any:
    """Return what unequal time alone does to a raw count; None where both windows are equally long."""
    ratio = after[1] / before[1]
    if abs(ratio - 1.0) < 1e-9:
        return None
    low, high = (100.0 * ((1.0 + change / 100.0) * ratio - 1.0) for change in rate)
    both = f"{low:+.0f}%" if f"{low:.0f}" == f"{high:.0f}" else f"{low:+.0f}% to {high:+.0f}%"
    return {
        "exposure_before": before[1], "exposure_after": after[1], "change": 100.0 * (ratio - 1.0),
        "raw_change_low": low, "raw_change_high": high, "raw_observed": 100.0 * (after[0] / before[0] - 1.0),
        "words": f"The time after is {figure(ratio)} times as long as the time before, so a raw count alone would be "
                 f"{100.0 * (ratio - 1.0):+.0f}%, and {both} with the selection. Rates are "
                 "compared here, so this is no part of the change.",
    }  # fmt: skip


def _rule_words(rows: Halves, selection: Selection) -> str:
    """Return how those studied were chosen."""
    window = rows.words[0]
    if selection.rule == "threshold":
        return f"chosen for {several(int(selection.threshold or 1), 'event')} or more in {window}"
    if selection.rule == "top_share":
        return f"chosen as the highest {100.0 * float(selection.share or 0.0):g}% in {window}"
    return f"chosen to start after {window}, the highest of {selection.highest_of} such times"


def _population_words(population: PoissonGamma) -> str:
    import math

    if math.isinf(population.shape):
        return f"mean {figure(population.mean)}, all units alike"
    return f"mean {figure(population.mean)}, shape {figure(population.shape)}"


def _located(compute: Any, *arguments: Any) -> Any:
    """Return what is computed; an error names the option."""
    try:
        return compute(*arguments)
    except DesignError as error:
        raise DesignError(error.problems[0].message, error.problems[0].mend, WHERE) from None


def _range(values: list[float]) -> tuple[float, float] | None:
    return (min(values), max(values)) if values else None


def _sums(side: pandas.DataFrame) -> tuple[float, float]:
    """Return total count and exposure."""
    return float(side["value"].sum()), float(side["exposure"].sum())
