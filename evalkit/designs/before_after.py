"""Before and after: one window of periods against another, with no comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from evalkit.designs.averages import averages
from evalkit.designs.change import Change, change_of_counts, change_of_means, change_of_shares
from evalkit.designs.halves import Halves, halves, require_complete_windows
from evalkit.designs.options import Level, WindowOption
from evalkit.designs.windows import first_start, window_of
from evalkit.diagnostics import counts, windows
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError
from evalkit.records import Block, PathPoint, Result

if TYPE_CHECKING:
    from evalkit.records import Diagnostic, Panel


class BeforeAfter(Block):
    """Change from a window before to a window after: monitoring, never impact."""

    kind: Literal["before_after"] = "before_after"
    before: WindowOption | None = Field(
        None, description="Window before: {from, to} or one period; default: every period before the start"
    )
    after: WindowOption | None = Field(
        None, description="Window after: {from, to} or one period; default: every period from the start on"
    )
    method: Literal["exact", "mid_p"] = Field(
        "exact", description="Interval of a ratio of two counts: exact (never too narrow) or mid_p (closer on average)"
    )
    dispersion: Literal["auto", "none"] = Field(
        "auto", description="auto: widen the interval of counts when periods vary more than chance; none: never"
    )
    pairing: Literal["auto", "paired", "unpaired"] = Field(
        "auto", description="Whether each unit is set against itself; auto: yes when there are two or more units"
    )
    level: Level = 0.95

    title: ClassVar[str] = "Before and after"
    has_data: ClassVar[bool] = True
    assumptions: ClassVar[tuple[str, ...]] = (
        "Nothing but chance differs between the two windows. This cannot be checked without a comparison, "
        "so the change is monitoring: it does not say what the programme did.",
        "What is counted is recorded in the same way in both windows.",
        "The places or people were not chosen because the outcome was unusually high just before.",
    )
    checks: ClassVar[tuple[str, ...]] = (
        "no_comparison", "single_period_comparison", "window_lengths", "pandemic_restrictions",
        "selection_on_high_baseline", "small_counts", "overdispersion", "independent_periods",
    )  # fmt: skip

    def resolve(self, panel: Panel) -> BeforeAfter:
        """Return the design with windows and pairing as the panel decides them.

        Raises
        ------
        DesignError
            When windows cannot be told, are empty or overlap, or `pairing: paired` has no pairs.
        """
        rows = halves(panel, self.before, self.after)
        require_complete_windows(rows, every_unit=not _cross_sections(rows, self.pairing))
        pairing = self.pairing
        if pairing == "auto":
            pairing = "paired" if len(rows.panel.units) > 1 and rows.both else "unpaired"
        if pairing == "paired" and len(rows.both) < 2:
            raise DesignError(
                f"{several(len(rows.both), 'unit')} with rows in both windows, and pairs need at least two",
                "use `pairing: unpaired`",
                "design.pairing",
            )
        before, after = (window_of(span, panel) for span in rows.spans)
        return self.model_copy(update={"before": before, "after": after, "pairing": pairing})

    def estimate(self, panel: Panel) -> Result:
        """Return the change with its interval, the path and the checks.

        Returns
        -------
        Result
            `effect` is the logarithm of the ratio of rates, after over before, for counts (rule exact: its limits are
            logarithms of the exact limits, minus infinity or infinity where a count is zero); the difference after
            less before for all else. `relative` is for counts only. `averted` is always null: a change over time does
            not say what would have happened. `path` has every period; `counterfactual` in the window after is the
            mean level before.

        Raises
        ------
        DesignError
            When windows cannot be told, a ratio or standard error cannot be had, or shares are no whole events.
        DataError
            When a window has holes.

        Notes
        -----
        Counts: given the total N, the count after is Binomial(N, p), ``p / (1 - p) = r E_after / E_before``, E the
        exposure (periods where none is declared). Bounds of the path's `counterfactual` are those of the level
        before, given N and the limits of r (counts), or what was seen after less the limits of the difference.

        References
        ----------
        Clopper and Pearson (1934), Biometrika 26, 404-413. Newcombe (1998), Statistics in Medicine 17, 873-890 and
        2635-2650. Welch (1947), Biometrika 34, 28-35. Wooldridge (1999), Journal of Econometrics 90, 77-97.
        """
        design = self.resolve(panel)
        rows = halves(panel, self.before, self.after)
        paired = design.pairing == "paired"
        change = design._change(rows, paired)
        return Result(
            estimand=_estimand(rows, paired),
            standard_errors=f"{change.rule}; {100 * design.level:g}% interval",
            effect=change.effect,
            relative=change.relative,
            absolute=change.absolute,
            path=_path(rows, change),
            inference={"method": change.effect.rule, "rule": change.rule, "dispersion": change.dispersion},
            fit=averages(rows, change.level_before, change.level_after),
            diagnostics=_checks(rows, change, paired),
            n_observations=len(rows.before) + len(rows.after),
            n_units=len(rows.panel.units),
            n_treated_units=len(rows.panel.treated_units),
            n_pre_periods=rows.periods[0],
            n_post_periods=rows.periods[1],
            dropped=rows.dropped,
        )

    def _change(self, rows: Halves, paired: bool) -> Change:
        """Return the change by kind of outcome."""
        kind = rows.panel.outcome.kind
        if kind == "count":
            return change_of_counts(rows, paired, self.method, self.dispersion, self.level)
        if kind in ("proportion", "binary"):
            return change_of_shares(rows, paired, self.level)
        return change_of_means(rows, paired, self.level)


def _cross_sections(rows: Halves, pairing: str) -> bool:
    """Return whether other units were seen after than before, so that no unit need have both."""
    return pairing != "paired" and len(rows.panel.units) > 1 and not rows.both


def _estimand(rows: Halves, paired: bool) -> str:
    """Return what is estimated, in words that claim no cause."""
    units = f" in {several(len(rows.panel.units), 'unit')}, each set against itself," if paired else ""
    before, after = rows.words
    change = f"{rows.panel.outcome.label}: change{units} from {before} to {after}"
    return f"{change}. It does not say what the programme did"


def _path(rows: Halves, change: Change) -> tuple[PathPoint, ...]:
    """Return every period that all units have; totals for counts, means for all else."""
    panel, counts = rows.panel, rows.panel.outcome.kind == "count"
    name = (panel.units[0] or "series") if len(panel.units) == 1 else "all units"
    points = []
    for time, side in panel.frame.groupby("time"):
        exposure = float(side["exposure"].sum())
        factor = exposure if counts else 1.0
        observed: float | None = float(side["value"].sum() if counts else side["value"].mean())
        if panel.outcome.kind in ("proportion", "binary"):
            observed = float((side["value"] * side["exposure"]).sum() / exposure)
        if counts and side["unit"].nunique() < len(panel.units):
            observed = None  # A total over some of the units would look like a fall.
        point = PathPoint(name, panel.label(int(str(time))), observed)
        if rows.spans[0].holds(int(str(time))):
            point = replace(point, fitted=change.level_before * factor)
        elif rows.spans[1].holds(int(str(time))):
            bounds = [None if bound is None else bound * factor for bound in (change.level_low, change.level_high)]
            point = replace(point, fitted=change.level_after * factor, counterfactual=change.level_before * factor,
                            low=bounds[0], high=bounds[1])  # fmt: skip
        points.append(point)
    return tuple(points)


def _checks(rows: Halves, change: Change, paired: bool) -> tuple[Diagnostic, ...]:
    """Return the checks, those of the windows first."""
    panel, frequency = rows.panel, rows.panel.frequency
    found = [
        windows.no_comparison(len(rows.dropped)),
        windows.single_period_comparison(*rows.periods, frequency),
        windows.window_lengths(*rows.spans, rows.periods, frequency),
        windows.pandemic_restrictions(*rows.spans, frequency),
        _baseline(rows, change),
    ]
    if panel.outcome.kind == "count":
        found.append(counts.small_counts(float(rows.before["value"].sum()), float(rows.after["value"].sum())))
        found.append(_dispersion(rows, change, paired))
    if len(panel.units) == 1 and min(rows.periods) > 1:
        found.append(_independence(rows))
    return tuple(found)


def _baseline(rows: Halves, change: Change) -> Diagnostic:
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
    """Return whether counts vary more than chance, where single periods can tell."""
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
