"""Estimators by start and period run for another outcome and roll-out: units keep covariates, weights and exposure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from evalkit.designs.difference_in_differences.wide_panel import WidePanel, wide_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy

    from evalkit.designs.difference_in_differences.estimated import Estimated
    from evalkit.designs.difference_in_differences.staggered_fit import Staggered
    from evalkit.estimation.staggered.staggered_panel import StaggeredPanel


def of_units(model: Estimated) -> Estimated:
    """Return an estimate with each unit its own cluster."""
    return replace(model, clusters=model.study.frame["unit"], noun="unit")


def clusters_of(model: Estimated, units: Sequence[str]) -> list[str]:
    """Return the cluster of each of these units."""
    frame = model.study.frame.assign(place=model.clusters.astype(str).to_numpy())
    place = frame.groupby("unit")["place"].first()
    return [str(place[unit]) for unit in units]


@dataclass(frozen=True, eq=False)
class Reassigned:
    """One estimator, ready to be run for other outcomes and roll-outs of the same units.

    Called with an outcome, shape (units, periods), and first treated periods as indices, shape (units,), both in the
    order of `wide_panel`, it returns the headline and its standard error, or the headline alone where no standard error
    sees the noise of any treated unit (one treated unit, or a start for each).

    Attributes
    ----------
    model : Staggered
        Its design, weights and covariates are used, and not its outcome.
    """

    model: Staggered

    def __call__(self, outcome: numpy.ndarray, first_treated: numpy.ndarray) -> float | tuple[float, float]:
        """Return the headline, and its standard error where it has one.

        Raises
        ------
        DesignError
            When the estimator cannot carry this roll-out.

        Notes
        -----
        Effects before treatment are not estimated: they move no average of effects from the start on.
        """
        found = self.headline(self.dealt(outcome, first_treated))
        return found if self.model.sure else found[0]

    def headline(self, dealt: StaggeredPanel) -> tuple[float, float]:
        """Return the headline of a wide panel, such as `dealt` or a part of it, and its clustered standard error."""
        design = self.model.design
        if design.estimator == "sun_abraham" and self.steady:
            from evalkit.estimation.staggered.sun_abraham_average import sun_abraham_average

            return sun_abraham_average(dealt, design.anticipation)
        if design.estimator == "callaway_santanna":
            from evalkit.estimation.staggered.aggregation import aggregate

            found = self.model.by_group_time(dealt, leads=False)
            simple = aggregate(found, "simple")
        else:
            simple = self.model.cells_of(dealt).average("simple")
        return simple.overall, simple.overall_standard_error

    @cached_property
    def wide(self) -> WidePanel:
        """The panel of units whose order outcomes and roll-outs have."""
        return wide_panel(of_units(self.model.bare()))

    @cached_property
    def clusters(self) -> numpy.ndarray:
        """Codes of the units' clusters, in the order of the panel."""
        import numpy

        return numpy.asarray(numpy.unique(clusters_of(self.model.bare(), self.wide.names), return_inverse=True)[1])

    @cached_property
    def steady(self) -> bool:
        """Whether no unit's weight changes from one period to another."""
        weights = self.wide.weights
        return weights is None or bool((weights == weights[:, :1]).all())

    def dealt(self, outcome: numpy.ndarray, first_treated: numpy.ndarray) -> StaggeredPanel:
        """Return the wide panel of another outcome and roll-out; units keep covariates, weights and missing periods."""
        import numpy

        from evalkit.estimation.staggered.staggered_panel import StaggeredPanel

        units, periods = outcome.shape
        times = numpy.array(self.model.study.times, dtype=float)
        weights, covariates = self.wide.weights, self.wide.covariates
        observed = numpy.ones(outcome.shape, dtype=bool) if weights is None else weights > 0.0
        panel = StaggeredPanel(
            outcome=numpy.where(observed, outcome, numpy.nan),
            observed=observed,
            weights=numpy.ones(outcome.shape) if weights is None else weights,
            covariates=numpy.zeros((units, periods, 0)) if covariates is None else covariates,
            first_treated=numpy.append(times, numpy.inf)[first_treated],
            cluster=self.clusters,
            periods=times,
            names=self.wide.names,
            covariate_names=tuple(self.model.design.covariates),
            label=self.model.wide.label,
        )
        return panel if self.model.design.estimator != "callaway_santanna" else self._with_base(panel)

    def _with_base(self, panel: StaggeredPanel) -> StaggeredPanel:
        """Return the panel without treated units that lack the period from which changes are taken."""
        import numpy

        treated = numpy.isfinite(panel.first_treated)
        if panel.observed.all() or not treated.any():
            return panel
        base = numpy.searchsorted(panel.periods, panel.first_treated - self.model.design.anticipation) - 1
        there = panel.observed[numpy.arange(treated.size), numpy.maximum(base, 0)] | ~treated
        return panel if there.all() else panel.keep(there)
