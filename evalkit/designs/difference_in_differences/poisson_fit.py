"""Counts with unit and period effects on their way to a `Result`: events observed over events expected."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.cohort_averages import Cells
from evalkit.designs.difference_in_differences.staggered_fit import Staggered
from evalkit.designs.outcomes import has_exposure
from evalkit.diagnostics.words import listed, several
from evalkit.errors import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.estimation.staggered.extended_poisson import RatioEffects
    from evalkit.estimation.staggered.poisson_reassigned import ReassignedRatios
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
    from evalkit.records import Panel

MOST_NAMED = 5
"""Units of a start, or its periods, that a refusal names."""


class Poisson(Staggered):
    """One Poisson regression of counts on its way to a `Result`; effects are logarithms of ratios."""

    def __init__(self, design: DifferenceInDifferences, panel: Panel, found: Compared) -> None:
        if panel.outcome.kind != "count":
            raise DesignError(
                f"poisson is for counts, and {panel.outcome.label} is declared as {panel.outcome.kind}",
                "give the number of events with `exposure`, or choose another estimator",
                "design.estimator",
            )
        super().__init__(design, panel, found)
        self.scale = "log"

    def _fitted_to(self) -> numpy.ndarray:
        """Return the counts themselves."""
        return self.frame["value"].to_numpy(dtype=float)

    def carried(self) -> numpy.ndarray:
        """Return how much each row carries of a sum of events."""
        import numpy

        return numpy.asarray(super().carried() * self._fitted_to())

    def cells_of(self, panel: StaggeredPanel) -> Cells:
        """Return the ratios by cohort and period of a wide panel."""
        import numpy

        from evalkit.estimation.staggered.extended_poisson import extended_poisson, ratio_averages

        exposure = None
        if has_exposure(self.panel):
            exposure = self._exposure(panel.names)
        found = extended_poisson(panel, exposure, self.design.anticipation, self.design.small_sample)
        self._require_events(found)
        own = found.observed_influence / numpy.where(found.observed > 0.0, found.observed, 1.0)
        dropped = [(unit, "no period before treatment") for unit in found.always_treated]
        dropped += [(unit, "no event in any period that is used") for unit in found.units_without_events]
        dropped += [(self._named(cell.cohort, cell.period), cell.reason) for cell in found.left_out]
        return Cells(
            found.cohort, found.period, found.log_ratio, own - found.expected_influence, found.cluster, found.df,
            found.factor, found.names, None, found.rule, found.single_unit_cohorts, tuple(dropped),
            lambda kind: ratio_averages(found, kind).log_ratio,
        )  # fmt: skip

    def _require_events(self, found: RatioEffects) -> None:
        """Raise where a start has no event in some period: its ratio is 0, which has no logarithm and no interval.

        Leaving these cells out would leave out where the fall was largest; units, periods and what was expected there
        are named instead.
        """
        import numpy

        empty = (found.observed == 0.0) & (found.event_time >= 0.0)
        if not empty.any():
            return
        told = []
        for start in numpy.unique(found.cohort[empty]):
            mine = empty & (found.cohort == start)
            units = [unit for unit, begun in self.study.starts.items() if begun == start]
            periods = [self.panel.label(int(when)) for when in found.period[mine]]
            told.append(
                f"{listed(units, MOST_NAMED)} (start {self.panel.label(int(start))}) in {listed(periods, MOST_NAMED)} "
                f"({found.expected[mine].sum():.1f} expected)"
            )
        raise DesignError(
            f"no event was seen in {several(int(empty.sum()), 'combination')} of start and period: {'; '.join(told)}. "
            "A change of -100% has no logarithm",
            "use longer periods, give units that start close together one start, or end the window after before these "
            "periods. two_way_fixed_effects with `transform: identity` carries them, and puts one ratio for all "
            "treated rows beside it",
            "design.estimator",
        )

    def bare(self) -> Estimated:
        """Return the estimate without the means to run it again."""
        return replace(super().bare(), linear=False)

    def estimated(self) -> Estimated:
        """Return the estimate as inference and analyses of sensitivity read it; exposure moves with its unit."""
        supposing = self._supposing if self.noun == "unit" else None
        return replace(super().estimated(), supposing=supposing)

    def _supposing(self, assignments: numpy.ndarray, supposed: float, studentised: bool) -> numpy.ndarray:
        """Return the statistics of assignments once a supposed ratio is taken out of what was treated."""
        return self._ratios.statistics(assignments, supposed, studentised and self.sure)

    @cached_property
    def _ratios(self) -> ReassignedRatios:
        from evalkit.designs.difference_in_differences.wide_panel import wide_panel
        from evalkit.estimation.staggered.poisson_reassigned import ReassignedRatios

        wide = wide_panel(self.bare())
        exposure = self._exposure(wide.names) if has_exposure(self.panel) else None
        return ReassignedRatios(
            wide.outcome, wide.first_treated, self.study.times, exposure, wide.weights, wide.covariates,
            self.design.anticipation,
        )  # fmt: skip

    def _exposure(self, names: Sequence[str]) -> numpy.ndarray:
        """Return the exposure of these units by period."""
        import numpy

        table = self.frame.pivot_table(index="unit", columns="time", values="exposure")
        return numpy.asarray(table.reindex(index=list(names)).to_numpy(dtype=float))
