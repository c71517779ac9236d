"""Counts with unit and period effects on their way to a `Result`: events observed over events expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.staggered_fit import Cells, Staggered
from evalkit.designs.outcomes import has_exposure
from evalkit.errors import DesignError

if TYPE_CHECKING:
    import numpy

    from evalkit.designs.difference_in_differences.design import DifferenceInDifferences
    from evalkit.designs.difference_in_differences.estimated import Again
    from evalkit.designs.difference_in_differences.roll_out import Compared
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel
    from evalkit.records import Panel


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

    def _cells(self, panel: StaggeredPanel) -> Cells:
        import numpy

        from evalkit.estimation.staggered.extended_poisson import extended_poisson, ratio_averages

        exposure = None
        if has_exposure(self.panel):
            table = self.frame.pivot_table(index="unit", columns="time", values="exposure")
            exposure = table.reindex(index=list(panel.names)).to_numpy(dtype=float)
        found = extended_poisson(panel, exposure, self.design.anticipation, self.design.small_sample)
        empty = numpy.flatnonzero((found.observed == 0.0) & (found.event_time >= 0.0))
        if empty.size:
            where = self._named(found.cohort[empty[0]], found.period[empty[0]])
            raise DesignError(
                f"no event was seen in {empty.size} combinations of start and period, first {where}: a ratio of none "
                "has no logarithm",
                "join periods or units, or choose two_way_fixed_effects with `transform: identity`",
                "design.estimator",
            )
        own = found.observed_influence / numpy.where(found.observed > 0.0, found.observed, 1.0)
        dropped = [(unit, "no period before treatment") for unit in found.always_treated]
        dropped += [(unit, "no event in any period that is used") for unit in found.units_without_events]
        dropped += [(self._named(cell.cohort, cell.period), cell.reason) for cell in found.left_out]
        return Cells(
            found.cohort, found.period, found.log_ratio, own - found.expected_influence, found.cluster, found.df,
            found.rule, found.single_unit_cohorts, tuple(dropped), lambda kind: ratio_averages(found, kind).log_ratio,
        )  # fmt: skip

    def _again(self) -> Again | None:
        """Return the estimator on another roll-out; None where exposures differ, which would have to move too."""
        return None if has_exposure(self.panel) else super()._again()

    def _linear(self) -> bool:
        return False
