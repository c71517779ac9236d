"""The checks of a before/after comparison, those of the windows first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.designs.windows import first_start
from evalkit.diagnostics import comparison_areas, counts, windows
from evalkit.diagnostics.baselines import choice_of_baseline
from evalkit.diagnostics.regression_to_the_mean import regression_to_the_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.designs.before_after.baselines import Choice
    from evalkit.designs.before_after.change import Change
    from evalkit.designs.before_after.halves import Halves
    from evalkit.records import Diagnostic


def checks(
    rows: Halves,
    change: Change,
    paired: bool,
    selection: Mapping[str, Any] | None,
    choice: Choice,
) -> tuple[Diagnostic, ...]:
    """Return the checks.

    Parameters
    ----------
    rows : Halves
    change : Change
        With `comparison` where there are comparison areas.
    paired : bool
    selection : mapping or None
        See `evalkit.designs.before_after.selection.without_programme`.
    choice : Choice
        What other windows before would have given.
    """
    panel, frequency = rows.panel, rows.panel.frequency
    found = [
        _elsewhere(rows, change),
        windows.single_period_comparison(*rows.periods, frequency),
        windows.window_lengths(*rows.spans, rows.periods, frequency, rows.times, rows.left_out),
        windows.pandemic_restrictions(*rows.spans, frequency, rows.left_out),
        _high_baseline(rows),
        choice_of_baseline(choice.windows, choice.alike, choice.unused),
    ]
    if selection is not None:
        found.append(regression_to_the_mean(selection))
    if panel.outcome.kind == "count":
        found.append(counts.small_counts(float(rows.before["value"].sum()), float(rows.after["value"].sum())))
        found.append(_dispersion(rows, change, paired))
    if len(panel.units) == 1 and min(rows.periods) > 1:
        found.append(_independence(rows))
    return tuple(found)


def _elsewhere(rows: Halves, change: Change) -> Diagnostic:
    """Return that there is no comparison, or what one of totals cannot settle."""
    if change.comparison is None:
        return windows.no_comparison(len(rows.dropped))
    seen = change.comparison["comparison"]
    return comparison_areas.parallel_change(
        seen["change_treated"], seen["change_comparison"], len(seen["comparison_areas"])
    )


def _high_baseline(rows: Halves) -> Diagnostic:
    """Return whether the window before stands out from other periods before the start."""
    panel = rows.panel
    start = first_start(panel) or rows.spans[1].first
    other = panel.frame[(panel.frame["time"] < start) & ~panel.frame["time"].between(*rows.spans[0])]
    if panel.outcome.kind == "count":
        sums = other.groupby("time")[["value", "exposure"]].sum()
        level, earlier = (
            float(rows.before["value"].sum() / rows.before["exposure"].sum()),
            sums["value"] / sums["exposure"],
        )
        exposures = list(sums["exposure"])
    else:
        level, earlier = float(rows.before["value"].mean()), other.groupby("time")["value"].mean()
        exposures = [1.0] * len(earlier)
    return windows.selection_on_high_baseline(level, list(earlier), exposures, panel.outcome.better, panel.frequency)


def _dispersion(rows: Halves, change: Change, paired: bool) -> Diagnostic:
    """Return whether counts vary more than chance, where single periods or areas can tell."""
    if change.comparison is not None:
        if change.dispersion is None:
            return comparison_areas.four_totals()
        return comparison_areas.area_dispersion(change.dispersion, change.comparison["dispersion_from"])
    if paired:
        return counts.overdispersion_between_units()
    if change.dispersion is None:
        few = min(rows.periods) < 3
        return counts.dispersion_not_run(
            "With fewer than three periods in a window, their variation cannot be seen."
            if few
            else "It was not looked at (`dispersion: none`, or a window without any event)."
        )
    allowed = "The interval is widened for it" if change.dispersed else ""
    return counts.overdispersion(change.dispersion, None, allowed)


def _independence(rows: Halves) -> Diagnostic:
    """Return whether neighbouring periods of one series move together around the mean of their window."""
    import numpy

    from evalkit.estimation.residuals import lag_one_autocorrelation

    sides = [side["value"].to_numpy() / (side["exposure"].to_numpy() if rows.panel.outcome.kind == "count" else 1.0)
             for side in (rows.before, rows.after)]  # fmt: skip
    residuals = numpy.concatenate([side - side.mean() for side in sides])
    # A gap of two between the windows keeps the last period before and the first after from counting as neighbours.
    times = rows.before["time"].to_numpy(), rows.after["time"].to_numpy()
    positions = numpy.concatenate([times[0], times[1] + (2 if times[1][0] - times[0][-1] < 2 else 0)])
    if residuals.size < 8 or numpy.ptp(residuals) == 0.0:
        return counts.independent_periods(None, residuals.size, rows.panel.frequency)
    correlation = lag_one_autocorrelation(residuals, positions)
    return counts.independent_periods(correlation, residuals.size, rows.panel.frequency)
