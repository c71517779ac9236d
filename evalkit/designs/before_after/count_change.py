"""The change of counts between two windows: a ratio of rates with the interval that its counts call for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from evalkit.designs.before_after.cells import Cell, cell_of
from evalkit.designs.before_after.change import Change
from evalkit.designs.outcomes import named
from evalkit.errors import DesignError
from evalkit.records import Estimate

if TYPE_CHECKING:
    from evalkit.designs.before_after.halves import Halves
    from evalkit.estimation.before_after.counts import RateRatio

Method = Literal["exact", "mid_p"]


def change_of_counts(rows: Halves, paired: bool, method: Method, dispersion: str, level: float) -> Change:
    """Return the ratio of rates after over before, on the log scale.

    Notes
    -----
    See `ratio_of_cells`. The change per unit and period follows from the ratio r given the total N:
    ``N (r - 1) / (E_before + r E_after)`` per unit of exposure, which rises with r, so its limits are those of r.
    """
    units = rows.both if paired else ()
    before, after = (cell_of(side, units) for side in (rows.before, rows.after))
    found, phi = ratio_of_cells(before, after, paired, method, dispersion, level)
    (count_before, time_before), (count_after, time_after) = before.total, after.total
    return _ratio_change(rows, found, [count_before, count_after], [time_before, time_after], phi, level)


def ratio_of_cells(
    before: Cell, after: Cell, paired: bool, method: Method, dispersion: str, level: float
) -> tuple[RateRatio, float | None]:
    """Return the ratio of rates, and the dispersion of periods where it could be estimated.

    Raises
    ------
    DesignError
        When a ratio cannot be had, or the model of dispersion does not fit.

    Notes
    -----
    Units pooled: the exact (or mid-p) conditional ratio of totals; with three or more periods on each side and
    `dispersion: auto`, the quasi-Poisson interval instead when counts vary more than chance (dispersion above 1) and
    that interval is the wider one; `quasi_poisson` and `negative_binomial` take theirs always.
    Units paired: conditional Poisson with unit effects, variance between units.
    """
    from evalkit.estimation.before_after.counts import paired_counts, rate_ratio

    (count_before, time_before), (count_after, time_after) = before.total, after.total
    _require_exposure([time_before, time_after])
    if paired:
        _require_no_model(dispersion)
        (first, exposure_first), (second, exposure_second) = before.by_unit, after.by_unit
        return _mended(paired_counts, first, second, exposure_first, exposure_second, level), None
    exact = rate_ratio(count_before, count_after, time_before, time_after, level, method)
    return (exact, None) if dispersion == "none" else _dispersed(before, after, exact, dispersion, level)


def _dispersed(
    before: Cell, after: Cell, exact: RateRatio, dispersion: str, level: float
) -> tuple[RateRatio, float | None]:
    """Return the ratio under the model of dispersion, and the dispersion when it can be estimated.

    Left to `auto`, it is the quasi-Poisson or the exact one, whichever interval is wider.
    """
    from evalkit.estimation.before_after.counts import dispersion_rate_ratio, negative_binomial_rate_ratio

    (first, exposure_first), (second, exposure_second) = before.by_period, after.by_period
    if min(first.size, second.size) < 3 or min(first.sum(), second.sum()) == 0.0:
        if dispersion == "auto":
            return exact, None
        raise DesignError(
            f"{dispersion} needs three periods or more in each window, and events in both; there are {first.size} with "
            f"{first.sum():g} events and {second.size} with {second.sum():g}",
            "use longer windows, or `dispersion: auto`",
            "design.dispersion",
        )
    if dispersion == "negative_binomial":
        found = negative_binomial_rate_ratio(first, second, exposure_first, exposure_second, level)
        return found, found.dispersion
    wide = dispersion_rate_ratio(first, second, exposure_first, exposure_second, level)
    if dispersion == "quasi_poisson":
        return wide, wide.dispersion
    phi = float(wide.dispersion or 1.0)
    wider = math.log(wide.high / wide.low) > math.log(exact.high / exact.low)
    return (wide, phi) if phi > 1.0 and wider else (exact, phi)


def _ratio_change(
    rows: Halves, found: RateRatio, counts: list[float], exposures: list[float], phi: float | None, level: float
) -> Change:
    """Return a ratio as a change, with the difference per unit and period that it implies."""
    outcome, total = rows.panel.outcome, sum(counts)
    inverted = "inversion" if "mid-p" in found.rule else "exact"  # mid-p counts half of what was seen
    rule: Any = "t" if found.se is not None else inverted
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
    modelled = found.method in ("dispersion", "negative_binomial")
    if modelled and phi is not None and phi > 1.0:
        words = f"counts of single periods vary more than chance: {found.rule}"
    elif phi is not None and not modelled:
        words = f"{found.rule}; counts of single periods vary {phi:.3g} times as much as chance (never below 1)"
    return Change(
        effect, effect.percent(), absolute, words, before_given(found.value), counts[1] / exposures[1],
        before_given(found.high), before_given(found.low), phi, modelled or found.method == "paired",
    )  # fmt: skip


def _mended(paired: Any, *arguments: Any) -> RateRatio:
    """Return the paired ratio; where it cannot be had, say which option goes on without pairs."""
    try:
        found: RateRatio = paired(*arguments)
    except DesignError as error:
        raise DesignError(error.problems[0].message, "use `pairing: unpaired`", "design.pairing") from None
    return found


def _require_no_model(dispersion: str) -> None:
    """Raise where a model of the dispersion of periods is asked for pairs, whose interval needs none."""
    if dispersion in ("quasi_poisson", "negative_binomial"):
        raise DesignError(
            f"`dispersion: {dispersion}` looks at periods, and units set against themselves take their interval from "
            "how much units differ",
            "leave it out, or use `pairing: unpaired`",
            "design.dispersion",
        )


def _require_exposure(exposures: list[float]) -> None:
    if not min(exposures) > 0.0:
        raise DesignError(
            "the exposure of a window is zero", "correct the exposure, or choose another window", "outcomes"
        )


def _log(ratio: float) -> float:
    """Return the logarithm, minus infinity of zero."""
    return math.log(ratio) if ratio > 0.0 else -math.inf
