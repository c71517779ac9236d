"""Before and after: one window of periods against another, alone or beside the same windows in comparison areas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from evalkit.designs.before_after.averages import averages
from evalkit.designs.before_after.baselines import (
    Against,
    Choice,
    against_areas,
    against_counts,
    against_rows,
    baselines,
)
from evalkit.designs.before_after.change import Change, change_of_means, change_of_medians, change_of_shares
from evalkit.designs.before_after.checks import checks
from evalkit.designs.before_after.comparison_areas import (
    WHERE,
    change_against,
    chosen_source,
    comparison_halves,
    comparison_units,
    effect_of_cells,
    treated_panel,
)
from evalkit.designs.before_after.count_change import change_of_counts, ratio_of_cells
from evalkit.designs.before_after.halves import Halves, halves, require_complete_windows
from evalkit.designs.before_after.path import path
from evalkit.designs.before_after.selection import without_programme
from evalkit.designs.before_after.selection_options import Selection
from evalkit.designs.options import Level, WindowOption
from evalkit.designs.windows import window_of
from evalkit.diagnostics.words import several
from evalkit.errors import DesignError
from evalkit.records import Block, Result

if TYPE_CHECKING:
    from evalkit.records import Panel


def _names(value: Any) -> Any:
    """Return one name as a list of one, and numbers as the text that units are."""
    if isinstance(value, list | tuple):
        return [str(name) if isinstance(name, int) and not isinstance(name, bool) else name for name in value]
    return [value] if isinstance(value, str) and value != "never_treated" else value


Areas = Annotated[
    tuple[str, ...] | Literal["never_treated"], BeforeValidator(_names, json_schema_input_type=list[str] | str)
]
"""Names of units, or `never_treated`."""


TWO = "Two windows cannot show this, so the change is monitoring: it does not say what the programme did."
SHARED = (
    "What is counted is recorded in the same way in both windows.",
    "The places or people were not chosen because the outcome was unusually high just before. Where the selection was "
    "by the outcome, part of a fall is to be expected from that alone.",
)
"""What is taken as given with comparison areas and without."""


class BeforeAfter(Block):
    """Change from a window before to a window after: monitoring, never impact."""

    kind: Literal["before_after"] = "before_after"
    before: WindowOption | None = Field(
        None, description="Window before: {from, to} or one period; default: every period before the start"
    )
    after: WindowOption | None = Field(
        None, description="Window after: {from, to} or one period; default: every period from the start on"
    )
    match: Literal["none", "same_months"] = Field(
        "none", description="same_months: windows keep only months (quarters, weeks, days) of the year that both hold"
    )
    comparison: Areas | None = Field(
        None, description="Comparison areas: names of units, or never_treated; the effect is then relative to theirs"
    )
    selection: Selection | None = Field(
        None, description="Where those studied were chosen for a high outcome: how, so that the fall to expect is told"
    )
    statistic: Literal["mean", "median"] = Field(
        "mean", description="What is compared of a continuous outcome or a rate; a median has a bootstrap interval"
    )
    method: Literal["exact", "mid_p"] = Field(
        "exact", description="Interval of a ratio of two counts: exact (never too narrow) or mid_p (closer on average)"
    )
    dispersion: Literal["auto", "none", "quasi_poisson", "negative_binomial"] = Field(
        "auto",
        description="auto: widen the interval of counts when periods vary more than chance; quasi_poisson or "
        "negative_binomial: always by that model; none: never",
    )
    dispersion_from: Literal["areas", "areas_within_cells", "periods"] | None = Field(
        None,
        description="With comparison areas, where dispersion is estimated: how much the change differs between areas, "
        "how much areas or periods differ within the four cells; left out: areas from three a side on, else periods",
    )
    pairing: Literal["auto", "paired", "unpaired"] = Field(
        "auto", description="Whether each unit is set against itself; auto: yes when there are two or more units"
    )
    bootstrap: Literal["percentile", "bca"] = Field("percentile", description="Bootstrap interval of a median")
    draws: int = Field(9_999, ge=199, le=1_000_000, description="Resamples behind the interval of a median")
    seed: int = Field(20_240_229, ge=0, description="Seed of those resamples")
    level: Level = 0.95

    title: ClassVar[str] = "Before and after"
    has_data: ClassVar[bool] = True
    assumptions: ClassVar[tuple[str, ...]] = (f"Nothing but chance differs between the two windows. {TWO}", *SHARED)
    assumptions_with: ClassVar[dict[str, tuple[str, ...]]] = {
        "comparison": (
            f"Nothing but chance differs between the two windows, beyond what comparison areas share. {TWO}",
            *SHARED,
            "Without the programme, these places and the comparison areas would have changed in the same proportion. "
            "Totals of two windows cannot show it.",
        ),
    }
    """What is taken as given in place of `assumptions` where an option is set."""
    checks: ClassVar[tuple[str, ...]] = (
        "no_comparison", "parallel_change", "single_period_comparison", "window_lengths", "pandemic_restrictions",
        "selection_on_high_baseline", "regression_to_the_mean", "choice_of_baseline", "small_counts", "overdispersion",
        "independent_periods",
    )  # fmt: skip

    def resolve(self, panel: Panel) -> BeforeAfter:
        """Return the design with windows, pairing, areas and source of dispersion as the panel decides them.

        Raises
        ------
        DesignError
            When windows cannot be told, are empty or overlap, `pairing: paired` has no pairs, comparison areas cannot
            be told, or an option does not fit the outcome.
        """
        self._require_fit(panel)
        rows, areas = self._rows(panel)
        require_complete_windows(rows, every_unit=not _cross_sections(rows, self.pairing))
        pairing = self.pairing
        if pairing == "auto":
            pairing = "paired" if areas is None and len(rows.panel.units) > 1 and rows.both else "unpaired"
        if pairing == "paired" and len(rows.both) < 2:
            raise DesignError(
                f"{several(len(rows.both), 'unit')} with rows in both windows, and pairs need at least two",
                "use `pairing: unpaired`",
                "design.pairing",
            )
        before, after = (window_of(span, panel) for span in rows.spans)
        changes: dict[str, Any] = {"before": before, "after": after, "pairing": pairing}
        if areas is not None:
            changes["comparison"] = areas.both
            if self.dispersion != "none":
                changes["dispersion_from"] = chosen_source(rows, areas, self.dispersion_from)
            if self.dispersion == "quasi_poisson" and changes["dispersion_from"] is None:
                raise DesignError("four totals have no dispersion to estimate, which quasi_poisson needs",
                                  "bring several areas or periods, or leave `dispersion` out: the Poisson variance is "
                                  "then used, and said to be too small", "design.dispersion")  # fmt: skip
        return self.model_copy(update=changes)

    def estimate(self, panel: Panel, *, supplements: bool = True) -> Result:
        """Return the change with its interval, the path and the checks.

        Returns
        -------
        Result
            `effect` is the logarithm of the ratio of rates, after over before, for counts (rule exact: its limits are
            logarithms of the exact limits, minus infinity or infinity where a count is zero); the difference after
            less before for all else. With comparison areas it is the logarithm of that ratio over theirs, below 0
            where the fall goes beyond theirs, and `fit` has `meta_analysis`, `comparison` and `dispersions`.
            `relative` is for counts only. `averted` is always null: neither a change over time nor one beyond that of
            other areas says what would have happened. `path` has every period; `counterfactual` in the window after
            is the level before, changed as in the comparison areas where there are any. `selection` and `baselines`
            are filled where asked for and where there are other windows.

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
        2635-2650. Welch (1947), Biometrika 34, 28-35. Wooldridge (1999), Journal of Econometrics 90, 77-97. Wilson
        (2022), Journal of Quantitative Criminology 38, 323-341. Hauer (1997), Observational Before-After Studies in
        Road Safety.
        """
        del supplements  # other baselines cost little, and a check reads them
        design = self.resolve(panel)
        rows, areas = design._rows(panel)
        paired, median = design.pairing == "paired", design.statistic == "median"
        change = design._change(rows, areas)
        chosen = None if design.selection is None else without_programme(panel, rows, design.selection)
        choice = baselines(rows, change, design._against(rows, areas)) if rows.both else Choice((), (), 0)
        return Result(
            estimand=_estimand(rows, areas, paired),
            standard_errors=f"{change.rule}; {100 * design.level:g}% interval",
            effect=change.effect,
            relative=change.relative,
            absolute=change.absolute,
            path=path(rows, areas, change, median),
            inference={"method": change.effect.rule, "rule": change.rule, "dispersion": change.dispersion}
            | ({"draws": design.draws, "seed": design.seed} if median else {}),
            fit=_fit(rows, change, median),
            baselines=choice.windows,
            selection=chosen,
            diagnostics=checks(rows, change, paired, chosen, choice),
            n_observations=sum(len(side) for half in (rows, areas) if half for side in (half.before, half.after)),
            n_units=len(rows.panel.units) + (0 if areas is None else len(areas.panel.units)),
            n_treated_units=len(rows.panel.treated_units),
            n_pre_periods=rows.periods[0],
            n_post_periods=rows.periods[1],
            dropped=rows.dropped,
        )

    def _rows(self, panel: Panel) -> tuple[Halves, Halves | None]:
        """Return the rows of the treated units, and of the comparison areas where there are any."""
        if self.comparison is None:
            return halves(panel, self.before, self.after, self.match), None
        compared = comparison_units(panel, self.comparison)
        treated, dropped = treated_panel(panel, compared)
        rows = halves(treated, self.before, self.after, self.match)
        rows = replace(rows, dropped=dropped)
        return rows, comparison_halves(panel, compared, rows)

    def _change(self, rows: Halves, areas: Halves | None) -> Change:
        """Return the change by kind of outcome."""
        kind, paired = rows.panel.outcome.kind, self.pairing == "paired"
        if areas is not None:
            source = None if self.dispersion == "none" else self.dispersion_from
            return change_against(rows, areas, source, self.level)
        if self.statistic == "median":
            return change_of_medians(rows, paired, self.bootstrap, self.draws, self.seed, self.level)
        if kind == "count":
            return change_of_counts(rows, paired, self.method, self.dispersion, self.level)
        if kind in ("proportion", "binary"):
            return change_of_shares(rows, paired, self.level)
        return change_of_means(rows, paired, self.level)

    def _against(self, rows: Halves, areas: Halves | None) -> Against:
        """Return the change against other periods than those of the window before, by the same rule."""
        paired = self.pairing == "paired"
        if areas is not None:
            source = None if self.dispersion == "none" else self.dispersion_from
            return against_areas(rows, areas, lambda cells: effect_of_cells(cells, source, self.level))
        if rows.panel.outcome.kind == "count":
            return against_counts(
                rows, lambda a, b: ratio_of_cells(a, b, paired, self.method, self.dispersion, self.level)[0]
            )
        return against_rows(rows, lambda moved: self._change(moved, None), bounds=self.statistic == "mean")

    def _require_fit(self, panel: Panel) -> None:
        """Raise where options do not fit each other or the outcome."""
        kind = panel.outcome.kind
        if self.statistic == "median" and kind not in ("continuous", "rate"):
            raise DesignError(f"the outcome is a {kind}, and medians are for continuous outcomes and rates",
                              "leave `statistic` out", "design.statistic")  # fmt: skip
        if self.comparison is None:
            if self.dispersion_from is not None:
                raise DesignError("`dispersion_from` belongs to comparison areas, and there are none", "name them "
                                  "under `comparison`, or leave it out", "design.dispersion_from")  # fmt: skip
            return
        if kind != "count":
            raise DesignError(f"the outcome is a {kind}, and the relative effect is a ratio of counts",
                              "give cases as `kind: count` with `exposure`, or use difference_in_differences",
                              WHERE)  # fmt: skip
        if self.pairing == "paired":
            raise DesignError("areas are summed where there are comparison areas",
                              "leave `pairing` out; `dispersion_from: areas` sets each area against itself",
                              "design.pairing")  # fmt: skip
        if self.dispersion == "negative_binomial":
            raise DesignError("with comparison areas the variance is quasi-Poisson",
                              "leave `dispersion` out, or use quasi_poisson", "design.dispersion")  # fmt: skip


def _cross_sections(rows: Halves, pairing: str) -> bool:
    """Return whether other units were seen after than before, so that no unit need have both."""
    return pairing != "paired" and len(rows.panel.units) > 1 and not rows.both


def _estimand(rows: Halves, areas: Halves | None, paired: bool) -> str:
    """Return what is estimated, in words that claim no cause."""
    units = f" in {several(len(rows.panel.units), 'unit')}, each set against itself," if paired else ""
    if areas is not None:
        treated, others = (several(len(half.panel.units), "area") for half in (rows, areas))
        units = f" in {treated}, beyond the change in {others} set beside,"
    before, after = rows.words
    change = f"{rows.panel.outcome.label}: change{units} from {before} to {after}"
    return f"{change}. It does not say what the programme did"


def _fit(rows: Halves, change: Change, median: bool) -> dict[str, Any] | None:
    """Return the averages before and after, or what stands behind a relative effect; and what was left out."""
    if change.comparison is not None:
        found: dict[str, Any] | None = dict(change.comparison)
    else:
        basis = "at the median" if median else "on average"
        found = averages(rows, change.level_before, change.level_after, basis)
    if not rows.left_out:
        return found
    return (found or {}) | {"left_out_periods": [rows.panel.label(time) for time in rows.left_out]}
